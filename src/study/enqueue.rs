//! Params that are tried before the sampler is asked.

use super::{Study, StudyError};
use crate::domain::event::Event;
use crate::domain::seed::{of_replicate, of_trial};
use crate::domain::trial::{Origin, TrialId};
use crate::domain::value::Params;

/// What suggested params that a person enqueued.
pub const ENQUEUED: &str = "enqueued";

/// What suggested params that a person took from a trial and changed.
pub const CLONED: &str = "cloned";

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
            self.enqueue_in_all(&params, &Origin::by(ENQUEUED))?;
            added += 1;
        }
        Ok(added)
    }

    /// Adds a waiting trial of `params` in every replicate of the search.
    pub(super) fn enqueue_in_all(&mut self, params: &Params, origin: &Origin) -> Result<(), StudyError> {
        // As many in a row as there are replicates: one belongs to each.
        for _ in 0..self.history.study().replicates.max(1) {
            let trial = self.history.trials().len();
            let (params, origin) = (params.clone(), origin.clone());
            self.record(Event::TrialEnqueued { trial, params, seed: self.seed_of(trial), origin })?;
        }
        Ok(())
    }

    /// The seed of a trial.
    fn seed_of(&self, trial: TrialId) -> u64 {
        let study = self.history.study();
        of_trial(of_replicate(study.seed, study.replicate(trial)), trial / study.replicates.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::history::History;
    use crate::domain::trial::TrialState;
    use crate::domain::value::Value;
    use crate::study::tests::{Tail, finish, parts, replay, spec};

    fn at(x: f64) -> Params {
        Params::from([("x".to_owned(), Value::Float(x))])
    }

    fn xs(history: &History) -> Vec<f64> {
        history.trials().iter().map(|t| t.params["x"].as_f64().unwrap()).collect()
    }

    #[test]
    fn what_is_enqueued_runs_first_in_every_replicate_and_is_added_once() {
        let (own, published) = parts(1, 9.0);
        let study = crate::domain::event::StudySpec { replicates: 2, ..spec() };
        let mut first = Study::open(own, study.clone(), None, 8).unwrap();
        assert_eq!(first.enqueue([at(0.25), at(0.75)]).unwrap(), 2);
        assert_eq!(xs(first.history()), [0.25, 0.25, 0.75, 0.75]);
        finish(&mut first);
        let trials = first.history().trials();
        assert!(trials[..4].iter().all(|t| t.origin.by == ENQUEUED && t.state == TrialState::Complete));
        assert!(trials[4..].iter().all(|t| t.origin.by == "touchy") && trials.len() == 8);
        let seeds: Vec<u64> = trials.iter().map(|t| t.seed).collect();
        assert_eq!(seeds[2], of_trial(study.seed, 1));
        assert_ne!(seeds[0], seeds[1]);

        // Of a longer list later only what is new.
        let records = published.lock().unwrap().clone();
        let (mut more, _) = parts(1, 9.0);
        more.storage = Box::new(Tail(crate::storage::memory::MemoryStore::new()));
        let mut second = Study::open(more, study, Some(replay(&records)), 12).unwrap();
        assert_eq!(second.enqueue([at(0.5), at(0.75), at(0.25)]).unwrap(), 1);
        assert_eq!(xs(second.history())[8..], [0.5, 0.5]);
        assert!(second.enqueue([Params::new()]).is_err(), "not of the space");
    }
}
