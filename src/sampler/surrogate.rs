//! What a Gaussian process makes of a history: the surrogate of the objective.
//!
//! Of trials without a cost ([`observed`](super::observed)):
//!
//! | trial            | what is believed of it                                                 |
//! |------------------|------------------------------------------------------------------------|
//! | running, waiting | the posterior mean: less is to be learnt there, and nothing else       |
//! |                  | changes (kriging believer: Ginsbourger, Le Riche & Carraro 2010)       |
//! | failed, cancelled| the posterior mean + κ sd: the worst that is plausible, so that one    |
//! |                  | failure among good trials does little and a region of failures is left |

use super::observed::Observed;
use crate::domain::history::History;
use crate::domain::seed::{Rng, derive};
use crate::domain::space::{Distribution, SearchSpace, SpaceError};
use crate::numeric::gaussian_process::{FitError, GaussianProcess};
use crate::numeric::kernel::Metric;

/// Most trials that the hyperparameters are fitted to: a fit's cost grows with the cube.
const MOST_FITTED: usize = 150;
/// Most trials that the process is conditioned on.
const MOST_SEEN: usize = 500;

/// How far above the median a cost may stand, in distances from the best to the median.
const WORST: f64 = 10.0;

/// The surrogate of an objective.
#[derive(Debug)]
pub struct Surrogate {
    /// Standardised costs over the unit cube; smaller is better.
    pub process: GaussianProcess,
    /// The points of the scored trials, best first.
    pub ranked: Vec<Vec<f64>>,
}

/// A trial's place and cost.
#[derive(Debug, Clone)]
struct Observation {
    point: Vec<f64>,
    cost: f64,
}

