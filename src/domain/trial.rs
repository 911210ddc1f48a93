//! A trial: one assignment of the parameters, what was reported of it and how it ended.

use std::collections::{BTreeMap, BTreeSet};

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
    /// Counts the trial's reports over all its repeats and folds, from 0.
    pub step: usize,
    /// How often its folds were all trained before, each time with other random numbers.
    #[serde(default)]
    pub repeat: usize,
    /// The fold that is being trained, from 0.
    pub fold: usize,
    /// The epoch within the fold, from 0; of a program, the step that it names.
    pub epoch: usize,
    /// Mean training loss over the epoch, penalties included; none of a program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_loss: Option<f64>,
    /// Validation loss after the epoch, without penalties; none of a program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_loss: Option<f64>,
    /// The study's metric on the validation rows after the epoch; of a program, what it says.
    pub score: f64,
}

impl Report {
    /// The number of its training among those of its trial, from 0, of a study of `folds` folds.
    pub fn training(&self, folds: usize) -> usize {
        self.repeat * folds + self.fold
    }
}

/// How one fold ended: the figures of the epoch that counts, the best or the last one as the training says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoldScore {
    /// As in [`Report::repeat`].
    #[serde(default)]
    pub repeat: usize,
    /// The fold, from 0.
    pub fold: usize,
    /// The study's metric at the epoch that counts.
    pub score: f64,
    /// The epoch that counts, from 0; its weights were kept.
    pub best_epoch: usize,
    /// How many epochs were trained.
    pub epochs: usize,
    /// Every metric of the task at that epoch, by name.
    pub metrics: BTreeMap<String, f64>,
}

/// What a sampler believed of a score before the trial began: the score at which the probability that the
/// trial does not end below it is 16 %, 50 % and 84 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// As good as mean − σ, or as bad where larger scores are better.
    pub low: f64,
    /// The median.
    pub middle: f64,
    /// The other end.
    pub high: f64,
}

/// Where a trial's params come from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// What suggested them, in a word or two: the sampler and the step of it, such as `gp-ucb startup`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// The trials that they were made from, where the sampler breeds them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<TrialId>,
    /// Why these params of all, in a few words with numbers, where the sampler weighed some against others.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What the sampler expected of them, where it has a model of the score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
}

impl Origin {
    /// Without parents.
    pub fn by(word: impl Into<String>) -> Self {
        Origin { by: word.into(), ..Origin::default() }
    }

    /// With parents.
    pub fn bred(word: impl Into<String>, parents: Vec<TrialId>) -> Self {
        Origin { by: word.into(), parents, ..Origin::default() }
    }

    /// Whether nothing is known, as of trials of older versions.
    pub fn is_unknown(&self) -> bool {
        *self == Origin::default()
    }
}

/// What is known of params from elsewhere: a trial of another study, or of another program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Imported {
    /// The values of the searched parameters.
    pub params: Params,
    /// Their score.
    pub score: f64,
}

/// A source of imported trials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSource {
    /// As the study file names it.
    pub source: String,
    /// How many trials were taken from it.
    pub trials: usize,
}

/// One trial as folded from its events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Its number.
    pub id: TrialId,
    /// Its values of the searched parameters.
    pub params: Params,
    /// Where those lie in the unit cube of the space: see [`SearchSpace::to_unit`](super::space::SearchSpace::to_unit).
    #[serde(skip)]
    pub point: Vec<f64>,
    /// Where they come from.
    #[serde(default, skip_serializing_if = "Origin::is_unknown")]
    pub origin: Origin,
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
    /// Its score, once complete: the mean over the folds of all repeats.
    pub score: Option<f64>,
    /// How many numbers its network learns, once complete, where the objective tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<u64>,
    /// Its finished folds: all of the first repeat, then of the next.
    pub folds: Vec<FoldScore>,
    /// Its reports, in the order of their steps.
    pub reports: Vec<Report>,
    /// Reports and folds that it had when it was last promoted: up to there it is not judged again, also where
    /// it starts again from the beginning.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub passed: (usize, usize),
    /// Milliseconds that it ran before it was last promoted. One that was cut off since begins anew, and so does this.
    #[serde(default, skip_serializing_if = "is_none")]
    pub earlier_ms: u64,
    /// Whether a person wants to keep it in sight.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
    /// What a person wrote about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub annotation: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_none(milliseconds: &u64) -> bool {
    *milliseconds == 0
}

