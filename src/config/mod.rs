//! The study file: from TOML text to plain typed structs, with errors that show the place.
//!
//! ```text
//! text ─► node (values with their places) ─► merge (include, --set) ─► read ─► StudyConfig ─► write
//! ```
//!
//! [`load`] reads a study file, [`write::toml`] writes one that reads back equal.

pub mod error;
mod merge;
mod node;
mod read;
mod section;
pub mod study;
pub mod tables;
pub mod write;

use std::path::Path;

use crate::domain::setting::Settings;
pub use error::{ConfigError, did_you_mean};
use study::DataSource;
pub use study::StudyConfig;
pub use tables::Tables;

/// Reads a study file, what it includes, and `key=value` overrides (the command line's `--set`).
///
/// # Errors
/// The first thing that is wrong, with its place, what is allowed, and the nearest right word.
pub fn load(file: &Path, overrides: &[String], tables: &Tables) -> Result<StudyConfig, ConfigError> {
    let root = merge::assemble(file, overrides)?;
    read::study(&root, file, tables)
}

/// Reads a study file from its text; `file` names it in errors and is what `include` is relative to.
///
/// # Errors
/// As [`load`].
pub fn parse(file: &Path, text: &str, tables: &Tables) -> Result<StudyConfig, ConfigError> {
    let root = merge::assemble_text(file, text)?;
    read::study(&root, file, tables)
}

/// A preset of the simulation and its complete settings, from its name and `key=value` overrides.
///
/// # Errors
/// An unknown preset or setting, or a value that the setting does not accept.
pub fn simulation(
    preset: &str,
    overrides: &[String],
    tables: &Tables,
) -> Result<(String, Settings), ConfigError> {
    let settings = overrides.iter().map(|text| format!("data.simulate.{text}"));
    let all: Vec<String> = [format!("data.simulate.preset={preset}")].into_iter().chain(settings).collect();
    let root = merge::overridden(merge::assemble_text(Path::new(""), "")?, &all)?;
    match read::data_source(&root, tables)? {
        DataSource::Simulate { preset, settings, .. } => Ok((preset, settings)),
        DataSource::Files { .. } => unreachable!("the tree names a preset"),
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
