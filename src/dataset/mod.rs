//! Genotypes or sequences and a trait: reading, quality control, folds, encoding, decoding to batches.
//!
//! A genotype takes two bits, in memory individual by individual, or SNP by SNP in a PLINK file that is
//! larger than that and stays mapped. Codes of a byte and floats exist for one batch at a time.

pub mod align;
mod columns;
pub mod covariate;
mod csv;
pub mod encode;
pub mod error;
mod fasta;
mod fingerprint;
pub mod fold;
pub mod impute;
mod load;
mod matrix;
mod packed;
mod phenotype;
mod plink_bed;
mod preprocess;
pub mod preselect;
pub mod properties;
mod qc;
mod raw;
mod removal;
pub mod report;
pub mod scale;
pub mod simulate;
mod table;
mod target;
mod text;
mod vcf;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_on_bad_input;
#[cfg(test)]
mod tests_on_real_data;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use covariate::Covariate;
use encode::Encoder;
pub use error::DataError;
use fold::Grouping;
use impute::Planes;
pub use load::{FORMATS, Format, load};
use matrix::Matrix;
use packed::Rows;
pub use qc::QualityControl;
pub use removal::Removal;
use serde::{Deserialize, Serialize};

use report::{IndividualCounts, LoadReport, SnpCounts, TargetSummary};
pub use target::Target;

use crate::domain::task::Task;

/// Where the data lie and what to make of them: the `[data]` table of the study file.
#[derive(Debug, Clone, PartialEq)]
pub struct DataSpec {
    /// The file of genotypes or sequences.
    pub genotypes: PathBuf,
    /// The format's name in the table of formats; by the file's ending where `None`.
    pub format: Option<String>,
    /// The phenotype file.
    pub phenotypes: PathBuf,
    /// What is predicted.
    pub task: Task,
    /// The trait's column, or the columns of the labels; in a table without a header their numbers, from 1.
    pub trait_names: Vec<String>,
    /// The phenotype file's column of ids; `id`, `IID` or the first column where `None`.
    pub id_column: Option<String>,
    /// Columns of the phenotype file that stand beside the genotypes.
    pub covariates: Vec<String>,
    /// Those of them that are categories even where all cells are numbers.
    pub categorical: Vec<String>,
    /// Which SNPs and individuals are kept.
    pub qc: QualityControl,
    /// Columns of the phenotype file to keep for [`fold::partition`]; each once.
    pub group_columns: Vec<String>,
    /// Most bytes that packed genotypes may take; a larger .bed stays in its file, from which batches are
    /// decoded.
    pub memory: u64,
}

impl DataSpec {
    /// A file of genotypes alone, of which all is kept.
    pub fn of_genotypes(genotypes: &Path, memory: u64) -> Self {
        DataSpec {
            genotypes: genotypes.to_owned(),
            format: None,
            phenotypes: PathBuf::new(),
            task: Task::default(),
            trait_names: Vec::new(),
            id_column: None,
            qc: QualityControl::default(),
            group_columns: Vec::new(),
            covariates: vec![],
            categorical: vec![],
            memory,
        }
    }
}

/// What the codes 0, 1, ... of an individual stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Coding {
    /// Copies of the counted allele of a SNP: 0, 1, 2.
    Dosages,
    /// The bases A, C, G, T of a sequence: 0, 1, 2, 3.
    Bases,
}

impl Coding {
    /// How many codes there are, apart from [`MISSING`].
    pub const fn codes(self) -> usize {
        match self {
            Coding::Dosages => 3,
            Coding::Bases => 4,
        }
    }

    /// What a person calls the positions.
    pub const fn unit(self) -> &'static str {
        match self {
            Coding::Dosages => "SNPs",
            Coding::Bases => "positions",
        }
    }
}

/// The code of a missing genotype or base.
pub const MISSING: u8 = 4;

/// Rows that are imputed at once.
const BATCH: usize = 32;

/// The fewest individuals that can be split into training and validation rows and scored.
pub const FEWEST: usize = 3;

/// A SNP, or a base of a sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// Its name.
    pub name: String,
    /// Its chromosome, where the format has a map.
    pub chromosome: Option<String>,
    /// Its position in base pairs, where it is known.
    pub position: Option<u64>,
    /// Its alleles, where the format names them.
    pub alleles: Option<Alleles>,
}

