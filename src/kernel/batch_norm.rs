//! Batch normalisation with the batch's own statistics, as an operation of candle's graph.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{like, read, values};

const NAME: &str = "batch_norm";

/// Values that one task sums, or more where rows are wider. Fixed, so that sums do not depend on the number
/// of threads.
const CHUNK: usize = 1 << 14;

/// Values that are worked on side by side, at least: several rows where there are few channels.
const SIDE: usize = 64;

/// Mean and variance of each channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// The mean of each channel.
    pub mean: Vec<f32>,
    /// The population variance (divided by the count, not by one less) of each channel.
    pub variance: Vec<f32>,
}

/// `(x − mean) / √(variance + epsilon) · gamma + beta` with the mean and population variance that `x`
/// itself has over all axes but the last, and these moments (for moving averages).
///
/// `x` is `[…, channels]`, `gamma` and `beta` `[channels]`, all contiguous f32. The gradient of `x` passes
/// through the moments too (Ioffe & Szegedy 2015), and is computed only where `x` is tracked; the
/// moments that are returned carry none. Bit-identical for any number of threads.
///
/// # Errors
/// Where the shapes contradict each other, or a tensor is not contiguous f32 on the CPU.
pub fn batch_norm(x: &Tensor, gamma: &Tensor, beta: &Tensor, epsilon: f64) -> Result<(Tensor, Moments)> {
    let channels = x.dims().last().copied().unwrap_or_default();
    if x.elem_count() == 0 || gamma.dims1()? != channels || beta.dims1()? != channels {
        candle_core::bail!(
            "{NAME}: input {:?}, gamma {:?}, beta {:?}",
            x.shape(),
            gamma.shape(),
            beta.shape()
        );
    }
    let moments = read(NAME, x, |x| moments(x, channels))?;
    let inverse = moments.variance.iter().map(|v| (1.0 / (f64::from(*v) + epsilon).sqrt()) as f32).collect();
    let op = BatchNorm { mean: moments.mean.clone(), inverse };
    Ok((x.apply_op3(gamma, beta, op)?, moments))
}

/// Rows side by side: their values together, and those of one task.
fn widths(channels: usize) -> (usize, usize) {
    let side = SIDE.next_multiple_of(channels);
    (side, CHUNK.next_multiple_of(side))
}

/// What belongs to each channel, for the values of rows that lie side by side.
fn repeated<T: Copy>(channels: &[T]) -> Vec<T> {
    channels.iter().copied().cycle().take(widths(channels.len()).0).collect()
}

/// For each channel the sum of `term(x − mean, grad)`.
fn sums(x: &[f32], mean: &[f64], grad: &[f32], term: impl Fn(f64, f64) -> f64 + Sync) -> Vec<f64> {
    let (side, task) = widths(mean.len());
    let means = repeated(mean);
    let parts: Vec<Vec<f64>> = x
        .par_chunks(task)
        .zip(grad.par_chunks(task))
        .map(|(x, grad)| {
            let mut sums = vec![0.0; side];
            for (x, grad) in x.chunks(side).zip(grad.chunks(side)) {
                for (((sum, x), mean), grad) in sums.iter_mut().zip(x).zip(&means).zip(grad) {
                    *sum += term(f64::from(*x) - mean, f64::from(*grad));
                }
            }
            sums
        })
        .collect();
    let mut total = vec![0.0; mean.len()];
    for row in parts.iter().flat_map(|part| part.chunks_exact(mean.len())) {
        total.iter_mut().zip(row).for_each(|(total, sum)| *total += sum);
    }
    total
}

fn moments(x: &[f32], channels: usize) -> Moments {
    let count = (x.len() / channels) as f64;
    let mut mean = sums(x, &vec![0.0; channels], x, |x, _| x);
    mean.iter_mut().for_each(|mean| *mean /= count);
    let squares = sums(x, &mean, x, |x, _| x * x);
    Moments {
        mean: mean.iter().map(|mean| *mean as f32).collect(),
        variance: squares.iter().map(|sum| (sum / count) as f32).collect(),
    }
}

