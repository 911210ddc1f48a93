//! The studies of the folder, beside an open study and before one is open; and a study's past.

use std::path::PathBuf;

use super::*;
use crate::domain::history::History;
use crate::domain::trial::Timestamp;
use crate::tui::ask::StudyRow;
use crate::tui::chooser::tests::{choose, chooser, drawn};
use crate::tui::replay::{Replay, Tape, tick};

const ASCII: Options = Options { ascii: true, color: false };

/// A study of each standing, last changed so many milliseconds before `now`.
pub(in crate::tui) fn rows(now: Timestamp) -> Vec<StudyRow> {
    let row = |name: &str, trials, ago: Timestamp| StudyRow {
        name: name.into(),
        file: Some(PathBuf::from(format!("studies/{name}.toml"))),
        store: Some(PathBuf::from(format!("runs/{name}"))),
        trials: Some(trials),
        best: Some((62.341, "mse".into())),
        last: Some(now - ago),
        is_live: false,
        problem: None,
    };
    vec![
        StudyRow { is_live: true, ..row("barley_yield_gp", (412, 2_000), 1_000) },
        row("pig_ebv", (12, 40), 95_000),
        StudyRow { best: Some((0.7314, "pearson".into())), ..row("qtlmas2010", (60, 60), 7_200_000) },
        StudyRow {
            trials: None,
            best: None,
            problem: Some(
                "runs/cattle/journal.jsonl, line 17: the line is damaged: it fails its checksum".into(),
            ),
            ..row("cattle", (0, 0), 90_000_000)
        },
        StudyRow {
            store: Some(PathBuf::from("runs/pig_ebv.old-1763700000000")),
            file: None,
            ..row("pig_ebv", (3, 40), 400_000_000)
        },
        StudyRow { store: None, trials: None, best: None, last: None, ..row("quickstart", (0, 0), 0) },
    ]
}

fn listed(options: Options) -> AppState {
    let mut state = app(&busy(), options);
    state.menu.store = "runs/pig_ebv".into();
    press(&mut state, "8");
    let now = state.now;
    update(&mut state, Msg::Answer(Answer::Studies(rows(now))));
    state
}

#[test]
fn the_view_of_studies() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut state = listed(PLAIN);
        insta::assert_snapshot!(format!("studies_{width}x{height}"), screen(&mut state, width, height));
    }
    insta::assert_snapshot!("studies_ascii_80x24", screen(&mut listed(ASCII), 80, 24));
    let mut waiting = app(&busy(), PLAIN);
    press(&mut waiting, "8");
    assert!(screen(&mut waiting, 80, 24).contains("looking for studies"));
    update(&mut waiting, Msg::Answer(Answer::Studies(Vec::new())));
    insta::assert_snapshot!("studies_none_80x24", screen(&mut waiting, 80, 24));
}

#[test]
fn the_list_is_asked_for_once_and_again_when_it_is_old() {
    let mut state = app(&busy(), PLAIN);
    let asks = |effects: Vec<Effect>| effects.iter().filter(|e| **e == Effect::Ask(Ask::Studies)).count();
    assert_eq!(asks(press(&mut state, "8")), 1);
    let later = |state: &mut AppState, ms| {
        let now = state.now + ms;
        update(state, Msg::Tick(now))
    };
    assert_eq!(asks(later(&mut state, 60_000)), 0, "the first answer is not there yet");
    let now = state.now;
    update(&mut state, Msg::Answer(Answer::Studies(rows(now))));
    assert_eq!(asks(later(&mut state, 3_000)), 0);
    assert_eq!(asks(later(&mut state, 1_000)), 1);
    press(&mut state, "1");
    update(&mut state, Msg::Answer(Answer::Studies(rows(now))));
    assert_eq!(asks(later(&mut state, 60_000)), 0, "it is not on the screen");
}

#[test]
fn enter_compares_another_study_and_says_why_it_cannot() {
    let mut state = listed(PLAIN);
    let study = |name: &str| Effect::Ask(Ask::Study(PathBuf::from(name)));
    let said = |state: &mut AppState| state.notice.take().map(|n| n.text).unwrap_or_default();
    let to = |state: &mut AppState, name: &str| {
        let keeps = &mut state.panels.studies;
        let stored = |row: &StudyRow| row.store.as_ref().is_some_and(|s| s.ends_with(name));
        keeps.cursor = keeps.rows.as_ref().unwrap().iter().position(stored).unwrap_or(5);
    };
    to(&mut state, "pig_ebv");
    assert_eq!(press(&mut state, "\n"), []);
    assert_eq!(said(&mut state), "pig_ebv is the study on the screen");
    to(&mut state, "cattle");
    assert_eq!(press(&mut state, "c"), []);
    assert!(said(&mut state).contains("fails its checksum"));
    let rows = state.panels.studies.rows.as_mut().unwrap();
    let file = rows.iter_mut().find_map(|row| row.file.as_mut().filter(|_| row.store.is_none()));
    let plain = std::mem::replace(file.unwrap(), "my studies/own.toml".into());
    to(&mut state, "none");
    assert_eq!(press(&mut state, "c"), []);
    assert!(said(&mut state).ends_with("in another terminal: tune-tui 'my studies/own.toml'"));
    let rows = state.panels.studies.rows.as_mut().unwrap();
    let file = rows.iter_mut().find_map(|row| row.file.as_mut().filter(|_| row.store.is_none()));
    *file.unwrap() = plain;
    to(&mut state, "none");
    assert_eq!(press(&mut state, "c"), []);
    assert!(said(&mut state).ends_with("in another terminal: tune-tui studies/quickstart.toml"));
    to(&mut state, "qtlmas2010");
    assert_eq!(press(&mut state, "c"), [study("runs/qtlmas2010")]);
    assert!(said(&mut state).contains("tune-tui studies/qtlmas2010.toml"));
    assert_eq!(state.view, View::Compare);
}

