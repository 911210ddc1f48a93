//! The standard error of a trial: a file of bounded size, and its last lines for the reason of a failure.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

/// Most bytes of a trial's log.
const MOST: u64 = 1 << 20;

/// Bytes that are kept of its end.
const TAIL: usize = 4096;

/// Lines and characters that a reason quotes.
const LINES: usize = 5;
const CHARACTERS: usize = 600;

/// The log of the trial that a process works at.
#[derive(Default)]
pub(super) struct Log {
    path: Option<PathBuf>,
    /// Opened by the first bytes: most programs say nothing.
    file: Option<File>,
    written: u64,
    tail: VecDeque<u8>,
}

impl Log {
    /// Of another trial from now on.
    pub fn begin(&mut self, path: Option<PathBuf>) {
        if let Some(path) = path.as_ref().filter(|path| path.exists()) {
            // Of an attempt before this one.
            std::fs::remove_file(path).ok();
        }
        *self = Log { path, ..Log::default() };
    }

    /// Takes in what the program said. A log that can't be written does not spoil its trial.
    pub fn append(&mut self, bytes: &[u8]) {
        self.tail.extend(bytes);
        let surplus = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..surplus);
        if self.file.is_none()
            && let Some(path) = self.path.take()
        {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).ok();
            }
            self.file = File::create(path).ok();
        }
        let Some(file) = self.file.as_mut().filter(|_| self.written < MOST) else { return };
        let room = usize::try_from(MOST - self.written).unwrap_or(usize::MAX).min(bytes.len());
        self.written += room as u64;
        file.write_all(&bytes[..room]).ok();
        if self.written == MOST {
            file.write_all(b"\n(the rest was not kept)\n").ok();
        }
    }

    /// Its last lines, in one.
    pub fn tail(&self) -> String {
        let bytes: Vec<u8> = self.tail.iter().copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        let clean =
            |line: &str| line.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned();
        let lines: Vec<String> = text.lines().map(clean).filter(|line| !line.is_empty()).collect();
        let last = lines[lines.len().saturating_sub(LINES)..].join(" | ");
        let surplus = last.chars().count().saturating_sub(CHARACTERS);
        last.chars().skip(surplus).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_bounded_and_ends_with_its_last_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs/trial-7.log");
        let mut log = Log::default();
        log.begin(Some(path.clone()));
        assert!(!path.exists() && log.tail().is_empty(), "nothing was said");
        for line in 0..100_000 {
            log.append(format!("line {line}, which says something\n").as_bytes());
        }
        let size = std::fs::metadata(&path).unwrap().len();
        assert!((MOST..MOST + 100).contains(&size), "{size}");
        assert!(log.tail().ends_with("line 99998, which says something | line 99999, which says something"));
        assert_eq!(log.tail().matches(" | ").count(), LINES - 1);
        log.begin(Some(path.clone()));
        assert!(log.tail().is_empty() && !path.exists(), "another attempt begins anew");
    }
}
