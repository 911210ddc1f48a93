//! Which epoch of a training counts: the best, or the last.

use candle_core::{Tensor, Var};

use super::fit::{Epoch, TrainError};
use super::metric::Metric;
use super::snapshot::{Reader, Writer};
use super::spec::{Monitor, TrainSpec};
use crate::domain::direction::Direction;
use crate::domain::objective::Verdict;
use crate::model::Network;

/// Remembers the epoch that counts.
pub struct Keeper<'a> {
    spec: &'a TrainSpec,
    direction: Direction,
    /// The best epoch and what it cost: the smaller the better.
    best: Option<(usize, f64)>,
    kept: Option<Kept>,
}

/// The epoch that counts.
pub struct Kept {
    pub epoch: usize,
    pub score: f64,
    pub predicted: Vec<f64>,
    /// Copied only where a later epoch would overwrite them.
    weights: Vec<Tensor>,
}

impl<'a> Keeper<'a> {
    /// Of no epoch yet.
    ///
    /// # Errors
    /// Where the metric has no direction.
    pub fn new(spec: &'a TrainSpec, metric: &Metric) -> Result<Self, TrainError> {
        let Some(direction) = metric.direction else {
            let name = metric.name;
            return Err(TrainError::Spec(format!(
                "the metric `{name}` can't tell a better epoch from a worse one"
            )));
        };
        Ok(Keeper { spec, direction, best: None, kept: None })
    }

    /// Takes an epoch in; the verdict is early stopping's.
    ///
    /// # Errors
    /// Where candle can't copy the weights.
    pub fn take(
        &mut self,
        figures: &Epoch,
        predicted: Vec<f64>,
        network: &Network,
    ) -> Result<Verdict, TrainError> {
        let stop = self.spec.early_stopping;
        let cost = match stop.map_or(Monitor::Score, |stop| stop.monitor) {
            Monitor::Score => self.direction.cost(figures.score),
            Monitor::ValidationLoss => figures.validation_loss,
            Monitor::TrainingLoss => figures.train_loss,
        };
        let min_delta = stop.map_or(0.0, |stop| stop.min_delta);
        let waited = match self.best {
            Some((epoch, best)) if best - cost <= min_delta => figures.epoch - epoch,
            _ => 0,
        };
        if waited == 0 {
            self.best = Some((figures.epoch, cost));
        }
        if waited == 0 || !self.spec.restore_best {
            let weights = if self.spec.restore_best { copy(network)? } else { Vec::new() };
            self.kept = Some(Kept { epoch: figures.epoch, score: figures.score, predicted, weights });
        }
        let out = stop.is_some_and(|stop| waited > 0 && waited >= stop.patience);
        Ok(if out { Verdict::Stop } else { Verdict::Continue })
    }

    /// Takes down what it remembers.
    ///
    /// # Errors
    /// Where candle can't read the weights.
    pub fn write(&self, to: &mut Writer) -> candle_core::Result<()> {
        let (Some((best, cost)), Some(kept)) = (self.best, &self.kept) else { return Ok(()) };
        to.whole(best as u64);
        to.real(cost);
        to.whole(kept.epoch as u64);
        to.real(kept.score);
        to.reals(&kept.predicted);
        kept.weights.iter().try_for_each(|w| {
            to.singles(&w.flatten_all()?.to_vec1::<f32>()?);
            Ok(())
        })
    }

    /// Takes up what [`write`](Self::write) took down after an epoch; `network` has the shapes.
    ///
    /// # Errors
    /// Where that is not what stands there.
    pub fn read(&mut self, from: &mut Reader, network: &[(String, Var)]) -> Result<(), String> {
        self.best = Some((from.count()?, from.real()?));
        let (epoch, score, predicted) = (from.count()?, from.real()?, from.reals()?);
        let weights = network.iter().take(if self.spec.restore_best { network.len() } else { 0 });
        let tensor = |(_, var): &(String, Var)| {
            let values = from.singles(var.elem_count())?;
            Tensor::from_vec(values, var.shape(), var.device()).map_err(|e| e.to_string())
        };
        let weights = weights.map(tensor).collect::<Result<_, String>>()?;
        self.kept = Some(Kept { epoch, score, predicted, weights });
        Ok(())
    }

    /// The epoch that counts, its weights back in the network.
    ///
    /// # Errors
    /// Where no epoch was trained, or candle can't set the weights.
    pub fn restore(self, network: &Network) -> Result<Kept, TrainError> {
        let kept = self.kept.ok_or_else(|| TrainError::Spec("no epoch was trained".into()))?;
        for ((_, var), weights) in network.weights().iter().zip(&kept.weights) {
            var.set(weights)?;
        }
        Ok(kept)
    }
}

fn copy(network: &Network) -> candle_core::Result<Vec<Tensor>> {
    network.weights().iter().map(|(_, var)| var.as_detached_tensor().copy()).collect()
}
