//! For tests: gradients against finite differences.

use candle_core::{Device, Tensor, Var};

use super::architecture::{Architecture, Network};
use super::layer::{Layer, Mode, Pass, Shape};
use crate::domain::seed::Rng;

/// The half width of a difference.
const STEP: f32 = 1.0 / 256.0;

/// Checks the gradients of a layer behind an input of this shape, as [`check_gradients`].
pub fn check_layer(layer: impl Layer + 'static, input: Shape, rows: usize) {
    let mut plan = Architecture::new(input);
    plan.push(layer).unwrap();
    check_gradients(plan, rows, 0.005);
}

/// Compares the gradients of all trained weights and of the input with central differences, in training
/// mode (the same dropout mask each time), for a loss of random weights on the outputs and their squares,
/// penalties included. `tolerance` is relative, in the Euclidean norm.
pub fn check_gradients(plan: Architecture, rows: usize, tolerance: f64) {
    let mut rng = Rng::new(11);
    let (layers, input, output) = (plan.summary(), plan.input(), plan.output());
    let dims = |shape: Shape| [vec![rows], shape.dims()].concat();
    let network = Network::new(plan, &mut rng, &Device::Cpu).unwrap();
    let mut normal = |dims: Vec<usize>| {
        let values: Vec<f32> = (0..dims.iter().product()).map(|_| rng.normal() as f32).collect();
        Tensor::from_vec(values, dims, &Device::Cpu).unwrap()
    };
    let x = Var::from_tensor(&normal(dims(input))).unwrap();
    let (linear, square) = (normal(dims(output)), normal(dims(output)));
    let loss = || {
        let mut rng = Rng::new(3);
        let mut pass = Pass::new(Mode::Train, &mut rng);
        let y = network.forward(&x, &mut pass).unwrap();
        let value = ((&y * &linear).unwrap() + (y.sqr().unwrap() * &square).unwrap()).unwrap();
        let penalties = [network.penalty().unwrap(), pass.penalty().unwrap()].into_iter().flatten();
        penalties.fold(value.sum_all().unwrap(), |sum, penalty| (sum + penalty).unwrap())
    };
    let grads = loss().backward().unwrap();
    for (name, var) in network.trained().into_iter().chain([("input".to_owned(), x.clone())]) {
        let at = var.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let found = grads.get(&var).unwrap_or_else(|| panic!("{name} has no gradient: {layers:?}"));
        let found = found.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let moved = |i: usize, h: f32| {
            let mut values = at.clone();
            values[i] += h;
            var.set(&Tensor::from_vec(values, var.shape(), &Device::Cpu).unwrap()).unwrap();
            f64::from(loss().to_scalar::<f32>().unwrap())
        };
        let (mut error, mut size) = (0.0, 0.0);
        for (i, found) in found.iter().enumerate() {
            let expected = (moved(i, STEP) - moved(i, -STEP)) / f64::from(2.0 * STEP);
            error += (f64::from(*found) - expected).powi(2);
            size += expected.powi(2);
        }
        var.set(&Tensor::from_vec(at, var.shape(), &Device::Cpu).unwrap()).unwrap();
        let relative = (error / size.max(1e-12)).sqrt();
        assert!(relative < tolerance, "{name} is off by {relative}: {layers:?}");
    }
}
