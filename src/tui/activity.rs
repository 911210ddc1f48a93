//! The log's lines: notes of the study, and events put into words.

use std::collections::VecDeque;

use super::theme::Tone;
use crate::analysis::human::duration;
use crate::domain::event::{Event, Level, Record};
use crate::domain::history::History;
use crate::domain::trial::{Timestamp, Trial, TrialId, TrialState};
use crate::domain::value::{counted, significant};

/// How many lines are kept.
const LINES: usize = 500;

/// One line of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Its weight.
    pub tone: Tone,
    /// What happened.
    pub text: String,
    /// The trial that it is about, if any.
    pub trial: Option<TrialId>,
}

impl Entry {
    /// A line about no trial.
    pub fn new(at: Timestamp, tone: Tone, text: impl Into<String>) -> Self {
        Entry { at, tone, text: text.into(), trial: None }
    }
}

/// The log: the last lines, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity(VecDeque<Entry>);

impl Activity {
    /// The log of a history that was there before: its notes, the starts of trials that run, and the ends of the
    /// others.
    pub fn of(history: &History) -> Self {
        let mut entries: Vec<Entry> =
            history.log().map(|l| Entry::new(l.at, tone(l.level), l.text.as_str())).collect();
        let mut ended: Vec<&Trial> =
            history.trials().iter().map(AsRef::as_ref).filter(|t| t.finished.is_some()).collect();
        ended.sort_by_key(|t| (t.finished, t.id));
        entries.extend(ended[ended.len().saturating_sub(LINES)..].iter().filter_map(|t| end(t, history)));
        // A slot is free before the next trial starts in it.
        entries.extend(history.trials().iter().filter_map(|t| start(t)));
        entries.sort_by_key(|e| e.at);
        let surplus = entries.len().saturating_sub(LINES);
        Activity(entries.into_iter().skip(surplus).collect())
    }

    /// The lines, oldest first.
    pub fn entries(&self) -> &VecDeque<Entry> {
        &self.0
    }

    /// Adds a line.
    pub fn push(&mut self, entry: Entry) {
        if self.0.len() == LINES {
            self.0.pop_front();
        }
        self.0.push_back(entry);
    }

    /// Adds what a record says, which `history` has taken in. Whether there was a line to add.
    pub fn record(&mut self, record: &Record, history: &History) -> bool {
        let at = record.at;
        let entry = match &record.event {
            Event::StudyCreated { .. } | Event::TrialReported { .. } | Event::FoldFinished { .. } => {
                return false;
            }
            Event::BaselineScored { baseline } => {
                let metric = &history.study().metric;
                let score = baseline.mean(metric).map_or_else(String::new, |v| format!(": {metric} {v:.4}"));
                Entry::new(at, Tone::Quiet, format!("baseline {}{score}", baseline.baseline))
            }
            Event::Noted { level, text } => Entry::new(at, tone(*level), text.clone()),
            Event::StudyOpened { trials, slots, threads, .. } => {
                let (trials, slots) = (counted(*trials, "trial"), counted(*slots, "slot"));
                let text = format!("opened for {trials} in {slots} of {}", counted(*threads, "thread"));
                Entry::new(at, Tone::Quiet, text)
            }
            Event::SearchExhausted { reason } => {
                Entry::new(at, Tone::Plain, format!("nothing is left to try: {reason}"))
            }
            Event::TrialsImported { source, trials } => {
                let text = format!("the sampler learns from {} trials of {source}", trials.len());
                Entry::new(at, Tone::Plain, text)
            }
            Event::TrialEnqueued { trial, .. } => {
                Entry::new(at, Tone::Quiet, format!("trial {trial} waits: its params were given"))
            }
            Event::TrialPromoted { trial, reason } => {
                Entry::new(at, Tone::Plain, format!("trial {trial} goes on: {reason}"))
            }
            Event::StudyPaused => {
                Entry::new(at, Tone::Warn, "paused: running trials finish, no new ones start")
            }
            Event::TrialsWanted { trials } => plain(at, format!("{trials} trials are wanted in all")),
            Event::SlotsChanged { slots, threads } => {
                plain(at, format!("{} of {}", counted(*slots, "slot"), counted(*threads, "thread")))
            }
            Event::RangeChanged { parameter, distribution } => {
                plain(at, format!("{parameter} is searched in {distribution} from now on"))
            }
            Event::SamplerSwitched { sampler } => plain(at, format!("sampler {sampler} from now on")),
            Event::PrunerSwitched { pruner } => plain(at, format!("pruner {pruner} from now on")),
            Event::TrialPinned { trial, pinned: true } => plain(at, format!("trial {trial} pinned")),
            Event::TrialPinned { trial, pinned: false } => {
                plain(at, format!("trial {trial} not pinned any more"))
            }
            Event::TrialAnnotated { trial, text } => plain(at, format!("trial {trial}: {text}")),
            Event::StudyResumed => Entry::new(at, Tone::Plain, "resumed"),
            Event::TrialStarted { trial, slot, .. } => {
                Entry::new(at, Tone::Quiet, format!("trial {trial} started in slot {slot}"))
            }
            Event::TrialRequeued { trial, reason } => {
                Entry::new(at, Tone::Warn, format!("trial {trial} set back to waiting: {reason}"))
            }
            Event::TrialCompleted { trial, .. }
            | Event::TrialPruned { trial, .. }
            | Event::TrialFailed { trial, .. }
            | Event::TrialCancelled { trial } => {
                let Some(entry) = history.trial(*trial).and_then(|t| end(t, history)) else {
                    return false;
                };
                let best = history.incumbent().is_some_and(|i| i.id == *trial);
                if best {
                    Entry { tone: Tone::Good, text: entry.text + ": the best so far", ..entry }
                } else {
                    entry
                }
            }
        };
        self.push(Entry { trial: record.event.trial(), ..entry });
        true
    }
}

