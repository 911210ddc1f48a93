//! Optimisers, schedules, losses, metrics and whole networks against Keras, SciPy and scikit-learn: the
//! cases of tests/fixtures, whose makers stand beside them.

use std::collections::{BTreeMap, BTreeSet};

use candle_core::{Device, Tensor, Var};
use serde::Deserialize;

use super::epoch::{Batch, Trainer};
use super::fit::Epoch;
use super::keeper::Keeper;
use super::loss::{self, Criterion, LOSSES, link};
use super::metric::{METRICS, Scored};
use super::optimizer::OPTIMIZERS;
use super::schedule::{Clip, Pace, Schedule};
use super::spec::{TRAIN, TrainSpec};
use crate::domain::objective::Verdict;
use crate::domain::seed::Rng;
use crate::domain::setting::Settings;
use crate::domain::task::Task;
use crate::domain::value::{Params, Value};
use crate::model::fixtures::{Description, Numbers, cases, network};
use crate::model::layer::Shape;
use crate::model::{Architecture, Network};

fn assert_close(found: f64, expected: f64, tolerance: f64, what: &str) {
    let error = (found - expected).abs();
    assert!(error <= tolerance * expected.abs(), "{what} is {found}, not {expected}");
}

/// The training that an optimizer and its settings make.
fn spec(optimizer: &str, settings: &Params) -> TrainSpec {
    let own = settings.iter().map(|(name, value)| (name.as_str(), value.clone()));
    let given: Vec<(&str, Value)> = [("optimizer", optimizer.into())].into_iter().chain(own).collect();
    TrainSpec::of(&Settings::with(TRAIN, &given))
}

/// Steps of each case of an optimizer or a network.
const STEPS: usize = 10;

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

