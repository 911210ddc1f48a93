//! What loading read, dropped and kept.

use std::fmt;

/// Individuals by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IndividualCounts {
    /// In the genotype file.
    pub in_genotypes: usize,
    /// In the phenotype file.
    pub in_phenotypes: usize,
    /// In both.
    pub joined: usize,
    /// Phenotype records without genotypes.
    pub without_genotype: usize,
    /// Genotyped without a phenotype record.
    pub without_record: usize,
    /// In both, but the trait is missing.
    pub trait_missing: usize,
    /// In the dataset.
    pub kept: usize,
}

/// SNPs by what became of them. A SNP counts under the first rule that it breaks, in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SnpCounts {
    /// In the genotype file.
    pub read: usize,
    /// Dropped: on an excluded chromosome.
    pub excluded: usize,
    /// Dropped: no individual of the dataset has a genotype.
    pub all_missing: usize,
    /// Dropped: the individuals of the dataset do not differ.
    pub monomorphic: usize,
    /// Dropped: minor allele frequency below the threshold.
    pub rare: usize,
    /// In the dataset.
    pub kept: usize,
}

/// What loading read, dropped and kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoadReport {
    /// The trait.
    pub trait_name: String,
    /// Individuals.
    pub individuals: IndividualCounts,
    /// SNPs.
    pub snps: SnpCounts,
    /// The threshold of the minor allele frequency.
    pub maf: f64,
    /// The fraction of genotypes that are missing, among the kept SNPs and individuals.
    pub missing_rate: f64,
}

impl fmt::Display for SnpCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lost = [
            (self.excluded, "on excluded chromosomes"),
            (self.all_missing, "without any genotype"),
            (self.monomorphic, "monomorphic"),
            (self.rare, "below the MAF threshold"),
        ];
        write!(f, "{} SNPs read", self.read)?;
        for (count, rule) in lost.iter().filter(|(count, _)| *count > 0) {
            write!(f, ", {count} {rule}")?;
        }
        write!(f, ", {} kept", self.kept)
    }
}

impl LoadReport {
    /// For a person: one line each for the individuals, the SNPs and the missing genotypes.
    pub fn lines(&self) -> Vec<String> {
        let i = &self.individuals;
        let mut individuals = format!(
            "individuals: {} with genotypes, {} in the phenotypes, {} in both",
            i.in_genotypes, i.in_phenotypes, i.joined
        );
        let dropped = [
            (i.without_record, "genotyped without a record".to_owned()),
            (i.without_genotype, "records without genotypes".to_owned()),
            (i.trait_missing, format!("without a value of `{}`", self.trait_name)),
        ];
        for (count, rule) in dropped.iter().filter(|(count, _)| *count > 0) {
            individuals += &format!(", {count} {rule}");
        }
        individuals += &format!(", {} kept", i.kept);
        vec![
            individuals,
            format!("SNPs: {} (MAF threshold {})", self.snps, self.maf),
            format!("missing genotypes: {:.2} %", 100.0 * self.missing_rate),
        ]
    }
}
