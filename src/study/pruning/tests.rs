//! Studies whose pruner promotes what it has paused.

use super::super::tests::{Published, Stepwise, Tail, essence, finish, parts, replay, spec};
use super::super::{Parts, Study};
use crate::domain::command::End;
use crate::domain::event::{Event, Record, StudySpec};
use crate::domain::history::History;
use crate::domain::seed::of_replicate;
use crate::domain::setting::Settings;
use crate::domain::space::Distribution;
use crate::domain::table::find;
use crate::domain::testing;
use crate::domain::trial::{Trial, TrialState};
use crate::pruner::{PRUNERS, Pruner};
use crate::storage::memory::MemoryStore;

/// Rungs after the first epoch and after the first of the two folds; the better half goes on.
fn halving(name: &str) -> Box<dyn Pruner> {
    let row = find(PRUNERS, name).unwrap();
    (row.build)(&Settings::with(row.settings, &[("min_resource", 1.into()), ("reduction", 2.into())]))
}

fn halving_parts(name: &str, slots: usize) -> (Parts, Published) {
    let (parts, published) = parts(slots, 1.0);
    (Parts { pruner: halving(name), ..parts }, published)
}

fn open(name: &str, spec: StudySpec, history: Option<History>, trials: usize) -> (Study, Published) {
    let (mut parts, published) = halving_parts(name, 1);
    if history.is_some() {
        parts.storage = Box::new(Tail(MemoryStore::new()));
    }
    (Study::open(parts, spec, history, trials).unwrap(), published)
}

fn essences(history: &History) -> Vec<Trial> {
    history.trials().iter().map(|t| essence(t)).collect()
}

fn promoted(records: &[Record]) -> Vec<usize> {
    let of = |r: &Record| match r.event {
        Event::TrialPromoted { trial, .. } => Some(trial),
        _ => None,
    };
    records.iter().filter_map(of).collect()
}

#[test]
fn interrupted_after_any_record_a_study_with_promotions_ends_as_if_it_had_not_been() {
    for name in ["asha", "hyperband"] {
        let mut ended = Vec::new();
        for seed in 0..6 {
            let spec = || StudySpec { seed, ..spec() };
            let (mut undisturbed, published) = open(name, spec(), None, 16);
            assert_eq!(finish(&mut undisturbed), End::Done);
            let expected = essences(undisturbed.history());
            let records = published.lock().unwrap().clone();
            assert_eq!(&replay(&records), undisturbed.history(), "what is published is all there is");
            ended.extend(promoted(&records).into_iter().map(|trial| expected[trial].state.word()));
            for cut in 1..records.len() {
                let (mut resumed, _) = open(name, spec(), Some(replay(&records[..cut])), 16);
                assert_eq!(finish(&mut resumed), End::Done);
                assert_eq!(essences(resumed.history()), expected, "{name}, interrupted after record {cut}");
            }
        }
        // Of few trials in each of its brackets, hyperband promotes none that completes.
        let complete = ended.contains(&"complete") || name == "hyperband";
        assert!(complete && ended.contains(&"pruned"), "{name}: {ended:?}");
    }
}

#[test]
fn each_replicate_promotes_its_own_trials() {
    let (mut study, _) = open("asha", StudySpec { replicates: 2, ..spec() }, None, 20);
    assert_eq!(finish(&mut study), End::Done);
    for replicate in 0..2 {
        let single = StudySpec { seed: of_replicate(11, replicate), ..spec() };
        let (mut single, published) = open("asha", single, None, 10);
        assert_eq!(finish(&mut single), End::Done);
        assert!(!promoted(&published.lock().unwrap()).is_empty());
        let own = study.history().replicate(replicate);
        assert_eq!(essences(&own), essences(single.history()), "replicate {replicate}");
    }
}

