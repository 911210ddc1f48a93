//! Trials as files that others can read: pure functions of the study and its history.

mod config;
mod rows;
pub mod summary;

use thiserror::Error;

use crate::config::StudyConfig;
use crate::domain::history::History;
use crate::domain::table::Row;
use crate::domain::trial::{Timestamp, Trial};

/// What is exported.
#[derive(Debug, Clone, Copy)]
pub struct Export<'a> {
    /// The study as its file describes it.
    pub config: &'a StudyConfig,
    /// Its history.
    pub history: &'a History,
    /// The trials, in the order in which they are written.
    pub trials: &'a [&'a Trial],
    /// The time until which a running trial is counted.
    pub now: Timestamp,
}

/// Why nothing can be exported.
#[derive(Debug, Error)]
pub enum ExportError {
    /// A config holds one trial.
    #[error("a toml config holds one complete trial, found {0}: choose one with --top 1 or --trial")]
    NotOne(usize),
    /// The trial has no score yet.
    #[error("trial {id} is {state}: only a complete trial can be exported as a config")]
    NotComplete {
        /// The trial.
        id: usize,
        /// Its state's word.
        state: &'static str,
    },
    /// The CSV writer refused.
    #[error("failed to write the rows: {0}")]
    Csv(String),
    /// The JSON writer refused.
    #[error("failed to write the trials: {0}")]
    Json(#[from] serde_json::Error),
}

/// A row of the table of exporters: the text of the exported file.
pub type ExporterRow = Row<fn(&Export<'_>) -> Result<String, ExportError>>;

/// Every exporter.
pub const EXPORTERS: &[ExporterRow] = &[
    Row {
        name: "toml",
        help: "a study file that trains the trial again",
        settings: &[],
        build: config::export,
    },
    Row { name: "json", help: "the trials as one array of objects", settings: &[], build: rows::json },
    Row { name: "csv", help: "the trials as a table, one a line", settings: &[], build: rows::csv },
];

/// The `count` best complete trials, the best first; the earlier one first on a tie.
pub fn best(history: &History, count: usize) -> Vec<&Trial> {
    history.ranked().into_iter().filter(|trial| trial.score.is_some()).take(count).collect()
}

#[cfg(test)]
mod tests;
