//! Records kept in memory, for tests and for studies that need no store.

use std::collections::BTreeSet;

use crate::domain::event::Record;
use crate::domain::history::History;
use crate::domain::trial::TrialId;

use super::writer::check_sequence;
use super::{Storage, StorageError, journal};

/// A store that ends with the process. Holds records to the same rules as a file.
#[derive(Debug, Default)]
pub struct MemoryStore {
    records: Vec<Record>,
    settled: usize,
    fail_next: Option<String>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        MemoryStore::default()
    }

    /// What was appended.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// How often [`settle`](Storage::settle) was called.
    pub fn settled(&self) -> usize {
        self.settled
    }

    /// Makes the next append fail for `reason`.
    pub fn fail_next(&mut self, reason: &str) {
        self.fail_next = Some(reason.to_owned());
    }
}

impl Storage for MemoryStore {
    fn append(&mut self, records: &[Record]) -> Result<(), StorageError> {
        if let Some(reason) = self.fail_next.take() {
            let source = std::io::Error::other(reason);
            return Err(StorageError::Append { path: "memory".into(), source });
        }
        let mut lines = Vec::new();
        for (record, expected) in records.iter().zip(self.records.len() as u64..) {
            check_sequence(record, expected)?;
            journal::encode(record, &mut lines)?;
        }
        self.records.extend_from_slice(records);
        Ok(())
    }

    fn settle(&mut self, _history: &History, _paused: &BTreeSet<TrialId>) -> Result<(), StorageError> {
        self.settled += 1;
        Ok(())
    }
}
