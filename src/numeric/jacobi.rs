//! Eigenvectors of small symmetric matrices, by the cyclic method of Jacobi (Golub & Van Loan 2013, section 8.5):
//! the same bits on every machine, because only sums, products, quotients and square roots are taken.

/// Sweeps over all pairs of rows; a handful suffices.
const SWEEPS: usize = 60;

/// The eigenvalues of a symmetric `size` × `size` matrix, and its eigenvectors: column `k` (elements `i × size + k`)
/// belongs to value `k`.
pub fn eigen(size: usize, matrix: &[f64]) -> (Vec<f64>, Vec<f64>) {
    debug_assert_eq!(matrix.len(), size * size);
    let mut a = matrix.to_vec();
    let mut vectors: Vec<f64> =
        (0..size * size).map(|at| f64::from(u8::from(at / size == at % size))).collect();
    let scale = a.iter().map(|x| x * x).sum::<f64>();
    for _ in 0..SWEEPS {
        let off: f64 =
            (0..size).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| a[i * size + j].powi(2)).sum();
        if off.is_nan() || off <= scale * f64::EPSILON * f64::EPSILON {
            break;
        }
        for p in 0..size {
            for q in p + 1..size {
                rotate(size, &mut a, &mut vectors, p, q);
            }
        }
    }
    ((0..size).map(|i| a[i * size + i]).collect(), vectors)
}

/// Turns the plane of axes `p` and `q` so that their element vanishes.
fn rotate(size: usize, a: &mut [f64], vectors: &mut [f64], p: usize, q: usize) {
    let apq = a[p * size + q];
    if apq == 0.0 {
        return;
    }
    let tau = (a[q * size + q] - a[p * size + p]) / (2.0 * apq);
    let t = if tau >= 0.0 {
        1.0 / (tau + (1.0 + tau * tau).sqrt())
    } else {
        1.0 / (tau - (1.0 + tau * tau).sqrt())
    };
    let c = 1.0 / (1.0 + t * t).sqrt();
    let s = t * c;
    for k in 0..size {
        let (kp, kq) = (a[k * size + p], a[k * size + q]);
        (a[k * size + p], a[k * size + q]) = (c * kp - s * kq, s * kp + c * kq);
    }
    for k in 0..size {
        let (pk, qk) = (a[p * size + k], a[q * size + k]);
        (a[p * size + k], a[q * size + k]) = (c * pk - s * qk, s * pk + c * qk);
        let (vp, vq) = (vectors[k * size + p], vectors[k * size + q]);
        (vectors[k * size + p], vectors[k * size + q]) = (c * vp - s * vq, s * vp + c * vq);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::seed::Rng;

    #[test]
    fn the_eigenvectors_are_orthonormal_and_give_the_matrix_back() {
        let mut rng = Rng::new(3);
        for size in [1, 2, 5, 12] {
            let mut a = vec![0.0; size * size];
            for i in 0..size {
                for j in 0..=i {
                    (a[i * size + j], a[j * size + i]) = (rng.normal(), 0.0);
                    a[j * size + i] = a[i * size + j];
                }
            }
            let (values, v) = eigen(size, &a);
            for i in 0..size {
                for j in 0..size {
                    let back: f64 = (0..size).map(|k| v[i * size + k] * values[k] * v[j * size + k]).sum();
                    let unit: f64 = (0..size).map(|k| v[k * size + i] * v[k * size + j]).sum();
                    assert!((back - a[i * size + j]).abs() < 1e-12, "{size}: {i} {j}");
                    assert!((unit - f64::from(u8::from(i == j))).abs() < 1e-13);
                }
            }
        }
    }

    #[test]
    fn what_is_diagonal_or_not_finite_ends() {
        assert_eq!(eigen(2, &[3.0, 0.0, 0.0, -1.0]), (vec![3.0, -1.0], vec![1.0, 0.0, 0.0, 1.0]));
        assert!(eigen(2, &[f64::NAN, 1.0, 1.0, 0.0]).0[0].is_nan());
    }
}
