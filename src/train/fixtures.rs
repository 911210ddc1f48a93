//! Optimisers, schedules, losses, metrics and whole networks against Keras, SciPy and scikit-learn: the
//! cases of tests/fixtures, whose makers stand beside them.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor, Var};
use serde::Deserialize;

use super::epoch::Trainer;
use super::fit::{Epoch, Keeper};
use super::loss::{self, Criterion, link};
use super::metric::{METRICS, Scored};
use super::schedule::{Clip, Pace, Schedule};
use super::spec::{TRAIN, TrainSpec};
use crate::domain::objective::Verdict;
use crate::domain::seed::Rng;
use crate::domain::setting::Settings;
use crate::domain::task::Task;
use crate::domain::value::{Params, Value};
use crate::model::fixtures::{Description, Numbers, network, read};
use crate::model::layer::Shape;
use crate::model::{Architecture, Network};

/// Part of a file: what the makers write besides is skipped.
#[derive(Debug, Deserialize)]
struct Cases<T> {
    cases: Vec<T>,
}

fn cases<T: serde::de::DeserializeOwned>(file: &str) -> Vec<T> {
    read::<Cases<T>>(file).cases
}

fn assert_close(found: f64, expected: f64, tolerance: f64, what: &str) {
    let error = (found - expected).abs();
    assert!(error <= tolerance * expected.abs().max(1.0), "{what} is {found}, not {expected}");
}

/// The training that an optimizer and its settings make.
fn spec(optimizer: &str, settings: &Params) -> TrainSpec {
    let own = settings.iter().map(|(name, value)| (name.as_str(), value.clone()));
    let given: Vec<(&str, Value)> = [("optimizer", optimizer.into())].into_iter().chain(own).collect();
    TrainSpec::of(&Settings::with(TRAIN, &given))
}

