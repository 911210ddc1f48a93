//! Which trials can't be told from the best one: paired comparisons over the folds.
//!
//! Scores on the folds of one study are not independent, because their training rows overlap. The variance of
//! their mean difference is therefore not s²/J but (1/J + n₂/n₁) s², with J pairs, n₁ training and n₂ validation
//! rows: the corrected resampled t test of Nadeau and Bengio (2003), Machine Learning 52:239–281.

use std::collections::BTreeMap;

use super::human;
use crate::domain::baseline::BaselineScore;
use crate::domain::event::StudySpec;
use crate::domain::history::History;
use crate::domain::trial::{FoldScore, Trial, TrialId};
use crate::numeric::student;

/// Fewest pairs that a verdict is made of.
const FEWEST: usize = 3;
/// A difference with a smaller p is one.
const LEVEL: f64 = 0.05;

/// A comparison with the incumbent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paired {
    /// The mean difference to the incumbent's score, in the metric's unit.
    pub difference: f64,
    /// It in units of its corrected standard error; infinite where each pair differs by the same.
    pub t: f64,
    /// The two-sided p value of no difference.
    pub p: f64,
    /// Pairs of scores.
    pub pairs: usize,
}

impl Paired {
    /// Of differences, with the corrected variance where `ratio` is that of validation to training rows; `None`
    /// of fewer than three.
    fn of(differences: &[f64], ratio: f64) -> Option<Self> {
        let pairs = differences.len();
        if pairs < FEWEST {
            return None;
        }
        let n = pairs as f64;
        let difference = differences.iter().sum::<f64>() / n;
        let variance = differences.iter().map(|d| (d - difference).powi(2)).sum::<f64>() / (n - 1.0);
        let error = ((1.0 / n + ratio) * variance).sqrt();
        // Without any spread the two are the same, or one is better each time by the same.
        let t = match difference == 0.0 {
            true => 0.0,
            false => difference / error,
        };
        let p = match error > 0.0 {
            true => student::two_sided_p(t, n - 1.0),
            false => f64::from(u8::from(difference == 0.0)),
        };
        Some(Paired { difference, t, p, pairs })
    }

    /// Whether the difference may be chance.
    pub fn tied(&self) -> bool {
        self.p >= LEVEL
    }

    /// "tied with the best (p = 0.31)", or that it is not.
    pub fn words(&self) -> String {
        format!("{}tied with the best ({})", if self.tied() { "" } else { "not " }, self.chance())
    }

    /// "p = 0.31".
    pub fn chance(&self) -> String {
        match self.p {
            p if p < 0.001 => "p < 0.001".to_owned(),
            // Two digits would say 0.05 of what is a little below it.
            p if p < LEVEL => format!("p = {p:.3}"),
            p => format!("p = {p:.2}"),
        }
    }
}

/// Mean ratio of validation to training rows; of older studies, whose sizes are not known, that of k folds.
fn ratio(study: &StudySpec) -> f64 {
    let sizes = &study.fold_sizes;
    if sizes.is_empty() {
        return 1.0 / (study.folds.max(2) - 1) as f64;
    }
    let ratios = sizes.iter().map(|(train, validation)| *validation as f64 / (*train).max(1) as f64);
    ratios.sum::<f64>() / sizes.len() as f64
}

/// A trial against the incumbent, or against any other, on the trainings that both have: the same fold of the same repeat. `None` with
/// fewer than three, and of the incumbent itself.
pub fn trial(study: &StudySpec, trial: &Trial, incumbent: &Trial) -> Option<Paired> {
    if trial.id == incumbent.id {
        return None;
    }
    let pairs: Vec<f64> =
        differences(trial, incumbent).into_iter().map(|(_, difference)| difference).collect();
    Paired::of(&pairs, ratio(study))
}

/// A trial's fold scores less another's, with the repeat and fold, of those trainings that both have.
pub fn differences(trial: &Trial, other: &Trial) -> Vec<((usize, usize), f64)> {
    let place = |score: &FoldScore| (score.repeat, score.fold);
    let others: BTreeMap<_, f64> = other.folds.iter().map(|score| (place(score), score.score)).collect();
    let pair = |score: &FoldScore| Some((place(score), score.score - others.get(&place(score))?));
    trial.folds.iter().filter_map(pair).collect()
}

