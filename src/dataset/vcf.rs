//! Variant calls (<https://samtools.github.io/hts-specs/VCFv4.5.pdf>), plain or gzip. The dosage counts the
//! alternative allele. A site with several alternatives is left out and reported, since two bits hold none
//! of its genotypes; so is one without any.

use std::path::Path;

use noodles_vcf as vcf;

use super::columns::Columns;
use super::error::{CONVERT, DataError};
use super::matrix::Matrix;
use super::packed::{CODE, EACH};
use super::plink_bed::Bed;
use super::removal::Removal;
use super::text::{Budget, Lines};
use super::{Alleles, Coding, DataSpec, Genotypes, MISSING, Marker, unique_ids};

/// An imputed dosage (`DS`) is the genotype that it is this near to, else missing.
const NEAR: f64 = 0.1;

/// Reads the header's samples, then a SNP a line: the genotypes (`GT`), or where a line has none the imputed
/// dosages (`DS`). Lines of meta-information are not needed and not read.
pub(super) fn read(spec: &DataSpec) -> Result<Genotypes, DataError> {
    let path = &spec.genotypes;
    let mut lines = Lines::open(path)?;
    let mut budget = Budget::new(path, spec.memory, CONVERT);
    let samples = samples(path, &mut lines, &mut budget)?;
    let stride = samples.len().div_ceil(EACH);
    let mut sites =
        Sites { path, samples: &samples, bytes: Vec::new(), markers: Vec::new(), notes: Notes::new() };
    lines.for_each(|line, content| {
        if content.is_empty() {
            return Ok(());
        }
        let record = vcf::Record::try_from(content.as_bytes())
            .map_err(|e| DataError::line(path, line, format!("is no record of a VCF: {e}")))?;
        if let Some(marker) = sites.site(line, &record)? {
            sites.genotypes(line, &record, &marker)?;
            budget.name(&marker.name);
            sites.markers.push(marker);
            // Chromosome and alleles are names too.
            (0..3).for_each(|_| budget.name(""));
        }
        budget.check(sites.bytes.len())
    })?;
    let Sites { bytes, markers, notes, .. } = sites;
    let bed = Bed::in_memory(bytes, stride);
    let matrix = Matrix::Columns(Columns::all(bed, samples.len(), markers.len()));
    Ok(Genotypes {
        individuals: samples.len(),
        ids: Some(samples),
        markers,
        coding: Coding::Dosages,
        matrix,
        left_out: notes.rows(),
    })
}

/// Reads up to the header line, and its samples.
fn samples(path: &Path, lines: &mut Lines<'_>, budget: &mut Budget<'_>) -> Result<Vec<String>, DataError> {
    let mut parser = vcf::header::Parser::default();
    let mut first = true;
    while let Some((line, content)) = lines.next()? {
        let is_header = content.starts_with("#CHROM");
        if !first && !is_header && content.starts_with("##") {
            continue;
        }
        if !first && !is_header {
            let problem = "expected a line of meta-information (`##...`) or the header (`#CHROM ...`)";
            return Err(DataError::line(path, line, problem));
        }
        budget.check(content.len())?;
        let parsed = parser.parse_partial(content.as_bytes()).map(drop);
        parsed.map_err(|e| DataError::line(path, line, problem_of(&e)))?;
        first = false;
        if is_header {
            let header = parser
                .finish()
                .map_err(|e| DataError::line(path, line, format!("is no header of a VCF: {e}")))?;
            let names: Vec<(u64, String)> =
                header.sample_names().iter().map(|name| (line, name.clone())).collect();
            if names.is_empty() {
                return Err(DataError::line(
                    path,
                    line,
                    "names no samples: the file holds sites without genotypes",
                ));
            }
            names.iter().for_each(|(_, name)| budget.name(name));
            budget.check(0)?;
            return unique_ids(path, names);
        }
    }
    Err(DataError::file(path, "has no header line (`#CHROM ...`)"))
}

