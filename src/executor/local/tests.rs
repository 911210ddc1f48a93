use std::collections::HashMap;

use super::*;
use crate::domain::value::{Params, Value};

/// Reports for ever, panics, fails, or returns NaN, as its parameter says.
struct Scripted;

impl Objective for Scripted {
    fn evaluate(&self, job: &Job, reporter: &dyn Reporter) -> Result<Evaluation, ObjectiveError> {
        let scored = |score| Ok(Evaluation { score, weights: Some(7) });
        match job.params.get("what") {
            Some(Value::Text(w)) if w == "panic" => panic!("bad index 7"),
            Some(Value::Text(w)) if w == "fail" => Err(ObjectiveError::Failed("no rows".into())),
            Some(Value::Text(w)) if w == "nan" => scored(f64::NAN),
            Some(Value::Text(w)) if w == "threads" => scored(rayon::current_num_threads() as f64),
            _ => {
                for step in 0.. {
                    let report = Report {
                        step,
                        repeat: 0,
                        fold: 0,
                        epoch: step,
                        train_loss: Some(1.0),
                        validation_loss: Some(1.0),
                        score: 1.0,
                    };
                    if reporter.report(report) == Verdict::Stop {
                        return Err(ObjectiveError::Stopped);
                    }
                    std::thread::sleep(Duration::from_millis(1));
                }
                unreachable!()
            }
        }
    }
}

fn job(trial: TrialId, what: &str) -> Job {
    Job::new(trial, Params::from([("what".into(), Value::from(what))]), 0)
}

fn ends(executor: &mut Local, wanted: usize) -> HashMap<TrialId, Outcome> {
    let mut ends = HashMap::new();
    for _ in 0..2000 {
        for message in executor.poll(Duration::from_millis(20)) {
            if let Message::Ended { trial, outcome } = message {
                ends.insert(trial, outcome);
            }
        }
        if ends.len() == wanted {
            return ends;
        }
    }
    panic!("only {ends:?} ended");
}

#[test]
fn whatever_a_trial_does_its_slot_goes_on() {
    let mut executor = Local::new(Arc::new(Scripted), Layout::of(1, 2)).unwrap();
    for (trial, what) in ["panic", "fail", "nan", "threads"].into_iter().enumerate() {
        executor.submit(0, job(trial, what)).unwrap();
        assert!(executor.free_slot().is_none());
        assert!(executor.submit(0, job(9, "fail")).is_err(), "the slot is taken");
        let outcome = ends(&mut executor, 1).remove(&trial).unwrap();
        match what {
            "panic" => assert_eq!(outcome, Outcome::Failed { reason: "panicked: bad index 7".into() }),
            "fail" => assert_eq!(outcome, Outcome::Failed { reason: "no rows".into() }),
            "nan" => assert_eq!(outcome, Outcome::Failed { reason: "the score is NaN".into() }),
            _ => {
                let expected = Evaluation { score: 2.0, weights: Some(7) };
                assert_eq!(outcome, Outcome::Complete(expected), "jobs run in the slot's pool");
            }
        }
        assert_eq!(executor.free_slot(), Some(0));
    }
}

#[test]
fn stop_reaches_only_the_trial_it_names() {
    let mut executor = Local::new(Arc::new(Scripted), Layout::of(2, 1)).unwrap();
    executor.submit(0, job(5, "report")).unwrap();
    executor.submit(1, job(6, "report")).unwrap();
    executor.stop(6);
    executor.stop(77);
    assert_eq!(ends(&mut executor, 1), HashMap::from([(6, Outcome::Stopped)]));
    assert_eq!(executor.free_slot(), Some(1));
    executor.stop(5);
    assert_eq!(ends(&mut executor, 1), HashMap::from([(5, Outcome::Stopped)]));
}

/// Waits for the verdict after each report; its score is the report that it was stopped with.
struct Asking;

impl Objective for Asking {
    fn evaluate(&self, _: &Job, reporter: &dyn Reporter) -> Result<Evaluation, ObjectiveError> {
        for step in 0..5 {
            let (train_loss, validation_loss) = (None, None);
            let report =
                Report { step, repeat: 0, fold: 0, epoch: step, train_loss, validation_loss, score: 1.0 };
            reporter.report(report);
            if reporter.settled() == Verdict::Stop {
                return Ok(Evaluation { score: step as f64, weights: None });
            }
        }
        Err(ObjectiveError::Failed("nobody stopped it".into()))
    }
}

