//! The epoch loop on data and networks small enough to see through.

use candle_core::{Device, Result, Tensor, Var};

use super::metric::METRICS;
use super::*;
use crate::dataset::encode::{Encoder, Encoding};
use crate::dataset::fold::Fold;
use crate::dataset::scale::{TraitScale, TraitScaler};
use crate::dataset::{Coding, Dataset, Target};
use crate::domain::objective::Verdict;
use crate::domain::seed::Rng;
use crate::domain::setting::Settings;
use crate::domain::task::Task;
use crate::domain::value::Value;
use crate::model::layer::{Dense, Flatten, Layer, Pass, Regularize, Shape};
use crate::model::{Architecture, Network};

const SNPS: usize = 6;

/// `n` individuals, the first SNP of which makes the trait.
fn dataset(n: usize, target: impl Fn(&[u8]) -> Target) -> Dataset {
    let mut rng = Rng::new(9);
    let codes: Vec<u8> = (0..n * SNPS).map(|_| rng.below(3) as u8).collect();
    let first: Vec<u8> = codes.iter().step_by(SNPS).copied().collect();
    Dataset::in_memory(Coding::Dosages, SNPS, codes, target(&first))
}

fn quantity(n: usize) -> Dataset {
    let mut rng = Rng::new(4);
    let noise: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
    let values = |first: &[u8]| first.iter().zip(&noise).map(|(x, e)| f64::from(*x) + e).collect();
    dataset(n, |first| Target::quantity("y", values(first)))
}

fn classes(task: Task, names: &[&str], classes: &[&str], n: usize, of: impl Fn(u8) -> Vec<f64>) -> Dataset {
    let texts = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    dataset(n, |first| Target {
        task,
        names: texts(names),
        classes: texts(classes),
        values: first.iter().flat_map(|x| of(*x)).collect(),
    })
}

/// Two classes: whether the first SNP is homozygous for the counted allele.
fn binary(n: usize) -> Dataset {
    classes(Task::Binary, &["ill"], &["no", "yes"], n, |x| vec![f64::from(u8::from(x == 2))])
}

/// A linear network, maybe behind a layer that is no use for one row.
fn network(dataset: &Dataset, needs_two: bool) -> Network {
    let mut plan = Architecture::new(Shape::Sequence { positions: SNPS, channels: 1 });
    plan.push(Flatten).unwrap();
    if needs_two {
        plan.push(NeedsTwo).unwrap();
    }
    let units = dataset.target().outputs();
    plan.push(Dense { units, regularize: Regularize::default() }).unwrap();
    Network::new(plan, &mut Rng::new(2), &Device::Cpu).unwrap()
}

#[derive(Debug)]
struct NeedsTwo;

impl Layer for NeedsTwo {
    fn name(&self) -> &'static str {
        "needs_two"
    }

    fn output(&self, input: Shape) -> std::result::Result<Shape, String> {
        Ok(input)
    }

    fn forward(&self, x: &Tensor, _: &[Var], pass: &mut Pass) -> Result<Tensor> {
        if pass.mode == crate::model::layer::Mode::Train && x.dim(0)? < 2 {
            candle_core::bail!("a batch of one");
        }
        Ok(x.clone())
    }

    fn needs_batch(&self) -> bool {
        true
    }
}

struct Run {
    fit: std::result::Result<Fit, TrainError>,
    epochs: Vec<Epoch>,
    network: Network,
}

impl Run {
    fn weights(&self) -> Vec<f32> {
        let vars = self.network.weights().into_iter();
        vars.flat_map(|(_, var)| var.flatten_all().unwrap().to_vec1::<f32>().unwrap()).collect()
    }

    fn failure(self) -> String {
        self.fit.unwrap_err().to_string()
    }
}

/// Trains on the first `train` rows and validates on the others.
fn run_on(
    dataset: &Dataset,
    train: usize,
    network: Network,
    metric: &str,
    rate: f64,
    given: &[(&str, Value)],
) -> Run {
    let fold = Fold { train: (0..train).collect(), validation: (train..dataset.individuals()).collect() };
    let data = FoldData {
        dataset,
        number: 0,
        fold: &fold,
        encoder: &Encoder::fit(dataset, Encoding::Additive, &fold.train).unwrap(),
        trait_scaler: &TraitScaler::fit(dataset.target(), &fold.train, TraitScale::Standardize),
        device: &Device::Cpu,
    };
    let spec = TrainSpec::of(&Settings::with(TRAIN, given));
    let metric = METRICS.iter().find(|m| m.name == metric).unwrap();
    let mut epochs = Vec::new();
    let mut on_epoch = |epoch: Epoch| {
        epochs.push(epoch);
        Verdict::Continue
    };
    let fit = fit(&network, &data, &spec, rate, metric, 5, &mut on_epoch);
    Run { fit, epochs, network }
}

