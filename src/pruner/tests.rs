//! What every pruner must hold to.

use super::*;
use crate::domain::course::Course;
use crate::domain::direction::Direction;
use crate::domain::event::Event;
use crate::domain::setting::Accepts;
use crate::domain::table::find;
use crate::domain::testing::{Scripted, float, space};
use crate::domain::trial::TrialState;
use crate::domain::value::{Params, Value, counted};

const FOLDS: usize = 6;
const EPOCHS: usize = 9;

/// A row of the table; of patience with one of the rules that must agree.
#[derive(Debug)]
struct Case {
    name: &'static str,
    rule: Option<&'static str>,
}

/// All of them. Patience alone ends the best trial too, if its score stays the same, as it does here.
fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = PRUNERS.iter().map(|row| Case { name: row.name, rule: None }).collect();
    let rule = patient::ROW.settings.iter().find(|setting| setting.name == "rule").unwrap();
    let Accepts::Word(words) = rule.accepts else { panic!("a rule is a word") };
    let others = words.iter().filter(|word| **word != "none");
    cases.extend(others.map(|word| Case { name: patient::ROW.name, rule: Some(word) }));
    cases
}

/// With settings under which it has something to do in a study of six folds of at most nine epochs.
fn build(case: &Case) -> Box<dyn Pruner> {
    let mut given: Vec<(&str, Value)> = match case.name {
        "threshold" => vec![("lower", Value::Float(-30.0)), ("upper", Value::Float(30.0))],
        "patient" => vec![("patience", Value::Int(4))],
        _ => vec![],
    };
    given.extend(case.rule.map(|rule| ("rule", Value::from(rule))));
    let row = find(PRUNERS, case.name).unwrap();
    (row.build)(&Settings::with(row.settings, &given))
}

fn begin(direction: Direction) -> Scripted {
    Scripted::folded(&space([("x", float(0.0, 1.0))]), direction, FOLDS, EPOCHS)
}

/// A trial with the same cost in all its epochs, a little more in later folds, looked at as a study does; where it
/// was ended, and why.
fn run(study: &mut Scripted, pruner: &dyn Pruner, cost: f64) -> (TrialId, Option<(usize, String)>) {
    let trial = study.start(Params::from([("x".to_owned(), Value::Float(0.5))]));
    (trial, go_on(study, pruner, trial, cost))
}

fn go_on(study: &mut Scripted, pruner: &dyn Pruner, trial: TrialId, cost: f64) -> Option<(usize, String)> {
    let direction = study.history().study().direction;
    let look = |study: &Scripted| {
        let (history, t) = (study.history(), study.history().trial(trial)?);
        let reason = pruner.decide(history, trial);
        assert_eq!(reason, pruner.decide(history, trial), "asked twice");
        assert!(reason.is_none() || pruner.is_due(history.study(), t, trial), "not due, but {reason:?}");
        reason.map(|reason| (t.reports.len(), reason))
    };
    let (folds, reports) = {
        let t = &study.history().trials()[trial];
        (t.folds.len(), Course::of(study.history().study()).current(t).len())
    };
    for fold in folds..FOLDS {
        let score = direction.cost(cost + fold as f64 / 64.0);
        for _ in if fold == folds { reports } else { 0 }..EPOCHS {
            study.report(trial, score);
            if let Some(end) = look(study) {
                study.apply(Event::TrialPruned { trial, reason: end.1.clone() });
                return Some(end);
            }
        }
        study.finish_fold(trial, score);
        if fold + 1 < FOLDS
            && let Some(end) = look(study)
        {
            study.apply(Event::TrialPruned { trial, reason: end.1.clone() });
            return Some(end);
        }
    }
    let score = direction.cost(cost + (FOLDS - 1) as f64 / 128.0);
    study.apply(Event::TrialCompleted { trial, score, weights: None });
    None
}

/// Twelve trials that may be ended or not, after some that went wrong.
fn busy(direction: Direction, pruner: &dyn Pruner) -> Scripted {
    let mut study = begin(direction);
    let at = |x| Params::from([("x".to_owned(), Value::Float(x))]);
    study.fail(at(0.1));
    study.cancel(at(0.2));
    study.requeue(at(0.3));
    for i in [5, 3, 9, 8, 4, 11, 6, 7, 10, 12, 13, 14] {
        run(&mut study, pruner, f64::from(i));
    }
    study
}

