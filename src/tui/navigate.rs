//! Moving about: views, focus, selection, scrolling.

use ratatui::layout::{Margin, Rect};

use super::filter::Filter;
use super::keymap::Action;
use super::order::Row;
use super::panel;
use super::state::{AppState, PanelId, View};
use super::update::Effect;
use super::view;
use crate::domain::trial::TrialId;

/// An action of every view; what is left is the focused panel's.
pub fn act(state: &mut AppState, action: Action) -> Vec<Effect> {
    match action {
        Action::Show(View::Trial) => {
            let row = state.selected_row().or_else(|| state.table.selected());
            open(state, row);
        }
        Action::Show(view) => show(state, view),
        Action::Open if matches!(state.focus, PanelId::Leaderboard | PanelId::Running) => {
            let row = state.selected_row();
            open(state, row);
        }
        Action::NextTrial => step_trial(state, 1),
        Action::PreviousTrial => step_trial(state, -1),
        Action::NextPanel => step_focus(state, 1),
        Action::PreviousPanel => step_focus(state, -1),
        Action::Zoom => state.zoomed = !state.zoomed,
        other => {
            let area = inside(state);
            return (panel::of(state.focus).act)(state, other, area);
        }
    }
    Vec::new()
}

/// The area inside the frame of the focused panel.
fn inside(state: &AppState) -> Rect {
    let panels = view::panels(state);
    let area = panels.iter().find(|(p, _)| *p == state.focus).map_or(Rect::ZERO, |(_, area)| *area);
    area.inner(Margin::new(1, 1))
}

/// How far a movement goes through a list of which `rows` are in sight; a page keeps two of the one before.
pub fn distance(action: Action, rows: usize) -> Option<isize> {
    let page = rows.saturating_sub(2).max(1) as isize;
    Some(match action {
        Action::Up => -1,
        Action::Down => 1,
        Action::PageUp => -page,
        Action::PageDown => page,
        Action::First => isize::MIN,
        Action::Last => isize::MAX,
        _ => return None,
    })
}

/// Changes to a view and focuses its first panel.
pub fn show(state: &mut AppState, view: View) {
    if view != state.view {
        state.zoomed = false;
    }
    if view != View::Trial {
        state.detail = None;
    }
    state.view = view;
    state.focus = view::of(view).panels[0];
}

/// Gives the focus to a panel that is on the screen.
pub fn keep_focus_visible(state: &mut AppState) {
    let panels = view::panels(state);
    let visible = state.zoomed || panels.iter().any(|(p, _)| *p == state.focus);
    if let Some((panel, _)) = panels.first().filter(|_| !visible) {
        state.focus = *panel;
    }
}

/// Opens a trial or a baseline.
pub fn open(state: &mut AppState, row: Option<Row>) {
    // Back from a trial leads where the way to it began.
    if state.view != View::Trial {
        state.origin = state.view;
        show(state, View::Trial);
    }
    put(state, row);
}

/// Shows a trial or a baseline in the view of one.
fn put(state: &mut AppState, row: Option<Row>) {
    state.detail = row;
    (state.fold, state.detail_scroll) = (current_fold(state), 0);
    if matches!(row, Some(Row::Baseline(_))) {
        // The other panels are of trials.
        state.focus = PanelId::Detail;
    }
}

/// The fold that is being trained, or the first of a trial that ended.
fn current_fold(state: &AppState) -> usize {
    let trial = state.shown().and_then(|row| state.history.trial(row.trial()?));
    let folds = state.history.study().folds;
    match trial {
        Some(t) if !t.state.is_finished() => t.reports.last().map_or(0, |r| r.training(folds)),
        _ => 0,
    }
}

fn step_focus(state: &mut AppState, by: isize) {
    if state.zoomed {
        return;
    }
    let panels = view::round(state);
    let at = panels.iter().position(|p| *p == state.focus).unwrap_or(0);
    if let Some(panel) = panels.get(moved(at, by, panels.len())) {
        state.focus = *panel;
    }
}

/// Round a circle of `count`.
fn moved(at: usize, by: isize, count: usize) -> usize {
    (at as isize + by).rem_euclid(count.max(1) as isize) as usize
}

/// Shows another trial of the leaderboard's order.
pub fn step_trial(state: &mut AppState, by: isize) {
    if let Some(row) = state.shown() {
        state.table.select(row);
    }
    let to = clamped(state.table.cursor(), by, state.table.order().len());
    state.table.move_to(to);
    let row = state.table.selected();
    put(state, row);
}

/// Goes to a trial: opens it where one trial is looked at, else selects it in the leaderboard, from which a filter
/// is taken away that hides it.
///
/// # Errors
/// Where there is no such trial.
pub fn jump(state: &mut AppState, trial: TrialId) -> Result<(), String> {
    if state.history.trial(trial).is_none() {
        return Err(match state.history.trials().len() {
            0 => format!("there is no trial {trial}: none was started yet"),
            n => format!("there is no trial {trial}: there are 0 to {}", n - 1),
        });
    }
    let row = Row::Trial(trial);
    if !state.table.select(row) {
        state.table.filter = Filter::default();
        state.reorder();
        state.table.select(row);
    }
    if state.view == View::Trial {
        open(state, Some(row));
    } else if view::round(state).contains(&PanelId::Leaderboard) {
        state.focus = PanelId::Leaderboard;
    } else {
        show(state, View::Trials);
    }
    Ok(())
}

/// A place moved by so much, among `count`.
pub fn clamped(at: usize, by: isize, count: usize) -> usize {
    at.saturating_add_signed(by).min(count.saturating_sub(1))
}
