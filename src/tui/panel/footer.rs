//! The last line: what was just said, the filter being written, or the keys of every view.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{commands, hint_width, hinted, hints, log};
use crate::tui::entry::Input;
use crate::tui::filter::Filter;
use crate::tui::keymap::{Action, Context};
use crate::tui::state::{AppState, Dialog};
use crate::tui::text;
use crate::tui::theme::Tone;

/// Draws the line.
pub fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let room = usize::from(area.width).saturating_sub(2);
    let said = |tone, words: &str| {
        Line::styled(format!(" {}", text::cut(words, room, theme.symbols().cut)), theme.style(tone))
    };
    match &state.dialog {
        Some(Dialog::Filter { text, .. }) => return filter(state, text, area, buf),
        Some(Dialog::Search { text, .. }) => {
            let (shown, all) = log::counts(state);
            return written(state, "/", text, found(state, shown, all), area, buf);
        }
        Some(Dialog::Command(prompt)) => return commands::line(state, prompt, area, buf),
        _ => {}
    }
    if let Some(notice) = &state.notice {
        said(notice.tone, &notice.text).render(area, buf);
    } else if let Some(lost) = &state.lost {
        said(Tone::Bad, lost).render(area, buf);
    } else {
        let replay = state.replay.is_some().then_some(Context::Replay);
        let contexts: Vec<Context> = replay.into_iter().chain([Context::Anywhere]).collect();
        hints(state, &contexts, usize::from(area.width)).render(area, buf);
    }
}

fn filter(state: &AppState, input: &Input, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let verdict = match Filter::parse(input.text(), state.history.study()) {
        Err(error) => Span::styled(error.to_string(), theme.style(Tone::Bad)),
        Ok(_) => found(state, state.table.trials(), state.history.trials().len()),
    };
    written(state, "/", input, verdict, area, buf);
}

fn found(state: &AppState, shown: usize, all: usize) -> Span<'static> {
    Span::styled(format!("{shown} of {all}"), state.theme.style(Tone::Quiet))
}

/// Draws a line that is being written behind a sign, and a verdict on it: at least a third of the line for what is
/// written.
pub fn written(state: &AppState, sign: &str, input: &Input, verdict: Span<'_>, area: Rect, buf: &mut Buffer) {
    let (theme, width) = (state.theme, usize::from(area.width));
    let room = width.saturating_sub(verdict.width() + 5).max(width / 3);
    let mut line = Line::from(Span::styled(format!(" {sign}"), theme.style(Tone::Accent)));
    line.spans.extend(input.spans(theme, room, true));
    line.push_span(Span::raw("  "));
    line.push_span(verdict);
    text::fitted(line, area, theme.symbols().cut, buf);
}

/// The action of the key whose hint stands at a column of the line.
pub fn action_at(state: &AppState, area: Rect, column: u16) -> Option<Action> {
    let mut from = area.x;
    for row in hinted(state, &[Context::Anywhere], usize::from(area.width)) {
        let to = from + hint_width(row, state.theme.options.ascii) as u16;
        if (from..to).contains(&column) {
            return Some(row.action);
        }
        from = to;
    }
    None
}
