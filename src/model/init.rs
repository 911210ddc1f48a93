//! Initial weights, drawn from the crate's own generator: the same seed gives the same weights on every
//! machine and for any number of threads.

use candle_core::{Device, Result, Var};

use crate::domain::seed::Rng;

/// What a weight begins as.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    /// 0, as biases begin.
    Zeros,
    /// 1.
    Ones,
    /// The same value everywhere.
    Constant(f32),
    /// Uniform in ±√(6 / (`fan_in` + `fan_out`)) (Glorot & Bengio 2010, eq. 16), Keras' default.
    GlorotUniform {
        /// Inputs of a unit.
        fan_in: usize,
        /// Outputs that an input reaches.
        fan_out: usize,
    },
    /// Uniform in ±`limit`.
    Uniform {
        /// The largest absolute value.
        limit: f64,
    },
    /// A matrix with orthonormal rows (or columns, where it has fewer of them), uniform among those
    /// (Saxe, McClelland & Ganguli 2014): Keras' default for recurrent kernels.
    Orthogonal,
    /// The biases of an LSTM's gates i, f, c, o: 1 for the forget gate, else 0 (Jozefowicz, Zaremba &
    /// Sutskever 2015), as Keras' `unit_forget_bias`.
    ForgetBias,
}

impl Init {
    /// A new weight of these dimensions.
    ///
    /// # Errors
    /// Where candle refuses.
    pub fn draw(self, dims: &[usize], rng: &mut Rng, device: &Device) -> Result<Var> {
        let count: usize = dims.iter().product();
        let values = match self {
            Init::Zeros => vec![0.0; count],
            Init::Ones => vec![1.0; count],
            Init::Constant(value) => vec![value; count],
            Init::GlorotUniform { fan_in, fan_out } => {
                uniform(count, (6.0 / (fan_in as f64 + fan_out as f64)).sqrt(), rng)
            }
            Init::Uniform { limit } => uniform(count, limit, rng),
            Init::Orthogonal => orthogonal(dims, rng),
            Init::ForgetBias => {
                let units = count / 4;
                (0..count).map(|i| if (units..2 * units).contains(&i) { 1.0 } else { 0.0 }).collect()
            }
        };
        Var::from_vec(values, dims, device)
    }
}

fn uniform(count: usize, limit: f64, rng: &mut Rng) -> Vec<f32> {
    (0..count).map(|_| ((2.0 * rng.uniform() - 1.0) * limit) as f32).collect()
}

/// Gram and Schmidt's procedure, twice for accuracy, on normal rows of a matrix that is `dims[0]` × the rest.
fn orthogonal(dims: &[usize], rng: &mut Rng) -> Vec<f32> {
    let rows = dims.first().copied().unwrap_or(1);
    let columns = dims.iter().skip(1).product::<usize>();
    let (few, many) = (rows.min(columns), rows.max(columns));
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(few);
    while basis.len() < few {
        let mut row: Vec<f64> = (0..many).map(|_| rng.normal()).collect();
        for _ in 0..2 {
            for other in &basis {
                let along = dot(&row, other);
                row.iter_mut().zip(other).for_each(|(a, b)| *a -= along * b);
            }
        }
        let norm = dot(&row, &row).sqrt();
        // Linearly dependent normal draws have probability 0; a next draw replaces them.
        if norm > 1e-9 {
            basis.push(row.iter().map(|a| a / norm).collect());
        }
    }
    let at =
        |row: usize, column: usize| if rows <= columns { basis[row][column] } else { basis[column][row] };
    (0..rows * columns).map(|i| at(i / columns, i % columns) as f32).collect()
}

/// Σ a·b in sums side by side: one chain of additions would wait for itself.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 16];
    for (a, b) in a.chunks(16).zip(b.chunks(16)) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(init: Init, dims: &[usize], seed: u64) -> Vec<f32> {
        let var = init.draw(dims, &mut Rng::new(seed), &Device::Cpu).unwrap();
        assert_eq!(var.dims(), dims);
        var.flatten_all().unwrap().to_vec1::<f32>().unwrap()
    }

    #[test]
    fn glorot_fills_its_interval_and_repeats() {
        let glorot = Init::GlorotUniform { fan_in: 27, fan_out: 27 * 64 };
        let limit = (6.0_f32 / (27.0 * 65.0)).sqrt();
        let weights = draw(glorot, &[27, 1, 64], 1);
        let largest = weights.iter().fold(0.0_f32, |m, w| m.max(w.abs()));
        assert!(largest <= limit && largest > 0.99 * limit, "{largest} {limit}");
        assert!(weights.iter().sum::<f32>().abs() < 0.1 * limit * weights.len() as f32);
        assert_eq!(weights, draw(glorot, &[27, 1, 64], 1));
        assert_ne!(weights, draw(glorot, &[27, 1, 64], 2));
    }

    #[test]
    fn orthogonal_rows_or_columns_have_length_1_and_right_angles() {
        for (rows, columns) in [(3, 12), (12, 3), (5, 5)] {
            let weights = draw(Init::Orthogonal, &[rows, columns], 4);
            let vector = |i: usize| -> Vec<f32> {
                if rows <= columns {
                    weights[i * columns..(i + 1) * columns].to_vec()
                } else {
                    (0..rows).map(|r| weights[r * columns + i]).collect()
                }
            };
            for i in 0..rows.min(columns) {
                for j in 0..=i {
                    let dot: f32 = vector(i).iter().zip(vector(j)).map(|(a, b)| a * b).sum();
                    let expected = if i == j { 1.0 } else { 0.0 };
                    assert!((dot - expected).abs() < 1e-6, "{rows} × {columns}: {i} · {j} = {dot}");
                }
            }
        }
    }

    #[test]
    fn only_the_forget_gate_begins_open() {
        assert_eq!(draw(Init::ForgetBias, &[8], 1), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    }
}
