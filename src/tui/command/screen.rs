//! What is shown of the trials, and what leaves the screen.

use super::go::{number, number_or_selected};
use super::{Candidate, Outcome};
use crate::domain::trial::TrialId;
use crate::tui::dialog;
use crate::tui::filter::{Filter, FilterError};
use crate::tui::navigate;
use crate::tui::state::{AppState, PanelId, View};
use crate::tui::steer;
use crate::tui::values::near;
use crate::tui::view;

/// Shows the leaderboard, where it is not.
fn show_table(state: &mut AppState) {
    if view::panels(state).iter().any(|(panel, _)| *panel == PanelId::Leaderboard) {
        state.focus = PanelId::Leaderboard;
    } else {
        navigate::show(state, View::Trials);
    }
}

fn columns(state: &AppState, help: &str) -> Vec<Candidate> {
    let all = state.table.catalogue().entries().iter();
    all.map(|entry| Candidate::new(state.table.catalogue().name(entry.column), help)).collect()
}

pub fn filters(state: &AppState, _: &[&str]) -> Vec<Candidate> {
    columns(state, "compare with <, >, =, !=, : or ~")
}

pub fn filter(state: &mut AppState, rest: &str) -> Outcome {
    let filter = Filter::parse(rest, state.table.catalogue()).map_err(|error| error.to_string())?;
    dialog::apply(state, filter);
    show_table(state);
    Ok(Vec::new())
}

pub fn sorts(state: &AppState, before: &[&str]) -> Vec<Candidate> {
    if before.is_empty() { columns(state, "") } else { Vec::new() }
}

pub fn sort(state: &mut AppState, rest: &str) -> Outcome {
    let (name, reverse) = rest.strip_prefix('-').map_or((rest, false), |name| (name, true));
    let catalogue = state.table.catalogue();
    let column = catalogue.named(name).ok_or_else(|| FilterError::unknown(name, catalogue).to_string())?;
    (state.table.sort, state.table.reverse) = (column, reverse);
    state.refresh();
    show_table(state);
    Ok(Vec::new())
}

pub fn shown(state: &AppState, before: &[&str]) -> Vec<Candidate> {
    let mut all = columns(state, "");
    all.retain(|candidate| !before.contains(&candidate.word.as_str()));
    all
}

pub fn show(state: &mut AppState, rest: &str) -> Outcome {
    let names: Vec<&str> = rest.split([',', ' ']).collect();
    state.table.set_columns(&names)?;
    show_table(state);
    Ok(Vec::new())
}

pub fn export(state: &mut AppState, rest: &str) -> Outcome {
    let trial: Option<TrialId> = if rest.is_empty() { None } else { Some(number(state, rest)?) };
    steer::export(state, trial)
}

pub fn copies(_: &AppState, before: &[&str]) -> Vec<Candidate> {
    let all = steer::COPIES.iter().map(|(name, help)| Candidate::new(*name, *help));
    if before.is_empty() { all.collect() } else { Vec::new() }
}

pub fn copy(state: &mut AppState, rest: &str) -> Outcome {
    let trial = number_or_selected(state, "", "copy")?;
    steer::copy_trial(state, trial, if rest.is_empty() { "config" } else { rest })
}

pub fn themes(state: &AppState, before: &[&str]) -> Vec<Candidate> {
    let all = state.themes.iter().filter(|_| before.is_empty());
    all.map(|(name, _)| Candidate::new(name.as_str(), "")).collect()
}

pub fn theme(state: &mut AppState, rest: &str) -> Outcome {
    let names = state.themes.iter().map(|(name, _)| name.as_str());
    let near = near(rest, names);
    state
        .set_theme(rest)
        .map_err(|why| if near.is_empty() { why } else { format!("there is no theme `{rest}`{near}") })?;
    Ok(Vec::new())
}

pub fn freeze(state: &mut AppState, _: &str) -> Outcome {
    dialog::freeze(state);
    Ok(Vec::new())
}
