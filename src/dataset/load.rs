//! Reading, joining and quality control: from a study file's `[data]` to a [`Dataset`].

use std::collections::HashMap;
use std::path::Path;
use std::sync::OnceLock;

use super::covariate::Covariate;
use super::error::DataError;
use super::fold::Grouping;
use super::phenotype::Phenotypes;
use super::report::{IndividualCounts, LoadReport, TargetSummary};
use super::{DataSpec, Dataset, FEWEST, Genotypes, Target, csv, fasta, phenotype, plink_bed, qc, table};
use crate::domain::task::Task;

/// A format of genotypes: a row of the table of formats.
#[derive(Debug)]
pub struct Format {
    /// Its name in the study file.
    pub name: &'static str,
    /// One line for a person, lower case, no full stop.
    pub help: &'static str,
    /// The file endings that choose it, without the dot; the one without any takes the rest.
    pub endings: &'static [&'static str],
    read: fn(&DataSpec) -> Result<Genotypes, DataError>,
}

/// Every format.
pub const FORMATS: &[Format] = &[
    Format {
        name: "plink-bed",
        help: "PLINK 1 binary, with .bim and .fam beside the .bed; the dosage counts A1",
        endings: &["bed"],
        read: plink_bed::read,
    },
    Format {
        name: "csv",
        help: "comma-separated with a header, one row an individual, a column of ids and one column a SNP",
        endings: &["csv"],
        read: csv::read,
    },
    Format { name: "tsv", help: "as csv, with tabs", endings: &["tsv"], read: csv::read },
    Format {
        name: "fasta",
        help: "DNA sequences of equal length, each after a line `>id`: one individual a record",
        endings: &["fa", "fasta"],
        read: fasta::read,
    },
    Format {
        name: "table",
        help: "whitespace-separated without header and ids, matched to the phenotypes by row",
        endings: &[],
        read: table::read,
    },
];

/// Reads what `spec` names, joins genotypes with phenotypes and drops what quality control rules out.
/// The individuals keep the genotype file's order.
///
/// # Errors
/// See [`DataError`]: each names its place and the remedy.
pub fn load(spec: &DataSpec) -> Result<Dataset, DataError> {
    let columns = spec.trait_names.len();
    if columns == 0 || columns > 1 && spec.task != Task::MultiLabel {
        return Err(DataError::Columns { task: spec.task.name(), columns });
    }
    let genotypes = (format_of(spec)?.read)(spec)?;
    let phenotypes =
        if genotypes.ids.is_some() { phenotype::read(spec)? } else { phenotype::read_table(spec)? };
    let (rows, records, individuals) = join(spec, &genotypes, &phenotypes)?;
    let target = target(spec, &phenotypes, &records, &individuals)?;
    let covariates = covariates(spec, &phenotypes, &records)?;

    let counts = genotypes.matrix.counts(&rows);
    let (columns, snps) = qc::select(spec, genotypes.coding, &genotypes.markers, &counts)?;
    let missing_rate = qc::missing_rate(&counts, &columns);
    let ids = match &genotypes.ids {
        Some(ids) => rows.iter().map(|r| ids[*r].clone()).collect(),
        None => rows.iter().map(|r| format!("{}", r + 1)).collect(),
    };
    Ok(Dataset {
        ids,
        markers: columns.iter().map(|j| genotypes.markers[*j].clone()).collect(),
        groupings: phenotypes.groupings.into_iter().map(|g| of_records(g, &records)).collect(),
        matrix: genotypes.matrix.select(&rows, &columns, spec.memory),
        report: LoadReport {
            coding: genotypes.coding,
            target: TargetSummary::of(&target),
            individuals,
            snps,
            maf: spec.maf,
            missing_rate,
        },
        coding: genotypes.coding,
        target,
        covariates,
        planes: OnceLock::new(),
    })
}

/// The covariates of `records`.
fn covariates(
    spec: &DataSpec,
    phenotypes: &Phenotypes,
    records: &[usize],
) -> Result<Vec<Covariate>, DataError> {
    let read = |(column, name): (usize, &String)| {
        let cells: Vec<&str> = records.iter().map(|r| phenotypes.covariates[*r][column].as_str()).collect();
        Covariate::read(name, &cells, spec.categorical.contains(name), phenotypes.plink)
            .map_err(|problem| DataError::file(&spec.phenotypes, problem))
    };
    spec.covariates.iter().enumerate().map(read).collect()
}

