//! Kernel density of points of the unit cube: a mixture of one product kernel a point and of the uniform
//! density (Parzen 1962; Bergstra et al. 2011; multivariate as Falkner et al. 2018).
//!
//! | axis    | kernel                                                                                      |
//! |---------|---------------------------------------------------------------------------------------------|
//! | real    | Gaussian, truncated to the axis                                                             |
//! | cells   | Gaussian with the variance within a cell added (Sheppard 1898), shared out over all cells   |
//! | choices | the point's own, and a part that is spread over all of them (Aitchison & Aitken 1976)       |
//!
//! All densities are with respect to the cube: the uniform one is 1 everywhere, whatever the axes.

use std::f64::consts::{SQRT_2, TAU};
use std::ops::Range;

use super::exp::exp;
use crate::domain::seed::Rng;

/// Kernels that are worked on at a time, so that their exponents stay in the nearest cache.
const BLOCK: usize = 256;
/// Two coordinates of choices are the same where they differ by less: both are middles of cells.
const SAME: f64 = 1e-9;

/// A coordinate of the cube that a density is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Axis {
    /// A continuum.
    Real,
    /// Ordered cells, by their places; the widths sum to 1.
    Cells(Vec<Cell>),
    /// This many cells of equal width without an order.
    Choices(usize),
}

/// One of ordered cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// The coordinate that stands for it.
    pub place: f64,
    /// Its width.
    pub width: f64,
}

/// How wide the kernels are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Weight of the uniform density, where a point weighs 1.
    pub prior: f64,
    /// Factor on Scott's rule (1992): σ = sd · n^(−1 / (d + 4)), with n the effective number of points, d of
    /// axes, and the sd along the axis of the points and of the uniform density by their weights.
    pub bandwidth: f64,
    /// Smallest σ.
    pub least: f64,
    /// What each choice weighs in a choice's kernel: this over n, where the point's own weighs 1 more.
    pub smoothing: f64,
}

/// The density.
#[derive(Debug)]
pub struct Parzen<'a> {
    axes: &'a [(usize, Axis)],
    columns: Vec<Column>,
    /// Of each kernel: the logarithm of its weight over what normalises it, below the highest of all.
    base: Vec<f64>,
    /// The logarithm of the highest value that a kernel has anywhere, by its weight.
    peak: f64,
    /// Running sums of the weights of the kernels; what is left to 1 is the uniform density's.
    cumulated: Vec<f64>,
}

/// The kernels along one axis: all have the same width.
#[derive(Debug)]
enum Column {
    /// exp(−((u − centre) · scale)²), by 1 / (σ √2).
    Ordered { centres: Vec<f64>, scale: f64 },
    /// With probability `rest` any choice, else the centre; by how much the logarithm of the centre's
    /// density is above that of another choice.
    Nominal { centres: Vec<f64>, rest: f64, more: f64 },
}

impl<'a> Parzen<'a> {
    /// The density around `points`, of which the coordinates named in `axes` are looked at. Each point has
    /// one of `weights`, which are positive; without points it is uniform. Coordinates along cells and
    /// choices are those that stand for them.
    pub fn fit(axes: &'a [(usize, Axis)], points: &[&[f64]], weights: &[f64], shape: &Shape) -> Self {
        debug_assert_eq!(points.len(), weights.len());
        let total: f64 = weights.iter().sum();
        let squares: f64 = weights.iter().map(|w| w * w).sum();
        let effective = if points.is_empty() { 1.0 } else { total * total / squares };
        let mass = if points.is_empty() { 1.0 } else { total + shape.prior };
        let mut running = 0.0;
        let cumulated = weights.iter().map(|w| {
            running += w / mass;
            running
        });
        let cumulated = cumulated.collect();
        let shrink = libm::pow(effective, -1.0 / (axes.len() as f64 + 4.0));
        // What normalises each kernel, but for a factor that all of them share.
        let mut norms = vec![1.0; points.len()];
        let (mut shared, mut highest) = (0.0, 0.0);
        let mut columns = Vec::with_capacity(axes.len());
        for (index, axis) in axes {
            let centres: Vec<f64> = points.iter().map(|p| p[*index]).collect();
            let (column, logarithm) = if let Axis::Choices(count) = axis {
                nominal(centres, *count, shape.smoothing / effective)
            } else {
                let sigma = shape.bandwidth * deviation(&centres, weights, shape.prior) * shrink;
                ordered(axis, centres, sigma.clamp(shape.least, 1.0), &mut norms)
            };
            shared += logarithm;
            highest += if let Column::Nominal { more, .. } = column { more } else { 0.0 };
            columns.push(column);
        }
        let mut base: Vec<f64> =
            weights.iter().zip(norms).map(|(w, norm)| libm::log(w / (mass * norm)) + shared).collect();
        let top = base.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // Without kernels the uniform density alone has a peak.
        let peak = if base.is_empty() { 0.0 } else { top + highest };
        base.iter_mut().for_each(|b| *b -= peak);
        Parzen { axes, columns, base, peak, cumulated }
    }

