//! Ridge regression on standardised SNPs, solved among the individuals (n × n), its penalty by generalised
//! cross-validation (Golub, Heath & Wahba 1979, Technometrics 21).

use super::fixed::{FixedEffects, Projection};
use super::gblup::BLOCK;
use super::genotypes::{Coded, Effect, Genotypes};
use super::{BaselineError, BaselineRow, Problem};
use crate::numeric::dense::{Dense, Eigen};

pub(super) const ROW: BaselineRow = BaselineRow {
    name: "ridge",
    help: "ridge regression on allele counts, its penalty by generalised cross-validation",
    settings: &[],
    build: fit,
};

/// Penalties that are tried, evenly on the scale of logarithms.
const PENALTIES: usize = 121;

/// The smallest and the largest of them, as multiples of the mean eigenvalue.
const RANGE: (f64, f64) = (1e-3, 1e3);

fn fit(problem: &Problem) -> Result<Vec<f64>, BaselineError> {
    let train = Genotypes::of(problem.dataset, problem.train)?;
    let fixed = FixedEffects::of(problem);
    let projection = Projection::of(&fixed.train);
    let coded = Coded::fit(&train, Effect::Additive, true);
    let n = train.rows();
    let mut kernel = Dense::zeros(n, n);
    for from in (0..train.snps()).step_by(BLOCK) {
        let snps = from..train.snps().min(from + BLOCK);
        let mut columns = coded.columns(&train, snps.clone());
        // The intercept is out of standardised columns already.
        if projection.rank() > 1 {
            columns.chunks_exact_mut(n).for_each(|column| projection.remove(column));
        }
        kernel.add_gram(&Dense::new(n, snps.len(), columns));
    }
    kernel.mirror();
    let mut values = problem.values.to_vec();
    projection.remove(&mut values);
    let weights = weights(&kernel, &values, projection.rank())?;
    let others = Genotypes::of(problem.dataset, problem.predict)?;
    let (mut fitted, mut predicted) = (vec![0.0; n], vec![0.0; others.rows()]);
    for snp in 0..train.snps() {
        let effect = coded.product(&train, snp, &weights);
        let table = coded.table(snp).map(|value| value * effect);
        for (genotypes, out) in [(&train, &mut fitted), (&others, &mut predicted)] {
            out.iter_mut().zip(genotypes.snp(snp)).for_each(|(out, code)| *out += table[usize::from(*code)]);
        }
    }
    let rest: Vec<f64> = problem.values.iter().zip(&fitted).map(|(value, fitted)| value - fitted).collect();
    let fixed = fixed.predict.times(&projection.coefficients(&rest));
    Ok(predicted.iter().zip(fixed).map(|(genetic, fixed)| genetic + fixed).collect())
}

/// The solution w of (K + λ I) w = values, of which the fixed effects' part has been taken out, as of K;
/// the fixed effects take `rank` degrees of freedom.
fn weights(kernel: &Dense, values: &[f64], rank: usize) -> Result<Vec<f64>, BaselineError> {
    let eigen = Eigen::of(kernel).map_err(|e| BaselineError(e.to_string()))?;
    let rotated = eigen.vectors.transposed_times(values);
    let n = values.len() as f64;
    let mean = eigen.values.iter().sum::<f64>() / n;
    if mean <= 0.0 {
        return Err(BaselineError("no SNP varies among the training rows".into()));
    }
    let score = |penalty: f64| {
        let (mut squares, mut freedom) = (0.0, -(rank as f64));
        for (value, rotated) in eigen.values.iter().zip(&rotated) {
            let left = penalty / (value.max(0.0) + penalty);
            squares += (left * rotated).powi(2);
            freedom += left;
        }
        squares / (freedom * freedom)
    };
    let mut best = (f64::INFINITY, mean);
    for k in 0..PENALTIES {
        let penalty = mean * RANGE.0 * libm::pow(RANGE.1 / RANGE.0, k as f64 / (PENALTIES - 1) as f64);
        let score = score(penalty);
        if score < best.0 {
            best = (score, penalty);
        }
    }
    let scaled: Vec<f64> = eigen
        .values
        .iter()
        .zip(&rotated)
        .map(|(value, rotated)| rotated / (value.max(0.0) + best.1))
        .collect();
    Ok(eigen.vectors.times(&scaled))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cross_validated, wheat};
    use super::*;
    use crate::domain::seed::Rng;
    use crate::numeric::dense::Factor;

    #[test]
    fn weights_are_the_solution_with_the_penalty_that_predicts_best() {
        let (n, p) = (40, 60);
        let mut rng = Rng::new(2);
        let x = Dense::new(n, p, (0..n * p).map(|_| rng.normal()).collect());
        let mut kernel = Dense::zeros(n, n);
        kernel.add_gram(&x);
        kernel.mirror();
        let effects: Vec<f64> = (0..p).map(|_| 0.2 * rng.normal()).collect();
        let values: Vec<f64> = x.times(&effects).iter().map(|v| v + rng.normal()).collect();
        let found = weights(&kernel, &values, 0).unwrap();
        // λ w = values − K w has one λ for all rows.
        let fitted = kernel.times(&found);
        let penalty = (values[0] - fitted[0]) / found[0];
        let mut ridge = kernel.clone();
        (0..n).for_each(|i| ridge.column_mut(i)[i] += penalty);
        let expected = Factor::of(ridge).unwrap().solve(&values);
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-8, "{found} {expected}");
        }
        // GCV by its definition, through the hat matrix.
        let gcv = |penalty: f64| {
            let mut ridge = kernel.clone();
            (0..n).for_each(|i| ridge.column_mut(i)[i] += penalty);
            let factor = Factor::of(ridge).unwrap();
            let weights = factor.solve(&values);
            let trace: f64 = (0..n)
                .map(|i| {
                    let unit: Vec<f64> = (0..n).map(|k| f64::from(u8::from(k == i))).collect();
                    penalty * factor.solve(&unit)[i]
                })
                .sum();
            weights.iter().map(|w| (penalty * w).powi(2)).sum::<f64>() / (trace * trace)
        };
        let best = gcv(penalty);
        assert!([0.5, 0.8, 1.25, 2.0].iter().all(|factor| gcv(penalty * factor) >= best));
    }

    #[test]
    fn wheat_agrees_with_the_reference() {
        for (number, r0) in [(1, 0.519), (2, 0.505), (3, 0.413), (4, 0.467)] {
            let Some((dataset, folds)) = wheat(number) else { return };
            let (mse, r) = cross_validated(&ROW, &dataset, &folds);
            eprintln!("ridge wheat E{number}: MSE {mse:.4}, r {r:.4} ({r0})");
            assert!((r - r0).abs() < 0.01, "r {r}, MSE {mse}");
        }
    }
}