/// A baseline against the incumbent, on each fold; of the incumbent's repeats the mean. `None` with fewer than
/// three folds, or where the study's metric is undefined of the baseline on one.
pub fn baseline(study: &StudySpec, baseline: &BaselineScore, incumbent: &Trial) -> Option<Paired> {
    let on_fold = |fold: usize| {
        let scores = incumbent.folds.iter().filter(move |score| score.fold == fold);
        let (sum, count) = scores.fold((0.0, 0), |(sum, count), score| (sum + score.score, count + 1));
        (count > 0).then(|| sum / f64::from(count))
    };
    let difference =
        |(fold, metrics): (usize, &BTreeMap<String, f64>)| Some(metrics.get(&study.metric)? - on_fold(fold)?);
    let differences = baseline.folds.iter().enumerate().map(difference).collect::<Option<Vec<f64>>>()?;
    Paired::of(&differences, ratio(study))
}

/// The comparisons of all trials with the incumbent, made anew as far as the history has changed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ties {
    incumbent: Option<TrialId>,
    /// By trial: whether it was compared, and what came of it.
    compared: Vec<(bool, Option<Paired>)>,
    summary: Option<String>,
}

impl Ties {
    /// Those of a history.
    pub fn of(history: &History) -> Self {
        let mut ties = Ties::default();
        ties.refresh(history);
        ties
    }

    /// Compares trials that have completed since, or all where there is a new incumbent.
    pub fn refresh(&mut self, history: &History) {
        let Some(incumbent) = history.incumbent() else { return };
        if self.incumbent != Some(incumbent.id) {
            self.compared.clear();
            self.incumbent = Some(incumbent.id);
        }
        self.compared.resize(history.trials().len(), (false, None));
        let mut changed = false;
        for (trial, compared) in history.trials().iter().zip(&mut self.compared) {
            if !compared.0 && trial.score.is_some() {
                *compared = (true, self::trial(history.study(), trial, incumbent));
                changed = true;
            }
        }
        if changed {
            self.summary = self.summarise(history, incumbent);
        }
    }

    /// What came of a trial; `None` where there is no verdict.
    pub fn of_trial(&self, trial: TrialId) -> Option<Paired> {
        self.compared.get(trial)?.1
    }

    /// Whether a trial is tied with the incumbent.
    pub fn is_tied(&self, trial: TrialId) -> bool {
        self.of_trial(trial).is_some_and(|paired| paired.tied())
    }

    /// A few words about the trials that are tied with the best, and the fastest of them; `None` where no trial
    /// has a verdict.
    pub fn summary(&self) -> Option<&str> {
        self.summary.as_deref()
    }

