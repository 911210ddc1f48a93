//! Element-wise activations.

use candle_core::{Result, Tensor, Var};

use super::{Layer, Pass, Shape};

/// An activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// x.
    Linear,
    /// max(x, 0).
    Relu,
    /// x, or eˣ − 1 below 0.
    Elu,
    /// The hyperbolic tangent.
    Tanh,
}

impl Activation {
    /// The words of the study file.
    pub const WORDS: &'static [&'static str] = &["linear", "relu", "elu", "tanh"];

    /// The activation of a word; linear for any other.
    pub fn named(word: &str) -> Self {
        match word {
            "relu" => Activation::Relu,
            "elu" => Activation::Elu,
            "tanh" => Activation::Tanh,
            _ => Activation::Linear,
        }
    }

    /// Whether it grows with its input, so that the largest of a pool is the same before and after it.
    pub fn is_monotone(self) -> bool {
        true
    }
}

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
        match self.0 {
            Activation::Linear => Ok(x.clone()),
            Activation::Relu => x.relu(),
            Activation::Elu => x.elu(1.0),
            Activation::Tanh => x.tanh(),
        }
    }
}
