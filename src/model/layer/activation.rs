//! Element-wise activations.

use candle_core::{Result, Tensor, Var};

use super::{Layer, Pass, Shape};
pub use crate::kernel::Activation;
use crate::kernel::activate;

/// Applies an activation.
#[derive(Debug, Clone, Copy)]
pub struct Activate(pub Activation);

impl Layer for Activate {
    fn name(&self) -> &'static str {
        "activation"
    }

    fn output(&self, input: Shape) -> std::result::Result<Shape, String> {
        Ok(input)
    }

    fn forward(&self, x: &Tensor, _weights: &[Var], _pass: &mut Pass) -> Result<Tensor> {
        activate(x, self.0)
    }

    /// Linear gives its input on.
    fn activations(&self, _input: Shape, output: Shape) -> usize {
        if self.0 == Activation::Linear { 0 } else { output.size() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::architecture::Architecture;
    use crate::model::testing::check_gradients;

    #[test]
    fn gradients_agree_with_differences_on_flat_values_and_sequences() {
        for activation in Activation::ALL {
            for input in [Shape::Flat(40), Shape::Sequence { positions: 10, channels: 4 }] {
                let mut plan = Architecture::new(input);
                plan.push(Activate(activation)).unwrap();
                assert_eq!(plan.output(), input);
                // A step may cross a corner: a few values only.
                check_gradients(plan, 5, 0.03);
            }
        }
    }
}