/// What is wrong with a header, its causes included.
fn problem_of(error: &dyn std::error::Error) -> String {
    let mut text = format!("is no header of a VCF: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

/// What is read so far.
struct Sites<'a> {
    path: &'a Path,
    samples: &'a [String],
    /// Packed, SNP by SNP.
    bytes: Vec<u8>,
    markers: Vec<Marker>,
    notes: Notes,
}

/// What is left out or taken as missing.
struct Notes {
    several: Removal,
    none: Removal,
    ploidy: Removal,
    half: Removal,
    between: Removal,
}

impl Notes {
    fn new() -> Self {
        let new = |what, rule: &str| Removal::new(what, rule);
        Notes {
            several: new("SNPs", "of more than two alleles"),
            none: new("SNPs", "without an alternative allele"),
            ploidy: new("genotypes", "not diploid: taken as missing"),
            half: new("genotypes", "half missing: taken as missing"),
            between: new("genotypes", "dosages (DS) between two genotypes: taken as missing"),
        }
    }

    fn rows(self) -> Vec<Removal> {
        let all = [self.several, self.none, self.ploidy, self.half, self.between];
        all.into_iter().filter(|row| row.count > 0).collect()
    }
}

/// What a sample's field says.
enum Call {
    Code(u8),
    Half,
    NotDiploid,
    Between,
}

impl Sites<'_> {
    /// The SNP of a line, or nothing where it is left out.
    fn site(&mut self, line: u64, record: &vcf::Record) -> Result<Option<Marker>, DataError> {
        let chromosome = record.reference_sequence_name();
        let position = match record.variant_start().transpose() {
            Ok(position) => position.map_or(0, |p| p.get() as u64),
            Err(_) => {
                return Err(DataError::line(self.path, line, "the position (POS) is no whole number"));
            }
        };
        let ids = record.ids();
        let name = match ids.as_ref() {
            "" => format!("{chromosome}:{position}"),
            ids => ids.split(';').next().unwrap_or(ids).to_owned(),
        };
        let alternates = record.alternate_bases();
        let alternate: &str = alternates.as_ref();
        if alternate.is_empty() {
            self.notes.none.add(&name);
            return Ok(None);
        }
        if alternate.contains(',') {
            self.notes.several.add(&name);
            return Ok(None);
        }
        let alleles = Alleles { counted: alternate.to_owned(), other: record.reference_bases().to_owned() };
        Ok(Some(Marker {
            name,
            chromosome: Some(chromosome.to_owned()),
            position: Some(position).filter(|p| *p > 0),
            alleles: Some(alleles),
        }))
    }

    /// Packs the genotypes of a line.
    fn genotypes(&mut self, line: u64, record: &vcf::Record, marker: &Marker) -> Result<(), DataError> {
        let samples = record.samples();
        let keys = samples.keys();
        let place = |key: &str| keys.iter().position(|k| k == key);
        let (place, is_dosage) = match (place("GT"), place("DS")) {
            (Some(place), _) => (place, false),
            (None, Some(place)) => (place, true),
            (None, None) => {
                let problem = format!("`{}` has neither genotypes (GT) nor dosages (DS)", marker.name);
                return Err(DataError::line(self.path, line, problem));
            }
        };
        let start = self.bytes.len();
        self.bytes.resize(start + self.samples.len().div_ceil(EACH), 0);
        let mut found = 0;
        for sample in samples.iter() {
            let Some(id) = self.samples.get(found) else {
                found += 1;
                break;
            };
            let text = sample.as_ref().split(':').nth(place).unwrap_or(".");
            let call = if is_dosage { dosage(text) } else { genotype(text) };
            let code = match call {
                Some(Call::Code(code)) => code,
                Some(other) => {
                    let note = match other {
                        Call::Half => &mut self.notes.half,
                        Call::Between => &mut self.notes.between,
                        Call::NotDiploid | Call::Code(_) => &mut self.notes.ploidy,
                    };
                    note.add_named(|| format!("{id} at {}", marker.name));
                    MISSING
                }
                None => {
                    let expected =
                        if is_dosage { "a dosage (DS) from 0 to 2" } else { "a genotype such as 0/1" };
                    return Err(DataError::Cell {
                        path: self.path.to_owned(),
                        line,
                        column: id.clone(),
                        text: text.to_owned(),
                        expected: format!("{expected}, or `.` where it is missing"),
                    });
                }
            };
            self.bytes[start + found / EACH] |= CODE[usize::from(code)] << (2 * (found % EACH));
            found += 1;
        }
        if found != self.samples.len() {
            let more = if found > self.samples.len() { "more" } else { "fewer" };
            let problem = format!("{more} genotypes than the {} samples of the header", self.samples.len());
            return Err(DataError::line(self.path, line, problem));
        }
        Ok(())
    }
}

/// The alternative alleles of a call, phased or not; `None` where it is no call of a site of two alleles.
fn genotype(text: &str) -> Option<Call> {
    let is_bar = |c| matches!(c, '/' | '|');
    let (mut alleles, mut missing, mut sum) = (0_usize, 0_usize, 0);
    for allele in text.strip_prefix(is_bar).unwrap_or(text).split(is_bar) {
        alleles += 1;
        match allele {
            "." => missing += 1,
            "0" => {}
            "1" => sum += 1,
            _ => return None,
        }
    }
    Some(match (alleles, missing) {
        (alleles, missing) if alleles == missing => Call::Code(MISSING),
        (2, 0) => Call::Code(sum),
        (2, _) => Call::Half,
        _ => Call::NotDiploid,
    })
}

