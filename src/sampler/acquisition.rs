//! Maximising the upper confidence bound over the unit cube.
//!
//! Costs are minimised, so the bound is κ·sd − mean: the upper confidence bound on the negated cost
//! (Srinivas et al. 2010).

use std::convert::Infallible;

use super::cube::{draw, neighbours, snap};
use crate::domain::seed::Rng;
use crate::domain::space::{Distribution, SearchSpace};
use crate::numeric::gaussian_process::GaussianProcess;
use crate::numeric::minimize::minimize;

/// Candidates drawn from the whole space.
const DRAWN: usize = 500;
/// Candidates near each of the best trials.
const NEAR: usize = 40;
/// How many of the best trials have candidates near them.
const ANCHORS: usize = 5;
/// Steps of one local search.
const STEPS: u64 = 30;
/// Rounds of continuous and discrete local search.
const ROUNDS: usize = 3;

/// The upper confidence bound of a process of costs.
#[derive(Debug, Clone, Copy)]
pub struct UpperConfidenceBound<'a> {
    /// Standardised costs.
    pub process: &'a GaussianProcess,
    /// The weight of the standard deviation: √β of Srinivas et al.
    pub kappa: f64,
}

/// A point and the bound there.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The point of the unit cube, in the middles of its cells.
    pub point: Vec<f64>,
    /// The bound.
    pub value: f64,
}

impl UpperConfidenceBound<'_> {
    fn at(&self, point: Vec<f64>) -> Candidate {
        let at = self.process.predict(&point);
        Candidate { value: self.kappa * at.sd - at.mean, point }
    }

    /// Candidates for the next trial, best first: local maxima found from the `restarts` best of many
    /// points, drawn from the whole space and from around `anchors` (the best trials, best first), and
    /// then the points themselves. Never empty.
    pub fn maximize(
        &self,
        space: &SearchSpace,
        anchors: &[Vec<f64>],
        restarts: usize,
        rng: &mut Rng,
    ) -> Vec<Candidate> {
        let anchors = &anchors[..anchors.len().min(ANCHORS)];
        let mut candidates: Vec<Candidate> = (0..DRAWN).map(|_| self.at(draw(space, rng))).collect();
        for anchor in anchors {
            candidates.extend((0..NEAR).map(|_| self.at(perturb(space, anchor, rng))));
        }
        candidates.sort_by(|a, b| b.value.total_cmp(&a.value));
        let starts: Vec<Vec<f64>> =
            candidates.iter().take(restarts).map(|c| &c.point).chain(anchors).cloned().collect();
        candidates.extend(starts.into_iter().map(|start| self.climb(space, start)));
        candidates.sort_by(|a, b| b.value.total_cmp(&a.value));
        candidates
    }

    /// The local maximum above `start`: L-BFGS along the ordered axes, then steps from cell to cell,
    /// until neither helps. Whole numbers are ordered in the first round and held in their cells in
    /// the later ones.
    fn climb(&self, space: &SearchSpace, start: Vec<f64>) -> Candidate {
        let mut best = self.at(start);
        let discrete = space.parameters.iter().any(|p| !matches!(p.distribution, Distribution::Float { .. }));
        for round in 0..ROUNDS {
            let active = space.active(&best.point);
            let bounds: Vec<(f64, f64)> = space
                .parameters
                .iter()
                .zip(best.point.iter().zip(active))
                .map(|(p, (x, is_active))| match p.distribution {
                    _ if !is_active => (*x, *x),
                    Distribution::Float { low, high, .. } if low < high => (0.0, 1.0),
                    Distribution::Int { low, high, .. } if round == 0 && low < high => (0.0, 1.0),
                    _ => (*x, *x),
                })
                .collect();
            let before = best.value;
            let cost = |x: &[f64]| {
                let (at, mean, sd) = self.process.predict_with_gradient(x);
                let gradient = mean.iter().zip(&sd).map(|(m, s)| m - self.kappa * s).collect();
                Ok::<_, Infallible>((at.mean - self.kappa * at.sd, gradient))
            };
            // A search that fails has found nothing better than its start, which is kept.
            if let Ok(found) = minimize(cost, &best.point, &bounds, STEPS) {
                let found = self.at(snap(space, found.point));
                if found.value > best.value {
                    best = found;
                }
            }
            if !discrete || (!self.step_between_cells(space, &mut best) && best.value <= before) {
                break;
            }
        }
        best
    }

    /// Moves along one discrete axis at a time for as long as that helps; whether it ever did. A move
    /// that makes other parameters active puts them into the middle of their ranges.
    fn step_between_cells(&self, space: &SearchSpace, best: &mut Candidate) -> bool {
        let before = best.value;
        loop {
            let start = best.value;
            for (axis, parameter) in space.parameters.iter().enumerate() {
                if !space.active(&best.point)[axis] {
                    continue;
                }
                for unit in neighbours(&parameter.distribution, best.point[axis]) {
                    let mut point = best.point.clone();
                    point[axis] = unit;
                    let there = self.at(snap(space, point));
                    if there.value > best.value {
                        *best = there;
                    }
                }
            }
            if best.value <= start {
                return best.value > before;
            }
        }
    }
}

/// A point near `anchor`: about half of its coordinates move, by steps from large to tiny. What is not
/// active there is drawn anew, for where it becomes so.
fn perturb(space: &SearchSpace, anchor: &[f64], rng: &mut Rng) -> Vec<f64> {
    let scale = 0.3 * libm::pow(10.0, -2.0 * rng.uniform());
    let fresh = draw(space, rng);
    let active = space.active(anchor);
    let near = space.parameters.iter().zip(anchor.iter().zip(fresh).zip(active));
    let point = near.map(|(p, ((x, fresh), is_active))| match p.distribution {
        _ if !is_active => rng.uniform(),
        _ if rng.uniform() < 0.5 => *x,
        Distribution::Choice { .. } => fresh,
        Distribution::Float { .. } | Distribution::Int { .. } => x + scale * rng.normal(),
    });
    snap(space, point.collect())
}
