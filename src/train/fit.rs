//! The epoch loop: train, validate, keep the best epoch, stop early.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};
use thiserror::Error;

use super::epoch::{Batches, Trainer};
use super::keeper::Keeper;
use super::loss::{Criterion, balanced, link};
use super::metric::{METRICS, Metric, Scored};
use super::snapshot::{Reader, Writer};
use super::spec::TrainSpec;
use crate::dataset::encode::Encoder;
use crate::dataset::fold::Fold;
use crate::dataset::scale::TraitScaler;
use crate::dataset::{Dataset, Target};
use crate::domain::objective::Verdict;
use crate::domain::seed::{Rng, derive};
use crate::domain::task::Task;
use crate::model::Network;

/// What a network is trained on. Encoder and scaler are fitted on the fold's training rows.
#[derive(Clone, Copy)]
pub struct FoldData<'a> {
    /// Genotypes and what is predicted.
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
    /// Mean over the training rows of the batches' losses (of the scaled trait; classes weighted, penalties
    /// included), each before its step: as Keras reports it.
    pub train_loss: f64,
    /// The mean loss over the validation rows, without penalties and weights of classes.
    pub validation_loss: f64,
    /// The study's metric over the validation rows, in the trait's own units.
    pub score: f64,
}

/// A trained network's figures. The network itself is left with the weights of the epoch that counts: the
/// best, or the last where `restore_best` is off.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The epoch that counts, from 0.
    pub best_epoch: usize,
    /// Epochs trained.
    pub epochs: usize,
    /// The study's metric at the epoch that counts.
    pub score: f64,
    /// Every metric of the task at the epoch that counts, by name; those undefined on these rows are left
    /// out.
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
    /// A training without validation rows diverged.
    #[error("the training loss of epoch {} is not finite: lower the learning rate", epoch + 1)]
    Diverged {
        /// From 0.
        epoch: usize,
    },
    /// The metric has no value on these rows, whatever is predicted.
    #[error(
        "the metric `{metric}` is undefined on fold {}: its {rows} validation rows have one trait \
         value or class; take another split or another metric",
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
    /// There is nothing to tell apart.
    #[error("all {rows} training rows of fold {} have `{name}` {class}: take another split", fold + 1)]
    OneClass {
        /// From 0.
        fold: usize,
        /// The trait or label.
        name: String,
        /// The class that all have.
        class: String,
        /// Training rows.
        rows: usize,
    },
    /// A layer needs more rows than a batch has.
    #[error("batch norm needs at least 2 rows a batch, but {what} 1: {remedy}, or leave batch norm out")]
    BatchOfOne {
        /// What is one row only.
        what: String,
        /// What to change.
        remedy: &'static str,
    },
    /// The training spec can't be followed.
    #[error("{0}")]
    Spec(String),
    /// The state that was kept can't be gone on from.
    #[error("{0}")]
    State(String),
    /// candle refused.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

/// Follows a training.
pub trait Watch {
    /// After each epoch: whether to go on.
    fn epoch(&mut self, figures: Epoch) -> Verdict;

    /// Whether the state after so many epochs is to be kept.
    fn keeps(&self, _epochs: usize) -> bool {
        false
    }

    /// Takes the state, before the epoch is told of.
    fn keep(&mut self, _state: Writer) {}
}

struct Plain<'a>(&'a mut dyn FnMut(Epoch) -> Verdict);

impl Watch for Plain<'_> {
    fn epoch(&mut self, figures: Epoch) -> Verdict {
        (self.0)(figures)
    }
}

/// Trains `network` on the fold's training rows, in an order drawn anew each epoch; order and dropout are
/// drawn from `seed`.
///
/// After each epoch the validation rows are scored and `on_epoch` decides whether to go on. An epoch is the
/// best where what early stopping monitors (the score, without early stopping) improves on the best one's by
/// more than `min_delta` (0).
///
/// # Errors
/// Where a verdict was to stop, a loss is not finite, the metric is undefined, the spec does not suit data or
/// network, or candle refuses.
pub fn fit(
    network: &Network,
    data: &FoldData,
    spec: &TrainSpec,
    learning_rate: f64,
    metric: &Metric,
    seed: u64,
    on_epoch: &mut dyn FnMut(Epoch) -> Verdict,
) -> Result<Fit, TrainError> {
    fit_watched(network, data, spec, (learning_rate, seed), metric, &mut Plain(on_epoch), None)
}

