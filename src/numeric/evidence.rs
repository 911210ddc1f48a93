//! How well hyperparameters explain what was seen: the logarithm of the marginal likelihood of a Gaussian
//! process (Rasmussen & Williams 2006, eq. 5.8 and 5.9) plus that of their priors, and its gradient.

use std::cell::RefCell;

use super::kernel::{Column, Kernel, Metric, Points, Shape, matern, rbf};
use super::linalg::{Cholesky, LinalgError, dot};
use super::minimize::{MinimizeError, Minimum, TOLERANCE, minimize};

/// The prior variance of the constant mean; targets are standardised.
const MEAN_VARIANCE: f64 = 1.0;

/// A normal prior of the logarithm of a hyperparameter, cut at `bounds`.
#[derive(Debug, Clone, Copy)]
pub struct Prior {
    /// Its mean.
    pub mean: f64,
    /// Its standard deviation.
    pub sd: f64,
    /// What it is cut at.
    pub bounds: (f64, f64),
}

/// The posterior density of the hyperparameters θ: the logarithms of the joint kernel's length scales, of
/// the own kernels', of the variance that the joint one and that all own ones explain, and of the noise's.
pub struct Evidence<'a> {
    shape: Shape,
    columns: &'a [Column],
    targets: &'a [f64],
    priors: Vec<Prior>,
    /// Distances of the pairs (1, 0), (2, 0), (2, 1), ...: one vector a column.
    distances: Vec<Vec<f64>>,
    /// How many own kernels each point has.
    own: Vec<f64>,
    scratch: RefCell<Scratch>,
}

#[derive(Default)]
struct Scratch {
    /// The covariance of each pair, and the part of it that own kernels make.
    covariances: Vec<f64>,
    of_own: Vec<f64>,
    /// The slopes of each pair times the variance, and for own kernels times the squared scaled distance.
    joint: Vec<f64>,
    own: Vec<Vec<f64>>,
    matrix: Vec<f64>,
}

/// The priors of θ.
///
/// A joint length scale is about as long as two random points of the cube are apart, √(d / 6), within a
/// factor of e or so. It grows with the dimension, as distances do, so that the process does not
/// expect every corner of the cube to be different (Hvarfner, Hellsten & Nardi 2024). One column's own is
/// about a third of the cube.
/// Signals: targets are standardised, and either kernel may explain them. Noise: a standard deviation of three
/// hundredths of the targets', but hardly more than a guess: from exact functions to networks whose score
/// depends on their seed.
fn priors(columns: &[Column]) -> Vec<Prior> {
    let joint = columns.iter().filter(|c| c.joint).count();
    let alone = columns.iter().filter(|c| c.alone).count();
    let distance = 0.5 * libm::log(joint.max(1) as f64 / 6.0);
    let mut priors = vec![Prior { mean: distance, sd: 1.0, bounds: (-3.5, distance + 5.0) }; joint];
    priors.extend(vec![Prior { mean: -1.0, sd: 1.0, bounds: (-4.0, 4.0) }; alone]);
    let signal = Prior { mean: -0.5, sd: 1.0, bounds: (-7.0, 4.0) };
    let noise = Prior { mean: -7.0, sd: 3.0, bounds: (-16.0, 0.5) };
    priors.extend([signal, signal, noise]);
    priors
}

impl<'a> Evidence<'a> {
    /// Of `targets` (of mean about 0 and variance about 1) at `points` (in the unit cube).
    pub fn new(shape: Shape, columns: &'a [Column], points: &Points, targets: &'a [f64]) -> Self {
        let n = points.len;
        let of_column = |(column, xs): (&Column, &Vec<f64>)| {
            let mut distances = Vec::with_capacity(n * n / 2);
            for (i, x) in xs.iter().enumerate() {
                distances.extend(xs[..i].iter().map(|y| column.metric.distance(*x, *y)));
            }
            distances
        };
        let own = |i: usize| {
            let of = |(c, xs): (&Column, &Vec<f64>)| c.alone && c.metric.distance(xs[i], xs[i]) == 0.0;
            columns.iter().zip(&points.columns).filter(|pair| of(*pair)).count() as f64
        };
        Evidence {
            shape,
            columns,
            targets,
            priors: priors(columns),
            distances: columns.iter().zip(&points.columns).map(of_column).collect(),
            own: (0..n).map(own).collect(),
            scratch: RefCell::default(),
        }
    }