/// For each value `(x − mean) · slope + grad · scale + offset`, where the last four belong to its channel.
fn affine(x: &[f32], grad: &[f32], [mean, slope, scale, offset]: [&[f32]; 4]) -> Vec<f32> {
    let (side, task) = widths(mean.len());
    let [means, slopes, scales, offsets] = [mean, slope, scale, offset].map(repeated);
    let mut out = vec![0.0; x.len()];
    let given = x.par_chunks(task).zip(grad.par_chunks(task));
    out.par_chunks_mut(task).zip(given).for_each(|(out, (x, grad))| {
        for ((out, x), grad) in out.chunks_mut(side).zip(x.chunks(side)).zip(grad.chunks(side)) {
            let moved = x.iter().zip(&means).zip(&slopes).map(|((x, mean), slope)| (x - mean) * slope);
            let added = grad.iter().zip(&scales).zip(&offsets).map(|((g, scale), offset)| g * scale + offset);
            for ((out, moved), added) in out.iter_mut().zip(moved).zip(added) {
                *out = moved + added;
            }
        }
    });
    out
}

/// Per channel.
struct BatchNorm {
    mean: Vec<f32>,
    /// 1 / √(variance + epsilon).
    inverse: Vec<f32>,
}

/// Gradients of each input.
struct Gradients {
    /// Where it is tracked.
    x: Option<Vec<f32>>,
    gamma: Vec<f32>,
    beta: Vec<f32>,
}

impl BatchNorm {
    fn forward(&self, x: &[f32], gamma: &[f32], beta: &[f32]) -> Vec<f32> {
        let slope: Vec<f32> =
            gamma.iter().zip(&self.inverse).map(|(gamma, inverse)| gamma * inverse).collect();
        affine(x, x, [&self.mean, &slope, &vec![0.0; gamma.len()], beta])
    }

    fn backward(&self, x: &[f32], gamma: &[f32], grad: &[f32], tracked: bool) -> Gradients {
        let count = (x.len() / gamma.len()) as f64;
        let mean: Vec<f64> = self.mean.iter().map(|mean| f64::from(*mean)).collect();
        let of_beta = sums(x, &mean, grad, |_, grad| grad);
        let mut of_gamma = sums(x, &mean, grad, |x, grad| x * grad);
        of_gamma.iter_mut().zip(&self.inverse).for_each(|(sum, inverse)| *sum *= f64::from(*inverse));
        // The paper's gradients (section 3) in one: gamma · inverse · (grad − mean(grad) − normal ·
        // mean(grad · normal)), where normal is (x − mean) · inverse.
        let x_grad = tracked.then(|| {
            let scale: Vec<f32> = gamma.iter().zip(&self.inverse).map(|(gamma, i)| gamma * i).collect();
            let times = |means: &[f64]| -> Vec<f32> {
                means.iter().zip(&scale).map(|(sum, scale)| -(sum / count) as f32 * scale).collect()
            };
            let slope = times(&of_gamma).iter().zip(&self.inverse).map(|(a, i)| a * i).collect::<Vec<_>>();
            affine(x, grad, [&self.mean, &slope, &scale, &times(&of_beta)])
        });
        let narrow = |sums: &[f64]| sums.iter().map(|sum| *sum as f32).collect();
        Gradients { x: x_grad, gamma: narrow(&of_gamma), beta: narrow(&of_beta) }
    }
}

