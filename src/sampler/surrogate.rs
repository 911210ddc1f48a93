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

use super::features::Features;
use super::observed::{Observation, Observed};
use super::warp::{BENDS, Map, Way, units, warp};
use crate::domain::direction::Direction;
use crate::domain::seed::{Rng, derive};
use crate::domain::space::SearchSpace;
use crate::domain::trial::Expected;
use crate::numeric::evidence::Evidence;
use crate::numeric::gaussian_process::{FitError, GaussianProcess, Prediction};
use crate::numeric::kernel::Shape;

/// Most trials that maps and starts are compared on.
const MOST_COMPARED: usize = 48;
/// Most trials that the hyperparameters are fitted to: a fit's cost grows with the cube.
const MOST_FITTED: usize = 100;
/// Most trials that the process is conditioned on, and how many of them may be without a cost where more have
/// one: those that run or wait, then the newest that ended.
const MOST_SEEN: usize = 400;
const MOST_BELIEVED: usize = 100;
/// Steps of the search for hyperparameters: on the few trials from several starts, from the best of those
/// under each further map, and then on more trials.
const STEPS: [u64; 3] = [10, 5, 12];
/// The starts: in which the joint kernel explains most, and in which the own ones do.
const SHIFTS: [(f64, f64); 2] = [(0.0, -2.5), (-2.5, 0.0)];
/// The κ of a failed trial.
const PESSIMISM: f64 = 2.0;

/// Nearer than this along every axis, two trials at the same time are one too many.
const SAME: f64 = 2e-3;

/// The surrogate of an objective.
#[derive(Debug)]
pub struct Surrogate<'a> {
    /// Warped and standardised costs over the features; smaller is better.
    pub process: GaussianProcess,
    /// How a point becomes features.
    pub features: Features<'a>,
    /// The points of the scored trials, best first.
    pub ranked: Vec<Vec<f64>>,
    /// The points that the process has seen, and its mean there: what there is to improve on, rather than
    /// the luckiest score. Those of trials that run or wait are among them.
    means: Vec<(Vec<f64>, f64)>,
    /// The points of the trials that run or wait.
    pending: Vec<Vec<f64>>,
    /// From targets back to costs.
    way: Way,
}

impl<'a> Surrogate<'a> {
    /// Fits to what is known of `space`, of which at least one trial is scored.
    ///
    /// # Errors
    /// Where the process can't be fitted.
    pub fn fit(
        space: &'a SearchSpace,
        observed: &Observed<'_>,
        shape: Shape,
        seed: u64,
    ) -> Result<Self, FitError> {
        let Observed { scored, pending, ended } = observed;
        if scored.is_empty() {
            return Err(FitError::Empty);
        }
        let mut scored: Vec<&Observation<'_>> = scored.iter().collect();
        scored.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        let features = Features::of(space);
        let costs: Vec<f64> = scored.iter().map(|o| o.cost).collect();
        let units = units(&costs);
        let believed = (pending.len() + ended.len()).min(MOST_BELIEVED);
        let seen = thin(scored.len(), MOST_SEEN - believed, derive(seed, "thin", 0));
        let (process, map) = learn(&features, shape, &scored, &units, &seen, seed)?;
        let fitted = process.fitted();
        let mut means: Vec<(Vec<f64>, f64)> =
            seen.iter().zip(fitted).map(|(i, mean)| (scored[*i].point.to_vec(), mean)).collect();
        let believe = |point: &[f64], kappa: f64| {
            let row = features.encode(point);
            let at = process.predict(&row);
            (row, at.mean + kappa * at.sd)
        };
        let waited_for: Vec<(Vec<f64>, f64)> = pending.iter().map(|point| believe(point, 0.0)).collect();
        means.extend(pending.iter().zip(&waited_for).map(|(point, (_, mean))| (point.to_vec(), *mean)));
        let ended = ended.iter().rev().map(|point| believe(point, PESSIMISM));
        let (rows, believed): (Vec<Vec<f64>>, Vec<f64>) =
            waited_for.into_iter().chain(ended).take(MOST_SEEN - seen.len()).unzip();
        let process = if rows.is_empty() { process } else { process.with(&rows, &believed)? };
        let ranked = scored.into_iter().map(|o| o.point.to_vec()).collect();
        let pending = pending.iter().map(|point| point.to_vec()).collect();
        Ok(Surrogate { process, features, ranked, means, pending, way: Way::of(&costs, map) })
    }

    /// The posterior at a point of the cube.
    pub fn predict(&self, point: &[f64]) -> Prediction {
        self.process.predict(&self.features.encode(point))
    }

    /// The score that is believed at a point, and the ends of mean ± σ of it, the smaller one first.
    pub fn believe(&self, point: &[f64], direction: Direction) -> [f64; 3] {
        self.scores(self.predict(point), direction)
    }

    /// What the score of a trial at a point will be, its noise included.
    pub fn expect(&self, point: &[f64], direction: Direction) -> Expected {
        let Prediction { mean, sd } = self.predict(point);
        let sd = (sd * sd + self.process.noise()).sqrt();
        let [middle, low, high] = self.scores(Prediction { mean, sd }, direction);
        Expected { low, middle, high }
    }

