//! A herd of sows in the likeness of the one of Waldmann, Pfeiffer & Mészáros (2020): two breeds, a chip of
//! SNPs, litter sizes and the breeding values that a pedigree evaluation makes of them.

use std::cmp::Reverse;
use std::io;
use std::path::Path;

use super::blup::{Record, blup};
use super::coalescent::Demography;
use super::population::{Individual, Mating, Population};
use super::qtl::{Effect, genetic_values, scattered, variances};
use super::sample::{Sample, Typed};
use super::{Realised, correlation, moments, write};
use crate::domain::seed::{Rng, derive};
use crate::domain::setting::Settings;

/// Base pairs of the 18 autosomes of Sscrofa11.1.
pub(super) const CHROMOSOMES: [u64; 18] = [
    274_330_532,
    151_935_994,
    132_848_913,
    130_910_915,
    104_526_007,
    170_843_587,
    121_844_099,
    138_966_237,
    139_512_083,
    69_359_453,
    79_169_978,
    61_602_749,
    208_334_590,
    141_755_446,
    140_412_725,
    79_944_280,
    63_494_081,
    55_982_971,
];

const BREEDS: [&str; 2] = ["large-white", "landrace"];
/// Founders of each breed, not genotyped.
const FOUNDERS: (usize, usize) = (10, 40);
/// Boars of each breed in each later generation, not genotyped.
const BOARS: usize = 12;
/// Generations of genotyped sows, which follow the founders.
const GENERATIONS: usize = 3;
/// Piglets of a litter that are kept.
const LITTER: usize = 4;
/// Effective size of each breed, generations since they parted, and effective size before.
const SIZE: f64 = 100.0;
const SPLIT: f64 = 40.0;
const ANCESTRAL_SIZE: f64 = 500.0;
/// More SNPs than wanted are typed and the rarest among the genotyped sows left out, as quality control
/// would.
const SPARE: f64 = 1.03;

/// Mean and variance of a record of live-born piglets.
const MEAN: f64 = 12.0;
const VARIANCE: f64 = 7.84;
/// The share of the variance that is not genetic that stays with a sow from litter to litter.
const PERMANENT: f64 = 0.1;
/// Sows with 1, 2, ... 9 records, in per cent: the median is 4.
const RECORDS: [usize; 9] = [12, 13, 14, 15, 14, 12, 9, 6, 5];
/// Genotyped sows without a record, of all of them: 106 of 808.
const WITHOUT: (usize, usize) = (106, 808);

/// Writes the files of the preset.
pub(super) fn fill(settings: &Settings, seed: u64, folder: &Path) -> io::Result<Vec<Realised>> {
    let herd = Herd::breed(settings.count("individuals"), seed);
    let population = herd.population(settings.count("snps"), settings.count("chromosomes"), seed);
    let sows: Vec<usize> = herd.sows().collect();
    let litters = Litters::draw(&population, &sows, settings.count("qtl"), settings.float("h2"), seed)?;
    write::genotypes(folder, &population, &sows)?;
    let breeds = herd.breeds.iter().map(|breed| BREEDS[*breed].to_owned()).collect();
    let [sire, dam] = write::parents(&population);
    let nlb = litters.averages.iter().map(|r| r.map_or("NA".into(), |r| format!("{:.6}", r.mean)));
    let columns = [
        write::generations(&population),
        ("breed".into(), breeds),
        sire,
        dam,
        write::numbers("ebv", &litters.ebv),
        ("nlb".into(), nlb.collect()),
    ];
    write::phenotypes(folder, &sows, &columns)?;
    super::truth::write(folder, &population.map, &[("nlb", &litters.effects)])?;
    Ok(litters.realised(&population, &sows))
}

/// A pedigree of two breeds.
#[derive(Debug)]
struct Herd {
    individuals: Vec<Individual>,
    /// Of each individual, by its number in [`BREEDS`].
    breeds: Vec<usize>,
}

impl Herd {
    /// Founders, then generations in which random dams each have a litter by a random boar of their breed;
    /// `genotyped` sows in all.
    fn breed(genotyped: usize, seed: u64) -> Self {
        let mut rng = Rng::new(derive(seed, "pedigree", 0));
        let mut herd = Herd { individuals: Vec::new(), breeds: Vec::new() };
        let mut add = |generation: usize, parents: Option<(usize, usize)>, male: bool, breed: usize| {
            herd.individuals.push(Individual { generation, parents, male });
            herd.breeds.push(breed);
            herd.individuals.len() - 1
        };
        let (boars, sows) = FOUNDERS;
        let mut previous = [(); BREEDS.len()].map(|()| (Vec::new(), Vec::new()));
        for (breed, (males, females)) in previous.iter_mut().enumerate() {
            males.extend((0..boars).map(|_| add(0, None, true, breed)));
            females.extend((0..sows).map(|_| add(0, None, false, breed)));
        }
        let groups = GENERATIONS * BREEDS.len();
        for group in 0..groups {
            let (generation, breed) = (1 + group / BREEDS.len(), group % BREEDS.len());
            let sows = (group + 1) * genotyped / groups - group * genotyped / groups;
            let (males, mut females) = std::mem::take(&mut previous[breed]);
            rng.shuffle(&mut females);
            let litters = (BOARS + sows).div_ceil(LITTER);
            let mated: Vec<(usize, usize)> =
                (0..litters).map(|l| (males[rng.below(males.len())], females[l % females.len()])).collect();
            for piglet in 0..BOARS + sows {
                let male = piglet < BOARS;
                let number = add(generation, Some(mated[piglet % litters]), male, breed);
                let kept = &mut previous[breed];
                if male { kept.0.push(number) } else { kept.1.push(number) }
            }
        }
        herd
    }

