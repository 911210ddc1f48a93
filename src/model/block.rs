//! What stands behind the weights of a block: activation, batch norm and dropout.

use super::ModelError;
use super::architecture::Architecture;
use super::layer::{Activate, Activation, BatchNorm, Dropout, SpatialDropout1d};

/// Where a block normalises over the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Norm {
    /// Nowhere.
    None,
    /// Before its activation: Ioffe & Szegedy 2015, and the LeNet of seed 004.
    Before,
    /// Behind its activation: easyPheno.
    After,
}

impl Norm {
    /// The words of the study file.
    pub const WORDS: &'static [&'static str] = &["none", "before", "after"];

    /// The place of a word; none for any other.
    pub fn named(word: &str) -> Self {
        match word {
            "before" => Norm::Before,
            "after" => Norm::After,
            _ => Norm::None,
        }
    }
}

/// What follows a convolution or a dense layer.
#[derive(Debug, Clone, Copy)]
pub struct Behind {
    /// The activation.
    pub activation: Activation,
    /// Where batch norm stands.
    pub norm: Norm,
    /// The share of outputs that dropout sets to 0.
    pub dropout: f64,
    /// Whether dropout drops whole channels.
    pub spatial: bool,
}

impl Behind {
    /// The activation alone.
    pub fn activation(activation: Activation) -> Self {
        Behind { activation, norm: Norm::None, dropout: 0.0, spatial: false }
    }

    /// Whether it never turns the order of the outputs within a channel around: no activation does.
    pub fn is_monotone(&self) -> bool {
        self.norm == Norm::None && self.dropout == 0.0
    }

    /// Adds its layers; what changes nothing has none.
    ///
    /// # Errors
    /// Where a layer does not fit.
    pub fn push(&self, plan: &mut Architecture) -> Result<(), ModelError> {
        if self.norm == Norm::Before {
            plan.push(BatchNorm)?;
        }
        if self.activation != Activation::Linear {
            plan.push(Activate(self.activation))?;
        }
        if self.norm == Norm::After {
            plan.push(BatchNorm)?;
        }
        if self.dropout > 0.0 && self.spatial {
            plan.push(SpatialDropout1d { rate: self.dropout })?;
        } else if self.dropout > 0.0 {
            plan.push(Dropout { rate: self.dropout })?;
        }
        Ok(())
    }
}

/// `same`, and the words of all activations.
pub const SAME_OR_ACTIVATION: &[&str] = &{
    let mut words = ["same"; Activation::WORDS.len() + 1];
    let mut i = 0;
    while i < Activation::WORDS.len() {
        words[i + 1] = Activation::WORDS[i];
        i += 1;
    }
    words
};

/// The activation of a word; the `other` one for `same`.
pub fn same_or(word: &str, other: Activation) -> Activation {
    if word == "same" { other } else { Activation::named(word) }
}
