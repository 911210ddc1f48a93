//! Params that are tried before the sampler is asked.

use super::{Study, StudyError};
use crate::domain::event::Event;
use crate::domain::seed::{of_replicate, of_trial};
use crate::domain::trial::{Origin, TrialId};
use crate::domain::value::Params;

/// What suggested params that a person enqueued.
pub const ENQUEUED: &str = "enqueued";

impl Study {
    /// Adds a waiting trial of each of `configs` that was not enqueued before, in every replicate of the search.
    ///
    /// # Errors
    /// Where params are not of the study's space, or the store fails.
    pub fn enqueue(&mut self, configs: impl IntoIterator<Item = Params>) -> Result<usize, StudyError> {
        let mut added = 0;
        for params in configs {
            let mut known = self.history.trials().iter().filter(|t| t.origin.by == ENQUEUED);
            if known.any(|t| t.params == params) {
                continue;
            }
            // As many in a row as there are replicates: one belongs to each.
            for _ in 0..self.history.study().replicates.max(1) {
                let trial = self.history.trials().len();
                let (params, origin) = (params.clone(), Origin::by(ENQUEUED));
                self.record(Event::TrialEnqueued { trial, params, seed: self.seed_of(trial), origin })?;
            }
            added += 1;
        }
        Ok(added)
    }

    /// The seed of a trial.
    fn seed_of(&self, trial: TrialId) -> u64 {
        let study = self.history.study();
        of_trial(of_replicate(study.seed, study.replicate(trial)), trial / study.replicates.max(1))
    }
}