    /// The middle of the priors, from which the variances that the joint kernel and the own ones explain are
    /// moved by `shift`.
    pub fn start(&self, shift: (f64, f64)) -> Vec<f64> {
        let mut start: Vec<f64> = self.priors.iter().map(|p| p.mean).collect();
        let last = start.len() - 3;
        start[last] += shift.0;
        start[last + 1] += shift.1;
        start
    }

    /// The priors of θ.
    pub fn priors(&self) -> &[Prior] {
        &self.priors
    }

    /// The most probable θ near `start`: `start` itself where no step improves on it, as at a maximum.
    ///
    /// # Errors
    /// Where there is no density at the start.
    pub fn maximize(&self, start: &[f64], steps: u64) -> Result<Minimum, MinimizeError> {
        let bounds: Vec<(f64, f64)> = self.priors.iter().map(|p| p.bounds).collect();
        minimize(|theta| self.negative_log(theta), start, &bounds, steps, TOLERANCE).or_else(|error| {
            match error {
                MinimizeError::Failed(_) => {
                    let (value, _) =
                        self.negative_log(start).map_err(|e| MinimizeError::Start(e.to_string()))?;
                    Ok(Minimum { point: start.to_vec(), value })
                }
                MinimizeError::Start(_) => Err(error),
            }
        })
    }

    /// The kernel and the noise variance of `theta`.
    pub fn kernel(&self, theta: &[f64]) -> (Kernel, f64) {
        let mut scales = theta.iter();
        let mut next = |used: bool| if used { scales.next().map_or(1.0, |t| libm::exp(*t)) } else { 1.0 };
        let joint_scales = self.columns.iter().map(|c| next(c.joint)).collect();
        let own_scales = self.columns.iter().map(|c| next(c.alone)).collect();
        let (joint, own, noise) = self.variances(theta);
        let columns = self.columns.to_vec();
        let constant = MEAN_VARIANCE;
        (Kernel { shape: self.shape, columns, joint_scales, own_scales, joint, own, constant }, noise)
    }

    /// Of the joint kernel, of one own kernel, of the noise.
    fn variances(&self, theta: &[f64]) -> (f64, f64, f64) {
        let last = theta.len() - 3;
        let alone = self.columns.iter().filter(|c| c.alone).count().max(1) as f64;
        (libm::exp(theta[last]), libm::exp(theta[last + 1]) / alone, libm::exp(theta[last + 2]))
    }

    /// −ln p(θ | targets) up to a constant, and its gradient.
    ///
    /// # Errors
    /// Where the covariance can't be factored.
    pub fn negative_log(&self, theta: &[f64]) -> Result<(f64, Vec<f64>), LinalgError> {
        match self.shape {
            Shape::Matern => self.evaluate(theta, matern),
            Shape::Rbf => self.evaluate(theta, rbf),
        }
    }

