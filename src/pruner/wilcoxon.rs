//! Wilcoxon's signed-rank test over folds: a trial ends where its finished folds are worse than the same folds of
//! the best trial beyond what chance explains.
//!
//! Of n folds the smallest p-value is 2⁻ⁿ, and after the last fold there is nothing left to save: with p = 0.1 a
//! study needs five trainings a trial (folds × repeats) before this rule can end any.

use super::{Pruner, PrunerRow};
use crate::domain::event::StudySpec;
use crate::domain::history::History;
use crate::domain::setting::{Accepts, Preset, Setting};
use crate::domain::trial::{FoldScore, Trial, TrialId};
use crate::domain::value::{counted, significant};

/// Its row in the table of pruners.
pub const ROW: PrunerRow = PrunerRow {
    name: "wilcoxon",
    help: "end a trial whose folds are worse than the best trial's same folds by the signed-rank test; of use from \
           five trainings a trial (folds × repeats)",
    settings: &[
        Setting::new(
            "p",
            Accepts::Float { min: 1e-6, max: 0.5 },
            Preset::Float(0.1),
            "largest p-value that ends a trial, of the one-sided test",
        ),
        Setting::new(
            "startup",
            Accepts::Int { min: 1, max: 1_000_000 },
            Preset::Int(2),
            "folds that every trial finishes",
        ),
    ],
    build: |settings| Box::new(Wilcoxon { p: settings.float("p"), startup: settings.count("startup") }),
};

struct Wilcoxon {
    p: f64,
    startup: usize,
}

impl Wilcoxon {
    /// Folds after which the first trial can be ended.
    fn least(&self) -> usize {
        let pairs = (1..).find(|n| 0.5_f64.powi(*n) <= self.p).map_or(1, |n| n as usize);
        pairs.max(self.startup)
    }
}

impl Pruner for Wilcoxon {
    fn plan(&self, study: &StudySpec) -> Option<String> {
        let (least, trainings) = (self.least(), study.trainings());
        (least >= trainings).then(|| {
            format!(
                "no trial is ended: the signed-rank test tells nothing at p = {} before {} have ended, and a trial \
                 has {trainings}: take more folds or repeats, or another pruner",
                significant(self.p, 3),
                counted(least, "fold")
            )
        })
    }

    fn is_due(&self, _: &StudySpec, trial: &Trial, _: TrialId) -> bool {
        // A fold that has reported since was looked at when it had ended.
        let ended = trial.folds.last().map(|fold| (fold.repeat, fold.fold));
        trial.folds.len() >= self.least() && trial.reports.last().map(|r| (r.repeat, r.fold)) == ended
    }

    fn decide(&self, history: &History, id: TrialId) -> Option<String> {
        let (direction, trial) = (history.study().direction, history.trial(id)?);
        if trial.folds.len() < self.least() {
            return None;
        }
        let best = history.incumbent().filter(|best| best.id != id)?;
        let pairs = trial.folds.iter().zip(&best.folds);
        let same = pairs.filter(|(own, other)| (own.repeat, own.fold) == (other.repeat, other.fold));
        let worse: Vec<f64> = same.map(|(a, b)| direction.cost(a.score) - direction.cost(b.score)).collect();
        let p = p_value(&worse);
        // A few folds may be worse by little where the others are better by far.
        if p > self.p || worse.iter().sum::<f64>() <= 0.0 {
            return None;
        }
        let mean = |folds: &[FoldScore]| {
            folds[..worse.len()].iter().map(|f| f.score).sum::<f64>() / worse.len() as f64
        };
        Some(format!(
            "{} score {}, the same ones of trial {} {} (signed-rank test, p = {})",
            counted(worse.len(), "fold"),
            significant(mean(&trial.folds), 4),
            best.id,
            significant(mean(&best.folds), 4),
            significant(p, 2)
        ))
    }
}

/// Pairs up to which the distribution is counted out.
const EXACT: usize = 50;

