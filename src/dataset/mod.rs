//! Genotypes and a trait: reading, quality control, folds, scaling, decoding to batches.
//!
//! Text formats and what fits in memory are decoded to one byte a genotype; larger PLINK files stay
//! mapped, two bits a genotype, and are decoded batch by batch. Floats exist for one batch at a time.

mod csv;
pub mod error;
pub mod fold;
mod load;
mod matrix;
mod phenotype;
mod plink_bed;
mod qc;
pub mod report;
pub mod scale;
pub mod simulate;
mod table;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_on_real_data;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

pub use error::DataError;
pub use load::{FORMATS, Format, load};
use matrix::Matrix;
use report::{IndividualCounts, LoadReport, SnpCounts};

/// Where the data lie and what to make of them: the `[data]` table of the study file.
#[derive(Debug, Clone, PartialEq)]
pub struct DataSpec {
    /// The genotype file.
    pub genotypes: PathBuf,
    /// The format's name in the table of formats; by the file's ending where `None`.
    pub format: Option<String>,
    /// The phenotype file.
    pub phenotypes: PathBuf,
    /// The trait's column; in a table without a header its number, from 1.
    pub trait_name: String,
    /// The phenotype file's column of ids; `id`, `IID` or the first column where `None`.
    pub id_column: Option<String>,
    /// Keep SNPs whose minor allele frequency is at least this; monomorphic ones always go.
    pub maf: f64,
    /// Chromosomes to leave out, as the `.bim` names them.
    pub exclude_chromosomes: Vec<String>,
    /// A column of the phenotype file to keep for [`fold::Split::Column`].
    pub group_column: Option<String>,
    /// Most bytes that decoded genotypes may take; beyond it batches are decoded from the file.
    pub memory: u64,
}

/// The dosage code of a missing genotype.
pub const MISSING: u8 = 3;

/// The fewest individuals that can be split into training and validation rows and scored.
pub const FEWEST: usize = 3;

/// Rows that are decoded from the map at once.
const BATCH: usize = 32;

/// A SNP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// Its name.
    pub name: String,
    /// Its chromosome, where the format has a map.
    pub chromosome: Option<String>,
    /// Its position in base pairs, where it is known.
    pub position: Option<u64>,
}

impl Marker {
    fn unplaced(name: String) -> Self {
        Marker { name, chromosome: None, position: None }
    }
}

/// What a format's reading function gives: all individuals and SNPs of the file.
#[derive(Debug)]
struct Genotypes {
    /// Unique; none in a table, which is matched by row.
    ids: Option<Vec<String>>,
    individuals: usize,
    markers: Vec<Marker>,
    matrix: Matrix,
}

/// The ids without their lines, or an error where one is empty or occurs twice.
fn unique_ids(path: &Path, ids: Vec<(u64, String)>) -> Result<Vec<String>, DataError> {
    let mut first = HashMap::with_capacity(ids.len());
    for (line, id) in &ids {
        if id.is_empty() {
            return Err(DataError::line(path, *line, "the id is empty"));
        }
        if let Some(first) = first.insert(id.as_str(), *line) {
            return Err(DataError::DuplicateId { path: path.to_owned(), id: id.clone(), first, line: *line });
        }
    }
    Ok(ids.into_iter().map(|(_, id)| id).collect())
}

/// Individuals with genotypes and a trait value, quality control done.
#[derive(Debug)]
pub struct Dataset {
    matrix: Matrix,
    trait_values: Vec<f64>,
    ids: Vec<String>,
    markers: Vec<Marker>,
    groups: Option<Vec<String>>,
    report: LoadReport,
}

impl Dataset {
    /// A dataset held in memory: `dosages` row by row (individuals × `snps`), each 0, 1, 2 or
    /// [`MISSING`]. Individuals and SNPs are named by number, from 1.
    ///
    /// # Panics
    /// Where the lengths contradict each other.
    pub fn from_dosages(snps: usize, dosages: Vec<u8>, trait_values: Vec<f64>) -> Self {
        assert_eq!(dosages.len(), snps * trait_values.len());
        let n = trait_values.len();
        let missing = dosages.iter().filter(|d| **d == MISSING).count();
        let report = LoadReport {
            individuals: IndividualCounts {
                in_genotypes: n,
                in_phenotypes: n,
                joined: n,
                kept: n,
                ..IndividualCounts::default()
            },
            snps: SnpCounts { read: snps, kept: snps, ..SnpCounts::default() },
            missing_rate: missing as f64 / dosages.len().max(1) as f64,
            ..LoadReport::default()
        };
        Dataset {
            matrix: Matrix::Decoded { snps, dosages },
            trait_values,
            ids: (1..=n).map(|i| i.to_string()).collect(),
            markers: (1..=snps).map(|j| Marker::unplaced(format!("snp{j}"))).collect(),
            groups: None,
            report,
        }
    }

