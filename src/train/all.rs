//! Training without validation rows, for a number of epochs that is known: of a model that is to be used.

use super::epoch::{Batches, Trainer};
use super::fit::{FoldData, TrainError, check_spec, criterion};
use super::spec::TrainSpec;
use crate::domain::objective::Verdict;
use crate::domain::seed::{Rng, derive};
use crate::model::Network;

/// Trains `network` on the fold's training rows for `epochs` epochs (but not more than the spec's) and leaves it
/// with the weights of the last. All is as in [`fit`](super::fit()), step by step, but nothing is scored: early
/// stopping has no say, a cosine goes down as it would over all epochs of the spec, and a plateau is one of the
/// training loss.
///
/// # Errors
/// Where a verdict was to stop, the loss is not finite, the spec does not suit data or network, or candle
/// refuses.
pub fn fit_all(
    network: &Network,
    data: &FoldData,
    spec: &TrainSpec,
    learning_rate: f64,
    epochs: usize,
    seed: u64,
    on_epoch: &mut dyn FnMut(usize) -> Verdict,
) -> Result<(), TrainError> {
    let joins = network.architecture().needs_batch();
    check_spec(spec, data.dataset.target().task, joins, data.fold.train.len())?;
    let criterion = criterion(data, spec)?;
    let mut batches = Batches::new(data, spec.batch, joins);
    let mut trainer = Trainer::new(network, &criterion, spec, learning_rate, batches.of_training(), seed);
    let mut rows = data.fold.train.clone();
    let mut order = Rng::new(derive(seed, "shuffle", 0));
    for epoch in 0..epochs.min(spec.epochs) {
        order.shuffle(&mut rows);
        let loss = batches.train(&mut trainer, &rows)?;
        if !loss.is_finite() {
            return Err(TrainError::Diverged { epoch });
        }
        trainer.pace.end_epoch(loss);
        if on_epoch(epoch) == Verdict::Stop {
            return Err(TrainError::Stopped);
        }
    }
    Ok(())
}
