//! Genotypes at two bits each, individual by individual, so that one individual's are contiguous. The two
//! bits are PLINK's: 00 is two copies of the counted allele, 01 missing, 10 one copy, 11 none.

use super::MISSING;
use super::matrix::CodeCounts;

/// The dosage behind two bits.
pub(super) const DOSAGE: [u8; 4] = [2, MISSING, 1, 0];

/// The two bits of a dosage or [`MISSING`]: the inverse of [`DOSAGE`], which has no 3.
pub(super) const CODE: [u8; 5] = [0b11, 0b10, 0b00, 0b01, 0b01];

/// Genotypes a byte.
pub(super) const EACH: usize = 4;

/// The four dosages of every byte, the lowest bits first.
const DECODED: [[u8; EACH]; 256] = {
    let mut table = [[0; EACH]; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut place = 0;
        while place < EACH {
            table[byte][place] = DOSAGE[byte >> (2 * place) & 3];
            place += 1;
        }
        byte += 1;
    }
    table
};

/// Bytes of a row that are counted together: their counters stay in the nearest cache.
const BLOCK: usize = 256;

/// Rows of packed genotypes; the last byte of a row is filled up with zeros.
#[derive(Debug)]
pub(super) struct Rows {
    positions: usize,
    /// Bytes a row.
    stride: usize,
    bytes: Vec<u8>,
}

impl Rows {
    /// No rows yet, of so many positions each.
    pub fn new(positions: usize) -> Self {
        Rows { positions, stride: positions.div_ceil(EACH), bytes: Vec::new() }
    }

    /// All zeros, to be filled through [`Rows::row_mut`].
    pub fn zeroed(rows: usize, positions: usize) -> Self {
        let stride = positions.div_ceil(EACH);
        Rows { positions, stride, bytes: vec![0; rows * stride] }
    }

    /// Genotypes a row.
    pub fn positions(&self) -> usize {
        self.positions
    }

    /// Bytes of all rows.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a row; `codes` are as many dosages or [`MISSING`] as there are positions.
    pub fn push(&mut self, codes: &[u8]) {
        let pack = |four: &[u8]| four.iter().rev().fold(0, |byte, code| byte << 2 | CODE[usize::from(*code)]);
        self.bytes.extend(codes.chunks(EACH).map(pack));
    }

    /// The packed genotypes of a row.
    pub fn row(&self, row: usize) -> &[u8] {
        &self.bytes[row * self.stride..][..self.stride]
    }

    /// The packed genotypes of a row, to be written.
    pub fn row_mut(&mut self, row: usize) -> &mut [u8] {
        &mut self.bytes[row * self.stride..][..self.stride]
    }

    /// Decodes a row into `out`, one code a position.
    pub fn read(&self, row: usize, out: &mut [u8]) {
        let mut four = out.chunks_exact_mut(EACH);
        let bytes = self.row(row);
        for (out, byte) in four.by_ref().zip(bytes) {
            out.copy_from_slice(&DECODED[usize::from(*byte)]);
        }
        let rest = four.into_remainder();
        if let Some(last) = bytes.last() {
            rest.copy_from_slice(&DECODED[usize::from(*last)][..rest.len()]);
        }
    }

    /// The code counts of every position over `rows`.
    pub fn counts(&self, rows: &[usize]) -> Vec<CodeCounts> {
        let mut counts = vec![CodeCounts::default(); self.positions];
        for (block, counts) in counts.chunks_mut(BLOCK * EACH).enumerate() {
            let first = block * BLOCK;
            let end = self.stride.min(first + BLOCK);
            // As many rows as a counter of one byte holds.
            for rows in rows.chunks(usize::from(u8::MAX)) {
                let mut bits = [[[0_u8; BLOCK]; EACH]; 3];
                let [low, high, both] = &mut bits;
                for row in rows {
                    let bytes = &self.row(*row)[first..end];
                    for place in 0..EACH {
                        let counters = low[place].iter_mut().zip(&mut high[place]).zip(&mut both[place]);
                        for (byte, ((low, high), both)) in bytes.iter().zip(counters) {
                            let (l, h) = (byte >> (2 * place) & 1, byte >> (2 * place + 1) & 1);
                            *low += l;
                            *high += h;
                            *both += l & h;
                        }
                    }
                }
                for (j, counts) in counts.iter_mut().enumerate() {
                    let at = |bits: &[[u8; BLOCK]; EACH]| u32::from(bits[j % EACH][j / EACH]);
                    add(counts, rows.len() as u32, at(low), at(high), at(both));
                }
            }
        }
        counts
    }

    /// Keeps `rows` and `columns`, both ascending.
    pub fn select(&self, rows: &[usize], columns: &[usize]) -> Self {
        let mut kept = Rows::new(columns.len());
        kept.bytes.reserve_exact(rows.len() * kept.stride);
        let mut codes = vec![0; self.positions];
        let mut chosen = vec![0; columns.len()];
        for row in rows {
            self.read(*row, &mut codes);
            for (chosen, column) in chosen.iter_mut().zip(columns) {
                *chosen = codes[*column];
            }
            kept.push(&chosen);
        }
        kept
    }
}

/// Adds to the counts what `n` pairs of bits hold: in how many the lower bit is set, the higher one, both.
pub(super) fn add(counts: &mut CodeCounts, n: u32, low: u32, high: u32, both: u32) {
    counts[0] += both;
    counts[1] += high - both;
    counts[2] += n + both - low - high;
    counts[usize::from(MISSING)] += low - both;
}
