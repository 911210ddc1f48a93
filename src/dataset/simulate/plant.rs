//! A panel of inbred lines in several environments: subpopulations, biparental families within them, effects
//! that differ between environments, and some epistasis.

use std::io;
use std::path::Path;

use super::coalescent::Demography;
use super::population::{Individual, Mating, Population};
use super::qtl::{Effect, Phenotype, QTL_MAF, draw_snps, genetic_values};
use super::sample::{Sample, Typed};
use super::{Realised, correlation, moments, write};
use crate::domain::seed::{Rng, derive};
use crate::domain::setting::Settings;

/// The traits: yield in each environment.
pub(super) const ENVIRONMENTS: [&str; 4] = ["e1", "e2", "e3", "e4"];
/// Base pairs of a chromosome.
const CHROMOSOME: u64 = 150_000_000;
/// Founder lines of each subpopulation.
const FOUNDERS: usize = 15;
/// Fewest lines of a subpopulation: its founders and two or more to cross in the first cycle.
const FEWEST: usize = FOUNDERS + 9;
/// Lines of a family, about.
const FAMILY: usize = 10;
/// Later cycles of crossing, and their shares of the lines that are no founders.
const CYCLES: [usize; 2] = [1, 2];
/// Effective size of each subpopulation, generations since they parted, and effective size before.
const SIZE: f64 = 50.0;
const SPLIT: f64 = 30.0;
const ANCESTRAL_SIZE: f64 = 500.0;
/// Epistatic pairs, the same in all environments.
const PAIRS: usize = 10;

