//! Fixed effects: the intercept and the covariates, for the rows to learn from and those to predict.

use super::Problem;
use crate::numeric::dense::Dense;
use crate::numeric::linalg::dot;

/// The columns of fixed effects, the intercept first.
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
        FixedEffects { train: Dense::new(n, 1, vec![1.0; n]), predict: Dense::new(m, 1, vec![1.0; m]) }
    }
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
}
