mod workshop;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::domain::command::{BaselineFailure, Command, End, StopMode};
use crate::domain::event::StudySpec;
use crate::domain::seed::{Rng, of_replicate};
use crate::domain::space::SearchSpace;
use crate::domain::testing;
use crate::domain::trial::{FoldScore, Report, Trial};
use crate::domain::value::Value;
use crate::executor::Layout;
use crate::storage::memory::MemoryStore;

/// Runs jobs a message a poll, lowest slot first: as deterministic as one slot, with as many as wanted.
pub(super) struct Stepwise {
    pub slots: Vec<Option<(Job, usize, Option<usize>)>>,
    /// Slots that may have a job.
    pub most: usize,
    /// How many messages a job still sends before it notices that it was told to stop.
    pub late: usize,
}

/// Two folds of two epochs, a repeat.
const STEPS: usize = 4;

impl Executor for Stepwise {
    fn layout(&self) -> Layout {
        Layout::of(self.most, 1)
    }

    fn arrange(&mut self, layout: Layout) -> Result<(), ExecutorError> {
        self.most = layout.slots;
        self.slots.resize(self.slots.len().max(self.most), None);
        Ok(())
    }

    fn free_slot(&self) -> Option<usize> {
        let room = self.slots.iter().flatten().count() < self.most;
        self.slots.iter().position(Option::is_none).filter(|_| room)
    }

    fn submit(&mut self, slot: usize, job: Job) -> Result<(), ExecutorError> {
        let step = job.done.reports;
        assert!(self.slots[slot].replace((job, step, None)).is_none());
        Ok(())
    }

    fn stop(&mut self, trial: TrialId) {
        for (_, _, left) in self.slots.iter_mut().flatten().filter(|(job, ..)| job.trial == trial) {
            left.get_or_insert(self.late);
        }
    }

    fn poll(&mut self, _: Duration) -> Vec<Message> {
        let Some(slot) = self.slots.iter().position(Option::is_some) else { return vec![] };
        let Some((job, step, left)) = self.slots[slot].take() else { return vec![] };
        let (trial, x) = (job.trial, job.params["x"].as_f64().unwrap());
        let ended = |outcome| vec![Message::Ended { trial, outcome }];
        if left == Some(0) {
            return ended(Outcome::Stopped);
        }
        if x > 0.9 {
            return ended(Outcome::Failed { reason: "x is too large".into() });
        }
        let score = (x - 0.3).powi(2) + job.seed as f64 * 1e-18;
        if step == STEPS * job.params.get("repeats").map_or(1, |n| n.as_f64().unwrap() as usize) {
            return ended(Outcome::Complete(Evaluation { score, weights: None }));
        }
        self.slots[slot] = Some((job, step + 1, left.map(|n| n - 1)));
        let (repeat, fold) = (step / STEPS, step % STEPS / 2);
        let report = Report {
            step,
            repeat,
            fold,
            epoch: step % 2,
            train_loss: Some(score),
            validation_loss: Some(score),
            score: if x < 0.02 { f64::NAN } else { score },
        };
        let mut messages = vec![Message::Reported { trial, report }];
        if step % 2 == 1 {
            let ended = FoldScore { repeat, fold, score, best_epoch: 1, epochs: 2, metrics: BTreeMap::new() };
            messages.push(Message::FoldFinished { trial, fold: ended });
        }
        messages
    }
}

/// Asks for what depends on all that is known: any difference in the history shows in the next point.
pub(super) struct Touchy;

impl Sampler for Touchy {
    fn ask(&mut self, space: &SearchSpace, history: &History, seed: u64) -> Result<Suggestion, SamplerError> {
        let known =
            format!("{:?}", history.trials().iter().map(|t| (&t.params, t.score)).collect::<Vec<_>>());
        let mut rng = Rng::new(derive(seed, &known, 0));
        let point: Vec<f64> = space.parameters.iter().map(|_| rng.uniform()).collect();
        Ok(Suggestion::by("touchy", space.from_unit(&point)))
    }
}

/// Prunes trials that report above a limit.
pub(super) struct Limit(pub f64);

impl Pruner for Limit {
    fn decide(&self, history: &History, trial: TrialId) -> Option<String> {
        let last = history.trial(trial)?.reports.last()?;
        (last.score > self.0).then(|| "above the limit".to_owned())
    }
}

