//! Products, factors and eigenvectors of large dense matrices: the one door to faer.
//!
//! faer splits its work by a number that it is told, not by the threads that there are. That number is fixed
//! here, so that a result does not depend on how many threads computed it; the pool of the caller does the work.

use std::num::NonZeroUsize;

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, MatMut, MatRef, Par, Spec};
use thiserror::Error;

use super::linalg::dot;

/// Into how many parts work is split: more threads than these would not help.
const PARTS: NonZeroUsize = NonZeroUsize::new(8).unwrap();

fn par() -> Par {
    Par::Rayon(PARTS)
}

/// Why a large matrix could not be taken apart.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DenseError {
    /// The iteration for the eigenvalues did not end, or an entry is not finite.
    #[error("the eigenvalues of a {size}×{size} matrix were not found: is an entry not finite?")]
    NoEigenvalues {
        /// Number of rows.
        size: usize,
    },
    /// Not positive definite.
    #[error("a {size}×{size} matrix is not positive definite: pivot {pivot} fails")]
    NotPositiveDefinite {
        /// Number of rows.
        size: usize,
        /// The row at which it failed, from 0.
        pivot: usize,
    },
}

/// A matrix, column by column.
#[derive(Debug, Clone, PartialEq)]
pub struct Dense {
    rows: usize,
    columns: usize,
    values: Vec<f64>,
}

impl Dense {
    /// All 0.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Dense { rows, columns, values: vec![0.0; rows * columns] }
    }

    /// `values` column by column.
    ///
    /// # Panics
    /// Where there are not rows × columns of them.
    pub fn new(rows: usize, columns: usize, values: Vec<f64>) -> Self {
        assert_eq!(values.len(), rows * columns);
        Dense { rows, columns, values }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// One column.
    pub fn column(&self, column: usize) -> &[f64] {
        &self.values[column * self.rows..][..self.rows]
    }

    /// One column, to change.
    pub fn column_mut(&mut self, column: usize) -> &mut [f64] {
        &mut self.values[column * self.rows..][..self.rows]
    }

    /// The entry of a row and a column.
    pub fn at(&self, row: usize, column: usize) -> f64 {
        self.values[column * self.rows + row]
    }

    /// All entries, column by column.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// All entries, column by column, to change.
    pub fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }

    fn view(&self) -> MatRef<'_, f64> {
        MatRef::from_column_major_slice(&self.values, self.rows, self.columns)
    }

    fn view_mut(&mut self) -> MatMut<'_, f64> {
        MatMut::from_column_major_slice_mut(&mut self.values, self.rows, self.columns)
    }

    /// Adds A Aᵀ to this matrix's lower triangle; `a` has as many rows as this one.
    pub fn add_gram(&mut self, a: &Dense) {
        let lower = BlockStructure::TriangularLower;
        let full = BlockStructure::Rectangular;
        let a = a.view();
        triangular::matmul(self.view_mut(), lower, Accum::Add, a, full, a.transpose(), full, 1.0, par());
    }

    /// Adds A Bᵀ to this matrix.
    pub fn add_product_transposed(&mut self, a: &Dense, b: &Dense) {
        matmul(self.view_mut(), Accum::Add, a.view(), b.view().transpose(), 1.0, par());
    }

    /// Copies the lower triangle to the upper one.
    pub fn mirror(&mut self) {
        let n = self.rows;
        // In tiles, so that both triangles' lines stay in the cache.
        const TILE: usize = 64;
        for from in (0..n).step_by(TILE) {
            for to in (from..n).step_by(TILE) {
                for column in from..n.min(from + TILE) {
                    for row in to.max(column + 1)..n.min(to + TILE) {
                        self.values[row * n + column] = self.values[column * n + row];
                    }
                }
            }
        }
    }

    /// This matrix times a vector.
    pub fn times(&self, x: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.rows];
        for (column, x) in self.values.chunks_exact(self.rows.max(1)).zip(x) {
            for (out, value) in out.iter_mut().zip(column) {
                *out += value * x;
            }
        }
        out
    }

    /// This matrix's transpose times a vector.
    pub fn transposed_times(&self, x: &[f64]) -> Vec<f64> {
        self.values.chunks_exact(self.rows.max(1)).map(|column| dot(column, x)).collect()
    }
}

