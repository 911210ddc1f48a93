//! Asynchronous successive halving (Li et al. 2020): see the module of rungs.

use super::rungs::{Climb, Ladder, SETTINGS, arrived, likeliest};
use super::{Pruner, PrunerRow};
use crate::domain::course::Course;
use crate::domain::event::StudySpec;
use crate::domain::history::History;
use crate::domain::insight::Rung;
use crate::domain::trial::{Trial, TrialId};

/// Its row in the table of pruners.
pub const ROW: PrunerRow = PrunerRow {
    name: "asha",
    help: "asynchronous successive halving: at each rung the best share goes on, the others are paused and may be \
           promoted later (Li et al. 2020)",
    settings: SETTINGS,
    build: |settings| Box::new(Asha(Ladder::of(settings))),
};

struct Asha(Ladder);

impl Asha {
    fn climb<'a>(&self, history: &'a History) -> Climb<'a> {
        let places = self.0.places(history.study());
        Climb { ladder: self.0, history, places, includes: Box::new(|_| true) }
    }
}

impl Pruner for Asha {
    fn plan(&self, study: &StudySpec) -> Option<String> {
        Some(self.0.plan(study))
    }

    fn is_due(&self, study: &StudySpec, trial: &Trial, _: TrialId) -> bool {
        arrived(&Course::of(study), &self.0.places(study), trial).is_some()
    }

    fn decide(&self, history: &History, trial: TrialId) -> Option<String> {
        self.climb(history).decide(trial)
    }

    fn pauses(&self, study: &StudySpec, _: TrialId) -> Vec<usize> {
        self.0.places(study)
    }

    fn promotes(&self) -> bool {
        true
    }

    fn promote(&self, history: &History) -> Option<(TrialId, String)> {
        self.climb(history).promote()
    }

    fn promotable(&self, history: &History) -> Vec<TrialId> {
        likeliest(self.climb(history).promotable())
    }

    fn rungs(&self, history: &History) -> Vec<Rung> {
        self.climb(history).rungs(0)
    }
}