pub(super) fn spec() -> StudySpec {
    StudySpec { epochs: 2, ..testing::study(testing::space([("x", testing::float(0.0, 1.0))])) }
}

pub(super) type Published = Arc<Mutex<Vec<Record>>>;

pub(super) fn parts(slots: usize, limit: f64) -> (Parts, Published) {
    let published = Published::default();
    let hear = Arc::clone(&published);
    let parts = Parts {
        sampler: Box::new(Touchy),
        pruner: Box::new(Limit(limit)),
        executor: Box::new(Stepwise { slots: vec![None; slots], most: slots, late: 0 }),
        maker: workshop::maker(),
        storage: Box::new(MemoryStore::new()),
        retries: 0,
        clock: || 1000,
        publish: Box::new(move |record| hear.lock().unwrap().push(record.clone())),
    };
    (parts, published)
}

/// A store that goes on after the records of `history`.
pub(super) struct Tail(pub MemoryStore);

impl Storage for Tail {
    fn append(&mut self, _: &[Record]) -> Result<(), StorageError> {
        Ok(())
    }

    fn settle(&mut self, history: &History, paused: &BTreeSet<TrialId>) -> Result<(), StorageError> {
        self.0.settle(history, paused)
    }
}

pub(super) fn finish(study: &mut Study) -> End {
    for _ in 0..10_000 {
        if let Some(end) = study.turn().unwrap() {
            return end;
        }
    }
    panic!("the study does not end");
}

fn begin(slots: usize, limit: f64, trials: usize) -> (Study, Published) {
    let (parts, published) = parts(slots, limit);
    (Study::open(parts, spec(), None, trials).unwrap(), published)
}

pub(super) fn replay(records: &[Record]) -> History {
    let mut history = History::begin(&records[0]).unwrap();
    records[1..].iter().for_each(|r| history.apply(r).unwrap());
    history
}

/// All of a trial but when and where it ran.
pub(super) fn essence(trial: &Trial) -> Trial {
    Trial { slot: 0, started: 0, finished: None, ..trial.clone() }
}

#[test]
fn interrupted_after_any_record_it_ends_as_if_it_had_not_been() {
    let (mut undisturbed, published) = begin(1, 0.2, 12);
    assert_eq!(finish(&mut undisturbed), End::Done);
    let expected: Vec<Trial> = undisturbed.history().trials().iter().map(|t| essence(t)).collect();
    let words: Vec<&str> = expected.iter().map(|t| t.state.word()).collect();
    assert!(
        words.contains(&"complete") && words.contains(&"pruned") && words.contains(&"failed"),
        "{words:?}"
    );

    let records = published.lock().unwrap().clone();
    assert_eq!(&replay(&records), undisturbed.history(), "what is published is all there is");
    for cut in 1..records.len() {
        let (mut parts, _) = parts(1, 0.2);
        parts.storage = Box::new(Tail(MemoryStore::new()));
        let mut resumed = Study::open(parts, spec(), Some(replay(&records[..cut])), 12).unwrap();
        assert_eq!(resumed.history().counts().running, 0, "none is left running");
        assert_eq!(finish(&mut resumed), End::Done);
        let trials: Vec<Trial> = resumed.history().trials().iter().map(|t| essence(t)).collect();
        assert_eq!(trials, expected, "interrupted after record {cut}");
    }
}

#[test]
fn each_replicate_of_the_search_is_a_study_of_its_own_however_often_interrupted() {
    let open = |spec: StudySpec, history: Option<History>, trials: usize| {
        let (mut parts, published) = parts(1, 0.2);
        if history.is_some() {
            parts.storage = Box::new(Tail(MemoryStore::new()));
        }
        (Study::open(parts, spec, history, trials).unwrap(), published)
    };
    let replicated = || StudySpec { replicates: 3, ..spec() };
    let (mut study, published) = open(replicated(), None, 12);
    assert_eq!(finish(&mut study), End::Done);
    for replicate in 0..3 {
        let (mut single, _) = open(StudySpec { seed: of_replicate(11, replicate), ..spec() }, None, 4);
        assert_eq!(finish(&mut single), End::Done);
        let own = study.history().replicate(replicate);
        let trials = |history: &History| history.trials().iter().map(|t| essence(t)).collect::<Vec<_>>();
        assert_eq!(trials(&own), trials(single.history()), "replicate {replicate}");
        assert_eq!((own.counts(), own.target()), (single.history().counts(), 4));
        assert_eq!(own.incumbent().map(|t| t.id), single.history().incumbent().map(|t| t.id));
        assert_eq!(own.study(), single.history().study());
    }
    let expected: Vec<Trial> = study.history().trials().iter().map(|t| essence(t)).collect();
    let records = published.lock().unwrap().clone();
    for cut in 1..records.len() {
        let (mut resumed, _) = open(replicated(), Some(replay(&records[..cut])), 12);
        assert_eq!(finish(&mut resumed), End::Done);
        let trials: Vec<Trial> = resumed.history().trials().iter().map(|t| essence(t)).collect();
        assert_eq!(trials, expected, "interrupted after record {cut}");
    }
    // More trials later leave those that are there where they are.
    let (mut longer, _) = open(replicated(), Some(replay(&records)), 18);
    assert_eq!(finish(&mut longer), End::Done);
    let (mut single, _) = open(StudySpec { seed: of_replicate(11, 2), ..spec() }, None, 6);
    assert_eq!(finish(&mut single), End::Done);
    let own = longer.history().replicate(2);
    assert_eq!(own.trials()[5].params, single.history().trials()[5].params);
}

