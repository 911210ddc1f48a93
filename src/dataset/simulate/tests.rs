//! What comes out of the presets.

use std::fs;

use super::qtl::Effect;
use super::*;
use crate::dataset::encode::{Encoder, Encoding};
use crate::dataset::fold::{Fold, Split, partition};
use crate::dataset::properties::Properties;
use crate::dataset::scale::{TraitScale, TraitScaler};
use crate::dataset::{DataSpec, Dataset, QualityControl, load};
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
    let spec = row.build.spec(&folder.path().join("data"));
    let spec = DataSpec {
        qc: QualityControl { maf: 0.01, ..QualityControl::default() },
        group_columns: vec!["generation".into()],
        ..spec
    };
    let dataset = load(&spec).unwrap();
    (folder, dataset)
}

/// Checksums of a population's files, the truth last.
fn sums(folder: &tempfile::TempDir) -> [u32; 5] {
    let files = ["genotypes.bed", "genotypes.bim", "genotypes.fam", "phenotypes.csv", "effects.csv"];
    files.map(|f| crc32fast::hash(&fs::read(folder.path().join("data").join(f)).unwrap()))
}

/// Every preset of a population, as small as suits a test.
const SMALL: [(&str, &[(&str, i64)]); 4] = [
    ("quick", &[("individuals", 120), ("snps", 200)]),
    ("qtlmas2010", &[("individuals", 300), ("snps", 1000), ("chromosomes", 2)]),
    ("pig", &[("individuals", 150), ("snps", 1000), ("chromosomes", 2)]),
    ("plant", &[("individuals", 120), ("snps", 1000), ("chromosomes", 2)]),
];

#[test]
fn a_seed_gives_the_same_bytes_and_another_gives_others() {
    for (preset, changes) in SMALL {
        let [first, again, other] = [1, 1, 2].map(|seed| sums(&made(preset, changes, seed).0));
        assert_eq!(first, again, "{preset}");
        assert!(first.iter().zip(&other).filter(|(a, b)| a != b).count() >= 4, "{preset}");
    }
}

#[test]
fn every_preset_is_the_same_on_every_machine() {
    let found = SMALL.map(|(preset, changes)| sums(&made(preset, changes, 1).0));
    let expected = [
        [0x92ba_0479, 0xe455_a5d7, 0x1d86_fca2, 0xc9b6_9165, 0xfba9_a111],
        [0xe7b8_2556, 0xe4b9_0b65, 0x4e4e_c9c5, 0xd684_b591, 0x9918_0021],
        [0xc801_eef5, 0x0a31_9f17, 0x842c_b0ca, 0x51c2_793b, 0x2a35_4630],
        [0xe6fb_ef89, 0x725c_17db, 0x0aa6_a65f, 0xf982_61e0, 0x9f9a_0cd0],
    ];
    assert_eq!(found, expected, "{found:#010x?}");
}

#[test]
fn the_quick_preset_stays_as_it_is() {
    let (folder, dataset) = made("quick", &[], 1);
    let [bed, bim, fam, phenotypes, _] = sums(&folder);
    assert_eq!([bed, bim, fam, phenotypes], [0xe7ca_a72f, 0x1eea_3152, 0x07c9_c471, 0x2b57_8ad6]);
    assert_eq!((dataset.individuals(), dataset.report().snps.read), (600, 1200));
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
        let dot =
            |a: &[f32], b: &[f32]| f64::from(a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>()) / snps as f64;
        x.chunks(snps).map(|a| train.chunks(snps).map(|b| dot(a, b)).collect()).collect()
    };
    let times = |k: &[Vec<f64>], v: &[f64], ridge: f64| -> Vec<f64> {
        let product = k.iter().map(|row| row.iter().zip(v).map(|(k, v)| k * v).sum::<f64>());
        product.zip(v.iter().chain(std::iter::repeat(&0.0))).map(|(p, v)| p + ridge * v).collect()
    };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let y = TraitScaler::fit(dataset.target(), &fold.train, TraitScale::Center);
    let k = kernel(&train);
    let mut residual: Vec<f64> = fold.train.iter().map(|r| y.forward(dataset.target().values[*r])).collect();
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

