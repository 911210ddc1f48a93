//! Gradient descent.

use super::elementwise::Rule;

/// v ← μv − αg, then θ ← θ + v, or with Nesterov's look ahead θ ← θ + μv − αg (Sutskever 2013).
pub struct Sgd {
    momentum: f32,
    nesterov: bool,
    rate: f32,
}

impl Sgd {
    pub fn new(momentum: f64, nesterov: bool) -> Self {
        Sgd { momentum: momentum as f32, nesterov, rate: 0.0 }
    }
}

impl Rule<1> for Sgd {
    fn begin(&mut self, rate: f64) {
        self.rate = rate as f32;
    }

    fn update(&self, weight: &mut f32, gradient: f32, [velocity]: &mut [f32; 1]) {
        let step = self.rate * gradient;
        *velocity = self.momentum * *velocity - step;
        *weight += if self.nesterov { self.momentum * *velocity - step } else { *velocity };
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::agrees;
    use super::*;

    #[test]
    fn plain_steps_follow_the_gradient() {
        agrees(Sgd::new(0.0, false), || |x, g, rate, _| x - rate * g);
        agrees(Sgd::new(0.0, true), || |x, g, rate, _| x - rate * g);
    }

    #[test]
    fn momentum_keeps_going_and_nesterov_looks_ahead() {
        for nesterov in [false, true] {
            agrees(Sgd::new(0.9, nesterov), || {
                let mut v = 0.0;
                move |x, g, rate, _| {
                    v = 0.9 * v - rate * g;
                    if nesterov { x + 0.9 * v - rate * g } else { x + v }
                }
            });
        }
    }
}
