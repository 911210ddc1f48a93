//! Genotypes of other individuals, in the order and with the alleles of a model's markers.
//!
//! SNPs are matched by id. Which allele a file counts depends on its format and, with PLINK, on which one is
//! rarer in it: where the other one is counted, a dosage x is 2 − x of the model's allele. Letters of the other
//! strand (A–T, C–G) name the same allele.

mod covariates;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;

use super::covariate::Covariate;
use super::error::{DataError, listed};
use super::{Alleles, Coding, DataSpec, Dataset, Genotypes, MISSING, Marker, Target, load};

/// Most markers that are named of each kind of trouble.
const NAMED: usize = 5;

/// The share of a model's markers that must be found.
const LEAST_FOUND: f64 = 0.5;

/// What to do with a text file that takes more memory than is free.
const SMALLER: &str = "no more is free on this machine; convert the file to PLINK's .bed, which is decoded batch by \
                       batch, or predict its individuals in several files";

/// What becomes of a model's markers in other genotypes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlignReport {
    /// Markers of the model.
    pub wanted: usize,
    /// Markers of the file.
    pub in_file: usize,
    /// Found, with the same allele counted.
    pub same: usize,
    /// Found, with the other allele counted: flipped.
    pub flipped: usize,
    /// Of all that are found: with the letters of the other strand.
    pub other_strand: usize,
    /// Of the flipped: alleles A and T, or C and G, whose letters are those of the other strand as well.
    pub ambiguous: usize,
    /// Of all that are found: by chromosome and position, not by id.
    pub by_position: usize,
    /// Of all that are found: without alleles in the file or in the model, taken as they are.
    pub unchecked: usize,
    /// Found, with other alleles: taken as missing.
    pub mismatched: usize,
    /// Not in the file: taken as missing.
    pub missing: usize,
    /// In the file, but not in the model.
    pub extra: usize,
    /// Some that are mismatched, with their alleles.
    pub mismatches: Vec<String>,
    /// Some that are missing.
    pub absent: Vec<String>,
    /// Individuals without a record of covariates: all of theirs are missing.
    pub without_record: usize,
    /// Covariates that are missing in the others' records.
    pub covariates_missing: usize,
    /// Levels of covariates that the training data do not have, counted by individuals: taken as missing.
    pub unseen: usize,
    /// Some of them, with the covariate.
    pub unseen_levels: Vec<String>,
}

/// Where the code of a model's marker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Source {
    column: usize,
    flipped: bool,
}

/// Genotypes of a file that are read in the model's order.
pub struct Aligned {
    genotypes: Genotypes,
    sources: Vec<Option<Source>>,
    ids: Vec<String>,
    covariates: Vec<Covariate>,
    /// What was matched how.
    pub report: AlignReport,
}

/// What to match with what.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The model's markers.
    pub markers: &'a [Marker],
    /// What its codes stand for.
    pub coding: Coding,
    /// Whether a SNP whose id is not found is looked for at its chromosome and position.
    pub by_position: bool,
}

/// How the alleles of a file's marker relate to the model's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// One of them is not named.
    Unchecked,
    Same {
        strand: bool,
    },
    Flipped {
        strand: bool,
    },
    Not,
}

/// The letter on the other strand; `None` of what is no base.
fn complement(allele: &str) -> Option<&'static str> {
    Some(match allele {
        "A" | "a" => "T",
        "T" | "t" => "A",
        "C" | "c" => "G",
        "G" | "g" => "C",
        _ => return None,
    })
}

/// Whether an allele is not known: PLINK's 0 of a monomorphic SNP, a VCF's point.
fn is_unknown(allele: &str) -> bool {
    matches!(allele, "" | "0" | ".")
}

fn relate(model: Option<&Alleles>, file: Option<&Alleles>) -> Fit {
    let (Some(model), Some(file)) = (model, file) else { return Fit::Unchecked };
    let known = |alleles: &Alleles| [&alleles.counted, &alleles.other].map(|a| !is_unknown(a));
    if known(model) == [false, false] || known(file) == [false, false] {
        return Fit::Unchecked;
    }
    let same = |a: &str, b: &str| is_unknown(a) || is_unknown(b) || a.eq_ignore_ascii_case(b);
    let both = |counted: &str, other: &str| same(&model.counted, counted) && same(&model.other, other);
    let Alleles { counted, other } = file;
    if both(counted, other) {
        return Fit::Same { strand: false };
    }
    if both(other, counted) {
        return Fit::Flipped { strand: false };
    }
    let turn = |allele: &str| if is_unknown(allele) { Some("0") } else { complement(allele) };
    let (Some(counted), Some(other)) = (turn(counted), turn(other)) else { return Fit::Not };
    match (both(counted, other), both(other, counted)) {
        (true, _) => Fit::Same { strand: true },
        (_, true) => Fit::Flipped { strand: true },
        _ => Fit::Not,
    }
}

