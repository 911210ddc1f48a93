//! The separable fully connected layer (Alexandari, Shrikumar & Kundaje 2017).

use candle_core::{Result, Tensor, Var};

use super::{Layer, Pass, Shape, WeightSpec};
use crate::kernel::{l1_norm, matmul, sum_channels};
use crate::model::init::Init;

/// A fully connected layer whose weights are an outer product of positional and cross-channel ones (§2.1):
/// `y[n] = Σ W_pos[n, p] · W_chan[n, c] · x[p, c]` over positions p and channels c. It has no bias and nothing
/// non-linear behind it; a fully connected layer follows.
///
/// W_pos and W_chan begin uniform in ± ⁴√(2 / (length × channels + neurons)).
#[derive(Debug, Clone, Copy)]
pub struct SeparableFc {
    /// Neurons.
    pub neurons: usize,
    /// Whether W_pos is symmetric around the centre (§2.2): only its first half, the middle position of an odd
    /// length included, is learned, and mirrored.
    pub symmetric: bool,
    /// Strength of the penalty on curvature (§2.2), the ℓ1 norm of the second differences of adjacent
    /// positions of what is learned of W_pos: their mean, as in the authors' `SepFCSmoothnessRegularizer`.
    pub curvature: f64,
}

impl SeparableFc {
    /// The positions whose weights are learned.
    fn learned(&self, length: usize) -> usize {
        if self.symmetric { length.div_ceil(2) } else { length }
    }

    /// W_pos in full length: [neurons, length].
    fn positional(&self, learned: &Tensor, length: usize) -> Result<Tensor> {
        if !self.symmetric {
            return Ok(learned.clone());
        }
        let mirrored: Vec<u32> = (0..length).map(|p| p.min(length - 1 - p) as u32).collect();
        learned.index_select(&Tensor::new(mirrored, learned.device())?, 1)
    }
}