/// A symmetric matrix as U D Uᵀ.
#[derive(Debug, Clone)]
pub struct Eigen {
    /// The eigenvalues, ascending: D.
    pub values: Vec<f64>,
    /// Their vectors, as columns: U.
    pub vectors: Dense,
}

impl Eigen {
    /// The eigenvalues and vectors of a symmetric matrix, of which the lower triangle is read.
    ///
    /// # Errors
    /// Where they are not found, as happens when an entry is not finite.
    pub fn of(matrix: &Dense) -> Result<Self, DenseError> {
        let size = matrix.rows;
        let (mut values, mut vectors) = (Diag::<f64>::zeros(size), Dense::zeros(size, size));
        let scratch = self_adjoint_evd_scratch::<f64>(size, ComputeEigenvectors::Yes, par(), Spec::default());
        let mut memory = MemBuffer::new(scratch);
        let stack = MemStack::new(&mut memory);
        let target = Some(vectors.view_mut());
        self_adjoint_evd(matrix.view(), values.as_mut(), target, par(), stack, Spec::default())
            .map_err(|_| DenseError::NoEigenvalues { size })?;
        let values: Vec<f64> = values.column_vector().iter().copied().collect();
        if values.iter().chain(vectors.values()).any(|v| !v.is_finite()) {
            return Err(DenseError::NoEigenvalues { size });
        }
        Ok(Eigen { values, vectors })
    }
}

/// The lower factor L of a symmetric positive definite A = L Lᵀ.
#[derive(Debug, Clone)]
pub struct Factor {
    /// What is above the diagonal is not of it.
    lower: Dense,
}

impl Factor {
    /// Factors a symmetric matrix, of which the lower triangle is read, in its own memory.
    ///
    /// # Errors
    /// Where it is not positive definite.
    pub fn of(mut matrix: Dense) -> Result<Self, DenseError> {
        let size = matrix.rows;
        let scratch = llt::factor::cholesky_in_place_scratch::<f64>(size, par(), Spec::default());
        let mut memory = MemBuffer::new(scratch);
        let stack = MemStack::new(&mut memory);
        let none = llt::factor::LltRegularization::default();
        match llt::factor::cholesky_in_place(matrix.view_mut(), none, par(), stack, Spec::default()) {
            Ok(_) => Ok(Factor { lower: matrix }),
            Err(llt::factor::LltError::NonPositivePivot { index }) => {
                Err(DenseError::NotPositiveDefinite { size, pivot: index })
            }
        }
    }

    /// The logarithm of the determinant of A.
    pub fn log_determinant(&self) -> f64 {
        2.0 * (0..self.lower.rows).map(|i| libm::log(self.lower.at(i, i))).sum::<f64>()
    }

    /// A⁻¹ x.
    pub fn solve(&self, x: &[f64]) -> Vec<f64> {
        let n = self.lower.rows;
        let mut x = x.to_vec();
        for column in 0..n {
            let below = &self.lower.column(column)[column..];
            x[column] /= below[0];
            let (pivot, rest) = x[column..].split_at_mut(1);
            rest.iter_mut().zip(&below[1..]).for_each(|(x, l)| *x -= pivot[0] * l);
        }
        for column in (0..n).rev() {
            let below = &self.lower.column(column)[column..];
            x[column] = (x[column] - dot(&below[1..], &x[column + 1..])) / below[0];
        }
        x
    }

