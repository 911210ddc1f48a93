//! Fully connected layers.

use candle_core::{Result, Tensor, Var};

use super::{Layer, Pass, Regularize, Shape, WeightSpec};
use crate::kernel::dense1;
use crate::model::init::Init;

/// `x · kernel + bias`: Keras' `Dense` without its activation.
#[derive(Debug, Clone, Copy)]
pub struct Dense {
    /// Outputs.
    pub units: usize,
    /// Penalties.
    pub regularize: Regularize,
}

impl Layer for Dense {
    fn name(&self) -> &'static str {
        "dense"
    }

    fn output(&self, input: Shape) -> std::result::Result<Shape, String> {
        input.flat()?;
        if self.units == 0 {
            return Err("a dense layer needs at least 1 unit".into());
        }
        Ok(Shape::Flat(self.units))
    }

    fn weights(&self, input: Shape) -> Vec<WeightSpec> {
        let inputs = input.size();
        vec![
            WeightSpec::trained(
                "kernel",
                [inputs, self.units],
                Init::GlorotUniform { fan_in: inputs, fan_out: self.units },
            ),
            WeightSpec::trained("bias", [self.units], Init::Zeros),
        ]
    }

    fn forward(&self, x: &Tensor, weights: &[Var], pass: &mut Pass) -> Result<Tensor> {
        let product =
            if self.units == 1 { dense1(x, &weights[0])?.unsqueeze(1)? } else { x.matmul(&weights[0])? };
        let y = product.broadcast_add(&weights[1])?;
        self.regularize.outputs(&y, pass)?;
        Ok(y)
    }

    fn penalty(&self, weights: &[Var]) -> Result<Option<Tensor>> {
        self.regularize.weights(weights)
    }
}