/// Whether the other strand has the same two letters.
fn is_ambiguous(alleles: Option<&Alleles>) -> bool {
    alleles.is_some_and(|a| complement(&a.counted).is_some_and(|c| c.eq_ignore_ascii_case(&a.other)))
}

/// Chromosome and position, "chr1" and "1" alike.
fn place(marker: &Marker) -> Option<(&str, u64)> {
    let chromosome = marker.chromosome.as_deref()?;
    let plain = chromosome.strip_prefix("chr").or_else(|| chromosome.strip_prefix("Chr"));
    Some((plain.unwrap_or(chromosome), marker.position?))
}

/// Places in a file by what names them; `None` where several are named alike.
fn index<'a, K: std::hash::Hash + Eq>(
    markers: &'a [Marker],
    key: impl Fn(&'a Marker) -> Option<K>,
) -> HashMap<K, Option<usize>> {
    let mut places = HashMap::with_capacity(markers.len());
    for (column, marker) in markers.iter().enumerate() {
        if let Some(key) = key(marker) {
            places.entry(key).and_modify(|place| *place = None).or_insert(Some(column));
        }
    }
    places
}

/// Reads a file of genotypes and matches its markers with a model's.
///
/// # Errors
/// A file that can't be read, bases instead of SNPs or the reverse, a SNP that stands in the file twice, or fewer
/// than half of the model's markers in it.
pub fn open(spec: &DataSpec, wanted: &Wanted) -> Result<Aligned, DataError> {
    let genotypes = load::genotypes(spec).map_err(|error| match error {
        DataError::TooLarge { path, memory, .. } => DataError::TooLarge { path, memory, remedy: SMALLER },
        other => other,
    })?;
    let path = &spec.genotypes;
    if genotypes.coding != wanted.coding {
        let (found, expected) = (genotypes.coding.unit(), wanted.coding.unit());
        let problem =
            format!("holds {found} of another kind than the model's {expected}: it was trained on those");
        return Err(DataError::file(path, problem));
    }
    let (markers, positions) = (wanted.markers, genotypes.markers.len());
    if wanted.coding == Coding::Bases && positions != markers.len() {
        let problem =
            format!("has sequences of {positions} bases, the model was trained on {}", markers.len());
        return Err(DataError::file(path, problem));
    }
    let (sources, report) = align(path, wanted, &genotypes.markers)?;
    let ids = match &genotypes.ids {
        Some(ids) => ids.clone(),
        None => (1..=genotypes.individuals).map(|row| row.to_string()).collect(),
    };
    Ok(Aligned { genotypes, sources, ids, covariates: Vec::new(), report })
}

fn align(
    path: &Path,
    wanted: &Wanted,
    found: &[Marker],
) -> Result<(Vec<Option<Source>>, AlignReport), DataError> {
    let by_id = index(found, |marker| Some(marker.name.as_str()));
    let by_place = if wanted.by_position { index(found, place) } else { HashMap::new() };
    let mut report =
        AlignReport { wanted: wanted.markers.len(), in_file: found.len(), ..AlignReport::default() };
    let (mut sources, mut twice) = (Vec::with_capacity(wanted.markers.len()), Vec::new());
    for marker in wanted.markers {
        let named = by_id.get(marker.name.as_str());
        let placed = || place(marker).and_then(|place| by_place.get(&place));
        let column = match named.filter(|column| column.is_some() || !wanted.by_position) {
            Some(column) => column.ok_or_else(|| twice.push(marker.name.clone())).ok(),
            None => match placed() {
                Some(column) => {
                    report.by_position += usize::from(column.is_some());
                    column.ok_or_else(|| twice.push(marker.name.clone())).ok()
                }
                None => None,
            },
        };
        let source = match column {
            Some(column) => report.take(marker, &found[column], column),
            None => {
                report.missing += 1;
                if report.absent.len() < NAMED {
                    report.absent.push(marker.name.clone());
                }
                None
            }
        };
        sources.push(source);
    }
    if !twice.is_empty() {
        let problem = format!(
            "{} of the model's SNPs stand in it more than once: {}; keep one record of each",
            twice.len(),
            listed(&twice)
        );
        return Err(DataError::file(path, problem));
    }
    let matched = report.wanted - report.missing;
    report.extra = found.len() - matched.min(found.len());
    let usable = matched - report.mismatched;
    if (usable as f64) < LEAST_FOUND * report.wanted as f64 {
        let others = match report.mismatched {
            0 => String::new(),
            count => {
                format!(" with its alleles ({count} have others, such as {})", report.mismatches.join(", "))
            }
        };
        let remedy = if wanted.by_position || report.mismatched > report.missing {
            "genotype or impute the SNPs of markers.tsv in the model's folder, with those alleles"
        } else {
            "are its SNPs named otherwise? `--by-position` finds them at their chromosome and position"
        };
        let problem =
            format!("only {usable} of the model's {} SNPs are in it{others}: {remedy}", report.wanted);
        return Err(DataError::file(path, problem));
    }
    Ok((sources, report))
}

