//! What a slot does: evaluate one job, reporting as it goes.

use thiserror::Error;

use super::trial::{FoldScore, Report, TrialId};
use super::value::Params;

/// One trial to evaluate.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The trial.
    pub trial: TrialId,
    /// Its values of the searched parameters.
    pub params: Params,
    /// Its seed: everything random in the evaluation is derived from it.
    pub seed: u64,
    /// How far it was before a pruner paused it; nothing of a trial that begins.
    pub done: Done,
    /// Where it may be paused: what is needed to go on from there is to be kept, as far as that is of use.
    pub pauses: Vec<Pause>,
}

impl Job {
    /// One that begins, and ends without a pause.
    pub fn new(trial: TrialId, params: Params, seed: u64) -> Self {
        Job { trial, params, seed, done: Done::default(), pauses: Vec::new() }
    }
}

/// What a trial has told already. An objective may go on from there, or begin anew: what it tells again does not
/// reach the study ([`crate::executor`]), and the score must be the same.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Done {
    /// Reports.
    pub reports: usize,
    /// Finished folds.
    pub folds: Vec<FoldScore>,
}

/// A place within a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// The number of the training among those of its trial, from 0.
    pub training: usize,
    /// Epochs of it that were trained.
    pub epochs: usize,
}

/// The answer to a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Continue,
    /// Return [`ObjectiveError::Stopped`] at once.
    Stop,
}

/// Takes what a job reports.
pub trait Reporter {
    /// After each epoch. The losses and the score must be finite: a job whose loss is not returns
    /// an error instead.
    fn report(&self, report: Report) -> Verdict;

    /// What the answer to a report would be now, for a job that waits for something else. A listener that
    /// never stops a job need not say so.
    fn verdict(&self) -> Verdict {
        Verdict::Continue
    }

    /// The verdict on all that was told so far, once that was looked at: for places where a trial may be paused,
    /// so that no epoch is trained in vain.
    fn settled(&self) -> Verdict {
        self.verdict()
    }

    /// After each fold.
    fn fold_finished(&self, fold: FoldScore);

    /// Something that a person should know and that does not touch the score.
    fn warn(&self, text: String);
}

/// How a job ended that was evaluated to its end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluation {
    /// Its score.
    pub score: f64,
    /// How many numbers its network learns, where the objective knows.
    pub weights: Option<u64>,
}

/// Why a job gave no score.
#[derive(Debug, Error)]
pub enum ObjectiveError {
    /// The verdict was to stop.
    #[error("stopped")]
    Stopped,
    /// It went wrong; the text says what and where.
    #[error("{0}")]
    Failed(String),
}

/// Gives a job its score.
pub trait Objective: Send + Sync {
    /// Evaluates `job` on the calling thread, which is in its slot's rayon pool. The score depends
    /// on the job only: not on the slot, the number of threads or what ran before.
    ///
    /// # Errors
    /// Where it was stopped or went wrong.
    fn evaluate(&self, job: &Job, reporter: &dyn Reporter) -> Result<Evaluation, ObjectiveError>;

    /// The study ends, and its jobs were told to stop: returns once nothing that they started outside this
    /// process is left. Nothing to do for an objective that starts nothing there.
    fn close(&self) {}
}
