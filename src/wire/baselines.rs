//! Baselines on a study's folds and on its test set.

use std::collections::BTreeMap;

use super::now;
use crate::baseline::score::{self, Predictions};
use crate::baseline::{BaselineError, BaselineRow};
use crate::dataset::Dataset;
use crate::dataset::fold::Fold;
use crate::domain::baseline::BaselineScore;
use crate::domain::seed::derive;

/// How a baseline did, and where it said nothing.
#[derive(Debug, Clone)]
pub struct Scored {
    /// Its metrics on each fold, and the seconds that it took.
    pub score: BaselineScore,
    /// Numbers of the folds, from 1, in which it predicted the same for every row: REML found no variance that the
    /// genotypes explain, or a penalty left no SNP.
    pub constant: Vec<usize>,
}

/// Trains a baseline on each fold's training rows and scores it on the validation rows; the seed is the
/// study's. `progress` is told the number of each fold, from 0, before it is trained.
///
/// # Errors
/// As [`score::predict`], with the fold where there are several.
pub fn on_folds(
    row: &BaselineRow,
    dataset: &Dataset,
    folds: &[Fold],
    seed: u64,
    mut progress: impl FnMut(usize),
) -> Result<Scored, BaselineError> {
    let start = now();
    let (mut metrics, mut constant) = (Vec::with_capacity(folds.len()), Vec::new());
    for (number, fold) in folds.iter().enumerate() {
        progress(number);
        let seed = derive(seed, "baseline", number as u64);
        let predictions = score::predict(row, dataset, &fold.train, &fold.validation, seed);
        let predictions = predictions.map_err(|error| match folds.len() {
            1 => error,
            _ => BaselineError(format!("fold {}: {error}", number + 1)),
        })?;
        if is_silent(&predictions) {
            constant.push(number + 1);
        }
        metrics.push(score::metrics(dataset, &fold.validation, &predictions));
    }
    // A clock that is set back in between must not give a time below 0.
    let seconds = now().saturating_sub(start) as f64 / 1000.0;
    Ok(Scored { score: BaselineScore { baseline: row.name.into(), folds: metrics, seconds }, constant })
}

/// One row predicted alone is no sign of anything.
fn is_silent(predictions: &Predictions) -> bool {
    predictions.values.len() > predictions.outputs && predictions.are_constant()
}

/// The means over the folds of those metrics that every fold has.
pub fn means(score: &BaselineScore) -> BTreeMap<String, f64> {
    let names = score.folds.iter().flat_map(|fold| fold.keys());
    names.filter_map(|name| Some((name.clone(), score.mean(name)?))).collect()
}
