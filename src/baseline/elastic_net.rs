//! The elastic net, and the LASSO as one of it, by cyclic coordinate descent along a path of penalties
//! (Friedman, Hastie & Tibshirani 2010, Journal of Statistical Software 33(1)).
//!
//! With standardised columns x and a centred trait y it minimises
//! ‖y − Σ b x‖² / 2n + λ (α Σ |b| + (1 − α) Σ b² / 2).

use rayon::prelude::*;

use super::design::{Block, Design, Fitted, centred};
use super::genotypes::{Effect, Genotypes};
use super::{BaselineError, Problem};
use crate::domain::seed::{Rng, derive};

/// Penalties of a path.
const PENALTIES: usize = 100;

/// The smallest penalty of a path as a fraction of the largest.
const SMALLEST: f64 = 1e-3;

/// Folds of the training rows by which the penalty is chosen.
const FOLDS: usize = 5;

/// Coefficients have converged when none changes by more than this, in standard deviations of the trait.
const TOLERANCE: f64 = 1e-4;

/// Sweeps for one penalty at most.
const SWEEPS: usize = 10_000;

/// The path of the cross-validation ends when its error has been above the smallest so far by [`WORSE`] for this
/// many penalties.
const PATIENCE: usize = 10;

/// See [`PATIENCE`].
const WORSE: f64 = 1.05;

/// The LASSO on copies of the counted allele.
///
/// # Errors
/// As [`fit`].
pub fn lasso(problem: &Problem) -> Result<Vec<f64>, BaselineError> {
    fit(problem, &[Effect::Additive], 1.0)
}

/// The LASSO on copies of the counted allele and indicators of heterozygotes.
///
/// # Errors
/// As [`fit`].
pub fn lasso_het(problem: &Problem) -> Result<Vec<f64>, BaselineError> {
    fit(problem, &[Effect::Additive, Effect::Heterozygote], 1.0)
}

/// The elastic net with both penalties alike, α = ½, on copies of the counted allele.
///
/// # Errors
/// As [`fit`].
pub fn elastic_net(problem: &Problem) -> Result<Vec<f64>, BaselineError> {
    fit(problem, &[Effect::Additive], 0.5)
}

/// Chooses the penalty by cross-validation within the training rows, fits and predicts.
///
/// # Errors
/// Where no SNP or not the trait varies in the training rows or in those of an inner fold, or the descent does
/// not converge.
fn fit(problem: &Problem, effects: &[Effect], alpha: f64) -> Result<Vec<f64>, BaselineError> {
    let genotypes = Genotypes::of(problem.dataset, problem.train)?;
    let design = Design::new(&genotypes, effects)?;
    drop(genotypes);
    let (values, mean) = centred(problem.values);
    let mut path = Path::new(&design, &values, alpha)?;
    let penalties = penalties(path.largest_penalty());
    let chosen = choose(problem, effects, alpha, &penalties)?;
    for penalty in &penalties[..=chosen] {
        path.advance(*penalty)?;
    }
    let others = Genotypes::of(problem.dataset, problem.predict)?;
    let predicted = design.predict(&others, &path.fitted.coefficients);
    Ok(predicted.iter().map(|effects| mean + effects).collect())
}

/// From the largest penalty down, evenly on the scale of logarithms.
fn penalties(largest: f64) -> Vec<f64> {
    let last = (PENALTIES - 1) as f64;
    (0..PENALTIES).map(|k| largest * libm::pow(SMALLEST, k as f64 / last)).collect()
}

/// The place of the penalty with the smallest squared error of prediction in cross-validation.
fn choose(
    problem: &Problem,
    effects: &[Effect],
    alpha: f64,
    penalties: &[f64],
) -> Result<usize, BaselineError> {
    let n = problem.train.len();
    let folds = FOLDS.min(n);
    let mut places: Vec<usize> = (0..n).collect();
    Rng::new(derive(problem.seed, "inner folds", 0)).shuffle(&mut places);
    let parts: Vec<Inner> = (0..folds)
        .into_par_iter()
        .map(|fold| Inner::new(problem, effects, |i| places[i] % folds == fold))
        .collect::<Result<_, _>>()?;
    let mut paths: Vec<(&Inner, Path)> = parts
        .iter()
        .map(|part| Ok((part, Path::new(&part.design, &part.values, alpha)?)))
        .collect::<Result<_, BaselineError>>()?;
    let (mut best, mut smallest, mut worse) = (0, f64::INFINITY, 0);
    for (place, penalty) in penalties.iter().enumerate() {
        let errors: Vec<f64> = paths
            .par_iter_mut()
            .map(|(part, path)| {
                path.advance(*penalty)?;
                Ok(part.squared_error(&path.fitted.coefficients))
            })
            .collect::<Result<_, BaselineError>>()?;
        let error = errors.iter().sum::<f64>() / n as f64;
        if error < smallest {
            (best, smallest) = (place, error);
        }
        worse = if error > WORSE * smallest { worse + 1 } else { 0 };
        if worse >= PATIENCE {
            break;
        }
    }
    Ok(best)
}

