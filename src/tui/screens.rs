//! The whole dashboard on a buffer: snapshots, random keys and sizes, and what every screen must
//! hold.

pub(super) mod answers;
mod anything;
mod beside;
mod compare;
mod devices;
mod forms;
mod minds;
mod pointer;
mod search;
mod steering;
mod studies;
mod table;
mod themes;
mod trial;

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::Ending;
use super::ask::{Answer, Ask};
use super::machine::load::Load;
use super::state::{AppState, Dialog, PanelId, Phase, View};
use super::theme::Options;
use super::update::{Effect, Msg, update};
use super::view;
use crate::analysis::testing::{self, Script, busy, contested, finished, kinds, large, on_test};
use crate::domain::command::{Command, End, StopMode, Update};
use crate::domain::event::{Event, Level};

const PLAIN: Options = Options { ascii: false, color: true };

pub(super) fn app(script: &Script, options: Options) -> AppState {
    let mut state = AppState::new(script.history().clone(), options, script.now() + 2_000);
    update(&mut state, Msg::Load(Load { processor: 87, memory: 3 << 30, total: 62 << 30 }));
    state
}

fn key(code: KeyCode) -> Msg {
    Msg::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

fn control(c: char) -> Msg {
    Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL))
}

/// Types each character; `\n` is Enter, `\t` Tab, `\u{1b}` Esc.
pub(super) fn press(state: &mut AppState, keys: &str) -> Vec<Effect> {
    let code = |c| match c {
        '\n' => KeyCode::Enter,
        '\t' => KeyCode::Tab,
        '\u{1b}' => KeyCode::Esc,
        c => KeyCode::Char(c),
    };
    keys.chars().flat_map(|c| update(state, key(code(c)))).collect()
}

fn draw(state: &mut AppState, width: u16, height: u16) -> Buffer {
    update(state, Msg::Resize(width, height));
    let area = Rect::new(0, 0, width, height);
    let mut buf = Buffer::empty(area);
    view::render(state, area, &mut buf);
    buf
}

