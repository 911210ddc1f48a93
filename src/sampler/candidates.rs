//! Maximising an acquisition over the unit cube.

use std::convert::Infallible;

use super::acquisition::Acquisition;
use super::cube::{draw, neighbours, snap};
use super::surrogate::Surrogate;
use crate::domain::seed::Rng;
use crate::domain::space::{Distribution, SearchSpace};
use crate::numeric::linalg::Cholesky;
use crate::numeric::minimize::minimize;

/// Candidates drawn from the whole space.
const DRAWN: usize = 300;
/// Candidates near each of the best trials.
const NEAR: usize = 30;
/// How many of the best trials have candidates near them.
const ANCHORS: usize = 5;
/// Steps of one local search.
const STEPS: u64 = 20;
/// Changes of the acquisition that are as good as none, relative to its slope at the start.
const TOLERANCE: f64 = 1e-5;
/// Rounds of continuous and discrete local search.
const ROUNDS: usize = 3;

/// Rounds through the discrete axes in one of those.
const SWEEPS: usize = 12;
/// Whole numbers of more values than this are a long range.
const LONG: u64 = 16;

/// A point and what it promises.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The point of the unit cube, in the middles of its cells.
    pub point: Vec<f64>,
    /// The acquisition.
    pub value: f64,
}

/// The search for the most promising point.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// The space.
    pub space: &'a SearchSpace,
    /// What is known of it.
    pub surrogate: &'a Surrogate<'a>,
    /// What is maximised.
    pub acquisition: Acquisition,
    /// How many local searches.
    pub restarts: usize,
}

impl Search<'_> {
    fn at(&self, point: Vec<f64>) -> Candidate {
        Candidate { value: self.acquisition.of(self.surrogate.predict(&point)).value, point }
    }

    /// Candidates for the next trial, best first: local maxima found from the best of many points, drawn
    /// from the whole space and from around the best trials, and then the points themselves. Never empty.
    pub fn run(&self, rng: &mut Rng) -> Vec<Candidate> {
        let mut candidates: Vec<Candidate> =
            self.scatter(rng).into_iter().map(|point| self.at(point)).collect();
        candidates.sort_by(|a, b| b.value.total_cmp(&a.value));
        let starts: Vec<Vec<f64>> = candidates.iter().take(self.restarts).map(|c| c.point.clone()).collect();
        candidates.extend(starts.into_iter().map(|start| self.climb(start)));
        candidates.sort_by(|a, b| b.value.total_cmp(&a.value));
        candidates
    }

    /// Points from the whole space and from around the best trials.
    fn scatter(&self, rng: &mut Rng) -> Vec<Vec<f64>> {
        let anchors = &self.surrogate.ranked[..self.surrogate.ranked.len().min(ANCHORS)];
        let mut points: Vec<Vec<f64>> = (0..DRAWN).map(|_| draw(self.space, rng)).collect();
        for anchor in anchors {
            points.extend((0..NEAR).map(|_| perturb(self.space, anchor, rng)));
        }
        points
    }

    /// Candidates, the lowest first under one function that is drawn from the posterior (Thompson 1933).
    pub fn draw_posterior(&self, rng: &mut Rng) -> Vec<Candidate> {
        let scattered = self.scatter(rng);
        let encoded = self.surrogate.features.points(scattered.iter().map(Vec::as_slice));
        let (means, covariance) = self.surrogate.process.joint(&encoded);
        let normals: Vec<f64> = (0..means.len()).map(|_| rng.normal()).collect();
        // What rounding leaves of a covariance of near points may not factor: each point for itself then.
        let drawn = match Cholesky::new(means.len(), &covariance) {
            Ok(factor) => factor.multiply_lower(&normals),
            Err(_) => {
                let sds = covariance.iter().step_by(means.len() + 1).map(|v| v.max(0.0).sqrt());
                sds.zip(&normals).map(|(sd, z)| sd * z).collect()
            }
        };
        let values = means.iter().zip(drawn).map(|(mean, drawn)| -mean - drawn);
        let mut candidates: Vec<Candidate> =
            scattered.into_iter().zip(values).map(|(point, value)| Candidate { point, value }).collect();
        candidates.sort_by(|a, b| b.value.total_cmp(&a.value));
        candidates
    }

    /// The local maximum above `start`: L-BFGS along the ordered axes, then steps from cell to cell,
    /// until neither helps. Whole numbers are ordered in the first round and held in their cells in
    /// the later ones.
    fn climb(&self, start: Vec<f64>) -> Candidate {
        let mut best = self.at(start);
        let parameters = &self.space.parameters;
        let discrete = parameters.iter().any(|p| !matches!(p.distribution, Distribution::Float { .. }));
        for round in 0..ROUNDS {
            let active = self.space.active(&best.point);
            let bounds: Vec<(f64, f64)> = parameters
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
            // A search that fails has found nothing better than its start, which is kept.
            if bounds.iter().any(|(low, high)| low < high)
                && let Ok(found) = minimize(|x| self.cost(x), &best.point, &bounds, STEPS, TOLERANCE)
            {
                let found = self.at(snap(self.space, found.point));
                if found.value > best.value {
                    best = found;
                }
            }
            if !discrete || (!self.step_between_cells(&mut best) && best.value <= before) {
                break;
            }
        }
        best
    }

    /// The negated acquisition and its gradient.
    fn cost(&self, x: &[f64]) -> Result<(f64, Vec<f64>), Infallible> {
        let slope = self.surrogate.process.predict_with_gradient(&self.surrogate.features.encode(x));
        let promise = self.acquisition.of(slope.at);
        let along = slope.mean.iter().zip(&slope.sd).map(|(m, s)| -(promise.mean * m + promise.sd * s));
        Ok((-promise.value, self.surrogate.features.gradient(along)))
    }

    /// Moves along one discrete axis at a time for as long as that helps; whether it ever did. A move
    /// that makes other parameters active puts them into the middle of their ranges. Along a long range of
    /// whole numbers one step is enough: the ascent before has crossed it as an ordered axis.
    fn step_between_cells(&self, best: &mut Candidate) -> bool {
        let before = best.value;
        for sweep in 0..SWEEPS {
            let start = best.value;
            for (axis, parameter) in self.space.parameters.iter().enumerate() {
                let is_long = matches!(parameter.distribution, Distribution::Int { .. })
                    && parameter.distribution.cardinality().is_none_or(|n| n > LONG);
                if (is_long && sweep > 0) || !self.space.active(&best.point)[axis] {
                    continue;
                }
                for unit in neighbours(&parameter.distribution, best.point[axis]) {
                    let mut point = best.point.clone();
                    point[axis] = unit;
                    let there = self.at(snap(self.space, point));
                    if there.value > best.value {
                        *best = there;
                    }
                }
            }
            if best.value <= start {
                break;
            }
        }
        best.value > before
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
