//! The inner loop of every convolution: products of scalars and lanes, summed in registers.

/// Filters that lie side by side in one vector register (AVX-512) or two (AVX2).
pub const LANES: usize = 16;

/// Rows of a tile: with one or two groups of lanes the sums fill the register file, but not more.
pub const ROWS: usize = 6;

/// `G` groups of lanes.
pub type Group<const G: usize> = [[f32; LANES]; G];

/// Sums that are kept in registers.
pub type Tile<const G: usize> = [Group<G>; ROWS];

/// `tile[r] += Σᵢ x[i·along + r·across] · w[i]`.
///
/// The forward pass takes `i` over the kernel's taps (`along` 1, `across` the stride); the kernel's
/// gradient takes `i` over positions (`along` the stride, `across` 1). The loops are written so that
/// the compiler turns the lanes into vectors, under the features of the function it is inlined into.
#[inline(always)]
pub fn accumulate<const G: usize, const FMA: bool>(
    x: &[f32],
    along: usize,
    across: usize,
    w: &[Group<G>],
    tile: &mut Tile<G>,
) {
    // One check here keeps those below out of the loop.
    assert!(w.is_empty() || x.len() > (w.len() - 1) * along + (ROWS - 1) * across);
    let mut sums = *tile;
    for (i, w) in w.iter().enumerate() {
        for r in 0..ROWS {
            let x = x[i * along + r * across];
            for g in 0..G {
                for l in 0..LANES {
                    let sum = &mut sums[r][g][l];
                    *sum = if FMA { w[g][l].mul_add(x, *sum) } else { *sum + w[g][l] * x };
                }
            }
        }
    }
    *tile = sums;
}

/// Work on one block of filters: `G` groups of lanes, with fused multiply-add where the processor has it.
pub trait Block {
    /// Works on the filters from `first` on. Must be `#[inline(always)]`, to be compiled under the
    /// features of its caller.
    fn run<const G: usize, const FMA: bool>(&mut self, first: usize);
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
    pub fn available() -> Vec<Self> {
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

    /// Runs `block` over `filters`, block after block. `self` must come from
    /// [`Instructions::available`]; it is checked again.
    #[cfg(target_arch = "x86_64")]
    #[expect(unsafe_code, reason = "calls of functions compiled for features that were detected")]
    pub fn each_block(self, filters: usize, block: &mut impl Block) {
        assert!(Self::available().contains(&self), "{self:?} is not available on this processor");
        let mut first = 0;
        while first < filters {
            first += match self {
                Instructions::Avx512 if filters - first > LANES => {
                    // SAFETY: the features of `avx512` were detected: asserted above.
                    unsafe { avx512::<2, _>(block, first) };
                    2 * LANES
                }
                Instructions::Avx512 => {
                    // SAFETY: as above.
                    unsafe { avx512::<1, _>(block, first) };
                    LANES
                }
                Instructions::Avx2 => {
                    // SAFETY: the features of `avx2` were detected: asserted above.
                    unsafe { avx2(block, first) };
                    LANES
                }
                Instructions::Portable => {
                    block.run::<1, false>(first);
                    LANES
                }
            };
        }
    }

    /// Runs `block` over `filters`, block after block.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn each_block(self, filters: usize, block: &mut impl Block) {
        // Every aarch64 processor has fused multiply-add; elsewhere it may be a slow library call.
        for first in (0..filters).step_by(LANES) {
            block.run::<1, { cfg!(target_arch = "aarch64") }>(first);
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
fn avx512<const G: usize, B: Block>(block: &mut B, first: usize) {
    block.run::<G, true>(first);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<B: Block>(block: &mut B, first: usize) {
    block.run::<1, true>(first);
}
