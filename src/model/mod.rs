//! Networks and their search spaces.

pub mod cnn;
pub mod init;

use candle_core::{Device, Tensor, Var};
use thiserror::Error;

use crate::domain::seed::Rng;
use crate::domain::setting::{Accepts, Preset, Setting, Settings};
use crate::domain::table::Row;

/// The shape of a network's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input {
    /// Positions along the genome.
    pub snps: usize,
    /// Values at each position.
    pub channels: usize,
}

/// One line of a network's summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// Its output's shape, without the batch.
    pub output: Vec<usize>,
    /// Its trained weights.
    pub weights: usize,
}

/// Why a network can't be built from its settings.
#[derive(Debug, Error)]
pub enum ModelError {
    /// The settings contradict the input; the text names both.
    #[error("{0}")]
    Shape(String),
    /// candle refused.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

/// A network that predicts one value an individual.
pub trait Network: Send {
    /// Predictions, of shape `[batch]`, from `x` of shape `[batch, SNPs, channels]`.
    ///
    /// # Errors
    /// Where candle refuses.
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor>;

    /// What is added to the batch's mean loss, such as an L1 norm; a scalar.
    ///
    /// # Errors
    /// Where candle refuses.
    fn penalty(&self) -> candle_core::Result<Option<Tensor>>;

    /// The trained weights by name.
    fn weights(&self) -> Vec<(String, Var)>;

    /// Its layers, input to output.
    fn summary(&self) -> Vec<Layer>;
}

/// A row of the table of models: builds a network with weights drawn from the generator.
pub type ModelRow = Row<fn(&Settings, Input, &mut Rng, &Device) -> Result<Box<dyn Network>, ModelError>>;

/// Every model.
pub const MODELS: &[ModelRow] = &[cnn::ROW];

/// The parameter that every model has besides its own settings.
pub const LEARNING_RATE: Setting = Setting::new(
    "learning_rate",
    Accepts::Float { min: 1e-9, max: 10.0 },
    Preset::SearchFloat { low: 1e-4, high: 1e-2, log: true },
    "step size of the optimizer",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::value::Value;

    const INPUT: Input = Input { snps: 61, channels: 1 };

    /// The smallest accepted value of what is searched, but kernels and filters of a few.
    fn small(row: &ModelRow, activation: Option<&str>) -> Settings {
        let mut settings = Settings::defaults(row.settings);
        for setting in row.settings {
            match setting.accepts {
                _ if setting.preset.value().is_some() => {}
                Accepts::Int { min, .. } => {
                    settings.0.insert(setting.name.into(), Value::Int(min.max(5)));
                }
                Accepts::Float { .. } => {
                    settings.0.insert(setting.name.into(), Value::Float(0.05));
                }
                _ => {}
            }
        }
        if let (Some(word), Some(value)) = (activation, settings.0.get_mut("activation")) {
            *value = Value::from(word);
        }
        settings
    }

    fn loss(network: &dyn Network, x: &Tensor, y: &Tensor) -> Tensor {
        let mse = (network.forward(x).unwrap() - y).unwrap().sqr().unwrap().mean_all().unwrap();
        match network.penalty().unwrap() {
            Some(penalty) => (mse + penalty).unwrap(),
            None => mse,
        }
    }

    #[test]
    fn every_models_gradient_agrees_with_finite_differences() {
        for row in MODELS {
            for activation in ["linear", "relu", "elu", "tanh"] {
                let settings = small(row, Some(activation));
                let mut rng = Rng::new(11);
                let network = (row.build)(&settings, INPUT, &mut rng, &Device::Cpu).unwrap();
                let x: Vec<f32> = (0..7 * INPUT.snps).map(|_| rng.normal() as f32).collect();
                let y: Vec<f32> = (0..7).map(|_| rng.normal() as f32).collect();
                let x = Tensor::from_vec(x, (7, INPUT.snps, INPUT.channels), &Device::Cpu).unwrap();
                let y = Tensor::from_vec(y, 7, &Device::Cpu).unwrap();
                let grads = loss(&*network, &x, &y).backward().unwrap();
                for (name, var) in network.weights() {
                    let at = var.flatten_all().unwrap().to_vec1::<f32>().unwrap();
                    let found = grads.get(&var).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
                    let (mut error, mut size) = (0.0, 0.0);
                    for i in 0..at.len() {
                        let moved = |h: f32| {
                            let mut values = at.clone();
                            values[i] += h;
                            var.set(&Tensor::from_vec(values, var.shape(), &Device::Cpu).unwrap()).unwrap();
                            f64::from(loss(&*network, &x, &y).to_scalar::<f32>().unwrap())
                        };
                        let h = 1.0 / 512.0;
                        let expected = (moved(h) - moved(-h)) / f64::from(2.0 * h);
                        error += (f64::from(found[i]) - expected).powi(2);
                        size += expected.powi(2);
                    }
                    var.set(&Tensor::from_vec(at, var.shape(), &Device::Cpu).unwrap()).unwrap();
                    // A step may cross where a pool's winner changes, or a weight's sign: a few weights only.
                    let relative = (error / size).sqrt();
                    assert!(relative < 0.02, "{} {activation}: {name} is off by {relative}", row.name);
                }
            }
        }
    }

    #[test]
    fn every_model_keeps_to_its_seed_and_shape() {
        for row in MODELS {
            let settings = small(row, None);
            let build = |seed| (row.build)(&settings, INPUT, &mut Rng::new(seed), &Device::Cpu).unwrap();
            let flat = |network: &dyn Network| -> Vec<f32> {
                let vars = network.weights().into_iter();
                vars.flat_map(|(_, v)| v.flatten_all().unwrap().to_vec1::<f32>().unwrap()).collect()
            };
            let network = build(1);
            assert_eq!(flat(&*network), flat(&*build(1)));
            assert_ne!(flat(&*network), flat(&*build(2)));
            let weights: usize = network.weights().iter().map(|(_, v)| v.elem_count()).sum();
            assert_eq!(weights, network.summary().iter().map(|l| l.weights).sum::<usize>());
            let x = Tensor::zeros((3, INPUT.snps, INPUT.channels), candle_core::DType::F32, &Device::Cpu);
            assert_eq!(network.forward(&x.unwrap()).unwrap().dims(), [3]);
        }
    }
}
