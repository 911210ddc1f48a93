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
        let ConvMaxPool1d { filters, kernel, stride, pool, .. } = *self;
        if [filters, kernel, stride, pool].contains(&0) {
            return Err(format!(
                "kernel {kernel}, stride {stride}, pool {pool} and {filters} filters must be at least 1"
            ));
        }
        ConvShape::new(self.spec(), positions, channels, kernel, filters)
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
        let init = Init::GlorotUniform {
            fan_in: self.kernel.saturating_mul(channels),
            fan_out: self.kernel.saturating_mul(self.filters),
        };
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

/// A convolution: Keras' `Conv1D` without its activation.
#[derive(Debug, Clone, Copy)]
pub struct Conv1d {
    /// Filters.
    pub filters: usize,
    /// Positions under a filter.
    pub kernel: usize,
    /// Positions between two applications.
    pub stride: usize,
    /// What happens at the ends.
    pub padding: Padding,
    /// Penalties.
    pub regularize: Regularize,
}

impl Conv1d {
    /// The same with pools of one output.
    fn unpooled(&self) -> ConvMaxPool1d {
        let Conv1d { filters, kernel, stride, padding, regularize } = *self;
        ConvMaxPool1d { filters, kernel, stride, padding, pool: 1, regularize }
    }
}

impl Layer for Conv1d {
    fn name(&self) -> &'static str {
        "conv1d"
    }

    fn output(&self, input: Shape) -> std::result::Result<Shape, String> {
        self.unpooled().output(input)
    }

    fn weights(&self, input: Shape) -> Vec<WeightSpec> {
        self.unpooled().weights(input)
    }

    fn forward(&self, x: &Tensor, weights: &[Var], pass: &mut Pass) -> Result<Tensor> {
        let y = self.unpooled().forward(x, weights, pass)?;
        self.regularize.outputs(&y, pass)?;
        Ok(y)
    }

    fn penalty(&self, weights: &[Var]) -> Result<Option<Tensor>> {
        self.regularize.weights(weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::architecture::Architecture;
    use crate::model::layer::Penalty;
    use crate::model::testing::{check_gradients, check_layer};

    const INPUT: Shape = Shape::Sequence { positions: 11, channels: 3 };

    fn conv(kernel: usize, stride: usize, padding: Padding) -> Conv1d {
        let elastic = |l1, l2| Penalty { l1, l2 };
        let regularize =
            Regularize { kernel: elastic(0.3, 0.1), bias: elastic(0.0, 0.4), activity: elastic(0.0, 0.2) };
        Conv1d { filters: 4, kernel, stride, padding, regularize }
    }

    #[test]
    fn outputs_and_weights_are_kerass() {
        let outputs = |kernel, stride, padding| conv(kernel, stride, padding).output(INPUT).unwrap().dims();
        assert_eq!(outputs(4, 2, Padding::Same), [6, 4]);
        assert_eq!(outputs(4, 2, Padding::Valid), [4, 4]);
        assert_eq!(outputs(11, 50, Padding::Valid), [1, 4]);
        let mut plan = Architecture::new(INPUT);
        plan.push(conv(4, 2, Padding::Same)).unwrap().push(conv(2, 1, Padding::Valid)).unwrap();
        let rows: Vec<_> =
            plan.summary().into_iter().map(|row| (row.name, row.output, row.weights)).collect();
        assert_eq!(rows[0], ("conv1d".to_owned(), vec![6, 4], 4 * 3 * 4 + 4));
        assert_eq!(rows[1], ("conv1d_1".to_owned(), vec![5, 4], 2 * 4 * 4 + 4));
        let init = Init::GlorotUniform { fan_in: 12, fan_out: 16 };
        assert_eq!(conv(4, 2, Padding::Same).weights(INPUT)[0].init, init);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let error = conv(12, 1, Padding::Same).output(INPUT).unwrap_err();
        assert_eq!(error, "kernel 12 is longer than the input of 11 positions: lower `kernel`");
        let error = conv(2, 0, Padding::Same).output(INPUT).unwrap_err();
        assert_eq!(error, "kernel 2, stride 0, pool 1 and 4 filters must be at least 1");
        let error = conv(2, 1, Padding::Same).output(Shape::Flat(11)).unwrap_err();
        assert!(error.contains("11 flat values"), "{error}");
    }

    #[test]
    fn gradients_agree_with_differences_through_stacked_convolutions() {
        check_layer(conv(4, 2, Padding::Same), INPUT, 3);
        check_layer(conv(3, 1, Padding::Valid), INPUT, 3);
        let mut plan = Architecture::new(INPUT);
        plan.push(conv(3, 1, Padding::Same)).unwrap().push(conv(4, 3, Padding::Same)).unwrap();
        check_gradients(plan, 3, 0.005);
    }
}