#[test]
fn a_job_that_waits_for_its_verdict_does_nothing_in_vain() {
    let mut executor = Local::new(Arc::new(Asking), Layout::of(1, 1)).unwrap();
    for stop_at in [0, 2] {
        executor.submit(0, job(1, "")).unwrap();
        let ended = (0..2000).flat_map(|_| executor_round(&mut executor, stop_at)).next();
        let score = stop_at as f64;
        assert_eq!(ended, Some(Outcome::Complete(Evaluation { score, weights: None })));
    }
}

/// Polls once and stops the trial at a report.
fn executor_round(executor: &mut Local, stop_at: usize) -> Option<Outcome> {
    let mut ended = None;
    for message in executor.poll(Duration::from_millis(20)) {
        match message {
            Message::Reported { trial, report } if report.step == stop_at => executor.stop(trial),
            Message::Ended { outcome, .. } => ended = Some(outcome),
            _ => {}
        }
    }
    ended
}

#[test]
fn what_a_paused_trial_has_told_is_not_told_again() {
    let mut executor = Local::new(Arc::new(Asking), Layout::of(1, 1)).unwrap();
    let done = crate::domain::objective::Done { reports: 3, folds: Vec::new() };
    executor.submit(0, Job { done, ..job(1, "") }).unwrap();
    let mut steps = Vec::new();
    for _ in 0..2000 {
        for message in executor.poll(Duration::from_millis(20)) {
            match message {
                Message::Reported { report, .. } => steps.push(report.step),
                Message::Ended { .. } => {
                    assert_eq!(steps, [3, 4]);
                    return;
                }
                _ => {}
            }
        }
    }
    panic!("it did not end");
}

/// Runs until it is stopped; says how many jobs ran with it at once, and on how many threads.
#[derive(Default)]
struct Counting {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Objective for Counting {
    fn evaluate(&self, job: &Job, reporter: &dyn Reporter) -> Result<Evaluation, ObjectiveError> {
        let threads = rayon::current_num_threads();
        let now = self.now.fetch_add(threads, Ordering::SeqCst) + threads;
        self.most.fetch_max(now, Ordering::SeqCst);
        let outcome = Scripted.evaluate(job, reporter);
        self.now.fetch_sub(threads, Ordering::SeqCst);
        match outcome {
            Err(ObjectiveError::Stopped) => Ok(Evaluation { score: threads as f64, weights: None }),
            other => other,
        }
    }
}

#[test]
fn slots_come_and_go_while_jobs_run_and_never_have_more_threads_than_there_are_cores() {
    let objective = Counting::default();
    let most = Arc::clone(&objective.most);
    let mut executor = Local::new(Arc::new(objective), Layout { slots: 2, threads: 2, cores: 4 }).unwrap();
    let (mut trial, mut running) = (0, Vec::new());
    let mut fill = |executor: &mut Local, running: &mut Vec<TrialId>| {
        let before = running.len();
        while let Some(slot) = executor.free_slot() {
            executor.submit(slot, job(trial, "report")).unwrap();
            running.push(trial);
            trial += 1;
        }
        running.len() - before
    };
    let end = |executor: &mut Local, running: &mut Vec<TrialId>, trial: TrialId| {
        executor.stop(trial);
        running.retain(|other| *other != trial);
        match ends(executor, 1).remove(&trial) {
            Some(Outcome::Complete(evaluation)) => evaluation.score,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(fill(&mut executor, &mut running), 2);
    // Up: those that run keep their threads, so that there is no room before one of them ends.
    executor.arrange(Layout { slots: 4, threads: 1, cores: 4 }).unwrap();
    assert_eq!(executor.layout().slots, 4);
    assert_eq!(fill(&mut executor, &mut running), 0);
    assert_eq!(end(&mut executor, &mut running, 0), 2.0);
    assert_eq!(fill(&mut executor, &mut running), 2, "two of one thread each beside one of two");
    assert_eq!(end(&mut executor, &mut running, 1), 2.0);
    assert_eq!((fill(&mut executor, &mut running), running.len()), (2, 4));
    // Down: the surplus finish, and nothing starts until as few are left as are wanted.
    executor.arrange(Layout { slots: 1, threads: 4, cores: 4 }).unwrap();
    for left in (0..4).rev() {
        let trial = running[0];
        assert_eq!(end(&mut executor, &mut running, trial), 1.0, "it had one thread to its end");
        let started = fill(&mut executor, &mut running);
        assert_eq!(started, usize::from(left == 0), "{left} left");
        assert!(executor.slots.len() <= left.max(1) + 3);
    }
    assert_eq!(executor.slots.len(), 1, "the others are closed");
    let last = running[0];
    assert_eq!(end(&mut executor, &mut running, last), 4.0);
    assert_eq!(most.load(Ordering::SeqCst), 4);
}
