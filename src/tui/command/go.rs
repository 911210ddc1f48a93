//! Where to look.

use super::{Candidate, Outcome};
use crate::domain::trial::TrialId;
use crate::domain::value::counted;
use crate::tui::keymap::Action;
use crate::tui::navigate;
use crate::tui::order::Row;
use crate::tui::panel::help::Help;
use crate::tui::state::{AppState, Dialog, View};
use crate::tui::steer::{self, say};
use crate::tui::theme::Tone;
use crate::tui::update;

/// How many trials are offered.
const OFFERED: usize = 200;

/// Nothing follows.
pub fn nothing(_: &AppState, _: &[&str]) -> Vec<Candidate> {
    Vec::new()
}

/// The trials of which something holds, the best and newest first.
pub fn trials(state: &AppState, holds: impl Fn(TrialId) -> bool) -> Vec<Candidate> {
    let ranked = state.table.order().iter().filter_map(|row| row.trial());
    let offered = ranked.filter(|id| holds(*id)).take(OFFERED).filter_map(|id| state.history.trial(id));
    offered.map(|t| Candidate::new(t.id.to_string(), steer::score(state, t))).collect()
}

/// Any trial that was not named before.
pub fn any_trial(state: &AppState, before: &[&str]) -> Vec<Candidate> {
    let named: Vec<TrialId> = before.iter().filter_map(|word| word.parse().ok()).collect();
    trials(state, |id| !named.contains(&id))
}

/// The trial that a word names.
///
/// # Errors
/// Where it names none.
pub fn number(state: &AppState, word: &str) -> Result<TrialId, String> {
    let id = word.trim_start_matches('#').parse().map_err(|_| format!("`{word}` is no trial's number"))?;
    steer::trial(state, id).map(|trial| trial.id)
}

/// The trial that a word names, or where there is none the selected one.
///
/// # Errors
/// Where neither is there.
pub fn number_or_selected(state: &AppState, word: &str, doing: &str) -> Result<TrialId, String> {
    if word.is_empty() { steer::selected(state, doing).map(|trial| trial.id) } else { number(state, word) }
}

fn show(state: &mut AppState, view: View) -> Outcome {
    navigate::show(state, view);
    Ok(Vec::new())
}

pub fn overview(state: &mut AppState, _: &str) -> Outcome {
    show(state, View::Overview)
}

pub fn search(state: &mut AppState, _: &str) -> Outcome {
    show(state, View::Search)
}

pub fn devices(state: &mut AppState, _: &str) -> Outcome {
    show(state, View::Devices)
}

pub fn studies(state: &mut AppState, _: &str) -> Outcome {
    show(state, View::Studies)
}

pub fn log(state: &mut AppState, _: &str) -> Outcome {
    show(state, View::Log)
}

pub fn trial(state: &mut AppState, rest: &str) -> Outcome {
    let id = number_or_selected(state, rest, "open a trial")?;
    jump(state, id)
}

/// Opens a trial.
///
/// # Errors
/// Where there is none of that number.
pub fn jump(state: &mut AppState, id: TrialId) -> Outcome {
    steer::trial(state, id)?;
    state.table.select(Row::Trial(id));
    navigate::open(state, Some(Row::Trial(id)));
    Ok(Vec::new())
}

fn numbers(state: &AppState, rest: &str) -> Result<Vec<TrialId>, String> {
    let words = rest.split([' ', ',']).filter(|word| !word.is_empty());
    words.map(|word| number(state, word)).collect()
}

pub fn compare(state: &mut AppState, rest: &str) -> Outcome {
    let wanted = numbers(state, rest)?;
    if let [only] = wanted[..] {
        return Err(format!("trial {only} needs another one to be compared with"));
    }
    if !wanted.is_empty() {
        state.marked.clear();
        for id in wanted {
            if !state.marked.contains(&id) {
                state.marked.push(id);
            }
        }
    }
    show(state, View::Compare)
}

pub fn mark(state: &mut AppState, rest: &str) -> Outcome {
    let mut wanted = numbers(state, rest)?;
    if wanted.is_empty() {
        wanted.push(number_or_selected(state, "", "mark")?);
    }
    for id in wanted {
        match state.marked.iter().position(|marked| *marked == id) {
            Some(place) => drop(state.marked.remove(place)),
            None => state.marked.push(id),
        }
    }
    let marked = counted(state.marked.len(), "trial");
    say(state, Tone::Plain, format!("{marked} marked; `c` compares them"));
    Ok(Vec::new())
}

pub fn help(state: &mut AppState, rest: &str) -> Outcome {
    state.dialog = Some(Dialog::Help(Help::of(rest)));
    Ok(Vec::new())
}

pub fn quit(state: &mut AppState, _: &str) -> Outcome {
    Ok(update::act(state, Action::Quit))
}
