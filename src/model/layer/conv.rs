//! Convolution along the genome.

use candle_core::{Result, Tensor, Var};

use super::{Layer, LayerSummary, Pass, Regularize, Shape, WeightSpec};
use crate::kernel::{ConvShape, ConvSpec, Padding, conv_max_pool1d};
use crate::model::init::Init;

/// A convolution and the max pooling right after it, in one operation that never writes the
/// convolution's own outputs: Keras' `Conv1D` and `MaxPooling1D`.
#[derive(Debug, Clone, Copy)]
pub struct ConvMaxPool1d {
    /// Filters.
    pub filters: usize,
    /// Positions under a filter.
    pub kernel: usize,
    /// Positions between two applications.
    pub stride: usize,
    /// What happens at the ends.
    pub padding: Padding,
    /// Neighbouring outputs of which the largest is kept.
    pub pool: usize,
    /// Penalties on kernel and bias; the outputs of the convolution are not seen, so there is none on them.
    pub regularize: Regularize,
}

impl ConvMaxPool1d {
    fn spec(&self) -> ConvSpec {
        ConvSpec { stride: self.stride, padding: self.padding, pool: self.pool }
    }

    fn sizes(&self, input: Shape) -> std::result::Result<ConvShape, String> {
        let (positions, channels) = input.sequence()?;
        if self.kernel > positions {
            return Err(format!(
                "kernel {} is longer than the input of {positions} positions: lower `kernel`",
                self.kernel
            ));
        }
        ConvShape::new(self.spec(), positions, channels, self.kernel, self.filters)
            .map_err(|problem| format!("{problem}: lower `pool` or `stride`"))
    }
}

impl Layer for ConvMaxPool1d {
    fn name(&self) -> &'static str {
        "conv1d"
    }

    fn output(&self, input: Shape) -> std::result::Result<Shape, String> {
        let sizes = self.sizes(input)?;
        Ok(Shape::Sequence { positions: sizes.pooled, channels: self.filters })
    }

    fn weights(&self, input: Shape) -> Vec<WeightSpec> {
        let channels = input.sequence().map_or(1, |(_, channels)| channels);
        let init =
            Init::GlorotUniform { fan_in: self.kernel * channels, fan_out: self.kernel * self.filters };
        vec![
            WeightSpec::trained("kernel", [self.kernel, channels, self.filters], init),
            WeightSpec::trained("bias", [self.filters], Init::Zeros),
        ]
    }

    fn forward(&self, x: &Tensor, weights: &[Var], _pass: &mut Pass) -> Result<Tensor> {
        conv_max_pool1d(x, &weights[0], &weights[1], self.spec())
    }

    fn penalty(&self, weights: &[Var]) -> Result<Option<Tensor>> {
        self.regularize.weights(weights)
    }

    fn summary(&self, name: &str, input: Shape, output: Shape) -> Vec<LayerSummary> {
        let convolved = self.sizes(input).map_or(0, |sizes| sizes.convolved);
        let weights = self.weights(input).iter().map(WeightSpec::count).sum();
        let mut rows =
            vec![LayerSummary { name: name.to_owned(), output: vec![convolved, self.filters], weights }];
        if self.pool > 1 {
            let name = name.replace("conv1d", "max_pooling1d");
            rows.push(LayerSummary { name, output: output.dims(), weights: 0 });
        }
        rows
    }
}
