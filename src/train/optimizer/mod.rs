//! Optimizers: how weights follow their gradients, as Keras 2.15 computes them (`tf.keras.optimizers`;
//! no mean of past weights, and ε as Keras sets it).

mod adam;
mod adaptive;
mod elementwise;
mod sgd;

use candle_core::{Tensor, Var};

use super::snapshot::{Reader, Writer};
use crate::domain::setting::Settings;
use crate::domain::table::Row;
use elementwise::Elementwise;

/// What keeps a denominator from 0, in every optimizer that divides (Keras; papers often have 1e-8).
const EPSILON: f32 = 1e-7;

/// Changes weights in place.
pub trait Optimizer {
    /// One step of `rate` along `gradients`, one a weight; weights without one stay. Called with the
    /// same weights in the same order each time.
    ///
    /// # Errors
    /// Where candle refuses.
    fn step(
        &mut self,
        weights: &[(String, Var)],
        gradients: &[Option<Tensor>],
        rate: f64,
    ) -> candle_core::Result<()>;

    /// Numbers kept for each weight from step to step.
    fn slots(&self) -> usize;

    /// Takes down what is kept from step to step.
    fn write(&self, to: &mut Writer);

    /// Takes up what [`write`](Self::write) of the same optimizer took down after `steps` steps on `weights`.
    ///
    /// # Errors
    /// Where that is not what stands there.
    fn read(&mut self, from: &mut Reader, steps: usize, weights: &[(String, Var)]) -> Result<(), String>;
}

/// A row of the table of optimizers: builds one from the settings of [`TRAIN`](super::TRAIN) that are
/// active with it.
pub type OptimizerRow = Row<fn(&Settings) -> Box<dyn Optimizer>>;

/// Every optimizer. Their settings stand in [`TRAIN`](super::TRAIN), where they can be searched.
pub const OPTIMIZERS: &[OptimizerRow] = &[
    row("adam", "adaptive moment estimation (Kingma & Ba 2014)", |_| boxed(adam::Adam::new(0.0))),
    row("adamw", "adam with weight decay beside the gradient (Loshchilov & Hutter 2019)", |settings| {
        boxed(adam::Adam::new(settings.float("weight_decay")))
    }),
    row("adamax", "adam with the largest gradient in place of their mean square (Kingma & Ba 2014)", |_| {
        boxed(adam::Adamax::new())
    }),
    row("nadam", "adam with Nesterov's momentum (Dozat 2016)", |_| boxed(adam::Nadam::new())),
    row("sgd", "gradient descent, plain or with momentum", |settings| {
        boxed(sgd::Sgd::new(settings.float("momentum"), settings.flag("nesterov")))
    }),
    row("rmsprop", "steps divided by the gradient's running root mean square (Hinton 2012)", |settings| {
        boxed(adaptive::RmsProp::new(settings.float("rmsprop.rho"), settings.float("momentum")))
    }),
    row("adagrad", "steps divided by the root of all squared gradients so far (Duchi 2011)", |_| {
        boxed(adaptive::Adagrad::new())
    }),
    row("adadelta", "steps as long as the last ones were (Zeiler 2012)", |settings| {
        boxed(adaptive::Adadelta::new(settings.float("adadelta.rho")))
    }),
];

const fn row(
    name: &'static str,
    help: &'static str,
    build: fn(&Settings) -> Box<dyn Optimizer>,
) -> OptimizerRow {
    Row { name, help, settings: &[], build }
}

fn boxed<const SLOTS: usize>(rule: impl elementwise::Rule<SLOTS> + 'static) -> Box<dyn Optimizer> {
    Box::new(Elementwise::new(rule))
}

#[cfg(test)]
mod testing {
    //! Steps of an optimizer beside its formula in f64.

    use candle_core::{Device, Tensor, Var};

    use super::{boxed, elementwise::Rule};

    /// The learning rates of the steps: a schedule may change them.
    const RATES: [f64; 6] = [0.1, 0.1, 0.05, 0.05, 0.2, 0.01];

    /// The gradient of Σ cos θ + θ⁴/4, which is not linear and changes its sign.
    fn gradient(weight: f64) -> f64 {
        weight.powi(3) - weight.sin()
    }

