//! One replicate of a study's search, as a history of its own.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use super::{Counts, History};
use crate::domain::event::StudySpec;
use crate::domain::seed::of_replicate;
use crate::domain::trial::{Origin, Trial, TrialId};

impl History {
    /// The history of the search that trial `trial` belongs to, and the trial's number in it. All of it where
    /// the study searches once.
    pub fn search_of(&self, trial: TrialId) -> (Cow<'_, History>, TrialId) {
        let replicates = self.study.replicates.max(1);
        if replicates == 1 {
            return (Cow::Borrowed(self), trial);
        }
        (Cow::Owned(self.replicate(self.study.replicate(trial))), trial / replicates)
    }

    /// An origin as the search that trial `trial` belongs to says it, with the study's own numbers of the parents.
    pub fn origin_of(&self, trial: TrialId, mut origin: Origin) -> Origin {
        let replicates = self.study.replicates.max(1);
        let own = |parent: &mut TrialId| *parent = *parent * replicates + self.study.replicate(trial);
        origin.parents.iter_mut().for_each(own);
        origin
    }

    /// Replicate `number` of the search as the history of a study that searches once: with its own seed and its
    /// own trials, numbered from 0, and without the log and the baselines, which are the whole study's.
    pub fn replicate(&self, number: usize) -> History {
        let replicates = self.study.replicates.max(1);
        let trials = self.trials.iter().skip(number).step_by(replicates);
        let trials = trials.map(|t| {
            let mut own = Trial { id: t.id / replicates, ..(**t).clone() };
            own.origin.parents.iter_mut().for_each(|parent| *parent /= replicates);
            Arc::new(own)
        });
        let study =
            StudySpec { seed: of_replicate(self.study.seed, number), replicates: 1, ..self.study.clone() };
        let mut own = History {
            study,
            target: self.target.saturating_sub(number).div_ceil(replicates),
            trials: trials.collect(),
            counts: Counts::default(),
            incumbent: None,
            log: VecDeque::new(),
            baselines: Vec::new(),
            imported: self.imported.clone(),
            sources: self.sources.clone(),
            sampler: self.sampler.clone(),
            pruner: self.pruner.clone(),
            ..*self
        };
        for trial in 0..own.trials.len() {
            *own.counter(&own.trials[trial].state.clone()) += 1;
        }
        // As they were promoted: in the order of their ends, of which an earlier one stands on a tie.
        let mut ended: Vec<TrialId> =
            (0..own.trials.len()).filter(|t| own.trials[*t].score.is_some()).collect();
        ended.sort_by_key(|trial| own.trials[*trial].finished);
        ended.into_iter().for_each(|trial| own.promote(trial));
        own
    }
}
