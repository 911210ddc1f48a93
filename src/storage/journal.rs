//! The journal: every record of a study, one a line, append-only. It is the truth.
//!
//! A line is the record's JSON with its checksum put in front of the other fields:
//!
//! ```text
//! {"crc":"1c291ca3","sequence":7,"at":1763700000000,"event":"trial_completed","trial":2,"score":0.61}
//! ```
//!
//! so any reader of JSON lines can read it. The checksum is CRC-32 (IEEE), eight lower-case hex
//! digits, over the bytes of the line without the `crc` field: from the brace that opens
//! `{"sequence"` to the closing one, without the newline.
//!
//! A record counts once its newline is written. A last line that is cut off or fails its checksum
//! was being written when the machine stopped: it is dropped. So is a bad line before it where only
//! records follow that need not be durable; any other bad line is damage.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::domain::event::Record;
use crate::domain::history::{EventError, History};

use super::{StorageError, io_error};

/// The journal's name in the store.
const FILE: &str = "journal.jsonl";

/// What a line starts with: `{"crc":"`, eight digits, `",`. Its last byte stands where the record's
/// own JSON has its opening brace.
const PREFIX: usize = 18;

const BUFFER: usize = 256 * 1024;

/// The journal of the store in `dir`.
pub fn path(dir: &Path) -> PathBuf {
    dir.join(FILE)
}

/// What a journal says.
#[derive(Debug)]
pub struct Replay {
    /// The fold of its records.
    pub history: History,
    /// One line for a person where its last line was dropped. A viewer may see this for a moment
    /// while a coordinator is writing.
    pub notice: Option<String>,
    /// Bytes of good lines.
    pub length: u64,
    /// How many records.
    pub records: u64,
}

/// Reads the journal of the store in `dir`, line by line. Takes no lock: a coordinator may be
/// appending at the same time.
///
/// # Errors
/// `Missing` where there is no record; `Corrupt` where a line before the last is damaged, or where a
/// record is of a newer version or does not follow from those before; `Io`.
pub fn read(dir: &Path) -> Result<Replay, StorageError> {
    let scan = scan(&path(dir), None)?;
    let history = scan.history.ok_or_else(|| StorageError::Missing(dir.to_owned()))?;
    Ok(Replay { history, notice: scan.dropped, length: scan.position.length, records: scan.position.records })
}

/// Reads the journal of the store in `dir` and hands on each record with the history that has just taken it in.
/// Where its end is damaged, that is as far as it goes; the line that says so comes back.
///
/// # Errors
/// As [`read`], but for damage behind a good record.
pub fn walk(dir: &Path, mut each: impl FnMut(&History, Record)) -> Result<Option<String>, StorageError> {
    let mut records = 0_usize;
    let scan = fold_lines(&path(dir), None, Reports::Folded, &mut |history, record| {
        records += 1;
        each(history, record);
    });
    match scan {
        Ok(scan) if scan.history.is_none() => Err(StorageError::Missing(dir.to_owned())),
        Ok(scan) => Ok(scan.dropped),
        Err(damage @ StorageError::Corrupt { .. }) if records > 0 => Ok(Some(damage.to_string())),
        Err(error) => Err(error),
    }
}

/// The history without what trials reported on their way, which is most of a journal: enough for a list, and
/// read several times as fast.
///
/// # Errors
/// As [`read`].
pub fn outline(dir: &Path) -> Result<History, StorageError> {
    let scan = fold_lines(&path(dir), None, Reports::PassedOver, &mut |_, _| ())?;
    scan.history.ok_or_else(|| StorageError::Missing(dir.to_owned()))
}

/// What becomes of reports while a journal is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reports {
    Folded,
    PassedOver,
}

/// Whether the JSON of a record is that of a report.
fn is_report(json: &[u8]) -> bool {
    const EVENT: &[u8] = br#""event":"trial_reported""#;
    // Sequence and time stand before it.
    let head = &json[..json.len().min(80)];
    head.windows(EVENT.len()).any(|bytes| bytes == EVENT)
}

/// A place between two lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Position {
    /// Bytes before it.
    pub length: u64,
    /// Records before it.
    pub records: u64,
    /// CRC-32 of all bytes before it.
    pub crc: u32,
}

