//! Simulated data: populations of a coalescent's founders whose genes are dropped down a pedigree, with traits
//! of additive, dominant, imprinted and epistatic QTL, and sequences with binding motifs.
//!
//! Everything is drawn from named seeds and computed with portable functions, so that a preset, its
//! settings and a seed give the same bytes on every machine.

mod blup;
mod coalescent;
mod mosaic;
mod motif;
mod pig;
mod plant;
mod population;
mod qtl;
mod qtlmas2010;
mod sample;
#[cfg(test)]
mod tests;
mod tf_binding;
mod truth;
mod write;

use std::io;
use std::path::Path;

use super::{DataSpec, QualityControl};
use crate::domain::seed::{Rng, derive};
use crate::domain::setting::{Accepts, Preset, Setting, Settings};
use crate::domain::table::Row;
use crate::domain::task::Task;
use mosaic::Mosaic;
use population::{Mating, Population, pedigree};
use qtl::Phenotype;
pub use truth::{Kind, Qtl, truth};

/// Writes simulated data into a folder, from a seed: the genotypes or sequences, `phenotypes.csv` (a
/// column `id`, some to split by, the traits) and `effects.csv`, the truth behind them. The same bytes on
/// every machine. The folder must not exist or be empty; it appears only when it is complete.
pub type PresetRow = Row<Simulation>;

/// What a preset simulates.
#[derive(Debug, Clone, Copy)]
pub struct Simulation {
    /// What is predicted.
    pub task: Task,
    /// The traits' columns in `phenotypes.csv`.
    pub traits: &'static [&'static str],
    /// The file of genotypes or sequences.
    pub genotypes: &'static str,
    /// Writes all files into a folder.
    fill: fn(&Settings, u64, &Path) -> io::Result<Vec<Realised>>,
}

/// A figure of a population as it came out, to be held against what was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Realised {
    /// The trait.
    pub trait_name: &'static str,
    /// What it is, in words.
    pub what: String,
    /// The figure.
    pub value: f64,
}

impl Simulation {
    /// Writes what `settings` and `seed` make into `folder`.
    ///
    /// # Errors
    /// Where the settings leave nothing to simulate, or the disk refuses.
    pub fn write(&self, settings: &Settings, seed: u64, folder: &Path) -> io::Result<Vec<Realised>> {
        write::folder(folder, |partial| (self.fill)(settings, seed, partial))
    }

    /// How to load what was written into `folder`, with the first trait, or all labels.
    pub fn spec(&self, folder: &Path) -> DataSpec {
        let traits = if self.task == Task::MultiLabel { self.traits } else { &self.traits[..1] };
        DataSpec {
            genotypes: folder.join(self.genotypes),
            format: None,
            phenotypes: folder.join("phenotypes.csv"),
            task: self.task,
            trait_names: traits.iter().map(|t| (*t).to_owned()).collect(),
            id_column: None,
            qc: QualityControl::default(),
            group_columns: vec![],
            covariates: vec![],
            categorical: vec![],
            memory: 1 << 30,
        }
    }
}

/// A population with quantitative traits.
const fn population(
    traits: &'static [&'static str],
    fill: fn(&Settings, u64, &Path) -> io::Result<Vec<Realised>>,
) -> Simulation {
    Simulation { task: Task::Regression, traits, genotypes: "genotypes.bed", fill }
}

const fn count(name: &'static str, min: i64, max: i64, preset: i64, help: &'static str) -> Setting {
    Setting::new(name, Accepts::Int { min, max }, Preset::Int(preset), help)
}

const fn share(name: &'static str, min: f64, max: f64, preset: f64, help: &'static str) -> Setting {
    Setting::new(name, Accepts::Float { min, max }, Preset::Float(preset), help)
}

const fn heritability(preset: f64, help: &'static str) -> Setting {
    share("h2", 0.01, 1.0, preset, help)
}

const INDIVIDUALS: &str = "individuals over all generations";
const SNPS: &str = "SNPs, spread over the chromosomes";
const CHROMOSOMES: &str = "chromosomes of equal length";

