//! Trials on this machine: one thread and one rayon pool a slot.

use std::any::Any;
use std::cell::Cell;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{Executor, ExecutorError, Layout, Message, Outcome};
use crate::domain::objective::{Evaluation, Job, Objective, ObjectiveError, Reporter, Verdict};
use crate::domain::trial::{FoldScore, Report, TrialId};

/// Runs jobs in the threads of this process.
///
/// Dropping it tells every job to stop at its next report and does not wait, unless the objective does.
pub struct Local {
    objective: Arc<dyn Objective>,
    /// Those beyond the layout's number finish their job and are closed.
    slots: Vec<Slot>,
    layout: Layout,
    outbox: Sender<(usize, Message)>,
    messages: Receiver<(usize, Message)>,
}

struct Slot {
    jobs: Sender<Assignment>,
    /// Threads of its pool.
    threads: usize,
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
    /// Slots as the layout says.
    ///
    /// # Errors
    /// Where the system refuses a thread.
    pub fn new(objective: Arc<dyn Objective>, layout: Layout) -> Result<Self, ExecutorError> {
        let (outbox, messages) = channel();
        let mut local = Local { objective, slots: Vec::new(), layout, outbox, messages };
        local.fill()?;
        Ok(local)
    }

    /// Starts the slots that are missing.
    fn fill(&mut self) -> Result<(), ExecutorError> {
        for slot in self.slots.len()..self.layout.slots {
            let started = self.start(slot)?;
            self.slots.push(started);
        }
        Ok(())
    }

    fn start(&self, slot: usize) -> Result<Slot, ExecutorError> {
        let threads = self.layout.threads;
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(move |i| format!("slot-{slot}-{i}"))
            .build()
            .map_err(|e| ExecutorError(format!("failed to start the threads of slot {slot}: {e}")))?;
        let (jobs, inbox) = channel();
        let (objective, sender) = (Arc::clone(&self.objective), self.outbox.clone());
        std::thread::Builder::new()
            .name(format!("slot-{slot}"))
            .spawn(move || work(slot, &inbox, &pool, &*objective, &sender))
            .map_err(|e| ExecutorError(format!("failed to start the thread of slot {slot}: {e}")))?;
        Ok(Slot { jobs, threads, running: None, delivered: 0 })
    }

    /// Closes the slots at the end that are too many and have no job: their threads end.
    fn close_surplus(&mut self) {
        while self.slots.len() > self.layout.slots && self.slots.last().is_some_and(|s| s.running.is_none()) {
            self.slots.pop();
        }
    }
}

impl Executor for Local {
    fn layout(&self) -> Layout {
        self.layout
    }

    fn arrange(&mut self, layout: Layout) -> Result<(), ExecutorError> {
        let before = std::mem::replace(&mut self.layout, layout);
        let filled = self.fill();
        if filled.is_err() {
            self.layout = before;
        }
        self.close_surplus();
        filled
    }

    fn free_slot(&self) -> Option<usize> {
        let Layout { slots, threads, cores } = self.layout;
        let running = self.slots.iter().filter(|s| s.running.is_some());
        let (count, taken) = running.fold((0, 0_usize), |(n, sum), slot| (n + 1, sum + slot.threads));
        // Jobs that began with another number of threads keep it; until they end there may be no room.
        if count >= slots || taken.saturating_add(threads) > cores {
            return None;
        }
        self.slots.iter().take(slots).position(|s| s.running.is_none())
    }

    fn submit(&mut self, slot: usize, job: Job) -> Result<(), ExecutorError> {
        let free = self.slots.get(slot).filter(|s| s.running.is_none()).map(|s| s.threads);
        if free.is_some_and(|threads| threads != self.layout.threads) {
            self.slots[slot] = self.start(slot)?;
        }
        let Some(place) = self.slots.get_mut(slot).filter(|_| free.is_some()) else {
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
        let messages = batch
            .into_iter()
            .map(|(slot, message)| {
                self.slots[slot].delivered += 1;
                if matches!(message, Message::Ended { .. }) {
                    self.slots[slot].running = None;
                }
                message
            })
            .collect();
        self.close_surplus();
        messages
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
mod tests;
