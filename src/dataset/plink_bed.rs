//! PLINK 1 binary genotypes: `.bed` with `.bim` and `.fam` beside it
//! (<https://www.cog-genomics.org/plink/1.9/formats#bed>).

#![expect(unsafe_code, reason = "the memory map of the .bed")]

use std::fs::File;
use std::io;
use std::path::Path;

use memmap2::Mmap;

use super::columns::Columns;
use super::error::DataError;
use super::matrix::Matrix;
pub(super) use super::packed::CODE;
use super::packed::EACH;
use super::text::Lines;
use super::{Alleles, Coding, DataSpec, Genotypes, Marker, unique_ids};

/// The first two bytes of every PLINK 1 `.bed`.
pub(super) const MAGIC: [u8; 2] = [0x6c, 0x1b];
/// The third byte where all genotypes of a SNP stand together.
pub(super) const SNP_MAJOR: u8 = 1;
/// Magic and mode.
const HEADER: usize = 3;

/// The genotypes of a `.bed`, two bits each, SNP by SNP.
#[derive(Debug)]
pub(super) struct Bed {
    bytes: Bytes,
    /// Bytes a SNP.
    stride: usize,
}

#[derive(Debug)]
enum Bytes {
    /// A whole file.
    Mapped { map: Mmap, file: File },
    /// The genotypes alone, of another format that goes SNP by SNP.
    Owned(Vec<u8>),
}

/// Maps a whole file.
fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the map is read only, private to `Bed`, and every access is bounds-checked against its
    // length. What remains is another process that rewrites or truncates the file meanwhile: reads then
    // give other bytes, or the process gets SIGBUS. Nothing read from the map is trusted: codes are
    // masked to two bits.
    unsafe { Mmap::map(file) }
}

impl Bed {
    /// Maps a file and checks its header and length.
    fn open(path: &Path, individuals: usize, snps: usize) -> Result<Self, DataError> {
        let refused = |source| DataError::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(refused)?;
        let map = map(&file).map_err(refused)?;
        header(path, &map)?;
        let found = map.len();
        let stride = individuals.div_ceil(EACH);
        let expected = stride.checked_mul(snps).and_then(|bytes| bytes.checked_add(HEADER));
        if expected != Some(found) {
            let state = if expected.is_none_or(|expected| found < expected) {
                "is truncated or belongs to others"
            } else {
                "belongs to others"
            };
            let expected = expected.map_or("too many".to_owned(), |bytes| bytes.to_string());
            let problem = format!(
                "{found} bytes found, {expected} expected for the {snps} SNPs of the .bim and the {individuals} \
                 individuals of the .fam: the .bed {state}, copy all three files again"
            );
            return Err(DataError::file(path, problem));
        }
        Ok(Bed { bytes: Bytes::Mapped { map, file }, stride })
    }

    /// The genotypes of SNPs, `stride` bytes each.
    pub fn in_memory(bytes: Vec<u8>, stride: usize) -> Self {
        Bed { bytes: Bytes::Owned(bytes), stride }
    }

    /// Bytes a SNP.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// The packed genotypes of a SNP.
    pub fn column(&self, snp: usize) -> &[u8] {
        let bytes = match &self.bytes {
            Bytes::Mapped { map, .. } => &map[HEADER..],
            Bytes::Owned(bytes) => bytes,
        };
        &bytes[snp * self.stride..][..self.stride]
    }

    /// Whether the genotypes lie in a file.
    pub fn is_mapped(&self) -> bool {
        matches!(self.bytes, Bytes::Mapped { .. })
    }

    /// Gives the pages back that were read so far: what goes through the whole file once would otherwise
    /// count as resident for as long as it is open.
    pub fn release(&mut self) {
        if let Bytes::Mapped { map: pages, file } = &mut self.bytes {
            // Where the file can't be mapped anew the old map stays as good as it was.
            if let Ok(fresh) = map(file)
                && fresh.len() == pages.len()
            {
                *pages = fresh;
            }
        }
    }
}

