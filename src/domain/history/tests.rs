use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::direction::Direction;
use crate::domain::testing::{Scripted, float, space};
use crate::domain::trial::{FoldScore, Report};
use crate::domain::value::{Params, Value};

fn params(x: f64) -> Params {
    Params::from([("x".to_owned(), Value::Float(x))])
}

/// Any event about one of the first few trials; most do not fit, some are not finite.
fn events() -> impl Strategy<Value = Event> {
    let trial = 0..4_usize;
    let number = prop_oneof![4 => 0.0..1.0, 1 => Just(f64::NAN)];
    let reason = || "because".to_owned();
    prop_oneof![
        3 => (trial.clone(), 0.0..1.2_f64, 0..2_u64).prop_map(|(trial, x, seed)| Event::TrialStarted {
            trial,
            // Two values only, so that a waiting trial is often started with what it was asked with.
            params: params(x.floor()),
            seed,
            slot: 0, origin: Origin::default()
        }),
        3 => (trial.clone(), 0..3_usize, number.clone()).prop_map(|(trial, step, score)| Event::TrialReported {
            trial,
            report: Report { step, repeat: 0, fold: 0, epoch: step, train_loss: Some(1.0), validation_loss: Some(1.0), score },
        }),
        2 => (trial.clone(), 0..2_usize, number.clone()).prop_map(|(trial, fold, score)| {
            let metrics = BTreeMap::from([("mse".to_owned(), score)]);
            Event::FoldFinished { trial, fold: FoldScore { repeat: 0, fold, score: 0.5, best_epoch: 0, epochs: 1, metrics } }
        }),
        2 => (trial.clone(), number).prop_map(|(trial, score)| Event::TrialCompleted { trial, score, weights: None }),
        1 => trial.clone().prop_map(move |trial| Event::TrialPruned { trial, reason: reason() }),
        1 => trial.clone().prop_map(move |trial| Event::TrialFailed { trial, reason: reason() }),
        1 => trial.clone().prop_map(|trial| Event::TrialCancelled { trial }),
        1 => trial.prop_map(move |trial| Event::TrialRequeued { trial, reason: reason() }),
        1 => prop_oneof![Just(Event::StudyPaused), Just(Event::StudyResumed)],
    ]
}

proptest! {
    #[test]
    fn whatever_is_tried_the_history_stays_sound(events in prop::collection::vec(events(), 0..80)) {
        let mut history = Scripted::new(&space([("x", float(0.0, 1.0))]), Direction::Minimize, 1).history().clone();
        for event in events {
            let before = history.clone();
            let record = Record { sequence: history.next_sequence(), at: history.last() + 1, event };
            let checked = history.check(&record.event);
            prop_assert_eq!(history.apply(&record), checked.clone());
            if checked.is_err() {
                prop_assert_eq!(&history, &before, "a refused event changes nothing");
            }
            for (old, new) in before.trials().iter().zip(history.trials()) {
                if old.state.is_finished() {
                    prop_assert_eq!(old, new, "a finished trial is never modified");
                }
            }
            let counts = history.counts();
            prop_assert_eq!(counts.finished() + counts.running + counts.waiting, history.trials().len());
            let best = history.trials().iter().filter_map(|t| t.score).min_by(f64::total_cmp);
            prop_assert_eq!(history.incumbent().and_then(|t| t.score), best);
            for trial in history.trials() {
                prop_assert!(trial.reports.iter().enumerate().all(|(i, r)| r.step == i && r.score.is_finite()));
                prop_assert_eq!(trial.finished.is_some(), trial.state.is_finished());
            }
        }
        let text = serde_json::to_string(&history).unwrap();
        let restored: History = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(restored.restore(history.trials().iter().map(|t| (**t).clone()).collect()).unwrap(), history);
    }
}

#[test]
fn a_gap_in_the_records_and_a_newer_format_are_refused() {
    let mut history = Scripted::new(&space([]), Direction::Minimize, 1).history().clone();
    let record = Record { sequence: 7, at: 1, event: Event::StudyPaused };
    assert_eq!(history.apply(&record), Err(EventError::Sequence { expected: 1, found: 7 }));
    let mut study = history.study().clone();
    study.format = FORMAT + 1;
    let created = Record { sequence: 0, at: 0, event: Event::StudyCreated { study: Box::new(study) } };
    assert_eq!(History::begin(&created), Err(EventError::NewerFormat { found: FORMAT + 1 }));
}

#[test]
fn time_counts_while_a_coordinator_is_at_work() {
    let mut history = Scripted::new(&space([]), Direction::Minimize, 1).history().clone();
    let opened = || Event::StudyOpened { trials: 1, slots: 1, threads: 1, asked: None };
    let start = history.last();
    // Ten seconds of work, an hour of nobody, five seconds of work, a clock set back, two seconds.
    let times = [0, 10_000, 3_610_000, 3_615_000, 3_000_000, 3_002_000];
    let paused = || Event::StudyPaused;
    for (event, at) in [opened(), paused(), opened(), paused(), paused(), paused()].into_iter().zip(times) {
        history.apply(&Record { sequence: history.next_sequence(), at: start + at, event }).unwrap();
    }
    assert_eq!(history.active_ms(), 17_000);
}

#[test]
fn a_promoted_trial_has_run_for_as_long_as_all_its_legs_and_one_that_begins_anew_as_the_last() {
    let mut study = Scripted::new(&space([("x", float(0.0, 1.0))]), Direction::Minimize, 1);
    let seconds = |study: &Scripted| study.history().trials()[0].seconds(study.history().last());
    let go_on = |study: &mut Scripted| {
        study.apply(Event::TrialPromoted { trial: 0, reason: "2nd of 9".into() });
        let paused = seconds(study);
        (0..5).for_each(|_| study.apply(Event::StudyResumed));
        assert_eq!(seconds(study), paused, "it waits");
        let origin = Origin::default();
        study.apply(Event::TrialStarted { trial: 0, params: params(0.5), seed: 0, slot: 0, origin });
    };
    // A second an event: a report and the end.
    study.prune(params(0.5), 1.0);
    study.complete(params(0.6), 1.0);
    assert_eq!(seconds(&study), 2.0);
    go_on(&mut study);
    study.report(0, 1.0);
    assert_eq!(seconds(&study), 3.0);
    study.apply(Event::TrialPruned { trial: 0, reason: "worse".into() });
    go_on(&mut study);
    study.report(0, 1.0);
    let mut completed = study.clone();
    completed.apply(Event::TrialCompleted { trial: 0, score: 1.0, weights: None });
    completed.complete(params(0.7), 1.0);
    assert_eq!(seconds(&completed), 6.0);
    let stored = serde_json::to_string(&*completed.history().trials()[0]).unwrap();
    assert!(stored.contains("\"earlier_ms\":4000"), "{stored}");
    let stored = serde_json::to_string(&*completed.history().trials()[1]).unwrap();
    assert!(!stored.contains("earlier_ms"), "{stored}");
    study.apply(Event::TrialRequeued { trial: 0, reason: "interrupted".into() });
    let origin = Origin::default();
    study.apply(Event::TrialStarted { trial: 0, params: params(0.5), seed: 0, slot: 0, origin });
    study.report(0, 1.0);
    assert_eq!(seconds(&study), 1.0);
}
