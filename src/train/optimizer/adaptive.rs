//! Optimizers that divide each weight's step by the size of its gradients.

use super::EPSILON;
use super::elementwise::Rule;

/// s ← ρs + (1 − ρ)g², m ← μm + αg / √(s + ε), θ ← θ − m.
pub struct RmsProp {
    rho: f32,
    momentum: f32,
    rate: f32,
}

impl RmsProp {
    pub fn new(rho: f64, momentum: f64) -> Self {
        RmsProp { rho: rho as f32, momentum: momentum as f32, rate: 0.0 }
    }
}

impl Rule<2> for RmsProp {
    fn begin(&mut self, rate: f64) {
        self.rate = rate as f32;
    }

    fn update(&self, weight: &mut f32, gradient: f32, [square, velocity]: &mut [f32; 2]) {
        *square = self.rho * *square + (1.0 - self.rho) * gradient * gradient;
        *velocity = self.momentum * *velocity + self.rate * gradient / (*square + EPSILON).sqrt();
        *weight -= *velocity;
    }
}

/// s ← s + g², θ ← θ − αg / √(s + ε).
pub struct Adagrad {
    rate: f32,
}

/// What Keras' sums of squares begin with.
const FIRST_SQUARE: f32 = 0.1;

impl Adagrad {
    pub fn new() -> Self {
        Adagrad { rate: 0.0 }
    }
}

impl Rule<1> for Adagrad {
    fn first(&self) -> [f32; 1] {
        [FIRST_SQUARE]
    }

    fn begin(&mut self, rate: f64) {
        self.rate = rate as f32;
    }

    fn update(&self, weight: &mut f32, gradient: f32, [square]: &mut [f32; 1]) {
        *square += gradient * gradient;
        *weight -= self.rate * gradient / (*square + EPSILON).sqrt();
    }
}

/// s ← ρs + (1 − ρ)g², d = g √(t + ε) / √(s + ε), t ← ρt + (1 − ρ)d², θ ← θ − αd.
pub struct Adadelta {
    rho: f32,
    rate: f32,
}

impl Adadelta {
    pub fn new(rho: f64) -> Self {
        Adadelta { rho: rho as f32, rate: 0.0 }
    }
}

impl Rule<2> for Adadelta {
    fn begin(&mut self, rate: f64) {
        self.rate = rate as f32;
    }

    fn update(&self, weight: &mut f32, gradient: f32, [square, steps]: &mut [f32; 2]) {
        let follow = |mean: f32, value: f32| self.rho * mean + (1.0 - self.rho) * value * value;
        *square = follow(*square, gradient);
        let step = gradient * ((*steps + EPSILON) / (*square + EPSILON)).sqrt();
        *steps = follow(*steps, step);
        *weight -= self.rate * step;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::agrees;
    use super::*;

    #[test]
    fn rmsprop_follows_its_formula_with_and_without_momentum() {
        for momentum in [0.0, 0.9] {
            agrees(RmsProp::new(0.9, momentum), || {
                let (mut s, mut m) = (0.0, 0.0);
                move |x, g, rate, _| {
                    s = 0.9 * s + 0.1 * g * g;
                    m = momentum * m + rate * g / f64::sqrt(s + 1e-7);
                    x - m
                }
            });
        }
    }

    #[test]
    fn adagrad_follows_its_formula() {
        agrees(Adagrad::new(), || {
            let mut s = 0.1;
            move |x, g, rate, _| {
                s += g * g;
                x - rate * g / f64::sqrt(s + 1e-7)
            }
        });
    }

    #[test]
    fn adadelta_follows_its_formula() {
        agrees(Adadelta::new(0.95), || {
            let (mut s, mut t) = (0.0, 0.0);
            move |x, g, rate, _| {
                s = 0.95 * s + 0.05 * g * g;
                let d = g * f64::sqrt(t + 1e-7) / f64::sqrt(s + 1e-7);
                t = 0.95 * t + 0.05 * d * d;
                x - rate * d
            }
        });
    }
}
