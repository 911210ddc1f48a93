//! GBLUP: best linear unbiased prediction with covariances between individuals that their SNPs tell
//! (VanRaden 2008, method 1), and variances by REML.

use super::fixed::FixedEffects;
use super::genotypes::{Coded, Effect, Genotypes};
use super::{BaselineError, BaselineRow, Problem};
use crate::numeric::dense::{Dense, Eigen};
use crate::numeric::reml::{self, Covariance, Estimate, RemlError};

/// SNPs that are decoded at once.
pub(super) const BLOCK: usize = 512;
/// The largest share of the variance that the kernels may explain: beyond it V is all but singular.
const LARGEST_SHARE: f64 = 0.9999;

pub(super) const ADDITIVE: BaselineRow = BaselineRow {
    name: "gblup",
    help: "GBLUP: relationships after VanRaden (2008), variances by REML",
    settings: &[],
    build: additive,
};

pub(super) const DOMINANCE: BaselineRow = BaselineRow {
    name: "gblup-dominance",
    help: "GBLUP with a second kernel of heterozygosity, for dominance",
    settings: &[],
    build: dominance,
};

impl From<RemlError> for BaselineError {
    fn from(error: RemlError) -> Self {
        BaselineError(error.to_string())
    }
}

/// A kernel that is linear in one covariate a SNP: Z Zᵀ / c.
struct Linear {
    coded: Coded,
    /// c: what makes the mean of the diagonal about 1.
    scale: f64,
}

impl Linear {
    /// # Errors
    /// Where no SNP varies among the training rows.
    fn fit(train: &Genotypes, effect: Effect) -> Result<Self, BaselineError> {
        let coded = Coded::fit(train, effect, false);
        // Allele frequencies p and shares of heterozygotes are those of the training rows.
        let variance = |mean: &f64| match effect {
            Effect::Additive => mean * (1.0 - 0.5 * mean), // 2p(1 − p), p = mean / 2
            Effect::Heterozygote => mean * (1.0 - mean),
        };
        let scale: f64 = coded.means().iter().map(variance).sum();
        if coded.variances().iter().all(|v| *v == 0.0) || scale <= 0.0 {
            return Err(BaselineError(match effect {
                Effect::Additive => "no SNP varies among the training rows".into(),
                Effect::Heterozygote => {
                    "no SNP has heterozygotes and homozygotes among the training rows: there is no dominance to \
                     learn"
                        .into()
                }
            }));
        }
        Ok(Linear { coded, scale })
    }

    /// The training rows' kernel.
    fn matrix(&self, train: &Genotypes) -> Dense {
        let n = train.rows();
        let mut matrix = Dense::zeros(n, n);
        for from in (0..train.snps()).step_by(BLOCK) {
            let snps = from..train.snps().min(from + BLOCK);
            let width = snps.len();
            matrix.add_gram(&Dense::new(n, width, self.coded.columns(train, snps)));
        }
        matrix.values_mut().iter_mut().for_each(|v| *v /= self.scale);
        matrix.mirror();
        matrix
    }

    /// The kernel between `rows` and the training rows, times `weights`: by way of the SNPs' effects Zᵀw / c.
    fn predict(&self, train: &Genotypes, rows: &Genotypes, weights: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; rows.rows()];
        for snp in 0..train.snps() {
            let effect = self.coded.product(train, snp, weights) / self.scale;
            let table = self.coded.table(snp).map(|value| value * effect);
            out.iter_mut().zip(rows.snp(snp)).for_each(|(out, code)| *out += table[usize::from(*code)]);
        }
        out
    }
}

/// The fixed part of the predictions.
pub(super) fn fixed_part(fixed: &FixedEffects, estimate: &Estimate) -> Vec<f64> {
    fixed.predict.times(&estimate.fixed)
}

