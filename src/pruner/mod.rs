//! Pruners: which running trials are not worth finishing, and which paused ones are worth going on with.

mod asha;
mod hyperband;
mod median;
mod none;
mod patient;
mod percentile;
mod rungs;
#[cfg(test)]
mod tests;
mod threshold;
mod wilcoxon;

use crate::domain::event::StudySpec;
use crate::domain::history::History;
use crate::domain::insight::Rung;
use crate::domain::setting::Settings;
use crate::domain::table::Row;
use crate::domain::trial::{Trial, TrialId};

/// Decides after each report and each finished fold of a trial. All of it is pure: a pruner knows nothing but its
/// settings and what it is given.
pub trait Pruner: Send {
    /// What a person should know before a study begins: where trials are judged, or that they never are.
    /// Nothing where the name says it all.
    fn plan(&self, _study: &StudySpec) -> Option<String> {
        None
    }

    /// Whether there may be something to decide about `trial`, number `number` of its search, after what it told
    /// last: a cheap look at the trial alone.
    fn is_due(&self, _study: &StudySpec, _trial: &Trial, _number: TrialId) -> bool {
        true
    }

    /// The reason to end `trial` now, or `None` to let it go on. Its last report or the end of its last fold is
    /// the newest event.
    fn decide(&self, history: &History, trial: TrialId) -> Option<String>;

    /// The places of the [course](crate::domain::course) at which trial `number` may be paused to be promoted
    /// later.
    fn pauses(&self, _study: &StudySpec, _number: TrialId) -> Vec<usize> {
        Vec::new()
    }

    /// Whether it ever promotes a trial: where not, nobody has to look.
    fn promotes(&self) -> bool {
        false
    }

    /// The pruned trial that is to go on before a new one begins, and the reason.
    fn promote(&self, _history: &History) -> Option<(TrialId, String)> {
        None
    }

    /// The pruned trials that may still be promoted, the likeliest first, of which state is worth keeping.
    fn promotable(&self, _history: &History) -> Vec<TrialId> {
        Vec::new()
    }

    /// Its rungs with the trials that have come to them, bracket by bracket and from the first rung on; none where
    /// it has no rungs.
    fn rungs(&self, _history: &History) -> Vec<Rung> {
        Vec::new()
    }
}

/// A row of the table of pruners.
pub type PrunerRow = Row<fn(&Settings) -> Box<dyn Pruner>>;

/// Every pruner.
pub const PRUNERS: &[PrunerRow] = &[
    none::ROW,
    median::ROW,
    percentile::ROW,
    asha::ROW,
    hyperband::ROW,
    patient::ROW,
    wilcoxon::ROW,
    threshold::ROW,
];

/// Whether a trial is to be left alone because it has not got beyond where it was promoted.
fn has_passed(trial: &Trial) -> bool {
    let (reports, folds) = trial.passed;
    trial.reports.len() <= reports && trial.folds.len() <= folds
}

/// 1st, 2nd, 3rd, 4th.
fn ordinal(n: usize) -> String {
    let ending = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}
