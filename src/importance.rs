//! What a trained network looks at: gradient × input (Shrikumar et al. 2017; Alexandari, Shrikumar &
//! Kundaje, section 3.2) and the weights of its output (Waldmann, Pfeiffer & Mészáros 2020, figure 1).

use std::path::Path;

use candle_core::{Result, Tensor, Var};

use crate::dataset::{Coding, MISSING};
use crate::domain::seed::Rng;
use crate::domain::trial::TrialId;
use crate::domain::value::Params;
use crate::model::Network;
use crate::model::layer::{Mode, Pass, Shape, covariate_tensor};
use crate::objective::CrossValidation;

/// Rows that go through a network at once.
const BATCH: usize = 64;

/// What one output of a trial's networks takes from each position, averaged over the folds' validation rows.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputImportance {
    /// The trait, label or class.
    pub name: String,
    /// Mean |gradient × input| of each position.
    pub magnitude: Vec<f64>,
    /// Mean gradient × input of each position.
    pub contribution: Vec<f64>,
    /// Of SNPs what one more copy of the counted allele adds: the regression of gradient × input on the
    /// dosage, over the rows whose genotype is known; 0 where all have the same.
    pub effect: Option<Vec<f64>>,
    /// Mean over the folds of the output's weights at each position, where the network has such.
    pub weights: Option<Vec<f64>>,
}

/// What each output of a trial takes from each position: of its network of each fold, with the weights in
/// `checkpoints`, on that fold's validation rows.
///
/// # Errors
/// Where weights are missing or not this trial's, or candle refuses.
pub fn of_trial(
    objective: &CrossValidation,
    params: &Params,
    checkpoints: &Path,
    trial: TrialId,
) -> std::result::Result<Vec<OutputImportance>, String> {
    let (dataset, target) = (&objective.dataset, objective.dataset.target());
    let plan = objective.plan(params)?;
    let mut importance = Importance::new(target.outputs(), dataset.positions());
    let mut profiles: Vec<Option<Vec<f64>>> = vec![None; target.outputs()];
    for (number, fold) in objective.folds.iter().enumerate() {
        let network = objective.restore(&plan, checkpoints, trial, number)?;
        let (encoder, trait_scaler) = objective.fitted(&plan, fold)?;
        let (unit, places) = (trait_scaler.sd, encoder.places());
        let mut pass = || -> Result<()> {
            for rows in fold.validation.chunks(BATCH) {
                let shape = (rows.len(), encoder.positions(), encoder.channels());
                let mut values = vec![0.0; shape.0 * shape.1 * shape.2];
                dataset.decode(rows, &encoder, &mut values);
                let x = Tensor::from_vec(values, shape, &objective.device)?;
                let covariates = encoder.covariates().apply(dataset.covariates(), rows);
                let covariates = covariate_tensor(&covariates, rows.len(), &objective.device)?;
                let seen = Seen { x, covariates, codes: &dataset.codes(rows), places: &places };
                importance.add(&network, seen, unit)?;
            }
            for (output, sum) in profiles.iter_mut().enumerate() {
                let Some(own) = output_profile(&network, output)? else { continue };
                let share = unit / objective.folds.len() as f64;
                let sum = sum.get_or_insert_with(|| vec![0.0; dataset.positions()]);
                places.iter().zip(own).for_each(|(place, own)| sum[*place] += share * own);
            }
            Ok(())
        };
        pass().map_err(|e| e.to_string())?;
    }
    let named = |output: usize| {
        let names = if target.outputs() == target.names.len() { &target.names } else { &target.classes };
        names.get(output).cloned().unwrap_or_default()
    };
    let outputs = profiles.into_iter().enumerate().map(|(output, weights)| OutputImportance {
        name: named(output),
        magnitude: importance.magnitude(output),
        contribution: importance.contribution(output),
        effect: (dataset.coding() == Coding::Dosages).then(|| importance.effect(output)),
        weights,
    });
    Ok(outputs.collect())
}

/// Gradient × input of each position, averaged over rows and summed over a position's channels.
#[derive(Debug, Clone, PartialEq)]
pub struct Importance {
    positions: usize,
    rows: usize,
    /// Outputs × positions: sums of gradient × input.
    signed: Vec<f64>,
    /// Outputs × positions: sums of |gradient × input|.
    absolute: Vec<f64>,
    /// For the regression on the code, over rows where it is known; each a value a position.
    codes: Codes,
    /// Outputs × positions: sums of gradient × input, and of its product with the code, over such rows.
    known: Vec<(f64, f64)>,
}

