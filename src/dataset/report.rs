//! What loading read, dropped and kept.

use std::fmt;

use crate::domain::value::significant;

/// Fewer individuals than this are worth a warning.
const FEW: usize = 50;

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

/// The trait's values in short, so that a person sees what can't be right.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TraitSummary {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// How many are -9, which PLINK takes for missing.
    pub minus_nine: usize,
}

impl TraitSummary {
    pub(super) fn of(values: &[f64]) -> Self {
        let n = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
        TraitSummary {
            mean,
            sd: (squares / (n - 1.0).max(1.0)).sqrt(),
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            minus_nine: values.iter().filter(|v| **v == -9.0).count(),
        }
    }
}

/// What loading read, dropped and kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoadReport {
    /// The trait.
    pub trait_name: String,
    /// Its values.
    pub trait_values: TraitSummary,
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
    /// What may be a mistake, in words for a person.
    pub fn warnings(&self) -> Vec<String> {
        let (t, n) = (&self.trait_values, self.individuals.kept);
        let mut warnings = Vec::new();
        if t.minus_nine > 0 && (t.minus_nine > 1 || t.min == -9.0) {
            warnings.push(format!(
                "{} individuals have -9 for trait `{}`: if that means missing, write NA",
                t.minus_nine, self.trait_name
            ));
        }
        if t.sd > 0.0 && ((t.max - t.mean).max(t.mean - t.min)) / t.sd > 10.0 {
            warnings.push(format!(
                "a value of trait `{}` is more than 10 standard deviations from the mean: is it a typing error?",
                self.trait_name
            ));
        }
        if n < FEW {
            warnings.push(format!("only {n} individuals: scores will say little"));
        }
        warnings
    }

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
        let t = &self.trait_values;
        let figure = |v| significant(v, 4);
        vec![
            individuals,
            format!(
                "trait {}: mean {}, standard deviation {}, from {} to {}",
                self.trait_name,
                figure(t.mean),
                figure(t.sd),
                figure(t.min),
                figure(t.max)
            ),
            format!("SNPs: {} (MAF threshold {})", self.snps, self.maf),
            format!("missing genotypes: {:.2} %", 100.0 * self.missing_rate),
        ]
    }
}
