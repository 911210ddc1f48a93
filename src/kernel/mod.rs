//! Fused compute behind candle's custom operations.
//!
//! candle 0.11.1's own convolution and pooling have wrong or slow gradients on the CPU, so what the
//! networks need is written here, each operation with a gradient that is held against plain loops in
//! f64 and against finite differences. Results do not depend on the number of threads: work is cut
//! into fixed chunks, and partial sums are added in the order of the chunks.

mod activation;
mod batch_norm;
mod channels;
pub mod codes;
#[cfg(target_arch = "x86_64")]
mod codes_x86;
mod conv;
mod conv_op;
mod dense;
mod dropout;
mod exp;
mod lanes;
#[cfg(target_arch = "x86_64")]
mod lanes_x86;
mod local_conv;
mod lstm;
mod lstm_op;
mod matmul;
mod norm;
mod pool;
pub mod process;
#[cfg(test)]
mod reference;
mod shape;

pub use activation::{Activation, activate};
pub use batch_norm::{Moments, batch_norm};
pub use channels::sum_channels;
pub use conv_op::conv_max_pool1d;
pub use dense::dense1;
pub use dropout::dropout;
pub use local_conv::local_conv1d;
pub use lstm_op::lstm;
pub use matmul::{affine, matmul};
pub use norm::l1_norm;
pub use pool::{average_pool1d, max_pool1d};
pub use shape::{ConvShape, ConvSpec, Padding, windows};

use candle_core::{CpuStorage, Layout, Result, Storage, Tensor};

/// The values of a contiguous f32 tensor on the CPU.
fn values<'a>(name: &str, storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let Some((start, end)) = layout.contiguous_offsets() else {
        candle_core::bail!("{name} needs contiguous tensors: call `contiguous` first");
    };
    Ok(&storage.as_slice::<f32>()?[start..end])
}

/// Calls `read` with the values of an f32 tensor on the CPU.
fn read<R>(name: &str, tensor: &Tensor, read: impl FnOnce(&[f32]) -> R) -> Result<R> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Cpu(storage) = &*storage else {
        candle_core::bail!("{name} runs on the CPU only");
    };
    Ok(read(values(name, storage, layout)?))
}

/// Adds `part` to `total`, number by number; in a block of SIMD code with its instructions.
#[inline(always)]
fn add(total: &mut [f32], part: &[f32]) {
    for (total, part) in total.iter_mut().zip(part) {
        *total += part;
    }
}

/// A gradient: `found` in the shape and on the device of `tensor`.
fn like(found: Vec<f32>, tensor: &Tensor) -> Result<Tensor> {
    Tensor::from_vec(found, tensor.shape(), tensor.device())
}
