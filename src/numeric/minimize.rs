//! Minimisation of smooth functions in a box: L-BFGS (Nocedal & Wright 2006, ch. 7), by argmin.
//!
//! The box is turned into all of space by MINUIT's map (James & Roos 1975),
//! x = middle + half width · sin t, under which a minimum on the border is an ordinary minimum.

use std::cell::RefCell;
use std::error::Error as StdError;

use argmin::core::{CostFunction, Error, Executor, Gradient, State, TerminationReason};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use thiserror::Error;

/// How many past steps the curvature is estimated from.
const MEMORY: usize = 8;
/// Starts are moved this far inside of the border (in sin t), where the map's slope is 0.
const MARGIN: f64 = 1e-3;
/// Evaluations allowed for each step; argmin's line search has no limit of its own.
const EVALUATIONS_PER_STEP: u64 = 10;
/// Changes of the value that are as good as none.
pub const TOLERANCE: f64 = 1e-9;

/// Where a search ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    /// The best point seen, in the box.
    pub point: Vec<f64>,
    /// The function's value there.
    pub value: f64,
}

/// Why there is no minimum.
#[derive(Debug, Error, PartialEq)]
pub enum MinimizeError {
    /// The function could not be evaluated at the start.
    #[error("the function can't be evaluated at the start: {0}")]
    Start(String),
    /// The optimiser gave up before it found anything better than the start.
    #[error("the optimiser failed at its start: {0}")]
    Failed(String),
}

/// The function on all of space, with its last evaluation and the best one.
struct Boxed<'a, F> {
    function: F,
    bounds: &'a [(f64, f64)],
    scale: f64,
    budget: u64,
    memory: &'a RefCell<Memory>,
}

#[derive(Default)]
struct Memory {
    /// Where the function was evaluated last, and what it was there: argmin asks for value and
    /// gradient separately.
    last: Option<(Vec<f64>, f64, Vec<f64>)>,
    best: Option<Minimum>,
    evaluations: u64,
}

impl<F, E> Boxed<'_, F>
where
    F: Fn(&[f64]) -> Result<(f64, Vec<f64>), E>,
    E: StdError + Send + Sync + 'static,
{
    fn point(&self, t: &[f64]) -> Vec<f64> {
        let inside = |(t, (low, high)): (&f64, &(f64, f64))| {
            (0.5 * (low + high) + 0.5 * (high - low) * libm::sin(*t)).clamp(*low, *high)
        };
        t.iter().zip(self.bounds).map(inside).collect()
    }

    fn evaluate(&self, t: &[f64]) -> Result<(f64, Vec<f64>), Error> {
        if let Some((at, value, gradient)) = &self.memory.borrow().last
            && at == t
        {
            return Ok((*value, gradient.clone()));
        }
        let mut memory = self.memory.borrow_mut();
        memory.evaluations += 1;
        if memory.evaluations > self.budget {
            return Err(Error::msg(format!("no end after {} evaluations", self.budget)));
        }
        let point = self.point(t);
        let (value, mut gradient) = (self.function)(&point)?;
        if !value.is_finite() || gradient.iter().any(|g| !g.is_finite()) {
            return Err(Error::msg(format!("the function or its gradient is not finite at {point:?}")));
        }
        if memory.best.as_ref().is_none_or(|best| value < best.value) {
            memory.best = Some(Minimum { point, value });
        }
        for ((g, t), (low, high)) in gradient.iter_mut().zip(t).zip(self.bounds) {
            *g *= self.scale * 0.5 * (high - low) * libm::cos(*t);
        }
        memory.last = Some((t.to_vec(), self.scale * value, gradient.clone()));
        Ok((self.scale * value, gradient))
    }
}

impl<F, E> CostFunction for Boxed<'_, F>
where
    F: Fn(&[f64]) -> Result<(f64, Vec<f64>), E>,
    E: StdError + Send + Sync + 'static,
{
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, t: &Vec<f64>) -> Result<f64, Error> {
        Ok(self.evaluate(t)?.0)
    }
}

impl<F, E> Gradient for Boxed<'_, F>
where
    F: Fn(&[f64]) -> Result<(f64, Vec<f64>), E>,
    E: StdError + Send + Sync + 'static,
{
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, t: &Vec<f64>) -> Result<Vec<f64>, Error> {
        Ok(self.evaluate(t)?.1)
    }
}

