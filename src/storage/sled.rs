//! The index: the history as of some byte of the journal, so that a large study opens without
//! replaying all of it. The only file that names sled.
//!
//! sled 0.34 has open reports of corruption after abrupt stops, so nothing in the index is trusted:
//! each value carries its checksum, the head carries one over those of all trials, and it names the
//! bytes of the journal it was made from by their number and checksum. Whatever does not fit, sled's
//! own errors and panics included, is a reason to delete the index; the journal has it all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::history::History;
use crate::domain::trial::{Trial, TrialId, TrialState};

use super::journal::Position;

const HEAD: &[u8] = b"head";
const CACHE_BYTES: u64 = 8 << 20;

/// What the index holds besides the trials.
#[derive(Serialize, Deserialize)]
struct Head<H> {
    length: u64,
    records: u64,
    crc: u32,
    /// Checksum over the checksums of all trials' values, by number.
    trials: u32,
    history: H,
}

/// An open index.
pub(super) struct Index {
    db: sled::Db,
    /// The checksum of each trial's value.
    seals: Vec<u32>,
    /// The trials that may have changed since they were written.
    unfinished: BTreeSet<TrialId>,
    /// What a person had said about trials when it was opened; most have nothing said about them.
    said: BTreeMap<TrialId, (bool, String)>,
}

impl Index {
    /// Opens the index in `folder`, making it where there is none, and reads what it knows: a
    /// history and the position of the journal it stands for.
    ///
    /// # Errors
    /// Why the index can't be used. [`delete`] it then.
    pub(super) fn open(folder: &Path) -> Result<(Self, Option<(History, Position)>), String> {
        guarded(|| {
            let db = sled::Config::new()
                .path(folder)
                .cache_capacity(CACHE_BYTES)
                .use_compression(false)
                .flush_every_ms(None)
                .open()
                .map_err(|e| e.to_string())?;
            let mut index =
                Index { db, seals: Vec::new(), unfinished: BTreeSet::new(), said: BTreeMap::new() };
            let known = index.load()?;
            Ok((index, known))
        })
    }

    fn load(&mut self) -> Result<Option<(History, Position)>, String> {
        let Some(bytes) = self.db.get(HEAD).map_err(|e| e.to_string())? else { return Ok(None) };
        let (head, _) = unseal::<Head<History>>(&bytes)?;
        let mut trials = Vec::new();
        for entry in self.db.scan_prefix(b"t") {
            let (key, value) = entry.map_err(|e| e.to_string())?;
            let (trial, seal) = unseal::<Trial>(&value)?;
            if *key != trial_key(trials.len()) || trial.id != trials.len() {
                return Err(format!("trial {} is missing", trials.len()));
            }
            // A pruned one may have been promoted since.
            if !trial.state.is_finished() || matches!(trial.state, TrialState::Pruned { .. }) {
                self.unfinished.insert(trial.id);
            }
            if trial.pinned || !trial.annotation.is_empty() {
                self.said.insert(trial.id, (trial.pinned, trial.annotation.clone()));
            }
            self.seals.push(seal);
            trials.push(trial);
        }
        if seal_of(&self.seals) != head.trials || head.history.next_sequence() != head.records {
            return Err("its parts are of different times".to_owned());
        }
        let position = Position { length: head.length, records: head.records, crc: head.crc };
        let history = head.history.restore(trials).map_err(|e| e.to_string())?;
        Ok(Some((history, position)))
    }

    /// Writes what has changed since the last time, all or nothing, and waits until it is on the disk.
    ///
    /// # Errors
    /// Why it could not. The index is then of no use until it is opened again.
    pub(super) fn settle(&mut self, history: &History, position: Position) -> Result<(), String> {
        if history.next_sequence() != position.records {
            let (at, end) = (history.next_sequence(), position.records);
            return Err(format!("the history is at record {at}, the journal at {end}"));
        }
        guarded(|| {
            let mut batch = sled::Batch::default();
            let new = self.seals.len()..history.trials().len();
            self.seals.resize(new.end, 0);
            self.unfinished.extend(new);
            for &id in &self.unfinished {
                let trial = history.trial(id).ok_or_else(|| format!("the history lost trial {id}"))?;
                let (value, seal) = seal(trial)?;
                self.seals[id] = seal;
                batch.insert(&trial_key(id), value);
            }
            let Position { length, records, crc } = position;
            let head = Head { length, records, crc, trials: seal_of(&self.seals), history };
            batch.insert(HEAD, seal(&head)?.0);
            self.db.apply_batch(batch).map_err(|e| e.to_string())?;
            self.db.flush().map_err(|e| e.to_string())?;
            self.unfinished.retain(|&id| history.trial(id).is_some_and(|t| !t.state.is_finished()));
            Ok(())
        })
    }

    /// The journal went on after what the index knows, up to `history`: a person may have said something about
    /// trials that had ended.
    pub(super) fn catch_up(&mut self, history: &History) {
        let nothing = (false, String::new());
        let said = |trial: &Trial| self.said.get(&trial.id).unwrap_or(&nothing);
        let differs = |trial: &&Trial| {
            let (pinned, annotation) = said(trial);
            trial.pinned != *pinned || trial.annotation != *annotation
        };
        let changed = history.trials().iter().map(AsRef::as_ref).filter(differs);
        let changed: Vec<TrialId> = changed.map(|trial| trial.id).collect();
        self.unfinished.extend(changed);
    }

