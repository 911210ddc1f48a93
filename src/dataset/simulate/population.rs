//! Genes dropped down a pedigree.

use crate::domain::seed::{Rng, derive};

/// 1 cM per million base pairs.
const BASE_PAIRS_A_MORGAN: f64 = 1e8;
/// One individual in so many of each generation is male.
const MALE_EVERY: usize = 4;
/// Dams a sire.
const DAMS_A_SIRE: usize = 3;

/// SNPs `start..end` lie on one chromosome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chromosome {
    pub start: usize,
    pub end: usize,
}

/// Where the SNPs lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SnpMap {
    pub chromosomes: Vec<Chromosome>,
    /// Base pairs of each SNP on its chromosome, ascending within it.
    pub positions: Vec<u64>,
}

impl SnpMap {
    /// The chromosome of a SNP, numbered from 1.
    pub fn chromosome_of(&self, snp: usize) -> usize {
        self.chromosomes.partition_point(|c| c.end <= snp) + 1
    }
}

/// An individual's place in the pedigree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Individual {
    /// From 1.
    pub generation: usize,
    /// Sire and dam, by number from 0, both earlier; none of a founder.
    pub parents: Option<(usize, usize)>,
    pub male: bool,
}

/// How a child comes from its parents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mating {
    /// From a gamete of its sire and one of its dam.
    Gametes,
    /// An inbred line: a gamete of the cross of two inbred lines, doubled.
    DoubledHaploid,
}

/// A simulated population.
#[derive(Debug)]
pub(super) struct Population {
    pub individuals: Vec<Individual>,
    pub map: SnpMap,
    /// Alleles (1 is counted), two haplotypes an individual, the paternal one first:
    /// (2 × individuals) × SNPs.
    pub haplotypes: Vec<u8>,
}

impl Population {
    /// Has `found` write the founders' haplotypes (the first rows) and drops them down the pedigree.
    pub fn drop_genes(
        individuals: Vec<Individual>,
        map: SnpMap,
        mating: Mating,
        seed: u64,
        found: impl FnOnce(&SnpMap, &mut [u8]),
    ) -> Self {
        let snps = map.positions.len();
        let founders = individuals.iter().filter(|i| i.parents.is_none()).count();
        let mut haplotypes = vec![0; 2 * individuals.len() * snps];
        found(&map, &mut haplotypes[..2 * founders * snps]);
        let mut population = Population { individuals, map, haplotypes };
        let mut rng = Rng::new(derive(seed, "gametes", 0));
        for child in 0..population.individuals.len() {
            let Some((sire, dam)) = population.individuals[child].parents else { continue };
            match mating {
                Mating::Gametes => {
                    population.pass_on([2 * sire, 2 * sire + 1], 2 * child, &mut rng);
                    population.pass_on([2 * dam, 2 * dam + 1], 2 * child + 1, &mut rng);
                }
                Mating::DoubledHaploid => {
                    population.pass_on([2 * sire, 2 * dam], 2 * child, &mut rng);
                    let first = 2 * child * snps;
                    population.haplotypes.copy_within(first..first + snps, first + snps);
                }
            }
        }
        population
    }

    /// Number of SNPs.
    pub fn snps(&self) -> usize {
        self.map.positions.len()
    }

    /// Whether an individual's paternal and maternal allele are the counted one: 0 or 1 each.
    pub fn alleles(&self, individual: usize, snp: usize) -> (u8, u8) {
        let first = 2 * individual * self.snps() + snp;
        (self.haplotypes[first], self.haplotypes[first + self.snps()])
    }

    /// The number of counted alleles that an individual carries.
    pub fn dosage(&self, individual: usize, snp: usize) -> u8 {
        let (paternal, maternal) = self.alleles(individual, snp);
        paternal + maternal
    }

