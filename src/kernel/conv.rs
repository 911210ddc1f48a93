//! A 1-d convolution fused with max pooling, and its gradients, on plain slices.
//!
//! The convolution's outputs are computed tile by tile, pooled while they are in registers or the
//! first cache, and never written. Only the winner of each pool carries gradient; of equal outputs the
//! first wins.

use rayon::prelude::*;

use super::add;
use super::lanes::{Accumulate, Block, Group, Instructions, LANES, ROWS, Tile};
use super::shape::ConvShape;

/// Samples whose kernel gradients are summed before they are added to the others'. Fixed, so that sums
/// do not depend on the number of threads.
const SAMPLES: usize = 4;

/// Convolution outputs whose gradient is spread out at a time: 64 rows of lanes stay in the first cache.
const SPREAD: usize = 64;

/// Copies a sample between zeros, so that every tile may read past its ends.
fn pad(shape: &ConvShape, sample: &[f32], padded: &mut Vec<f32>) {
    let left = shape.left * shape.channels;
    let rows = shape.used().next_multiple_of(ROWS);
    let end = (rows - 1) * shape.step() + shape.span() + ROWS;
    padded.clear();
    padded.resize(end.max(left + sample.len()), 0.0);
    padded[left..left + sample.len()].copy_from_slice(sample);
}

/// One row of `filters` values as lanes from filter `first` on; missing filters become 0.
#[inline(always)]
pub(super) fn load<const G: usize, T: Copy + Default>(row: &[T], first: usize) -> [[T; LANES]; G] {
    let mut lanes = [[T::default(); LANES]; G];
    let width = (row.len() - first).min(G * LANES);
    lanes.as_flattened_mut()[..width].copy_from_slice(&row[first..first + width]);
    lanes
}

/// The reverse of [`load`].
#[inline(always)]
pub(super) fn store<const G: usize, T: Copy>(lanes: &[[T; LANES]; G], row: &mut [T], first: usize) {
    let width = (row.len() - first).min(G * LANES);
    row[first..first + width].copy_from_slice(&lanes.as_flattened()[..width]);
}

/// One sample's outputs and winners (each pooled × filters).
struct Forward<'a> {
    shape: &'a ConvShape,
    padded: &'a [f32],
    kernel: &'a [f32],
    bias: &'a [f32],
    out: &'a mut [f32],
    winners: &'a mut [u16],
}

impl Block for Forward<'_> {
    #[inline(always)]
    fn run<const G: usize, A: Accumulate>(&mut self, first: usize) {
        let shape = self.shape;
        let bias = load(self.bias, first);
        let kernel: Vec<Group<G>> =
            self.kernel.chunks_exact(shape.filters).map(|row| load(row, first)).collect();
        let rows = self.out.chunks_exact_mut(shape.filters);
        let mut rows = rows.zip(self.winners.chunks_exact_mut(shape.filters));
        let (mut best, mut winner) = (bias, [[0_u32; LANES]; G]);
        let mut offset = 0_u32;
        for start in (0..shape.used()).step_by(ROWS) {
            let mut tile: Tile<G> = [bias; ROWS];
            A::accumulate(&self.padded[start * shape.step()..], 1, shape.step(), &kernel, &mut tile);
            for row in tile.iter().take(shape.used() - start) {
                if offset == 0 {
                    (best, winner) = (*row, [[0; LANES]; G]);
                } else {
                    for g in 0..G {
                        A::compete(&row[g], offset, &mut best[g], &mut winner[g]);
                    }
                }
                offset += 1;
                if offset as usize == shape.pool {
                    offset = 0;
                    if let Some((out, winners)) = rows.next() {
                        store(&best, out, first);
                        store(&winner.map(|lanes| lanes.map(|w| w as u16)), winners, first);
                    }
                }
            }
        }
    }
}

/// Adds one sample's gradients of the kernel and the bias.
struct Backward<'a> {
    shape: &'a ConvShape,
    padded: &'a [f32],
    grad: &'a [f32],
    winners: &'a [u16],
    kernel: &'a mut [f32],
    bias: &'a mut [f32],
}

