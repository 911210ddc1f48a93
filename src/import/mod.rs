//! Trials from elsewhere, for a study's sampler to learn from: a table, another study, a journal of Optuna.
//!
//! An importer reads what is written; [`Import::of`] keeps what belongs to the study's space. Nothing here
//! changes a study: what is kept is recorded once, as [`Event::TrialsImported`](crate::domain::event::Event).

mod fit;
mod optuna;
mod study;
mod table;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::domain::direction::Direction;
use crate::domain::table::Row;
use crate::domain::value::Params;
pub use fit::Import;

/// A source of trials, as the study file names it.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The file or folder; a study within a file stands behind a `#`.
    pub path: String,
    /// The column that holds the scores of a table; found by its name if `None`.
    pub score: Option<String>,
    /// In which direction the scores there improve; as the source says, or as in the study, if `None`.
    pub direction: Option<Direction>,
}

/// What a source says.
#[derive(Debug, Default)]
pub struct Found {
    /// In which direction its scores improve, where it says so.
    direction: Option<Direction>,
    /// The metric of its scores, where it says so.
    metric: Option<String>,
    /// Its trials that have a score.
    trials: Vec<FoundTrial>,
    /// How many more have none: failed, pruned, still running.
    unscored: usize,
}

/// A trial as its source writes it.
#[derive(Debug, PartialEq)]
struct FoundTrial {
    /// What a person calls it: "line 7".
    place: String,
    /// Values by name. Those of a table are all texts.
    params: Params,
    score: f64,
}

/// Where a source lies: the file or folder, and what stands behind a `#`.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    within: Option<String>,
}

impl Place {
    /// The whole text is the path where there is such a file.
    fn of(path: &str) -> Self {
        match path.rsplit_once('#') {
            Some((file, within)) if !Path::new(path).exists() => {
                Place { path: file.into(), within: Some(within.to_owned()) }
            }
            _ => Place { path: path.into(), within: None },
        }
    }
}

/// Reads one kind of source.
#[derive(Debug, Clone, Copy)]
pub struct Importer {
    /// Whether what lies there is of this kind; asked in the order of the table.
    recognises: fn(&Place) -> bool,
    /// Reads it.
    read: fn(&Place, &Wanted<'_>) -> Result<Found, String>,
}

/// What an importer is told of the study that asks.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The column of scores that the study file names.
    score: Option<&'a str>,
    /// The study's metric.
    metric: &'a str,
    /// Names of the searched parameters.
    parameters: Vec<&'a str>,
}

/// Every kind of source.
pub const IMPORTERS: &[Row<Importer>] = &[study::ROW, optuna::ROW, table::ROW];

/// Why nothing can be imported.
#[derive(Debug, Error)]
#[error("failed to import trials from {from}: {problem}")]
pub struct ImportError {
    from: String,
    problem: String,
}

impl Source {
    /// A source about which nothing more is said.
    pub fn plain(path: impl Into<String>) -> Self {
        Source { path: path.into(), score: None, direction: None }
    }

    /// The folder or file without what stands behind a `#`.
    pub fn file(&self) -> PathBuf {
        Place::of(&self.path).path
    }

    fn error(&self, problem: impl Into<String>) -> ImportError {
        ImportError { from: self.path.clone(), problem: problem.into() }
    }

    fn read(&self, wanted: &Wanted<'_>) -> Result<Found, ImportError> {
        let place = Place::of(&self.path);
        if !place.path.exists() {
            return Err(self.error("there is no such file or folder"));
        }
        let Some(row) = IMPORTERS.iter().find(|row| (row.build.recognises)(&place)) else {
            return Err(self.error("a folder without a study's journal"));
        };
        if self.score.is_some() && row.name != table::ROW.name {
            return Err(self.error(format!("`score` names a column of a table, and this is {}", row.help)));
        }
        (row.build.read)(&place, wanted).map_err(|problem| self.error(problem))
    }
}
