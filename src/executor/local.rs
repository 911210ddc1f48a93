//! Trials on this machine: one thread and one rayon pool a slot.

use std::any::Any;
use std::cell::Cell;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{Executor, ExecutorError, Message, Outcome};
use crate::domain::objective::{Evaluation, Job, Objective, ObjectiveError, Reporter, Verdict};
use crate::domain::trial::{FoldScore, Report, TrialId};

/// Runs jobs in the threads of this process.
///
/// Dropping it tells every job to stop at its next report and does not wait, unless the objective does.
pub struct Local {
    objective: Arc<dyn Objective>,
    slots: Vec<Slot>,
    threads: usize,
    messages: Receiver<(usize, Message)>,
}

struct Slot {
    jobs: Sender<Assignment>,
    running: Option<(TrialId, Arc<Signals>)>,
    /// Messages of the job that were handed on.
    delivered: usize,
}

struct Assignment {
    job: Job,
    signals: Arc<Signals>,
}

/// What a job hears of the study.
#[derive(Default)]
struct Signals {
    /// It is to stop.
    stop: AtomicBool,
    /// How many of its messages the study has followed.
    followed: AtomicUsize,
}

/// How long a job that waits for its verdict sleeps before it looks again.
const NAP: Duration = Duration::from_micros(200);

impl Local {
    /// `slots` slots of `threads` threads each.
    ///
    /// # Errors
    /// Where the system refuses a thread.
    pub fn new(objective: Arc<dyn Objective>, slots: usize, threads: usize) -> Result<Self, ExecutorError> {
        let (sender, messages) = channel();
        let slots = (0..slots)
            .map(|slot| {
                let pool = ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .thread_name(move |i| format!("slot-{slot}-{i}"))
                    .build()
                    .map_err(|e| ExecutorError(format!("failed to start the threads of slot {slot}: {e}")))?;
                let (jobs, inbox) = channel();
                let (objective, sender) = (Arc::clone(&objective), sender.clone());
                std::thread::Builder::new()
                    .name(format!("slot-{slot}"))
                    .spawn(move || work(slot, &inbox, &pool, &*objective, &sender))
                    .map_err(|e| ExecutorError(format!("failed to start the thread of slot {slot}: {e}")))?;
                Ok(Slot { jobs, running: None, delivered: 0 })
            })
            .collect::<Result<_, ExecutorError>>()?;
        Ok(Local { objective, slots, threads, messages })
    }
}

impl Executor for Local {
    fn slots(&self) -> usize {
        self.slots.len()
    }

    fn threads(&self) -> usize {
        self.threads
    }

    fn free_slot(&self) -> Option<usize> {
        self.slots.iter().position(|s| s.running.is_none())
    }

    fn submit(&mut self, slot: usize, job: Job) -> Result<(), ExecutorError> {
        let Some(place) = self.slots.get_mut(slot).filter(|s| s.running.is_none()) else {
            return Err(ExecutorError(format!("slot {slot} is not free")));
        };
        let signals = Arc::<Signals>::default();
        let trial = job.trial;
        place
            .jobs
            .send(Assignment { job, signals: Arc::clone(&signals) })
            .map_err(|_| ExecutorError(format!("the worker of slot {slot} is gone")))?;
        (place.running, place.delivered) = (Some((trial, signals)), 0);
        Ok(())
    }

    fn stop(&mut self, trial: TrialId) {
        for (id, signals) in self.slots.iter().filter_map(|s| s.running.as_ref()) {
            if *id == trial {
                signals.stop.store(true, Ordering::Relaxed);
            }
        }
    }

