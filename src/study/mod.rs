//! A study: ask, run, record, repeat.
//!
//! Every change goes the same way: [`check`](History::check) → append (durable) →
//! [`apply`](History::apply) → publish. Nothing else changes the history.

mod change;
mod enqueue;
pub mod handle;
mod open;
mod pruning;
mod steering;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use thiserror::Error;

pub use self::steering::{Made, Maker};
use crate::domain::baseline::BaselineScore;
use crate::domain::command::{BaselineFailure, Command, End, StopMode};
use crate::domain::event::{Event, Level, Record};
use crate::domain::history::{EventError, History};
use crate::domain::objective::{Done, Evaluation, Job};
use crate::domain::seed::{derive, of_trial};
use crate::domain::trial::{Imported, Origin, Timestamp, TrialId, TrialState};
use crate::executor::{Executor, ExecutorError, Message, Outcome};
use crate::pruner::Pruner;
use crate::sampler::{Sampler, SamplerError, Suggestion};
use crate::storage::{Storage, StorageError};

/// How long one turn waits for a message; also how late a command may be noticed.
const WAIT: Duration = Duration::from_millis(50);

/// Least milliseconds between two updates of the store's index while trials run: a trial of a program may take
/// less time than one of these.
const SETTLE: Timestamp = 1000;

/// The parts a study is made of.
pub struct Parts {
    /// Suggests params.
    pub sampler: Box<dyn Sampler>,
    /// Ends trials by rule.
    pub pruner: Box<dyn Pruner>,
    /// Runs trials.
    pub executor: Box<dyn Executor>,
    /// Makes others in their place when a person wants that.
    pub maker: Box<dyn Maker>,
    /// Keeps the records.
    pub storage: Box<dyn Storage>,
    /// How often a trial that failed is tried again.
    pub retries: usize,
    /// Tells the time.
    pub clock: fn() -> Timestamp,
    /// Hears of every stored record.
    pub publish: Box<dyn FnMut(&Record) + Send>,
}

/// Why a study can't start or go on. All that counted is stored.
#[derive(Debug, Error)]
pub enum StudyError {
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The sampler has no suggestion.
    #[error("the sampler failed: {0}")]
    Sampler(#[from] SamplerError),
    /// A slot is gone.
    #[error(transparent)]
    Executor(#[from] ExecutorError),
    /// An event does not fit the history: a mistake of the program.
    #[error("an event does not fit the history: {0}")]
    Event(#[from] EventError),
    /// The stored study is another one.
    #[error(
        "study `{name}` was created with other settings: {changed} changed since. Give the study \
         another name, start over with --fresh (the old store is kept), or undo the change"
    )]
    Changed {
        /// The study.
        name: String,
        /// What differs.
        changed: String,
    },
}

/// Why a running trial was told to stop.
enum StopCause {
    Pruned(String),
    Cancelled,
    Failed(String),
}

impl StopCause {
    fn event(self, trial: TrialId) -> Event {
        match self {
            StopCause::Pruned(reason) => Event::TrialPruned { trial, reason },
            StopCause::Cancelled => Event::TrialCancelled { trial },
            StopCause::Failed(reason) => Event::TrialFailed { trial, reason },
        }
    }
}

/// A study at work.
pub struct Study {
    parts: Parts,
    history: History,
    stopping: HashMap<TrialId, StopCause>,
    /// How often a trial was tried again since the study was opened.
    retried: HashMap<TrialId, usize>,
    stop: Option<StopMode>,
    /// Baselines that are still to come before the study is done.
    awaited: BTreeSet<String>,
    /// Whether a trial has ended since the index was brought up to date, and when that was last due.
    unsettled: bool,
    settled: Option<Timestamp>,
    /// Whether it waits for commands when all trials have ended.
    lingers: bool,
}

impl Study {
    /// All that is known of the study.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Puts a line into the log.
    ///
    /// # Errors
    /// Where the store fails.
    pub fn note(&mut self, level: Level, text: String) -> Result<(), StudyError> {
        self.record(Event::Noted { level, text })
    }

    /// Takes trials from elsewhere in, for the sampler to learn from.
    ///
    /// # Errors
    /// Where the source was imported before, a trial does not belong to the space, or the store fails.
    pub fn import(&mut self, source: String, trials: Vec<Imported>) -> Result<(), StudyError> {
        self.record(Event::TrialsImported { source, trials })
    }

