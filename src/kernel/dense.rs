//! A dense layer with one unit as an operation of candle's graph.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{like, read, values};

const NAME: &str = "dense1";

/// Partial sums of a product, side by side.
const SUMS: usize = 64;

/// Inputs whose gradients one task sums.
const CHUNK: usize = 4096;

/// `x · weights`: `[batch]` from `x` `[batch, inputs]` and `weights` `[inputs]` or `[inputs, 1]`, contiguous f32.
///
/// A matrix product with one column, where general ones waste their time and cut sums by the number of
/// threads; this one is bit-identical for any number. The gradient of `x` is computed only where `x` is
/// tracked.
///
/// # Errors
/// Where the shapes contradict each other, or a tensor is not contiguous f32 on the CPU.
pub fn dense1(x: &Tensor, weights: &Tensor) -> Result<Tensor> {
    let (_, inputs) = x.dims2()?;
    if weights.elem_count() != inputs || inputs == 0 {
        candle_core::bail!("{NAME}: {:?} weights for an input of {:?}", weights.shape(), x.shape());
    }
    x.apply_op2(weights, Dense1)
}

struct Dense1;

impl CustomOp2 for Dense1 {
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
        let weights = values(NAME, weights, weights_layout)?;
        let rows = values(NAME, x, x_layout)?.par_chunks_exact(weights.len());
        let out: Vec<f32> = rows.map(|row| dot(row, weights)).collect();
        let shape = Shape::from(out.len());
        Ok((CpuStorage::F32(out), shape))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weights: &Tensor,
        _out: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let grad = grad.to_vec1::<f32>()?;
        let x_grad = if x.track_op() {
            let found = read(NAME, weights, |weights| outer(&grad, weights))?;
            Some(like(found, x)?)
        } else {
            None
        };
        let found = read(NAME, x, |x| weighted_sum(&grad, x, weights.elem_count()))?;
        Ok((x_grad, Some(like(found, weights)?)))
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; SUMS];
    let (a, b) = (a.chunks(SUMS), b.chunks(SUMS));
    for (a, b) in a.zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().map(|s| f64::from(*s)).sum::<f64>() as f32
}

/// Each weight times each sample's gradient.
fn outer(grad: &[f32], weights: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; grad.len() * weights.len()];
    out.par_chunks_exact_mut(weights.len()).zip(grad).for_each(|(row, grad)| {
        for (out, w) in row.iter_mut().zip(weights) {
            *out = grad * w;
        }
    });
    out
}

/// The samples' sum, each times its gradient.
fn weighted_sum(grad: &[f32], x: &[f32], inputs: usize) -> Vec<f32> {
    let mut out = vec![0.0; inputs];
    out.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, out)| {
        for (row, grad) in x.chunks_exact(inputs).zip(grad) {
            for (out, x) in out.iter_mut().zip(&row[chunk * CHUNK..]) {
                *out += grad * x;
            }
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;
    use crate::domain::seed::Rng;

    #[test]
    fn product_and_gradients_are_exact_on_whole_numbers() {
        let (batch, inputs) = (5, 9001);
        let mut rng = Rng::new(1);
        let mut whole = |n: usize| (0..n).map(|_| rng.below(7) as f32 - 3.0).collect::<Vec<_>>();
        let (x, w, g) = (whole(batch * inputs), whole(inputs), whole(batch));
        let xs = Var::from_slice(&x, (batch, inputs), &Device::Cpu).unwrap();
        let ws = Var::from_slice(&w, (inputs, 1), &Device::Cpu).unwrap();
        let gs = Tensor::from_slice(&g, batch, &Device::Cpu).unwrap();
        let y = dense1(&xs, &ws).unwrap();
        let grads = (&y * &gs).unwrap().sum_all().unwrap().backward().unwrap();
        let row = |b: usize| &x[b * inputs..(b + 1) * inputs];
        let product = |b: usize| row(b).iter().zip(&w).map(|(x, w)| x * w).sum::<f32>();
        assert_eq!(y.to_vec1::<f32>().unwrap(), (0..batch).map(product).collect::<Vec<_>>());
        let found = grads.get(&ws).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let expected = |i: usize| (0..batch).map(|b| g[b] * row(b)[i]).sum::<f32>();
        assert_eq!(found, (0..inputs).map(expected).collect::<Vec<_>>());
        let found = grads.get(&xs).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(found[3], w.iter().map(|w| w * g[3]).collect::<Vec<_>>());
    }
}
