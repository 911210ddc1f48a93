//! Quality control of SNPs and individuals, over the individuals of the dataset. In this order: chromosomes;
//! SNPs by their missing genotypes; individuals by theirs, over the SNPs that are left; then monomorphic SNPs,
//! the minor allele frequency and Hardy-Weinberg equilibrium over the individuals that are left. A SNP counts
//! under the first rule that it breaks. A sequence keeps all its bases, whose neighbourhood is what matters.

use std::collections::{BTreeSet, HashSet};

use super::error::DataError;
use super::matrix::{CodeCounts, Matrix};
use super::removal::Removal;
use super::report::{SNP_RULES, SnpCounts};
use super::{Coding, DataSpec, Genotypes, MISSING, Marker};

/// What is kept of the genotypes: `data.qc` of the study file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QualityControl {
    /// Keep SNPs whose minor allele frequency is at least this; monomorphic ones always go.
    pub maf: f64,
    /// Keep SNPs of whose genotypes at most this fraction is missing; those without any always go.
    pub missing: Option<f64>,
    /// Keep individuals of whose genotypes at most this fraction is missing.
    pub individual_missing: Option<f64>,
    /// Keep SNPs whose exact test of Hardy-Weinberg equilibrium has at least this p-value.
    pub hwe: Option<f64>,
    /// Chromosomes to keep, as the file names them; all where there are none.
    pub chromosomes: Vec<String>,
    /// Chromosomes to leave out.
    pub exclude_chromosomes: Vec<String>,
}

/// What quality control keeps, both ascending, and what was lost to which rule.
pub(super) struct Kept {
    /// Of the rows that were given.
    pub rows: Vec<usize>,
    pub columns: Vec<usize>,
    pub snps: SnpCounts,
    /// The individuals and SNPs that are lost, with names.
    pub removed: Vec<Removal>,
    /// The fraction of missing genotypes among what is kept.
    pub missing_rate: f64,
}

/// A SNP's fate: its rule's place in [`SNP_RULES`].
const EXCLUDED: usize = 0;
const ALL_MISSING: usize = 1;
const TOO_MISSING: usize = 2;
const MONOMORPHIC: usize = 3;
const RARE: usize = 4;
const NOT_HWE: usize = 5;

/// Applies `spec.qc` to `rows` of the genotypes.
pub(super) fn select(spec: &DataSpec, genotypes: &Genotypes, rows: Vec<usize>) -> Result<Kept, DataError> {
    let Genotypes { markers, matrix, coding, .. } = genotypes;
    let chosen = Chosen::new(spec, markers)?;
    let mut counts = matrix.counts(&rows);
    if *coding == Coding::Bases {
        return sequences(spec, rows, &counts);
    }
    let qc = &spec.qc;
    // The rule that each SNP broke first.
    let mut broken: Vec<Option<usize>> = markers
        .iter()
        .zip(&counts)
        .map(|(marker, counts)| match missing_fraction(counts) {
            _ if !chosen.keeps(marker) => Some(EXCLUDED),
            1.0 => Some(ALL_MISSING),
            missing if qc.missing.is_some_and(|most| missing > most) => Some(TOO_MISSING),
            _ => None,
        })
        .collect();
    let (rows, individuals) = match qc.individual_missing {
        Some(most) => complete(genotypes, rows, &left(&broken), most),
        None => (rows, None),
    };
    if individuals.is_some() {
        counts = matrix.counts(&rows);
    }
    for (broken, counts) in broken.iter_mut().zip(&counts) {
        let [none, one, two, ..] = *counts;
        *broken = broken.or_else(|| match [none, one, two].iter().filter(|n| **n > 0).count() {
            0 => Some(ALL_MISSING),
            1 => Some(MONOMORPHIC),
            _ if minor_allele_frequency(counts) < qc.maf => Some(RARE),
            _ if qc.hwe.is_some_and(|least| hardy_weinberg(counts) < least) => Some(NOT_HWE),
            _ => None,
        });
    }
    let columns = left(&broken);
    let mut removed: Vec<Removal> = SNP_RULES.iter().map(|rule| Removal::new("SNPs", *rule)).collect();
    for (marker, broken) in markers.iter().zip(&broken) {
        if let Some(rule) = broken {
            removed[*rule].add(&marker.name);
        }
    }
    let lost: Vec<usize> = removed.iter().map(|r| r.count).collect();
    let snps = SnpCounts {
        read: markers.len(),
        excluded: lost[EXCLUDED],
        all_missing: lost[ALL_MISSING],
        missing: lost[TOO_MISSING],
        monomorphic: lost[MONOMORPHIC],
        rare: lost[RARE],
        hwe: lost[NOT_HWE],
        kept: columns.len(),
    };
    if columns.is_empty() && !rows.is_empty() {
        return Err(DataError::NoSnps { counts: snps });
    }
    let missing_rate = missing_rate(&counts, &columns);
    let removed = individuals.into_iter().chain(removed).filter(|r| r.count > 0).collect();
    Ok(Kept { rows, columns, snps, removed, missing_rate })
}

