//! Centring and scaling, fitted on training rows only.

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
#[derive(Debug, Clone, PartialEq)]
pub struct Scaler {
    /// Mean dosage of each SNP.
    pub mean: Vec<f32>,
    /// 1 / standard deviation; 0 for a SNP that does not vary in the training rows.
    pub inverse_sd: Vec<f32>,
}

impl Scaler {
    /// Fits on `rows`, which must be the training rows.
    pub fn fit(dataset: &super::Dataset, rows: &[usize]) -> Self {
        let mut scaler = Scaler { mean: vec![], inverse_sd: vec![] };
        for j in 0..dataset.snps {
            let known: Vec<f64> = rows
                .iter()
                .map(|r| dataset.dosages[r * dataset.snps + j])
                .filter(|d| *d != super::MISSING)
                .map(f64::from)
                .collect();
            let n = known.len().max(1) as f64;
            let mean = known.iter().sum::<f64>() / n;
            let variance = known.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / n;
            scaler.mean.push(mean as f32);
            scaler.inverse_sd.push(if variance > 0.0 { (1.0 / variance.sqrt()) as f32 } else { 0.0 });
        }
        scaler
    }
}

/// The trait's centre and scale over the training rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TraitScaler {
    mean: f64,
    sd: f64,
}

impl TraitScaler {
    /// Fits on `rows` of `values`, which must be the training rows. A trait that does not vary there is
    /// only centred.
    pub fn fit(values: &[f64], rows: &[usize], scale: TraitScale) -> Self {
        let n = rows.len().max(1) as f64;
        let mean = rows.iter().map(|r| values[*r]).sum::<f64>() / n;
        let variance = rows.iter().map(|r| (values[*r] - mean).powi(2)).sum::<f64>() / n;
        let sd = match scale {
            TraitScale::Standardize if variance > 0.0 => variance.sqrt(),
            _ => 1.0,
        };
        TraitScaler { mean, sd }
    }

    /// From the trait's own units to those of training.
    pub fn forward(&self, value: f64) -> f64 {
        (value - self.mean) / self.sd
    }

    /// Back to the trait's own units.
    pub fn back(&self, value: f64) -> f64 {
        value * self.sd + self.mean
    }
}
