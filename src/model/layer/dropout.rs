//! Dropout (Srivastava et al. 2014), for training only.

use candle_core::{Result, Tensor, Var};

use super::{Layer, Mode, Pass, Shape};
use crate::kernel::dropout;

/// Drops each value with probability `rate` and divides the others by 1 − `rate`: Keras' `Dropout`.
#[derive(Debug, Clone, Copy)]
pub struct Dropout {
    /// Probability of a value to become 0, in [0, 1).
    pub rate: f64,
}

/// Drops whole channels of a sequence with probability `rate` and divides the others by 1 − `rate`: Keras'
/// `SpatialDropout1D` (Tompson et al. 2015). Neighbouring positions are too alike for single ones to matter.
#[derive(Debug, Clone, Copy)]
pub struct SpatialDropout1d {
    /// Probability of a channel to become 0, in [0, 1).
    pub rate: f64,
}

impl Layer for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn output(&self, input: Shape) -> std::result::Result<Shape, String> {
        check(self.rate)?;
        Ok(input)
    }

    fn forward(&self, x: &Tensor, _weights: &[Var], pass: &mut Pass) -> Result<Tensor> {
        if pass.mode == Mode::Evaluate || self.rate == 0.0 {
            return Ok(x.clone());
        }
        let values = x.flatten_from(1)?.unsqueeze(1)?;
        dropout(&values, self.rate, pass.rng.bits())?.reshape(x.shape())
    }
}

impl Layer for SpatialDropout1d {
    fn name(&self) -> &'static str {
        "spatial_dropout1d"
    }

    fn output(&self, input: Shape) -> std::result::Result<Shape, String> {
        check(self.rate)?;
        input.sequence()?;
        Ok(input)
    }

    fn forward(&self, x: &Tensor, _weights: &[Var], pass: &mut Pass) -> Result<Tensor> {
        if pass.mode == Mode::Evaluate || self.rate == 0.0 {
            return Ok(x.clone());
        }
        dropout(x, self.rate, pass.rng.bits())
    }
}

fn check(rate: f64) -> std::result::Result<(), String> {
    if (0.0..1.0).contains(&rate) {
        return Ok(());
    }
    Err(format!("a dropout of {rate} is not a probability below 1: set `dropout` to 0 … 0.99"))
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};

    use super::*;
    use crate::domain::seed::Rng;
    use crate::model::testing::check_layer;

    const INPUT: Shape = Shape::Sequence { positions: 50, channels: 20 };

    /// What becomes of ones.
    fn mask(layer: &impl Layer, mode: Mode, seed: u64) -> Vec<Vec<Vec<f32>>> {
        let x = Tensor::ones((40, 50, 20), DType::F32, &Device::Cpu).unwrap();
        let y = layer.forward(&x, &[], &mut Pass::new(mode, &mut Rng::new(seed))).unwrap();
        y.to_vec3().unwrap()
    }

    #[test]
    fn a_share_of_the_values_is_dropped_and_the_mean_kept() {
        let layer = Dropout { rate: 0.3 };
        let values: Vec<f32> = mask(&layer, Mode::Train, 1).concat().concat();
        let kept = 1.0 / 0.7_f64;
        assert!(values.iter().all(|v| *v == 0.0 || *v == kept as f32));
        let dropped = values.iter().filter(|v| **v == 0.0).count() as f64 / values.len() as f64;
        assert!((dropped - 0.3).abs() < 0.01, "{dropped}");
        assert_eq!(mask(&layer, Mode::Train, 1).concat().concat(), values);
        assert_ne!(mask(&layer, Mode::Train, 2).concat().concat(), values);
    }

    #[test]
    fn whole_channels_are_dropped_each_sample_anew() {
        let layer = SpatialDropout1d { rate: 0.5 };
        let values = mask(&layer, Mode::Train, 1);
        for sample in &values {
            assert!(sample.iter().all(|position| position == &sample[0]));
        }
        let dropped = values.iter().map(|s| s[0].iter().filter(|v| **v == 0.0).count()).sum::<usize>();
        assert!((300..500).contains(&dropped), "{dropped} of 800");
        assert!(values.windows(2).any(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn predictions_and_a_rate_of_0_drop_nothing() {
        for (rate, mode) in [(0.5, Mode::Evaluate), (0.0, Mode::Train)] {
            let ones = mask(&Dropout { rate }, mode, 1).concat().concat();
            assert!(ones.iter().all(|v| *v == 1.0));
            assert_eq!(mask(&SpatialDropout1d { rate }, mode, 1).concat().concat(), ones);
        }
    }

    #[test]
    fn gradients_pass_what_was_kept() {
        check_layer(Dropout { rate: 0.4 }, Shape::Flat(30), 3);
        check_layer(SpatialDropout1d { rate: 0.4 }, Shape::Sequence { positions: 4, channels: 9 }, 3);
    }

    #[test]
    fn a_rate_of_1_is_refused() {
        for rate in [1.0, -0.1, f64::NAN] {
            let message = Dropout { rate }.output(INPUT).unwrap_err();
            assert!(message.contains(&rate.to_string()) && message.contains("`dropout`"), "{message}");
            assert!(SpatialDropout1d { rate }.output(INPUT).is_err());
        }
        assert!(SpatialDropout1d { rate: 0.5 }.output(Shape::Flat(4)).is_err());
        assert_eq!(Dropout { rate: 0.5 }.output(INPUT), Ok(INPUT));
    }
}
