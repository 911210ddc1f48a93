//! Everything that can happen to a study. The events, in order, are the truth; all else is folded
//! from them.

mod spec;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::spec::{Fingerprint, ObjectiveKind, REPEATS, SelectOn, StudySpec};
use super::baseline::BaselineScore;
use super::space::Distribution;
use super::trial::{FoldScore, Imported, Origin, Report, Timestamp, TrialId};
use super::value::Params;

/// The version of the event format; written into `StudyCreated`.
pub const FORMAT: u32 = 3;

/// A sampler or a pruner with its settings, as the study file or a person names it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Method {
    /// The name in its table.
    pub kind: String,
    /// The settings that are not the usual ones.
    #[serde(default, skip_serializing_if = "Params::is_empty")]
    pub settings: Params,
}

/// `tpe`, or `tpe with gamma = 0.1`.
impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        for (i, (name, value)) in self.settings.iter().enumerate() {
            write!(f, "{} {name} = {value}", if i == 0 { " with" } else { "," })?;
        }
        Ok(())
    }
}

/// What the study file and the command line ask for of what a person may also change while the study runs. The
/// last word counts: a person's, until these ask for something else than they did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// Trials in all.
    pub trials: usize,
    /// Trials at once; `None` leaves it to the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<usize>,
    /// The sampler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampler: Option<Method>,
    /// The pruner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pruner: Option<Method>,
}

/// So many trials, and nothing said of the rest.
impl From<usize> for Asked {
    fn from(trials: usize) -> Self {
        Asked { trials, ..Asked::default() }
    }
}

/// How loud a note is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Worth knowing.
    Info,
    /// Something is not as it should be; the study goes on.
    Warning,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The study began: always the first event, and only once.
    StudyCreated {
        /// What the study is.
        study: Box<StudySpec>,
    },
    /// A coordinator opened the store: at each start and resume.
    StudyOpened {
        /// Total number of trials wanted.
        trials: usize,
        /// Trials that may run at once.
        slots: usize,
        /// Worker threads of each slot.
        threads: usize,
        /// What the study file asks for; not known of older versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked: Option<Box<Asked>>,
    },
    /// No new trials start until resumed.
    StudyPaused,
    /// New trials start again.
    StudyResumed,
    /// A person wants another number of trials in all.
    TrialsWanted {
        /// How many.
        trials: usize,
    },
    /// A person wants another number of trials at once.
    SlotsChanged {
        /// How many.
        slots: usize,
        /// Worker threads of each slot that starts a trial from now on.
        threads: usize,
    },
    /// From now on the values of a parameter are suggested from here. Trials of before stay what they are.
    RangeChanged {
        /// The parameter.
        parameter: String,
        /// Its range: narrower than before, or wider.
        distribution: Distribution,
    },
    /// From now on another sampler suggests.
    SamplerSwitched {
        /// Which.
        sampler: Method,
    },
    /// From now on another pruner judges.
    PrunerSwitched {
        /// Which.
        pruner: Method,
    },
    /// A person keeps a trial in sight, or does not any more.
    TrialPinned {
        /// The trial.
        trial: TrialId,
        /// Whether it is kept in sight.
        pinned: bool,
    },
    /// A person wrote something about a trial, in place of what stood there before.
    TrialAnnotated {
        /// The trial.
        trial: TrialId,
        /// What; nothing takes it away.
        text: String,
    },
    /// The sampler has nothing left to suggest: the trials so far, with those that wait, are all.
    SearchExhausted {
        /// Why.
        reason: String,
    },
    /// Scores from elsewhere, for the sampler to learn from. They are no trials of this study.
    TrialsImported {
        /// Where from.
        source: String,
        /// What.
        trials: Vec<Imported>,
    },
    /// A new trial waits, with params that a person chose.
    TrialEnqueued {
        /// The trial.
        trial: TrialId,
        /// Its values of the searched parameters.
        params: Params,
        /// Its seed.
        seed: u64,
        /// Where the params come from.
        #[serde(default, skip_serializing_if = "Origin::is_unknown")]
        origin: Origin,
    },
    /// A trial went into a slot; a new one, or a waiting one with the same params and seed.
    TrialStarted {
        /// The trial.
        trial: TrialId,
        /// Its values of the searched parameters.
        params: Params,
        /// Its seed.
        seed: u64,
        /// The slot.
        slot: usize,
        /// Where the params of a new one come from; a waiting one keeps what it has.
        #[serde(default, skip_serializing_if = "Origin::is_unknown")]
        origin: Origin,
    },
    /// An epoch ended.
    TrialReported {
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
    /// The trial finished with a score.
    TrialCompleted {
        /// The trial.
        trial: TrialId,
        /// Its score.
        score: f64,
        /// How many numbers its network learns, where the objective tells.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        weights: Option<u64>,
    },
    /// The pruner ended the trial.
    TrialPruned {
        /// The trial.
        trial: TrialId,
        /// The rule's reason.
        reason: String,
    },
    /// The pruner found a pruned trial worth going on with: it waits, with all that it reported, and goes
    /// on from there.
    TrialPromoted {
        /// The trial.
        trial: TrialId,
        /// The rule's reason.
        reason: String,
    },
    /// The trial went wrong.
    TrialFailed {
        /// The trial.
        trial: TrialId,
        /// What went wrong.
        reason: String,
    },
    /// A person ended the trial.
    TrialCancelled {
        /// The trial.
        trial: TrialId,
    },
    /// The trial was cut off with its process, or set back on quit; it starts again from the
    /// beginning, with the same params and seed.
    TrialRequeued {
        /// The trial.
        trial: TrialId,
        /// Why.
        reason: String,
    },
    /// A baseline was trained and scored on the study's folds.
    BaselineScored {
        /// How it did.
        baseline: BaselineScore,
    },
    /// A line for the log.
    Noted {
        /// How loud.
        level: Level,
        /// The line.
        text: String,
    },
}

