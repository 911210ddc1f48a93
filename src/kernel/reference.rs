//! The same operation in plain loops and f64: what the fast paths are held against.

use super::shape::ConvShape;

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
            let loss = |x: &[f64], kernel: &[f64], bias: &[f64]| {
                let out = forward(&shape, x, kernel, bias).0;
                out.iter().zip(&grad).map(|(a, b)| a * b).sum::<f64>()
            };
            let winners = forward(&shape, &x, &kernel, &bias).1;
            let found = backward(&shape, &x, &kernel, &grad, &winners);
            let check = |found: &[f64], values: &[f64], loss: &dyn Fn(&[f64]) -> f64| {
                for (i, found) in found.iter().enumerate() {
                    let at = |h: f64| {
                        let mut moved = values.to_vec();
                        moved[i] += h;
                        loss(&moved)
                    };
                    let expected = (at(1e-6) - at(-1e-6)) / 2e-6;
                    assert!((found - expected).abs() < 1e-6 * (1.0 + expected.abs()), "{found} {expected}");
                }
            };
            check(&found.input, &x, &|x| loss(x, &kernel, &bias));
            check(&found.kernel, &kernel, &|kernel| loss(&x, kernel, &bias));
            check(&found.bias, &bias, &|bias| loss(&x, &kernel, bias));
        }
    }
}
