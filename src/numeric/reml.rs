//! Variance components by restricted maximum likelihood (Patterson & Thompson 1971), and the generalised least
//! squares that go with them.
//!
//! The model is y = X b + e, var(e) = σ² V(θ). Both b and σ² are profiled out, so that
//! −2 ln L = (n − q) ln yᵀPy + ln |V| + ln |XᵀV⁻¹X| + constant, with P = V⁻¹ − V⁻¹X (XᵀV⁻¹X)⁻¹ XᵀV⁻¹.

use thiserror::Error;

use super::dense::{Dense, DenseError, Eigen, Factor};
use super::linalg::{Cholesky, LinalgError, dot};
use super::minimize::{MinimizeError, TOLERANCE, minimize};

/// The share of the variance that a kernel explains is searched on the scale of its log odds, as far as this.
const LOG_ODDS: f64 = 12.0;
/// Steps of the search's grid.
const STEPS: usize = 48;
/// Golden sections within two steps of the grid: its width falls below 1e-6.
const SECTIONS: usize = 30;
/// Most steps of the search over several parameters.
const ITERATIONS: u64 = 40;
/// A residual below this share of the trait's own sum of squares is none.
const NO_RESIDUAL: f64 = 1e-12;

/// Why there is no estimate.
#[derive(Debug, Error, PartialEq)]
pub enum RemlError {
    /// As many fixed effects as observations, or more.
    #[error("{fixed} fixed effects of {observations} observations leave nothing to estimate a variance from")]
    NothingLeft {
        /// Number of fixed effects.
        fixed: usize,
        /// Number of observations.
        observations: usize,
    },
    /// Nothing varies about the fixed effects.
    #[error("the fixed effects explain the observations wholly: there is no variance to estimate")]
    NoVariance,
    /// A covariance matrix that is none.
    #[error(transparent)]
    Dense(#[from] DenseError),
    /// Fixed effects that depend on one another.
    #[error("the fixed effects depend on one another: {0}")]
    Dependent(#[from] LinalgError),
    /// The search failed.
    #[error("no maximum of the restricted likelihood was found: {0}")]
    Search(#[from] MinimizeError),
}

/// An estimate, and what predicts with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The parameters of V: of [`spectral`] the kernel's share h².
    pub parameters: Vec<f64>,
    /// The fixed effects b.
    pub fixed: Vec<f64>,
    /// V⁻¹ (y − X b): a kernel's part of a prediction is its covariance with the observations times these.
    pub weights: Vec<f64>,
    /// −2 ln L up to a constant: comparable between covariances of the same observations and fixed effects.
    pub deviance: f64,
}

/// Generalised least squares at one V.
struct Fitted {
    /// XᵀV⁻¹X.
    normal: Cholesky,
    fixed: Vec<f64>,
    /// V⁻¹ (y − X b) = P y.
    weights: Vec<f64>,
    /// yᵀPy.
    residual: f64,
}

/// `y` on the columns of `x`; `solved_*` are V⁻¹ times them.
fn least_squares(x: &Dense, y: &[f64], solved_x: &[Vec<f64>], solved_y: &[f64]) -> Result<Fitted, RemlError> {
    let (n, q) = (x.rows(), x.columns());
    if q >= n {
        return Err(RemlError::NothingLeft { fixed: q, observations: n });
    }
    let entry = |i: usize| dot(x.column(i / q), &solved_x[i % q]);
    let normal = Cholesky::new(q, &(0..q * q).map(entry).collect::<Vec<_>>())?;
    let mut fixed: Vec<f64> = (0..q).map(|a| dot(x.column(a), solved_y)).collect();
    normal.solve(&mut fixed);
    let mut weights = solved_y.to_vec();
    for (effect, column) in fixed.iter().zip(solved_x) {
        weights.iter_mut().zip(column).for_each(|(w, c)| *w -= effect * c);
    }
    let residual = dot(y, &weights);
    // Also where rounding has made it negative.
    if residual <= NO_RESIDUAL * dot(y, solved_y) {
        return Err(RemlError::NoVariance);
    }
    Ok(Fitted { normal, fixed, weights, residual })
}

impl Fitted {
    fn deviance(&self, n: usize, log_determinant: f64) -> f64 {
        let free = (n - self.fixed.len()) as f64;
        free * libm::log(self.residual) + log_determinant + self.normal.log_determinant()
    }
}

/// The restricted likelihood in the basis of a kernel's eigenvectors, where V = h² D + (1 − h²) I is diagonal
/// (Kang et al. 2008; Lippert et al. 2011).
struct Rotated<'a> {
    values: &'a [f64],
    x: Dense,
    y: Vec<f64>,
}

impl Rotated<'_> {
    fn at(&self, share: f64) -> Result<(Fitted, f64), RemlError> {
        // A kernel's eigenvalues are not negative; rounding makes some of a singular one so.
        let variance: Vec<f64> = self.values.iter().map(|d| share * d.max(0.0) + 1.0 - share).collect();
        let solved = |v: &[f64]| v.iter().zip(&variance).map(|(v, s)| v / s).collect::<Vec<f64>>();
        let solved_x: Vec<Vec<f64>> = (0..self.x.columns()).map(|c| solved(self.x.column(c))).collect();
        let fitted = least_squares(&self.x, &self.y, &solved_x, &solved(&self.y))?;
        let deviance = fitted.deviance(self.y.len(), variance.iter().map(|v| libm::log(*v)).sum());
        Ok((fitted, deviance))
    }
}

