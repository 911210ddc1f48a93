//! Student's t distribution.

use libm::{exp, fabs, lgamma, log, log1p};

/// Steps of the continued fraction after which it is taken as it is; below 100 suffice for what is asked here.
const STEPS: usize = 1000;
/// What stands for 0 in a denominator of Lentz's method.
const TINY: f64 = 1e-300;

/// The chance that a t variable of `freedom` degrees of freedom, above 0, lies at least as far from 0 as `t`:
/// the two-sided p value.
pub fn two_sided_p(t: f64, freedom: f64) -> f64 {
    let square = t * t;
    if !square.is_finite() {
        return 0.0;
    }
    // Both complements are formed without cancellation.
    incomplete_beta(freedom / 2.0, 0.5, freedom / (freedom + square), square / (freedom + square))
}

/// The same of the slope of a regression on one variable, which explains the `share` r² of the spread:
/// t² = `freedom` · r² / (1 − r²).
pub fn p_of_share(share: f64, freedom: f64) -> f64 {
    incomplete_beta(freedom / 2.0, 0.5, 1.0 - share, share)
}

/// The regularised incomplete beta function I_x(a, b), with `rest` = 1 − `x`. By the continued fraction of DLMF
/// 8.17.22, where it converges fast, else by I_x(a, b) = 1 − I_{1−x}(b, a).
fn incomplete_beta(a: f64, b: f64, x: f64, rest: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if rest <= 0.0 {
        return 1.0;
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(b, a, rest, x);
    }
    let log_rest = if x < 0.5 { log1p(-x) } else { log(rest) };
    let front = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log_rest;
    exp(front) * continued_fraction(a, b, x) / a
}

/// By the modified method of Lentz (Thompson and Barnett 1986).
fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    let away_from_0 = |v: f64| if fabs(v) < TINY { TINY } else { v };
    let (mut c, mut d) = (1.0, 1.0 / away_from_0(1.0 - (a + b) * x / (a + 1.0)));
    let mut value = d;
    for m in 1..STEPS {
        let m = m as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let before = value;
        for coefficient in [even, odd] {
            d = 1.0 / away_from_0(1.0 + coefficient * d);
            c = away_from_0(1.0 + coefficient / c);
            value *= d * c;
        }
        if fabs(value - before) <= f64::EPSILON * fabs(value) {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_printed_tables_have_their_p() {
        // Two-sided quantiles at 0.1, 0.05 and 0.001, to ten digits, as of R's qt().
        let tables = [
            (1.0, [6.313_751_515, 12.706_204_736, 636.619_248_769]),
            (2.0, [2.919_985_580, 4.302_652_730, 31.599_054_577]),
            (4.0, [2.131_846_786, 2.776_445_105, 8.610_301_581]),
            (9.0, [1.833_112_933, 2.262_157_163, 4.780_912_586]),
            (30.0, [1.697_260_887, 2.042_272_456, 3.645_958_635]),
            (120.0, [1.657_650_899, 1.979_930_405, 3.373_453_768]),
        ];
        for (freedom, quantiles) in tables {
            for (t, p) in quantiles.into_iter().zip([0.1, 0.05, 0.001]) {
                let found = two_sided_p(t, freedom);
                assert!((found - p).abs() < 1e-8 * p.max(0.1), "{freedom} {t}: {found}, not {p}");
                assert_eq!(found, two_sided_p(-t, freedom));
            }
        }
    }

    #[test]
    fn one_and_two_degrees_have_closed_forms() {
        for t in [0.0, 1e-8, 0.01, 0.3, 1.0, 2.5, 40.0, 1e5] {
            let one = 1.0 - 2.0 / std::f64::consts::PI * f64::atan(t);
            let two = 1.0 - t / f64::sqrt(2.0 + t * t);
            for (freedom, expected) in [(1.0, one), (2.0, two)] {
                let found = two_sided_p(t, freedom);
                assert!((found - expected).abs() < 1e-12, "{freedom} {t}: {found}, not {expected}");
            }
        }
    }

    #[test]
    fn the_ends_are_1_and_0_and_between_it_falls() {
        for freedom in [1.0, 3.0, 19.0, 5000.0] {
            assert_eq!(two_sided_p(0.0, freedom), 1.0);
            assert_eq!(two_sided_p(f64::INFINITY, freedom), 0.0);
            let p: Vec<f64> = (0..200).map(|i| two_sided_p(f64::from(i) / 20.0, freedom)).collect();
            assert!(p.is_sorted_by(|a, b| a > b), "{freedom}");
        }
        // A t variable of many degrees is nearly normal.
        assert!((two_sided_p(1.959_963_985, 1e7) - 0.05).abs() < 1e-7);
    }
}
