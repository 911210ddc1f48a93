//! What loading read, dropped and kept.

use std::fmt;

use super::error::listed;
use super::removal::Removal;
use super::{Coding, Target};
use crate::domain::task::Task;
use crate::domain::value::significant;

/// Fewer individuals than this are worth a warning.
const FEW: usize = 50;

/// A class with fewer individuals than this may miss in one of the usual five to ten folds.
const RARE: usize = 10;

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
    /// Left out by quality control for their missing genotypes.
    pub genotypes_missing: usize,
    /// In the dataset.
    pub kept: usize,
}

/// SNPs by what became of them. A SNP counts under the first rule that it breaks, in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SnpCounts {
    /// In the genotype file.
    pub read: usize,
    /// Dropped: on a chromosome that is left out.
    pub excluded: usize,
    /// Dropped: no individual of the dataset has a genotype.
    pub all_missing: usize,
    /// Dropped: more missing genotypes than the threshold.
    pub missing: usize,
    /// Dropped: the individuals of the dataset do not differ.
    pub monomorphic: usize,
    /// Dropped: minor allele frequency below the threshold.
    pub rare: usize,
    /// Dropped: a Hardy-Weinberg p-value below the threshold.
    pub hwe: usize,
    /// In the dataset.
    pub kept: usize,
}

/// The rules by which SNPs are dropped, in the order of their counts, after "12 SNPs ".
pub(super) const SNP_RULES: [&str; 6] = [
    "on chromosomes left out",
    "without any genotype",
    "with too many missing genotypes",
    "monomorphic",
    "below the MAF threshold",
    "out of Hardy-Weinberg equilibrium",
];

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

/// What is predicted in short.
#[derive(Debug, Clone, PartialEq)]
pub enum TargetSummary {
    /// A quantitative trait.
    Quantity {
        /// Its column.
        name: String,
        /// Its values.
        values: TraitSummary,
    },
    /// A trait of classes.
    Classes {
        /// Its column.
        name: String,
        /// Whether the second class is the positive one of two.
        binary: bool,
        /// Each class and how many individuals are of it.
        counts: Vec<(String, usize)>,
    },
    /// Labels.
    Labels {
        /// Each label and how many individuals have it.
        counts: Vec<(String, usize)>,
    },
}

impl TargetSummary {
    pub(super) fn of(target: &Target) -> Self {
        let name = target.names.join(", ");
        let rows: Vec<usize> = (0..target.individuals()).collect();
        let counts = target.class_counts(&rows);
        let paired = |names: &[String], counts: &mut dyn Iterator<Item = usize>| {
            names.iter().cloned().zip(counts).collect::<Vec<_>>()
        };
        match target.task {
            Task::Regression => TargetSummary::Quantity { name, values: TraitSummary::of(&target.values) },
            Task::Binary | Task::MultiClass => TargetSummary::Classes {
                name,
                binary: target.task == Task::Binary,
                counts: paired(&target.classes, &mut counts.into_iter().flatten()),
            },
            Task::MultiLabel => TargetSummary::Labels {
                counts: paired(&target.names, &mut counts.iter().map(|counts| counts[1])),
            },
        }
    }

    /// The columns: "`y`", or "`a`, `b` or `c`".
    fn names(&self) -> String {
        match self {
            TargetSummary::Quantity { name, .. } | TargetSummary::Classes { name, .. } => format!("`{name}`"),
            TargetSummary::Labels { counts } => {
                let names: Vec<String> = counts.iter().map(|(name, _)| name.clone()).collect();
                match names.split_last() {
                    Some((last, others)) if !others.is_empty() => format!("{} or `{last}`", listed(others)),
                    _ => listed(&names),
                }
            }
        }
    }

    /// For a person.
    fn line(&self, individuals: usize) -> String {
        let figure = |v| significant(v, 4);
        match self {
            TargetSummary::Quantity { name, values: t } => format!(
                "trait {name}: mean {}, standard deviation {}, from {} to {}",
                figure(t.mean),
                figure(t.sd),
                figure(t.min),
                figure(t.max)
            ),
            TargetSummary::Classes { name, binary: true, counts } => {
                format!("trait {name}: binary, {} (the positive class)", counted(counts))
            }
            TargetSummary::Classes { name, binary: false, counts } => {
                format!("trait {name}: {} classes, {}", counts.len(), counted(counts))
            }
            TargetSummary::Labels { counts } => format!("labels: {} of {individuals}", counted(counts)),
        }
    }

