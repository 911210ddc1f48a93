//! Moving about: views, focus, selection, scrolling.

use super::keymap::Action;
use super::order::{Column, Row};
use super::state::{AppState, PanelId, View};
use super::view;

/// A movement.
pub fn act(state: &mut AppState, action: Action) {
    match action {
        Action::Overview => show(state, View::Overview),
        Action::Trials => show(state, View::Trials),
        Action::FullLog => show(state, View::Log),
        Action::TrialDetail => {
            let row = state.selected_row().or_else(|| state.table.selected());
            open(state, row);
        }
        Action::Open => {
            let row = state.selected_row();
            open(state, row);
        }
        Action::NextPanel => step_focus(state, 1),
        Action::PreviousPanel => step_focus(state, -1),
        Action::Zoom => state.zoomed = !state.zoomed,
        Action::Sort => sort(state),
        Action::Reverse => {
            state.table.reverse = !state.table.reverse;
            state.refresh();
        }
        action if state.focus == PanelId::Profile => {
            if let Some(profile) = &mut state.profile {
                profile.act(action);
            }
        }
        Action::Left | Action::Right => sideways(state, action == Action::Right),
        Action::Up => step(state, -1),
        Action::Down => step(state, 1),
        Action::PageUp | Action::PageDown if state.focus == PanelId::Detail => {
            let study = state.history.study();
            let rows = study.space.dimensions() + study.fixed.len();
            let by = if action == Action::PageDown { 1 } else { -1 };
            state.detail_scroll = clamped(state.detail_scroll, by, rows);
        }
        Action::PageUp => step(state, -page(state)),
        Action::PageDown => step(state, page(state)),
        Action::First => step(state, isize::MIN),
        Action::Last => step(state, isize::MAX),
        _ => {}
    }
}

/// Changes to a view and focuses its first panel.
pub fn show(state: &mut AppState, view: View) {
    if view != state.view {
        state.zoomed = false;
    }
    if !matches!(view, View::Detail | View::Profile) {
        state.detail = None;
    }
    state.view = view;
    if let Some((panel, _)) = view::panels(state).first() {
        state.focus = *panel;
    }
}

/// Gives the focus to a panel that is on the screen.
pub fn keep_focus_visible(state: &mut AppState) {
    let panels = view::panels(state);
    let visible = state.zoomed || panels.iter().any(|(p, _)| *p == state.focus);
    if let Some((panel, _)) = panels.first().filter(|_| !visible) {
        state.focus = *panel;
    }
}

fn open(state: &mut AppState, row: Option<Row>) {
    match state.view {
        View::Overview | View::Trials | View::Log => state.origin = state.view,
        // Back from the detail leads where the way to it began.
        View::Detail | View::Profile => {}
    }
    show(state, View::Detail);
    state.detail = row;
    (state.fold, state.detail_scroll) = (current_fold(state), 0);
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
    let panels = view::panels(state);
    let at = panels.iter().position(|(p, _)| *p == state.focus).unwrap_or(0);
    if let Some((panel, _)) = panels.get(moved(at, by, panels.len())) {
        state.focus = *panel;
    }
}

/// Round a circle of `count`.
fn moved(at: usize, by: isize, count: usize) -> usize {
    (at as isize + by).rem_euclid(count.max(1) as isize) as usize
}

fn sort(state: &mut AppState) {
    let columns = Column::sortable(&state.history.study().space);
    let at = columns.iter().position(|c| *c == state.table.sort).unwrap_or(0);
    state.table.sort = columns[(at + 1) % columns.len()];
    state.table.reverse = false;
    state.refresh();
}

fn sideways(state: &mut AppState, right: bool) {
    let (at, last) = match state.focus {
        PanelId::Leaderboard => {
            // One of them always stays.
            let last = Column::beside(&state.history.study().space).len() - 1;
            (&mut state.table.scrolled, last)
        }
        PanelId::Detail => (&mut state.fold, state.history.study().trainings() - 1),
        PanelId::Running | PanelId::Chart | PanelId::Profile | PanelId::Log => return,
    };
    *at = if right { (*at + 1).min(last) } else { at.saturating_sub(1) };
}

/// A page of the focused panel keeps two rows of the one before.
fn page(state: &AppState) -> isize {
    rows(state).saturating_sub(2).max(1) as isize
}

/// Rows inside the frame of the focused panel.
fn rows(state: &AppState) -> usize {
    let panels = view::panels(state);
    let height = panels.iter().find(|(p, _)| *p == state.focus).map_or(0, |(_, area)| area.height);
    usize::from(height.saturating_sub(2))
}

fn step(state: &mut AppState, by: isize) {
    match state.focus {
        PanelId::Leaderboard => {
            let to = clamped(state.table.cursor(), by, state.table.order().len());
            state.table.move_to(to);
        }
        PanelId::Running => state.running_cursor = clamped(state.running_cursor, by, state.running.len()),
        PanelId::Detail => {
            if let Some(row) = state.shown() {
                state.table.select(row);
            }
            let to = clamped(state.table.cursor(), by, state.table.order().len());
            state.table.move_to(to);
            state.detail = state.table.selected();
            (state.fold, state.detail_scroll) = (current_fold(state), 0);
        }
        // The log is read from its end.
        PanelId::Log => {
            let back = by.checked_neg().unwrap_or(isize::MAX);
            let pages = (state.activity.entries().len() + 1).saturating_sub(rows(state));
            state.log_scroll = clamped(state.log_scroll, back, pages);
        }
        // The marker effects step by themselves.
        PanelId::Chart | PanelId::Profile => {}
    }
}

fn clamped(at: usize, by: isize, count: usize) -> usize {
    at.saturating_add_signed(by).min(count.saturating_sub(1))
}
