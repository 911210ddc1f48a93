//! What a population's SNPs look like: the spectrum of their frequencies and the decay of linkage
//! disequilibrium, by which simulated and real data are compared.

use std::collections::BTreeMap;

use super::{Coding, Dataset, MISSING};
use crate::domain::seed::{Rng, derive};

/// Rows that are decoded at once.
const BATCH: usize = 32;

/// Distances in million base pairs between which the pairs of SNPs are averaged.
const BOUNDS: [f64; 12] = [0.0, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0];
/// Pairs drawn for each range of distances; a range that too few pairs fall into has fewer.
const PAIRS: usize = 3000;
/// SNPs tried for each pair that is wanted.
const TRIES: usize = 20;
/// Classes of the spectrum, up to a minor allele frequency of one half.
const CLASSES: usize = 10;

/// The mean of r² over pairs of SNPs.
#[derive(Debug, Clone, PartialEq)]
pub struct Disequilibrium {
    /// How far apart, in words.
    pub distance: String,
    /// How many pairs.
    pub pairs: usize,
    /// The mean squared correlation of their dosages over the individuals in which both are known
    /// (Rogers & Huff 2009); not a number where there is no pair.
    pub r2: f64,
}

/// The SNPs of a dataset in figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Properties {
    /// Individuals.
    pub individuals: usize,
    /// SNPs that quality control kept.
    pub snps: usize,
    /// Mean minor allele frequency.
    pub mean_maf: f64,
    /// SNPs by minor allele frequency, in classes of .05.
    pub spectrum: [usize; CLASSES],
    /// Neighbours first, then by distance, then unlinked ones; empty without a map.
    pub ld: Vec<Disequilibrium>,
}

/// Two SNPs.
type Pair = (usize, usize);

impl Properties {
    /// Measures them; `None` for sequences. Pairs of SNPs are drawn from `seed`. Where no genotype is 2 the
    /// codes are taken for a band's presence and absence, whose frequency is their mean.
    pub fn of(dataset: &Dataset, seed: u64) -> Option<Self> {
        if dataset.coding() != Coding::Dosages {
            return None;
        }
        let drawn = drawn(dataset, seed);
        let mut columns: BTreeMap<usize, Vec<u8>> = drawn
            .iter()
            .flat_map(|(_, pairs)| pairs)
            .flat_map(|(a, b)| [(*a, vec![]), (*b, vec![])])
            .collect();
        let snps = dataset.positions();
        let mut counts = vec![[0_usize; MISSING as usize + 1]; snps];
        let rows: Vec<usize> = (0..dataset.individuals()).collect();
        for rows in rows.chunks(BATCH) {
            for codes in dataset.codes(rows).chunks_exact(snps) {
                counts.iter_mut().zip(codes).for_each(|(count, code)| count[usize::from(*code)] += 1);
                columns.iter_mut().for_each(|(snp, column)| column.push(codes[*snp]));
            }
        }
        let copies = if counts.iter().all(|count| count[2] == 0) { 1.0 } else { 2.0 };
        let mut spectrum = [0; CLASSES];
        let mut sum = 0.0;
        for [none, one, two, ..] in counts {
            let frequency = (one + 2 * two) as f64 / (copies * (none + one + two) as f64);
            let maf = frequency.min(1.0 - frequency);
            sum += maf;
            spectrum[((maf * 2.0 * CLASSES as f64) as usize).min(CLASSES - 1)] += 1;
        }
        let ld = drawn.into_iter().map(|(distance, pairs)| {
            let all: Vec<f64> = pairs.iter().filter_map(|(a, b)| r2(&columns[a], &columns[b])).collect();
            Disequilibrium { distance, pairs: all.len(), r2: all.iter().sum::<f64>() / all.len() as f64 }
        });
        Some(Properties {
            individuals: dataset.individuals(),
            snps,
            mean_maf: sum / snps as f64,
            spectrum,
            ld: ld.collect(),
        })
    }
}

