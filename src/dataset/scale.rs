//! Centring and scaling of dosages and traits, fitted on training rows only.

use serde::{Deserialize, Serialize};

use super::matrix::CodeCounts;
use super::{Dataset, MISSING, Target};
use crate::domain::task::Task;

/// What is done to the trait before training: `data.trait_scale` of the study file. Scores are always
/// in the trait's own units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraitScale {
    /// Mean 0 (seed 001's scheme: penalties are then in the trait's own units).
    Center,
    /// Mean 0 and standard deviation 1, so that learning rates and penalties suit any trait.
    Standardize,
}

/// Mean and inverse standard deviation of each SNP over the training rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scaler {
    /// Mean dosage of each SNP.
    pub mean: Vec<f32>,
    /// 1 / standard deviation; 0 for a SNP that does not vary in the training rows.
    pub inverse_sd: Vec<f32>,
}

impl Scaler {
    /// Fits on `rows`, which must be the training rows; missing genotypes are left out.
    pub fn fit(dataset: &Dataset, rows: &[usize]) -> Self {
        let (mean, inverse_sd) = dataset.matrix.counts(rows).iter().map(moments).unzip();
        Scaler { mean, inverse_sd }
    }

    /// Standardises the codes of one individual; a missing genotype becomes the mean, which is 0 then.
    pub(super) fn apply(&self, codes: &[u8], out: &mut [f32]) {
        let snps = codes.iter().zip(self.mean.iter().zip(&self.inverse_sd));
        for (x, (code, (mean, inverse_sd))) in out.iter_mut().zip(snps) {
            *x = if *code == MISSING { 0.0 } else { (f32::from(*code) - mean) * inverse_sd };
        }
    }
}

/// Mean and inverse standard deviation (population, with n below) of one SNP, in exact integers up to
/// the last division.
fn moments(&[none, one, two, ..]: &CodeCounts) -> (f32, f32) {
    let n = u64::from(none) + u64::from(one) + u64::from(two);
    let sum = u64::from(one) + 2 * u64::from(two);
    let squares = u64::from(one) + 4 * u64::from(two);
    // n² times the variance; never negative, by Cauchy and Schwarz.
    let spread = n * squares - sum * sum;
    let mean = sum as f64 / n.max(1) as f64;
    let inverse_sd = if spread > 0 { n as f64 / (spread as f64).sqrt() } else { 0.0 };
    (mean as f32, inverse_sd as f32)
}

/// Takes the trait to the scale of training and back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TraitScaler {
    /// What is subtracted: the mean of the training rows.
    pub mean: f64,
    /// What is then divided by: 1, or the standard deviation of the training rows.
    pub sd: f64,
}

impl TraitScaler {
    /// Fits on `rows`, which must be the training rows. Where they do not differ the standard deviation
    /// is 1. Classes and labels stay as they are.
    pub fn fit(target: &Target, rows: &[usize], scale: TraitScale) -> Self {
        if target.task != Task::Regression {
            return TraitScaler { mean: 0.0, sd: 1.0 };
        }
        let values = &target.values;
        let n = rows.len().max(1) as f64;
        let mean = rows.iter().map(|r| values[*r]).sum::<f64>() / n;
        let variance = rows.iter().map(|r| (values[*r] - mean).powi(2)).sum::<f64>() / n;
        let standardised = scale == TraitScale::Standardize && variance > 0.0;
        TraitScaler { mean, sd: if standardised { variance.sqrt() } else { 1.0 } }
    }

    /// From the trait's own units to the scale of training.
    pub fn forward(&self, value: f64) -> f64 {
        (value - self.mean) / self.sd
    }

    /// From the scale of training to the trait's own units.
    pub fn back(&self, value: f64) -> f64 {
        value * self.sd + self.mean
    }
}

#[cfg(test)]
mod tests {
    use super::super::encode::Encoder;
    use super::*;

    #[test]
    fn fitting_uses_the_training_rows_alone_and_leaves_missing_genotypes_out() {
        // Four individuals; the last is not in training and would change every number.
        let dosages = vec![0, 1, MISSING, 2, 1, MISSING, 2, 1, 1, 0, 0, 2];
        let dataset = Dataset::from_dosages(3, dosages, vec![1.0, 2.0, 3.0, 100.0]);
        let scaler = Scaler::fit(&dataset, &[0, 1, 2]);
        assert_eq!(scaler.mean, [4.0 / 3.0, 1.0, 1.0]);
        let sd = (8.0_f32 / 9.0).sqrt();
        assert!((scaler.inverse_sd[0] - 1.0 / sd).abs() < 1e-6);
        assert_eq!(scaler.inverse_sd[1..], [0.0, 0.0], "does not vary in training");
        let mut out = vec![f32::NAN; 6];
        dataset.decode(&[3, 0], &Encoder::Additive(scaler), &mut out);
        assert!((out[0] + 4.0 / 3.0 / sd).abs() < 1e-6);
        assert_eq!(out[5], 0.0, "missing is the mean");
    }

    #[test]
    fn the_trait_goes_there_and_back_and_a_constant_one_stays_finite() {
        let values = Target::quantity("y", vec![2.0, 4.0, 6.0, 1000.0]);
        let scaler = TraitScaler::fit(&values, &[0, 1, 2], TraitScale::Standardize);
        assert_eq!(scaler.mean, 4.0);
        assert!((scaler.sd - (8.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!((scaler.back(scaler.forward(17.5)) - 17.5).abs() < 1e-12);
        let center = TraitScaler::fit(&values, &[0, 1, 2], TraitScale::Center);
        assert_eq!((center.forward(6.0), center.sd), (2.0, 1.0));
        let constant = Target::quantity("y", vec![5.0, 5.0]);
        let constant = TraitScaler::fit(&constant, &[0, 1], TraitScale::Standardize);
        assert_eq!((constant.forward(5.0), constant.forward(6.0)), (0.0, 1.0));
        let classes = Target { task: Task::Binary, ..values };
        assert_eq!(TraitScaler::fit(&classes, &[0, 1, 2], TraitScale::Standardize).forward(1.0), 1.0);
    }
}
