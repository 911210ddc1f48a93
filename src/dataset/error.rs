//! What can be wrong with data, in words that name the place and the remedy.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::report::SnpCounts;

/// Why data can't be loaded or split.
#[derive(Debug, Error)]
pub enum DataError {
    /// The file system refused.
    #[error("failed to read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file as a whole is not what it should be.
    #[error("{path}: {problem}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// A line is not what it should be.
    #[error("{path}, line {line}: {problem}")]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// A cell is not what it should be.
    #[error("{path}, line {line}, column `{column}`: found `{text}`, expected {expected}")]
    Cell {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column's name, or its number from 1 where there is no header.
        column: String,
        /// What stands there.
        text: String,
        /// What is allowed, and a hint.
        expected: String,
    },
    /// No such format.
    #[error("unknown format `{name}`{}: the formats are {}", did_you_mean(.name, .known), listed(.known))]
    UnknownFormat {
        /// As the study file has it.
        name: String,
        /// The formats.
        known: Vec<String>,
    },
    /// The phenotype file lacks a column.
    #[error("{path} has no column `{name}` ({role}){}: its columns are {}", did_you_mean(.name, .known), listed(.known))]
    UnknownColumn {
        /// The phenotype file.
        path: PathBuf,
        /// The study file's key that names the column.
        role: &'static str,
        /// The missing column.
        name: String,
        /// The columns there are.
        known: Vec<String>,
    },
    /// Several records of one individual.
    #[error(
        "{path}, line {line}: the id `{id}` stands on line {first} already{}: ids must be unique, keep one record an \
         individual",
        more(.others)
    )]
    DuplicateId {
        /// The file.
        path: PathBuf,
        /// The id.
        id: String,
        /// Its first line, from 1.
        first: u64,
        /// Its second line.
        line: u64,
        /// What else occurs more than once.
        others: Vec<String>,
    },
    /// Genotypes and phenotypes share no id.
    #[error(
        "no id occurs both in {genotypes} ({genotyped} individuals, such as {}) and in {phenotypes} ({recorded} records, \
         such as {}): check that both mean the individual id (IID, not FID), and name the phenotypes' column with \
         `data.id_column`",
        listed(.genotype_ids), listed(.phenotype_ids)
    )]
    NothingInCommon {
        /// The genotype file.
        genotypes: PathBuf,
        /// Its individuals.
        genotyped: usize,
        /// The first of them.
        genotype_ids: Vec<String>,
        /// The phenotype file.
        phenotypes: PathBuf,
        /// Its records.
        recorded: usize,
        /// The ids of the first.
        phenotype_ids: Vec<String>,
    },
    /// Tables without ids are matched by row, and their lengths differ.
    #[error(
        "{genotypes} has {genotype_rows} rows and {phenotypes} has {phenotype_rows}: tables without ids are matched \
         row by row, so both need the same individuals in the same order"
    )]
    RowCounts {
        /// The genotype file.
        genotypes: PathBuf,
        /// Its rows.
        genotype_rows: usize,
        /// The phenotype file.
        phenotypes: PathBuf,
        /// Its rows.
        phenotype_rows: usize,
    },
    /// The trait is the same for all.
    #[error("the trait `{name}` is {value} for all {individuals} individuals: there is nothing to predict")]
    ConstantTrait {
        /// The trait.
        name: String,
        /// Its one value or class.
        value: String,
        /// How many have it.
        individuals: usize,
    },
    /// A binary trait has more than two classes.
    #[error(
        "the trait `{name}` has {} classes ({}), `data.task = \"binary\"` takes two: set `data.task = \"multi-class\"`",
        .classes.len(), listed(.classes)
    )]
    NotBinary {
        /// The trait.
        name: String,
        /// Its classes.
        classes: Vec<String>,
    },
    /// So many classes that they are no classes.
    #[error(
        "the trait `{name}` has {classes} classes, more than a network can tell apart: is it a number \
         (`data.task = \"regression\"`) or a column of ids?"
    )]
    TooManyClasses {
        /// The trait.
        name: String,
        /// How many.
        classes: usize,
    },
    /// Several columns for a task that predicts one.
    #[error(
        "`data.trait` names {columns} columns, the task `{task}` takes one: name one, or set \
         `data.task = \"multi-label\"`"
    )]
    Columns {
        /// The task.
        task: &'static str,
        /// Columns named.
        columns: usize,
    },
    /// Too few individuals have both genotypes and a trait value.
    #[error(
        "{left} individuals have both genotypes and a value of {}, at least {} are needed \
         ({joined} are in both files, {trait_missing} of them without a value{})",
        listed(.names), super::FEWEST, lost(*.genotypes_missing)
    )]
    TooFew {
        /// The trait, or the labels.
        names: Vec<String>,
        /// Individuals left.
        left: usize,
        /// Individuals in both files.
        joined: usize,
        /// Of those, without a value.
        trait_missing: usize,
        /// Of those, left out for their missing genotypes.
        genotypes_missing: usize,
    },
    /// Quality control left nothing.
    #[error(
        "no SNP is left after quality control: {counts}; change the rules of `data.qc` that took the most"
    )]
    NoSnps {
        /// What was lost to which rule.
        counts: SnpCounts,
    },
    /// A chromosome to keep or exclude does not occur.
    #[error("no SNP lies on chromosome `{name}` (data.qc.{key}): the chromosomes are {}", listed(.known))]
    UnknownChromosome {
        /// As the study file has it.
        name: String,
        /// The key of `data.qc` that lists it.
        key: &'static str,
        /// The chromosomes there are.
        known: Vec<String>,
    },
    /// Chromosomes are to be kept or excluded, but the format has no map.
    #[error(
        "{path} names no chromosomes, so `data.qc.{key}` can choose none: use PLINK's .bed, or leave the SNPs out of \
         the file"
    )]
    NoMap {
        /// The genotype file.
        path: PathBuf,
        /// The key of `data.qc`.
        key: &'static str,
    },
    /// What a text file holds takes more memory than it may.
    #[error("what {path} holds takes more than {} MiB of memory: {remedy}", .memory >> 20)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes allowed.
        memory: u64,
        /// What to do.
        remedy: &'static str,
    },
    /// The encoding does not suit the data; the text says why and what to change.
    #[error("{0}")]
    Encoding(String),
    /// The split can't be made; the text says why and what to change.
    #[error("{0}")]
    Split(String),
}

