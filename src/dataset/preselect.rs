//! Preselection of SNPs by their single-marker p-values: `data.preselect`.
//!
//! It belongs inside the training fold: markers that were chosen with the help of validation rows predict
//! those rows even where nothing is to be predicted (Ambroise & McLachlan 2002, PNAS 99:6562).

use super::error::DataError;
use super::{Coding, Dataset};
use crate::domain::task::Task;
use crate::numeric::student::p_of_share;

/// The two-sided p-value of each SNP over `rows`: of the slope in a linear regression of the trait on the
/// copies of the counted allele, with those individuals whose genotype is known. A class or label is
/// regressed as 0 or 1, and of several the smallest p-value counts. 1 where a slope can't be tested.
///
/// # Errors
/// Where bases stand in the place of dosages.
pub fn p_values(dataset: &Dataset, rows: &[usize]) -> Result<Vec<f64>, DataError> {
    Ok(tests(dataset, rows)?.into_iter().map(|(p, _)| p).collect())
}

/// The `snps` SNPs of smallest p-value over `rows`, which must be the training rows, in the order of the
/// genome; all where there are no more.
///
/// # Errors
/// As [`p_values`].
pub(super) fn select(dataset: &Dataset, rows: &[usize], snps: usize) -> Result<Vec<u32>, DataError> {
    let tests = tests(dataset, rows)?;
    let mut order: Vec<u32> = (0..).take(tests.len()).collect();
    // Where p-values are too small for a number, the share of variance still tells them apart; where that is
    // equal too, the first in the genome comes first.
    order.sort_by(|a, b| {
        let ((p, share), (other_p, other_share)) = (tests[*a as usize], tests[*b as usize]);
        p.total_cmp(&other_p).then(other_share.total_cmp(&share)).then(a.cmp(b))
    });
    order.truncate(snps);
    order.sort_unstable();
    Ok(order)
}

/// What a slope needs of one SNP: counts and sums of the trait by genotype, the missing ones last.
#[derive(Clone, Copy, Default)]
struct Sums {
    n: [u32; 4],
    y: [f64; 4],
    /// The trait's square where the genotype is missing.
    missing: f64,
}

/// The p-value and the share of variance explained (r²) of each SNP.
fn tests(dataset: &Dataset, rows: &[usize]) -> Result<Vec<(f64, f64)>, DataError> {
    if dataset.coding() == Coding::Bases {
        return Err(DataError::Encoding(
            "preselection tests copies of an allele, which bases do not have: leave `data.preselect` out"
                .into(),
        ));
    }
    let positions = dataset.positions();
    let mut best = vec![(1.0, 0.0); positions];
    for trait_values in columns(dataset, rows) {
        let mut sums = vec![Sums::default(); positions];
        let mut values = trait_values.iter();
        dataset.matrix.each_row(rows, |codes| {
            let Some(y) = values.next() else { return };
            for (sums, code) in sums.iter_mut().zip(codes) {
                let slot = usize::from(*code).min(3);
                sums.n[slot] += 1;
                sums.y[slot] += y;
                sums.missing += if slot == 3 { y * y } else { 0.0 };
            }
        });
        let squares: f64 = trait_values.iter().map(|y| y * y).sum();
        for (best, sums) in best.iter_mut().zip(&sums) {
            let found = sums.test(squares);
            if found.0 < best.0 || found.0 == best.0 && found.1 > best.1 {
                *best = found;
            }
        }
    }
    Ok(best)
}

/// What is regressed, each centred over `rows`: the trait, or an indicator of each class or label.
fn columns(dataset: &Dataset, rows: &[usize]) -> Vec<Vec<f64>> {
    let target = dataset.target();
    let raw: Vec<Vec<f64>> = match target.task {
        Task::MultiClass => (0..target.classes.len())
            .map(|class| {
                rows.iter().map(|r| f64::from(u8::from(target.row(*r)[0] == class as f64))).collect()
            })
            .collect(),
        Task::Regression | Task::Binary | Task::MultiLabel => (0..target.columns())
            .map(|column| rows.iter().map(|r| target.row(*r)[column]).collect())
            .collect(),
    };
    raw.into_iter()
        .map(|values: Vec<f64>| {
            let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
            values.into_iter().map(|y| y - mean).collect()
        })
        .collect()
}

