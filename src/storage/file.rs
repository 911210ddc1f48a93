//! The store of a study in a folder.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder};
use std::io;
use std::path::{Path, PathBuf};

use crate::domain::event::{Event, Record};
use crate::domain::history::History;
use crate::domain::trial::{Timestamp, TrialId};

use super::journal::{self, Position, Scan};
use super::lock::{Lock, Owner};
use super::sled::{Index, delete as delete_index};
use super::writer::Writer;
use super::{Storage, StorageError, checkpoints, io_error};

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// Of how many of the best complete trials the checkpoints are kept.
    pub keep_checkpoints: usize,
    /// Now.
    pub at: Timestamp,
    /// This machine's name, for whoever finds the store locked.
    pub host: String,
}

/// An opened store.
pub struct Opened {
    /// The store.
    pub store: FileStore,
    /// The history so far; `None` for a new study, whose first record is then to be appended.
    pub history: Option<History>,
    /// Lines for the log: what was dropped or rebuilt.
    pub notices: Vec<String>,
}

/// A study's folder, held by this process until dropped.
pub struct FileStore {
    dir: PathBuf,
    writer: Writer,
    /// `None` once it has failed: the next to open the store rebuilds it.
    index: Option<Index>,
    keep_checkpoints: usize,
    _lock: Lock,
}

impl FileStore {
    /// Opens the store in `dir`, making the folder (for its owner only) where it does not exist.
    ///
    /// # Errors
    /// `Locked` where another process coordinates the study; what [`journal::read`] finds wrong with
    /// the journal, except that it may be missing or empty; `Io`.
    pub fn open(dir: &Path, options: OpenOptions) -> Result<Opened, StorageError> {
        create_folder(dir)?;
        let owner = Owner { host: options.host, pid: std::process::id(), since: options.at };
        let lock = Lock::take(dir, &owner)?;
        let path = journal::path(dir);
        let mut notices = Vec::new();
        let (scan, index) = match resume(dir) {
            Ok((scan, index)) => (scan, Some(index)),
            Err(why) => {
                // First the journal: where it can't be read, the index is the last copy.
                let scan = journal::scan(&path, None)?;
                let (index, notice) = renew_index(dir, &why);
                notices.push(notice);
                (scan, index)
            }
        };
        notices.extend(scan.dropped);
        let writer = Writer::open(&path, scan.position)?;
        let dir = dir.to_owned();
        let keep_checkpoints = options.keep_checkpoints;
        let store = FileStore { dir, writer, index, keep_checkpoints, _lock: lock };
        Ok(Opened { store, history: scan.history, notices })
    }

    /// The folder of the checkpoints; [`folder`](crate::domain::checkpoint::folder) is a trial's within it.
    pub fn checkpoints(&self) -> PathBuf {
        checkpoints_folder(&self.dir)
    }
}

impl Storage for FileStore {
    fn append(&mut self, records: &[Record]) -> Result<(), StorageError> {
        self.writer.append(records)?;
        for record in records {
            let changed = match record.event {
                Event::TrialPromoted { trial, .. }
                | Event::TrialPinned { trial, .. }
                | Event::TrialAnnotated { trial, .. } => trial,
                _ => continue,
            };
            if let Some(index) = &mut self.index {
                index.reopen(changed);
            }
        }
        Ok(())
    }

    fn settle(&mut self, history: &History, paused: &BTreeSet<TrialId>) -> Result<(), StorageError> {
        let position = self.writer.position();
        let settled = match self.index.as_mut().map(|index| index.settle(history, position)) {
            None | Some(Ok(())) => Ok(()),
            Some(Err(why)) => {
                if let Some(index) = self.index.take() {
                    index.close();
                }
                Err(StorageError::Index(format!("{why}; it is left as it is until the next start")))
            }
        };
        let retained = checkpoints::retain(&self.checkpoints(), history, self.keep_checkpoints, paused);
        settled.and(retained)
    }
}

/// Moves the store in `dir` to `<dir>.old-<at>` beside it, so that the study can start anew without
/// anything being deleted; returns the new place.
///
/// # Errors
/// `Locked` where a process coordinates the study; `Missing` where there is no store; `Io`.
pub fn archive(dir: &Path, at: Timestamp, host: &str) -> Result<PathBuf, StorageError> {
    if !journal::path(dir).exists() {
        return Err(StorageError::Missing(dir.to_owned()));
    }
    let _lock = Lock::take(dir, &Owner { host: host.to_owned(), pid: std::process::id(), since: at })?;
    let mut old = dir.as_os_str().to_owned();
    old.push(format!(".old-{at}"));
    let old = PathBuf::from(old);
    fs::rename(dir, &old).map_err(io_error("failed to rename", dir))?;
    Ok(old)
}

fn index_folder(dir: &Path) -> PathBuf {
    dir.join("index.sled")
}

/// The folder of the checkpoints in the store `dir`.
pub fn checkpoints_folder(dir: &Path) -> PathBuf {
    dir.join("checkpoints")
}

/// The history from the index and the part of the journal that is newer, or why that can't be had.
fn resume(dir: &Path) -> Result<(Scan, Index), String> {
    let path = journal::path(dir);
    let (mut index, known) = Index::open(&index_folder(dir))?;
    let scan = || {
        if let Some((_, position)) = &known {
            is_prefix(&path, *position)?;
        }
        journal::scan(&path, known).map_err(|e| e.to_string())
    };
    match scan() {
        Ok(scan) => {
            scan.history.iter().for_each(|history| index.catch_up(history));
            Ok((scan, index))
        }
        Err(why) => {
            index.close();
            Err(why)
        }
    }
}

fn is_prefix(path: &Path, position: Position) -> Result<(), String> {
    match journal::begins_with(path, position) {
        Ok(true) => Ok(()),
        Ok(false) => Err("it was made from another journal".to_owned()),
        Err(e) => Err(e.to_string()),
    }
}

/// An empty index in place of one that can't be used, and the line that says so.
fn renew_index(dir: &Path, why: &str) -> (Option<Index>, String) {
    let folder = index_folder(dir);
    let deleted = delete_index(&folder).map_err(|e| e.to_string());
    match deleted.and_then(|()| Index::open(&folder)) {
        Ok((index, _)) => (Some(index), format!("the index was rebuilt from the journal: {why}")),
        Err(e) => (None, format!("the index can't be used ({why}) or made anew ({e}): the study needs none")),
    }
}

/// The study's folder is for its owner only; those above it are as usual.
fn create_folder(dir: &Path) -> Result<(), StorageError> {
    if dir.is_dir() {
        return Ok(());
    }
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent).map_err(io_error("failed to create", parent))?;
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(dir) {
        // Another process that starts the same study came first: the lock decides between the two.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => Ok(()),
        created => created.map_err(io_error("failed to create", dir)),
    }
}
