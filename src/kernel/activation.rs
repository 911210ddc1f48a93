//! Activations as operations of candle's graph.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::exp::{exp_m1, sigmoid, softplus, tanh};
use super::{like, read, values};

const NAME: &str = "activation";

/// Values that one task works on.
const CHUNK: usize = 1 << 14;

/// Keras' `LeakyReLU` multiplies what is below 0 by this.
const LEAK: f32 = 0.3;

/// Scale and alpha of Klambauer et al. 2017, as in Keras.
const SELU: (f32, f32) = (1.050_701, 1.673_263_2);

/// What is applied to each output of a layer, as Keras 2.15 defines it. None ever falls as its input
/// grows, so that the largest of a pool is the same before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// x.
    Linear,
    /// max(x, 0).
    Relu,
    /// x, or 0.3 x below 0.
    LeakyRelu,
    /// x, or eˣ − 1 below 0.
    Elu,
    /// 1.0507 (x, or 1.6733 (eˣ − 1) below 0).
    Selu,
    /// The hyperbolic tangent.
    Tanh,
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// 0.2 x + 0.5, between 0 and 1.
    HardSigmoid,
    /// ln(1 + eˣ).
    Softplus,
}

use Activation::{Elu, HardSigmoid, LeakyRelu, Linear, Relu, Selu, Sigmoid, Softplus, Tanh};

impl Activation {
    /// Every activation.
    pub const ALL: [Self; 9] = [Linear, Relu, LeakyRelu, Elu, Selu, Tanh, Sigmoid, HardSigmoid, Softplus];

    /// What the study file calls them, in the order of [`Activation::ALL`].
    pub const WORDS: &[&str] =
        &["linear", "relu", "leaky-relu", "elu", "selu", "tanh", "sigmoid", "hard-sigmoid", "softplus"];

    /// The activation of a word; linear for any other.
    pub fn named(word: &str) -> Self {
        Self::WORDS.iter().position(|w| *w == word).map_or(Linear, |i| Self::ALL[i])
    }

    fn of(self, x: &[f32]) -> Vec<f32> {
        let (scale, alpha) = SELU;
        // Each comparison lets NaN through, so that a network that has diverged is noticed.
        match self {
            Linear => x.to_vec(),
            Relu => each(x, |x| if x < 0.0 { 0.0 } else { x }),
            LeakyRelu => each(x, |x| if x < 0.0 { LEAK * x } else { x }),
            Elu => each(x, |x| if x < 0.0 { exp_m1(x) } else { x }),
            Selu => each(x, |x| scale * if x < 0.0 { alpha * exp_m1(x) } else { x }),
            Tanh => each(x, tanh),
            Sigmoid => each(x, sigmoid),
            HardSigmoid => each(x, |x| (0.2 * x + 0.5).clamp(0.0, 1.0)),
            Softplus => each(x, softplus),
        }
    }

    /// The gradient of the input `x` from that of the output `y`. Where a function has a corner, the
    /// slope is TensorFlow's.
    fn gradient(self, x: &[f32], y: &[f32], grad: &[f32]) -> Vec<f32> {
        let (scale, alpha) = SELU;
        match self {
            Linear => grad.to_vec(),
            Relu => sloped(x, y, grad, |x, _| if x > 0.0 { 1.0 } else { 0.0 }),
            LeakyRelu => sloped(x, y, grad, |x, _| if x > 0.0 { 1.0 } else { LEAK }),
            Elu => sloped(x, y, grad, |x, y| if x < 0.0 { y + 1.0 } else { 1.0 }),
            Selu => sloped(x, y, grad, |x, y| if x < 0.0 { y + scale * alpha } else { scale }),
            Tanh => sloped(x, y, grad, |_, y| 1.0 - y * y),
            Sigmoid => sloped(x, y, grad, |_, y| y * (1.0 - y)),
            HardSigmoid => sloped(x, y, grad, |x, _| if x.abs() <= 2.5 { 0.2 } else { 0.0 }),
            Softplus => sloped(x, y, grad, |x, _| sigmoid(x)),
        }
    }
}

/// `activation` of each value of a contiguous f32 tensor. The same on every machine.
///
/// # Errors
/// Where the tensor is not contiguous f32 on the CPU.
pub fn activate(x: &Tensor, activation: Activation) -> Result<Tensor> {
    if activation == Linear { Ok(x.clone()) } else { x.apply_op1(Activate(activation)) }
}

struct Activate(Activation);

