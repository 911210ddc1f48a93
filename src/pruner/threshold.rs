//! Bounds: a trial ends where a score of it lies outside.

use super::{Pruner, PrunerRow};
use crate::domain::event::StudySpec;
use crate::domain::history::History;
use crate::domain::setting::{Accepts, Preset, Setting};
use crate::domain::trial::{Trial, TrialId};
use crate::domain::value::significant;

const BOUND: Accepts = Accepts::FloatOr { min: f64::NEG_INFINITY, max: f64::INFINITY, word: "none" };

/// Its row in the table of pruners.
pub const ROW: PrunerRow = PrunerRow {
    name: "threshold",
    help: "end a trial that reports a score outside of bounds, such as one that has diverged",
    settings: &[
        Setting::new("lower", BOUND, Preset::Word("none"), "least score that is let go on"),
        Setting::new("upper", BOUND, Preset::Word("none"), "largest score that is let go on"),
        Setting::new(
            "warmup",
            Accepts::Int { min: 0, max: 1_000_000 },
            Preset::Int(0),
            "epochs that every trial is left to run",
        ),
    ],
    build: |settings| {
        Box::new(Threshold {
            lower: settings.float_or_word("lower"),
            upper: settings.float_or_word("upper"),
            warmup: settings.count("warmup"),
        })
    },
};

struct Threshold {
    lower: Option<f64>,
    upper: Option<f64>,
    warmup: usize,
}

impl Threshold {
    fn judge(&self, trial: &Trial) -> Option<String> {
        let report = trial.reports.last().filter(|_| trial.reports.len() > self.warmup)?;
        let beyond = |limit: f64, what: &str| {
            let (score, limit) = (significant(report.score, 4), significant(limit, 4));
            format!("score {score} in epoch {} is {what} {limit}", report.step + 1)
        };
        let below = self.lower.filter(|lower| report.score < *lower).map(|l| beyond(l, "below"));
        below.or_else(|| self.upper.filter(|upper| report.score > *upper).map(|u| beyond(u, "above")))
    }
}

impl Pruner for Threshold {
    fn plan(&self, _: &StudySpec) -> Option<String> {
        match (self.lower, self.upper) {
            (None, None) => {
                Some("no bound is set: no trial is ended; set pruner.lower or pruner.upper".into())
            }
            (Some(lower), Some(upper)) if lower > upper => Some(format!(
                "pruner.lower {lower} is above pruner.upper {upper}: every trial is ended at its first report"
            )),
            _ => None,
        }
    }

    fn is_due(&self, _: &StudySpec, trial: &Trial, _: TrialId) -> bool {
        self.judge(trial).is_some()
    }

    fn decide(&self, history: &History, trial: TrialId) -> Option<String> {
        self.judge(history.trial(trial)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::testing::{Scripted, float, space};
    use crate::domain::value::{Params, Value};

    #[test]
    fn scores_outside_the_bounds_end_a_trial() {
        let decide = |lower, upper, scores: &[f64]| {
            let mut study = Scripted::new(&space([("x", float(0.0, 1.0))]), Direction::Minimize, 1);
            let trial = study.start(Params::from([("x".to_owned(), Value::Float(0.5))]));
            scores.iter().for_each(|s| study.report(trial, *s));
            Threshold { lower, upper, warmup: 1 }.decide(study.history(), trial)
        };
        assert_eq!(decide(None, Some(2.0), &[9.0]), None, "warming up");
        assert_eq!(decide(None, Some(2.0), &[9.0, 2.0]), None);
        assert_eq!(decide(None, Some(2.0), &[0.0, 3.0]).unwrap(), "score 3.000 in epoch 2 is above 2.000");
        assert_eq!(decide(Some(0.0), None, &[0.0, -1.0]).unwrap(), "score -1.000 in epoch 2 is below 0");
        assert_eq!(decide(None, None, &[0.0, -1e9]), None);
    }
}