fn is_nothing(passed: &(usize, usize)) -> bool {
    *passed == (0, 0)
}

impl Trial {
    /// Standard deviation of the score over the repeats, each the mean of its folds, where there are
    /// several; else over the folds. `None` with fewer than two.
    pub fn spread(&self) -> Option<f64> {
        let repeats: Vec<&[FoldScore]> = self.folds.chunk_by(|a, b| a.repeat == b.repeat).collect();
        let mean = |folds: &[FoldScore]| folds.iter().map(|f| f.score).sum::<f64>() / folds.len() as f64;
        // The last one may still be at work: the mean of some of its folds says little.
        let whole = repeats.iter().filter(|folds| folds.len() == repeats[0].len());
        let means: Vec<f64> = whole.map(|folds| mean(folds)).collect();
        if means.len() > 1 {
            return deviation(&means);
        }
        deviation(&repeats.first()?.iter().map(|fold| fold.score).collect::<Vec<_>>())
    }

    /// The names of the metrics of its finished folds; one may be undefined on some folds only.
    pub fn metrics(&self) -> BTreeSet<&str> {
        self.folds.iter().flat_map(|fold| fold.metrics.keys()).map(String::as_str).collect()
    }

    /// Epochs trained so far, over all folds.
    pub fn epochs(&self) -> usize {
        self.reports.len()
    }

    /// Milliseconds that it has run by `now`: not while it waits.
    pub(super) fn run_ms(&self, now: Timestamp) -> u64 {
        let end = self.finished.unwrap_or(now);
        let last = if self.state == TrialState::Waiting { 0 } else { end.saturating_sub(self.started) };
        self.earlier_ms.saturating_add(last)
    }

    /// Seconds from start to end, or to `now` where it still runs, without those in which it was paused.
    pub fn seconds(&self, now: Timestamp) -> f64 {
        self.run_ms(now) as f64 / 1000.0
    }
}

/// The sample standard deviation; `None` of fewer than two values.
pub(super) fn deviation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::testing::{Scripted, space};

    /// The spread of a trial of two folds a repeat.
    fn spread(scores: &[f64]) -> Option<f64> {
        let mut study = Scripted::new(&space([]), Direction::Minimize, 1);
        let trial = study.start(Params::new());
        scores.iter().for_each(|score| study.finish_fold(trial, *score));
        study.history().trials()[trial].spread()
    }

    #[test]
    fn the_spread_is_over_folds_or_over_whole_repeats() {
        let root = 2.0_f64.sqrt();
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[1.0]), None);
        assert_eq!(spread(&[1.0, 3.0]), Some(root));
        assert_eq!(spread(&[1.0, 3.0, 9.0]), Some(root), "the second repeat is not whole");
        assert_eq!(spread(&[1.0, 3.0, 0.0, 8.0]), Some(root), "means 2 and 4");
        assert_eq!(spread(&[1.0, 3.0, 0.0, 8.0, 7.0, -1.0, 100.0]), Some(1.0_f64), "means 2, 4 and 3");
    }

    #[test]
    fn trainings_are_numbered_over_repeats_and_named_by_both() {
        let mut study = crate::domain::testing::study(space([]));
        let names = |study: &crate::domain::event::StudySpec| {
            (0..study.trainings()).map(|i| study.training(i)).collect::<Vec<_>>()
        };
        assert_eq!(names(&study), ["1", "2"]);
        study.repeats = 2;
        assert_eq!(names(&study), ["1.1", "1.2", "2.1", "2.2"]);
        let report =
            r#"{"step":3,"repeat":1,"fold":1,"epoch":0,"train_loss":1,"validation_loss":1,"score":1}"#;
        assert_eq!(serde_json::from_str::<Report>(report).unwrap().training(study.folds), 3);
    }

    #[test]
    fn records_of_before_there_were_repeats_are_of_the_first() {
        let report = r#"{"step":3,"fold":1,"epoch":0,"train_loss":1.0,"validation_loss":1.0,"score":0.5}"#;
        let report: Report = serde_json::from_str(report).unwrap();
        assert_eq!((report.repeat, report.fold), (0, 1));
        let fold = r#"{"fold":1,"score":0.5,"best_epoch":0,"epochs":1,"metrics":{}}"#;
        assert_eq!(serde_json::from_str::<FoldScore>(fold).unwrap().repeat, 0);
    }
}
