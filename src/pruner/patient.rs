//! Patience: a trial ends where a training of it has not improved for a while, and another rule agrees, if one is
//! named.

use super::{PRUNERS, Pruner, PrunerRow};
use crate::domain::course::Course;
use crate::domain::event::StudySpec;
use crate::domain::history::History;
use crate::domain::setting::{Accepts, Preset, Setting, Settings};
use crate::domain::table::find;
use crate::domain::trial::{Report, Trial, TrialId};
use crate::domain::value::{counted, significant};

/// Its row in the table of pruners.
pub const ROW: PrunerRow = PrunerRow {
    name: "patient",
    help: "end a trial whose score has not improved for a while within a fold, if another rule agrees",
    settings: &[
        Setting::new(
            "patience",
            Accepts::Int { min: 1, max: 1_000_000 },
            Preset::Int(10),
            "epochs without an improvement",
        ),
        Setting::new(
            "min_delta",
            Accepts::Float { min: 0.0, max: f64::INFINITY },
            Preset::Float(0.0),
            "least change of the score that is one",
        ),
        Setting::new(
            "rule",
            Accepts::Word(&["none", "median", "percentile", "wilcoxon"]),
            Preset::Word("median"),
            "the pruner that must agree, with its defaults; with `none` patience decides alone",
        ),
    ],
    build: |settings| {
        let rule = find(PRUNERS, settings.word("rule")).filter(|row| row.name != "none");
        Box::new(Patient {
            patience: settings.count("patience"),
            min_delta: settings.float("min_delta"),
            rule: rule.map(|row| (row.build)(&Settings::defaults(row.settings))),
        })
    },
};

struct Patient {
    patience: usize,
    min_delta: f64,
    rule: Option<Box<dyn Pruner>>,
}

impl Pruner for Patient {
    fn plan(&self, study: &StudySpec) -> Option<String> {
        match Course::of(study).epochs() {
            Some(epochs) if epochs <= self.patience => Some(format!(
                "no trial is ended: a fold has {} at most, and `patience` is {}: lower it",
                counted(epochs, "epoch"),
                self.patience
            )),
            _ => self.rule.as_ref()?.plan(study),
        }
    }

    /// The other rule is asked whenever patience is at its end, also where by itself it would have nothing new to
    /// say: a test of finished folds stands until the next one ends.
    fn is_due(&self, study: &StudySpec, trial: &Trial, _: TrialId) -> bool {
        Course::of(study).current(trial).len() > self.patience
    }

    fn decide(&self, history: &History, id: TrialId) -> Option<String> {
        let (study, trial) = (history.study(), history.trial(id)?);
        if !self.is_due(study, trial, id) {
            return None;
        }
        let reports = Course::of(study).current(trial);
        let (before, since) = reports.split_at(reports.len() - self.patience);
        let best =
            |reports: &[Report]| reports.iter().map(|r| study.direction.cost(r.score)).min_by(f64::total_cmp);
        let (before, since) = (best(before)?, best(since)?);
        if before - since > self.min_delta {
            return None;
        }
        let agrees = match &self.rule {
            None => String::new(),
            Some(rule) => format!(", and {}", rule.decide(history, id)?),
        };
        let best = significant(study.direction.cost(before), 4);
        Some(format!("no improvement on {best} for {} epochs{agrees}", self.patience))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::testing::{Scripted, float, space};
    use crate::domain::value::{Params, Value};

    fn decide(direction: Direction, min_delta: f64, folds: &[&[f64]]) -> Option<String> {
        let mut study = Scripted::new(&space([("x", float(0.0, 1.0))]), direction, 1);
        let trial = study.start(Params::from([("x".to_owned(), Value::Float(0.5))]));
        for (i, fold) in folds.iter().enumerate() {
            if i > 0 {
                study.finish_fold(trial, 1.0);
            }
            fold.iter().for_each(|s| study.report(trial, direction.cost(*s)));
        }
        Patient { patience: 2, min_delta, rule: None }.decide(study.history(), trial)
    }

    #[test]
    fn ends_what_has_not_improved_within_a_fold() {
        for direction in [Direction::Minimize, Direction::Maximize] {
            let reason = decide(direction, 0.0, &[&[3.0, 2.0, 2.0, 2.5]]).unwrap();
            assert!(reason.contains("2.000 for 2 epochs"), "{reason}");
            assert_eq!(decide(direction, 0.0, &[&[3.0, 2.0, 1.9, 2.5]]), None);
            assert!(decide(direction, 0.2, &[&[3.0, 2.0, 1.9, 2.5]]).is_some(), "too small a change");
            assert_eq!(decide(direction, 0.0, &[&[2.0, 2.0]]), None, "not yet");
            // A fold that is harder is no worse than the one before.
            assert_eq!(decide(direction, 0.0, &[&[1.0; 2], &[9.0, 8.0]]), None);
        }
    }

    #[test]
    fn another_rule_must_agree() {
        let settings = Settings::with(ROW.settings, &[("patience", 2.into())]);
        let pruner = (ROW.build)(&settings);
        let at = |x| Params::from([("x".to_owned(), Value::Float(x))]);
        let mut study = Scripted::new(&space([("x", float(0.0, 1.0))]), Direction::Minimize, 1);
        for _ in 0..5 {
            study.complete_reporting(at(0.1), &[2.0; 9]);
        }
        for (score, ends) in [(1.0, false), (3.0, true)] {
            let trial = study.start(at(0.2));
            (0..8).for_each(|_| study.report(trial, score));
            let reason = pruner.decide(study.history(), trial);
            assert_eq!(reason.is_some_and(|r| r.contains("the median of 5")), ends);
        }
    }

    #[test]
    fn what_never_ends_a_trial_is_said_before_a_study_begins() {
        let plan = |rule: &'static str, patience: i64, folds: usize| {
            let given = [("rule", rule.into()), ("patience", patience.into())];
            let mut study = crate::domain::testing::study(space([]));
            study.folds = folds;
            (ROW.build)(&Settings::with(ROW.settings, &given)).plan(&study)
        };
        assert_eq!(plan("median", 9, 4), None);
        let short = plan("median", 10, 4).unwrap();
        assert!(short.contains("a fold has 10 epochs at most, and `patience` is 10"), "{short}");
        assert!(plan("wilcoxon", 4, 4).unwrap().contains("before 4 folds have ended"));
        assert_eq!(plan("wilcoxon", 4, 5), None);
    }
}