/// How far each tensor has moved since the start, so that a short step shows beside a large weight.
#[test]
fn optimizers_step_as_those_of_keras() {
    let mut wrong = Vec::new();
    for case in cases::<OptimizerCase>("optimizers.json", "cases") {
        let mut optimizer = spec(&case.optimizer, &case.settings).optimizer();
        let named = case.weights.iter().map(|w| (String::new(), Var::from_tensor(&w.tensor()).unwrap()));
        let weights: Vec<(String, Var)> = named.collect();
        assert_eq!(case.steps.len(), STEPS, "{}", case.optimizer);
        for (number, step) in case.steps.iter().enumerate() {
            let gradients: Vec<_> = step.gradients.iter().map(|g| Some(g.tensor())).collect();
            optimizer.step(&weights, &gradients, case.learning_rate).unwrap();
            assert_eq!(step.weights.len(), weights.len());
            for (i, ((_, var), expected)) in weights.iter().zip(&step.weights).enumerate() {
                let what = format!("{} {:?}, weight {i}, step {number}", case.optimizer, case.settings);
                wrong.extend(expected.moves(var, &case.weights[i], number + 1, 0.0, &what));
            }
        }
    }
    assert!(wrong.is_empty(), "{} problems:\n{}", wrong.len(), wrong.join("\n"));
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
    for case in cases::<ClipCase>("optimizers.json", "clipping") {
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
    for case in cases::<CosineCase>("optimizers.json", "cosine") {
        let mut pace = Pace::new(Schedule::Cosine, case.learning_rate, case.epochs);
        for expected in &case.rates {
            assert_close(pace.next_step(), *expected, 1e-8, &format!("a rate of {case:?}"));
        }
    }
    for case in cases::<PlateauCase>("optimizers.json", "plateau") {
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
    for case in cases::<StoppingCase>("optimizers.json", "stopping") {
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
    for case in cases::<LossCase>("losses.json", "cases") {
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
    for case in cases::<MetricCase>("metrics.json", "cases") {
        let suited: BTreeSet<&str> = METRICS.iter().filter(|m| m.suits(case.task)).map(|m| m.name).collect();
        assert!(suited.into_iter().eq(case.scores.keys()), "{}: every metric of the task", case.name);
        let (predicted, observed) = (&case.predicted[..], &case.observed[..]);
        let scored = Scored { task: case.task, outputs: case.outputs, predicted, observed };
        for (name, expected) in &case.scores {
            let metric = METRICS.iter().find(|metric| metric.name == name).unwrap();
            assert_close((metric.score)(&scored), *expected, 1e-8, &format!("{name} of {}", case.name));
        }
    }
}

/// A new row of a table needs cases.
#[test]
fn every_optimizer_loss_and_metric_has_cases() {
    let stepped = cases::<OptimizerCase>("optimizers.json", "cases");
    for row in OPTIMIZERS {
        assert!(stepped.iter().any(|case| case.optimizer == row.name), "no case steps by `{}`", row.name);
    }
    let (losses, trained) =
        (cases::<LossCase>("losses.json", "cases"), cases::<NetworkCase>("networks.json", "cases"));
    for loss in LOSSES {
        for task in loss.tasks {
            let has = losses.iter().any(|case| case.loss == loss.name && case.task == *task);
            assert!(has, "no case has the loss `{}` of the task `{}`", loss.name, task.name());
        }
        assert!(trained.iter().any(|case| case.loss == loss.name), "no network has the loss `{}`", loss.name);
    }
    let scored = cases::<MetricCase>("metrics.json", "cases");
    for metric in METRICS {
        for task in Task::ALL.into_iter().filter(|task| metric.suits(*task)) {
            let has = scored.iter().any(|case| case.task == task && case.scores.contains_key(metric.name));
            assert!(has, "no case has the metric `{}` of the task `{}`", metric.name, task.name());
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
    /// Whether a weight's gradients cancel out.
    cancelled: Vec<bool>,
}

impl NetworkCase {
    /// How far a step may take weight `i` elsewhere because the gradients of a bias before batch norm, which
    /// cancel out, are rounding: of the order of 1e-8, and of 1e-17 in Keras' f64. Adam's relatives divide a
    /// gradient by its size and make steps of rounding too: up to a hundredth of the learning rate here, where
    /// ε is 1e-7. No output shows them, but the moving mean follows such a bias: by a hundredth of what all ten
    /// steps left.
    fn from_rounding(&self, i: usize, name: &str) -> f64 {
        let step = self.learning_rate / 100.0;
        if self.optimizer == "sgd" || !self.cancelled.contains(&true) {
            0.0
        } else if self.cancelled[i] {
            step
        } else if name.ends_with("moving_mean") {
            step * STEPS as f64 / 100.0
        } else {
            0.0
        }
    }
}

#[test]
fn networks_train_as_in_keras() {
    let mut wrong = Vec::new();
    for case in cases::<NetworkCase>("networks.json", "cases") {
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
        assert_eq!(case.losses.len(), STEPS, "{}", case.name);
        for (step, expected) in case.losses.iter().enumerate() {
            let loss = {
                let (x, targets) = (case.input.tensor(), case.observed.values.clone());
                trainer.step(Batch { x, covariates: None, targets }).unwrap()
            };
            assert_close(loss, *expected, 1e-5, &format!("the loss of {}, step {step}", case.name));
            let after = match step {
                0 => &case.after_one,
                _ if step + 1 == case.losses.len() => &case.after_ten,
                _ => continue,
            };
            let own = network.weights();
            assert_eq!(own.len(), after.len(), "{}", case.name);
            for (i, ((name, var), expected)) in own.iter().zip(after).enumerate() {
                let more = case.from_rounding(i, name);
                let what = format!("{}: {name} after step {step}", case.name);
                wrong.extend(expected.moves(var, &case.weights[i], step + 1, more, &what));
            }
        }
    }
    assert!(wrong.is_empty(), "{} problems:\n{}", wrong.len(), wrong.join("\n"));
}
