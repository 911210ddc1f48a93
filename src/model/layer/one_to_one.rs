//! A weight for each input.

use candle_core::{Result, Tensor, Var};

use super::{Layer, Pass, Penalty, Shape, WeightSpec};
use crate::model::init::Init;

/// What the weights begin as. At 0 neither they nor the layer behind would have a gradient; from 1 a penalty
/// takes more epochs to take out what is not wanted.
const START: f32 = 0.3;

/// `x · weight`, element by element: the one-to-one layer of deep feature selection (Li, Chen & Wasserman 2016,
/// Journal of Computational Biology 23:322, equation 5), whose penalty chooses inputs.
#[derive(Debug, Clone, Copy)]
pub struct OneToOne {
    /// On the weights.
    pub penalty: Penalty,
}

impl Layer for OneToOne {
    fn name(&self) -> &'static str {
        "one_to_one"
    }

    fn output(&self, input: Shape) -> std::result::Result<Shape, String> {
        input.flat()?;
        Ok(input)
    }

    fn weights(&self, input: Shape) -> Vec<WeightSpec> {
        vec![WeightSpec::trained("kernel", [input.size()], Init::Constant(START))]
    }

    fn forward(&self, x: &Tensor, weights: &[Var], _: &mut Pass) -> Result<Tensor> {
        x.broadcast_mul(&weights[0])
    }

    fn penalty(&self, weights: &[Var]) -> Result<Option<Tensor>> {
        self.penalty.of(&weights[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::check_layer;

    #[test]
    fn gradients_agree_with_differences() {
        check_layer(OneToOne { penalty: Penalty { l1: 0.0, l2: 0.3 } }, Shape::Flat(12), 5);
    }

    #[test]
    fn every_input_has_a_weight_and_sequences_are_refused() {
        let layer = OneToOne { penalty: Penalty::default() };
        assert_eq!(layer.weights(Shape::Flat(7))[0].dims, [7]);
        assert!(layer.output(Shape::Sequence { positions: 3, channels: 2 }).is_err());
    }
}
