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

/// Writes a text, and the folders that it needs. A file that was there is whole until the new one is.
///
/// # Errors
/// Where the file can't be written.
pub fn write(path: &Path, text: &str) -> Result<()> {
    let failed = || format!("failed to write {}", path.display());
    // What a link leads to is written, not put in its place.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if path.exists() && !path.is_file() {
        // A device or a pipe.
        return std::fs::write(&path, text).with_context(failed);
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(failed)?;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Beside it, so that it can be renamed; the process's number keeps two of them apart.
    let partial = path.with_file_name(format!(".{name}.{}.partial", std::process::id()));
    let written = std::fs::write(&partial, text).and_then(|()| std::fs::rename(&partial, &path));
    if written.is_err() {
        std::fs::remove_file(&partial).ok();
    }
    written.with_context(failed)
}

/// Writes a text where nobody named a file: what is there and differs is left alone, and one of another name is
/// written. Which it was.
fn write_beside(path: PathBuf, trial: TrialId, text: &str) -> Result<PathBuf> {
    let is_free =
        |path: &PathBuf| !path.exists() || std::fs::read_to_string(path).is_ok_and(|old| old == text);
    let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let (stem, extension) = (part(path.file_stem()), part(path.extension()));
    let of_trial = format!("-trial-{trial}");
    let base = if stem.ends_with(&of_trial) { stem } else { stem + &of_trial };
    let next = (1..).map(|n| if n == 1 { base.clone() } else { format!("{base}-{n}") });
    let names = next.map(|name| path.with_file_name(format!("{name}.{extension}")));
    let free = std::iter::once(path.clone()).chain(names).find(is_free);
    let free = free.context("no file name is free")?;
    write(&free, text)?;
    Ok(free)
}

/// The answer to the dashboard's question for a study file of a trial, or of the best one.
pub fn answer(store: &Path, trial: Option<TrialId>) -> Answer {
    Answer::Export(study_file(store, trial).map_err(|error| format!("{error:#}")))
}

/// Writes a trial of a store, or the best one, as a study file. Which trial it was, and where it is.
fn study_file(store: &Path, trial: Option<TrialId>) -> Result<(TrialId, PathBuf)> {
    let history = journal::read(store)?.history;
    let config = kept_config(store, &[])?;
    let trials = match trial {
        Some(id) => vec![history.trial(id).with_context(|| format!("there is no trial {id}"))?],
        None => export::best(&history, 1),
    };
    let Some(id) = trials.first().map(|trial| trial.id) else { bail!("no trial is complete yet") };
    let Some(toml) = EXPORTERS.iter().find(|row| row.name == "toml") else {
        bail!("no exporter writes TOML")
    };
    let text =
        (toml.build)(&Export { config: &config, history: &history, trials: &trials, now: history.last() })?;
    let path = usual_path(&history, trial, toml.name);
    Ok((id, write_beside(path, id, &text)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_says_something_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("best/own.toml");
        let beside = |trial, text: &str| {
            let written = write_beside(path.clone(), trial, text).unwrap();
            assert_eq!(std::fs::read_to_string(&written).unwrap(), text);
            written.file_name().unwrap().to_string_lossy().into_owned()
        };
        assert_eq!(beside(3, "a"), "own.toml");
        assert_eq!(beside(3, "a"), "own.toml", "the same again");
        assert_eq!(beside(3, "b"), "own-trial-3.toml");
        assert_eq!(beside(3, "c"), "own-trial-3-2.toml");
        assert_eq!(beside(3, "b"), "own-trial-3.toml");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a");
        let left = std::fs::read_dir(folder.path().join("best")).unwrap().count();
        assert_eq!(left, 3, "no partial file stays");
        let named = write_beside(folder.path().join("best/own-trial-3.toml"), 3, "d").unwrap();
        assert!(named.ends_with("own-trial-3-3.toml"), "{named:?}");
    }
}
