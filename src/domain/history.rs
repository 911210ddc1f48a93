//! The history of a study: a pure fold over its events.
//!
//! The live run, resume after a crash, `show`, and the tests of the dashboard all come by here.

mod check;
mod replicate;
mod steered;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::baseline::BaselineScore;
use super::event::{Event, FORMAT, Level, Record, StudySpec};
use super::space::SpaceError;
use super::trial::{ImportSource, Imported, Origin, Timestamp, Trial, TrialId, TrialState};
use super::value::Params;
pub use check::EventError;
use steered::Steered;

/// How many lines of the log are kept in memory.
const LOG_LINES: usize = 200;

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// When.
    pub at: Timestamp,
    /// How loud.
    pub level: Level,
    /// What.
    pub text: String,
}

/// How many trials are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Asked, not (again) started.
    pub waiting: usize,
    /// In a slot.
    pub running: usize,
    /// With a score.
    pub complete: usize,
    /// Ended by the pruner.
    pub pruned: usize,
    /// Ended by an error.
    pub failed: usize,
    /// Ended by a person.
    pub cancelled: usize,
}

impl Counts {
    /// Trials that will not change any more.
    pub fn finished(&self) -> usize {
        self.complete + self.pruned + self.failed + self.cancelled
    }
}

/// All that is known of a study. Serialised without its trials: an index keeps those one by one and
/// puts them back with [`History::restore`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    study: StudySpec,
    last: Timestamp,
    active_ms: u64,
    target: usize,
    slots: usize,
    threads: usize,
    paused: bool,
    next_sequence: u64,
    #[serde(skip)]
    trials: Vec<Arc<Trial>>,
    counts: Counts,
    incumbent: Option<TrialId>,
    log: VecDeque<LogLine>,
    #[serde(default)]
    baselines: Vec<BaselineScore>,
    #[serde(default)]
    imported: Vec<Imported>,
    #[serde(default)]
    sources: Vec<ImportSource>,
    #[serde(default)]
    steered: Steered,
}

impl History {
    /// The history that the first record of a study begins.
    ///
    /// # Errors
    /// Where the record is not `StudyCreated` number 0, or of a newer format.
    pub fn begin(record: &Record) -> Result<Self, EventError> {
        let Event::StudyCreated { study } = &record.event else {
            return Err(EventError::NoStudy(record.sequence));
        };
        if record.sequence != 0 {
            return Err(EventError::NoStudy(record.sequence));
        }
        if study.format > FORMAT {
            return Err(EventError::NewerFormat { found: study.format });
        }
        Ok(History {
            study: (**study).clone(),
            last: record.at,
            active_ms: 0,
            target: 0,
            slots: 0,
            threads: 0,
            paused: false,
            next_sequence: 1,
            trials: Vec::new(),
            counts: Counts::default(),
            incumbent: None,
            log: VecDeque::new(),
            baselines: Vec::new(),
            imported: Vec::new(),
            sources: Vec::new(),
            steered: Steered::default(),
        })
    }

    /// A history from its serialised part and its trials, by number.
    ///
    /// # Errors
    /// Where a trial does not belong to the space.
    pub fn restore(mut self, trials: Vec<Trial>) -> Result<Self, SpaceError> {
        for mut trial in trials {
            trial.point = self.study.space.to_unit(&trial.params)?;
            self.trials.push(Arc::new(trial));
        }
        Ok(self)
    }