fn settings(preset: &str) -> Settings {
    Settings::defaults(find(PRESETS, preset).unwrap().settings)
}

/// How many QTL of each kind, in the order of [`Kind::ALL`].
fn kinds(effects: &[Effect]) -> [usize; 6] {
    Kind::ALL.map(|kind| effects.iter().filter(|e| e.kind == kind).count())
}

#[test]
fn qtlmas2010_has_its_generations_its_snps_and_disequilibrium() {
    let (_folder, dataset) = made("qtlmas2010", &[], 1);
    let mut sizes = [0; 5];
    for generation in &dataset.groupings()[0].values {
        sizes[generation.parse::<usize>().unwrap() - 1] += 1;
    }
    assert_eq!(sizes, [20, 450, 928, 928, 900]);
    let snps = dataset.report().snps;
    assert_eq!((snps.read, snps.monomorphic, snps.rare, snps.kept), (10_031, 263, 45, 9723));
    let found = Properties::of(&dataset, 1).unwrap();
    let r2: Vec<f64> = found.ld.iter().map(|ld| ld.r2).collect();
    assert!((0.15..0.4).contains(&r2[0]), "{found:?}");
    // By distance; the longest distances and other chromosomes are close to each other.
    assert!(r2[1..].windows(2).all(|pair| pair[1] < pair[0] + 0.01), "{found:?}");
    assert!(r2[5] > 2.0 * r2[9] && r2[12] < 0.02, "{found:?}");
    assert!((0.14..0.25).contains(&found.mean_maf), "{found:?}");
}

#[test]
fn qtlmas2010_has_its_qtl_and_their_share_of_the_variance() {
    let (population, phenotype) = qtlmas2010::made(&settings("qtlmas2010"), 2).unwrap();
    let effects = &phenotype.effects;
    assert_eq!(kinds(effects), [30, 1, 1, 1, 3, 4]);
    let mut snps: Vec<usize> = effects.iter().map(|e| e.snp).collect();
    snps.dedup();
    assert_eq!(snps.len(), 40, "each at a SNP of its own");
    let of = |wanted: &[Kind]| {
        let those: Vec<Effect> = effects.iter().copied().filter(|e| wanted.contains(&e.kind)).collect();
        moments(&qtl::genetic_values(&population, &those)).1
    };
    let genetic = of(&[Kind::Additive, Kind::Imprinted, Kind::Epistatic]);
    let (_, residual) = moments(&phenotype.residuals);
    assert!((genetic / (genetic + residual) - 0.5).abs() < 0.03, "{genetic} {residual}");
    // Pairs at balanced frequencies: 25 × (½)² each at most, a fifth less where the rarer allele has .3.
    assert!((6.0..14.0).contains(&of(&[Kind::Epistatic])), "{}", of(&[Kind::Epistatic]));
    assert!((3.5..9.0).contains(&of(&[Kind::Imprinted])), "{}", of(&[Kind::Imprinted]));
    // Of the dominance locus (5 but for one homozygote) 25 × q² (1 − q²), q from .3 to .7.
    for kind in [Kind::Dominance, Kind::OverDominance, Kind::UnderDominance] {
        assert!((1.5..7.5).contains(&of(&[kind])), "{kind:?} {}", of(&[kind]));
    }
}

#[test]
fn the_dominance_loci_have_the_papers_values() {
    let (population, phenotype) = qtlmas2010::made(&settings("qtlmas2010"), 3).unwrap();
    let cases = [
        (Kind::Dominance, [0.0, 5.0, 5.01]),
        (Kind::OverDominance, [-0.01, 5.0, 0.01]),
        (Kind::UnderDominance, [-0.01, -5.0, 0.01]),
    ];
    for (kind, expected) in cases {
        let locus = *phenotype.effects.iter().find(|e| e.kind == kind).unwrap();
        assert_eq!(population.map.chromosome_of(locus.snp), 5);
        let values = qtl::genetic_values(&population, &[locus]);
        let of = |dosage: u8| {
            let carrier = (0..values.len()).find(|i| population.dosage(*i, locus.snp) == dosage).unwrap();
            values[carrier]
        };
        for dosage in [1, 2] {
            let (found, wanted) = (of(dosage) - of(0), expected[usize::from(dosage)] - expected[0]);
            assert!((found - wanted).abs() < 1e-9, "{kind:?}: {found}, not {wanted}");
        }
    }
}