/// The SNPs that have broken no rule so far.
fn left(broken: &[Option<usize>]) -> Vec<usize> {
    broken.iter().enumerate().filter(|(_, broken)| broken.is_none()).map(|(j, _)| j).collect()
}

/// Sequences as they are; `data.qc` can't be meant for them.
fn sequences(spec: &DataSpec, rows: Vec<usize>, counts: &[CodeCounts]) -> Result<Kept, DataError> {
    let qc = &spec.qc;
    let set = [
        ("maf", Some(qc.maf).filter(|maf| *maf > 0.0)),
        ("missing", qc.missing),
        ("individual_missing", qc.individual_missing),
        ("hwe", qc.hwe),
    ];
    if let Some((key, value)) = set.iter().find_map(|(key, value)| Some((key, (*value)?))) {
        let problem =
            format!("holds sequences, to which `data.qc.{key}` = {value} does not apply: remove it");
        return Err(DataError::file(&spec.genotypes, problem));
    }
    let columns: Vec<usize> = (0..counts.len()).collect();
    let snps = SnpCounts { read: columns.len(), kept: columns.len(), ..SnpCounts::default() };
    let missing_rate = missing_rate(counts, &columns);
    Ok(Kept { rows, columns, snps, removed: vec![], missing_rate })
}

/// The rows with at most this fraction of missing genotypes over `columns`, and those without.
fn complete(
    genotypes: &Genotypes,
    rows: Vec<usize>,
    columns: &[usize],
    most: f64,
) -> (Vec<usize>, Option<Removal>) {
    if columns.is_empty() {
        return (rows, None);
    }
    let matrix: &Matrix = &genotypes.matrix;
    let missing = matrix.missing(&rows, columns);
    let is_kept = |missing: u32| f64::from(missing) <= most * columns.len() as f64;
    let rule = format!("with more than {} % of their genotypes missing", 100.0 * most);
    let mut removed = Removal::new("individuals", rule);
    let mut kept = Vec::with_capacity(rows.len());
    for (row, missing) in rows.into_iter().zip(missing) {
        if is_kept(missing) {
            kept.push(row);
        } else {
            removed.add_named(|| genotypes.name(row));
        }
    }
    (kept, Some(removed))
}

/// The fraction of missing genotypes; 1 where there are none at all.
fn missing_fraction(counts: &CodeCounts) -> f64 {
    let missing = counts[usize::from(MISSING)];
    let all: u32 = counts.iter().sum();
    if missing == all { 1.0 } else { f64::from(missing) / f64::from(all) }
}

