//! Which checkpoints are kept: those of trials that are not finished, of paused ones that may go on, and of the
//! best complete ones.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use crate::domain::checkpoint::{PREFIX, STATE, folder};
use crate::domain::history::History;
use crate::domain::trial::TrialId;

use super::{StorageError, io_error};

/// Deletes the folders of finished trials that are neither in `paused` nor among the best `keep` complete ones, and
/// the state of training in the folders of the latter. Names that are no trial's folder are left alone.
pub(super) fn retain(
    root: &Path,
    history: &History,
    keep: usize,
    paused: &BTreeSet<TrialId>,
) -> Result<(), StorageError> {
    let entries = match fs::read_dir(root) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(io_error("failed to list", root)(e)),
    };
    let scored = history.ranked().into_iter().filter(|trial| trial.score.is_some());
    let best: BTreeSet<TrialId> = scored.take(keep).map(|trial| trial.id).collect();
    for entry in entries {
        let entry = entry.map_err(io_error("failed to list", root))?;
        let name = entry.file_name();
        let id = name.to_str().and_then(|n| n.strip_prefix(PREFIX)).and_then(|n| n.parse().ok());
        let Some(trial) = id.and_then(|id| history.trial(id)) else { continue };
        if !trial.state.is_finished() || paused.contains(&trial.id) {
            continue;
        }
        let path = folder(root, trial.id);
        if best.contains(&trial.id) {
            let state = path.join(STATE);
            match fs::remove_file(&state) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    return Err(io_error("failed to delete", state)(e));
                }
                _ => {}
            }
        } else {
            fs::remove_dir_all(&path).map_err(io_error("failed to delete", path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::sample;

    #[test]
    fn unfinished_paused_and_the_best_complete_trials_keep_their_checkpoints() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("checkpoints");
        let history = sample::history(&sample::records(12));
        assert!(retain(&root, &history, 2, &BTreeSet::new()).is_ok(), "there need not be any checkpoints");
        for trial in history.trials() {
            fs::create_dir_all(folder(&root, trial.id)).unwrap();
            fs::write(folder(&root, trial.id).join("weights"), "w").unwrap();
            fs::write(folder(&root, trial.id).join(STATE), "s").unwrap();
        }
        for foreign in ["trial-999", "trial-x", "notes"] {
            fs::create_dir(root.join(foreign)).unwrap();
        }
        let pruned: Vec<TrialId> =
            history.trials().iter().filter(|t| t.state.word() == "pruned").map(|t| t.id).collect();
        let paused = BTreeSet::from([pruned[0]]);
        assert!(pruned.len() > 1, "one of the pruned ones may go on");
        retain(&root, &history, 2, &paused).unwrap();
        let mut scores: Vec<(f64, TrialId)> =
            history.trials().iter().filter_map(|t| Some((t.score?, t.id))).collect();
        scores.sort_by(|a, b| b.partial_cmp(a).unwrap());
        assert!(scores.len() > 2, "the sample maximises and has more complete trials than are kept");
        let best = [scores[0].1, scores[1].1];
        for trial in history.trials() {
            let goes_on = !trial.state.is_finished() || paused.contains(&trial.id);
            let kept = best.contains(&trial.id) || goes_on;
            assert_eq!(folder(&root, trial.id).exists(), kept, "{trial:?}");
            assert_eq!(folder(&root, trial.id).join(STATE).exists(), goes_on, "{trial:?}");
        }
        assert!(["trial-999", "trial-x", "notes"].iter().all(|n| root.join(n).exists()));
    }
}
