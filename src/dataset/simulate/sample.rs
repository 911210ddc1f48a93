//! Haplotypes of a neutral sample: mutations on the branches of its genealogy.

use std::collections::HashSet;

use super::coalescent::{Demography, Genealogy};
use super::population::{Chromosome, SnpMap};
use crate::domain::seed::{Rng, derive};

/// Which SNPs of a sample are typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Typed {
    /// All.
    All,
    /// Those at which two random haplotypes of the sample differ, as on a chip of SNPs that were found by
    /// comparing sequences; under neutrality every frequency is then as common as any other.
    Discovered,
}

/// A sample's SNPs.
#[derive(Debug)]
pub(super) struct Sample {
    /// Where they lie.
    pub map: SnpMap,
    /// Carriers of the derived allele, a bit for each haplotype, `words` of 64 a SNP.
    bits: Vec<u64>,
    words: usize,
}

impl Sample {
    /// Draws the haplotypes of chromosomes of these `lengths` (base pairs): `snps` mutations fall on the
    /// branches in proportion to their length in generations and base pairs, as `ms -s` does it (Hudson
    /// 2002), each on a base pair of its own, until so many are typed.
    pub fn draw(demography: &Demography, lengths: &[u64], snps: usize, typed: Typed, seed: u64) -> Self {
        let genealogies: Vec<Genealogy> = (0..)
            .zip(lengths)
            .map(|(c, length)| {
                Genealogy::draw(demography, *length, &mut Rng::new(derive(seed, "genealogy", c)))
            })
            .collect();
        // (chromosome, edge) by the sum of the areas up to it.
        let (mut sums, mut owners, mut total) = (Vec::new(), Vec::new(), 0.0);
        for (c, genealogy) in genealogies.iter().enumerate() {
            for (e, edge) in genealogy.edges.iter().enumerate() {
                total += edge.length * (edge.right - edge.left) as f64;
                sums.push(total);
                owners.push((c, e));
            }
        }
        let n = demography.haplotypes();
        let words = n.div_ceil(64);
        let mut rng = Rng::new(derive(seed, "mutations", 0));
        let (mut taken, mut found) = (HashSet::new(), Vec::with_capacity(snps));
        let (mut open, mut carriers) = (Vec::new(), vec![0; words]);
        while found.len() < snps {
            let at = rng.uniform() * total;
            let (c, e) = owners[sums.partition_point(|sum| *sum <= at).min(owners.len() - 1)];
            let edge = genealogies[c].edges[e];
            let place = edge.left + rng.below((edge.right - edge.left) as usize) as u64;
            if taken.contains(&(c, place)) {
                continue;
            }
            genealogies[c].carriers(edge.child, place, &mut open, &mut carriers);
            if typed == Typed::Discovered {
                let mut drawn = || rng.below(n);
                let (a, b) = (drawn(), drawn());
                if carries(&carriers, a) == carries(&carriers, b) {
                    continue;
                }
            }
            taken.insert((c, place));
            found.push((c, place, carriers.clone()));
        }
        found.sort_unstable_by_key(|(c, place, _)| (*c, *place));
        let chromosomes = (0..lengths.len()).map(|c| Chromosome {
            start: found.partition_point(|snp| snp.0 < c),
            end: found.partition_point(|snp| snp.0 <= c),
        });
        let map = SnpMap {
            chromosomes: chromosomes.collect(),
            positions: found.iter().map(|snp| snp.1 + 1).collect(),
        };
        Sample { map, bits: found.into_iter().flat_map(|snp| snp.2).collect(), words }
    }

    /// Writes the first haplotypes, haplotypes × SNPs, 1 for the derived allele.
    pub fn write(&self, haplotypes: &mut [u8]) {
        for (h, haplotype) in haplotypes.chunks_exact_mut(self.map.positions.len()).enumerate() {
            for (allele, carriers) in haplotype.iter_mut().zip(self.bits.chunks_exact(self.words)) {
                *allele = u8::from(carries(carriers, h));
            }
        }
    }
}

fn carries(carriers: &[u64], haplotype: usize) -> bool {
    carriers[haplotype / 64] >> (haplotype % 64) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snps_have_the_neutral_spectrum_and_on_a_chip_a_flat_one() {
        // A SNP has k of n derived alleles with a probability in proportion to 1/k; on the chip, whose SNPs
        // differ between two random haplotypes, in proportion to 1/k · k (n − k).
        let n = 12;
        let spectrum = |typed| {
            let mut counts = vec![0.0; n];
            for seed in 0..40 {
                let sample = Sample::draw(
                    &Demography::constant(n, 100.0),
                    &[30_000_000, 10_000_000],
                    400,
                    typed,
                    seed,
                );
                assert_eq!(sample.map.positions.len(), 400);
                let mut haplotypes = vec![0; n * 400];
                sample.write(&mut haplotypes);
                for snp in 0..400 {
                    let derived: u8 = haplotypes.iter().skip(snp).step_by(400).sum();
                    counts[usize::from(derived)] += 1.0 / (40.0 * 400.0);
                }
            }
            counts
        };
        let expected = |weight: &dyn Fn(f64) -> f64| {
            let all: Vec<f64> = (0..n).map(|k| if k == 0 { 0.0 } else { weight(k as f64) }).collect();
            let total: f64 = all.iter().sum();
            all.into_iter().map(|w| w / total).collect::<Vec<f64>>()
        };
        let cases = [(Typed::All, expected(&|k| 1.0 / k)), (Typed::Discovered, expected(&|k| n as f64 - k))];
        for (typed, expected) in cases {
            let found = spectrum(typed);
            for (k, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert!((found - expected).abs() < 0.025, "{typed:?} {k}: {found}, expected {expected}");
            }
        }
    }

    #[test]
    fn demes_that_parted_long_ago_differ() {
        // Two haplotypes of a deme have met 2N generations ago on average, two of different demes T before
        // that: FST = 1 − 2N / (T + 2N) (Slatkin 1991).
        let demography = Demography { samples: vec![20, 20], size: 50.0, split: 100.0, ancestral: 50.0 };
        let (mut within, mut between) = (0.0, 0.0);
        for seed in 0..20 {
            let sample = Sample::draw(&demography, &[50_000_000], 400, Typed::All, seed);
            let mut haplotypes = vec![0; 40 * 400];
            sample.write(&mut haplotypes);
            for snp in 0..400 {
                let p = |deme: usize| {
                    let alleles = (deme * 20..(deme + 1) * 20).map(|h| f64::from(haplotypes[h * 400 + snp]));
                    alleles.sum::<f64>() / 20.0
                };
                let (a, b) = (p(0), p(1));
                within += (a * (1.0 - a) + b * (1.0 - b)) * 20.0 / 19.0;
                between += a * (1.0 - b) + b * (1.0 - a);
            }
        }
        let fst = 1.0 - within / between;
        assert!((fst - 0.5).abs() < 0.12, "{fst}");
    }
}
