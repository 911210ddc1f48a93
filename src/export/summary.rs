//! The JSON of `show --json` and of the last line of `run --json`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::analysis::compare::Ties;
use crate::analysis::pareto;
use crate::domain::baseline::BaselineScore;
use crate::domain::event::{SelectOn, StudySpec};
use crate::domain::history::History;
use crate::domain::second::Second;
use crate::domain::trial::{FoldScore, ImportSource, Origin, Timestamp, Trial, TrialId};
use crate::domain::value::Params;

/// A trial as `show --json` and `export --format json` write it.
#[derive(Debug, Serialize)]
pub struct TrialObject<'a> {
    id: TrialId,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    score: Option<f64>,
    /// What the score is of: validation rows, or the test set.
    selected_on: SelectOn,
    /// Whether the paired comparison tells it from the best trial, and its p value; absent without a verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    tied: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<f64>,
    params: &'a Params,
    /// What suggested the params, and the trials that they were bred from; absent where nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'a Origin>,
    /// How many numbers its network learns.
    #[serde(skip_serializing_if = "Option::is_none")]
    weights: Option<u64>,
    seed: u64,
    folds: &'a [FoldScore],
    epochs: usize,
    seconds: f64,
    /// Whether a person keeps it in sight, and what they wrote about it; absent where not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pinned: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    annotation: &'a str,
}

/// The best trial in short.
#[derive(Debug, Serialize)]
struct Best<'a> {
    trial: TrialId,
    score: Option<f64>,
    selected_on: SelectOn,
    params: &'a Params,
}

#[derive(Debug, Serialize)]
struct Finished {
    complete: usize,
    pruned: usize,
    failed: usize,
    cancelled: usize,
}

#[derive(Debug, Serialize)]
struct Summary<'a> {
    study: &'a str,
    trials: Finished,
    best: Option<Best<'a>>,
    elapsed_s: f64,
}

#[derive(Debug, Serialize)]
struct SummaryLine<'a> {
    summary: Summary<'a>,
}

#[derive(Debug, Serialize)]
struct Show<'a> {
    study: &'a StudySpec,
    best: Option<Best<'a>>,
    baselines: Vec<BaselineObject<'a>>,
    /// Trials from elsewhere that the sampler learns from: how many of each source.
    imported: &'a [ImportSource],
    /// The trials that no other beats both in the score and in each of these.
    pareto: BTreeMap<&'static str, Vec<TrialId>>,
    trials: Vec<TrialObject<'a>>,
}

/// A baseline: the mean of each metric that is defined on all folds, and the folds.
#[derive(Debug, Serialize)]
struct BaselineObject<'a> {
    baseline: &'a str,
    #[serde(flatten)]
    means: BTreeMap<&'a str, f64>,
    seconds: f64,
    /// The rows, as those of the trials' scores.
    on: SelectOn,
    folds: &'a [BTreeMap<String, f64>],
}

fn baseline_object(on: SelectOn, baseline: &BaselineScore) -> BaselineObject<'_> {
    let means = baseline.metrics().into_iter().filter_map(|name| Some((name, baseline.mean(name)?)));
    let (name, seconds, folds) = (&baseline.baseline, baseline.seconds, &baseline.folds);
    BaselineObject { baseline: name, means: means.collect(), seconds, on, folds }
}

/// One trial of a history with these `ties`; `now` ends the seconds of one that still runs.
pub fn trial_object<'a>(history: &History, ties: &Ties, trial: &'a Trial, now: Timestamp) -> TrialObject<'a> {
    let paired = ties.of_trial(trial.id);
    TrialObject {
        id: trial.id,
        state: trial.state.word(),
        reason: trial.state.reason(),
        score: trial.score,
        selected_on: history.study().select_on,
        tied: paired.map(|paired| paired.tied()),
        p: paired.map(|paired| paired.p),
        params: &trial.params,
        origin: Some(&trial.origin).filter(|origin| !origin.is_unknown()),
        weights: trial.weights,
        seed: trial.seed,
        folds: &trial.folds,
        epochs: trial.epochs(),
        seconds: trial.seconds(now),
        pinned: trial.pinned,
        annotation: &trial.annotation,
    }
}

fn best(history: &History) -> Option<Best<'_>> {
    let selected_on = history.study().select_on;
    let trial = history.incumbent()?;
    Some(Best { trial: trial.id, score: trial.score, selected_on, params: &trial.params })
}

/// `show --json`: one object with the study, its best trial (or null), its baselines in the order in which they
/// were computed, and all trials by number.
///
/// # Errors
/// Where JSON can't be written.
pub fn show(history: &History, now: Timestamp) -> serde_json::Result<String> {
    let (study, ties) = (history.study(), Ties::of(history));
    let trials = history.trials().iter().map(|trial| trial_object(history, &ties, trial, now)).collect();
    let baselines = history.baselines().iter().map(|b| baseline_object(study.select_on, b)).collect();
    let front =
        |second| -> Vec<TrialId> { pareto::front(history, second).iter().map(|trial| trial.id).collect() };
    let pareto = Second::ALL.into_iter().map(|second| (second.word(), front(second))).collect();
    serde_json::to_string(&Show {
        study,
        best: best(history),
        baselines,
        pareto,
        imported: history.sources(),
        trials,
    })
}

/// The last line of `run --json`. `elapsed_s` is the time at work over all starts of the study, with
/// what has passed since the last record.
///
/// # Errors
/// Where JSON can't be written.
pub fn summary_line(history: &History, now: Timestamp) -> serde_json::Result<String> {
    let counts = history.counts();
    let trials = Finished {
        complete: counts.complete,
        pruned: counts.pruned,
        failed: counts.failed,
        cancelled: counts.cancelled,
    };
    let elapsed_ms = history.active_ms() + now.saturating_sub(history.last());
    let elapsed_s = elapsed_ms as f64 / 1000.0;
    let study = &history.study().name;
    serde_json::to_string(&SummaryLine { summary: Summary { study, trials, best: best(history), elapsed_s } })
}
