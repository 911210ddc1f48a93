//! A Gaussian kernel of genotypes (reproducing kernel Hilbert space regression, Gianola & van Kaam 2008), which
//! also catches what SNPs do together; its bandwidth and variances by REML.

use super::fixed::FixedEffects;
use super::gblup::{BLOCK, fixed_part};
use super::genotypes::{Coded, Effect, Genotypes};
use super::{BaselineError, BaselineRow, Problem};
use crate::numeric::dense::Dense;
use crate::numeric::reml::{self, Covariance};

/// The bandwidth's bounds, on the scale of its logarithm: at the lower one the kernel is all but linear, at the
/// upper one everybody is related to nobody.
const BANDWIDTH: (f64, f64) = (-3.0, 2.5);
/// The largest share of the variance that the kernel may explain.
const LARGEST_SHARE: f64 = 0.9999;

pub(super) const ROW: BaselineRow = BaselineRow {
    name: "gaussian-kernel",
    help: "RKHS regression with a Gaussian kernel, bandwidth and variances by REML",
    settings: &[],
    build: fit,
};

/// Squared distances of standardised genotypes, relative to their mean among pairs of training rows.
struct Distances {
    /// Between training rows.
    train: Dense,
    /// Rows to predict × training rows.
    predict: Dense,
}

impl Distances {
    /// # Errors
    /// Where all training rows have the same genotypes.
    fn of(train: &Genotypes, rows: &Genotypes) -> Result<Self, BaselineError> {
        let coded = Coded::fit(train, Effect::Additive, true);
        let (n, m) = (train.rows(), rows.rows());
        let (mut own, mut between) = (Dense::zeros(n, n), Dense::zeros(m, n));
        let mut lengths = vec![0.0; m];
        for from in (0..train.snps()).step_by(BLOCK) {
            let snps = from..train.snps().min(from + BLOCK);
            let width = snps.len();
            let z = Dense::new(n, width, coded.columns(train, snps.clone()));
            let other = Dense::new(m, width, coded.columns(rows, snps));
            own.add_gram(&z);
            between.add_product_transposed(&other, &z);
            for column in 0..width {
                lengths.iter_mut().zip(other.column(column)).for_each(|(sum, z)| *sum += z * z);
            }
        }
        own.mirror();
        let diagonal: Vec<f64> = (0..n).map(|i| own.at(i, i)).collect();
        let to_distances = |products: &mut Dense, lengths: &[f64]| {
            for (column, own) in diagonal.iter().enumerate() {
                for (product, length) in products.column_mut(column).iter_mut().zip(lengths) {
                    // Rounding must not make the distance of clones negative.
                    *product = (own + length - 2.0 * *product).max(0.0);
                }
            }
        };
        to_distances(&mut own, &diagonal);
        to_distances(&mut between, &lengths);
        let mean = own.values().iter().sum::<f64>() / (n * n.saturating_sub(1)).max(1) as f64;
        if mean <= 0.0 {
            return Err(BaselineError("all training rows have the same genotypes".into()));
        }
        own.values_mut().iter_mut().chain(between.values_mut()).for_each(|d| *d /= mean);
        Ok(Distances { train: own, predict: between })
    }
}

/// V = h² K + (1 − h²) I with K = exp(−b d²), and its derivatives by h² and ln b.
fn covariance(distances: &Dense, theta: &[f64], with_derivatives: bool) -> Covariance {
    let (share, bandwidth) = (theta[0], libm::exp(theta[1]));
    let n = distances.rows();
    let mut kernel = kernel(distances, bandwidth);
    let mut derivatives = Vec::new();
    if with_derivatives {
        let slopes = kernel.values().iter().zip(distances.values());
        let slopes = slopes.map(|(k, d)| -share * bandwidth * d * k).collect();
        let mut by_share = kernel.clone();
        (0..n).for_each(|i| by_share.column_mut(i)[i] -= 1.0);
        derivatives = vec![by_share, Dense::new(n, n, slopes)];
    }
    kernel.values_mut().iter_mut().for_each(|k| *k *= share);
    (0..n).for_each(|i| kernel.column_mut(i)[i] += 1.0 - share);
    Covariance { matrix: kernel, derivatives }
}

fn kernel(distances: &Dense, bandwidth: f64) -> Dense {
    let values = distances.values().iter().map(|d| libm::exp(-bandwidth * d)).collect();
    Dense::new(distances.rows(), distances.columns(), values)
}

