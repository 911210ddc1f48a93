//! [`lstm()`] as an operation of candle's graph.

use std::sync::OnceLock;

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};

use super::lanes::Instructions;
use super::lstm::{GATES, forward, input_gradient, kernel_gradient};
use super::{like, read, values};

const NAME: &str = "lstm";

/// A long short-term memory over time: hidden states [batch, time, units] from `z` [batch, time, 4 × units]
/// and the recurrent `kernel` [units, 4 × units], all contiguous f32.
///
/// As Keras' `LSTM` with its default activations: `z` is x·W + b, the gates lie in the order input, forget,
/// candidate, output, and cells and hidden states begin at 0. The gradient of `z` goes through all of time.
/// Bit-identical for any number of threads.
///
/// # Errors
/// Where the shapes contradict each other, or a tensor is not contiguous f32 on the CPU.
pub fn lstm(z: &Tensor, kernel: &Tensor) -> Result<Tensor> {
    let (batch, time, columns) = z.dims3()?;
    let (units, kernel_columns) = kernel.dims2()?;
    if columns != GATES * units || kernel_columns != columns || batch * time * units == 0 {
        candle_core::bail!(
            "{NAME}: input {:?} and recurrent kernel {:?} do not fit together: both end in {GATES} times the units",
            z.shape(),
            kernel.shape()
        );
    }
    z.apply_op2(kernel, Lstm { units, time, states: OnceLock::new() })
}

struct Lstm {
    units: usize,
    time: usize,
    /// Gates and cells of every step: set by the forward pass.
    states: OnceLock<Vec<f32>>,
}

impl CustomOp2 for Lstm {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(
        &self,
        z: &CpuStorage,
        z_layout: &Layout,
        kernel: &CpuStorage,
        kernel_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (z, kernel) = (values(NAME, z, z_layout)?, values(NAME, kernel, kernel_layout)?);
        let (out, states) = forward(Instructions::best(), self.units, self.time, z, kernel);
        if self.states.set(states).is_err() {
            candle_core::bail!("{NAME}: one forward pass for each operation");
        }
        let shape = Shape::from((z_layout.dims()[0], self.time, self.units));
        Ok((CpuStorage::F32(out), shape))
    }

    fn bwd(
        &self,
        z: &Tensor,
        kernel: &Tensor,
        out: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let Some(states) = self.states.get() else {
            candle_core::bail!("{NAME}: backward before forward");
        };
        let (units, time, best) = (self.units, self.time, Instructions::best());
        let dz = read(NAME, kernel, |kernel| {
            read(NAME, grad, |grad| input_gradient(best, units, time, kernel, states, grad))
        })??;
        let kernel_grad = read(NAME, out, |hidden| kernel_gradient(best, units, time, hidden, &dz))?;
        Ok((Some(like(dz, z)?), Some(like(kernel_grad, kernel)?)))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};
    use proptest::prelude::*;

    use super::*;
    use crate::domain::seed::Rng;
    use crate::kernel::reference::{in_pools, wide};

    /// The equations in plain loops and f64.
    fn reference(units: usize, time: usize, z: &[f64], kernel: &[f64]) -> Vec<f64> {
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let mut out = vec![];
        for sample in z.chunks(time * GATES * units) {
            let (mut hidden, mut cell) = (vec![0.0; units], vec![0.0; units]);
            for z in sample.chunks(GATES * units) {
                let gate = |gate: usize, unit: usize| {
                    let column = gate * units + unit;
                    z[column]
                        + (0..units).map(|k| hidden[k] * kernel[k * GATES * units + column]).sum::<f64>()
                };
                let mut next = vec![0.0; units];
                for (u, next) in next.iter_mut().enumerate() {
                    let (i, f, o) = (sigmoid(gate(0, u)), sigmoid(gate(1, u)), sigmoid(gate(3, u)));
                    cell[u] = f * cell[u] + i * gate(2, u).tanh();
                    *next = o * cell[u].tanh();
                }
                hidden = next;
                out.extend_from_slice(&hidden);
            }
        }
        out
    }

    fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    struct Case {
        units: usize,
        time: usize,
        z: Vec<f32>,
        kernel: Vec<f32>,
        grad: Vec<f32>,
    }

    impl Case {
        fn new(seed: u64, batch: usize, time: usize, units: usize) -> Self {
            let mut rng = Rng::new(seed);
            let scale = 1.5 / (units as f64).sqrt();
            let mut draw = |n, scale| (0..n).map(|_| (rng.normal() * scale) as f32).collect::<Vec<f32>>();
            let z = draw(batch * time * GATES * units, 1.0);
            let kernel = draw(units * GATES * units, scale);
            Case { units, time, z, kernel, grad: draw(batch * time * units, 1.0) }
        }