    /// Takes a record in.
    ///
    /// # Errors
    /// Where the sequence has a gap or [`check`](Self::check) refuses; nothing changed then.
    pub fn apply(&mut self, record: &Record) -> Result<(), EventError> {
        if record.sequence != self.next_sequence {
            return Err(EventError::Sequence { expected: self.next_sequence, found: record.sequence });
        }
        self.check(&record.event)?;
        self.advance_clock(record);
        self.next_sequence += 1;
        match &record.event {
            Event::StudyCreated { .. } => {}
            Event::StudyOpened { trials, slots, threads, asked } => {
                (self.slots, self.threads, self.paused) = (*slots, *threads, false);
                self.open(*trials, asked.as_deref());
            }
            Event::StudyPaused => self.paused = true,
            Event::StudyResumed => self.paused = false,
            Event::Noted { level, text } => {
                if self.log.len() == LOG_LINES {
                    self.log.pop_front();
                }
                self.log.push_back(LogLine { at: record.at, level: *level, text: text.clone() });
            }
            Event::BaselineScored { baseline } => self.baselines.push(baseline.clone()),
            Event::TrialsWanted { trials } => self.want(*trials),
            Event::SlotsChanged { slots, threads } => {
                (self.slots, self.threads) = (*slots, *threads);
                self.steered.workers = Some(*slots);
            }
            Event::RangeChanged { parameter, distribution } => self.change_range(parameter, distribution),
            Event::SamplerSwitched { sampler } => self.steered.sampler = Some(sampler.clone()),
            Event::PrunerSwitched { pruner } => self.steered.pruner = Some(pruner.clone()),
            Event::TrialPinned { trial, pinned } => self.trial_mut(*trial).pinned = *pinned,
            Event::TrialAnnotated { trial, text } => self.trial_mut(*trial).annotation.clone_from(text),
            Event::SearchExhausted { .. } => self.target = self.trials.len(),
            Event::TrialsImported { source, trials } => {
                self.imported.extend(trials.iter().cloned());
                self.sources.push(ImportSource { source: source.clone(), trials: trials.len() });
            }
            Event::TrialEnqueued { trial: _, params, seed, origin } => {
                self.add(params, *seed, origin, record.at)?;
            }
            Event::TrialStarted { trial, params, seed, slot, origin } => {
                if *trial == self.trials.len() {
                    self.add(params, *seed, origin, record.at)?;
                }
                let t = self.trial_mut(*trial);
                (t.slot, t.started) = (*slot, record.at);
                self.set_state(*trial, TrialState::Running);
            }
            Event::TrialReported { trial, report } => self.trial_mut(*trial).reports.push(report.clone()),
            Event::FoldFinished { trial, fold } => self.trial_mut(*trial).folds.push(fold.clone()),
            Event::TrialCompleted { trial, score, weights } => {
                let t = self.trial_mut(*trial);
                (t.score, t.weights) = (Some(*score), *weights);
                self.finish(*trial, TrialState::Complete, record.at);
                self.promote(*trial);
            }
            Event::TrialPruned { trial, reason } => {
                self.finish(*trial, TrialState::Pruned { reason: reason.clone() }, record.at);
            }
            Event::TrialPromoted { trial, .. } => {
                let t = self.trial_mut(*trial);
                t.passed = (t.reports.len(), t.folds.len());
                t.earlier_ms = t.run_ms(record.at);
                (t.started, t.finished) = (record.at, None);
                self.set_state(*trial, TrialState::Waiting);
            }
            Event::TrialFailed { trial, reason } => {
                self.finish(*trial, TrialState::Failed { reason: reason.clone() }, record.at);
            }
            Event::TrialCancelled { trial } => self.finish(*trial, TrialState::Cancelled, record.at),
            Event::TrialRequeued { trial, .. } => {
                let t = self.trial_mut(*trial);
                t.reports.clear();
                t.folds.clear();
                t.earlier_ms = 0;
                self.set_state(*trial, TrialState::Waiting);
            }
        }
        Ok(())
    }

    /// A new trial, which waits.
    fn add(&mut self, params: &Params, seed: u64, origin: &Origin, at: Timestamp) -> Result<(), EventError> {
        let id = self.trials.len();
        let point = self.study.space.to_unit(params);
        let point = point.map_err(|e| EventError::Trial { trial: id, problem: e.to_string() })?;
        self.trials.push(Arc::new(Trial {
            id,
            params: params.clone(),
            point,
            origin: origin.clone(),
            seed,
            state: TrialState::Waiting,
            slot: 0,
            started: at,
            finished: None,
            score: None,
            weights: None,
            folds: Vec::new(),
            reports: Vec::new(),
            passed: (0, 0),
            earlier_ms: 0,
            pinned: false,
            annotation: String::new(),
        }));
        self.counts.waiting += 1;
        Ok(())
    }

    /// The time between two records counts as active unless a coordinator was opened between them, or there was
    /// nothing to do. A clock that jumps back counts as nothing.
    fn advance_clock(&mut self, record: &Record) {
        let rested = record.event.may_come_at_rest() && self.is_done();
        if !matches!(record.event, Event::StudyOpened { .. }) && !rested {
            self.active_ms += record.at.saturating_sub(self.last);
        }
        self.last = record.at;
    }

