//! Gaussian process regression with a Matérn-5/2 kernel and Gaussian noise (Rasmussen & Williams
//! 2006, ch. 2 and 5) about an unknown constant mean. Hyperparameters are fitted by maximum a posteriori.

use thiserror::Error;

use super::kernel::{Kernel, Metric, matern};
use super::linalg::{Cholesky, LinalgError, dot};
use super::minimize::{MinimizeError, minimize};
use crate::domain::seed::Rng;

/// Steps of one maximisation of the posterior of the hyperparameters.
const STEPS: u64 = 40;
/// The prior variance of the constant mean; targets are standardised.
const MEAN_VARIANCE: f64 = 1.0;
/// How many maximisations: one from the middle of the prior, the others from draws of it.
const STARTS: usize = 2;

/// A normal prior of the logarithm of a hyperparameter, cut at `bounds`.
#[derive(Debug, Clone, Copy)]
struct Prior {
    mean: f64,
    sd: f64,
    bounds: (f64, f64),
}

/// Why no process could be fitted.
#[derive(Debug, Error, PartialEq)]
pub enum FitError {
    /// There is nothing to fit to.
    #[error("a gaussian process needs at least one point")]
    Empty,
    /// A target or coordinate is NaN or infinite.
    #[error("point {0} or its target is not finite")]
    NotFinite(usize),
    /// The covariance can't be factored.
    #[error("the covariance of the gaussian process: {0}")]
    Covariance(#[from] LinalgError),
    /// Every maximisation failed; this is the last one's reason.
    #[error("the hyperparameters of the gaussian process: {0}")]
    Hyperparameters(#[from] MinimizeError),
}

/// The posterior of the function at one point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// Its mean.
    pub mean: f64,
    /// Its standard deviation, without the noise of an observation.
    pub sd: f64,
}

/// A Gaussian process that has seen some points.
#[derive(Debug, Clone)]
pub struct GaussianProcess {
    kernel: Kernel,
    noise: f64,
    points: Vec<Vec<f64>>,
    targets: Vec<f64>,
    covariance: Cholesky,
    /// Covariance⁻¹ · targets.
    weights: Vec<f64>,
}

impl GaussianProcess {
    /// Fits the hyperparameters to `points` (in the unit cube, with `metrics` a coordinate) and their
    /// `targets` (of mean about 0 and variance about 1), from starts drawn with `seed`.
    ///
    /// # Errors
    /// Where there is no point, one is not finite, or no fit succeeded.
    pub fn fit(
        metrics: &[Metric],
        points: Vec<Vec<f64>>,
        targets: Vec<f64>,
        seed: u64,
    ) -> Result<Self, FitError> {
        let (kernel, noise) = fit_hyperparameters(metrics, &points, &targets, seed)?;
        Self::condition(kernel, noise, points, targets)
    }

    /// A process of given hyperparameters that has seen `points`.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn condition(
        kernel: Kernel,
        noise: f64,
        points: Vec<Vec<f64>>,
        targets: Vec<f64>,
    ) -> Result<Self, FitError> {
        let n = points.len();
        check(&points, &targets)?;
        let mut matrix = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..i {
                matrix[i * n + j] = kernel.covariance(&points[i], &points[j]);
            }
            matrix[i * n + i] = kernel.variance() + noise;
        }
        let covariance = Cholesky::new(n, &matrix)?;
        let mut weights = targets.clone();
        covariance.solve(&mut weights);
        Ok(GaussianProcess { kernel, noise, points, targets, covariance, weights })
    }

    /// The process after it has seen further points, with the hyperparameters it has.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn with(self, points: Vec<Vec<f64>>, targets: Vec<f64>) -> Result<Self, FitError> {
        let all_points = self.points.into_iter().chain(points).collect();
        let all_targets = self.targets.into_iter().chain(targets).collect();
        Self::condition(self.kernel, self.noise, all_points, all_targets)
    }

    /// The kernel.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The variance of an observation's noise.
    pub fn noise(&self) -> f64 {
        self.noise
    }

    /// The posterior at `point`.
    pub fn predict(&self, point: &[f64]) -> Prediction {
        let mut covariances: Vec<f64> =
            self.points.iter().map(|p| self.kernel.covariance(point, p)).collect();
        let mean = dot(&covariances, &self.weights);
        self.covariance.solve_lower(&mut covariances);
        Prediction { mean, sd: self.sd(dot(&covariances, &covariances)) }
    }

    /// The posterior at `point` and the gradients of its mean and standard deviation.
    pub fn predict_with_gradient(&self, point: &[f64]) -> (Prediction, Vec<f64>, Vec<f64>) {
        let (mut solved, slopes): (Vec<f64>, Vec<f64>) =
            self.points.iter().map(|p| self.kernel.covariance_and_slope(point, p)).unzip();
        let mean = dot(&solved, &self.weights);
        self.covariance.solve_lower(&mut solved);
        let sd = self.sd(dot(&solved, &solved));
        self.covariance.solve_lower_transposed(&mut solved);
        let mut mean_gradient = vec![0.0; point.len()];
        let mut sd_gradient = vec![0.0; point.len()];
        for (j, p) in self.points.iter().enumerate() {
            for i in 0..point.len() {
                let derivative = self.kernel.derivative(slopes[j], i, point, p);
                mean_gradient[i] += derivative * self.weights[j];
                sd_gradient[i] -= derivative * solved[j] / sd;
            }
        }
        (Prediction { mean, sd }, mean_gradient, sd_gradient)
    }

    /// The standard deviation that is left where data explain `explained` of the variance. Kept above
    /// rounding, so that its gradient exists.
    fn sd(&self, explained: f64) -> f64 {
        (self.kernel.variance() - explained).max(1e-12 * self.kernel.variance()).sqrt()
    }
}

