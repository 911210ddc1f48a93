//! Fully connected layers.

use candle_core::{Result, Tensor, Var};

use super::{Layer, Pass, Regularize, Shape, WeightSpec};
use crate::kernel::{affine, dense1};
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
            return Err("a dense layer of 0 units has no output: set `units` to at least 1".into());
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
        let (kernel, bias) = (&weights[0], &weights[1]);
        let y = match self.units {
            1 => dense1(x, kernel)?.unsqueeze(1)?.broadcast_add(bias)?,
            _ => affine(x, kernel, bias)?,
        };
        self.regularize.outputs(&y, pass)?;
        Ok(y)
    }

    fn penalty(&self, weights: &[Var]) -> Result<Option<Tensor>> {
        self.regularize.weights(weights)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::domain::seed::Rng;
    use crate::model::layer::{Mode, Penalty};
    use crate::model::testing::check_layer;

    fn dense(units: usize) -> Dense {
        Dense { units, regularize: Regularize::default() }
    }

    #[test]
    fn each_unit_has_a_column_of_the_kernel_and_a_bias() {
        let x = Tensor::new(&[[1.0_f32, 2.0], [3.0, -1.0]], &Device::Cpu).unwrap();
        let kernel = Var::new(&[[1.0_f32, 0.0, 2.0], [0.5, -1.0, 4.0]], &Device::Cpu).unwrap();
        let bias = Var::new(&[0.0_f32, 10.0, 1.0], &Device::Cpu).unwrap();
        let mut rng = Rng::new(0);
        let y = dense(3).forward(&x, &[kernel, bias], &mut Pass::new(Mode::Train, &mut rng)).unwrap();
        assert_eq!(y.to_vec2::<f32>().unwrap(), [[2.0, 8.0, 11.0], [2.5, 11.0, 3.0]]);
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let penalty = |l1, l2| Penalty { l1, l2 };
        let regularize =
            Regularize { kernel: penalty(0.1, 0.0), bias: penalty(0.0, 0.2), activity: penalty(0.1, 0.3) };
        for units in [1, 5] {
            check_layer(dense(units), Shape::Flat(7), 4);
            check_layer(Dense { units, regularize }, Shape::Flat(7), 4);
        }
    }

    #[test]
    fn activity_is_penalized_by_sample() {
        let regularize = Regularize { activity: Penalty { l1: 0.5, l2: 0.25 }, ..Regularize::default() };
        let weights = [
            Var::new(&[[1.0_f32, -1.0]], &Device::Cpu).unwrap(),
            Var::new(&[0.0_f32; 2], &Device::Cpu).unwrap(),
        ];
        let x = Tensor::new(&[[2.0_f32], [4.0]], &Device::Cpu).unwrap();
        let mut rng = Rng::new(0);
        let mut pass = Pass::new(Mode::Train, &mut rng);
        Dense { units: 2, regularize }.forward(&x, &weights, &mut pass).unwrap();
        // Outputs 2, -2, 4, -4 of two samples.
        let found = pass.penalty().unwrap().unwrap().to_scalar::<f32>().unwrap();
        assert_eq!(found, (0.5 * 12.0 + 0.25 * 40.0) / 2.0);
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        let sequence = Shape::Sequence { positions: 3, channels: 2 };
        assert!(dense(2).output(sequence).unwrap_err().contains("a sequence of 3 × 2"));
        assert!(dense(0).output(Shape::Flat(3)).unwrap_err().contains("`units`"));
        assert_eq!(dense(2).output(Shape::Flat(3)), Ok(Shape::Flat(2)));
        let count: usize = dense(2).weights(Shape::Flat(3)).iter().map(WeightSpec::count).sum();
        assert_eq!(count, 8);
    }
}