#[test]
fn of_an_imprinted_qtl_the_dams_allele_is_silent() {
    let (mut population, phenotype) = qtlmas2010::made(&settings("qtlmas2010"), 2).unwrap();
    let those = |e: &&Effect| e.kind == Kind::Imprinted;
    let imprinted: Vec<Effect> = phenotype.effects.iter().filter(those).copied().collect();
    let before = qtl::genetic_values(&population, &imprinted);
    let snps = population.snps();
    let mut turn = |strand: usize| {
        let locus = imprinted[0].snp;
        for haplotype in population.haplotypes.chunks_exact_mut(snps).skip(strand).step_by(2) {
            haplotype[locus] ^= 1;
        }
        qtl::genetic_values(&population, &imprinted)
    };
    assert_eq!(turn(1), before);
    let after = turn(0);
    assert!(after.iter().zip(&before).all(|(a, b)| ((a - b).abs() - 3.0).abs() < 1e-9));
}

#[test]
fn neither_snp_of_an_epistatic_pair_has_an_effect_of_its_own() {
    let (population, phenotype) = qtlmas2010::made(&settings("qtlmas2010"), 2).unwrap();
    for effect in phenotype.effects.iter().filter(|e| e.kind == Kind::Epistatic) {
        let (partner, _) = effect.pair.unwrap();
        let other = phenotype.effects.iter().find(|e| e.snp == partner).unwrap();
        assert_eq!(other.pair.map(|pair| pair.0), Some(effect.snp));
        assert_ne!(population.map.chromosome_of(effect.snp), population.map.chromosome_of(partner));
        let values = qtl::genetic_values(&population, &[*effect, *other]);
        let (mean, variance) = moments(&values);
        // The variance between the three genotypes of one SNP; exactly 0 were the two independent.
        let n = values.len() as f64;
        let between: f64 = (0..3)
            .map(|dosage| {
                let of: Vec<f64> = (0..values.len())
                    .filter(|i| population.dosage(*i, effect.snp) == dosage)
                    .map(|i| values[i])
                    .collect();
                if of.is_empty() { 0.0 } else { of.len() as f64 / n * (moments(&of).0 - mean).powi(2) }
            })
            .sum();
        assert!(between < 0.05 * variance, "{between} of {variance}");
    }
}

#[test]
fn pig_has_litter_sizes_and_breeding_values() {
    let row = find(PRESETS, "pig").unwrap();
    let (folder, dataset) = made("pig", &[("snps", 4000), ("chromosomes", 4)], 3);
    let data = folder.path().join("data");
    assert_eq!((dataset.individuals(), dataset.positions()), (808, 4000));
    assert_eq!(dataset.markers().last().unwrap().chromosome.as_deref(), Some("4"));
    let nlb = DataSpec { trait_names: vec!["nlb".into()], ..row.build.spec(&data) };
    let nlb = load(&nlb).unwrap();
    assert_eq!(nlb.individuals(), 702);
    let (mean, _) = moments(&nlb.target().values);
    assert!((11.0..13.0).contains(&mean), "{mean}");
    let mut settings = settings("pig");
    settings.0.extend([("snps".into(), Value::Int(4000)), ("chromosomes".into(), Value::Int(4))]);
    let again = tempfile::tempdir().unwrap();
    let realised = row.build.write(&settings, 3, &again.path().join("data")).unwrap();
    let figure = |trait_name: &str, what: &str| {
        realised.iter().find(|r| r.trait_name == trait_name && r.what == what).unwrap().value
    };
    let h2 = figure("nlb", "genetic variance over that of a record");
    assert!((h2 - 0.16).abs() < 0.02, "{h2}");
    let [own, ebv] = ["nlb", "ebv"].map(|t| figure(t, "squared correlation with the genetic values"));
    assert!(ebv > own && own > 0.2 && ebv < 0.8, "{own} {ebv}");
}

