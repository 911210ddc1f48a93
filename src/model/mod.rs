//! Networks and their search spaces.

pub mod architecture;
pub mod cnn;
#[cfg(test)]
pub(crate) mod fixtures;
mod init;
pub mod layer;
#[cfg(test)]
pub mod testing;

use thiserror::Error;

use crate::domain::setting::{Accepts, Preset, Setting, Settings, Variant};
use crate::domain::table::Row;
use crate::domain::value::{Params, Value};
pub use architecture::{Architecture, Network};
use layer::Shape;

/// The shape of a network's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input {
    /// Positions along the genome.
    pub positions: usize,
    /// Values at each position.
    pub channels: usize,
}

impl Input {
    /// As the shape of a sample.
    pub fn shape(self) -> Shape {
        Shape::Sequence { positions: self.positions, channels: self.channels }
    }
}

/// Why a network can't be built from its settings.
#[derive(Debug, Error)]
pub enum ModelError {
    /// The settings contradict the input; the text names both.
    #[error("{0}")]
    Shape(String),
}

/// A kind of network.
#[derive(Debug, Clone, Copy)]
pub struct Model {
    /// The layers that the settings describe, for an input and a number of outputs. Pure: no weight is
    /// drawn or allocated.
    pub plan: fn(&Settings, Input, usize) -> Result<Architecture, ModelError>,
    /// Whether SNPs come one-hot coded where the study file leaves it open.
    pub one_hot: bool,
    /// What papers and programs set: `preset = "…"` in the study file.
    pub variants: &'static [Variant],
}

/// A row of the table of models.
pub type ModelRow = Row<Model>;

/// Every model.
pub const MODELS: &[ModelRow] = &[cnn::ROW];

/// The parameter that every model has besides its own settings.
pub const LEARNING_RATE: Setting = Setting::new(
    "learning_rate",
    Accepts::Float { min: 1e-9, max: 10.0 },
    Preset::SearchFloat { low: 1e-4, high: 1e-2, log: true },
    "step size of the optimizer",
);

/// The parameter that says which model a trial has, in a study of several.
pub const KIND: &str = "kind";

/// The model that a trial's `params` have among those of its study, with its settings and without the
/// learning rate. Of several models, `kind` is a parameter and the others carry its name: `cnn.filters`.
///
/// # Errors
/// Where a parameter has no value, or one that is not accepted.
pub fn chosen(
    models: &[&'static ModelRow],
    params: &Params,
) -> Result<(&'static ModelRow, Settings), String> {
    let (model, prefix) = match models {
        [model] => (*model, String::new()),
        several => {
            let kind = params.get(KIND).ok_or_else(|| format!("parameter `{KIND}` has no value"))?;
            let named = several.iter().find(|model| *kind == Value::from(model.name));
            let model = named.ok_or_else(|| format!("the study has no model `{kind}`"))?;
            (*model, format!("{}.", model.name))
        }
    };
    Ok((model, Settings::resolve(model.settings, &prefix, params)?))
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::layer::{Mode, Pass};
    use super::*;
    use crate::domain::seed::Rng;

    const INPUT: Input = Input { positions: 61, channels: 1 };

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

    fn plan(row: &ModelRow, activation: Option<&str>) -> Architecture {
        (row.build.plan)(&small(row, activation), INPUT, 1).unwrap()
    }

    #[test]
    fn every_models_gradient_agrees_with_finite_differences() {
        for row in MODELS {
            for activation in ["linear", "relu", "elu", "tanh"] {
                // A step may cross where a pool's winner changes, or a weight's sign: a few weights only.
                testing::check_gradients(plan(row, Some(activation)), 7, 0.02);
            }
        }
    }

    #[test]
    fn every_model_keeps_to_its_seed_and_shape() {
        for row in MODELS {
            let build = |seed| Network::new(plan(row, None), &mut Rng::new(seed), &Device::Cpu).unwrap();
            let flat = |network: &Network| -> Vec<f32> {
                let vars = network.weights().into_iter();
                vars.flat_map(|(_, v)| v.flatten_all().unwrap().to_vec1::<f32>().unwrap()).collect()
            };
            let network = build(1);
            assert_eq!(flat(&network), flat(&build(1)));
            assert_ne!(flat(&network), flat(&build(2)));
            let summed = network.architecture().summary().iter().map(|l| l.weights).sum::<usize>();
            assert_eq!(flat(&network).len(), summed);
            assert_eq!(network.architecture().weight_count(), summed);
            let x =
                Tensor::zeros((3, INPUT.positions, INPUT.channels), candle_core::DType::F32, &Device::Cpu);
            let mut rng = Rng::new(0);
            let y = network.forward(&x.unwrap(), &mut Pass::new(Mode::Evaluate, &mut rng)).unwrap();
            assert_eq!(y.dims(), [3, 1]);
        }
    }
}
