//! Loading the real sets that lie beside the checkout; skipped where they don't.

use std::fs;
use std::path::{Path, PathBuf};

use super::encode::Encoding;
use super::*;

/// The genotypes and phenotypes of a set, or `None` and a line on standard error where it is missing.
fn spec(genotypes: &str, phenotypes: &str, trait_name: &str) -> Option<DataSpec> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let genotypes = data.join(genotypes);
    if !genotypes.exists() {
        eprintln!("skipped: {} is missing", genotypes.display());
        return None;
    }
    Some(DataSpec {
        genotypes,
        format: None,
        phenotypes: data.join(phenotypes),
        task: Task::Regression,
        trait_names: vec![trait_name.into()],
        id_column: None,
        qc: QualityControl::default(),
        group_columns: Vec::new(),
        covariates: vec![],
        categorical: vec![],
        memory: 1 << 30,
    })
}

/// The dosages of a `.bed` counted apart from the code under test: all of A1 in one SNP's individuals.
fn a1_alleles(bed: &PathBuf, individuals: usize, snp: usize) -> (u32, u32) {
    let bytes = fs::read(bed).unwrap();
    let stride = individuals.div_ceil(4);
    let column = &bytes[3 + snp * stride..3 + (snp + 1) * stride];
    let (mut alleles, mut missing) = (0, 0);
    for i in 0..individuals {
        match (column[i / 4] >> (2 * (i % 4))) & 3 {
            0 => alleles += 2,
            2 => alleles += 1,
            1 => missing += 1,
            _ => {}
        }
    }
    (alleles, missing)
}

#[test]
fn wheat_is_a_table_without_ids() {
    let Some(spec) = spec("wheat/wheat.X", "wheat/wheat.Y", "1") else { return };
    let dataset = load(&spec).unwrap();
    let report = dataset.report().snps;
    assert_eq!((dataset.individuals(), report.read), (599, 1279));
    assert_eq!(report.kept + report.monomorphic, 1279);
    assert_eq!(dataset.target().values[..2], [1.671_629_480_319_73, -0.252_702_760_053_44]);
    assert_eq!(dataset.codes(&[0])[..8], [0, 1, 1, 1, 1, 0, 1, 1]);
}

#[test]
fn mice_without_the_x_chromosome() {
    let Some(spec) = spec("mice/mice.bed", "mice/pheno.csv", "BodyLength_adj") else { return };
    let qc = QualityControl { exclude_chromosomes: vec!["X".into()], ..QualityControl::default() };
    let spec = DataSpec { qc, ..spec };
    let dataset = load(&spec).unwrap();
    assert_eq!(dataset.report().snps.excluded, 272);
    assert!(dataset.markers().iter().all(|m| m.chromosome.as_deref() != Some("X")));
    let all: Vec<usize> = (0..dataset.individuals()).collect();
    assert_eq!(all.len(), 1814, "{:?}", dataset.report().lines());
    let dosages = dataset.codes(&all);
    let bim = fs::read_to_string(spec.genotypes.with_extension("bim")).unwrap();
    let names: Vec<&str> = bim.lines().map(|l| l.split_whitespace().nth(1).unwrap()).collect();
    for snp in [0, 17, 5000, 10_000] {
        let column = dataset.markers().iter().position(|m| m.name == names[snp]);
        let Some(column) = column else { continue };
        let codes: Vec<u8> = all.iter().map(|i| dosages[i * dataset.positions() + column]).collect();
        let missing = codes.iter().filter(|c| **c == MISSING).count() as u32;
        let alleles: u32 = codes.iter().filter(|c| **c != MISSING).map(|c| u32::from(*c)).sum();
        assert_eq!((alleles, missing), a1_alleles(&spec.genotypes, 1814, snp), "{}", names[snp]);
    }
}

#[test]
fn pig_keeps_the_phenotyped_alike_in_memory_and_mapped() {
    let Some(spec) = spec("pig/pig.bed", "pig/pheno.csv", "temp_24h") else { return };
    let dataset = load(&spec).unwrap();
    let counts = dataset.report().individuals;
    assert_eq!((counts.in_genotypes, counts.kept, dataset.report().snps.read), (251, 176, 20_597));
    let mapped = load(&DataSpec { memory: 1 << 19, ..spec }).unwrap();
    assert!(mapped.is_mapped());
    assert_eq!(mapped.fingerprint(), dataset.fingerprint());
    let train: Vec<usize> = (0..140).collect();
    let encoder = Encoder::fit(&mapped, Encoding::Additive, &train).unwrap();
    assert_eq!(encoder, Encoder::fit(&dataset, Encoding::Additive, &train).unwrap());
    let rows: Vec<usize> = (0..70).rev().collect();
    let mut batches = [vec![0.0; 70 * dataset.positions()], vec![1.0; 70 * dataset.positions()]];
    dataset.decode(&rows, &encoder, &mut batches[0]);
    mapped.decode(&rows, &encoder, &mut batches[1]);
    assert!(batches[0] == batches[1]);
}

#[test]
fn rice_is_joined_by_iid() {
    let Some(spec) = spec("rice44k/rice44k.bed", "rice44k/pheno.csv", "Plant.height") else { return };
    let dataset = load(&spec).unwrap();
    let report = dataset.report();
    assert_eq!((report.individuals.in_genotypes, report.individuals.joined), (374, 374));
    assert_eq!(dataset.ids()[..3], ["1", "3", "4"]);
    assert!((report.missing_rate - 0.043).abs() < 0.002, "{}", report.missing_rate);
    let by_fid = DataSpec {
        phenotypes: spec.genotypes.with_file_name("rice44k.pheno.txt"),
        id_column: Some("FID".into()),
        ..spec
    };
    assert!(matches!(load(&by_fid).unwrap_err(), DataError::NothingInCommon { .. }));
    let by_iid = load(&DataSpec { id_column: None, ..by_fid }).unwrap();
    // The CSV has NA where the PLINK phenotype file has -9.
    assert_eq!(by_iid.fingerprint(), dataset.fingerprint());
}

/// The figures of docs/results/simulation.md.
#[test]
#[ignore = "prints a table; run with --ignored --nocapture"]
fn properties_of_the_real_sets() {
    let sets = [
        ("qtlmas_a/qtlmas_a.bed", "qtlmas_a/pheno.csv", "y", None),
        ("mice/mice.bed", "mice/pheno.csv", "BMI", Some("X")),
        ("pig/pig.bed", "pig/pheno.csv", "temp_24h", None),
        ("rice44k/rice44k.bed", "rice44k/pheno.csv", "Plant.height", None),
        ("wheat/wheat.X", "wheat/wheat.Y", "1", None),
    ];
    for (genotypes, phenotypes, trait_name, excluded) in sets {
        let Some(spec) = spec(genotypes, phenotypes, trait_name) else { continue };
        let exclude_chromosomes = excluded.into_iter().map(String::from).collect();
        let qc = QualityControl { maf: 0.01, exclude_chromosomes, ..QualityControl::default() };
        let dataset = load(&DataSpec { qc, ..spec }).unwrap();
        let found = properties::Properties::of(&dataset, 1).unwrap();
        assert_eq!(found.spectrum.iter().sum::<usize>(), dataset.positions());
        eprintln!("{genotypes}: {found:#?}");
    }
}