#[test]
fn plant_has_inbred_lines_whose_environments_share_a_part_of_the_effects() {
    let (folder, dataset) = made("plant", &[], 1);
    let rows: Vec<usize> = (0..dataset.individuals()).collect();
    assert!(dataset.codes(&rows).iter().all(|code| *code != 1), "homozygous");
    let row = find(PRESETS, "plant").unwrap();
    let spec = row.build.spec(&folder.path().join("data"));
    let families = load(&DataSpec { group_columns: vec!["family".into()], ..spec }).unwrap();
    let mut names = families.groupings()[0].values.clone();
    names.sort_unstable();
    names.dedup();
    assert!((50..70).contains(&names.len()), "{}", names.len());
    let again = tempfile::tempdir().unwrap();
    let realised = row.build.write(&settings("plant"), 1, &again.path().join("data")).unwrap();
    for r in realised.iter().filter(|r| r.what == "genetic correlation with e1") {
        assert!((0.3..0.8).contains(&r.value), "{r:?}");
    }
    for r in realised.iter().filter(|r| r.what == "genetic over phenotypic variance") {
        assert!((r.value - 0.5).abs() < 0.08, "{r:?}");
    }
}

#[test]
fn the_truth_is_read_as_it_was_written() {
    for (preset, changes) in SMALL {
        let (folder, dataset) = made(preset, changes, 1);
        let qtl = truth(&folder.path().join("data")).unwrap().unwrap();
        let markers = dataset.markers();
        for q in &qtl {
            // QTL are common enough to be kept.
            let marker = markers.iter().find(|m| m.name == q.marker).unwrap();
            assert_eq!(
                (marker.chromosome.as_deref(), marker.position),
                (Some(&*q.chromosome), Some(q.position))
            );
            assert_eq!(q.partner.is_some(), q.kind == Kind::Epistatic);
            assert_eq!(q.interaction != 0.0, q.kind == Kind::Epistatic);
            assert!(q.effect() != 0.0, "{q:?}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(truth(folder.path()).unwrap(), None);
    fs::write(folder.path().join("effects.csv"), "id,motif,start\ns1,GATA,4\n").unwrap();
    assert_eq!(truth(folder.path()).unwrap(), None);
    let header = "snp,chromosome,position,additive,dominance,kind,partner,interaction,trait\n";
    for (line, complaint) in [
        ("snp1,1,5,1.0,0.0,additive,,0.0", "8 fields"),
        ("snp1,1,5,one,0.0,additive,,0.0,y", "`additive` has `one`"),
        ("snp1,1,5,1.0,NaN,additive,,0.0,y", "`dominance` has `NaN`"),
        ("snp1,1,5.5,1.0,0.0,additive,,0.0,y", "`position` has `5.5`"),
        ("snp1,1,5,1.0,0.0,addditive,,0.0,y", "`kind` has `addditive`"),
    ] {
        fs::write(folder.path().join("effects.csv"), format!("{header}{line}\n")).unwrap();
        let error = truth(folder.path()).unwrap_err().to_string();
        assert!(error.contains(complaint) && error.contains("effects.csv"), "{error}");
    }
}

#[test]
fn a_panel_of_too_few_lines_is_refused() {
    let row = find(PRESETS, "plant").unwrap();
    let mut settings = settings("plant");
    settings.0.insert("subpopulations".into(), Value::Int(30));
    let folder = tempfile::tempdir().unwrap();
    let error = row.build.write(&settings, 1, &folder.path().join("data")).unwrap_err();
    assert!(error.to_string().contains("600 lines are too few for 30 subpopulations"), "{error}");
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