impl AlignReport {
    /// Takes a marker in that was found.
    fn take(&mut self, marker: &Marker, found: &Marker, column: usize) -> Option<Source> {
        let fit = relate(marker.alleles.as_ref(), found.alleles.as_ref());
        let flipped = match fit {
            Fit::Not => {
                self.mismatched += 1;
                if self.mismatches.len() < NAMED {
                    let words = |m: &Marker| {
                        m.alleles.as_ref().map_or(String::new(), |a| format!("{}/{}", a.counted, a.other))
                    };
                    self.mismatches.push(format!(
                        "{} ({}, not {})",
                        marker.name,
                        words(found),
                        words(marker)
                    ));
                }
                return None;
            }
            Fit::Unchecked => {
                self.unchecked += 1;
                false
            }
            Fit::Same { strand } => {
                self.other_strand += usize::from(strand);
                false
            }
            Fit::Flipped { strand } => {
                self.other_strand += usize::from(strand);
                self.ambiguous += usize::from(is_ambiguous(marker.alleles.as_ref()));
                true
            }
        };
        *(if flipped { &mut self.flipped } else { &mut self.same }) += 1;
        Some(Source { column, flipped })
    }

    /// What was matched how: a line and a number each, without those that are 0.
    pub fn rows(&self) -> Vec<(&'static str, usize)> {
        let all = [
            ("SNPs of the model", self.wanted),
            ("SNPs of the file", self.in_file),
            ("found, the same allele counted", self.same),
            ("found, the other allele counted: flipped", self.flipped),
            (
                "  of them A/T or C/G: flipped by their letters, which the other strand has, too",
                self.ambiguous,
            ),
            ("found on the other strand", self.other_strand),
            ("found by chromosome and position", self.by_position),
            ("found without alleles to compare: taken as they are", self.unchecked),
            ("found with other alleles: taken as missing", self.mismatched),
            ("not in the file: taken as missing", self.missing),
            ("in the file only: not used", self.extra),
            ("individuals without covariates: all of theirs taken as missing", self.without_record),
            (
                "missing covariates of others: a number's training mean, none of a category's levels",
                self.covariates_missing,
            ),
            ("covariates of a level that training has not seen: taken as missing", self.unseen),
        ];
        all.into_iter().filter(|(_, count)| *count > 0).collect()
    }
}

impl Aligned {
    /// The individuals' ids; in a table the row numbers, from 1.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// Some individuals as a dataset in the model's order. It has no trait: its `target` is `none` for all.
    pub fn batch(&self, rows: &[usize], target: &Target) -> Dataset {
        let (read, positions) = (self.genotypes.markers.len(), self.sources.len());
        let (mut codes, mut row_codes) = (Vec::with_capacity(rows.len() * positions), vec![0; read]);
        for row in rows {
            self.genotypes.matrix.read(&[*row], &mut row_codes);
            codes.extend(self.sources.iter().map(|source| match source {
                None => MISSING,
                Some(Source { column, flipped }) => match (row_codes[*column], flipped) {
                    (code @ 0..=2, true) => 2 - code,
                    (code, _) => code,
                },
            }));
        }
        let nothing = vec![0.0; rows.len() * target.columns()];
        let target = Target { values: nothing, ..target.clone() };
        let covariates = self.covariates.iter().map(|covariate| covariate.of(rows)).collect();
        Dataset::in_memory(self.genotypes.coding, positions, codes, target).with_covariates(covariates)
    }
}
