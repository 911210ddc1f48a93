//! One pass over rows, batch by batch.

use candle_core::{Result, Tensor};

use super::fit::FoldData;
use super::loss::Criterion;
use super::optimizer::Optimizer;
use super::schedule::{Clip, Pace};
use super::spec::TrainSpec;
use crate::domain::seed::{Rng, derive};
use crate::model::Network;
use crate::model::layer::{Mode, Pass, covariate_tensor};

/// Decodes batches into one buffer that is used again and again.
pub struct Batches<'a> {
    data: &'a FoldData<'a>,
    size: usize,
    /// Whether a network can't be trained on a batch of one row.
    joins: bool,
    buffer: Vec<f32>,
}

/// Rows as a network takes them.
pub struct Batch {
    /// Genotypes `[rows, positions, channels]`.
    pub x: Tensor,
    /// Covariates `[rows, width]`.
    pub covariates: Option<Tensor>,
    /// Rows × columns, in the units of training.
    pub targets: Vec<f64>,
}

/// What changes a network's weights.
pub struct Trainer<'a> {
    pub network: &'a Network,
    pub criterion: &'a Criterion,
    pub optimizer: Box<dyn Optimizer>,
    pub pace: Pace,
    pub clip: Clip,
    /// Draws what dropout drops.
    pub dropout: Rng,
}

impl<'a> Trainer<'a> {
    /// Of `network` at its first step; an epoch has `batches`, and dropout is drawn from `seed`.
    pub fn new(
        network: &'a Network,
        criterion: &'a Criterion,
        spec: &TrainSpec,
        learning_rate: f64,
        batches: usize,
        seed: u64,
    ) -> Self {
        Trainer {
            network,
            criterion,
            optimizer: spec.optimizer(),
            pace: Pace::new(spec.schedule, learning_rate, spec.epochs.saturating_mul(batches)),
            clip: spec.clip,
            dropout: Rng::new(derive(seed, "dropout", 0)),
        }
    }

    /// One step on a batch; its loss as it was before, penalties included. Where that is not finite there is
    /// no step.
    pub fn step(&mut self, batch: Batch) -> Result<f64> {
        let Batch { x, covariates, targets } = batch;
        let mut pass = Pass::new(Mode::Train, &mut self.dropout).with_covariates(covariates);
        let raw = self.network.forward(&x, &mut pass)?;
        let (mut loss, slope) = self.criterion.batch(&numbers(&raw)?, &targets);
        // Not the loss, but its gradient by the raw outputs is the loss's own.
        let mut follow = (&raw * Tensor::from_vec(slope, raw.shape(), raw.device())?)?.sum_all()?;
        for penalty in [self.network.penalty()?, pass.penalty()?].into_iter().flatten() {
            loss += f64::from(penalty.to_scalar::<f32>()?);
            follow = (follow + penalty)?;
        }
        if !loss.is_finite() {
            return Ok(loss);
        }
        let gradients = follow.backward()?;
        let weights = self.network.trained();
        let gradients = weights.iter().map(|(_, var)| gradients.get(var).cloned()).collect();
        self.optimizer.step(&weights, &self.clip.apply(gradients)?, self.pace.next_step())?;
        Ok(loss)
    }
}

/// `rows` in batches of `size`, the last maybe smaller; one of a single row `joins` the batch before it.
fn split(rows: &[usize], size: usize, joins: bool) -> Vec<&[usize]> {
    let mut batches: Vec<&[usize]> = rows.chunks(size).collect();
    if joins && batches.len() > 1 && batches.last().is_some_and(|b| b.len() == 1) {
        batches.truncate(batches.len() - 2);
        batches.push(&rows[batches.len() * size..]);
    }
    batches
}

impl<'a> Batches<'a> {
    /// Batches of up to `size` rows, where a network `joins` up to one more.
    pub fn new(data: &'a FoldData<'a>, size: usize, joins: bool) -> Self {
        let longest = data.fold.train.len().max(data.fold.validation.len());
        let size = size.min(longest);
        let values = data.encoder.width();
        Batches { data, size, joins, buffer: vec![0.0; (size + usize::from(joins)) * values] }
    }

    /// How many batches the training rows make.
    pub fn of_training(&self) -> usize {
        split(&self.data.fold.train, self.size, self.joins).len()
    }

    fn decode(&mut self, rows: &[usize]) -> Result<Batch> {
        let FoldData { dataset, encoder, trait_scaler, device, .. } = self.data;
        let shape = (rows.len(), encoder.positions(), encoder.channels());
        let values = &mut self.buffer[..shape.0 * shape.1 * shape.2];
        dataset.decode(rows, encoder, values);
        let targets = dataset.target().of(rows).into_iter().map(|y| trait_scaler.forward(y));
        let covariates = encoder.covariates().apply(dataset.covariates(), rows);
        Ok(Batch {
            x: Tensor::from_slice(values, shape, device)?,
            covariates: covariate_tensor(&covariates, rows.len(), device)?,
            targets: targets.collect(),
        })
    }

    /// Trains on `rows` in their order; the mean loss over the rows, each batch's as it was before its step,
    /// penalties included. Where a batch's loss is not finite it is returned at once.
    pub fn train(&mut self, trainer: &mut Trainer, rows: &[usize]) -> Result<f64> {
        let mut total = 0.0;
        for rows in split(rows, self.size, self.joins) {
            let loss = trainer.step(self.decode(rows)?)?;
            if !loss.is_finite() {
                return Ok(loss);
            }
            total += loss * rows.len() as f64;
        }
        Ok(total / rows.len() as f64)
    }

    /// Raw outputs of `rows`, rows × outputs, and their mean loss without penalties and weights of classes.
    pub fn predict(
        &mut self,
        network: &Network,
        criterion: &Criterion,
        rows: &[usize],
    ) -> Result<(Vec<f64>, f64)> {
        // Nothing is drawn in evaluation.
        let mut rng = Rng::new(0);
        let (mut outputs, mut total) = (Vec::with_capacity(rows.len() * criterion.outputs), 0.0);
        for rows in rows.chunks(self.size) {
            let Batch { x, covariates, targets } = self.decode(rows)?;
            let mut pass = Pass::new(Mode::Evaluate, &mut rng).with_covariates(covariates);
            let raw = numbers(&network.forward(&x, &mut pass)?)?;
            total += criterion.mean(&raw, &targets) * rows.len() as f64;
            outputs.extend(raw);
        }
        Ok((outputs, total / rows.len() as f64))
    }
}

fn numbers(tensor: &Tensor) -> Result<Vec<f64>> {
    Ok(tensor.flatten_all()?.to_vec1::<f32>()?.into_iter().map(f64::from).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn batches_are_whole_and_no_row_stays_alone_where_it_must_not(
            n in 1..60_usize, size in 2..20_usize, joins: bool,
        ) {
            let rows: Vec<usize> = (0..n).collect();
            let batches = split(&rows, size, joins);
            prop_assert_eq!(&batches.concat(), &rows);
            let lone = batches.iter().filter(|b| b.len() == 1).count();
            prop_assert_eq!(lone, usize::from(n == 1 || n % size == 1 && !joins));
            prop_assert!(batches.iter().all(|b| b.len() <= size + usize::from(joins)));
        }
    }
}
