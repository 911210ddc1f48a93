//! Storage: the journal that is the truth, and the index built from it.
//!
//! A study's store is a folder:
//!
//! | entry           | what it is                                                             |
//! |-----------------|------------------------------------------------------------------------|
//! | `journal.jsonl` | every record, append-only, a checksum on each line ([`journal`])       |
//! | `lock`          | held by the one process that coordinates the study ([`lock`])          |
//! | `index.sled/`   | the history as of some byte of the journal; may be deleted at any time |
//! | `checkpoints/`  | `trial-<id>/`, weights of running trials and of the best, with the state of training of those that are paused ([`checkpoints`]) |
//!
//! The coordinator opens a [`file::FileStore`]; viewers call [`journal::read`], which takes no lock.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::domain::event::Record;
use crate::domain::history::History;
use crate::domain::trial::TrialId;

pub mod checkpoints;
pub mod file;
pub mod journal;
pub mod list;
pub mod lock;
pub mod memory;
#[cfg(test)]
mod sample;
mod sled;
#[cfg(test)]
mod tests;
mod writer;

/// Keeps a study's records.
pub trait Storage: Send {
    /// Appends records. On return those that [must be durable](crate::domain::event::Event::must_be_durable)
    /// are on the disk, and with them all before them.
    ///
    /// # Errors
    /// Where nothing could be written; the records then do not count.
    fn append(&mut self, records: &[Record]) -> Result<(), StorageError>;

    /// Called after trials have ended: brings the index up to date with `history` and drops the
    /// checkpoints of trials that are neither among the best nor in `paused`, which may go on. May be late
    /// or fail without harm.
    ///
    /// # Errors
    /// What went wrong, for the log.
    fn settle(&mut self, history: &History, paused: &BTreeSet<TrialId>) -> Result<(), StorageError>;
}

/// What can go wrong with a store.
#[derive(Debug, Error)]
pub enum StorageError {
    /// The file system refused.
    #[error("{action} {path}: {source}{}", remedy(source))]
    Io {
        /// What was tried, e.g. "failed to write".
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Records could not be written whole; the journal is as it was before.
    #[error(
        "failed to append to {path}: {source}; it still ends with its last whole record{}",
        remedy(source)
    )]
    Append {
        /// The journal.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Records could not be written whole and it is not known what of them is on the disk. Opening
    /// the store again reads what is there and goes on from it.
    #[error("{path} takes no more records after a failed write ({problem}): start the same command again")]
    Sealed {
        /// The journal.
        path: PathBuf,
        /// What failed.
        problem: String,
    },
    /// A record that could not be read back is not written in the first place.
    #[error("record {sequence} can't be stored: {problem}")]
    Refused {
        /// The record.
        sequence: u64,
        /// Why.
        problem: String,
    },
    /// Another process coordinates this study.
    #[error(
        "the study in {path} is already running ({owner}): `tune-tui show` looks at it, `kill` with that process number saves all and ends it"
    )]
    Locked {
        /// The store.
        path: PathBuf,
        /// Host and process.
        owner: String,
    },
    /// The folder holds no study.
    #[error("{0} holds no study: it has no journal, or an empty one")]
    Missing(PathBuf),
    /// The journal is damaged before its end.
    #[error("{path}, line {line}: {problem}")]
    Corrupt {
        /// The journal.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// The index failed; it can be rebuilt.
    #[error("the index: {0}")]
    Index(String),
}

/// For `map_err`: the file system refused `action` at `path`.
fn io_error(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> StorageError {
    let path = path.into();
    move |source| StorageError::Io { action, path, source }
}

/// What a person can do about an I/O error, with the separator before it; empty where unknown.
fn remedy(error: &io::Error) -> &'static str {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::PermissionDenied | Kind::ReadOnlyFilesystem => ": choose another folder with --store",
        Kind::StorageFull | Kind::QuotaExceeded => ": free some space, then start the same command again",
        Kind::IsADirectory | Kind::NotADirectory | Kind::AlreadyExists => {
            ": move what is in the way, or choose another folder with --store"
        }
        Kind::Unsupported => {
            ": this file system lacks what a store needs, choose a folder on another with --store"
        }
        _ => "",
    }
}
