//! Layers: descriptions without weights. A layer knows its output's shape, the weights that it needs and
//! how it computes; the weights themselves are a [`Network`](super::Network)'s.

mod activation;
mod batch_norm;
mod conv;
mod dense;
mod dropout;
mod join;
mod local_conv;
mod one_to_one;
mod pool;
mod recurrent;
mod residual;
mod separable_fc;
mod shape;

use std::fmt::Debug;

use candle_core::{Device, Result, Tensor, Var};

use super::init::Init;
use crate::domain::seed::Rng;
use crate::kernel::l1_norm;

pub use activation::{Activate, Activation};
pub use batch_norm::BatchNorm;
pub use conv::{Conv1d, ConvMaxPool1d};
pub use dense::Dense;
pub use dropout::{Dropout, SpatialDropout1d};
pub use join::JoinCovariates;
pub use local_conv::LocalConv1d;
pub use one_to_one::OneToOne;
pub use pool::{AveragePool1d, MaxPool1d};
pub use recurrent::Lstm;
pub use residual::Residual;
pub use separable_fc::SeparableFc;
pub use shape::{Chunk, Flatten, MeanOverTime};

/// The shape of one sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Values along the genome: `[batch, positions, channels]` with the batch.
    Sequence {
        /// Positions.
        positions: usize,
        /// Values at each position.
        channels: usize,
    },
    /// Values without an order: `[batch, units]` with the batch.
    Flat(usize),
}

impl Shape {
    /// Values of one sample.
    pub fn size(self) -> usize {
        match self {
            Shape::Sequence { positions, channels } => positions.saturating_mul(channels),
            Shape::Flat(units) => units,
        }
    }

    /// The dimensions without the batch.
    pub fn dims(self) -> Vec<usize> {
        match self {
            Shape::Sequence { positions, channels } => vec![positions, channels],
            Shape::Flat(units) => vec![units],
        }
    }

    /// Positions and channels of a sequence.
    ///
    /// # Errors
    /// Where it is flat; a mistake in a model's plan.
    pub fn sequence(self) -> std::result::Result<(usize, usize), String> {
        match self {
            Shape::Sequence { positions, channels } => Ok((positions, channels)),
            Shape::Flat(units) => Err(format!("a sequence is needed here, not {units} flat values")),
        }
    }

    /// Units of flat values.
    ///
    /// # Errors
    /// Where it is a sequence; a mistake in a model's plan.
    pub fn flat(self) -> std::result::Result<usize, String> {
        match self {
            Shape::Flat(units) => Ok(units),
            Shape::Sequence { positions, channels } => {
                Err(format!("flat values are needed here, not a sequence of {positions} × {channels}"))
            }
        }
    }
}

/// A weight that a layer needs.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightSpec {
    /// Its name within the layer, as in Keras: `kernel`, `bias`, `gamma`.
    pub name: String,
    /// Its dimensions.
    pub dims: Vec<usize>,
    /// What it begins as.
    pub init: Init,
    /// Whether the optimizer changes it; moving statistics change in the forward pass.
    pub trained: bool,
}

impl WeightSpec {
    /// A weight that is trained.
    pub fn trained(name: &str, dims: impl Into<Vec<usize>>, init: Init) -> Self {
        WeightSpec { name: name.to_owned(), dims: dims.into(), init, trained: true }
    }

    /// How many numbers it holds.
    pub fn count(&self) -> usize {
        self.dims.iter().fold(1, |n, d| n.saturating_mul(*d))
    }
}

/// One line of a network's summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerSummary {
    /// Its name.
    pub name: String,
    /// Its output's dimensions, without the batch.
    pub output: Vec<usize>,
    /// The numbers in its weights, those that are not trained included.
    pub weights: usize,
}

/// What a forward pass is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Dropout drops, batch norm takes the batch's statistics and keeps moving ones.
    Train,
    /// Neither: predictions.
    Evaluate,
}

/// One forward pass: its mode, its randomness and what it adds to the loss.
#[derive(Debug)]
pub struct Pass<'a> {
    /// What it is for.
    pub mode: Mode,
    /// Draws what dropout drops.
    pub rng: &'a mut Rng,
    covariates: Option<Tensor>,
    penalties: Vec<Tensor>,
}

impl<'a> Pass<'a> {
    /// A pass that has not begun.
    pub fn new(mode: Mode, rng: &'a mut Rng) -> Self {
        Pass { mode, rng, covariates: None, penalties: Vec::new() }
    }

    /// With the batch's covariates `[batch, width]`, where there are some.
    #[must_use]
    pub fn with_covariates(mut self, covariates: Option<Tensor>) -> Self {
        self.covariates = covariates;
        self
    }

    /// The batch's covariates `[batch, width]`.
    pub fn covariates(&self) -> Option<&Tensor> {
        self.covariates.as_ref()
    }

