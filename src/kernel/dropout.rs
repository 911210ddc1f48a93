//! Dropout as an operation of candle's graph.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{like, read, values};
use crate::domain::seed::{Rng, derive};

const NAME: &str = "dropout";

/// Each channel of a sample, at all of its positions, times 0 with probability `rate` or else 1 / (1 − `rate`):
/// [batch, positions, channels] from `x` of the same shape, contiguous f32.
///
/// Each sample draws from a stream of its own below `seed`, so that the result does not depend on the number of
/// threads; the backward pass draws again, so that no mask is kept.
///
/// # Errors
/// Where the tensor is not contiguous f32 on the CPU.
pub fn dropout(x: &Tensor, rate: f64, seed: u64) -> Result<Tensor> {
    let (_, positions, channels) = x.dims3()?;
    if x.elem_count() == 0 {
        candle_core::bail!("{NAME}: {:?} is empty", x.shape());
    }
    x.apply_op1(Dropout { rate, seed, positions, channels })
}

struct Dropout {
    rate: f64,
    seed: u64,
    positions: usize,
    channels: usize,
}

impl Dropout {
    fn mask(&self, sample: usize) -> Vec<f32> {
        let mut rng = Rng::new(derive(self.seed, NAME, sample as u64));
        let kept = (1.0 / (1.0 - self.rate)) as f32;
        (0..self.channels).map(|_| if rng.uniform() < self.rate { 0.0 } else { kept }).collect()
    }

    fn apply(&self, x: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; x.len()];
        let size = self.positions * self.channels;
        out.par_chunks_exact_mut(size).zip(x.par_chunks_exact(size)).enumerate().for_each(
            |(sample, (out, x))| {
                let mask = self.mask(sample);
                let rows = out.chunks_exact_mut(self.channels).zip(x.chunks_exact(self.channels));
                for (out, x) in rows {
                    for ((out, x), mask) in out.iter_mut().zip(x).zip(&mask) {
                        *out = x * mask;
                    }
                }
            },
        );
        out
    }
}

impl CustomOp1 for Dropout {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((CpuStorage::F32(self.apply(values(NAME, x, layout)?)), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _out: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(like(read(NAME, grad, |grad| self.apply(grad))?, x)?))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device, Var};

    use super::*;
    use crate::kernel::reference::in_pools;

    #[test]
    fn forward_and_backward_draw_the_same_mask() {
        let x = Var::ones((6, 4, 30), DType::F32, &Device::Cpu).unwrap();
        let flat = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let run = |seed| {
            let y = dropout(&x, 0.25, seed).unwrap();
            let grads = y.sum_all().unwrap().backward().unwrap();
            (flat(&y), flat(grads.get(&x).unwrap()))
        };
        let (y, grad) = run(7);
        assert_eq!(y, grad);
        assert!(y.iter().all(|v| *v == 0.0 || *v == 4.0 / 3.0));
        assert_ne!(run(8).0, y);
        let (one, three) = in_pools(|| run(7));
        assert_eq!((&one, &one.0), (&three, &y));
    }
}
