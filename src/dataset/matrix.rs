//! Dosages: decoded in memory, or packed in a mapped file.

use super::plink_bed::Bed;

/// SNPs that are worked on together, so that what is read and written at once stays in the cache.
const BLOCK: usize = 256;

/// How often each code (0, 1, 2, [`super::MISSING`]) occurs in the genotypes of one SNP.
pub(super) type CodeCounts = [u32; 4];

/// Dosages, individuals × SNPs.
#[derive(Debug)]
pub(super) enum Matrix {
    /// One code a byte, row by row.
    Decoded {
        /// Codes a row.
        snps: usize,
        /// The codes.
        dosages: Vec<u8>,
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
    pub fn snps(&self) -> usize {
        match self {
            Matrix::Decoded { snps, .. } => *snps,
            Matrix::Packed { columns, .. } => columns.len(),
        }
    }

    /// Writes the codes of `rows`, row by row, to `out` (rows × SNPs).
    pub fn read(&self, rows: &[usize], out: &mut [u8]) {
        let snps = self.snps();
        match self {
            Matrix::Decoded { dosages, .. } => {
                for (row, out) in rows.iter().zip(out.chunks_exact_mut(snps)) {
                    out.copy_from_slice(&dosages[row * snps..(row + 1) * snps]);
                }
            }
            Matrix::Packed { bed, rows: of_row, columns } => {
                for (block, columns) in columns.chunks(BLOCK).enumerate() {
                    for (row, out) in rows.iter().zip(out.chunks_exact_mut(snps)) {
                        for (code, column) in out[block * BLOCK..].iter_mut().zip(columns) {
                            *code = bed.code(bed.column(*column), of_row[*row]);
                        }
                    }
                }
            }
        }
    }

    /// The code counts of every SNP over `rows`.
    pub fn counts(&self, rows: &[usize]) -> Vec<CodeCounts> {
        let snps = self.snps();
        let mut counts = vec![[0; 4]; snps];
        match self {
            Matrix::Decoded { dosages, .. } => {
                for (block, counts) in counts.chunks_mut(BLOCK).enumerate() {
                    for row in rows {
                        let codes = &dosages[row * snps + block * BLOCK..];
                        for (count, code) in counts.iter_mut().zip(codes) {
                            count[usize::from(*code & 3)] += 1;
                        }
                    }
                }
            }
            Matrix::Packed { bed, rows: of_row, columns } => {
                for (count, column) in counts.iter_mut().zip(columns) {
                    let bytes = bed.column(*column);
                    for row in rows {
                        count[usize::from(bed.code(bytes, of_row[*row]) & 3)] += 1;
                    }
                }
            }
        }
        counts
    }

    /// Keeps `rows` and `columns`, both ascending; decodes what then takes at most `memory` bytes.
    pub fn select(self, rows: &[usize], columns: &[usize], memory: u64) -> Self {
        match self {
            Matrix::Decoded { snps, mut dosages } => {
                let mut end = 0;
                for row in rows {
                    for column in columns {
                        dosages[end] = dosages[row * snps + column];
                        end += 1;
                    }
                }
                dosages.truncate(end);
                dosages.shrink_to_fit();
                Matrix::Decoded { snps: columns.len(), dosages }
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
                let mut dosages = vec![0; bytes];
                let all: Vec<usize> = (0..rows.len()).collect();
                packed.read(&all, &mut dosages);
                Matrix::Decoded { snps: columns.len(), dosages }
            }
        }
    }
}
