//! Founders whose haplotypes are mosaics of a few ancestral ones, and their descendants by gene drop.

use crate::domain::seed::{Rng, derive};

/// 1 cM per million base pairs.
const BASE_PAIRS_A_MORGAN: f64 = 1e8;
/// Probability that a founder's allele differs from the ancestral one it was copied from, so that
/// neighbouring SNPs with the same carriers are not perfect copies of each other.
const MISCOPIED: f64 = 0.005;
/// One individual in so many of each generation is male.
const MALE_EVERY: usize = 4;
/// Dams a sire.
const DAMS_A_SIRE: usize = 3;

/// The shape of a population.
#[derive(Debug)]
pub(super) struct Design {
    /// Sizes of the generations, founders first, where the number of individuals is their sum; where it
    /// is another, the founders stay as many and the later generations are scaled in proportion.
    pub generations: &'static [usize],
    /// Progeny of a dam, about.
    pub family: usize,
    /// Base pairs.
    pub chromosome_length: u64,
    /// Mean length of a piece of one ancestral haplotype in a founder's, in base pairs: linkage
    /// disequilibrium reaches about so far.
    pub segment: f64,
    /// Ancestral haplotypes.
    pub ancestors: usize,
}

/// SNPs `start..end` lie on one chromosome.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chromosome {
    pub start: usize,
    pub end: usize,
}

/// An individual's place in the pedigree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Individual {
    /// From 1.
    pub generation: usize,
    /// Sire and dam, by number from 0; none of a founder.
    pub parents: Option<(usize, usize)>,
    pub male: bool,
}

/// A simulated population.
#[derive(Debug)]
pub(super) struct Population {
    pub individuals: Vec<Individual>,
    pub chromosomes: Vec<Chromosome>,
    /// Base pairs of each SNP on its chromosome, ascending within it.
    pub positions: Vec<u64>,
    /// Alleles (1 is counted), two haplotypes an individual, (2 × individuals) × SNPs.
    haplotypes: Vec<u8>,
}

impl Population {
    /// Draws founders and drops their genes down a random pedigree.
    pub fn drop_genes(
        design: &Design,
        individuals: usize,
        snps: usize,
        chromosomes: usize,
        seed: u64,
    ) -> Self {
        let chromosomes: Vec<Chromosome> = (0..chromosomes)
            .map(|c| Chromosome { start: c * snps / chromosomes, end: (c + 1) * snps / chromosomes })
            .collect();
        let mut population = Population {
            individuals: pedigree(design, individuals, seed),
            positions: positions(&chromosomes, design.chromosome_length, seed),
            chromosomes,
            haplotypes: vec![0; 2 * individuals * snps],
        };
        population.found(design, seed);
        let mut rng = Rng::new(derive(seed, "gametes", 0));
        for child in 0..individuals {
            if let Some((sire, dam)) = population.individuals[child].parents {
                population.pass_on(sire, 2 * child, &mut rng);
                population.pass_on(dam, 2 * child + 1, &mut rng);
            }
        }
        population
    }

    /// Number of SNPs.
    pub fn snps(&self) -> usize {
        self.positions.len()
    }

    /// The number of counted alleles that an individual carries.
    pub fn dosage(&self, individual: usize, snp: usize) -> u8 {
        let first = 2 * individual * self.snps() + snp;
        self.haplotypes[first] + self.haplotypes[first + self.snps()]
    }

    /// The chromosome of a SNP, numbered from 1.
    pub fn chromosome_of(&self, snp: usize) -> usize {
        self.chromosomes.partition_point(|c| c.end <= snp) + 1
    }

    /// Frequency of the rarer allele.
    pub fn minor_allele_frequency(&self, snp: usize) -> f64 {
        let alleles = 2 * self.individuals.len();
        let counted: usize = (0..self.individuals.len()).map(|i| usize::from(self.dosage(i, snp))).sum();
        counted.min(alleles - counted) as f64 / alleles as f64
    }