    /// A trial that had ended goes on, or a person says something about it.
    pub(super) fn reopen(&mut self, trial: TrialId) {
        self.unfinished.insert(trial);
    }

    /// Closes it; what sled has to say about that is of no interest.
    pub(super) fn close(self) {
        let _ = guarded(|| {
            drop(self);
            Ok(())
        });
    }
}

/// Deletes the index in `folder`, if there is one.
pub(super) fn delete(folder: &Path) -> io::Result<()> {
    let deleted = match fs::symlink_metadata(folder) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(folder),
        Ok(_) => fs::remove_file(folder),
        Err(e) => Err(e),
    };
    match deleted {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Big-endian, so that sled's order is that of the numbers.
fn trial_key(id: TrialId) -> [u8; 9] {
    let mut key = [b't'; 9];
    key[1..].copy_from_slice(&(id as u64).to_be_bytes());
    key
}

/// The JSON of `value` behind its checksum, and the checksum.
fn seal(value: &impl Serialize) -> Result<(Vec<u8>, u32), String> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, value).map_err(|e| e.to_string())?;
    let crc = crc32fast::hash(&bytes[4..]);
    bytes[..4].copy_from_slice(&crc.to_be_bytes());
    Ok((bytes, crc))
}

fn unseal<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, u32), String> {
    let (crc, json) = bytes.split_first_chunk::<4>().ok_or("a value is cut off")?;
    let crc = u32::from_be_bytes(*crc);
    if crc32fast::hash(json) != crc {
        return Err("a value fails its checksum".to_owned());
    }
    Ok((serde_json::from_slice(json).map_err(|e| e.to_string())?, crc))
}

fn seal_of(seals: &[u32]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    seals.iter().for_each(|seal| hasher.update(&seal.to_be_bytes()));
    hasher.finalize()
}

/// sled panics where it finds its files damaged.
fn guarded<T>(action: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(action)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("sled panicked: {}", text.unwrap_or("without a message")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;
    use crate::domain::testing::{Scripted, float, space};
    use crate::domain::trial::Origin;
    use crate::domain::value::{Params, Value};

    /// Writes `study` down, as of a journal of any bytes.
    fn settle(index: &mut Index, study: &Scripted) {
        let records = study.history().next_sequence();
        index.settle(study.history(), Position { length: 9, records, crc: 7 }).unwrap();
    }

    fn reopened(folder: &Path, index: Index) -> (Index, History) {
        index.close();
        // sled's own threads give its lock back a little later.
        for _ in 0..200 {
            if let Ok((index, known)) = Index::open(folder) {
                return (index, known.unwrap().0);
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("the index can't be opened again")
    }

    /// Promotes trial 1 and lets it be pruned again.
    fn promote(study: &mut Scripted) {
        study.apply(Event::TrialPromoted { trial: 1, reason: "rung".into() });
        let (params, seed) = (study.history().trials()[1].params.clone(), study.history().trials()[1].seed);
        let origin = Origin::default();
        study.apply(Event::TrialStarted { trial: 1, params, seed, slot: 0, origin });
        study.report(1, 0.5);
        study.apply(Event::TrialPruned { trial: 1, reason: "next rung".into() });
    }

    #[test]
    fn a_pruned_trial_that_was_promoted_and_pruned_again_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let at = |x| Params::from([("x".to_owned(), Value::Float(x))]);
        let (mut index, known) = Index::open(folder.path()).unwrap();
        assert!(known.is_none());
        let mut study =
            Scripted::new(&space([("x", float(0.0, 1.0))]), crate::domain::direction::Direction::Minimize, 1);
        study.complete(at(0.1), 1.0);
        study.prune(at(0.2), 2.0);
        settle(&mut index, &study);
        promote(&mut study);
        index.reopen(1);
        settle(&mut index, &study);
        let (mut index, history) = reopened(folder.path(), index);
        assert_eq!(&history, study.history());
        // Promoted before the index was opened: the journal knew, the index did not.
        promote(&mut study);
        settle(&mut index, &study);
        let (index, history) = reopened(folder.path(), index);
        assert_eq!(&history, study.history());
        index.close();
    }

    #[test]
    fn what_is_said_of_a_trial_that_has_ended_is_written_though_the_index_did_not_hear_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |x| Params::from([("x".to_owned(), Value::Float(x))]);
        let (mut index, _) = Index::open(folder.path()).unwrap();
        let space = space([("x", float(0.0, 1.0))]);
        let mut study = Scripted::new(&space, crate::domain::direction::Direction::Minimize, 1);
        for i in 0..3 {
            study.complete(at(0.1 * f64::from(i)), 1.0);
        }
        study.apply(Event::TrialPinned { trial: 0, pinned: true });
        settle(&mut index, &study);
        let (mut index, _) = reopened(folder.path(), index);
        study.apply(Event::TrialPinned { trial: 0, pinned: false });
        study.apply(Event::TrialAnnotated { trial: 2, text: "good".into() });
        let distribution = float(-1.0, 0.5);
        study.apply(Event::RangeChanged { parameter: "x".into(), distribution });
        index.catch_up(study.history());
        settle(&mut index, &study);
        let (index, history) = reopened(folder.path(), index);
        assert_eq!(&history, study.history());
        index.close();
    }
}
