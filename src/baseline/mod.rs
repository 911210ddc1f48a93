//! Baselines: what a tuned network has to beat. Each is trained on a fold's training rows and predicts other
//! rows; nothing else of the dataset is seen.

pub mod fixed;
mod gaussian;
mod gblup;
pub mod genotypes;
pub mod score;
#[cfg(test)]
mod testing;

use thiserror::Error;

use crate::dataset::{Coding, Dataset};
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
/// The values of the problem are not all equal.
pub type Fit = fn(&Problem) -> Result<Vec<f64>, BaselineError>;

/// A row of the table of baselines.
pub type BaselineRow = Row<Fit>;

/// Every baseline, in the order in which they are shown.
pub const BASELINES: &[BaselineRow] = &[gblup::ADDITIVE, gblup::DOMINANCE, gaussian::ROW];

/// Whether baselines suit the data.
///
/// # Errors
/// Where they hold bases: every baseline is a model of allele counts.
pub fn check(dataset: &Dataset) -> Result<(), BaselineError> {
    match dataset.coding() {
        Coding::Dosages => Ok(()),
        Coding::Bases => Err(BaselineError(
            "the baselines are models of SNP genotypes, and the data hold sequences of bases: there is none \
             that suits them"
                .into(),
        )),
    }
}