fn fit(problem: &Problem) -> Result<Vec<f64>, BaselineError> {
    let train = Genotypes::of(problem.dataset, problem.train)?;
    let rows = Genotypes::of(problem.dataset, problem.predict)?;
    let distances = Distances::of(&train, &rows)?;
    drop((train, rows));
    let fixed = FixedEffects::of(problem);
    let starts =
        [0.3, 1.0, 3.0].map(|bandwidth| [0.3, 0.6, 0.9].map(|share| vec![share, libm::log(bandwidth)]));
    let estimate = reml::general(
        |theta, with| covariance(&distances.train, theta, with),
        &fixed.train,
        problem.values,
        &starts.concat(),
        &[(0.0, LARGEST_SHARE), BANDWIDTH],
    )?;
    let (share, bandwidth) = (estimate.parameters[0], libm::exp(estimate.parameters[1]));
    let genetic = kernel(&distances.predict, bandwidth).times(&estimate.weights);
    let fixed = fixed_part(&fixed, &estimate);
    Ok(fixed.iter().zip(genetic).map(|(fixed, genetic)| fixed + share * genetic).collect())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{clones, cross_validated, qtlmas, scored, wheat};
    use super::*;

    #[test]
    fn distances_are_those_of_standardised_genotypes() {
        let dataset = clones();
        let (train, rows): (Vec<usize>, Vec<usize>) = ((0..30).collect(), (30..40).collect());
        let (train, rows) =
            (Genotypes::of(&dataset, &train).unwrap(), Genotypes::of(&dataset, &rows).unwrap());
        let distances = Distances::of(&train, &rows).unwrap();
        let z = Coded::fit(&train, Effect::Additive, true).columns(&train, 0..dataset.positions());
        let squared = |a: usize, b: usize| -> f64 {
            z.chunks_exact(30).map(|column| (column[a] - column[b]).powi(2)).sum()
        };
        let pairs = (0..30).flat_map(|a| (0..30).map(move |b| (a, b))).filter(|(a, b)| a != b);
        let mean = pairs.map(|(a, b)| squared(a, b)).sum::<f64>() / (30.0 * 29.0);
        for (a, b) in [(0, 1), (7, 29), (4, 4)] {
            assert!((distances.train.at(a, b) - squared(a, b) / mean).abs() < 1e-9);
            // Row 30 + a is a clone of row a.
            if a < 10 {
                assert!((distances.predict.at(a, b) - squared(a, b) / mean).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn the_derivatives_are_those_of_the_covariance() {
        let distances = Dense::new(2, 2, vec![0.0, 0.7, 0.7, 0.0]);
        let at = |share: f64, log_b: f64| covariance(&distances, &[share, log_b], false).matrix.at(1, 0);
        let found = covariance(&distances, &[0.4, 0.2], true);
        let slope = |moved: [f64; 2]| (moved[0] - moved[1]) / 2e-6;
        let by_share = slope([at(0.4 + 1e-6, 0.2), at(0.4 - 1e-6, 0.2)]);
        let by_bandwidth = slope([at(0.4, 0.2 + 1e-6), at(0.4, 0.2 - 1e-6)]);
        assert!((found.derivatives[0].at(1, 0) - by_share).abs() < 1e-8);
        assert!((found.derivatives[1].at(1, 0) - by_bandwidth).abs() < 1e-8);
        assert!(found.derivatives[0].at(0, 0).abs() < 1e-12, "the diagonal is 1 whatever the share");
    }

    #[test]
    fn wheat_agrees_with_the_reference() {
        for (number, r0, mse0) in
            [(1, 0.591, 0.6588), (2, 0.506, 0.7508), (3, 0.459, 0.7972), (4, 0.529, 0.7325)]
        {
            let Some((dataset, folds)) = wheat(number) else { return };
            let (mse, r) = cross_validated(&ROW, &dataset, &folds);
            eprintln!("gaussian-kernel wheat E{number}: MSE {mse:.4} ({mse0}), r {r:.4} ({r0})");
            assert!((r - r0).abs() < 0.01 && (mse / mse0 - 1.0).abs() < 0.02, "r {r}, MSE {mse}");
        }
    }

    #[test]
    fn qtlmas_a_agrees_with_the_reference() {
        let Some((dataset, train, test)) = qtlmas() else { return };
        let (mse, r) = scored(&ROW, &dataset, &train, &test);
        eprintln!("gaussian-kernel qtlmas_a: MSE {mse:.3} (72.2 to 73.1), r {r:.4}");
        assert!(mse > 71.5 && mse < 73.5, "r {r}, MSE {mse}");
    }
}
