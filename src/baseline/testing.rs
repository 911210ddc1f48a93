//! Support for the baselines' tests: the real sets that lie beside the checkout.

use std::path::{Path, PathBuf};

use super::BaselineRow;
use super::score::{self, Predictions};
use crate::dataset::{DataSpec, Dataset, QualityControl, load};
use crate::domain::seed::Rng;
use crate::domain::task::Task;

/// A file of the real sets, or `None` and a line on standard error where it is missing.
pub fn shared(file: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(file);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is missing", path.display());
    None
}

/// A quantitative trait of a real set.
pub fn dataset(genotypes: &str, phenotypes: &str, trait_name: &str) -> Option<Dataset> {
    let spec = DataSpec {
        genotypes: shared(genotypes)?,
        format: None,
        phenotypes: shared(phenotypes)?,
        task: Task::Regression,
        trait_names: vec![trait_name.into()],
        id_column: None,
        qc: QualityControl::default(),
        group_columns: vec![],
        covariates: vec![],
        categorical: vec![],
        memory: 1 << 30,
    };
    Some(load(&spec).unwrap())
}

/// For each fold the rows to train on and those to predict.
pub type Folds = Vec<(Vec<usize>, Vec<usize>)>;

/// A trait (1 to 4) of wheat, and for each of the ten given folds the rows to train on and to predict.
pub fn wheat(trait_number: usize) -> Option<(Dataset, Folds)> {
    let dataset = dataset("wheat/wheat.X", "wheat/wheat.Y", &trait_number.to_string())?;
    let text = std::fs::read_to_string(shared("wheat/folds.csv")?).unwrap();
    let fold_of: Vec<usize> =
        text.lines().skip(1).map(|l| l.split(',').nth(1).unwrap().parse().unwrap()).collect();
    assert_eq!(fold_of.len(), dataset.individuals());
    let folds = (1..=10).map(|fold| (0..fold_of.len()).partition(|row| fold_of[*row] != fold)).collect();
    Some((dataset, folds))
}

/// qtlmas_a, its rows of generations 1 to 4, and those of generation 5.
pub fn qtlmas() -> Option<(Dataset, Vec<usize>, Vec<usize>)> {
    let dataset = dataset("qtlmas_a/qtlmas_a.bed", "qtlmas_a/pheno.csv", "y")?;
    Some((dataset, (0..2326).collect(), (2326..3226).collect()))
}

/// Mean squared error and Pearson's correlation of a baseline that is trained on `train`.
pub fn scored(row: &BaselineRow, dataset: &Dataset, train: &[usize], test: &[usize]) -> (f64, f64) {
    let predictions: Predictions = score::predict(row, dataset, train, test, 1).unwrap();
    let metrics = score::metrics(dataset, test, &predictions);
    (metrics["mse"], metrics["pearson"])
}

/// The means of [`scored`] over folds.
pub fn cross_validated(
    row: &BaselineRow,
    dataset: &Dataset,
    folds: &[(Vec<usize>, Vec<usize>)],
) -> (f64, f64) {
    let scores: Vec<(f64, f64)> =
        folds.iter().map(|(train, test)| scored(row, dataset, train, test)).collect();
    let mean = |part: fn(&(f64, f64)) -> f64| scores.iter().map(part).sum::<f64>() / scores.len() as f64;
    (mean(|s| s.0), mean(|s| s.1))
}

/// 40 rows of 25 SNPs with a trait that they make; the last ten rows are clones of the first ten.
pub fn clones() -> Dataset {
    const SNPS: usize = 25;
    let mut rng = Rng::new(5);
    let mut codes: Vec<u8> = (0..30 * SNPS).map(|_| rng.below(3) as u8).collect();
    codes.extend_from_within(..10 * SNPS);
    let value = |row: &[u8]| row[3..9].iter().map(|code| f64::from(*code)).sum::<f64>() + 0.5 * rng.normal();
    let values = codes.chunks_exact(SNPS).map(value).collect();
    Dataset::from_dosages(SNPS, codes, values)
}