/// As [`fit`], from learning rate and seed, and going on from the state that was kept after a number of
/// epochs, where there is one.
///
/// # Errors
/// As [`fit`], and [`TrainError::State`].
pub fn fit_watched(
    network: &Network,
    data: &FoldData,
    spec: &TrainSpec,
    (learning_rate, seed): (f64, u64),
    metric: &Metric,
    watch: &mut dyn Watch,
    state: Option<(Reader, usize)>,
) -> Result<Fit, TrainError> {
    let target = data.dataset.target();
    let joins = network.architecture().needs_batch();
    check_fold(data.dataset, data.number, data.fold, metric)?;
    check_spec(spec, target.task, joins, data.fold.train.len())?;
    let criterion = criterion(data, spec)?;
    let mut keeper = Keeper::new(spec, metric)?;
    let mut batches = Batches::new(data, spec.batch, joins);
    let mut trainer = Trainer::new(network, &criterion, spec, learning_rate, batches.of_training(), seed);
    let Fold { train, validation } = data.fold;
    let observed = target.of(validation);
    let mut rows = train.clone();
    let mut order = Rng::new(derive(seed, "shuffle", 0));
    let (mut epochs, mut verdict) = (0, Verdict::Continue);
    if let Some((mut state, trained)) = state {
        (epochs, verdict) =
            (trained, resume(&mut state, &mut trainer, &mut keeper).map_err(TrainError::State)?);
        (0..epochs).for_each(|_| order.shuffle(&mut rows));
    }
    while epochs < spec.epochs && verdict == Verdict::Continue {
        let epoch = epochs;
        let finite = |what, value: f64| {
            let error = TrainError::NotFinite { what, fold: data.number, epoch };
            if value.is_finite() { Ok(value) } else { Err(error) }
        };
        order.shuffle(&mut rows);
        let train_loss = finite("training loss", batches.train(&mut trainer, &rows)?)?;
        let (raw, validation_loss) = batches.predict(network, &criterion, validation)?;
        let validation_loss = finite("validation loss", validation_loss)?;
        let predicted = link(target.task, criterion.outputs, &raw);
        let predicted: Vec<f64> = predicted.iter().map(|p| data.trait_scaler.back(*p)).collect();
        let score = (metric.score)(&scored(target, &predicted, &observed));
        if !score.is_finite() {
            let rows = validation.len();
            return Err(TrainError::Undefined { metric: metric.name, fold: data.number, rows });
        }
        epochs = epoch + 1;
        let figures = Epoch { epoch, train_loss, validation_loss, score };
        trainer.pace.end_epoch(validation_loss);
        verdict = keeper.take(&figures, predicted, network)?;
        if watch.keeps(epochs) {
            let mut state = Writer::new(seed, epochs);
            suspend(&mut state, verdict, &trainer, &keeper)?;
            watch.keep(state);
        }
        if watch.epoch(figures) == Verdict::Stop {
            return Err(TrainError::Stopped);
        }
    }
    let kept = keeper.restore(network)?;
    let metrics = metrics(target, &kept.predicted, validation);
    Ok(Fit { best_epoch: kept.epoch, epochs, score: kept.score, metrics })
}

/// Takes down all that decides how a training goes on; the order of the rows follows from the seed.
fn suspend(to: &mut Writer, verdict: Verdict, trainer: &Trainer, keeper: &Keeper) -> candle_core::Result<()> {
    to.whole(u64::from(verdict == Verdict::Stop));
    for (_, var) in trainer.network.weights() {
        to.singles(&var.flatten_all()?.to_vec1::<f32>()?);
    }
    trainer.pace.write(to);
    trainer.optimizer.write(to);
    trainer.dropout.state().into_iter().for_each(|word| to.whole(word));
    keeper.write(to)
}