    fn evaluate(
        &self,
        theta: &[f64],
        correlation: impl Fn(f64) -> (f64, f64) + Copy,
    ) -> Result<(f64, Vec<f64>), LinalgError> {
        let n = self.targets.len();
        let (joint, own, noise) = self.variances(theta);
        let mut scratch = self.scratch.borrow_mut();
        self.covariances(theta, &mut scratch, correlation);
        let Scratch { covariances, of_own, joint: joint_slopes, own: own_slopes, matrix } = &mut *scratch;
        matrix.resize(n * n, 0.0);
        let mut pairs = 0;
        for i in 0..n {
            matrix[i * n..i * n + i].copy_from_slice(&covariances[pairs..pairs + i]);
            matrix[i * n + i] = MEAN_VARIANCE + joint + own * self.own[i] + noise;
            pairs += i;
        }
        let cholesky = Cholesky::new(n, matrix)?;
        let mut weights = self.targets.to_vec();
        cholesky.solve(&mut weights);
        let inverse = cholesky.inverse();

        // ½ tr((K⁻¹ − w wᵀ) ∂K), each pair off the diagonal counted once for both its places.
        let mut outer = Vec::with_capacity(pairs);
        let mut diagonal = [0.0; 2];
        for i in 0..n {
            let row = inverse[i * n..i * n + i].iter().zip(&weights);
            outer.extend(row.map(|(k, w)| k - weights[i] * w));
            let half = 0.5 * (inverse[i * n + i] - weights[i] * weights[i]);
            diagonal[0] += half;
            diagonal[1] += half * self.own[i];
        }
        let mut gradient = self.length_gradient(theta, &outer, joint_slopes, own_slopes);
        let of_own = dot(&outer, of_own);
        let of_mean = MEAN_VARIANCE * outer.iter().sum::<f64>();
        gradient.push(dot(&outer, covariances) - of_mean - of_own + diagonal[0] * joint);
        gradient.push(of_own + diagonal[1] * own);
        gradient.push(diagonal[0] * noise);

        let mut value = 0.5 * (dot(self.targets, &weights) + cholesky.log_determinant());
        for ((prior, t), g) in self.priors.iter().zip(theta).zip(&mut gradient) {
            let z = (t - prior.mean) / prior.sd;
            value += 0.5 * z * z;
            *g += z / prior.sd;
        }
        Ok((value, gradient))
    }

    /// The covariances of all pairs and what their gradients are made of.
    fn covariances(
        &self,
        theta: &[f64],
        scratch: &mut Scratch,
        correlation: impl Fn(f64) -> (f64, f64) + Copy,
    ) {
        let pairs = self.targets.len() * self.targets.len().saturating_sub(1) / 2;
        let (variance, each, _) = self.variances(theta);
        let Scratch { covariances, of_own, joint, own, .. } = scratch;
        for buffer in [&mut *covariances, of_own, joint] {
            buffer.clear();
            buffer.resize(pairs, 0.0);
        }
        own.resize_with(self.columns.len(), Vec::new);
        let joints = self.columns.iter().filter(|c| c.joint).count();
        let (mut of_joint, mut of_alone) = (theta.iter(), theta[joints..].iter());
        for ((column, distances), slopes) in self.columns.iter().zip(&self.distances).zip(own) {
            if let Some(t) = column.joint.then(|| of_joint.next()).flatten() {
                let inverse = libm::exp(-t);
                for (sum, d) in joint.iter_mut().zip(distances) {
                    let scaled = d * inverse;
                    *sum += scaled * scaled;
                }
            }
            if let Some(t) = column.alone.then(|| of_alone.next()).flatten() {
                let inverse = libm::exp(-t);
                slopes.resize(pairs, 0.0);
                if column.metric == Metric::Nominal {
                    // Only two distances: no exponential a pair.
                    let (value, slope) = correlation(inverse);
                    let (fall, slope) = (each * (value - 1.0), each * slope * inverse * inverse);
                    for ((k, s), d) in of_own.iter_mut().zip(slopes).zip(distances) {
                        *k += each + d * fall;
                        *s = d * slope;
                    }
                } else {
                    for ((k, s), d) in of_own.iter_mut().zip(slopes).zip(distances) {
                        let r = d * inverse;
                        let (value, slope) = correlation(r);
                        *k += each * value;
                        *s = each * slope * (r * r);
                    }
                }
            }
        }
        for ((k, r2), of_own) in covariances.iter_mut().zip(joint).zip(of_own) {
            let (value, slope) = correlation(r2.sqrt());
            *k = MEAN_VARIANCE + variance * value + *of_own;
            *r2 = variance * slope;
        }
    }