/// The frequency of the rarer allele among the genotypes that are not missing; 0 where there are none.
fn minor_allele_frequency(&[none, one, two, ..]: &CodeCounts) -> f64 {
    let alleles = 2 * (none + one + two);
    let counted = one + 2 * two;
    f64::from(counted.min(alleles - counted)) / f64::from(alleles.max(1))
}

/// The p-value of the exact test of Hardy-Weinberg equilibrium: the probability, given the alleles, of a
/// number of heterozygotes that is no more probable than the one found (Wigginton, Cutler & Abecasis 2005,
/// doi:10.1086/429864, equations 1 and 2; as PLINK's `--hwe` without mid-p).
fn hardy_weinberg(&[none, one, two, ..]: &CodeCounts) -> f64 {
    /// Probabilities that are equal but for rounding count as equal.
    const EQUAL: f64 = 1.0 + 1e-8;
    let [none, one, two] = [none, one, two].map(f64::from);
    // Relative to the number found; two fewer or more heterozygotes at each step.
    let (mut all, mut as_rare) = (1.0, 1.0);
    let mut take = |p: f64| {
        all += p;
        if p <= EQUAL {
            as_rare += p;
        }
    };
    let (mut p, mut het, mut homs) = (1.0, one, (none, two));
    while het >= 2.0 {
        p *= het * (het - 1.0) / (4.0 * (homs.0 + 1.0) * (homs.1 + 1.0));
        (het, homs) = (het - 2.0, (homs.0 + 1.0, homs.1 + 1.0));
        take(p);
    }
    (p, het, homs) = (1.0, one, (none, two));
    while homs.0 >= 1.0 && homs.1 >= 1.0 {
        p *= 4.0 * homs.0 * homs.1 / ((het + 2.0) * (het + 1.0));
        (het, homs) = (het + 2.0, (homs.0 - 1.0, homs.1 - 1.0));
        take(p);
    }
    as_rare / all
}

/// The fraction of missing genotypes among the kept columns.
fn missing_rate(counts: &[CodeCounts], kept: &[usize]) -> f64 {
    let missing: f64 = kept.iter().map(|j| f64::from(counts[*j][usize::from(MISSING)])).sum();
    let all: f64 = kept.iter().map(|j| f64::from(counts[*j].iter().sum::<u32>())).sum();
    if all > 0.0 { missing / all } else { 0.0 }
}

/// SNPs that have the name of an earlier one.
pub(super) fn same_names(markers: &[Marker]) -> Removal {
    let mut names = HashSet::with_capacity(markers.len());
    let mut same = Removal::new("SNPs", "have the name of another");
    for marker in markers.iter().filter(|m| !names.insert(m.name.as_str())) {
        same.add(&marker.name);
    }
    same
}

/// The chromosomes that are asked for.
struct Chosen<'m> {
    /// All where there are none.
    wanted: BTreeSet<&'m str>,
    excluded: BTreeSet<&'m str>,
}

impl<'m> Chosen<'m> {
    fn new(spec: &DataSpec, markers: &'m [Marker]) -> Result<Self, DataError> {
        let qc = &spec.qc;
        Ok(Chosen {
            wanted: named(spec, "chromosomes", &qc.chromosomes, markers)?,
            excluded: named(spec, "exclude_chromosomes", &qc.exclude_chromosomes, markers)?,
        })
    }

    fn keeps(&self, marker: &Marker) -> bool {
        let Some(chromosome) = marker.chromosome.as_deref() else { return self.wanted.is_empty() };
        (self.wanted.is_empty() || self.wanted.contains(chromosome)) && !self.excluded.contains(chromosome)
    }
}

/// PLINK's numbers of the chromosomes that also have letters.
const LETTERS: [(&str, &str); 4] = [("23", "X"), ("24", "Y"), ("25", "XY"), ("26", "MT")];

