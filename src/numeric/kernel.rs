//! The covariance of a function at two points: one kernel of all columns together, with a length scale a
//! column (Rasmussen & Williams 2006, eq. 4.17 and 4.18), plus one kernel of each column alone, which says
//! what a function that is a sum of main effects is like (Duvenaud, Nickisch & Rasmussen 2011).
//!
//! Points are stored column by column, so that one loop runs along the points.

use super::exp::exp;
use super::linalg::dot;

/// How two values of one column differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// By their distance.
    Ordered,
    /// By 1 unless they are equal: what one-hot encoding, scaled by 1/√2, comes to.
    Nominal,
    /// By their distance where both are there; a value that is [`ABSENT`] has nothing in common with any,
    /// not with another absent one either.
    Gated,
}

/// The value of a gated column that is not there.
pub const ABSENT: f64 = 1e9;
/// How far apart values are of which one is absent: so far that the correlation is 0.
const FAR: f64 = 1e5;

impl Metric {
    /// How far apart two values are.
    pub fn distance(self, a: f64, b: f64) -> f64 {
        match self {
            Metric::Ordered => (a - b).abs(),
            Metric::Nominal if a == b => 0.0,
            Metric::Nominal => 1.0,
            Metric::Gated if a.max(b) >= ABSENT => FAR,
            Metric::Gated => (a - b).abs(),
        }
    }
}

/// How correlation falls with distance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Matérn with ν = 5/2: twice differentiable functions.
    Matern,
    /// The squared exponential: smooth functions.
    Rbf,
}

const ROOT_5: f64 = 2.236_067_977_499_79;

/// The Matérn correlation at the scaled distance `r`, and its slope −2 ∂correlation/∂r². Both are smooth
/// at 0.
#[inline]
pub fn matern(r: f64) -> (f64, f64) {
    let s = ROOT_5 * r;
    let decay = exp(-s);
    ((1.0 + s + s * s * (1.0 / 3.0)) * decay, 5.0 / 3.0 * (1.0 + s) * decay)
}

/// As [`matern`], of the squared exponential.
#[inline]
pub fn rbf(r: f64) -> (f64, f64) {
    let e = exp(-0.5 * r * r);
    (e, e)
}

/// One column of the points, and in which kernels it takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// How its values differ.
    pub metric: Metric,
    /// Part of the kernel of all columns; never of a gated one.
    pub joint: bool,
    /// Has a kernel of its own.
    pub alone: bool,
}

/// Points, column by column.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Points {
    /// How many.
    pub len: usize,
    /// Their values, one vector a column.
    pub columns: Vec<Vec<f64>>,
}

impl Points {
    /// From rows of `width` values each.
    pub fn from_rows(width: usize, rows: &[Vec<f64>]) -> Self {
        let columns = (0..width).map(|c| rows.iter().map(|row| row[c]).collect()).collect();
        Points { len: rows.len(), columns }
    }

    /// Adds a point.
    pub fn push(&mut self, row: &[f64]) {
        self.len += 1;
        self.columns.iter_mut().zip(row).for_each(|(column, x)| column.push(*x));
    }

    /// Point number `i`.
    pub fn row(&self, i: usize) -> Vec<f64> {
        self.columns.iter().map(|column| column[i]).collect()
    }

    /// The points of these numbers.
    pub fn select(&self, which: &[usize]) -> Self {
        let columns = self.columns.iter().map(|column| which.iter().map(|i| column[*i]).collect()).collect();
        Points { len: which.len(), columns }
    }
}

/// A kernel of given hyperparameters.
#[derive(Debug, Clone)]
pub struct Kernel {
    /// How correlation falls.
    pub shape: Shape,
    /// The columns.
    pub columns: Vec<Column>,
    /// The length scale of each column in the joint kernel; not read where it has no part in it.
    pub joint_scales: Vec<f64>,
    /// The length scale of each column's own kernel.
    pub own_scales: Vec<f64>,
    /// The variance that the joint kernel explains.
    pub joint: f64,
    /// The variance that each column's own kernel explains.
    pub own: f64,
    /// The variance of the unknown constant mean (Rasmussen & Williams 2006, section 2.7).
    pub constant: f64,
}

/// The covariances of a point with others, and what their gradients are made of.
#[derive(Debug, Clone, Default)]
pub struct Slopes {
    /// The covariance with each point.
    pub covariances: Vec<f64>,
    /// The joint kernel's slope with each point, times its variance.
    joint: Vec<f64>,
    /// The slopes of the columns' own kernels, times their variance: one vector a column, empty without.
    own: Vec<Vec<f64>>,
}

