//! Batch normalisation with the batch's own statistics, as an operation of candle's graph.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{like, read, values};

const NAME: &str = "batch_norm";

/// Values that one task sums, in whole rows. Fixed, so that sums do not depend on the number of threads.
const CHUNK: usize = 1 << 14;

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
/// `x` is [..., channels], `gamma` and `beta` [channels], all contiguous f32. The gradient of `x` passes
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

/// Sums of `width` values that `add` makes of each row, chunk after chunk.
fn over_rows(x: &[f32], channels: usize, width: usize, add: impl Fn(usize, &mut [f64]) + Sync) -> Vec<f64> {
    let rows = x.len() / channels;
    let chunk = (CHUNK / channels).max(1);
    let parts: Vec<Vec<f64>> = (0..rows.div_ceil(chunk))
        .into_par_iter()
        .map(|i| {
            let mut sums = vec![0.0; width];
            (i * chunk..rows.min((i + 1) * chunk)).for_each(|row| add(row, &mut sums));
            sums
        })
        .collect();
    let mut total = vec![0.0; width];
    for part in parts {
        total.iter_mut().zip(part).for_each(|(total, part)| *total += part);
    }
    total
}

fn moments(x: &[f32], channels: usize) -> Moments {
    let count = (x.len() / channels) as f64;
    let row = |row: usize| x[row * channels..(row + 1) * channels].iter();
    let mut mean = over_rows(x, channels, channels, |i, sums| {
        sums.iter_mut().zip(row(i)).for_each(|(sum, x)| *sum += f64::from(*x));
    });
    mean.iter_mut().for_each(|mean| *mean /= count);
    let squares = over_rows(x, channels, channels, |i, sums| {
        for ((sum, x), mean) in sums.iter_mut().zip(row(i)).zip(&mean) {
            *sum += (f64::from(*x) - mean).powi(2);
        }
    });
    Moments {
        mean: mean.iter().map(|mean| *mean as f32).collect(),
        variance: squares.iter().map(|sum| (sum / count) as f32).collect(),
    }
}

/// Per channel.
struct BatchNorm {
    mean: Vec<f32>,
    /// 1 / √(variance + epsilon).
    inverse: Vec<f32>,
}

/// Gradients of each input.
struct Gradients {
    x: Vec<f32>,
    gamma: Vec<f32>,
    beta: Vec<f32>,
}

impl BatchNorm {
    /// Calls `task` with each chunk of rows of `out` and the same chunk of `x`.
    fn each_row(&self, x: &[f32], task: impl Fn(usize, &mut [f32], &[f32]) + Sync) -> Vec<f32> {
        let channels = self.mean.len();
        let chunk = (CHUNK / channels).max(1);
        let mut out = vec![0.0; x.len()];
        let given = x.par_chunks(chunk * channels);
        out.par_chunks_mut(chunk * channels).zip(given).enumerate().for_each(|(i, (out, x))| {
            let rows = out.chunks_exact_mut(channels).zip(x.chunks_exact(channels));
            rows.enumerate().for_each(|(row, (out, x))| task(i * chunk + row, out, x));
        });
        out
    }

    fn forward(&self, x: &[f32], gamma: &[f32], beta: &[f32]) -> Vec<f32> {
        self.each_row(x, |_, out, x| {
            for (c, (out, x)) in out.iter_mut().zip(x).enumerate() {
                *out = (x - self.mean[c]) * self.inverse[c] * gamma[c] + beta[c];
            }
        })
    }

    fn backward(&self, x: &[f32], gamma: &[f32], grad: &[f32], tracked: bool) -> Gradients {
        let channels = self.mean.len();
        let at = |row: usize| row * channels..(row + 1) * channels;
        let sums = over_rows(x, channels, 2 * channels, |row, sums| {
            let (of_gamma, of_beta) = sums.split_at_mut(channels);
            for (c, (x, grad)) in x[at(row)].iter().zip(&grad[at(row)]).enumerate() {
                of_gamma[c] += f64::from(*grad * (x - self.mean[c]) * self.inverse[c]);
                of_beta[c] += f64::from(*grad);
            }
        });
        let (of_gamma, of_beta) = sums.split_at(channels);
        let count = (x.len() / channels) as f64;
        let mean = |sums: &[f64]| sums.iter().map(|sum| (sum / count) as f32).collect::<Vec<_>>();
        let (mean_gamma, mean_beta) = (mean(of_gamma), mean(of_beta));
        let found = if tracked {
            self.each_row(x, |row, out, x| {
                for (c, ((out, x), grad)) in out.iter_mut().zip(x).zip(&grad[at(row)]).enumerate() {
                    let normal = (x - self.mean[c]) * self.inverse[c];
                    *out = gamma[c] * self.inverse[c] * (grad - mean_beta[c] - normal * mean_gamma[c]);
                }
            })
        } else {
            vec![]
        };
        let narrow = |sums: &[f64]| sums.iter().map(|sum| *sum as f32).collect();
        Gradients { x: found, gamma: narrow(of_gamma), beta: narrow(of_beta) }
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
        let tracked = x.track_op();
        let found = read(NAME, x, |x| {
            read(NAME, gamma, |gamma| read(NAME, grad, |grad| self.backward(x, gamma, grad, tracked)))
        })???;
        let x_grad = if tracked { Some(like(found.x, x)?) } else { None };
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
            seed: u64, batch in 1_usize..6, positions in 1_usize..9, channels in 1_usize..6,
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
