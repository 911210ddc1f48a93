//! Genotypes and a trait: reading, quality control, folds, scaling, decoding to batches.

pub mod fold;
pub mod scale;

use std::path::PathBuf;

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