#[test]
fn what_is_owed_is_promoted_before_a_study_ends_and_counts_stay_whole() {
    for slots in [1, 3] {
        let (parts, published) = halving_parts("asha", slots);
        let mut study = Study::open(parts, spec(), None, 16).unwrap();
        assert_eq!(finish(&mut study), End::Done);
        let history = study.history();
        assert_eq!(halving("asha").promote(history), None, "{slots} slots");
        let counts = history.counts();
        assert_eq!((counts.finished(), counts.waiting, counts.running), (16, 0, 0));
        let complete = history.trials().iter().filter(|t| t.state == TrialState::Complete);
        assert!(complete.clone().all(|t| t.reports.len() == 4 && t.folds.len() == 2));
        // Of 16 half go on from the first rung, and half of those from the second, but for those that were ahead
        // when they came, and for what failed.
        assert!((2..=6).contains(&complete.count()) && counts.pruned >= 7, "{counts:?}");
        let records = published.lock().unwrap();
        let starts = records.iter().filter(|r| matches!(r.event, Event::TrialStarted { .. })).count();
        assert_eq!(starts, 16 + promoted(&records).len(), "each promotion starts its trial once");
    }
}

#[test]
fn when_a_worker_hears_of_a_pause_changes_nothing() {
    let ends = |late: usize| {
        let (mut parts, _) = halving_parts("asha", 1);
        parts.executor = Box::new(Stepwise { slots: vec![None], most: 1, late });
        let mut study = Study::open(parts, spec(), None, 16).unwrap();
        assert_eq!(finish(&mut study), End::Done);
        essences(study.history())
    };
    let prompt = ends(0);
    for late in [1, 9] {
        assert_eq!(ends(late), prompt, "{late} messages late");
    }
}

#[test]
fn jobs_know_how_far_their_trials_are_and_where_they_may_be_paused() {
    let (mut study, _) = open("asha", spec(), None, 16);
    let job = study.job(0, crate::domain::value::Params::new(), 1);
    // After the first epoch of the first fold; behind the fold's end there is nothing to keep.
    assert_eq!(job.pauses.iter().map(|p| (p.training, p.epochs)).collect::<Vec<_>>(), [(0, 1)]);
    while study.next_promotion().is_none() {
        assert_eq!(study.turn().unwrap(), None);
    }
    let (trial, _) = study.next_promotion().unwrap();
    study.promote().unwrap();
    let (job, _) = study.next_job().unwrap().unwrap();
    let known = study.history().trial(trial).unwrap();
    assert_eq!((job.trial, job.done.reports, &job.done.folds), (trial, known.reports.len(), &known.folds));
    assert!(job.done.reports > 0);
}

/// Ends trials of which two folds have ended.
struct TwoFolds;

impl Pruner for TwoFolds {
    fn decide(&self, history: &History, trial: usize) -> Option<String> {
        (history.trial(trial)?.folds.len() >= 2).then(|| "two folds".to_owned())
    }
}

#[test]
fn a_trial_of_fewer_repeats_than_others_is_not_judged_after_its_own_last_fold() {
    let choices = vec![1.into(), 3.into()];
    let space =
        testing::space([("x", testing::float(0.0, 1.0)), ("repeats", Distribution::Choice { choices })]);
    for late in [0, 1, 9] {
        let (mut parts, _) = parts(1, 1.0);
        parts.pruner = Box::new(TwoFolds);
        parts.executor = Box::new(Stepwise { slots: vec![None], most: 1, late });
        let spec = StudySpec { repeats: 3, space: space.clone(), ..spec() };
        let mut study = Study::open(parts, spec, None, 20).unwrap();
        assert_eq!(finish(&mut study), End::Done);
        let ends = |repeats: i64| {
            let trials = study.history().trials().iter();
            let of_them = trials.filter(|t| t.params["repeats"] == repeats.into() && !t.reports.is_empty());
            let ends = of_them.filter(|t| t.state.word() != "failed");
            ends.map(|t| (t.state.word(), t.folds.len())).collect::<Vec<_>>()
        };
        let (single, threefold) = (ends(1), ends(3));
        assert!(single.len() > 3 && single.iter().all(|end| *end == ("complete", 2)), "{single:?}");
        assert!(threefold.len() > 3 && threefold.iter().all(|end| *end == ("pruned", 2)), "{threefold:?}");
    }
}
