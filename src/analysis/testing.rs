//! Scripted histories for tests of what reads them.

mod profile;

use std::collections::BTreeMap;

use crate::domain::baseline::BaselineScore;
use crate::domain::direction::Direction;
use crate::domain::event::{Event, Level, ObjectiveKind, Record, SelectOn, StudySpec};
use crate::domain::history::History;
use crate::domain::seed::{Rng, derive};
use crate::domain::space::{Condition, Distribution, Parameter, SearchSpace};
use crate::domain::testing;
use crate::domain::trial::{FoldScore, Report, Timestamp, TrialId};
use crate::domain::value::Value;

pub use self::profile::profile;

/// 2026-01-05 09:00:00 UTC.
const BEGIN: Timestamp = 1_767_603_600_000;

/// Writes a history, keeping its records. Time passes only as the script says.
pub struct Script {
    history: History,
    records: Vec<Record>,
    now: Timestamp,
    rng: Rng,
    free: Vec<usize>,
}

fn space() -> SearchSpace {
    let parameter = |name: &str, distribution| Parameter { name: name.into(), distribution, when: vec![] };
    let float = |low, high| Distribution::Float { low, high, log: true };
    SearchSpace {
        parameters: vec![
            parameter("filters", Distribution::Int { low: 5, high: 50, log: false }),
            parameter("kernel", Distribution::Int { low: 5, high: 50, log: false }),
            parameter("learning_rate", float(1e-5, 1e-2)),
            parameter("l1", float(0.002, 0.1)),
            parameter("dropout", Distribution::Float { low: 0.0, high: 0.5, log: false }),
            parameter(
                "activation",
                Distribution::Choice { choices: ["linear", "relu", "elu"].map(Value::from).into() },
            ),
        ],
    }
}

impl Script {
    /// A study that was just created, with `folds` folds of 60 epochs, scored by the mean squared error.
    pub fn new(folds: usize) -> Self {
        Script::of(StudySpec {
            name: "pig_ebv".into(),
            fixed: [("batch".to_owned(), Value::Int(26))].into(),
            model: "cnn".into(),
            sampler: "gp-ucb".into(),
            folds,
            epochs: 60,
            data: "2,314 individuals, 50,436 SNPs, trait ebv".into(),
            ..testing::study(space())
        })
    }

    fn of(study: StudySpec) -> Self {
        let record = Record { sequence: 0, at: BEGIN, event: Event::StudyCreated { study: Box::new(study) } };
        let history = History::begin(&record).unwrap();
        Script { history, records: vec![record], now: BEGIN, rng: Rng::new(1), free: Vec::new() }
    }

    /// As [`Script::new`], of a program that trains nothing.
    pub fn program() -> Self {
        Script::of(StudySpec {
            name: "external".into(),
            objective: ObjectiveKind::Command,
            model: "python train.py".into(),
            sampler: "tpe".into(),
            metric: "accuracy".into(),
            direction: Direction::Maximize,
            folds: 1,
            epochs: 1,
            data: String::new(),
            ..testing::study(space())
        })
    }

    /// What a program says of a running trial, `count` steps `ms` apart.
    pub fn steps(&mut self, trial: TrialId, count: usize, ms: u64) {
        for _ in 0..count {
            self.wait(ms);
            let step = self.history.trial(trial).unwrap().reports.len();
            let score = 0.7 - 0.3 * (-(step as f64) / 3.0).exp() + 0.01 * self.rng.normal();
            let report = Report {
                step,
                repeat: 0,
                fold: 0,
                epoch: step + 1,
                train_loss: None,
                validation_loss: None,
                score,
            };
            self.record(Event::TrialReported { trial, report });
        }
    }

    /// Opened for `trials` trials in `slots` slots.
    pub fn opened(mut self, trials: usize, slots: usize) -> Self {
        self.free = (0..slots).rev().collect();
        self.record(Event::StudyOpened { trials, slots, threads: 4, asked: None });
        self
    }