fn additive(problem: &Problem) -> Result<Vec<f64>, BaselineError> {
    let train = Genotypes::of(problem.dataset, problem.train)?;
    let fixed = FixedEffects::of(problem);
    let kernel = Linear::fit(&train, Effect::Additive)?;
    let eigen = Eigen::of(&kernel.matrix(&train)).map_err(RemlError::from)?;
    let estimate = reml::spectral(&eigen, &fixed.train, problem.values)?;
    drop(eigen);
    let rows = Genotypes::of(problem.dataset, problem.predict)?;
    let share = estimate.parameters[0];
    let genetic = kernel.predict(&train, &rows, &estimate.weights);
    let fixed = fixed_part(&fixed, &estimate);
    Ok(fixed.iter().zip(genetic).map(|(fixed, genetic)| fixed + share * genetic).collect())
}

/// V = h² ((1 − w) A + w D) + (1 − h²) I and its derivatives by h² and w.
fn two_kernels(additive: &Dense, dominant: &Dense, theta: &[f64], with_derivatives: bool) -> Covariance {
    let (share, weight) = (theta[0], theta[1]);
    let n = additive.rows();
    let pairs = || additive.values().iter().zip(dominant.values());
    let mut matrix =
        Dense::new(n, n, pairs().map(|(a, d)| share * ((1.0 - weight) * a + weight * d)).collect());
    let mut derivatives = Vec::new();
    if with_derivatives {
        derivatives.push(Dense::new(n, n, pairs().map(|(a, d)| (1.0 - weight) * a + weight * d).collect()));
        derivatives.push(Dense::new(n, n, pairs().map(|(a, d)| share * (d - a)).collect()));
    }
    for i in 0..n {
        matrix.column_mut(i)[i] += 1.0 - share;
        derivatives.iter_mut().take(1).for_each(|slope| slope.column_mut(i)[i] -= 1.0);
    }
    Covariance { matrix, derivatives }
}