    /// The weight of the uniform density.
    fn uniform(&self) -> f64 {
        self.cumulated.last().map_or(1.0, |sum| (1.0 - sum).max(0.0))
    }

    /// A draw: fills the coordinates of `point` that the density is about.
    pub fn draw(&self, rng: &mut Rng, point: &mut [f64]) {
        let u = rng.uniform();
        let kernel = Some(self.cumulated.partition_point(|sum| *sum <= u)).filter(|k| *k < self.base.len());
        for ((index, axis), column) in self.axes.iter().zip(&self.columns) {
            point[*index] = match (axis, column, kernel) {
                (_, Column::Nominal { centres, rest, .. }, Some(kernel)) if rng.uniform() >= *rest => {
                    centres[kernel]
                }
                (Axis::Choices(count), ..) => (rng.below(*count) as f64 + 0.5) / *count as f64,
                (Axis::Cells(cells), Column::Ordered { centres, scale }, Some(kernel)) => {
                    draw_cell(cells, |cell| share(cell, centres[kernel], *scale), rng)
                }
                (Axis::Cells(cells), ..) => draw_cell(cells, |cell| cell.width, rng),
                (Axis::Real, Column::Ordered { centres, scale }, Some(kernel)) => {
                    draw_truncated(centres[kernel], 1.0 / (scale * SQRT_2), rng)
                }
                (Axis::Real, ..) => rng.uniform(),
            };
        }
    }

    /// The logarithm of the density at each of `points`, whose coordinates along cells and choices are those
    /// that stand for them.
    pub fn log_density(&self, points: &[Vec<f64>]) -> Vec<f64> {
        let mut sums = vec![self.uniform() * exp(-self.peak); points.len()];
        let mut exponents = [0.0; BLOCK];
        for start in (0..self.base.len()).step_by(BLOCK) {
            let block = start..self.base.len().min(start + BLOCK);
            let exponents = &mut exponents[..block.len()];
            for (point, sum) in points.iter().zip(&mut sums) {
                exponents.copy_from_slice(&self.base[block.clone()]);
                for ((index, _), column) in self.axes.iter().zip(&self.columns) {
                    column.add(block.clone(), point[*index], exponents);
                }
                exponents.iter_mut().for_each(|e| *e = exp(*e));
                *sum += sum_of(exponents);
            }
        }
        sums.iter().map(|sum| libm::log(*sum) + self.peak).collect()
    }
}

impl Column {
    /// Adds each kernel's exponent along this axis at `u`.
    fn add(&self, block: Range<usize>, u: f64, exponents: &mut [f64]) {
        match self {
            Column::Ordered { centres, scale } => {
                for (exponent, centre) in exponents.iter_mut().zip(&centres[block]) {
                    let z = (u - centre) * scale;
                    *exponent -= z * z;
                }
            }
            Column::Nominal { centres, more, .. } => {
                for (exponent, centre) in exponents.iter_mut().zip(&centres[block]) {
                    *exponent += if (u - centre).abs() < SAME { *more } else { 0.0 };
                }
            }
        }
    }
}

