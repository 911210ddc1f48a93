//! Regression on genotypes that are packed two bits each: inner products of SNPs with a residual, and the
//! residual's change as effects change.
//!
//! The residual is held in fixed point, and every sum is one of whole numbers: results are the same on every
//! processor, and a residual that millions of steps have changed is still exactly what its steps say. A SNP's codes
//! stand for whole numbers of 0 to 255, which the caller centres and scales. One thread.

use std::sync::OnceLock;

#[cfg(target_arch = "x86_64")]
use super::codes_x86 as x86;

/// Rows that are worked on together: a vector register of bytes.
pub const GROUP: usize = 64;

/// Two-bit codes in a byte. Byte `i` of a chunk of four groups holds row `i` of each of them, the first
/// in its lowest bits.
pub(super) const IN_BYTE: usize = 4;

/// Columns that are worked on together.
pub(super) const TOGETHER: usize = 4;

/// Bytes that a number of a [`Residual`] is cut into for products, and a step too.
pub(super) const DIGITS: usize = 3;

/// The largest step of [`Packed::subtract`]: three signed bytes hold it.
pub const LARGEST_STEP: i32 = 127 * 0x1_0101;

/// The largest number of a [`Residual`] for which [`Packed::dots`] is right.
pub const LARGEST_RESIDUAL: i32 = 1 << 30;

/// [`Packed::dots`] counts residuals in units of this: the rest is rounded.
pub const UNIT: i32 = 256;

/// Codes of 0 to 3 of SNPs × rows, two bits each.
#[derive(Debug, Clone)]
pub struct Packed {
    rows: usize,
    /// Bytes of a SNP.
    pub(super) stride: usize,
    pub(super) bytes: Vec<u8>,
}

/// A SNP and what its codes stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its place among those that were packed.
    pub snp: u32,
    /// What the codes 0 to 3 stand for. Code 0 must stand for 0.
    pub levels: [u8; 4],
}

/// One fixed-point number a row.
#[derive(Debug, Clone)]
pub struct Residual {
    rows: usize,
    /// Group by group in the order of [`place`]; 0 where there is no row.
    pub(super) values: Vec<[i32; GROUP]>,
    /// Those numbers over [`UNIT`], rounded, in three signed digits of base 256, lowest first; by row.
    pub(super) digits: Vec<[[i8; GROUP]; DIGITS]>,
}

/// Where row `row` of a group stands among the group's values: as interleaving bytes in 128-bit lanes leaves it.
const fn place(row: usize) -> usize {
    row % 16 / 4 * 16 + row / 16 * 4 + row % 4
}

impl Residual {
    /// With these values, one a row, none beyond ± [`LARGEST_RESIDUAL`].
    pub fn new(rows: &[i32]) -> Self {
        let groups = rows.len().div_ceil(GROUP);
        let mut residual = Residual {
            rows: rows.len(),
            values: vec![[0; GROUP]; groups],
            digits: vec![[[0; GROUP]; DIGITS]; groups],
        };
        residual.set(rows);
        residual
    }

    /// Takes over other values of as many rows.
    pub fn set(&mut self, rows: &[i32]) {
        assert_eq!(rows.len(), self.rows);
        for (group, rows) in rows.chunks(GROUP).enumerate() {
            for (row, value) in rows.iter().enumerate() {
                self.values[group][place(row)] = *value;
            }
            split(&self.values[group], &mut self.digits[group]);
        }
    }

    /// The values, one a row.
    pub fn rows(&self) -> Vec<i32> {
        (0..self.rows).map(|row| self.values[row / GROUP][place(row % GROUP)]).collect()
    }

    /// The sum of the values and of their squares, and the largest magnitude.
    pub fn moments(&self) -> (i64, f64, u32) {
        let (mut sum, mut squares, mut largest) = (0, 0.0, 0);
        for group in &self.values {
            sum += group.iter().map(|v| i64::from(*v)).sum::<i64>();
            squares += group.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>();
            largest = group.iter().fold(largest, |most, v| most.max(v.unsigned_abs()));
        }
        (sum, squares, largest)
    }

    /// Subtracts `shift` of every row.
    pub fn shift(&mut self, shift: i32) {
        for (group, (values, digits)) in self.values.iter_mut().zip(&mut self.digits).enumerate() {
            for row in 0..GROUP.min(self.rows - group * GROUP) {
                values[place(row)] = values[place(row)].wrapping_sub(shift);
            }
            split(values, digits);
        }
    }
}

/// The digits of a group's values.
#[inline(always)]
fn split(values: &[i32; GROUP], digits: &mut [[i8; GROUP]; DIGITS]) {
    for row in 0..GROUP {
        let mut rest = values[place(row)].wrapping_add(UNIT / 2) >> 8;
        for digit in digits.iter_mut() {
            digit[row] = rest as i8;
            rest = (rest - i32::from(rest as i8)) >> 8;
        }
    }
}

impl Packed {
    /// Of no SNPs yet, each of `rows` rows.
    pub fn new(rows: usize) -> Self {
        Packed { rows, stride: rows.div_ceil(IN_BYTE * GROUP) * GROUP, bytes: Vec::new() }
    }

