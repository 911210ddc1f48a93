//! What trained networks say, and what they say on average.

use candle_core::{Device, Tensor};

use crate::dataset::Dataset;
use crate::dataset::encode::Encoder;
use crate::dataset::scale::TraitScaler;
use crate::domain::seed::Rng;
use crate::domain::task::Task;
use crate::model::Network;
use crate::model::layer::{Mode, Pass, covariate_tensor};
use crate::train::loss::link;

/// Rows that go through a network at once. Part of the promise that the same genotypes are predicted alike, bit
/// for bit: products of matrices of other sizes may round otherwise.
pub const BATCH: usize = 64;

/// The predictions of a network for `rows`, rows × outputs: in the trait's units, or probabilities. It sees them as
/// its encoder and scaler, fitted on its training rows, say.
///
/// # Errors
/// Where candle refuses.
pub fn outputs(
    network: &Network,
    (encoder, scaler): (&Encoder, TraitScaler),
    task: Task,
    dataset: &Dataset,
    rows: &[usize],
) -> candle_core::Result<Vec<f64>> {
    let (positions, channels) = (encoder.positions(), encoder.channels());
    let outputs = network.architecture().output().size();
    let mut predicted = Vec::with_capacity(rows.len() * outputs);
    // Nothing is drawn in evaluation.
    let mut rng = Rng::new(0);
    for rows in rows.chunks(BATCH) {
        let mut values = vec![0.0; rows.len() * positions * channels];
        dataset.decode(rows, encoder, &mut values);
        let x = Tensor::from_vec(values, (rows.len(), positions, channels), &Device::Cpu)?;
        let covariates = encoder.covariates().apply(dataset.covariates(), rows);
        let covariates = covariate_tensor(&covariates, rows.len(), &Device::Cpu)?;
        let mut pass = Pass::new(Mode::Evaluate, &mut rng).with_covariates(covariates);
        let raw = network.forward(&x, &mut pass)?;
        let raw: Vec<f64> = raw.flatten_all()?.to_vec1::<f32>()?.into_iter().map(f64::from).collect();
        predicted.extend(link(task, outputs, &raw).into_iter().map(|p| scaler.back(p)));
    }
    Ok(predicted)
}

/// Running sums of the members' predictions.
#[derive(Debug, Clone, Default)]
pub struct Average {
    members: usize,
    mean: Vec<f64>,
    /// Sums of squared deviations from the mean (Welford 1962).
    squares: Vec<f64>,
}

impl Average {
    /// Takes the predictions of one more member in; all have as many.
    pub fn add(&mut self, predicted: &[f64]) {
        if self.members == 0 {
            (self.mean, self.squares) = (vec![0.0; predicted.len()], vec![0.0; predicted.len()]);
        }
        self.members += 1;
        for ((mean, squares), value) in self.mean.iter_mut().zip(&mut self.squares).zip(predicted) {
            let before = value - *mean;
            *mean += before / self.members as f64;
            *squares += before * (value - *mean);
        }
    }

    /// The mean over the members.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The standard deviation over the members; `None` of one.
    pub fn spread(&self) -> Option<Vec<f64>> {
        let n = (self.members as f64) - 1.0;
        (self.members > 1).then(|| self.squares.iter().map(|s| (s / n).max(0.0).sqrt()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_the_sample_deviation_over_members() {
        let mut average = Average::default();
        average.add(&[1.0, 5.0]);
        assert_eq!((average.mean(), average.spread()), (&[1.0, 5.0][..], None));
        average.add(&[3.0, 5.0]);
        average.add(&[8.0, 5.0]);
        assert_eq!(average.mean(), [4.0, 5.0]);
        assert_eq!(average.spread().unwrap(), [13.0_f64.sqrt(), 0.0]);
    }
}