    /// Once its trials have ended, the study waits for these baselines too: each must be sent, as
    /// [`Command::Baseline`]. A stop does not wait, and no trial depends on them.
    pub fn await_baselines(&mut self, names: impl IntoIterator<Item = String>) {
        self.awaited.extend(names);
    }

    /// When all trials have ended, the study waits for commands that let it go on, until it is told to stop.
    pub fn linger(&mut self) {
        self.lingers = true;
    }

    /// Whether it waits for commands now that all trials have ended.
    pub(super) fn waits(&self) -> bool {
        self.lingers && self.stop.is_none()
    }

    /// Follows one command.
    ///
    /// # Errors
    /// Where the store fails.
    pub fn command(&mut self, command: Command) -> Result<(), StudyError> {
        match command {
            Command::Pause if !self.history.is_paused() => self.record(Event::StudyPaused),
            Command::Resume if self.history.is_paused() => self.record(Event::StudyResumed),
            Command::Pause | Command::Resume => Ok(()),
            Command::Cancel(trial) => self.cancel(trial),
            Command::Stop(mode) => {
                self.stop = Some(mode);
                Ok(())
            }
            Command::Baseline(outcome) => self.baseline(outcome),
            command => self.steer(command),
        }
    }

    fn baseline(&mut self, outcome: Result<BaselineScore, BaselineFailure>) -> Result<(), StudyError> {
        match outcome {
            Ok(baseline) => {
                self.awaited.remove(&baseline.baseline);
                self.record_or_note(Event::BaselineScored { baseline })
            }
            Err(BaselineFailure { baseline, reason }) => {
                self.awaited.remove(&baseline);
                self.note(Level::Warning, format!("baseline {baseline} has no score: {reason}"))
            }
        }
    }

    fn cancel(&mut self, trial: TrialId) -> Result<(), StudyError> {
        match self.history.trial(trial).map(|t| &t.state) {
            Some(TrialState::Running) => {
                self.parts.executor.stop(trial);
                self.stopping.insert(trial, StopCause::Cancelled);
                Ok(())
            }
            Some(TrialState::Waiting) => self.record(Event::TrialCancelled { trial }),
            _ => self.note(Level::Warning, format!("trial {trial} can't be cancelled: it does not run")),
        }
    }

    /// One round: start what can start, take in what has happened. Returns why the study ended, once
    /// it has. One that is [done](End::Done) may be given something to do.
    ///
    /// # Errors
    /// Where the store, the sampler or a slot fails.
    pub fn turn(&mut self) -> Result<Option<End>, StudyError> {
        if self.history.is_done() && self.awaited.is_empty() && self.next_promotion().is_none() {
            self.settle(self.waits())?;
            return Ok(Some(End::Done));
        }
        if self.stop == Some(StopMode::Now) {
            for trial in self.running() {
                self.parts.executor.stop(trial);
                let requeued = Event::TrialRequeued { trial, reason: "the study was stopped".into() };
                let event = self.stopping.remove(&trial).map_or(requeued, |cause| cause.event(trial));
                self.record(event)?;
            }
            return Ok(Some(End::Stopped));
        }
        if self.stop == Some(StopMode::AfterRunning) && self.history.counts().running == 0 {
            self.settle(true)?;
            return Ok(Some(End::Stopped));
        }
        self.start_trials()?;
        for message in self.parts.executor.poll(WAIT) {
            self.unsettled |= matches!(message, Message::Ended { .. });
            self.take(message)?;
        }
        let now = (self.parts.clock)();
        // A clock that was set back does not put it off.
        if self.unsettled && self.settled.is_none_or(|at| now < at || now - at >= SETTLE) {
            self.settled = Some(now);
            self.settle(true)?;
        }
        Ok(None)
    }

    fn running(&self) -> Vec<TrialId> {
        let running = self.history.trials().iter().filter(|t| t.state == TrialState::Running);
        running.map(|t| t.id).collect()
    }

    fn start_trials(&mut self) -> Result<(), StudyError> {
        while let Some(slot) = self.parts.executor.free_slot() {
            if self.history.is_paused() || self.stop.is_some() {
                break;
            }
            let Some((job, origin)) = self.next_job()? else { break };
            self.record(Event::TrialStarted {
                trial: job.trial,
                params: job.params.clone(),
                seed: job.seed,
                slot,
                origin,
            })?;
            self.parts.executor.submit(slot, job)?;
        }
        Ok(())
    }

