//! Centring and scaling of traits, fitted on training rows only.

use super::Target;
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
    use super::*;

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
