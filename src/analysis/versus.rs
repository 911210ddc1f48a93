//! A trial against a baseline on the same folds.

use super::compare::{self, Paired};
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
    /// The paired comparison over the folds; `None` of fewer than three.
    pub paired: Option<Paired>,
}

impl Versus {
    /// "better (-9.6 %, on 5 of 5 folds, p = 0.002)", "tied (…)" where the difference may be chance.
    pub fn words(&self) -> String {
        let word = match self.paired {
            Some(paired) if paired.tied() => "tied",
            _ if self.is_better => "better",
            _ if self.difference == 0.0 => "equal",
            _ => "worse",
        };
        let by = match self.share {
            Some(share) => format!("{}{} %", sign(share), significant(100.0 * share.abs(), 2)),
            None => format!("{}{}", sign(self.difference), significant(self.difference.abs(), 3)),
        };
        let chance = self.paired.map_or(String::new(), |paired| format!(", {}", paired.chance()));
        format!("{word} ({by}, on {} of {} folds{chance})", self.wins, self.folds.len())
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
        paired: compare::baseline(study, baseline, trial),
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
        assert!(compared.words().starts_with("tied (-17 %, on 3 of 4 folds, p = 0."), "{}", compared.words());
        let clear = versus(study, best, &baseline(&[80.0, 81.0, 82.0, 83.0])).unwrap();
        assert!(clear.words().starts_with("better (-26 %, on 4 of 4 folds, p "), "{}", clear.words());
        let worse = versus(study, best, &baseline(&[48.0, 49.0, 50.0, 51.0])).unwrap();
        assert!(
            !worse.is_better && worse.words().starts_with("worse (+21 %, on 0 of 4"),
            "{}",
            worse.words()
        );
        let undefined = BaselineScore { folds: vec![BTreeMap::new()], ..baseline(&[]) };
        assert_eq!(versus(study, best, &undefined), None);
    }
}
