//! A tape and its clock.

use super::*;
use crate::analysis::testing::{Script, busy};
use crate::tui::ask::Answer;
use crate::tui::screens::{self, answers, press};
use crate::tui::theme::Options;
use crate::tui::update::{Msg, update};

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
        assert_eq!((&state.best, &state.pace, &state.ties), (&fresh.best, &fresh.pace, &fresh.ties), "{k}");
        assert_eq!((&state.running, state.table.order()), (&fresh.running, fresh.table.order()), "{k}");
    }
}

#[test]
fn kept_histories_lead_to_the_same_place_across_their_borders() {
    let mut script = Script::new(1).opened(50, 1);
    for score in 0..50 {
        let trial = script.start();
        script.train(trial, 80, 20);
        script.end_fold(trial, f64::from(score));
        script.finish(trial, f64::from(score));
    }
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

/// Every view's screen, with the panels' questions answered or not.
fn views(state: &mut AppState, answered: bool) -> Vec<String> {
    let mut screens = Vec::new();
    for (width, height) in [(80, 24), (200, 60)] {
        for view in ["1", "2", "3", "4", "5", "9"] {
            let mut asked = update(state, Msg::Resize(width, height));
            asked.extend(press(state, view));
            // Each panel once in front.
            for turn in 0..7 {
                if answered {
                    answers::all(state, asked, turn % 2);
                }
                screens.push(screens::screen(state, width, height));
                asked = press(state, "\t");
            }
        }
    }
    screens
}

#[test]
fn going_back_shows_nothing_of_the_future() {
    let script = busy();
    for k in [1, 30, script.records().len() / 2] {
        let mut state = screen(&script, 1.0);
        state.replay.as_mut().unwrap().playing = false;
        go(&mut state, usize::MAX);
        views(&mut state, true);
        let late = Answer::Of(state.history.next_sequence(), Box::new(Answer::Rungs(Vec::new())));
        go(&mut state, k);
        press(&mut state, "1");
        let mut fresh = AppState::new(folded(&script.records()[..k]), Options::default(), state.now);
        fresh.replay = state.replay.clone();
        assert_eq!(state.panels.rungs.awaits(), None);
        update(&mut state, Msg::Answer(late));
        for (shown, wanted) in views(&mut state, false).iter().zip(views(&mut fresh, false)) {
            assert_eq!(*shown, wanted, "{k}");
        }
    }
}

#[test]
fn a_replay_that_stands_asks_at_each_step() {
    let script = busy();
    let mut state = screen(&script, 1.0);
    update(&mut state, Msg::Resize(80, 24));
    let asked = press(&mut state, "5\t\t");
    answers::all(&mut state, asked, 0);
    assert_eq!(state.focus, crate::tui::state::PanelId::Rungs);
    state.replay.as_mut().unwrap().playing = false;
    for k in [20, 21, 22, 5] {
        go(&mut state, k);
        let asked = update(&mut state, Msg::Resize(80, 24));
        let now = state.history.next_sequence();
        let of = |effect: &Effect| matches!(effect, Effect::Ask(ask) if ask.moment() == Some(now));
        assert!(asked.iter().any(of), "{k}: {asked:?}");
        answers::all(&mut state, asked, 0);
    }
}
