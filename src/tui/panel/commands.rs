//! The command line: what may be meant, in a frame above it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use super::hints;
use crate::tui::command::{Candidate, Prompt, usage};
use crate::tui::keymap::Context;
use crate::tui::state::AppState;
use crate::tui::text;
use crate::tui::theme::Tone;

/// Most lines that are offered at once.
const MOST: usize = 14;
/// Widest a word with what follows it is shown.
const WORD: usize = 34;

/// Draws the list above the line at the foot.
pub fn render(state: &AppState, prompt: &Prompt, area: Rect, buf: &mut Buffer) {
    let (theme, symbols) = (state.theme, state.theme.symbols());
    let all = &prompt.candidates;
    if all.is_empty() {
        return;
    }
    let rows = all.len().min(MOST).min(usize::from(area.height.saturating_sub(2)).max(1));
    let height = ((rows + 2) as u16).min(area.height);
    let at = Rect { y: area.bottom() - height, height, ..area };
    Clear.render(at, buf);
    buf.set_style(at, theme.base());
    let accent = theme.style(Tone::Accent);
    let room = usize::from(at.width.saturating_sub(4));
    let mut block = Block::bordered()
        .border_set(theme.border())
        .border_style(accent)
        .title_top(Line::styled(" Commands ", accent))
        .title_bottom(hints(state, &[Context::Command], room));
    if all.len() > rows {
        let place = prompt.chosen.map_or_else(String::new, |at| format!("{} of ", at + 1));
        let count = format!(" {place}{} ", all.len());
        block = block.title_top(Line::styled(count, theme.style(Tone::Quiet)).right_aligned());
    }
    let inner = block.inner(at);
    block.render(at, buf);
    let from = prompt.chosen.map_or(0, |at| (at + 1).saturating_sub(rows));
    let wide = all.iter().map(|c| text::width(&said(c))).max().unwrap_or(0);
    let wide = wide.min(WORD).min(room * 2 / 5);
    for (i, candidate) in all.iter().enumerate().skip(from).take(rows) {
        let here = prompt.chosen == Some(i);
        let word = text::left(&said(candidate), wide, symbols.cut);
        // A word that was cut ends in a mark, which may be longer than what it stands for.
        let (name, rest) = word.split_at_checked(candidate.word.len()).unwrap_or((&word, ""));
        let line = Line::from(vec![
            Span::styled(if here { format!("{} ", symbols.cursor) } else { "  ".into() }, accent),
            Span::styled(name.to_owned(), accent),
            Span::raw(rest.to_owned()),
            Span::styled(format!("  {}", text::clean(&candidate.help)), theme.style(Tone::Quiet)),
        ]);
        let row = text::row(inner, i - from);
        text::fitted(line, row, symbols.cut, buf);
        if here {
            buf.set_style(row, theme.selected(true));
        }
    }
}

fn said(candidate: &Candidate) -> String {
    let usage = candidate.usage;
    let word = text::clean(&candidate.word);
    if usage.is_empty() { word } else { format!("{word} {usage}") }
}

/// Draws the line itself: what is written, and what is wrong with it or what it wants.
pub fn line(state: &AppState, prompt: &Prompt, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let (tone, words) = match (&prompt.problem, usage(prompt.input.text())) {
        (Some(problem), _) => (Tone::Bad, problem.clone()),
        (None, Some(row)) if prompt.input.text().contains(' ') => {
            (Tone::Quiet, format!("{} {}: {}", row.name, row.usage, row.help))
        }
        _ => (Tone::Quiet, String::new()),
    };
    super::footer::written(state, ":", &prompt.input, Span::styled(words, theme.style(tone)), area, buf);
}
