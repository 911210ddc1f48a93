//! The Bayesian LASSO by Gibbs sampling (Park & Casella 2008, Journal of the American Statistical Association 103),
//! with the priors, starting values and order of draws of BGLR 1.1.4 (Pérez & de los Campos 2014, Genetics 198;
//! its `model = "BL"` on standardised SNPs).

use super::design::{Block, Design, Fitted};
use super::draws::{Draws, chi_square, gamma, inverse_of_inverse_gaussian};
use super::fixed::{FixedEffects, Projection};
use super::genotypes::{Effect, Genotypes};
use super::{BaselineError, BaselineRow, Problem};
use crate::domain::seed::{Rng, derive};

pub(super) const ROW: BaselineRow = BaselineRow {
    name: "bayesian-lasso",
    help: "Bayesian LASSO by Gibbs sampling, with the priors and the chain that BGLR has by default",
    settings: &[],
    build: fit,
};

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

/// See `CHAIN`.
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
fn fit(problem: &Problem) -> Result<Vec<f64>, BaselineError> {
    let genotypes = Genotypes::of(problem.dataset, problem.train)?;
    let design = Design::new(&genotypes, &[Effect::Additive])?;
    drop(genotypes);
    let fixed = FixedEffects::of(problem);
    let projection = Projection::of(&fixed.train);
    let means = sample(&design, &projection, problem.values, CHAIN, problem.seed)?;
    let others = Genotypes::of(problem.dataset, problem.predict)?;
    let genetic = design.predict(&others, &means.coefficients);
    let fixed = fixed.predict.times(&projection.of_products(&means.products));
    Ok(genetic.iter().zip(fixed).map(|(genetic, fixed)| genetic + fixed).collect())
}

/// Posterior means.
#[derive(Debug, Clone, PartialEq)]
pub struct Means {
    /// Of each column's coefficient.
    pub coefficients: Vec<f64>,
    /// Of the coefficients of the fixed effects' orthonormal columns.
    pub products: Vec<f64>,
    /// Of λ², and of the residual variance.
    pub variances: [f64; 2],
}