fn share(log_odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-log_odds))
}

/// The share h² of V = h² K + (1 − h²) I, from 0 to all but 1, that maximises the restricted likelihood; `kernel`
/// is K's decomposition. At h² = 0 the weights are 0: a kernel that explains nothing predicts nothing.
///
/// # Errors
/// Where the fixed effects leave nothing, or depend on one another.
pub fn spectral(kernel: &Eigen, x: &Dense, y: &[f64]) -> Result<Estimate, RemlError> {
    let columns = (0..x.columns()).flat_map(|c| kernel.vectors.transposed_times(x.column(c))).collect();
    let rotated = Rotated {
        values: &kernel.values,
        x: Dense::new(x.rows(), x.columns(), columns),
        y: kernel.vectors.transposed_times(y),
    };
    let step = 2.0 * LOG_ODDS / STEPS as f64;
    let (mut best, mut least) = (0, f64::INFINITY);
    for i in 0..=STEPS {
        let (_, deviance) = rotated.at(share(i as f64 * step - LOG_ODDS))?;
        if deviance < least {
            (best, least) = (i, deviance);
        }
    }
    let middle = best as f64 * step - LOG_ODDS;
    let (low, high) = ((middle - step).max(-LOG_ODDS), (middle + step).min(LOG_ODDS));
    let found = share(golden_section(low, high, |t| rotated.at(share(t)).map(|(_, deviance)| deviance))?);
    let (fitted, deviance) = rotated.at(found)?;
    let (none, without) = rotated.at(0.0)?;
    // The likelihood is flat towards 0: there the simpler model counts.
    if without <= deviance + 1e-6 {
        let weights = vec![0.0; y.len()];
        return Ok(Estimate { parameters: vec![0.0], fixed: none.fixed, weights, deviance: without });
    }
    let weights = kernel.vectors.times(&fitted.weights);
    Ok(Estimate { parameters: vec![found], fixed: fitted.fixed, weights, deviance })
}

