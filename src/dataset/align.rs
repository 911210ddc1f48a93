//! Genotypes of other individuals, in the order and with the alleles of a model's markers.
//!
//! SNPs are matched by id. Which allele a file counts depends on its format and, with PLINK, on which one is
//! rarer in it: where the other one is counted, a dosage x is 2 − x of the model's allele. Letters of the other
//! strand (A–T, C–G) name the same allele.

use std::collections::HashMap;
use std::path::Path;

use super::error::{DataError, listed};
use super::{Alleles, Coding, DataSpec, Dataset, Genotypes, MISSING, Marker, Target, load};

/// Most markers that are named of each kind of trouble.
const NAMED: usize = 5;

/// The share of a model's markers that must be found.
const LEAST_FOUND: f64 = 0.5;

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
    let genotypes = load::genotypes(spec)?;
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
    Ok(Aligned { genotypes, sources, ids, report })
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
        Dataset::in_memory(
            self.genotypes.coding,
            positions,
            codes,
            Target { values: nothing, ..target.clone() },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker(name: &str, alleles: Option<(&str, &str)>) -> Marker {
        let alleles =
            alleles.map(|(counted, other)| Alleles { counted: counted.into(), other: other.into() });
        Marker { name: name.into(), chromosome: Some("1".into()), position: Some(7), alleles }
    }

    fn related(model: (&str, &str), file: (&str, &str)) -> Fit {
        let alleles =
            |(counted, other): (&str, &str)| Alleles { counted: counted.into(), other: other.into() };
        relate(Some(&alleles(model)), Some(&alleles(file)))
    }

    #[test]
    fn alleles_are_the_same_swapped_of_the_other_strand_or_others() {
        let plain = Fit::Same { strand: false };
        for (file, expected) in [
            (("A", "G"), plain),
            (("a", "g"), plain),
            (("G", "A"), Fit::Flipped { strand: false }),
            (("T", "C"), Fit::Same { strand: true }),
            (("C", "T"), Fit::Flipped { strand: true }),
            (("A", "C"), Fit::Not),
            (("A", "AT"), Fit::Not),
            // A SNP that does not vary in the file, or of which only the counted allele is named.
            (("0", "G"), plain),
            (("0", "A"), Fit::Flipped { strand: false }),
            (("G", "0"), Fit::Flipped { strand: false }),
            (("0", "C"), Fit::Same { strand: true }),
            (("0", "0"), Fit::Unchecked),
        ] {
            assert_eq!(related(("A", "G"), file), expected, "{file:?}");
        }
        // The letters decide where both strands have the same.
        assert_eq!(related(("A", "T"), ("A", "T")), plain);
        assert_eq!(related(("A", "T"), ("T", "A")), Fit::Flipped { strand: false });
        assert_eq!(related(("AT", "A"), ("A", "AT")), Fit::Flipped { strand: false });
        assert_eq!(relate(None, Some(&Alleles { counted: "A".into(), other: "G".into() })), Fit::Unchecked);
    }

    fn aligned(model: &[Marker], file: &[Marker], by_position: bool) -> Result<AlignReport, String> {
        let wanted = Wanted { markers: model, coding: Coding::Dosages, by_position };
        align(Path::new("new.bed"), &wanted, file).map(|(_, report)| report).map_err(|e| e.to_string())
    }

    #[test]
    fn everything_is_counted_and_trouble_is_named() {
        let ag = Some(("A", "G"));
        let model = ["same", "swap", "strand", "other", "gone"].map(|name| marker(name, ag));
        let at = marker("at", Some(("A", "T")));
        let model: Vec<Marker> = model.into_iter().chain([at]).collect();
        let file = [
            marker("extra", ag),
            marker("at", Some(("T", "A"))),
            marker("other", Some(("A", "C"))),
            marker("strand", Some(("T", "C"))),
            marker("swap", Some(("G", "A"))),
            marker("same", ag),
        ];
        let report = aligned(&model, &file, false).unwrap();
        let expected = AlignReport {
            wanted: 6,
            in_file: 6,
            same: 2,
            flipped: 2,
            other_strand: 1,
            ambiguous: 1,
            mismatched: 1,
            missing: 1,
            extra: 1,
            mismatches: vec!["other (A/C, not A/G)".into()],
            absent: vec!["gone".into()],
            ..AlignReport::default()
        };
        assert_eq!(report, expected);
        assert_eq!(report.rows().len(), 9);
    }

    #[test]
    fn too_few_is_an_error_with_both_numbers_and_twice_is_one_with_the_name() {
        let model: Vec<Marker> =
            (0..10).map(|i| Marker { position: Some(i), ..marker(&format!("m{i}"), None) }).collect();
        let file = &model[..4];
        let error = aligned(&model, file, false).unwrap_err();
        assert!(
            error.contains("only 4 of the model's 10 SNPs") && error.contains("--by-position"),
            "{error}"
        );
        // Other names and a file without the last two: found where they are.
        let renamed: Vec<Marker> = model[..8]
            .iter()
            .map(|m| Marker { name: "rs".into(), chromosome: Some("chr1".into()), ..m.clone() })
            .collect();
        let report = aligned(&model, &renamed, true).unwrap();
        assert_eq!((report.by_position, report.missing, report.unchecked), (8, 2, 8));
        let double = [model.clone(), vec![model[3].clone()]].concat();
        let error = aligned(&model, &double, false).unwrap_err();
        assert!(error.contains("`m3`") && error.contains("more than once"), "{error}");
    }
}
