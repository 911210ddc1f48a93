//! Genotypes of some rows, SNP by SNP, and the numbers that their codes stand for.

use std::ops::Range;

use super::BaselineError;
use crate::dataset::{Coding, Dataset, MISSING};

/// Rows that are decoded at once.
const ROWS: usize = 32;
/// SNPs that are turned from rows into columns at once, so that both stay in the cache.
const BLOCK: usize = 256;
/// How many codes there are: 0, 1, 2, one that no dosage has, [`MISSING`].
pub const CODES: usize = MISSING as usize + 1;

/// Dosages of some rows of a dataset, one byte a genotype, SNP after SNP.
#[derive(Debug)]
pub struct Genotypes {
    rows: usize,
    snps: usize,
    /// SNPs × rows.
    codes: Vec<u8>,
}

impl Genotypes {
    /// The genotypes of `rows`, in their order.
    ///
    /// # Errors
    /// Where the dataset holds bases, as [`super::check`] says.
    pub fn of(dataset: &Dataset, rows: &[usize]) -> Result<Self, BaselineError> {
        super::check(dataset)?;
        debug_assert_eq!(dataset.coding(), Coding::Dosages);
        let (n, snps) = (rows.len(), dataset.positions());
        let mut codes = vec![0; n * snps];
        for (batch, rows) in rows.chunks(ROWS).enumerate() {
            let decoded = dataset.codes(rows);
            for block in (0..snps).step_by(BLOCK) {
                for snp in block..snps.min(block + BLOCK) {
                    let column = &mut codes[snp * n + batch * ROWS..][..rows.len()];
                    for (row, code) in column.iter_mut().enumerate() {
                        *code = decoded[row * snps + snp];
                    }
                }
            }
        }
        Ok(Genotypes { rows: n, snps, codes })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of SNPs.
    pub fn snps(&self) -> usize {
        self.snps
    }

    /// The codes of one SNP: 0, 1, 2 or [`MISSING`], one a row.
    pub fn snp(&self, snp: usize) -> &[u8] {
        &self.codes[snp * self.rows..][..self.rows]
    }

    /// How often each code occurs at one SNP.
    pub fn counts(&self, snp: usize) -> [u32; CODES] {
        let mut counts = [0; CODES];
        for code in self.snp(snp) {
            counts[usize::from(*code)] += 1;
        }
        counts
    }
}

/// What is counted of a genotype.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Copies of the counted allele.
    Additive,
    /// 1 where the two alleles differ, else 0: what dominance acts through.
    Heterozygote,
}

impl Effect {
    /// What each code counts; a missing one is none of these.
    const fn of_codes(self) -> [f64; CODES - 1] {
        match self {
            Effect::Additive => [0.0, 1.0, 2.0, 0.0],
            Effect::Heterozygote => [0.0, 1.0, 0.0, 0.0],
        }
    }
}

/// One covariate a SNP: its genotypes centred at the mean of the training rows, where a missing one is
/// put, and scaled to their standard deviation where that is asked for.
#[derive(Debug, Clone)]
pub struct Coded {
    /// Of each SNP what each code stands for.
    tables: Vec<[f64; CODES]>,
    /// Of each SNP the mean over the training rows, before it is centred.
    means: Vec<f64>,
    /// Of each SNP the variance over the training rows (divisor n), before it is scaled; 0 where none of them
    /// differ.
    variances: Vec<f64>,
}

