//! A population and a trait in the likeness of the QTLMAS2010 workshop's (Szydłowski & Paczyńska 2011,
//! "QTLMAS 2010: simulated dataset", BMC Proceedings 5(S3):S3), with the three dominance loci that Waldmann,
//! Pfeiffer & Mészáros (2020) put on top.

use std::io;
use std::path::Path;

use super::coalescent::Demography;
use super::population::{Mating, Population, pedigree};
use super::qtl::{Effect, Phenotype, QTL_MAF, draw_snps, nearest_common};
use super::sample::{Sample, Typed};
use super::truth::Kind;
use super::{Realised, write};
use crate::domain::seed::{Rng, derive};
use crate::domain::setting::Settings;

/// Base pairs of a chromosome.
const CHROMOSOME: u64 = 100_000_000;
/// Sizes of the generations: 5 sires and 15 dams, then families of about 30.
const GENERATIONS: [usize; 5] = [20, 450, 928, 928, 900];
const FAMILY: usize = 30;
/// Effective size of the population that the founders are drawn from.
const EFFECTIVE_SIZE: f64 = 100.0;
/// Haplotypes of that population in which SNPs are found beside the founders': what only they have are SNPs
/// that do not vary in the data, as some of the original do not.
const OTHERS: usize = 8;
/// Of the original's SNPs, those that vary with a minor allele frequency of at least [`COMMON`], and those
/// that do not vary; the others are rarer. As many more SNPs as [`SPARE`] says are simulated, and random ones
/// of each sort are kept so that the shares are these.
const ORIGINAL_SNPS: usize = 9723;
const ORIGINAL_CONSTANT: usize = 263;
const ORIGINAL_ALL: usize = 10_031;
const COMMON: f64 = 0.01;
const SPARE: f64 = 1.3;
/// Loci whose effect shows only with both homozygotes and heterozygotes about.
const BALANCED_MAF: f64 = 0.3;
/// Minor allele frequency of the major QTL.
const MAJOR_MAF: f64 = 0.2;
/// What one counted allele of a major or an imprinted QTL adds, up to its sign.
const MAJOR: f64 = 3.0;
/// The interaction of an epistatic pair: at balanced frequencies it then explains as much variance as a major
/// and an imprinted QTL together.
const INTERACTION: f64 = 5.0;

/// Writes the files of the preset.
pub(super) fn fill(settings: &Settings, seed: u64, folder: &Path) -> io::Result<Vec<Realised>> {
    let (population, phenotype) = made(settings, seed)?;
    let all: Vec<usize> = (0..population.individuals.len()).collect();
    write::genotypes(folder, &population, &all)?;
    let [sire, dam] = write::parents(&population);
    let columns = [write::generations(&population), sire, dam, write::numbers("y", &phenotype.values)];
    write::phenotypes(folder, &all, &columns)?;
    super::truth::write(folder, &population.map, &[("y", &phenotype.effects)])?;
    Ok(phenotype.realised(&population, "y"))
}

/// The population and its trait.
pub(super) fn made(settings: &Settings, seed: u64) -> io::Result<(Population, Phenotype)> {
    let demography = Demography::constant(2 * GENERATIONS[0] + OTHERS, EFFECTIVE_SIZE);
    let lengths = vec![CHROMOSOME; settings.count("chromosomes")];
    let snps = settings.count("snps");
    let sample = Sample::draw(&demography, &lengths, (snps as f64 * SPARE) as usize, Typed::All, seed);
    let pedigree = pedigree(&GENERATIONS, FAMILY, settings.count("individuals"), seed);
    let mut population =
        Population::drop_genes(pedigree, sample.map.clone(), Mating::Gametes, seed, |_, founders| {
            sample.write(founders);
        });
    population.keep(kept(&population, snps, seed));
    let (effects, on_top) = effects(&population, &mut Rng::new(derive(seed, "effects", 0)))?;
    let mut rng = Rng::new(derive(seed, "residuals", 0));
    let phenotype = Phenotype::draw(&population, effects, on_top, settings.float("h2"), &mut rng);
    Ok((population, phenotype))
}

