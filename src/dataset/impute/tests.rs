//! Imputation against a plain reference and against the truth.

use super::super::encode::{Encoder, Encoding, Impute, Preprocessing};
use super::*;
use crate::domain::seed::Rng;

/// Individuals whose two haplotypes are mosaics of eight founders', so that neighbouring SNPs go together, and
/// the same with a share of the genotypes missing. Two chromosomes.
fn population(individuals: usize, snps: usize, missing: f64) -> (Vec<u8>, Vec<u8>) {
    let mut rng = Rng::new(9);
    let founders: Vec<Vec<u8>> = (0..8)
        .map(|_| {
            (0..snps).map(|j| u8::from(rng.uniform() < 0.2 + 0.5 * ((j * 7 % 10) as f64 / 10.0))).collect()
        })
        .collect();
    let mut truth = Vec::with_capacity(individuals * snps);
    for _ in 0..individuals {
        let mut of = [rng.below(8), rng.below(8)];
        // Haplotypes go on from SNP to SNP, chromosomes do not.
        let mut j = 0;
        while j < snps {
            for founder in &mut of {
                if j == snps / 2 || rng.uniform() < 0.01 {
                    *founder = rng.below(8);
                }
            }
            truth.push(founders[of[0]][j] + founders[of[1]][j]);
            j += 1;
        }
    }
    let holes = truth.iter().map(|code| if rng.uniform() < missing { MISSING } else { *code }).collect();
    (truth, holes)
}

fn dataset(snps: usize, codes: Vec<u8>) -> Dataset {
    let values = (0..codes.len() / snps).map(|i| i as f64).collect();
    let mut dataset = Dataset::from_dosages(snps, codes, values);
    for (j, marker) in dataset.markers.iter_mut().enumerate() {
        marker.chromosome = Some(if j < snps / 2 { "1" } else { "2" }.into());
    }
    dataset
}

/// What is imputed for `row` at `position`, written down as it is explained.
fn reference(codes: &[u8], snps: usize, train: &[usize], row: usize, position: usize) -> Option<u8> {
    let half = snps / 2;
    let (begin, end) = if position < half { (0, half) } else { (half, snps) };
    let window = begin.max(position.saturating_sub(WINDOW))..end.min(position + WINDOW + 1);
    let code = |row: usize, j: usize| codes[row * snps + j];
    let mut donors: Vec<(f64, usize, u8)> = Vec::new();
    for (order, donor) in train.iter().enumerate().filter(|(_, donor)| code(**donor, position) != MISSING) {
        let joint: Vec<usize> =
            window.clone().filter(|j| code(row, *j) != MISSING && code(*donor, *j) != MISSING).collect();
        let differences: u8 = joint.iter().map(|j| code(row, *j).abs_diff(code(*donor, *j))).sum();
        if !joint.is_empty() {
            donors.push((f64::from(differences) / joint.len() as f64, order, code(*donor, position)));
        }
    }
    donors.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    donors.truncate(NEIGHBOURS);
    let mean = donors.iter().map(|d| f64::from(d.2)).sum::<f64>() / donors.len() as f64;
    (!donors.is_empty()).then(|| (mean + 0.5).floor() as u8)
}

#[test]
fn neighbours_are_those_of_the_plain_reference() {
    let (snps, train) = (150, (0..40).collect::<Vec<usize>>());
    let (_, holes) = population(60, snps, 0.2);
    let dataset = dataset(snps, holes.clone());
    let imputer = Imputer::fit(&dataset, &train).unwrap();
    let rows: Vec<usize> = (0..60).rev().collect();
    let mut codes = dataset.codes(&rows);
    imputer.fill(&dataset, &rows, &mut codes);
    let mut imputed = 0;
    for (codes, row) in codes.chunks(snps).zip(&rows) {
        for (position, code) in codes.iter().enumerate() {
            let known = holes[row * snps + position];
            let expected = if known == MISSING {
                imputed += 1;
                reference(&holes, snps, &train, *row, position).unwrap_or(MISSING)
            } else {
                known
            };
            assert_eq!(*code, expected, "row {row}, position {position}");
        }
    }
    assert!(imputed > 1500, "{imputed}");
}