fn check(points: &[Vec<f64>], targets: &[f64]) -> Result<(), FitError> {
    assert_eq!(points.len(), targets.len());
    if points.is_empty() {
        return Err(FitError::Empty);
    }
    let finite =
        |(point, target): (&Vec<f64>, &f64)| target.is_finite() && point.iter().all(|x| x.is_finite());
    match points.iter().zip(targets).position(|pair| !finite(pair)) {
        Some(bad) => Err(FitError::NotFinite(bad)),
        None => Ok(()),
    }
}

/// The priors of the logarithms of the length scales, the signal and the noise variance.
///
/// A length scale is about as long as two random points of the cube are apart, √(d / 6), within a
/// factor of e or so. It grows with the dimension, as distances do, so that the process does not
/// expect every corner of the cube to be different (Hvarfner, Hellsten & Nardi 2024).
/// Signal: targets are standardised. Noise: a standard deviation of a twentieth of the targets',
/// but hardly more than a guess: from exact functions to networks whose score depends on their seed.
fn priors(dimensions: usize) -> Vec<Prior> {
    let distance = 0.5 * libm::log(dimensions.max(1) as f64 / 6.0);
    let length = Prior { mean: distance, sd: 1.0, bounds: (-3.5, distance + 5.0) };
    let signal = Prior { mean: 0.0, sd: 1.0, bounds: (-4.0, 4.0) };
    let noise = Prior { mean: -6.0, sd: 3.0, bounds: (-14.0, 0.5) };
    let mut priors = vec![length; dimensions];
    priors.extend([signal, noise]);
    priors
}

fn fit_hyperparameters(
    metrics: &[Metric],
    points: &[Vec<f64>],
    targets: &[f64],
    seed: u64,
) -> Result<(Kernel, f64), FitError> {
    check(points, targets)?;
    let priors = priors(metrics.len());
    let bounds: Vec<(f64, f64)> = priors.iter().map(|p| p.bounds).collect();
    let evidence = Evidence::new(metrics, points, targets, &priors);
    let mut rng = Rng::new(seed);
    let mut best = Err(FitError::Empty);
    for start in 0..STARTS {
        let draw = |p: &Prior| p.mean + if start == 0 { 0.0 } else { p.sd * rng.normal() };
        let start: Vec<f64> = priors.iter().map(draw).collect();
        match (minimize(|theta| evidence.negative_log(theta), &start, &bounds, STEPS), &best) {
            (Ok(found), Err(_)) => best = Ok(found),
            (Ok(found), Ok(held)) if found.value < held.value => best = Ok(found),
            (Err(e), Err(_)) => best = Err(e.into()),
            _ => {}
        }
    }
    let theta = best?.point;
    let d = metrics.len();
    let length_scales = theta[..d].iter().map(|t| libm::exp(*t)).collect();
    let kernel = Kernel {
        metrics: metrics.to_vec(),
        length_scales,
        signal: libm::exp(theta[d]),
        constant: MEAN_VARIANCE,
    };
    Ok((kernel, libm::exp(theta[d + 1])))
}