    fn summarise(&self, history: &History, incumbent: &Trial) -> Option<String> {
        self.compared.iter().find(|(_, paired)| paired.is_some())?;
        let tied: Vec<&Trial> =
            history.trials().iter().map(AsRef::as_ref).filter(|trial| self.is_tied(trial.id)).collect();
        let (are, them) = match tied.len() {
            0 => return Some("no trial is tied with the best".into()),
            1 => ("1 trial is".to_owned(), "it"),
            n => (format!("{} trials are", human::thousands(n)), "them"),
        };
        // They have ended: the time now does not matter.
        let seconds = |trial: &Trial| trial.seconds(trial.started);
        let fastest = tied.into_iter().min_by(|a, b| seconds(a).total_cmp(&seconds(b)))?;
        let time = |trial| human::duration(seconds(trial));
        let (fast, best) = (time(fastest), time(incumbent));
        Some(if seconds(fastest) < seconds(incumbent) {
            let which = if them == "it" {
                "it took".into()
            } else {
                format!("the fastest of them, trial {}, took", fastest.id)
            };
            format!("{are} tied with the best; {which} {fast}, the best {best}")
        } else {
            format!("{are} tied with the best, and none of them took less than its {best}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::Script;

    fn study(folds: usize, sizes: &[(usize, usize)]) -> StudySpec {
        let script = Script::new(folds);
        StudySpec { fold_sizes: sizes.to_vec(), ..script.history().study().clone() }
    }

    /// A history of trials with these fold scores, all of the same time.
    fn history(trials: &[[f64; 4]]) -> Script {
        let mut script = Script::new(4).opened(trials.len(), 1);
        for scores in trials {
            let trial = script.start();
            script.wait(1000);
            scores.iter().for_each(|score| script.end_fold(trial, *score));
            script.finish(trial, scores.iter().sum::<f64>() / 4.0);
        }
        script
    }

    #[test]
    fn the_corrected_t_is_that_of_the_paper() {
        // Differences 1, 2, 3, 4: mean 2.5, variance 5/3; plain t 3.873 (p 0.030), with 1/4 + 1/3 t 2.535.
        let script = history(&[[1.0; 4], [2.0, 3.0, 4.0, 5.0]]);
        let [best, other] = script.history().trials() else { panic!("two trials") };
        let paired = trial(&study(4, &[(300, 100); 4]), other, best).unwrap();
        assert_eq!((paired.difference, paired.pairs), (2.5, 4));
        let t = 2.5 / f64::sqrt((0.25 + 1.0 / 3.0) * 5.0 / 3.0);
        assert!((t - 2.535).abs() < 1e-3, "{t}");
        assert!((paired.t - t).abs() < 1e-12);
        assert_eq!(paired.p, student::two_sided_p(paired.t, 3.0));
        assert!(paired.tied() && (paired.p - 0.085).abs() < 1e-3, "{paired:?}");
        assert_eq!(paired.words(), "tied with the best (p = 0.09)");
        // Without sizes the folds are taken for equal ones; with few validation rows the plain test is near.
        assert_eq!(trial(&study(4, &[]), other, best), Some(paired));
        let many = trial(&study(4, &[(1_000_000, 1); 4]), other, best).unwrap();
        assert!(!many.tied() && (many.p - 0.0305).abs() < 1e-3, "{many:?}");
        assert_eq!(many.words(), "not tied with the best (p = 0.030)");
    }

    #[test]
    fn fewer_than_three_pairs_give_no_verdict_and_equal_scores_a_tie() {
        assert_eq!(Paired::of(&[1.0, 2.0], 0.25), None);
        let same = Paired::of(&[0.0; 3], 0.25).unwrap();
        assert!(same.tied() && same.p == 1.0 && same.t == 0.0);
        let always = Paired::of(&[0.5; 3], 0.25).unwrap();
        assert!(!always.tied() && always.t == f64::INFINITY && always.words().ends_with("(p < 0.001)"));
    }

    #[test]
    fn repeats_that_only_one_has_are_not_paired() {
        let script = history(&[[1.0; 4], [2.0, 3.0, 4.0, 5.0]]);
        let [best, other] = script.history().trials() else { panic!("two trials") };
        let study = study(4, &[]);
        let mut longer = Trial::clone(other);
        longer.folds.extend(other.folds.iter().map(|f| FoldScore { repeat: 1, score: 99.0, ..f.clone() }));
        assert_eq!(trial(&study, &longer, best), trial(&study, other, best));
        assert_eq!(trial(&study, best, best), None);
        let each = [((0, 0), 1.0), ((0, 1), 2.0), ((0, 2), 3.0), ((0, 3), 4.0)];
        assert_eq!(differences(&longer, best), each);
    }

    #[test]
    fn a_baseline_is_compared_on_the_folds() {
        let script = history(&[[1.0; 4], [2.0, 3.0, 4.0, 5.0]]);
        let best = &script.history().trials()[0];
        let scores = |values: &[f64]| BaselineScore {
            baseline: "gblup".into(),
            folds: values.iter().map(|v| BTreeMap::from([("mse".to_owned(), *v)])).collect(),
            seconds: 0.1,
        };
        let study = study(4, &[]);
        let other = trial(&study, &script.history().trials()[1], best);
        assert_eq!(baseline(&study, &scores(&[2.0, 3.0, 4.0, 5.0]), best), other);
        assert_eq!(baseline(&study, &scores(&[2.0, 3.0]), best), None);
        let mut undefined = scores(&[2.0, 3.0, 4.0, 5.0]);
        undefined.folds[1].clear();
        assert_eq!(baseline(&study, &undefined, best), None);
        // A baseline may be better than the best trial.
        assert!(baseline(&study, &scores(&[0.5, 0.5, 0.5, 0.4]), best).unwrap().difference < 0.0);
    }

    #[test]
    fn ties_follow_the_incumbent() {
        let scores =
            [[5.0, 6.0, 7.0, 8.0], [5.0, 6.5, 7.0, 8.0], [90.0, 91.0, 92.0, 92.5], [1.0, 1.0, 1.1, 1.2]];
        let mut ties = Ties::default();
        for n in 1..=scores.len() {
            let script = history(&scores[..n]);
            ties.refresh(script.history());
            assert_eq!(ties, Ties::of(script.history()));
            let tied: Vec<TrialId> = (0..n).filter(|t| ties.is_tied(*t)).collect();
            let expected = [vec![], vec![1], vec![1], vec![]];
            assert_eq!(tied, expected[n - 1], "after {n}");
            let words = ties.summary();
            assert_eq!(words.is_some(), n > 1);
            if n == 3 {
                let expected = "1 trial is tied with the best, and none of them took less than its 1.0s";
                assert_eq!(words, Some(expected));
            }
        }
    }
}
