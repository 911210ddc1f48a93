//! A frozen screen: what happens meanwhile is folded into a state behind it, so that nothing waits in a queue.

use super::machine::Sample;
use super::machine::load::Load;
use super::panel;
use super::state::{AppState, Panels};
use super::steer::say;
use super::theme::Tone;
use crate::domain::command::Update;
use crate::domain::trial::Timestamp;

/// Freezes the screen, or lets it go on.
pub fn toggle(state: &mut AppState) {
    if state.frozen.is_some() {
        let missed = thaw(state);
        return say(state, Tone::Plain, format!("live again, {missed} events later"));
    }
    if state.replay.is_some() {
        return say(state, Tone::Plain, "a replay stands still by itself: Space stops it");
    }
    let mut behind = state.clone();
    // What is on the screen stays with it.
    (behind.dialog, behind.profile) = (None, None);
    let Panels { machine, cards, processes, jobs, .. } = behind.panels;
    behind.panels = Panels { machine, cards, processes, jobs, ..Panels::default() };
    state.frozen = Some(Box::new(behind));
    say(state, Tone::Warn, "frozen: the study goes on, the screen does not until f again");
}

/// Takes in what happened behind the screen. How many events that were.
pub fn thaw(state: &mut AppState) -> u64 {
    let Some(behind) = state.frozen.take() else { return 0 };
    let missed = behind.history.next_sequence() - state.history.next_sequence();
    let selected = state.running.get(state.running_cursor).copied();
    state.history = behind.history;
    state.activity = behind.activity;
    state.running = behind.running;
    state.best = behind.best;
    state.pace = behind.pace;
    state.lost = behind.lost;
    state.load = behind.load;
    state.panels.machine = behind.panels.machine;
    state.panels.cards.catch_up(behind.panels.cards);
    state.panels.processes.catch_up(behind.panels.processes);
    state.panels.jobs.catch_up(behind.panels.jobs);
    state.now = behind.now;
    state.log_scroll = if state.log_scroll > 0 { behind.log_scroll } else { 0 };
    if let Some(place) = state.running.iter().position(|id| Some(*id) == selected) {
        state.running_cursor = place;
    }
    state.wake();
    state.refresh();
    state.stale = true;
    missed
}

/// Takes updates in behind the screen. What must be seen at once is given back: the study's end.
pub fn updates(state: &mut AppState, updates: Vec<Update>) -> Vec<Update> {
    let Some(behind) = &mut state.frozen else { return updates };
    let mut rest = Vec::new();
    for update in updates {
        match update {
            Update::Recorded(record) => behind.record(&record),
            Update::Ended(_) => rest.push(update),
        }
    }
    rest
}

/// Time passes behind a frozen screen. Whether it is one.
pub fn tick(state: &mut AppState, now: Timestamp) -> bool {
    state.frozen.as_mut().map(|behind| behind.now = now).is_some()
}

/// The machine's load behind a frozen screen. Whether it is one.
pub fn load(state: &mut AppState, load: Load) -> bool {
    state.frozen.as_mut().map(|behind| behind.load = Some(load)).is_some()
}

/// A sample of the machine behind a frozen screen. Nothing is left of it where it is one.
pub fn sampled(state: &mut AppState, sample: Sample) -> Option<Sample> {
    let Some(behind) = &mut state.frozen else { return Some(sample) };
    panel::sampled(behind, sample);
    None
}
