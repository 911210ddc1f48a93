//! Genotypes at two bits each, or bases at a byte each, behind one interface.

use super::MISSING;
use super::columns::{Columns, TILE};
use super::packed::{EACH, Rows};

/// How often each code (0 to 3, [`MISSING`]) occurs at one position.
pub(super) type CodeCounts = [u32; MISSING as usize + 1];

/// Bases that are counted together, so that their counters stay in the cache.
const BLOCK: usize = 256;

/// Most bytes of codes that [`Matrix::each_row`] decodes at once.
const AT_ONCE: usize = 128 << 20;

/// Codes, individuals × positions.
#[derive(Debug)]
pub(super) enum Matrix {
    /// Bases: one code a byte, row by row.
    Bases {
        /// Codes a row.
        positions: usize,
        /// The codes.
        codes: Vec<u8>,
    },
    /// Genotypes, individual by individual, in memory.
    Rows(Rows),
    /// Genotypes, SNP by SNP, in a mapped file; in memory only until [`Matrix::select`].
    Columns(Columns),
}

impl Matrix {
    /// Columns.
    pub fn positions(&self) -> usize {
        match self {
            Matrix::Bases { positions, .. } => *positions,
            Matrix::Rows(rows) => rows.positions(),
            Matrix::Columns(columns) => columns.positions(),
        }
    }

    /// Whether the codes lie in a file.
    pub fn is_mapped(&self) -> bool {
        matches!(self, Matrix::Columns(columns) if columns.is_mapped())
    }

    /// Bytes of memory; the pages of a mapped file are the system's.
    pub fn resident_bytes(&self) -> usize {
        match self {
            Matrix::Bases { codes, .. } => codes.len(),
            Matrix::Rows(rows) => rows.size(),
            Matrix::Columns(_) => 0,
        }
    }

    /// Writes the codes of `rows`, row by row, to `out` (rows × positions).
    pub fn read(&self, rows: &[usize], out: &mut [u8]) {
        let positions = self.positions();
        match self {
            Matrix::Bases { codes, .. } => {
                for (row, out) in rows.iter().zip(out.chunks_exact_mut(positions)) {
                    out.copy_from_slice(&codes[row * positions..(row + 1) * positions]);
                }
            }
            Matrix::Rows(packed) => {
                for (row, out) in rows.iter().zip(out.chunks_exact_mut(positions)) {
                    packed.read(*row, out);
                }
            }
            Matrix::Columns(columns) => columns.read(rows, out),
        }
    }

    /// Calls `each` with the codes of every one of `rows` in turn.
    pub fn each_row(&self, rows: &[usize], mut each: impl FnMut(&[u8])) {
        let positions = self.positions();
        if let Matrix::Bases { codes, .. } = self {
            rows.iter().for_each(|row| each(&codes[row * positions..(row + 1) * positions]));
            return;
        }
        // A row on its own suits the nearest cache; SNP by SNP the whole file is walked, whatever is read.
        let at_once = if let Matrix::Columns(_) = self { (AT_ONCE / positions.max(1)).max(1) } else { 1 };
        let mut codes = vec![0; rows.len().min(at_once) * positions];
        for rows in rows.chunks(at_once) {
            let codes = &mut codes[..rows.len() * positions];
            self.read(rows, codes);
            codes.chunks_exact(positions).for_each(&mut each);
        }
    }

    /// The code counts of every position over `rows`.
    pub fn counts(&self, rows: &[usize]) -> Vec<CodeCounts> {
        match self {
            Matrix::Bases { positions, codes } => {
                let mut counts = vec![CodeCounts::default(); *positions];
                for (block, counts) in counts.chunks_mut(BLOCK).enumerate() {
                    for row in rows {
                        let codes = &codes[row * positions + block * BLOCK..];
                        for (count, code) in counts.iter_mut().zip(codes) {
                            count[usize::from((*code).min(MISSING))] += 1;
                        }
                    }
                }
                counts
            }
            Matrix::Rows(packed) => packed.counts(rows),
            Matrix::Columns(columns) => columns.counts(rows),
        }
    }

    /// How many codes of each of `rows` are missing over `columns`.
    pub fn missing(&self, rows: &[usize], columns: &[usize]) -> Vec<u32> {
        if let Matrix::Columns(of_file) = self {
            return of_file.missing(rows, columns);
        }
        let mut missing = Vec::with_capacity(rows.len());
        self.each_row(rows, |codes| {
            missing.push(columns.iter().filter(|c| codes[**c] == MISSING).count() as u32);
        });
        missing
    }

    /// Keeps `rows` and `columns`, both ascending. Genotypes whose packed rows take at most `memory` bytes
    /// are then held in memory, individual by individual.
    pub fn select(self, rows: &[usize], columns: &[usize], memory: u64) -> Self {
        match self {
            Matrix::Bases { positions, mut codes } => {
                let mut end = 0;
                for row in rows {
                    for column in columns {
                        codes[end] = codes[row * positions + column];
                        end += 1;
                    }
                }
                codes.truncate(end);
                codes.shrink_to_fit();
                Matrix::Bases { positions: columns.len(), codes }
            }
            Matrix::Rows(packed) => Matrix::Rows(packed.select(rows, columns)),
            Matrix::Columns(of_file) => {
                let fits = (rows.len() * columns.len().div_ceil(EACH)) as u64 <= memory;
                let kept = of_file.select(rows, columns);
                if fits || !kept.is_mapped() { Matrix::Rows(kept.into_rows()) } else { Matrix::Columns(kept) }
            }
        }
    }

    /// Gives the pages of a map back that are not needed for now.
    pub fn release(&mut self) {
        if let Matrix::Columns(columns) = self {
            columns.release();
        }
    }

    /// Calls `each` with bytes that hold all codes, the same ones however they are stored.
    pub fn each_part(&self, rows: usize, mut each: impl FnMut(&[u8])) {
        match self {
            Matrix::Bases { codes, .. } => each(codes),
            Matrix::Columns(columns) => columns.each_part(each),
            Matrix::Rows(packed) => {
                for start in (0..packed.positions().div_ceil(EACH)).step_by(TILE / EACH) {
                    for row in 0..rows {
                        let bytes = &packed.row(row)[start..];
                        each(&bytes[..bytes.len().min(TILE / EACH)]);
                    }
                }
            }
        }
    }
}
