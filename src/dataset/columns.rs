//! Genotypes at two bits each, SNP by SNP, as a `.bed` holds them.

use super::matrix::CodeCounts;
use super::packed::{DOSAGE, EACH, Rows, add};
use super::plink_bed::Bed;

/// SNPs that are turned into rows together: a row's share of them is a few cache lines.
pub(super) const TILE: usize = 512;

/// SNPs that are decoded together for a batch: one cache line of codes a row.
const DECODED: usize = 64;

/// Bytes of the file after which the pages read so far are given back.
const PAGES: usize = 64 << 20;

/// Some rows and columns of a [`Bed`].
#[derive(Debug)]
pub(super) struct Columns {
    bed: Bed,
    /// The file's individual of each row.
    rows: Vec<usize>,
    /// The file's SNP of each column.
    columns: Vec<usize>,
}

impl Columns {
    /// All of a file.
    pub fn all(bed: Bed, individuals: usize, snps: usize) -> Self {
        Columns { bed, rows: (0..individuals).collect(), columns: (0..snps).collect() }
    }

    /// How many columns there are.
    pub fn positions(&self) -> usize {
        self.columns.len()
    }

    /// Whether the genotypes lie in a file rather than in memory.
    pub fn is_mapped(&self) -> bool {
        self.bed.is_mapped()
    }

    /// Writes the codes of `rows`, row by row, to `out`; each SNP's bytes are walked once.
    pub fn read(&self, rows: &[usize], out: &mut [u8]) {
        let positions = self.columns.len();
        for (block, columns) in self.columns.chunks(DECODED).enumerate() {
            for (j, column) in columns.iter().enumerate() {
                let bytes = self.bed.column(*column);
                let at = block * DECODED + j;
                for (row, out) in rows.iter().zip(out.chunks_exact_mut(positions)) {
                    let individual = self.rows[*row];
                    let bits = bytes[individual / EACH] >> (2 * (individual % EACH)) & 3;
                    out[at] = DOSAGE[usize::from(bits)];
                }
            }
        }
    }

    /// The code counts of every position over `rows`.
    pub fn counts(&self, rows: &[usize]) -> Vec<CodeCounts> {
        let mut counts = vec![CodeCounts::default(); self.columns.len()];
        let masks = self.masks(rows);
        for (counts, column) in counts.iter_mut().zip(&self.columns) {
            let bytes = self.bed.column(*column);
            masks.iter().for_each(|mask| mask.count(bytes, counts));
        }
        counts
    }

    /// One mask, and another for every time that a row occurs again.
    fn masks(&self, rows: &[usize]) -> Vec<Mask> {
        let mut masks: Vec<Mask> = Vec::new();
        let mut times = vec![0_usize; self.rows.len()];
        for row in rows {
            if times[*row] == masks.len() {
                masks.push(Mask { bits: vec![0; self.bed.stride()], n: 0 });
            }
            let mask = &mut masks[times[*row]];
            let individual = self.rows[*row];
            mask.bits[individual / EACH] |= 1 << (2 * (individual % EACH));
            mask.n += 1;
            times[*row] += 1;
        }
        masks
    }

    /// Missing genotypes of each of `rows` over `columns`.
    pub fn missing(&self, rows: &[usize], columns: &[usize]) -> Vec<u32> {
        let mut missing = vec![0; rows.len()];
        self.each_tile(columns, |snps, width, tile| {
            for (missing, row) in missing.iter_mut().zip(rows) {
                let bytes = &tile[self.rows[*row] * width..][..width];
                let set: u32 = bytes.iter().map(|b| (b & !(b >> 1) & 0x55).count_ones()).sum();
                *missing += set;
            }
            debug_assert!(snps <= TILE);
        });
        missing
    }

    /// Calls `each` with every tile of `columns` in turn: the number of its SNPs, the bytes of a row, and the
    /// rows of all the file's individuals, packed as [`Rows`] are.
    fn each_tile(&self, columns: &[usize], mut each: impl FnMut(usize, usize, &[u8])) {
        let individuals = self.bed.stride() * EACH;
        let mut tile = vec![0; individuals * TILE.div_ceil(EACH)];
        for columns in columns.chunks(TILE) {
            let width = columns.len().div_ceil(EACH);
            let bytes: Vec<&[u8]> = columns.iter().map(|c| self.bed.column(self.columns[*c])).collect();
            let tile = &mut tile[..individuals * width];
            transpose(&bytes, tile, width);
            each(columns.len(), width, tile);
        }
    }