/// Pairs of SNPs by how far they are apart.
fn drawn(dataset: &Dataset, seed: u64) -> Vec<(String, Vec<Pair>)> {
    // (position, SNP) by chromosome.
    let mut chromosomes: BTreeMap<&str, Vec<(u64, usize)>> = BTreeMap::new();
    for (snp, marker) in dataset.markers().iter().enumerate() {
        if let (Some(chromosome), Some(position)) = (&marker.chromosome, marker.position) {
            chromosomes.entry(chromosome).or_default().push((position, snp));
        }
    }
    chromosomes.values_mut().for_each(|snps| snps.sort_unstable());
    let placed: Vec<(&str, u64, usize)> = chromosomes
        .iter()
        .flat_map(|(name, snps)| snps.iter().map(|(position, snp)| (*name, *position, *snp)))
        .collect();
    if placed.is_empty() {
        return vec![];
    }
    let mut all = vec![(
        "neighbours".into(),
        sample(seed, "neighbours", |rng| {
            let at = rng.below(placed.len());
            let next = placed.get(at + 1)?;
            (next.0 == placed[at].0).then_some((placed[at].2, next.2))
        }),
    )];
    for bounds in BOUNDS.windows(2) {
        let name = format!("{} to {} Mb", bounds[0], bounds[1]);
        let [near, far] = [bounds[0], bounds[1]].map(|mb| (mb * 1e6) as u64);
        let pairs = sample(seed, &name, |rng| {
            let (chromosome, position, snp) = placed[rng.below(placed.len())];
            let others = &chromosomes[chromosome];
            // SNPs at the same place are neighbours, not pairs of any distance.
            let start = others.partition_point(|other| other.0 < position + near.max(1));
            let end = others.partition_point(|other| other.0 < position + far);
            (end > start).then(|| (snp, others[start + rng.below(end - start)].1))
        });
        all.push((name, pairs));
    }
    let unlinked = sample(seed, "unlinked", |rng| {
        let [a, b] = [(); 2].map(|()| placed[rng.below(placed.len())]);
        (a.0 != b.0).then_some((a.2, b.2))
    });
    all.push(("other chromosomes".into(), unlinked));
    all
}

fn sample(seed: u64, name: &str, mut draw: impl FnMut(&mut Rng) -> Option<Pair>) -> Vec<Pair> {
    let mut rng = Rng::new(derive(seed, name, 0));
    (0..PAIRS * TRIES).filter_map(|_| draw(&mut rng)).take(PAIRS).collect()
}

/// The squared correlation of two SNPs; `None` where either does not vary among the individuals in which
/// both are known.
fn r2(a: &[u8], b: &[u8]) -> Option<f64> {
    let (mut n, mut x, mut y, mut xx, mut yy, mut xy) = (0_i64, 0_i64, 0_i64, 0_i64, 0_i64, 0_i64);
    for (a, b) in a.iter().zip(b).filter(|(a, b)| **a != MISSING && **b != MISSING) {
        let (a, b) = (i64::from(*a), i64::from(*b));
        n += 1;
        x += a;
        y += b;
        xx += a * a;
        yy += b * b;
        xy += a * b;
    }
    let (vx, vy, covariance) = (n * xx - x * x, n * yy - y * y, n * xy - x * y);
    (vx > 0 && vy > 0).then(|| (covariance as f64).powi(2) / (vx as f64 * vy as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r2_is_that_of_the_known_genotypes() {
        assert_eq!(r2(&[0, 1, 2, 1], &[2, 1, 0, 1]), Some(1.0));
        assert_eq!(r2(&[0, 0, 2, 2], &[0, 2, 0, 2]), Some(0.0));
        assert_eq!(r2(&[0, 1, 2, MISSING, 0], &[0, 1, 2, 0, MISSING]), Some(1.0));
        assert_eq!(r2(&[1, 1, 1], &[0, 1, 2]), None);
        // By hand: means ¾ and 1, covariance ½, variances 11/16 and ½.
        let found = r2(&[0, 0, 1, 2], &[0, 1, 1, 2]).unwrap();
        assert!((found - 0.25 / (11.0 / 16.0 * 0.5)).abs() < 1e-12, "{found}");
    }

    #[test]
    fn frequencies_of_dosages_and_of_bands() {
        let dosages = Dataset::from_dosages(2, vec![0, 2, 1, 2, 1, 2, 0, 1], vec![0.0, 1.0, 2.0, 3.0]);
        let found = Properties::of(&dosages, 1).unwrap();
        assert_eq!((found.individuals, found.snps, found.ld.len()), (4, 2, 0));
        assert!((found.mean_maf - (0.25 + 0.125) / 2.0).abs() < 1e-12, "{found:?}");
        assert_eq!((found.spectrum[5], found.spectrum[2]), (1, 1));
        let bands = Dataset::from_dosages(1, vec![0, 1, 1, 1], vec![0.0, 1.0, 2.0, 3.0]);
        assert!((Properties::of(&bands, 1).unwrap().mean_maf - 0.25).abs() < 1e-12);
    }
}