/// The posterior density of the hyperparameters.
struct Evidence<'a> {
    targets: &'a [f64],
    priors: &'a [Prior],
    /// Squared differences of each pair (1, 0), (2, 0), (2, 1), ...: one a coordinate.
    differences: Vec<f64>,
}

impl<'a> Evidence<'a> {
    fn new(metrics: &[Metric], points: &[Vec<f64>], targets: &'a [f64], priors: &'a [Prior]) -> Self {
        let mut differences = Vec::with_capacity(points.len() * points.len() / 2 * metrics.len());
        for (i, a) in points.iter().enumerate() {
            for b in &points[..i] {
                differences.extend(metrics.iter().zip(a.iter().zip(b)).map(|(metric, (a, b))| {
                    let d = metric.difference(*a, *b);
                    d * d
                }));
            }
        }
        Evidence { targets, priors, differences }
    }

    /// −ln p(theta | targets) up to a constant, and its gradient; theta are the logarithms of the
    /// length scales, the signal and the noise variance (Rasmussen & Williams 2006, eq. 5.8 and 5.9).
    fn negative_log(&self, theta: &[f64]) -> Result<(f64, Vec<f64>), LinalgError> {
        let (n, d) = (self.targets.len(), theta.len() - 2);
        let (signal, noise) = (libm::exp(theta[d]), libm::exp(theta[d + 1]));
        let inverse_squares: Vec<f64> = theta[..d].iter().map(|t| libm::exp(-2.0 * t)).collect();
        let mut matrix = vec![0.0; n * n];
        let mut slopes = vec![0.0; n * n];
        let mut pair = 0;
        for i in 0..n {
            for j in 0..i {
                let r2 = dot(&self.differences[pair * d..(pair + 1) * d], &inverse_squares);
                let (correlation, slope) = matern(r2);
                matrix[i * n + j] = MEAN_VARIANCE + signal * correlation;
                slopes[i * n + j] = signal * slope;
                pair += 1;
            }
            matrix[i * n + i] = MEAN_VARIANCE + signal + noise;
        }
        let cholesky = Cholesky::new(n, &matrix)?;
        let mut weights = self.targets.to_vec();
        cholesky.solve(&mut weights);
        let inverse = cholesky.inverse();

        // ½ tr((K⁻¹ − w wᵀ) ∂K), each pair off the diagonal counted once for both its places.
        let mut gradient = vec![0.0; d + 2];
        let mut pair = 0;
        for i in 0..n {
            for j in 0..i {
                let at = i * n + j;
                let outer = inverse[at] - weights[i] * weights[j];
                gradient[d] += outer * (matrix[at] - MEAN_VARIANCE);
                let slope = outer * slopes[at];
                let differences = &self.differences[pair * d..(pair + 1) * d];
                for (g, (d, w)) in gradient.iter_mut().zip(differences.iter().zip(&inverse_squares)) {
                    *g += slope * d * w;
                }
                pair += 1;
            }
            let outer = 0.5 * (inverse[i * n + i] - weights[i] * weights[i]);
            gradient[d] += outer * signal;
            gradient[d + 1] += outer * noise;
        }
        let mut value = 0.5 * (dot(self.targets, &weights) + cholesky.log_determinant());
        for ((prior, t), g) in self.priors.iter().zip(theta).zip(&mut gradient) {
            let z = (t - prior.mean) / prior.sd;
            value += 0.5 * z * z;
            *g += z / prior.sd;
        }
        Ok((value, gradient))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: [Metric; 3] = [Metric::Ordered, Metric::Nominal, Metric::Ordered];

    /// Points whose second coordinate is one of three choices, and a smooth function of them.
    fn sample(n: usize, noise: f64) -> (Vec<Vec<f64>>, Vec<f64>) {
        let mut rng = Rng::new(11);
        let mut draw = || vec![rng.uniform(), (rng.below(3) as f64 + 0.5) / 3.0, rng.uniform()];
        let points: Vec<Vec<f64>> = (0..n).map(|_| draw()).collect();
        let targets = points.iter().map(|p| truth(p) + noise * rng.normal()).collect();
        (points, targets)
    }

    fn truth(p: &[f64]) -> f64 {
        libm::sin(5.0 * p[0]) + if p[1] > 0.6 { 0.8 } else { -0.3 } + 0.2 * p[2] * p[2]
    }

    #[test]
    fn gradient_of_the_evidence_agrees_with_finite_differences() {
        let (points, targets) = sample(14, 0.1);
        let priors = priors(3);
        let evidence = Evidence::new(&METRICS, &points, &targets, &priors);
        let theta = [-0.7, 0.2, 0.5, 0.1, -3.0];
        let (_, gradient) = evidence.negative_log(&theta).unwrap();
        for i in 0..theta.len() {
            let at = |h: f64| {
                let mut moved = theta;
                moved[i] += h;
                evidence.negative_log(&moved).unwrap().0
            };
            let numeric = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!(
                (gradient[i] - numeric).abs() < 1e-6 * numeric.abs().max(1.0),
                "{i}: {gradient:?} {numeric}"
            );
        }
    }

    #[test]
    fn gradient_of_the_posterior_agrees_with_finite_differences() {
        let (points, targets) = sample(20, 0.1);
        let gp = GaussianProcess::fit(&METRICS, points, targets, 1).unwrap();
        let x = [0.4, 0.5, 0.7];
        let (at_x, mean, sd) = gp.predict_with_gradient(&x);
        assert_eq!(at_x, gp.predict(&x));
        for i in [0, 2] {
            let at = |h: f64| {
                let mut moved = x;
                moved[i] += h;
                gp.predict(&moved)
            };
            let (up, down) = (at(1e-5), at(-1e-5));
            assert!((mean[i] - (up.mean - down.mean) / 2e-5).abs() < 1e-5, "mean {i}");
            assert!((sd[i] - (up.sd - down.sd) / 2e-5).abs() < 1e-5, "sd {i}");
        }
    }

    #[test]
    fn learns_a_function_of_mixed_coordinates_and_its_noise() {
        let (points, targets) = sample(60, 0.1);
        let gp = GaussianProcess::fit(&METRICS, points, targets, 1).unwrap();
        let (fresh, _) = sample(200, 0.0);
        let error = |p: &Vec<f64>| (gp.predict(p).mean - truth(p)).powi(2);
        let rmse = (fresh[60..].iter().map(error).sum::<f64>() / 140.0).sqrt();
        assert!(rmse < 0.1, "{rmse}");
        assert!((0.05..0.2).contains(&gp.noise().sqrt()), "{}", gp.noise());
        let inside = |p: &&Vec<f64>| {
            let at = gp.predict(p);
            (at.mean - truth(p)).abs() < 2.0 * at.sd
        };
        assert!(fresh[60..].iter().filter(inside).count() > 120);
    }

    #[test]
    fn further_points_narrow_the_posterior_and_a_believer_leaves_its_mean() {
        let (points, targets) = sample(12, 0.1);
        let gp = GaussianProcess::fit(&METRICS, points, targets, 1).unwrap();
        let x = vec![0.05, 0.5, 0.95];
        let before = gp.predict(&x);
        let after = gp.clone().with(vec![x.clone()], vec![before.mean]).unwrap().predict(&x);
        assert!(
            (after.mean - before.mean).abs() < 1e-9 && after.sd < 0.9 * before.sd,
            "{before:?} {after:?}"
        );
    }

    #[test]
    fn degenerate_data_fit_or_fail_without_a_panic() {
        let fit = |points: Vec<Vec<f64>>, targets: Vec<f64>| {
            let metrics = vec![Metric::Ordered; points.first().map_or(2, Vec::len)];
            GaussianProcess::fit(&metrics, points, targets, 5)
        };
        let sound = |gp: GaussianProcess, x: &[f64]| {
            let at = gp.predict(x);
            assert!(at.mean.is_finite() && at.sd > 0.0, "{at:?}");
        };
        sound(fit(vec![vec![0.5, 0.5]], vec![0.0]).unwrap(), &[0.1, 0.9]);
        sound(fit(vec![vec![0.2, 0.7]; 40], vec![0.0; 40]).unwrap(), &[0.2, 0.7]);
        let contradicting = (0..40).map(|i| f64::from(i % 2)).collect();
        sound(fit(vec![vec![0.2, 0.7]; 40], contradicting).unwrap(), &[0.2, 0.7]);
        let line = (0..200).map(|i| vec![f64::from(i) / 199.0; 2]).collect();
        sound(fit(line, vec![1.0; 200]).unwrap(), &[0.3, 0.6]);
        sound(fit(vec![vec![]; 3], vec![0.1, 0.0, -0.1]).unwrap(), &[]);
        assert_eq!(fit(vec![], vec![]).unwrap_err(), FitError::Empty);
        let nan = fit(vec![vec![0.5], vec![0.6]], vec![1.0, f64::NAN]);
        assert_eq!(nan.unwrap_err(), FitError::NotFinite(1));
    }
}