/// A quantity of 40 rows to train on and 20 to validate, which a linear network overfits.
fn run(metric: &str, rate: f64, given: &[(&str, Value)]) -> Run {
    let dataset = quantity(60);
    let network = network(&dataset, false);
    run_on(&dataset, 40, network, metric, rate, given)
}

#[test]
fn the_best_epoch_counts_or_the_last() {
    let best = run("mse", 0.05, &[("epochs", 40.into())]);
    let last = run("mse", 0.05, &[("epochs", 40.into()), ("restore_best", false.into())]);
    assert_eq!(best.epochs, last.epochs, "what counts does not change the training");
    let (best_fit, last_fit) = (best.fit.as_ref().unwrap(), last.fit.as_ref().unwrap());
    let least = best.epochs.iter().map(|e| e.score).fold(f64::INFINITY, f64::min);
    assert_eq!((best_fit.score, best.epochs[best_fit.best_epoch].score), (least, least));
    assert!(best_fit.best_epoch < 39, "this network overfits");
    assert_eq!((last_fit.best_epoch, last_fit.epochs), (39, 40));
    assert_eq!(last_fit.score, last.epochs[39].score);
    assert_eq!(last_fit.metrics["mse"], last_fit.score);
    assert_ne!(best.weights(), last.weights());
}

#[test]
fn the_monitor_decides_when_to_stop_and_which_epoch_is_best() {
    let given = |monitor: &'static str, patience: i64| {
        [
            ("epochs", Value::Int(60)),
            ("early_stopping.patience", patience.into()),
            ("early_stopping.monitor", monitor.into()),
        ]
    };
    let watch = |monitor, patience| {
        let run = run("mse", 0.05, &given(monitor, patience));
        (run.fit.unwrap(), run.epochs)
    };
    let (training, epochs) = watch("training-loss", 60);
    let least = epochs.iter().map(|e| e.train_loss).fold(f64::INFINITY, f64::min);
    assert_eq!(epochs[training.best_epoch].train_loss, least);
    assert_eq!(training.score, epochs[training.best_epoch].score);
    for patience in [0, 1, 4] {
        let (fit, epochs) = watch("validation-loss", patience);
        let waited = patience.max(1) as usize;
        assert_eq!(fit.epochs, fit.best_epoch + 1 + waited, "patience {patience}");
        assert!(
            epochs[fit.best_epoch + 1..]
                .iter()
                .all(|e| e.validation_loss >= epochs[fit.best_epoch].validation_loss)
        );
    }
    // Nothing improves by so much: the first epoch stays the best.
    let given = [&given("score", 3)[..], &[("early_stopping.min_delta", 1e6.into())]].concat();
    let fit = run("mse", 0.05, &given).fit.unwrap();
    assert_eq!((fit.best_epoch, fit.epochs), (0, 4));
}

#[test]
fn a_plateau_ends_the_learning_where_the_rate_becomes_nothing() {
    let settings = [
        ("epochs", Value::Int(30)),
        ("schedule", "plateau".into()),
        ("plateau.factor", 0.0.into()),
        ("plateau.patience", 1.into()),
    ];
    let epochs = run("mse", 0.05, &settings).epochs;
    let rises = |w: &[Epoch]| w[1].validation_loss >= w[0].validation_loss - 1e-4;
    let plateau = 1 + epochs.windows(2).position(rises).unwrap();
    assert!(plateau < 29, "the loss falls all the time");
    assert!(epochs[plateau..].iter().all(|e| e.validation_loss == epochs[plateau].validation_loss));
}

#[test]
fn clipped_steps_are_as_long_as_they_may_be() {
    let settings = |clip: f64| {
        [
            ("epochs", Value::Int(1)),
            ("batch", 64.into()),
            ("optimizer", "sgd".into()),
            ("restore_best", false.into()),
            ("clip_norm", clip.into()),
        ]
    };
    let first = network(&quantity(60), false);
    let begin: Vec<f32> = first
        .weights()
        .iter()
        .flat_map(|(_, v)| v.flatten_all().unwrap().to_vec1::<f32>().unwrap())
        .collect();
    let step = |clip| {
        let moved = run("mse", 0.5, &settings(clip)).weights();
        moved.iter().zip(&begin).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt()
    };
    assert!((step(0.01) - 0.005).abs() < 1e-6, "{}", step(0.01));
    assert!(step(0.0) > 0.01 && step(0.0) == step(1e9));
}