impl Block for Backward<'_> {
    #[inline(always)]
    fn run<const G: usize, A: Accumulate>(&mut self, first: usize) {
        let shape = self.shape;
        let (span, filters) = (shape.span(), shape.filters);
        let mut sums: Vec<Group<G>> = self.kernel.chunks_exact(filters).map(|row| load(row, first)).collect();
        sums.resize(span.next_multiple_of(ROWS), [[0.0; LANES]; G]);
        let mut bias: Group<G> = load(self.bias, first);
        let pools = (SPREAD / shape.pool).max(1);
        let mut spread = vec![[[0.0_f32; LANES]; G]; pools * shape.pool];
        for start in (0..shape.pooled).step_by(pools) {
            let end = shape.pooled.min(start + pools);
            for (pool, rows) in (start..end).zip(spread.chunks_exact_mut(shape.pool)) {
                let at = pool * filters..(pool + 1) * filters;
                let grad: Group<G> = load(&self.grad[at.clone()], first);
                let winner: [[u16; LANES]; G] = load(&self.winners[at], first);
                let winner = winner.map(|lanes| lanes.map(u32::from));
                for (offset, row) in rows.iter_mut().enumerate() {
                    for g in 0..G {
                        A::claim(&grad[g], offset as u32, &winner[g], &mut row[g]);
                    }
                }
                for g in 0..G {
                    for l in 0..LANES {
                        bias[g][l] += grad[g][l];
                    }
                }
            }
            let spread = &spread[..(end - start) * shape.pool];
            let origin = &self.padded[start * shape.pool * shape.step()..];
            for (t, rows) in sums.chunks_exact_mut(ROWS).enumerate() {
                let mut tile: Tile<G> = std::array::from_fn(|r| rows[r]);
                A::accumulate(&origin[t * ROWS..], shape.step(), 1, spread, &mut tile);
                rows.copy_from_slice(&tile);
            }
        }
        for (row, sums) in self.kernel.chunks_exact_mut(filters).zip(&sums) {
            store(sums, row, first);
        }
        store(&bias, self.bias, first);
    }
}

/// Outputs (batch × pooled × filters) and, for each, which of its pool's outputs won.
///
/// `x` is batch × positions × channels, `kernel` taps × channels × filters, `bias` filters.
pub fn forward(
    instructions: Instructions,
    shape: &ConvShape,
    x: &[f32],
    kernel: &[f32],
    bias: &[f32],
) -> (Vec<f32>, Vec<u16>) {
    let inputs = shape.positions * shape.channels;
    let outputs = shape.pooled * shape.filters;
    let batch = x.len() / inputs;
    let (mut out, mut winners) = (vec![0.0; batch * outputs], vec![0; batch * outputs]);
    let samples = x.par_chunks_exact(inputs);
    samples.zip(out.par_chunks_exact_mut(outputs)).zip(winners.par_chunks_exact_mut(outputs)).for_each_init(
        Vec::new,
        |padded, ((sample, out), winners)| {
            pad(shape, sample, padded);
            let mut block = Forward { shape, padded, kernel, bias, out, winners };
            instructions.each_block(shape.filters, &mut block);
        },
    );
    (out, winners)
}

/// Gradients of the kernel (taps × channels × filters) and the bias (filters) from the gradient of the
/// outputs.
pub fn backward(
    instructions: Instructions,
    shape: &ConvShape,
    x: &[f32],
    grad: &[f32],
    winners: &[u16],
) -> (Vec<f32>, Vec<f32>) {
    let inputs = shape.positions * shape.channels * SAMPLES;
    let outputs = shape.pooled * shape.filters * SAMPLES;
    let chunks = x.par_chunks(inputs).zip(grad.par_chunks(outputs)).zip(winners.par_chunks(outputs));
    let parts: Vec<(Vec<f32>, Vec<f32>)> = chunks
        .map(|((x, grad), winners)| {
            let mut kernel = vec![0.0; shape.span() * shape.filters];
            let mut bias = vec![0.0; shape.filters];
            let mut padded = Vec::new();
            let samples = x.chunks_exact(inputs / SAMPLES).zip(grad.chunks_exact(outputs / SAMPLES));
            for ((sample, grad), winners) in samples.zip(winners.chunks_exact(outputs / SAMPLES)) {
                pad(shape, sample, &mut padded);
                let (kernel, bias) = (&mut kernel, &mut bias);
                let mut block = Backward { shape, padded: &padded, grad, winners, kernel, bias };
                instructions.each_block(shape.filters, &mut block);
            }
            (kernel, bias)
        })
        .collect();
    let mut parts = parts.into_iter();
    let mut total = parts.next().unwrap_or_default();
    for (kernel, bias) in parts {
        add(&mut total.0, &kernel);
        add(&mut total.1, &bias);
    }
    total
}

/// Adds one sample's gradient of the input, which lies between zeros as [`pad`] leaves them.
struct Input<'a> {
    shape: &'a ConvShape,
    /// Filters × span.
    turned: &'a [f32],
    /// The gradients of the convolution's outputs, × filters; as many rows as whole tiles have.
    grad: &'a [f32],
    padded: &'a mut [f32],
}

impl Block for Input<'_> {
    /// Here the lanes are the values under the kernel instead of filters.
    #[inline(always)]
    fn run<const G: usize, A: Accumulate>(&mut self, first: usize) {
        let (span, filters) = (self.shape.span(), self.shape.filters);
        let kernel: Vec<Group<G>> = self.turned.chunks_exact(span).map(|row| load(row, first)).collect();
        let width = (span - first).min(G * LANES);
        for start in (0..self.shape.used()).step_by(ROWS) {
            let mut tile: Tile<G> = [[[0.0; LANES]; G]; ROWS];
            A::accumulate(&self.grad[start * filters..], 1, filters, &kernel, &mut tile);
            for (r, row) in tile.iter().enumerate() {
                let at = (start + r) * self.shape.step() + first;
                add(&mut self.padded[at..at + width], row.as_flattened());
            }
        }
    }
}

