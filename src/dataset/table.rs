//! Whitespace tables without header and ids, as the wheat lines of BGLR are passed around.

use std::path::Path;

use super::csv::dosage;
use super::error::{CONVERT, DataError};
use super::matrix::Matrix;
use super::packed::Rows;
use super::text::{Budget, Lines, NAME};
use super::{Coding, DataSpec, Genotypes, Marker};

/// One row an individual, one column a SNP.
pub(super) fn read(spec: &DataSpec) -> Result<Genotypes, DataError> {
    let path = &spec.genotypes;
    let budget = Budget::new(path, spec.memory, CONVERT);
    let mut packed: Option<Rows> = None;
    let mut codes = Vec::new();
    let mut rows = 0;
    let snps = for_each_row(path, |line, fields| {
        codes.clear();
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
        let packed = packed.get_or_insert_with(|| Rows::new(codes.len()));
        packed.push(&codes);
        budget.check(codes.len().saturating_mul(NAME).saturating_add(packed.size()))
    })?;
    let markers = (1..=snps).map(|j| Marker::unplaced(format!("snp{j}"))).collect();
    let matrix = Matrix::Rows(packed.unwrap_or_else(|| Rows::new(snps)));
    Ok(Genotypes { ids: None, individuals: rows, markers, coding: Coding::Dosages, matrix, left_out: vec![] })
}

/// Calls `each` with the line number and the fields of every row that is not blank; all have the
/// same number of fields, which is returned.
pub(super) fn for_each_row(
    path: &Path,
    mut each: impl FnMut(u64, &[&str]) -> Result<(), DataError>,
) -> Result<usize, DataError> {
    let mut width = None;
    Lines::open(path)?.for_each(|line, content| {
        let fields: Vec<&str> = content.split_ascii_whitespace().collect();
        if fields.is_empty() {
            return Ok(());
        }
        let width = *width.get_or_insert(fields.len());
        if fields.len() != width {
            let problem = format!("{} fields, the lines above have {width}", fields.len());
            return Err(DataError::line(path, line, problem));
        }
        each(line, &fields)
    })?;
    width.ok_or_else(|| DataError::file(path, "is empty"))
}
