//! An objective from outside: a program of the user scores trials, in a process a trial or in one that is
//! kept.
//!
//! ```text
//! a process a trial   stdin {"depth":3,"rate":0.01}                   once, and TUNE_TUI_PARAM_DEPTH=3 …
//!                     stdout {"step":1,"score":0.7} … {"score":0.65}  then exit code 0
//! a process a slot    stdin {"trial":3,"seed":17,"params":{…}}        one line a trial
//!                     stdout {"trial":3,"step":1,"score":0.7} … {"trial":3,"score":0.65}
//! ```
//!
//! Each process leads a process group of its own, and it is always the group that is ended: with TERM, and
//! with KILL after the time of grace. Nothing of a trial is left once it has ended, nor of the study once
//! [`Objective::close`] has returned.

mod alive;
mod log;
mod process;
mod protocol;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use self::alive::Alive;
use self::process::{Next, Process};
use self::protocol::Line;
use crate::domain::objective::{Evaluation, Job, Objective, ObjectiveError, Reporter, Verdict};
use crate::domain::seed::derive;
use crate::domain::trial::{Report, TrialId};
use crate::domain::value::{Params, Value};
pub use process::locate;

/// Whether this process leads its session: then no shell is there to let it go on once it was suspended.
pub fn leads_session() -> bool {
    rustix::process::getsid(None).is_ok_and(|session| session == rustix::process::getpid())
}

/// How often a waiting slot looks whether its trial is to be stopped.
const POLL: Duration = Duration::from_millis(20);

/// How long the end of what a process said is waited for, once nothing is left that could say more.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Most reports of a trial: each is a record of the journal, and is kept in memory.
const MOST_REPORTS: usize = 100_000;

/// How a program is started.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// The program and its arguments; never empty.
    pub run: Vec<String>,
    /// Its working directory.
    pub directory: PathBuf,
    /// Variables of its environment beside those of this process.
    pub environment: BTreeMap<String, String>,
    /// Whether one process takes one trial after the other.
    pub persistent: bool,
    /// Most time of a trial.
    pub timeout: Option<Duration>,
    /// Time between TERM and KILL.
    pub grace: Duration,
    /// How many threads it may use, for it to know.
    pub threads: usize,
}

/// A program that scores trials.
pub struct Program {
    start: Start,
    /// Passed on beside a trial's own params.
    fixed: Params,
    /// Instead of the trial's own seed.
    seed: Option<u64>,
    /// Where `trial-<id>.log` is written; nowhere if `None`.
    logs: Option<PathBuf>,
    /// Kept processes that wait for a trial.
    idle: Mutex<Vec<Process>>,
    alive: Arc<Alive>,
}

/// Why a trial got no score.
enum Fault {
    /// It was told to stop.
    Stopped,
    /// It took too long.
    TimedOut(Duration),
    /// It said something that is not of the protocol.
    Garbage(String),
    /// It said itself that it failed, and may go on.
    Said(String),
    /// It ended.
    Ended(String),
}

/// What came of a trial so far.
#[derive(Default)]
struct Heard {
    lines: usize,
    reports: usize,
    step: Option<usize>,
    end: Option<Evaluation>,
}

/// The variable of the environment that holds a parameter.
pub fn variable(parameter: &str) -> String {
    let upper = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("TUNE_TUI_PARAM_{}", parameter.chars().map(upper).collect::<String>())
}

/// The log of a trial in the folder of logs.
pub fn log_file(logs: &Path, trial: TrialId) -> PathBuf {
    logs.join(format!("trial-{trial}.log"))
}

impl Program {
    /// A program that is given `fixed` beside a trial's own params, and `seed` instead of its seed where there
    /// is one. What it writes to its standard error is kept in `logs`.
    pub fn new(start: Start, fixed: Params, seed: Option<u64>, logs: Option<PathBuf>) -> Self {
        Program { start, fixed, seed, logs, idle: Mutex::default(), alive: Arc::default() }
    }

    fn log(&self, trial: TrialId) -> Option<PathBuf> {
        Some(log_file(self.logs.as_ref()?, trial))
    }

    /// A process for the trial, and whether it had trials before.
    fn process(&self, request: &protocol::Request<'_>) -> Result<(Process, bool), ObjectiveError> {
        let failed = |problem: String| ObjectiveError::Failed(problem);
        if self.start.persistent {
            let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            while let Some(mut process) = idle() {
                if !process.has_exited() {
                    return Ok((process, true));
                }
            }
            return Ok((Process::start(&self.start, &[], &self.alive).map_err(failed)?, false));
        }
        let process = Process::start(&self.start, &request.variables(), &self.alive).map_err(failed)?;
        Ok((process, false))
    }

