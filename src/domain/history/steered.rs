//! What a person changed of a study while it ran: how many trials, where they run, who suggests and judges them,
//! and the ranges of parameters.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{EventError, History};
use crate::domain::event::{Asked, Method};
use crate::domain::space::{Distribution, SearchSpace};
use crate::domain::value::Value;

/// What was changed, and what it is compared with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Steered {
    /// Trials that were last asked for: more than the target where the sampler had nothing left.
    #[serde(default)]
    pub wanted: usize,
    /// What the study file asked for when the study was last opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampler: Option<Method>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pruner: Option<Method>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ranges: Option<Ranges>,
}

/// The other two spaces of a study whose ranges were changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Ranges {
    /// As the study file has it.
    created: SearchSpace,
    /// Where the sampler looks now.
    current: SearchSpace,
}

impl History {
    /// Where the sampler looks now: the study's space, but for ranges that a person changed.
    pub fn space(&self) -> &SearchSpace {
        self.steered.ranges.as_ref().map_or(&self.study.space, |ranges| &ranges.current)
    }

    /// The space with which the study was created; [`StudySpec::space`](crate::domain::event::StudySpec::space) has
    /// grown where a range was widened.
    pub fn created_space(&self) -> &SearchSpace {
        self.steered.ranges.as_ref().map_or(&self.study.space, |ranges| &ranges.created)
    }

    /// The workers that a person asked for, if any.
    pub fn workers(&self) -> Option<usize> {
        self.steered.workers
    }

    /// The sampler that a person switched to, if any.
    pub fn sampler(&self) -> Option<&Method> {
        self.steered.sampler.as_ref()
    }

    /// The sampler's name: of the one that a person switched to, else of the study's.
    pub fn sampler_name(&self) -> &str {
        let asked = || self.steered.asked.as_ref()?.sampler.as_ref();
        self.sampler().or_else(asked).map_or(&self.study.sampler, |method| &method.kind)
    }

    /// The pruner that a person switched to, if any.
    pub fn pruner(&self) -> Option<&Method> {
        self.steered.pruner.as_ref()
    }

    /// Trials that were last asked for. The [target](Self::target) is smaller where the sampler had nothing left.
    pub fn wanted(&self) -> usize {
        self.steered.wanted
    }

    /// What the study file asked for when the study was last opened, where that is known.
    pub fn asked(&self) -> Option<&Asked> {
        self.steered.asked.as_ref()
    }

    /// What a person changed that still stands where the study file now asks for `asked`: the last word counts,
    /// and the file says a word where it differs from what it said when the study was last opened. Nothing
    /// stands of what is `None`; the trials are those that are wanted in any case.
    pub fn standing(&self, asked: &Asked) -> Asked {
        let Some(before) = self.asked() else { return Asked::from(asked.trials) };
        let steered = &self.steered;
        Asked {
            trials: if before.trials == asked.trials { steered.wanted } else { asked.trials },
            workers: steered.workers.filter(|_| before.workers == asked.workers),
            sampler: steered.sampler.clone().filter(|_| before.sampler == asked.sampler),
            pruner: steered.pruner.clone().filter(|_| before.pruner == asked.pruner),
        }
    }

    /// A coordinator opened the study.
    pub(super) fn open(&mut self, trials: usize, asked: Option<&Asked>) {
        let standing = asked.map(|asked| self.standing(asked)).unwrap_or_default();
        let steered = &mut self.steered;
        (steered.workers, steered.sampler, steered.pruner) =
            (standing.workers, standing.sampler, standing.pruner);
        steered.asked = asked.cloned();
        self.want(trials);
    }

    /// So many trials are wanted.
    pub(super) fn want(&mut self, trials: usize) {
        (self.target, self.steered.wanted) = (trials, trials);
    }

