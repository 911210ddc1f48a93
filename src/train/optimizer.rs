//! Optimizers: how weights follow their gradients.

use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, InplaceOp2, InplaceOp3, Layout, Result, Var};

use crate::domain::table::Row;

/// Changes weights in place.
pub trait Optimizer {
    /// One step along the gradients; weights without one stay. Called with the same weights in the same
    /// order each time.
    ///
    /// # Errors
    /// Where candle refuses.
    fn step(&mut self, weights: &[(String, Var)], gradients: &GradStore) -> Result<()>;
}

/// A row of the table of optimizers: builds one with a learning rate.
pub type OptimizerRow = Row<fn(f64) -> Box<dyn Optimizer>>;

/// Every optimizer.
pub const OPTIMIZERS: &[OptimizerRow] = &[
    Row {
        name: "adam",
        help: "adaptive moment estimation (Kingma & Ba 2014), as Keras sets it",
        settings: &[],
        build: |learning_rate| Box::new(Adam { learning_rate, steps: 0, moments: vec![] }),
    },
    Row {
        name: "sgd",
        help: "plain gradient descent",
        settings: &[],
        build: |learning_rate| Box::new(Sgd { learning_rate }),
    },
];

/// β₁ and β₂ of the paper; ε as in Keras (1e-7; the paper and PyTorch have 1e-8), in the paper's
/// shorter form "α̂ₜ = α √(1 − β₂ᵗ) / (1 − β₁ᵗ)" at the end of its section 2, as Keras computes it.
const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f32 = 1e-7;

struct Adam {
    learning_rate: f64,
    steps: i32,
    moments: Vec<Moments>,
}

/// Running means of a tensor's gradient and its square.
struct Moments {
    first: Var,
    second: Var,
}

impl Optimizer for Adam {
    fn step(&mut self, weights: &[(String, Var)], gradients: &GradStore) -> Result<()> {
        if self.moments.is_empty() {
            let zeros = |var: &Var| Var::zeros(var.shape(), var.dtype(), var.device());
            for (_, var) in weights {
                self.moments.push(Moments { first: zeros(var)?, second: zeros(var)? });
            }
        }
        self.steps += 1;
        let rate =
            self.learning_rate * (1.0 - BETA2.powi(self.steps)).sqrt() / (1.0 - BETA1.powi(self.steps));
        for ((_, var), moments) in weights.iter().zip(&self.moments) {
            let Some(gradient) = gradients.get(var) else { continue };
            moments.first.inplace_op2(gradient, &Follow { decay: BETA1, term: |g| g })?;
            moments.second.inplace_op2(gradient, &Follow { decay: BETA2, term: |g| g * g })?;
            var.inplace_op3(&moments.first, &moments.second, &AdamStep { rate: rate as f32 })?;
        }
        Ok(())
    }
}

struct Sgd {
    learning_rate: f64,
}

impl Optimizer for Sgd {
    fn step(&mut self, weights: &[(String, Var)], gradients: &GradStore) -> Result<()> {
        for (_, var) in weights {
            if let Some(gradient) = gradients.get(var) {
                var.inplace_op2(gradient, &Descend { rate: self.learning_rate as f32 })?;
            }
        }
        Ok(())
    }
}

/// m ← m + (1 − decay)(term(g) − m).
struct Follow {
    decay: f64,
    term: fn(f32) -> f32,
}

/// θ ← θ − rate · m / (√v + ε).
struct AdamStep {
    rate: f32,
}

/// θ ← θ − rate · g.
struct Descend {
    rate: f32,
}

impl InplaceOp2 for Follow {
    fn name(&self) -> &'static str {
        "follow"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, at: &Layout, g: &CpuStorage, g_at: &Layout) -> Result<()> {
        let share = (1.0 - self.decay) as f32;
        for (m, g) in target(to, at)?.iter_mut().zip(source(g, g_at)?) {
            *m += share * ((self.term)(*g) - *m);
        }
        Ok(())
    }
}

impl InplaceOp3 for AdamStep {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn cpu_fwd(
        &self,
        to: &mut CpuStorage,
        at: &Layout,
        m: &CpuStorage,
        m_at: &Layout,
        v: &CpuStorage,
        v_at: &Layout,
    ) -> Result<()> {
        let moments = source(m, m_at)?.iter().zip(source(v, v_at)?);
        for (x, (m, v)) in target(to, at)?.iter_mut().zip(moments) {
            *x -= self.rate * m / (v.sqrt() + EPSILON);
        }
        Ok(())
    }
}

impl InplaceOp2 for Descend {
    fn name(&self) -> &'static str {
        "descend"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, at: &Layout, g: &CpuStorage, g_at: &Layout) -> Result<()> {
        for (x, g) in target(to, at)?.iter_mut().zip(source(g, g_at)?) {
            *x -= self.rate * g;
        }
        Ok(())
    }
}

fn range(layout: &Layout) -> Result<std::ops::Range<usize>> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(start..end),
        None => candle_core::bail!("optimizers need contiguous weights and gradients"),
    }
}

fn target<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    match storage {
        CpuStorage::F32(values) => Ok(&mut values[range(layout)?]),
        _ => candle_core::bail!("optimizers need f32 weights"),
    }
}

fn source<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    Ok(&storage.as_slice::<f32>()?[range(layout)?])
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::domain::table::find;

    /// Steps on Σ c·θ², whose gradient is 2cθ.
    fn descend(name: &str, steps: usize) -> Vec<f32> {
        let var = Var::new(&[1.0_f32, -2.0], &Device::Cpu).unwrap();
        let c = candle_core::Tensor::new(&[1.0_f32, 3.0], &Device::Cpu).unwrap();
        let mut optimizer = (find(OPTIMIZERS, name).unwrap().build)(0.1);
        for _ in 0..steps {
            let loss = (var.sqr().unwrap() * &c).unwrap().sum_all().unwrap();
            optimizer.step(&[("x".into(), var.clone())], &loss.backward().unwrap()).unwrap();
        }
        var.to_vec1().unwrap()
    }

    #[test]
    fn sgd_steps_by_hand() {
        let found = descend("sgd", 2);
        assert!((found[0] - 0.64).abs() < 1e-6 && (found[1] + 0.32).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn adam_follows_algorithm_1_of_the_paper() {
        let mut expected = [1.0_f64, -2.0];
        let (mut m, mut v) = ([0.0; 2], [0.0; 2]);
        for t in 1..=5 {
            for (i, c) in [1.0, 3.0].into_iter().enumerate() {
                let g = 2.0 * c * expected[i];
                m[i] = 0.9 * m[i] + 0.1 * g;
                v[i] = 0.999 * v[i] + 0.001 * g * g;
                let (mean, square): (f64, f64) =
                    (m[i] / (1.0 - 0.9_f64.powi(t)), v[i] / (1.0 - 0.999_f64.powi(t)));
                expected[i] -= 0.1 * mean / (square.sqrt() + 1e-7);
            }
        }
        for (found, expected) in descend("adam", 5).iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-5, "{found} {expected}");
        }
    }

    #[test]
    fn every_optimizer_goes_downhill() {
        for row in OPTIMIZERS {
            let found = descend(row.name, 40);
            assert!(found[0].abs() < 0.5 && found[1].abs() < 1.0, "{}: {found:?}", row.name);
        }
    }
}