/// Takes up what [`suspend`] took down; the verdict is early stopping's.
fn resume(from: &mut Reader, trainer: &mut Trainer, keeper: &mut Keeper) -> Result<Verdict, String> {
    let ended = from.whole()? == 1;
    let weights = trainer.network.weights();
    for (_, var) in &weights {
        let values = from.singles(var.elem_count())?;
        let values = Tensor::from_vec(values, var.shape(), var.device());
        values.and_then(|values| var.set(&values)).map_err(|e| e.to_string())?;
    }
    trainer.pace.read(from)?;
    trainer.optimizer.read(from, trainer.pace.taken(), &trainer.network.trained())?;
    let words = [from.whole()?, from.whole()?, from.whole()?, from.whole()?];
    trainer.dropout = Rng::at(words);
    keeper.read(from, &weights)?;
    from.end()?;
    Ok(if ended { Verdict::Stop } else { Verdict::Continue })
}

/// Every metric of the task, by name, of predictions (rows × outputs) for `rows`; those undefined on these rows are
/// left out.
pub fn metrics(target: &Target, predicted: &[f64], rows: &[usize]) -> BTreeMap<String, f64> {
    let observed = target.of(rows);
    let scored = scored(target, predicted, &observed);
    let metrics = METRICS.iter().filter(|m| m.suits(target.task));
    let metrics = metrics.map(|m| (m.name.to_owned(), (m.score)(&scored)));
    metrics.filter(|(_, score)| score.is_finite()).collect()
}

fn scored<'a>(target: &Target, predicted: &'a [f64], observed: &'a [f64]) -> Scored<'a> {
    Scored { task: target.task, outputs: target.outputs(), predicted, observed }
}

/// Whether fold `number` can be trained and scored on, whatever the network: there are classes to tell apart,
/// and the metric has a value on the validation rows.
///
/// # Errors
/// What stands in the way, with its remedy.
pub fn check_fold(dataset: &Dataset, number: usize, fold: &Fold, metric: &Metric) -> Result<(), TrainError> {
    let target = dataset.target();
    let counts = target.class_counts(&fold.train);
    for (counts, name) in counts.iter().zip(&target.names) {
        let mut there = (0..counts.len()).filter(|class| counts[*class] > 0);
        if let (Some(class), None) = (there.next(), there.next()) {
            let class = target.classes.get(class).map_or_else(|| class.to_string(), |c| format!("`{c}`"));
            let (fold, rows) = (number, fold.train.len());
            return Err(TrainError::OneClass { fold, name: name.clone(), class, rows });
        }
    }
    // A metric that has no value of a perfect prediction has none of any.
    let observed = target.of(&fold.validation);
    let perfect = match target.task {
        Task::MultiClass => {
            let one_hot = |class: usize| (0..target.outputs()).map(move |k| f64::from(u8::from(k == class)));
            observed.iter().flat_map(|class| one_hot(*class as usize)).collect()
        }
        Task::Regression | Task::Binary | Task::MultiLabel => observed.clone(),
    };
    if (metric.score)(&scored(target, &perfect, &observed)).is_nan() {
        let rows = fold.validation.len();
        return Err(TrainError::Undefined { metric: metric.name, fold: number, rows });
    }
    Ok(())
}

/// Whether training so suits the task and the network, whose smallest fold has `rows` to train on.
///
/// # Errors
/// What stands in the way, with its remedy.
pub fn check_spec(spec: &TrainSpec, task: Task, needs_batch: bool, rows: usize) -> Result<(), TrainError> {
    spec.loss(task).map_err(TrainError::Spec)?;
    if needs_batch && rows < 2 {
        let what = "the training rows of a fold are".into();
        return Err(TrainError::BatchOfOne { what, remedy: "take another split" });
    }
    if needs_batch && spec.batch < 2 {
        return Err(TrainError::BatchOfOne { what: "`train.batch` is".into(), remedy: "raise it" });
    }
    Ok(())
}

/// The loss on this fold's rows.
pub(super) fn criterion(data: &FoldData, spec: &TrainSpec) -> Result<Criterion, TrainError> {
    let target = data.dataset.target();
    let loss = spec.loss(target.task).map_err(TrainError::Spec)?;
    let weights = if spec.balanced { balanced(&target.class_counts(&data.fold.train)) } else { Vec::new() };
    let (task, outputs) = (target.task, target.outputs());
    Ok(Criterion { loss, task, outputs, delta: spec.huber_delta, weights })
}