/// As many SNPs as are wanted, in the original's shares of common, rare and constant ones; where a sort has too
/// few, the others make up for it.
fn kept(population: &Population, wanted: usize, seed: u64) -> Vec<usize> {
    let all: Vec<usize> = (0..population.individuals.len()).collect();
    let rarer = population.rarer_alleles(&all);
    let mut order: Vec<usize> = (0..population.snps()).collect();
    Rng::new(derive(seed, "kept", 0)).shuffle(&mut order);
    let alleles = (2 * all.len()) as f64;
    let (common, others): (Vec<usize>, Vec<usize>) =
        order.into_iter().partition(|snp| rarer[*snp] as f64 / alleles >= COMMON);
    let (constant, rare): (Vec<usize>, Vec<usize>) = others.into_iter().partition(|snp| rarer[*snp] == 0);
    let share = |of: usize| (wanted * of + ORIGINAL_ALL / 2) / ORIGINAL_ALL;
    let (of_common, of_constant) = (share(ORIGINAL_SNPS), share(ORIGINAL_CONSTANT));
    let sorts = [(common, of_common), (constant, of_constant), (rare, wanted - of_common - of_constant)];
    let (mut kept, mut spare) = (Vec::with_capacity(wanted), Vec::new());
    for (mut sort, quota) in sorts {
        spare.extend(sort.split_off(quota.min(sort.len())));
        kept.extend(sort);
    }
    spare.truncate(wanted - kept.len());
    kept.extend(spare);
    kept
}

/// The 37 QTL, and the dominance loci on top. Places are those of the 9,723 SNPs of the original, in
/// proportion, at the nearest SNP that is common enough.
fn effects(population: &Population, rng: &mut Rng) -> io::Result<(Vec<Effect>, Vec<Effect>)> {
    let mut taken: Vec<usize> = Vec::new();
    let mut at = |place: f64, maf: f64| {
        let index = (place / ORIGINAL_SNPS as f64 * population.snps() as f64) as usize;
        let snp = nearest_common(population, index, maf, &taken)?;
        taken.push(snp);
        io::Result::Ok(snp)
    };
    // Heterozygote 5 and upper homozygote 5.01; 5 between −0.01 and 0.01; −5 likewise.
    let on_top = vec![
        Effect::new(at(9212.0, BALANCED_MAF)?, Kind::Dominance, 2.505, 2.495),
        Effect::new(at(9404.0, BALANCED_MAF)?, Kind::OverDominance, 0.01, 5.0),
        Effect::new(at(9602.0, BALANCED_MAF)?, Kind::UnderDominance, 0.01, -5.0),
    ];
    let mut effects = vec![
        Effect::additive(at(4354.0, MAJOR_MAF)?, -MAJOR),
        Effect::additive(at(5327.0, MAJOR_MAF)?, MAJOR),
    ];
    let major = at(931.0, BALANCED_MAF)?;
    let free = |taken: &[usize], snp: usize| !taken.contains(&snp);
    let second = draw_snps(population, 1, BALANCED_MAF, |snp| free(&taken, snp), rng)?[0];
    taken.push(second);
    for (first, interaction) in [(major, INTERACTION), (second, -INTERACTION)] {
        // Unlinked where there is a second chromosome.
        let map = &population.map;
        let apart = |snp| map.chromosomes.len() == 1 || map.chromosome_of(snp) != map.chromosome_of(first);
        let partner = draw_snps(population, 1, BALANCED_MAF, |snp| free(&taken, snp) && apart(snp), rng)?[0];
        effects.extend(Effect::epistatic([first, partner], interaction));
        taken.push(partner);
    }
    let imprinted = draw_snps(population, 3, MAJOR_MAF, |snp| free(&taken, snp), rng)?;
    for (snp, effect) in imprinted.iter().zip([MAJOR, -MAJOR, MAJOR]) {
        effects.push(Effect::new(*snp, Kind::Imprinted, effect, 0.0));
    }
    taken.extend(imprinted);
    for snp in draw_snps(population, 28, QTL_MAF, |snp| free(&taken, snp), rng)? {
        let mut additive: f64 = 2.0;
        while additive.abs() >= 2.0 {
            additive = libm::sqrt(3.0) * rng.normal();
        }
        effects.push(Effect::additive(snp, additive));
    }
    Ok((effects, on_top))
}