    /// Frequency of the rarer allele.
    pub fn minor_allele_frequency(&self, snp: usize) -> f64 {
        let alleles = 2 * self.individuals.len();
        let counted: usize = (0..self.individuals.len()).map(|i| usize::from(self.dosage(i, snp))).sum();
        counted.min(alleles - counted) as f64 / alleles as f64
    }

    /// How many copies of its rarer allele each SNP has among the individuals `of`.
    pub fn rarer_alleles(&self, of: &[usize]) -> Vec<usize> {
        let snps = self.snps();
        let mut counted = vec![0_usize; snps];
        for individual in of {
            let rows = &self.haplotypes[2 * individual * snps..][..2 * snps];
            for row in rows.chunks_exact(snps) {
                counted.iter_mut().zip(row).for_each(|(sum, allele)| *sum += usize::from(*allele));
            }
        }
        counted.iter_mut().for_each(|sum| *sum = (*sum).min(2 * of.len() - *sum));
        counted
    }

    /// Keeps these SNPs, in their order on the chromosomes.
    pub fn keep(&mut self, mut kept: Vec<usize>) {
        kept.sort_unstable();
        let snps = self.snps();
        let mut end = 0;
        for row in 0..2 * self.individuals.len() {
            for snp in &kept {
                self.haplotypes[end] = self.haplotypes[row * snps + snp];
                end += 1;
            }
        }
        self.haplotypes.truncate(end);
        for chromosome in &mut self.map.chromosomes {
            chromosome.start = kept.partition_point(|snp| *snp < chromosome.start);
            chromosome.end = kept.partition_point(|snp| *snp < chromosome.end);
        }
        self.map.positions = kept.iter().map(|snp| self.map.positions[*snp]).collect();
    }

    /// Writes a gamete of the haplotypes `strands` to haplotype `to`: crossovers fall at random without
    /// interference (Haldane 1919), the strand changes at each.
    fn pass_on(&mut self, strands: [usize; 2], to: usize, rng: &mut Rng) {
        let snps = self.snps();
        let (parents, children) = self.haplotypes.split_at_mut(to * snps);
        for chromosome in &self.map.chromosomes {
            let positions = &self.map.positions[chromosome.start..chromosome.end];
            let mut strand = rng.below(2);
            for piece in pieces(positions, BASE_PAIRS_A_MORGAN, rng) {
                let (start, end) = (chromosome.start + piece.0, chromosome.start + piece.1);
                let source = strands[strand] * snps;
                children[start..end].copy_from_slice(&parents[source + start..source + end]);
                strand = 1 - strand;
            }
        }
    }
}

/// An exponential random number.
pub(super) fn gap(rng: &mut Rng, mean: f64) -> f64 {
    -mean * libm::log(1.0 - rng.uniform())
}

