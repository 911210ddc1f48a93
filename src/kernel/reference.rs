//! The convolution in plain loops and f64, and what else the tests of kernels hold fast paths against.

use proptest::prelude::*;

use super::shape::ConvShape;

pub fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|x| f64::from(*x)).collect()
}

/// To 1e-5 of the largest.
pub fn close(found: &[f32], expected: &[f64]) -> Result<(), TestCaseError> {
    prop_assert_eq!(found.len(), expected.len());
    let size = expected.iter().fold(1.0_f64, |m, v| m.max(v.abs()));
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        prop_assert!((f64::from(*f) - e).abs() <= 1e-5 * size, "{}: {} for {}", i, f, e);
    }
    Ok(())
}

/// The gradient of `Σ grad · out(values)`, by central differences.
pub fn differences(values: &[f64], grad: &[f64], out: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let loss = |values: &[f64]| out(values).iter().zip(grad).map(|(a, b)| a * b).sum::<f64>();
    let mut moved = values.to_vec();
    let mut slope = |i: usize| {
        let mut at = |h: f64| {
            moved[i] = values[i] + h;
            loss(&moved)
        };
        let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
        moved[i] = values[i];
        slope
    };
    (0..values.len()).map(&mut slope).collect()
}

/// What `run` gives with one thread and with three.
pub fn in_pools<R: Send>(run: impl Fn() -> R + Send + Sync) -> (R, R) {
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(&run)
    };
    (with(1), with(3))
}

pub struct Gradients {
    pub input: Vec<f64>,
    pub kernel: Vec<f64>,
    pub bias: Vec<f64>,
}

/// Calls `visit` with the index into the sample and the index into one filter's kernel, for each value
/// under the kernel of output `q`.
fn window(shape: &ConvShape, q: usize, mut visit: impl FnMut(usize, usize)) {
    for tap in 0..shape.taps {
        let Some(position) = (q * shape.stride + tap).checked_sub(shape.left) else { continue };
        if position < shape.positions {
            for c in 0..shape.channels {
                visit(position * shape.channels + c, tap * shape.channels + c);
            }
        }
    }
}

pub fn forward(shape: &ConvShape, x: &[f64], kernel: &[f64], bias: &[f64]) -> (Vec<f64>, Vec<usize>) {
    let (mut out, mut winners) = (vec![], vec![]);
    for sample in x.chunks(shape.positions * shape.channels) {
        for pool in 0..shape.pooled {
            for (filter, bias) in bias.iter().enumerate() {
                let (mut best, mut winner) = (f64::NEG_INFINITY, 0);
                for offset in 0..shape.pool {
                    let mut sum = *bias;
                    window(shape, pool * shape.pool + offset, |i, k| {
                        sum += sample[i] * kernel[k * shape.filters + filter];
                    });
                    if sum > best {
                        (best, winner) = (sum, offset);
                    }
                }
                out.push(best);
                winners.push(winner);
            }
        }
    }
    (out, winners)
}

pub fn backward(shape: &ConvShape, x: &[f64], kernel: &[f64], grad: &[f64], winners: &[usize]) -> Gradients {
    let mut total = Gradients {
        input: vec![0.0; x.len()],
        kernel: vec![0.0; kernel.len()],
        bias: vec![0.0; shape.filters],
    };
    let inputs = shape.positions * shape.channels;
    for (index, (grad, winner)) in grad.iter().zip(winners).enumerate() {
        let (row, filter) = (index / shape.filters, index % shape.filters);
        let (sample, pool) = (row / shape.pooled, row % shape.pooled);
        total.bias[filter] += grad;
        window(shape, pool * shape.pool + winner, |i, k| {
            total.kernel[k * shape.filters + filter] += grad * x[sample * inputs + i];
            total.input[sample * inputs + i] += grad * kernel[k * shape.filters + filter];
        });
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::seed::Rng;
    use crate::kernel::shape::{ConvSpec, Padding};

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (seed, padding) in [(1, Padding::Same), (2, Padding::Valid)] {
            let spec = ConvSpec { stride: 2, padding, pool: 3 };
            let shape = ConvShape::new(spec, 23, 2, 4, 3).unwrap();
            let mut rng = Rng::new(seed);
            let mut normal = |n: usize| (0..n).map(|_| rng.normal()).collect::<Vec<_>>();
            let (x, kernel, bias) = (normal(2 * 46), normal(24), normal(3));
            let grad = normal(2 * shape.pooled * 3);
            let winners = forward(&shape, &x, &kernel, &bias).1;
            let found = backward(&shape, &x, &kernel, &grad, &winners);
            let check = |found: &[f64], expected: Vec<f64>| {
                for (found, expected) in found.iter().zip(expected) {
                    assert!((found - expected).abs() < 1e-6 * (1.0 + expected.abs()), "{found} {expected}");
                }
            };
            check(&found.input, differences(&x, &grad, |x| forward(&shape, x, &kernel, &bias).0));
            check(&found.kernel, differences(&kernel, &grad, |kernel| forward(&shape, &x, kernel, &bias).0));
            check(&found.bias, differences(&bias, &grad, |bias| forward(&shape, &x, &kernel, bias).0));
        }
    }
}
