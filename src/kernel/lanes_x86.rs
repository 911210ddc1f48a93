//! The inner loop in AVX-512 and AVX2. Written with intrinsics: the compiler keeps plain loops in
//! registers in some contexts and not in others, at a fiftieth of the speed.

#![expect(unsafe_code, reason = "vector loads and stores, and calls that need detected features")]

use std::arch::x86_64::*;

use super::lanes::{Accumulate, Block, Group, Instructions, LANES, ROWS, Tile, check};

/// Runs `block` from `first` on; how many filters that took.
///
/// # Safety
/// `instructions` must have been found on this processor.
pub unsafe fn run(instructions: Instructions, filters: usize, block: &mut impl Block, first: usize) -> usize {
    match instructions {
        Instructions::Avx512 if filters - first > LANES => {
            // SAFETY: the caller has found the features that `avx512` is compiled for.
            unsafe { avx512::<2, _>(block, first) };
            2 * LANES
        }
        Instructions::Avx512 => {
            // SAFETY: as above.
            unsafe { avx512::<1, _>(block, first) };
            LANES
        }
        _ => {
            // SAFETY: the caller has found the features that `avx2` is compiled for.
            unsafe { avx2(block, first) };
            LANES
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
fn avx512<const G: usize, B: Block>(block: &mut B, first: usize) {
    block.run::<G, Avx512>(first);
}

#[target_feature(enable = "avx2,fma")]
fn avx2<B: Block>(block: &mut B, first: usize) {
    block.run::<1, Avx2>(first);
}

/// Only named by [`avx512`].
struct Avx512;

impl Accumulate for Avx512 {
    #[inline(always)]
    fn accumulate<const G: usize>(
        x: &[f32],
        along: usize,
        across: usize,
        w: &[Group<G>],
        tile: &mut Tile<G>,
    ) {
        // SAFETY: this type is private and used in `avx512` only, under the same features.
        unsafe { accumulate_avx512(x, along, across, w, tile) }
    }

    #[inline(always)]
    fn compete(row: &[f32; LANES], place: u32, best: &mut [f32; LANES], winner: &mut [u32; LANES]) {
        // SAFETY: as above; and each array fills one register.
        unsafe {
            let (new, old) = (_mm512_loadu_ps(row.as_ptr()), _mm512_loadu_ps(best.as_ptr()));
            let better = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(new, old);
            _mm512_mask_storeu_ps(best.as_mut_ptr(), better, new);
            let place = _mm512_set1_epi32(place.cast_signed());
            _mm512_mask_storeu_epi32(winner.as_mut_ptr().cast(), better, place);
        }
    }

    #[inline(always)]
    fn claim(grad: &[f32; LANES], place: u32, winner: &[u32; LANES], out: &mut [f32; LANES]) {
        // SAFETY: as above.
        unsafe {
            let winner = _mm512_loadu_epi32(winner.as_ptr().cast());
            let own = _mm512_cmpeq_epi32_mask(winner, _mm512_set1_epi32(place.cast_signed()));
            _mm512_storeu_ps(out.as_mut_ptr(), _mm512_maskz_loadu_ps(own, grad.as_ptr()));
        }
    }
}

/// Only named by [`avx2`].
struct Avx2;

impl Accumulate for Avx2 {
    #[inline(always)]
    fn accumulate<const G: usize>(
        x: &[f32],
        along: usize,
        across: usize,
        w: &[Group<G>],
        tile: &mut Tile<G>,
    ) {
        // SAFETY: this type is private and used in `avx2` only, under the same features.
        unsafe { accumulate_avx2(x, along, across, w, tile) }
    }
}

#[target_feature(enable = "avx512f")]
fn accumulate_avx512<const G: usize>(
    x: &[f32],
    along: usize,
    across: usize,
    w: &[Group<G>],
    tile: &mut Tile<G>,
) {
    check(x, along, across, w);
    let mut sums = [[_mm512_setzero_ps(); G]; ROWS];
    for r in 0..ROWS {
        for g in 0..G {
            // SAFETY: a group's row is an array of 16 values.
            sums[r][g] = unsafe { _mm512_loadu_ps(tile[r][g].as_ptr()) };
        }
    }
    for (i, w) in w.iter().enumerate() {
        let mut lanes = [_mm512_setzero_ps(); G];
        for g in 0..G {
            // SAFETY: as above.
            lanes[g] = unsafe { _mm512_loadu_ps(w[g].as_ptr()) };
        }
        for (r, sums) in sums.iter_mut().enumerate() {
            // SAFETY: `check` held the largest index against the length.
            let x = _mm512_set1_ps(unsafe { *x.get_unchecked(i * along + r * across) });
            for g in 0..G {
                sums[g] = _mm512_fmadd_ps(lanes[g], x, sums[g]);
            }
        }
    }
    for r in 0..ROWS {
        for g in 0..G {
            // SAFETY: as above.
            unsafe { _mm512_storeu_ps(tile[r][g].as_mut_ptr(), sums[r][g]) };
        }
    }
}

/// Each row of lanes in two halves; one group at a time, as there are sixteen registers.
#[target_feature(enable = "avx2,fma")]
fn accumulate_avx2<const G: usize>(
    x: &[f32],
    along: usize,
    across: usize,
    w: &[Group<G>],
    tile: &mut Tile<G>,
) {
    check(x, along, across, w);
    for g in 0..G {
        let mut sums = [[_mm256_setzero_ps(); 2]; ROWS];
        for (r, sums) in sums.iter_mut().enumerate() {
            for (half, sum) in sums.iter_mut().enumerate() {
                // SAFETY: a group's row is an array of 16 values, 8 in each half.
                *sum = unsafe { _mm256_loadu_ps(tile[r][g].as_ptr().add(8 * half)) };
            }
        }
        for (i, w) in w.iter().enumerate() {
            // SAFETY: as above.
            let lanes = unsafe { [_mm256_loadu_ps(w[g].as_ptr()), _mm256_loadu_ps(w[g].as_ptr().add(8))] };
            for (r, sums) in sums.iter_mut().enumerate() {
                // SAFETY: `check` held the largest index against the length.
                let x = _mm256_set1_ps(unsafe { *x.get_unchecked(i * along + r * across) });
                sums[0] = _mm256_fmadd_ps(lanes[0], x, sums[0]);
                sums[1] = _mm256_fmadd_ps(lanes[1], x, sums[1]);
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            for (half, sum) in sums.iter().enumerate() {
                // SAFETY: as above.
                unsafe { _mm256_storeu_ps(tile[r][g].as_mut_ptr().add(8 * half), *sum) };
            }
        }
    }
}
