//! Exponential functions in f32 that are the same on every machine.
//!
//! The standard library's differ between systems, and a score must not. These are branchless sums and
//! products, so that the compiler vectorises loops over them; the error is a few units in the last
//! place, relative to the result even near 0. NaN stays NaN.

/// The smallest whole number whose exponential is a normal f32, and the largest with a finite one.
const RANGE: (f32, f32) = (-87.0, 88.0);

/// 1.5 · 2²³: a number of moderate size added to it is rounded to a whole one, which stands in the last bits.
const ROUND: f32 = 12_582_912.0;

/// ln 2 in two parts (Cephes): products of the first with whole numbers below 2⁹ are exact.
const LN_2: (f32, f32) = (355.0 / 512.0, -2.121_944_4e-4);

/// (2ⁿ, eʳ − 1) with x = n·ln 2 + r and |r| ≤ ln 2 / 2; `x` outside of [`RANGE`] is moved into it.
#[inline(always)]
fn parts(x: f32) -> (f32, f32) {
    let x = x.clamp(RANGE.0, RANGE.1);
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = x - n * LN_2.0 - n * LN_2.1;
    // The last bits of `rounded`, moved to where an f32 has its exponent.
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(1.0_f32.to_bits()));
    // Taylor's series: what is left out is below r⁸/8! < 6e-9.
    let tail = 1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0 + r * (1.0 / 5040.0))));
    (power, r + r * r * (0.5 + r * tail))
}

/// eˣ, of x moved into −87 … 88, where it is a normal number.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let (power, rest) = parts(x);
    power * rest + power
}

/// eˣ − 1, of x moved into −87 … 88.
#[inline(always)]
pub fn exp_m1(x: f32) -> f32 {
    let (power, rest) = parts(x);
    power * rest + (power - 1.0)
}

/// The hyperbolic tangent.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let t = exp_m1(-2.0 * x.abs());
    (-t / (t + 2.0)).copysign(x)
}

/// 1 / (1 + e⁻ˣ).
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// ln(1 + eˣ).
#[inline(always)]
pub fn softplus(x: f32) -> f32 {
    // ln(1 + e) = 2 artanh(s), with s at most 1/3; what is left out of its series is below 1e-8 of it.
    let e = exp(-x.abs());
    let s = e / (2.0 + e);
    let z = s * s;
    let tail = 1.0 / 7.0 + z * (1.0 / 9.0 + z * (1.0 / 11.0 + z * (1.0 / 13.0)));
    x.max(0.0) + 2.0 * s * (1.0 + z * (1.0 / 3.0 + z * (1.0 / 5.0 + z * tail)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Pair = (&'static str, fn(f32) -> f32, fn(f64) -> f64);

    const FUNCTIONS: [Pair; 5] = [
        ("exp", exp, f64::exp),
        ("exp_m1", exp_m1, f64::exp_m1),
        ("tanh", tanh, f64::tanh),
        ("sigmoid", sigmoid, |x| 1.0 / (1.0 + (-x).exp())),
        ("softplus", softplus, |x| x.max(0.0) + (-x.abs()).exp().ln_1p()),
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn functions_are_exact_to_a_few_last_places(size in -20.0_f32..6.4, negative: bool) {
            let x = if negative { -size.exp2() } else { size.exp2() };
            for (name, found, expected) in FUNCTIONS {
                let (found, expected) = (f64::from(found(x)), expected(f64::from(x)));
                prop_assert!((found - expected).abs() <= 4e-7 * expected.abs(), "{name}({x}): {found} {expected}");
            }
        }
    }

    #[test]
    fn ends_are_finite_and_nan_stays() {
        for (name, function, _) in FUNCTIONS {
            assert!(function(f32::NAN).is_nan(), "{name}");
            assert!(function(1e30).is_finite() && function(-1e30).is_finite(), "{name}");
        }
        assert_eq!([tanh(1e30), tanh(-1e30), tanh(0.0), sigmoid(0.0)], [1.0, -1.0, 0.0, 0.5]);
        assert_eq!([exp(0.0), exp_m1(0.0), softplus(1e30)], [1.0, 0.0, 1e30]);
    }
}
