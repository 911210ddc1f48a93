//! Marks, the dialog of columns, and the number of a trial to go to.

use super::keymap::Action;
use super::navigate;
use super::order::Row;
use super::state::{AppState, Dialog, PanelId};
use super::theme::Tone;
use super::update::say;

/// Longest number of a trial.
const DIGITS: usize = 9;

/// Marks the selected trial, or takes the mark away, and goes on to the next row of the leaderboard.
pub fn mark(state: &mut AppState) {
    let Some(row) = state.selected_row() else {
        return say(state, Tone::Warn, "can't mark: no trial is selected".into());
    };
    let Row::Trial(trial) = row else {
        return say(state, Tone::Warn, "can't mark a baseline".into());
    };
    match state.marked.iter().position(|marked| *marked == trial) {
        Some(place) => drop(state.marked.remove(place)),
        None => state.marked.push(trial),
    }
    let place = state.table.cursor();
    state.reorder();
    // Where the filter asks for marks, the row may be gone.
    if state.focus == PanelId::Leaderboard && state.table.selected() == Some(row) {
        state.table.move_to(navigate::clamped(place, 1, state.table.order().len()));
    }
}

/// Takes all marks away.
pub fn unmark(state: &mut AppState) {
    state.marked.clear();
    state.reorder();
}

/// Takes a character of a number in.
pub fn digit(text: &mut String, c: char) {
    if c.is_ascii_digit() && text.len() < DIGITS {
        text.push(c);
    }
}

/// A key in one of the dialogs.
pub fn answer(state: &mut AppState, action: Action) {
    match state.dialog.take() {
        Some(Dialog::Jump(text)) => state.dialog = number(state, text, action),
        Some(Dialog::Columns(cursor)) => state.dialog = columns(state, cursor, action),
        other => state.dialog = other,
    }
}

fn number(state: &mut AppState, mut text: String, action: Action) -> Option<Dialog> {
    match action {
        Action::Accept => {
            let trial = text.parse().ok()?;
            if let Err(why) = navigate::jump(state, trial) {
                say(state, Tone::Warn, why);
            }
            return None;
        }
        Action::Erase => drop(text.pop()),
        Action::EraseAll => text.clear(),
        _ => return None,
    }
    Some(Dialog::Jump(text))
}

fn columns(state: &mut AppState, cursor: usize, action: Action) -> Option<Dialog> {
    let choices = state.table.choices();
    let selected = choices.get(cursor).map(|(column, _)| *column);
    let to = match (action, selected) {
        (Action::Up, _) => cursor.saturating_sub(1),
        (Action::Down, _) => navigate::clamped(cursor, 1, choices.len()),
        (Action::Mark, Some(column)) => {
            state.table.toggle(column);
            cursor
        }
        (Action::MoveUp, Some(column)) if state.table.shift(column, -1) => cursor - 1,
        (Action::MoveDown, Some(column)) if state.table.shift(column, 1) => cursor + 1,
        (Action::MoveUp | Action::MoveDown, _) => cursor,
        (Action::Usual, _) => {
            state.table.usual_columns();
            0
        }
        _ => return None,
    };
    state.table.scrolled = state.table.scrolled.min(state.table.columns().len().saturating_sub(1));
    Some(Dialog::Columns(to))
}