/// Writes the files of the preset.
pub(super) fn fill(settings: &Settings, seed: u64, folder: &Path) -> io::Result<Vec<Realised>> {
    let (lines, subpopulations) = (settings.count("individuals"), settings.count("subpopulations"));
    if lines < FEWEST * subpopulations {
        let text = format!(
            "{lines} lines are too few for {subpopulations} subpopulations of at least {FEWEST}: ask for more individuals or fewer subpopulations"
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let panel = Panel::cross(lines, subpopulations, seed);
    let population = panel.population(settings, seed);
    let phenotypes = yields(&population, settings, seed)?;
    let all: Vec<usize> = (0..population.individuals.len()).collect();
    write::genotypes(folder, &population, &all)?;
    let [sire, dam] = write::parents(&population);
    let subpopulations = panel.subpopulations.iter().map(|s| (s + 1).to_string()).collect();
    let mut columns = vec![
        write::generations(&population),
        ("subpopulation".into(), subpopulations),
        ("family".into(), panel.families),
        sire,
        dam,
    ];
    let of_environment = || ENVIRONMENTS.into_iter().zip(&phenotypes);
    columns.extend(of_environment().map(|(name, made)| write::numbers(name, &made.values)));
    write::phenotypes(folder, &all, &columns)?;
    let effects: Vec<(&str, &[Effect])> =
        of_environment().map(|(name, made)| (name, made.effects.as_slice())).collect();
    super::truth::write(folder, &population.map, &effects)?;
    let mut realised: Vec<Realised> =
        of_environment().flat_map(|(name, made)| made.realised(&population, name)).collect();
    let first = genetic_values(&population, &phenotypes[0].effects);
    for (trait_name, made) in of_environment().skip(1) {
        let value = correlation(&first, &genetic_values(&population, &made.effects));
        realised.push(Realised { trait_name, what: "genetic correlation with e1".into(), value });
    }
    Ok(realised)
}

/// The lines and where they come from.
#[derive(Debug)]
struct Panel {
    /// Generation 1 are the founders, 2 and 3 the cycles of crossing.
    individuals: Vec<Individual>,
    subpopulations: Vec<usize>,
    /// `2-1-3`: the third family of generation 2 in subpopulation 1; founders make a family `1-1`.
    families: Vec<String>,
}

impl Panel {
    /// In each cycle, random pairs of lines of the generation before are crossed within their subpopulation
    /// and each cross gives a family of doubled haploids.
    fn cross(lines: usize, subpopulations: usize, seed: u64) -> Self {
        let mut rng = Rng::new(derive(seed, "pedigree", 0));
        let mut panel = Panel { individuals: vec![], subpopulations: vec![], families: vec![] };
        let mut add = |generation: usize, parents, subpopulation: usize, family: String| {
            panel.individuals.push(Individual { generation, parents, male: false });
            panel.subpopulations.push(subpopulation);
            panel.families.push(family);
            panel.individuals.len() - 1
        };
        let mut previous: Vec<Vec<usize>> = (0..subpopulations)
            .map(|s| (0..FOUNDERS).map(|_| add(1, None, s, format!("1-{}", s + 1))).collect())
            .collect();
        let bred = lines - FOUNDERS * subpopulations;
        let shares: usize = CYCLES.iter().sum();
        let mut done = 0;
        for (generation, cycle) in (2..).zip(0..CYCLES.len()) {
            let end = bred * CYCLES[..=cycle].iter().sum::<usize>() / shares;
            let count = end - done;
            done = end;
            for (s, parents) in previous.iter_mut().enumerate() {
                let here = (s + 1) * count / subpopulations - s * count / subpopulations;
                let families = here.div_ceil(FAMILY);
                let crosses: Vec<(usize, usize)> = (0..families)
                    .map(|_| {
                        let first = rng.below(parents.len());
                        let second = (first + 1 + rng.below(parents.len() - 1)) % parents.len();
                        (parents[first], parents[second])
                    })
                    .collect();
                let mut children = Vec::with_capacity(here);
                for i in 0..here {
                    let family = i * families / here;
                    let name = format!("{generation}-{}-{}", s + 1, family + 1);
                    children.push(add(generation, Some(crosses[family]), s, name));
                }
                *parents = children;
            }
        }
        panel
    }

    /// The lines' genes.
    fn population(&self, settings: &Settings, seed: u64) -> Population {
        let subpopulations = settings.count("subpopulations");
        let demography = Demography {
            samples: vec![FOUNDERS; subpopulations],
            size: SIZE,
            split: SPLIT,
            ancestral: ANCESTRAL_SIZE,
        };
        let lengths = vec![CHROMOSOME; settings.count("chromosomes")];
        let sample = Sample::draw(&demography, &lengths, settings.count("snps"), Typed::Discovered, seed);
        let found = |_: &_, founders: &mut [u8]| {
            // A founder's two haplotypes are alike.
            let snps = sample.map.positions.len();
            let mut once = vec![0; founders.len() / 2];
            sample.write(&mut once);
            for (line, haplotype) in founders.chunks_exact_mut(2 * snps).zip(once.chunks_exact(snps)) {
                line[..snps].copy_from_slice(haplotype);
                line[snps..].copy_from_slice(haplotype);
            }
        };
        Population::drop_genes(
            self.individuals.clone(),
            sample.map.clone(),
            Mating::DoubledHaploid,
            seed,
            found,
        )
    }
}

/// The trait in each environment, in phenotypic standard deviations. An additive effect is √ρ times one that
/// all environments share and √(1 − ρ) times one of its own, which makes ρ the additive genetic correlation
/// between any two.
fn yields(population: &Population, settings: &Settings, seed: u64) -> io::Result<Vec<Phenotype>> {
    let mut rng = Rng::new(derive(seed, "effects", 0));
    let count = settings.count("qtl");
    let snps = draw_snps(population, count + 2 * PAIRS, QTL_MAF, |_| true, &mut rng)?;
    let (alone, paired) = snps.split_at(count);
    let shared: Vec<f64> = alone.iter().map(|_| rng.normal()).collect();
    let pairs: Vec<Effect> =
        paired.chunks_exact(2).flat_map(|pair| Effect::epistatic([pair[0], pair[1]], rng.normal())).collect();
    let (_, of_pairs) = moments(&genetic_values(population, &pairs));
    let (rho, epistasis) = (settings.float("correlation"), settings.float("epistasis"));
    let phenotypes = (0..).zip(ENVIRONMENTS).map(|(e, _)| {
        let mut rng = Rng::new(derive(seed, "environment", e));
        let additive: Vec<Effect> = alone
            .iter()
            .zip(&shared)
            .map(|(snp, shared)| {
                Effect::additive(*snp, libm::sqrt(rho) * shared + libm::sqrt(1.0 - rho) * rng.normal())
            })
            .collect();
        let (_, of_additive) = moments(&genetic_values(population, &additive));
        let mut effects = additive;
        if epistasis > 0.0 {
            let unit = libm::sqrt(of_pairs / of_additive * (1.0 - epistasis) / epistasis);
            effects.extend(pairs.iter().map(|effect| effect.in_units_of(unit)));
        }
        Phenotype::draw(population, effects, vec![], settings.float("h2"), &mut rng).standardised()
    });
    Ok(phenotypes.collect())
}