    /// A⁻¹, its lower triangle.
    pub fn inverse(&self) -> Dense {
        let n = self.lower.rows;
        let mut out = Dense::zeros(n, n);
        let mut memory = MemBuffer::new(llt::inverse::inverse_scratch::<f64>(n, par()));
        llt::inverse::inverse(out.view_mut(), self.lower.view(), par(), MemStack::new(&mut memory));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::seed::Rng;

    fn random(rows: usize, columns: usize, seed: u64) -> Dense {
        let mut rng = Rng::new(seed);
        Dense::new(rows, columns, (0..rows * columns).map(|_| rng.normal()).collect())
    }

    fn gram(rows: usize, columns: usize) -> Dense {
        let mut gram = Dense::zeros(rows, rows);
        gram.add_gram(&random(rows, columns, 3));
        gram.mirror();
        gram
    }

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-8 * (1.0 + expected.abs()), "{found}, not {expected}");
    }

    #[test]
    fn products_are_sums_of_products() {
        let (a, b) = (random(70, 9, 1), random(5, 9, 2));
        let mut product = Dense::zeros(70, 5);
        product.add_product_transposed(&a, &b);
        let mut gram = Dense::zeros(70, 70);
        gram.add_gram(&a);
        gram.mirror();
        for row in 0..70 {
            let sum = |other: &Dense, at: usize| (0..9).map(|k| a.at(row, k) * other.at(at, k)).sum::<f64>();
            (0..5).for_each(|column| close(product.at(row, column), sum(&b, column)));
            (0..70).for_each(|column| close(gram.at(row, column), sum(&a, column)));
        }
        let x: Vec<f64> = (0..9).map(f64::from).collect();
        close(a.times(&x)[3], (0..9).map(|k| a.at(3, k) * x[k]).sum());
        close(a.transposed_times(a.column(2))[4], dot(a.column(2), a.column(4)));
    }

    #[test]
    fn a_matrix_is_the_sum_of_its_eigenvectors() {
        // Of rank 40: 80 eigenvalues are 0.
        let matrix = gram(120, 40);
        let Eigen { values, vectors } = Eigen::of(&matrix).unwrap();
        assert!(values.windows(2).all(|w| w[0] <= w[1]) && values[79].abs() < 1e-9 && values[80] > 1e-3);
        for (row, column) in [(0, 0), (7, 100), (119, 3)] {
            let sum = (0..120).map(|k| values[k] * vectors.at(row, k) * vectors.at(column, k)).sum();
            close(matrix.at(row, column), sum);
        }
        let mut broken = matrix;
        broken.values_mut()[1] = f64::NAN;
        assert_eq!(Eigen::of(&broken).unwrap_err(), DenseError::NoEigenvalues { size: 120 });
    }

    #[test]
    fn a_factor_solves_inverts_and_knows_the_determinant() {
        let matrix = gram(90, 200);
        let factor = Factor::of(matrix.clone()).unwrap();
        let x: Vec<f64> = (0..90).map(f64::from).collect();
        let solved = factor.solve(&x);
        matrix.times(&solved).into_iter().zip(&x).for_each(|(found, x)| close(found, *x));
        let mut inverse = factor.inverse();
        inverse.mirror();
        inverse.times(&x).into_iter().zip(solved).for_each(|(found, x)| close(found, x));
        let values = Eigen::of(&matrix).unwrap().values;
        close(factor.log_determinant(), values.into_iter().map(f64::ln).sum());
        assert!(matches!(Factor::of(gram(90, 20)), Err(DenseError::NotPositiveDefinite { size: 90, .. })));
    }

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        let bits = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let matrix = gram(400, 700);
                let eigen = Eigen::of(&matrix).unwrap();
                let inverse = Factor::of(matrix).unwrap().inverse();
                let all = eigen.values.iter().chain(eigen.vectors.values()).chain(inverse.values());
                all.map(|v| v.to_bits()).collect::<Vec<_>>()
            })
        };
        let one = bits(1);
        assert!(one == bits(2) && one == bits(3));
    }
}