impl Layer for SeparableFc {
    fn name(&self) -> &'static str {
        "separable_fc"
    }

    fn output(&self, input: Shape) -> std::result::Result<Shape, String> {
        input.sequence()?;
        if self.neurons == 0 {
            return Err("a separable layer of 0 neurons has no output: set `neurons` to at least 1".into());
        }
        Ok(Shape::Flat(self.neurons))
    }

    fn weights(&self, input: Shape) -> Vec<WeightSpec> {
        let Ok((length, channels)) = input.sequence() else { return Vec::new() };
        let init = Init::Uniform { limit: (2.0 / (input.size() as f64 + self.neurons as f64)).sqrt().sqrt() };
        vec![
            WeightSpec::trained("w_pos", [self.neurons, self.learned(length)], init),
            WeightSpec::trained("w_chan", [self.neurons, channels], init),
        ]
    }

    /// First over the positions and then over the channels, so that the outer product, as large as the weights
    /// of a fully connected layer, is never formed.
    fn forward(&self, x: &Tensor, weights: &[Var], _pass: &mut Pass) -> Result<Tensor> {
        let (batch, length, channels) = x.dims3()?;
        let columns = x.transpose(0, 1)?.reshape((length, batch * channels))?;
        let by_channel = matmul(&self.positional(&weights[0], length)?, &columns)?;
        sum_channels(&by_channel.reshape((self.neurons, batch, channels))?, &weights[1])
    }

    fn penalty(&self, weights: &[Var]) -> Result<Option<Tensor>> {
        let learned = weights[0].dim(1)?;
        if self.curvature == 0.0 || learned < 3 {
            return Ok(None);
        }
        let at = |first: usize| weights[0].narrow(1, first, learned - 2);
        let curvature = ((at(0)? + at(2)?)? - (at(1)? * 2.0)?)?;
        let mean = (l1_norm(&curvature)? / curvature.elem_count() as f64)?;
        Ok(Some((mean * self.curvature)?))
    }

    /// The input in another order, the sums by channel and the output.
    fn activations(&self, input: Shape, output: Shape) -> usize {
        let channels = input.sequence().map_or(1, |(_, channels)| channels);
        let sums = self.neurons.saturating_mul(channels);
        input.size().saturating_add(sums).saturating_add(output.size())
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::domain::seed::Rng;
    use crate::model::layer::Mode;
    use crate::model::testing::check_layer;

    fn layer(symmetric: bool, curvature: f64) -> SeparableFc {
        SeparableFc { neurons: 3, symmetric, curvature }
    }

    fn draw(layer: &SeparableFc, input: Shape, seed: u64) -> Vec<Var> {
        let mut rng = Rng::new(seed);
        layer.weights(input).iter().map(|w| w.init.draw(&w.dims, &mut rng, &Device::Cpu).unwrap()).collect()
    }

    #[test]
    fn the_output_is_that_of_the_outer_product() {
        for (symmetric, length) in [(false, 5), (true, 5), (true, 6)] {
            let input = Shape::Sequence { positions: length, channels: 2 };
            let layer = layer(symmetric, 0.0);
            let weights = draw(&layer, input, 1);
            let (pos, chan) = (weights[0].to_vec2::<f32>().unwrap(), weights[1].to_vec2::<f32>().unwrap());
            let x: Vec<f32> = (0..2 * length * 2).map(|i| (i as f32).sin()).collect();
            let xs = Tensor::from_slice(&x, (2, length, 2), &Device::Cpu).unwrap();
            let mut rng = Rng::new(0);
            let found = layer.forward(&xs, &weights, &mut Pass::new(Mode::Train, &mut rng)).unwrap();
            let found = found.to_vec2::<f32>().unwrap();
            for (b, row) in found.iter().enumerate() {
                for (n, y) in row.iter().enumerate() {
                    let mut expected = 0.0;
                    for p in 0..length {
                        // From both ends towards the centre, where the layer is symmetric.
                        let weight = if symmetric && p >= length / 2 { length - 1 - p } else { p };
                        for c in 0..2 {
                            expected += pos[n][weight] * chan[n][c] * x[(b * length + p) * 2 + c];
                        }
                    }
                    assert!((y - expected).abs() < 1e-6, "{length} {symmetric}: {y} for {expected}");
                }
            }
        }
    }

    #[test]
    fn the_papers_layer_has_the_papers_weights() {
        // §2.4: 648 neurons fit into what the fully connected layer of 50 neurons takes without them, with 50
        // filters of which pooling (10, stride 5) leaves 35 positions of 200 bases.
        let input = Shape::Sequence { positions: 35, channels: 50 };
        let layer = SeparableFc { neurons: 648, symmetric: false, curvature: 0.0 };
        let count: usize = layer.weights(input).iter().map(WeightSpec::count).sum();
        assert_eq!(count, 648 * (35 + 50));
        assert!(count + 648 * 50 <= 50 * 35 * 50);
        let symmetric = SeparableFc { symmetric: true, ..layer };
        assert_eq!(symmetric.weights(input)[0].dims, [648, 18]);
        let limit = (2.0_f64 / (35.0 * 50.0 + 648.0)).powf(0.25) as f32;
        for var in draw(&layer, input, 3) {
            let largest = var.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let largest = largest.iter().fold(0.0_f32, |m, w| m.max(w.abs()));
            assert!(largest <= limit && largest > 0.99 * limit, "{largest} {limit}");
        }
    }

    #[test]
    fn curvature_is_the_mean_of_second_differences_of_what_is_learned() {
        let bent = [Var::new(&[[0.0_f32, 1.0, 4.0, 4.0], [0.0, 2.0, 4.0, 6.0]], &Device::Cpu).unwrap()];
        // Second differences 2 and -3 of the first row, 0 and 0 of the second.
        let penalty = layer(false, 2.0).penalty(&bent).unwrap().unwrap();
        assert_eq!(penalty.to_scalar::<f32>().unwrap(), 2.0 * 5.0 / 4.0);
        let grads = penalty.backward().unwrap();
        let found = grads.get(&bent[0]).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(found, [[0.5, -1.5, 1.5, -0.5], [0.0; 4]]);
        assert!(layer(true, 0.0).penalty(&bent).unwrap().is_none());
        let short = [Var::new(&[[1.0_f32, 2.0]], &Device::Cpu).unwrap()];
        assert!(layer(true, 1.0).penalty(&short).unwrap().is_none());
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (symmetric, positions) in [(false, 7), (true, 7), (true, 8)] {
            check_layer(layer(symmetric, 0.3), Shape::Sequence { positions, channels: 2 }, 4);
        }
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        assert!(layer(false, 0.0).output(Shape::Flat(9)).unwrap_err().contains("a sequence is needed"));
        let none = SeparableFc { neurons: 0, symmetric: false, curvature: 0.0 };
        let message = none.output(Shape::Sequence { positions: 4, channels: 2 }).unwrap_err();
        assert!(message.contains("`neurons`"), "{message}");
    }
}
