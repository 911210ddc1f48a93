//! Packed genotypes in AVX-512 with VNNI, and the plain loops compiled for AVX2.

#![expect(unsafe_code, reason = "vector loads and stores, and calls that need detected features")]

use std::arch::x86_64::*;

use super::codes::{Column, DIGITS, GROUP, IN_BYTE, Packed, Residual, TOGETHER};

/// [`Packed::plain_dots`].
///
/// # Safety
/// The processor must have AVX2.
#[target_feature(enable = "avx2")]
pub unsafe fn dots_avx2(packed: &Packed, columns: &[Column], residual: &Residual, out: &mut [i64]) {
    packed.plain_dots(columns, residual, out);
}

/// [`Packed::plain_subtract`].
///
/// # Safety
/// The processor must have AVX2.
#[target_feature(enable = "avx2")]
pub unsafe fn subtract_avx2(packed: &Packed, columns: &[Column], steps: &[i32], residual: &mut Residual) {
    packed.plain_subtract(columns, steps, residual);
}

/// A few columns: where their bytes begin, and their levels in every 128-bit lane.
#[derive(Clone, Copy)]
struct Few {
    bytes: [*const u8; TOGETHER],
    levels: [__m512i; TOGETHER],
}

impl Few {
    /// Of at most [`TOGETHER`] columns; the last one stands for those that lack.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    fn of(packed: &Packed, columns: &[Column]) -> Self {
        let column = |i: usize| columns[i.min(columns.len() - 1)];
        Few {
            bytes: std::array::from_fn(|i| packed.bytes[column(i).snp as usize * packed.stride..].as_ptr()),
            levels: [0, 1, 2, 3].map(|i| _mm512_set1_epi32(i32::from_le_bytes(column(i).levels))),
        }
    }

    /// The levels of a group of rows in column `i`.
    ///
    /// # Safety
    /// `group` must be one of the columns'.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    unsafe fn group(&self, i: usize, group: usize) -> __m512i {
        // SAFETY: a column has 64 bytes for each four groups.
        let bytes = unsafe { _mm512_loadu_si512(self.bytes[i].add(group / IN_BYTE * GROUP).cast()) };
        let shift = _mm_cvtsi32_si128((group % IN_BYTE * 2) as i32);
        let codes = _mm512_and_si512(_mm512_srl_epi16(bytes, shift), _mm512_set1_epi8(3));
        _mm512_shuffle_epi8(self.levels[i], codes)
    }
}

/// [`Packed::dots`].
///
/// # Safety
/// The processor must have the features, the residual as many rows as the columns, which must exist.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub unsafe fn dots(packed: &Packed, columns: &[Column], residual: &Residual, out: &mut [i64]) {
    for (columns, out) in columns.chunks(TOGETHER).zip(out.chunks_mut(TOGETHER)) {
        let few = Few::of(packed, columns);
        let mut sums = [[_mm512_setzero_si512(); DIGITS]; TOGETHER];
        for (group, digits) in residual.digits.iter().enumerate() {
            if group % IN_BYTE == 0 {
                // Most often the next columns follow in memory; to fetch what is not there is harmless.
                for i in 0..TOGETHER {
                    let next = few.bytes[i].wrapping_add(TOGETHER * packed.stride + group / IN_BYTE * GROUP);
                    _mm_prefetch::<_MM_HINT_T0>(next.cast());
                }
            }
            let mut places = [_mm512_setzero_si512(); DIGITS];
            for d in 0..DIGITS {
                // SAFETY: a group has 64 digits at each place.
                places[d] = unsafe { _mm512_loadu_si512(digits[d].as_ptr().cast()) };
            }
            for (i, sums) in sums.iter_mut().enumerate() {
                // SAFETY: the residual has as many groups as the columns.
                let levels = unsafe { few.group(i, group) };
                for d in 0..DIGITS {
                    sums[d] = _mm512_dpbusd_epi32(sums[d], levels, places[d]);
                }
            }
        }
        for (out, sums) in out.iter_mut().zip(&sums) {
            *out = total(sums[0]) + (total(sums[1]) << 8) + (total(sums[2]) << 16);
        }
    }
}

/// The sum of sixteen numbers, in 64 bits.
#[target_feature(enable = "avx512f")]
fn total(sums: __m512i) -> i64 {
    let low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(sums));
    let high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64::<1>(sums));
    _mm512_reduce_add_epi64(_mm512_add_epi64(low, high))
}