pub(super) fn text(buf: &Buffer) -> String {
    let row = |y| {
        let symbols: String = (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect();
        symbols.trim_end().to_owned()
    };
    (0..buf.area.height).map(row).collect::<Vec<_>>().join("\n")
}

pub(super) fn screen(state: &mut AppState, width: u16, height: u16) -> String {
    text(&draw(state, width, height))
}

#[test]
fn overview() {
    let mut state = app(&busy(), PLAIN);
    for (width, height) in [(60, 16), (80, 24), (120, 40), (160, 50), (200, 60)] {
        insta::assert_snapshot!(format!("overview_{width}x{height}"), screen(&mut state, width, height));
    }
}

#[test]
fn several_kinds_and_repeats() {
    let mut state = app(&kinds(), PLAIN);
    insta::assert_snapshot!("kinds_80x24", screen(&mut state, 80, 24));
    insta::assert_snapshot!("kinds_160x50", screen(&mut state, 160, 50));
    press(&mut state, "2ss");
    insta::assert_snapshot!("kinds_sorted", screen(&mut state, 120, 16));
    press(&mut state, "\n");
    insta::assert_snapshot!("kinds_detail", screen(&mut state, 80, 24));
}

#[test]
fn a_study_that_selects_on_its_test_set_is_marked_and_so_are_ties() {
    for (name, ascii) in [("on_test", false), ("ascii_on_test", true)] {
        let mut state = app(&on_test(), Options { ascii, color: true });
        assert_eq!(
            screen(&mut state, 80, 24).matches("selected on TEST").count(),
            2,
            "header and leaderboard"
        );
        update(&mut state, Msg::Updates(vec![Update::Ended(End::Done)]));
        insta::assert_snapshot!(format!("{name}_80x24"), screen(&mut state, 80, 24));
        press(&mut state, "2j\n");
        let detail = screen(&mut state, 80, 24);
        assert!(detail.contains("tied with the best (p = 0."), "{detail}");
        for key in ["1", "2", "3", "9", "z"] {
            press(&mut state, key);
            assert!(screen(&mut state, 60, 16).contains("selected on TEST"), "{key}");
        }
    }
}

#[test]
fn views_at_80x24() {
    let screens = [
        ("trials", "2"),
        ("trials_scrolled_sorted", "2lllsss"),
        ("failed_selected", "G"),
        ("detail_best", "\n"),
        ("detail_early", "3jjjjjl"),
        ("log", "9"),
        ("help", "?"),
        ("quit", "q"),
        ("cancel", "\tx"),
        ("cancel_refused", "2x"),
        ("filter", "/state:complete filters>20"),
        ("filter_wrong", "/kernle=3"),
        ("zoomed_chart", "\t\tz"),
    ];
    for (name, keys) in screens {
        let mut state = app(&busy(), PLAIN);
        update(&mut state, Msg::Resize(80, 24));
        press(&mut state, keys);
        insta::assert_snapshot!(name, screen(&mut state, 80, 24));
    }
}

#[test]
fn detail_at_160x50() {
    let mut state = app(&busy(), PLAIN);
    press(&mut state, "/trial=12\n\n");
    insta::assert_snapshot!("detail_running_160x50", screen(&mut state, 160, 50));
    press(&mut state, "\u{1b}\u{1b}/trial=4\n\n");
    insta::assert_snapshot!("detail_failed_160x50", screen(&mut state, 160, 50));
}

#[test]
fn ascii() {
    let mut state = app(&busy(), Options { ascii: true, color: false });
    insta::assert_snapshot!("ascii_80x24", screen(&mut state, 80, 24));
    press(&mut state, "3");
    insta::assert_snapshot!("ascii_detail_120x40", screen(&mut state, 120, 40));
}

#[test]
fn empty_loading_finished_failed_and_large() {
    let mut loading = app(&Script::new(4), PLAIN);
    insta::assert_snapshot!("loading_80x24", screen(&mut loading, 80, 24));

    let mut first = Script::new(4).opened(40, 2);
    first.start();
    insta::assert_snapshot!("first_trial_80x24", screen(&mut app(&first, PLAIN), 80, 24));

    let mut done = app(&finished(), PLAIN);
    update(&mut done, Msg::Updates(vec![Update::Ended(End::Done)]));
    insta::assert_snapshot!("finished_80x24", screen(&mut done, 80, 24));

    let mut failed = app(&busy(), PLAIN);
    let why = "runs/pig_ebv/journal.jsonl: no space left on device (os error 28): free some and run the same command";
    update(&mut failed, Msg::Updates(vec![Update::Ended(End::Failed(why.into()))]));
    insta::assert_snapshot!("failed_80x24", screen(&mut failed, 80, 24));
    insta::assert_snapshot!("too_small_40x10", screen(&mut failed, 40, 10));

    let mut many = app(&large(), PLAIN);
    insta::assert_snapshot!("large_120x40", screen(&mut many, 120, 40));
}

#[test]
fn a_screen_without_colour_has_none_and_an_ascii_screen_only_ascii() {
    let mut script = busy();
    script.note(Level::Warning, "größer als — \u{1b}[31m");
    let mut state = app(&script, Options { ascii: true, color: false });
    press(&mut state, "m");
    let outcome = Ok(Arc::new(testing::profile(10)));
    update(&mut state, Msg::Answer(Answer::Profile(10, outcome)));
    for keys in ["", "2", "3", "4", "5", "6", "7", "8", "9", "1?", "\u{1b}q", "\u{1b}/größe"] {
        press(&mut state, keys);
        for (width, height) in [(80, 24), (160, 50)] {
            let buf = draw(&mut state, width, height);
            for cell in buf.content() {
                assert!(cell.symbol().is_ascii(), "{keys:?}: {:?}", cell.symbol());
                assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{keys:?}");
            }
        }
    }
}

#[test]
fn names_and_reasons_cannot_steer_the_terminal() {
    let mut script = busy();
    script.fail(12, "\u{1b}]0;title\u{7} \u{202e}evil\r\n");
    let mut state = app(&script, PLAIN);
    for keys in ["G", "\n", "9"] {
        press(&mut state, keys);
        let buf = draw(&mut state, 160, 50);
        let hidden = |c: char| c.is_control() || c == '\u{202e}';
        assert!(!buf.content().iter().any(|cell| cell.symbol().contains(hidden)), "{keys:?}");
    }
}

#[test]
fn quitting_asks_while_trials_run() {
    let live = || app(&busy(), PLAIN);
    let stop = |mode| Effect::Send(Command::Stop(mode));

    let mut state = live();
    assert_eq!(press(&mut state, "q\u{1b}\u{1b}\u{1b}"), []);
    assert_eq!((state.dialog.clone(), state.phase.clone()), (None, Phase::Live));

    assert_eq!(press(&mut state, "qf"), [stop(StopMode::AfterRunning)]);
    assert_eq!(state.standing().0, "finishing");
    assert_eq!(press(&mut state, "qs"), [stop(StopMode::Now)]);
    let ended = update(&mut state, Msg::Updates(vec![Update::Ended(End::Stopped)]));
    assert_eq!(ended, [Effect::Leave(Ending::Stopped(StopMode::Now))]);

    let mut state = live();
    assert_eq!(update(&mut state, control('c')), []);
    assert_eq!(state.dialog, Some(Dialog::Quit));
    assert_eq!(update(&mut state, control('c')), [stop(StopMode::Now)]);
    assert_eq!(update(&mut state, control('c')), [Effect::Leave(Ending::Stopped(StopMode::Now))]);

    let mut idle = app(&Script::new(2).opened(4, 1), PLAIN);
    assert_eq!(press(&mut idle, "q"), [stop(StopMode::Now)]);
}

#[test]
fn a_study_that_is_over_stays_until_q() {
    let over = |end: End| {
        let mut state = app(&finished(), PLAIN);
        assert_eq!(update(&mut state, Msg::Updates(vec![Update::Ended(end)])), []);
        assert_eq!(update(&mut state, Msg::Silence), []);
        press(&mut state, "q")
    };
    assert_eq!(over(End::Done), [Effect::Leave(Ending::Done)]);
    assert_eq!(over(End::Failed("why".into())), [Effect::Leave(Ending::Failed("why".into()))]);
    let mut state = app(&finished(), PLAIN);
    update(&mut state, Msg::Silence);
    assert!(matches!(state.phase, Phase::Over(End::Failed(_))));
}

#[test]
fn cancel_asks_first_and_says_why_it_cannot() {
    let mut state = app(&busy(), PLAIN);
    assert_eq!(press(&mut state, "x"), []);
    let said = state.notice.clone().unwrap().text;
    assert_eq!(said, "can't cancel trial 10: it is complete, not running");
    draw(&mut state, 80, 24);
    assert_eq!(press(&mut state, "\tjx"), []);
    assert_eq!((state.focus, &state.dialog), (PanelId::Running, &Some(Dialog::Cancel(13))));
    assert_eq!(press(&mut state, "n"), []);
    assert_eq!(press(&mut state, "xy"), [Effect::Send(Command::Cancel(13))]);
}

#[test]
fn pause_and_resume_follow_the_study() {
    let mut script = busy();
    let mut state = app(&script, PLAIN);
    assert_eq!(press(&mut state, "p"), [Effect::Send(Command::Pause)]);
    assert_eq!(state.standing().0, "running");
    let record = script.record(Event::StudyPaused);
    update(&mut state, Msg::Updates(vec![Update::Recorded(record)]));
    assert_eq!(state.standing().0, "paused");
    assert_eq!(press(&mut state, "p"), [Effect::Send(Command::Resume)]);
}

#[test]
fn a_live_screen_is_the_screen_of_its_history() {
    let script = busy();
    let (first, rest) = script.records().split_at(40);
    let mut history = crate::domain::history::History::begin(&first[0]).unwrap();
    for record in &first[1..] {
        history.apply(record).unwrap();
    }
    let mut live = AppState::new(history, PLAIN, script.now() + 2_000);
    // The first ones come twice.
    let again = first[20..].iter().chain(rest).cloned().map(Update::Recorded).collect();
    update(&mut live, Msg::Updates(again));
    let mut fresh = AppState::new(script.history().clone(), PLAIN, script.now() + 2_000);
    for state in [&mut live, &mut fresh] {
        // The log tells starts to a live screen only.
        state.view = View::Trials;
    }
    assert_eq!((&live.best, &live.pace, &live.running), (&fresh.best, &fresh.pace, &fresh.running));
    assert_eq!(screen(&mut live, 160, 50), screen(&mut fresh, 160, 50));
}

#[test]
fn a_gap_in_the_records_is_told_and_not_drawn_over() {
    let mut script = busy();
    let mut state = app(&script, PLAIN);
    script.note(Level::Info, "lost");
    let late = script.note(Level::Info, "late");
    update(&mut state, Msg::Updates(vec![Update::Recorded(late)]));
    assert!(screen(&mut state, 80, 24).contains("the screen lost track"));
}

#[test]
fn a_screen_at_rest_is_not_drawn() {
    let mut state = app(&finished(), PLAIN);
    update(&mut state, Msg::Updates(vec![Update::Ended(End::Done)]));
    state.stale = false;
    let now = state.now;
    update(&mut state, Msg::Tick(now + 60_000));
    update(&mut state, Msg::Load(Load { processor: 1, memory: 1 << 30, total: 2 << 30 }));
    update(&mut state, Msg::Silence);
    assert!(!state.stale);
    let mut live = app(&busy(), PLAIN);
    live.stale = false;
    let now = live.now;
    update(&mut live, Msg::Tick(now + 1));
    assert!(!live.stale);
    update(&mut live, Msg::Tick(now + 1_000));
    assert!(live.stale);
}
