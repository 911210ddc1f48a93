//! Reading, joining and quality control: from a study file's `[data]` to a [`Dataset`].

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::OnceLock;

use super::covariate::Covariate;
use super::error::DataError;
use super::fold::Grouping;
use super::phenotype::Phenotypes;
use super::removal::Removal;
use super::report::{IndividualCounts, LoadReport, TargetSummary};
use super::{
    DataSpec, Dataset, FEWEST, Genotypes, Target, csv, fasta, phenotype, plink_bed, qc, raw, table, vcf,
};
use crate::domain::task::Task;

/// A format of genotypes: a row of the table of formats.
#[derive(Debug)]
pub struct Format {
    /// Its name in the study file.
    pub name: &'static str,
    /// One line for a person, lower case, no full stop.
    pub help: &'static str,
    /// The file endings that choose it, without the dot, with or without `.gz` behind; the one without any
    /// takes the rest.
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
        name: "vcf",
        help: "variant calls, plain or gzip; the dosage counts the alternative allele",
        endings: &["vcf"],
        read: vcf::read,
    },
    Format {
        name: "raw",
        help: "PLINK's --recode A or AD; the dosage counts the allele at the end of a SNP's name",
        endings: &["raw"],
        read: raw::read,
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
    let genotypes = genotypes(spec)?;
    let phenotypes =
        if genotypes.ids.is_some() { phenotype::read(spec)? } else { phenotype::read_table(spec)? };
    let Joined { rows, records, mut individuals, mut removed } = join(spec, &genotypes, &phenotypes)?;
    enough(spec, rows.len(), &individuals)?;

    let kept = qc::select(spec, &genotypes, rows.clone())?;
    let record_of: HashMap<usize, usize> = rows.iter().copied().zip(records).collect();
    let records: Vec<usize> = kept.rows.iter().filter_map(|row| record_of.get(row).copied()).collect();
    individuals.genotypes_missing = rows.len() - records.len();
    individuals.kept = records.len();
    enough(spec, records.len(), &individuals)?;
    let values = records.iter().filter_map(|r| phenotypes.values[*r].as_ref()).flatten().copied().collect();
    let target = Target::assemble(spec.task, &spec.trait_names, &phenotypes.classes, values)?;
    let covariates = covariates(spec, &phenotypes, &records)?;
    removed.extend(kept.removed);

    let ids = kept.rows.iter().map(|row| genotypes.name(*row)).collect();
    let Genotypes { markers, coding, matrix, left_out, .. } = genotypes;
    removed.extend(left_out);
    let mut is_kept = vec![false; markers.len()];
    kept.columns.iter().for_each(|j| is_kept[*j] = true);
    let markers: Vec<_> =
        markers.into_iter().zip(is_kept).filter_map(|(m, kept)| kept.then_some(m)).collect();
    let mut matrix = matrix.select(&kept.rows, &kept.columns, spec.memory);
    matrix.release();
    Ok(Dataset {
        ids,
        groupings: phenotypes.groupings.into_iter().map(|g| of_records(g, &records)).collect(),
        matrix,
        report: LoadReport {
            coding,
            target: TargetSummary::of(&target),
            individuals,
            snps: kept.snps,
            maf: spec.qc.maf,
            missing_rate: kept.missing_rate,
            removed,
            same_names: qc::same_names(&markers),
        },
        markers,
        coding,
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

/// Endings of files that would otherwise be taken for a table of numbers, and what to do with them.
const NOT_READ: &[(&str, &str)] = &[
    ("bcf", "convert it with `bcftools view -O z`"),
    ("ped", "convert the set with `plink --file NAME --make-bed`"),
    ("tped", "convert the set with `plink --tfile NAME --make-bed`"),
    ("traw", "write the genotypes with `plink --make-bed` or `plink --recode A` instead"),
    ("bgen", "convert it with `plink2 --bgen NAME ref-first --make-bed`"),
    ("pgen", "convert the set with `plink2 --pfile NAME --make-bed`"),
    ("xlsx", "save the sheet as CSV"),
    ("xls", "save the sheet as CSV"),
    ("ods", "save the sheet as CSV"),
    ("rds", "write it with R's write.csv"),
    ("rdata", "write it with R's write.csv"),
    ("zip", "unpack it"),
    ("bz2", "unpack it, or pack it with gzip"),
    ("xz", "unpack it, or pack it with gzip"),
    ("zst", "unpack it, or pack it with gzip"),
];

/// All that the genotype file of `spec` holds.
pub(super) fn genotypes(spec: &DataSpec) -> Result<Genotypes, DataError> {
    (format_of(spec)?.read)(spec)
}

fn format_of(spec: &DataSpec) -> Result<&'static Format, DataError> {
    let name = spec.genotypes.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_lowercase();
    let unpacked = name.strip_suffix(".gz");
    let ending =
        Path::new(unpacked.unwrap_or(&name)).extension().and_then(|e| e.to_str()).unwrap_or_default();
    let refused = NOT_READ.iter().find(|(refused, _)| *refused == ending);
    if let (Some((ending, remedy)), None) = (refused, &spec.format) {
        return Err(DataError::file(&spec.genotypes, format!(".{ending} files are not read: {remedy}")));
    }
    let chosen = match &spec.format {
        Some(name) => FORMATS.iter().find(|f| f.name == name),
        None => FORMATS
            .iter()
            .find(|f| f.endings.contains(&ending))
            .or_else(|| FORMATS.iter().find(|f| f.endings.is_empty())),
    };
    if unpacked.is_some() && chosen.is_some_and(|f| f.name == "plink-bed") {
        return Err(DataError::file(
            &spec.genotypes,
            "is packed: unpack it with gunzip, a .bed is mapped as it is",
        ));
    }
    chosen.ok_or_else(|| DataError::UnknownFormat {
        name: spec.format.clone().unwrap_or_default(),
        known: FORMATS.iter().map(|f| f.name.to_owned()).collect(),
    })
}

/// The individuals with genotypes and a trait value, in the genotype file's order.
struct Joined {
    /// Of the genotypes.
    rows: Vec<usize>,
    /// Of the phenotypes.
    records: Vec<usize>,
    individuals: IndividualCounts,
    /// The others.
    removed: Vec<Removal>,
}

/// Joins by id, or by row where there are no ids.
fn join(spec: &DataSpec, genotypes: &Genotypes, phenotypes: &Phenotypes) -> Result<Joined, DataError> {
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
    let mut removed = Vec::new();
    if let (Some(genotyped), Some(recorded)) = (&genotypes.ids, &phenotypes.ids) {
        let rows: HashSet<usize> = pairs.iter().map(|(row, _)| *row).collect();
        let records: HashSet<usize> = pairs.iter().map(|(_, record)| *record).collect();
        let without = |ids: &[String], with: &HashSet<usize>, rule: &str| {
            let others = (0..ids.len()).filter(|i| !with.contains(i)).map(|i| &ids[i]);
            Removal::of("individuals", rule, others)
        };
        removed.push(without(genotyped, &rows, "genotyped without a record"));
        removed.push(without(recorded, &records, "with a record without genotypes"));
    }
    let (with, without): (Vec<_>, Vec<_>) =
        pairs.into_iter().partition(|(_, record)| phenotypes.values[*record].is_some());
    let mut valueless = Removal::new("individuals", "without a value of the trait");
    without.iter().for_each(|(row, _)| valueless.add_named(|| genotypes.name(*row)));
    removed.push(valueless);
    removed.retain(|r| r.count > 0);
    let (rows, records): (Vec<_>, Vec<_>) = with.into_iter().unzip();
    let individuals = IndividualCounts {
        in_genotypes: genotypes.individuals,
        in_phenotypes: phenotypes.values.len(),
        joined,
        without_genotype: phenotypes.values.len() - joined,
        without_record: genotypes.individuals - joined,
        trait_missing: joined - rows.len(),
        genotypes_missing: 0,
        kept: rows.len(),
    };
    Ok(Joined { rows, records, individuals, removed })
}

/// Ids that an error shows of each file.
const EXAMPLES: usize = 3;

fn join_ids(
    spec: &DataSpec,
    genotyped: &[String],
    recorded: &[String],
) -> Result<Vec<(usize, usize)>, DataError> {
    for (ids, path) in [(genotyped, &spec.genotypes), (recorded, &spec.phenotypes)] {
        if ids.is_empty() {
            return Err(DataError::file(path, "holds no individuals"));
        }
    }
    let record_of: HashMap<&str, usize> =
        recorded.iter().enumerate().map(|(r, id)| (id.as_str(), r)).collect();
    let pairs: Vec<_> = genotyped
        .iter()
        .enumerate()
        .filter_map(|(row, id)| record_of.get(id.as_str()).map(|record| (row, *record)))
        .collect();
    if pairs.is_empty() {
        let examples = |ids: &[String]| ids.iter().take(EXAMPLES).cloned().collect();
        return Err(DataError::NothingInCommon {
            genotypes: spec.genotypes.clone(),
            genotyped: genotyped.len(),
            genotype_ids: examples(genotyped),
            phenotypes: spec.phenotypes.clone(),
            recorded: recorded.len(),
            phenotype_ids: examples(recorded),
        });
    }
    Ok(pairs)
}

/// Whether so many individuals can be split.
fn enough(spec: &DataSpec, left: usize, individuals: &IndividualCounts) -> Result<(), DataError> {
    let IndividualCounts { joined, trait_missing, genotypes_missing, .. } = *individuals;
    if left < FEWEST {
        let names = spec.trait_names.clone();
        return Err(DataError::TooFew { names, left, joined, trait_missing, genotypes_missing });
    }
    Ok(())
}
