//! What every model must keep to, at points drawn from its default space and from each of its variants.

use candle_core::{DType, Device, Tensor, Var};

use super::layer::{Mode, Pass, Shape};
use super::*;
use crate::domain::seed::Rng;
use crate::domain::value::{Params, Value};

/// The settings at a random point of a model's default space or of a variant's.
pub fn draw(row: &ModelRow, variant: Option<&str>, seed: u64) -> Settings {
    let values = match variant {
        Some(name) => row.build.variants.iter().find(|v| v.name == name).unwrap().values,
        None => &[],
    };
    let mut rng = Rng::new(seed);
    let mut settings = Params::new();
    for setting in row.settings {
        if setting.is_active(&settings) {
            let own = values.iter().find(|(name, _)| *name == setting.name);
            let preset = own.map_or(setting.preset, |(_, preset)| *preset);
            let drawn = || preset.distribution().unwrap().from_unit(rng.uniform());
            let value = setting.accepts.admit(&preset.value().unwrap_or_else(drawn));
            let value = value.unwrap_or_else(|e| panic!("{} of {}: expected {e}", setting.name, row.name));
            settings.insert(setting.name.to_owned(), value);
        }
    }
    Settings(settings)
}

/// Each model with its default space and each of its variants.
fn spaces() -> impl Iterator<Item = (&'static ModelRow, Option<&'static str>)> {
    let named = |row: &'static ModelRow| row.build.variants.iter().map(|variant| Some(variant.name));
    MODELS.iter().flat_map(move |row| [None].into_iter().chain(named(row)).map(move |name| (row, name)))
}

/// Positions of small networks, and channels.
const SMALL: Input = Input { positions: 120, channels: 2, covariates: 0 };

/// A network like those of `settings` for few positions: what is large there is made smaller until it
/// fits, and `relu` becomes `elu`, whose corner no difference steps over. `None` where nothing fits, such as
/// a small share of few units.
fn small(row: &ModelRow, input: Input, mut settings: Settings, outputs: usize) -> Option<Architecture> {
    for value in settings.0.values_mut().filter(|value| **value == Value::from("relu")) {
        *value = Value::from("elu");
    }
    loop {
        let plan = (row.build.plan)(&settings, input, outputs);
        let mut shrunk = false;
        for value in settings.0.values_mut() {
            let smaller = match value {
                Value::Int(v) if *v > 3 => Value::Int((*v / 2) | 1),
                Value::Float(v) if *v > 2.0 => Value::Float(*v * 0.75),
                _ => continue,
            };
            (*value, shrunk) = (smaller, true);
        }
        match plan {
            Ok(plan) if plan.weight_count() <= 5_000 || !shrunk => return Some(plan),
            Err(_) if !shrunk => return None,
            _ => {}
        }
    }
}

/// Two small networks of a space, with the seeds that drew them.
fn examples(row: &ModelRow, variant: Option<&str>, input: Input, outputs: usize) -> Vec<(u64, Architecture)> {
    let drawn =
        (0..20).filter_map(|seed| Some((seed, small(row, input, draw(row, variant, seed), outputs)?)));
    let examples: Vec<_> = drawn.take(2).collect();
    assert_eq!(examples.len(), 2, "{} {variant:?}", row.name);
    examples
}

#[test]
fn what_a_variant_sets_has_an_effect() {
    for row in MODELS {
        for variant in row.build.variants {
            for (name, _) in variant.values {
                let used = (0..50).any(|seed| draw(row, Some(variant.name), seed).has(name));
                assert!(used, "{} {}: {name}", row.name, variant.name);
            }
        }
    }
}

#[test]
fn every_point_gives_a_network_or_a_reason() {
    for (row, variant) in spaces() {
        let mut planned = 0;
        for seed in 0..50 {
            let settings = draw(row, variant, seed);
            for (channels, outputs) in [(1, 1), (4, 3)] {
                let input = Input { positions: 10_000, channels, covariates: 0 };
                let plan = match (row.build.plan)(&settings, input, outputs) {
                    Ok(plan) => plan,
                    Err(error) => {
                        let text = error.to_string();
                        assert!(text.contains('`') && text.contains(|c: char| c.is_ascii_digit()), "{text}");
                        continue;
                    }
                };
                assert_eq!(plan.output(), Shape::Flat(outputs), "{} {settings:?}", row.name);
                let summed = plan.summary().iter().map(|layer| layer.weights).sum::<usize>();
                assert_eq!(plan.weight_count(), summed, "{} {settings:?}", row.name);
                planned += 1;
            }
        }
        assert!(planned >= 80, "{} {variant:?}: {planned} of 100 could be planned", row.name);
    }
}

#[test]
fn every_model_keeps_to_its_seed_and_shape() {
    let flat = |network: &Network| -> Vec<f32> {
        let vars = network.weights().into_iter();
        vars.flat_map(|(_, v)| v.flatten_all().unwrap().to_vec1::<f32>().unwrap()).collect()
    };
    for (row, variant) in spaces() {
        for outputs in [1, 3] {
            let build = |seed| {
                let (_, plan) = examples(row, variant, SMALL, outputs).remove(0);
                Network::new(plan, &mut Rng::new(seed), &Device::Cpu).unwrap()
            };
            let network = build(1);
            assert_eq!(flat(&network), flat(&build(1)));
            assert_ne!(flat(&network), flat(&build(2)));
            assert_eq!(flat(&network).len(), network.architecture().weight_count());
            let x = Tensor::zeros((3, SMALL.positions, SMALL.channels), DType::F32, &Device::Cpu).unwrap();
            let y = network.forward(&x, &mut Pass::new(Mode::Evaluate, &mut Rng::new(0))).unwrap();
            assert_eq!(y.dims(), [3, outputs], "{} {variant:?}", row.name);
        }
    }
}

