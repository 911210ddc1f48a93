//! The Matérn-5/2 kernel with a length scale a dimension (Rasmussen & Williams 2006, eq. 4.17).

use libm::{exp, sqrt};

/// How two values of one dimension differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// By their distance.
    Ordered,
    /// By 1 unless they are equal: what one-hot encoding, scaled by 1/√2, comes to.
    Nominal,
}

impl Metric {
    /// The difference of two values.
    pub fn difference(self, a: f64, b: f64) -> f64 {
        match self {
            Metric::Ordered => a - b,
            Metric::Nominal => f64::from(u8::from(a.to_bits() != b.to_bits())),
        }
    }
}

/// The correlation at the squared scaled distance `r2`, and its slope −2 ∂correlation/∂r2. Both are
/// smooth at 0.
pub fn matern(r2: f64) -> (f64, f64) {
    let s = sqrt(5.0 * r2);
    let decay = exp(-s);
    ((1.0 + s + 5.0 / 3.0 * r2) * decay, 5.0 / 3.0 * (1.0 + s) * decay)
}

/// A kernel of given length scales and signal variance.
#[derive(Debug, Clone)]
pub struct Kernel {
    /// How each dimension's values differ.
    pub metrics: Vec<Metric>,
    /// The length scale of each dimension.
    pub length_scales: Vec<f64>,
    /// The variance of the function about its mean.
    pub signal: f64,
    /// The variance of its unknown constant mean (Rasmussen & Williams 2006, section 2.7).
    pub constant: f64,
}

impl Kernel {
    /// The variance of the function at any point.
    pub fn variance(&self) -> f64 {
        self.constant + self.signal
    }

    /// The covariance of the function at two points.
    pub fn covariance(&self, a: &[f64], b: &[f64]) -> f64 {
        self.covariance_and_slope(a, b).0
    }

    /// The covariance, and the slope from which [`derivative`](Self::derivative) makes its gradient.
    pub fn covariance_and_slope(&self, a: &[f64], b: &[f64]) -> (f64, f64) {
        let (correlation, slope) = matern(self.squared_distance(a, b));
        (self.constant + self.signal * correlation, self.signal * slope)
    }

    /// ∂covariance/∂a\[i\] from the slope that [`covariance_and_slope`](Self::covariance_and_slope)
    /// gave; 0 in a nominal dimension.
    pub fn derivative(&self, slope: f64, i: usize, a: &[f64], b: &[f64]) -> f64 {
        match self.metrics[i] {
            Metric::Ordered => -slope * (a[i] - b[i]) / (self.length_scales[i] * self.length_scales[i]),
            Metric::Nominal => 0.0,
        }
    }

    fn squared_distance(&self, a: &[f64], b: &[f64]) -> f64 {
        let scaled = |(((metric, l), a), b): (((&Metric, &f64), &f64), &f64)| {
            let d = metric.difference(*a, *b) / l;
            d * d
        };
        self.metrics.iter().zip(&self.length_scales).zip(a).zip(b).map(scaled).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_and_gradient_agree_with_the_formula_and_finite_differences() {
        let kernel = Kernel {
            metrics: vec![Metric::Ordered, Metric::Nominal, Metric::Ordered],
            length_scales: vec![0.3, 0.8, 2.0],
            signal: 1.7,
            constant: 0.4,
        };
        let (a, b) = ([0.2, 0.25, 0.9], [0.6, 0.75, 0.1]);
        let r = libm::sqrt((0.4_f64 / 0.3).powi(2) + (1.0_f64 / 0.8).powi(2) + (0.8_f64 / 2.0).powi(2));
        let s = libm::sqrt(5.0) * r;
        let expected = 0.4 + 1.7 * (1.0 + s + s * s / 3.0) * libm::exp(-s);
        assert!((kernel.covariance(&a, &b) - expected).abs() < 1e-14);

        let (_, slope) = kernel.covariance_and_slope(&a, &b);
        for i in [0, 2] {
            let at = |h: f64| {
                let mut moved = a;
                moved[i] += h;
                kernel.covariance(&moved, &b)
            };
            let numeric = (at(1e-6) - at(-1e-6)) / 2e-6;
            assert!((kernel.derivative(slope, i, &a, &b) - numeric).abs() < 1e-8);
        }
        assert_eq!(kernel.derivative(slope, 1, &a, &b), 0.0);
        assert_eq!(kernel.covariance_and_slope(&a, &a).0, 2.1);
    }
}