impl Position {
    /// Moves on by `records` whole lines.
    pub(super) fn advance(&mut self, lines: &[u8], records: u64) {
        let mut hasher = crc32fast::Hasher::new_with_initial_len(self.crc, self.length);
        hasher.update(lines);
        self.crc = hasher.finalize();
        self.length += lines.len() as u64;
        self.records += records;
    }
}

/// What [`scan`] found.
pub(super) struct Scan {
    /// The fold of the records; `None` where there are none.
    pub history: Option<History>,
    /// The end of the good lines.
    pub position: Position,
    /// One line for a person where bytes after the good lines were dropped.
    pub dropped: Option<String>,
}

/// Folds the journal at `path` into a history, from the beginning or from a history that is known
/// up to a position. A missing journal has no records.
pub(super) fn scan(path: &Path, known: Option<(History, Position)>) -> Result<Scan, StorageError> {
    fold_lines(path, known, Reports::Folded, &mut |_, _| ())
}

fn fold_lines(
    path: &Path,
    known: Option<(History, Position)>,
    reports: Reports,
    each: &mut dyn FnMut(&History, Record),
) -> Result<Scan, StorageError> {
    let failed = || io_error("failed to read", path);
    let (mut history, mut position) = match known {
        Some((history, position)) => (Some(history), position),
        None => (None, Position::default()),
    };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return Ok(Scan { history, position, dropped: None });
        }
        Err(e) => return Err(failed()(e)),
    };
    file.seek(SeekFrom::Start(position.length)).map_err(failed())?;
    let mut reader = BufReader::with_capacity(BUFFER, file);
    let mut line = Vec::new();
    loop {
        line.clear();
        let bytes = reader.read_until(b'\n', &mut line).map_err(failed())?;
        if bytes == 0 {
            return Ok(Scan { history, position, dropped: None });
        }
        let before = position;
        position.advance(&line, 1);
        let Some(json) = unseal(&mut line) else {
            if reader.fill_buf().map_err(failed())?.is_empty() {
                let dropped = Some(format!(
                    "the last record of {}, line {}, was cut off ({bytes} bytes) and dropped",
                    path.display(),
                    position.records
                ));
                return Ok(Scan { history, position: before, dropped });
            }
            // Reports and notes are not synced one by one, so a machine that lost its power may keep later
            // pages and lose earlier ones. What was lost is trained again; nothing durable may follow.
            return match only_passing_lines(&line, &mut reader).map_err(failed())? {
                Some(more) if before.records > 0 => {
                    let dropped = Some(format!(
                        "{} records at the end of {}, from line {} on, were damaged or followed a damaged one \
                         and dropped: none of them had to last",
                        more + 1,
                        path.display(),
                        position.records
                    ));
                    Ok(Scan { history, position: before, dropped })
                }
                _ => Err(corrupt(path, before, "the line is damaged: it fails its checksum")),
            };
        };
        if reports == Reports::PassedOver && is_report(json) {
            continue;
        }
        let mut record: Record = serde_json::from_slice(json).map_err(|e| StorageError::Corrupt {
            path: path.to_owned(),
            line: position.records as usize,
            problem: format!("the record is whole but not known to this version ({e}): update tune-tui"),
        })?;
        if let (Reports::PassedOver, Some(history)) = (reports, &history) {
            // What was passed over leaves no gap.
            record.sequence = history.next_sequence();
        }
        fold(&mut history, &record).map_err(|e| match e {
            EventError::NewerFormat { .. } => StorageError::Corrupt {
                path: path.to_owned(),
                line: position.records as usize,
                problem: e.to_string(),
            },
            _ => corrupt(path, before, &e.to_string()),
        })?;
        if let Some(history) = &history {
            each(history, record);
        }
    }
}

/// How many lines are left, if neither `damaged` nor any of them holds a record that must be durable.
fn only_passing_lines(damaged: &[u8], reader: &mut impl BufRead) -> io::Result<Option<usize>> {
    let (mut line, mut count) = (damaged.to_vec(), 0);
    loop {
        let known = unseal(&mut line).map(serde_json::from_slice::<Record>);
        let passes = match known {
            Some(record) => record.is_ok_and(|r| !r.event.must_be_durable()),
            // What is left of it may still say what it was.
            None => !names_a_lasting_event(&line),
        };
        if !passes {
            return Ok(None);
        }
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(Some(count));
        }
        count += 1;
    }
}

