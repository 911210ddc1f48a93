//! One pass over rows, batch by batch.

use candle_core::{Result, Tensor};

use super::fit::FoldData;
use super::optimizer::Optimizer;
use crate::domain::seed::Rng;
use crate::model::Network;
use crate::model::layer::{self, Mode};

/// Decodes batches into one buffer that is used again and again.
pub struct Batches<'a> {
    data: &'a FoldData<'a>,
    size: usize,
    buffer: Vec<f32>,
}

/// Whether a pass ended with finite numbers.
pub enum Pass<T> {
    /// It did.
    Finite(T),
    /// It did not, and was left at once; the text names what was not finite.
    NotFinite(&'static str),
}

impl<'a> Batches<'a> {
    /// Batches of up to `size` rows.
    pub fn new(data: &'a FoldData<'a>, size: usize) -> Self {
        let longest = data.fold.train.len().max(data.fold.validation.len());
        let size = size.min(longest);
        Batches { data, size, buffer: vec![0.0; size * data.dataset.positions() * data.encoder.channels()] }
    }

    /// Genotypes `[rows, positions, channels]` and scaled trait values `[rows]`.
    fn decode(&mut self, rows: &[usize]) -> Result<(Tensor, Tensor)> {
        let FoldData { dataset, encoder, trait_scaler, device, .. } = self.data;
        let (positions, channels) = (dataset.positions(), encoder.channels());
        let values = &mut self.buffer[..rows.len() * positions * channels];
        dataset.decode(rows, encoder, values);
        let x = Tensor::from_slice(values, (rows.len(), positions, channels), device)?;
        let y = rows.iter().map(|r| trait_scaler.forward(dataset.target().values[*r]) as f32);
        Ok((x, Tensor::from_iter(y, device)?))
    }

    /// Trains on `rows` in their order, the last batch maybe smaller; the mean loss over the rows,
    /// each batch's as it was before its step, penalties included.
    pub fn train(
        &mut self,
        network: &Network,
        optimizer: &mut dyn Optimizer,
        rows: &[usize],
        rng: &mut Rng,
    ) -> Result<Pass<f64>> {
        let weights = network.trained();
        let mut total = 0.0;
        for rows in rows.chunks(self.size) {
            let (x, y) = self.decode(rows)?;
            let mut pass = layer::Pass::new(Mode::Train, rng);
            let mut loss = candle_nn::loss::mse(&network.forward(&x, &mut pass)?.squeeze(1)?, &y)?;
            for penalty in [network.penalty()?, pass.penalty()?].into_iter().flatten() {
                loss = (loss + penalty)?;
            }
            let value = f64::from(loss.to_scalar::<f32>()?);
            if !value.is_finite() {
                return Ok(Pass::NotFinite("training loss"));
            }
            total += value * rows.len() as f64;
            optimizer.step(&weights, &loss.backward()?)?;
        }
        Ok(Pass::Finite(total / rows.len() as f64))
    }

    /// Predictions of `rows` in the units of training, and their mean squared error, without penalties.
    pub fn predict(&mut self, network: &Network, rows: &[usize]) -> Result<Pass<(Vec<f64>, f64)>> {
        let mut predictions = Vec::with_capacity(rows.len());
        let mut squares = 0.0;
        for rows in rows.chunks(self.size) {
            let (x, y) = self.decode(rows)?;
            let mut rng = Rng::new(0);
            let mut pass = layer::Pass::new(Mode::Evaluate, &mut rng);
            let found = network.forward(&x, &mut pass)?.squeeze(1)?.to_vec1::<f32>()?;
            for (found, expected) in found.iter().zip(y.to_vec1::<f32>()?) {
                predictions.push(f64::from(*found));
                squares += (f64::from(*found) - f64::from(expected)).powi(2);
            }
        }
        let loss = squares / rows.len() as f64;
        if loss.is_finite() {
            Ok(Pass::Finite((predictions, loss)))
        } else {
            Ok(Pass::NotFinite("validation loss"))
        }
    }
}
