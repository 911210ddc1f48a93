//! Initial weights, drawn from the crate's own generator: the same seed gives the same weights on every
//! machine and for any number of threads.

use candle_core::{DType, Device, Result, Shape, Var};

use crate::domain::seed::Rng;

/// Uniform in ±√(6 / (`fan_in` + `fan_out`)) (Glorot & Bengio 2010, eq. 16), Keras' default.
///
/// # Errors
/// Where candle refuses.
pub fn glorot_uniform(
    shape: impl Into<Shape>,
    fan_in: usize,
    fan_out: usize,
    rng: &mut Rng,
    device: &Device,
) -> Result<Var> {
    let shape = shape.into();
    let limit = (6.0 / (fan_in as f64 + fan_out as f64)).sqrt();
    let values: Vec<f32> =
        (0..shape.elem_count()).map(|_| ((2.0 * rng.uniform() - 1.0) * limit) as f32).collect();
    Var::from_vec(values, shape, device)
}

/// Zeros, as biases begin.
///
/// # Errors
/// Where candle refuses.
pub fn zeros(shape: impl Into<Shape>, device: &Device) -> Result<Var> {
    Var::zeros(shape, DType::F32, device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glorot_fills_its_interval_and_repeats() {
        let draw = |seed| {
            let var = glorot_uniform((27, 1, 64), 27, 27 * 64, &mut Rng::new(seed), &Device::Cpu).unwrap();
            var.flatten_all().unwrap().to_vec1::<f32>().unwrap()
        };
        let limit = (6.0_f32 / (27.0 * 65.0)).sqrt();
        let weights = draw(1);
        let largest = weights.iter().fold(0.0_f32, |m, w| m.max(w.abs()));
        assert!(largest <= limit && largest > 0.99 * limit, "{largest} {limit}");
        assert!(weights.iter().sum::<f32>().abs() < 0.1 * limit * weights.len() as f32);
        assert_eq!(weights, draw(1));
        assert_ne!(weights, draw(2));
    }
}