impl Kernel {
    /// The variance of the function at `point`.
    pub fn variance(&self, point: &[f64]) -> f64 {
        let there = self.columns.iter().zip(point);
        let own = there.filter(|(c, x)| c.alone && (c.metric != Metric::Gated || **x < ABSENT)).count();
        self.constant + self.joint + own as f64 * self.own
    }

    /// The covariances of `point` with each of `points`.
    pub fn covariances(&self, point: &[f64], points: &Points) -> Vec<f64> {
        self.first_covariances(point, points, points.len)
    }

    /// The covariances of `point` with the first `n` of `points`.
    pub fn first_covariances(&self, point: &[f64], points: &Points, n: usize) -> Vec<f64> {
        match self.shape {
            Shape::Matern => self.fill::<false>(point, points, n, matern),
            Shape::Rbf => self.fill::<false>(point, points, n, rbf),
        }
        .covariances
    }

    /// As [`covariances`](Self::covariances), with slopes.
    pub fn slopes(&self, point: &[f64], points: &Points) -> Slopes {
        match self.shape {
            Shape::Matern => self.fill::<true>(point, points, points.len, matern),
            Shape::Rbf => self.fill::<true>(point, points, points.len, rbf),
        }
    }

    fn fill<const SLOPES: bool>(
        &self,
        point: &[f64],
        points: &Points,
        n: usize,
        correlation: impl Fn(f64) -> (f64, f64) + Copy,
    ) -> Slopes {
        let (mut covariances, mut squares) = (vec![self.constant; n], vec![0.0; n]);
        let mut own = Vec::new();
        let mut distances = vec![0.0; n];
        for (c, column) in self.columns.iter().enumerate() {
            distances_to(column.metric, point[c], &points.columns[c][..n], &mut distances);
            if column.joint {
                let inverse = 1.0 / self.joint_scales[c];
                for (sum, d) in squares.iter_mut().zip(&distances) {
                    let scaled = d * inverse;
                    *sum += scaled * scaled;
                }
            }
            let mut slopes = vec![0.0; if SLOPES && column.alone { n } else { 0 }];
            if column.alone {
                let inverse = 1.0 / self.own_scales[c];
                if column.metric == Metric::Nominal {
                    // Only two distances: no exponential a point.
                    let fall = correlation(inverse).0 - 1.0;
                    for (k, d) in covariances.iter_mut().zip(&distances) {
                        *k += self.own * (1.0 + d * fall);
                    }
                } else if SLOPES {
                    for ((k, d), slope) in covariances.iter_mut().zip(&distances).zip(&mut slopes) {
                        let (value, s) = correlation(d * inverse);
                        *k += self.own * value;
                        *slope = self.own * s;
                    }
                } else {
                    for (k, d) in covariances.iter_mut().zip(&distances) {
                        *k += self.own * correlation(d * inverse).0;
                    }
                }
            }
            if SLOPES {
                own.push(slopes);
            }
        }
        let mut joint = squares;
        for (k, r2) in covariances.iter_mut().zip(&mut joint) {
            let (value, slope) = correlation(r2.sqrt());
            *k += self.joint * value;
            *r2 = self.joint * slope;
        }
        Slopes { covariances, joint, own }
    }

    /// For each ordered or gated column c, Σᵢ wᵢ ∂covarianceᵢ/∂point\[c\] of two sets of weights; 0 for
    /// nominal ones.
    pub fn gradients(
        &self,
        point: &[f64],
        points: &Points,
        slopes: &Slopes,
        weights: [&[f64]; 2],
    ) -> Vec<[f64; 2]> {
        let along = |(c, column): (usize, &Column)| {
            if column.metric == Metric::Nominal || (column.metric == Metric::Gated && point[c] >= ABSENT) {
                return [0.0; 2];
            }
            let xs = &points.columns[c];
            let mut sums = [0.0; 2];
            let mut add = |slopes: &[f64], scale: f64| {
                let inverse = 1.0 / (scale * scale);
                let pulls: Vec<f64> = xs.iter().zip(slopes).map(|(x, s)| (point[c] - x) * s).collect();
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum -= inverse * dot(&pulls, weights);
                }
            };
            if column.joint {
                add(&slopes.joint, self.joint_scales[c]);
            }
            if column.alone {
                add(&slopes.own[c], self.own_scales[c]);
            }
            sums
        };
        self.columns.iter().enumerate().map(along).collect()
    }
}

