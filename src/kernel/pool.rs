//! Pooling over windows that may overlap, as operations of candle's graph.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::shape::windows;
use super::{like, read, values};

/// The largest of each window: [batch, windows, channels] from a contiguous f32 `x` [batch, positions,
/// channels]; windows of `size` positions that start every `stride`.
///
/// As Keras' `MaxPooling1D` with `valid` padding. Of equal values the first carries the gradient.
///
/// # Errors
/// Where no window fits, or the tensor is not contiguous f32 on the CPU.
pub fn max_pool1d(x: &Tensor, size: usize, stride: usize) -> Result<Tensor> {
    pool(x, Kind::Max, size, stride)
}

/// The mean of each window, as Keras' `AveragePooling1D` with `valid` padding; see [`max_pool1d`].
///
/// # Errors
/// Where no window fits, or the tensor is not contiguous f32 on the CPU.
pub fn average_pool1d(x: &Tensor, size: usize, stride: usize) -> Result<Tensor> {
    pool(x, Kind::Average, size, stride)
}

fn pool(x: &Tensor, kind: Kind, size: usize, stride: usize) -> Result<Tensor> {
    let (_, positions, channels) = x.dims3()?;
    let Some(pooled) = windows(positions, size, stride) else {
        candle_core::bail!("{}: {size} positions every {stride} of {:?}", kind.name(), x.shape());
    };
    x.apply_op1(Pool { kind, size, stride, positions, channels, pooled })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Max,
    Average,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Max => "max_pool1d",
            Kind::Average => "average_pool1d",
        }
    }
}

struct Pool {
    kind: Kind,
    size: usize,
    stride: usize,
    positions: usize,
    channels: usize,
    pooled: usize,
}

impl Pool {
    /// The values of a sample under window `i`.
    fn window(&self, i: usize) -> std::ops::Range<usize> {
        let start = i * self.stride * self.channels;
        start..start + self.size * self.channels
    }

    fn forward(&self, x: &[f32]) -> Vec<f32> {
        let (inputs, outputs) = (self.positions * self.channels, self.pooled * self.channels);
        let mut out = vec![0.0; x.len() / inputs * outputs];
        x.par_chunks_exact(inputs).zip(out.par_chunks_exact_mut(outputs)).for_each(|(x, out)| {
            for (i, out) in out.chunks_exact_mut(self.channels).enumerate() {
                let mut rows = x[self.window(i)].chunks_exact(self.channels);
                out.copy_from_slice(rows.next().unwrap_or_default());
                match self.kind {
                    Kind::Max => rows.for_each(|row| {
                        for (out, x) in out.iter_mut().zip(row) {
                            // NaN wins: a network that has diverged is noticed.
                            *out = if *x > *out || x.is_nan() { *x } else { *out };
                        }
                    }),
                    Kind::Average => {
                        rows.for_each(|row| out.iter_mut().zip(row).for_each(|(out, x)| *out += x));
                        out.iter_mut().for_each(|out| *out /= self.size as f32);
                    }
                }
            }
        });
        out
    }

    /// The gradient of `x` from that of the output `y`.
    fn backward(&self, x: &[f32], y: &[f32], grad: &[f32]) -> Vec<f32> {
        let (inputs, outputs) = (self.positions * self.channels, self.pooled * self.channels);
        let mut found = vec![0.0; x.len()];
        let given = x.par_chunks_exact(inputs).zip(y.par_chunks_exact(outputs));
        let given = given.zip(grad.par_chunks_exact(outputs));
        found.par_chunks_exact_mut(inputs).zip(given).for_each_init(
            Vec::new,
            |share, (found, ((x, y), grad))| {
                let rows = y.chunks_exact(self.channels).zip(grad.chunks_exact(self.channels));
                for (i, (y, grad)) in rows.enumerate() {
                    share.clear();
                    share.extend_from_slice(grad);
                    if self.kind == Kind::Average {
                        share.iter_mut().for_each(|share| *share /= self.size as f32);
                    }
                    let window = found[self.window(i)].chunks_exact_mut(self.channels);
                    for (found, x) in window.zip(x[self.window(i)].chunks_exact(self.channels)) {
                        match self.kind {
                            Kind::Max => claim(found, x, y, share),
                            Kind::Average => found.iter_mut().zip(&*share).for_each(|(found, g)| *found += g),
                        }
                    }
                }
            },
        );
        found
    }
}

/// Where `x` is its window's largest value `y`, it takes what is left of the gradient: all or nothing.
fn claim(found: &mut [f32], x: &[f32], y: &[f32], left: &mut [f32]) {
    for (((found, x), y), left) in found.iter_mut().zip(x).zip(y).zip(left) {
        *found += if x == y { *left } else { 0.0 };
        *left = if x == y { 0.0 } else { *left };
    }
}

