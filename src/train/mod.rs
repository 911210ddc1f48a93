//! Training one network on one fold.

pub mod checkpoint;
mod epoch;
mod fit;
pub mod metric;
pub mod optimizer;

pub use fit::{Epoch, Fit, FoldData, TrainError, fit};

/// The `[train]` table of the study file.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainSpec {
    /// Most epochs.
    pub epochs: usize,
    /// Rows a batch.
    pub batch: usize,
    /// The optimizer's name in the table of optimizers.
    pub optimizer: String,
    /// Stop when the metric has not improved for a while; the best epoch's weights are kept either way.
    pub early_stopping: Option<EarlyStopping>,
    /// Overrides the trial's own seed: how an exported config reproduces its trial.
    pub seed: Option<u64>,
}

/// When to stop before the last epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EarlyStopping {
    /// Epochs without an improvement after which training stops.
    pub patience: usize,
    /// The least change of the metric that counts as an improvement.
    pub min_delta: f64,
}
