//! The keys that hold now, from the keymap.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{PANELS, card};
use crate::tui::keymap::{Context, KEYMAP};
use crate::tui::state::AppState;
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::update::panel_contexts;

/// Draws the overlay, from line `from` on.
pub fn render(state: &AppState, from: usize, area: Rect, buf: &mut Buffer) {
    let (theme, ascii) = (state.theme, state.theme.options.ascii);
    let mut lines = Vec::new();
    for context in panel_contexts(state.focus) {
        let Some(heading) = heading(state, context) else { continue };
        lines.push(Line::styled(heading, theme.style(Tone::Strong)));
        for row in KEYMAP.iter().filter(|row| row.context == context) {
            let keys: Vec<String> = row.keys.iter().map(|k| k.label(ascii)).collect();
            let keys = text::left(&keys.join(" "), 12, theme.symbols().cut);
            lines.push(Line::from(vec![
                Span::styled(format!("  {keys}"), theme.style(Tone::Accent)),
                Span::raw(row.help),
            ]));
        }
    }
    let height = usize::from(area.height.saturating_sub(4));
    let from = from.min(lines.len().saturating_sub(height));
    let below = lines.len().saturating_sub(from + height);
    let title = if below > 0 { format!("Keys: j for {below} more") } else { "Keys: Esc closes".into() };
    let shown = lines.into_iter().skip(from).take(height.max(1)).collect();
    card(theme, &title, Tone::Accent, shown, area, buf);
}

fn heading(state: &AppState, context: Context) -> Option<&'static str> {
    match context {
        Context::Leaderboard | Context::Running | Context::Detail => {
            PANELS.iter().find(|p| p.id == state.focus).map(|p| p.title)
        }
        Context::Moving => Some("Moving"),
        Context::Anywhere => Some("Anywhere"),
        Context::Always => Some("Always"),
        Context::Filter | Context::Help | Context::Quit | Context::Cancel => None,
    }
}