impl Coded {
    /// Fits on the training rows' genotypes. A SNP that does not vary among them is 0 everywhere.
    pub fn fit(train: &Genotypes, effect: Effect, scaled: bool) -> Self {
        let values = effect.of_codes();
        let mut coded = Coded { tables: Vec::new(), means: Vec::new(), variances: Vec::new() };
        for snp in 0..train.snps() {
            let counts = train.counts(snp).map(f64::from);
            let known: f64 = counts[..CODES - 1].iter().sum();
            let sum: f64 = values.iter().zip(counts).map(|(value, n)| value * n).sum();
            let mean = if known > 0.0 { sum / known } else { 0.0 };
            // A missing genotype stands at the mean and adds nothing.
            let squares: f64 = values.iter().zip(counts).map(|(value, n)| n * (value - mean).powi(2)).sum();
            let variance = squares / train.rows().max(1) as f64;
            let scale = match (variance > 0.0, scaled) {
                (false, _) => 0.0,
                (true, true) => 1.0 / variance.sqrt(),
                (true, false) => 1.0,
            };
            let mut table = [0.0; CODES];
            for (out, value) in table.iter_mut().zip(values) {
                *out = scale * (value - mean);
            }
            coded.tables.push(table);
            coded.means.push(mean);
            coded.variances.push(variance);
        }
        coded
    }

    /// What each code of a SNP stands for.
    pub fn table(&self, snp: usize) -> &[f64; CODES] {
        &self.tables[snp]
    }

    /// Of each SNP the mean over the training rows, before it is centred.
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// Of each SNP the variance over the training rows (divisor n), before it is scaled.
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }

    /// A SNP's values over all rows of `genotypes`, times `weights`, added up.
    pub fn product(&self, genotypes: &Genotypes, snp: usize, weights: &[f64]) -> f64 {
        let mut sums = [0.0; CODES];
        for (code, weight) in genotypes.snp(snp).iter().zip(weights) {
            sums[usize::from(*code)] += weight;
        }
        sums.iter().zip(self.tables[snp]).map(|(sum, value)| sum * value).sum()
    }

    /// The values of `snps` as columns, one after the other, each of all rows of `genotypes`.
    pub fn columns(&self, genotypes: &Genotypes, snps: Range<usize>) -> Vec<f64> {
        let mut out = Vec::with_capacity(snps.len() * genotypes.rows());
        for snp in snps {
            let table = &self.tables[snp];
            out.extend(genotypes.snp(snp).iter().map(|code| table[usize::from(*code)]));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset() -> Dataset {
        // Three SNPs of four rows; the last SNP does not vary among the first three.
        let codes = vec![0, MISSING, 1, 1, 2, 1, 2, 1, 1, 2, 0, 2];
        Dataset::from_dosages(3, codes, vec![1.0, 2.0, 3.0, 4.0])
    }

    #[test]
    fn genotypes_stand_by_snp_in_the_order_of_the_rows() {
        let genotypes = Genotypes::of(&dataset(), &[3, 0, 1]).unwrap();
        assert_eq!((genotypes.rows(), genotypes.snps()), (3, 3));
        assert_eq!(genotypes.snp(0), [2, 0, 1]);
        assert_eq!(genotypes.snp(1), [0, MISSING, 2]);
        assert_eq!(genotypes.counts(1), [1, 0, 1, 0, 1]);
    }

    #[test]
    fn codes_are_centred_and_scaled_by_the_training_rows_alone() {
        let (train, other) =
            (Genotypes::of(&dataset(), &[0, 1, 2]).unwrap(), Genotypes::of(&dataset(), &[3]).unwrap());
        let plain = Coded::fit(&train, Effect::Additive, false);
        assert_eq!(plain.means()[1], 1.5);
        assert_eq!(plain.columns(&train, 1..3), [0.0, 0.5, -0.5, 0.0, 0.0, 0.0], "missing at the mean");
        assert_eq!(plain.columns(&other, 0..3), [1.0, -1.5, 0.0]);
        let scaled = Coded::fit(&train, Effect::Additive, true);
        let column = scaled.columns(&train, 0..1);
        assert!((column.iter().map(|x| x * x).sum::<f64>() - 3.0).abs() < 1e-12);
        let het = Coded::fit(&train, Effect::Heterozygote, false);
        assert!((het.means()[0] - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(het.means()[1], 0.5);
    }
}