/// Ten steps along given gradients.
#[derive(Debug, Deserialize)]
struct OptimizerCase {
    optimizer: String,
    settings: Params,
    learning_rate: f64,
    weights: Vec<Numbers>,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
struct Step {
    gradients: Vec<Numbers>,
    weights: Vec<Numbers>,
}

/// All of some tensors side by side, less what they began as.
fn moved(now: &[Tensor], start: &[Numbers]) -> Tensor {
    let each =
        now.iter().zip(start).map(|(now, start)| (now - start.tensor()).unwrap().flatten_all().unwrap());
    Tensor::cat(&each.collect::<Vec<_>>(), 0).unwrap()
}

/// How far the weights have moved since the start, so that a short step shows beside a large weight.
#[test]
fn optimizers_step_as_those_of_keras() {
    let mut wrong = Vec::new();
    for case in cases::<OptimizerCase>("optimizers.json") {
        let mut optimizer = spec(&case.optimizer, &case.settings).optimizer();
        let named = case.weights.iter().map(|w| (String::new(), Var::from_tensor(&w.tensor()).unwrap()));
        let weights: Vec<(String, Var)> = named.collect();
        for (number, step) in case.steps.iter().enumerate() {
            let gradients: Vec<_> = step.gradients.iter().map(|g| Some(g.tensor())).collect();
            optimizer.step(&weights, &gradients, case.learning_rate).unwrap();
            let now: Vec<Tensor> = weights.iter().map(|(_, var)| var.as_tensor().clone()).collect();
            let flat =
                |tensors: &[Numbers]| tensors.iter().flat_map(|t| t.values.clone()).collect::<Vec<_>>();
            let after = flat(&step.weights).into_iter().zip(flat(&case.weights));
            let values: Vec<f64> = after.map(|(after, before)| after - before).collect();
            let what = format!("{} {:?}, step {number}", case.optimizer, case.settings);
            let expected = Numbers { dims: vec![values.len()], values };
            wrong.extend(expected.differs(&moved(&now, &case.weights), &what));
        }
    }
    assert!(wrong.is_empty(), "{} problems:\n{}", wrong.len(), wrong.join("\n"));
}

/// The rest of `optimizers.json`: what happens around the steps.
#[derive(Debug, Deserialize)]
struct Around {
    clipping: Vec<ClipCase>,
    cosine: Vec<CosineCase>,
    plateau: Vec<PlateauCase>,
    stopping: Vec<StoppingCase>,
}

#[derive(Debug, Deserialize)]
struct ClipCase {
    by: String,
    limit: f64,
    gradients: Vec<Numbers>,
    clipped: Vec<Numbers>,
}

#[test]
fn gradients_are_clipped_as_by_tensorflow() {
    for case in read::<Around>("optimizers.json").clipping {
        let clip = match case.by.as_str() {
            "norm" => Clip { norm: case.limit, ..Clip::default() },
            "value" => Clip { value: case.limit, ..Clip::default() },
            by => panic!("no clipping by {by}"),
        };
        let found = clip.apply(case.gradients.iter().map(|g| Some(g.tensor())).collect()).unwrap();
        assert_eq!(found.len(), case.clipped.len());
        for (found, expected) in found.iter().zip(&case.clipped) {
            let what = format!("a gradient clipped by {} {}", case.by, case.limit);
            assert_eq!(expected.differs(found.as_ref().unwrap(), &what), None);
        }
    }
}

#[derive(Debug, Deserialize)]
struct CosineCase {
    learning_rate: f64,
    epochs: usize,
    rates: Vec<f64>,
}

#[derive(Debug, Deserialize)]
struct PlateauCase {
    learning_rate: f64,
    factor: f64,
    patience: usize,
    min_rate: f64,
    values: Vec<f64>,
    rates: Vec<f64>,
}

#[test]
fn learning_rates_change_as_in_keras() {
    let around = read::<Around>("optimizers.json");
    for case in around.cosine {
        let mut pace = Pace::new(Schedule::Cosine, case.learning_rate, case.epochs);
        for expected in &case.rates {
            assert_close(pace.next_step(), *expected, 1e-7, &format!("a rate of {case:?}"));
        }
    }
    for case in around.plateau {
        let PlateauCase { factor, patience, min_rate, .. } = case;
        let schedule = Schedule::Plateau { factor, patience, min_rate };
        let mut pace = Pace::new(schedule, case.learning_rate, case.values.len());
        for (value, expected) in case.values.iter().zip(&case.rates) {
            assert_close(pace.next_step(), *expected, 1e-9, &format!("a rate of {case:?}"));
            pace.end_epoch(*value);
        }
    }
}

#[derive(Debug, Deserialize)]
struct StoppingCase {
    patience: i64,
    min_delta: f64,
    values: Vec<f64>,
    epochs: usize,
}

#[test]
fn training_stops_when_keras_stops() {
    let network = Architecture::new(Shape::Flat(1));
    let network = Network::new(network, &mut Rng::new(1), &Device::Cpu).unwrap();
    let mse = METRICS.iter().find(|m| m.name == "mse").unwrap();
    for case in read::<Around>("optimizers.json").stopping {
        let given = [
            ("early_stopping.patience", case.patience.into()),
            ("early_stopping.min_delta", case.min_delta.into()),
            ("early_stopping.monitor", "validation-loss".into()),
        ];
        let spec = TrainSpec::of(&Settings::with(TRAIN, &given));
        let mut keeper = Keeper::new(&spec, mse).unwrap();
        let stops = |(epoch, loss): (usize, &f64)| {
            let figures = Epoch { epoch, train_loss: 0.0, validation_loss: *loss, score: 0.0 };
            keeper.take(&figures, Vec::new(), &network).unwrap() == Verdict::Stop
        };
        let last = case.values.iter().enumerate().position(stops);
        assert_eq!(last.map_or(case.values.len(), |epoch| epoch + 1), case.epochs, "{case:?}");
    }
}

#[derive(Debug, Deserialize)]
struct LossCase {
    loss: String,
    task: Task,
    outputs: usize,
    delta: f64,
    class_weights: Vec<Vec<f64>>,
    raw: Numbers,
    observed: Numbers,
    value: f64,
    gradient: Numbers,
    predicted: Numbers,
}

#[test]
fn losses_and_links_agree_with_keras() {
    for case in cases::<LossCase>("losses.json") {
        let LossCase { task, outputs, delta, .. } = case;
        let loss = loss::find(&case.loss, task).unwrap();
        let criterion = Criterion { loss, task, outputs, delta, weights: case.class_weights.clone() };
        let (value, gradient) = criterion.batch(&case.raw.values, &case.observed.values);
        let what = format!("{} of {} {:?}", case.loss, task.name(), case.class_weights);
        assert_close(value, case.value, 1e-6, &what);
        let tensor =
            |values: Vec<f32>| Tensor::from_vec(values, case.raw.dims.clone(), &Device::Cpu).unwrap();
        assert_eq!(case.gradient.differs(&tensor(gradient), &format!("the gradient of {what}")), None);
        let predicted = link(task, outputs, &case.raw.values).iter().map(|p| *p as f32).collect();
        assert_eq!(case.predicted.differs(&tensor(predicted), &format!("the link of {}", task.name())), None);
    }
}

#[derive(Debug, Deserialize)]
struct MetricCase {
    name: String,
    task: Task,
    outputs: usize,
    predicted: Vec<f64>,
    observed: Vec<f64>,
    scores: BTreeMap<String, f64>,
}

#[test]
fn metrics_agree_with_scipy_and_scikit_learn() {
    for case in cases::<MetricCase>("metrics.json") {
        let suited = METRICS.iter().filter(|metric| metric.suits(case.task));
        assert_eq!(suited.count(), case.scores.len(), "{}: every metric of the task", case.name);
        let (predicted, observed) = (&case.predicted[..], &case.observed[..]);
        let scored = Scored { task: case.task, outputs: case.outputs, predicted, observed };
        for (name, expected) in &case.scores {
            let metric = METRICS.iter().find(|metric| metric.name == name).unwrap();
            assert_close((metric.score)(&scored), *expected, 1e-8, &format!("{name} of {}", case.name));
        }
    }
}

/// Ten steps on one batch.
#[derive(Debug, Deserialize)]
struct NetworkCase {
    name: String,
    layers: Vec<Description>,
    task: Task,
    loss: String,
    optimizer: String,
    settings: Params,
    learning_rate: f64,
    input: Numbers,
    observed: Numbers,
    weights: Vec<Numbers>,
    losses: Vec<f64>,
    after_one: Vec<Numbers>,
    after_ten: Vec<Numbers>,
}

#[test]
fn networks_train_as_in_keras() {
    let mut wrong = Vec::new();
    for case in cases::<NetworkCase>("networks.json") {
        let network = network(&case.layers, &case.input, &case.weights);
        let criterion = Criterion {
            loss: loss::find(&case.loss, case.task).unwrap(),
            task: case.task,
            outputs: network.architecture().output().size(),
            delta: 1.0,
            weights: Vec::new(),
        };
        let mut trainer = Trainer {
            network: &network,
            criterion: &criterion,
            optimizer: spec(&case.optimizer, &case.settings).optimizer(),
            pace: Pace::new(Schedule::Constant, case.learning_rate, case.losses.len()),
            clip: Clip::default(),
            dropout: Rng::new(1),
        };
        for (step, expected) in case.losses.iter().enumerate() {
            let loss = trainer.step(&case.input.tensor(), &case.observed.values).unwrap();
            assert_close(loss, *expected, 1e-5, &format!("the loss of {}, step {step}", case.name));
            let after = match step {
                0 => &case.after_one,
                _ if step + 1 == case.losses.len() => &case.after_ten,
                _ => continue,
            };
            for ((name, var), expected) in network.weights().iter().zip(after) {
                wrong.extend(expected.differs(var, &format!("{}: {name} after step {step}", case.name)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} problems:\n{}", wrong.len(), wrong.join("\n"));
}