#[test]
fn the_selection_stays_with_its_study() {
    let mut state = listed(PLAIN);
    press(&mut state, "jj");
    let now = state.now;
    let mut moved = rows(now);
    moved.swap(0, 2);
    update(&mut state, Msg::Answer(Answer::Studies(moved)));
    assert_eq!(state.panels.studies.cursor, 0);
    update(&mut state, Msg::Answer(Answer::Studies(rows(now)[..1].to_vec())));
    assert_eq!(state.panels.studies.cursor, 0);
    press(&mut state, "GGkk");
    assert_eq!(state.panels.studies.cursor, 0);
}

#[test]
fn thousands_of_studies_and_any_size() {
    let mut state = listed(PLAIN);
    let now = state.now;
    let many = (0..5_000).map(|i| StudyRow { name: format!("study-{i}"), ..rows(now)[i % 6].clone() });
    update(&mut state, Msg::Answer(Answer::Studies(many.collect())));
    press(&mut state, "G");
    assert!(screen(&mut state, 80, 24).contains("study-4999"));
    for (width, height) in [(1, 1), (20, 5), (60, 16), (61, 17), (300, 100)] {
        screen(&mut state, width, height);
        drawn(&mut chooser(ASCII, Some(rows(100_000_000_000))), width, height);
    }
}

#[test]
fn the_first_screen_without_a_study() {
    let now = 1_763_800_000_000;
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut shown = chooser(PLAIN, Some(rows(now)));
        insta::assert_snapshot!(format!("choose_{width}x{height}"), drawn(&mut shown, width, height));
    }
    insta::assert_snapshot!("choose_ascii_80x24", drawn(&mut chooser(ASCII, Some(rows(now))), 80, 24));
    insta::assert_snapshot!("choose_none_80x24", drawn(&mut chooser(PLAIN, Some(vec![])), 80, 24));
    assert!(drawn(&mut chooser(PLAIN, None), 80, 24).contains("looking for studies"));
}

#[test]
fn enter_opens_what_can_be_opened_and_says_why_else() {
    let now = 1_763_800_000_000;
    let mut shown = chooser(PLAIN, Some(rows(now)));
    for (keys, chosen, says) in [
        ("\n", None, "`tune-tui replay runs/barley_yield_gp` looks at it"),
        ("j\n", Some("pig_ebv"), "resumes pig_ebv: 28 trials to come"),
        ("j\n", Some("qtlmas2010"), "opens qtlmas2010: all its trials have ended"),
        ("j\n", None, "fails its checksum"),
        ("j\n", None, "replay runs/pig_ebv.old-1763700000000"),
        ("j\n", Some("quickstart"), "starts quickstart"),
        ("gg\n", None, "another process works on barley_yield_gp"),
    ] {
        let found = choose(&mut shown, keys);
        assert_eq!(found.as_deref(), chosen, "{keys:?}");
        let screen = drawn(&mut shown, 200, 24);
        assert!(screen.contains(says), "no {says:?} in\n{screen}");
    }
}

fn tape(script: &Script) -> Tape {
    let mut tape = Tape::default();
    let mut history: Option<History> = None;
    for record in script.records() {
        match &mut history {
            Some(history) => history.apply(record).unwrap(),
            None => history = Some(History::begin(record).unwrap()),
        }
        tape.push(history.as_ref().unwrap(), record.clone());
    }
    tape
}

pub fn replayed(options: Options) -> AppState {
    let script = busy();
    let first = History::begin(&script.records()[0]).unwrap();
    let mut state = AppState::new(first, options, 0);
    let replay = Replay::new(tape(&script), Some(16.0));
    let half = replay.time().1 / 2 / 16;
    state.replay = Some(replay);
    tick(&mut state, 1);
    tick(&mut state, half + 1);
    state
}

#[test]
fn the_past_has_the_same_screens_and_a_scrubber() {
    for (width, height) in [(80, 24), (200, 60)] {
        insta::assert_snapshot!(
            format!("replay_{width}x{height}"),
            screen(&mut replayed(PLAIN), width, height)
        );
    }
    insta::assert_snapshot!("replay_ascii_80x24", screen(&mut replayed(ASCII), 80, 24));
    let mut state = replayed(PLAIN);
    press(&mut state, "$?");
    let help = screen(&mut state, 120, 60);
    assert!(help.contains("one event back") && help.contains("the end"), "{help}");
}

#[test]
fn in_the_past_nothing_is_steered_and_q_leaves_at_once() {
    let mut state = replayed(PLAIN);
    assert_eq!(press(&mut state, "p"), []);
    assert_eq!(state.notice.clone().unwrap().text, "this is a replay: the past can't be changed");
    assert_eq!(press(&mut state, "x"), []);
    assert_eq!(state.dialog, None);
    assert_eq!(press(&mut state, "q"), [Effect::Leave(Ending::Done)]);
    assert_eq!(update(&mut state, control('c')), [Effect::Leave(Ending::Done)]);
}

#[test]
fn a_stopped_replay_is_not_drawn() {
    let mut state = replayed(PLAIN);
    press(&mut state, " ");
    state.stale = false;
    update(&mut state, Msg::Tick(90_000_000));
    assert!(!state.stale);
    press(&mut state, " ");
    state.stale = false;
    update(&mut state, Msg::Tick(90_000_100));
    assert!(state.stale);
}
