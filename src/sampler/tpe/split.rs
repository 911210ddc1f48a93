//! The good trials and the bad ones.
//!
//! | trial                       | it is                                                                    |
//! |-----------------------------|--------------------------------------------------------------------------|
//! | complete, imported, pruned  | good or bad by its cost, of which [`Observed`] says what it is           |
//! | running, waiting            | bad, where the liar is constant: else left out                           |
//! | failed, cancelled           | bad: what fails is worth no second trial close by                        |

use std::cmp::Ordering;

use crate::sampler::observed::Observed;

/// How trials are split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// The share of those with a cost that is good, rounded up.
    pub gamma: f64,
    /// A share of the square root of their number rather than of the number.
    pub of_root: bool,
    /// How many are good at most.
    pub most: usize,
    /// Whether good trials weigh by their rank.
    pub by_rank: bool,
    /// Whether trials that run are bad.
    pub constant_liar: bool,
}

/// The points of the trials in which a group of parameters is active.
#[derive(Debug, PartialEq)]
pub struct Split<'a> {
    /// Of the good ones, the best first.
    pub good: Vec<&'a [f64]>,
    /// The weights of the good ones: 1 on average.
    pub weights: Vec<f64>,
    /// Of the bad ones.
    pub bad: Vec<&'a [f64]>,
}

impl<'a> Split<'a> {
    /// Splits those of `observed` whose points are `active`. Of equal costs the earlier is the better.
    pub fn of(observed: &'a Observed, active: impl Fn(&[f64]) -> bool, rule: &Rule) -> Self {
        let by_cost = |a: &usize, b: &usize| -> Ordering {
            let cost = |i: &usize| observed.scored[*i].cost;
            cost(a).total_cmp(&cost(b)).then(a.cmp(b))
        };
        let point = |i: &usize| &*observed.scored[*i].point;
        let mut order: Vec<usize> = (0..observed.scored.len()).filter(|i| active(point(i))).collect();
        let count = rule.good(order.len());
        if count < order.len() {
            order.select_nth_unstable_by(count, by_cost);
        }
        let (best, rest) = order.split_at_mut(count);
        best.sort_unstable_by(by_cost);
        // The order of the trials, whatever the selection left: sums are the same then.
        rest.sort_unstable();
        let mut bad: Vec<&[f64]> = rest.iter().map(point).collect();
        bad.extend(observed.ended.iter().filter(|p| active(p)));
        if rule.constant_liar {
            bad.extend(observed.pending.iter().filter(|p| active(p)));
        }
        Split { good: best.iter().map(point).collect(), weights: rule.weights(count), bad }
    }
}

impl Rule {
    /// How many of `n` trials are good: at least one where there is any.
    fn good(&self, n: usize) -> usize {
        let of = if self.of_root { libm::sqrt(n as f64) } else { n as f64 };
        ((self.gamma * of).ceil() as usize).clamp(1, self.most).min(n)
    }

    /// The weights of `n` good trials: all 1, or ln(n + ½) − ln(rank) as in the evolution strategy of
    /// Hansen & Ostermeier (2001), made 1 on average.
    fn weights(&self, n: usize) -> Vec<f64> {
        if !self.by_rank {
            return vec![1.0; n];
        }
        let weight = |rank: usize| libm::log(n as f64 + 0.5) - libm::log(rank as f64);
        let mean = (1..=n).map(weight).sum::<f64>() / n as f64;
        (1..=n).map(|rank| weight(rank) / mean).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::observed::Observation;

    const RULE: Rule = Rule { gamma: 0.25, of_root: false, most: 25, by_rank: true, constant_liar: true };

    #[test]
    fn the_best_are_good_and_whatever_has_no_cost_is_bad() {
        let points: Vec<Vec<f64>> = (0..12).map(|i| vec![f64::from(i)]).collect();
        let costs = [5.0, 1.0, 7.0, 1.0, f64::INFINITY, 9.0, 8.0, 0.5, 6.0];
        let scored = costs.iter().enumerate().map(|(trial, cost)| Observation {
            trial: Some(trial),
            point: points[trial].as_slice().into(),
            cost: *cost,
        });
        let observed = Observed {
            scored: scored.collect(),
            pending: vec![&points[9], &points[10]],
            ended: vec![&points[11]],
        };
        let firsts = |points: &[&[f64]]| points.iter().map(|p| p[0] as usize).collect::<Vec<_>>();
        let split = Split::of(&observed, |_| true, &RULE);
        assert_eq!(firsts(&split.good), [7, 1, 3]);
        assert_eq!(firsts(&split.bad), [0, 2, 4, 5, 6, 8, 11, 9, 10]);
        assert!((split.weights.iter().sum::<f64>() - 3.0).abs() < 1e-12);
        assert!(split.weights.is_sorted_by(|a, b| a > b) && split.weights[2] > 0.0);
        let honest = Rule { constant_liar: false, by_rank: false, ..RULE };
        let split = Split::of(&observed, |p| p[0] > 3.0, &honest);
        assert_eq!((firsts(&split.good), firsts(&split.bad)), (vec![7, 8], vec![4, 5, 6, 11]));
        assert_eq!(split.weights, [1.0, 1.0]);
        let none = Split::of(&observed, |_| false, &RULE);
        assert!(none.good.is_empty() && none.weights.is_empty() && none.bad.is_empty());
    }

    #[test]
    fn the_number_of_good_trials() {
        assert_eq!([0, 1, 4, 5, 100, 1000].map(|n| RULE.good(n)), [0, 1, 1, 2, 25, 25]);
        let root = Rule { of_root: true, ..RULE };
        assert_eq!([0, 1, 16, 17, 100].map(|n| root.good(n)), [0, 1, 1, 2, 3]);
    }
}
