//! Random draws by the thousand: normal, inverse Gaussian, gamma.

use crate::domain::seed::Rng;

/// Bits of randomness a draw.
const BITS: f32 = 1.0 / 4_294_967_296.0;

/// ln 2 in two parts (Cephes), of which the first has few digits.
const LN_2: (f32, f32) = (0.693_359_4, -2.121_944_4e-4);

/// Uniform in (0, 1\] from 32 random bits; never 0.
#[inline(always)]
fn unit(bits: u32) -> f32 {
    (bits as f32 + 0.5) * BITS
}

/// The natural logarithm of a normal positive number, to a few units in the last place (Cephes' `logf`).
/// Branchless, so that the compiler vectorises loops over it, and the same on every machine.
#[inline(always)]
fn ln(x: f32) -> f32 {
    // x = m · 2ᵉ with m from √½ to √2.
    let bits = x.to_bits().wrapping_sub(0x3f35_04f3);
    let exponent = (bits.cast_signed() >> 23) as f32;
    let m = f32::from_bits((bits & 0x007f_ffff).wrapping_add(0x3f35_04f3)) - 1.0;
    let square = m * m;
    let low = 3.333_331e-1 + m * (-2.499_999_4e-1 + m * (2.000_071_5e-1 + m * -1.666_805_7e-1));
    let high = 1.424_932_3e-1
        + m * (-1.242_014_1e-1 + m * (1.167_699_9e-1 + m * (-1.151_461e-1 + m * 7.037_683_6e-2)));
    let series = m * square * (low + square * square * high);
    let tail = series + exponent * LN_2.1 - 0.5 * square;
    m + tail + exponent * LN_2.0
}

/// Cosine and sine of a whole turn's fraction `turn`, from −½ to ½.
#[inline(always)]
fn circle(turn: f32) -> (f32, f32) {
    // A quarter of the turn by their series, whose rest is below 1e-8; then the angle is doubled twice.
    let angle = turn * (std::f32::consts::TAU / 4.0);
    let square = angle * angle;
    let mut sine = angle
        * (1.0
            + square * (-1.0 / 6.0 + square * (1.0 / 120.0 + square * (-1.0 / 5040.0 + square / 362_880.0))));
    // 1 − cosine, which keeps its digits where the angle is small.
    let mut versine = square
        * (0.5
            + square
                * (-1.0 / 24.0 + square * (1.0 / 720.0 + square * (-1.0 / 40_320.0 + square / 3_628_800.0))));
    for _ in 0..2 {
        (sine, versine) = (2.0 * sine * (1.0 - versine), 2.0 * sine * sine);
    }
    (1.0 - versine, sine)
}

/// What one iteration needs of randomness for each of many coefficients: two independent standard normal
/// draws and a uniform one.
#[derive(Debug, Default)]
pub struct Draws {
    /// Standard normal.
    pub first: Vec<f32>,
    /// Standard normal, independent of the first.
    pub second: Vec<f32>,
    /// Uniform in (0, 1\].
    pub uniform: Vec<f32>,
    bits: [Vec<u32>; 3],
}

impl Draws {
    /// For `n` coefficients.
    pub fn new(n: usize) -> Self {
        let zeros = || vec![0.0; n];
        Draws { first: zeros(), second: zeros(), uniform: zeros(), bits: [0; 3].map(|_| vec![0; n]) }
    }

    /// Draws anew; normals by Box and Muller.
    pub fn draw(&mut self, rng: &mut Rng) {
        let [radius, turn, uniform] = &mut self.bits;
        for ((radius, turn), uniform) in radius.iter_mut().zip(turn.iter_mut()).zip(uniform.iter_mut()) {
            let bits = rng.bits();
            (*radius, *turn) = ((bits >> 32) as u32, bits as u32);
            *uniform = (rng.bits() >> 32) as u32;
        }
        let normals = self.first.iter_mut().zip(&mut self.second);
        for ((first, second), (radius, turn)) in normals.zip(radius.iter().zip(turn.iter())) {
            let radius = (-2.0 * ln(unit(*radius))).max(0.0).sqrt();
            let (cosine, sine) = circle(unit(*turn) - 0.5);
            *first = radius * cosine;
            *second = radius * sine;
        }
        for (out, bits) in self.uniform.iter_mut().zip(uniform.iter()) {
            *out = unit(*bits);
        }
    }
}

/// The inverse of a draw from the inverse Gaussian distribution of this mean and shape, from a standard normal and a
/// uniform one, by the transformation with two roots of Michael, Schucany & Haas (1976).
#[inline(always)]
pub fn inverse_of_inverse_gaussian(mean: f32, shape: f32, normal: f32, uniform: f32) -> f32 {
    // The roots are mean / q and mean · q; this form of q loses no digits to cancellation.
    let w = mean * normal * normal / (2.0 * shape);
    let q = 1.0 + w + (w * (2.0 + w)).sqrt();
    if uniform * (1.0 + q) <= q { q / mean } else { 1.0 / (mean * q) }
}

