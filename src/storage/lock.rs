//! The lock of a store: one process at a time coordinates a study.
//!
//! The system's own file lock: it ends with the process, however that ends. The file stays behind
//! and means nothing while nobody holds the lock.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::trial::Timestamp;

use super::{StorageError, io_error};

/// [`owner`] holds the lock for an instant: who finds it taken looks again.
const LOOKS: usize = 5;
const PAUSE: Duration = Duration::from_millis(10);

/// Who coordinates a study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The machine's name.
    pub host: String,
    /// The process on it.
    pub pid: u32,
    /// When it opened the store.
    pub since: Timestamp,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} on {}", self.pid, self.host)
    }
}

/// The lock, held until dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the store in `dir` and writes `owner` into its file.
    pub(super) fn take(dir: &Path, owner: &Owner) -> Result<Self, StorageError> {
        let path = path(dir);
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(io_error("failed to create", &path))?;
        if !try_repeatedly(&path, || file.try_lock())? {
            let owner = read_owner(&mut file);
            let owner = owner.map_or_else(|| "by an unknown process".to_owned(), |o| o.to_string());
            return Err(StorageError::Locked { path: dir.to_owned(), owner });
        }
        // While this waited, the store may have been moved aside with the file that is locked now.
        let is_current = || Ok(fs::metadata(&path)?.ino() == file.metadata()?.ino());
        if !is_current().map_err(io_error("failed to read", &path))? {
            return Self::take(dir, owner);
        }
        let text = serde_json::to_string(owner).map_err(io::Error::from);
        text.and_then(|text| {
            file.set_len(0)?;
            file.write_all(text.as_bytes())
        })
        .map_err(io_error("failed to write", &path))?;
        Ok(Lock { _file: file })
    }
}

/// Who coordinates the study in `dir` now; `None` where nobody does, or where it can't be known.
pub fn owner(dir: &Path) -> Option<Owner> {
    let path = path(dir);
    let mut file = File::open(&path).ok()?;
    match try_repeatedly(&path, || file.try_lock_shared()) {
        Ok(false) => read_owner(&mut file),
        Ok(true) | Err(_) => None,
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join("lock")
}

fn try_repeatedly(
    path: &Path,
    try_lock: impl Fn() -> Result<(), TryLockError>,
) -> Result<bool, StorageError> {
    for look in 0..LOOKS {
        match try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) if look + 1 < LOOKS => thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(e)) => return Err(io_error("failed to lock", path)(e)),
        }
    }
    Ok(false)
}

fn read_owner(file: &mut File) -> Option<Owner> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_is_known_while_the_lock_is_held_and_only_then() {
        let dir = tempfile::tempdir().unwrap();
        let me = Owner { host: "login1".into(), pid: 7, since: 1000 };
        assert_eq!(owner(dir.path()), None);
        let lock = Lock::take(dir.path(), &me).unwrap();
        assert_eq!(owner(dir.path()), Some(me.clone()));
        let error = Lock::take(dir.path(), &Owner { pid: 8, ..me.clone() }).unwrap_err();
        assert!(error.to_string().contains("(process 7 on login1)"), "{error}");
        drop(lock);
        assert_eq!(owner(dir.path()), None, "the file stays, the lock does not");
        let longer = Owner { host: "a".into(), ..me };
        let _lock = Lock::take(dir.path(), &longer).unwrap();
        assert_eq!(owner(dir.path()), Some(longer), "nothing is left of the longer text before");
    }
}