    /// A waiting trial, else a paused one that the pruner promotes, else a new one while the study wants more and
    /// the sampler has any; and where a new one's params come from.
    fn next_job(&mut self) -> Result<Option<(Job, Origin)>, StudyError> {
        if self.history.next_waiting().is_none() {
            self.promote()?;
        }
        if let Some(t) = self.history.next_waiting() {
            let done = Done { reports: t.reports.len(), folds: t.folds.clone() };
            let job = Job { done, ..self.job(t.id, t.params.clone(), t.seed) };
            return Ok(Some((job, t.origin.clone())));
        }
        let trial = self.history.trials().len();
        if trial >= self.history.target() {
            return Ok(None);
        }
        // A replicate of the search is a study of its own: it knows of its own trials only.
        let (search, number) = self.history.asked_of(trial);
        let study = search.study();
        let seed = of_trial(study.seed, number);
        let ask = derive(study.seed, "ask", number as u64);
        match self.parts.sampler.ask(search.space(), &search, ask) {
            Ok(Suggestion { params, origin }) => {
                let origin = self.history.origin_of(trial, origin);
                Ok(Some((self.job(trial, params, seed), origin)))
            }
            Err(SamplerError::Exhausted(reason)) => {
                self.record(Event::SearchExhausted { reason })?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn take(&mut self, message: Message) -> Result<(), StudyError> {
        match message {
            // A stopped trial ends as it was decided when it was decided: what its worker still tells, or
            // even completes, before it hears of the stop depends on timing and must not count.
            Message::Reported { trial, .. } | Message::FoldFinished { trial, .. }
                if self.stopping.contains_key(&trial) =>
            {
                Ok(())
            }
            Message::Reported { trial, report } => {
                let event = Event::TrialReported { trial, report };
                // A trial whose report does not fit has no business to go on.
                if let Err(error) = self.history.check(&event) {
                    self.note(Level::Warning, format!("dropped a report: {error}"))?;
                    self.stop_trial(trial, StopCause::Failed(error.to_string()));
                    return Ok(());
                }
                self.record(event)?;
                self.judge(trial);
                Ok(())
            }
            Message::FoldFinished { trial, fold } => {
                self.record_or_note(Event::FoldFinished { trial, fold })?;
                self.judge(trial);
                Ok(())
            }
            Message::Warned { trial, text } => self.note(Level::Warning, format!("trial {trial}: {text}")),
            Message::Ended { trial, outcome: Outcome::Failed { reason } }
                if !self.stopping.contains_key(&trial) && self.tries_again(trial) =>
            {
                let (done, all) = (self.retried[&trial], self.parts.retries);
                self.note(
                    Level::Warning,
                    format!("trial {trial} failed and is tried again ({done} of {all}): {reason}"),
                )?;
                self.record_or_note(Event::TrialRequeued { trial, reason })
            }
            Message::Ended { trial, outcome } => {
                let event = match (self.stopping.remove(&trial), outcome) {
                    (Some(cause), _) => cause.event(trial),
                    (None, Outcome::Complete(Evaluation { score, weights })) => {
                        Event::TrialCompleted { trial, score, weights }
                    }
                    (None, Outcome::Failed { reason }) => Event::TrialFailed { trial, reason },
                    (None, Outcome::Stopped) => {
                        Event::TrialFailed { trial, reason: "stopped without being asked to".into() }
                    }
                };
                self.record_or_note(event)
            }
        }
    }

    /// Whether a trial that failed has a try left, which is then taken.
    fn tries_again(&mut self, trial: TrialId) -> bool {
        let tries = self.retried.entry(trial).or_default();
        let left = *tries < self.parts.retries;
        *tries += usize::from(left);
        left
    }

    /// The first cause stands: a person's cancel is not turned into a prune.
    fn stop_trial(&mut self, trial: TrialId, cause: StopCause) {
        self.parts.executor.stop(trial);
        self.stopping.entry(trial).or_insert(cause);
    }

    fn record_or_note(&mut self, event: Event) -> Result<(), StudyError> {
        match self.history.check(&event) {
            Ok(()) => self.record(event),
            Err(error) => self.note(Level::Warning, format!("dropped an event: {error}")),
        }
    }

    fn record(&mut self, event: Event) -> Result<(), StudyError> {
        self.history.check(&event)?;
        let record = Record { sequence: self.history.next_sequence(), at: (self.parts.clock)(), event };
        self.parts.storage.append(std::slice::from_ref(&record))?;
        self.history.apply(&record)?;
        (self.parts.publish)(&record);
        Ok(())
    }
}
