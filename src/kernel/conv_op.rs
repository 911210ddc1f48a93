//! [`conv_max_pool1d`] as an operation of candle's graph.

use std::sync::OnceLock;

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};

use super::lanes::Instructions;
use super::shape::{ConvShape, ConvSpec};
use super::{conv, like, read, values};

const NAME: &str = "conv_max_pool1d";

/// A 1-d convolution followed by max pooling: [batch, pooled, filters] from `x` [batch, positions,
/// channels], `kernel` `[taps, channels, filters]` and `bias` `[filters]`, all contiguous f32.
///
/// As Keras' `Conv1D` (cross-correlation, channels last) and `MaxPooling1D` with `valid` padding. Of
/// equal values the first in a pool wins, and only the winner carries gradient. The gradient of `x` is
/// computed only where `x` is tracked. Bit-identical for any number of threads.
///
/// # Errors
/// Where the shapes contradict each other, or a tensor is not contiguous f32 on the CPU.
pub fn conv_max_pool1d(x: &Tensor, kernel: &Tensor, bias: &Tensor, spec: ConvSpec) -> Result<Tensor> {
    let (_, positions, channels) = x.dims3()?;
    let (taps, kernel_channels, filters) = kernel.dims3()?;
    if kernel_channels != channels || bias.dims1()? != filters {
        candle_core::bail!(
            "{NAME}: input {:?}, kernel {:?} and bias {:?} do not fit together",
            x.shape(),
            kernel.shape(),
            bias.shape()
        );
    }
    let shape = ConvShape::new(spec, positions, channels, taps, filters).map_err(candle_core::Error::msg)?;
    x.apply_op3(kernel, bias, ConvMaxPool1d { shape, winners: OnceLock::new() })
}

struct ConvMaxPool1d {
    shape: ConvShape,
    /// Which of its pool's outputs won, for each output: set by the forward pass.
    winners: OnceLock<Vec<u16>>,
}

impl CustomOp3 for ConvMaxPool1d {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        kernel: &CpuStorage,
        kernel_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (out, winners) = conv::forward(
            Instructions::best(),
            &self.shape,
            values(NAME, x, x_layout)?,
            values(NAME, kernel, kernel_layout)?,
            values(NAME, bias, bias_layout)?,
        );
        let shape = Shape::from((x_layout.dims()[0], self.shape.pooled, self.shape.filters));
        if self.winners.set(winners).is_err() {
            candle_core::bail!("{NAME}: one forward pass for each operation");
        }
        Ok((CpuStorage::F32(out), shape))
    }

    fn bwd(
        &self,
        x: &Tensor,
        kernel: &Tensor,
        bias: &Tensor,
        _out: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let Some(winners) = self.winners.get() else {
            candle_core::bail!("{NAME}: backward before forward");
        };
        let x_grad = if x.track_op() {
            let found = read(NAME, kernel, |kernel| {
                read(NAME, grad, |grad| {
                    conv::input_gradient(Instructions::best(), &self.shape, kernel, grad, winners)
                })
            })??;
            Some(like(found, x)?)
        } else {
            None
        };
        let (kernel_grad, bias_grad) = read(NAME, x, |x| {
            read(NAME, grad, |grad| conv::backward(Instructions::best(), &self.shape, x, grad, winners))
        })??;
        Ok((x_grad, Some(like(kernel_grad, kernel)?), Some(like(bias_grad, bias)?)))
    }
}