/// The gradient of the input (batch × positions × channels) from that of the outputs.
pub fn input_gradient(
    instructions: Instructions,
    shape: &ConvShape,
    kernel: &[f32],
    grad: &[f32],
    winners: &[u16],
) -> Vec<f32> {
    let (span, filters) = (shape.span(), shape.filters);
    let inputs = shape.positions * shape.channels;
    let outputs = shape.pooled * filters;
    let mut turned = vec![0.0; kernel.len()];
    for (tap, row) in kernel.chunks_exact(filters).enumerate() {
        for (filter, w) in row.iter().enumerate() {
            turned[filter * span + tap] = *w;
        }
    }
    let left = shape.left * shape.channels;
    let rows = shape.used().next_multiple_of(ROWS);
    let mut result = vec![0.0; grad.len() / outputs * inputs];
    let samples = grad.par_chunks_exact(outputs).zip(winners.par_chunks_exact(outputs));
    result.par_chunks_exact_mut(inputs).zip(samples).for_each_init(
        || (Vec::new(), Vec::new()),
        |(padded, spread), (out, (grad, winners))| {
            pad(shape, out, padded);
            spread.clear();
            spread.resize(rows * filters, 0.0);
            for (i, (grad, winner)) in grad.iter().zip(winners).enumerate() {
                let row = i / filters * shape.pool + usize::from(*winner);
                spread[row * filters + i % filters] = *grad;
            }
            instructions.each_block(span, &mut Input { shape, turned: &turned, grad: spread, padded });
            out.copy_from_slice(&padded[left..left + inputs]);
        },
    );
    result
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::seed::Rng;
    use crate::kernel::reference::{self, close, in_pools, wide};
    use crate::kernel::shape::{ConvSpec, Padding};

    /// Whole numbers and sixteenths: sums are exact in f32, so winners and ties must be the same.
    fn exact(rng: &mut Rng, n: usize, scale: f32) -> Vec<f32> {
        (0..n).map(|_| (rng.below(9) as f32 - 4.0) * scale).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(192))]

        #[test]
        fn every_path_agrees_with_plain_loops(
            seed: u64, batch in 1_usize..7, positions in 1_usize..90, channels in 1_usize..4,
            filters in 1_usize..71, taps in 1_usize..41, stride in 1_usize..5, pool in 1_usize..5,
            same: bool,
        ) {
            let padding = if same { Padding::Same } else { Padding::Valid };
            let Ok(shape) = ConvShape::new(ConvSpec { stride, padding, pool }, positions, channels, taps, filters)
            else { return Ok(()) };
            let mut rng = Rng::new(seed);
            let x = exact(&mut rng, batch * positions * channels, 1.0);
            let kernel = exact(&mut rng, taps * channels * filters, 0.0625);
            let bias = exact(&mut rng, filters, 0.0625);
            let grad: Vec<f32> =
                (0..batch * shape.pooled * filters).map(|_| rng.normal() as f32).collect();
            let expected = reference::forward(&shape, &wide(&x), &wide(&kernel), &wide(&bias));
            let gradients = reference::backward(&shape, &wide(&x), &wide(&kernel), &wide(&grad), &expected.1);
            for instructions in Instructions::available().iter().copied() {
                let (out, winners) = forward(instructions, &shape, &x, &kernel, &bias);
                close(&out, &expected.0)?;
                prop_assert!(winners.iter().map(|w| usize::from(*w)).eq(expected.1.iter().copied()));
                let (kernel_grad, bias_grad) = backward(instructions, &shape, &x, &grad, &winners);
                close(&kernel_grad, &gradients.kernel)?;
                close(&bias_grad, &gradients.bias)?;
                close(&input_gradient(instructions, &shape, &kernel, &grad, &winners), &gradients.input)?;
            }
        }
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let spec = ConvSpec { stride: 2, padding: Padding::Same, pool: 2 };
        let shape = ConvShape::new(spec, 301, 1, 9, 20).unwrap();
        let mut rng = Rng::new(3);
        let mut normal = |n: usize| (0..n).map(|_| rng.normal() as f32).collect::<Vec<_>>();
        let (x, kernel, bias) = (normal(13 * 301), normal(9 * 20), normal(20));
        let grad = normal(13 * shape.pooled * 20);
        let best = Instructions::best();
        let (one, three) = in_pools(|| {
            let (out, winners) = forward(best, &shape, &x, &kernel, &bias);
            let input = input_gradient(best, &shape, &kernel, &grad, &winners);
            (out, backward(best, &shape, &x, &grad, &winners), input)
        });
        assert_eq!(one, three);
    }
}