/// Of each position the number of rows whose code is known, the sum of the codes and of their squares.
type Codes = Vec<(f64, f64, f64)>;

/// Rows as a network sees them.
#[derive(Debug, Clone)]
pub struct Seen<'a> {
    /// `[rows, positions, channels]`.
    pub x: Tensor,
    /// `[rows, width]`, where there are any.
    pub covariates: Option<Tensor>,
    /// The codes of all the positions that are counted, row by row.
    pub codes: &'a [u8],
    /// For each position of `x` its place among those.
    pub places: &'a [usize],
}

impl Importance {
    /// Of nothing yet.
    pub fn new(outputs: usize, positions: usize) -> Self {
        let zeros = vec![0.0; outputs * positions];
        let (codes, known) = (vec![(0.0, 0.0, 0.0); positions], vec![(0.0, 0.0); outputs * positions]);
        Importance { positions, rows: 0, signed: zeros.clone(), absolute: zeros, codes, known }
    }

    /// Adds rows as `network` sees them. Gradients are of the network's raw outputs, times `unit`: what one of
    /// training's units is in the trait's.
    ///
    /// # Errors
    /// Where candle refuses.
    pub fn add(&mut self, network: &Network, seen: Seen<'_>, unit: f64) -> Result<()> {
        let Seen { x, covariates, codes, places } = seen;
        let (rows, positions, channels) = x.dims3()?;
        for row in codes.chunks_exact(self.positions) {
            for ((n, sum, squares), code) in self.codes.iter_mut().zip(row).filter(|(_, c)| **c != MISSING) {
                let code = f64::from(*code);
                (*n, *sum, *squares) = (*n + 1.0, *sum + code, *squares + code * code);
            }
        }
        let x = Var::from_tensor(&x)?;
        let mut rng = Rng::new(0);
        let y = network.forward(&x, &mut Pass::new(Mode::Evaluate, &mut rng).with_covariates(covariates))?;
        for output in 0..y.dim(1)? {
            // Rows do not see each other in evaluation, so the sum's gradient holds each row's own.
            let grads = y.narrow(1, output, 1)?.sum_all()?.backward()?;
            // A network that ignores its input has no gradient there: it contributes 0.
            let Some(gradient) = grads.get(&x) else { continue };
            let product = (gradient * x.as_tensor())?.flatten_all()?.to_vec1::<f32>()?;
            let own = output * self.positions..(output + 1) * self.positions;
            let (signed, absolute) = (&mut self.signed[own.clone()], &mut self.absolute[own.clone()]);
            let known = &mut self.known[own];
            let rows = product.chunks_exact(positions * channels).zip(codes.chunks_exact(self.positions));
            for (row, codes) in rows {
                for (place, values) in places.iter().zip(row.chunks_exact(channels)) {
                    let value = unit * values.iter().map(|v| f64::from(*v)).sum::<f64>();
                    signed[*place] += value;
                    absolute[*place] += value.abs();
                    if codes[*place] != MISSING {
                        known[*place].0 += value;
                        known[*place].1 += value * f64::from(codes[*place]);
                    }
                }
            }
        }
        self.rows += rows;
        Ok(())
    }

    /// The mean of gradient × input at each position: what it contributes on the whole. Of centred SNPs
    /// the contributions of the genotypes cancel; their sizes do not.
    pub fn contribution(&self, output: usize) -> Vec<f64> {
        self.mean(&self.signed, output)
    }

    /// The mean of |gradient × input| at each position: how much it matters.
    pub fn magnitude(&self, output: usize) -> Vec<f64> {
        self.mean(&self.absolute, output)
    }

    /// The slope of gradient × input on the code at each position: of a linear network of SNPs its weight a
    /// copy of the counted allele, whatever the encoding. 0 where the code is the same in all rows.
    pub fn effect(&self, output: usize) -> Vec<f64> {
        let own = &self.known[output * self.positions..(output + 1) * self.positions];
        let slope = |((value, product), (n, sum, squares)): (&(f64, f64), &(f64, f64, f64))| {
            let spread = n * squares - sum * sum;
            if spread > 0.0 { (n * product - value * sum) / spread } else { 0.0 }
        };
        own.iter().zip(&self.codes).map(slope).collect()
    }