impl Sums {
    /// The p-value of the slope and r²; `squares` is the sum of the trait's squares over all rows.
    fn test(&self, squares: f64) -> (f64, f64) {
        let [none, one, two, _] = self.n.map(f64::from);
        let [y0, y1, y2, _] = self.y;
        let n = none + one + two;
        if n < 3.0 {
            return (1.0, 0.0);
        }
        let (x, y) = (one + 2.0 * two, y0 + y1 + y2);
        let xx = one + 4.0 * two - x * x / n;
        let yy = squares - self.missing - y * y / n;
        let xy = y1 + 2.0 * y2 - x * y / n;
        // The trait's spread is a difference of sums: what rounding leaves of it is none.
        if xx <= 0.0 || yy <= 1e-12 * squares {
            return (1.0, 0.0);
        }
        let share = (xy * xy / (xx * yy)).min(1.0);
        (p_of_share(share, n - 2.0), share)
    }
}

#[cfg(test)]
mod tests {
    use super::super::encode::{Encoder, Encoding, Preprocessing};
    use super::super::{MISSING, Target};
    use super::*;
    use crate::domain::seed::Rng;

    #[test]
    fn p_values_are_those_of_students_t() {
        // scipy.stats.t.sf(|t|, df) · 2 at r² = t² / (t² + df).
        for (t, df, p) in [
            (0.0, 5.0, 1.0),
            (1.0, 1.0, 0.5),
            (2.0, 10.0, 0.073_388_034_770_740_3),
            (5.0, 30.0, 2.329_683_079_2e-5),
            (12.706_204_736_432_095, 1.0, 0.05),
            (1.959_963_984_540_054, 1e7, 0.05),
        ] {
            let found = p_of_share(t * t / (df + t * t), df);
            assert!((found / p - 1.0).abs() < 1e-5, "t {t}, {df}: {found} for {p}");
        }
        assert_eq!((p_of_share(1.0, 4.0), p_of_share(0.0, 4.0)), (0.0, 1.0));
    }

    #[test]
    fn a_slope_is_tested_where_the_genotype_is_known() {
        // By hand: x 0 0 1 2, y 1 2 3 5 has r² = (5.25)² / (2.75 · 8.75)... the fifth is missing.
        let dosages = vec![0, 1, 0, 1, 1, 1, 2, 1, MISSING, 1];
        let dataset = Dataset::from_dosages(2, dosages, vec![1.0, 2.0, 3.0, 5.0, 100.0]);
        let found = tests(&dataset, &[0, 1, 2, 3, 4]).unwrap();
        let (x, y) = ([0.0, 0.0, 1.0, 2.0], [1.0, 2.0, 3.0, 5.0]);
        let dot = |a: [f64; 4], b: [f64; 4]| {
            let mean = |v: [f64; 4]| v.iter().sum::<f64>() / 4.0;
            a.iter().zip(b).map(|(a_i, b_i)| (a_i - mean(a)) * (b_i - mean(b))).sum::<f64>()
        };
        let share = dot(x, y).powi(2) / (dot(x, x) * dot(y, y));
        assert!((found[0].1 - share).abs() < 1e-9 && (found[0].0 - p_of_share(share, 2.0)).abs() < 1e-9);
        assert_eq!(found[1], (1.0, 0.0), "a SNP that does not vary");
        assert_eq!(select(&dataset, &[0, 1, 2, 3, 4], 1).unwrap(), [0]);
        assert_eq!(select(&dataset, &[0, 1, 2, 3, 4], 9).unwrap(), [0, 1]);
    }

    /// Random dosages and a trait that has nothing to do with them.
    fn noise(individuals: usize, snps: usize) -> Dataset {
        let mut rng = Rng::new(3);
        let dosages = (0..individuals * snps).map(|_| (rng.below(2) + rng.below(2)) as u8).collect();
        Dataset::from_dosages(snps, dosages, (0..individuals).map(|_| rng.normal()).collect())
    }

