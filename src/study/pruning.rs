//! What a study asks of its pruner: whether a trial ends, and which paused one goes on.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::{StopCause, Study, StudyError};
use crate::domain::course::Course;
use crate::domain::event::{Event, Level};
use crate::domain::objective::{Job, Pause};
use crate::domain::trial::TrialId;
use crate::domain::value::Params;

/// Of how many paused trials at most the state is kept. The others are trained again from the beginning where
/// they go on after all.
const MOST_KEPT: usize = 20;

impl Study {
    /// Asks whether a trial ends with what it told last.
    pub(super) fn judge(&mut self, trial: TrialId) {
        let (study, pruner) = (self.history.study(), &self.parts.pruner);
        let Some(known) = self.history.trial(trial) else { return };
        // The last fold is followed by the trial's own end.
        if known.folds.len() >= study.trainings_of(&known.params) {
            return;
        }
        // Cheap, where a replicate's history has to be made to ask.
        if !pruner.is_due(study, known, trial / study.replicates.max(1)) {
            return;
        }
        let (search, number) = self.history.search_of(trial);
        if let Some(reason) = pruner.decide(&search, number) {
            self.stop_trial(trial, StopCause::Pruned(reason));
        }
    }

    /// The paused trial that goes on, before a new one begins: of the first replicate of the search that has one.
    pub(super) fn next_promotion(&self) -> Option<(TrialId, String)> {
        self.searches().find_map(|(replicate, replicates)| {
            let (search, _) = self.history.search_of(replicate);
            let (number, reason) = self.parts.pruner.promote(&search)?;
            Some((number * replicates + replicate, reason))
        })
    }

    /// The replicates of the search that may have something to promote, and the number of all.
    fn searches(&self) -> impl Iterator<Item = (usize, usize)> {
        let replicates = self.history.study().replicates.max(1);
        let begun = replicates.min(self.history.trials().len());
        // Cheap, before each replicate's history is made.
        let some = self.parts.pruner.promotes() && self.history.counts().pruned > 0;
        (0..begun).filter(move |_| some).map(move |r| (r, replicates))
    }

    /// Sets the next paused trial that goes on to waiting, if there is one.
    pub(super) fn promote(&mut self) -> Result<(), StudyError> {
        match self.next_promotion() {
            Some((trial, reason)) => self.record(Event::TrialPromoted { trial, reason }),
            None => Ok(()),
        }
    }

    /// The job of a trial that begins.
    pub(super) fn job(&self, trial: TrialId, params: Params, seed: u64) -> Job {
        let (study, pruner) = (self.history.study(), &self.parts.pruner);
        let course = Course::of(study);
        let places = pruner.pauses(study, trial / study.replicates.max(1));
        let pause = |place: usize| {
            let (training, epochs) = course.split(place);
            // Behind the end of a training there is nothing to keep but its score.
            (Some(epochs) != course.epochs()).then_some(Pause { training, epochs })
        };
        Job { pauses: places.into_iter().filter_map(pause).collect(), ..Job::new(trial, params, seed) }
    }

    /// Tells the store that trials ended. While the study goes on, the state of those that may still be promoted
    /// is kept.
    pub(super) fn settle(&mut self, goes_on: bool) -> Result<(), StudyError> {
        self.unsettled = false;
        let mut kept = BTreeSet::new();
        if goes_on {
            for (replicate, replicates) in self.searches() {
                let (search, _) = self.history.search_of(replicate);
                let found = self.parts.pruner.promotable(&search).into_iter();
                let share = (MOST_KEPT / replicates).max(1);
                kept.extend(found.take(share).map(|number| number * replicates + replicate));
            }
        }
        if let Err(error) = self.parts.storage.settle(&self.history, &kept) {
            self.note(Level::Warning, error.to_string())?;
        }
        Ok(())
    }
}
