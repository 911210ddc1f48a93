//! Covariates beside what is learned of the genotypes.

use candle_core::{Result, Tensor, Var};

use super::{Layer, Pass, Shape};

/// Flat values and behind them the pass's covariates `[batch, width]`: Keras' `Concatenate`.
#[derive(Debug, Clone, Copy)]
pub struct JoinCovariates {
    /// Numbers of a sample's covariates.
    pub width: usize,
}

impl Layer for JoinCovariates {
    fn name(&self) -> &'static str {
        "concatenate"
    }

    fn output(&self, input: Shape) -> std::result::Result<Shape, String> {
        Ok(Shape::Flat(input.flat()?.saturating_add(self.width)))
    }

    fn forward(&self, x: &Tensor, _weights: &[Var], pass: &mut Pass) -> Result<Tensor> {
        match pass.covariates() {
            Some(covariates) if covariates.dims() == [x.dim(0)?, self.width] => {
                Tensor::cat(&[x, covariates], 1)
            }
            Some(covariates) => candle_core::bail!(
                "covariates {:?} for {} rows of {} are no input of this network",
                covariates.dims(),
                x.dim(0)?,
                self.width
            ),
            None => {
                candle_core::bail!("the network needs {} covariates a row, and there are none", self.width)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::domain::seed::Rng;
    use crate::model::layer::Mode;

    #[test]
    fn covariates_stand_behind_the_flat_values() {
        let x = Tensor::new(&[[1.0_f32, 2.0], [3.0, 4.0]], &Device::Cpu).unwrap();
        let covariates = Tensor::new(&[[5.0_f32], [6.0]], &Device::Cpu).unwrap();
        let mut rng = Rng::new(0);
        let mut pass = Pass::new(Mode::Train, &mut rng).with_covariates(Some(covariates));
        let y = JoinCovariates { width: 1 }.forward(&x, &[], &mut pass).unwrap();
        assert_eq!(y.to_vec2::<f32>().unwrap(), [[1.0, 2.0, 5.0], [3.0, 4.0, 6.0]]);
        assert_eq!(JoinCovariates { width: 1 }.output(Shape::Flat(2)), Ok(Shape::Flat(3)));
        let wrong = JoinCovariates { width: 2 }.forward(&x, &[], &mut pass).unwrap_err().to_string();
        assert!(wrong.contains("[2, 1]"), "{wrong}");
        let mut without = Pass::new(Mode::Train, &mut rng);
        assert!(JoinCovariates { width: 1 }.forward(&x, &[], &mut without).is_err());
    }
}
