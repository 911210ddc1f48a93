//! Appends to the journal, all of a batch or nothing.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::domain::event::Record;

use super::journal::{self, Position};
use super::{StorageError, io_error};

/// What a journal is written to: a file; in the tests, a disk that is full or broken.
pub(super) trait Medium: Send {
    /// Writes all bytes at the end, or an unknown part of them and an error.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Forces all that was written to the disk.
    fn sync(&mut self) -> io::Result<()>;
    /// Drops what is after the first `length` bytes.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Medium for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// The end of a journal.
pub(super) struct Writer<M = File> {
    medium: M,
    path: PathBuf,
    position: Position,
    /// What failed, once it is not known what is on the disk.
    sealed: Option<String>,
}

impl Writer {
    /// Opens the journal at `path`, which is good up to `position`, and drops what follows.
    pub(super) fn open(path: &Path, position: Position) -> Result<Self, StorageError> {
        let created = !path.exists();
        let file = File::options()
            .create(true)
            .append(true)
            .open(path)
            .map_err(io_error("failed to open for appending", path))?;
        let length = file.metadata().map_err(io_error("failed to read", path))?.len();
        if length > position.length {
            // Not synced: should the machine stop before the next sync, it is cut off again.
            file.set_len(position.length).map_err(io_error("failed to drop the cut-off end of", path))?;
        }
        if created && let Some(dir) = path.parent() {
            sync_folder(dir).map_err(io_error("failed to sync", dir))?;
        }
        Ok(Writer::new(file, path, position))
    }
}

impl<M: Medium> Writer<M> {
    pub(super) fn new(medium: M, path: &Path, position: Position) -> Self {
        Writer { medium, path: path.to_owned(), position, sealed: None }
    }

    /// Appends `records`, which must follow those before in their sequence. Either all of them count
    /// afterwards, or none.
    pub(super) fn append(&mut self, records: &[Record]) -> Result<(), StorageError> {
        if let Some(problem) = &self.sealed {
            return Err(StorageError::Sealed { path: self.path.clone(), problem: problem.clone() });
        }
        let mut lines = Vec::new();
        for (record, expected) in records.iter().zip(self.position.records..) {
            check_sequence(record, expected)?;
            journal::encode(record, &mut lines)?;
        }
        if let Err(source) = self.medium.write(&lines) {
            return match self.medium.cut(self.position.length) {
                Ok(()) => Err(StorageError::Append { path: self.path.clone(), source }),
                Err(e) => Err(self.seal(format!("{source}, and it could not be cut back: {e}"))),
            };
        }
        if records.iter().any(|r| r.event.must_be_durable())
            && let Err(e) = self.medium.sync()
        {
            // After a failed sync, the system may drop what it had not yet written, also of
            // earlier records: only reading the file again tells what is left.
            let cut = self.medium.cut(self.position.length);
            let cut = cut.err().map_or(String::new(), |e| format!(", and it could not be cut back: {e}"));
            return Err(self.seal(format!("{e}{}{cut}", super::remedy(&e))));
        }
        self.position.advance(&lines, records.len() as u64);
        Ok(())
    }

    fn seal(&mut self, problem: String) -> StorageError {
        self.sealed = Some(problem.clone());
        StorageError::Sealed { path: self.path.clone(), problem }
    }

    #[cfg(test)]
    pub(super) fn medium(&mut self) -> &mut M {
        &mut self.medium
    }

    /// The end of the good lines.
    pub(super) fn position(&self) -> Position {
        self.position
    }
}

/// Refuses a record that leaves a gap in the sequence.
pub(super) fn check_sequence(record: &Record, expected: u64) -> Result<(), StorageError> {
    if record.sequence == expected {
        return Ok(());
    }
    Err(StorageError::Refused {
        sequence: record.sequence,
        problem: format!("the next record is {expected}"),
    })
}

/// A new file is on the disk once its folder is.
#[cfg(unix)]
fn sync_folder(dir: &Path) -> io::Result<()> {
    match File::open(dir)?.sync_all() {
        // Some network file systems have no such call for folders, and need none.
        Err(e) if matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

#[cfg(not(unix))]
fn sync_folder(_dir: &Path) -> io::Result<()> {
    Ok(())
}