    /// Those that are genotyped.
    fn sows(&self) -> impl Iterator<Item = usize> {
        let all = self.individuals.iter().enumerate();
        all.filter(|(_, i)| i.parents.is_some() && !i.male).map(|(number, _)| number)
    }

    /// The herd's genes.
    fn population(&self, snps: usize, chromosomes: usize, seed: u64) -> Population {
        let each = 2 * (FOUNDERS.0 + FOUNDERS.1);
        let demography = Demography {
            samples: vec![each; BREEDS.len()],
            size: SIZE,
            split: SPLIT,
            ancestral: ANCESTRAL_SIZE,
        };
        let more = (snps as f64 * SPARE) as usize;
        let sample = Sample::draw(&demography, &CHROMOSOMES[..chromosomes], more, Typed::Discovered, seed);
        let mut population = Population::drop_genes(
            self.individuals.clone(),
            sample.map.clone(),
            Mating::Gametes,
            seed,
            |_, founders| sample.write(founders),
        );
        let sows: Vec<usize> = self.sows().collect();
        let rarer = population.rarer_alleles(&sows);
        let mut commonest: Vec<usize> = (0..more).collect();
        commonest.sort_by_key(|snp| Reverse(rarer[*snp]));
        commonest.truncate(snps);
        population.keep(commonest);
        population
    }
}

/// Litter sizes of all sows, founders among them.
#[derive(Debug)]
struct Litters {
    /// Per counted allele, in piglets.
    effects: Vec<Effect>,
    genetic: Vec<f64>,
    averages: Vec<Option<Record>>,
    ebv: Vec<f64>,
    /// Variance of a single record of the genotyped sows.
    of_records: f64,
}

impl Litters {
    /// Effects are scaled to give the genotyped sows the share `h2` of the variance of a record.
    fn draw(population: &Population, sows: &[usize], qtl: usize, h2: f64, seed: u64) -> io::Result<Self> {
        let mut effects = scattered(population, qtl, None, seed)?;
        effects.sort_by_key(|e| e.snp);
        let of = |values: &[f64]| moments(&sows.iter().map(|i| values[*i]).collect::<Vec<_>>());
        let drawn = genetic_values(population, &effects);
        let unit = libm::sqrt(of(&drawn).1 / (h2 * VARIANCE));
        effects.iter_mut().for_each(|effect| *effect = effect.in_units_of(unit));
        let mean = of(&drawn).0;
        let genetic: Vec<f64> = drawn.iter().map(|value| (value - mean) / unit).collect();

        let permanent = PERMANENT * (1.0 - h2) * VARIANCE;
        let temporary = (1.0 - PERMANENT) * (1.0 - h2) * VARIANCE;
        let mut rng = Rng::new(derive(seed, "records", 0));
        let mut without = sows.to_vec();
        rng.shuffle(&mut without);
        without.truncate((sows.len() * WITHOUT.0 + WITHOUT.1 / 2) / WITHOUT.1);
        without.sort_unstable();
        let mut records = Vec::new();
        let mut averages = vec![None; genetic.len()];
        for (i, animal) in population.individuals.iter().enumerate() {
            if animal.male || without.binary_search(&i).is_ok() {
                continue;
            }
            let expected = MEAN + genetic[i] + libm::sqrt(permanent) * rng.normal();
            let own: Vec<f64> = (0..litters(&mut rng))
                .map(|_| (expected + libm::sqrt(temporary) * rng.normal()).round().max(0.0))
                .collect();
            let n = own.len() as f64;
            averages[i] =
                Some(Record { mean: own.iter().sum::<f64>() / n, residual: permanent + temporary / n });
            if animal.parents.is_some() {
                records.extend(own);
            }
        }
        let parents: Vec<_> = population.individuals.iter().map(|animal| animal.parents).collect();
        let ebv = blup(&parents, &averages, h2 * VARIANCE);
        Ok(Litters { effects, genetic, averages, ebv, of_records: moments(&records).1 })
    }

    /// What came out, over the genotyped sows.
    fn realised(&self, population: &Population, sows: &[usize]) -> Vec<Realised> {
        let of = |values: &[f64]| -> Vec<f64> { sows.iter().map(|i| values[*i]).collect() };
        let (genetic, ebv) = (of(&self.genetic), of(&self.ebv));
        let recorded: Vec<usize> = sows.iter().copied().filter(|i| self.averages[*i].is_some()).collect();
        let averages: Vec<f64> =
            recorded.iter().filter_map(|i| self.averages[*i]).map(|record| record.mean).collect();
        let theirs: Vec<f64> = recorded.iter().map(|i| self.genetic[*i]).collect();
        let variance = moments(&genetic).1;
        let mut all = variances(population, &self.effects, "nlb");
        for (trait_name, what, value) in [
            ("nlb", "variance of the genetic values of the genotyped", variance),
            ("nlb", "variance of a record", self.of_records),
            ("nlb", "genetic variance over that of a record", variance / self.of_records),
            ("nlb", "sows with records", averages.len() as f64),
            ("nlb", "variance of the average of a sow's records", moments(&averages).1),
            ("nlb", "squared correlation with the genetic values", correlation(&averages, &theirs).powi(2)),
            ("ebv", "variance", moments(&ebv).1),
            ("ebv", "squared correlation with the genetic values", correlation(&ebv, &genetic).powi(2)),
        ] {
            all.push(Realised { trait_name, what: what.into(), value });
        }
        all
    }
}

/// How many litters a sow has had.
fn litters(rng: &mut Rng) -> usize {
    let mut left = rng.below(RECORDS.iter().sum());
    let mut number = 0;
    while left >= RECORDS[number] {
        left -= RECORDS[number];
        number += 1;
    }
    number + 1
}
