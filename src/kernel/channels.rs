//! Sums over channels, each neuron with weights of its own, as an operation of candle's graph.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{like, read, values};

const NAME: &str = "sum_channels";

/// Σ over channels of `x[n, b, c] · weights[n, c]`: [batch, neurons] from `x` [neurons, batch, channels] and
/// `weights` [neurons, channels], contiguous f32. Bit-identical for any number of threads.
///
/// # Errors
/// Where the shapes contradict each other, or a tensor is not contiguous f32 on the CPU.
pub fn sum_channels(x: &Tensor, weights: &Tensor) -> Result<Tensor> {
    let (neurons, batch, channels) = x.dims3()?;
    if weights.dims() != [neurons, channels] || x.elem_count() == 0 {
        candle_core::bail!(
            "{NAME}: input {:?} and weights {:?} do not fit together",
            x.shape(),
            weights.shape()
        );
    }
    x.apply_op2(weights, SumChannels { neurons, batch, channels })
}

struct SumChannels {
    neurons: usize,
    batch: usize,
    channels: usize,
}

impl SumChannels {
    /// Values of one neuron.
    fn size(&self) -> usize {
        self.batch * self.channels
    }

    fn forward(&self, x: &[f32], weights: &[f32]) -> Vec<f32> {
        let mut by_neuron = vec![0.0; self.neurons * self.batch];
        let neurons = x.par_chunks_exact(self.size()).zip(weights.par_chunks_exact(self.channels));
        by_neuron.par_chunks_exact_mut(self.batch).zip(neurons).for_each(|(out, (x, weights))| {
            for (out, x) in out.iter_mut().zip(x.chunks_exact(self.channels)) {
                *out = x.iter().zip(weights).map(|(x, w)| x * w).sum();
            }
        });
        let turned = |i: usize| by_neuron[i % self.neurons * self.batch + i / self.neurons];
        (0..by_neuron.len()).map(turned).collect()
    }

    /// The gradients of `x` and of the weights from that of the outputs.
    fn backward(&self, x: &[f32], weights: &[f32], grad: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let (mut x_grad, mut weights_grad) = (vec![0.0; x.len()], vec![0.0; weights.len()]);
        let given = x.par_chunks_exact(self.size()).zip(weights.par_chunks_exact(self.channels));
        let found =
            x_grad.par_chunks_exact_mut(self.size()).zip(weights_grad.par_chunks_exact_mut(self.channels));
        given.zip(found).enumerate().for_each(|(neuron, ((x, weights), (x_grad, weights_grad)))| {
            let samples = x.chunks_exact(self.channels).zip(x_grad.chunks_exact_mut(self.channels));
            for (sample, (x, x_grad)) in samples.enumerate() {
                let grad = grad[sample * self.neurons + neuron];
                for c in 0..self.channels {
                    x_grad[c] = grad * weights[c];
                    weights_grad[c] += grad * x[c];
                }
            }
        });
        (x_grad, weights_grad)
    }
}

impl CustomOp2 for SumChannels {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weights: &CpuStorage,
        weights_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let out = self.forward(values(NAME, x, x_layout)?, values(NAME, weights, weights_layout)?);
        Ok((CpuStorage::F32(out), Shape::from((self.batch, self.neurons))))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weights: &Tensor,
        _out: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (x_grad, weights_grad) = read(NAME, x, |x| {
            read(NAME, weights, |weights| read(NAME, grad, |grad| self.backward(x, weights, grad)))
        })???;
        Ok((Some(like(x_grad, x)?), Some(like(weights_grad, weights)?)))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device, Var};
    use proptest::prelude::*;

    use super::*;
    use crate::domain::seed::Rng;
    use crate::kernel::reference::{close, differences, in_pools, wide};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn sums_and_gradients_agree_with_plain_loops(
            seed: u64, neurons in 1_usize..12, batch in 1_usize..7, channels in 1_usize..20,
        ) {
            let mut rng = Rng::new(seed);
            let mut draw = |n: usize| (0..n).map(|_| rng.normal() as f32).collect::<Vec<_>>();
            let (x, w, g) = (draw(neurons * batch * channels), draw(neurons * channels), draw(batch * neurons));
            let plain = |x: &[f64], w: &[f64]| -> Vec<f64> {
                let sum = |b: usize, n: usize| {
                    (0..channels).map(|c| x[(n * batch + b) * channels + c] * w[n * channels + c]).sum()
                };
                (0..batch * neurons).map(|i| sum(i / neurons, i % neurons)).collect()
            };
            let op = SumChannels { neurons, batch, channels };
            let ((out, (x_grad, w_grad)), three) = in_pools(|| (op.forward(&x, &w), op.backward(&x, &w, &g)));
            prop_assert_eq!((&out, (&x_grad, &w_grad)), (&three.0, (&three.1.0, &three.1.1)));
            let (x, w, g) = (wide(&x), wide(&w), wide(&g));
            close(&out, &plain(&x, &w))?;
            close(&x_grad, &differences(&x, &g, |x| plain(x, &w)))?;
            close(&w_grad, &differences(&w, &g, |w| plain(&x, w)))?;
        }
    }

    #[test]
    fn candles_graph_hands_both_gradients_out_and_contradictions_are_named() {
        let x = Var::ones((3, 2, 5), DType::F32, &Device::Cpu).unwrap();
        let weights = Var::ones((3, 5), DType::F32, &Device::Cpu).unwrap();
        let y = sum_channels(&x, &weights).unwrap();
        assert_eq!(y.to_vec2::<f32>().unwrap(), [[5.0; 3]; 2]);
        let grads = y.sum_all().unwrap().backward().unwrap();
        assert_eq!(grads.get(&x).unwrap().dims(), [3, 2, 5]);
        assert_eq!(grads.get(&weights).unwrap().to_vec2::<f32>().unwrap(), [[2.0; 5]; 3]);
        let message = sum_channels(&x, &weights.t().unwrap()).unwrap_err().to_string();
        assert!(message.contains("[3, 2, 5]") && message.contains("[5, 3]"), "{message}");
    }
}