/// [`Packed::subtract`].
///
/// # Safety
/// As [`dots`]; and as many steps as columns.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub unsafe fn subtract(packed: &Packed, columns: &[Column], steps: &[i32], residual: &mut Residual) {
    debug_assert_eq!(packed.groups(), residual.values.len());
    let Some(first) = columns.first() else { return };
    let none = (Few::of(packed, &[*first]), digits_of(&[]));
    for (columns, steps) in columns.chunks(TOGETHER * QUADS).zip(steps.chunks(TOGETHER * QUADS)) {
        let mut quads = [none; QUADS];
        let fews = columns.chunks(TOGETHER).zip(steps.chunks(TOGETHER));
        for (quad, (columns, steps)) in quads.iter_mut().zip(fews) {
            *quad = (Few::of(packed, columns), digits_of(steps));
        }
        // SAFETY: as this function's.
        unsafe { subtract_quads(&quads[..columns.len().div_ceil(TOGETHER)], residual) };
    }
}

/// Few columns with the digits of their steps, of [`subtract`].
type Quad = (Few, [__m512i; DIGITS]);

/// [`Quad`]s that are worked on together.
const QUADS: usize = 8;

/// As [`subtract`].
///
/// # Safety
/// As [`subtract`].
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn subtract_quads(quads: &[Quad], residual: &mut Residual) {
    for (group, (values, digits)) in residual.values.iter_mut().zip(&mut residual.digits).enumerate() {
        let mut sums = [[_mm512_setzero_si512(); TOGETHER]; DIGITS];
        for (few, steps) in quads {
            // Loops, not `map`: a closure's vectors would go through memory.
            let mut levels = [_mm512_setzero_si512(); TOGETHER];
            for (i, levels) in levels.iter_mut().enumerate() {
                // SAFETY: the residual has as many groups as the columns.
                *levels = unsafe { few.group(i, group) };
            }
            let levels = interleaved(levels);
            for d in 0..DIGITS {
                for i in 0..TOGETHER {
                    sums[d][i] = _mm512_dpbusd_epi32(sums[d][i], levels[i], steps[d]);
                }
            }
        }
        let mut split = [[_mm512_setzero_si512(); TOGETHER]; DIGITS];
        for i in 0..TOGETHER {
            let high = _mm512_add_epi32(sums[1][i], _mm512_slli_epi32::<8>(sums[2][i]));
            let sum = _mm512_add_epi32(sums[0][i], _mm512_slli_epi32::<8>(high));
            // SAFETY: a group has four times sixteen values.
            let at = unsafe { values.as_mut_ptr().add(16 * i) }.cast();
            // SAFETY: as above.
            let value = _mm512_sub_epi32(unsafe { _mm512_loadu_si512(at) }, sum);
            // SAFETY: as above.
            unsafe { _mm512_storeu_si512(at, value) };
            let mut rest = _mm512_srai_epi32::<8>(_mm512_add_epi32(value, _mm512_set1_epi32(128)));
            for split in &mut split {
                split[i] = _mm512_srai_epi32::<24>(_mm512_slli_epi32::<24>(rest));
                rest = _mm512_srai_epi32::<8>(_mm512_sub_epi32(rest, split[i]));
            }
        }
        for (digits, [a, b, c, d]) in digits.iter_mut().zip(split) {
            let bytes = _mm512_packs_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
            // SAFETY: a group has 64 digits at each place.
            unsafe { _mm512_storeu_si512(digits.as_mut_ptr().cast(), bytes) };
        }
    }
}

/// The digits of at most four steps, lowest first: each digit's in every 32 bits; 0 for steps that lack.
#[target_feature(enable = "avx512f")]
fn digits_of(steps: &[i32]) -> [__m512i; DIGITS] {
    let mut digits = [[0_u8; TOGETHER]; DIGITS];
    for (i, step) in steps.iter().enumerate() {
        let mut rest = *step;
        for digit in &mut digits {
            digit[i] = rest as u8;
            rest = (rest - i32::from(rest as i8)) >> 8;
        }
    }
    digits.map(|digits| _mm512_set1_epi32(i32::from_le_bytes(digits)))
}

/// Rows' bytes of four columns side by side: vector `i` holds rows 4i to 4i + 3 of each sixteen.
#[target_feature(enable = "avx512f,avx512bw")]
fn interleaved([a, b, c, d]: [__m512i; TOGETHER]) -> [__m512i; TOGETHER] {
    let (low_ab, high_ab) = (_mm512_unpacklo_epi8(a, b), _mm512_unpackhi_epi8(a, b));
    let (low_cd, high_cd) = (_mm512_unpacklo_epi8(c, d), _mm512_unpackhi_epi8(c, d));
    [
        _mm512_unpacklo_epi16(low_ab, low_cd),
        _mm512_unpackhi_epi16(low_ab, low_cd),
        _mm512_unpacklo_epi16(high_ab, high_cd),
        _mm512_unpackhi_epi16(high_ab, high_cd),
    ]
}
