//! The keys that hold now, from the keymap.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{card, of};
use crate::tui::keymap::Context;
use crate::tui::state::AppState;
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::update::panel_contexts;

/// Draws the overlay, from line `from` on.
pub fn render(state: &AppState, from: usize, area: Rect, buf: &mut Buffer) {
    let end = end(state, area);
    let below = end.saturating_sub(from);
    let title = if below > 0 { format!("Keys: j for {below} more") } else { "Keys: Esc closes".into() };
    let shown = lines(state).into_iter().skip(from.min(end)).take(room(area)).collect();
    card(state.theme, &title, Tone::Accent, shown, area, buf);
}

/// How far it can be scrolled.
pub fn end(state: &AppState, area: Rect) -> usize {
    lines(state).len().saturating_sub(room(area))
}

/// Lines that fit into the frame.
fn room(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(4)).max(1)
}

fn lines(state: &AppState) -> Vec<Line<'static>> {
    let (theme, ascii) = (state.theme, state.theme.options.ascii);
    let mut lines = Vec::new();
    let replay = state.replay.is_some().then_some(Context::Replay);
    for context in replay.into_iter().chain(panel_contexts(state.view, state.focus)) {
        let Some(heading) = heading(context) else { continue };
        lines.push(Line::styled(heading, theme.style(Tone::Strong)));
        for row in state.keymap.rows(&[context]) {
            let keys = text::left(&row.labels(ascii), 12, theme.symbols().cut);
            let keys = Span::styled(format!("  {keys}"), theme.style(Tone::Accent));
            lines.push(Line::from(vec![keys, Span::raw(row.help)]));
        }
    }
    lines
}

fn heading(context: Context) -> Option<&'static str> {
    match context {
        Context::Panel(id) => Some(of(id).title),
        Context::Trial => Some("Trial"),
        Context::Replay => Some("Replay"),
        Context::Moving => Some("Moving"),
        Context::Anywhere => Some("Anywhere"),
        Context::Always => Some("Always"),
        Context::Start
        | Context::Filter
        | Context::Columns
        | Context::Help
        | Context::Quit
        | Context::Cancel => None,
    }
}