fn dominance(problem: &Problem) -> Result<Vec<f64>, BaselineError> {
    let train = Genotypes::of(problem.dataset, problem.train)?;
    let fixed = FixedEffects::of(problem);
    let kernels = [Linear::fit(&train, Effect::Additive)?, Linear::fit(&train, Effect::Heterozygote)?];
    let [a, d] = [kernels[0].matrix(&train), kernels[1].matrix(&train)];
    let covariance = |theta: &[f64], with| two_kernels(&a, &d, theta, with);
    let starts = [[0.2, 0.2], [0.5, 0.2], [0.5, 0.5]].map(Vec::from);
    let bounds = [(0.0, LARGEST_SHARE), (0.0, 1.0)];
    let estimate = reml::general(covariance, &fixed.train, problem.values, &starts, &bounds)?;
    drop([a, d]);
    let rows = Genotypes::of(problem.dataset, problem.predict)?;
    let (share, weight) = (estimate.parameters[0], estimate.parameters[1]);
    let mut out = fixed_part(&fixed, &estimate);
    for (kernel, share) in kernels.iter().zip([share * (1.0 - weight), share * weight]) {
        let genetic = kernel.predict(&train, &rows, &estimate.weights);
        out.iter_mut().zip(genetic).for_each(|(out, genetic)| *out += share * genetic);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{clones, cross_validated, qtlmas, scored, wheat};
    use super::*;

    #[test]
    fn predictions_are_those_of_the_kernel_between_rows() {
        let dataset = clones();
        let (train, predict): (Vec<usize>, Vec<usize>) = ((0..30).collect(), (30..40).collect());
        let values = dataset.target().of(&train);
        let problem =
            Problem { dataset: &dataset, train: &train, values: &values, predict: &predict, seed: 1 };
        let found = additive(&problem).unwrap();
        // The same by the textbook: G of all rows, its blocks, one solution.
        let (genotypes, rows) =
            (Genotypes::of(&dataset, &train).unwrap(), Genotypes::of(&dataset, &predict).unwrap());
        let kernel = Linear::fit(&genotypes, Effect::Additive).unwrap();
        let eigen = Eigen::of(&kernel.matrix(&genotypes)).unwrap();
        let estimate = reml::spectral(&eigen, &Dense::new(30, 1, vec![1.0; 30]), &values).unwrap();
        let snps = dataset.positions();
        let z = |genotypes: &Genotypes, n| Dense::new(n, snps, kernel.coded.columns(genotypes, 0..snps));
        let mut between = Dense::zeros(10, 30);
        between.add_product_transposed(&z(&rows, 10), &z(&genotypes, 30));
        let expected = between.times(&estimate.weights);
        for (found, expected) in found.iter().zip(expected) {
            let expected = estimate.fixed[0] + estimate.parameters[0] * expected / kernel.scale;
            assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
        }
        assert!(estimate.parameters[0] > 0.05, "{estimate:?}");
    }

    #[test]
    fn clones_are_predicted_alike_and_nothing_breaks() {
        let dataset = clones();
        for build in [additive, dominance] {
            let train: Vec<usize> = (0..30).collect();
            let values = dataset.target().of(&train);
            // Rows 30 to 39 are the genotypes of 0 to 9 again.
            let predict: Vec<usize> = (0..10).chain(30..40).collect();
            let problem =
                Problem { dataset: &dataset, train: &train, values: &values, predict: &predict, seed: 1 };
            let found = build(&problem).unwrap();
            assert!(found.iter().all(|v| v.is_finite()));
            assert_eq!(found[..10], found[10..]);
        }
    }

    #[test]
    fn without_heterozygotes_there_is_no_dominance() {
        use crate::dataset::Dataset;
        let dataset =
            Dataset::from_dosages(2, vec![0, 2, 2, 0, 0, 0, 2, 2, 0, 2], vec![1.0, 2.0, 3.0, 4.0, 5.0]);
        let problem = Problem {
            dataset: &dataset,
            train: &[0, 1, 2, 3],
            values: &[1.0, 2.0, 3.0, 4.0],
            predict: &[4],
            seed: 1,
        };
        let text = dominance(&problem).unwrap_err().to_string();
        assert!(text.contains("no SNP has heterozygotes"), "{text}");
        assert!(additive(&problem).is_ok());
        let none = Dataset::from_dosages(1, vec![1, 1, 1, 2], vec![1.0, 2.0, 3.0, 4.0]);
        let problem =
            Problem { dataset: &none, train: &[0, 1, 2], values: &[1.0, 2.0, 3.0], predict: &[3], seed: 1 };
        assert!(additive(&problem).unwrap_err().to_string().contains("no SNP varies"));
    }

    #[test]
    fn qtlmas_a_agrees_with_the_reference() {
        let Some((dataset, train, test)) = qtlmas() else { return };
        let (mse, r) = scored(&ADDITIVE, &dataset, &train, &test);
        eprintln!("gblup qtlmas_a: MSE {mse:.3} (72.04), r {r:.4} (.503)");
        assert!((r - 0.503).abs() < 0.005 && (mse / 72.04 - 1.0).abs() < 0.01, "r {r}, MSE {mse}");
        let (mse, r) = scored(&DOMINANCE, &dataset, &train, &test);
        eprintln!("gblup-dominance qtlmas_a: MSE {mse:.3} (68.63), r {r:.4} (.545)");
        assert!((r - 0.545).abs() < 0.01 && (mse / 68.63 - 1.0).abs() < 0.01, "r {r}, MSE {mse}");
    }

    #[test]
    fn wheat_agrees_with_the_reference() {
        for (number, r0, mse0) in
            [(1, 0.522, 0.7329), (2, 0.504, 0.75), (3, 0.414, 0.8341), (4, 0.469, 0.7926)]
        {
            let Some((dataset, folds)) = wheat(number) else { return };
            let (mse, r) = cross_validated(&ADDITIVE, &dataset, &folds);
            eprintln!("gblup wheat E{number}: MSE {mse:.4} ({mse0}), r {r:.4} ({r0})");
            assert!((r - r0).abs() < 0.005 && (mse / mse0 - 1.0).abs() < 0.01, "r {r}, MSE {mse}");
        }
    }
}
