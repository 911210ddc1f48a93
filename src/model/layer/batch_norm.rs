//! Batch normalisation (Ioffe & Szegedy 2015).

use candle_core::{Result, Tensor, Var};

use super::{Layer, Mode, Pass, Shape, WeightSpec};
use crate::kernel::batch_norm;
use crate::model::init::Init;

/// How much of the moving statistics a training step keeps; Keras' default.
const MOMENTUM: f64 = 0.99;

/// Added to the variance; Keras' default.
const EPSILON: f64 = 1e-3;

/// Keras' `BatchNormalization` over each channel, or each unit of flat values. In training it takes the
/// batch's mean and population variance, and moves the moving ones towards them; predictions take those.
#[derive(Debug, Clone, Copy)]
pub struct BatchNorm;

impl Layer for BatchNorm {
    fn name(&self) -> &'static str {
        "batch_normalization"
    }

    fn output(&self, input: Shape) -> std::result::Result<Shape, String> {
        Ok(input)
    }

    fn weights(&self, input: Shape) -> Vec<WeightSpec> {
        let channels = match input {
            Shape::Sequence { channels, .. } => channels,
            Shape::Flat(units) => units,
        };
        let weight = |name: &str, init, trained| WeightSpec {
            name: name.to_owned(),
            dims: vec![channels],
            init,
            trained,
        };
        vec![
            weight("gamma", Init::Ones, true),
            weight("beta", Init::Zeros, true),
            weight("moving_mean", Init::Zeros, false),
            weight("moving_variance", Init::Ones, false),
        ]
    }

    fn forward(&self, x: &Tensor, weights: &[Var], pass: &mut Pass) -> Result<Tensor> {
        let (gamma, beta, mean, variance) = (&weights[0], &weights[1], &weights[2], &weights[3]);
        match pass.mode {
            Mode::Train => {
                let (y, batch) = batch_norm(x, gamma, beta, EPSILON)?;
                shift(mean, batch.mean)?;
                shift(variance, batch.variance)?;
                Ok(y)
            }
            Mode::Evaluate => {
                let (mean, variance) = (mean.as_detached_tensor(), variance.as_detached_tensor());
                let scale = (gamma.as_tensor() / (variance + EPSILON)?.sqrt()?)?;
                let offset = (beta.as_tensor() - (mean * &scale)?)?;
                x.broadcast_mul(&scale)?.broadcast_add(&offset)
            }
        }
    }

    fn needs_batch(&self) -> bool {
        true
    }
}

/// Moves a moving statistic towards the batch's.
fn shift(moving: &Var, batch: Vec<f32>) -> Result<()> {
    let moved =
        moving.to_vec1::<f32>()?.into_iter().zip(batch).map(|(moving, batch)| {
            (MOMENTUM * f64::from(moving) + (1.0 - MOMENTUM) * f64::from(batch)) as f32
        });
    moving.set(&Tensor::from_iter(moved, moving.device())?)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::domain::seed::Rng;
    use crate::model::architecture::{Architecture, Network};
    use crate::model::testing::check_layer;

    fn network(input: Shape) -> Network {
        let mut plan = Architecture::new(input);
        plan.push(BatchNorm).unwrap();
        Network::new(plan, &mut Rng::new(1), &Device::Cpu).unwrap()
    }

    fn flat(x: &Tensor) -> Vec<f32> {
        x.flatten_all().unwrap().to_vec1().unwrap()
    }

    fn near(found: &[f32], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (f64::from(*found) - expected).abs() < 1e-6 * (1.0 + expected.abs()),
                "{found} {expected}"
            );
        }
    }

    #[test]
    fn training_takes_the_batchs_statistics_and_prediction_the_moving_ones() {
        let network = network(Shape::Flat(2));
        let run = |x: &Tensor, mode| network.forward(x, &mut Pass::new(mode, &mut Rng::new(0))).unwrap();
        // Means 2 and 10, population variances 1 and 16.
        let x = Var::new(&[[1.0_f32, 6.0], [3.0, 14.0]], &Device::Cpu).unwrap();
        let (one, four) = (1.0 / 1.001_f64.sqrt(), 4.0 / 16.001_f64.sqrt());
        near(&flat(&run(&x, Mode::Train)), &[-one, -four, one, four]);
        let weights = network.weights();
        near(&flat(&weights[2].1), &[0.02, 0.1]);
        near(&flat(&weights[3].1), &[1.0, 1.15]);

        let y = run(&x, Mode::Evaluate);
        let scale = [1.0 / 1.001_f64.sqrt(), 1.0 / 1.151_f64.sqrt()];
        let [a, b] = scale;
        near(&flat(&y), &[0.98 * a, 5.9 * b, 2.98 * a, 13.9 * b]);
        let grads = y.sum_all().unwrap().backward().unwrap();
        near(&flat(grads.get(&x).unwrap()), &[a, b, a, b]);
        near(&flat(&weights[2].1), &[0.02, 0.1]);
        // One row is enough for a prediction.
        near(&flat(&run(&x.narrow(0, 1, 1).unwrap(), Mode::Evaluate)), &[2.98 * a, 13.9 * b]);
    }

    #[test]
    fn statistics_are_over_rows_and_positions_and_only_gamma_and_beta_are_trained() {
        let network = network(Shape::Sequence { positions: 3, channels: 2 });
        let trained: Vec<String> = network.trained().into_iter().map(|(name, _)| name).collect();
        assert_eq!(trained, ["batch_normalization.gamma", "batch_normalization.beta"]);
        let architecture = network.architecture();
        assert!(architecture.needs_batch());
        assert_eq!((architecture.weight_count(), architecture.output().dims()), (8, vec![3, 2]));
        let mut rng = Rng::new(5);
        let values: Vec<f32> = (0..24).map(|_| 3.0 + rng.normal() as f32).collect();
        let x = Tensor::from_vec(values, (4, 3, 2), &Device::Cpu).unwrap();
        let y = flat(&network.forward(&x, &mut Pass::new(Mode::Train, &mut rng)).unwrap());
        for channel in 0..2 {
            let own: Vec<f32> = y[channel..].iter().step_by(2).copied().collect();
            assert!(own.iter().sum::<f32>().abs() < 1e-5, "{own:?}");
        }
    }

    #[test]
    fn gradients_agree_with_differences() {
        check_layer(BatchNorm, Shape::Flat(3), 6);
        check_layer(BatchNorm, Shape::Sequence { positions: 4, channels: 3 }, 3);
    }
}
