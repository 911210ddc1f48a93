//! Breeding values from a pedigree.

/// The average of an individual's records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub mean: f64,
    /// Variance of what is not genetic in it.
    pub residual: f64,
}

/// Steps of the solver; fewer where the residual is small before.
const STEPS: usize = 2000;
/// Where the solver stops: this share of the right hand side's length.
const ENOUGH: f64 = 1e-9;

/// The best linear unbiased predictions of the breeding values of all animals of a pedigree (sire and dam by
/// number, both earlier; founders are unrelated), from the `records` that some of them have, with one mean for
/// all and the additive genetic variance known (Henderson 1975, Biometrics 31:423).
///
/// The mixed model equations hold the inverse of the relationship matrix by Henderson's rules (1976,
/// Biometrics 32:69), in which the Mendelian sampling of inbred parents counts as that of others, and are
/// solved by conjugate gradients.
pub(super) fn blup(parents: &[Option<(usize, usize)>], records: &[Option<Record>], genetic: f64) -> Vec<f64> {
    let n = parents.len();
    // The unknowns are the breeding values, then the mean.
    let times = |v: &[f64]| {
        let mut product = vec![0.0; n + 1];
        for (i, record) in records.iter().enumerate() {
            if let Some(record) = record {
                let weighted = (v[i] + v[n]) / record.residual;
                product[i] += weighted;
                product[n] += weighted;
            }
        }
        for (i, parents) in parents.iter().enumerate() {
            match parents {
                None => product[i] += v[i] / genetic,
                Some((sire, dam)) => {
                    // What an animal deviates from its parents' mean has half the genetic variance.
                    let sampled = (v[i] - 0.5 * (v[*sire] + v[*dam])) * 2.0 / genetic;
                    product[i] += sampled;
                    product[*sire] -= 0.5 * sampled;
                    product[*dam] -= 0.5 * sampled;
                }
            }
        }
        product
    };
    let mut right = vec![0.0; n + 1];
    for (i, record) in records.iter().enumerate() {
        if let Some(record) = record {
            right[i] = record.mean / record.residual;
            right[n] += right[i];
        }
    }
    let mut solution = conjugate_gradients(times, right);
    solution.truncate(n);
    solution
}

fn conjugate_gradients(times: impl Fn(&[f64]) -> Vec<f64>, right: Vec<f64>) -> Vec<f64> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut solution = vec![0.0; right.len()];
    let (mut residual, mut direction) = (right.clone(), right);
    let mut length = dot(&residual, &residual);
    let enough = length * ENOUGH * ENOUGH;
    for _ in 0..STEPS {
        if length <= enough {
            break;
        }
        let product = times(&direction);
        let step = length / dot(&direction, &product);
        for i in 0..solution.len() {
            solution[i] += step * direction[i];
            residual[i] -= step * product[i];
        }
        let before = length;
        length = dot(&residual, &residual);
        direction.iter_mut().zip(&residual).for_each(|(d, r)| *d = r + length / before * *d);
    }
    solution
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_records_are_shrunk_as_by_the_selection_index() {
        // Unrelated animals whose mean is known to be 0 by symmetry: b = genetic / (genetic + residual).
        let records = [2.0, -2.0, 1.0, -1.0].map(|mean| Some(Record { mean, residual: 3.0 }));
        let ebv = blup(&[None; 4], &records, 1.0);
        for (ebv, record) in ebv.iter().zip(records.iter().flatten()) {
            assert!((ebv - 0.25 * record.mean).abs() < 1e-9, "{ebv:?}");
        }
    }

    #[test]
    fn relatives_without_records_get_what_the_relationship_gives() {
        // Two unrelated pairs, mirror images, so that the mean is 0; each has one recorded child and one
        // without: cov(sibs) = ½, cov(parent, child) = ½.
        let parents = [None, None, None, None, Some((0, 1)), Some((0, 1)), Some((2, 3)), Some((2, 3))];
        let mut records = [None; 8];
        records[4] = Some(Record { mean: 4.0, residual: 1.0 });
        records[6] = Some(Record { mean: -4.0, residual: 1.0 });
        let ebv = blup(&parents, &records, 1.0);
        let expected = [1.0, 1.0, -1.0, -1.0, 2.0, 1.0, -2.0, -1.0];
        for (ebv, expected) in ebv.iter().zip(expected) {
            assert!((ebv - expected).abs() < 1e-8, "{ebv} {expected}");
        }
    }
}
