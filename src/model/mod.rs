//! Networks and their search spaces.

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
    /// Predictions, of shape [batch], from `x` of shape [batch, SNPs, channels].
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
pub const MODELS: &[ModelRow] = &[];

/// The parameter that every model has besides its own settings.
pub const LEARNING_RATE: Setting = Setting {
    name: "learning_rate",
    accepts: Accepts::Float { min: 1e-9, max: 10.0 },
    preset: Preset::SearchFloat { low: 1e-4, high: 1e-2, log: true },
    help: "step size of the optimizer",
};