/// The probability of ranks of the positive `differences` that are as large together, or larger, where their signs
/// are a coin's (Wilcoxon 1945): exact up to fifty pairs, ties (at their mean rank) included, and beyond by the
/// normal distribution with the variance of ties. Pairs without a difference are left out; 1 without any.
fn p_value(differences: &[f64]) -> f64 {
    let mut sorted: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    sorted.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    // Twice the ranks, so that those of ties are whole numbers.
    let (mut ranks, mut positive) = (Vec::with_capacity(sorted.len()), 0);
    for ties in sorted.chunk_by(|a, b| a.abs() == b.abs()) {
        let rank = 2 * ranks.len() + ties.len() + 1;
        positive += rank * ties.iter().filter(|d| **d > 0.0).count();
        ranks.extend(ties.iter().map(|_| rank));
    }
    if ranks.is_empty() {
        return 1.0;
    }
    let total: usize = ranks.iter().sum();
    if ranks.len() > EXACT {
        let variance: f64 = ranks.iter().map(|r| (*r as f64).powi(2)).sum::<f64>() / 4.0;
        let z = (positive as f64 - total as f64 / 2.0) / variance.sqrt();
        return 0.5 * libm::erfc(z / std::f64::consts::SQRT_2);
    }
    // The probability of each sum, a rank at a time.
    let mut of = vec![0.0_f64; total + 1];
    of[0] = 1.0;
    for rank in &ranks {
        for sum in (0..=total).rev() {
            let with = if sum >= *rank { of[sum - rank] } else { 0.0 };
            of[sum] = 0.5 * (of[sum] + with);
        }
    }
    of[positive..].iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::event::Event;
    use crate::domain::testing::{Scripted, float, space};
    use crate::domain::value::{Params, Value};

    /// By all 2ⁿ signs.
    fn brute(differences: &[f64]) -> f64 {
        let d: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
        let rank = |x: f64| {
            let below = d.iter().filter(|y| y.abs() < x.abs()).count() as f64;
            let ties = d.iter().filter(|y| y.abs() == x.abs()).count() as f64;
            below + (ties + 1.0) / 2.0
        };
        let sum =
            |is: &dyn Fn(usize) -> bool| (0..d.len()).filter(|i| is(*i)).map(|i| rank(d[i])).sum::<f64>();
        let found = sum(&|i| d[i] > 0.0);
        let as_large = (0..1_u32 << d.len()).filter(|signs| sum(&|i| signs >> i & 1 == 1) >= found);
        as_large.count() as f64 / f64::from(1_u32 << d.len())
    }

    #[test]
    fn p_values_are_those_of_all_signs() {
        let cases: [&[f64]; 6] = [
            &[1.0],
            &[0.5, -0.2, 0.1],
            &[1.0, 2.0, 3.0, 4.0, 5.0],
            &[1.0, -1.0, 1.0, 2.0, -2.0, 2.0],
            &[0.0, 3.0, 0.0, -1.0],
            &[0.3, 0.7, -0.1, 0.9, 0.4, 0.4, -0.6, 1.2],
        ];
        for case in cases {
            let (found, expected) = (p_value(case), brute(case));
            assert!((found - expected).abs() < 1e-12, "{case:?}: {found}, not {expected}");
        }
        assert_eq!(p_value(&[]), 1.0);
        assert_eq!(p_value(&[0.0, 0.0]), 1.0);
        // scipy.stats.wilcoxon(range(1, 11), alternative="greater").pvalue
        assert_eq!(p_value(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]), 0.000_976_562_5);
    }

    #[test]
    fn many_pairs_go_over_into_the_normal_distribution() {
        let alternating =
            |n: usize| (1..=n).map(|i| if i % 3 == 0 { -(i as f64) } else { i as f64 }).collect::<Vec<_>>();
        let (exact, normal) = (p_value(&alternating(50)), p_value(&alternating(53)));
        assert!(exact < 0.05 && (exact / normal - 1.0).abs() < 0.5, "{exact} {normal}");
    }

    /// A study of six folds whose best trial has `best`, and what is said of one with `scores` so far.
    fn decide(direction: Direction, best: &[f64], scores: &[f64]) -> Option<String> {
        let space = space([("x", float(0.0, 1.0))]);
        let at = |x| Params::from([("x".to_owned(), Value::Float(x))]);
        let mut study = Scripted::folded(&space, direction, 6, 1);
        let sign = direction.cost(1.0);
        let first = study.start(at(0.1));
        best.iter().for_each(|s| study.finish_fold(first, sign * s));
        let score = sign * best.iter().sum::<f64>() / best.len() as f64;
        study.apply(Event::TrialCompleted { trial: first, score, weights: None });
        let trial = study.start(at(0.2));
        scores.iter().for_each(|s| study.finish_fold(trial, sign * s));
        (ROW.build)(&crate::domain::setting::Settings::defaults(ROW.settings)).decide(study.history(), trial)
    }

    #[test]
    fn folds_are_compared_one_by_one_in_both_directions() {
        let best = [1.0, 9.0, 2.0, 5.0, 3.0, 4.0];
        for direction in [Direction::Minimize, Direction::Maximize] {
            let reason = decide(direction, &best, &[1.1, 9.1, 2.2, 5.3]).unwrap();
            assert!(reason.contains("4 folds score") && reason.contains("p = 0.062"), "{reason}");
            assert_eq!(decide(direction, &best, &[1.1, 9.1, 2.2]), None, "three folds tell nothing");
            assert_eq!(decide(direction, &best, &[1.1, 9.1, 2.2, 4.9]), None, "one is better");
            assert_eq!(decide(direction, &best, &[0.9, 8.0, 1.0, 4.0]), None);
        }
    }

    #[test]
    fn too_few_folds_are_said_before_the_study_begins() {
        let rule = Wilcoxon { p: 0.1, startup: 2 };
        let mut study = crate::domain::testing::study(space([]));
        for (folds, useless) in [(3, true), (4, true), (5, false), (10, false)] {
            study.folds = folds;
            assert_eq!(rule.plan(&study).is_some(), useless, "{folds}");
        }
        let text = Wilcoxon { p: 0.001, startup: 2 }.plan(&study).unwrap();
        assert!(text.contains("before 10 folds have ended, and a trial has 10"), "{text}");
    }
}
