//! A study without the dashboard: a line for each trial that ends, or every event as JSON.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use anyhow::Result;

use super::output::{caution, complain, data, say, score};
use crate::analysis::human;
use crate::domain::command::{Command, End, StopMode, Update};
use crate::domain::event::{Event, Level, ObjectiveKind, Record};
use crate::domain::history::History;
use crate::domain::trial::Trial;

/// Follows a study to its end. `signal` holds a signal that arrived, else 0: the study then stops and saves.
///
/// # Errors
/// Only where a record does not fit: a mistake of the program. An output that has gone away does not
/// end the search.
pub fn follow(
    mut history: History,
    updates: &Receiver<Update>,
    commands: &Sender<Command>,
    signal: &AtomicUsize,
    json: bool,
) -> Result<(History, End)> {
    let mut output = Output { json, open: true };
    let mut stopping = false;
    loop {
        if signal.load(Ordering::Relaxed) != 0 && !stopping {
            stopping = true;
            // The study thread may have ended by itself; its last update tells.
            commands.send(Command::Stop(StopMode::Now)).ok();
        }
        match updates.recv_timeout(Duration::from_millis(100)) {
            Ok(Update::Recorded(record)) => {
                // What was recorded before the viewer came is in its history already.
                if record.sequence >= history.next_sequence() {
                    history.apply(&record)?;
                }
                output.record(&history, &record);
            }
            Ok(Update::Ended(end)) => return Ok((history, end)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Ok((history, End::Failed("the study thread is gone".into())));
            }
        }
    }
}

struct Output {
    json: bool,
    open: bool,
}

impl Output {
    fn record(&mut self, history: &History, record: &Record) {
        let line = if self.json { serde_json::to_string(record).ok() } else { line(history, &record.event) };
        if let Some(line) = line.filter(|_| self.open)
            && (if self.json { data(&line) } else { say(&line) }).is_err()
        {
            self.open = false;
            complain("nobody reads the output any more; the study goes on");
        }
    }
}

/// What a person wants to read about an event, if anything.
fn line(history: &History, event: &Event) -> Option<String> {
    match event {
        Event::Noted { level: Level::Warning, text } => Some(format!("warning: {text}")),
        Event::Noted { level: Level::Info, text } => Some(text.clone()),
        Event::SearchExhausted { reason } => Some(format!("nothing is left to try: {reason}")),
        Event::TrialsImported { source, trials } => {
            Some(format!("the sampler learns from {} trials of {source}", trials.len()))
        }
        Event::TrialPromoted { trial, reason } => Some(format!("trial {trial} goes on: {reason}")),
        Event::BaselineScored { baseline } => {
            let study = history.study();
            let score = baseline.mean(&study.metric)?;
            Some(format!("baseline {}: {} {score:.4}{}", baseline.baseline, study.metric, caution(study)))
        }
        Event::TrialCompleted { trial, .. }
        | Event::TrialPruned { trial, .. }
        | Event::TrialFailed { trial, .. }
        | Event::TrialCancelled { trial } => history.trial(*trial).map(|t| ended(history, t)),
        _ => None,
    }
}

fn ended(history: &History, trial: &Trial) -> String {
    let counts = history.counts();
    let params: Vec<String> = trial.params.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let outcome = match score(history, trial, 4) {
        Some(score) => {
            let best = history.incumbent().is_some_and(|b| b.id == trial.id);
            format!("{score}{}", if best { "  best" } else { "" })
        }
        None => {
            let reason = trial.state.reason().map(|r| format!(": {r}")).unwrap_or_default();
            format!("{}{reason}", trial.state.word())
        }
    };
    format!(
        "[{}/{}] trial {}  {outcome}  ({})  {}{}",
        counts.finished(),
        history.target().max(counts.finished()),
        trial.id,
        params.join(", "),
        steps(history, trial),
        human::duration(trial.seconds(history.last())),
    )
}

/// "12 epochs, ", and nothing of a program that reported nothing.
fn steps(history: &History, trial: &Trial) -> String {
    let kind = history.study().objective;
    match (kind, trial.epochs()) {
        (ObjectiveKind::Command, 0) => String::new(),
        (_, count) => format!("{count} {}, ", kind.steps()),
    }
}
