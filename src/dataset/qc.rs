//! Quality control of SNPs, over the individuals of the dataset. A sequence keeps all its bases, whose
//! neighbourhood is what matters.

use std::collections::BTreeSet;

use super::error::DataError;
use super::matrix::CodeCounts;
use super::report::SnpCounts;
use super::{Coding, DataSpec, MISSING, Marker};

/// The columns to keep, ascending, and what was lost to which rule.
pub(super) fn select(
    spec: &DataSpec,
    coding: Coding,
    markers: &[Marker],
    counts: &[CodeCounts],
) -> Result<(Vec<usize>, SnpCounts), DataError> {
    let excluded = excluded(spec, markers)?;
    let mut report = SnpCounts { read: markers.len(), ..SnpCounts::default() };
    if coding == Coding::Bases {
        if spec.maf > 0.0 {
            let problem =
                format!("holds sequences, to which `data.qc.maf` = {} does not apply: remove it", spec.maf);
            return Err(DataError::file(&spec.genotypes, problem));
        }
        report.kept = report.read;
        return Ok(((0..markers.len()).collect(), report));
    }
    let mut kept = Vec::new();
    for (j, (marker, counts)) in markers.iter().zip(counts).enumerate() {
        let is_excluded = marker.chromosome.as_deref().is_some_and(|c| excluded.contains(c));
        let [none, one, two, ..] = *counts;
        if is_excluded {
            report.excluded += 1;
        } else if none + one + two == 0 {
            report.all_missing += 1;
        } else if [none, one, two].iter().filter(|n| **n > 0).count() == 1 {
            report.monomorphic += 1;
        } else if minor_allele_frequency(counts) < spec.maf {
            report.rare += 1;
        } else {
            kept.push(j);
        }
    }
    report.kept = kept.len();
    if kept.is_empty() {
        return Err(DataError::NoSnps { counts: report });
    }
    Ok((kept, report))
}

/// The frequency of the rarer allele among the genotypes that are not missing; 0 where there are none.
fn minor_allele_frequency(&[none, one, two, ..]: &CodeCounts) -> f64 {
    let alleles = 2 * (none + one + two);
    let counted = one + 2 * two;
    f64::from(counted.min(alleles - counted)) / f64::from(alleles.max(1))
}

/// The fraction of missing genotypes among the kept columns.
pub(super) fn missing_rate(counts: &[CodeCounts], kept: &[usize]) -> f64 {
    let missing: f64 = kept.iter().map(|j| f64::from(counts[*j][usize::from(MISSING)])).sum();
    let all: f64 = kept.iter().map(|j| f64::from(counts[*j].iter().sum::<u32>())).sum();
    if all > 0.0 { missing / all } else { 0.0 }
}

/// PLINK's numbers of the chromosomes that also have letters.
const LETTERS: [(&str, &str); 4] = [("23", "X"), ("24", "Y"), ("25", "XY"), ("26", "MT")];

/// The chromosomes to exclude, as the markers name them: by the same name, else by PLINK's other name
/// for it (`X` is 23). A genome that has its own chromosome 23 is taken at its word.
fn excluded<'m>(spec: &DataSpec, markers: &'m [Marker]) -> Result<BTreeSet<&'m str>, DataError> {
    if spec.exclude_chromosomes.is_empty() {
        return Ok(BTreeSet::new());
    }
    let known: BTreeSet<&str> = markers.iter().filter_map(|m| m.chromosome.as_deref()).collect();
    if known.is_empty() {
        return Err(DataError::NoMap { path: spec.genotypes.clone() });
    }
    let mut found = BTreeSet::new();
    for name in &spec.exclude_chromosomes {
        let other = LETTERS.iter().find_map(|(number, letter)| match name.as_str() {
            n if n == *number => Some(*letter),
            n if n.eq_ignore_ascii_case(letter) => Some(*number),
            _ => None,
        });
        let Some(chromosome) = known.get(name.as_str()).or_else(|| known.get(other?)) else {
            let known = known.into_iter().map(str::to_owned).collect();
            return Err(DataError::UnknownChromosome { name: name.clone(), known });
        };
        found.insert(*chromosome);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_ignore_missing_genotypes_and_fold_to_the_rarer_allele() {
        assert_eq!(minor_allele_frequency(&[6, 2, 2, 0, 90]), 0.3);
        assert_eq!(minor_allele_frequency(&[2, 2, 6, 0, 0]), 0.3);
        assert_eq!(minor_allele_frequency(&[0, 0, 0, 0, 9]), 0.0);
        assert_eq!(missing_rate(&[[1, 1, 1, 0, 1], [0, 0, 0, 0, 4], [4, 0, 0, 0, 0]], &[0, 2]), 0.125);
    }
}
