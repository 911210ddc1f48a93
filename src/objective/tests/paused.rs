//! Trials that were paused end with the same bits as those that never were.

use super::*;
use crate::domain::objective::{Done, Pause};

/// Every place within every training.
fn everywhere(trainings: usize, epochs: usize) -> Vec<Pause> {
    (0..trainings).flat_map(|training| (1..epochs).map(move |epochs| Pause { training, epochs })).collect()
}

/// What a trial told and left behind.
#[derive(Debug, PartialEq)]
struct Trained {
    score: u64,
    reports: Vec<Report>,
    folds: Vec<FoldScore>,
    warnings: usize,
    weights: Vec<Vec<u8>>,
}

fn trained_by(objective: &CrossValidation, job: &Job) -> Trained {
    let recorder = Recorder::default();
    let score = objective.evaluate(job, &recorder).unwrap().score.to_bits();
    let (reports, folds, warnings) =
        (recorder.reports.take(), recorder.folds.take(), recorder.warnings.take());
    let folder = objective.checkpoints.as_ref().unwrap();
    let weights = |(repeat, fold)| std::fs::read(weights_file(folder, 3, repeat, fold)).unwrap();
    let trainings = reports.last().map_or(0, |r| r.repeat) + 1;
    let places = (0..trainings).flat_map(|repeat| [(repeat, 0), (repeat, 1)]);
    Trained { score, reports, folds, warnings: warnings.len(), weights: places.map(weights).collect() }
}

/// Stops a trial with report number `stop_at`, and what it told until then.
fn paused_at(objective: &CrossValidation, job: &Job, stop_at: usize) -> (Vec<Report>, Done) {
    let recorder = Recorder { stop_at: Some(stop_at), ..Default::default() };
    assert!(matches!(objective.evaluate(job, &recorder), Err(ObjectiveError::Stopped)));
    let (reports, folds) = (recorder.reports.take(), recorder.folds.take());
    let done = Done { reports: reports.len(), folds };
    (reports, done)
}

#[test]
fn a_trial_that_was_paused_anywhere_ends_as_one_that_never_was() {
    let stopping: [(&str, Value); 2] =
        [("early_stopping.patience", 2.into()), ("early_stopping.monitor", "validation-loss".into())];
    let cases: [&[(&str, Value)]; 4] = [
        &[("optimizer", "nadam".into()), ("schedule", "plateau".into()), ("plateau.patience", 1.into())],
        &[("optimizer", "adamw".into()), ("schedule", "cosine".into()), ("repeats", 2.into())],
        &[("optimizer", "sgd".into()), ("momentum", 0.9.into()), ("restore_best", false.into())],
        &stopping,
    ];
    for (i, case) in cases.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let mut objective = trained("mse", &[case, &[("epochs", 5.into())]].concat());
        objective.checkpoints = Some(folder.path().to_owned());
        // Dropout draws numbers, batch norm moves statistics.
        for (name, value) in [("dropout", Value::Float(0.2)), ("batch_norm", "before".into())] {
            objective.fixed.insert(name.into(), value);
        }
        let begun = Job { pauses: everywhere(4, 5), ..job(1e-2) };
        let whole = trained_by(&objective, &begun);
        // Every place of the first case, some of the others.
        for stop_at in (0..whole.reports.len() - 1).step_by(if i == 0 { 1 } else { 3 }) {
            std::fs::remove_dir_all(folder.path().join("trial-3")).unwrap();
            let (before, done) = paused_at(&objective, &begun, stop_at);
            let told = done.folds.clone();
            let mut again = trained_by(&objective, &Job { done, ..begun.clone() });
            // At the last epoch of a training nothing is kept: it ends there, whatever a pruner says.
            let ended = before.last().is_some_and(|r| r.epoch == 4);
            assert_eq!(again.warnings, usize::from(ended), "{case:?}, {stop_at}");
            if !ended {
                again.reports.splice(0..0, before);
                again.folds.splice(0..0, told);
            }
            again.warnings = 0;
            assert_eq!(again, whole, "{case:?}, stopped at report {stop_at}");
        }
    }
}

#[test]
fn a_trial_whose_state_is_lost_or_damaged_is_trained_again_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut objective = objective("mse", 4);
    objective.checkpoints = Some(folder.path().to_owned());
    let begun = Job { pauses: everywhere(2, 4), ..job(1e-2) };
    let whole = trained_by(&objective, &begun);
    let state = folder.path().join("trial-3/state");
    let damage: [&dyn Fn(); 4] = [
        &|| std::fs::remove_file(&state).unwrap(),
        &|| std::fs::write(&state, "half of it").unwrap(),
        &|| std::fs::remove_file(weights_file(folder.path(), 3, 0, 0)).unwrap(),
        &|| {
            // Of another place: a state that was not written because the disk was full.
            let other = paused_at(&objective, &begun, 1).1;
            assert!(other.folds.is_empty());
        },
    ];
    for (i, spoil) in damage.iter().enumerate() {
        let (_, done) = paused_at(&objective, &begun, 5);
        assert_eq!(done.folds.len(), 1);
        spoil();
        let mut again = trained_by(&objective, &Job { done, ..begun.clone() });
        assert_eq!(again.warnings, 1, "damage {i}");
        again.warnings = 0;
        assert_eq!(again, whole, "damage {i}");
    }
    objective.checkpoints = None;
    let recorder = Recorder::default();
    let done = Done { reports: 2, folds: vec![] };
    let score = objective.evaluate(&Job { done, ..begun }, &recorder).unwrap().score;
    assert_eq!((score.to_bits(), recorder.warnings.take().len()), (whole.score, 1), "without a store");
}

#[test]
fn between_two_folds_nothing_needs_to_be_kept() {
    let objective = objective("mse", 2);
    let whole = Recorder::default();
    let score = objective.evaluate(&job(1e-3), &whole).unwrap().score;
    let folds = whole.folds.take();
    let recorder = Recorder::default();
    let done = Done { reports: 2, folds: folds[..1].to_vec() };
    let again = objective.evaluate(&Job { done, ..job(1e-3) }, &recorder).unwrap().score;
    assert_eq!(again.to_bits(), score.to_bits());
    assert!(recorder.warnings.take().is_empty());
    assert_eq!(recorder.folds.take(), folds[1..]);
    assert_eq!(recorder.reports.take(), whole.reports.take()[2..]);
}
