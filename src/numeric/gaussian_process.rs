//! Gaussian process regression with Gaussian noise (Rasmussen & Williams 2006, ch. 2) about an unknown
//! constant mean: the posterior of a function of which some values were seen.

use thiserror::Error;

use super::kernel::{Kernel, Points};
use super::linalg::{Cholesky, LinalgError, dot};
use super::minimize::MinimizeError;

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

/// A prediction and its gradient along the columns: 0 along nominal ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Slope {
    /// The posterior.
    pub at: Prediction,
    /// Of the mean.
    pub mean: Vec<f64>,
    /// Of the standard deviation.
    pub sd: Vec<f64>,
}

/// A Gaussian process that has seen some points.
#[derive(Debug, Clone)]
pub struct GaussianProcess {
    kernel: Kernel,
    noise: f64,
    points: Points,
    targets: Vec<f64>,
    /// L⁻¹ of the covariance L Lᵀ, column after column.
    inverse: Vec<f64>,
    /// Covariance⁻¹ · targets.
    weights: Vec<f64>,
}

impl GaussianProcess {
    /// A process of given hyperparameters that has seen `targets` at `points`.
    ///
    /// # Errors
    /// Where there is no point, one is not finite, or the covariance can't be factored.
    pub fn condition(
        kernel: Kernel,
        noise: f64,
        points: Points,
        targets: Vec<f64>,
    ) -> Result<Self, FitError> {
        let n = points.len;
        check(&points, &targets)?;
        let mut matrix = vec![0.0; n * n];
        for i in 0..n {
            let row = points.row(i);
            matrix[i * n..(i + 1) * n].copy_from_slice(&kernel.covariances(&row, &points));
            matrix[i * n + i] = kernel.variance(&row) + noise;
        }
        let covariance = Cholesky::new(n, &matrix)?;
        let mut weights = targets.clone();
        covariance.solve(&mut weights);
        let inverse = covariance.inverse_factor();
        Ok(GaussianProcess { kernel, noise, points, targets, inverse, weights })
    }

    /// The process after it has seen further points, with the hyperparameters it has.
    ///
    /// # Errors
    /// As [`condition`](Self::condition).
    pub fn with(mut self, points: &[Vec<f64>], targets: &[f64]) -> Result<Self, FitError> {
        points.iter().for_each(|point| self.points.push(point));
        self.targets.extend(targets);
        Self::condition(self.kernel, self.noise, self.points, self.targets)
    }

    /// The kernel.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The variance of an observation's noise.
    pub fn noise(&self) -> f64 {
        self.noise
    }

    /// The posterior mean at each point that was seen: what is left of its target when the noise is
    /// taken from it.
    pub fn fitted(&self) -> Vec<f64> {
        self.targets.iter().zip(&self.weights).map(|(t, w)| t - self.noise * w).collect()
    }

    /// The posterior at `point`.
    pub fn predict(&self, point: &[f64]) -> Prediction {
        let covariances = self.kernel.covariances(point, &self.points);
        let explained = self.whiten(&covariances);
        let mean = dot(&covariances, &self.weights);
        Prediction { mean, sd: self.sd(point, dot(&explained, &explained)) }
    }

    /// The posterior at `point` and its gradient.
    pub fn predict_with_gradient(&self, point: &[f64]) -> Slope {
        let slopes = self.kernel.slopes(point, &self.points);
        let explained = self.whiten(&slopes.covariances);
        let mean = dot(&slopes.covariances, &self.weights);
        let at = Prediction { mean, sd: self.sd(point, dot(&explained, &explained)) };
        let n = self.points.len;
        let solved: Vec<f64> =
            (0..n).map(|j| dot(&self.inverse[j * n + j..(j + 1) * n], &explained[j..])).collect();
        let gradients = self.kernel.gradients(point, &self.points, &slopes, [&self.weights, &solved]);
        let (mean, sd) = gradients.iter().map(|[m, s]| (*m, -s / at.sd)).unzip();
        Slope { at, mean, sd }
    }

    /// Posterior means and covariances of the function at `points`, row by row.
    pub fn joint(&self, points: &Points) -> (Vec<f64>, Vec<f64>) {
        let m = points.len;
        let mut means = Vec::with_capacity(m);
        let mut whitened = Vec::with_capacity(m);
        let mut covariance = vec![0.0; m * m];
        for i in 0..m {
            let row = points.row(i);
            let seen = self.kernel.covariances(&row, &self.points);
            means.push(dot(&seen, &self.weights));
            whitened.push(self.whiten(&seen));
            covariance[i * m..(i + 1) * m].copy_from_slice(&self.kernel.covariances(&row, points));
            for j in 0..=i {
                covariance[i * m + j] -= dot(&whitened[i], &whitened[j]);
            }
        }
        (means, covariance)
    }

    /// L⁻¹ · `covariances`.
    fn whiten(&self, covariances: &[f64]) -> Vec<f64> {
        let n = self.points.len;
        let mut sums = vec![0.0; n];
        for (j, k) in covariances.iter().enumerate() {
            for (sum, l) in sums[j..].iter_mut().zip(&self.inverse[j * n + j..(j + 1) * n]) {
                *sum += k * l;
            }
        }
        sums
    }

    /// The standard deviation that is left where data explain `explained` of the variance. Kept above
    /// rounding, so that its gradient exists.
    fn sd(&self, point: &[f64], explained: f64) -> f64 {
        let variance = self.kernel.variance(point);
        (variance - explained).max(1e-12 * variance).sqrt()
    }
}

fn check(points: &Points, targets: &[f64]) -> Result<(), FitError> {
    if points.len == 0 {
        return Err(FitError::Empty);
    }
    let finite = |i: usize| targets[i].is_finite() && points.columns.iter().all(|c| c[i].is_finite());
    match (0..points.len).find(|i| !finite(*i)) {
        Some(bad) => Err(FitError::NotFinite(bad)),
        None => Ok(()),
    }
}