    /// Calls `each` with every row's part of every tile, tile by tile: the bytes that [`Rows`] would hold.
    pub fn each_part(&self, mut each: impl FnMut(&[u8])) {
        let all: Vec<usize> = (0..self.columns.len()).collect();
        self.each_tile(&all, |_, width, tile| {
            self.rows.iter().for_each(|individual| each(&tile[individual * width..][..width]));
        });
    }

    /// Keeps `rows` and `columns`, both ascending.
    pub fn select(self, rows: &[usize], columns: &[usize]) -> Self {
        Columns {
            rows: rows.iter().map(|r| self.rows[*r]).collect(),
            columns: columns.iter().map(|c| self.columns[*c]).collect(),
            bed: self.bed,
        }
    }

    /// The same genotypes, individual by individual.
    pub fn into_rows(mut self) -> Rows {
        let mut rows = Rows::zeroed(self.rows.len(), self.columns.len());
        let all: Vec<usize> = (0..self.columns.len()).collect();
        let at_once = (PAGES / self.bed.stride().max(1)).next_multiple_of(TILE);
        for (first, columns) in all.chunks(at_once).enumerate() {
            let mut start = first * at_once / EACH;
            self.each_tile(columns, |_, width, tile| {
                for (row, individual) in self.rows.iter().enumerate() {
                    rows.row_mut(row)[start..start + width]
                        .copy_from_slice(&tile[individual * width..][..width]);
                }
                start += width;
            });
            self.release();
        }
        rows
    }

    /// Gives the pages of the map back that are not needed for now.
    pub fn release(&mut self) {
        self.bed.release();
    }
}

/// Individuals as the lower of the two bits of each.
struct Mask {
    bits: Vec<u8>,
    /// How many are set.
    n: u32,
}

impl Mask {
    /// Adds the counts of a SNP's genotypes.
    fn count(&self, column: &[u8], counts: &mut CodeCounts) {
        const WORD: usize = size_of::<u64>();
        let word = |bytes: &[u8]| {
            let mut word = [0; WORD];
            word[..bytes.len()].copy_from_slice(bytes);
            u64::from_le_bytes(word)
        };
        let (mut low, mut high, mut both) = (0, 0, 0);
        let mut one = |bytes: u64, mask: u64| {
            let (l, h) = (bytes & mask, bytes >> 1 & mask);
            low += l.count_ones();
            high += h.count_ones();
            both += (l & h).count_ones();
        };
        let (bytes, masks) = (column.chunks_exact(WORD), self.bits.chunks_exact(WORD));
        let rest = (word(bytes.remainder()), word(masks.remainder()));
        bytes.zip(masks).for_each(|(bytes, mask)| one(word(bytes), word(mask)));
        one(rest.0, rest.1);
        add(counts, self.n, low, high, both);
    }
}

/// Turns SNPs into rows: `columns` are the bytes of SNPs, all of one length; `out` has a row of `width` bytes
/// for each of their individuals.
fn transpose(columns: &[&[u8]], out: &mut [u8], width: usize) {
    for (at, out) in out.chunks_exact_mut(EACH * width).enumerate() {
        for (q, columns) in columns.chunks(EACH).enumerate() {
            let mut four = [0; EACH];
            for (byte, column) in four.iter_mut().zip(columns) {
                *byte = column[at];
            }
            for (i, byte) in four_by_four(four).into_iter().enumerate() {
                out[i * width + q] = byte;
            }
        }
    }
}

