//! Genotypes and a trait: reading, quality control, folds, scaling, decoding to batches.

pub mod fold;
pub mod scale;
pub mod simulate;

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

/// The dosage code of a missing genotype.
pub const MISSING: u8 = 3;

/// Individuals with genotypes and a trait value, quality control done.
#[derive(Debug)]
pub struct Dataset {
    snps: usize,
    dosages: Vec<u8>,
    trait_values: Vec<f64>,
}

impl Dataset {
    /// A dataset held in memory: `dosages` row by row (individuals × `snps`), each 0, 1, 2 or
    /// [`MISSING`].
    pub fn from_dosages(snps: usize, dosages: Vec<u8>, trait_values: Vec<f64>) -> Self {
        assert_eq!(dosages.len(), snps * trait_values.len());
        Dataset { snps, dosages, trait_values }
    }

    /// Number of individuals: those with genotypes and a trait value.
    pub fn individuals(&self) -> usize {
        self.trait_values.len()
    }

    /// Number of SNPs left after quality control.
    pub fn snps(&self) -> usize {
        self.snps
    }

    /// The trait in its own units, one value an individual.
    pub fn trait_values(&self) -> &[f64] {
        &self.trait_values
    }

    /// Decodes `rows` into `out` (rows × SNPs), centred and scaled; a missing genotype becomes the
    /// training mean, which is 0 then.
    pub fn decode(&self, rows: &[usize], scaler: &scale::Scaler, out: &mut [f32]) {
        for (row, out) in rows.iter().zip(out.chunks_exact_mut(self.snps)) {
            let dosages = &self.dosages[row * self.snps..(row + 1) * self.snps];
            for (j, (x, d)) in out.iter_mut().zip(dosages).enumerate() {
                *x =
                    if *d == MISSING { 0.0 } else { (f32::from(*d) - scaler.mean[j]) * scaler.inverse_sd[j] };
            }
        }
    }
}
