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
    /// The likelihood could be evaluated at none of the starts; this is the last one's reason.
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
            matrix[i * n..i * n + i].copy_from_slice(&kernel.first_covariances(&row, &points, i));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::seed::Rng;
    use crate::numeric::evidence::Evidence;
    use crate::numeric::kernel::{Column, Metric, Shape};

    const COLUMNS: [Column; 3] = [
        Column { metric: Metric::Ordered, joint: true, alone: true },
        Column { metric: Metric::Nominal, joint: true, alone: true },
        Column { metric: Metric::Ordered, joint: true, alone: true },
    ];

    fn fit(columns: &[Column], rows: &[Vec<f64>], targets: Vec<f64>) -> Result<GaussianProcess, FitError> {
        let points = Points::from_rows(columns.len(), rows);
        let evidence = Evidence::new(Shape::Matern, columns, &points, &targets);
        let theta = evidence.maximize(&evidence.start((0.0, 0.0)), 40)?.point;
        let (kernel, noise) = evidence.kernel(&theta);
        GaussianProcess::condition(kernel, noise, points.clone(), targets.clone())
    }

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
    fn gradient_of_the_posterior_agrees_with_finite_differences() {
        let (points, targets) = sample(20, 0.1);
        let gp = fit(&COLUMNS, &points, targets).unwrap();
        let x = [0.4, 0.5, 0.7];
        let slope = gp.predict_with_gradient(&x);
        assert_eq!(slope.at, gp.predict(&x));
        for i in [0, 2] {
            let at = |h: f64| {
                let mut moved = x;
                moved[i] += h;
                gp.predict(&moved)
            };
            let (up, down) = (at(1e-5), at(-1e-5));
            assert!((slope.mean[i] - (up.mean - down.mean) / 2e-5).abs() < 1e-5, "mean {i}");
            assert!((slope.sd[i] - (up.sd - down.sd) / 2e-5).abs() < 1e-5, "sd {i}");
        }
        assert_eq!((slope.mean[1], slope.sd[1].abs()), (0.0, 0.0));
    }

    #[test]
    fn learns_a_function_of_mixed_coordinates_and_its_noise() {
        let (points, targets) = sample(60, 0.1);
        let gp = fit(&COLUMNS, &points, targets).unwrap();
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
        for (fitted, point) in gp.fitted().iter().zip(&points) {
            assert!((fitted - gp.predict(point).mean).abs() < 1e-9);
        }
    }

    #[test]
    fn further_points_narrow_the_posterior_and_a_believer_leaves_its_mean() {
        let (points, targets) = sample(20, 0.1);
        let gp = fit(&COLUMNS, &points, targets).unwrap();
        let x = vec![0.9, 0.5, 0.1];
        let before = gp.predict(&x);
        let after = gp.with(std::slice::from_ref(&x), &[before.mean]).unwrap().predict(&x);
        assert!((after.mean - before.mean).abs() < 1e-9 && after.sd < 0.9 * before.sd);
    }

    #[test]
    fn joint_predictions_are_those_of_each_point_and_agree_where_points_meet() {
        let (points, targets) = sample(20, 0.1);
        let gp = fit(&COLUMNS, &points, targets).unwrap();
        let (fresh, _) = sample(24, 0.0);
        let same = vec![fresh[20].clone(), fresh[21].clone(), fresh[20].clone()];
        let (means, covariance) = gp.joint(&Points::from_rows(3, &same));
        for (i, point) in same.iter().enumerate() {
            let at = gp.predict(point);
            assert!((means[i] - at.mean).abs() < 1e-12 && (covariance[4 * i].sqrt() - at.sd).abs() < 1e-9);
        }
        assert!((covariance[6] - covariance[0]).abs() < 1e-12 && covariance[3] < covariance[0]);
    }

    #[test]
    fn degenerate_data_fit_or_fail_without_a_panic() {
        let ordered = |n: usize| vec![COLUMNS[0]; n];
        let fit = |rows: Vec<Vec<f64>>, targets: Vec<f64>| {
            fit(&ordered(rows.first().map_or(2, Vec::len)), &rows, targets)
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
        assert!(matches!(nan, Err(FitError::NotFinite(1) | FitError::Hyperparameters(_))));
    }
}
