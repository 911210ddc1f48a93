//! A made-up study with every kind of event, for the tests of this module.

use std::collections::BTreeMap;

use crate::domain::direction::Direction;
use crate::domain::event::{Event, Level, Record, StudySpec};
use crate::domain::history::History;
use crate::domain::space::Distribution;
use crate::domain::testing;
use crate::domain::trial::{FoldScore, Report, TrialId};
use crate::domain::value::{Params, Value};

fn study() -> StudySpec {
    let rate = Distribution::Float { low: 1e-5, high: 0.1, log: true };
    let activation = Distribution::Choice { choices: vec!["relu".into(), "elu".into()] };
    StudySpec {
        direction: Direction::Maximize,
        fixed: Params::from([("filters".into(), Value::Int(16))]),
        // Not only ASCII: a journal may be cut within a character.
        data: "3 534 individuals × 1 000 SNPs, Größe".into(),
        ..testing::study(testing::space([("rate", rate), ("activation", activation)]))
    }
}

/// A study of `trials` trials, each started, reported on and, but for the last, ended somehow.
pub fn records(trials: usize) -> Vec<Record> {
    let mut events = vec![
        Event::StudyCreated { study: Box::new(study()) },
        Event::StudyOpened { trials, slots: 2, threads: 4, asked: None },
    ];
    for trial in 0..trials {
        trial_events(trial, trial + 1 == trials, &mut events);
    }
    let numbered = events.into_iter().zip(0..);
    numbered
        .map(|(event, sequence)| Record { sequence, at: 1_763_700_000_000 + 7 * sequence, event })
        .collect()
}

fn trial_events(trial: TrialId, last: bool, events: &mut Vec<Event>) {
    let params: Params = BTreeMap::from([
        ("rate".into(), Value::Float(0.1 / (1.0 + trial as f64 * 0.37))),
        ("activation".into(), Value::from(if trial.is_multiple_of(2) { "relu" } else { "elu" })),
    ]);
    let start = Event::TrialStarted {
        trial,
        params,
        seed: (1 << 53) - 1 - trial as u64,
        slot: trial % 2,
        origin: crate::domain::trial::Origin::default(),
    };
    let score = (trial as f64 * 0.77).sin();
    let report = |step| Event::TrialReported {
        trial,
        report: Report {
            step,
            repeat: 0,
            fold: 0,
            epoch: step,
            train_loss: Some(1.0 / 3.0),
            validation_loss: Some(1e-300),
            score: score - 0.1,
        },
    };
    let metrics = BTreeMap::from([("mse".into(), 0.1 + 0.2)]);
    let fold = FoldScore { repeat: 0, fold: 0, score, best_epoch: 1, epochs: 2, metrics };
    let reason = "said \"stop\"\nand more".to_owned();
    events.extend([start.clone(), report(0)]);
    match trial % 7 {
        _ if last => {}
        1 => events.push(Event::TrialPruned { trial, reason }),
        3 => events.extend([Event::TrialFailed { trial, reason }, Event::StudyPaused, Event::StudyResumed]),
        4 => events.push(Event::TrialCancelled { trial }),
        n => {
            if n == 5 {
                let text = "trial cut off".to_owned();
                events.push(Event::TrialRequeued { trial, reason });
                events.extend([Event::Noted { level: Level::Warning, text }, start, report(0)]);
            }
            events.extend([
                report(1),
                Event::FoldFinished { trial, fold },
                Event::TrialCompleted { trial, score, weights: None },
            ]);
        }
    }
}

/// The fold of `records`.
pub fn history(records: &[Record]) -> History {
    let mut history = History::begin(&records[0]).unwrap();
    records[1..].iter().for_each(|record| history.apply(record).unwrap());
    history
}

/// A note that may follow `sequence` records; cheap, because it need not be durable.
pub fn note(sequence: u64) -> Record {
    let event = Event::Noted { level: Level::Info, text: "after the crash".into() };
    Record { sequence, at: 1_763_800_000_000, event }
}
