//! A random forest of regression trees (Breiman 2001) on allele counts, grown by smartcore.

use rayon::prelude::*;
use smartcore::ensemble::random_forest_regressor::{RandomForestRegressor, RandomForestRegressorParameters};
use smartcore::linalg::basic::matrix::DenseMatrix;

use super::fixed::covariates;
use super::genotypes::{Coded, Effect, Genotypes};
use super::{BaselineError, BaselineRow, Problem};
use crate::domain::seed::derive;

pub(super) const ROW: BaselineRow = BaselineRow {
    name: "random-forest",
    help: "random forest of 500 trees on allele counts, a third of the SNPs tried at each split",
    settings: &[],
    build: |problem| fit(problem, TREES),
};

/// Trees of the forest.
const TREES: usize = 500;

/// Trees that are grown one after the other, by one thread.
const GROUP: usize = 25;

/// A split tries the SNPs' number over this.
const SHARE: usize = 3;

/// Nanoseconds that a tree takes for a SNP of a row at one of its levels: a guess, not measured.
const NANOSECONDS: f64 = 1.6;

/// Bytes that a group of trees needs for a SNP of a row.
const BYTES: usize = 16;

/// The most memory that a forest may take.
const MOST_BYTES: usize = 16 << 30;

/// About how many seconds of processor time the forest takes to learn from `rows` rows with `snps` SNPs.
pub(super) fn expected_seconds(rows: usize, snps: usize) -> f64 {
    // A tree's levels, and all its work, for each doubling of the rows.
    let levels = 2.0 * (rows.max(2) as f64).log2();
    TREES as f64 * rows as f64 * snps as f64 * levels * NANOSECONDS * 1e-9
}

/// Grows `trees` trees and predicts by their mean; what the trees are depends on the seed, not on the threads.
fn fit(problem: &Problem, trees: usize) -> Result<Vec<f64>, BaselineError> {
    let refused = |e: smartcore::error::Failed| BaselineError(format!("the random forest failed: {e}"));
    let train = Genotypes::of(problem.dataset, problem.train)?;
    let bytes = train.rows() * train.snps() * BYTES * rayon::current_num_threads();
    if bytes > MOST_BYTES {
        return Err(BaselineError(format!(
            "the random forest would need about {} GB for {} rows and {} SNPs: choose fewer SNPs with data.qc, \
             or leave it out",
            bytes >> 30,
            train.rows(),
            train.snps()
        )));
    }
    let coded = Coded::fit(&train, Effect::Additive, false);
    let (own, other): (Vec<Vec<f64>>, Vec<Vec<f64>>) = covariates(problem).into_iter().unzip();
    let matrix = |genotypes: &Genotypes, covariates: &[Vec<f64>]| {
        let columns = genotypes.snps() + covariates.len();
        let mut values = Vec::with_capacity(genotypes.rows() * columns);
        for snp in 0..genotypes.snps() {
            let table = coded.table(snp).map(|v| v as f32);
            values.extend(genotypes.snp(snp).iter().map(|code| table[usize::from(*code)]));
        }
        values.extend(covariates.iter().flatten().map(|v| *v as f32));
        DenseMatrix::new(genotypes.rows(), columns, values, true).map_err(refused)
    };
    let (x, y) = (matrix(&train, &own)?, problem.values.to_vec());
    let tried = ((train.snps() + own.len()) / SHARE).max(1);
    drop(train);
    let others = matrix(&Genotypes::of(problem.dataset, problem.predict)?, &other)?;
    let groups: Vec<(usize, Vec<f64>)> = (0..trees.div_ceil(GROUP))
        .into_par_iter()
        .map(|group| {
            let grown = GROUP.min(trees - group * GROUP);
            let parameters = RandomForestRegressorParameters::default()
                .with_n_trees(grown)
                .with_m(tried)
                .with_seed(derive(problem.seed, "trees", group as u64));
            let forest = RandomForestRegressor::fit(&x, &y, parameters)?;
            Ok((grown, forest.predict(&others)?))
        })
        .collect::<Result<_, _>>()
        .map_err(refused)?;
    let mut out = vec![0.0; problem.predict.len()];
    for (grown, predicted) in groups {
        let share = grown as f64 / trees as f64;
        out.iter_mut().zip(predicted).for_each(|(out, value)| *out += share * value);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::testing::wheat;
    use super::*;
    use crate::dataset::Dataset;
    use crate::domain::seed::Rng;

    /// 80 rows of 12 SNPs, of which the second is the trait but for some noise.
    fn dataset() -> Dataset {
        let mut rng = Rng::new(3);
        let codes: Vec<u8> = (0..80 * 12).map(|_| rng.below(3) as u8).collect();
        let values = (0..80).map(|i| f64::from(codes[i * 12 + 1]) + 0.1 * rng.normal()).collect();
        Dataset::from_dosages(12, codes, values)
    }

    #[test]
    fn a_forest_finds_the_snp_and_is_the_same_for_any_number_of_threads() {
        let dataset = dataset();
        let (train, predict): (Vec<usize>, Vec<usize>) = ((0..60).collect(), (60..80).collect());
        let values = dataset.target().of(&train);
        let problem =
            Problem { dataset: &dataset, train: &train, values: &values, predict: &predict, seed: 1 };
        let with_threads = |threads: usize, problem: &Problem| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| fit(problem, 60)).unwrap()
        };
        let found = with_threads(1, &problem);
        assert_eq!(found, with_threads(3, &problem));
        assert_ne!(found, with_threads(1, &Problem { seed: 2, ..problem }));
        let observed = dataset.target().of(&predict);
        let error: f64 = found.iter().zip(observed).map(|(f, o)| (f - o).powi(2)).sum::<f64>() / 20.0;
        assert!(error < 0.2, "{error}: the trait's variance is about 2/3");
    }

    #[test]
    fn a_long_time_is_told_beforehand() {
        use super::super::{BASELINES, expected_time};
        assert_eq!(expected_time(&ROW, 500, 1000), None);
        assert!(expected_time(&ROW, 2326, 9723).unwrap().contains("minutes of processor time"));
        assert_eq!(expected_time(&BASELINES[0], 2326, 9723), None);
    }

    #[test]
    fn wheat_agrees_with_the_reference() {
        use super::super::testing::cross_validated;
        let Some((dataset, folds)) = wheat(1) else { return };
        // A fifth of the trees: they all would take a minute.
        let row = BaselineRow { build: |problem| fit(problem, TREES / 5), ..ROW };
        let (mse, r) = cross_validated(&row, &dataset, &folds);
        eprintln!("random-forest wheat E1, 100 trees: MSE {mse:.4} (.6761), r {r:.4} (.582)");
        assert!((r - 0.582).abs() < 0.03, "r {r}, MSE {mse}");
    }
}
