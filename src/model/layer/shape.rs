//! Layers that change the shape only.

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
