//! The percentile rule: a trial ends where its best score so far is worse than a percentile of the others' scores
//! at the same place. Of the median it is that of Golovin et al. 2017 (section 3.2.2) with the others' scores in
//! place of their running means, which remember the first epochs for ever.

use super::{Pruner, PrunerRow, has_passed};
use crate::domain::course::Course;
use crate::domain::event::StudySpec;
use crate::domain::history::History;
use crate::domain::setting::{Accepts, Preset, Setting};
use crate::domain::trial::{Trial, TrialId, TrialState};
use crate::domain::value::significant;

/// Its row in the table of pruners.
pub const ROW: PrunerRow = PrunerRow {
    name: "percentile",
    help: "end a trial whose best score is not among the best percent of the complete trials' at the same epoch",
    settings: &[
        Setting::new(
            "percentile",
            Accepts::Float { min: 0.0, max: 100.0 },
            Preset::Float(25.0),
            "percent of the complete trials that it must be as good as the worst of",
        ),
        STARTUP,
        WARMUP,
    ],
    build: |settings| {
        Box::new(Percentile {
            percent: settings.float("percentile"),
            startup: settings.count("startup"),
            warmup: settings.count("warmup"),
        })
    },
};

pub(super) const STARTUP: Setting = Setting::new(
    "startup",
    Accepts::Int { min: 1, max: 1000 },
    Preset::Int(5),
    "complete trials before the first is ended",
);

pub(super) const WARMUP: Setting = Setting::new(
    "warmup",
    Accepts::Int { min: 0, max: 1_000_000 },
    Preset::Int(5),
    "epochs that every trial is left to run",
);

pub(super) struct Percentile {
    pub percent: f64,
    pub startup: usize,
    pub warmup: usize,
}

impl Percentile {
    /// Its place among `n` scores, best first. Between two it is the worse one, so that the rule prunes less.
    fn place(&self, n: usize) -> usize {
        ((n as f64 * self.percent / 100.0) as usize).min(n.saturating_sub(1))
    }

    fn words(&self, n: usize) -> String {
        let what = if self.percent == 50.0 {
            "the median".to_owned()
        } else {
            format!("the best {} percent", significant(self.percent, 3))
        };
        format!("{what} of {n} complete trials there")
    }
}

impl Pruner for Percentile {
    fn is_due(&self, _: &StudySpec, trial: &Trial, _: TrialId) -> bool {
        trial.reports.len() > self.warmup && !has_passed(trial)
    }

    fn decide(&self, history: &History, id: TrialId) -> Option<String> {
        let trial = history.trial(id)?;
        if !self.is_due(history.study(), trial, id) {
            return None;
        }
        let (course, direction) = (Course::of(history.study()), history.study().direction);
        let place = course.place(trial);
        let best = course.value(trial, place)?;
        let complete = history.trials().iter().filter(|t| t.state == TrialState::Complete);
        let mut scores: Vec<f64> = complete.filter_map(|t| course.value_then(t, place)).collect();
        if scores.len() < self.startup {
            return None;
        }
        let at = self.place(scores.len());
        let (_, limit, _) = scores.select_nth_unstable_by(at, |a, b| direction.compare(*a, *b));
        let limit = *limit;
        direction.is_better(limit, best).then(|| {
            format!(
                "best score {} in {} epochs is worse than {}, {}",
                significant(best, 4),
                trial.reports.len(),
                significant(limit, 4),
                self.words(scores.len())
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::event::Event;
    use crate::domain::testing::{Scripted, float, space};
    use crate::domain::value::{Params, Value};

    fn at(x: f64) -> Params {
        Params::from([("x".to_owned(), Value::Float(x))])
    }

    fn rule(percent: f64) -> Percentile {
        Percentile { percent, startup: 3, warmup: 2 }
    }

    /// Three complete trials whose scores at step 3 are 1, 2 and 3 (behind much worse ones, before a much
    /// better end), and one that has reported `scores`.
    fn decide(percent: f64, direction: Direction, scores: &[f64]) -> Option<String> {
        let mut study = Scripted::new(&space([("x", float(0.0, 1.0))]), direction, 1);
        let sign = direction.cost(1.0);
        for third in [2.0, 1.0, 3.0] {
            study.complete_reporting(at(third / 4.0), &[8.0, 7.0, third, -9.0].map(|s| sign * s));
        }
        let trial = study.start(at(0.9));
        scores.iter().for_each(|s| study.report(trial, sign * s));
        rule(percent).decide(study.history(), trial)
    }

    #[test]
    fn ends_what_is_worse_than_the_percentile_in_both_directions() {
        for direction in [Direction::Minimize, Direction::Maximize] {
            let reason = decide(50.0, direction, &[9.0, 2.1, 9.0]).unwrap();
            assert!(
                reason.contains("2.100 in 3 epochs") && reason.contains("the median of 3 complete"),
                "{reason}"
            );
            assert_eq!(decide(50.0, direction, &[9.0, 2.0, 9.0]), None);
            assert_eq!(decide(50.0, direction, &[1.9, 9.0, 9.0]), None);
            assert!(decide(0.0, direction, &[9.0, 1.1, 9.0]).is_some(), "only what is as good as the best");
            assert_eq!(decide(0.0, direction, &[9.0, 1.0, 9.0]), None);
            assert_eq!(decide(100.0, direction, &[9.0, 3.0, 9.0]), None);
            assert!(decide(100.0, direction, &[9.0, 3.1, 9.0]).is_some(), "worse than all");
        }
    }

    #[test]
    fn warmup_and_startup_leave_trials_alone() {
        assert_eq!(decide(50.0, Direction::Minimize, &[9.0, 9.0]), None);
        let mut study = Scripted::new(&space([("x", float(0.0, 1.0))]), Direction::Minimize, 1);
        study.complete_reporting(at(0.1), &[1.0; 5]);
        study.complete_reporting(at(0.2), &[1.0; 5]);
        study.prune(at(0.3), 1.0);
        let trial = study.start(at(0.4));
        (0..5).for_each(|_| study.report(trial, 9.0));
        assert_eq!(rule(50.0).decide(study.history(), trial), None);
    }

    #[test]
    fn a_fold_is_compared_with_the_same_fold() {
        let mut study = Scripted::new(&space([("x", float(0.0, 1.0))]), Direction::Minimize, 1);
        // The second fold is harder by far, and the others came to it after unlike numbers of epochs.
        for epochs in [2, 4, 6] {
            let trial = study.start(at(0.1));
            (0..epochs).for_each(|_| study.report(trial, 1.0));
            study.finish_fold(trial, 1.0);
            (0..6).for_each(|_| study.report(trial, 100.0));
            study.finish_fold(trial, 100.0);
            study.apply(Event::TrialCompleted { trial, score: 50.5, weights: None });
        }
        let trial = study.start(at(0.9));
        (0..3).for_each(|_| study.report(trial, 1.0));
        study.finish_fold(trial, 1.0);
        assert_eq!(rule(50.0).decide(study.history(), trial), None);
        study.report(trial, 99.0);
        assert_eq!(rule(50.0).decide(study.history(), trial), None, "worse than any first fold");
        let trial = study.start(at(0.95));
        (0..3).for_each(|_| study.report(trial, 2.0));
        assert!(rule(50.0).decide(study.history(), trial).is_some());
    }
}
