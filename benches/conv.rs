//! Convolution and max pooling of the paper's network on one thread: this crate's operation against
//! candle's own, in one run. `cargo bench --bench conv`

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

use std::time::Instant;

use candle_core::{Device, Result, Tensor, Var};
use tune_tui::domain::seed::Rng;
use tune_tui::kernel::{ConvSpec, Padding, conv_max_pool1d};

const BATCH: usize = 48;
const SNPS: usize = 9723;
const FILTERS: usize = 64;
const TAPS: usize = 27;
const ROUNDS: usize = 5;

/// The fastest of a few rounds, in seconds.
fn fastest(mut round: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        round()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}

fn run() -> Result<()> {
    let mut rng = Rng::new(1);
    let mut normal = |n: usize| (0..n).map(|_| rng.normal() as f32).collect::<Vec<_>>();
    let x = Tensor::from_vec(normal(BATCH * SNPS), (BATCH, SNPS, 1), &Device::Cpu)?;
    let kernel = Var::from_vec(normal(TAPS * FILTERS), (TAPS, 1, FILTERS), &Device::Cpu)?;
    let bias = Var::from_vec(normal(FILTERS), FILTERS, &Device::Cpu)?;
    let spec = ConvSpec { stride: 2, padding: Padding::Same, pool: 2 };
    let flops = 2.0 * (BATCH * SNPS.div_ceil(2) * FILTERS * TAPS) as f64;

    let forward = fastest(|| conv_max_pool1d(&x, &kernel, &bias, spec).map(drop))?;
    let both = fastest(|| conv_max_pool1d(&x, &kernel, &bias, spec)?.sum_all()?.backward().map(drop))?;

    // candle: channels first; the kernel and bias reshaped once, outside of the clock.
    let turned = kernel.permute((2, 1, 0))?.contiguous()?.detach();
    let turned = Var::from_tensor(&turned)?;
    let column = Var::from_tensor(&bias.reshape((1, FILTERS, 1))?.detach())?;
    let compose = || -> Result<Tensor> {
        let input = x.transpose(1, 2)?.contiguous()?;
        let out = input.conv1d(&turned, TAPS / 2, 2, 1, 1)?.broadcast_add(&column)?;
        let pooled = out.dim(2)? / 2;
        out.narrow(2, 0, pooled * 2)?.contiguous()?.reshape((BATCH, FILTERS, pooled, 2))?.max(3)
    };
    let candle_forward = fastest(|| compose().map(drop))?;
    let candle_both = fastest(|| compose()?.sum_all()?.backward().map(drop))?;

    let line = |name: &str, own: f64, candle: f64, flops: f64| {
        println!(
            "{name:<22} {:7.1} ms {:6.1} GFLOP/s   candle {:7.1} ms   {:.1} times as fast",
            own * 1e3,
            flops / own / 1e9,
            candle * 1e3,
            candle / own
        );
    };
    line("forward", forward, candle_forward, flops);
    line("forward and backward", both, candle_both, 2.0 * flops);
    Ok(())
}

fn main() -> Result<()> {
    match rayon::ThreadPoolBuilder::new().num_threads(1).build() {
        Ok(pool) => pool.install(run),
        Err(e) => Err(candle_core::Error::wrap(e)),
    }
}
