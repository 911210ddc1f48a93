//! How much each parameter matters.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Panel, empty};
use crate::analysis::importance::Importance;
use crate::tui::state::{AppState, PanelId};

/// The panel.
pub const PANEL: Panel = Panel { ..Panel::plain(PanelId::Importance, "Importance", render) };

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// What came of the question.
    pub answer: Option<Result<Importance, String>>,
}

impl State {
    /// Takes in what came of the question.
    pub fn answer(&mut self, outcome: Result<Importance, String>) {
        self.answer = Some(outcome);
    }
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    empty(state.theme, "nothing here yet", area, buf);
}
