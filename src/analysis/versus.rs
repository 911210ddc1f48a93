//! A trial against a baseline on the same folds.

use crate::domain::baseline::BaselineScore;
use crate::domain::event::StudySpec;
use crate::domain::trial::Trial;
use crate::domain::value::significant;

/// How a trial does beside a baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Versus {
    /// Of each fold the trial's score, the mean over its repeats, and by how much it differs from the
    /// baseline's.
    pub folds: Vec<(f64, f64)>,
    /// Whether the trial's score is better than the baseline's.
    pub is_better: bool,
    /// The folds on which it is.
    pub wins: usize,
    /// The mean difference, the trial's less the baseline's.
    pub difference: f64,
    /// It, as a share of the baseline's size; `None` where that is 0.
    pub share: Option<f64>,
}

impl Versus {
    /// In words: "better (-9.6 %), on 4 of 4 folds".
    pub fn words(&self) -> String {
        let word = if self.is_better { "better" } else { "not better" };
        let by = match self.share {
            _ if self.difference == 0.0 => String::new(),
            Some(share) => format!(" ({}{} %)", sign(share), significant(100.0 * share.abs(), 2)),
            None => format!(" ({}{})", sign(self.difference), significant(self.difference.abs(), 3)),
        };
        format!("{word}{by}, on {} of {} folds", self.wins, self.folds.len())
    }
}

fn sign(value: f64) -> &'static str {
    if value < 0.0 { "-" } else { "+" }
}

/// A complete trial against a baseline; `None` where a fold of either has no score.
pub fn versus(study: &StudySpec, trial: &Trial, baseline: &BaselineScore) -> Option<Versus> {
    let of_fold = |fold: usize| {
        let scores: Vec<f64> = trial.folds.iter().filter(|f| f.fold == fold).map(|f| f.score).collect();
        (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
    };
    let folds = baseline.folds.iter().enumerate().map(|(number, fold)| {
        let (trial, baseline) = (of_fold(number)?, *fold.get(&study.metric)?);
        Some((trial, trial - baseline))
    });
    let folds: Vec<(f64, f64)> = folds.collect::<Option<_>>()?;
    let (own, other) = (trial.score?, baseline.mean(&study.metric)?);
    let better = |a: f64, b: f64| study.direction.is_better(a, b);
    Some(Versus {
        wins: folds.iter().filter(|(trial, difference)| better(*trial, trial - difference)).count(),
        is_better: better(own, other),
        difference: own - other,
        share: (other != 0.0).then(|| (own - other) / other.abs()),
        folds,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::analysis::testing::finished;

    #[test]
    fn folds_are_compared_one_by_one() {
        let script = finished();
        let (study, best) = (script.history().study(), script.history().incumbent().unwrap());
        let baseline = |scores: &[f64]| BaselineScore {
            baseline: "gblup".into(),
            folds: scores.iter().map(|s| BTreeMap::from([("mse".to_owned(), *s)])).collect(),
            seconds: 0.0,
        };
        let compared = versus(study, best, &baseline(&[80.0, 50.0, 80.0, 80.0])).unwrap();
        assert_eq!((compared.wins, compared.is_better, compared.folds.len()), (3, true, 4));
        assert_eq!(compared.words(), "better (-17 %), on 3 of 4 folds");
        let worse = versus(study, best, &baseline(&[58.0, 59.0, 60.0, 61.0])).unwrap();
        assert!(!worse.is_better && worse.words().starts_with("not better (+0.84 %)"), "{}", worse.words());
        let undefined = BaselineScore { folds: vec![BTreeMap::new()], ..baseline(&[]) };
        assert_eq!(versus(study, best, &undefined), None);
    }
}
