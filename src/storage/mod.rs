//! Storage: the journal that is the truth, and the index built from it.

use std::path::PathBuf;

use thiserror::Error;

use crate::domain::event::Record;
use crate::domain::history::History;

/// Keeps a study's records.
pub trait Storage: Send {
    /// Appends records. On return those that [must be durable](crate::domain::event::Event::must_be_durable)
    /// are on the disk, and with them all before them.
    ///
    /// # Errors
    /// Where nothing could be written; the records then do not count.
    fn append(&mut self, records: &[Record]) -> Result<(), StorageError>;

    /// Called after trials have ended: brings the index up to date with `history` and drops the
    /// checkpoints of trials that are no longer among the best. May be late or fail without harm.
    ///
    /// # Errors
    /// What went wrong, for the log.
    fn settle(&mut self, history: &History) -> Result<(), StorageError>;
}

/// What can go wrong with a store.
#[derive(Debug, Error)]
pub enum StorageError {
    /// The file system refused.
    #[error("{action} {path}: {source}")]
    Io {
        /// What was tried, e.g. "failed to write".
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process coordinates this study.
    #[error("the study in {path} is already running ({owner}): wait for it, or stop it there")]
    Locked {
        /// The store.
        path: PathBuf,
        /// Host and process.
        owner: String,
    },
    /// The folder holds no study.
    #[error("{0} holds no study: it has no journal")]
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
