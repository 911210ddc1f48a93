//! The Bayesian LASSO by Gibbs sampling (Park & Casella 2008, Journal of the American Statistical Association 103),
//! with the priors, starting values and order of draws of BGLR 1.1.4 (Pérez & de los Campos 2014, Genetics 198;
//! its `model = "BL"` on standardised SNPs).

use super::design::{Block, Design, Fitted, centred};
use super::draws::{Draws, chi_square, gamma, inverse_of_inverse_gaussian};
use super::genotypes::{Effect, Genotypes};
use super::{BaselineError, Problem};
use crate::domain::seed::{Rng, derive};

/// How long a chain is and which of its states count: BGLR's defaults.
const CHAIN: Chain = Chain { iterations: 1500, burn_in: 500, thin: 5 };

/// The share of the trait's variance that the priors expect the SNPs to explain.
const R2: f64 = 0.5;

/// Degrees of freedom of the prior of the residual variance.
const DF: f64 = 5.0;

/// Shape of the gamma prior of λ².
const SHAPE: f64 = 1.1;

/// The least magnitude of an effect when its variance is drawn.
const LEAST_EFFECT: f64 = 1e-9;

/// Chains that are tried before the sampler gives up.
const CHAINS: u64 = 5;

/// λ² has collapsed when it falls below this share of what the prior expects.
const COLLAPSED: f64 = 1e-6;

/// See [`CHAIN`].
#[derive(Debug, Clone, Copy)]
pub struct Chain {
    /// Iterations.
    pub iterations: usize,
    /// Iterations that are left out at the start.
    pub burn_in: usize,
    /// Of the others each of this many counts.
    pub thin: usize,
}

/// Fits and predicts by the posterior means of the effects.
///
/// # Errors
/// Where no SNP varies, or all chains got stuck.
pub fn fit(problem: &Problem) -> Result<Vec<f64>, BaselineError> {
    let genotypes = Genotypes::of(problem.dataset, problem.train)?;
    let design = Design::new(&genotypes, &[Effect::Additive])?;
    drop(genotypes);
    let (values, mean) = centred(problem.values);
    let effects = sample(&design, &values, CHAIN, problem.seed)?;
    let others = Genotypes::of(problem.dataset, problem.predict)?;
    Ok(design.predict(&others, &effects).iter().map(|effects| mean + effects).collect())
}

/// The posterior mean of each column's coefficient; `values` must have mean 0.
///
/// A chain can get stuck: λ collapses, the effects' variances grow without bound, and what is drawn is no
/// longer a number. Such a chain is begun anew from another seed.
///
/// # Errors
/// Where no chain came to its end.
pub fn sample(design: &Design, values: &[f64], chain: Chain, seed: u64) -> Result<Vec<f64>, BaselineError> {
    let members: Vec<usize> = (0..design.columns()).collect();
    let blocks = Block::all(design, &members);
    let mut reasons = Vec::new();
    for attempt in 0..CHAINS {
        let mut rng = Rng::new(derive(seed, "gibbs", attempt));
        match Sampler::new(design, values)?.run(&blocks, chain, &mut rng) {
            Ok(means) => return Ok(means),
            Err(reason) => reasons.push(reason.0),
        }
    }
    Err(BaselineError(format!(
        "all {CHAINS} chains of the Bayesian LASSO got stuck: {}; leave this baseline out for this trait",
        reasons.join("; ")
    )))
}

/// The state of a chain.
struct Sampler<'a> {
    n: f64,
    fitted: Fitted<'a>,
    /// Of each effect the variance, as a multiple of the residual variance.
    tau2: Vec<f32>,
    lambda2: f64,
    /// Rate of the prior of λ².
    rate: f64,
    residual_variance: f64,
    /// Scale of the prior of the residual variance.
    scale: f64,
    draws: Draws,
    /// Of each effect 1 / (n + 1/τ²) and its root: the conditional variance over the residual variance.
    shares: Vec<f32>,
    roots: Vec<f32>,
}

impl<'a> Sampler<'a> {
    fn new(design: &'a Design, values: &[f64]) -> Result<Self, BaselineError> {
        let (n, columns) = (values.len() as f64, design.columns());
        let variance = values.iter().map(|v| v * v).sum::<f64>() / (n - 1.0).max(1.0);
        // The columns' variances add up to their number.
        let lambda2 = 2.0 * (1.0 - R2) / R2 * columns as f64;
        Ok(Sampler {
            n,
            fitted: Fitted::new(design, values)?,
            tau2: vec![(variance * R2 / columns as f64) as f32; columns],
            lambda2,
            rate: (SHAPE - 1.0) / lambda2,
            residual_variance: variance * (1.0 - R2),
            scale: variance * (1.0 - R2) * (DF + 2.0),
            draws: Draws::new(columns),
            shares: vec![0.0; columns],
            roots: vec![0.0; columns],
        })
    }

