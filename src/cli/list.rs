//! `tune-tui list`: the studies of a folder.

use std::path::Path;

use anyhow::Result;

use super::output::{caution, columns, complain, say};
use super::{Exit, ListArgs};
use crate::domain::history::History;
use crate::domain::value::significant;
use crate::storage::{journal, list};

/// Prints a line for each study: its progress, its best score, where it is.
///
/// # Errors
/// Where the folder can't be read. A store that can't be read has a line that says why.
pub fn list(args: &ListArgs) -> Result<Exit> {
    let stores = list::studies(&args.folder)?;
    if stores.is_empty() {
        complain(&format!("no studies in {}: start one with `tune-tui STUDY.toml`", args.folder.display()));
        return Ok(Exit::Done);
    }
    let mut rows = vec![["study", "trials", "best", "model", "sampler", "data"].map(str::to_owned).to_vec()];
    for store in &stores {
        match journal::outline(store) {
            Ok(history) => rows.push(row(store, &history)),
            Err(error) => complain(&format!("warning: {error}")),
        }
    }
    for line in columns(&rows) {
        say(&line)?;
    }
    Ok(Exit::Done)
}

/// The store's folder names it: an archived study keeps its name, but not its folder.
fn row(store: &Path, history: &History) -> Vec<String> {
    let study = history.study();
    let best = match history.incumbent().and_then(|t| t.score) {
        Some(score) => format!("{} {}{}", study.metric, significant(score, 4), caution(study)),
        None => "none yet".into(),
    };
    vec![
        store.file_name().map_or_else(|| study.name.clone(), |name| name.to_string_lossy().into_owned()),
        format!("{}/{}", history.counts().finished(), history.target().max(history.counts().finished())),
        best,
        study.model.clone(),
        history.sampler_name().to_owned(),
        study.data.clone(),
    ]
}