/// Why there is no surrogate.
#[derive(Debug, thiserror::Error)]
pub enum SurrogateError {
    /// An imported trial does not belong to the space.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// The process could not be fitted.
    #[error(transparent)]
    Fit(#[from] FitError),
}

impl Surrogate {
    /// Fits to the trials of `history`, at least one of which is scored.
    ///
    /// # Errors
    /// Where a trial does not belong to `space` or the process can't be fitted.
    pub fn fit(
        space: &SearchSpace,
        history: &History,
        kappa: f64,
        seed: u64,
    ) -> Result<Self, SurrogateError> {
        let Observed { scored, pending, ended } = Observed::of(space, history)?;
        let mut observed: Vec<Observation> =
            scored.into_iter().map(|o| Observation { point: o.point.into_owned(), cost: o.cost }).collect();
        if observed.is_empty() {
            return Err(FitError::Empty.into());
        }
        observed.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        let ranked = observed.iter().map(|o| o.point.clone()).collect();
        standardise(&mut observed);
        let observed = thin(observed, MOST_SEEN, derive(seed, "thin", 0));
        let process = condition(space, observed, seed)?;

        let believed = pending.into_iter().map(|point| (process.predict(point).mean, point.to_vec())).chain(
            ended.into_iter().map(|point| {
                let at = process.predict(point);
                (at.mean + kappa * at.sd, point.to_vec())
            }),
        );
        let (costs, points): (Vec<f64>, Vec<Vec<f64>>) = believed.take(MOST_SEEN).unzip();
        let process = if points.is_empty() { process } else { process.with(points, costs)? };
        Ok(Surrogate { process, ranked })
    }
}

/// Standardises the costs, which come best first. What is worse than the median by more than
/// [`WORST`] times what the best is better by is brought to that limit before: how far a diverged
/// network went says nothing about where the good ones are.
fn standardise(observed: &mut [Observation]) {
    let (best, median) = (observed[0].cost, observed[observed.len() / 2].cost);
    if median > best {
        for o in observed.iter_mut() {
            // In units of that distance, which also keeps huge costs from overflowing below.
            o.cost = ((o.cost - best) / (median - best)).min(1.0 + WORST);
        }
    }
    let n = observed.len() as f64;
    let mean = observed.iter().map(|o| o.cost).sum::<f64>() / n;
    let variance = observed.iter().map(|o| (o.cost - mean).powi(2)).sum::<f64>() / n;
    let sd = if variance > 0.0 { variance.sqrt() } else { 1.0 };
    for o in observed {
        o.cost = (o.cost - mean) / sd;
    }
}

/// At most `most` of the observations, which come best first: the better half of them, and a
/// random half of the rest.
fn thin(mut observed: Vec<Observation>, most: usize, seed: u64) -> Vec<Observation> {
    if observed.len() > most {
        let mut rest = observed.split_off(most / 2);
        Rng::new(seed).shuffle(&mut rest);
        observed.extend(rest.into_iter().take(most - most / 2));
    }
    observed
}

fn condition(
    space: &SearchSpace,
    observed: Vec<Observation>,
    seed: u64,
) -> Result<GaussianProcess, FitError> {
    let metrics: Vec<Metric> = space
        .parameters
        .iter()
        .map(|p| match p.distribution {
            Distribution::Choice { .. } => Metric::Nominal,
            Distribution::Float { .. } | Distribution::Int { .. } => Metric::Ordered,
        })
        .collect();
    let split = |observed: Vec<Observation>| observed.into_iter().map(|o| (o.point, o.cost)).unzip();
    let few = observed.len() <= MOST_FITTED;
    let sample =
        if few { observed.clone() } else { thin(observed.clone(), MOST_FITTED, derive(seed, "thin", 1)) };
    let (points, targets) = split(sample);
    let fitted = GaussianProcess::fit(&metrics, points, targets, derive(seed, "gp-starts", 0))?;
    if few {
        return Ok(fitted);
    }
    let (points, targets) = split(observed);
    GaussianProcess::condition(fitted.kernel().clone(), fitted.noise(), points, targets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::testing::{Scripted, float, space};
    use crate::domain::value::{Params, Value};
    use crate::numeric::gaussian_process::Prediction;

    fn at(x: f64) -> Params {
        Params::from([("x".to_owned(), Value::Float(x))])
    }

    /// Trials with scores 0, 1, 2, 3, 4 from left to right, none above 0.5.
    fn study() -> Scripted {
        let mut study = Scripted::new(&space([("x", float(0.0, 1.0))]), Direction::Minimize, 1);
        for i in 0..5_u32 {
            study.complete(at(f64::from(i) / 8.0), f64::from(i));
        }
        study
    }

    fn predict(study: &Scripted, x: f64) -> Prediction {
        let history = study.history();
        Surrogate::fit(&history.study().space, history, 2.0, 7).unwrap().process.predict(&[x])
    }

    #[test]
    fn a_pending_trial_narrows_the_posterior_and_an_ended_one_is_believed_bad() {
        let before = predict(&study(), 0.9);
        let (mut pending, mut failed, mut cancelled) = (study(), study(), study());
        pending.start(at(0.9));
        failed.fail(at(0.9));
        cancelled.cancel(at(0.9));
        let (pending, failed) = (predict(&pending, 0.9), predict(&failed, 0.9));
        assert!((pending.mean - before.mean).abs() < 1e-9 && pending.sd < 0.5 * before.sd);
        assert!(failed.mean > before.mean + before.sd && failed.sd < 0.5 * before.sd);
        assert_eq!(predict(&cancelled, 0.9), failed);
    }

    #[test]
    fn a_diverged_score_does_not_flatten_the_others() {
        let mut study = study();
        study.complete(at(0.7), 1e12);
        // A third of a standard deviation apart after the cut; 1e-12 without it.
        let rise = predict(&study, 0.5).mean - predict(&study, 0.0).mean;
        assert!(rise > 0.1, "{rise}");
    }

    #[test]
    fn many_trials_are_thinned_to_the_best_and_some_others() {
        let mut study = study();
        for i in 0..(MOST_SEEN as u32 + 20) {
            study.complete(at(f64::from(i) / 600.0), 0.01 * f64::from(i));
        }
        let near = predict(&study, 0.05);
        assert!(near.sd.is_finite() && near.mean < predict(&study, 0.4).mean);
    }
}