/// The two alleles of a SNP, as the file writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alleles {
    /// The one that a dosage counts: PLINK's A1, a VCF's alternative.
    pub counted: String,
    /// The other one: PLINK's A2, a VCF's reference; [`UNKNOWN_ALLELE`] where the format does not name it.
    pub other: String,
}

/// What stands for an allele that is not known, in PLINK's files too.
pub const UNKNOWN_ALLELE: &str = "0";

impl Marker {
    fn unplaced(name: String) -> Self {
        Marker { name, chromosome: None, position: None, alleles: None }
    }
}

/// What a format's reading function gives: all individuals and positions of the file.
#[derive(Debug)]
struct Genotypes {
    /// Unique; none in a table, which is matched by row.
    ids: Option<Vec<String>>,
    individuals: usize,
    markers: Vec<Marker>,
    coding: Coding,
    matrix: Matrix,
    /// What the reading function left out or took as missing.
    left_out: Vec<Removal>,
}

impl Genotypes {
    /// SNPs that were packed individual by individual, none of which was left out.
    fn of_rows(ids: Vec<String>, markers: Vec<Marker>, rows: packed::Rows) -> Self {
        Genotypes {
            individuals: ids.len(),
            ids: Some(ids),
            markers,
            coding: Coding::Dosages,
            matrix: Matrix::Rows(rows),
            left_out: vec![],
        }
    }

    /// The id of a row, or its number from 1 where there are no ids.
    fn name(&self, row: usize) -> String {
        self.ids.as_ref().map_or_else(|| (row + 1).to_string(), |ids| ids[row].clone())
    }
}

/// The ids without their lines, or an error where one is empty or occurs twice.
fn unique_ids(path: &Path, ids: Vec<(u64, String)>) -> Result<Vec<String>, DataError> {
    let mut lines = HashMap::with_capacity(ids.len());
    let mut twice = Vec::new();
    for (line, id) in &ids {
        if id.is_empty() {
            return Err(DataError::line(path, *line, "the id is empty"));
        }
        if let Some(first) = lines.insert(id.as_str(), *line) {
            twice.push((first, *line, id));
        }
    }
    if let [(first, line, id), others @ ..] = twice.as_slice() {
        let others = others.iter().map(|(.., id)| (*id).clone()).collect();
        let (path, id) = (path.to_owned(), (*id).clone());
        return Err(DataError::DuplicateId { path, id, first: *first, line: *line, others });
    }
    Ok(ids.into_iter().map(|(_, id)| id).collect())
}

/// Individuals with genotypes and a trait value, quality control done.
#[derive(Debug)]
pub struct Dataset {
    matrix: Matrix,
    coding: Coding,
    target: Target,
    ids: Vec<String>,
    markers: Vec<Marker>,
    covariates: Vec<Covariate>,
    /// What imputation by neighbours compares; made when it is first needed.
    planes: OnceLock<Arc<Planes>>,
    groupings: Vec<Grouping>,
    report: LoadReport,
}

impl Dataset {
    /// A quantitative trait and `dosages` row by row (individuals × `snps`), each 0, 1, 2 or [`MISSING`].
    ///
    /// # Panics
    /// As [`Dataset::in_memory`].
    pub fn from_dosages(snps: usize, dosages: Vec<u8>, trait_values: Vec<f64>) -> Self {
        Dataset::in_memory(Coding::Dosages, snps, dosages, Target::quantity("y", trait_values))
    }