#[test]
fn no_pruner_ends_the_best_trial_a_trial_without_reports_or_an_unknown_one() {
    for case in &cases() {
        for direction in [Direction::Minimize, Direction::Maximize] {
            let pruner = build(case);
            let mut study = busy(direction, &*pruner);
            let silent = study.start(Params::from([("x".to_owned(), Value::Float(0.9))]));
            assert_eq!(pruner.decide(study.history(), silent), None, "{case:?}");
            assert_eq!(pruner.decide(study.history(), 99), None, "{case:?}");
            for cost in [2.0, 1.0, 0.0] {
                assert_eq!(run(&mut study, &*pruner, cost).1, None, "{case:?}, {direction:?}");
            }
        }
    }
}

#[test]
fn only_none_spares_the_worst_trials_and_all_give_a_reason() {
    for case in &cases() {
        let pruner = build(case);
        let mut study = busy(Direction::Minimize, &*pruner);
        // One of them is in hyperband's bracket that ends none.
        let ends: Vec<_> = (0..6).filter_map(|_| run(&mut study, &*pruner, 50.0).1).collect();
        assert_eq!(ends.is_empty(), case.name == "none", "{case:?}");
        for (reports, reason) in ends {
            assert!(reports < FOLDS * EPOCHS, "{case:?}");
            assert!(reason.len() > 10 && !reason.ends_with('.'), "{case:?}: {reason}");
        }
    }
}

#[test]
fn decisions_are_the_same_in_both_directions_and_of_another_pruner() {
    for case in &cases() {
        let ends = |direction| {
            let study = busy(direction, &*build(case));
            let of = |t: &std::sync::Arc<Trial>| (t.state.word(), t.reports.len(), t.folds.len());
            study.history().trials().iter().map(of).collect::<Vec<_>>()
        };
        assert_eq!(ends(Direction::Minimize), ends(Direction::Maximize), "{case:?}");
        assert_eq!(ends(Direction::Minimize), ends(Direction::Minimize), "{case:?}");
    }
}

#[test]
fn promotions_come_to_an_end_and_each_goes_further() {
    for case in &cases() {
        let pruner = build(case);
        let mut study = busy(Direction::Minimize, &*pruner);
        study.apply(Event::StudyOpened { trials: 99, slots: 1, threads: 1, asked: None });
        let mut promotions = 0;
        while let Some((trial, reason)) = pruner.promote(study.history()) {
            promotions += 1;
            assert!(reason.contains("rung") && promotions < 200, "{case:?}: {reason}");
            let known = study.history().trials()[trial].clone();
            assert!(matches!(known.state, TrialState::Pruned { .. }), "{case:?}");
            assert!(pruner.promotable(study.history()).contains(&trial), "{case:?}: {trial}");
            study.apply(Event::TrialPromoted { trial, reason });
            let start = || Event::TrialStarted {
                trial,
                params: known.params.clone(),
                seed: known.seed,
                slot: 0,
                origin: crate::domain::trial::Origin::default(),
            };
            study.apply(start());
            // Cut off with its process, it begins anew, and is not judged where it has been.
            if promotions % 2 == 0 {
                study.apply(Event::TrialRequeued { trial, reason: "interrupted".into() });
                study.apply(start());
            }
            let end = go_on(&mut study, &*pruner, trial, known.reports[0].score);
            assert!(end.is_none_or(|(reports, _)| reports > known.reports.len()), "{case:?}");
        }
        let climbs = ["asha", "hyperband"].contains(&case.name);
        assert_eq!(!pruner.pauses(study.history().study(), 0).is_empty(), climbs, "{case:?}");
        assert_eq!(pruner.promotes(), climbs, "{case:?}");
        assert!(climbs || promotions == 0, "{case:?}");
    }
}

#[test]
fn numbers_are_put_into_words() {
    let words = [1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111].map(ordinal);
    assert_eq!(words, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "101st", "111th"]);
    assert_eq!([counted(1, "fold"), counted(2, "fold")], ["1 fold", "2 folds"]);
}
