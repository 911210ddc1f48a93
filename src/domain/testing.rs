//! Histories for tests, made the way all histories are: event by event.

use std::collections::BTreeMap;

use super::direction::Direction;
use super::event::{Event, FORMAT, Fingerprint, ObjectiveKind, Record, SelectOn, StudySpec};
use super::history::History;
use super::space::{Condition, Distribution, Parameter, SearchSpace};
use super::trial::{FoldScore, Report, TrialId};
use super::value::{Params, Value};

/// A space from names and distributions.
pub fn space<const N: usize>(parameters: [(&str, Distribution); N]) -> SearchSpace {
    let parameter =
        |(name, distribution): (&str, _)| Parameter { name: name.to_owned(), distribution, when: vec![] };
    SearchSpace { parameters: parameters.map(parameter).into() }
}

/// The space in which `name` is active only where `parameter` has one of the values `is`.
pub fn when(mut space: SearchSpace, name: &str, parameter: &str, is: &[Value]) -> SearchSpace {
    let condition = Condition { parameter: parameter.to_owned(), is: is.to_vec() };
    let named = space.parameters.iter_mut().filter(|p| p.name == name);
    named.for_each(|p| p.when.push(condition.clone()));
    space
}

/// Two kinds of network, one of which has units for each of its layers: 2 + 1 + 3 + 9 points.
pub fn conditional() -> SearchSpace {
    let units = || Distribution::Choice { choices: vec![Value::Int(4), Value::Int(8), Value::Int(16)] };
    let space = space([
        ("kind", choice(&["cnn", "mlp"])),
        ("cnn.pool", int(1, 2)),
        ("mlp.layers", int(1, 3)),
        ("mlp.units_2", units()),
        ("mlp.units_3", units()),
    ]);
    let space = when(space, "cnn.pool", "kind", &["cnn".into()]);
    let space = when(space, "mlp.layers", "kind", &["mlp".into()]);
    let space = when(space, "mlp.units_2", "mlp.layers", &[2.into(), 3.into()]);
    when(space, "mlp.units_3", "mlp.layers", &[3.into()])
}

/// Real numbers from `low` to `high`.
pub fn float(low: f64, high: f64) -> Distribution {
    Distribution::Float { low, high, log: false }
}

/// Whole numbers from `low` to `high`.
pub fn int(low: i64, high: i64) -> Distribution {
    Distribution::Int { low, high, log: false }
}

/// One of `words`.
pub fn choice(words: &[&str]) -> Distribution {
    Distribution::Choice { choices: words.iter().map(|w| Value::from(*w)).collect() }
}

/// A study of `space`; tests change what matters to them.
pub fn study(space: SearchSpace) -> StudySpec {
    StudySpec {
        format: FORMAT,
        name: "scripted".into(),
        seed: 11,
        metric: "mse".into(),
        direction: Direction::Minimize,
        space,
        fixed: Params::new(),
        conditions: BTreeMap::new(),
        objective: ObjectiveKind::Network,
        model: "none".into(),
        sampler: "none".into(),
        folds: 2,
        select_on: SelectOn::Validation,
        fold_sizes: Vec::new(),
        epochs: 10,
        repeats: 1,
        replicates: 1,
        data: "none".into(),
        fingerprint: Fingerprint { data: "d".into(), settings: "s".into() },
    }
}

/// A study that scores what it is told to.
#[derive(Debug, Clone)]
pub struct Scripted {
    history: History,
}

impl Scripted {
    /// A study of `space` with seed `seed` and no trials yet.
    pub fn new(space: &SearchSpace, direction: Direction, seed: u64) -> Self {
        Scripted::replicated(space, direction, seed, 1)
    }

    /// As [`Scripted::new`], with several replicates of the search.
    pub fn replicated(space: &SearchSpace, direction: Direction, seed: u64, replicates: usize) -> Self {
        Scripted::begin(StudySpec { seed, direction, replicates, ..study(space.clone()) })
    }

    /// As [`Scripted::new`], with trials of `folds` folds of at most `epochs` epochs.
    pub fn folded(space: &SearchSpace, direction: Direction, folds: usize, epochs: usize) -> Self {
        Scripted::begin(StudySpec { direction, folds, epochs, ..study(space.clone()) })
    }

    fn begin(study: StudySpec) -> Self {
        let created = Event::StudyCreated { study: Box::new(study) };
        let history = History::begin(&Record { sequence: 0, at: 0, event: created }).unwrap();
        Scripted { history }
    }

    /// The history so far.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Takes one event in, a second after the last.
    pub fn apply(&mut self, event: Event) {
        let record = Record { sequence: self.history.next_sequence(), at: self.history.last() + 1000, event };
        self.history.apply(&record).unwrap();
    }

    /// Starts a new trial.
    pub fn start(&mut self, params: Params) -> TrialId {
        let trial = self.history.trials().len();
        self.apply(Event::TrialStarted {
            trial,
            params,
            seed: trial as u64,
            slot: 0,
            origin: crate::domain::trial::Origin::default(),
        });
        trial
    }

    /// The repeat and fold that a trial is at.
    fn place(&self, trial: TrialId) -> (usize, usize) {
        let (done, folds) = (self.history.trials()[trial].folds.len(), self.history.study().folds);
        (done / folds, done % folds)
    }

    /// The next report of a running trial.
    pub fn report(&mut self, trial: TrialId, score: f64) {
        let step = self.history.trials()[trial].reports.len();
        let (repeat, fold) = self.place(trial);
        let report = Report {
            step,
            repeat,
            fold,
            epoch: step,
            train_loss: Some(1.0),
            validation_loss: Some(1.0),
            score,
        };
        self.apply(Event::TrialReported { trial, report });
    }

    /// The end of a running trial's fold.
    pub fn finish_fold(&mut self, trial: TrialId, score: f64) {
        let (repeat, fold) = self.place(trial);
        let fold = FoldScore { repeat, fold, score, best_epoch: 0, epochs: 1, metrics: BTreeMap::new() };
        self.apply(Event::FoldFinished { trial, fold });
    }

    /// A new trial that completes with `score`.
    pub fn complete(&mut self, params: Params, score: f64) -> TrialId {
        let trial = self.start(params);
        self.apply(Event::TrialCompleted { trial, score, weights: None });
        trial
    }

    /// A new trial that reports `scores` and then completes with the last of them.
    pub fn complete_reporting(&mut self, params: Params, scores: &[f64]) -> TrialId {
        let trial = self.start(params);
        scores.iter().for_each(|s| self.report(trial, *s));
        self.apply(Event::TrialCompleted { trial, score: scores[scores.len() - 1], weights: None });
        trial
    }

    /// A new trial that the pruner ends after its first report.
    pub fn prune(&mut self, params: Params, score: f64) -> TrialId {
        let trial = self.start(params);
        self.report(trial, score);
        self.apply(Event::TrialPruned { trial, reason: "worse than others".into() });
        trial
    }

    /// A new trial that fails.
    pub fn fail(&mut self, params: Params) -> TrialId {
        let trial = self.start(params);
        self.apply(Event::TrialFailed { trial, reason: "the loss is not finite".into() });
        trial
    }

    /// A new trial that a person cancels.
    pub fn cancel(&mut self, params: Params) -> TrialId {
        let trial = self.start(params);
        self.apply(Event::TrialCancelled { trial });
        trial
    }

    /// A new trial that is cut off with its process and waits.
    pub fn requeue(&mut self, params: Params) -> TrialId {
        let trial = self.start(params);
        self.apply(Event::TrialRequeued { trial, reason: "interrupted".into() });
        trial
    }
}