impl CustomOp1 for Activate {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((CpuStorage::F32(self.0.of(values(NAME, x, layout)?)), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let found =
            read(NAME, x, |x| read(NAME, y, |y| read(NAME, grad, |grad| self.0.gradient(x, y, grad))))???;
        Ok(Some(like(found, x)?))
    }
}

fn each(x: &[f32], value: impl Fn(f32) -> f32 + Sync) -> Vec<f32> {
    let mut out = vec![0.0; x.len()];
    out.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(out, x)| {
        for (out, x) in out.iter_mut().zip(x) {
            *out = value(*x);
        }
    });
    out
}

fn sloped(x: &[f32], y: &[f32], grad: &[f32], slope: impl Fn(f32, f32) -> f32 + Sync) -> Vec<f32> {
    let mut out = vec![0.0; x.len()];
    let given = x.par_chunks(CHUNK).zip(y.par_chunks(CHUNK)).zip(grad.par_chunks(CHUNK));
    out.par_chunks_mut(CHUNK).zip(given).for_each(|(out, ((x, y), grad))| {
        for (((out, x), y), grad) in out.iter_mut().zip(x).zip(y).zip(grad) {
            *out = grad * slope(*x, *y);
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};
    use proptest::prelude::*;

    use super::*;
    use crate::domain::seed::Rng;
    use crate::kernel::reference::{close, differences, wide};

    fn plain(activation: Activation, x: f64) -> f64 {
        match activation {
            Linear => x,
            Relu => x.max(0.0),
            LeakyRelu => x.max(0.3 * x),
            Elu => x.max(0.0) + x.min(0.0).exp_m1(),
            Selu => 1.050_700_987_355_480_5 * (x.max(0.0) + 1.673_263_242_354_377_2 * x.min(0.0).exp_m1()),
            Tanh => x.tanh(),
            Sigmoid => 1.0 / (1.0 + (-x).exp()),
            HardSigmoid => (0.2 * x + 0.5).clamp(0.0, 1.0),
            Softplus => x.exp().ln_1p(),
        }
    }

    /// Output and gradient of the input, through candle's graph, where each output has gradient `grad`.
    fn run(activation: Activation, x: &[f32], grad: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let x = Var::from_slice(x, x.len(), &Device::Cpu).unwrap();
        let grad = Tensor::from_slice(grad, grad.len(), &Device::Cpu).unwrap();
        let y = activate(&x, activation).unwrap();
        let grads = (&y * grad).unwrap().sum_all().unwrap().backward().unwrap();
        (y.to_vec1().unwrap(), grads.get(&x).unwrap().to_vec1().unwrap())
    }

    proptest! {
        #[test]
        fn values_and_gradients_agree_with_plain_functions(seed: u64, n in 1_usize..40) {
            let mut rng = Rng::new(seed);
            // Not where differences would reach over a corner.
            let corner = |x: f32| x.abs() < 1e-3 || (x.abs() - 2.5).abs() < 1e-3;
            let x: Vec<f32> =
                (0..n).map(|_| rng.normal() as f32 * 3.0).map(|x| if corner(x) { x + 0.01 } else { x }).collect();
            let grad: Vec<f32> = (0..n).map(|_| rng.normal() as f32).collect();
            for activation in Activation::ALL {
                let (y, found) = run(activation, &x, &grad);
                let out = |x: &[f64]| x.iter().map(|x| plain(activation, *x)).collect::<Vec<_>>();
                close(&y, &out(&wide(&x)))?;
                close(&found, &differences(&wide(&x), &wide(&grad), out))?;
            }
        }
    }

    #[test]
    fn slopes_at_corners_are_tensorflows() {
        let slope = |activation, x: f32| run(activation, &[x], &[1.0]).1[0];
        let zero = Activation::ALL.map(|a| slope(a, 0.0));
        assert_eq!(zero, [1.0, 0.0, 0.3, 1.0, SELU.0, 1.0, 0.25, 0.2, 0.5]);
        assert_eq!([slope(HardSigmoid, 2.5), slope(HardSigmoid, -2.6)], [0.2, 0.0]);
    }

    #[test]
    fn none_falls_and_none_hides_a_nan() {
        let x: Vec<f32> = (-400..400).map(|i| i as f32 / 20.0).collect();
        for activation in Activation::ALL {
            assert!(activation.of(&x).windows(2).all(|y| y[0] <= y[1]), "{activation:?}");
            assert!(activation.of(&[f32::NAN])[0].is_nan(), "{activation:?}");
        }
    }

    #[test]
    fn every_word_names_one() {
        assert_eq!(Activation::WORDS.len(), Activation::ALL.len());
        for (word, activation) in Activation::WORDS.iter().zip(Activation::ALL) {
            assert_eq!(Activation::named(word), activation);
            assert_eq!(format!("{activation:?}").to_lowercase(), word.replace('-', ""));
        }
    }
}