/// The chromosomes that `data.qc` lists under `key`, as the markers name them: by the same name, else by
/// PLINK's other name for it (`X` is 23). A genome that has its own chromosome 23 is taken at its word.
fn named<'m>(
    spec: &DataSpec,
    key: &'static str,
    names: &[String],
    markers: &'m [Marker],
) -> Result<BTreeSet<&'m str>, DataError> {
    if names.is_empty() {
        return Ok(BTreeSet::new());
    }
    let known: BTreeSet<&str> = markers.iter().filter_map(|m| m.chromosome.as_deref()).collect();
    if known.is_empty() {
        return Err(DataError::NoMap { path: spec.genotypes.clone(), key });
    }
    let mut found = BTreeSet::new();
    for name in names {
        let other = LETTERS.iter().find_map(|(number, letter)| match name.as_str() {
            n if n == *number => Some(*letter),
            n if n.eq_ignore_ascii_case(letter) => Some(*number),
            _ => None,
        });
        let Some(chromosome) = known.get(name.as_str()).or_else(|| known.get(other?)) else {
            let known = known.into_iter().map(str::to_owned).collect();
            return Err(DataError::UnknownChromosome { name: name.clone(), key, known });
        };
        found.insert(*chromosome);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_says, folder, spec};
    use super::super::{Dataset, load};
    use super::*;

    #[test]
    fn frequencies_ignore_missing_genotypes_and_fold_to_the_rarer_allele() {
        assert_eq!(minor_allele_frequency(&[6, 2, 2, 0, 90]), 0.3);
        assert_eq!(minor_allele_frequency(&[2, 2, 6, 0, 0]), 0.3);
        assert_eq!(minor_allele_frequency(&[0, 0, 0, 0, 9]), 0.0);
        assert_eq!(missing_rate(&[[1, 1, 1, 0, 1], [0, 0, 0, 0, 4], [4, 0, 0, 0, 0]], &[0, 2]), 0.125);
    }

    /// The same by the formula itself, every number of heterozygotes on its own.
    fn by_enumeration(none: u32, one: u32, two: u32) -> f64 {
        let factorial = |n: u32| (1..=n).map(|i| f64::from(i).ln()).sum::<f64>();
        let (n, a) = (none + one + two, 2 * none + one);
        let ln = |het: u32| {
            let (aa, bb) = ((a - het) / 2, (2 * n - a - het) / 2);
            f64::from(het) * 2_f64.ln() + factorial(n) + factorial(a) + factorial(2 * n - a)
                - factorial(aa)
                - factorial(het)
                - factorial(bb)
                - factorial(2 * n)
        };
        let possible = (0..=a.min(2 * n - a)).filter(|het| het % 2 == a % 2);
        possible.map(|het| ln(het).exp()).filter(|p| *p <= ln(one).exp() * (1.0 + 1e-8)).sum()
    }

    #[test]
    fn the_exact_test_agrees_with_enumeration_and_with_a_published_value() {
        for (none, one, two) in [(3, 0, 2), (0, 9, 1), (5, 5, 5), (40, 1, 3), (1, 20, 9), (7, 0, 0)] {
            let (found, wanted) = (hardy_weinberg(&[none, one, two, 0, 7]), by_enumeration(none, one, two));
            assert!((found - wanted).abs() < 1e-9, "{none} {one} {two}: {found} {wanted}");
        }
        // The MN blood group of Hernandez & Weir 1989, as the R package HardyWeinberg prints it.
        assert!((hardy_weinberg(&[298, 489, 213, 0, 0]) - 0.655_663_5).abs() < 1e-7);
        assert!(hardy_weinberg(&[5000, 0, 5000, 0, 0]) < 1e-300);
    }

    /// Eight individuals; `het` is heterozygous in all, `gaps` is missing in three, `h` has gaps everywhere.
    const BIM: &str = "1 good 0 1 A G\n1 het 0 2 A G\n2 gaps 0 3 A G\n2 fine 0 4 A G\nX away 0 5 A G\n";
    const CODES: [&[u8; 5]; 8] =
        [b"01.00", b"11.11", b"21.22", b"01010", b"11120", b"21001", b"01101", b"2...."];

    fn loaded(change: impl FnOnce(&mut QualityControl)) -> Result<Dataset, DataError> {
        let code = |c: u8| match c {
            b'.' => 0b01,
            c => super::super::packed::CODE[usize::from(c - b'0')],
        };
        let mut bed = vec![0x6c, 0x1b, 1];
        for snp in 0..5 {
            bed.extend(
                CODES.chunks(4).map(|four| four.iter().rev().fold(0, |b, row| b << 2 | code(row[snp]))),
            );
        }
        let fam: String = ('a'..='h').map(|id| format!("f {id} 0 0 1 -9\n")).collect();
        let phenotypes: String = ('a'..='h').zip(1..).map(|(id, y)| format!("{id},{y}\n")).collect();
        let folder = folder(&[
            ("g.bed", &bed),
            ("g.bim", BIM.as_bytes()),
            ("g.fam", fam.as_bytes()),
            ("phenotypes.csv", format!("id,y\n{phenotypes}").as_bytes()),
        ]);
        let mut spec = spec(folder.path(), "g.bed");
        change(&mut spec.qc);
        let owned = load(&spec);
        let mapped = load(&DataSpec { memory: 0, ..spec });
        match (&owned, &mapped) {
            (Ok(owned), Ok(mapped)) => assert_eq!(owned.fingerprint(), mapped.fingerprint()),
            (Err(owned), Err(mapped)) => assert_eq!(owned.to_string(), mapped.to_string()),
            _ => panic!("in memory and mapped differ"),
        }
        owned
    }

    fn names(dataset: &Dataset) -> Vec<&str> {
        dataset.markers().iter().map(|m| m.name.as_str()).collect()
    }

    #[test]
    fn rules_apply_in_their_order_and_are_reported_with_names() {
        let all = loaded(|_| ()).unwrap();
        assert_eq!(names(&all), ["good", "gaps", "fine", "away"], "`het` does not vary");
        let strict = loaded(|qc| {
            *qc = QualityControl {
                missing: Some(0.4),
                individual_missing: Some(0.5),
                chromosomes: vec!["1".into(), "2".into(), "23".into()],
                exclude_chromosomes: vec!["X".into()],
                ..QualityControl::default()
            };
        })
        .unwrap();
        assert_eq!(names(&strict), ["good", "fine"]);
        assert_eq!(strict.ids().len(), 7, "`h` has 1 genotype of 3");
        assert_eq!(strict.target().values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        let table: Vec<String> = strict.report().table().iter().map(|row| row.join(" | ")).collect();
        assert_eq!(
            table,
            [
                "individuals | with more than 50 % of their genotypes missing | 1 | h",
                "SNPs | on chromosomes left out | 1 | away",
                "SNPs | with too many missing genotypes | 1 | gaps",
                "SNPs | monomorphic | 1 | het",
            ]
        );
        assert_says(&strict.report().lines().join("\n"), &["1 with too many missing", "7 kept"]);
        let equilibrium = loaded(|qc| qc.hwe = Some(0.05)).unwrap();
        assert_eq!(equilibrium.positions(), 4);
        let none = loaded(|qc| qc.individual_missing = Some(0.0)).unwrap();
        assert_eq!(none.individuals(), 4, "gaps of a SNP that is monomorphic count, it goes later");
    }

    #[test]
    fn what_can_not_be_is_refused() {
        let refusal = |change: &dyn Fn(&mut QualityControl)| loaded(change).unwrap_err().to_string();
        assert_says(
            &refusal(&|qc| qc.chromosomes = vec!["7".into()]),
            &["`7`", "data.qc.chromosomes", "`X`"],
        );
        assert_says(&refusal(&|qc| qc.hwe = Some(1.1)), &["no SNP is left", "4 out of Hardy-Weinberg"]);
    }
}