    /// The gradient along the length scales, of what `outer` says of each pair.
    fn length_gradient(&self, theta: &[f64], outer: &[f64], joint: &[f64], own: &[Vec<f64>]) -> Vec<f64> {
        let mut gradient = Vec::with_capacity(theta.len());
        let weighted: Vec<f64> = outer.iter().zip(joint).map(|(o, s)| o * s).collect();
        let mut squares = vec![0.0; outer.len()];
        for (_, distances) in self.columns.iter().zip(&self.distances).filter(|(c, _)| c.joint) {
            squares.iter_mut().zip(distances).for_each(|(square, d)| *square = d * d);
            let inverse = libm::exp(-2.0 * theta[gradient.len()]);
            gradient.push(inverse * dot(&weighted, &squares));
        }
        let alone = self.columns.iter().zip(own).filter(|(c, _)| c.alone);
        gradient.extend(alone.map(|(_, slopes)| dot(outer, slopes)));
        gradient
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::seed::Rng;
    use crate::numeric::kernel::ABSENT;

    #[test]
    fn a_start_that_no_step_improves_on_is_the_result() {
        let columns = [Column { metric: Metric::Ordered, joint: true, alone: true }; 2];
        let mut rng = Rng::new(3);
        let mut failures = 0;
        for n in [1, 2, 9, 30] {
            let rows: Vec<Vec<f64>> = (0..n).map(|_| vec![rng.uniform(), rng.uniform()]).collect();
            let points = Points::from_rows(2, &rows);
            let noisy: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
            let smooth = rows.iter().map(|x| libm::sin(5.0 * x[0])).collect();
            for targets in [vec![0.0; n], noisy, smooth] {
                let evidence = Evidence::new(Shape::Matern, &columns, &points, &targets);
                let bounds: Vec<(f64, f64)> = evidence.priors().iter().map(|p| p.bounds).collect();
                let mut at = evidence.maximize(&evidence.start((0.0, 0.0)), 200).unwrap();
                for _ in 0..4 {
                    let again = |theta: &[f64]| evidence.negative_log(theta);
                    failures += usize::from(minimize(again, &at.point, &bounds, 50, TOLERANCE).is_err());
                    let next = evidence.maximize(&at.point, 50).unwrap();
                    // The search begins a little inside of the box.
                    assert!(next.value <= at.value + 1e-3, "{at:?} {next:?}");
                    at = next;
                }
            }
        }
        assert!(failures > 0, "none of these searches failed: nothing was tested");
    }

    #[test]
    fn the_gradient_agrees_with_finite_differences() {
        let mut rng = Rng::new(5);
        let column = |metric, joint, alone| Column { metric, joint, alone };
        let columns = [
            column(Metric::Ordered, true, true),
            column(Metric::Nominal, true, true),
            column(Metric::Ordered, true, false),
            column(Metric::Gated, false, true),
        ];
        let row = |i: usize| {
            let gated = if i.is_multiple_of(3) { ABSENT } else { rng.uniform() };
            vec![rng.uniform(), rng.below(3) as f64, rng.uniform(), gated]
        };
        let points = Points::from_rows(4, &(0..14).map(row).collect::<Vec<_>>());
        let targets: Vec<f64> = points.columns[0].iter().map(|x| libm::sin(5.0 * x) + rng.normal()).collect();
        for shape in [Shape::Matern, Shape::Rbf] {
            let evidence = Evidence::new(shape, &columns, &points, &targets);
            let theta = [-0.7, 0.2, 0.5, -1.1, -0.3, -0.9, 0.1, -0.4, -3.0];
            let (_, gradient) = evidence.negative_log(&theta).unwrap();
            assert_eq!(gradient.len(), evidence.priors().len());
            for i in 0..theta.len() {
                let at = |h: f64| {
                    let mut moved = theta;
                    moved[i] += h;
                    evidence.negative_log(&moved).unwrap().0
                };
                let numeric = (at(1e-5) - at(-1e-5)) / 2e-5;
                let close = (gradient[i] - numeric).abs() < 1e-6 * numeric.abs().max(1.0);
                assert!(close, "{shape:?} {i}: {gradient:?} {numeric}");
            }
        }
    }
}
