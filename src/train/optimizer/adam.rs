//! Adam and its relatives.

use super::EPSILON;
use super::elementwise::Rule;

/// The decays of the running means of gradients and their squares.
const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;

/// mean ← mean + (1 − β)(value − mean).
fn follow(mean: &mut f32, beta: f64, value: f32) {
    *mean += (1.0 - beta) as f32 * (value - *mean);
}

/// θ ← θ − αλθ (AdamW's decay λ, which Keras applies first), then
/// θ ← θ − α √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε): the shorter form at the end of section 2 of the paper,
/// as Keras computes it.
pub struct Adam {
    weight_decay: f64,
    power1: f64,
    power2: f64,
    decay: f32,
    rate: f32,
}

impl Adam {
    pub fn new(weight_decay: f64) -> Self {
        Adam { weight_decay, power1: 1.0, power2: 1.0, decay: 0.0, rate: 0.0 }
    }
}

impl Rule<2> for Adam {
    fn begin(&mut self, rate: f64) {
        self.power1 *= BETA1;
        self.power2 *= BETA2;
        self.decay = (rate * self.weight_decay) as f32;
        self.rate = (rate * (1.0 - self.power2).sqrt() / (1.0 - self.power1)) as f32;
    }

    fn update(&self, weight: &mut f32, gradient: f32, [mean, square]: &mut [f32; 2]) {
        follow(mean, BETA1, gradient);
        follow(square, BETA2, gradient * gradient);
        *weight -= self.decay * *weight;
        *weight -= self.rate * *mean / (square.sqrt() + EPSILON);
    }
}

/// u ← max(β₂u, |g|), θ ← θ − α / (1 − β₁ᵗ) · m / (u + ε).
pub struct Adamax {
    power1: f64,
    rate: f32,
}

impl Adamax {
    pub fn new() -> Self {
        Adamax { power1: 1.0, rate: 0.0 }
    }
}

impl Rule<2> for Adamax {
    fn begin(&mut self, rate: f64) {
        self.power1 *= BETA1;
        self.rate = (rate / (1.0 - self.power1)) as f32;
    }

    fn update(&self, weight: &mut f32, gradient: f32, [mean, largest]: &mut [f32; 2]) {
        follow(mean, BETA1, gradient);
        *largest = (BETA2 as f32 * *largest).max(gradient.abs());
        *weight -= self.rate * *mean / (*largest + EPSILON);
    }
}

/// With μₜ = β₁(1 − ½ · 0.96ᵗ): θ ← θ − α (μₜ₊₁ m / (1 − Π₁ᵗ⁺¹ μ) + (1 − μₜ) g / (1 − Π₁ᵗ μ)) / (√v̂ + ε).
pub struct Nadam {
    /// 0.96ᵗ, β₂ᵗ and Π₁ᵗ μ.
    decay: f64,
    power2: f64,
    product: f64,
    /// What m and g are multiplied by, and v.
    mean_rate: f32,
    gradient_rate: f32,
    correction: f32,
}

impl Nadam {
    pub fn new() -> Self {
        let (mean_rate, gradient_rate, correction) = (0.0, 0.0, 0.0);
        Nadam { decay: 1.0, power2: 1.0, product: 1.0, mean_rate, gradient_rate, correction }
    }
}

/// How fast Nadam's momentum grows towards β₁.
const MOMENTUM_DECAY: f64 = 0.96;

impl Rule<2> for Nadam {
    fn begin(&mut self, rate: f64) {
        let momentum = |decay: f64| BETA1 * (1.0 - 0.5 * decay);
        self.decay *= MOMENTUM_DECAY;
        self.power2 *= BETA2;
        let (now, next) = (momentum(self.decay), momentum(self.decay * MOMENTUM_DECAY));
        self.product *= now;
        self.mean_rate = (rate * next / (1.0 - self.product * next)) as f32;
        self.gradient_rate = (rate * (1.0 - now) / (1.0 - self.product)) as f32;
        self.correction = (1.0 / (1.0 - self.power2)) as f32;
    }

    fn update(&self, weight: &mut f32, gradient: f32, [mean, square]: &mut [f32; 2]) {
        follow(mean, BETA1, gradient);
        follow(square, BETA2, gradient * gradient);
        let ahead = self.mean_rate * *mean + self.gradient_rate * gradient;
        *weight -= ahead / ((*square * self.correction).sqrt() + EPSILON);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::agrees;
    use super::*;

    #[test]
    fn adam_follows_algorithm_1_of_the_paper() {
        agrees(Adam::new(0.0), || adam(0.0));
    }

    #[test]
    fn adamw_decays_weights_beside_the_gradient() {
        agrees(Adam::new(0.3), || adam(0.3));
    }

    /// The paper's form but for ε, which its shorter form holds against the uncorrected √v.
    fn adam(decay: f64) -> impl FnMut(f64, f64, f64, i32) -> f64 {
        let (mut m, mut v) = (0.0, 0.0);
        move |x, g, rate, t| {
            m = 0.9 * m + 0.1 * g;
            v = 0.999 * v + 0.001 * g * g;
            let corrected = f64::sqrt(1.0 - 0.999_f64.powi(t));
            let step = m / (1.0 - 0.9_f64.powi(t)) / (f64::sqrt(v) / corrected + 1e-7 / corrected);
            x - rate * decay * x - rate * step
        }
    }

    #[test]
    fn adamax_follows_algorithm_2_of_the_paper() {
        agrees(Adamax::new(), || {
            let (mut m, mut u) = (0.0, 0.0_f64);
            move |x, g: f64, rate, t| {
                m = 0.9 * m + 0.1 * g;
                u = (0.999 * u).max(g.abs());
                x - rate / (1.0 - 0.9_f64.powi(t)) * m / (u + 1e-7)
            }
        });
    }

    #[test]
    fn nadam_follows_keras() {
        agrees(Nadam::new(), || {
            let (mut m, mut v) = (0.0, 0.0);
            move |x, g, rate, t| {
                let u = |t: i32| 0.9 * (1.0 - 0.5 * 0.96_f64.powi(t));
                let product = |t: i32| (1..=t).map(u).product::<f64>();
                m = 0.9 * m + 0.1 * g;
                v = 0.999 * v + 0.001 * g * g;
                let ahead = u(t + 1) * m / (1.0 - product(t + 1)) + (1.0 - u(t)) * g / (1.0 - product(t));
                x - rate * ahead / (f64::sqrt(v / (1.0 - 0.999_f64.powi(t))) + 1e-7)
            }
        });
    }
}