    /// Rows of a SNP.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// SNPs that are packed.
    pub fn snps(&self) -> usize {
        self.bytes.len() / self.stride.max(1)
    }

    /// Packs another SNP; of each row its code, of which the lowest two bits count.
    pub fn push(&mut self, codes: impl IntoIterator<Item = u8>) {
        let start = self.bytes.len();
        self.bytes.resize(start + self.stride, 0);
        let mut rows = 0;
        for code in codes {
            let (group, row) = (rows / GROUP, rows % GROUP);
            self.bytes[start + group / IN_BYTE * GROUP + row] |= (code & 3) << (group % IN_BYTE * 2);
            rows += 1;
        }
        assert_eq!(rows, self.rows, "rows of a SNP");
    }

    /// Groups of rows.
    pub(super) fn groups(&self) -> usize {
        self.rows.div_ceil(GROUP)
    }

    fn check(&self, columns: &[Column], numbers: usize, residual: &Residual) {
        assert_eq!((columns.len(), residual.rows), (numbers, self.rows));
        assert!(columns.iter().all(|c| (c.snp as usize) < self.snps() && c.levels[0] == 0));
        // A lane of 32 bits sums the products of a sixteenth of the rows.
        assert!(self.rows <= 1 << 20, "{} rows are more than 1,048,576", self.rows);
    }

    /// Of each column Σ level · round(residual / [`UNIT`]) over the rows.
    pub fn dots(&self, columns: &[Column], residual: &Residual, out: &mut [i64]) {
        self.check(columns, out.len(), residual);
        match Instructions::best() {
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the call needs detected features")]
            // SAFETY: `best` has found them, and the numbers of columns, rows and outputs agree.
            Instructions::Vnni => unsafe { x86::dots(self, columns, residual, out) },
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the call needs detected features")]
            // SAFETY: as above.
            Instructions::Avx2 => unsafe { x86::dots_avx2(self, columns, residual, out) },
            Instructions::Portable => self.plain_dots(columns, residual, out),
        }
    }

    /// Subtracts Σ step · level from each row's residual; steps within ± [`LARGEST_STEP`].
    pub fn subtract(&self, columns: &[Column], steps: &[i32], residual: &mut Residual) {
        self.check(columns, steps.len(), residual);
        assert!(steps.iter().all(|step| step.unsigned_abs() <= LARGEST_STEP.unsigned_abs()));
        match Instructions::best() {
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the call needs detected features")]
            // SAFETY: `best` has found them, and the numbers of columns, rows and steps agree.
            Instructions::Vnni => unsafe { x86::subtract(self, columns, steps, residual) },
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the call needs detected features")]
            // SAFETY: as above.
            Instructions::Avx2 => unsafe { x86::subtract_avx2(self, columns, steps, residual) },
            Instructions::Portable => self.plain_subtract(columns, steps, residual),
        }
    }

    /// What the codes of a group of rows stand for.
    #[inline(always)]
    fn levels(&self, column: Column, group: usize) -> [u8; GROUP] {
        let start = column.snp as usize * self.stride + group / IN_BYTE * GROUP;
        let mut out = [0; GROUP];
        for (out, byte) in out.iter_mut().zip(&self.bytes[start..start + GROUP]) {
            let code = (byte >> (group % IN_BYTE * 2)) & 3;
            // Without a look-up, so that the compiler uses vector instructions.
            let is = |level: u8| if code == level { column.levels[usize::from(level)] } else { 0 };
            *out = is(1) | is(2) | is(3);
        }
        out
    }

    #[inline(always)]
    pub(super) fn plain_dots(&self, columns: &[Column], residual: &Residual, out: &mut [i64]) {
        for (column, out) in columns.iter().zip(out) {
            *out = 0;
            for (group, digits) in residual.digits.iter().enumerate() {
                let levels = self.levels(*column, group);
                for (place, digits) in digits.iter().enumerate() {
                    let mut sum = 0;
                    for (level, digit) in levels.iter().zip(digits) {
                        sum += i32::from(*level) * i32::from(*digit);
                    }
                    *out += i64::from(sum) << (8 * place);
                }
            }
        }
    }

    #[inline(always)]
    pub(super) fn plain_subtract(&self, columns: &[Column], steps: &[i32], residual: &mut Residual) {
        for (group, (values, digits)) in residual.values.iter_mut().zip(&mut residual.digits).enumerate() {
            let mut total = [0_i32; GROUP];
            for (column, step) in columns.iter().zip(steps) {
                for (total, level) in total.iter_mut().zip(self.levels(*column, group)) {
                    *total = total.wrapping_add(i32::from(level).wrapping_mul(*step));
                }
            }
            for (row, total) in total.iter().enumerate() {
                values[place(row)] = values[place(row)].wrapping_sub(*total);
            }
            split(values, digits);
        }
    }
}

/// The vector instructions to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Instructions {
    /// 512-bit vectors with products of bytes that are summed in 32 bits.
    #[cfg(target_arch = "x86_64")]
    Vnni,
    /// 256-bit vectors.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Whatever the target always has.
    Portable,
}