    /// Adds a scalar to the batch's loss, such as a penalty on a layer's outputs.
    pub fn penalize(&mut self, penalty: Tensor) {
        self.penalties.push(penalty);
    }

    /// The sum of what was added; `None` where nothing was.
    ///
    /// # Errors
    /// Where candle refuses.
    pub fn penalty(self) -> Result<Option<Tensor>> {
        total(self.penalties)
    }
}

/// Covariates (rows × any width) as the tensor that a pass takes; `None` where there are none.
///
/// # Errors
/// Where candle refuses.
pub fn covariate_tensor(covariates: &[f64], rows: usize, device: &Device) -> Result<Option<Tensor>> {
    if covariates.is_empty() {
        return Ok(None);
    }
    let values: Vec<f32> = covariates.iter().map(|v| *v as f32).collect();
    Tensor::from_vec(values, (rows, covariates.len() / rows), device).map(Some)
}

/// The sum of scalars.
pub(super) fn total(scalars: Vec<Tensor>) -> Result<Option<Tensor>> {
    let mut scalars = scalars.into_iter();
    let Some(first) = scalars.next() else { return Ok(None) };
    scalars.try_fold(first, |sum, next| sum + next).map(Some)
}

/// A layer of a network.
pub trait Layer: Debug + Send + Sync {
    /// Its kind as Keras names it, such as `conv1d`; a network numbers layers of a kind.
    fn name(&self) -> &'static str;

    /// The output's shape.
    ///
    /// # Errors
    /// Where the input does not fit; the text names both numbers and the setting to change.
    fn output(&self, input: Shape) -> std::result::Result<Shape, String>;

    /// The weights that it needs, in the order in which [`forward`](Self::forward) takes them.
    fn weights(&self, _input: Shape) -> Vec<WeightSpec> {
        Vec::new()
    }

    /// The output `[batch, …]` of `x` `[batch, …]`.
    ///
    /// # Errors
    /// Where candle refuses.
    fn forward(&self, x: &Tensor, weights: &[Var], pass: &mut Pass) -> Result<Tensor>;

    /// What its weights add to the batch's mean loss; a scalar.
    ///
    /// # Errors
    /// Where candle refuses.
    fn penalty(&self, _weights: &[Var]) -> Result<Option<Tensor>> {
        Ok(None)
    }

    /// Numbers that it keeps a sample for the backward pass, its output among them.
    fn activations(&self, _input: Shape, output: Shape) -> usize {
        output.size()
    }

    /// Whether it takes statistics over the batch, for which one row is not enough.
    fn needs_batch(&self) -> bool {
        false
    }

    /// Its lines of the summary; `name` is the layer's own, numbered.
    fn summary(&self, name: &str, input: Shape, output: Shape) -> Vec<LayerSummary> {
        let weights = self.weights(input).iter().map(WeightSpec::count).sum();
        vec![LayerSummary { name: name.to_owned(), output: output.dims(), weights }]
    }
}

/// Strengths of an elastic penalty, l1 Σ|x| + l2 Σx², as Keras' `L1L2`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Penalty {
    /// Of the sum of absolute values.
    pub l1: f64,
    /// Of the sum of squares.
    pub l2: f64,
}

impl Penalty {
    /// The penalty of `x`, a scalar; `None` where both strengths are 0.
    ///
    /// # Errors
    /// Where candle refuses.
    pub fn of(self, x: &Tensor) -> Result<Option<Tensor>> {
        let mut terms = Vec::new();
        if self.l1 != 0.0 {
            terms.push((l1_norm(&x.contiguous()?)? * self.l1)?);
        }
        if self.l2 != 0.0 {
            terms.push((x.sqr()?.sum_all()? * self.l2)?);
        }
        total(terms)
    }
}

/// The penalties of a layer with a kernel and a bias, as in Keras.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Regularize {
    /// On the kernel.
    pub kernel: Penalty,
    /// On the bias.
    pub bias: Penalty,
    /// On the outputs; the mean over the batch.
    pub activity: Penalty,
}

impl Regularize {
    /// The penalties of the weights `[kernel, bias]`.
    ///
    /// # Errors
    /// Where candle refuses.
    pub fn weights(&self, weights: &[Var]) -> Result<Option<Tensor>> {
        let penalties = [self.kernel, self.bias].into_iter().zip(weights);
        let terms = penalties.map(|(penalty, weight)| penalty.of(weight)).collect::<Result<Vec<_>>>()?;
        total(terms.into_iter().flatten().collect())
    }

    /// Adds the penalty of the outputs `y` to the pass.
    ///
    /// # Errors
    /// Where candle refuses.
    pub fn outputs(&self, y: &Tensor, pass: &mut Pass) -> Result<()> {
        if let Some(penalty) = self.activity.of(y)? {
            pass.penalize((penalty / y.dim(0)? as f64)?);
        }
        Ok(())
    }
}
