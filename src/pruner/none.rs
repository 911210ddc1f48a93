//! No pruning: every trial is trained to its end.

use super::{Pruner, PrunerRow};
use crate::domain::event::StudySpec;
use crate::domain::history::History;
use crate::domain::trial::{Trial, TrialId};

/// Its row in the table of pruners.
pub const ROW: PrunerRow = PrunerRow {
    name: "none",
    help: "train every trial to its end",
    settings: &[],
    build: |_| Box::new(Never),
};

struct Never;

impl Pruner for Never {
    fn is_due(&self, _: &StudySpec, _: &Trial, _: TrialId) -> bool {
        false
    }

    fn decide(&self, _: &History, _: TrialId) -> Option<String> {
        None
    }
}