    /// Tells the trial and listens until it has its score, or a reason why not.
    fn converse(
        &self,
        process: &mut Process,
        request: &protocol::Request<'_>,
        reporter: &dyn Reporter,
        heard: &mut Heard,
    ) -> Result<Evaluation, Fault> {
        let begun = Instant::now();
        process.tell(&request.line(self.start.persistent), !self.start.persistent);
        let (mut closed, mut ended) = (false, false);
        loop {
            if reporter.verdict() == Verdict::Stop {
                return Err(Fault::Stopped);
            }
            if let Some(limit) = self.start.timeout.filter(|limit| begun.elapsed() >= *limit) {
                return Err(Fault::TimedOut(limit));
            }
            let next = match (ended, closed) {
                (true, _) => process.next(LAST_WORDS),
                (false, true) => process.rest(POLL),
                (false, false) => process.next(POLL),
            };
            match next {
                Next::Line(text) => {
                    heard.lines += 1;
                    if self.take(&text, request.trial, reporter, heard)? {
                        break;
                    }
                }
                Next::Nothing if ended => break,
                Next::Nothing if process.has_exited() => {
                    // Something that it started may hold its output open for ever; what it has said itself is
                    // still on its way.
                    process.kill();
                    ended = true;
                }
                Next::Nothing => {}
                Next::Closed if self.start.persistent => {
                    process.rest(self.start.grace);
                    break;
                }
                Next::Closed if ended => break,
                Next::Closed => closed = true,
            }
        }
        match heard.end.take() {
            Some(end) if self.start.persistent => Ok(end),
            end => match process.exit() {
                Some(status) if !status.success() => Err(Fault::Ended(process::words(status))),
                _ => end.ok_or_else(|| Fault::Ended("it ended without a score".into())),
            },
        }
    }

    /// Takes in one line; whether the trial is done with it.
    fn take(
        &self,
        text: &str,
        trial: TrialId,
        reporter: &dyn Reporter,
        heard: &mut Heard,
    ) -> Result<bool, Fault> {
        let number = heard.lines;
        let garbage = |problem: String| Fault::Garbage(format!("line {number} of its output {problem}"));
        match protocol::parse(text, trial, self.start.persistent).map_err(garbage)? {
            Line::Blank => {}
            Line::Failed(reason) => return Err(Fault::Said(reason)),
            _ if heard.end.is_some() => return Err(garbage("follows its score, which is the last".into())),
            Line::Step { step, score } => {
                if heard.step.is_some_and(|last| step <= last) {
                    return Err(garbage(format!("goes back to step {step}")));
                }
                if heard.reports == MOST_REPORTS {
                    return Err(garbage(format!(
                        "is a report too many: a trial may make {MOST_REPORTS}; report less often, such as once an \
                         epoch instead of once a batch"
                    )));
                }
                heard.step = Some(step);
                let report = Report {
                    step: heard.reports,
                    repeat: 0,
                    fold: 0,
                    epoch: step,
                    train_loss: None,
                    validation_loss: None,
                    score,
                };
                heard.reports += 1;
                if reporter.report(report) == Verdict::Stop {
                    return Err(Fault::Stopped);
                }
            }
            Line::Score { score, weights } => {
                heard.end = Some(Evaluation { score, weights });
                return Ok(self.start.persistent);
            }
        }
        Ok(false)
    }

    /// What becomes of the process, and the words for what went wrong.
    fn conclude(&self, mut process: Process, fault: Fault) -> ObjectiveError {
        let what = match fault {
            Fault::Stopped => {
                process.terminate(self.start.grace);
                return ObjectiveError::Stopped;
            }
            Fault::Said(reason) if self.start.persistent => {
                let failed = with_tail(format!("it says: {reason}"), &process.tail());
                self.keep(process);
                return failed;
            }
            Fault::Said(reason) => {
                process.terminate(self.start.grace);
                format!("it says: {reason}")
            }
            Fault::TimedOut(limit) => {
                process.terminate(self.start.grace);
                format!("it took longer than {} s (objective.timeout)", limit.as_secs_f64())
            }
            Fault::Garbage(what) => {
                process.terminate(self.start.grace);
                what
            }
            Fault::Ended(what) => {
                process.kill();
                what
            }
        };
        with_tail(what, &process.tail())
    }

    /// Keeps a process for the next trial.
    fn keep(&self, mut process: Process) {
        if self.alive.is_closed() {
            return process.terminate(self.start.grace);
        }
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(process);
    }
}

/// A reason with the last lines of the log behind it.
fn with_tail(what: String, tail: &str) -> ObjectiveError {
    let tail = if tail.is_empty() { String::new() } else { format!("; its log ends: {tail}") };
    ObjectiveError::Failed(what + &tail)
}

impl Objective for Program {
    fn evaluate(&self, job: &Job, reporter: &dyn Reporter) -> Result<Evaluation, ObjectiveError> {
        let mut params = self.fixed.clone();
        params.extend(job.params.clone());
        // Below 2^31, as `set.seed` of R and other generators want it.
        let seed = derive(self.seed.unwrap_or(job.seed), "program", 0) >> 22;
        let request = protocol::Request { trial: job.trial, seed, params: &params };
        loop {
            let (mut process, had_trials) = self.process(&request)?;
            process.begin(self.log(job.trial));
            let mut heard = Heard::default();
            match self.converse(&mut process, &request, reporter, &mut heard) {
                // It may have ended just after the trial before: no fault of this one.
                Err(Fault::Ended(_)) if had_trials && heard.lines == 0 => process.kill(),
                Err(fault) => return Err(self.conclude(process, fault)),
                Ok(end) => {
                    match self.start.persistent {
                        true => self.keep(process),
                        false => process.kill(),
                    }
                    return Ok(end);
                }
            }
        }
    }

    fn close(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        self.alive.close(idle, self.start.grace);
    }
}

/// A value as a variable of the environment holds it.
fn plain(value: &Value) -> String {
    match value {
        Value::Float(v) => format!("{v:?}"),
        Value::Bool(_) | Value::Int(_) | Value::Text(_) => value.to_string(),
    }
}
