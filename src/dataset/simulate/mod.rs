//! Simulated data: populations by a gene drop down a pedigree with a trait of additive and dominance
//! QTL, and sequences with binding motifs.
//!
//! Everything is drawn from named seeds and computed with portable functions, so that a preset, its
//! settings and a seed give the same bytes on every machine.

mod motif;
mod population;
mod qtl;
mod tf_binding;
mod write;

use std::io;
use std::path::Path;

use crate::domain::setting::{Accepts, Preset, Setting, Settings};
use crate::domain::table::Row;
use crate::domain::task::Task;
use population::{Design, Population};
use qtl::{Architecture, Phenotype, Units};

/// Writes simulated data into a folder, from a seed: the genotypes or sequences, `phenotypes.csv` (a
/// column `id`, one to split by, the traits) and `effects.csv`, the truth behind them. The same bytes on
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
    fill: fn(&Settings, u64, &Path) -> io::Result<()>,
}

impl Simulation {
    /// Writes what `settings` and `seed` make into `folder`.
    ///
    /// # Errors
    /// Where the settings leave nothing to simulate, or the disk refuses.
    pub fn write(&self, settings: &Settings, seed: u64, folder: &Path) -> io::Result<()> {
        write::folder(folder, |partial| (self.fill)(settings, seed, partial))
    }
}

/// A population with one quantitative trait.
const fn population(
    traits: &'static [&'static str],
    fill: fn(&Settings, u64, &Path) -> io::Result<()>,
) -> Simulation {
    Simulation { task: Task::Regression, traits, genotypes: "genotypes.bed", fill }
}

const fn count(name: &'static str, min: i64, max: i64, preset: i64, help: &'static str) -> Setting {
    Setting::new(name, Accepts::Int { min, max }, Preset::Int(preset), help)
}

