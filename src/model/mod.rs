//! Networks and their search spaces.

pub mod architecture;
mod block;
pub mod cnn;
mod conv_stack;
mod dense_stack;
#[cfg(test)]
pub(crate) mod fixtures;
mod init;
pub mod layer;
pub mod local_cnn;
pub mod lstm;
pub mod mlp;
pub mod resnet;
pub mod separable_fc;
mod table;
#[cfg(test)]
pub mod testing;

use thiserror::Error;

use crate::domain::setting::{Accepts, Preset, Setting, Settings, Variant};
use crate::domain::space::KIND;
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
    /// Numbers beside them that have no position: [`Architecture::join`].
    pub covariates: usize,
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
pub const MODELS: &[ModelRow] =
    &[cnn::ROW, mlp::ROW, local_cnn::ROW, separable_fc::ROW, lstm::ROW, resnet::ROW];

/// The parameter that every model has besides its own settings.
pub const LEARNING_RATE: Setting = Setting::new(
    "learning_rate",
    Accepts::Float { min: 1e-9, max: 10.0 },
    Preset::SearchFloat { low: 1e-4, high: 1e-2, log: true },
    "step size of the optimizer",
);

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
mod tests;