#[test]
fn when_a_worker_hears_of_a_stop_changes_nothing() {
    let ends = |late: usize| {
        let (mut parts, _) = parts(1, 0.2);
        parts.executor = Box::new(Stepwise { slots: vec![None], most: 1, late });
        let mut study = Study::open(parts, spec(), None, 20).unwrap();
        assert_eq!(finish(&mut study), End::Done);
        study.history().trials().iter().map(|t| essence(t)).collect::<Vec<_>>()
    };
    let prompt = ends(0);
    assert!(prompt.iter().any(|t| t.state.word() == "pruned"));
    // As late as it can be: the job completes before it hears of the stop.
    for late in [1, 2, 9] {
        assert_eq!(ends(late), prompt, "{late} messages late");
    }
}

#[test]
fn parallel_slots_are_filled_and_each_trial_ends_once() {
    let (mut study, published) = begin(3, 1.0, 9);
    study.turn().unwrap();
    assert_eq!(study.history().counts().running, 3);
    assert_eq!(finish(&mut study), End::Done);
    assert_eq!(study.history().counts().finished(), 9);
    let records = published.lock().unwrap();
    let ends = records.iter().filter(|r| {
        matches!(
            r.event,
            Event::TrialCompleted { .. } | Event::TrialFailed { .. } | Event::TrialPruned { .. }
        )
    });
    assert_eq!(ends.count(), 9);
}

#[test]
fn a_cancelled_trial_ends_at_its_next_report_and_a_finished_one_is_left_alone() {
    let (mut study, _) = begin(1, 1.0, 2);
    study.turn().unwrap();
    study.command(Command::Cancel(0)).unwrap();
    study.turn().unwrap();
    assert_eq!(study.history().trial(0).unwrap().state, TrialState::Cancelled);
    study.command(Command::Cancel(0)).unwrap();
    study.command(Command::Cancel(7)).unwrap();
    let warnings: Vec<&str> = study.history().log().map(|l| l.text.as_str()).collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert_eq!(finish(&mut study), End::Done);
}

#[test]
fn pause_stop_now_and_stop_after_running() {
    let (mut study, _) = begin(2, 1.0, 8);
    study.command(Command::Pause).unwrap();
    study.turn().unwrap();
    assert_eq!(study.history().counts().running, 0);
    study.command(Command::Resume).unwrap();
    study.turn().unwrap();
    assert_eq!(study.history().counts().running, 2);
    study.command(Command::Stop(StopMode::AfterRunning)).unwrap();
    assert_eq!(finish(&mut study), End::Stopped);
    assert_eq!((study.history().counts().finished(), study.history().counts().waiting), (2, 0));

    let (mut study, _) = begin(2, 1.0, 8);
    study.turn().unwrap();
    study.command(Command::Cancel(1)).unwrap();
    study.command(Command::Stop(StopMode::Now)).unwrap();
    assert_eq!(finish(&mut study), End::Stopped);
    let states: Vec<&str> = study.history().trials().iter().map(|t| t.state.word()).collect();
    assert_eq!(states, ["waiting", "cancelled"], "a cancel that was asked for is not undone by the stop");
}

fn scored(name: &str) -> BaselineScore {
    BaselineScore { baseline: name.into(), folds: vec![BTreeMap::new(); spec().folds], seconds: 1.0 }
}

