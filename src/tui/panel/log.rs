//! What happened, the latest at the bottom.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::Panel;
use super::empty;
use crate::analysis::human;
use crate::tui::keymap::Action;
use crate::tui::navigate;
use crate::tui::state::AppState;
use crate::tui::state::PanelId;
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel = Panel { about, place, act, ..Panel::plain(PanelId::Log, "Log", render) };

/// The zone of its times.
pub fn about(state: &AppState) -> String {
    format!("{} times in UTC", state.theme.symbols().dot)
}

/// How far it is scrolled back.
pub fn place(state: &AppState, _rows: usize) -> String {
    match state.log_scroll {
        0 => String::new(),
        back => format!("{back} later below"),
    }
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    if let Some(by) = navigate::distance(action, usize::from(area.height)) {
        // The log is read from its end.
        let back = by.checked_neg().unwrap_or(isize::MAX);
        let pages = (state.activity.entries().len() + 1).saturating_sub(usize::from(area.height));
        state.log_scroll = navigate::clamped(state.log_scroll, back, pages);
    }
    Vec::new()
}

/// Draws the lines.
pub fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let entries = state.activity.entries();
    if entries.is_empty() {
        return empty(theme, "nothing happened yet", area, buf);
    }
    let height = usize::from(area.height);
    // The last page stays full when scrolled to the very start.
    let back = state.log_scroll.min(entries.len().saturating_sub(height));
    let end = entries.len() - back;
    let from = end.saturating_sub(height);
    for (i, entry) in entries.iter().take(end).skip(from).enumerate() {
        let mark = match entry.tone {
            Tone::Bad => "!",
            Tone::Warn => "~",
            Tone::Good => theme.symbols().best,
            _ => " ",
        };
        let room = usize::from(area.width).saturating_sub(12);
        let line = Line::from(vec![
            Span::styled(format!(" {} ", human::time_of_day(entry.at)), theme.style(Tone::Quiet)),
            Span::styled(format!("{mark} "), theme.style(entry.tone)),
            Span::styled(text::cut(&entry.text, room, theme.symbols().cut), theme.style(entry.tone)),
        ]);
        line.render(text::row(area, i), buf);
    }
}