/// A draw from the gamma distribution of this shape, at least 1, and rate 1 (Marsaglia & Tsang 2000).
pub fn gamma(shape: f64, rng: &mut Rng) -> f64 {
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = rng.normal();
        let v = (1.0 + c * x).powi(3);
        let u = 1.0 - rng.uniform();
        if v > 0.0 && libm::log(u) < 0.5 * x * x + d - d * v + d * libm::log(v) {
            return d * v;
        }
    }
}

/// A draw from the χ² distribution with `df` ≥ 2 degrees of freedom.
pub fn chi_square(df: f64, rng: &mut Rng) -> f64 {
    2.0 * gamma(df / 2.0, rng)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
        let n = values.len() as f64;
        values.sum::<f64>() / n
    }

    #[test]
    fn logarithm_and_circle_are_those_of_f64() {
        let mut rng = Rng::new(1);
        for i in 0..20_000_u32 {
            let bits =
                if i < 2 { [0, u32::MAX][i as usize] } else { (rng.bits() >> (32 + rng.below(32))) as u32 };
            let x = unit(bits);
            assert!(x > 0.0 && x <= 1.0);
            let exact = f64::from(x).ln();
            assert!(
                (f64::from(ln(x)) - exact).abs() <= 1e-6 * exact.abs().max(0.05),
                "{x}: {} {exact}",
                ln(x)
            );
            let (cosine, sine) = circle(x - 0.5);
            let angle = f64::from(x - 0.5) * std::f64::consts::TAU;
            assert!((f64::from(cosine) - angle.cos()).abs() < 2e-6, "{x}");
            assert!((f64::from(sine) - angle.sin()).abs() < 2e-6, "{x}");
        }
    }

    #[test]
    fn normal_draws_have_the_moments_of_the_normal() {
        let n = 200_000;
        let mut draws = Draws::new(n);
        draws.draw(&mut Rng::new(3));
        for normals in [&draws.first, &draws.second] {
            let moment = |power: i32| mean(normals.iter().map(|z| f64::from(*z).powi(power)));
            let found = [moment(1), moment(2), moment(3), moment(4)];
            for (found, (expected, sd)) in found.iter().zip([(0.0, 1.0), (1.0, 1.5), (0.0, 4.0), (3.0, 10.0)])
            {
                assert!((found - expected).abs() < 4.0 * sd / (n as f64).sqrt(), "{found} {expected}");
            }
        }
        let both = draws.first.iter().zip(&draws.second);
        let product = mean(both.clone().map(|(a, b)| f64::from(a * b)));
        let squares = mean(both.map(|(a, b)| f64::from(a * a * b * b)));
        assert!(product.abs() < 0.01 && (squares - 1.0).abs() < 0.03, "{product} {squares}");
        assert!((mean(draws.uniform.iter().map(|u| f64::from(*u))) - 0.5).abs() < 0.003);
        let first = draws.first.clone();
        draws.draw(&mut Rng::new(3));
        assert!(first == draws.first);
    }

    #[test]
    fn inverse_gaussian_draws_have_its_moments() {
        let n = 200_000;
        let mut draws = Draws::new(n);
        draws.draw(&mut Rng::new(4));
        for (m, shape) in [(0.5_f32, 2.0_f32), (3.0, 1.5), (0.01, 4.0)] {
            let all = draws.first.iter().zip(&draws.uniform);
            let inverses: Vec<f64> =
                all.map(|(z, u)| f64::from(inverse_of_inverse_gaussian(m, shape, *z, *u))).collect();
            // E x = m, E 1/x = 1/m + 1/shape; var x = m³/shape, var 1/x = 1/(m shape) + 2/shape².
            let (m, shape) = (f64::from(m), f64::from(shape));
            let error = |variance: f64| 4.0 * (variance / n as f64).sqrt();
            let found = mean(inverses.iter().copied());
            let expected = 1.0 / m + 1.0 / shape;
            assert!(
                (found - expected).abs() < error(1.0 / (m * shape) + 2.0 / (shape * shape)),
                "{found} {expected}"
            );
            let found = mean(inverses.iter().map(|x| 1.0 / x));
            assert!((found - m).abs() < error(m.powi(3) / shape), "{found} {m}");
        }
        // An effect of almost 0: the mean is huge, and 1/x is about that of χ² over the shape.
        let tail = inverse_of_inverse_gaussian(1e12, 2.0, 1.0, 0.1);
        assert!((tail - 0.5).abs() < 1e-3, "{tail}");
    }

    #[test]
    fn gamma_and_chi_square_have_their_moments() {
        let mut rng = Rng::new(5);
        for shape in [1.1, 4.0, 5000.0] {
            let n = 40_000;
            let draws: Vec<f64> = (0..n).map(|_| gamma(shape, &mut rng)).collect();
            let m = mean(draws.iter().copied());
            let variance = mean(draws.iter().map(|x| (x - m).powi(2)));
            assert!((m - shape).abs() < 4.0 * (shape / n as f64).sqrt(), "{m} {shape}");
            assert!((variance / shape - 1.0).abs() < 0.1, "{variance} {shape}");
        }
        let m = mean((0..20_000).map(|_| chi_square(7.0, &mut rng)));
        assert!((m - 7.0).abs() < 0.11, "{m}");
    }
}