/// The posterior means.
///
/// A chain can get stuck: λ collapses, the effects' variances grow without bound, and what is drawn is no
/// longer a number. Such a chain is begun anew from another seed.
///
/// # Errors
/// Where no chain came to its end.
pub fn sample(
    design: &Design,
    fixed: &Projection,
    values: &[f64],
    chain: Chain,
    seed: u64,
) -> Result<Means, BaselineError> {
    let members: Vec<usize> = (0..design.columns()).collect();
    let blocks = Block::all(design, &members);
    let mut reasons = Vec::new();
    for attempt in 0..CHAINS {
        let mut rng = Rng::new(derive(seed, "gibbs", attempt));
        match Sampler::new(design, fixed, values)?.run(&blocks, chain, &mut rng) {
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
    fn new(design: &'a Design, fixed: &'a Projection, values: &[f64]) -> Result<Self, BaselineError> {
        let (n, columns) = (values.len() as f64, design.columns());
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
        // The columns' variances add up to their number.
        let lambda2 = 2.0 * (1.0 - R2) / R2 * columns as f64;
        Ok(Sampler {
            n,
            fitted: Fitted::new(design, fixed, values)?,
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

    /// The means over the states that count.
    fn run(mut self, blocks: &[Block], chain: Chain, rng: &mut Rng) -> Result<Means, BaselineError> {
        let least = COLLAPSED * self.lambda2;
        let (columns, fixed) = (self.tau2.len(), self.fitted.products.len());
        let mut means =
            Means { coefficients: vec![0.0; columns], products: vec![0.0; fixed], variances: [0.0; 2] };
        let states = (chain.burn_in + 1..=chain.iterations).filter(|i| i.is_multiple_of(chain.thin)).count();
        let add = |sums: &mut [f64], state: &[f64]| {
            sums.iter_mut().zip(state).for_each(|(sum, value)| *sum += value / states as f64);
        };
        for iteration in 1..=chain.iterations {
            self.iterate(blocks, rng)
                .and_then(|()| self.check(least))
                .map_err(|e| BaselineError(format!("in iteration {iteration} {e}")))?;
            if iteration > chain.burn_in && iteration.is_multiple_of(chain.thin) {
                add(&mut means.coefficients, &self.fitted.coefficients);
                add(&mut means.products, &self.fitted.products);
                add(&mut means.variances, &[self.lambda2, self.residual_variance]);
            }
        }
        Ok(means)
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

    /// One draw of everything. The intercept needs none: with centred columns it is independent of the effects, and
    /// its posterior mean is the trait's mean.
    fn iterate(&mut self, blocks: &[Block], rng: &mut Rng) -> Result<(), BaselineError> {
        self.draws.draw(rng);
        let sd = self.residual_variance.sqrt();
        self.fitted.update_fixed(|| sd * rng.normal());
        self.draw_effects(blocks);
        let penalty = self.draw_variances()?;
        let sum: f64 = self.tau2.iter().map(|t| f64::from(*t)).sum();
        let columns = self.tau2.len() as f64;
        self.lambda2 = gamma(columns + SHAPE, rng) / (sum / 2.0 + self.rate);
        // The intercept's own draw has left its share of the residual variance.
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

#[cfg(test)]
mod tests {
    use super::super::design::tests::{dot, example, fixed};
    use super::super::testing::{cross_validated, qtlmas, scored, wheat};
    use super::*;

    /// The same model sampled by plain loops in f64, with draws of their own.
    fn plain(columns: &[Vec<f64>], values: &[f64], chain: Chain) -> Means {
        let (n, p) = (values.len() as f64, columns.len());
        let mut rng = Rng::new(77);
        let variance = dot(values, values) / (n - 1.0);
        let expected = 2.0 * p as f64;
        let (mut e, mut b) = (values.to_vec(), vec![0.0; p]);
        let (mut tau2, mut lambda2) = (vec![0.5 * variance / p as f64; p], expected);
        let mut sigma2 = 0.5 * variance;
        let mut means = Means { coefficients: vec![0.0; p], products: vec![], variances: [0.0; 2] };
        let states = (chain.iterations - chain.burn_in) as f64;
        for iteration in 0..chain.iterations {
            for j in 0..p {
                let precision = n + 1.0 / tau2[j];
                let mean = (dot(&columns[j], &e) + n * b[j]) / precision;
                let new = mean + (sigma2 / precision).sqrt() * rng.normal();
                e.iter_mut().zip(&columns[j]).for_each(|(e, x)| *e -= (new - b[j]) * x);
                b[j] = new;
                let m = (sigma2 * lambda2).sqrt() / new.abs();
                let y = rng.normal().powi(2);
                let root = (4.0 * m * lambda2 * y + (m * y).powi(2)).sqrt();
                let x = m + m * m * y / (2.0 * lambda2) - m / (2.0 * lambda2) * root;
                tau2[j] = 1.0 / if rng.uniform() <= m / (m + x) { x } else { m * m / x };
            }
            lambda2 = gamma(p as f64 + 1.1, &mut rng) / (tau2.iter().sum::<f64>() / 2.0 + 0.1 / expected);
            let squares = dot(&e, &e) + sigma2 * rng.normal().powi(2);
            let penalty: f64 = b.iter().zip(&tau2).map(|(b, t)| b * b / t).sum();
            sigma2 = (squares + 3.5 * variance + penalty) / chi_square(n + 5.0 + p as f64, &mut rng);
            if iteration >= chain.burn_in {
                means.coefficients.iter_mut().zip(&b).for_each(|(sum, b)| *sum += b / states);
                means.variances[0] += lambda2 / states;
                means.variances[1] += sigma2 / states;
            }
        }
        means
    }

    #[test]
    fn posterior_means_are_those_of_a_plain_sampler_bit_for_bit_by_seed() {
        let (n, snps) = (100, 6);
        let (genotypes, columns, values) = example(n, snps, &[Effect::Additive]);
        let design = Design::new(&genotypes, &[Effect::Additive]).unwrap();
        let chain = Chain { iterations: 21_000, burn_in: 1000, thin: 1 };
        let projection = fixed(n, &[]);
        let found = sample(&design, &projection, &values, chain, 1).unwrap();
        let expected = plain(&columns, &values, chain);
        for (found, expected) in found.coefficients.iter().zip(&expected.coefficients) {
            assert!((found - expected).abs() < 0.006, "{found} {expected}");
        }
        for (found, expected) in found.variances.iter().zip(&expected.variances) {
            assert!((found / expected - 1.0).abs() < 0.06, "{found} {expected}");
        }
        let short = Chain { iterations: 50, burn_in: 10, thin: 5 };
        let again = |seed| sample(&design, &projection, &values, short, seed).unwrap();
        assert_eq!(again(3), again(3));
        assert_ne!(again(3), again(4));
    }

    #[test]
    fn covariates_are_estimated_beside_the_effects() {
        let n = 100;
        let (genotypes, _, values) = example(n, 6, &[Effect::Additive]);
        let design = Design::new(&genotypes, &[Effect::Additive]).unwrap();
        let covariate: Vec<f64> = (0..n).map(|i| (i % 7) as f64).collect();
        let shifted: Vec<f64> = values.iter().zip(&covariate).map(|(v, c)| v + 3.0 * c + 50.0).collect();
        let chain = Chain { iterations: 4000, burn_in: 500, thin: 1 };
        let projection = fixed(n, &covariate);
        let found = sample(&design, &projection, &shifted, chain, 1).unwrap();
        let effects = projection.of_products(&found.products);
        assert!((effects[1] - 3.0).abs() < 0.25 && (effects[0] - 50.0).abs() < 1.0, "{effects:?}");
        let without = sample(&design, &fixed(n, &[]), &values, chain, 1).unwrap();
        for (found, without) in found.coefficients.iter().zip(&without.coefficients) {
            assert!((found - without).abs() < 0.06, "{found} {without}");
        }
    }

    #[test]
    fn a_chain_that_collapses_is_told_so() {
        let (genotypes, _, values) = example(50, 6, &[Effect::Additive]);
        let design = Design::new(&genotypes, &[Effect::Additive]).unwrap();
        let projection = fixed(50, &[]);
        let mut sampler = Sampler::new(&design, &projection, &values).unwrap();
        let least = COLLAPSED * sampler.lambda2;
        assert!(sampler.check(least).is_ok());
        sampler.lambda2 = least / 2.0;
        assert!(sampler.check(least).unwrap_err().0.contains("λ²"));
        let mut sampler = Sampler::new(&design, &projection, &values).unwrap();
        sampler.lambda2 = f64::NAN;
        assert!(sampler.draw_variances().unwrap_err().0.contains("variance of an effect"));
        let blocks = Block::all(&design, &(0..6).collect::<Vec<_>>());
        let reason = sampler.run(&blocks, CHAIN, &mut Rng::new(1)).unwrap_err().0;
        assert!(reason.contains("in iteration 1 "), "{reason}");
    }

    #[test]
    fn qtlmas_a_agrees_with_the_reference() {
        let Some((dataset, train, test)) = qtlmas() else { return };
        let (mse, r) = scored(&ROW, &dataset, &train, &test);
        eprintln!("bayesian-lasso qtlmas_a: MSE {mse:.3} (71.65), r {r:.4} (.506)");
        assert!((r - 0.506).abs() < 0.02 && (mse / 71.65 - 1.0).abs() < 0.03, "r {r}, MSE {mse}");
    }

    #[test]
    fn wheat_agrees_with_the_reference() {
        for (number, r0) in [(1, 0.520), (2, 0.500), (3, 0.414), (4, 0.468)] {
            let Some((dataset, folds)) = wheat(number) else { return };
            let (mse, r) = cross_validated(&ROW, &dataset, &folds);
            eprintln!("bayesian-lasso wheat E{number}: MSE {mse:.4}, r {r:.4} ({r0})");
            assert!((r - r0).abs() < 0.02, "r {r}, MSE {mse}");
        }
    }
}