#[test]
fn every_model_takes_any_number_of_channels() {
    for row in MODELS {
        for channels in [1, 2, 3, 4, 5, 7, 8, 9] {
            let input = Input { channels, ..SMALL };
            let (_, plan) = examples(row, None, input, 1).remove(0);
            assert_eq!(plan.input(), input.shape(), "{}", row.name);
            let network = Network::new(plan, &mut Rng::new(1), &Device::Cpu).unwrap();
            let output = |channel: usize| {
                let mut values = vec![0.0_f32; 2 * SMALL.positions * channels];
                values.iter_mut().skip(channel).step_by(channels).for_each(|v| *v = 1.0);
                let x = Tensor::from_vec(values, (2, SMALL.positions, channels), &Device::Cpu).unwrap();
                let y = network.forward(&x, &mut Pass::new(Mode::Evaluate, &mut Rng::new(0))).unwrap();
                y.flatten_all().unwrap().to_vec1::<f32>().unwrap()[1]
            };
            let outputs: Vec<f32> = (0..channels).map(output).collect();
            let seen = (1..channels).all(|c| outputs[c] != outputs[c - 1]);
            assert!(seen, "{}: every channel has weights of its own: {outputs:?}", row.name);
        }
    }
}

#[test]
fn every_models_gradient_agrees_with_differences() {
    let mut wrong = Vec::new();
    for (row, variant) in spaces() {
        let with_covariates = Input { covariates: 3, ..SMALL };
        let plain = examples(row, variant, SMALL, 2).into_iter();
        for (seed, plan) in plain.chain(examples(row, variant, with_covariates, 2)) {
            let found = wrong_slopes(plan).into_iter();
            wrong.extend(found.map(|text| format!("{} {variant:?} {seed}: {text}", row.name)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Compares, for the input and for each trained weight, the length of its gradient with the slope of the
/// loss along it. Layers are checked number by number in their own tests.
fn wrong_slopes(plan: Architecture) -> Vec<String> {
    const ROWS: usize = 8;
    let mut rng = Rng::new(11);
    let mut normal = |dims: Vec<usize>| {
        let values: Vec<f32> = (0..dims.iter().product()).map(|_| rng.normal() as f32).collect();
        Tensor::from_vec(values, dims, &Device::Cpu).unwrap()
    };
    let x = Var::from_tensor(&normal([vec![ROWS], plan.input().dims()].concat())).unwrap();
    let target = normal(vec![ROWS, plan.output().size()]);
    let covariates =
        (plan.covariates() > 0).then(|| Var::from_tensor(&normal(vec![ROWS, plan.covariates()])).unwrap());
    let network = Network::new(plan, &mut rng, &Device::Cpu).unwrap();
    let loss = || {
        let mut rng = Rng::new(3);
        let given = covariates.as_ref().map(|var| var.as_tensor().clone());
        let mut pass = Pass::new(Mode::Train, &mut rng).with_covariates(given);
        let error = (network.forward(&x, &mut pass).unwrap() - &target).unwrap().sqr().unwrap();
        let penalties = [network.penalty().unwrap(), pass.penalty().unwrap()].into_iter().flatten();
        penalties.fold(error.mean_all().unwrap(), |sum, penalty| (sum + penalty).unwrap())
    };
    let grads = loss().backward().unwrap();
    let vars = network.trained().into_iter().chain([("input".to_owned(), x.clone())]);
    let vars = vars.chain(covariates.iter().map(|var| ("covariates".to_owned(), var.clone())));
    let gradients: Vec<(String, Var, Tensor, f64)> = vars
        .map(|(name, var)| {
            let found = grads.get(&var).unwrap_or_else(|| panic!("{name} has no gradient")).clone();
            let length = found.sqr().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap().sqrt();
            (name, var, found, f64::from(length))
        })
        .collect();
    let whole = gradients.iter().map(|(.., length)| length * length).sum::<f64>().sqrt();
    let mut wrong = Vec::new();
    for (name, var, gradient, length) in gradients {
        let begin = var.as_tensor().copy().unwrap();
        let moved = |by: f64| {
            var.set(&(&begin + (&gradient * (by / length.max(1e-12))).unwrap()).unwrap()).unwrap();
            f64::from(loss().to_scalar::<f32>().unwrap())
        };
        // The steeper, the shorter: where a loss is steep, it is curved too.
        let step = 0.004 / length.max(1.0);
        let slope = (moved(step) - moved(-step)) / (2.0 * step);
        var.set(&begin).unwrap();
        // A bias before batch norm has no gradient but rounding.
        if (slope - length).abs() > 0.05 * length.max(0.01 * whole) {
            wrong.push(format!("{name} has slope {slope} along a gradient of length {length}"));
        }
    }
    wrong
}