/// One fold of the cross-validation.
struct Inner {
    design: Design,
    values: Vec<f64>,
    mean: f64,
    held_out: Genotypes,
    observed: Vec<f64>,
}

impl Inner {
    fn new(
        problem: &Problem,
        effects: &[Effect],
        is_held_out: impl Fn(usize) -> bool,
    ) -> Result<Self, BaselineError> {
        let (out, kept): (Vec<usize>, Vec<usize>) =
            (0..problem.train.len()).partition(|i| is_held_out(*i));
        let rows = |places: &[usize]| places.iter().map(|i| problem.train[*i]).collect::<Vec<_>>();
        let values = |places: &[usize]| places.iter().map(|i| problem.values[*i]).collect::<Vec<_>>();
        let design = Design::new(&Genotypes::of(problem.dataset, &rows(&kept))?, effects)?;
        let held_out = Genotypes::of(problem.dataset, &rows(&out))?;
        let (centred, mean) = centred(&values(&kept));
        Ok(Inner { design, values: centred, mean, held_out, observed: values(&out) })
    }

    /// The sum of squared errors of prediction.
    fn squared_error(&self, coefficients: &[f64]) -> f64 {
        let predicted = self.design.predict(&self.held_out, coefficients);
        let errors = predicted.iter().zip(&self.observed).map(|(p, o)| (p + self.mean - o).powi(2));
        errors.sum()
    }
}

/// Coefficients along a path of falling penalties, each solution the next one's start.
struct Path<'a> {
    design: &'a Design,
    alpha: f64,
    fitted: Fitted<'a>,
    /// Columns that have ever been let in, in that order.
    blocks: Vec<Block>,
    is_in: Vec<bool>,
    /// x'e / n of every column at the last solution.
    gradient: Vec<f64>,
    tolerance: f64,
}

impl<'a> Path<'a> {
    fn new(design: &'a Design, values: &[f64], alpha: f64) -> Result<Self, BaselineError> {
        let fitted = Fitted::new(design, values)?;
        let n = values.len() as f64;
        let sd = (values.iter().map(|v| v * v).sum::<f64>() / n).sqrt();
        let columns = design.columns();
        let mut path = Path {
            design,
            alpha,
            fitted,
            blocks: Vec::new(),
            is_in: vec![false; columns],
            gradient: Vec::new(),
            tolerance: TOLERANCE * sd,
        };
        path.look();
        Ok(path)
    }

    fn look(&mut self) {
        self.gradient = self.fitted.gradient();
        let n = self.design.rows() as f64;
        self.gradient.iter_mut().for_each(|g| *g /= n);
    }

    /// The smallest penalty at which all coefficients are 0.
    fn largest_penalty(&self) -> f64 {
        self.gradient.iter().fold(0.0_f64, |most, g| most.max(g.abs())) / self.alpha
    }

    /// Lets in the columns that can't be 0; whether there are any.
    fn let_in(&mut self, penalty: f64) -> bool {
        let bound = penalty * self.alpha;
        let is_due = |j: &usize| !self.is_in[*j] && self.gradient[*j].abs() > bound;
        let mut due: Vec<usize> = (0..self.gradient.len()).filter(is_due).collect();
        if due.is_empty() {
            return false;
        }
        due.iter().for_each(|j| self.is_in[*j] = true);
        if let Some(last) = self.blocks.pop_if(|block| !block.is_full()) {
            due.splice(0..0, last.members().iter().copied());
        }
        self.blocks.extend(Block::all(self.design, &due));
        true
    }

    /// Goes on to a penalty that is not larger than the last.
    fn advance(&mut self, penalty: f64) -> Result<(), BaselineError> {
        let mut sweeps = 0;
        self.let_in(penalty);
        loop {
            while self.sweep(penalty) > self.tolerance {
                sweeps += 1;
                if sweeps > SWEEPS {
                    return Err(BaselineError(format!(
                        "the coordinate descent has not converged in {SWEEPS} sweeps at the penalty {penalty}"
                    )));
                }
            }
            self.look();
            if !self.let_in(penalty) {
                return Ok(());
            }
        }
    }

    /// One sweep over all columns that have been let in; the largest change.
    fn sweep(&mut self, penalty: f64) -> f64 {
        let n = self.design.rows() as f64;
        let (bound, shrinkage) = (penalty * self.alpha, 1.0 + penalty * (1.0 - self.alpha));
        let mut largest = 0.0_f64;
        for block in &self.blocks {
            self.fitted.sweep(block, |_, gradient, old| {
                let target = gradient / n + old;
                let new = (target.abs() - bound).max(0.0).copysign(target) / shrinkage;
                largest = largest.max((new - old).abs());
                new
            });
        }
        largest
    }
}