impl CustomOp3 for BatchNorm {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        gamma: &CpuStorage,
        gamma_layout: &Layout,
        beta: &CpuStorage,
        beta_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let out = self.forward(
            values(NAME, x, x_layout)?,
            values(NAME, gamma, gamma_layout)?,
            values(NAME, beta, beta_layout)?,
        );
        Ok((CpuStorage::F32(out), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        gamma: &Tensor,
        beta: &Tensor,
        _out: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let found = read(NAME, x, |values| {
            read(NAME, gamma, |gamma| {
                read(NAME, grad, |grad| self.backward(values, gamma, grad, x.track_op()))
            })
        })???;
        let x_grad = found.x.map(|found| like(found, x)).transpose()?;
        Ok((x_grad, Some(like(found.gamma, gamma)?), Some(like(found.beta, beta)?)))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};
    use proptest::prelude::*;

    use super::*;
    use crate::domain::seed::Rng;
    use crate::kernel::reference::{close, differences, in_pools, wide};

    const EPSILON: f64 = 1e-3;

    /// Output, mean and variance by plain loops.
    fn plain(x: &[f64], gamma: &[f64], beta: &[f64]) -> [Vec<f64>; 3] {
        let channels = gamma.len();
        let count = (x.len() / channels) as f64;
        let over = |c: usize, of: &dyn Fn(f64) -> f64| {
            x[c..].iter().step_by(channels).map(|x| of(*x)).sum::<f64>() / count
        };
        let mean: Vec<f64> = (0..channels).map(|c| over(c, &|x| x)).collect();
        let variance: Vec<f64> = (0..channels).map(|c| over(c, &|x| (x - mean[c]).powi(2))).collect();
        let y = x.iter().enumerate().map(|(i, x)| {
            let c = i % channels;
            (x - mean[c]) / (variance[c] + EPSILON).sqrt() * gamma[c] + beta[c]
        });
        [y.collect(), mean, variance]
    }

    fn flat(tensor: &Tensor) -> Vec<f32> {
        tensor.flatten_all().unwrap().to_vec1().unwrap()
    }

    fn vars(rng: &mut Rng, batch: usize, positions: usize, channels: usize) -> [Var; 3] {
        let mut var = |dims: &[usize], mean: f64| {
            let values = (0..dims.iter().product()).map(|_| (mean + rng.normal()) as f32).collect();
            Var::from_vec(values, dims, &Device::Cpu).unwrap()
        };
        [var(&[batch, positions, channels], 2.0), var(&[channels], 1.0), var(&[channels], 0.0)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn values_and_gradients_agree_with_plain_loops(
            // A few values a channel: the gradients of two nearly cancel, and rounding is all that is left.
            seed: u64, batch in 1_usize..6, positions in 4_usize..12, channels in 1_usize..6,
        ) {
            let mut rng = Rng::new(seed);
            let [x, gamma, beta] = vars(&mut rng, batch, positions, channels);
            let weights: Vec<f32> = (0..x.elem_count()).map(|_| rng.normal() as f32).collect();
            let (y, moments) = batch_norm(&x, &gamma, &beta, EPSILON).unwrap();
            let loss = (&y * Tensor::from_slice(&weights, x.shape(), &Device::Cpu).unwrap()).unwrap();
            let grads = loss.sum_all().unwrap().backward().unwrap();
            let [wx, wg, wb] = [&x, &gamma, &beta].map(|v| wide(&flat(v)));
            let [expected, mean, variance] = plain(&wx, &wg, &wb);
            close(&flat(&y), &expected)?;
            close(&moments.mean, &mean)?;
            close(&moments.variance, &variance)?;
            let found = |var: &Var| flat(grads.get(var).unwrap());
            let weights = wide(&weights);
            let output = |x: &[f64], gamma: &[f64], beta: &[f64]| {
                let [y, ..] = plain(x, gamma, beta);
                y
            };
            close(&found(&x), &differences(&wx, &weights, |x| output(x, &wg, &wb)))?;
            close(&found(&gamma), &differences(&wg, &weights, |gamma| output(&wx, gamma, &wb)))?;
            close(&found(&beta), &differences(&wb, &weights, |beta| output(&wx, &wg, beta)))?;
        }
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let [x, gamma, beta] = vars(&mut Rng::new(1), 40, 301, 5);
        let (one, three) = in_pools(|| {
            let (y, moments) = batch_norm(&x, &gamma, &beta, EPSILON).unwrap();
            let grads = y.sqr().unwrap().sum_all().unwrap().backward().unwrap();
            (flat(&y), moments, [&x, &gamma, &beta].map(|v| flat(grads.get(v).unwrap())))
        });
        assert_eq!(one, three);
    }

    #[test]
    fn shapes_that_contradict_are_refused() {
        let [x, gamma, _] = vars(&mut Rng::new(1), 2, 3, 4);
        let beta = Var::zeros(3, candle_core::DType::F32, &Device::Cpu).unwrap();
        assert!(batch_norm(&x, &gamma, &beta, EPSILON).unwrap_err().to_string().contains("beta [3]"));
    }
}
