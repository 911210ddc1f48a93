//! Where the checkpoints of trials lie: who writes them and who deletes them must mean the same files.

use std::path::{Path, PathBuf};

use super::trial::TrialId;

/// What the name of a trial's folder begins with, before its number.
pub const PREFIX: &str = "trial-";

/// The file, in a trial's folder, of the state of its training at a place where it may be paused.
pub const STATE: &str = "state";

/// The checkpoints of a trial, in the folder `root` of all checkpoints.
pub fn folder(root: &Path, trial: TrialId) -> PathBuf {
    root.join(format!("{PREFIX}{trial}"))
}
