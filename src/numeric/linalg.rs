//! Dense linear algebra for symmetric positive definite matrices.

use thiserror::Error;

/// The first jitter tried, relative to the mean of the diagonal.
const FIRST_JITTER: f64 = 1e-10;
/// The largest jitter tried; beyond it the matrix is not what its caller believes it to be.
const LAST_JITTER: f64 = 1e-4;

/// Why a matrix could not be factored.
#[derive(Debug, Error, PartialEq)]
pub enum LinalgError {
    /// Not positive definite, even with the largest jitter on its diagonal.
    #[error(
        "a {size}×{size} matrix is not positive definite: pivot {pivot} fails even with jitter {jitter:e}"
    )]
    NotPositiveDefinite {
        /// Number of rows.
        size: usize,
        /// The row at which the last attempt failed, from 0.
        pivot: usize,
        /// The last jitter tried.
        jitter: f64,
    },
    /// An entry is NaN or infinite.
    #[error("a {size}×{size} matrix has an entry that is not finite in row {row}")]
    NotFinite {
        /// Number of rows.
        size: usize,
        /// The row, from 0.
        row: usize,
    },
}

/// The inner product of two vectors of equal length.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    // Eight running sums, in a fixed order, so that the compiler may use vector instructions.
    let (mut xs, mut ys) = (a.chunks_exact(8), b.chunks_exact(8));
    let mut sums = [0.0; 8];
    for (x, y) in xs.by_ref().zip(ys.by_ref()) {
        for k in 0..8 {
            sums[k] += x[k] * y[k];
        }
    }
    let rest: f64 = xs.remainder().iter().zip(ys.remainder()).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f64>() + rest
}

/// The lower factor L of A + jitter·I = L Lᵀ.
#[derive(Debug, Clone)]
pub struct Cholesky {
    size: usize,
    /// Row by row; what lies above the diagonal is 0.
    factor: Vec<f64>,
    jitter: f64,
}

impl Cholesky {
    /// Factors the symmetric `matrix` (`size`², row by row), of which only the lower triangle is
    /// read. Where a pivot is not positive the diagonal is raised by a jitter that grows tenfold from
    /// 1e-10 to 1e-4 of its mean.
    ///
    /// # Errors
    /// Where an entry is not finite, or the largest jitter does not help.
    pub fn new(size: usize, matrix: &[f64]) -> Result<Self, LinalgError> {
        assert_eq!(matrix.len(), size * size);
        if let Some(row) = (0..size).find(|i| matrix[i * size..=i * size + i].iter().any(|v| !v.is_finite()))
        {
            return Err(LinalgError::NotFinite { size, row });
        }
        let mean = (0..size).map(|i| matrix[i * size + i]).sum::<f64>() / size.max(1) as f64;
        let mut relative = 0.0;
        loop {
            let jitter = relative * mean;
            match factor(size, matrix, jitter) {
                Ok(factor) => return Ok(Cholesky { size, factor, jitter }),
                Err(pivot) if relative >= LAST_JITTER * 0.99 => {
                    return Err(LinalgError::NotPositiveDefinite { size, pivot, jitter });
                }
                Err(_) => relative = if relative == 0.0 { FIRST_JITTER } else { relative * 10.0 },
            }
        }
    }

    /// What was added to the diagonal; 0 for a well-conditioned matrix.
    pub fn jitter(&self) -> f64 {
        self.jitter
    }

    fn row(&self, i: usize) -> &[f64] {
        &self.factor[i * self.size..=i * self.size + i]
    }

    /// L · `x`.
    pub fn multiply_lower(&self, x: &[f64]) -> Vec<f64> {
        (0..self.size).map(|i| dot(self.row(i), &x[..=i])).collect()
    }

    /// Solves L x = b in place.
    pub fn solve_lower(&self, b: &mut [f64]) {
        for i in 0..self.size {
            let row = self.row(i);
            b[i] = (b[i] - dot(&row[..i], &b[..i])) / row[i];
        }
    }

    /// Solves Lᵀ x = b in place.
    pub fn solve_lower_transposed(&self, b: &mut [f64]) {
        for i in (0..self.size).rev() {
            let row = self.row(i);
            let x = b[i] / row[i];
            b[i] = x;
            for (b, l) in b[..i].iter_mut().zip(row) {
                *b -= l * x;
            }
        }
    }