/// Every preset.
pub const PRESETS: &[PresetRow] = &[
    Row {
        name: "quick",
        help: "600 individuals in sib families, 1,200 SNPs, 20 QTL with dominance: for trying things out",
        settings: &[
            count("individuals", 60, 1_000_000, 600, INDIVIDUALS),
            count("snps", 50, 10_000_000, 1200, SNPS),
            count("chromosomes", 1, 100, 5, CHROMOSOMES),
            count("qtl", 1, 10_000, 20, "QTL, every fourth with dominance as large as its additive effect"),
            heritability(0.5, "genetic variance over phenotypic variance"),
        ],
        build: population(&["y"], quick),
    },
    Row {
        name: "qtlmas2010",
        help: "in the likeness of QTLMAS2010: five generations, 37 additive, imprinted and epistatic QTL, and three dominance loci of effect 5",
        settings: &[
            count("individuals", 100, 1_000_000, 3226, INDIVIDUALS),
            count("snps", 500, 10_000_000, 10_031, SNPS),
            count("chromosomes", 1, 100, 5, CHROMOSOMES),
            heritability(0.5, "variance of the 37 QTL over phenotypic variance without the dominance loci"),
        ],
        build: population(&["y"], qtlmas2010::fill),
    },
    Row {
        name: "pig",
        help: "808 sows of two breeds with 50,174 SNPs on 18 autosomes, their litter sizes (nlb, missing for 106) and the breeding values that a pedigree evaluation gives them (ebv)",
        settings: &[
            count("individuals", 120, 1_000_000, 808, "genotyped sows, in three generations"),
            count("snps", 500, 10_000_000, 50_174, SNPS),
            count(
                "chromosomes",
                1,
                pig::CHROMOSOMES.len() as i64,
                18,
                "the first so many autosomes of the pig",
            ),
            count("qtl", 1, 10_000, 150, "additive QTL"),
            heritability(0.16, "variance of the breeding values over variance of a litter's size"),
        ],
        build: population(&["ebv", "nlb"], pig::fill),
    },
    Row {
        name: "plant",
        help: "600 inbred lines with 10,000 SNPs: four subpopulations, biparental families of two cycles of crossing, a trait in four environments (e1 to e4)",
        settings: &[
            count("individuals", 60, 1_000_000, 600, "lines, 15 of each subpopulation its founders"),
            count("snps", 500, 10_000_000, 10_000, SNPS),
            count("chromosomes", 1, 100, 10, CHROMOSOMES),
            count(
                "subpopulations",
                1,
                100,
                4,
                "groups that parted long ago and are not crossed with each other",
            ),
            count("qtl", 1, 10_000, 100, "additive QTL"),
            heritability(0.5, "genetic variance over phenotypic variance in each environment"),
            share("correlation", 0.0, 1.0, 0.5, "additive genetic correlation between two environments"),
            share(
                "epistasis",
                0.0,
                0.9,
                0.15,
                "share of the genetic variance that is due to ten epistatic pairs",
            ),
        ],
        build: population(&plant::ENVIRONMENTS, plant::fill),
    },
    Row {
        name: "tf-binding",
        help: "sequences with motifs of the transcription factors TAL1 and GATA1, and three labels: both, TAL1, GATA1",
        settings: &[
            count(
                "per_type",
                1,
                1_000_000,
                1600,
                "training sequences of each type: no motif, TAL1, GATA1, both",
            ),
            count("validation_per_type", 0, 1_000_000, 400, "validation sequences of each type"),
            count("length", tf_binding::SHORTEST, 100_000, 200, "bases a sequence"),
        ],
        build: Simulation {
            task: Task::MultiLabel,
            traits: &tf_binding::LABELS,
            genotypes: "sequences.fa",
            fill: tf_binding::fill,
        },
    },
];

fn quick(settings: &Settings, seed: u64, folder: &Path) -> io::Result<Vec<Realised>> {
    let mosaic = Mosaic { chromosome_length: 100_000_000, segment: 5e6, ancestors: 8 };
    let pedigree = pedigree(&[40, 280, 280], 10, settings.count("individuals"), seed);
    let map = mosaic.map(settings.count("snps"), settings.count("chromosomes"), seed);
    let population = Population::drop_genes(pedigree, map, Mating::Gametes, seed, |map, founders| {
        mosaic.found(map, founders, seed);
    });
    let effects = qtl::scattered(&population, settings.count("qtl"), Some(4), seed)?;
    let mut rng = Rng::new(derive(seed, "residuals", 0));
    let phenotype = Phenotype::draw(&population, effects, vec![], settings.float("h2"), &mut rng);
    let phenotype = phenotype.standardised();
    let all: Vec<usize> = (0..population.individuals.len()).collect();
    write::genotypes(folder, &population, &all)?;
    let columns = [write::generations(&population), write::numbers("y", &phenotype.values)];
    write::phenotypes(folder, &all, &columns)?;
    truth::write(folder, &population.map, &[("y", &phenotype.effects)])?;
    Ok(phenotype.realised(&population, "y"))
}

/// Mean and variance.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n)
}

/// Pearson's correlation.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let ((mean_a, variance_a), (mean_b, variance_b)) = (moments(a), moments(b));
    let products = a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b));
    products.sum::<f64>() / a.len() as f64 / libm::sqrt(variance_a * variance_b)
}
