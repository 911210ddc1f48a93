//! A trial: one assignment of the parameters, what was reported of it and how it ended.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::value::Params;

/// A trial's number: its place in the history, from 0.
pub type TrialId = usize;

/// Milliseconds since 1970-01-01 UTC.
pub type Timestamp = u64;

/// Where a trial stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum TrialState {
    /// Asked, and to be started (again) before anything new is asked.
    Waiting,
    /// In a slot.
    Running,
    /// Finished with a score.
    Complete,
    /// Ended by the pruner's rule.
    Pruned {
        /// The rule's reason.
        reason: String,
    },
    /// Ended by an error, a panic or a loss that is not finite.
    Failed {
        /// What went wrong.
        reason: String,
    },
    /// Ended by a person.
    Cancelled,
}

impl TrialState {
    /// Whether the trial will not change any more.
    pub fn is_finished(&self) -> bool {
        !matches!(self, TrialState::Waiting | TrialState::Running)
    }

    /// One word for the leaderboard and for JSON.
    pub fn word(&self) -> &'static str {
        match self {
            TrialState::Waiting => "waiting",
            TrialState::Running => "running",
            TrialState::Complete => "complete",
            TrialState::Pruned { .. } => "pruned",
            TrialState::Failed { .. } => "failed",
            TrialState::Cancelled => "cancelled",
        }
    }

    /// Why it ended, where there is more to say than the word.
    pub fn reason(&self) -> Option<&str> {
        match self {
            TrialState::Pruned { reason } | TrialState::Failed { reason } => Some(reason),
            _ => None,
        }
    }
}

/// What a trial reports after each epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Counts the trial's reports over all its folds, from 0.
    pub step: usize,
    /// The fold that is being trained, from 0.
    pub fold: usize,
    /// The epoch within the fold, from 0.
    pub epoch: usize,
    /// Mean training loss over the epoch, penalties included.
    pub train_loss: f64,
    /// Validation loss after the epoch, without penalties.
    pub validation_loss: f64,
    /// The study's metric on the validation rows after the epoch.
    pub score: f64,
}

/// How one fold ended: the figures of its best epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoldScore {
    /// The fold, from 0.
    pub fold: usize,
    /// The study's metric at the best epoch.
    pub score: f64,
    /// The best epoch, from 0; its weights were kept.
    pub best_epoch: usize,
    /// How many epochs were trained.
    pub epochs: usize,
    /// Every metric of the table at the best epoch, by name.
    pub metrics: BTreeMap<String, f64>,
}

/// One trial as folded from its events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Its number.
    pub id: TrialId,
    /// Its values of the searched parameters.
    pub params: Params,
    /// Seeds its weights, shuffles and dropout.
    pub seed: u64,
    /// Where it stands.
    #[serde(flatten)]
    pub state: TrialState,
    /// The slot it runs or last ran in.
    pub slot: usize,
    /// When it was last started.
    pub started: Timestamp,
    /// When it ended, if it has.
    pub finished: Option<Timestamp>,
    /// Its score, once complete: the mean over the folds.
    pub score: Option<f64>,
    /// Its finished folds.
    pub folds: Vec<FoldScore>,
    /// Its reports, in the order of their steps.
    pub reports: Vec<Report>,
}

impl Trial {
    /// Standard deviation of the score over the folds; `None` with fewer than two.
    pub fn spread(&self) -> Option<f64> {
        let n = self.folds.len();
        if n < 2 {
            return None;
        }
        let mean = self.folds.iter().map(|f| f.score).sum::<f64>() / n as f64;
        let squares = self.folds.iter().map(|f| (f.score - mean).powi(2)).sum::<f64>();
        Some((squares / (n - 1) as f64).sqrt())
    }

    /// Epochs trained so far, over all folds.
    pub fn epochs(&self) -> usize {
        self.reports.len()
    }

    /// Seconds from start to end, or to `now` where it still runs.
    pub fn seconds(&self, now: Timestamp) -> f64 {
        let end = self.finished.unwrap_or(now);
        end.saturating_sub(self.started) as f64 / 1000.0
    }
}