    fn scores(&self, at: Prediction, direction: Direction) -> [f64; 3] {
        let score = |z: f64| direction.cost(self.way.back(at.mean + z * at.sd));
        let (a, b) = (score(-1.0), score(1.0));
        [score(0.0), a.min(b), a.max(b)]
    }

    /// The best posterior mean at the trials of which `counts` holds; at any where it holds of none.
    pub fn best(&self, counts: impl Fn(&[f64]) -> bool) -> f64 {
        let least = |best: Option<f64>, mean: f64| Some(best.map_or(mean, |best| best.min(mean)));
        let among = self.means.iter().filter(|(point, _)| counts(point));
        let best = among.fold(None, |best, (_, mean)| least(best, *mean));
        best.or_else(|| self.means.iter().fold(None, |best, (_, mean)| least(best, *mean))).unwrap_or(0.0)
    }

    /// Whether a trial that runs or waits will say what one at `point` would.
    pub fn is_pending(&self, point: &[f64]) -> bool {
        let near = |other: &Vec<f64>| point.iter().zip(other).all(|(a, b)| (a - b).abs() < SAME);
        self.pending.iter().any(near)
    }
}

/// The numbers of at most `most` of `n` trials, which come best first: the better half of them, and a
/// random half of the rest.
fn thin(n: usize, most: usize, seed: u64) -> Vec<usize> {
    let mut chosen: Vec<usize> = (0..n).collect();
    if n > most {
        let mut rest = chosen.split_off(most / 2);
        Rng::new(seed).shuffle(&mut rest);
        chosen.extend(rest.into_iter().take(most - most / 2));
    }
    chosen
}

/// The process of the most probable map and hyperparameters: all maps from several starts on a few
/// trials, then the best of them on more.
fn learn(
    features: &Features,
    shape: Shape,
    scored: &[&Observation<'_>],
    units: &[f64],
    seen: &[usize],
    seed: u64,
) -> Result<(GaussianProcess, Map), FitError> {
    let all = features.points(seen.iter().map(|i| &*scored[*i].point));
    let units: Vec<f64> = seen.iter().map(|i| units[*i]).collect();
    let few = thin(seen.len(), MOST_COMPARED, derive(seed, "thin", 1));
    let points = all.select(&few);
    let (mut best, mut failure) = (None::<(f64, usize, Vec<f64>)>, FitError::Empty);
    for (b, bend) in BENDS.into_iter().enumerate() {
        let warped = warp(&units, bend);
        let targets: Vec<f64> = few.iter().map(|i| warped.targets[*i]).collect();
        let slopes: f64 = few.iter().map(|i| warped.slopes[*i]).sum();
        let evidence = Evidence::new(shape, &features.columns, &points, &targets);
        // The first map from several starts; the others from where that led.
        let starts = match &best {
            None => SHIFTS.map(|shift| evidence.start(shift)).to_vec(),
            Some(held) => vec![held.2.clone()],
        };
        for start in starts {
            match evidence.maximize(&start, if b == 0 { STEPS[0] } else { STEPS[1] }) {
                Ok(found) if best.as_ref().is_none_or(|held| found.value - slopes < held.0) => {
                    best = Some((found.value - slopes, b, found.point));
                }
                Ok(_) => {}
                Err(error) => failure = error.into(),
            }
        }
    }
    let Some((_, b, start)) = best else { return Err(failure) };
    let warped = warp(&units, BENDS[b]);
    let more = thin(seen.len(), MOST_FITTED, derive(seed, "thin", 2));
    let points = all.select(&more);
    let targets: Vec<f64> = more.iter().map(|i| warped.targets[*i]).collect();
    let evidence = Evidence::new(shape, &features.columns, &points, &targets);
    let theta = evidence.maximize(&start, STEPS[2]).map_or(start, |found| found.point);
    let (kernel, noise) = evidence.kernel(&theta);
    Ok((GaussianProcess::condition(kernel, noise, all, warped.targets)?, warped.map))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::testing::{Scripted, float, space};
    use crate::domain::value::{Params, Value};

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
        let (space, history) = (&study.history().study().space, study.history());
        let observed = Observed::of(space, history).unwrap();
        Surrogate::fit(space, &observed, Shape::Matern, 7).unwrap().predict(&[x])
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
        // A third of a standard deviation apart under the map; 1e-12 without it.
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
        // What has no cost has its part of the limit, the newest of it.
        for _ in 0..MOST_BELIEVED {
            study.fail(at(0.95));
        }
        let before = predict(&study, 0.85);
        for _ in 0..MOST_BELIEVED {
            study.fail(at(0.85));
        }
        let (space, history) = (&study.history().study().space, study.history());
        let observed = Observed::of(space, history).unwrap();
        let surrogate = Surrogate::fit(space, &observed, Shape::Matern, 7).unwrap();
        assert_eq!(surrogate.process.fitted().len(), MOST_SEEN);
        assert!(surrogate.predict(&[0.85]).sd < 0.5 * before.sd);
    }
}
