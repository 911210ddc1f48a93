//! Genotypes or bases: decoded in memory, or packed in a mapped file.

use super::MISSING;
use super::plink_bed::Bed;

/// Positions that are worked on together, so that what is read and written at once stays in the cache.
const BLOCK: usize = 256;

/// How often each code (0 to 3, [`MISSING`]) occurs at one position.
pub(super) type CodeCounts = [u32; MISSING as usize + 1];

/// Codes, individuals × positions.
#[derive(Debug)]
pub(super) enum Matrix {
    /// One code a byte, row by row.
    Decoded {
        /// Codes a row.
        positions: usize,
        /// The codes.
        codes: Vec<u8>,
    },
    /// Two bits a genotype, in the map.
    Packed {
        /// The map.
        bed: Bed,
        /// The file's individual of each row.
        rows: Vec<usize>,
        /// The file's SNP of each column.
        columns: Vec<usize>,
    },
}

impl Matrix {
    /// Columns.
    pub fn positions(&self) -> usize {
        match self {
            Matrix::Decoded { positions, .. } => *positions,
            Matrix::Packed { columns, .. } => columns.len(),
        }
    }

    /// Writes the codes of `rows`, row by row, to `out` (rows × positions).
    pub fn read(&self, rows: &[usize], out: &mut [u8]) {
        let positions = self.positions();
        match self {
            Matrix::Decoded { codes, .. } => {
                for (row, out) in rows.iter().zip(out.chunks_exact_mut(positions)) {
                    out.copy_from_slice(&codes[row * positions..(row + 1) * positions]);
                }
            }
            Matrix::Packed { bed, rows: of_row, columns } => {
                for (block, columns) in columns.chunks(BLOCK).enumerate() {
                    for (row, out) in rows.iter().zip(out.chunks_exact_mut(positions)) {
                        for (code, column) in out[block * BLOCK..].iter_mut().zip(columns) {
                            *code = bed.code(bed.column(*column), of_row[*row]);
                        }
                    }
                }
            }
        }
    }

    /// The code counts of every position over `rows`.
    pub fn counts(&self, rows: &[usize]) -> Vec<CodeCounts> {
        let positions = self.positions();
        let mut counts = vec![CodeCounts::default(); positions];
        match self {
            Matrix::Decoded { codes, .. } => {
                for (block, counts) in counts.chunks_mut(BLOCK).enumerate() {
                    for row in rows {
                        let codes = &codes[row * positions + block * BLOCK..];
                        for (count, code) in counts.iter_mut().zip(codes) {
                            count[usize::from((*code).min(MISSING))] += 1;
                        }
                    }
                }
            }
            Matrix::Packed { bed, rows: of_row, columns } => {
                for (count, column) in counts.iter_mut().zip(columns) {
                    let bytes = bed.column(*column);
                    for row in rows {
                        count[usize::from(bed.code(bytes, of_row[*row]).min(MISSING))] += 1;
                    }
                }
            }
        }
        counts
    }

    /// Keeps `rows` and `columns`, both ascending; decodes what then takes at most `memory` bytes.
    pub fn select(self, rows: &[usize], columns: &[usize], memory: u64) -> Self {
        match self {
            Matrix::Decoded { positions, mut codes } => {
                let mut end = 0;
                for row in rows {
                    for column in columns {
                        codes[end] = codes[row * positions + column];
                        end += 1;
                    }
                }
                codes.truncate(end);
                codes.shrink_to_fit();
                Matrix::Decoded { positions: columns.len(), codes }
            }
            Matrix::Packed { bed, rows: of_row, columns: of_column } => {
                let packed = Matrix::Packed {
                    bed,
                    rows: rows.iter().map(|r| of_row[*r]).collect(),
                    columns: columns.iter().map(|c| of_column[*c]).collect(),
                };
                let bytes = rows.len() * columns.len();
                if bytes as u64 > memory {
                    return packed;
                }
                let mut codes = vec![0; bytes];
                let all: Vec<usize> = (0..rows.len()).collect();
                packed.read(&all, &mut codes);
                Matrix::Decoded { positions: columns.len(), codes }
            }
        }
    }
}