    /// Solves A x = b in place.
    pub fn solve(&self, b: &mut [f64]) {
        self.solve_lower(b);
        self.solve_lower_transposed(b);
    }

    /// ln |A|.
    pub fn log_determinant(&self) -> f64 {
        2.0 * (0..self.size).map(|i| libm::log(self.factor[i * self.size + i])).sum::<f64>()
    }

    /// L⁻¹, column after column: row j of what is returned holds column j, which is 0 before its entry j.
    pub fn inverse_factor(&self) -> Vec<f64> {
        let n = self.size;
        let mut columns = vec![0.0; n * n];
        for (j, column) in columns.chunks_exact_mut(n.max(1)).enumerate() {
            column[j] = 1.0 / self.row(j)[j];
            for i in j + 1..n {
                let row = self.row(i);
                column[i] = -dot(&row[j..i], &column[j..i]) / row[i];
            }
        }
        columns
    }

    /// The lower triangle of A⁻¹, row by row; what lies above the diagonal is 0.
    pub fn inverse(&self) -> Vec<f64> {
        let n = self.size;
        let columns = self.inverse_factor();
        let mut inverse = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                inverse[i * n + j] = dot(&columns[i * n + i..(i + 1) * n], &columns[j * n + i..(j + 1) * n]);
            }
        }
        inverse
    }
}

/// The factor of `matrix` + `jitter`·I, or the row whose pivot is not positive.
fn factor(size: usize, matrix: &[f64], jitter: f64) -> Result<Vec<f64>, usize> {
    let mut factor = vec![0.0; size * size];
    for i in 0..size {
        let (done, current) = factor.split_at_mut(i * size);
        for j in 0..i {
            let row = &done[j * size..=j * size + j];
            current[j] = (matrix[i * size + j] - dot(&row[..j], &current[..j])) / row[j];
        }
        let pivot = matrix[i * size + i] + jitter - dot(&current[..i], &current[..i]);
        if pivot <= 0.0 || !pivot.is_finite() {
            return Err(i);
        }
        current[i] = pivot.sqrt();
    }
    Ok(factor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::seed::Rng;

    /// A Aᵀ + `ridge`·I of random A, of `rank` columns.
    fn gram(n: usize, rank: usize, ridge: f64) -> Vec<f64> {
        let mut rng = Rng::new(3);
        let a: Vec<Vec<f64>> = (0..n).map(|_| (0..rank).map(|_| rng.normal()).collect()).collect();
        let entry = |i: usize, j: usize| dot(&a[i], &a[j]) + if i == j { ridge } else { 0.0 };
        (0..n * n).map(|k| entry(k / n, k % n)).collect()
    }

    #[test]
    fn solves_inverts_and_takes_the_determinant() {
        let n = 37;
        let matrix = gram(n, n, 0.5);
        let cholesky = Cholesky::new(n, &matrix).unwrap();
        assert_eq!(cholesky.jitter(), 0.0);
        let x: Vec<f64> = (0..n).map(|i| i as f64 - 9.0).collect();
        let mut b: Vec<f64> = matrix.chunks(n).map(|row| dot(row, &x)).collect();
        cholesky.solve(&mut b);
        assert!(x.iter().zip(&b).all(|(x, b)| (x - b).abs() < 1e-8));

        let inverse = cholesky.inverse();
        for i in 0..n {
            let mut unit = vec![0.0; n];
            unit[i] = 1.0;
            cholesky.solve(&mut unit);
            assert!((i..n).all(|j| (unit[j] - inverse[j * n + i]).abs() < 1e-9));
        }
        let two = Cholesky::new(2, &[4.0, 0.0, 2.0, 3.0]).unwrap();
        assert!((two.log_determinant() - libm::log(8.0)).abs() < 1e-14);
    }

    #[test]
    fn a_singular_matrix_gets_jitter_and_an_indefinite_one_an_error() {
        let singular = Cholesky::new(12, &gram(12, 3, 0.0)).unwrap();
        assert!(singular.jitter() > 0.0 && singular.jitter() < 1e-6);
        assert!(matches!(
            Cholesky::new(2, &[1.0, 0.0, 2.0, 1.0]),
            Err(LinalgError::NotPositiveDefinite { size: 2, pivot: 1, .. })
        ));
        assert_eq!(
            Cholesky::new(2, &[1.0, 0.0, f64::NAN, 1.0]).unwrap_err(),
            LinalgError::NotFinite { size: 2, row: 1 }
        );
    }
}
