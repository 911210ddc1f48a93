//! What is said to a study at work, and what it says.

use super::baseline::BaselineScore;
use super::event::{Method, Record};
use super::space::Distribution;
use super::trial::TrialId;
use super::value::Params;

/// What a person, or the thread that computes the baselines, asks of a running study.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Start no new trials.
    Pause,
    /// Start new trials again.
    Resume,
    /// End a trial at its next report.
    Cancel(TrialId),
    /// Start trials until there are so many in all.
    Trials(usize),
    /// Run so many trials at once.
    Workers(usize),
    /// Try these params before the sampler is asked again.
    Enqueue {
        /// The values of the searched parameters.
        params: Params,
        /// The trial that they were copied from, if any.
        parent: Option<TrialId>,
    },
    /// Suggest a parameter's values from this range from now on.
    Range {
        /// The parameter.
        parameter: String,
        /// Its range.
        distribution: Distribution,
    },
    /// Suggest with another sampler.
    Sampler(Method),
    /// Judge with another pruner.
    Pruner(Method),
    /// Keep a trial in sight, or do not any more.
    Pin {
        /// The trial.
        trial: TrialId,
        /// Whether.
        pinned: bool,
    },
    /// Write something about a trial; nothing takes away what stood there.
    Annotate {
        /// The trial.
        trial: TrialId,
        /// What.
        text: String,
    },
    /// End the study's process; nothing is lost.
    Stop(StopMode),
    /// Record how a baseline did, or note why it can't be had.
    Baseline(Result<BaselineScore, BaselineFailure>),
}

/// Why a baseline has no score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineFailure {
    /// Its name.
    pub baseline: String,
    /// The reason, for a person.
    pub reason: String,
}

/// What becomes of the running trials when the study stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopMode {
    /// They are set back to waiting and start again on resume.
    Now,
    /// They finish first; no new ones start.
    AfterRunning,
}

/// What the study thread tells its viewers.
#[derive(Debug, Clone, PartialEq)]
pub enum Update {
    /// A record was stored: apply it.
    Recorded(Record),
    /// The study ended; nothing follows, but of one that is [done](End::Done) and waits for what a person may still
    /// want: its records then go on, and it ends again.
    Ended(End),
}

/// Why the study ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// All trials ended.
    Done,
    /// As asked by [`Command::Stop`].
    Stopped,
    /// The study can't go on; the text says why and what to do. All that counted is stored.
    Failed(String),
}
