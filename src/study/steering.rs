//! What a person changes of a study at work: each change is an event, and survives a resume. What can't be followed
//! is said in the log with the reason and the remedy; nothing else changes then.

use std::collections::BTreeMap;

use super::enqueue::{CLONED, ENQUEUED};
use super::{Study, StudyError};
use crate::domain::command::Command;
use crate::domain::event::{Event, Level, Method, StudySpec};
use crate::domain::space::{Distribution, SearchSpace};
use crate::domain::trial::{Origin, Trial, TrialId, TrialState};
use crate::domain::value::{Params, Value, counted};
use crate::executor::Layout;
use crate::pruner::Pruner;
use crate::sampler::Sampler;

/// Makes the parts that a person changes: whoever composes the study knows the tables and the machine.
pub trait Maker: Send {
    /// A sampler that can search `space` in `trials` trials.
    ///
    /// # Errors
    /// Why there is none: an unknown name or setting, or a space that it can't search.
    fn sampler(
        &self,
        wanted: &Method,
        space: &SearchSpace,
        trials: usize,
    ) -> Result<Made<Box<dyn Sampler>>, String>;

    /// A pruner.
    ///
    /// # Errors
    /// Why there is none: an unknown name or setting.
    fn pruner(&self, wanted: &Method, study: &StudySpec) -> Result<Made<Box<dyn Pruner>>, String>;

    /// How so many workers share the machine: fewer of them where it has not that many cores.
    fn layout(&self, workers: usize) -> Layout;

    /// The widest ranges that parameters may have, of those that have a limit.
    fn limits(&self) -> &BTreeMap<String, (f64, f64)>;
}

/// What was made.
pub struct Made<T> {
    /// It.
    pub part: T,
    /// What it is called, with its settings as the table has them.
    pub method: Method,
    /// What a person should know of it, if anything.
    pub plan: Option<String>,
}

/// Why a command can't be followed, if so.
type Followed = Result<Option<String>, StudyError>;

impl Study {
    /// Follows a command that changes how the study goes on.
    ///
    /// # Errors
    /// Where the store fails.
    pub(super) fn steer(&mut self, command: Command) -> Result<(), StudyError> {
        let refused = match command {
            Command::Trials(trials) => self.want(trials),
            Command::Workers(workers) => self.arrange(workers),
            Command::Enqueue { params, parent } => self.enqueue_one(&params, parent),
            Command::Range { parameter, distribution } => self.search_in(parameter, distribution),
            Command::Sampler(method) => self.switch_sampler(&method),
            Command::Pruner(method) => self.switch_pruner(&method),
            Command::Pin { trial, pinned } => self.pin(trial, pinned),
            Command::Annotate { trial, text } => self.annotate(trial, text.trim()),
            // `command` follows these.
            Command::Pause
            | Command::Resume
            | Command::Cancel(_)
            | Command::Stop(_)
            | Command::Baseline(_) => Ok(None),
        };
        match refused? {
            Some(reason) => self.note(Level::Warning, reason),
            None => Ok(()),
        }
    }

    fn want(&mut self, trials: usize) -> Followed {
        let least = self.begun().max(1);
        let searches = self.history.study().replicates.max(1);
        let all = trials.max(least).next_multiple_of(searches);
        self.record_wanted(all)?;
        Ok(if trials < least {
            let those = if all == least { "those".to_owned() } else { all.to_string() };
            Some(format!("{} have begun already: the study ends with {those}", counted(least, "trial")))
        } else if all > trials {
            Some(format!("{all} trials, not {trials}: each of the {searches} replicates has as many"))
        } else {
            None
        })
    }

    fn record_wanted(&mut self, trials: usize) -> Result<(), StudyError> {
        if (self.history.target(), self.history.wanted()) == (trials, trials) {
            return Ok(());
        }
        self.record(Event::TrialsWanted { trials })
    }

    /// How many trials have begun, or were begun and wait to begin again. What a person enqueued may still wait.
    fn begun(&self) -> usize {
        let given = |trial: &Trial| [ENQUEUED, CLONED].contains(&trial.origin.by.as_str());
        let has_begun = |trial: &Trial| trial.state != TrialState::Waiting || !given(trial);
        self.history.trials().iter().rposition(|trial| has_begun(trial)).map_or(0, |last| last + 1)
    }

    /// How many of `trials` trials each replicate of the search has.
    pub(super) fn trials_of_a_search(&self, trials: usize) -> usize {
        trials.div_ceil(self.history.study().replicates.max(1))
    }

    fn arrange(&mut self, workers: usize) -> Followed {
        if workers == 0 {
            return Ok(Some("can't do without any worker: pause the study instead".into()));
        }
        let layout = self.parts.maker.layout(workers);
        if let Err(error) = self.parts.executor.arrange(layout) {
            let kept = counted(self.history.slots(), "worker");
            return Ok(Some(format!("can't have {workers} workers, {kept} as before: {error}")));
        }
        let Layout { slots, threads, cores } = layout;
        if (slots, threads) != (self.history.slots(), self.history.threads()) {
            self.record(Event::SlotsChanged { slots, threads })?;
        }
        Ok((slots != workers).then(|| {
            format!("can't have {workers} workers: there are {}, so {slots}", counted(cores, "core"))
        }))
    }

    fn enqueue_one(&mut self, params: &Params, parent: Option<TrialId>) -> Followed {
        if let Err(error) = self.history.study().space.check(params) {
            return Ok(Some(format!("can't enqueue a trial: {error}")));
        }
        let origin = match parent {
            None => Origin::by(ENQUEUED),
            Some(parent) if self.history.trial(parent).is_none() => return Ok(Some(unknown(parent))),
            Some(parent) => Origin::bred(CLONED, vec![parent]),
        };
        self.enqueue_in_all(params, &origin)?;
        // Where all that were wanted have begun, these are more.
        let trials = self.history.trials().len();
        if trials > self.history.target() {
            self.record_wanted(trials)?;
        }
        Ok(None)
    }

