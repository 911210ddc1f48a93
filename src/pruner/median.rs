//! The median stopping rule (Golovin et al. 2017, section 3.2.2): a trial ends where its best score so
//! far is worse than the median, over the complete trials, of the mean score up to the same step.

use super::{Pruner, PrunerRow};
use crate::domain::direction::Direction;
use crate::domain::history::History;
use crate::domain::setting::{Accepts, Preset, Setting};
use crate::domain::trial::{Trial, TrialId, TrialState};
use crate::domain::value::significant;

/// Its row in the table of pruners.
pub const ROW: PrunerRow = PrunerRow {
    name: "median",
    help: "end a trial whose best score is worse than the median of the others' means (Golovin et al. 2017)",
    settings: &[
        Setting::new(
            "startup",
            Accepts::Int { min: 1, max: 1000 },
            Preset::Int(5),
            "complete trials before the first is ended",
        ),
        Setting::new(
            "warmup",
            Accepts::Int { min: 0, max: 1_000_000 },
            Preset::Int(5),
            "steps that every trial is left to run",
        ),
    ],
    build: |settings| {
        Box::new(Median { startup: settings.count("startup"), warmup: settings.count("warmup") })
    },
};

struct Median {
    startup: usize,
    warmup: usize,
}

impl Pruner for Median {
    fn decide(&self, history: &History, trial: TrialId) -> Option<String> {
        let direction = history.study().direction;
        let trial = history.trial(trial)?;
        let steps = trial.reports.len();
        if steps <= self.warmup {
            return None;
        }
        let mut means: Vec<f64> = history
            .trials()
            .iter()
            .filter(|t| t.state == TrialState::Complete)
            .filter_map(|t| mean(t, steps))
            .collect();
        if means.len() < self.startup {
            return None;
        }
        let median = median(&mut means, direction)?;
        let best = trial.reports.iter().map(|r| r.score).min_by(|a, b| direction.compare(*a, *b))?;
        direction.is_better(median, best).then(|| {
            format!(
                "best score {} in {steps} steps is worse than {}, the median of {} complete trials",
                significant(best, 4),
                significant(median, 4),
                means.len()
            )
        })
    }
}

/// The mean score of the first `steps` reports, or of all where the trial had fewer.
fn mean(trial: &Trial, steps: usize) -> Option<f64> {
    let reports = &trial.reports[..steps.min(trial.reports.len())];
    let sum: f64 = reports.iter().map(|r| r.score).sum();
    (!reports.is_empty()).then(|| sum / reports.len() as f64)
}

/// The median; of an even number the worse of the middle two, so that the rule prunes less.
fn median(scores: &mut [f64], direction: Direction) -> Option<f64> {
    scores.sort_by(|a, b| direction.compare(*a, *b));
    scores.get(scores.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::{Scripted, float, space};
    use crate::domain::value::{Params, Value};

    const RULE: Median = Median { startup: 3, warmup: 2 };

    fn at(x: f64) -> Params {
        Params::from([("x".to_owned(), Value::Float(x))])
    }

    /// Three complete trials whose mean scores up to step 3 are 1, 2 and 3 (before a much better end),
    /// and one that has reported `scores`.
    fn decide(direction: Direction, scores: &[f64]) -> Option<String> {
        let mut study = Scripted::new(&space([("x", float(0.0, 1.0))]), direction, 1);
        let sign = direction.cost(1.0);
        for mean in [2.0, 1.0, 3.0] {
            study.complete_reporting(at(mean / 4.0), &[mean + 0.5, mean, mean - 0.5, -9.0].map(|s| sign * s));
        }
        let trial = study.start(at(0.9));
        scores.iter().for_each(|s| study.report(trial, sign * s));
        RULE.decide(study.history(), trial)
    }

    #[test]
    fn ends_what_is_worse_than_the_median_in_both_directions() {
        for direction in [Direction::Minimize, Direction::Maximize] {
            let reason = decide(direction, &[9.0, 2.1, 9.0]).unwrap();
            assert!(reason.contains("2.100 in 3 steps") && reason.contains("3 complete trials"), "{reason}");
            assert_eq!(decide(direction, &[9.0, 2.0, 9.0]), None);
            assert_eq!(decide(direction, &[1.9, 9.0, 9.0]), None);
        }
    }

    #[test]
    fn warmup_and_startup_leave_trials_alone() {
        assert_eq!(decide(Direction::Minimize, &[9.0, 9.0]), None);
        let mut study = Scripted::new(&space([("x", float(0.0, 1.0))]), Direction::Minimize, 1);
        study.complete_reporting(at(0.1), &[1.0; 5]);
        study.complete_reporting(at(0.2), &[1.0; 5]);
        study.prune(at(0.3), 1.0);
        let trial = study.start(at(0.4));
        (0..5).for_each(|_| study.report(trial, 9.0));
        assert_eq!(RULE.decide(study.history(), trial), None);
    }
}
