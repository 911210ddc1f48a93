//! The distribution of scores.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Panel, empty};
use crate::tui::state::{AppState, PanelId};

/// The panel.
pub const PANEL: Panel = Panel { ..Panel::plain(PanelId::Rank, "Distribution", render) };

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    empty(state.theme, "nothing here yet", area, buf);
}
