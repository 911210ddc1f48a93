//! Pooling along the genome.

use candle_core::{Result, Tensor, Var};

use super::{Layer, Pass, Shape};
use crate::kernel::{average_pool1d, max_pool1d, windows};

/// The largest of neighbouring values: Keras' `MaxPooling1D` with `valid` padding.
#[derive(Debug, Clone, Copy)]
pub struct MaxPool1d {
    /// Positions under a window.
    pub size: usize,
    /// Positions between the starts of two windows; less than `size` where they overlap.
    pub stride: usize,
}

/// The mean of neighbouring values: Keras' `AveragePooling1D` with `valid` padding.
#[derive(Debug, Clone, Copy)]
pub struct AveragePool1d {
    /// Positions under a window.
    pub size: usize,
    /// Positions between the starts of two windows; less than `size` where they overlap.
    pub stride: usize,
}

fn pooled(input: Shape, size: usize, stride: usize) -> std::result::Result<Shape, String> {
    let (positions, channels) = input.sequence()?;
    match windows(positions, size, stride) {
        Some(positions) => Ok(Shape::Sequence { positions, channels }),
        None if size > positions => {
            Err(format!("pool {size} is larger than the input of {positions} positions: lower `pool`"))
        }
        None => Err(format!("pool {size} and its stride {stride} must be at least 1")),
    }
}

impl Layer for MaxPool1d {
    fn name(&self) -> &'static str {
        "max_pooling1d"
    }

    fn output(&self, input: Shape) -> std::result::Result<Shape, String> {
        pooled(input, self.size, self.stride)
    }

    fn forward(&self, x: &Tensor, _weights: &[Var], _pass: &mut Pass) -> Result<Tensor> {
        max_pool1d(x, self.size, self.stride)
    }
}

impl Layer for AveragePool1d {
    fn name(&self) -> &'static str {
        "average_pooling1d"
    }

    fn output(&self, input: Shape) -> std::result::Result<Shape, String> {
        pooled(input, self.size, self.stride)
    }

    fn forward(&self, x: &Tensor, _weights: &[Var], _pass: &mut Pass) -> Result<Tensor> {
        average_pool1d(x, self.size, self.stride)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::architecture::Architecture;
    use crate::model::testing::{check_gradients, check_layer};

    const INPUT: Shape = Shape::Sequence { positions: 11, channels: 3 };

    #[test]
    fn windows_stay_inside_and_what_does_not_fit_is_named() {
        let outputs = |size, stride| MaxPool1d { size, stride }.output(INPUT).map(Shape::dims);
        assert_eq!(outputs(3, 3), Ok(vec![3, 3]));
        assert_eq!(outputs(3, 2), Ok(vec![5, 3]));
        assert_eq!(outputs(11, 20), Ok(vec![1, 3]));
        let long = outputs(12, 2).unwrap_err();
        assert_eq!(long, "pool 12 is larger than the input of 11 positions: lower `pool`");
        assert!(outputs(2, 0).unwrap_err().contains("stride 0"));
        assert_eq!(AveragePool1d { size: 12, stride: 2 }.output(INPUT), Err(long));
    }

    #[test]
    fn gradients_agree_with_differences() {
        for (size, stride) in [(3, 3), (4, 2), (2, 5)] {
            check_layer(AveragePool1d { size, stride }, INPUT, 3);
            let mut plan = Architecture::new(INPUT);
            plan.push(MaxPool1d { size, stride }).unwrap();
            // A step may cross where a window's winner changes: a few values only.
            check_gradients(plan, 3, 0.03);
        }
    }
}
