//! Pruners: which running trials are not worth finishing.

mod median;
mod none;

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
pub const PRUNERS: &[PrunerRow] = &[none::ROW, median::ROW];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::testing::{Scripted, float, space};
    use crate::domain::value::{Params, Value};

    fn at(x: f64) -> Params {
        Params::from([("x".to_owned(), Value::Float(x))])
    }

    #[test]
    fn no_pruner_ends_the_best_trial_a_trial_without_reports_or_an_unknown_one() {
        for row in PRUNERS {
            let pruner = (row.build)(&Settings::defaults(row.settings));
            for direction in [Direction::Minimize, Direction::Maximize] {
                let mut study = Scripted::new(&space([("x", float(0.0, 1.0))]), direction, 1);
                let sign = direction.cost(1.0);
                for i in 0..12_u32 {
                    study.complete_reporting(at(f64::from(i) / 50.0), &[sign * f64::from(10 + i); 20]);
                }
                study.fail(at(0.91));
                study.prune(at(0.92), sign * 99.0);
                study.requeue(at(0.93));
                let best = study.start(at(0.94));
                assert_eq!(pruner.decide(study.history(), best), None, "{}", row.name);
                for _ in 0..20 {
                    study.report(best, sign);
                    assert_eq!(pruner.decide(study.history(), best), None, "{}", row.name);
                }
                assert_eq!(pruner.decide(study.history(), 99), None, "{}", row.name);
            }
        }
    }

    #[test]
    fn only_none_spares_the_worst_trial_and_gives_a_reason() {
        for row in PRUNERS {
            let pruner = (row.build)(&Settings::defaults(row.settings));
            let mut study = Scripted::new(&space([("x", float(0.0, 1.0))]), Direction::Minimize, 1);
            for i in 0..12_u32 {
                study.complete_reporting(at(f64::from(i) / 50.0), &[1.0; 20]);
            }
            let worst = study.start(at(0.9));
            let mut reason = None;
            for _ in 0..20 {
                study.report(worst, 5.0);
                reason = reason.or_else(|| pruner.decide(study.history(), worst));
            }
            assert_eq!(reason.is_none(), row.name == "none", "{}", row.name);
            assert!(reason.is_none_or(|r| r.contains('5')), "{}", row.name);
        }
    }
}