/// An event with its place and time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Counts the study's events, from 0, without gaps.
    pub sequence: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

impl Event {
    /// The trial it is about, if any.
    pub fn trial(&self) -> Option<TrialId> {
        match self {
            Event::TrialEnqueued { trial, .. }
            | Event::TrialStarted { trial, .. }
            | Event::TrialReported { trial, .. }
            | Event::FoldFinished { trial, .. }
            | Event::TrialCompleted { trial, .. }
            | Event::TrialPruned { trial, .. }
            | Event::TrialPromoted { trial, .. }
            | Event::TrialFailed { trial, .. }
            | Event::TrialCancelled { trial }
            | Event::TrialPinned { trial, .. }
            | Event::TrialAnnotated { trial, .. }
            | Event::TrialRequeued { trial, .. } => Some(*trial),
            Event::StudyCreated { .. }
            | Event::StudyOpened { .. }
            | Event::StudyPaused
            | Event::StudyResumed
            | Event::TrialsWanted { .. }
            | Event::SlotsChanged { .. }
            | Event::RangeChanged { .. }
            | Event::SamplerSwitched { .. }
            | Event::PrunerSwitched { .. }
            | Event::SearchExhausted { .. }
            | Event::TrialsImported { .. }
            | Event::BaselineScored { .. }
            | Event::Noted { .. } => None,
        }
    }

    /// Whether a person, or what answers one, may cause it in a study that has nothing to do.
    pub fn may_come_at_rest(&self) -> bool {
        matches!(
            self,
            Event::TrialsWanted { .. }
                | Event::SlotsChanged { .. }
                | Event::RangeChanged { .. }
                | Event::SamplerSwitched { .. }
                | Event::PrunerSwitched { .. }
                | Event::TrialPinned { .. }
                | Event::TrialAnnotated { .. }
                | Event::TrialEnqueued { .. }
                | Event::StudyPaused
                | Event::StudyResumed
                | Event::Noted { .. }
        )
    }

    /// Whether it must be on the disk before it counts. A report may be lost with the machine's
    /// power: its trial is then trained again from the start anyway.
    pub fn must_be_durable(&self) -> bool {
        !matches!(self, Event::TrialReported { .. } | Event::Noted { .. })
    }
}