#[test]
fn every_task_is_learned_by_its_own_loss() {
    let multi_class = classes(Task::MultiClass, &["y"], &["a", "b", "c"], 90, |x| vec![f64::from(x)]);
    let both = |x: u8| vec![f64::from(u8::from(x == 0)), f64::from(u8::from(x == 2))];
    let labels = classes(Task::MultiLabel, &["p", "q"], &[], 90, both);
    for (dataset, metric) in [(&binary(90), "accuracy"), (&multi_class, "auroc"), (&labels, "accuracy")] {
        let run = run_on(dataset, 60, network(dataset, false), metric, 0.05, &[("epochs", 40.into())]);
        assert!(run.fit.unwrap().score > 0.9, "{}", dataset.target().task.name());
    }
    let squares = [("epochs", 40.into()), ("loss", "mse".into())];
    let run = run_on(&binary(90), 60, network(&binary(90), false), "auroc", 0.05, &squares);
    assert!(run.fit.unwrap().score > 0.95 && run.epochs[0].train_loss < 1.0);
}

#[test]
fn balanced_classes_have_as_much_to_say() {
    // No SNP varies: the network can only learn how frequent the classes are.
    let rare = |i: usize| f64::from(u8::from(i.is_multiple_of(10)));
    let target = Target {
        task: Task::Binary,
        names: vec!["ill".into()],
        classes: vec!["no".into(), "yes".into()],
        values: (0..60).map(rare).collect(),
    };
    let dataset = Dataset::in_memory(Coding::Dosages, SNPS, vec![1; 60 * SNPS], target);
    let share = |weights: &str| {
        let given = [
            ("epochs", Value::Int(300)),
            ("batch", 60.into()),
            ("restore_best", false.into()),
            ("class_weights", weights.into()),
        ];
        let run = run_on(&dataset, 40, network(&dataset, false), "accuracy", 0.05, &given);
        let bias = run.network.weights().into_iter().find(|(name, _)| name == "dense.bias").unwrap().1;
        loss::link(Task::Binary, 1, &[f64::from(bias.to_vec1::<f32>().unwrap()[0])])[0]
    };
    assert!((share("none") - 0.1).abs() < 0.01, "{}", share("none"));
    assert!((share("balanced") - 0.5).abs() < 0.01, "{}", share("balanced"));
}

#[test]
fn a_row_alone_joins_the_batch_before_it_where_it_must() {
    let dataset = quantity(60);
    let given = |batch: i64| [("epochs", Value::Int(2)), ("batch", batch.into())];
    let joined = run_on(&dataset, 33, network(&dataset, true), "mse", 0.05, &given(8));
    assert!(joined.fit.is_ok());
    let alone = run_on(&dataset, 33, network(&dataset, false), "mse", 0.05, &given(8));
    assert_ne!(joined.weights(), alone.weights(), "five batches against four");
    let text = run_on(&dataset, 33, network(&dataset, true), "mse", 0.05, &given(1)).failure();
    assert!(
        text.contains("at least 2 rows a batch") && text.contains("`train.batch` is 1: raise it"),
        "{text}"
    );
    let text = run_on(&dataset, 1, network(&dataset, true), "mse", 0.05, &given(8)).failure();
    assert!(text.contains("training rows of a fold are 1"), "{text}");
}

#[test]
fn rows_of_one_class_and_what_does_not_suit_the_task_are_refused() {
    let one = classes(Task::Binary, &["ill"], &["no", "yes"], 40, |_| vec![1.0]);
    let text = run_on(&one, 30, network(&one, false), "accuracy", 0.05, &[]).failure();
    assert!(text.contains("all 30 training rows of fold 1 have `ill` `yes`"), "{text}");
    let labels = classes(Task::MultiLabel, &["p", "q"], &[], 40, |x| vec![f64::from(u8::from(x == 0)), 0.0]);
    let text = run_on(&labels, 30, network(&labels, false), "accuracy", 0.05, &[]).failure();
    assert!(text.contains("have `q` 0"), "{text}");
    let text = run("mse", 0.05, &[("loss", "binary-crossentropy".into())]).failure();
    assert!(text.contains("does not suit the task `regression`"), "{text}");
    assert!(run("bias", 0.05, &[]).failure().contains("`bias`"));
    let text = run("mse", 1e30, &[("optimizer", "sgd".into())]).failure();
    assert!(text.contains("fold 1, epoch") && text.contains("lower the learning rate"), "{text}");
}