/// The distance of `x` from each of `others`.
fn distances_to(metric: Metric, x: f64, others: &[f64], distances: &mut [f64]) {
    let pairs = distances.iter_mut().zip(others);
    match metric {
        Metric::Ordered => pairs.for_each(|(d, y)| *d = (x - y).abs()),
        Metric::Nominal => pairs.for_each(|(d, y)| *d = if x == *y { 0.0 } else { 1.0 }),
        Metric::Gated => pairs.for_each(|(d, y)| *d = Metric::Gated.distance(x, *y)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::seed::Rng;

    const fn column(metric: Metric, joint: bool, alone: bool) -> Column {
        Column { metric, joint, alone }
    }

    pub(in super::super) fn kernel(shape: Shape) -> Kernel {
        Kernel {
            shape,
            columns: vec![
                column(Metric::Ordered, true, true),
                column(Metric::Nominal, true, true),
                column(Metric::Ordered, true, false),
                column(Metric::Gated, false, true),
            ],
            joint_scales: vec![0.3, 0.8, 2.0, 1.0],
            own_scales: vec![0.5, 0.7, 1.0, 0.4],
            joint: 1.7,
            own: 0.2,
            constant: 0.4,
        }
    }

    #[test]
    fn the_covariance_is_the_formulas() {
        let kernel = kernel(Shape::Matern);
        let (a, b) = ([0.2, 0.25, 0.9, 0.1], [0.6, 0.75, 0.1, 0.3]);
        let r = libm::sqrt((0.4_f64 / 0.3).powi(2) + (1.0_f64 / 0.8).powi(2) + (0.8_f64 / 2.0).powi(2));
        let matern = |r: f64| {
            let s = libm::sqrt(5.0) * r;
            (1.0 + s + s * s / 3.0) * libm::exp(-s)
        };
        let own = matern(0.4 / 0.5) + matern(1.0 / 0.7) + matern(0.2 / 0.4);
        let expected = 0.4 + 1.7 * matern(r) + 0.2 * own;
        let found = kernel.covariances(&a, &Points::from_rows(4, &[b.into()]))[0];
        assert!((found - expected).abs() < 1e-14);
        let itself = kernel.covariances(&a, &Points::from_rows(4, &[a.into()]))[0];
        assert!((itself - kernel.variance(&a)).abs() < 1e-14);
    }

    #[test]
    fn an_absent_value_shares_nothing_of_its_own_kernel() {
        let kernel = kernel(Shape::Matern);
        let (there, absent) = ([0.2, 0.25, 0.9, 0.1], [0.2, 0.25, 0.9, ABSENT]);
        let points = Points::from_rows(4, &[there.into(), absent.into()]);
        let shared = 0.4 + 1.7 + 2.0 * 0.2;
        assert!(kernel.covariances(&absent, &points).iter().all(|k| (k - shared).abs() < 1e-12));
        assert!((kernel.variance(&absent) - shared).abs() < 1e-12);
        assert!((kernel.variance(&there) - shared - 0.2).abs() < 1e-12);
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let mut rng = Rng::new(3);
        for shape in [Shape::Matern, Shape::Rbf] {
            let kernel = kernel(shape);
            let rows: Vec<Vec<f64>> = (0..9).map(|_| (0..4).map(|_| rng.uniform()).collect()).collect();
            let points = Points::from_rows(4, &rows);
            let weights: Vec<f64> = (0..9).map(|_| rng.normal()).collect();
            let x = [0.4, 0.25, 0.7, 0.3];
            let slopes = kernel.slopes(&x, &points);
            assert_eq!(slopes.covariances, kernel.covariances(&x, &points));
            let gradients = kernel.gradients(&x, &points, &slopes, [&weights, &weights]);
            for c in [0, 2, 3] {
                let at = |h: f64| {
                    let mut moved = x;
                    moved[c] += h;
                    super::super::linalg::dot(&kernel.covariances(&moved, &points), &weights)
                };
                let numeric = (at(1e-6) - at(-1e-6)) / 2e-6;
                assert!((gradients[c][0] - numeric).abs() < 1e-7, "{c}: {gradients:?} {numeric}");
            }
            assert_eq!(gradients[1], [0.0; 2]);
        }
    }
}
