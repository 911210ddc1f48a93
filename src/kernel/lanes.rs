//! The inner loop of every convolution: products of scalars and lanes, summed in registers.

use std::sync::OnceLock;

#[cfg(target_arch = "x86_64")]
use super::lanes_x86 as x86;

/// Filters that lie side by side in one vector register (AVX-512) or two (AVX2).
pub const LANES: usize = 16;

/// Rows of a tile: with one or two groups of lanes the sums fill the register file, but not more.
pub const ROWS: usize = 6;

/// `G` groups of lanes.
pub type Group<const G: usize> = [[f32; LANES]; G];

/// Sums that are kept in registers.
pub type Tile<const G: usize> = [Group<G>; ROWS];

/// The inner loops for one set of instructions.
pub trait Accumulate {
    /// `tile[r] += Σᵢ x[i·along + r·across] · w[i]`.
    ///
    /// The forward pass takes `i` over the kernel's taps (`along` 1, `across` the stride); the kernel's
    /// gradient takes `i` over positions (`along` the stride, `across` 1).
    fn accumulate<const G: usize>(x: &[f32], along: usize, across: usize, w: &[Group<G>], tile: &mut Tile<G>);

    /// Where `row` is larger than the best so far, it and its place in the pool take over.
    #[inline(always)]
    fn compete(row: &[f32; LANES], place: u32, best: &mut [f32; LANES], winner: &mut [u32; LANES]) {
        for l in 0..LANES {
            let better = row[l] > best[l];
            best[l] = if better { row[l] } else { best[l] };
            winner[l] = if better { place } else { winner[l] };
        }
    }

    /// The gradients of those lanes that `place` has won; 0 for the others.
    #[inline(always)]
    fn claim(grad: &[f32; LANES], place: u32, winner: &[u32; LANES], out: &mut [f32; LANES]) {
        for l in 0..LANES {
            out[l] = if winner[l] == place { grad[l] } else { 0.0 };
        }
    }
}

/// Panics where `x` is too short for the indices of [`Accumulate::accumulate`].
#[inline(always)]
pub fn check<const G: usize>(x: &[f32], along: usize, across: usize, w: &[Group<G>]) {
    assert!(w.is_empty() || x.len() > (w.len() - 1) * along + (ROWS - 1) * across);
}

/// Plain loops.
struct Portable;

impl Accumulate for Portable {
    #[inline(always)]
    fn accumulate<const G: usize>(
        x: &[f32],
        along: usize,
        across: usize,
        w: &[Group<G>],
        tile: &mut Tile<G>,
    ) {
        check(x, along, across, w);
        for (i, w) in w.iter().enumerate() {
            for (r, sums) in tile.iter_mut().enumerate() {
                let x = x[i * along + r * across];
                for (sum, w) in sums.as_flattened_mut().iter_mut().zip(w.as_flattened()) {
                    *sum += w * x;
                }
            }
        }
    }
}

/// Work on one block of filters, `G` groups of lanes wide.
pub trait Block {
    /// Works on the filters from `first` on. Must be `#[inline(always)]`, to be compiled under the
    /// features of its caller.
    fn run<const G: usize, A: Accumulate>(&mut self, first: usize);
}

/// The vector instructions to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instructions {
    /// 512-bit vectors: up to two groups of lanes at a time.
    Avx512,
    /// 256-bit vectors and fused multiply-add.
    Avx2,
    /// Whatever the target always has.
    Portable,
}

impl Instructions {
    /// What this processor has, best first.
    pub fn available() -> &'static [Self] {
        static FOUND: OnceLock<Vec<Instructions>> = OnceLock::new();
        FOUND.get_or_init(Self::detect)
    }

    fn detect() -> Vec<Self> {
        let mut found = vec![Instructions::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            if has!("avx2") && has!("fma") {
                found.insert(0, Instructions::Avx2);
                if has!("avx512f") && has!("avx512bw") && has!("avx512vl") && has!("avx512dq") {
                    found.insert(0, Instructions::Avx512);
                }
            }
        }
        found
    }

    /// The best this processor has.
    pub fn best() -> Self {
        Self::available()[0]
    }

    /// Runs `block` over `filters`, block after block.
    ///
    /// # Panics
    /// Where the processor lacks these instructions.
    pub fn each_block(self, filters: usize, block: &mut impl Block) {
        assert!(Self::available().contains(&self), "{self:?} is not available on this processor");
        let mut first = 0;
        while first < filters {
            first += match self {
                #[cfg(target_arch = "x86_64")]
                #[expect(unsafe_code, reason = "the call needs detected features")]
                // SAFETY: the assertion above has found them.
                Instructions::Avx512 | Instructions::Avx2 => unsafe { x86::run(self, filters, block, first) },
                _ => {
                    block.run::<1, Portable>(first);
                    LANES
                }
            };
        }
    }
}
