//! The last line: what was just said, the filter being written, or the keys of every view.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::hints;
use crate::tui::filter::Filter;
use crate::tui::keymap::Context;
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
    if let Some(Dialog::Filter { text, .. }) = &state.dialog {
        filter(state, text, area, buf);
    } else if let Some(notice) = &state.notice {
        said(notice.tone, &notice.text).render(area, buf);
    } else if let Some(lost) = &state.lost {
        said(Tone::Bad, lost).render(area, buf);
    } else {
        let replay = state.replay.is_some().then_some(Context::Replay);
        let contexts: Vec<Context> = replay.into_iter().chain([Context::Anywhere]).collect();
        hints(state, &contexts, usize::from(area.width)).render(area, buf);
    }
}

fn filter(state: &AppState, written: &str, area: Rect, buf: &mut Buffer) {
    let (theme, symbols) = (state.theme, state.theme.symbols());
    let verdict = match Filter::parse(written, state.history.study()) {
        Err(error) => Span::styled(error.to_string(), theme.style(Tone::Bad)),
        Ok(_) => {
            let (shown, all) = (state.table.trials(), state.history.trials().len());
            Span::styled(format!("{shown} of {all}"), theme.style(Tone::Quiet))
        }
    };
    // The end of what is written stays in sight.
    let room = usize::from(area.width).saturating_sub(verdict.width() + 6);
    let clean = text::clean(written);
    let mut shown = clean.clone();
    while text::width(&shown) > room && !shown.is_empty() {
        shown.remove(0);
    }
    if shown.len() < clean.len() {
        shown = format!("{}{shown}", symbols.cut_left);
    }
    let line = Line::from(vec![
        Span::styled(" /", theme.style(Tone::Accent)),
        Span::raw(shown),
        Span::styled(" ", theme.style(Tone::Plain).add_modifier(Modifier::REVERSED)),
        Span::raw("  "),
        verdict,
    ]);
    line.render(area, buf);
}
