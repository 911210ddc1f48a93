//! Layers without weights that arrange positions: flatten, cut into chunks, average.

use candle_core::{Result, Tensor, Var};

use super::{Layer, Pass, Shape};

/// A sequence as flat values, position by position.
#[derive(Debug, Clone, Copy)]
pub struct Flatten;

impl Layer for Flatten {
    fn name(&self) -> &'static str {
        "flatten"
    }

    fn output(&self, input: Shape) -> std::result::Result<Shape, String> {
        Ok(Shape::Flat(input.size()))
    }

    fn forward(&self, x: &Tensor, _weights: &[Var], _pass: &mut Pass) -> Result<Tensor> {
        x.flatten_from(1)
    }

    /// It shares its input's memory.
    fn activations(&self, _input: Shape, _output: Shape) -> usize {
        0
    }
}

/// Neighbouring positions side by side as the channels of one, so that a recurrent layer takes fewer steps.
/// What is left at the end, less than a chunk, is left out.
#[derive(Debug, Clone, Copy)]
pub struct Chunk {
    /// Positions of a chunk.
    pub size: usize,
}

impl Layer for Chunk {
    /// As Keras calls what does it there.
    fn name(&self) -> &'static str {
        "reshape"
    }

    fn output(&self, input: Shape) -> std::result::Result<Shape, String> {
        let (positions, channels) = input.sequence()?;
        if self.size == 0 || self.size > positions {
            return Err(format!(
                "a chunk of {} positions can't be cut from an input of {positions}: set `front_size` to 1 … {positions}",
                self.size
            ));
        }
        Ok(Shape::Sequence { positions: positions / self.size, channels: self.size * channels })
    }

    fn forward(&self, x: &Tensor, _weights: &[Var], _pass: &mut Pass) -> Result<Tensor> {
        let (batch, positions, channels) = x.dims3()?;
        let chunks = positions / self.size;
        x.narrow(1, 0, chunks * self.size)?.reshape((batch, chunks, self.size * channels))
    }

    /// Without a remainder it shares its input's memory.
    fn activations(&self, input: Shape, output: Shape) -> usize {
        if input.size() == output.size() { 0 } else { output.size() }
    }
}

/// The mean of each channel over the positions: Keras' `GlobalAveragePooling1D`.
#[derive(Debug, Clone, Copy)]
pub struct MeanOverTime;

impl Layer for MeanOverTime {
    fn name(&self) -> &'static str {
        "global_average_pooling1d"
    }

    fn output(&self, input: Shape) -> std::result::Result<Shape, String> {
        Ok(Shape::Flat(input.sequence()?.1))
    }

    fn forward(&self, x: &Tensor, _weights: &[Var], _pass: &mut Pass) -> Result<Tensor> {
        x.mean(1)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::domain::seed::Rng;
    use crate::model::layer::Mode;
    use crate::model::testing::check_layer;

    /// Two samples of 5 positions × 2 channels, counted up from 0.
    fn forward(layer: impl Layer) -> Tensor {
        let x = Tensor::arange(0.0_f32, 20.0, &Device::Cpu).unwrap().reshape((2, 5, 2)).unwrap();
        layer.forward(&x, &[], &mut Pass::new(Mode::Train, &mut Rng::new(0))).unwrap()
    }

    #[test]
    fn chunks_hold_neighbours_and_leave_a_remainder_out() {
        let found = forward(Chunk { size: 2 }).to_vec3::<f32>().unwrap();
        assert_eq!(
            found,
            [
                [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]],
                [[10.0, 11.0, 12.0, 13.0], [14.0, 15.0, 16.0, 17.0]]
            ]
        );
        let input = Shape::Sequence { positions: 5, channels: 2 };
        let output = Shape::Sequence { positions: 2, channels: 4 };
        assert_eq!(Chunk { size: 2 }.output(input).unwrap(), output);
        assert_eq!(Chunk { size: 2 }.activations(input, output), 8);
        assert_eq!(Chunk { size: 5 }.activations(input, Shape::Sequence { positions: 1, channels: 10 }), 0);
        for size in [0, 6] {
            let message = Chunk { size }.output(input).unwrap_err();
            assert!(message.contains(&format!("a chunk of {size} positions")), "{message}");
            assert!(message.contains("an input of 5"), "{message}");
        }
        check_layer(Chunk { size: 2 }, input, 3);
    }

    #[test]
    fn flat_values_come_position_by_position() {
        let found = forward(Flatten).to_vec2::<f32>().unwrap();
        assert_eq!(found[1], (10..20).map(|i| i as f32).collect::<Vec<_>>());
        assert_eq!(Flatten.output(Shape::Sequence { positions: 5, channels: 2 }), Ok(Shape::Flat(10)));
        check_layer(Flatten, Shape::Sequence { positions: 5, channels: 2 }, 3);
    }

    #[test]
    fn means_are_over_positions() {
        assert_eq!(forward(MeanOverTime).to_vec2::<f32>().unwrap(), [[4.0, 5.0], [14.0, 15.0]]);
        let input = Shape::Sequence { positions: 5, channels: 2 };
        assert_eq!(MeanOverTime.output(input), Ok(Shape::Flat(2)));
        assert!(MeanOverTime.output(Shape::Flat(4)).unwrap_err().contains("a sequence is needed"));
        check_layer(MeanOverTime, input, 3);
    }
}
