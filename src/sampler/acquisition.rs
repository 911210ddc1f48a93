//! What a point promises, from the posterior of its cost: the acquisition functions.
//!
//! Costs are minimised: an improvement lies below the best.

use crate::numeric::exp::exp;
use crate::numeric::gaussian_process::Prediction;

/// √(2π).
const ROOT_TAU: f64 = 2.506_628_274_631_000_2;
/// Where the logarithm of the expected improvement changes from the plain formula to the continued
/// fraction.
const TAIL: f64 = 1.0;
/// Terms of the continued fraction: this many, and over x² more; enough for 1e-12.
const TERMS: (f64, f64) = (12.0, 90.0);

/// What is maximised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Acquisition {
    /// κ sd − mean: the upper confidence bound on the negated cost (Srinivas et al. 2010).
    Ucb {
        /// The weight of the standard deviation: their √β.
        kappa: f64,
    },
    /// The expected improvement on `best` (Jones, Schonlau & Welch 1998).
    Ei {
        /// The cost to improve on.
        best: f64,
    },
    /// Its logarithm, which has a slope where the expected improvement is 0 to rounding (Ament et al. 2023).
    LogEi {
        /// The cost to improve on.
        best: f64,
    },
}

/// A value and its derivatives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Promise {
    /// The acquisition: larger is better.
    pub value: f64,
    /// Its derivative along the posterior mean.
    pub mean: f64,
    /// Its derivative along the posterior standard deviation.
    pub sd: f64,
}

impl Acquisition {
    /// Its name, with the weight that a person chose.
    pub fn name(&self) -> String {
        match self {
            Acquisition::Ucb { .. } => format!("UCB, {}", self.weight()),
            Acquisition::Ei { .. } => "EI".into(),
            Acquisition::LogEi { .. } => "log EI".into(),
        }
    }

    /// Its weight, where it has one: `kappa 2`.
    pub fn weight(&self) -> String {
        match self {
            Acquisition::Ucb { kappa } => format!("kappa {}", (kappa * 100.0).round() / 100.0),
            Acquisition::Ei { .. } | Acquisition::LogEi { .. } => String::new(),
        }
    }

    /// What a point of that posterior promises.
    pub fn of(&self, at: Prediction) -> Promise {
        match *self {
            Acquisition::Ucb { kappa } => Promise { value: kappa * at.sd - at.mean, mean: -1.0, sd: kappa },
            Acquisition::Ei { best } => {
                let z = (best - at.mean) / at.sd;
                let (log_h, ratio) = log_improvement(z);
                let h = exp(log_h);
                let below = ratio * h;
                Promise { value: at.sd * h, mean: -below, sd: h - z * below }
            }
            Acquisition::LogEi { best } => {
                let z = (best - at.mean) / at.sd;
                let (log_h, ratio) = log_improvement(z);
                Promise {
                    value: libm::log(at.sd) + log_h,
                    mean: -ratio / at.sd,
                    sd: (1.0 - ratio * z) / at.sd,
                }
            }
        }
    }
}

/// ln h of the standardised improvement h(z) = φ(z) + z Φ(z), and Φ(z) / h(z), its derivative.
///
/// In the lower tail h = φ T / (x + T) with x = −z and the continued fraction T = 1/(x + 2/(x + 3/(x + …)))
/// of Mills' ratio Φ/φ = 1/(x + T) (Abramowitz & Stegun 26.2.14): no difference of two nearly equal numbers.
fn log_improvement(z: f64) -> (f64, f64) {
    if z > -TAIL {
        let density = exp(-0.5 * z * z) / ROOT_TAU;
        let below = 0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2);
        let h = density + z * below;
        return (libm::log(h), below / h);
    }
    let x = -z;
    let terms = (TERMS.0 + TERMS.1 / (x * x)) as usize;
    // What the fraction is from there on, where its terms hardly change from one to the next.
    let rest = 0.5 * (x + (x * x + 4.0 * terms as f64).sqrt());
    let fraction = (2..terms).rev().fold(rest, |t, k| x + k as f64 / t);
    let t = 1.0 / fraction;
    (-0.5 * z * z - libm::log(ROOT_TAU) + libm::log(t / (x + t)), fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_improvement_is_the_integral_and_smooth_into_the_tail() {
        // ∫ (z − t) φ(t) dt below z, by the midpoint rule.
        let integral = |z: f64| {
            let step = 1e-3;
            let at = |i: u32| {
                let t = z - (f64::from(i) + 0.5) * step;
                (z - t) * libm::exp(-0.5 * t * t) / ROOT_TAU * step
            };
            (0..40_000).map(at).sum::<f64>()
        };
        for z in [2.5, 0.0, -0.5, -0.999, -1.001, -3.0, -8.0, -20.0] {
            let (log_h, _) = log_improvement(z);
            assert!((log_h - libm::log(integral(z))).abs() < 1e-4, "{z}: {log_h}");
        }
        let (left, right) = (log_improvement(-1.0 - 1e-12), log_improvement(-1.0 + 1e-12));
        assert!((left.0 - right.0).abs() < 1e-10 && (left.1 - right.1).abs() < 1e-9);
        let (far, ratio) = log_improvement(-1e8);
        assert!(far < -1e15 && (ratio / 1e8 - 1.0).abs() < 1e-6);
    }

    #[test]
    fn derivatives_agree_with_finite_differences() {
        let all = [
            Acquisition::Ucb { kappa: 2.0 },
            Acquisition::Ei { best: -0.3 },
            Acquisition::LogEi { best: -0.3 },
        ];
        for acquisition in all {
            for (mean, sd) in [(0.5, 0.8), (-1.0, 0.3), (3.0, 0.4), (0.2, 0.01)] {
                let value = |mean: f64, sd: f64| acquisition.of(Prediction { mean, sd }).value;
                let at = acquisition.of(Prediction { mean, sd });
                let h = 1e-6 * sd;
                let along_mean = (value(mean + h, sd) - value(mean - h, sd)) / (2.0 * h);
                let along_sd = (value(mean, sd + h) - value(mean, sd - h)) / (2.0 * h);
                let close = |a: f64, b: f64| (a - b).abs() < 1e-5 * (1.0 + b.abs());
                assert!(close(at.mean, along_mean), "{acquisition:?} {mean} {sd}: {at:?} {along_mean}");
                assert!(close(at.sd, along_sd), "{acquisition:?} {mean} {sd}: {at:?} {along_sd}");
            }
        }
    }
}
