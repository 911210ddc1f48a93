//! Fixed effects: the intercept and the covariates, for the rows to learn from and those to predict.

use std::slice;

use super::Problem;
use crate::dataset::covariate::CovariateEncoder;
use crate::numeric::dense::Dense;
use crate::numeric::linalg::dot;

/// The columns of fixed effects, the intercept first, none a sum of others among the training rows.
#[derive(Debug, Clone)]
pub struct FixedEffects {
    /// Training rows × effects.
    pub train: Dense,
    /// Rows to predict × effects.
    pub predict: Dense,
}

impl FixedEffects {
    /// Those of a problem.
    pub fn of(problem: &Problem) -> Self {
        let (n, m) = (problem.train.len(), problem.predict.len());
        let (mut train, mut predict) = (vec![1.0; n], vec![1.0; m]);
        for (own, other) in covariates(problem) {
            train.extend(own);
            predict.extend(other);
        }
        let columns = train.len() / n.max(1);
        let (train, predict) = (Dense::new(n, columns, train), Dense::new(m, columns, predict));
        let kept = Projection::of(&train).kept();
        let chosen = |of: &Dense| {
            let values = kept.iter().flat_map(|column| of.column(*column)).copied().collect();
            Dense::new(of.rows(), kept.len(), values)
        };
        FixedEffects { train: chosen(&train), predict: chosen(&predict) }
    }
}

/// The covariates' columns, a number or each level of a category, for the rows to learn from and those to predict. A
/// cell that is missing, or a level that the training rows lack, stands at the covariate's mean among these.
pub fn covariates(problem: &Problem) -> Vec<(Vec<f64>, Vec<f64>)> {
    let mut columns = Vec::new();
    for covariate in problem.dataset.covariates() {
        let covariate = slice::from_ref(covariate);
        let encoder = CovariateEncoder::fit(covariate, problem.train);
        let [train, predict] = [problem.train, problem.predict].map(|rows| encoder.apply(covariate, rows));
        for column in 0..encoder.width() {
            let is_known = |row: &&[f64]| row.iter().any(|value| *value != 0.0);
            let known: Vec<f64> =
                train.chunks_exact(encoder.width()).filter(is_known).map(|row| row[column]).collect();
            let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
            let filled = |rows: &[f64]| {
                let rows = rows.chunks_exact(encoder.width());
                rows.map(|row| if is_known(&row) { row[column] } else { mean }).collect()
            };
            columns.push((filled(&train), filled(&predict)));
        }
    }
    columns
}

/// The space of fixed effects, to be taken out of other columns.
#[derive(Debug, Clone)]
pub struct Projection {
    /// Orthonormal columns that span it.
    basis: Vec<Vec<f64>>,
    /// For each of them the fixed effects' column that it came from, and what of the earlier ones was taken out of
    /// that, with the length that was left.
    steps: Vec<(usize, Vec<f64>, f64)>,
    columns: usize,
}

/// A column that adds less than this of its length to the earlier ones is one of their sums.
const DEPENDENT: f64 = 1e-8;

impl Projection {
    /// Onto the columns of `fixed`, by Gram and Schmidt, twice over.
    pub fn of(fixed: &Dense) -> Self {
        let mut projection = Projection { basis: Vec::new(), steps: Vec::new(), columns: fixed.columns() };
        for index in 0..fixed.columns() {
            let mut column = fixed.column(index).to_vec();
            let length = dot(&column, &column).sqrt();
            let mut parts = vec![0.0; projection.basis.len()];
            for _ in 0..2 {
                for (part, basis) in parts.iter_mut().zip(&projection.basis) {
                    let product = dot(basis, &column);
                    *part += product;
                    column.iter_mut().zip(basis).for_each(|(c, b)| *c -= product * b);
                }
            }
            let left = dot(&column, &column).sqrt();
            if left > DEPENDENT * length {
                column.iter_mut().for_each(|c| *c /= left);
                projection.basis.push(column);
                projection.steps.push((index, parts, left));
            }
        }
        projection
    }

    /// The fixed effects' columns that are no sum of earlier ones.
    pub fn kept(&self) -> Vec<usize> {
        self.steps.iter().map(|(index, ..)| *index).collect()
    }

    /// Degrees of freedom of the fixed effects.
    pub fn rank(&self) -> usize {
        self.basis.len()
    }

    /// The inner products of the orthonormal columns with `values`.
    pub fn products(&self, values: &[f64]) -> Vec<f64> {
        self.basis.iter().map(|basis| dot(basis, values)).collect()
    }

    /// Subtracts Σ product · orthonormal column from `values`.
    pub fn subtract(&self, products: &[f64], values: &mut [f64]) {
        for (basis, product) in self.basis.iter().zip(products) {
            values.iter_mut().zip(basis).for_each(|(v, b)| *v -= product * b);
        }
    }

    /// Takes the fixed effects out of `values`.
    pub fn remove(&self, values: &mut [f64]) {
        self.subtract(&self.products(values), values);
    }

