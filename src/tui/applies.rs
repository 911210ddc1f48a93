//! Which keys have something to do now: the hints at the edges show those only. A key that has not may be pressed all
//! the same and says why.

use super::keymap::{Action, Bound, Context};
use super::order::Row;
use super::state::{AppState, PanelId, Phase, View};
use super::steer;
use crate::domain::event::ObjectiveKind;
use crate::domain::trial::TrialState;

/// Whether a key has something to do.
pub fn applies(state: &AppState, row: &Bound) -> bool {
    let selected = || state.selected().map(|trial| &trial.state);
    match row.action {
        Action::Pause => state.phase == Phase::Live,
        Action::Cancel => steer::obstacle(state, Action::Cancel).is_none(),
        Action::Markers => {
            let network = state.history.study().objective == ObjectiveKind::Network;
            network && selected() == Some(&TrialState::Complete)
        }
        // A program has no folds, and a baseline's are all in sight.
        _ if row.hint.ends_with("fold") => {
            let of_baseline = matches!(state.selected_row(), Some(Row::Baseline(_)));
            state.history.study().objective == ObjectiveKind::Network && !of_baseline
        }
        Action::Mark => selected().is_some(),
        Action::Open if matches!(state.focus, PanelId::Leaderboard | PanelId::Running) => {
            state.selected_row().is_some()
        }
        Action::Filter | Action::Sort | Action::Columns | Action::Right
            if state.focus == PanelId::Leaderboard =>
        {
            !state.history.trials().is_empty()
        }
        Action::Show(View::Compare) if row.context != Context::Anywhere => state.marked.len() > 1,
        _ => true,
    }
}

/// The hint of a key: what it does now.
pub fn hint(state: &AppState, row: &Bound) -> &'static str {
    match row.action {
        Action::Pause if state.history.is_paused() => "resume",
        Action::Cancel if state.selected().is_some_and(|trial| trial.state == TrialState::Waiting) => {
            "withdraw"
        }
        Action::Mark if state.selected().is_some_and(|trial| state.marked.contains(&trial.id)) => "unmark",
        _ => row.hint,
    }
}