    fn finish(&mut self, trial: TrialId, state: TrialState, at: Timestamp) {
        self.trial_mut(trial).finished = Some(at);
        self.set_state(trial, state);
    }

    fn set_state(&mut self, trial: TrialId, state: TrialState) {
        *self.counter(&self.trials[trial].state.clone()) -= 1;
        *self.counter(&state) += 1;
        self.trial_mut(trial).state = state;
    }

    fn trial_mut(&mut self, trial: TrialId) -> &mut Trial {
        Arc::make_mut(&mut self.trials[trial])
    }

    fn counter(&mut self, state: &TrialState) -> &mut usize {
        match state {
            TrialState::Waiting => &mut self.counts.waiting,
            TrialState::Running => &mut self.counts.running,
            TrialState::Complete => &mut self.counts.complete,
            TrialState::Pruned { .. } => &mut self.counts.pruned,
            TrialState::Failed { .. } => &mut self.counts.failed,
            TrialState::Cancelled => &mut self.counts.cancelled,
        }
    }

    fn promote(&mut self, trial: TrialId) {
        let Some(score) = self.trials[trial].score else { return };
        let best = self.incumbent.and_then(|i| self.trials[i].score);
        if best.is_none_or(|best| self.study.direction.is_better(score, best)) {
            self.incumbent = Some(trial);
        }
    }

    /// What the study is. Its space holds all values that trials have had or may have.
    pub fn study(&self) -> &StudySpec {
        &self.study
    }

    /// All trials, by number. A copy of the history shares those that don't change any more.
    pub fn trials(&self) -> &[Arc<Trial>] {
        &self.trials
    }

    /// One trial.
    pub fn trial(&self, id: TrialId) -> Option<&Trial> {
        self.trials.get(id).map(AsRef::as_ref)
    }

    /// The best complete trial so far; the earlier one on a tie.
    pub fn incumbent(&self) -> Option<&Trial> {
        self.incumbent.map(|i| &*self.trials[i])
    }

    /// All trials, best first; the earlier one on a tie, and those without a score last.
    pub fn ranked(&self) -> Vec<&Trial> {
        let mut trials: Vec<&Trial> = self.trials.iter().map(AsRef::as_ref).collect();
        let score = |trial: &Trial| trial.score.unwrap_or(f64::NAN);
        trials.sort_by(|a, b| self.study.direction.compare(score(a), score(b)));
        trials
    }

    /// How many trials are in each state.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Total number of trials wanted.
    pub fn target(&self) -> usize {
        self.target
    }

    /// Trials that may run at once.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Worker threads of each slot.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Whether new trials are held back.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// Whether every wanted trial has ended.
    pub fn is_done(&self) -> bool {
        self.counts.running == 0 && self.next_waiting().is_none() && self.trials.len() >= self.target
    }

    /// The first trial that waits to be started (again) and is among those wanted.
    pub fn next_waiting(&self) -> Option<&Trial> {
        if self.counts.waiting == 0 {
            return None;
        }
        let mut wanted = self.trials.iter().take(self.target);
        wanted.find(|trial| trial.state == TrialState::Waiting).map(AsRef::as_ref)
    }

    /// The number the next record will have.
    pub fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// When the last record was made.
    pub fn last(&self) -> Timestamp {
        self.last
    }

    /// Milliseconds during which a coordinator was at work, up to the last record.
    pub fn active_ms(&self) -> u64 {
        self.active_ms
    }

    /// How the baselines did, in the order in which they ended; each stands here once.
    pub fn baselines(&self) -> &[BaselineScore] {
        &self.baselines
    }

    /// Scores from elsewhere, in the order in which they were imported.
    pub fn imported(&self) -> &[Imported] {
        &self.imported
    }

    /// Where they come from; each source stands here once.
    pub fn sources(&self) -> &[ImportSource] {
        &self.sources
    }

    /// The last lines of the log, oldest first.
    pub fn log(&self) -> impl DoubleEndedIterator<Item = &LogLine> {
        self.log.iter()
    }
}
