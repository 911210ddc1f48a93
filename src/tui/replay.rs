//! A study's past, played again: the records of its journal come to the screen by a clock of their own, which
//! can be stopped, turned back and let run faster. The clock counts the time in which the study was worked on:
//! the night between a stop and a resume takes no time here.
//!
//! Every so many records a copy of the history is kept, so that any place is a few records from one of them;
//! copies share the trials that did not change between them.

use std::sync::Arc;

use super::activity::Activity;
use super::keymap::Action;
use super::state::{AppState, Notice, references};
use super::theme::Tone;
use super::update::Effect;
use super::{Ending, Session, TuiError};
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
        store: String,
        desk: super::ask::Desk,
    ) -> Result<Ending, TuiError> {
        let Some(history) = replay.tape.fold(1) else { return Ok(Ending::Done) };
        let mut state = AppState::new(history, self.setup.options, 0);
        state.menu.store = store;
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
    state.history = history;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{Script, busy, large};
    use crate::tui::theme::Options;

    fn tape(records: &[Record]) -> Tape {
        let mut tape = Tape::default();
        let mut history: Option<History> = None;
        for record in records {
            match &mut history {
                Some(history) => history.apply(record).unwrap(),
                None => history = Some(History::begin(record).unwrap()),
            }
            tape.push(history.as_ref().unwrap(), record.clone());
        }
        tape
    }

    fn folded(records: &[Record]) -> History {
        let mut history = History::begin(&records[0]).unwrap();
        records[1..].iter().for_each(|record| history.apply(record).unwrap());
        history
    }

    fn screen(script: &Script, speed: f64) -> AppState {
        let replay = Replay::new(tape(script.records()), Some(speed));
        let mut state = AppState::new(folded(&script.records()[..1]), Options::default(), 0);
        state.replay = Some(replay);
        state
    }

    fn shown(state: &AppState) -> usize {
        state.replay.as_ref().unwrap().count
    }

    #[test]
    fn seeking_to_k_is_folding_k_records() {
        let script = busy();
        let (records, mut state) = (script.records(), screen(&script, 1.0));
        // There and back again, with short and long ways.
        let many = records.len();
        for k in (1..=many).rev().chain((1..=many).step_by(7)).chain([many, 1, many / 2, many]) {
            go(&mut state, k);
            let whole = folded(&records[..k]);
            assert_eq!(state.history, whole, "{k}");
            let fresh = AppState::new(whole, Options::default(), state.now);
            assert_eq!(
                (&state.best, &state.pace, &state.ties),
                (&fresh.best, &fresh.pace, &fresh.ties),
                "{k}"
            );
            assert_eq!((&state.running, state.table.order()), (&fresh.running, fresh.table.order()), "{k}");
        }
    }

    #[test]
    fn kept_histories_lead_to_the_same_place_across_their_borders() {
        let script = large();
        let tape = tape(script.records());
        assert!(tape.kept.len() > 3, "{} records are too few for this test", tape.len());
        for k in [1, 2, APART, APART + 1, APART + 2, 3 * APART, tape.len()] {
            assert_eq!(tape.fold(k).unwrap(), folded(&script.records()[..k]), "{k}");
        }
        for k in [1, APART, APART + 1, 2 * APART + 5, tape.len()] {
            let clock = folded(&script.records()[..k]).active_ms();
            let count = tape.at(clock);
            let at = |count: usize| tape.fold(count).unwrap().active_ms();
            assert!(count >= k && at(count) == clock, "{k}: {count}");
            assert!(count == tape.len() || at(count + 1) > clock, "{k}: {count}");
        }
    }

    #[test]
    fn playing_shows_each_record_when_it_is_due() {
        let script = busy();
        let mut state = screen(&script, 2.0);
        tick(&mut state, 5_000);
        assert_eq!(shown(&state), 1, "the clock starts with the first look");
        let end = folded(script.records()).active_ms();
        let mut now = 5_000;
        while state.replay.as_ref().unwrap().playing {
            now += 700;
            tick(&mut state, now);
            let (clock, _) = state.replay.as_ref().unwrap().time();
            assert_eq!(clock, ((now - 5_000) * 2).min(end));
            assert_eq!(shown(&state), state.replay.as_ref().unwrap().tape.at(clock));
        }
        assert_eq!(&state.history, script.history());
        assert_eq!(shown(&state), script.records().len());
        // At the end, play begins anew.
        assert_eq!(act(&mut state, Action::Play), Some(vec![]));
        assert_eq!((shown(&state), state.replay.as_ref().unwrap().playing), (1, true));
    }

    #[test]
    fn a_night_between_two_sessions_takes_no_time() {
        let mut script = Script::new(2).opened(4, 1);
        script.complete(1.0, 1_000);
        script.wait(8 * 3_600_000);
        script.record(Event::StudyOpened { trials: 4, slots: 1, threads: 1, asked: None });
        script.complete(2.0, 1_000);
        let length = tape(script.records()).length;
        assert_eq!(length, script.history().active_ms());
        assert!(length < 3_600_000, "{length}");
        let mut state = screen(&script, 1.0);
        tick(&mut state, 0);
        tick(&mut state, length);
        assert_eq!(&state.history, script.history());
    }

    #[test]
    fn keys_step_seek_and_change_the_speed() {
        let script = busy();
        let mut state = screen(&script, 4.0);
        let speed = |state: &AppState| state.replay.as_ref().unwrap().speed;
        for (action, then) in [(Action::Faster, 8.0), (Action::Slower, 4.0), (Action::Slower, 2.0)] {
            act(&mut state, action);
            assert_eq!(speed(&state), then);
        }
        for _ in 0..60 {
            act(&mut state, Action::Slower);
        }
        assert_eq!(speed(&state), SPEEDS.0);
        act(&mut state, Action::EventOn);
        act(&mut state, Action::EventOn);
        assert_eq!((shown(&state), state.replay.as_ref().unwrap().playing), (3, false));
        act(&mut state, Action::EventBack);
        assert_eq!(shown(&state), 2);
        act(&mut state, Action::Begin);
        act(&mut state, Action::EventBack);
        assert_eq!(shown(&state), 1);
        for _ in 0..25 {
            act(&mut state, Action::SeekOn);
        }
        let (clock, end) = state.replay.as_ref().unwrap().time();
        assert!(clock.abs_diff(end / 2) <= 1, "{clock} of {end}");
        act(&mut state, Action::Finish);
        assert_eq!(&state.history, script.history());
        act(&mut state, Action::SeekOn);
        act(&mut state, Action::EventOn);
        assert_eq!(&state.history, script.history());
    }

    #[test]
    fn steering_says_that_it_is_the_past_and_leaving_asks_nothing() {
        let mut state = screen(&busy(), 1.0);
        for action in [Action::Pause, Action::Cancel] {
            assert_eq!(act(&mut state, action), Some(vec![]));
            assert_eq!(state.notice.take().unwrap().text, PAST);
        }
        assert_eq!(act(&mut state, Action::Zoom), None);
        assert_eq!(act(&mut state, Action::Quit), Some(vec![Effect::Leave(Ending::Done)]));
    }

    #[test]
    fn bests_stand_where_they_were_found() {
        let script = busy();
        let replay = Replay::new(tape(script.records()), None);
        let found: Vec<u64> = replay.bests().collect();
        assert_eq!(found.len(), 6, "as the log of the same study says");
        assert!(found.is_sorted() && found.iter().all(|at| *at <= replay.time().1));
        assert_eq!(replay.tape.start_of(99), None);
        let first = replay.tape.start_of(0).unwrap();
        assert!(replay.tape.fold(replay.tape.at(first)).unwrap().trial(0).is_some());
    }
}
