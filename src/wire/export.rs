//! Writes trials as files, for the command line and for the dashboard.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::kept_config;
use crate::domain::history::History;
use crate::domain::trial::TrialId;
use crate::export::{self, EXPORTERS, Export};
use crate::storage::journal;
use crate::tui::ask::Answer;

/// Where trials of a study are written that nobody names a file for.
pub fn usual_path(history: &History, trial: Option<TrialId>, extension: &str) -> PathBuf {
    let trial = trial.map_or_else(String::new, |id| format!("-trial-{id}"));
    PathBuf::from(format!("configs/best/{}{trial}.{extension}", history.study().name))
}

/// Writes a text, and the folders that it needs.
///
/// # Errors
/// Where the file can't be written.
pub fn write(path: &Path, text: &str) -> Result<()> {
    let failed = || format!("failed to write {}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(failed)?;
    }
    std::fs::write(path, text).with_context(failed)
}

/// The answer to the dashboard's question for a study file of a trial, or of the best one.
pub fn answer(store: &Path, trial: Option<TrialId>) -> Answer {
    Answer::Export(study_file(store, trial).map_err(|error| format!("{error:#}")))
}

/// Writes a trial of a store, or the best one, as a study file.
fn study_file(store: &Path, trial: Option<TrialId>) -> Result<PathBuf> {
    let history = journal::read(store)?.history;
    let config = kept_config(store, &[])?;
    let trials = match trial {
        Some(id) => vec![history.trial(id).with_context(|| format!("there is no trial {id}"))?],
        None => export::best(&history, 1),
    };
    if trials.is_empty() {
        bail!("no trial is complete yet");
    }
    let Some(toml) = EXPORTERS.iter().find(|row| row.name == "toml") else {
        bail!("no exporter writes TOML")
    };
    let text =
        (toml.build)(&Export { config: &config, history: &history, trials: &trials, now: history.last() })?;
    let path = usual_path(&history, trial, toml.name);
    write(&path, &text)?;
    Ok(path)
}
