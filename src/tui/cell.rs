//! What a row of the leaderboard has in a column, for sorting and filtering: nothing is written out here, because
//! there may be a hundred thousand rows.

use super::column::{Catalogue, Column, metric};
use crate::analysis::compare::Ties;
use crate::analysis::progress;
use crate::domain::baseline::BaselineScore;
use crate::domain::history::History;
use crate::domain::trial::{Timestamp, Trial, TrialId, TrialState};
use crate::domain::value::Value;

/// The word for a baseline in the column of states.
pub const BASELINE: &str = "baseline";

/// What order and filter look at.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The study.
    pub history: &'a History,
    /// Which trials are tied with the best.
    pub ties: &'a Ties,
    /// The marked trials.
    pub marked: &'a [TrialId],
    /// The time.
    pub now: Timestamp,
}

/// A row's content of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// A number.
    Number(f64),
    /// A word.
    Word(&'a str),
    /// Nothing (yet).
    Missing,
}

impl<'a> Cell<'a> {
    /// What `trial` has in `column`.
    pub fn of(
        trial: &'a Trial,
        column: Column,
        catalogue: &Catalogue,
        ranks: &[Option<usize>],
        known: &Known<'a>,
    ) -> Self {
        let number = |value: Option<f64>| value.map_or(Cell::Missing, Cell::Number);
        let count = |n: usize| Cell::Number(n as f64);
        match column {
            Column::Rank => ranks.get(trial.id).copied().flatten().map_or(Cell::Missing, count),
            Column::Trial => count(trial.id),
            Column::Score => number(trial.score),
            Column::Spread => number(trial.score.and_then(|_| trial.spread())),
            Column::State => Cell::Word(state_word(trial, known.history)),
            Column::Epochs => count(trial.epochs()),
            Column::Time if trial.state == TrialState::Waiting => Cell::Missing,
            Column::Time => Cell::Number(trial.seconds(known.now)),
            Column::Note => Cell::word(&trial.annotation),
            Column::By => Cell::word(&trial.origin.by),
            Column::Weights => number(trial.weights.map(|n| n as f64)),
            Column::Fold(i) => number(trial.folds.get(i).map(|fold| fold.score)),
            Column::Metric(i) => number(metric(trial, catalogue.metric(i))),
            Column::Started if trial.state == TrialState::Waiting => Cell::Missing,
            Column::Started => Cell::Number(trial.started as f64),
            Column::Dependent => Cell::Missing,
            Column::Parameter(i) => {
                let parameter = known.history.study().space.parameters.get(i);
                match parameter.and_then(|p| trial.params.get(&p.name)) {
                    None => Cell::Missing,
                    Some(Value::Text(word)) => Cell::Word(word),
                    Some(Value::Bool(true)) => Cell::Word("true"),
                    Some(Value::Bool(false)) => Cell::Word("false"),
                    Some(value) => number(value.as_f64()),
                }
            }
        }
    }

    /// What a baseline has in `column`.
    pub fn of_baseline(
        baseline: &'a BaselineScore,
        column: Column,
        catalogue: &Catalogue,
        known: &Known<'_>,
    ) -> Self {
        let study = known.history.study();
        let number = |value: Option<f64>| value.map_or(Cell::Missing, Cell::Number);
        match column {
            Column::Score => number(baseline.mean(&study.metric)),
            Column::Spread => number(baseline.spread(&study.metric)),
            Column::State => Cell::Word(BASELINE),
            Column::Time => Cell::Number(baseline.seconds),
            Column::Fold(i) => {
                number(baseline.folds.get(i % study.folds.max(1)).and_then(|f| f.get(&study.metric)).copied())
            }
            Column::Metric(i) => number(baseline.mean(catalogue.metric(i))),
            _ => Cell::Missing,
        }
    }

    fn word(word: &'a str) -> Self {
        if word.is_empty() { Cell::Missing } else { Cell::Word(word) }
    }
}

/// One word for where a trial stands: one that waits at a rung of its pruner is paused, not gone.
pub fn state_word(trial: &Trial, history: &History) -> &'static str {
    if progress::is_paused(history, trial) { "paused" } else { trial.state.word() }
}

/// The letter of a state, which says the same as its colour.
pub fn letter(trial: &Trial, history: &History) -> &'static str {
    match &trial.state {
        TrialState::Complete => "C",
        TrialState::Running => "R",
        TrialState::Waiting => "W",
        TrialState::Failed { .. } => "F",
        TrialState::Cancelled => "X",
        TrialState::Pruned { .. } if progress::is_paused(history, trial) => "p",
        TrialState::Pruned { .. } => "P",
    }
}