/// A grouping of `records` alone.
fn of_records(grouping: Grouping, records: &[usize]) -> Grouping {
    let values = records.iter().map(|r| grouping.values[*r].clone()).collect();
    Grouping { column: grouping.column, values }
}

/// Endings of formats that would otherwise be taken for a table of numbers.
const NOT_READ: &[&str] = &["vcf", "bcf", "raw", "ped", "bgen", "pgen", "gz", "zip", "xlsx", "xls"];

fn format_of(spec: &DataSpec) -> Result<&'static Format, DataError> {
    let ending = spec.genotypes.extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase();
    if spec.format.is_none() && NOT_READ.contains(&ending.as_str()) {
        let problem = format!(
            ".{ending} files are not read by this version: make a .bed of it (plink --make-bed) or a plain .csv"
        );
        return Err(DataError::file(&spec.genotypes, problem));
    }
    let chosen = match &spec.format {
        Some(name) => FORMATS.iter().find(|f| f.name == name),
        None => FORMATS
            .iter()
            .find(|f| f.endings.contains(&ending.as_str()))
            .or_else(|| FORMATS.iter().find(|f| f.endings.is_empty())),
    };
    chosen.ok_or_else(|| DataError::UnknownFormat {
        name: spec.format.clone().unwrap_or_default(),
        known: FORMATS.iter().map(|f| f.name.to_owned()).collect(),
    })
}

/// The genotype row and the phenotype record of every individual with a trait value, in the genotype
/// file's order.
fn join(
    spec: &DataSpec,
    genotypes: &Genotypes,
    phenotypes: &Phenotypes,
) -> Result<(Vec<usize>, Vec<usize>, IndividualCounts), DataError> {
    let pairs: Vec<(usize, usize)> = match (&genotypes.ids, &phenotypes.ids) {
        (Some(genotyped), Some(recorded)) => join_ids(spec, genotyped, recorded)?,
        _ if genotypes.individuals == phenotypes.values.len() => {
            (0..genotypes.individuals).map(|r| (r, r)).collect()
        }
        _ => {
            return Err(DataError::RowCounts {
                genotypes: spec.genotypes.clone(),
                genotype_rows: genotypes.individuals,
                phenotypes: spec.phenotypes.clone(),
                phenotype_rows: phenotypes.values.len(),
            });
        }
    };
    let joined = pairs.len();
    let (rows, records): (Vec<_>, Vec<_>) =
        pairs.into_iter().filter(|(_, record)| phenotypes.values[*record].is_some()).unzip();
    let counts = IndividualCounts {
        in_genotypes: genotypes.individuals,
        in_phenotypes: phenotypes.values.len(),
        joined,
        without_genotype: phenotypes.values.len() - joined,
        without_record: genotypes.individuals - joined,
        trait_missing: joined - rows.len(),
        kept: rows.len(),
    };
    Ok((rows, records, counts))
}

fn join_ids(
    spec: &DataSpec,
    genotyped: &[String],
    recorded: &[String],
) -> Result<Vec<(usize, usize)>, DataError> {
    let record_of: HashMap<&str, usize> =
        recorded.iter().enumerate().map(|(r, id)| (id.as_str(), r)).collect();
    let pairs: Vec<_> = genotyped
        .iter()
        .enumerate()
        .filter_map(|(row, id)| record_of.get(id.as_str()).map(|record| (row, *record)))
        .collect();
    let first = |ids: &[String], path: &Path| match ids.first() {
        Some(id) => Ok(id.clone()),
        None => Err(DataError::file(path, "holds no individuals")),
    };
    let genotype_id = first(genotyped, &spec.genotypes)?;
    let phenotype_id = first(recorded, &spec.phenotypes)?;
    if pairs.is_empty() {
        return Err(DataError::NothingInCommon {
            genotypes: spec.genotypes.clone(),
            genotype_id,
            phenotypes: spec.phenotypes.clone(),
            phenotype_id,
        });
    }
    Ok(pairs)
}

fn target(
    spec: &DataSpec,
    phenotypes: &Phenotypes,
    records: &[usize],
    individuals: &IndividualCounts,
) -> Result<Target, DataError> {
    if records.len() < FEWEST {
        let IndividualCounts { joined, trait_missing, .. } = *individuals;
        let names = spec.trait_names.clone();
        return Err(DataError::TooFew { names, left: records.len(), joined, trait_missing });
    }
    let values = records.iter().filter_map(|r| phenotypes.values[*r].as_ref()).flatten().copied().collect();
    Target::assemble(spec.task, &spec.trait_names, &phenotypes.classes, values)
}