    /// Writes the founders' haplotypes: each copies one ancestral haplotype after another, as in the
    /// model of Li & Stephens (2003).
    fn found(&mut self, design: &Design, seed: u64) {
        let snps = self.snps();
        let ancestral = ancestral_haplotypes(design.ancestors, snps, seed);
        let founders = self.individuals.iter().filter(|i| i.parents.is_none()).count();
        let mut rng = Rng::new(derive(seed, "founders", 0));
        for haplotype in self.haplotypes[..2 * founders * snps].chunks_exact_mut(snps) {
            for chromosome in &self.chromosomes {
                let positions = &self.positions[chromosome.start..chromosome.end];
                let pieces = pieces(positions, design.segment, &mut rng);
                for piece in pieces {
                    let source = rng.below(design.ancestors) * snps;
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

    /// Writes a gamete of `parent` to haplotype `to`: crossovers fall at random without interference
    /// (Haldane 1919), the strand changes at each.
    fn pass_on(&mut self, parent: usize, to: usize, rng: &mut Rng) {
        let snps = self.snps();
        let (parents, children) = self.haplotypes.split_at_mut(to * snps);
        for chromosome in &self.chromosomes {
            let positions = &self.positions[chromosome.start..chromosome.end];
            let mut strand = rng.below(2);
            for piece in pieces(positions, BASE_PAIRS_A_MORGAN, rng) {
                let (start, end) = (chromosome.start + piece.0, chromosome.start + piece.1);
                let source = (2 * parent + strand) * snps;
                children[start..end].copy_from_slice(&parents[source + start..source + end]);
                strand = 1 - strand;
            }
        }
    }
}

/// An exponential random number.
fn gap(rng: &mut Rng, mean: f64) -> f64 {
    -mean * libm::log(1.0 - rng.uniform())
}

/// Cuts a chromosome at the points of a Poisson process with `mean` base pairs between them; the SNPs
/// of each piece, some of which may have none.
fn pieces(positions: &[u64], mean: f64, rng: &mut Rng) -> Vec<(usize, usize)> {
    let last = positions.last().map_or(0.0, |p| *p as f64);
    let mut cuts = vec![0];
    let mut at = gap(rng, mean);
    while at < last {
        cuts.push(positions.partition_point(|p| (*p as f64) < at));
        at += gap(rng, mean);
    }
    cuts.push(positions.len());
    cuts.windows(2).map(|w| (w[0], w[1])).collect()
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

/// Generations in which every dam is mated once, to one of a third as many sires, all drawn at random
/// from the generation before.
fn pedigree(design: &Design, individuals: usize, seed: u64) -> Vec<Individual> {
    let mut rng = Rng::new(derive(seed, "pedigree", 0));
    let founders = design.generations[0];
    let descendants: usize = design.generations[1..].iter().sum();
    let mut all: Vec<Individual> = Vec::with_capacity(individuals);
    let (mut share, mut previous) = (0, 0..0);
    for (g, size) in design.generations.iter().enumerate() {
        share += size;
        let start = all.len();
        let end = founders + (share - founders) * (individuals - founders) / descendants;
        let (mut sires, mut dams): (Vec<usize>, Vec<usize>) =
            previous.clone().partition(|i: &usize| all[*i].male);
        rng.shuffle(&mut sires);
        rng.shuffle(&mut dams);
        dams.truncate(((end - start) / design.family).max(1));
        sires.truncate(dams.len().div_ceil(DAMS_A_SIRE));
        for i in 0..end - start {
            let family = i * dams.len() / (end - start);
            let parents = (g > 0).then(|| (sires[family % sires.len()], dams[family]));
            all.push(Individual { generation: g + 1, parents, male: i % MALE_EVERY == 0 });
        }
        previous = start..end;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESIGN: Design = Design {
        generations: &[20, 100, 100],
        family: 10,
        chromosome_length: 100_000_000,
        segment: 2e6,
        ancestors: 8,
    };

    #[test]
    fn children_carry_one_allele_of_each_parent() {
        let population = Population::drop_genes(&DESIGN, 220, 300, 3, 5);
        let allele = |i: usize, strand: usize, j: usize| population.haplotypes[(2 * i + strand) * 300 + j];
        for (child, individual) in population.individuals.iter().enumerate() {
            let Some((sire, dam)) = individual.parents else { continue };
            assert!(population.individuals[sire].male && !population.individuals[dam].male);
            for j in 0..300 {
                let from = |parent: usize, a: u8| (0..2).any(|strand| allele(parent, strand, j) == a);
                assert!(from(sire, allele(child, 0, j)) && from(dam, allele(child, 1, j)));
            }
        }
    }

    #[test]
    fn crossovers_follow_haldane() {
        // A sire with strands 0…0 and 1…1 shows every recombination in his gametes.
        let positions: Vec<u64> = (0..=100).map(|cm| cm * 1_000_000).collect();
        let n = 4000;
        let mut population = Population {
            individuals: vec![],
            chromosomes: vec![Chromosome { start: 0, end: 101 }],
            positions,
            haplotypes: [vec![0; 101], vec![1; 101], vec![0; 101]].concat(),
        };
        let mut rng = Rng::new(8);
        let mut recombined = [0.0; 2];
        for _ in 0..n {
            population.pass_on(0, 2, &mut rng);
            let gamete = &population.haplotypes[202..];
            recombined[0] += f64::from(gamete[0] ^ gamete[10]) / f64::from(n);
            recombined[1] += f64::from(gamete[0] ^ gamete[100]) / f64::from(n);
        }
        for (rate, morgans) in recombined.iter().zip([0.1_f64, 1.0]) {
            let expected = 0.5 * (1.0 - (-2.0 * morgans).exp());
            assert!((rate - expected).abs() < 0.025, "{rate} at {morgans} Morgans, expected {expected}");
        }
    }

    #[test]
    fn neighbouring_snps_are_in_disequilibrium_and_distant_ones_hardly() {
        let population = Population::drop_genes(&DESIGN, 220, 1000, 2, 3);
        let r2 = |a: usize, b: usize| {
            let pairs: Vec<(f64, f64)> = (0..220)
                .map(|i| (f64::from(population.dosage(i, a)), f64::from(population.dosage(i, b))))
                .collect();
            let mean = |f: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(f).sum::<f64>() / 220.0;
            let (ma, mb) = (mean(&|p| p.0), mean(&|p| p.1));
            let covariance = mean(&|p| (p.0 - ma) * (p.1 - mb));
            covariance.powi(2) / (mean(&|p| (p.0 - ma).powi(2)) * mean(&|p| (p.1 - mb).powi(2)))
        };
        let average = |distance: usize| {
            let values: Vec<f64> =
                (0..400).map(|a| r2(a, a + distance)).filter(|r2| r2.is_finite()).collect();
            values.iter().sum::<f64>() / values.len() as f64
        };
        let (near, far) = (average(1), average(520));
        assert!(near > 0.12 && near > 3.0 * far, "{near} {far}");
    }
}
