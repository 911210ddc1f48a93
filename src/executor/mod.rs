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

/// How many jobs may run at once, and on what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Jobs at once.
    pub slots: usize,
    /// Worker threads of each slot.
    pub threads: usize,
    /// Most threads of all jobs together, also while jobs that began with another number of them finish.
    pub cores: usize,
}

impl Layout {
    /// So many slots of so many threads, and never more threads than that.
    pub const fn of(slots: usize, threads: usize) -> Self {
        Layout { slots, threads, cores: slots * threads }
    }
}

/// Runs jobs in slots.
pub trait Executor: Send {
    /// How many jobs may run at once.
    fn layout(&self) -> Layout;

    /// Changes that while jobs run. Those that run go on as they began; slots that are too many finish their job.
    /// A slot has the new number of threads from its next job on.
    ///
    /// # Errors
    /// Where the system refuses a thread; the layout is then what it was.
    fn arrange(&mut self, layout: Layout) -> Result<(), ExecutorError>;

    /// A slot without a job that may start one, the lowest first.
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