    /// Holds `rule` against `formula`, which takes (weight, gradient, rate, step from 1) to the next weight.
    pub fn agrees<const SLOTS: usize, F: FnMut(f64, f64, f64, i32) -> f64>(
        rule: impl Rule<SLOTS> + 'static,
        mut formula: impl FnMut() -> F,
    ) {
        let starts = [1.3_f32, -0.4, 0.0];
        let var = Var::new(&starts, &Device::Cpu).unwrap();
        let still = Var::new(&[7.0_f32], &Device::Cpu).unwrap();
        let weights = [("still".to_owned(), still.clone()), ("x".to_owned(), var.clone())];
        let mut optimizer = boxed(rule);
        assert_eq!(optimizer.slots(), SLOTS);
        let mut expected: Vec<(f64, F)> = starts.iter().map(|x| (f64::from(*x), formula())).collect();
        for (step, rate) in RATES.into_iter().enumerate() {
            let slopes: Vec<f32> = expected.iter().map(|(x, _)| gradient(*x) as f32).collect();
            let gradients = [None, Some(Tensor::new(&slopes[..], &Device::Cpu).unwrap())];
            optimizer.step(&weights, &gradients, rate).unwrap();
            for (x, formula) in &mut expected {
                *x = formula(*x, gradient(*x), rate, step as i32 + 1);
            }
            for (found, (expected, _)) in var.to_vec1::<f32>().unwrap().iter().zip(&expected) {
                let error = (f64::from(*found) - expected).abs();
                assert!(error < 2e-6, "step {step}: {found}, not {expected}");
            }
        }
        assert_eq!(still.to_vec1::<f32>().unwrap(), [7.0], "no gradient, no step");
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::domain::value::Value;

    /// All that any optimizer asks for.
    fn settings() -> Settings {
        let values = [
            ("momentum", Value::Float(0.5)),
            ("nesterov", Value::Bool(false)),
            ("rmsprop.rho", Value::Float(0.9)),
            ("adadelta.rho", Value::Float(0.95)),
            ("weight_decay", Value::Float(0.004)),
        ];
        Settings(values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Steps on Σ c·θ², whose gradient is 2cθ.
    fn descend(row: &OptimizerRow, rate: f64, steps: usize) -> Vec<f32> {
        let var = Var::new(&[1.0_f32, -2.0], &Device::Cpu).unwrap();
        let c = Tensor::new(&[1.0_f32, 3.0], &Device::Cpu).unwrap();
        let mut optimizer = (row.build)(&settings());
        for _ in 0..steps {
            let loss = (var.sqr().unwrap() * &c).unwrap().sum_all().unwrap();
            let gradient = loss.backward().unwrap().get(&var).cloned();
            optimizer.step(&[("x".into(), var.clone())], &[gradient], rate).unwrap();
        }
        var.to_vec1().unwrap()
    }

    #[test]
    fn every_optimizer_goes_downhill() {
        for row in OPTIMIZERS {
            // Adadelta finds its own step lengths, beginning with √ε.
            let (rate, steps) = if row.name == "adadelta" { (1.0, 4000) } else { (0.05, 400) };
            let found = descend(row, rate, steps);
            assert!(found[0].abs() < 0.5 && found[1].abs() < 1.5, "{}: {found:?}", row.name);
        }
    }

    #[test]
    fn a_gradient_that_is_not_contiguous_is_followed() {
        let var = Var::new(&[[1.0_f32, 2.0], [3.0, 4.0]], &Device::Cpu).unwrap();
        let gradient = Tensor::new(&[[1.0_f32, 2.0], [3.0, 4.0]], &Device::Cpu).unwrap().t().unwrap();
        boxed(sgd::Sgd::new(0.0, false)).step(&[("x".into(), var.clone())], &[Some(gradient)], 1.0).unwrap();
        assert_eq!(var.to_vec2::<f32>().unwrap(), [[0.0, -1.0], [1.0, 0.0]]);
    }

    #[test]
    fn gradients_of_another_shape_are_refused() {
        let var = Var::new(&[1.0_f32, 2.0], &Device::Cpu).unwrap();
        let gradient = Tensor::new(&[1.0_f32], &Device::Cpu).unwrap();
        let mut optimizer = boxed(sgd::Sgd::new(0.0, false));
        assert!(optimizer.step(&[("x".into(), var)], &[Some(gradient)], 1.0).is_err());
    }
}