/// The standard deviation of `centres` and of uniform draws that weigh `prior`.
fn deviation(centres: &[f64], weights: &[f64], prior: f64) -> f64 {
    let (mut total, mut mean, mut square) = (prior, 0.5 * prior, prior / 3.0);
    for (centre, weight) in centres.iter().zip(weights) {
        total += weight;
        mean += weight * centre;
        square += weight * centre * centre;
    }
    if total <= 0.0 {
        return 0.0;
    }
    let mean = mean / total;
    libm::sqrt((square / total - mean * mean).max(0.0))
}

/// The kernels along `count` choices, and the logarithm of their density at another choice.
fn nominal(centres: Vec<f64>, count: usize, smoothing: f64) -> (Column, f64) {
    let k = count as f64;
    let rest = smoothing * k / (1.0 + smoothing * k);
    let (own, other) = ((1.0 - rest) * k + rest, rest.max(f64::MIN_POSITIVE));
    let logarithm = libm::log(other);
    (Column::Nominal { centres, rest, more: libm::log(own) - logarithm }, logarithm)
}

/// The kernels along an ordered axis, and the logarithm of their height on an endless one; multiplies `norms`
/// by how much of it lies in the cube.
fn ordered(axis: &Axis, centres: Vec<f64>, sigma: f64, norms: &mut [f64]) -> (Column, f64) {
    let sigma = match axis {
        Axis::Cells(cells) => libm::sqrt(sigma * sigma + 1.0 / (12.0 * (cells.len() * cells.len()) as f64)),
        _ => sigma,
    };
    let scale = 1.0 / (sigma * SQRT_2);
    let height = 1.0 / (sigma * libm::sqrt(TAU));
    if let Axis::Cells(cells) = axis {
        let inside = |at: &Cell| height * cells.iter().map(|cell| share(cell, at.place, scale)).sum::<f64>();
        let inside: Vec<f64> = cells.iter().map(inside).collect();
        for (norm, centre) in norms.iter_mut().zip(&centres) {
            *norm *= inside[nearest(cells, *centre)];
        }
    } else {
        for (norm, centre) in norms.iter_mut().zip(&centres) {
            *norm *= 0.5 * (erf(centre * scale) + erf((1.0 - centre) * scale));
        }
    }
    (Column::Ordered { centres, scale }, libm::log(height))
}

/// The error function of a number that is not negative, within 1.5e-7 (Abramowitz & Stegun 1964, 7.1.26).
fn erf(x: f64) -> f64 {
    const SERIES: [f64; 5] = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    1.0 - SERIES.iter().fold(0.0, |sum, c| sum * t + c) * t * exp(-x * x)
}

/// What a cell has of a kernel at `centre` before that is normalised.
fn share(cell: &Cell, centre: f64, scale: f64) -> f64 {
    let z = (cell.place - centre) * scale;
    cell.width * exp(-z * z)
}

/// The number of the cell whose place is nearest to `u`.
fn nearest(cells: &[Cell], u: f64) -> usize {
    let after = cells.partition_point(|cell| cell.place < u);
    match (after.checked_sub(1), cells.get(after)) {
        (Some(before), Some(next)) if next.place - u < u - cells[before].place => after,
        (Some(before), _) => before,
        (None, _) => 0,
    }
}

/// The place of a cell that is drawn by the cells' shares.
fn draw_cell(cells: &[Cell], share: impl Fn(&Cell) -> f64, rng: &mut Rng) -> f64 {
    let mut left = rng.uniform() * cells.iter().map(&share).sum::<f64>();
    let drawn = cells.iter().find(|cell| {
        left -= share(cell);
        left < 0.0
    });
    drawn.or(cells.last()).map_or(0.5, |cell| cell.place)
}

/// A draw of a normal distribution that lies in the unit interval, as `centre` does; by rejection, of fewer
/// than two draws in three where σ is at most 1.
fn draw_truncated(centre: f64, sigma: f64, rng: &mut Rng) -> f64 {
    loop {
        let u = centre + sigma * rng.normal();
        if (0.0..=1.0).contains(&u) {
            return u;
        }
    }
}

/// The sum in eight lanes, which processors add at once.
fn sum_of(values: &[f64]) -> f64 {
    let (chunks, rest) = values.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, v)| *lane += v);
    }
    lanes.iter().sum::<f64>() + rest.iter().sum::<f64>()
}

#[cfg(test)]
mod tests;