    fn poll(&mut self, wait: Duration) -> Vec<Message> {
        // Whoever asks again has followed what it was handed.
        for slot in &self.slots {
            if let Some((_, signals)) = &slot.running {
                signals.followed.store(slot.delivered, Ordering::Release);
            }
        }
        let first = self.messages.recv_timeout(wait).ok();
        let batch: Vec<_> = first.into_iter().chain(self.messages.try_iter()).collect();
        batch
            .into_iter()
            .map(|(slot, message)| {
                self.slots[slot].delivered += 1;
                if matches!(message, Message::Ended { .. }) {
                    self.slots[slot].running = None;
                }
                message
            })
            .collect()
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        for (_, signals) in self.slots.iter().filter_map(|s| s.running.as_ref()) {
            signals.stop.store(true, Ordering::Relaxed);
        }
        self.objective.close();
    }
}

fn work(
    slot: usize,
    inbox: &Receiver<Assignment>,
    pool: &ThreadPool,
    objective: &dyn Objective,
    messages: &Sender<(usize, Message)>,
) {
    for Assignment { job, signals } in inbox {
        let trial = job.trial;
        let outcome = pool.install(|| {
            let told = Cell::new(0);
            let reporter =
                SlotReporter { slot, job: &job, signals: &signals, messages: messages.clone(), told };
            // A panic must not take the slot with it: the trial fails and the next one runs here.
            match catch_unwind(AssertUnwindSafe(|| objective.evaluate(&job, &reporter))) {
                Ok(Ok(evaluation)) if evaluation.score.is_finite() => Outcome::Complete(evaluation),
                Ok(Ok(Evaluation { score, .. })) => {
                    Outcome::Failed { reason: format!("the score is {score}") }
                }
                Ok(Err(ObjectiveError::Stopped)) => Outcome::Stopped,
                Ok(Err(ObjectiveError::Failed(reason))) => Outcome::Failed { reason },
                Err(panic) => Outcome::Failed { reason: format!("panicked: {}", panic_text(&*panic)) },
            }
        });
        if messages.send((slot, Message::Ended { trial, outcome })).is_err() {
            return; // the executor is gone, and with it the study
        }
    }
}

/// What a panic said.
pub fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}

/// Passes on what a job tells, without what its trial has told before it was paused.
struct SlotReporter<'a> {
    slot: usize,
    job: &'a Job,
    signals: &'a Signals,
    messages: Sender<(usize, Message)>,
    /// Messages that were sent.
    told: Cell<usize>,
}

impl SlotReporter<'_> {
    fn send(&self, message: Message) -> Verdict {
        self.told.set(self.told.get() + 1);
        let delivered = self.messages.send((self.slot, message)).is_ok();
        if delivered { self.verdict() } else { Verdict::Stop }
    }
}

impl Reporter for SlotReporter<'_> {
    fn verdict(&self) -> Verdict {
        if self.signals.stop.load(Ordering::Relaxed) { Verdict::Stop } else { Verdict::Continue }
    }

    fn settled(&self) -> Verdict {
        while self.signals.followed.load(Ordering::Acquire) < self.told.get() {
            if self.verdict() == Verdict::Stop {
                break;
            }
            std::thread::sleep(NAP);
        }
        self.verdict()
    }

    fn report(&self, report: Report) -> Verdict {
        if report.step < self.job.done.reports {
            return self.verdict();
        }
        self.send(Message::Reported { trial: self.job.trial, report })
    }

    fn fold_finished(&self, fold: FoldScore) {
        let told = self.job.done.folds.last().map(|last| (last.repeat, last.fold));
        if told < Some((fold.repeat, fold.fold)) {
            // Its verdict is given again at the next report.
            self.send(Message::FoldFinished { trial: self.job.trial, fold });
        }
    }

    fn warn(&self, text: String) {
        self.send(Message::Warned { trial: self.job.trial, text });
    }
}

#[cfg(test)]
mod tests {
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
        let mut executor = Local::new(Arc::new(Scripted), 1, 2).unwrap();
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
        let mut executor = Local::new(Arc::new(Scripted), 2, 1).unwrap();
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
        let mut executor = Local::new(Arc::new(Asking), 1, 1).unwrap();
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
        let mut executor = Local::new(Arc::new(Asking), 1, 1).unwrap();
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
}
