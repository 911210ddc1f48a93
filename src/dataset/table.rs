//! Whitespace tables without header and ids, as the wheat lines of BGLR are passed around.

use std::fs;
use std::path::Path;

use super::csv::dosage;
use super::error::{CONVERT, DataError};
use super::matrix::Matrix;
use super::{Coding, DataSpec, Genotypes, Marker};

/// A text file as a whole.
pub(super) fn read_text(path: &Path) -> Result<String, DataError> {
    let bytes = fs::read(path).map_err(|source| DataError::Read { path: path.to_owned(), source })?;
    String::from_utf8(bytes).map_err(|e| {
        let sound = &e.as_bytes()[..e.utf8_error().valid_up_to()];
        let line = 1 + sound.iter().filter(|b| **b == b'\n').count() as u64;
        DataError::line(path, line, "is not UTF-8 text: save the file as UTF-8, or set `data.format`")
    })
}

/// One row an individual, one column a SNP.
pub(super) fn read(spec: &DataSpec) -> Result<Genotypes, DataError> {
    let path = &spec.genotypes;
    let mut codes = Vec::new();
    let mut rows = 0;
    let snps = for_each_row(path, |line, fields| {
        for (column, text) in (1..).zip(fields) {
            let code = dosage(text.as_bytes()).ok_or_else(|| DataError::Cell {
                path: path.to_owned(),
                line,
                column: format!("{column}"),
                text: (*text).to_owned(),
                expected: "0, 1, 2 or NA (this format has neither header nor ids: \
                           for a file that has, set `data.format` to \"csv\" or \"tsv\")"
                    .into(),
            })?;
            codes.push(code);
        }
        rows += 1;
        if codes.len() as u64 > spec.memory {
            return Err(DataError::too_large(path, spec.memory, CONVERT));
        }
        Ok(())
    })?;
    let markers = (1..=snps).map(|j| Marker::unplaced(format!("snp{j}"))).collect();
    let matrix = Matrix::Decoded { positions: snps, codes };
    Ok(Genotypes { ids: None, individuals: rows, markers, coding: Coding::Dosages, matrix })
}

/// Calls `each` with the line number and the fields of every row that is not blank; all have the
/// same number of fields, which is returned.
pub(super) fn for_each_row(
    path: &Path,
    mut each: impl FnMut(u64, &[&str]) -> Result<(), DataError>,
) -> Result<usize, DataError> {
    let text = read_text(path)?;
    let mut width = None;
    for (line, content) in (1..).zip(text.lines()) {
        let fields: Vec<&str> = content.split_ascii_whitespace().collect();
        if fields.is_empty() {
            continue;
        }
        let width = *width.get_or_insert(fields.len());
        if fields.len() != width {
            let problem = format!("{} fields, the lines above have {width}", fields.len());
            return Err(DataError::line(path, line, problem));
        }
        each(line, &fields)?;
    }
    width.ok_or_else(|| DataError::file(path, "is empty"))
}