    /// A dataset held in memory: `codes` row by row (individuals × `positions`). Individuals and markers
    /// are named by number, from 1.
    ///
    /// # Panics
    /// Where the lengths contradict each other, or a code is not one of `coding`.
    pub fn in_memory(coding: Coding, positions: usize, codes: Vec<u8>, target: Target) -> Self {
        let n = target.individuals();
        assert_eq!(codes.len(), positions * n);
        assert!(codes.iter().all(|code| usize::from(*code) < coding.codes() || *code == MISSING));
        let missing = codes.iter().filter(|code| **code == MISSING).count();
        let report = LoadReport {
            coding,
            target: TargetSummary::of(&target),
            individuals: IndividualCounts {
                in_genotypes: n,
                in_phenotypes: n,
                joined: n,
                kept: n,
                ..IndividualCounts::default()
            },
            snps: SnpCounts { read: positions, kept: positions, ..SnpCounts::default() },
            maf: 0.0,
            missing_rate: missing as f64 / codes.len().max(1) as f64,
            removed: vec![],
            same_names: Removal::new("SNPs", "none"),
        };
        let matrix = match coding {
            Coding::Bases => Matrix::Bases { positions, codes },
            Coding::Dosages => {
                let mut rows = Rows::new(positions);
                codes.chunks_exact(positions.max(1)).for_each(|codes| rows.push(codes));
                Matrix::Rows(rows)
            }
        };
        let name = match coding {
            Coding::Dosages => "snp",
            Coding::Bases => "base ",
        };
        Dataset {
            matrix,
            coding,
            target,
            ids: (1..=n).map(|i| i.to_string()).collect(),
            markers: (1..=positions).map(|j| Marker::unplaced(format!("{name}{j}"))).collect(),
            covariates: Vec::new(),
            planes: OnceLock::new(),
            groupings: Vec::new(),
            report,
        }
    }

    /// With these covariates, a cell an individual.
    ///
    /// # Panics
    /// Where a covariate has another number of cells.
    #[must_use]
    pub fn with_covariates(mut self, covariates: Vec<Covariate>) -> Self {
        for covariate in &covariates {
            assert_eq!(covariate.cells.count(), self.individuals(), "{}", covariate.name);
        }
        self.covariates = covariates;
        self
    }

    /// Number of individuals: those with genotypes and a trait value.
    pub fn individuals(&self) -> usize {
        self.ids.len()
    }

    /// Number of SNPs left after quality control, or of a sequence's bases.
    pub fn positions(&self) -> usize {
        self.markers.len()
    }

    /// What the codes stand for.
    pub fn coding(&self) -> Coding {
        self.coding
    }

    /// What is predicted.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The individuals' ids; in a table the row numbers of the file, from 1.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// The SNPs or bases, in the file's order.
    pub fn markers(&self) -> &[Marker] {
        &self.markers
    }

    /// The individuals' values in [`DataSpec::group_columns`], in their order.
    pub fn groupings(&self) -> &[Grouping] {
        &self.groupings
    }

    /// The covariates, in the study file's order.
    pub fn covariates(&self) -> &[Covariate] {
        &self.covariates
    }

    /// The genotypes as imputation by neighbours compares them.
    fn planes(&self) -> Arc<Planes> {
        Arc::clone(self.planes.get_or_init(|| Arc::new(Planes::of(self))))
    }

    /// Whether these are this dataset's own.
    fn has_planes(&self, planes: &Arc<Planes>) -> bool {
        self.planes.get().is_some_and(|own| Arc::ptr_eq(own, planes))
    }

    /// What loading read, dropped and kept.
    pub fn report(&self) -> &LoadReport {
        &self.report
    }

    /// Whether batches are decoded from the mapped file rather than from memory.
    pub fn is_mapped(&self) -> bool {
        self.matrix.is_mapped()
    }

    /// Bytes that the genotypes take in memory; the pages of a mapped file are the system's.
    pub fn resident_bytes(&self) -> usize {
        self.matrix.resident_bytes()
    }

    /// Decodes `rows` into `out` (rows × the encoder's positions × its channels). An encoder that was fitted on
    /// another dataset must have been on the same positions.
    pub fn decode(&self, rows: &[usize], encoder: &Encoder, out: &mut [f32]) {
        let mut out = out.chunks_exact_mut(encoder.width());
        let mut encode = |codes: &[u8]| {
            if let Some(out) = out.next() {
                encoder.apply(codes, out);
            }
        };
        let Some(imputer) = encoder.imputer() else { return self.matrix.each_row(rows, encode) };
        let positions = self.positions();
        let mut codes = vec![0; rows.len().min(BATCH) * positions];
        for rows in rows.chunks(BATCH) {
            let codes = &mut codes[..rows.len() * positions];
            self.matrix.read(rows, codes);
            imputer.fill(self, rows, codes);
            codes.chunks_exact(positions).for_each(&mut encode);
        }
    }

    /// Codes of `rows` (rows × positions): see [`Coding`] and [`MISSING`].
    pub fn codes(&self, rows: &[usize]) -> Vec<u8> {
        let mut codes = vec![0; rows.len() * self.positions()];
        self.matrix.read(rows, &mut codes);
        codes
    }
}
