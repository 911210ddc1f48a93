//! Executors: where trials run.

pub mod local;

use std::time::Duration;

use thiserror::Error;

use crate::domain::objective::{Evaluation, Job};
use crate::domain::trial::{FoldScore, Report, TrialId};

/// How a job ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// With a score.
    Complete(Evaluation),
    /// It was told to stop and did.
    Stopped,
    /// It went wrong: an error, a panic, a loss that is not finite.
    Failed {
        /// What went wrong.
        reason: String,
    },
}

/// What comes back from the slots.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// An epoch ended.
    Reported {
        /// The trial.
        trial: TrialId,
        /// What it reported.
        report: Report,
    },
    /// A fold ended.
    FoldFinished {
        /// The trial.
        trial: TrialId,
        /// How.
        fold: FoldScore,
    },
    /// Something that a person should know; the job goes on.
    Warned {
        /// The trial.
        trial: TrialId,
        /// What.
        text: String,
    },
    /// The job ended and its slot is free: the last message of a trial.
    Ended {
        /// The trial.
        trial: TrialId,
        /// How.
        outcome: Outcome,
    },
}

/// Why a job could not be submitted.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct ExecutorError(pub String);

/// Runs jobs in slots.
pub trait Executor: Send {
    /// How many jobs may run at once.
    fn slots(&self) -> usize;

    /// Worker threads of each slot.
    fn threads(&self) -> usize;

    /// A slot without a job, the lowest first.
    fn free_slot(&self) -> Option<usize>;

    /// Starts `job` in a free slot.
    ///
    /// # Errors
    /// Where the slot is taken or its worker is gone.
    fn submit(&mut self, slot: usize, job: Job) -> Result<(), ExecutorError>;

    /// Tells a job to stop at its next report. Unknown or ended trials are ignored.
    fn stop(&mut self, trial: TrialId);

    /// The messages since the last call; waits up to `wait` for the first.
    fn poll(&mut self, wait: Duration) -> Vec<Message>;
}
