//! The mouse. Everything that it does a key does too.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Margin, Position};

use super::dialog;
use super::keymap::Action;
use super::panel;
use super::state::{AppState, Dialog, View};
use super::update::{Effect, act};
use super::view::{self, Spot};

/// Longest time between the two clicks of a double one, in milliseconds.
const TWICE: u64 = 500;
/// Rows that a step of the wheel goes.
const ROWS: usize = 3;

/// Follows the mouse.
pub fn update(state: &mut AppState, event: MouseEvent) -> Vec<Effect> {
    let at = Position::new(event.column, event.row);
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => {
            state.stale = true;
            click(state, at)
        }
        MouseEventKind::ScrollUp => scroll(state, at, Action::Up),
        MouseEventKind::ScrollDown => scroll(state, at, Action::Down),
        _ => Vec::new(),
    }
}

fn click(state: &mut AppState, at: Position) -> Vec<Effect> {
    let now = state.clock;
    let again = state.clicked.is_some_and(|(before, when)| before == at && now.saturating_sub(when) <= TWICE);
    state.clicked = (!again).then_some((at, now));
    // A dialog is answered by keys: a click beside a button that is not there does nothing.
    if state.dialog.is_some() {
        return Vec::new();
    }
    state.notice = None;
    match view::at(state, at) {
        Some(Spot::Key(action)) => return act(state, action),
        Some(Spot::Title(panel)) => state.focus = panel,
        Some(Spot::Panel(panel, area)) => {
            state.focus = panel;
            let inside = area.inner(Margin::new(1, 1));
            if inside.contains(at) {
                return (panel::of(panel).click)(state, inside, at, again);
            }
        }
        None => {}
    }
    Vec::new()
}

fn scroll(state: &mut AppState, at: Position, action: Action) -> Vec<Effect> {
    match &state.dialog {
        // Nothing is chosen, and no field left, by accident.
        Some(Dialog::Form(_) | Dialog::Command(_) | Dialog::Filter { .. } | Dialog::Search { .. }) => {
            Vec::new()
        }
        Some(_) => {
            state.stale = true;
            (0..ROWS).flat_map(|_| dialog_step(state, action)).collect()
        }
        None => {
            let Some(Spot::Panel(panel, area)) = view::at(state, at) else { return Vec::new() };
            state.stale = true;
            // Rows of a trial's panels are whole trials, or folds.
            let rows = if state.view == View::Trial { 1 } else { ROWS };
            let inside = area.inner(Margin::new(1, 1));
            (0..rows).flat_map(|_| (panel::of(panel).act)(state, action, inside)).collect()
        }
    }
}

fn dialog_step(state: &mut AppState, action: Action) -> Vec<Effect> {
    match state.dialog {
        Some(Dialog::Help(_) | Dialog::Reading(..)) => dialog::act(state, action),
        _ => Vec::new(),
    }
}
