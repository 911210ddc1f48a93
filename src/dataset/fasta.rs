//! DNA sequences of equal length as FASTA text.

use std::path::Path;

use super::error::DataError;
use super::matrix::Matrix;
use super::text::{Budget, Lines, NAME};
use super::{Coding, DataSpec, Genotypes, MISSING, Marker, unique_ids};

/// The letters of the codes 0 to 3.
pub(super) const BASES: [u8; 4] = *b"ACGT";

/// What to do with too many sequences.
const KEEP_FEWER: &str = "raise `data.memory`, or keep fewer sequences in the file";

/// Reads records of a line `>id description` and lines of bases. A position is a marker.
pub(super) fn read(spec: &DataSpec) -> Result<Genotypes, DataError> {
    let path = &spec.genotypes;
    let mut records = Records { path, ids: Vec::new(), codes: Vec::new(), length: None };
    let mut budget = Budget::new(path, spec.memory, KEEP_FEWER);
    Lines::open(path)?.for_each(|line, content| {
        if let Some(header) = content.strip_prefix('>') {
            records.finish()?;
            let id = header.split_ascii_whitespace().next().unwrap_or_default();
            budget.name(id);
            records.ids.push((line, id.to_owned()));
        } else {
            records.bases(line, content)?;
        }
        // Each position is a marker with a name.
        let positions = records.length.unwrap_or(records.codes.len());
        budget.check(positions.saturating_mul(NAME).saturating_add(records.codes.len()))
    })?;
    records.finish()?;
    let Some(length) = records.length else {
        return Err(DataError::file(path, "holds no record: each starts with a line such as `>sequence1`"));
    };
    let ids = unique_ids(path, records.ids)?;
    Ok(Genotypes {
        individuals: ids.len(),
        ids: Some(ids),
        markers: (1..=length).map(|p| Marker::unplaced(format!("base {p}"))).collect(),
        coding: Coding::Bases,
        matrix: Matrix::Bases { positions: length, codes: records.codes },
        left_out: vec![],
    })
}

/// What is read so far.
struct Records<'a> {
    path: &'a Path,
    /// Each with its line.
    ids: Vec<(u64, String)>,
    /// All bases, record after record.
    codes: Vec<u8>,
    /// Of the finished records, which all have it.
    length: Option<usize>,
}

impl Records<'_> {
    /// Takes in a line of bases.
    fn bases(&mut self, line: u64, text: &str) -> Result<(), DataError> {
        for letter in text.chars().filter(|c| !c.is_ascii_whitespace()) {
            if self.ids.is_empty() {
                let problem = "expected a line such as `>sequence1` before the first base: is this FASTA?";
                return Err(DataError::line(self.path, line, problem));
            }
            let code = code(letter).ok_or_else(|| {
                let problem =
                    format!("found `{letter}`, expected A, C, G, T, N or another IUPAC code of a base");
                DataError::line(self.path, line, problem)
            })?;
            self.codes.push(code);
        }
        Ok(())
    }

    /// Checks the length of the record that ends here, if one does.
    fn finish(&mut self) -> Result<(), DataError> {
        let Some((line, id)) = self.ids.last() else { return Ok(()) };
        let before = self.length.map_or(0, |length| length * (self.ids.len() - 1));
        let found = self.codes.len() - before;
        let problem = match (self.length, self.ids.first()) {
            _ if found == 0 => format!("the sequence `{id}` is empty"),
            (Some(length), Some((_, first))) if found != length => format!(
                "the sequence `{id}` has {found} bases and `{first}` has {length}: all must be of equal length, \
                 cut or pad them (with N)"
            ),
            _ => {
                self.length = Some(found);
                return Ok(());
            }
        };
        Err(DataError::line(self.path, *line, problem))
    }
}

/// The code of a base in any case; that of an ambiguous one is missing.
fn code(letter: char) -> Option<u8> {
    match letter.to_ascii_uppercase() {
        'A' => Some(0),
        'C' => Some(1),
        'G' => Some(2),
        'T' | 'U' => Some(3),
        'N' | 'R' | 'Y' | 'S' | 'W' | 'K' | 'M' | 'B' | 'D' | 'H' | 'V' => Some(MISSING),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_says, folder, spec};
    use super::super::{Dataset, QualityControl, load};
    use super::*;

    const PHENOTYPES: &[u8] = b"id,y\nb,2\na,1\nc,3\n";

    fn loaded(text: &str, change: impl Fn(DataSpec) -> DataSpec) -> Result<Dataset, DataError> {
        let folder = folder(&[("s.fa", text.as_bytes()), ("phenotypes.csv", PHENOTYPES)]);
        load(&change(spec(folder.path(), "s.fa")))
    }

    #[test]
    fn records_of_several_lines_and_any_case_keep_every_position() {
        let text = ">a first\nACG\nt\r\n\n>b\naNgT\n>c|x\nAC\n>c\nRCGT\n";
        let dataset = loaded(&text.replace(">c|x\nAC\n", ""), |s| s).unwrap();
        assert_eq!(dataset.ids(), ["a", "b", "c"]);
        assert_eq!(dataset.codes(&[0, 1, 2]), [0, 1, 2, 3, 0, MISSING, 2, 3, MISSING, 1, 2, 3]);
        assert_eq!(dataset.target().values, [1.0, 2.0, 3.0]);
        assert_eq!((dataset.positions(), dataset.coding()), (4, Coding::Bases), "constant positions stay");
        assert_eq!(dataset.markers()[3].name, "base 4");
        let lines = dataset.report().lines().join("\n");
        assert_says(&lines, &["positions: 4", "missing bases: 16.67 %"]);
        assert!(!lines.contains("SNP") && !lines.contains("MAF"), "{lines}");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let refusal = |text: &str| loaded(text, |s| s).unwrap_err().to_string();
        assert_says(&refusal(">a\nACGT\n>b\nACG\nTT\n"), &["s.fa, line 3", "`b` has 5", "`a` has 4"]);
        assert_says(&refusal(">a\nACGT\n>b\n>c\nACGT\n"), &["line 3", "`b` is empty"]);
        assert_says(&refusal(">a\nAC-T\n"), &["line 2", "`-`", "IUPAC"]);
        assert_says(&refusal("ACGT\n"), &["line 1", ">sequence1"]);
        assert_says(&refusal("\n"), &["no record"]);
        assert_says(&refusal(">a\nAC\n>a\nAC\n"), &["line 3", "`a`", "line 1"]);
        assert_says(&refusal("> \nAC\n"), &["line 1", "the id is empty"]);
    }

    #[test]
    fn what_is_meant_for_snps_is_refused_rather_than_ignored() {
        let text = ">a\nAC\n>b\nAG\n>c\nAT\n";
        let refusal = |change: &dyn Fn(DataSpec) -> DataSpec| loaded(text, change).unwrap_err().to_string();
        assert_says(
            &refusal(&|s| DataSpec { qc: QualityControl { maf: 0.05, ..Default::default() }, ..s }),
            &["data.qc.maf", "0.05", "remove it"],
        );
        let excluded = |s| {
            let qc = QualityControl { exclude_chromosomes: vec!["1".into()], ..Default::default() };
            DataSpec { qc, ..s }
        };
        assert_says(&refusal(&excluded), &["names no chromosomes"]);
        assert_says(&refusal(&|s| DataSpec { memory: 5, ..s }), &["data.memory", "fewer sequences"]);
    }
}
