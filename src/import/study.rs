//! Another study of this program: the complete trials of its store.

use std::path::PathBuf;

use super::{Found, FoundTrial, Importer, Place, Wanted};
use crate::domain::table::Row;
use crate::storage::journal;

/// Its row in the table of importers.
pub const ROW: Row<Importer> = Row {
    name: "study",
    help: "the store of another study",
    settings: &[],
    build: Importer { recognises: |place| store(place).is_some(), read },
};

/// The folder, which may be named by its journal.
fn store(place: &Place) -> Option<PathBuf> {
    let parent = place.path.parent().map(ToOwned::to_owned);
    let folders = [Some(place.path.clone()), parent.filter(|folder| journal::path(folder) == place.path)];
    folders.into_iter().flatten().find(|folder| journal::path(folder).is_file())
}

/// A trial has its searched values and those that its study fixed.
fn read(place: &Place, _: &Wanted<'_>) -> Result<Found, String> {
    if place.within.is_some() {
        return Err("a store holds one study: there is nothing behind the `#`".into());
    }
    let store = store(place).ok_or("there is no journal")?;
    let history = journal::read(&store).map_err(|e| e.to_string())?.history;
    let study = history.study();
    let mut found =
        Found { direction: Some(study.direction), metric: Some(study.metric.clone()), ..Found::default() };
    for trial in history.trials() {
        let Some(score) = trial.score else {
            found.unscored += 1;
            continue;
        };
        let mut params = trial.params.clone();
        params.extend(study.fixed_in(&trial.params).map(|(name, value)| (name.clone(), value.clone())));
        found.trials.push(FoundTrial { place: format!("trial {}", trial.id), params, score });
    }
    Ok(found)
}
