//! PLINK 1 binary genotypes: `.bed` with `.bim` and `.fam` beside it
//! (<https://www.cog-genomics.org/plink/1.9/formats#bed>).

#![expect(unsafe_code, reason = "the memory map of the .bed")]

use std::fs::File;
use std::path::Path;

use memmap2::Mmap;

use super::error::DataError;
use super::matrix::Matrix;
use super::{Alleles, Coding, DataSpec, Genotypes, MISSING, Marker, unique_ids};

/// The first two bytes of every PLINK 1 `.bed`.
pub(super) const MAGIC: [u8; 2] = [0x6c, 0x1b];
/// The third byte where all genotypes of a SNP stand together.
pub(super) const SNP_MAJOR: u8 = 1;
/// Magic and mode.
const HEADER: usize = 3;

/// The dosage of A1 behind each two-bit code: 00 two copies, 01 missing, 10 one, 11 none.
const DOSAGE: [u8; 4] = [2, MISSING, 1, 0];

/// The two-bit code of a dosage that is not missing: the inverse of [`DOSAGE`].
pub(super) const CODE: [u8; 3] = [0b11, 0b10, 0b00];

/// The genotypes of a `.bed`, two bits each, SNP by SNP.
#[derive(Debug)]
pub(super) struct Bed {
    map: Mmap,
    /// Bytes a SNP.
    stride: usize,
}

impl Bed {
    /// Maps a file and checks its header and length.
    fn open(path: &Path, individuals: usize, snps: usize) -> Result<Self, DataError> {
        let refused = |source| DataError::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(refused)?;
        // SAFETY: the map is read only, private to this struct, and every access is bounds-checked
        // against its length. What remains is another process that rewrites or truncates the file
        // meanwhile: reads then give other bytes, or the process gets SIGBUS. Nothing read from the
        // map is trusted: codes are masked to two bits.
        let map = unsafe { Mmap::map(&file) }.map_err(refused)?;
        let found = map.len();
        if found < HEADER {
            return Err(DataError::file(path, format!("{found} bytes are too few for a PLINK .bed")));
        }
        if map[..2] != MAGIC {
            return Err(DataError::file(
                path,
                format!(
                    "starts with the bytes {:02x} {:02x}, a PLINK 1 .bed starts with 6c 1b: is this another kind of file, such as UCSC's BED?",
                    map[0], map[1]
                ),
            ));
        }
        match map[2] {
            SNP_MAJOR => {}
            0 => {
                return Err(DataError::file(
                    path,
                    "holds the genotypes individual by individual (an old layout): rewrite it with `plink --bfile OLD --make-bed --out NEW`",
                ));
            }
            mode => {
                return Err(DataError::file(
                    path,
                    format!("the third byte is {mode:02x}, expected 01 (SNP-major)"),
                ));
            }
        }
        let stride = individuals.div_ceil(4);
        let expected = HEADER + stride * snps;
        if found != expected {
            let state =
                if found < expected { "is truncated or belongs to others" } else { "belongs to others" };
            return Err(DataError::file(
                path,
                format!(
                    "{found} bytes found, {expected} expected for the {snps} SNPs of the .bim and the {individuals} \
                     individuals of the .fam: the .bed {state}, copy all three files again"
                ),
            ));
        }
        Ok(Bed { map, stride })
    }

    /// The packed genotypes of a SNP.
    pub fn column(&self, snp: usize) -> &[u8] {
        &self.map[HEADER + snp * self.stride..][..self.stride]
    }

    /// The dosage of an individual in a column.
    pub fn code(&self, column: &[u8], individual: usize) -> u8 {
        DOSAGE[usize::from(column[individual / 4] >> (2 * (individual % 4)) & 3)]
    }
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
    let markers = read_bim(&path.with_extension("bim"))?;
    let ids = read_fam(&path.with_extension("fam"))?;
    let bed = Bed::open(path, ids.len(), markers.len())?;
    let individuals = ids.len();
    let matrix =
        Matrix::Packed { bed, rows: (0..individuals).collect(), columns: (0..markers.len()).collect() };
    Ok(Genotypes { ids: Some(ids), individuals, markers, coding: Coding::Dosages, matrix })
}

/// Chromosome, name, position in Morgans, position in base pairs, A1, A2.
fn read_bim(path: &Path) -> Result<Vec<Marker>, DataError> {
    let mut markers = Vec::new();
    for_each_line(path, "chromosome, SNP, cM, position, A1 and A2", |line, fields| {
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
fn read_fam(path: &Path) -> Result<Vec<String>, DataError> {
    let mut ids = Vec::new();
    for_each_line(path, "FID, IID, father, mother, sex and phenotype", |line, fields| {
        ids.push((line, fields[1].to_owned()));
        Ok(())
    })?;
    unique_ids(path, ids)
}

/// Calls `each` with the number and the six fields of every line that is not blank.
fn for_each_line(
    path: &Path,
    wanted: &str,
    mut each: impl FnMut(u64, [&str; 6]) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let text = super::table::read_text(path)?;
    for (line, content) in (1..).zip(text.lines()) {
        let fields: Vec<&str> = content.split_ascii_whitespace().collect();
        if fields.is_empty() {
            continue;
        }
        let fields = <[&str; 6]>::try_from(fields.as_slice()).map_err(|_| {
            DataError::line(path, line, format!("{} fields, expected 6: {wanted}", fields.len()))
        })?;
        each(line, fields)?;
    }
    Ok(())
}
