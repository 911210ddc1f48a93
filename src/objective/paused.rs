//! Trials that were paused: what is kept of them, and how they go on.
//!
//! A trial that was paused between two trainings goes on with the next; within one, from the state of training that
//! was kept there. Training is deterministic: where the state is missing, the trial is trained again from its
//! beginning, and ends with the same bits.

use std::path::{Path, PathBuf};

use super::{CrossValidation, weights_file};
use crate::domain::checkpoint::{STATE, folder};
use crate::domain::objective::{Done, Job, Pause, Reporter, Verdict};
use crate::domain::trial::{FoldScore, Report, TrialId};
use crate::train::{Epoch, SnapshotReader, SnapshotWriter, Watch};

/// Where a job begins.
#[derive(Default)]
pub(super) struct Start {
    /// What ended before.
    pub folds: Vec<FoldScore>,
    /// Reports before.
    pub reports: usize,
    /// The state of the training that is at work, after so many epochs.
    pub state: Option<(SnapshotReader, usize)>,
}

/// The file of the state of a trial's training.
fn state_file(checkpoints: &Path, trial: TrialId) -> PathBuf {
    folder(checkpoints, trial).join(STATE)
}

impl CrossValidation {
    /// Where `job` can go on.
    ///
    /// # Errors
    /// Why it can't.
    pub(super) fn start(&self, job: &Job) -> Result<Start, String> {
        let Done { reports, folds } = &job.done;
        let within = *reports - folds.iter().map(|fold| fold.epochs).sum::<usize>().min(*reports);
        let state = match &self.checkpoints {
            None if within > 0 => return Err("no store keeps it".into()),
            None => None,
            Some(folder) => {
                let weights = |fold: &&FoldScore| weights_file(folder, job.trial, fold.repeat, fold.fold);
                if let Some(lost) = folds.iter().find(|fold| !weights(fold).exists()) {
                    let (repeat, fold) = (lost.repeat + 1, lost.fold + 1);
                    return Err(format!("the weights of fold {fold} of repeat {repeat} are gone"));
                }
                let (repeat, fold) = (folds.len() / self.folds.len(), folds.len() % self.folds.len());
                let place = self.place(job, repeat, fold);
                let open = || SnapshotReader::open(&state_file(folder, job.trial), place.seed, within);
                (within > 0).then(open).transpose()?.map(|state| (state, within))
            }
        };
        Ok(Start { folds: folds.clone(), reports: *reports, state })
    }
}

/// Follows one training of a job.
pub(super) struct Follower<'a> {
    pub job: &'a Job,
    pub reporter: &'a dyn Reporter,
    pub checkpoints: Option<&'a Path>,
    pub repeat: usize,
    pub fold: usize,
    /// The number of the training.
    pub training: usize,
    /// Of the next report.
    pub step: &'a mut usize,
}

impl Follower<'_> {
    fn pauses(&self, epochs: usize) -> bool {
        self.job.pauses.contains(&Pause { training: self.training, epochs })
    }
}

impl Watch for Follower<'_> {
    fn epoch(&mut self, figures: Epoch) -> Verdict {
        let Epoch { epoch, train_loss, validation_loss, score } = figures;
        let (step, repeat, fold) = (*self.step, self.repeat, self.fold);
        *self.step += 1;
        let (train_loss, validation_loss) = (Some(train_loss), Some(validation_loss));
        let verdict =
            self.reporter.report(Report { step, repeat, fold, epoch, train_loss, validation_loss, score });
        if verdict == Verdict::Continue && self.pauses(epoch + 1) { self.reporter.settled() } else { verdict }
    }

    fn keeps(&self, epochs: usize) -> bool {
        self.checkpoints.is_some() && self.pauses(epochs)
    }

    fn keep(&mut self, state: SnapshotWriter) {
        let Some(folder) = self.checkpoints else { return };
        // Without it the trial is trained again, if it is paused here and goes on.
        if let Err(error) = state.save(&state_file(folder, self.job.trial)) {
            self.reporter.warn(format!("the state of its training was not kept: {error}"));
        }
    }
}
