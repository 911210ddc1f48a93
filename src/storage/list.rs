//! The studies of a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{StorageError, io_error, journal};

/// The stores directly below `dir`, by name: folders with a journal. None where `dir` does not exist.
///
/// # Errors
/// Where `dir` can't be listed.
pub fn studies(dir: &Path) -> Result<Vec<PathBuf>, StorageError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(io_error("failed to list", dir)(e)),
    };
    let paths: io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut studies = paths.map_err(io_error("failed to list", dir))?;
    studies.retain(|store| journal::path(store).is_file());
    studies.sort();
    Ok(studies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_with_a_journal_are_studies() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["pig", "mice"] {
            fs::create_dir(dir.path().join(name)).unwrap();
            fs::write(journal::path(&dir.path().join(name)), "").unwrap();
        }
        fs::create_dir(dir.path().join("empty")).unwrap();
        fs::create_dir_all(journal::path(&dir.path().join("odd"))).unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        assert_eq!(studies(dir.path()).unwrap(), [dir.path().join("mice"), dir.path().join("pig")]);
        assert!(studies(&dir.path().join("absent")).unwrap().is_empty());
        assert!(studies(&dir.path().join("file")).is_err());
    }
}