    /// What may be a mistake, in words for a person.
    fn warnings(&self, individuals: usize) -> Vec<String> {
        let mut warnings = Vec::new();
        match self {
            TargetSummary::Quantity { name, values: t } => {
                if t.minus_nine > 0 && (t.minus_nine > 1 || t.min == -9.0) {
                    warnings.push(format!(
                        "{} individuals have -9 for trait `{name}`: if that means missing, write NA",
                        t.minus_nine
                    ));
                }
                if t.sd > 0.0 && ((t.max - t.mean).max(t.mean - t.min)) / t.sd > 10.0 {
                    warnings.push(format!(
                        "a value of trait `{name}` is more than 10 standard deviations from the mean: is it a \
                         typing error?"
                    ));
                }
            }
            TargetSummary::Classes { name, counts, .. } if 2 * counts.len() > individuals => {
                warnings.push(format!(
                    "trait `{name}` has {} classes among {individuals} individuals: is it a quantity \
                     (data.task = \"regression\")?",
                    counts.len()
                ));
            }
            TargetSummary::Classes { counts, .. } => {
                warnings.extend(counts.iter().filter(|(_, n)| *n < RARE).map(|(class, n)| {
                    format!("only {n} individuals are of class `{class}`: a fold may lack it")
                }));
            }
            TargetSummary::Labels { counts } => {
                let rare = counts.iter().filter(|(_, n)| (*n).min(individuals - n) < RARE);
                warnings.extend(rare.map(|(label, n)| {
                    format!(
                        "{n} of {individuals} individuals have the label `{label}`: a fold may lack one side"
                    )
                }));
            }
        }
        warnings
    }
}

/// At most this many classes or labels are listed.
const LISTED: usize = 12;

/// "`no` 60, `yes` 40", and how many more there are.
fn counted(counts: &[(String, usize)]) -> String {
    let shown: Vec<String> = counts.iter().take(LISTED).map(|(name, n)| format!("`{name}` {n}")).collect();
    let more = counts.len().saturating_sub(LISTED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}

/// What loading read, dropped and kept.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadReport {
    /// Whether SNPs or sequences were read.
    pub coding: Coding,
    /// What is predicted.
    pub target: TargetSummary,
    /// Individuals.
    pub individuals: IndividualCounts,
    /// SNPs, or the bases of a sequence, all of which are kept.
    pub snps: SnpCounts,
    /// The threshold of the minor allele frequency.
    pub maf: f64,
    /// The fraction of genotypes that are missing, among the kept SNPs and individuals.
    pub missing_rate: f64,
    /// What was left out, and the first names of it.
    pub removed: Vec<Removal>,
    /// The SNPs that have the name of another.
    pub same_names: Removal,
}

impl fmt::Display for SnpCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lost = [self.excluded, self.all_missing, self.missing, self.monomorphic, self.rare, self.hwe];
        write!(f, "{} SNPs read", self.read)?;
        for (count, rule) in lost.iter().zip(SNP_RULES).filter(|(count, _)| **count > 0) {
            write!(f, ", {count} {rule}")?;
        }
        write!(f, ", {} kept", self.kept)
    }
}

impl LoadReport {
    /// What may be a mistake, in words for a person.
    pub fn warnings(&self) -> Vec<String> {
        let n = self.individuals.kept;
        let mut warnings = self.target.warnings(n);
        if n < FEW {
            warnings.push(format!("only {n} individuals: scores will say little"));
        }
        let same = &self.same_names;
        if same.count > 0 {
            warnings.push(format!(
                "{} SNPs have the name of another ({}): new genotypes can't be matched to them",
                same.count,
                same.examples()
            ));
        }
        warnings
    }

    /// What was left out, a row each: of what, why, how many, and the first names.
    pub fn table(&self) -> Vec<Vec<String>> {
        let row = |r: &Removal| vec![r.what.to_owned(), r.rule.clone(), r.count.to_string(), r.examples()];
        self.removed.iter().map(row).collect()
    }

    /// For a person: one line each for the individuals, the trait, the SNPs and the missing genotypes.
    pub fn lines(&self) -> Vec<String> {
        let i = &self.individuals;
        let mut individuals = format!(
            "individuals: {} with genotypes, {} in the phenotypes, {} in both",
            i.in_genotypes, i.in_phenotypes, i.joined
        );
        let dropped = [
            (i.without_record, "genotyped without a record".to_owned()),
            (i.without_genotype, "records without genotypes".to_owned()),
            (i.trait_missing, format!("without a value of {}", self.target.names())),
            (i.genotypes_missing, "with too many missing genotypes".to_owned()),
        ];
        for (count, rule) in dropped.iter().filter(|(count, _)| *count > 0) {
            individuals += &format!(", {count} {rule}");
        }
        individuals += &format!(", {} kept", i.kept);
        let (positions, missing) = match self.coding {
            Coding::Dosages => (format!("SNPs: {} (MAF threshold {})", self.snps, self.maf), "genotypes"),
            Coding::Bases => (format!("positions: {}", self.snps.kept), "bases"),
        };
        vec![
            individuals,
            self.target.line(i.kept),
            positions,
            format!("missing {missing}: {:.2} %", 100.0 * self.missing_rate),
        ]
    }
}
