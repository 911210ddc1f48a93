//! Named seeds and the one random number generator of the crate.
//!
//! Everything random is drawn from an [`Rng`] whose seed comes from [`derive()`], so that it has a
//! name and does not depend on the order in which threads run. The generator is written out here
//! because its stream is part of the product's promise: simulated data and resumed studies must be
//! the same on every machine and after every upgrade.

/// xoshiro256++ (Blackman & Vigna 2019), seeded through SplitMix64.
#[derive(Debug, Clone)]
pub struct Rng {
    state: [u64; 4],
}

/// The seed of the stream called `name`, number `index`, below `seed`.
///
/// Masked to 53 bits, so that JSON readers of every language keep it exact.
pub fn derive(seed: u64, name: &str, index: u64) -> u64 {
    // FNV-1a over the name, then SplitMix64 finalisation after each part.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in name.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    let mixed = mix(seed ^ mix(hash ^ mix(index.wrapping_add(0x9e37_79b9_7f4a_7c15))));
    mixed & ((1 << 53) - 1)
}

/// The seed of trial number `trial` of a study.
pub fn of_trial(study_seed: u64, trial: usize) -> u64 {
    derive(study_seed, "trial", trial as u64)
}

/// The seed of replicate number `replicate` of a study's search; the first one's is the study's own.
pub fn of_replicate(study_seed: u64, replicate: usize) -> u64 {
    if replicate == 0 { study_seed } else { derive(study_seed, "replicate", replicate as u64) }
}

fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Rng {
    /// A generator for `seed`.
    pub fn new(seed: u64) -> Self {
        let mut s = seed;
        let state = std::array::from_fn(|_| {
            let out = mix(s);
            s = s.wrapping_add(0x9e37_79b9_7f4a_7c15);
            out
        });
        Rng { state }
    }

    /// Where it stands in its stream.
    pub fn state(&self) -> [u64; 4] {
        self.state
    }

    /// The generator that stands at `state`.
    pub fn at(state: [u64; 4]) -> Self {
        Rng { state }
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform in [0, 1), with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Uniform in 0..n. `n` must be positive.
    pub fn below(&mut self, n: usize) -> usize {
        // Lemire's multiply-shift; its bias is below 2^-53 for any n that fits in memory.
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// Standard normal, by Box and Muller, with the portable logarithm and cosine of `libm`.
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        radius * libm::cos(std::f64::consts::TAU * self.uniform())
    }

    /// A random order, by Fisher and Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_pinned() {
        let mut rng = Rng::new(42);
        let first: Vec<u64> = (0..3).map(|_| rng.bits()).collect();
        // The reference values of xoshiro256++ seeded by SplitMix64(42), as in rand_xoshiro.
        assert_eq!(
            first,
            [15_021_278_609_987_233_951, 5_881_210_131_331_364_753, 18_149_643_915_985_481_100]
        );
    }

    #[test]
    fn names_and_indices_give_different_seeds() {
        let seeds = [derive(1, "fold", 0), derive(1, "fold", 1), derive(1, "trial", 0), derive(2, "fold", 0)];
        for (i, a) in seeds.iter().enumerate() {
            assert!(*a < 1 << 53);
            assert!(seeds[i + 1..].iter().all(|b| a != b));
        }
    }

    #[test]
    fn normal_has_unit_variance_and_below_is_even() {
        let mut rng = Rng::new(7);
        let n = 40_000;
        let draws: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
        let mean = draws.iter().sum::<f64>() / n as f64;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
        let mut counts = [0; 5];
        for _ in 0..n {
            counts[rng.below(5)] += 1;
        }
        assert!(counts.iter().all(|c| (*c as f64 - 8000.0).abs() < 400.0), "{counts:?}");
    }
}