#[test]
fn neighbours_know_more_than_the_mode_and_the_mean() {
    let (individuals, snps) = (150, 400);
    let (truth, holes) = population(individuals, snps, 0.05);
    let dataset = dataset(snps, holes.clone());
    let train: Vec<usize> = (0..100).collect();
    let mut codes = holes.clone();
    let rows: Vec<usize> = (0..individuals).collect();
    Imputer::fit(&dataset, &train).unwrap().fill(&dataset, &rows, &mut codes);
    let counts = dataset.matrix.counts(&train);
    let mode = |j: usize| (0..3_u8).rev().max_by_key(|c| counts[j][usize::from(*c)]).unwrap();
    let mean = |j: usize| {
        let n: u32 = counts[j][..3].iter().sum();
        ((f64::from(counts[j][1] + 2 * counts[j][2]) / f64::from(n)) + 0.5) as u8
    };
    let missing: Vec<usize> = (0..holes.len()).filter(|i| holes[*i] == MISSING).collect();
    let concordance = |guess: &dyn Fn(usize) -> u8| {
        missing.iter().filter(|i| guess(**i) == truth[**i]).count() as f64 / missing.len() as f64
    };
    let found =
        [concordance(&|i| codes[i]), concordance(&|i| mode(i % snps)), concordance(&|i| mean(i % snps))];
    assert!(found[0] > found[1] + 0.1 && found[0] > found[2] + 0.1, "neighbours, mode, mean: {found:?}");
}

#[test]
fn donors_are_training_rows_and_go_with_the_encoder() {
    let snps = 120;
    let (_, holes) = population(50, snps, 0.1);
    let train: Vec<usize> = (0..30).collect();
    let preprocessing = Preprocessing { impute: Impute::Neighbours, ..Encoding::Additive.into() };
    let decoded = |dataset: &Dataset, encoder: &Encoder, rows: &[usize]| {
        let mut out = vec![f32::NAN; rows.len() * snps];
        dataset.decode(rows, encoder, &mut out);
        out
    };
    let whole = dataset(snps, holes.clone());
    let encoder = Encoder::fit(&whole, preprocessing.clone(), &train).unwrap();
    let all: Vec<usize> = (0..50).collect();
    let expected = decoded(&whole, &encoder, &all);
    assert!(expected.iter().all(|v| v.is_finite()));
    // Other validation rows change nothing for row 49.
    let mut changed = holes.clone();
    changed[30 * snps..49 * snps].fill(1);
    let other = dataset(snps, changed);
    let again = Encoder::fit(&other, preprocessing, &train).unwrap();
    assert_eq!(again, encoder);
    assert_eq!(decoded(&other, &again, &[49]), expected[49 * snps..]);
    // What was kept imputes individuals that it has never seen, in whatever batches.
    let kept: Encoder = serde_json::from_str(&serde_json::to_string(&encoder).unwrap()).unwrap();
    assert_eq!(kept, encoder);
    let new = dataset(snps, holes[40 * snps..].to_vec());
    assert_eq!(decoded(&new, &kept, &(0..10).collect::<Vec<_>>()), expected[40 * snps..]);
    assert_eq!(decoded(&new, &encoder, &[9]), expected[49 * snps..], "not taken for a row of the first");
}

#[test]
fn without_neighbours_to_compare_with_the_mean_stands() {
    // A chromosome of one SNP has nothing around it.
    let mut dataset = dataset(3, vec![0, 1, 2, 1, MISSING, 0, 2, 1, 1, MISSING, 0, MISSING]);
    for (marker, chromosome) in dataset.markers.iter_mut().zip(["1", "2", "2"]) {
        marker.chromosome = Some(chromosome.into());
    }
    let imputer = Imputer::fit(&dataset, &[0, 1, 2]).unwrap();
    let mut codes = dataset.codes(&[3, 1]);
    imputer.fill(&dataset, &[3, 1], &mut codes);
    // Row 3 at the last SNP: rows 0 and 2 have the middle one too, (2 + 1) / 2 is rounded up.
    assert_eq!(codes, [MISSING, 0, 2, 1, 1, 0]);
}