/// Four SNPs of four individuals to four individuals of four SNPs: a square of two-bit numbers over its
/// diagonal, by exchanging neighbours and then pairs of neighbours.
fn four_by_four(square: [u8; EACH]) -> [u8; EACH] {
    let mut x = u32::from_le_bytes(square);
    let t = (x >> 6 ^ x) & 0x00CC_00CC;
    x ^= t ^ t << 6;
    let t = (x >> 12 ^ x) & 0x0000_F0F0;
    x ^= t ^ t << 12;
    x.to_le_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::MISSING;
    use super::super::packed::CODE;
    use super::*;

    /// Individuals × SNPs as SNP-major bytes, the unused bits of the last byte set.
    fn bed(codes: &[u8], individuals: usize, snps: usize) -> Columns {
        let stride = individuals.div_ceil(EACH);
        let mut bytes = vec![0; stride * snps];
        for snp in 0..snps {
            for i in 0..stride * EACH {
                let code = if i < individuals { CODE[usize::from(codes[i * snps + snp])] } else { 3 };
                bytes[snp * stride + i / EACH] |= code << (2 * (i % EACH));
            }
        }
        Columns::all(Bed::in_memory(bytes, stride), individuals, snps)
    }

    fn plain_counts(codes: &[u8], snps: usize, rows: &[usize]) -> Vec<CodeCounts> {
        let mut counts = vec![CodeCounts::default(); snps];
        for row in rows {
            for (count, code) in counts.iter_mut().zip(&codes[row * snps..]) {
                count[usize::from(*code)] += 1;
            }
        }
        counts
    }

    proptest! {
        #[test]
        fn both_orders_hold_the_same_genotypes(
            (individuals, snps, codes) in (1_usize..70, 1_usize..40).prop_flat_map(|(n, p)| {
                let code = prop_oneof![0_u8..3, Just(MISSING)];
                (Just(n), Just(p), proptest::collection::vec(code, n * p))
            }),
            picked in proptest::collection::vec(any::<prop::sample::Index>(), 1..90),
        ) {
            let rows: Vec<usize> = picked.iter().map(|i| i.index(individuals)).collect();
            let columns = bed(&codes, individuals, snps);
            let mut packed = Rows::new(snps);
            codes.chunks(snps).for_each(|row| packed.push(row));
            let wanted: Vec<u8> = rows.iter().flat_map(|r| codes[r * snps..][..snps].to_vec()).collect();
            let mut read = vec![9; wanted.len()];
            columns.read(&rows, &mut read);
            prop_assert_eq!(&read, &wanted);
            for (row, out) in rows.iter().zip(read.chunks_mut(snps)) {
                packed.read(*row, out);
            }
            prop_assert_eq!(&read, &wanted);
            let counted = plain_counts(&codes, snps, &rows);
            prop_assert_eq!(columns.counts(&rows), counted.clone());
            prop_assert_eq!(packed.counts(&rows), counted);

            let some: Vec<usize> = (0..snps).filter(|j| j % 3 != 1).collect();
            let missing = |row: &usize| {
                some.iter().filter(|j| codes[row * snps + **j] == MISSING).count() as u32
            };
            prop_assert_eq!(columns.missing(&rows, &some), rows.iter().map(missing).collect::<Vec<_>>());
            let kept: Vec<usize> = (0..individuals).filter(|i| i % 2 == 0).collect();
            let from_columns = columns.select(&kept, &some).into_rows();
            let from_rows = packed.select(&kept, &some);
            for row in 0..kept.len() {
                prop_assert_eq!(from_columns.row(row), from_rows.row(row));
            }
        }
    }

    #[test]
    fn more_rows_than_a_small_counter_holds_and_more_snps_than_a_tile() {
        let (individuals, snps) = (600, 2 * TILE + 7);
        let code = |i: usize, j: usize| [0, 1, 2, MISSING][(i * 7 + j * 3 + i * j) % 4];
        let codes: Vec<u8> = (0..individuals).flat_map(|i| (0..snps).map(move |j| code(i, j))).collect();
        let columns = bed(&codes, individuals, snps);
        let all: Vec<usize> = (0..individuals).collect();
        let wanted = plain_counts(&codes, snps, &all);
        assert_eq!(columns.counts(&all), wanted);
        let rows = columns.into_rows();
        assert_eq!(rows.counts(&all), wanted);
        let mut out = vec![0; snps];
        rows.read(599, &mut out);
        assert_eq!(out, codes[599 * snps..]);
    }
}