/// What to do with a text file of SNPs that is [`DataError::TooLarge`].
pub(super) const CONVERT: &str =
    "raise `data.memory`, or convert the file to PLINK's .bed, which is decoded batch by batch";

impl DataError {
    pub(super) fn file(path: &Path, problem: impl Into<String>) -> Self {
        DataError::File { path: path.to_owned(), problem: problem.into() }
    }

    pub(super) fn too_large(path: &Path, memory: u64, remedy: &'static str) -> Self {
        DataError::TooLarge { path: path.to_owned(), memory, remedy }
    }

    pub(super) fn line(path: &Path, line: u64, problem: impl Into<String>) -> Self {
        DataError::Line { path: path.to_owned(), line, problem: problem.into() }
    }
}

/// `, did you mean ...?` where one of `known` is near `word`, else nothing.
fn did_you_mean(word: &str, known: &[String]) -> String {
    let word = word.to_lowercase();
    let nearest = known
        .iter()
        .map(|k| (strsim::damerau_levenshtein(&word, &k.to_lowercase()), k))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= 1 + word.chars().count() / 4);
    nearest.map(|(_, k)| format!(" (did you mean `{k}`?)")).unwrap_or_default()
}

/// ", 4 with ..." where there are any.
fn lost(genotypes_missing: usize) -> String {
    match genotypes_missing {
        0 => String::new(),
        n => format!(", {n} with more missing genotypes than `data.qc.individual_missing` allows"),
    }
}

/// " (and so do ...)" where there are others.
fn more(others: &[String]) -> String {
    match others {
        [] => String::new(),
        others => format!(" ({} more ids occur twice: {})", others.len(), listed(others)),
    }
}

/// At most this many names are listed in an error.
const LISTED: usize = 30;

/// `a`, `b`, ... and how many more.
pub(super) fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(LISTED).map(|n| format!("`{n}`")).collect();
    let more = names.len().saturating_sub(LISTED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}
