//! Dashboards of this bench's own studies: this program again, in a pseudo-terminal, with trials that only
//! report, and a store that keeps nothing and may stall.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tune_tui::domain::command::Update;
use tune_tui::domain::event::{Method, Record, StudySpec};
use tune_tui::domain::history::History;
use tune_tui::domain::objective::{Evaluation, Job, Objective, ObjectiveError, Reporter, Verdict};
use tune_tui::domain::setting::Settings;
use tune_tui::domain::space::SearchSpace;
use tune_tui::domain::trial::{FoldScore, Report, Timestamp, TrialId};
use tune_tui::executor::Layout;
use tune_tui::executor::local::Local;
use tune_tui::pruner::{PRUNERS, Pruner};
use tune_tui::sampler::{SAMPLERS, Sampler};
use tune_tui::storage::memory::MemoryStore;
use tune_tui::storage::{Storage, StorageError};
use tune_tui::study::{Made, Maker, Parts, Study, handle};
use tune_tui::tui::ask::Desk;
use tune_tui::tui::{Dashboard, Menu, Options, Preferences, Session, Setup};

use super::history::study;

/// The word before what is staged, on the command line.
pub const WORD: &str = "--staged";

/// Reports for ever: a tenth of a second an epoch.
struct Ticking;

impl Objective for Ticking {
    fn evaluate(&self, _: &Job, reporter: &dyn Reporter) -> Result<Evaluation, ObjectiveError> {
        for step in 0..2000 {
            let (repeat, fold, epoch) = (0, step / 1000, step % 1000);
            std::thread::sleep(Duration::from_millis(100));
            let loss = Some(0.5 + 1.0 / (1.0 + epoch as f64));
            let report =
                Report { step, repeat, fold, epoch, train_loss: loss, validation_loss: loss, score: 60.0 };
            if reporter.report(report) == Verdict::Stop {
                return Err(ObjectiveError::Stopped);
            }
            if epoch == 999 {
                let metrics = BTreeMap::new();
                reporter.fold_finished(FoldScore {
                    repeat,
                    fold,
                    score: 60.0,
                    best_epoch: 1,
                    epochs: 1000,
                    metrics,
                });
            }
        }
        Ok(Evaluation { score: 60.0, weights: None })
    }
}

/// Makes nothing: nobody steers this study.
struct Nothing(BTreeMap<String, (f64, f64)>);

impl Maker for Nothing {
    fn sampler(&self, _: &Method, _: &SearchSpace, _: usize) -> Result<Made<Box<dyn Sampler>>, String> {
        Err("this study keeps its sampler".into())
    }

    fn pruner(&self, _: &Method, _: &StudySpec) -> Result<Made<Box<dyn Pruner>>, String> {
        Err("this study keeps its pruner".into())
    }

    fn layout(&self, workers: usize) -> Layout {
        Layout::of(workers, 1)
    }

    fn limits(&self) -> &BTreeMap<String, (f64, f64)> {
        &self.0
    }
}

/// Stalls for five seconds every six.
struct Stalling {
    store: MemoryStore,
    stalls: bool,
    last: Instant,
}

impl Storage for Stalling {
    fn append(&mut self, records: &[Record]) -> Result<(), StorageError> {
        if self.stalls && self.last.elapsed() > Duration::from_secs(1) {
            std::thread::sleep(Duration::from_secs(5));
            self.last = Instant::now();
        }
        self.store.append(records)
    }

    fn settle(&mut self, history: &History, paused: &BTreeSet<TrialId>) -> Result<(), StorageError> {
        self.store.settle(history, paused)
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench has its own clock")]
fn now() -> Timestamp {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64)
}

/// Shows what `words` name: `live` or `stall`, and how many slots.
pub fn run(words: &[String]) -> Result<(), Box<dyn Error>> {
    let stalls = words.first().is_some_and(|word| word == "stall");
    let slots = words.get(1).map_or(Ok(8), |word| word.parse())?;
    let row = |name| SAMPLERS.iter().find(|row| row.name == name).ok_or("no such sampler");
    let pruner = PRUNERS.iter().find(|row| row.name == "none").ok_or("no such pruner")?;
    let (sender, updates) = channel();
    let publish = sender.clone();
    let parts = Parts {
        sampler: (row("random")?.build)(&Settings::defaults(row("random")?.settings)),
        pruner: (pruner.build)(&Settings::defaults(pruner.settings)),
        executor: Box::new(Local::new(Arc::new(Ticking), Layout::of(slots, 1))?),
        maker: Box::new(Nothing(BTreeMap::new())),
        storage: Box::new(Stalling { store: MemoryStore::new(), stalls, last: Instant::now() }),
        retries: 0,
        clock: now,
        publish: Box::new(move |record| drop(publish.send(Update::Recorded(record.clone())))),
    };
    let study = Study::open(parts, study("staged", 1000), None, 1000)?;
    let history = study.history().clone();
    let handle = handle::spawn(study, sender)?;
    let (heavy, _for_heavy) = channel();
    let (light, _for_light) = channel();
    let (_outbox, answers) = channel();
    let signal = Arc::new(AtomicUsize::new(0));
    let (options, preferences) = (Options::default(), Preferences::default());
    let mut session = Session::take(Setup { options, preferences, clock: now, signal, suspends: false })?;
    let desk = Desk { heavy, light, answers };
    let (updates, commands) = (&updates, handle.commands.clone());
    session.watch(Dashboard { history, updates, commands, desk, menu: Menu::default() })?;
    Ok(())
}
