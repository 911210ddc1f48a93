//! Locally connected layers: a convolution with own weights at every position.

use candle_core::{Result, Tensor, Var};

use super::{Layer, Pass, Regularize, Shape, WeightSpec};
use crate::kernel::{local_conv1d, windows};
use crate::model::init::Init;

/// Keras' `LocallyConnected1D` with `valid` padding and without its activation, the layer of Pook et al.
/// 2020's local convolutional network.
#[derive(Debug, Clone, Copy)]
pub struct LocalConv1d {
    /// Filters at each position.
    pub filters: usize,
    /// Positions under a filter.
    pub kernel: usize,
    /// Positions between two applications.
    pub stride: usize,
    /// Penalties.
    pub regularize: Regularize,
}

impl Layer for LocalConv1d {
    fn name(&self) -> &'static str {
        "locally_connected1d"
    }

    fn output(&self, input: Shape) -> std::result::Result<Shape, String> {
        let (positions, _) = input.sequence()?;
        let (kernel, stride, filters) = (self.kernel, self.stride, self.filters);
        if kernel > positions {
            return Err(format!(
                "kernel {kernel} is longer than the input of {positions} positions: lower `kernel`"
            ));
        }
        let outputs = windows(positions, kernel, stride).filter(|_| filters > 0);
        let Some(positions) = outputs else {
            return Err(format!("kernel {kernel}, stride {stride} and {filters} filters must be at least 1"));
        };
        Ok(Shape::Sequence { positions, channels: filters })
    }

    fn weights(&self, input: Shape) -> Vec<WeightSpec> {
        let channels = input.sequence().map_or(1, |(_, channels)| channels);
        let outputs = self.output(input).and_then(Shape::sequence).map_or(0, |(outputs, _)| outputs);
        let span = self.kernel * channels;
        // Keras takes the outputs for positions of one kernel, so that the weights begin smaller, the
        // more outputs there are.
        let init = Init::GlorotUniform { fan_in: outputs * span, fan_out: outputs * self.filters };
        vec![
            WeightSpec::trained("kernel", [outputs, span, self.filters], init),
            WeightSpec::trained("bias", [outputs, self.filters], Init::Zeros),
        ]
    }

    fn forward(&self, x: &Tensor, weights: &[Var], pass: &mut Pass) -> Result<Tensor> {
        let y = local_conv1d(x, &weights[0], &weights[1], self.stride)?;
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
    use crate::model::layer::Penalty;
    use crate::model::testing::check_layer;

    const INPUT: Shape = Shape::Sequence { positions: 14, channels: 3 };

    fn local(kernel: usize, stride: usize) -> LocalConv1d {
        let elastic = |l1, l2| Penalty { l1, l2 };
        let regularize =
            Regularize { kernel: elastic(0.0, 0.1), bias: elastic(0.0, 0.4), activity: elastic(0.0, 0.2) };
        LocalConv1d { filters: 2, kernel, stride, regularize }
    }

    #[test]
    fn outputs_and_weights_are_kerass() {
        assert_eq!(local(4, 3).output(INPUT).unwrap().dims(), [4, 2]);
        let specs = local(4, 3).weights(INPUT);
        assert_eq!(specs[0].dims, [4, 12, 2]);
        assert_eq!(specs[0].init, Init::GlorotUniform { fan_in: 48, fan_out: 8 });
        assert_eq!((&specs[1].dims[..], specs[1].init), (&[4, 2][..], Init::Zeros));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let error = local(15, 1).output(INPUT).unwrap_err();
        assert_eq!(error, "kernel 15 is longer than the input of 14 positions: lower `kernel`");
        let error = local(4, 0).output(INPUT).unwrap_err();
        assert_eq!(error, "kernel 4, stride 0 and 2 filters must be at least 1");
    }

    #[test]
    fn gradients_agree_with_differences() {
        check_layer(local(4, 3), INPUT, 5);
        check_layer(local(2, 1), INPUT, 3);
    }
}