fn missed(name: &str) -> BaselineFailure {
    BaselineFailure { baseline: name.into(), reason: "no reason".into() }
}

#[test]
fn a_study_waits_for_its_baselines_before_it_is_done() {
    let (mut alone, _) = begin(1, 1.0, 2);
    assert_eq!(finish(&mut alone), End::Done);
    let (mut study, _) = begin(1, 1.0, 2);
    study.await_baselines(["gblup".to_owned(), "lasso".to_owned()]);
    for _ in 0..100 {
        assert_eq!(study.turn().unwrap(), None);
    }
    assert!(study.history().is_done());
    study.command(Command::Baseline(Err(missed("lasso")))).unwrap();
    assert_eq!(study.turn().unwrap(), None);
    study.command(Command::Baseline(Ok(scored("gblup")))).unwrap();
    assert_eq!(study.turn().unwrap(), Some(End::Done));
    assert_eq!(study.history().baselines(), [scored("gblup")]);
    let said: Vec<&str> = study.history().log().map(|l| l.text.as_str()).collect();
    assert_eq!(said, ["baseline lasso has no score: no reason"]);
    let trials = |study: &Study| study.history().trials().iter().map(|t| essence(t)).collect::<Vec<_>>();
    assert_eq!(trials(&study), trials(&alone), "baselines change no trial");
}

#[test]
fn a_stop_does_not_wait_for_baselines_and_one_that_does_not_fit_is_dropped() {
    for mode in [StopMode::Now, StopMode::AfterRunning] {
        let (mut study, _) = begin(1, 1.0, 2);
        study.await_baselines(["gblup".to_owned()]);
        study.command(Command::Stop(mode)).unwrap();
        assert_eq!(finish(&mut study), End::Stopped);
    }
    let (mut study, _) = begin(1, 1.0, 2);
    let wrong = BaselineScore { folds: Vec::new(), ..scored("gblup") };
    study.command(Command::Baseline(Ok(wrong))).unwrap();
    assert_eq!(study.history().baselines(), []);
    assert_eq!(study.history().log().count(), 1, "and that is said");
}

#[test]
fn a_report_that_is_not_finite_fails_its_trial() {
    let (mut study, _) = begin(1, 1.0, 300);
    assert_eq!(finish(&mut study), End::Done);
    let nan = study.history().trials().iter().find(|t| t.params["x"].as_f64().unwrap() < 0.02).unwrap();
    assert!(nan.state.reason().unwrap().contains("not finite"), "{:?}", nan.state);
    assert!(nan.reports.is_empty());
}

#[test]
fn nothing_is_published_that_could_not_be_stored() {
    let (mut study, published) = begin(1, 1.0, 3);
    let mut failing = MemoryStore::new();
    failing.fail_next("no space left on device");
    study.parts.storage = Box::new(failing);
    let before = (study.history().clone(), published.lock().unwrap().len());
    let error = study.turn().unwrap_err();
    assert!(error.to_string().contains("no space left"), "{error}");
    assert_eq!((study.history().clone(), published.lock().unwrap().len()), before);
}

#[test]
fn a_changed_study_is_refused_and_the_sampler_may_change() {
    let (study, _) = begin(1, 1.0, 3);
    let history = study.history().clone();
    let open = |change: &dyn Fn(&mut StudySpec)| {
        let mut wanted = spec();
        change(&mut wanted);
        let (mut parts, _) = parts(1, 1.0);
        parts.storage = Box::new(Tail(MemoryStore::new()));
        Study::open(parts, wanted, Some(history.clone()), 3).map(drop)
    };
    open(&|s| s.sampler = "random".into()).unwrap();
    type Change = fn(&mut StudySpec);
    let cases: [(Change, &str); 6] = [
        (|s| s.replicates = 2, "the number of replicates of the search"),
        (|s| s.seed = 12, "the seed"),
        (|s| s.epochs = 3, "folds or epochs"),
        (|s| s.fingerprint.data = "e".into(), "the data (files, trait, quality control)"),
        (|s| s.fingerprint.settings = "t".into(), "the training"),
        (|s| drop(s.fixed.insert("l1".into(), Value::Float(1.0))), "`l1` (not fixed then, 1.000 now)"),
    ];
    for (change, named) in cases {
        let error = open(&change).unwrap_err().to_string();
        assert!(error.contains(named) && error.contains("--fresh"), "{error}");
    }
}