/// The genotype that an imputed dosage is near to; `None` where it is no dosage.
fn dosage(text: &str) -> Option<Call> {
    if text == "." {
        return Some(Call::Code(MISSING));
    }
    let dosage: f64 = text.parse().ok().filter(|d| (0.0..=2.0).contains(d))?;
    let nearest = [0_u8, 1, 2].into_iter().find(|g| (dosage - f64::from(*g)).abs() <= NEAR);
    Some(nearest.map_or(Call::Between, Call::Code))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::super::tests::{assert_says, folder, spec};
    use super::super::{Dataset, load};
    use super::*;

    const PHENOTYPES: &[u8] = b"id,y\nb,2\na,1\nc,3\n";
    const HEADER: &str = "##fileformat=VCFv4.2\n##INFO=<ID=broken\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ta\tb\tc\n";

    fn loaded(bytes: &[u8], name: &str) -> Result<Dataset, DataError> {
        let folder = folder(&[(name, bytes), ("phenotypes.csv", PHENOTYPES)]);
        load(&spec(folder.path(), name))
    }

    fn packed(text: &str) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn calls_count_the_alternative_allele() {
        let text = format!(
            "{HEADER}1\t10\trs1;x\tA\tG\t.\tPASS\t.\tGT:DP\t0/0:9\t0|1:3\t1/1:1\n\
             1\t20\t.\tC\tT\t.\t.\t.\tDP:GT\t5:1/0\t.\t7:./.\n\
             X\t30\trs3\tA\tG\t.\t.\t.\tGT\t1\t0/1\t./1\n\
             X\t31\trs4\tA\tG,T\t.\t.\t.\tGT\t1/2\t0/1\t0/0\n\
             X\t32\trs5\tA\t.\t.\t.\t.\tGT\t0/0\t0/0\t0/0\n\
             2\t5\trs6\tA\tG\t.\t.\t.\tDS\t0.05\t1.4\t2\n"
        );
        let dataset = loaded(text.as_bytes(), "g.vcf").unwrap();
        let names: Vec<&str> = dataset.markers().iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names, ["rs1", "rs6"], "1:20 and rs3 do not vary");
        assert_eq!(dataset.codes(&[0, 1, 2]), [0, 0, 1, MISSING, 2, 2]);
        let alleles = Alleles { counted: "G".into(), other: "A".into() };
        let first = Marker {
            name: "rs1".into(),
            chromosome: Some("1".into()),
            position: Some(10),
            alleles: Some(alleles),
        };
        assert_eq!(dataset.markers()[0], first);
        let table: Vec<String> = dataset.report().table().iter().map(|row| row.join(" | ")).collect();
        assert_says(
            &table.join("\n"),
            &[
                "SNPs | of more than two alleles | 1 | rs4",
                "SNPs | without an alternative allele | 1 | rs5",
                "genotypes | not diploid: taken as missing | 1 | a at rs3",
                "genotypes | half missing: taken as missing | 1 | c at rs3",
                "between two genotypes: taken as missing | 1 | b at rs6",
                "SNPs | monomorphic | 2 | 1:20, rs3",
            ],
        );
        // Two members, as bgzip writes them, and the first bytes say what it is rather than the name.
        let (start, end) = text.split_at(150);
        let gzip = [packed(start), packed(end)].concat();
        for name in ["g.vcf.gz", "g.vcf"] {
            assert_eq!(loaded(&gzip, name).unwrap().fingerprint(), dataset.fingerprint());
        }
        assert_says(
            &loaded(&gzip[..gzip.len() - 20], "g.vcf.gz").unwrap_err().to_string(),
            &["g.vcf.gz", "truncated"],
        );
        let windows = text.replace('\n', "\r\n");
        assert_eq!(loaded(windows.as_bytes(), "g.vcf").unwrap().fingerprint(), dataset.fingerprint());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let refusal = |text: &str| loaded(text.as_bytes(), "g.vcf").unwrap_err().to_string();
        let with = |record: &str| refusal(&format!("{HEADER}{record}\n"));
        assert_says(&with("1\t10\trs1\tA\tG\t.\t.\t.\tGT\t0/0\t0/2\t1/1"), &["line 4", "`b`", "`0/2`"]);
        assert_says(&with("1\t10\trs1\tA\tG\t.\t.\t.\tDS\t0\t1\t2.5"), &["line 4", "`c`", "`2.5`", "0 to 2"]);
        assert_says(&with("1\t10\trs1\tA\tG\t.\t.\t.\tGT\t0/0\t0/1"), &["line 4", "fewer", "3 samples"]);
        assert_says(&with("1\t10\trs1\tA\tG\t.\t.\t.\tGT\t0/0\t0/1\t0/1\t0/1"), &["line 4", "more"]);
        assert_says(&with("1\t10\trs1\tA\tG\t.\t.\t.\tGP\t0\t0\t0"), &["line 4", "`rs1`", "neither"]);
        assert_says(&with("1\tten\trs1\tA\tG\t.\t.\t.\tGT\t0/0\t0/1\t1/1"), &["line 4", "POS"]);
        assert_says(&with("1\t10\trs1"), &["line 4", "no record"]);
        assert_says(&refusal(""), &["empty"]);
        assert_says(&refusal("##fileformat=VCFv4.2\n"), &["no header line"]);
        assert_says(&refusal("id,y\n"), &["line 1", "no header of a VCF"]);
        assert_says(&refusal("##fileformat=VCFv4.2\n1\t10\n"), &["line 2", "#CHROM"]);
        assert_says(&refusal(&HEADER.replace("\tb\tc", "\tb\tb")), &["line 3"]);
        assert_says(&refusal(&HEADER.replace("\tFORMAT\ta\tb\tc", "")), &["line 3", "no samples"]);
    }
}