/// Checks magic and mode.
fn header(path: &Path, map: &[u8]) -> Result<(), DataError> {
    let problem = match map {
        [a, b, SNP_MAJOR, ..] if [*a, *b] == MAGIC => return Ok(()),
        [a, b, 0, ..] if [*a, *b] == MAGIC => {
            "holds the genotypes individual by individual (an old layout): rewrite it with `plink --bfile OLD \
             --make-bed --out NEW`"
                .to_owned()
        }
        [a, b, mode, ..] if [*a, *b] == MAGIC => {
            format!("the third byte is {mode:02x}, expected 01 (SNP-major)")
        }
        [a, b, _, ..] => format!(
            "starts with the bytes {a:02x} {b:02x}, a PLINK 1 .bed starts with 6c 1b: is this another kind of file, \
             such as UCSC's BED?"
        ),
        few => format!("{} bytes are too few for a PLINK .bed", few.len()),
    };
    Err(DataError::file(path, problem))
}

/// Reads `.bim` and `.fam`, maps the `.bed`.
pub(super) fn read(spec: &DataSpec) -> Result<Genotypes, DataError> {
    let path = &spec.genotypes;
    for file in [path.clone(), path.with_extension("bim"), path.with_extension("fam")] {
        if !file.exists() {
            let problem = "there is no such file: a PLINK set is a .bed with its .bim and .fam beside it";
            return Err(DataError::file(&file, problem));
        }
    }
    // A gzip of a few bytes can hold a .bim without end, but a SNP takes a byte of the .bed at least. What is wrong
    // with a small .bed is said better by its header.
    let size =
        std::fs::metadata(path).map_err(|source| DataError::Read { path: path.clone(), source })?.len();
    let bytes = size.max(1 << 20);
    let markers = read_bim(&path.with_extension("bim"), bytes)?;
    let ids = read_fam(&path.with_extension("fam"), bytes.saturating_mul(4))?;
    let bed = Bed::open(path, ids.len(), markers.len())?;
    let individuals = ids.len();
    let matrix = Matrix::Columns(Columns::all(bed, individuals, markers.len()));
    Ok(Genotypes { ids: Some(ids), individuals, markers, coding: Coding::Dosages, matrix, left_out: vec![] })
}

/// Chromosome, name, position in Morgans, position in base pairs, A1, A2.
fn read_bim(path: &Path, most: u64) -> Result<Vec<Marker>, DataError> {
    let mut markers = Vec::new();
    for_each_line(path, most, "chromosome, SNP, cM, position, A1 and A2", |line, fields| {
        let position = fields[3].parse().map_err(|_| DataError::Cell {
            path: path.to_owned(),
            line,
            column: "4 (position)".into(),
            text: fields[3].into(),
            expected: "base pairs as a whole number, 0 where unknown".into(),
        })?;
        markers.push(Marker {
            name: fields[1].into(),
            chromosome: Some(fields[0].into()),
            position: Some(position).filter(|p| *p > 0),
            alleles: Some(Alleles { counted: fields[4].into(), other: fields[5].into() }),
        });
        Ok(())
    })?;
    Ok(markers)
}

/// Family, individual, father, mother, sex, phenotype: the ids are the individuals'.
fn read_fam(path: &Path, most: u64) -> Result<Vec<String>, DataError> {
    let mut ids = Vec::new();
    for_each_line(path, most, "FID, IID, father, mother, sex and phenotype", |line, fields| {
        ids.push((line, fields[1].to_owned()));
        Ok(())
    })?;
    unique_ids(path, ids)
}

/// Calls `each` with the number and the six fields of every line that is not blank, of which there may be `most`.
fn for_each_line(
    path: &Path,
    most: u64,
    wanted: &str,
    mut each: impl FnMut(u64, [&str; 6]) -> Result<(), DataError>,
) -> Result<(), DataError> {
    Lines::open(path)?.for_each(|line, content| {
        let mut fields = [""; 6];
        let mut found = 0;
        for field in content.split_ascii_whitespace() {
            if let Some(place) = fields.get_mut(found) {
                *place = field;
            }
            found += 1;
        }
        match found {
            0 => Ok(()),
            _ if line > most.saturating_add(1) => Err(DataError::line(
                path,
                line,
                format!("the .bed has room for {most} lines: it belongs to others"),
            )),
            6 => each(line, fields),
            _ => Err(DataError::line(path, line, format!("{found} fields, expected 6: {wanted}"))),
        }
    })
}
