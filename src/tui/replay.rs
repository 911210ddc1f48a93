//! A study's past, played again: the records of its journal come to the screen by a clock of their own, which
//! can be stopped, turned back and let run faster. The clock counts the time in which the study was worked on:
//! the night between a stop and a resume takes no time here.
//!
//! Every so many records a copy of the history is kept, so that any place is a few records from one of them;
//! copies share the trials that did not change between them.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::activity::Activity;
use super::keymap::Action;
use super::state::{AppState, Notice, references};
use super::theme::Tone;
use super::update::Effect;
use super::{Ending, Menu, Session, TuiError};
use crate::analysis::best::BestCurve;
use crate::analysis::compare::Ties;
use crate::analysis::progress::Pace;
use crate::domain::event::{Event, Record};
use crate::domain::history::History;
use crate::domain::trial::{Timestamp, TrialId, TrialState};

/// Records between two kept histories.
const APART: usize = 1024;
/// Most records that the clock takes in at once; where more are due, it seeks.
const BATCH: usize = 4 * APART;
/// How long the whole of a study takes unless a person says another speed, in milliseconds.
const SHOWN_IN: f64 = 60_000.0;
/// The slowest and the fastest clock.
const SPEEDS: (f64, f64) = (0.125, 1_048_576.0);
/// The part of the study that one step of seeking goes through.
const STRIDE: f64 = 1.0 / 50.0;
/// Why nothing can be steered.
const PAST: &str = "this is a replay: the past can't be changed";

/// All records of a study, and some of the histories between them.
#[derive(Debug, Default)]
pub struct Tape {
    records: Vec<Record>,
    /// The fold of the first `APART * i + 1` records.
    kept: Vec<History>,
    /// Each trial that was the best when it ended, and the clock then.
    bests: Vec<(u64, TrialId)>,
    /// The clock at the end.
    length: u64,
    /// What a person should know of the journal.
    pub notice: Option<String>,
}

impl Tape {
    /// Adds the next record, which `history` has just taken in.
    pub fn push(&mut self, history: &History, record: Record) {
        if self.records.len().is_multiple_of(APART) {
            self.kept.push(history.clone());
        }
        self.length = history.active_ms();
        if let Event::TrialCompleted { trial, .. } = record.event
            && history.incumbent().is_some_and(|best| best.id == trial)
        {
            self.bests.push((self.length, trial));
        }
        self.records.push(record);
    }

    /// Whether there is nothing to play.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// The history of the first `count` records, at least of one.
    fn fold(&self, count: usize) -> Option<History> {
        let count = count.clamp(1, self.len().max(1));
        let kept = (count - 1) / APART;
        let mut history = self.kept.get(kept)?.clone();
        for record in &self.records[kept * APART + 1..count] {
            // They were folded when they were read.
            history.apply(record).ok()?;
        }
        Some(history)
    }

    /// How many records there were when the clock stood at `clock`.
    fn at(&self, clock: u64) -> usize {
        let kept = self.kept.partition_point(|history| history.active_ms() <= clock).max(1) - 1;
        let Some(mut history) = self.kept.get(kept).cloned() else { return 0 };
        let mut count = kept * APART + 1;
        for record in self.records.iter().skip(count) {
            if history.apply(record).is_err() || history.active_ms() > clock {
                break;
            }
            count += 1;
        }
        count
    }

    /// The clock when trial `trial` went into a slot first.
    pub fn start_of(&self, trial: TrialId) -> Option<u64> {
        let begins =
            |record: &Record| matches!(record.event, Event::TrialStarted { trial: t, .. } if t == trial);
        let count = self.records.iter().position(begins)? + 1;
        self.fold(count).map(|history| history.active_ms())
    }
}

/// Where the replay of a tape stands.
#[derive(Debug, Clone)]
pub struct Replay {
    tape: Arc<Tape>,
    /// Records that the screen has taken in.
    count: usize,
    /// The clock, in milliseconds.
    clock: f64,
    speed: f64,
    playing: bool,
    /// When the clock was last looked at.
    ticked: Option<Timestamp>,
}

impl Replay {
    /// Of a tape, from its beginning.
    pub fn new(tape: Tape, speed: Option<f64>) -> Self {
        let usual = (tape.length as f64 / SHOWN_IN).log2().round().exp2().max(1.0);
        let speed = speed.unwrap_or(usual).clamp(SPEEDS.0, SPEEDS.1);
        Replay { tape: Arc::new(tape), count: 1, clock: 0.0, speed, playing: true, ticked: None }
    }

    /// Whether the clock runs.
    pub fn is_playing(&self) -> bool {
        self.playing
    }

    /// How much faster it runs than the study did.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Records shown, and all.
    pub fn records(&self) -> (usize, usize) {
        (self.count, self.tape.len())
    }

    /// Milliseconds on the clock, and at the end.
    pub fn time(&self) -> (u64, u64) {
        (self.clock as u64, self.tape.length)
    }

    /// Where on the clock a trial became the best.
    pub fn bests(&self) -> impl Iterator<Item = u64> {
        self.tape.bests.iter().map(|(at, _)| *at)
    }

    fn is_over(&self) -> bool {
        self.count >= self.tape.len() && self.clock >= self.tape.length as f64
    }
}

