//! Pruners: which running trials are not worth finishing.

use crate::domain::history::History;
use crate::domain::setting::Settings;
use crate::domain::table::Row;
use crate::domain::trial::TrialId;

/// Decides after each report of a trial.
pub trait Pruner: Send {
    /// The reason to end `trial` now, or `None` to let it go on. A pure function of the history, in
    /// which the trial's last report is the newest event.
    fn decide(&self, history: &History, trial: TrialId) -> Option<String>;
}

/// A row of the table of pruners.
pub type PrunerRow = Row<fn(&Settings) -> Box<dyn Pruner>>;

/// Every pruner.
pub const PRUNERS: &[PrunerRow] = &[];