/// A local minimum of `function` (which returns its value and gradient) in the box `bounds`, from
/// `start`, in at most `iterations` steps; changes below `tolerance`, relative to the gradient at the start,
/// end the search. A bound of no width holds its coordinate fixed.
///
/// A line search that ends early, as happens where rounding hides further progress, leaves the best
/// point seen as the result.
///
/// # Errors
/// Where the function can't be evaluated at the start, or the optimiser failed without progress.
pub fn minimize<F, E>(
    function: F,
    start: &[f64],
    bounds: &[(f64, f64)],
    iterations: u64,
    tolerance: f64,
) -> Result<Minimum, MinimizeError>
where
    F: Fn(&[f64]) -> Result<(f64, Vec<f64>), E>,
    E: StdError + Send + Sync + 'static,
{
    let inverse = |(x, (low, high)): (&f64, &(f64, f64))| {
        let sine = if low < high { (2.0 * x - low - high) / (high - low) } else { 0.0 };
        libm::asin(sine.clamp(MARGIN - 1.0, 1.0 - MARGIN))
    };
    let t: Vec<f64> = start.iter().zip(bounds).map(inverse).collect();
    let memory = RefCell::default();
    let budget = 2 + EVALUATIONS_PER_STEP * iterations;
    let mut problem = Boxed { function, bounds, scale: 1.0, budget, memory: &memory };
    let (initial, gradient) = problem.evaluate(&t).map_err(|e| MinimizeError::Start(e.to_string()))?;
    let steepness = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
    if steepness == 0.0 {
        return Ok(Minimum { point: problem.point(&t), value: initial });
    }
    // The first step has unit length then: a third of the box.
    problem.scale = 1.0 / steepness;
    memory.borrow_mut().last = None;

    let solver = LBFGS::new(MoreThuenteLineSearch::new(), MEMORY)
        .with_tolerance_cost(tolerance)
        .map_err(|e| MinimizeError::Failed(e.to_string()))?;
    let outcome = Executor::new(problem, solver)
        .configure(|state| state.param(t).max_iters(iterations))
        .timer(false)
        .run();
    let failure = match &outcome {
        Ok(result) => match result.state.get_termination_reason() {
            Some(TerminationReason::SolverExit(reason)) => Some(reason.clone()),
            _ => None,
        },
        Err(e) => Some(e.to_string()),
    };
    let best = memory.borrow_mut().best.take();
    match (best, failure) {
        (Some(best), Some(reason)) if best.value >= initial => Err(MinimizeError::Failed(reason)),
        (Some(best), _) => Ok(best),
        (None, _) => Err(MinimizeError::Failed("the function was never evaluated".into())),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn rosenbrock(x: &[f64]) -> Result<(f64, Vec<f64>), Infallible> {
        let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
        Ok((a * a + 100.0 * b * b, vec![-2.0 * a - 400.0 * x[0] * b, 200.0 * b]))
    }

    #[test]
    fn finds_a_minimum_inside() {
        let found = minimize(rosenbrock, &[-1.2, 1.0], &[(-2.0, 2.0), (-2.0, 2.0)], 200, TOLERANCE).unwrap();
        assert!(found.point.iter().all(|x| (x - 1.0).abs() < 1e-3), "{found:?}");
    }

    #[test]
    fn finds_a_minimum_on_the_border_from_a_start_on_the_border() {
        let found = minimize(rosenbrock, &[-2.0, 0.5], &[(-2.0, 0.5), (-2.0, 2.0)], 200, TOLERANCE).unwrap();
        assert!((found.point[0] - 0.5).abs() < 1e-6 && (found.point[1] - 0.25).abs() < 1e-4, "{found:?}");
    }

    #[test]
    fn a_bound_of_no_width_holds_its_coordinate() {
        let found = minimize(rosenbrock, &[0.5, 1.0], &[(0.5, 0.5), (-2.0, 2.0)], 200, TOLERANCE).unwrap();
        assert!(found.point[0] == 0.5 && (found.point[1] - 0.25).abs() < 1e-5, "{found:?}");
    }

    #[test]
    fn failures_are_errors() {
        let nan = |_: &[f64]| Ok::<_, Infallible>((f64::NAN, vec![0.0]));
        assert!(matches!(minimize(nan, &[0.5], &[(0.0, 1.0)], 9, TOLERANCE), Err(MinimizeError::Start(_))));
        // A slope where there is the minimum: no step can help.
        let liar = |x: &[f64]| Ok::<_, Infallible>(((x[0] - 0.5).abs(), vec![-1.0]));
        assert!(matches!(minimize(liar, &[0.5], &[(0.0, 1.0)], 9, TOLERANCE), Err(MinimizeError::Failed(_))));
    }
}