impl Session {
    /// Shows a study's past until it is left, from `clock` on.
    ///
    /// # Errors
    /// Where the terminal can't be used.
    pub fn replay(
        &mut self,
        replay: Replay,
        clock: u64,
        menu: Menu,
        desk: super::ask::Desk,
    ) -> Result<Ending, TuiError> {
        let Some(history) = replay.tape.fold(1) else { return Ok(Ending::Done) };
        let mut state = AppState::new(history, self.setup.options, 0);
        state.menu = menu;
        state.notice = replay.tape.notice.clone().map(|text| Notice { tone: Tone::Warn, text });
        state.replay = Some(replay);
        seek(&mut state, clock as f64);
        self.show(state, None, desk)
    }
}

/// Follows a key of the replay, or says why a key that steers does nothing; `None` for every other one.
pub fn act(state: &mut AppState, action: Action) -> Option<Vec<Effect>> {
    let replay = state.replay.as_mut()?;
    let (clock, length, count) = (replay.clock, replay.tape.length as f64, replay.count);
    match action {
        Action::Play if replay.is_over() => {
            replay.playing = true;
            go(state, 1);
        }
        Action::Play => replay.playing = !replay.playing,
        Action::Slower => replay.speed = (replay.speed / 2.0).max(SPEEDS.0),
        Action::Faster => replay.speed = (replay.speed * 2.0).min(SPEEDS.1),
        Action::EventBack | Action::EventOn => {
            replay.playing = false;
            go(state, if action == Action::EventOn { count + 1 } else { count.saturating_sub(1) });
        }
        Action::SeekBack => seek(state, clock - stride(length)),
        Action::SeekOn => seek(state, clock + stride(length)),
        Action::Begin => go(state, 1),
        Action::Finish => {
            replay.playing = false;
            go(state, usize::MAX);
        }
        Action::Quit | Action::Interrupt => return Some(vec![Effect::Leave(Ending::Done)]),
        Action::Pause | Action::Cancel => past(state),
        _ => return None,
    }
    Some(Vec::new())
}

fn stride(length: f64) -> f64 {
    (length * STRIDE).max(1.0)
}

/// Says that nothing can be steered.
pub fn past(state: &mut AppState) {
    state.notice = Some(Notice { tone: Tone::Warn, text: PAST.to_owned() });
}

/// Lets the clock run to the wall's `now`.
pub fn tick(state: &mut AppState, now: Timestamp) {
    let Some(replay) = &mut state.replay else { return };
    let passed = now.saturating_sub(replay.ticked.replace(now).unwrap_or(now));
    if !replay.playing || passed == 0 {
        return;
    }
    let clock = replay.clock + passed as f64 * replay.speed;
    let end = replay.tape.length as f64;
    replay.playing = clock < end;
    state.stale = true;
    forward(state, clock.min(end));
}

/// Takes in what is due on the clock.
fn forward(state: &mut AppState, clock: f64) {
    let Some(replay) = &mut state.replay else { return };
    let (tape, first) = (Arc::clone(&replay.tape), replay.count);
    replay.clock = clock;
    let due = clock as u64;
    let mut count = first;
    while let Some(record) = tape.records.get(count) {
        let waits = match record.event {
            // Nobody worked on the study before it was opened again.
            Event::StudyOpened { .. } => 0,
            _ => record.at.saturating_sub(state.history.last()),
        };
        if state.history.active_ms() + waits > due {
            break;
        }
        if count - first >= BATCH {
            return seek(state, clock);
        }
        state.record(record);
        count += 1;
    }
    settle(state, count);
}

/// Sets the clock.
fn seek(state: &mut AppState, clock: f64) {
    let Some(replay) = &mut state.replay else { return };
    let clock = clock.clamp(0.0, replay.tape.length as f64);
    let count = replay.tape.at(clock as u64);
    go(state, count);
    if let Some(replay) = &mut state.replay {
        replay.clock = clock;
    }
    state.now = wall(state);
}

/// Shows the study as it was after `count` records.
fn go(state: &mut AppState, count: usize) {
    let Some(replay) = &mut state.replay else { return };
    let (tape, before) = (Arc::clone(&replay.tape), replay.count);
    let count = count.clamp(1, tape.len().max(1));
    if count >= before && count - before <= APART {
        tape.records[before..count].iter().for_each(|record| state.record(record));
    } else if let Some(history) = tape.fold(count) {
        rewind(state, history);
    }
    if let Some(replay) = &mut state.replay {
        replay.clock = state.history.active_ms() as f64;
    }
    settle(state, count);
}

fn settle(state: &mut AppState, count: usize) {
    let moved = state.replay.as_ref().is_some_and(|replay| replay.count != count);
    if let Some(replay) = &mut state.replay {
        replay.count = count;
    }
    state.now = wall(state);
    state.stale = true;
    if moved {
        state.refresh();
    }
}

/// What the wall's clock showed then.
fn wall(state: &AppState) -> Timestamp {
    let clock = state.replay.as_ref().map_or(0, |replay| replay.clock as u64);
    state.history.last() + clock.saturating_sub(state.history.active_ms())
}

/// Another history in place of the one on the screen; where a person was looking stays.
fn rewind(state: &mut AppState, history: History) {
    let running = history.trials().iter().filter(|trial| trial.state == TrialState::Running);
    state.running = running.map(|trial| trial.id).collect();
    state.ties = Ties::of(&history);
    state.references = references(&history);
    state.activity = Activity::of(&history);
    state.log_scroll = 0;
    state.best = BestCurve::of(&history);
    state.pace = Pace::of(&history);
    state.marked.retain(|trial| history.trial(*trial).is_some());
    let known = |id: TrialId| history.trial(id).is_some();
    state.detail = state.detail.filter(|row| row.trial().is_none_or(known));
    state.lost = None;
    state.panels.forget();
    state.history = history;
}