/// Cuts a chromosome at the points of a Poisson process with `mean` base pairs between them; the SNPs
/// of each piece, some of which may have none.
pub(super) fn pieces(positions: &[u64], mean: f64, rng: &mut Rng) -> Vec<(usize, usize)> {
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

/// Generations in which every dam is mated once, to one of a third as many sires, all drawn at random
/// from the generation before, and has about `family` progeny.
///
/// `generations` are the sizes of the generations, founders first, where `individuals` is their sum; where it
/// is another number, the founders stay as many and the later generations are scaled in proportion.
pub(super) fn pedigree(
    generations: &[usize],
    family: usize,
    individuals: usize,
    seed: u64,
) -> Vec<Individual> {
    let mut rng = Rng::new(derive(seed, "pedigree", 0));
    let founders = generations[0];
    let descendants: usize = generations[1..].iter().sum();
    let mut all: Vec<Individual> = Vec::with_capacity(individuals);
    let (mut share, mut previous) = (0, 0..0);
    for (g, size) in generations.iter().enumerate() {
        share += size;
        let start = all.len();
        let end = founders + (share - founders) * (individuals - founders) / descendants;
        let (mut sires, mut dams): (Vec<usize>, Vec<usize>) =
            previous.clone().partition(|i: &usize| all[*i].male);
        rng.shuffle(&mut sires);
        rng.shuffle(&mut dams);
        dams.truncate(((end - start) / family).max(1));
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

    /// 220 individuals, founders with random alleles.
    fn random(snps: usize, chromosomes: usize, mating: Mating) -> Population {
        let chromosomes = (0..chromosomes)
            .map(|c| Chromosome { start: c * snps / chromosomes, end: (c + 1) * snps / chromosomes })
            .collect();
        let map = SnpMap { chromosomes, positions: (0..snps as u64).map(|j| j * 1_000_000).collect() };
        let pedigree = pedigree(&[20, 100, 100], 10, 220, 5);
        Population::drop_genes(pedigree, map, mating, 5, |_, founders| {
            let mut rng = Rng::new(3);
            founders.iter_mut().for_each(|allele| *allele = rng.below(2) as u8);
        })
    }

    #[test]
    fn children_carry_one_allele_of_each_parent() {
        let population = random(300, 3, Mating::Gametes);
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
    fn doubled_haploids_are_gametes_of_a_cross() {
        let population = random(300, 3, Mating::DoubledHaploid);
        let lines =
            population.individuals.iter().enumerate().filter_map(|(i, line)| Some((i, line.parents?)));
        for (line, (sire, dam)) in lines {
            for j in 0..300 {
                let (first, second) = population.alleles(line, j);
                let of_parents = [population.alleles(sire, j).0, population.alleles(dam, j).0];
                assert!(first == second && of_parents.contains(&first));
            }
        }
    }

    #[test]
    fn kept_snps_keep_their_places_and_alleles() {
        let mut population = random(300, 3, Mating::Gametes);
        let of: Vec<usize> = (100..220).collect();
        let describe = |population: &Population, snp: usize| {
            let dosages: Vec<u8> = of.iter().map(|i| population.dosage(*i, snp)).collect();
            (population.map.chromosome_of(snp), population.map.positions[snp], dosages)
        };
        for (snp, rarer) in population.rarer_alleles(&of).into_iter().enumerate() {
            let counted: usize = describe(&population, snp).2.into_iter().map(usize::from).sum();
            assert_eq!(rarer, counted.min(240 - counted));
        }
        let wanted = [7, 99, 100, 120, 299].map(|snp| describe(&population, snp));
        population.keep(vec![299, 100, 7, 120, 99]);
        assert_eq!(population.snps(), 5);
        for (snp, wanted) in wanted.iter().enumerate() {
            assert_eq!(describe(&population, snp), *wanted);
        }
    }

    #[test]
    fn crossovers_follow_haldane() {
        // A sire with strands 0…0 and 1…1 shows every recombination in his gametes.
        let positions: Vec<u64> = (0..=100).map(|cm| cm * 1_000_000).collect();
        let n = 4000;
        let mut population = Population {
            individuals: vec![],
            map: SnpMap { chromosomes: vec![Chromosome { start: 0, end: 101 }], positions },
            haplotypes: [vec![0; 101], vec![1; 101], vec![0; 101]].concat(),
        };
        let mut rng = Rng::new(8);
        let mut recombined = [0.0; 2];
        for _ in 0..n {
            population.pass_on([0, 1], 2, &mut rng);
            let gamete = &population.haplotypes[202..];
            recombined[0] += f64::from(gamete[0] ^ gamete[10]) / f64::from(n);
            recombined[1] += f64::from(gamete[0] ^ gamete[100]) / f64::from(n);
        }
        for (rate, morgans) in recombined.iter().zip([0.1_f64, 1.0]) {
            let expected = 0.5 * (1.0 - (-2.0 * morgans).exp());
            assert!((rate - expected).abs() < 0.025, "{rate} at {morgans} Morgans, expected {expected}");
        }
    }
}