impl Instructions {
    fn best() -> Self {
        static FOUND: OnceLock<Instructions> = OnceLock::new();
        *FOUND.get_or_init(|| {
            #[cfg(target_arch = "x86_64")]
            {
                use std::arch::is_x86_feature_detected as has;
                if has!("avx512f") && has!("avx512bw") && has!("avx512vnni") {
                    return Instructions::Vnni;
                }
                if has!("avx2") {
                    return Instructions::Avx2;
                }
            }
            Instructions::Portable
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::seed::Rng;

    const ROWS: [usize; 5] = [1, 64, 200, 256, 777];

    fn random(rows: usize, snps: usize) -> (Packed, Vec<Vec<u8>>, Residual, Vec<i32>) {
        let mut rng = Rng::new(rows as u64);
        let mut packed = Packed::new(rows);
        let codes: Vec<Vec<u8>> =
            (0..snps).map(|_| (0..rows).map(|_| rng.below(4) as u8).collect()).collect();
        codes.iter().for_each(|codes| packed.push(codes.iter().copied()));
        let largest = LARGEST_RESIDUAL as usize;
        let mut values: Vec<i32> =
            (0..rows).map(|_| rng.below(2 * largest + 1) as i32 - LARGEST_RESIDUAL).collect();
        values[0] = LARGEST_RESIDUAL;
        (packed, codes, Residual::new(&values), values)
    }

    fn columns(snps: usize) -> Vec<Column> {
        let levels = [[0, 100, 200, 137], [0, 1, 0, 0], [0, 255, 255, 255]];
        (0..snps).map(|s| Column { snp: (snps - 1 - s) as u32, levels: levels[s % 3] }).collect()
    }

    /// Every set of instructions that this processor has.
    fn each(mut run: impl FnMut(&str, &dyn Fn(&Packed, &[Column], &Residual) -> Vec<i64>, Subtract)) {
        run(
            "best",
            &|p, c, r| {
                let mut out = vec![-1; c.len()];
                p.dots(c, r, &mut out);
                out
            },
            |p, c, s, r| p.subtract(c, s, r),
        );
        run(
            "plain",
            &|p, c, r| {
                let mut out = vec![-1; c.len()];
                p.plain_dots(c, r, &mut out);
                out
            },
            |p, c, s, r| p.plain_subtract(c, s, r),
        );
    }

    type Subtract = fn(&Packed, &[Column], &[i32], &mut Residual);

    #[test]
    fn dots_are_those_of_plain_sums() {
        for rows in ROWS {
            for snps in [1, 4, 11] {
                let (packed, codes, residual, values) = random(rows, snps);
                let columns = columns(snps);
                let expected: Vec<i64> = columns
                    .iter()
                    .map(|c| {
                        let products = codes[c.snp as usize].iter().zip(&values).map(|(code, value)| {
                            let rounded = (i64::from(*value) + 128).div_euclid(256);
                            i64::from(c.levels[usize::from(*code)]) * rounded
                        });
                        products.sum()
                    })
                    .collect();
                each(|name, dots, _| {
                    assert_eq!(
                        dots(&packed, &columns, &residual),
                        expected,
                        "{name}, {rows} rows, {snps} SNPs"
                    );
                });
            }
        }
    }

    #[test]
    fn a_step_there_and_back_changes_nothing_and_a_step_is_exact() {
        for rows in ROWS {
            let (packed, codes, residual, values) = random(rows, 7);
            let columns = columns(7);
            let steps = [LARGEST_STEP, -LARGEST_STEP, 0, 1, -1, 70_000, -128];
            let back: Vec<i32> = steps.iter().map(|s| -s).collect();
            let mut expected = values.clone();
            for (column, step) in columns.iter().zip(steps) {
                for (value, code) in expected.iter_mut().zip(&codes[column.snp as usize]) {
                    let product = i32::from(column.levels[usize::from(*code)]).wrapping_mul(step);
                    *value = value.wrapping_sub(product);
                }
            }
            each(|name, _, subtract| {
                let mut changed = residual.clone();
                subtract(&packed, &columns, &steps, &mut changed);
                assert_eq!(changed.rows(), expected, "{name}, {rows} rows");
                subtract(&packed, &columns, &back, &mut changed);
                assert_eq!(changed.rows(), values, "{name}, {rows} rows");
                assert!(changed.digits == residual.digits && changed.values == residual.values, "{name}");
            });
        }
    }

    #[test]
    fn moments_and_shift_leave_what_is_no_row_alone() {
        let (packed, _, mut residual, values) = random(70, 1);
        residual.shift(-3);
        let shifted: Vec<i32> = values.iter().map(|v| v + 3).collect();
        assert_eq!(residual.rows(), shifted);
        let (sum, squares, largest) = residual.moments();
        assert_eq!(sum, shifted.iter().map(|v| i64::from(*v)).sum::<i64>());
        assert!((squares / shifted.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!(largest, LARGEST_RESIDUAL as u32 + 3);
        assert_eq!((packed.rows(), packed.snps()), (70, 1));
    }
}