    /// Correlation of trait and prediction over the validation rows of five folds: a score of the selected
    /// SNPs, each weighted by its slope in the training rows. `selection` are the rows that select.
    fn cross_validated(dataset: &Dataset, selection: &dyn Fn(&[usize]) -> Vec<usize>) -> f64 {
        let (n, y) = (dataset.individuals(), &dataset.target().values);
        let mut predicted = vec![0.0; n];
        for fold in 0..5 {
            let (validation, train): (Vec<usize>, Vec<usize>) = (0..n).partition(|r| r % 5 == fold);
            let kept = select(dataset, &selection(&train), 20).unwrap();
            let encoder = Encoder::fit(dataset, Encoding::Additive, &train).unwrap();
            let decoded = |rows: &[usize]| {
                let mut x = vec![0.0; rows.len() * encoder.width()];
                dataset.decode(rows, &encoder, &mut x);
                x
            };
            let (x, new) = (decoded(&train), decoded(&validation));
            let mean = train.iter().map(|r| y[*r]).sum::<f64>() / train.len() as f64;
            for column in kept.into_iter().map(|c| c as usize) {
                let value = |x: &[f32], i: usize| f64::from(x[i * encoder.width() + column]);
                let slope: f64 = train.iter().enumerate().map(|(i, r)| value(&x, i) * (y[*r] - mean)).sum();
                validation.iter().enumerate().for_each(|(i, r)| predicted[*r] += slope * value(&new, i));
            }
        }
        let mean = |v: &[f64]| v.iter().sum::<f64>() / n as f64;
        let dot = |a: &[f64], b: &[f64]| -> f64 {
            let (mean_a, mean_b) = (mean(a), mean(b));
            a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum()
        };
        dot(&predicted, y) / (dot(&predicted, &predicted) * dot(y, y)).sqrt()
    }

    #[test]
    fn selecting_on_all_rows_leaks_and_selecting_on_training_rows_does_not() {
        let dataset = noise(100, 4000);
        let leaky = cross_validated(&dataset, &|_| (0..100).collect());
        let honest = cross_validated(&dataset, &<[usize]>::to_vec);
        assert!(leaky > 0.5, "noise predicts noise: {leaky}");
        assert!(honest.abs() < 0.25, "nothing to predict: {honest}");
        // The encoder selects as the honest one does: what its validation rows' traits are changes nothing.
        let preprocessing = Preprocessing { preselect: Some(20), ..Encoding::Additive.into() };
        let (validation, train): (Vec<usize>, Vec<usize>) = (0..100).partition(|r| r % 5 == 0);
        let encoder = Encoder::fit(&dataset, preprocessing.clone(), &train).unwrap();
        assert_eq!(encoder.columns().unwrap(), select(&dataset, &train, 20).unwrap());
        let mut values = dataset.target().values.clone();
        validation.iter().zip(validation.iter().rev()).take(10).for_each(|(a, b)| values.swap(*a, *b));
        let all: Vec<usize> = (0..100).collect();
        let permuted = Dataset::from_dosages(4000, dataset.codes(&all), values);
        assert_ne!(permuted.target(), dataset.target());
        assert_eq!(Encoder::fit(&permuted, preprocessing, &train).unwrap(), encoder);
        assert_ne!(select(&permuted, &all, 20).unwrap(), select(&dataset, &all, 20).unwrap());
    }

    #[test]
    fn of_several_classes_the_best_counts_and_bases_are_refused() {
        let dosages = vec![0, 1, 0, 1, 0, 2, 2, 0, 2, 1, 2, 2, 1, 0, 1, 1];
        let classes: Vec<String> = ["a", "b", "c"].map(String::from).to_vec();
        let values = vec![0.0, 0.0, 1.0, 2.0, 2.0, 2.0, 1.0, 0.0];
        let target = Target { task: Task::MultiClass, names: vec!["y".into()], classes, values };
        let of_classes = Dataset::in_memory(Coding::Dosages, 2, dosages.clone(), target.clone());
        let rows: Vec<usize> = (0..8).collect();
        let alone = |class: f64| {
            let values = target.values.iter().map(|v| f64::from(u8::from(*v == class))).collect();
            p_values(&Dataset::from_dosages(2, dosages.clone(), values), &rows).unwrap()
        };
        let each = [alone(0.0), alone(1.0), alone(2.0)];
        let best = |snp: usize| each.iter().map(|p| p[snp]).fold(1.0, f64::min);
        assert_eq!(p_values(&of_classes, &rows).unwrap(), [best(0), best(1)]);
        let values: Vec<f64> = (0..8).map(f64::from).collect();
        let bases = Dataset::in_memory(Coding::Bases, 2, dosages, Target::quantity("y", values));
        assert!(p_values(&bases, &rows).unwrap_err().to_string().contains("`data.preselect`"));
    }
}