    /// Number of individuals: those with genotypes and a trait value.
    pub fn individuals(&self) -> usize {
        self.trait_values.len()
    }

    /// Number of SNPs left after quality control.
    pub fn snps(&self) -> usize {
        self.markers.len()
    }

    /// The trait in its own units, one value an individual.
    pub fn trait_values(&self) -> &[f64] {
        &self.trait_values
    }

    /// The individuals' ids; in a table the row numbers of the file, from 1.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// The SNPs, in the file's order.
    pub fn markers(&self) -> &[Marker] {
        &self.markers
    }

    /// Each individual's value in [`DataSpec::group_column`], as written in the file.
    pub fn groups(&self) -> Option<&[String]> {
        self.groups.as_deref()
    }

    /// What loading read, dropped and kept.
    pub fn report(&self) -> &LoadReport {
        &self.report
    }

    /// Whether batches are decoded from the mapped file rather than from memory.
    pub fn is_mapped(&self) -> bool {
        matches!(self.matrix, Matrix::Packed { .. })
    }

    /// Bytes that the genotypes take in memory; the pages of a mapped file are the system's.
    pub fn resident_bytes(&self) -> usize {
        if self.is_mapped() { 0 } else { self.individuals() * self.snps() }
    }

    /// Decodes `rows` into `out` (rows × SNPs), centred and scaled; a missing genotype becomes the
    /// training mean, which is 0 then.
    pub fn decode(&self, rows: &[usize], scaler: &scale::Scaler, out: &mut [f32]) {
        let snps = self.snps();
        if let Matrix::Decoded { dosages, .. } = &self.matrix {
            for (row, out) in rows.iter().zip(out.chunks_exact_mut(snps)) {
                scaler.apply(&dosages[row * snps..(row + 1) * snps], out);
            }
            return;
        }
        let mut codes = vec![0; rows.len().min(BATCH) * snps];
        for (rows, out) in rows.chunks(BATCH).zip(out.chunks_mut(BATCH * snps)) {
            self.matrix.read(rows, &mut codes);
            for (codes, out) in codes.chunks_exact(snps).zip(out.chunks_exact_mut(snps)) {
                scaler.apply(codes, out);
            }
        }
    }

    /// Dosages of `rows` (rows × SNPs), each 0, 1, 2 or [`MISSING`].
    pub fn dosages(&self, rows: &[usize]) -> Vec<u8> {
        let mut codes = vec![0; rows.len() * self.snps()];
        self.matrix.read(rows, &mut codes);
        codes
    }

    /// A short hash of genotypes, markers, ids, groups and trait, the same on every machine: two
    /// datasets that differ in any of them have, but for one chance in 2³², different ones.
    pub fn fingerprint(&self) -> String {
        let mut hash = crc32fast::Hasher::new();
        let text = |hash: &mut crc32fast::Hasher, text: &str| {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        hash.update(&(self.individuals() as u64).to_le_bytes());
        hash.update(&(self.snps() as u64).to_le_bytes());
        for marker in &self.markers {
            text(&mut hash, &marker.name);
            text(&mut hash, marker.chromosome.as_deref().unwrap_or_default());
            hash.update(&marker.position.unwrap_or_default().to_le_bytes());
        }
        for name in self.ids.iter().chain(self.groups.iter().flatten()) {
            text(&mut hash, name);
        }
        for value in &self.trait_values {
            hash.update(&value.to_bits().to_le_bytes());
        }
        let rows: Vec<usize> = (0..self.individuals()).collect();
        for rows in rows.chunks(BATCH) {
            hash.update(&self.dosages(rows));
        }
        format!("{:08x}", hash.finalize())
    }
}