    /// The fixed effects that explain `values` best, by least squares; 0 of a column that is a sum of others.
    pub fn coefficients(&self, values: &[f64]) -> Vec<f64> {
        self.of_products(&self.products(values))
    }

    /// The fixed effects behind Σ product · orthonormal column.
    pub fn of_products(&self, products: &[f64]) -> Vec<f64> {
        let mut rest = products.to_vec();
        let mut out = vec![0.0; self.columns];
        for (step, (index, parts, left)) in self.steps.iter().enumerate().rev() {
            let coefficient = rest[step] / left;
            out[*index] = coefficient;
            rest.iter_mut().zip(parts).for_each(|(rest, part)| *rest -= coefficient * part);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_effects_are_those_of_least_squares() {
        // The intercept, a number, their sum (which adds nothing), and another number.
        let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 0.0, 0.0, 1.0, 1.0]);
        let columns = [[1.0; 5], a, a.map(|v| v + 1.0), b].concat();
        let fixed = Dense::new(5, 4, columns);
        let projection = Projection::of(&fixed);
        assert_eq!(projection.rank(), 3);
        let exact = fixed.times(&[3.0, -1.0, 0.0, 2.0]);
        for (found, expected) in projection.coefficients(&exact).iter().zip([3.0, -1.0, 0.0, 2.0]) {
            assert!((found - expected).abs() < 1e-12);
        }
        let mut values = vec![2.0, -1.0, 0.5, 3.0, 1.0];
        let fitted = fixed.times(&projection.coefficients(&values));
        let expected: Vec<f64> = values.iter().zip(fitted).map(|(v, f)| v - f).collect();
        projection.remove(&mut values);
        for (found, expected) in values.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-12);
        }
        (0..4).for_each(|c| assert!(dot(fixed.column(c), &values).abs() < 1e-12));
    }

    use super::super::BASELINES;
    use super::super::score;
    use crate::dataset::Dataset;
    use crate::dataset::covariate::{Cells, Covariate};
    use crate::domain::seed::Rng;

    /// A trait that SNPs and a category make in equal parts, of three levels and one that the training rows lack.
    fn example(rows: usize) -> Dataset {
        const SNPS: usize = 30;
        let mut rng = Rng::new(8);
        let codes: Vec<u8> = (0..rows * SNPS).map(|_| rng.below(3) as u8).collect();
        let herd = |row: usize| if row == rows - 1 { "new" } else { ["a", "b", "c"][row % 3] };
        let values = (0..rows).map(|row| {
            let genetic: f64 = codes[row * SNPS..][..6].iter().map(|code| f64::from(*code)).sum();
            let herd = [-2.5, 0.0, 2.5][row % 3];
            genetic + herd + 0.3 * rng.normal()
        });
        let values = values.collect();
        let levels = (0..rows).map(|row| (row != 0).then(|| herd(row).to_owned())).collect();
        let covariate = Covariate { name: "herd".into(), cells: Cells::Levels(levels) };
        Dataset::from_dosages(SNPS, codes, values).with_covariates(vec![covariate])
    }

    #[test]
    fn an_unknown_level_stands_at_the_mean_and_dependent_columns_are_left_out() {
        let dataset = example(10);
        let (train, predict): (Vec<usize>, Vec<usize>) = ((0..6).collect(), vec![6, 9]);
        let problem =
            Problem { dataset: &dataset, train: &train, values: &[0.0; 6], predict: &predict, seed: 1 };
        let columns = covariates(&problem);
        assert_eq!(columns.len(), 3);
        let [(a, a_new), (b, b_new), _] = &columns[..] else { panic!() };
        // Row 0 has no level; the others are b, c, a, b, c.
        assert_eq!((&a[..], &a_new[..]), (&[0.2, 0.0, 0.0, 1.0, 0.0, 0.0][..], &[1.0, 0.2][..]));
        assert_eq!((&b[..], &b_new[..]), (&[0.4, 1.0, 0.0, 0.0, 1.0, 0.0][..], &[0.0, 0.4][..]));
        let fixed = FixedEffects::of(&problem);
        assert_eq!((fixed.train.columns(), fixed.predict.columns()), (3, 3));
        assert_eq!((fixed.train.column(0), fixed.predict.column(1)), (&[1.0; 6][..], &a_new[..]));
    }

    #[test]
    fn every_baseline_uses_a_covariate_that_makes_half_of_the_trait() {
        let with = example(200);
        let without = example(200).with_covariates(vec![]);
        let (train, predict): (Vec<usize>, Vec<usize>) = ((0..160).collect(), (160..200).collect());
        for row in BASELINES {
            let r = |dataset: &Dataset| {
                let predictions = score::predict(row, dataset, &train, &predict, 1).unwrap();
                score::metrics(dataset, &predict, &predictions)["pearson"]
            };
            let (with, without) = (r(&with), r(&without));
            eprintln!("{}: r {with:.3}, {without:.3} without the covariate", row.name);
            assert!(without < 0.8 && with > without + 0.1 && with > 0.8, "{} {with} {without}", row.name);
        }
    }
}
