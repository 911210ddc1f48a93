//! The final report: how well a model predicts the test set that no trial has seen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::choose::Basis;
use crate::baseline::{self, BASELINES, score};
use crate::dataset::Dataset;
use crate::domain::event::SelectOn;
use crate::domain::table;
use crate::train;

/// The baseline that the test set is predicted with, for comparison.
const COMPARED: &str = "gblup";

/// Metrics by their names.
pub type Metrics = BTreeMap<String, f64>;

/// `report.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The study.
    pub study: String,
    /// The metric that its trials were selected by.
    pub metric: String,
    /// The individuals that it was on.
    pub selected_on: SelectOn,
    /// Set where that was on the test set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caution: Option<String>,
    /// What a person should know of the model.
    pub notes: Vec<String>,
    /// The trials that the model's params come from, with their scores in the search, best first.
    pub selected: Vec<Basis>,
    /// Individuals that the networks were trained on.
    pub trained_on: usize,
    /// On the untouched test set; nothing where the study has none.
    pub test: Option<TestReport>,
}

/// What the test set says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestReport {
    /// Individuals in it.
    pub individuals: usize,
    /// Of the members' mean prediction.
    pub ensemble: Metrics,
    /// Of each member alone.
    pub members: Vec<Metrics>,
    /// Of baselines that were trained on the same rows, by name.
    pub baselines: BTreeMap<String, Metrics>,
}

/// Every metric of the task, of predictions (rows × outputs) for the test rows.
pub fn metrics(dataset: &Dataset, predicted: &[f64], test: &[usize]) -> Metrics {
    train::metrics(dataset.target(), predicted, test)
}

/// GBLUP on the same rows, where it can be had.
///
/// # Errors
/// Where it can't; says why.
pub fn baselines(
    dataset: &Dataset,
    rows: &[usize],
    test: &[usize],
    seed: u64,
) -> Result<BTreeMap<String, Metrics>, String> {
    let row = table::find(BASELINES, COMPARED).filter(|_| baseline::check(dataset).is_ok());
    let Some(row) = row else { return Ok(BTreeMap::new()) };
    let predicted = score::predict(row, dataset, rows, test, seed);
    let predicted = predicted.map_err(|e| format!("{COMPARED} on the test set: {e}"))?;
    Ok(BTreeMap::from([(COMPARED.to_owned(), score::metrics(dataset, test, &predicted))]))
}