    /// Whether the sampler may look at `distribution` for a parameter from now on.
    ///
    /// # Errors
    /// Says why not.
    pub(super) fn check_range(&self, parameter: &str, distribution: &Distribution) -> Result<(), EventError> {
        let refused = |problem: String| Err(EventError::Range { parameter: parameter.to_owned(), problem });
        let Some(known) = self.study.space.parameters.iter().find(|p| p.name == parameter) else {
            let names: Vec<&str> = self.study.space.parameters.iter().map(|p| p.name.as_str()).collect();
            return refused(format!("is not searched; these are: {}", names.join(", ")));
        };
        if let Some(problem) = unfit(&known.distribution, distribution) {
            return refused(problem);
        }
        // What depends on it says for which of its values: of more nobody knows what would be active.
        let named = |name: &String| name == parameter;
        let within = self.study.space.parameters.iter().flat_map(|p| &p.when);
        let mut conditions = within.chain(self.study.conditions.values().flatten());
        if widened(&known.distribution, distribution) != known.distribution
            && conditions.any(|condition| named(&condition.parameter))
        {
            let most = &known.distribution;
            return refused(format!(
                "decides which others have a value: it can be narrower than {most} only"
            ));
        }
        Ok(())
    }

    /// The sampler looks at `distribution` for a parameter from now on.
    pub(super) fn change_range(&mut self, parameter: &str, distribution: &Distribution) {
        let space = &self.study.space;
        let ranges = self
            .steered
            .ranges
            .get_or_insert_with(|| Ranges { created: space.clone(), current: space.clone() });
        for own in ranges.current.parameters.iter_mut().filter(|p| p.name == parameter) {
            own.distribution = distribution.clone();
        }
        let mut grown = false;
        for own in self.study.space.parameters.iter_mut().filter(|p| p.name == parameter) {
            let wide = widened(&own.distribution, distribution);
            grown |= wide != own.distribution;
            own.distribution = wide;
        }
        if grown {
            for trial in &mut self.trials {
                // A trial of the study is in its space, and so in a larger one.
                if let Ok(point) = self.study.space.to_unit(&trial.params) {
                    Arc::make_mut(trial).point = point;
                }
            }
        }
    }
}

/// Why `wanted` can't stand in place of `known`, if so.
fn unfit(known: &Distribution, wanted: &Distribution) -> Option<String> {
    let (low, high, log) = match (known, wanted) {
        (Distribution::Float { log: is_log, .. }, Distribution::Float { low, high, log })
            if log == is_log =>
        {
            (*low, *high, *log)
        }
        (Distribution::Int { log: is_log, .. }, Distribution::Int { low, high, log }) if log == is_log => {
            (*low as f64, *high as f64, *log)
        }
        (Distribution::Choice { choices: known }, Distribution::Choice { choices }) => {
            return unknown_choice(known, choices);
        }
        _ => return Some(format!("stays of its kind: {known}")),
    };
    if !(low.is_finite() && high.is_finite()) {
        Some("needs two finite ends".to_owned())
    } else if low > high {
        Some(format!("needs its smaller end first, not {low} to {high}"))
    } else if log && low <= 0.0 {
        Some("is searched by its logarithm: its smaller end must be above 0".to_owned())
    } else {
        endless(&widened(known, wanted))
    }
}

/// Why no point can be taken of a range, if so: it is longer than a number can be.
fn endless(range: &Distribution) -> Option<String> {
    let length = match range {
        Distribution::Float { low, high, log: true } => high.ln() - low.ln(),
        Distribution::Float { low, high, log: false } => high - low,
        Distribution::Int { .. } | Distribution::Choice { .. } => return None,
    };
    let words =
        "and what it had before are further apart than a number can say: give ends closer to each other";
    (!length.is_finite()).then(|| words.to_owned())
}

fn unknown_choice(known: &[Value], choices: &[Value]) -> Option<String> {
    let words = || known.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if choices.is_empty() {
        return Some(format!("needs at least one of {}", words()));
    }
    let twice = |(i, choice): (usize, &Value)| choices[..i].contains(choice);
    if choices.iter().enumerate().any(twice) {
        return Some("names a choice twice".to_owned());
    }
    let unknown = choices.iter().find(|choice| !known.contains(choice))?;
    Some(format!("can't be {unknown}: its choices are {}", words()))
}

/// All values of both; they are of one kind.
fn widened(known: &Distribution, more: &Distribution) -> Distribution {
    match (known, more) {
        (Distribution::Float { low, high, log }, Distribution::Float { low: l, high: h, .. }) => {
            Distribution::Float { low: low.min(*l), high: high.max(*h), log: *log }
        }
        (Distribution::Int { low, high, log }, Distribution::Int { low: l, high: h, .. }) => {
            Distribution::Int { low: *low.min(l), high: *high.max(h), log: *log }
        }
        // Choices are among those that are known.
        _ => known.clone(),
    }
}

#[cfg(test)]
mod tests;
