//! What changes the study.

use super::go::{number, number_or_selected, trials as trials_where};
use super::{Candidate, Outcome};
use crate::domain::command::Command;
use crate::domain::event::Method;
use crate::domain::space::Distribution;
use crate::domain::trial::TrialState;
use crate::domain::value::counted;
use crate::tui::form::{self, Purpose};
use crate::tui::navigate;
use crate::tui::state::{AppState, View};
use crate::tui::steer::{self, send};
use crate::tui::values;

pub fn pause(state: &mut AppState, paused: bool) -> Outcome {
    if state.is_live() && state.history.is_paused() == paused {
        return Err(if paused { "the study is paused already" } else { "the study is not paused" }.into());
    }
    Ok(steer::pause(state, paused))
}

pub fn trials(state: &mut AppState, rest: &str) -> Outcome {
    if rest.is_empty() {
        navigate::show(state, View::Trials);
        return Ok(Vec::new());
    }
    let total = form::total(state, rest)?;
    send(state, Command::Trials(total), format!("sent: {} in all", counted(total, "trial")))
}

pub fn workers(state: &mut AppState, rest: &str) -> Outcome {
    let slots = form::slots(state, rest)?;
    send(state, Command::Workers(slots), format!("sent: {} at once", counted(slots, "trial")))
}

pub fn assignments(state: &AppState, before: &[&str]) -> Vec<Candidate> {
    let all = state.history.study().space.parameters.iter();
    let given =
        |name: &str| before.iter().any(|word| word.split_once('=').is_some_and(|(own, _)| own == name));
    let offered = all.filter(|p| !given(&p.name));
    offered.map(|p| Candidate::new(format!("{}=", p.name), values::range(&p.distribution))).collect()
}

pub fn enqueue(state: &mut AppState, rest: &str) -> Outcome {
    let words: Vec<String> = rest.split_whitespace().map(str::to_owned).collect();
    let params = form::completed(state, &words)?;
    let said = format!("queued: a new trial, {} given", counted(words.len(), "value"));
    send(state, Command::Enqueue { params, parent: None }, said)
}

pub fn clone(state: &mut AppState, rest: &str) -> Outcome {
    let trial = number_or_selected(state, rest, "clone")?;
    form::open(state, Purpose::Clone, Some(trial))
}

pub fn running(state: &AppState, _: &[&str]) -> Vec<Candidate> {
    trials_where(state, |id| state.history.trial(id).is_some_and(steer::is_under_way))
}

/// The trials with a score.
pub fn complete(state: &AppState, _: &[&str]) -> Vec<Candidate> {
    trials_where(state, |id| state.history.trial(id).is_some_and(|t| t.state == TrialState::Complete))
}

pub fn cancel(state: &mut AppState, rest: &str) -> Outcome {
    let trial = number_or_selected(state, rest, "cancel")?;
    steer::cancel(state, trial)
}

pub fn pin(state: &mut AppState, rest: &str) -> Outcome {
    let trial = number_or_selected(state, rest, "pin")?;
    steer::pin(state, trial)
}

pub fn note(state: &mut AppState, rest: &str) -> Outcome {
    let (word, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let trial = number(state, word)?;
    if text.trim().is_empty() {
        return form::open(state, Purpose::Note, Some(trial));
    }
    let text = text.trim().to_owned();
    send(state, Command::Annotate { trial, text }, format!("noted: trial {trial}"))
}

pub fn ranges(state: &AppState, before: &[&str]) -> Vec<Candidate> {
    let space = state.history.space();
    let known = |name: &str| space.parameters.iter().find(|p| p.name == name);
    match before {
        [] => {
            let all = space.parameters.iter();
            all.map(|p| Candidate::new(p.name.as_str(), values::range(&p.distribution))).collect()
        }
        [name] => {
            let now = known(name).map(|p| &p.distribution);
            let ends = match now {
                None => return Vec::new(),
                Some(choice @ Distribution::Choice { .. }) => values::range(choice).replace(", ", ","),
                Some(Distribution::Int { low, high, .. }) => format!("{low} {high}"),
                Some(Distribution::Float { low, high, .. }) => format!("{low:?} {high:?}"),
            };
            vec![Candidate::new(ends, "as it is now"), Candidate::new("reset", "as the study began")]
        }
        _ => Vec::new(),
    }
}

pub fn range(state: &mut AppState, rest: &str) -> Outcome {
    let mut words = rest.split_whitespace();
    let name = words.next().unwrap_or_default();
    let rest: Vec<&str> = words.collect();
    let space = state.history.space();
    let Some(parameter) = space.parameters.iter().find(|p| p.name.eq_ignore_ascii_case(name)) else {
        let near = values::near(name, space.parameters.iter().map(|p| p.name.as_str()));
        return Err(format!("`{name}` is not searched{near}"));
    };
    let parameter = parameter.name.clone();
    let created = state.history.created_space().parameters.iter().find(|p| p.name == parameter);
    let distribution = match (&rest[..], created) {
        (["reset"], Some(created)) => created.distribution.clone(),
        _ => form::narrowed(state, &parameter, &rest).map_err(|(_, why)| why)?,
    };
    let (inside, all) = form::within(state, &parameter, &distribution);
    let said =
        format!("sent: {parameter} in {distribution} from now on; {inside} of {all} trials lie inside");
    send(state, Command::Range { parameter, distribution }, said)
}

fn methods(all: &[(&'static str, &'static str)], before: &[&str]) -> Vec<Candidate> {
    if before.is_empty() {
        all.iter().map(|(name, help)| Candidate::new(*name, *help)).collect()
    } else {
        Vec::new()
    }
}

pub fn samplers(state: &AppState, before: &[&str]) -> Vec<Candidate> {
    methods(&state.menu.samplers, before)
}

pub fn pruners(state: &AppState, before: &[&str]) -> Vec<Candidate> {
    methods(&state.menu.pruners, before)
}

fn method(all: &[(&'static str, &'static str)], noun: &str, rest: &str) -> Result<Method, String> {
    let (kind, settings) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    if all.iter().all(|(name, _)| *name != kind) {
        let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
        let near = values::near(kind, names.iter().copied());
        return Err(format!("there is no {noun} `{kind}`{near}; choose of {}", names.join(", ")));
    }
    Ok(Method { kind: kind.to_owned(), settings: values::settings(settings)? })
}

pub fn sampler(state: &mut AppState, rest: &str) -> Outcome {
    if rest.is_empty() {
        navigate::show(state, View::Sampler);
        return Ok(Vec::new());
    }
    let method = method(&state.menu.samplers, "sampler", rest)?;
    let said = format!("sent: sampler {method} for the next trials");
    send(state, Command::Sampler(method), said)
}

pub fn pruner(state: &mut AppState, rest: &str) -> Outcome {
    let method = method(&state.menu.pruners, "pruner", rest)?;
    let said = format!("sent: pruner {method} from now on");
    send(state, Command::Pruner(method), said)
}