/// Where `function` is least between `low` and `high`, if it has one minimum there.
fn golden_section<E>(
    mut low: f64,
    mut high: f64,
    mut function: impl FnMut(f64) -> Result<f64, E>,
) -> Result<f64, E> {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let inner = |low: f64, high: f64| (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
    let (mut left, mut right) = inner(low, high);
    let (mut at_left, mut at_right) = (function(left)?, function(right)?);
    for _ in 0..SECTIONS {
        if at_left < at_right {
            (high, right, at_right) = (right, left, at_left);
            left = inner(low, high).0;
            at_left = function(left)?;
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = inner(low, high).1;
            at_right = function(right)?;
        }
    }
    Ok(if at_left < at_right { left } else { right })
}

/// V at some parameters, and its derivatives by each of them; all symmetric, lower and upper triangle.
#[derive(Debug)]
pub struct Covariance {
    /// V.
    pub matrix: Dense,
    /// ∂V/∂θ.
    pub derivatives: Vec<Dense>,
}

/// The parameters within `bounds` that maximise the restricted likelihood, searched from the best of `starts`
/// with the analytic gradient. `covariance` gives V and, where it is told to, its derivatives.
///
/// # Errors
/// A V that is not positive definite, a search that fails, and as [`spectral`].
pub fn general(
    covariance: impl Fn(&[f64], bool) -> Covariance,
    x: &Dense,
    y: &[f64],
    starts: &[Vec<f64>],
    bounds: &[(f64, f64)],
) -> Result<Estimate, RemlError> {
    let mut tried = Vec::with_capacity(starts.len());
    for start in starts {
        tried.push((at(&covariance, x, y, start, false)?.0.deviance, start));
    }
    tried.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut failure = None;
    for (_, start) in tried {
        let function = |theta: &[f64]| {
            let (estimate, gradient) = at(&covariance, x, y, theta, true)?;
            Ok::<_, RemlError>((estimate.deviance, gradient))
        };
        match minimize(function, start, bounds, ITERATIONS, TOLERANCE) {
            Ok(found) => return Ok(at(&covariance, x, y, &found.point, false)?.0),
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.unwrap_or_else(|| MinimizeError::Start("there is no start".into())).into())
}

/// The estimate at one θ, and the gradient of its deviance where it is asked for.
fn at(
    covariance: &impl Fn(&[f64], bool) -> Covariance,
    x: &Dense,
    y: &[f64],
    theta: &[f64],
    with_gradient: bool,
) -> Result<(Estimate, Vec<f64>), RemlError> {
    let Covariance { matrix, derivatives } = covariance(theta, with_gradient);
    let factor = Factor::of(matrix)?;
    let solved_x: Vec<Vec<f64>> = (0..x.columns()).map(|c| factor.solve(x.column(c))).collect();
    let fitted = least_squares(x, y, &solved_x, &factor.solve(y))?;
    let deviance = fitted.deviance(y.len(), factor.log_determinant());
    let mut gradient = Vec::with_capacity(derivatives.len());
    if with_gradient {
        let inverse = factor.inverse();
        let free = (y.len() - x.columns()) as f64;
        for slope in &derivatives {
            let quadratic = dot(&fitted.weights, &slope.times(&fitted.weights)) / fitted.residual;
            let trace = trace_of_product(&inverse, slope) - fixed_part(&fitted.normal, &solved_x, slope);
            gradient.push(trace - free * quadratic);
        }
    }
    let Fitted { fixed, weights, .. } = fitted;
    Ok((Estimate { parameters: theta.to_vec(), fixed, weights, deviance }, gradient))
}

/// tr(A B) of two symmetric matrices, of which the lower triangles are read.
fn trace_of_product(a: &Dense, b: &Dense) -> f64 {
    let of_column = |c: usize| {
        let (a, b) = (&a.column(c)[c..], &b.column(c)[c..]);
        2.0 * dot(a, b) - a[0] * b[0]
    };
    (0..a.columns()).map(of_column).sum()
}

/// tr((XᵀV⁻¹X)⁻¹ XᵀV⁻¹ S V⁻¹X): what the fixed effects take from the trace.
fn fixed_part(normal: &Cholesky, solved_x: &[Vec<f64>], slope: &Dense) -> f64 {
    let of_column = |(c, column): (usize, &Vec<f64>)| {
        let image = slope.times(column);
        let mut products: Vec<f64> = solved_x.iter().map(|other| dot(other, &image)).collect();
        normal.solve(&mut products);
        products[c]
    };
    solved_x.iter().enumerate().map(of_column).sum()
}

#[cfg(test)]
mod tests;
