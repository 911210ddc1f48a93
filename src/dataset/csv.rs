//! Delimited text with a header: opening it, and genotypes in it.

use std::io::{BufRead, BufReader, Chain, Cursor, Read};
use std::path::Path;

use ::csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};

use super::error::{CONVERT, DataError};
use super::packed::Rows;
use super::text::{self, Allowance, Budget, NAME, Text, unreadable};
use super::{DataSpec, Genotypes, MISSING, Marker, unique_ids};

/// The first line, which is looked at before it is read, and the rest.
type Whole = Chain<Cursor<Vec<u8>>, BufReader<Text>>;

/// A delimited file whose header is read.
pub(super) struct Delimited<'a> {
    path: &'a Path,
    reader: Reader<Whole>,
    allowance: Allowance,
    /// The columns' names, trimmed.
    pub header: Vec<String>,
}

impl<'a> Delimited<'a> {
    /// Opens a file; the delimiter is whichever of tab, semicolon and comma the header has most of. Its
    /// columns have to fit in `memory` bytes.
    pub fn open(path: &'a Path, memory: u64) -> Result<Self, DataError> {
        let (text, allowance) = text::open(path)?;
        let mut text = BufReader::new(text);
        let mut first = Vec::new();
        // The header is the first line that is not blank.
        loop {
            let start = first.len();
            let read = text.read_until(b'\n', &mut first).map_err(|e| unreadable(path, e))?;
            if read == 0 || !first[start..].trim_ascii().is_empty() {
                break;
            }
        }
        let occurrences = |delimiter: u8| first.iter().filter(|b| **b == delimiter).count();
        let mut delimiter = *b"\t;,".iter().max_by_key(|d| occurrences(**d)).unwrap_or(&b',');
        if occurrences(delimiter) == 0 {
            delimiter = b' ';
        }
        Budget::new(path, memory, CONVERT).check(occurrences(delimiter).saturating_mul(NAME))?;
        let mut reader =
            ReaderBuilder::new().delimiter(delimiter).from_reader(Cursor::new(first).chain(text));
        let header = match reader.headers() {
            Ok(header) => header.iter().map(|name| name.trim().to_owned()).collect::<Vec<_>>(),
            Err(e) => return Err(malformed(path, e)),
        };
        if header.iter().all(String::is_empty) {
            return Err(DataError::file(path, "has no header line"));
        }
        Ok(Delimited { path, reader, allowance, header })
    }

    /// The number of the column called `name`.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|h| h == name)
    }

    /// The column of ids where none is named: `id` or `IID` in any case, else the first.
    pub fn id_column(&self) -> usize {
        let named = |wanted: &str| self.header.iter().position(|h| h.eq_ignore_ascii_case(wanted));
        named("id").or_else(|| named("iid")).unwrap_or(0)
    }

    /// Calls `each` with the line number and the cells of every record.
    pub fn for_each(
        mut self,
        mut each: impl FnMut(u64, &StringRecord) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let mut record = StringRecord::new();
        loop {
            self.allowance.renew();
            if !self.reader.read_record(&mut record).map_err(|e| malformed(self.path, e))? {
                return Ok(());
            }
            each(record.position().map_or(0, ::csv::Position::line), &record)?;
        }
    }
}

fn malformed(path: &Path, error: ::csv::Error) -> DataError {
    let line = error.position().map_or(1, ::csv::Position::line);
    match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let hint = if len > expected_len {
                " (write decimals with a point, and quote a text that holds the separator)"
            } else {
                ""
            };
            DataError::line(path, line, format!("{len} cells, the header has {expected_len}{hint}"))
        }
        ErrorKind::Utf8 { .. } => DataError::line(path, line, "is not UTF-8 text: save the file as UTF-8"),
        _ => match error.into_kind() {
            ErrorKind::Io(source) => unreadable(path, source),
            other => DataError::line(path, line, format!("{other:?}")),
        },
    }
}

/// The code of a genotype as text: 0, 1, 2, [`MISSING`], or `None` for anything else.
pub(super) fn dosage(text: &[u8]) -> Option<u8> {
    match text.trim_ascii() {
        b"0" | b"0.0" => Some(0),
        b"1" | b"1.0" => Some(1),
        b"2" | b"2.0" => Some(2),
        b"" | b"." | b"-9" => Some(MISSING),
        word if word.eq_ignore_ascii_case(b"na") || word.eq_ignore_ascii_case(b"nan") => Some(MISSING),
        _ => None,
    }
}

/// One row an individual: its id, and a column for each SNP.
pub(super) fn read(spec: &DataSpec) -> Result<Genotypes, DataError> {
    let path = &spec.genotypes;
    let file = Delimited::open(path, spec.memory)?;
    let named = spec.id_column.as_ref().and_then(|name| file.column(name));
    let id_column = named.unwrap_or_else(|| file.id_column());
    let header = file.header.clone();
    let mut budget = Budget::new(path, spec.memory, CONVERT);
    header.iter().for_each(|name| budget.name(name));
    let mut ids = Vec::new();
    let mut codes = Vec::with_capacity(header.len());
    let mut packed = Rows::new(header.len() - 1);
    file.for_each(|line, record| {
        codes.clear();
        for (column, text) in record.iter().enumerate() {
            if column == id_column {
                budget.name(text);
                ids.push((line, text.trim().to_owned()));
                continue;
            }
            codes.push(dosage(text.as_bytes()).ok_or_else(|| DataError::Cell {
                path: path.to_owned(),
                line,
                column: header[column].clone(),
                text: text.to_owned(),
                expected: "0, 1, 2 or a missing genotype (NA, nan, -9, `.` or nothing)".into(),
            })?);
        }
        packed.push(&codes);
        budget.check(packed.size())
    })?;
    let ids = unique_ids(path, ids)?;
    let mut names = header;
    names.remove(id_column);
    let markers = names.into_iter().map(Marker::unplaced).collect();
    Ok(Genotypes::of_rows(ids, markers, packed))
}