impl CustomOp1 for Pool {
    fn name(&self) -> &'static str {
        self.kind.name()
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let out = self.forward(values(self.name(), x, layout)?);
        Ok((CpuStorage::F32(out), Shape::from((layout.dims()[0], self.pooled, self.channels))))
    }

    fn bwd(&self, x: &Tensor, y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let name = self.name();
        let found =
            read(name, x, |x| read(name, y, |y| read(name, grad, |grad| self.backward(x, y, grad))))???;
        Ok(Some(like(found, x)?))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};
    use proptest::prelude::*;

    use super::*;
    use crate::domain::seed::Rng;
    use crate::kernel::reference::{close, in_pools, wide};

    /// Output and gradient of the input, by plain loops.
    fn plain(p: &Pool, x: &[f64], grad: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut found = vec![0.0; x.len()];
        let out = grad.iter().enumerate().map(|(index, grad)| {
            let (row, channel) = (index / p.channels, index % p.channels);
            let (sample, window) = (row / p.pooled, row % p.pooled);
            let at =
                |offset: usize| (sample * p.positions + window * p.stride + offset) * p.channels + channel;
            if p.kind == Kind::Average {
                (0..p.size).for_each(|offset| found[at(offset)] += grad / p.size as f64);
                return (0..p.size).map(|offset| x[at(offset)]).sum::<f64>() / p.size as f64;
            }
            let first = (0..p.size).rev().max_by(|a, b| x[at(*a)].total_cmp(&x[at(*b)])).unwrap();
            found[at(first)] += grad;
            x[at(first)]
        });
        (out.collect(), found)
    }

    proptest! {
        #[test]
        fn both_kinds_agree_with_plain_loops(
            seed: u64, batch in 1_usize..5, positions in 1_usize..40, channels in 1_usize..20,
            size in 1_usize..9, stride in 1_usize..12, average: bool,
        ) {
            let Some(pooled) = windows(positions, size, stride) else { return Ok(()) };
            let kind = if average { Kind::Average } else { Kind::Max };
            let pool = Pool { kind, size, stride, positions, channels, pooled };
            let mut rng = Rng::new(seed);
            // Few different values: many windows hold their largest twice.
            let x: Vec<f32> = (0..batch * positions * channels).map(|_| rng.below(5) as f32 - 2.0).collect();
            let grad: Vec<f32> = (0..batch * pooled * channels).map(|_| rng.normal() as f32).collect();
            let expected = plain(&pool, &wide(&x), &wide(&grad));
            let y = pool.forward(&x);
            close(&y, &expected.0)?;
            close(&pool.backward(&x, &y, &grad), &expected.1)?;
        }
    }

    #[test]
    fn gradients_pass_through_the_graph() {
        let x = Var::new(&[[[1.0_f32, 5.0], [3.0, 5.0], [2.0, 4.0], [3.0, 0.0], [9.0, 9.0]]], &Device::Cpu)
            .unwrap();
        let found = |y: Tensor| {
            let grads = y.sum_all().unwrap().backward().unwrap();
            (
                y.get(0).unwrap().to_vec2::<f32>().unwrap(),
                grads.get(&x).unwrap().get(0).unwrap().to_vec2().unwrap(),
            )
        };
        let (y, grad): (_, Vec<Vec<f32>>) = found(max_pool1d(&x, 2, 2).unwrap());
        assert_eq!(y, [[3.0, 5.0], [3.0, 4.0]]);
        assert_eq!(grad, [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 0.0]]);
        let (y, grad) = found(average_pool1d(&x, 2, 1).unwrap());
        assert_eq!(y, [[2.0, 5.0], [2.5, 4.5], [2.5, 2.0], [6.0, 4.5]]);
        assert_eq!(grad, [[0.5, 0.5], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0], [0.5, 0.5]]);
        assert!(max_pool1d(&x, 6, 1).unwrap_err().to_string().contains("6 positions every 1 of [1, 5, 2]"));
        let diverged = Tensor::new(&[[[1.0_f32], [f32::NAN], [2.0]]], &Device::Cpu).unwrap();
        let y = max_pool1d(&diverged, 3, 1).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert!(y[0].is_nan());
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let pool = Pool { kind: Kind::Average, size: 5, stride: 2, positions: 90, channels: 7, pooled: 43 };
        let mut rng = Rng::new(1);
        let x: Vec<f32> = (0..13 * 90 * 7).map(|_| rng.normal() as f32).collect();
        let (one, three) = in_pools(|| {
            let y = pool.forward(&x);
            (pool.backward(&x, &y, &y), y)
        });
        assert_eq!(one, three);
    }
}