const fn heritability(preset: f64, help: &'static str) -> Setting {
    Setting::new("h2", Accepts::Float { min: 0.01, max: 1.0 }, Preset::Float(preset), help)
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
        help: "in the likeness of QTLMAS2010: five generations, 37 additive QTL and three dominance loci of effect 5",
        settings: &[
            count("individuals", 100, 1_000_000, 3226, INDIVIDUALS),
            count("snps", 500, 10_000_000, 10_031, SNPS),
            count("chromosomes", 1, 100, 5, CHROMOSOMES),
            heritability(
                0.5,
                "variance of the additive QTL over phenotypic variance without the dominance loci",
            ),
        ],
        build: population(&["y"], qtlmas2010),
    },
    Row {
        name: "pig",
        help: "808 pigs with 50,174 SNPs on 18 autosomes and an estimated breeding value of mean 0 and standard deviation 1",
        settings: &[
            count("individuals", 120, 1_000_000, 808, INDIVIDUALS),
            count("snps", 500, 10_000_000, 50_174, SNPS),
            count("chromosomes", 1, 100, 18, CHROMOSOMES),
            count("qtl", 1, 10_000, 150, "additive QTL"),
            heritability(0.9, "variance of the breeding values over variance of their estimates"),
        ],
        build: population(&["ebv"], pig),
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

fn quick(settings: &Settings, seed: u64, folder: &Path) -> io::Result<()> {
    let design = Design {
        generations: &[40, 280, 280],
        family: 10,
        chromosome_length: 100_000_000,
        segment: 5e6,
        ancestors: 8,
    };
    let architecture = Architecture::Scattered { qtl: settings.count("qtl"), dominance_every: Some(4) };
    let (population, phenotype) = simulate(&design, &architecture, Units::Standardised, settings, seed)?;
    write::population(folder, &population, &phenotype, "y")
}

fn qtlmas2010(settings: &Settings, seed: u64, folder: &Path) -> io::Result<()> {
    let design = Design {
        generations: &[20, 450, 928, 928, 900],
        family: 30,
        chromosome_length: 100_000_000,
        segment: 2e6,
        ancestors: 6,
    };
    let (population, phenotype) = simulate(&design, &Architecture::Qtlmas2010, Units::Own, settings, seed)?;
    write::population(folder, &population, &phenotype, "y")
}

fn pig(settings: &Settings, seed: u64, folder: &Path) -> io::Result<()> {
    let design = Design {
        generations: &[80, 364, 364],
        family: 8,
        chromosome_length: 125_000_000,
        segment: 2e6,
        ancestors: 8,
    };
    let architecture = Architecture::Scattered { qtl: settings.count("qtl"), dominance_every: None };
    let (population, phenotype) = simulate(&design, &architecture, Units::Standardised, settings, seed)?;
    write::population(folder, &population, &phenotype, "ebv")
}

fn simulate(
    design: &Design,
    architecture: &Architecture,
    units: Units,
    settings: &Settings,
    seed: u64,
) -> io::Result<(Population, Phenotype)> {
    let population = Population::drop_genes(
        design,
        settings.count("individuals"),
        settings.count("snps"),
        settings.count("chromosomes"),
        seed,
    );
    let phenotype = qtl::phenotype(&population, architecture, settings.float("h2"), units, seed)?;
    Ok((population, phenotype))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::dataset::encode::{Encoder, Encoding};
    use crate::dataset::fold::{Fold, Split, partition};
    use crate::dataset::scale::{TraitScale, TraitScaler};
    use crate::dataset::{DataSpec, Dataset, load};
    use crate::domain::table::find;
    use crate::domain::value::Value;

    fn made(preset: &str, changes: &[(&str, i64)], seed: u64) -> (tempfile::TempDir, Dataset) {
        let row = find(PRESETS, preset).unwrap();
        let mut settings = Settings::defaults(row.settings);
        for (name, value) in changes {
            settings.0.insert((*name).into(), Value::Int(*value));
        }
        let folder = tempfile::tempdir().unwrap();
        row.build.write(&settings, seed, &folder.path().join("data")).unwrap();
        let spec = DataSpec {
            genotypes: folder.path().join("data").join(row.build.genotypes),
            format: None,
            phenotypes: folder.path().join("data/phenotypes.csv"),
            task: row.build.task,
            trait_names: row.build.traits.iter().map(|t| (*t).to_owned()).collect(),
            id_column: None,
            maf: 0.01,
            exclude_chromosomes: vec![],
            covariates: vec![],
            categorical: vec![],
            group_columns: vec!["generation".into()],
            memory: 1 << 30,
        };
        let dataset = load(&spec).unwrap();
        (folder, dataset)
    }

    /// Checksums of a population's files.
    fn sums(folder: &tempfile::TempDir) -> [u32; 5] {
        let files = ["genotypes.bed", "genotypes.bim", "genotypes.fam", "phenotypes.csv", "effects.csv"];
        files.map(|f| crc32fast::hash(&fs::read(folder.path().join("data").join(f)).unwrap()))
    }

    #[test]
    fn the_quick_preset_is_the_same_on_every_machine() {
        let (folder, dataset) = made("quick", &[], 1);
        let sums = sums(&folder);
        assert_eq!(sums, [0xe7ca_a72f, 0x1eea_3152, 0x07c9_c471, 0x2b57_8ad6, 0x8716_948d], "{sums:#010x?}");
        assert_eq!((dataset.individuals(), dataset.report().snps.read), (600, 1200));
        let (_, other) = made("quick", &[], 2);
        assert_ne!(dataset.fingerprint(), other.fingerprint());
    }

    /// Kernel ridge regression with the genomic relationship, solved by conjugate gradients.
    fn gblup(dataset: &Dataset, fold: &Fold) -> f64 {
        let snps = dataset.positions();
        let encoder = Encoder::fit(dataset, Encoding::Additive, &fold.train).unwrap();
        let rows = |rows: &[usize]| {
            let mut x = vec![0.0; rows.len() * snps];
            dataset.decode(rows, &encoder, &mut x);
            x
        };
        let (train, validation) = (rows(&fold.train), rows(&fold.validation));
        let kernel = |x: &[f32]| -> Vec<Vec<f64>> {
            let dot = |a: &[f32], b: &[f32]| {
                f64::from(a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>()) / snps as f64
            };
            x.chunks(snps).map(|a| train.chunks(snps).map(|b| dot(a, b)).collect()).collect()
        };
        let times = |k: &[Vec<f64>], v: &[f64], ridge: f64| -> Vec<f64> {
            let product = k.iter().map(|row| row.iter().zip(v).map(|(k, v)| k * v).sum::<f64>());
            product.zip(v.iter().chain(std::iter::repeat(&0.0))).map(|(p, v)| p + ridge * v).collect()
        };
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let y = TraitScaler::fit(dataset.target(), &fold.train, TraitScale::Center);
        let k = kernel(&train);
        let mut residual: Vec<f64> =
            fold.train.iter().map(|r| y.forward(dataset.target().values[*r])).collect();
        let (mut weights, mut direction) = (vec![0.0; residual.len()], residual.clone());
        for _ in 0..60 {
            let product = times(&k, &direction, 1.0);
            let before = dot(&residual, &residual);
            let step = before / dot(&direction, &product);
            for i in 0..weights.len() {
                weights[i] += step * direction[i];
                residual[i] -= step * product[i];
            }
            let ratio = dot(&residual, &residual) / before;
            direction.iter_mut().zip(&residual).for_each(|(d, r)| *d = r + ratio * *d);
        }
        let predicted = times(&kernel(&validation), &weights, 0.0);
        let observed: Vec<f64> = fold.validation.iter().map(|r| dataset.target().values[*r]).collect();
        let centred = |v: &[f64]| {
            let mean = v.iter().sum::<f64>() / v.len() as f64;
            v.iter().map(|v| v - mean).collect::<Vec<f64>>()
        };
        let (p, o) = (centred(&predicted), centred(&observed));
        dot(&p, &o) / (dot(&p, &p) * dot(&o, &o)).sqrt()
    }

    #[test]
    fn the_quick_preset_can_be_predicted() {
        let (_folder, dataset) = made("quick", &[], 1);
        let folds = partition(&Split::KFold { folds: 5 }, None, 600, &[], 1).unwrap().folds;
        let correlations: Vec<f64> = folds.iter().map(|fold| gblup(&dataset, fold)).collect();
        let mean = correlations.iter().sum::<f64>() / correlations.len() as f64;
        eprintln!("mean {mean}: {correlations:?}");
        assert!(mean > 0.45 && mean < 0.75, "{correlations:?}");
    }

    #[test]
    fn qtlmas2010_has_its_generations_and_dominance_on_the_last_chromosome() {
        let (folder, dataset) = made("qtlmas2010", &[], 1);
        let sums = sums(&folder);
        assert_eq!(sums, [0x2e34_4626, 0x1e09_f8fd, 0xc913_64ae, 0x566b_e47f, 0x229d_0d5e], "{sums:#010x?}");
        let mut sizes = [0; 5];
        for generation in &dataset.groupings()[0].values {
            sizes[generation.parse::<usize>().unwrap() - 1] += 1;
        }
        assert_eq!(sizes, [20, 450, 928, 928, 900]);
        assert!(dataset.positions() > 9000, "{:?}", dataset.report().lines());
        let effects = fs::read_to_string(folder.path().join("data/effects.csv")).unwrap();
        let strong: Vec<&str> = effects.lines().filter(|l| l.ends_with("5.000000")).collect();
        assert_eq!(effects.lines().count(), 1 + 37 + 3);
        assert_eq!(strong.len(), 2, "over- and underdominance");
        assert!(strong.iter().all(|l| l.split(',').nth(1) == Some("5")), "{strong:?}");
    }

    #[test]
    fn pig_has_breeding_values_of_mean_0_and_standard_deviation_1() {
        let (folder, dataset) = made("pig", &[("individuals", 202), ("snps", 2000)], 3);
        let sums = sums(&folder);
        assert_eq!(sums, [0xe321_7bf7, 0xc755_6550, 0x2045_e44b, 0xd35a_f91e, 0xd57d_282c], "{sums:#010x?}");
        let y = &dataset.target().values;
        let mean = y.iter().sum::<f64>() / y.len() as f64;
        let variance = y.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / y.len() as f64;
        assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-4, "{mean} {variance}");
        assert_eq!(dataset.individuals(), 202);
        let last = dataset.markers().last().unwrap();
        assert_eq!(last.chromosome.as_deref(), Some("18"));
    }

    #[test]
    fn a_folder_in_use_is_refused_and_nothing_half_made_is_left() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("kept.txt"), "mine").unwrap();
        let row = find(PRESETS, "quick").unwrap();
        let error = row.build.write(&Settings::defaults(row.settings), 1, folder.path()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
