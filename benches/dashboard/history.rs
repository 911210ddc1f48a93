//! Studies of any size, made event by event.

use std::collections::BTreeMap;

use tune_tui::domain::direction::Direction;
use tune_tui::domain::event::{Event, FORMAT, Fingerprint, ObjectiveKind, Record, SelectOn, StudySpec};
use tune_tui::domain::history::{EventError, History};
use tune_tui::domain::seed::Rng;
use tune_tui::domain::space::{Distribution, Parameter, SearchSpace};
use tune_tui::domain::trial::{FoldScore, Origin, Report};
use tune_tui::domain::value::{Params, Value};

/// Slots that are at work.
pub const LIVE: usize = 16;
/// Folds of a trial.
const FOLDS: usize = 2;

/// Ten parameters of every sort.
pub fn space() -> SearchSpace {
    let float = |low, high| Distribution::Float { low, high, log: true };
    let int = |low, high| Distribution::Int { low, high, log: false };
    let words =
        |list: &[&str]| Distribution::Choice { choices: list.iter().map(|w| Value::from(*w)).collect() };
    let rows = [
        ("filters", int(5, 64)),
        ("kernel", int(3, 50)),
        ("stride", int(1, 20)),
        ("units", int(8, 512)),
        ("learning_rate", float(1e-5, 1e-1)),
        ("l1", float(1e-6, 1e-1)),
        ("l2", float(1e-6, 1e-1)),
        ("dropout", Distribution::Float { low: 0.0, high: 0.5, log: false }),
        ("activation", words(&["linear", "relu", "elu", "tanh"])),
        ("optimizer", words(&["adam", "sgd", "rmsprop"])),
    ];
    let parameter = |(name, distribution): (&str, Distribution)| Parameter {
        name: name.to_owned(),
        distribution,
        when: Vec::new(),
    };
    SearchSpace { parameters: rows.map(parameter).into() }
}

/// A study of that space.
pub fn study(name: &str, epochs: usize) -> StudySpec {
    StudySpec {
        format: FORMAT,
        name: name.to_owned(),
        seed: 1,
        metric: "mse".into(),
        direction: Direction::Minimize,
        space: space(),
        fixed: Params::new(),
        conditions: BTreeMap::new(),
        objective: ObjectiveKind::Network,
        model: "cnn".into(),
        sampler: "auto".into(),
        folds: FOLDS,
        epochs,
        select_on: SelectOn::Validation,
        fold_sizes: Vec::new(),
        repeats: 1,
        replicates: 1,
        data: "2,314 individuals, 50,436 SNPs, trait ebv".into(),
        fingerprint: Fingerprint { data: "d".into(), settings: "s".into() },
    }
}

/// A history that grows, with its records kept where they are wanted.
pub struct Grown {
    /// So far.
    pub history: History,
    /// Every record, where they are kept.
    pub records: Vec<Record>,
    keeps: bool,
    now: u64,
    rng: Rng,
}

impl Grown {
    /// A study that is opened for `trials` trials.
    pub fn new(study: StudySpec, trials: usize, keeps: bool) -> Result<Self, EventError> {
        let now = 1_767_603_600_000;
        let first = Record { sequence: 0, at: now, event: Event::StudyCreated { study: Box::new(study) } };
        let history = History::begin(&first)?;
        let records = if keeps { vec![first] } else { Vec::new() };
        let mut grown = Grown { history, records, keeps, now, rng: Rng::new(7) };
        let opened = serde_json::json!({
            "sequence": 1, "at": now, "event": "study_opened", "trials": trials, "slots": LIVE, "threads": 1
        });
        let opened: Record = serde_json::from_value(opened).map_err(|_| EventError::NoStudy(1))?;
        grown.record(opened.event)?;
        Ok(grown)
    }

    /// The time of the last record.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Records an event, a moment after the last one.
    pub fn record(&mut self, event: Event) -> Result<Record, EventError> {
        self.now += 20;
        let record = Record { sequence: self.history.next_sequence(), at: self.now, event };
        self.history.apply(&record)?;
        if self.keeps {
            self.records.push(record.clone());
        }
        Ok(record)
    }

    /// Starts a trial at random.
    pub fn start(&mut self) -> Result<usize, EventError> {
        let trial = self.history.trials().len();
        let space = &self.history.study().space;
        let point: Vec<f64> = (0..space.dimensions()).map(|_| self.rng.uniform()).collect();
        let params = space.from_unit(&point);
        let (seed, slot) = (trial as u64, trial % LIVE);
        self.record(Event::TrialStarted { trial, params, seed, slot, origin: Origin::by("random") })?;
        Ok(trial)
    }

    /// One more epoch of a trial's current fold.
    pub fn report(&mut self, trial: usize) -> Result<Record, EventError> {
        let t = &self.history.trials()[trial];
        let (step, fold) = (t.reports.len(), t.folds.len());
        let epoch = t.reports.iter().rev().take_while(|r| r.fold == fold).count();
        let noise = self.rng.normal();
        let loss = 0.5 + (-(epoch as f64) / 12.0).exp() + 0.02 * noise;
        let report = Report {
            step,
            repeat: 0,
            fold,
            epoch,
            train_loss: Some(loss),
            validation_loss: Some(loss + 0.1),
            score: 60.0 + 10.0 * loss,
        };
        self.record(Event::TrialReported { trial, report })
    }

    /// Runs a trial of so many reports to its end.
    pub fn complete(&mut self, reports: usize) -> Result<(), EventError> {
        let trial = self.start()?;
        let score = 60.0 + 8.0 * self.rng.normal().abs();
        let folds = self.history.study().folds;
        for fold in 0..folds {
            for _ in 0..reports / folds {
                self.report(trial)?;
            }
            let metrics = BTreeMap::from([("mse".to_owned(), score), ("pearson".to_owned(), 0.5)]);
            let epochs = reports / folds;
            let fold = FoldScore { repeat: 0, fold, score, best_epoch: epochs / 2, epochs, metrics };
            self.record(Event::FoldFinished { trial, fold })?;
        }
        self.record(Event::TrialCompleted { trial, score, weights: Some(1000) }).map(drop)
    }
}

/// A study with so many complete trials of so many reports each, and [`LIVE`] running ones; their
/// records are kept where `keeps`.
pub fn large(trials: usize, reports: usize, keeps: bool) -> Result<Grown, EventError> {
    let mut grown = Grown::new(study("large", reports / FOLDS), trials + 2000, keeps)?;
    for _ in 0..trials {
        grown.complete(reports)?;
    }
    for _ in 0..LIVE {
        let trial = grown.start()?;
        for _ in 0..reports / 4 {
            grown.report(trial)?;
        }
    }
    Ok(grown)
}