/// Whether a damaged line names an event other than those that need not be durable.
fn names_a_lasting_event(line: &[u8]) -> bool {
    const EVENT: &str = r#""event":""#;
    let text = String::from_utf8_lossy(line);
    let mut names = text.match_indices(EVENT).map(|(at, _)| &text[at + EVENT.len()..]);
    names.any(|name| !(name.starts_with("trial_reported\"") || name.starts_with("noted\"")))
}

fn fold(history: &mut Option<History>, record: &Record) -> Result<(), EventError> {
    match history {
        Some(history) => history.apply(record),
        None => {
            *history = Some(History::begin(record)?);
            Ok(())
        }
    }
}

fn corrupt(path: &Path, before: Position, problem: &str) -> StorageError {
    let remedy = match before.records {
        0 => "restore the file from a copy, or start anew with --fresh".to_owned(),
        kept => format!(
            "restore the file from a copy, or keep its first {kept} records with \
             `head -n {kept} {FILE} > kept && mv kept {FILE}`"
        ),
    };
    StorageError::Corrupt {
        path: path.to_owned(),
        line: before.records as usize + 1,
        problem: format!("{problem}; {remedy}"),
    }
}

/// Appends the line of `record` to `lines`, if it would read back as the same record.
pub(super) fn encode(record: &Record, lines: &mut Vec<u8>) -> Result<(), StorageError> {
    let refused = |problem: String| StorageError::Refused { sequence: record.sequence, problem };
    let start = lines.len();
    lines.resize(start + PREFIX - 1, b' ');
    serde_json::to_writer(&mut *lines, record).map_err(|e| refused(e.to_string()))?;
    // JSON has no word for NaN: it is written as null, which can't be read where a number must be.
    let json = &lines[start + PREFIX - 1..];
    match serde_json::from_slice::<Record>(json) {
        Ok(same) if same == *record => {}
        Ok(_) => return Err(refused("it would read back as another".to_owned())),
        Err(e) => return Err(refused(format!("it would not read back ({e}); is every number finite?"))),
    }
    let prefix = prefix(crc32fast::hash(json));
    lines[start..start + PREFIX].copy_from_slice(prefix.as_bytes());
    lines.push(b'\n');
    Ok(())
}

/// Writes a journal of `records` into the folder `dir`.
#[cfg(test)]
pub fn write(dir: &Path, records: &[Record]) -> Result<(), StorageError> {
    let mut lines = Vec::new();
    records.iter().try_for_each(|record| encode(record, &mut lines))?;
    std::fs::write(path(dir), lines).map_err(io_error("failed to write", path(dir)))
}

/// The JSON of the record in `line`, or `None` where the line is not whole.
fn unseal(line: &mut [u8]) -> Option<&[u8]> {
    let line = match line {
        [line @ .., b'\n'] if line.len() > PREFIX => line,
        _ => return None,
    };
    let found: [u8; PREFIX] = line.first_chunk().copied()?;
    line[PREFIX - 1] = b'{';
    let json = &line[PREFIX - 1..];
    (prefix(crc32fast::hash(json)).as_bytes() == found).then_some(json)
}

fn prefix(crc: u32) -> String {
    format!(r#"{{"crc":"{crc:08x}","#)
}

/// Whether the bytes of the journal before `position` are those that it was taken from.
pub(super) fn begins_with(path: &Path, position: Position) -> io::Result<bool> {
    let mut hasher = crc32fast::Hasher::new();
    let mut reader = BufReader::with_capacity(BUFFER, File::open(path)?).take(position.length);
    let mut length = 0;
    loop {
        let chunk = reader.fill_buf()?;
        if chunk.is_empty() {
            return Ok(length == position.length && hasher.finalize() == position.crc);
        }
        hasher.update(chunk);
        let read = chunk.len();
        length += read as u64;
        reader.consume(read);
    }
}
