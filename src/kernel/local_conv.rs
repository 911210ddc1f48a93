//! A convolution with own weights at every position, as an operation of candle's graph.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::shape::windows;
use super::{like, read, values};

const NAME: &str = "local_conv1d";

/// Partial sums of a product, side by side.
const SUMS: usize = 8;

/// Samples that one task takes through the weights together.
const SAMPLES: usize = 4;

/// [batch, outputs, filters] from `x` [batch, positions, channels], `kernel` [outputs, taps · channels,
/// filters] and `bias` [outputs, filters], all contiguous f32: at each output, `stride` positions after
/// the last, its own kernel is applied to the `taps` positions from there on.
///
/// As Keras' `LocallyConnected1D` (implementation 1, `valid` padding). The gradient of `x` is computed
/// only where `x` is tracked. Bit-identical for any number of threads.
///
/// # Errors
/// Where the shapes contradict each other, or a tensor is not contiguous f32 on the CPU.
pub fn local_conv1d(x: &Tensor, kernel: &Tensor, bias: &Tensor, stride: usize) -> Result<Tensor> {
    let (_, positions, channels) = x.dims3()?;
    let (outputs, span, filters) = kernel.dims3()?;
    let fits = windows(positions, span / channels.max(1), stride) == Some(outputs);
    if !fits || span % channels != 0 || bias.dims2()? != (outputs, filters) {
        candle_core::bail!(
            "{NAME}: input {:?}, stride {stride}, kernel {:?} and bias {:?} do not fit together",
            x.shape(),
            kernel.shape(),
            bias.shape()
        );
    }
    let inputs = positions * channels;
    x.apply_op3(kernel, bias, LocalConv { inputs, step: stride * channels, outputs, span, filters })
}

/// A cell is one output of one filter, with its own `span` weights.
struct LocalConv {
    /// Values of a sample.
    inputs: usize,
    /// Values between two applications.
    step: usize,
    outputs: usize,
    /// Values under a kernel.
    span: usize,
    filters: usize,
}

impl LocalConv {
    fn cells(&self) -> usize {
        self.outputs * self.filters
    }

    /// The values of a sample under a cell.
    fn window(&self, cell: usize) -> std::ops::Range<usize> {
        let start = cell / self.filters * self.step;
        start..start + self.span
    }

    /// The kernel cell by cell, so that the weights of one lie side by side.
    fn by_cell(&self, kernel: &[f32]) -> Vec<f32> {
        transposed(kernel, self.span, self.filters)
    }

    /// Outputs, batch × cells.
    fn forward(&self, x: &[f32], kernel: &[f32], bias: &[f32]) -> Vec<f32> {
        let weights = self.by_cell(kernel);
        let mut out = vec![0.0; x.len() / self.inputs * self.cells()];
        let x = x.par_chunks(SAMPLES * self.inputs);
        out.par_chunks_mut(SAMPLES * self.cells()).zip(x).for_each(|(out, x)| {
            for (cell, weights) in weights.chunks_exact(self.span).enumerate() {
                let samples = x.chunks_exact(self.inputs);
                for (sample, out) in samples.zip(out.chunks_exact_mut(self.cells())) {
                    out[cell] = bias[cell] + dot(&sample[self.window(cell)], weights);
                }
            }
        });
        out
    }

    /// Gradients of the kernel and the bias: a cell's samples are summed in their order.
    fn backward(&self, x: &[f32], grad: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let mut weights = vec![0.0; self.cells() * self.span];
        let mut bias = vec![0.0; self.cells()];
        let found = weights.par_chunks_exact_mut(self.span).zip(&mut bias).enumerate();
        found.with_min_len(SAMPLES).for_each(|(cell, (weights, bias))| {
            for (sample, grad) in x.chunks_exact(self.inputs).zip(grad.chunks_exact(self.cells())) {
                *bias += grad[cell];
                add_scaled(weights, grad[cell], &sample[self.window(cell)]);
            }
        });
        (transposed(&weights, self.filters, self.span), bias)
    }

    fn input_gradient(&self, kernel: &[f32], grad: &[f32]) -> Vec<f32> {
        let weights = self.by_cell(kernel);
        let mut found = vec![0.0; grad.len() / self.cells() * self.inputs];
        let grad = grad.par_chunks_exact(self.cells());
        found.par_chunks_exact_mut(self.inputs).zip(grad).for_each(|(found, grad)| {
            for (cell, weights) in weights.chunks_exact(self.span).enumerate() {
                add_scaled(&mut found[self.window(cell)], grad[cell], weights);
            }
        });
        found
    }
}

/// Each matrix of `rows` × `columns` the other way round.
fn transposed(matrices: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut out = vec![0.0; matrices.len()];
    let size = rows * columns;
    out.par_chunks_exact_mut(size).zip(matrices.par_chunks_exact(size)).for_each(|(out, matrix)| {
        for (r, row) in matrix.chunks_exact(columns).enumerate() {
            for (c, value) in row.iter().enumerate() {
                out[c * rows + r] = *value;
            }
        }
    });
    out
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; SUMS];
    for (a, b) in a.chunks(SUMS).zip(b.chunks(SUMS)) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

fn add_scaled(out: &mut [f32], scale: f32, values: &[f32]) {
    for (out, value) in out.iter_mut().zip(values) {
        *out += scale * value;
    }
}

