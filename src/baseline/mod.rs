//! Baselines: what a tuned network has to beat. Each is trained on a fold's training rows and predicts other
//! rows; nothing else of the dataset is seen.

use thiserror::Error;

use crate::dataset::Dataset;
use crate::domain::table::Row;

/// One trait, or one class against the others, to learn from some rows and predict for others.
#[derive(Debug, Clone, Copy)]
pub struct Problem<'a> {
    /// Genotypes of all rows.
    pub dataset: &'a Dataset,
    /// Rows to learn from, ascending.
    pub train: &'a [usize],
    /// Their values: a quantity, or 1 for the class and 0 for the others.
    pub values: &'a [f64],
    /// Rows to predict, ascending; no baseline reads anything of them but genotypes and covariates.
    pub predict: &'a [usize],
    /// Seeds what is random.
    pub seed: u64,
}

/// Why a baseline can't be had.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct BaselineError(pub String);

/// Learns and predicts: one value for each row of [`Problem::predict`], in their order and the trait's units.
pub type Fit = fn(&Problem) -> Result<Vec<f64>, BaselineError>;

/// A row of the table of baselines.
pub type BaselineRow = Row<Fit>;

/// Every baseline.
pub const BASELINES: &[BaselineRow] = &[];
