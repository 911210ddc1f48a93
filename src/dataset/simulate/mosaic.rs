//! Founders whose haplotypes are mosaics of a few ancestral ones: quick to draw, for populations to try
//! things out on.

use super::population::{Chromosome, SnpMap, gap, pieces};
use crate::domain::seed::{Rng, derive};

/// Probability that a founder's allele differs from the ancestral one it was copied from, so that
/// neighbouring SNPs with the same carriers are not perfect copies of each other.
const MISCOPIED: f64 = 0.005;

/// What the haplotypes are made of.
#[derive(Debug)]
pub(super) struct Mosaic {
    /// Base pairs.
    pub chromosome_length: u64,
    /// Mean length of a piece of one ancestral haplotype in a founder's, in base pairs: linkage
    /// disequilibrium reaches about so far.
    pub segment: f64,
    /// Ancestral haplotypes.
    pub ancestors: usize,
}

impl Mosaic {
    /// Random places for as many SNPs on each chromosome.
    pub fn map(&self, snps: usize, chromosomes: usize, seed: u64) -> SnpMap {
        let chromosomes: Vec<Chromosome> = (0..chromosomes)
            .map(|c| Chromosome { start: c * snps / chromosomes, end: (c + 1) * snps / chromosomes })
            .collect();
        SnpMap { positions: positions(&chromosomes, self.chromosome_length, seed), chromosomes }
    }

    /// Writes the founders' haplotypes: each copies one ancestral haplotype after another, as in the
    /// model of Li & Stephens (2003).
    pub fn found(&self, map: &SnpMap, haplotypes: &mut [u8], seed: u64) {
        let snps = map.positions.len();
        let ancestral = ancestral_haplotypes(self.ancestors, snps, seed);
        let mut rng = Rng::new(derive(seed, "founders", 0));
        for haplotype in haplotypes.chunks_exact_mut(snps) {
            for chromosome in &map.chromosomes {
                let positions = &map.positions[chromosome.start..chromosome.end];
                for piece in pieces(positions, self.segment, &mut rng) {
                    let source = rng.below(self.ancestors) * snps;
                    let (start, end) = (chromosome.start + piece.0, chromosome.start + piece.1);
                    haplotype[start..end].copy_from_slice(&ancestral[source + start..source + end]);
                }
            }
            let mut miscopied = gap(&mut rng, 1.0 / MISCOPIED) as usize;
            while miscopied < snps {
                haplotype[miscopied] ^= 1;
                miscopied += 1 + gap(&mut rng, 1.0 / MISCOPIED) as usize;
            }
        }
    }
}

/// Sorted random places for the SNPs of each chromosome.
fn positions(chromosomes: &[Chromosome], length: u64, seed: u64) -> Vec<u64> {
    let mut rng = Rng::new(derive(seed, "positions", 0));
    let mut all = Vec::new();
    for chromosome in chromosomes {
        let mut positions: Vec<u64> =
            (chromosome.start..chromosome.end).map(|_| 1 + (rng.uniform() * length as f64) as u64).collect();
        positions.sort_unstable();
        all.extend(positions);
    }
    all
}

/// Alleles of the ancestral haplotypes, ancestors × SNPs: a SNP's counted allele has k carriers with a
/// probability in proportion to 1 / k, the neutral spectrum, and they are random ones.
fn ancestral_haplotypes(ancestors: usize, snps: usize, seed: u64) -> Vec<u8> {
    let mut rng = Rng::new(derive(seed, "ancestors", 0));
    let total: f64 = (1..ancestors).map(|k| 1.0 / k as f64).sum();
    let mut order: Vec<usize> = (0..ancestors).collect();
    let mut alleles = vec![0; ancestors * snps];
    for snp in 0..snps {
        let mut left = rng.uniform() * total;
        let mut carriers = 1;
        while carriers + 1 < ancestors && left >= 1.0 / carriers as f64 {
            left -= 1.0 / carriers as f64;
            carriers += 1;
        }
        rng.shuffle(&mut order);
        for ancestor in &order[..carriers] {
            alleles[ancestor * snps + snp] = 1;
        }
    }
    alleles
}