    fn mean(&self, sums: &[f64], output: usize) -> Vec<f64> {
        let own = &sums[output * self.positions..(output + 1) * self.positions];
        own.iter().map(|sum| sum / self.rows.max(1) as f64).collect()
    }
}

/// Σ|w| of the weights between each input position and an output, where a network ends in a flattened
/// sequence and one dense layer: the sequence's positions are spread evenly over the input's, as the paper
/// maps weight index to SNP index. `None` for other networks.
///
/// # Errors
/// Where candle refuses.
pub fn output_profile(network: &Network, output: usize) -> Result<Option<Vec<f64>>> {
    let Some((Shape::Sequence { positions, channels }, kernel)) = network.readout() else { return Ok(None) };
    let weights =
        kernel.narrow(0, 0, positions * channels)?.narrow(1, output, 1)?.flatten_all()?.to_vec1::<f32>()?;
    let sums: Vec<f64> =
        weights.chunks_exact(channels).map(|w| w.iter().map(|w| f64::from(w.abs())).sum()).collect();
    let inputs = network.architecture().input().dims()[0];
    Ok(Some((0..inputs).map(|input| sums[input * positions / inputs]).collect()))
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::model::Architecture;
    use crate::model::layer::{Dense, Flatten, Regularize};

    /// A linear network of three positions, two channels and two outputs.
    fn linear() -> Network {
        let mut plan = Architecture::new(Shape::Sequence { positions: 3, channels: 2 });
        plan.push(Flatten).unwrap();
        plan.push(Dense { units: 2, regularize: Regularize::default() }).unwrap();
        let network = Network::new(plan, &mut Rng::new(1), &Device::Cpu).unwrap();
        let kernel: [[f32; 2]; 6] =
            [[1.0, 0.0], [2.0, 0.0], [0.0, 0.0], [-4.0, 0.5], [3.0, 0.0], [3.0, -1.0]];
        network.trained()[0].1.set(&Tensor::new(&kernel, &Device::Cpu).unwrap()).unwrap();
        network
    }

    #[test]
    fn a_linear_networks_gradient_times_input_is_weight_times_input() {
        let x = [[[1.0_f32, 1.0], [5.0, 1.0], [1.0, 0.0]], [[-1.0, -1.0], [5.0, 0.0], [1.0, 2.0]]];
        let x = Tensor::new(&x, &Device::Cpu).unwrap();
        let mut importance = Importance::new(2, 3);
        let codes = [2, 1, MISSING, 0, 1, 1];
        let seen = |x: &Tensor| Seen { x: x.clone(), covariates: None, codes: &codes, places: &[0, 1, 2] };
        importance.add(&linear(), seen(&x), 10.0).unwrap();
        assert_eq!(importance.contribution(0), [0.0, -20.0, 60.0]);
        assert_eq!(importance.magnitude(0), [30.0, 20.0, 60.0]);
        assert_eq!(importance.magnitude(1), [0.0, 2.5, 10.0]);
        // Between the dosages 0 and 2 of the first position the first output changes by 60.
        assert_eq!(importance.effect(0), [30.0, 0.0, 0.0], "one dosage or one known row has no slope");
        let mut preselected = Importance::new(2, 5);
        let codes = [2, 0, 0, 1, MISSING, 0, 0, 0, 1, 1];
        let seen = Seen { x, covariates: None, codes: &codes, places: &[0, 3, 4] };
        preselected.add(&linear(), seen, 10.0).unwrap();
        assert_eq!(preselected.contribution(0), [0.0, 0.0, 0.0, -20.0, 60.0], "at the markers' places");
        assert_eq!(preselected.effect(0), [30.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn the_outputs_weights_stand_at_their_positions() {
        assert_eq!(output_profile(&linear(), 0).unwrap().unwrap(), [3.0, 4.0, 6.0]);
        let mut plan = Architecture::new(Shape::Sequence { positions: 4, channels: 1 });
        plan.push(Flatten).unwrap();
        plan.push(Dense { units: 2, regularize: Regularize::default() }).unwrap();
        plan.push(Dense { units: 1, regularize: Regularize::default() }).unwrap();
        let deep = Network::new(plan, &mut Rng::new(1), &Device::Cpu).unwrap();
        assert_eq!(output_profile(&deep, 0).unwrap(), None, "a hidden layer hides the positions");
    }
}