        fn run(&self, instructions: Instructions) -> [Vec<f32>; 3] {
            let Case { units, time, z, kernel, grad } = self;
            let (out, states) = forward(instructions, *units, *time, z, kernel);
            let dz = input_gradient(instructions, *units, *time, kernel, &states, grad);
            let dk = kernel_gradient(instructions, *units, *time, &out, &dz);
            [out, dz, dk]
        }

        /// The change of Σ grad·hidden along a direction of `z` and the kernel, by central differences in f64.
        fn slope(&self, z_way: &[f64], kernel_way: &[f64]) -> f64 {
            let at = |h: f64| {
                let moved = |at: &[f32], way: &[f64]| -> Vec<f64> {
                    at.iter().zip(way).map(|(a, w)| f64::from(*a) + h * w).collect()
                };
                let (z, kernel) = (moved(&self.z, z_way), moved(&self.kernel, kernel_way));
                dot(&reference(self.units, self.time, &z, &kernel), &wide(&self.grad))
            };
            (at(1e-6) - at(-1e-6)) / 2e-6
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn every_path_agrees_with_plain_loops_and_finite_differences(
            seed: u64, batch in 1_usize..9, time in 1_usize..12, units in 1_usize..41,
        ) {
            let case = Case::new(seed, batch, time, units);
            let expected = reference(units, time, &wide(&case.z), &wide(&case.kernel));
            let mut rng = Rng::new(seed ^ 1);
            let mut ways = vec![];
            for round in 0..12 {
                // All coordinates at once, then single ones of either input.
                let mut way = |n: usize, moved: bool| match round {
                    0..4 => (0..n).map(|_| rng.normal()).collect(),
                    _ => {
                        let mut way = vec![0.0; n];
                        way[rng.below(n)] = f64::from(u8::from(moved));
                        way
                    }
                };
                let pair = (way(case.z.len(), round % 2 == 0), way(case.kernel.len(), round % 2 == 1));
                ways.push((case.slope(&pair.0, &pair.1), pair));
            }
            for instructions in Instructions::available() {
                let [out, dz, dk] = case.run(*instructions);
                for (found, expected) in out.iter().zip(&expected) {
                    prop_assert!((f64::from(*found) - expected).abs() <= 5e-6, "{} for {}", found, expected);
                }
                let (dz, dk) = (wide(&dz), wide(&dk));
                for (expected, (z_way, kernel_way)) in &ways {
                    let found = dot(&dz, z_way) + dot(&dk, kernel_way);
                    let size = (dot(&dz, &dz) + dot(&dk, &dk)).sqrt();
                    let size = size * (dot(z_way, z_way) + dot(kernel_way, kernel_way)).sqrt();
                    prop_assert!((found - expected).abs() <= 1e-5 * size, "{} for {}", found, expected);
                }
            }
        }

        #[test]
        fn bits_do_not_depend_on_the_number_of_threads(
            seed: u64, batch in 1_usize..20, time in 1_usize..5, units in 1_usize..40,
        ) {
            let case = Case::new(seed, batch, time, units);
            let (one, three) = in_pools(|| case.run(Instructions::best()));
            prop_assert_eq!(one, three);
        }
    }

    #[test]
    fn candles_graph_hands_both_gradients_out() {
        let case = Case::new(3, 7, 5, 6);
        let z = Var::from_slice(&case.z, (7, 5, 24), &Device::Cpu).unwrap();
        let kernel = Var::from_slice(&case.kernel, (6, 24), &Device::Cpu).unwrap();
        let grad = Tensor::from_slice(&case.grad, (7, 5, 6), &Device::Cpu).unwrap();
        let out = lstm(&z, &kernel).unwrap();
        let grads = (&out * grad).unwrap().sum_all().unwrap().backward().unwrap();
        let flat = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let [hidden, dz, dk] = case.run(Instructions::best());
        assert_eq!(flat(&out), hidden);
        assert_eq!(flat(grads.get(&z).unwrap()), dz);
        assert_eq!(flat(grads.get(&kernel).unwrap()), dk);
    }

    #[test]
    fn nan_reaches_the_hidden_states_and_contradictions_are_named() {
        let z = Tensor::full(f32::NAN, (1, 2, 8), &Device::Cpu).unwrap();
        let kernel = Tensor::zeros((2, 8), candle_core::DType::F32, &Device::Cpu).unwrap();
        assert!(lstm(&z, &kernel).unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap().is_nan());
        let message = lstm(&z, &kernel.t().unwrap()).unwrap_err().to_string();
        assert!(message.contains("[1, 2, 8]") && message.contains("[8, 2]"), "{message}");
    }
}
