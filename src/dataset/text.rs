//! Text files, plain or gzip, a bounded piece at a time. The first bytes say which of the two a file is,
//! not its name; bgzip is gzip of many members.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;

use super::error::DataError;

/// Most bytes of a line or a record: that of a million SNPs has about two million.
const MOST: u64 = 64 << 20;

/// The first bytes of gzip data.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The mark that some programs put before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A file's text as bytes; refuses to give more than [`MOST`] until [`Allowance::renew`].
pub(super) struct Text {
    bytes: Box<dyn Read>,
    allowance: Allowance,
}

/// What may still be read of a [`Text`].
#[derive(Clone)]
pub(super) struct Allowance(Rc<Cell<u64>>);

impl Allowance {
    /// Says that all that was read so far has been dealt with.
    pub fn renew(&self) {
        self.0.set(MOST);
    }
}

/// Opens a file that is not empty; an archive and UTF-16 are refused with their remedy.
pub(super) fn open(path: &Path) -> Result<(Text, Allowance), DataError> {
    let refused = |source| DataError::Read { path: path.to_owned(), source };
    let mut file = BufReader::new(File::open(path).map_err(refused)?);
    let start = file.fill_buf().map_err(refused)?;
    let bytes: Box<dyn Read> = match start {
        [] => return Err(DataError::file(path, "is empty")),
        start if start.starts_with(&GZIP) => Box::new(MultiGzDecoder::new(file)),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            return Err(DataError::file(path, "is UTF-16 text: save the file as UTF-8"));
        }
        start => match PACKED.iter().find(|(magic, _)| start.starts_with(magic)) {
            Some((_, what)) => {
                return Err(DataError::file(path, format!("is {what}: unpack it, or use gzip")));
            }
            None => Box::new(file),
        },
    };
    let allowance = Allowance(Rc::new(Cell::new(MOST)));
    Ok((Text { bytes, allowance: allowance.clone() }, allowance))
}

/// How files start that are packed in another way.
const PACKED: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "a ZIP archive (which .xlsx is too: save it as CSV)"),
    (b"BZh", "packed by bzip2"),
    (b"\xfd7zXZ", "packed by xz"),
    (b"\x28\xb5\x2f\xfd", "packed by zstd"),
];

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.allowance.0.get();
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if most == 0 && !buffer.is_empty() {
            let text = format!("a line or record of more than {} MiB: is this text?", MOST >> 20);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
        }
        let read = self.bytes.read(&mut buffer[..most])?;
        self.allowance.0.set(left - read as u64);
        Ok(read)
    }
}

/// Why text could not be read: damaged gzip data are named as such.
pub(super) fn unreadable(path: &Path, source: io::Error) -> DataError {
    match source.kind() {
        io::ErrorKind::UnexpectedEof => {
            DataError::file(path, "ends in the middle of its gzip data: it is truncated, copy it again")
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            DataError::file(path, format!("the gzip data are damaged ({source}): copy the file again"))
        }
        _ => DataError::Read { path: path.to_owned(), source },
    }
}

/// The lines of a text file, without their ends.
pub(super) struct Lines<'a> {
    path: &'a Path,
    text: BufReader<Text>,
    allowance: Allowance,
    line: u64,
    content: Vec<u8>,
}

impl<'a> Lines<'a> {
    /// Opens a file.
    pub fn open(path: &'a Path) -> Result<Self, DataError> {
        let (text, allowance) = open(path)?;
        Ok(Lines { path, text: BufReader::new(text), allowance, line: 0, content: Vec::new() })
    }

    /// The next line with its number, from 1; `None` at the end.
    pub fn next(&mut self) -> Result<Option<(u64, &str)>, DataError> {
        self.allowance.renew();
        self.content.clear();
        let read = self.text.read_until(b'\n', &mut self.content);
        if read.map_err(|e| unreadable(self.path, e))? == 0 {
            return Ok(None);
        }
        self.line += 1;
        let mut content = self.content.strip_suffix(b"\n").unwrap_or(&self.content);
        content = content.strip_suffix(b"\r").unwrap_or(content);
        if self.line == 1 {
            content = content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(content);
        }
        let content = std::str::from_utf8(content).map_err(|_| {
            let problem = "is not UTF-8 text: save the file as UTF-8, or set `data.format`";
            DataError::line(self.path, self.line, problem)
        })?;
        Ok(Some((self.line, content)))
    }

    /// Calls `each` with every line and its number.
    pub fn for_each(
        mut self,
        mut each: impl FnMut(u64, &str) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        while let Some((line, content)) = self.next()? {
            each(line, content)?;
        }
        Ok(())
    }
}

/// Bytes that names take in memory beside their letters, by which a file of nothing but names is refused.
pub(super) const NAME: usize = 64;

/// What is kept of a text file, against the bytes that it may take.
pub(super) struct Budget<'a> {
    path: &'a Path,
    memory: u64,
    names: u64,
    /// What to do where that is too much.
    remedy: &'static str,
}

impl<'a> Budget<'a> {
    pub fn new(path: &'a Path, memory: u64, remedy: &'static str) -> Self {
        Budget { path, memory, names: 0, remedy }
    }

    /// Counts a name that is kept.
    pub fn name(&mut self, name: &str) {
        self.names += (name.len() + NAME) as u64;
    }

    /// Refuses where the names and `bytes` beside them are too many.
    pub fn check(&self, bytes: usize) -> Result<(), DataError> {
        if self.names.saturating_add(bytes as u64) > self.memory {
            return Err(DataError::too_large(self.path, self.memory, self.remedy));
        }
        Ok(())
    }
}
