//! Layers that go through the positions as through time.

use candle_core::{Result, Tensor, Var};

use super::{Layer, Pass, Shape, WeightSpec};
use crate::kernel::{affine, lstm};
use crate::model::init::Init;

/// A long short-term memory: Keras' `LSTM` with its default activations and initial weights.
#[derive(Debug, Clone, Copy)]
pub struct Lstm {
    /// Units.
    pub units: usize,
    /// Whether the output is the hidden state at every position, or only at the last.
    pub return_sequences: bool,
}

impl Layer for Lstm {
    fn name(&self) -> &'static str {
        "lstm"
    }

    fn output(&self, input: Shape) -> std::result::Result<Shape, String> {
        let (positions, _) = input.sequence()?;
        if self.units == 0 || positions == 0 {
            return Err(format!(
                "an LSTM of {} units over {positions} positions has no output: set `units` to at least 1",
                self.units
            ));
        }
        Ok(if self.return_sequences {
            Shape::Sequence { positions, channels: self.units }
        } else {
            Shape::Flat(self.units)
        })
    }

    fn weights(&self, input: Shape) -> Vec<WeightSpec> {
        let Ok((_, channels)) = input.sequence() else { return Vec::new() };
        let gates = 4 * self.units;
        let init = Init::GlorotUniform { fan_in: channels, fan_out: gates };
        vec![
            WeightSpec::trained("kernel", [channels, gates], init),
            WeightSpec::trained("recurrent_kernel", [self.units, gates], Init::Orthogonal),
            WeightSpec::trained("bias", [gates], Init::ForgetBias),
        ]
    }

    fn forward(&self, x: &Tensor, weights: &[Var], _pass: &mut Pass) -> Result<Tensor> {
        let (batch, time, channels) = x.dims3()?;
        let rows = x.reshape((batch * time, channels))?;
        let z = affine(&rows, &weights[0], &weights[2])?;
        let hidden = lstm(&z.reshape((batch, time, 4 * self.units))?, &weights[1])?;
        if self.return_sequences {
            Ok(hidden)
        } else {
            hidden.narrow(1, time - 1, 1)?.squeeze(1)?.contiguous()
        }
    }

    /// At each position the gates' input, the gates, the cell and the hidden state; ten numbers a unit.
    fn activations(&self, input: Shape, _output: Shape) -> usize {
        let positions = input.sequence().map_or(1, |(positions, _)| positions);
        positions.saturating_mul(self.units.saturating_mul(10))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::domain::seed::Rng;
    use crate::model::layer::Mode;
    use crate::model::testing::check_layer;

    const INPUT: Shape = Shape::Sequence { positions: 6, channels: 3 };

    fn layer(return_sequences: bool) -> Lstm {
        Lstm { units: 4, return_sequences }
    }

    #[test]
    fn shapes_and_weights_are_keras() {
        assert_eq!(layer(true).output(INPUT), Ok(Shape::Sequence { positions: 6, channels: 4 }));
        assert_eq!(layer(false).output(INPUT), Ok(Shape::Flat(4)));
        // Keras counts 4 × (units × (channels + units) + units).
        let count: usize = layer(false).weights(INPUT).iter().map(WeightSpec::count).sum();
        assert_eq!(count, 4 * (4 * (3 + 4) + 4));
        assert!(layer(true).output(Shape::Flat(9)).unwrap_err().contains("a sequence is needed"));
        let message = Lstm { units: 0, return_sequences: true }.output(INPUT).unwrap_err();
        assert!(message.contains("0 units") && message.contains("6 positions"), "{message}");
    }

    #[test]
    fn the_last_state_is_the_last_of_the_sequence() {
        let mut rng = Rng::new(2);
        let specs = layer(true).weights(INPUT);
        let weights: Vec<Var> =
            specs.iter().map(|w| w.init.draw(&w.dims, &mut rng, &Device::Cpu).unwrap()).collect();
        let values: Vec<f32> = (0..2 * 18).map(|_| rng.normal() as f32).collect();
        let x = Tensor::from_vec(values, (2, 6, 3), &Device::Cpu).unwrap();
        let run = |sequences| {
            let mut rng = Rng::new(0);
            layer(sequences).forward(&x, &weights, &mut Pass::new(Mode::Train, &mut rng)).unwrap()
        };
        let all = run(true).to_vec3::<f32>().unwrap();
        let last: Vec<Vec<f32>> = all.iter().map(|sample| sample[5].clone()).collect();
        assert_eq!(run(false).to_vec2::<f32>().unwrap(), last);
        assert!(last.concat().iter().all(|h| *h != 0.0 && h.abs() < 1.0), "{last:?}");
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        for return_sequences in [false, true] {
            check_layer(layer(return_sequences), INPUT, 7);
        }
    }
}