impl CustomOp3 for LocalConv {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        kernel: &CpuStorage,
        kernel_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let out = self.forward(
            values(NAME, x, x_layout)?,
            values(NAME, kernel, kernel_layout)?,
            values(NAME, bias, bias_layout)?,
        );
        Ok((CpuStorage::F32(out), Shape::from((x_layout.dims()[0], self.outputs, self.filters))))
    }

    fn bwd(
        &self,
        x: &Tensor,
        kernel: &Tensor,
        bias: &Tensor,
        _out: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let x_grad = if x.track_op() {
            let found =
                read(NAME, kernel, |kernel| read(NAME, grad, |grad| self.input_gradient(kernel, grad)))??;
            Some(like(found, x)?)
        } else {
            None
        };
        let (kernel_grad, bias_grad) = read(NAME, x, |x| read(NAME, grad, |grad| self.backward(x, grad)))??;
        Ok((x_grad, Some(like(kernel_grad, kernel)?), Some(like(bias_grad, bias)?)))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};
    use proptest::prelude::*;

    use super::*;
    use crate::domain::seed::Rng;
    use crate::kernel::reference::{close, differences, in_pools, wide};

    fn normal(rng: &mut Rng, n: usize) -> Vec<f32> {
        (0..n).map(|_| rng.normal() as f32).collect()
    }

    /// The layer by plain loops over the kernel as it is given.
    fn plain(l: &LocalConv, x: &[f64], kernel: &[f64], bias: &[f64]) -> Vec<f64> {
        let cells = x.chunks(l.inputs).flat_map(|sample| (0..l.cells()).map(move |cell| (sample, cell)));
        cells
            .map(|(sample, cell)| {
                let (output, filter) = (cell / l.filters, cell % l.filters);
                let weight = |k: usize| kernel[(output * l.span + k) * l.filters + filter];
                bias[cell] + (0..l.span).map(|k| sample[output * l.step + k] * weight(k)).sum::<f64>()
            })
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn values_and_gradients_agree_with_plain_loops(
            seed: u64, batch in 1_usize..7, positions in 1_usize..16, channels in 1_usize..4,
            filters in 1_usize..4, taps in 1_usize..9, stride in 1_usize..5,
        ) {
            let Some(outputs) = windows(positions, taps, stride) else { return Ok(()) };
            let (inputs, span, step) = (positions * channels, taps * channels, stride * channels);
            let local = LocalConv { inputs, step, outputs, span, filters };
            let mut rng = Rng::new(seed);
            let (x, grad) = (normal(&mut rng, batch * inputs), normal(&mut rng, batch * local.cells()));
            let (kernel, bias) = (normal(&mut rng, local.cells() * span), normal(&mut rng, local.cells()));
            let (wx, wk, wb, wg) = (wide(&x), wide(&kernel), wide(&bias), wide(&grad));
            close(&local.forward(&x, &kernel, &bias), &plain(&local, &wx, &wk, &wb))?;
            let (kernel_grad, bias_grad) = local.backward(&x, &grad);
            close(&kernel_grad, &differences(&wk, &wg, |kernel| plain(&local, &wx, kernel, &wb)))?;
            close(&bias_grad, &differences(&wb, &wg, |bias| plain(&local, &wx, &wk, bias)))?;
            close(&local.input_gradient(&kernel, &grad), &differences(&wx, &wg, |x| plain(&local, x, &wk, &wb)))?;
        }
    }

    #[test]
    fn gradients_pass_through_the_graph() {
        // Two outputs of two taps, one filter; the fifth position is out of reach.
        let x = Var::new(&[[[1.0_f32], [2.0], [3.0], [4.0], [5.0]]], &Device::Cpu).unwrap();
        let kernel = Var::new(&[[[1.0_f32], [2.0]], [[3.0], [4.0]]], &Device::Cpu).unwrap();
        let bias = Var::new(&[[0.5_f32], [-0.5]], &Device::Cpu).unwrap();
        let y = local_conv1d(&x, &kernel, &bias, 2).unwrap();
        let flat = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!((y.dims(), flat(&y)), (&[1, 2, 1][..], vec![5.5, 24.5]));
        let grads = y.sqr().unwrap().sum_all().unwrap().backward().unwrap();
        assert_eq!(flat(grads.get(&x).unwrap()), [11.0, 22.0, 147.0, 196.0, 0.0]);
        assert_eq!(flat(grads.get(&kernel).unwrap()), [11.0, 22.0, 147.0, 196.0]);
        assert_eq!(flat(grads.get(&bias).unwrap()), [11.0, 49.0]);
        assert!(local_conv1d(&x, &kernel, &bias, 1).is_err());
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let local = LocalConv { inputs: 120, step: 6, outputs: 18, span: 18, filters: 3 };
        let mut rng = Rng::new(1);
        let (x, grad) = (normal(&mut rng, 13 * 120), normal(&mut rng, 13 * 54));
        let (kernel, bias) = (normal(&mut rng, 54 * 18), normal(&mut rng, 54));
        let (one, three) = in_pools(|| {
            (
                local.forward(&x, &kernel, &bias),
                local.backward(&x, &grad),
                local.input_gradient(&kernel, &grad),
            )
        });
        assert_eq!(one, three);
    }
}