    /// Records an event now.
    pub fn record(&mut self, event: Event) -> Record {
        let record = Record { sequence: self.history.next_sequence(), at: self.now, event };
        self.history.apply(&record).unwrap();
        self.records.push(record.clone());
        record
    }

    /// Lets time pass.
    pub fn wait(&mut self, ms: u64) {
        self.now += ms;
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The history so far.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Every record so far.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Starts a new trial at a random point.
    pub fn start(&mut self) -> TrialId {
        let trial = self.history.trials().len();
        let space = &self.history.study().space;
        let point: Vec<f64> = (0..space.dimensions()).map(|_| self.rng.uniform()).collect();
        let params = space.from_unit(&point);
        let slot = self.free.pop().unwrap_or(0);
        self.record(Event::TrialStarted {
            trial,
            params,
            seed: derive(42, "trial", trial as u64),
            slot,
            origin: crate::domain::trial::Origin::default(),
        });
        trial
    }

    /// Reports `epochs` more epochs of the trial's current fold, `ms` apart.
    pub fn train(&mut self, trial: TrialId, epochs: usize, ms: u64) {
        for _ in 0..epochs {
            self.wait(ms);
            let t = self.history.trial(trial).unwrap();
            let (step, training) = (t.reports.len(), t.folds.len());
            let folds = self.history.study().folds;
            let (repeat, fold) = (training / folds, training % folds);
            let epoch = t.reports.iter().rev().take_while(|r| r.training(folds) == training).count();
            let fall = (-(epoch as f64) / 12.0).exp();
            let noise = 0.04 * self.rng.normal();
            let report = Report {
                step,
                repeat,
                fold,
                epoch,
                train_loss: Some(0.4 + 2.0 * fall + noise / 2.0),
                validation_loss: Some(0.7 + 1.6 * fall + 0.004 * epoch as f64 + noise),
                score: 60.0 + 25.0 * fall + 4.0 * noise,
            };
            self.record(Event::TrialReported { trial, report });
        }
    }

    /// Ends the trial's current fold.
    pub fn end_fold(&mut self, trial: TrialId, score: f64) {
        let t = self.history.trial(trial).unwrap();
        let (training, folds) = (t.folds.len(), self.history.study().folds);
        let epochs = t.reports.iter().rev().take_while(|r| r.training(folds) == training).count();
        let metrics = BTreeMap::from([
            ("mse".to_owned(), score),
            ("mae".to_owned(), score.abs().sqrt() * 0.8),
            ("pearson".to_owned(), 0.6 - score / 1000.0),
        ]);
        let best_epoch = epochs * 2 / 3;
        let (repeat, fold) = (training / folds, training % folds);
        let fold = FoldScore { repeat, fold, score, best_epoch, epochs, metrics };
        self.record(Event::FoldFinished { trial, fold });
    }

    /// Runs a new trial to its end in `ms`, five epochs a fold, with all folds near `score`.
    pub fn complete(&mut self, score: f64, ms: u64) -> TrialId {
        let trial = self.start();
        let folds = self.history.study().trainings();
        for fold in 0..folds {
            self.train(trial, 5, ms / (5 * folds as u64));
            self.end_fold(trial, score + 0.02 * score * (fold as f64 - (folds - 1) as f64 / 2.0));
        }
        self.finish(trial, score)
    }

    /// Ends a running trial's folds near `score`, and the trial.
    pub fn finish(&mut self, trial: TrialId, score: f64) -> TrialId {
        let folds = self.history.study().trainings();
        for fold in self.history.trial(trial).unwrap().folds.len()..folds {
            self.end_fold(trial, score + 0.02 * score * (fold as f64 - (folds - 1) as f64 / 2.0));
        }
        self.release(trial);
        self.record(Event::TrialCompleted { trial, score, weights: None });
        trial
    }

    /// Fails a running trial.
    pub fn fail(&mut self, trial: TrialId, reason: &str) {
        self.release(trial);
        self.record(Event::TrialFailed { trial, reason: reason.into() });
    }

    /// Writes a line to the log.
    pub fn note(&mut self, level: Level, text: &str) -> Record {
        self.record(Event::Noted { level, text: text.into() })
    }

    /// Scores a baseline, its folds near `score`.
    pub fn baseline(&mut self, name: &str, score: f64) -> Record {
        let fold = |fold: usize| {
            let score = score * (1.0 + 0.03 * (fold as f64 - 1.5));
            BTreeMap::from([("mse".to_owned(), score), ("pearson".to_owned(), 0.6 - score / 1000.0)])
        };
        let folds = (0..self.history.study().folds).map(fold).collect();
        let baseline = BaselineScore { baseline: name.into(), folds, seconds: 48.0 };
        self.record(Event::BaselineScored { baseline })
    }

    fn release(&mut self, trial: TrialId) {
        self.free.push(self.history.trial(trial).unwrap().slot);
    }
}

/// A study of several kinds of networks, each fold trained twice.
pub fn kinds() -> Script {
    let when = |parameter: &str, is: Vec<Value>| Condition { parameter: parameter.into(), is };
    let kind = |name: &str| vec![when("kind", vec![name.into()])];
    let int = |name: &str, low, high, when| {
        let distribution = Distribution::Int { low, high, log: false };
        Parameter { name: name.into(), distribution, when }
    };
    let choices = ["cnn", "mlp", "separable-fc"].map(Value::from).into();
    let layers = |least: i64| vec![when("mlp.layers", (least..=3).map(Value::Int).collect())];
    let parameters = vec![
        Parameter { name: "kind".into(), distribution: Distribution::Choice { choices }, when: vec![] },
        int("cnn.filters", 20, 100, kind("cnn")),
        int("cnn.kernel", 10, 50, kind("cnn")),
        int("mlp.layers", 1, 3, kind("mlp")),
        int("mlp.units_1", 16, 128, layers(1)),
        int("mlp.units_2", 16, 128, layers(2)),
        int("mlp.units_3", 16, 128, layers(3)),
        int("separable-fc.neurons", 18, 1000, kind("separable-fc")),
        int("batch", 16, 64, vec![]),
    ];
    let fixed = [("cnn.l1", 0.01), ("mlp.dropout", 0.1), ("separable-fc.curvature", 0.0)];
    let conditions = fixed.map(|(name, _)| (name.to_owned(), kind(name.split('.').next().unwrap_or(""))));
    let mut script = Script::of(StudySpec {
        name: "kinds".into(),
        fixed: fixed.map(|(name, value)| (name.to_owned(), Value::Float(value))).into(),
        conditions: conditions.into(),
        model: "cnn, mlp, separable-fc".into(),
        folds: 2,
        repeats: 2,
        replicates: 1,
        epochs: 5,
        ..testing::study(SearchSpace { parameters })
    })
    .opened(12, 2);
    for score in [81.2, 74.9, 96.4, 71.3, 78.0, 73.5] {
        script.complete(score, 9_000);
    }
    let running = script.start();
    script.train(running, 5, 300);
    script.end_fold(running, 80.0);
    script.train(running, 5, 300);
    script.end_fold(running, 82.0);
    script.train(running, 3, 300);
    script
}

/// A study at work: some trials of every state, two or more of them running.
pub fn busy() -> Script {
    let mut s = Script::new(4).opened(40, 4);
    s.note(Level::Info, "data loaded: 2,314 individuals, 50,436 SNPs");
    for score in [81.2, 74.9, 96.4, 71.3] {
        let trial = s.start();
        for fold in 0..4 {
            s.train(trial, 30 + fold, 600);
            s.end_fold(trial, score + 1.5 * (fold as f64 - 1.5));
        }
        s.finish(trial, score);
    }
    let failed = s.start();
    s.train(failed, 3, 900);
    s.fail(failed, "training loss is not finite in fold 0, epoch 3: lower learning_rate");
    let pruned = s.start();
    s.train(pruned, 60, 500);
    s.end_fold(pruned, 130.0);
    s.release(pruned);
    s.record(Event::TrialPruned { trial: pruned, reason: "below the best third at rung 1".into() });
    for score in [68.8, 66.1, 240.0, 66.9, 63.4, 65.0] {
        s.complete(score, 84_000);
    }
    s.note(Level::Warning, "device memory is low: 2 slots use the processor instead");
    for (done, epochs) in [(2, 41), (1, 17), (0, 52), (0, 1)] {
        let trial = s.start();
        for fold in 0..done {
            s.train(trial, 33, 250);
            s.end_fold(trial, 66.0 + fold as f64);
        }
        s.train(trial, epochs, 250);
    }
    s
}

/// A finished study.
pub fn finished() -> Script {
    let mut s = Script::new(4).opened(12, 2);
    for i in 0..12 {
        s.complete(60.0 + f64::from(i * 7 % 12) * 2.5, 45_000);
    }
    s
}

/// A finished study that selects on its test set: one fold, trained three times. Trial 1 is tied with the best,
/// which is trial 2.
pub fn on_test() -> Script {
    let mut script = Script::of(StudySpec {
        name: "papers".into(),
        select_on: SelectOn::Test,
        folds: 1,
        repeats: 3,
        epochs: 5,
        fold_sizes: vec![(90, 30)],
        ..testing::study(space())
    })
    .opened(3, 1);
    for scores in [[80.0, 80.5, 81.0], [64.5, 63.0, 66.0], [64.0, 64.5, 62.0]] {
        let trial = script.start();
        for score in scores {
            script.train(trial, 5, 300 + 10 * trial as u64);
            script.end_fold(trial, score);
        }
        script.finish(trial, scores.iter().sum::<f64>() / 3.0);
    }
    script
}

/// A study of a program: steps without losses, one fold.
pub fn program() -> Script {
    let mut script = Script::of(StudySpec {
        name: "solver".into(),
        objective: ObjectiveKind::Command,
        model: "sh solver.sh {params}".into(),
        data: String::new(),
        metric: "seconds".into(),
        folds: 1,
        epochs: 1,
        ..testing::study(space())
    })
    .opened(6, 1);
    for score in [8.5, 7.25, 9.0] {
        let trial = script.start();
        for step in 0..12 {
            script.wait(900);
            let score = score + 6.0 * (-(step as f64) / 3.0).exp();
            let report = Report {
                step,
                repeat: 0,
                fold: 0,
                epoch: 100 * step,
                train_loss: None,
                validation_loss: None,
                score,
            };
            script.record(Event::TrialReported { trial, report });
        }
        script.finish(trial, score);
    }
    script
}

/// Ten thousand trials of a hundred reports, eight more running.
pub fn large() -> Script {
    let mut s = Script::new(2).opened(12_000, 8);
    for i in 0..10_000_u32 {
        let trial = s.start();
        s.train(trial, 50, 20);
        s.end_fold(trial, 70.0);
        s.train(trial, 50, 20);
        if i % 97 == 3 {
            s.fail(trial, "loss is not finite");
        } else {
            s.finish(trial, 60.0 + f64::from(i * 7919 % 10_000) / 100.0 * (1.0 - f64::from(i) / 12_000.0));
        }
    }
    for _ in 0..8 {
        let trial = s.start();
        s.train(trial, 30, 20);
    }
    s
}

/// As [`busy`], with baselines that were computed beside the trials.
pub fn contested() -> Script {
    let mut s = busy();
    for (name, score) in [("gblup", 70.1), ("bayesian-lasso", 66.0), ("random-forest", 88.0)] {
        s.baseline(name, score);
    }
    s
}