fn plain(at: Timestamp, text: String) -> Entry {
    Entry::new(at, Tone::Plain, text)
}

fn tone(level: Level) -> Tone {
    match level {
        Level::Info => Tone::Plain,
        Level::Warning => Tone::Warn,
    }
}

/// The last start of a trial that runs, as far as the history still tells.
fn start(trial: &Trial) -> Option<Entry> {
    let (id, slot) = (trial.id, trial.slot);
    let again = if trial.passed == (0, 0) { "started" } else { "goes on" };
    let entry = Entry::new(trial.started, Tone::Quiet, format!("trial {id} {again} in slot {slot}"));
    (trial.state == TrialState::Running).then_some(Entry { trial: Some(id), ..entry })
}

fn end(trial: &Trial, history: &History) -> Option<Entry> {
    let at = trial.finished?;
    let (id, took) = (trial.id, duration(trial.seconds(at)));
    let (tone, text) = match &trial.state {
        TrialState::Waiting | TrialState::Running => return None,
        TrialState::Complete => {
            let score = significant(trial.score?, 4);
            (Tone::Plain, format!("trial {id} complete in {took}, {} {score}", history.study().metric))
        }
        TrialState::Pruned { reason } => (Tone::Quiet, format!("trial {id} pruned after {took}: {reason}")),
        TrialState::Failed { reason } => (Tone::Bad, format!("trial {id} failed after {took}: {reason}")),
        TrialState::Cancelled => (Tone::Warn, format!("trial {id} cancelled after {took}")),
    };
    Some(Entry { trial: Some(id), ..Entry::new(at, tone, text) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::busy;

    #[test]
    fn a_resumed_log_tells_the_same_ends_as_a_live_one() {
        let script = busy();
        let mut live = Activity(VecDeque::new());
        let mut history = History::begin(&script.records()[0]).unwrap();
        for record in &script.records()[1..] {
            history.apply(record).unwrap();
            live.record(record, &history);
        }
        let told = |a: &Activity, what: &str| a.0.iter().filter(|e| e.text.contains(what)).count();
        let resumed = Activity::of(script.history());
        for what in ["complete in", "failed after", "pruned after", "device memory"] {
            assert_eq!(told(&live, what), told(&resumed, what), "{what}");
        }
        assert_eq!(told(&live, "the best so far"), 6);
        assert!(resumed.0.iter().is_sorted_by_key(|e| e.at));
    }
}