    fn search_in(&mut self, parameter: String, distribution: Distribution) -> Followed {
        let refused = |why: &dyn std::fmt::Display| Ok(Some(format!("can't change the range: {why}")));
        let distribution = self.in_order(&parameter, distribution);
        let event = Event::RangeChanged { parameter, distribution };
        if let Err(error) = self.history.check(&event) {
            return refused(&error);
        }
        let Event::RangeChanged { parameter, distribution } = &event else { return Ok(None) };
        if let Some(problem) = self.beyond_limits(parameter, distribution) {
            return refused(&problem);
        }
        let mut space = self.history.space().clone();
        for own in space.parameters.iter_mut().filter(|own| own.name == *parameter) {
            own.distribution = distribution.clone();
        }
        if space == *self.history.space() {
            return Ok(None);
        }
        let trials = self.trials_of_a_search(self.history.wanted());
        if let Err(error) = self.parts.sampler.plan(&space, trials) {
            let sampler = self.history.sampler_name();
            return refused(&format!("the sampler {sampler} could not search it: {error}"));
        }
        let name = parameter.clone();
        self.record(event)?;
        self.search_again()?;
        let outside = |trial: &Trial| self.history.space().check(&trial.params).is_err();
        let outside = self.history.trials().iter().filter(|trial| outside(trial)).count();
        if outside > 0 {
            let trials = counted(outside, "trial");
            let text =
                format!("{trials} outside the ranges, {name}'s among them: not what the sampler learns from");
            self.note(Level::Info, text)?;
        }
        Ok(None)
    }

    /// Choices in the order in which the study has them: the order is nobody's choice.
    fn in_order(&self, parameter: &str, distribution: Distribution) -> Distribution {
        let Distribution::Choice { mut choices } = distribution else { return distribution };
        let known = self.history.study().space.parameters.iter().find(|p| p.name == parameter);
        if let Some(Distribution::Choice { choices: known }) = known.map(|p| &p.distribution) {
            let place = |value: &Value| known.iter().position(|other| other == value);
            choices.sort_by_key(|value| place(value).unwrap_or(known.len()));
        }
        Distribution::Choice { choices }
    }

    fn beyond_limits(&self, parameter: &str, distribution: &Distribution) -> Option<String> {
        let (low, high) = match distribution {
            Distribution::Float { low, high, .. } => (*low, *high),
            Distribution::Int { low, high, .. } => (*low as f64, *high as f64),
            Distribution::Choice { .. } => return None,
        };
        let (least, most) = *self.parts.maker.limits().get(parameter)?;
        let allowed = match (Value::Float(least), Value::Float(most)) {
            // Whole numbers of any size end here.
            (least, _) if most >= i64::MAX as f64 => format!("at least {least}"),
            (least, most) => format!("from {least} to {most}"),
        };
        let beyond = low < least || high > most;
        beyond.then(|| format!("parameter `{parameter}` must be {allowed}, not {distribution}"))
    }

    /// There may be something left to suggest after all.
    fn search_again(&mut self) -> Result<(), StudyError> {
        let wanted = self.history.wanted();
        if self.history.target() < wanted { self.record_wanted(wanted) } else { Ok(()) }
    }

    fn switch_sampler(&mut self, wanted: &Method) -> Followed {
        let trials = self.trials_of_a_search(self.history.wanted());
        match self.parts.maker.sampler(wanted, self.history.space(), trials) {
            Ok(Made { part, method, plan }) => {
                let line = plan.map(|plan| format!("{}: {plan}", method.kind));
                self.record(Event::SamplerSwitched { sampler: method })?;
                self.parts.sampler = part;
                self.search_again()?;
                line.map_or(Ok(None), |line| self.note(Level::Info, line).map(|()| None))
            }
            Err(why) => {
                let kept = self.history.sampler_name();
                Ok(Some(format!("can't switch to sampler {wanted}: {why}; {kept} goes on")))
            }
        }
    }

    fn switch_pruner(&mut self, wanted: &Method) -> Followed {
        match self.parts.maker.pruner(wanted, self.history.study()) {
            Ok(Made { part, method, plan }) => {
                let line = plan.map(|plan| format!("pruner {}: {plan}", method.kind));
                self.record(Event::PrunerSwitched { pruner: method })?;
                self.parts.pruner = part;
                line.map_or(Ok(None), |line| self.note(Level::Info, line).map(|()| None))
            }
            Err(why) => Ok(Some(format!("can't switch to pruner {wanted}: {why}; the old one stays"))),
        }
    }

    fn pin(&mut self, trial: TrialId, pinned: bool) -> Followed {
        let Some(known) = self.history.trial(trial) else { return Ok(Some(unknown(trial))) };
        if known.pinned != pinned {
            self.record(Event::TrialPinned { trial, pinned })?;
        }
        Ok(None)
    }

    fn annotate(&mut self, trial: TrialId, text: &str) -> Followed {
        let Some(known) = self.history.trial(trial) else { return Ok(Some(unknown(trial))) };
        if known.annotation != text {
            self.record(Event::TrialAnnotated { trial, text: text.to_owned() })?;
        }
        Ok(None)
    }
}

fn unknown(trial: TrialId) -> String {
    format!("there is no trial {trial}")
}

#[cfg(test)]
mod tests;