    /// The mean of the coefficients over the states that count.
    fn run(mut self, blocks: &[Block], chain: Chain, rng: &mut Rng) -> Result<Vec<f64>, BaselineError> {
        let least = COLLAPSED * self.lambda2;
        let mut sums = vec![0.0; self.tau2.len()];
        let mut states = 0.0;
        for iteration in 1..=chain.iterations {
            self.iterate(blocks, rng)
                .and_then(|()| self.check(least))
                .map_err(|e| BaselineError(format!("in iteration {iteration} {e}")))?;
            if iteration > chain.burn_in && iteration.is_multiple_of(chain.thin) {
                states += 1.0;
                sums.iter_mut().zip(&self.fitted.coefficients).for_each(|(sum, c)| *sum += c);
            }
        }
        sums.iter_mut().for_each(|sum| *sum /= states);
        Ok(sums)
    }

    fn check(&self, least: f64) -> Result<(), BaselineError> {
        let Sampler { lambda2, residual_variance, .. } = self;
        if !lambda2.is_finite() || *lambda2 < least {
            return Err(BaselineError(format!("λ² has become {lambda2:e}")));
        }
        if !residual_variance.is_finite() || *residual_variance <= 0.0 {
            return Err(BaselineError(format!("the residual variance has become {residual_variance:e}")));
        }
        Ok(())
    }

    /// One draw of everything. The mean needs none: with centred columns it is independent of the effects, and its
    /// posterior mean is the trait's.
    fn iterate(&mut self, blocks: &[Block], rng: &mut Rng) -> Result<(), BaselineError> {
        self.draws.draw(rng);
        self.draw_effects(blocks);
        let penalty = self.draw_variances()?;
        let sum: f64 = self.tau2.iter().map(|t| f64::from(*t)).sum();
        let columns = self.tau2.len() as f64;
        self.lambda2 = gamma(columns + SHAPE, rng) / (sum / 2.0 + self.rate);
        // The mean's own draw has left its share of the residual variance.
        let squares = self.fitted.sum_of_squares()? + self.residual_variance * rng.normal().powi(2);
        self.residual_variance = (squares + self.scale + penalty) / chi_square(self.n + DF + columns, rng);
        Ok(())
    }

    fn draw_effects(&mut self, blocks: &[Block]) {
        let (n, sd) = (self.n as f32, self.residual_variance.sqrt() as f32);
        let roots = self.roots.iter_mut().zip(&self.draws.first);
        for ((share, (root, normal)), tau2) in self.shares.iter_mut().zip(roots).zip(&self.tau2) {
            *share = 1.0 / (n + 1.0 / tau2);
            *root = sd * share.sqrt() * normal;
        }
        let (shares, roots) = (&self.shares, &self.roots);
        for block in blocks {
            self.fitted.sweep(block, |j, gradient, old| {
                (gradient + self.n * old) * f64::from(shares[j]) + f64::from(roots[j])
            });
        }
    }

    /// Draws τ² of every effect; Σ effect² / τ².
    fn draw_variances(&mut self) -> Result<f64, BaselineError> {
        let scale = (self.residual_variance * self.lambda2).sqrt();
        let (shape, draws) = (self.lambda2 as f32, &self.draws);
        let random = draws.second.iter().zip(&draws.uniform);
        for ((tau2, effect), (normal, uniform)) in
            self.tau2.iter_mut().zip(&self.fitted.coefficients).zip(random)
        {
            let mean = (scale / effect.abs().max(LEAST_EFFECT)) as f32;
            *tau2 = inverse_of_inverse_gaussian(mean, shape, *normal, *uniform);
        }
        if let Some(tau2) = self.tau2.iter().find(|t| !t.is_finite() || **t <= 0.0) {
            return Err(BaselineError(format!("the variance of an effect has become {tau2:e}")));
        }
        let penalties = self.fitted.coefficients.iter().zip(&self.tau2);
        Ok(penalties.map(|(effect, tau2)| effect * effect / f64::from(*tau2)).sum())
    }
}
