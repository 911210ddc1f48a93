//! The epoch loop: train, validate, keep the best epoch, stop early.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};
use thiserror::Error;

use super::TrainSpec;
use super::epoch::{Batches, Pass};
use super::metric::{METRICS, Metric};
use super::optimizer::OPTIMIZERS;
use crate::dataset::Dataset;
use crate::dataset::encode::Encoder;
use crate::dataset::fold::Fold;
use crate::dataset::scale::TraitScaler;
use crate::domain::objective::Verdict;
use crate::domain::seed::{Rng, derive};
use crate::domain::table::find;
use crate::model::Network;

/// What a network is trained on. Encoder and scaler are fitted on the fold's training rows.
#[derive(Clone, Copy)]
pub struct FoldData<'a> {
    /// Genotypes and the trait.
    pub dataset: &'a Dataset,
    /// The fold's number, from 0, for messages.
    pub number: usize,
    /// Its rows.
    pub fold: &'a Fold,
    /// Of the genotypes.
    pub encoder: &'a Encoder,
    /// Of the trait.
    pub trait_scaler: &'a TraitScaler,
    /// Where the network lies.
    pub device: &'a Device,
}

/// What an epoch gave. All finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epoch {
    /// From 0.
    pub epoch: usize,
    /// Mean over the training rows of the batches' losses (squared error of the scaled trait, and
    /// penalties), each before its step: as Keras reports it.
    pub train_loss: f64,
    /// Mean squared error of the scaled trait over the validation rows, without penalties.
    pub validation_loss: f64,
    /// The study's metric over the validation rows, in the trait's own units.
    pub score: f64,
}

/// A trained network's figures. The network itself is left with the weights of the best epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The best epoch, from 0.
    pub best_epoch: usize,
    /// Epochs trained.
    pub epochs: usize,
    /// The study's metric at the best epoch.
    pub score: f64,
    /// Every metric at the best epoch, by name; those undefined on these rows are left out.
    pub metrics: BTreeMap<String, f64>,
}

/// Why training ended without a fit.
#[derive(Debug, Error)]
pub enum TrainError {
    /// A verdict was to stop.
    #[error("stopped")]
    Stopped,
    /// Training diverged.
    #[error("the {what} of fold {}, epoch {}, is not finite: lower the learning rate", fold + 1, epoch + 1)]
    NotFinite {
        /// The loss.
        what: &'static str,
        /// From 0.
        fold: usize,
        /// From 0.
        epoch: usize,
    },
    /// The metric has no value on these rows, whatever is predicted.
    #[error(
        "the metric `{metric}` is undefined on fold {}: its {rows} validation rows have one trait \
         value; take another split or the metric `mse`",
        fold + 1
    )]
    Undefined {
        /// The metric.
        metric: &'static str,
        /// From 0.
        fold: usize,
        /// Validation rows.
        rows: usize,
    },
    /// The training spec can't be followed.
    #[error("{0}")]
    Spec(String),
    /// candle refused.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

/// The best epoch so far.
struct Best {
    epoch: usize,
    score: f64,
    predictions: Vec<f64>,
    weights: Vec<Tensor>,
}

/// Trains `network` on the fold's training rows, in an order drawn anew each epoch from `seed`.
///
/// The loss is the mean squared error of the scaled trait plus the network's penalty. After each epoch
/// the validation rows are scored and `on_epoch` decides whether to go on. An epoch is the best where
/// its score improves on the best one's by more than `early_stopping.min_delta` (0 without early
/// stopping); its weights are put back at the end.
///
/// # Errors
/// Where a verdict was to stop, a loss is not finite, the metric is undefined, or candle refuses.
pub fn fit(
    network: &Network,
    data: &FoldData,
    spec: &TrainSpec,
    learning_rate: f64,
    metric: &Metric,
    seed: u64,
    on_epoch: &mut dyn FnMut(Epoch) -> Verdict,
) -> Result<Fit, TrainError> {
    let Some(optimizer) = find(OPTIMIZERS, &spec.optimizer) else {
        return Err(TrainError::Spec(format!("unknown optimizer `{}`", spec.optimizer)));
    };
    if spec.epochs == 0 || spec.batch == 0 {
        let TrainSpec { epochs, batch, .. } = spec;
        return Err(TrainError::Spec(format!("epochs {epochs} and batch {batch} must be at least 1")));
    }
    let mut optimizer = (optimizer.build)(learning_rate);
    let observed = data.dataset.target().of(&data.fold.validation);
    let mut rows = data.fold.train.clone();
    let mut rng = Rng::new(seed);
    let mut dropout = Rng::new(derive(seed, "dropout", 0));
    let mut batches = Batches::new(data, spec.batch);
    let (mut best, mut epochs) = (None::<Best>, 0);
    for epoch in 0..spec.epochs {
        let diverged = |what| TrainError::NotFinite { what, fold: data.number, epoch };
        rng.shuffle(&mut rows);
        let train_loss =
            finite(batches.train(network, &mut *optimizer, &rows, &mut dropout)?).map_err(diverged)?;
        let (scaled, validation_loss) =
            finite(batches.predict(network, &data.fold.validation)?).map_err(diverged)?;
        let predictions: Vec<f64> = scaled.iter().map(|p| data.trait_scaler.back(*p)).collect();
        let score = (metric.score)(&predictions, &observed);
        if !score.is_finite() {
            let rows = observed.len();
            return Err(TrainError::Undefined { metric: metric.name, fold: data.number, rows });
        }
        epochs = epoch + 1;
        if on_epoch(Epoch { epoch, train_loss, validation_loss, score }) == Verdict::Stop {
            return Err(TrainError::Stopped);
        }
        let stop = spec.early_stopping.as_ref();
        let min_delta = stop.map_or(0.0, |s| s.min_delta);
        match &best {
            Some(best) if gain(metric, score, best.score) <= min_delta => {
                if stop.is_some_and(|s| epoch - best.epoch >= s.patience) {
                    break;
                }
            }
            _ => best = Some(Best { epoch, score, predictions, weights: copy(network)? }),
        }
    }
    let Some(best) = best else {
        return Err(TrainError::Spec("no epoch was trained".into()));
    };
    for ((_, var), weights) in network.weights().iter().zip(&best.weights) {
        var.set(weights)?;
    }
    let scores = METRICS.iter().map(|m| (m.name.to_owned(), (m.score)(&best.predictions, &observed)));
    Ok(Fit {
        best_epoch: best.epoch,
        epochs,
        score: best.score,
        metrics: scores.filter(|(_, score)| score.is_finite()).collect(),
    })
}

fn finite<T>(pass: Pass<T>) -> Result<T, &'static str> {
    match pass {
        Pass::Finite(value) => Ok(value),
        Pass::NotFinite(what) => Err(what),
    }
}

/// How much better `score` is than `best`.
fn gain(metric: &Metric, score: f64, best: f64) -> f64 {
    metric.direction.cost(best) - metric.direction.cost(score)
}

fn copy(network: &Network) -> candle_core::Result<Vec<Tensor>> {
    network.weights().iter().map(|(_, var)| var.as_detached_tensor().copy()).collect()
}
