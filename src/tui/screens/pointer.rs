//! The mouse, and the log.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::*;

fn mouse(state: &mut AppState, kind: MouseEventKind, at: Position) -> Vec<Effect> {
    let event = MouseEvent { kind, column: at.x, row: at.y, modifiers: KeyModifiers::NONE };
    update(state, Msg::Mouse(event))
}

fn click(state: &mut AppState, at: Position) -> Vec<Effect> {
    mouse(state, MouseEventKind::Down(MouseButton::Left), at)
}

/// Where a text stands on the screen.
fn place(state: &mut AppState, words: &str) -> Position {
    let (width, height) = state.size;
    let shown = screen(state, width, height);
    let (y, line) = shown
        .lines()
        .enumerate()
        .find(|(_, line)| line.contains(words))
        .unwrap_or_else(|| panic!("no {words}\n{shown}"));
    let x = line[..line.find(words).unwrap()].chars().count();
    Position::new(x as u16, y as u16)
}

fn live() -> AppState {
    let mut state = app(&busy(), PLAIN);
    update(&mut state, Msg::Resize(120, 40));
    state
}

#[test]
fn a_click_selects_and_a_second_one_opens() {
    let mut state = live();
    let at = place(&mut state, "68.80");
    click(&mut state, at);
    assert_eq!((state.selected().map(|t| t.id), state.view), (Some(6), View::Overview));
    let later = state.now + 2_000;
    update(&mut state, Msg::Tick(later));
    click(&mut state, at);
    assert_eq!(state.view, View::Overview, "two slow ones are no double one");
    click(&mut state, at);
    assert_eq!((state.selected().map(|t| t.id), state.view), (Some(6), View::Trial));
    let title = place(&mut state, " Model ");
    click(&mut state, title);
    assert_eq!(state.focus, PanelId::Layers);
}

#[test]
fn two_slow_clicks_are_no_double_one_however_slow_the_screens_clock() {
    let mut state = live();
    state.slow = true;
    let start = state.now - state.now % 60_000 + 60_000;
    update(&mut state, Msg::Tick(start + 1_000));
    let at = place(&mut state, "68.80");
    click(&mut state, at);
    update(&mut state, Msg::Tick(start + 3_000));
    assert_eq!(state.now, start);
    click(&mut state, at);
    assert_eq!(state.view, View::Overview);
    update(&mut state, Msg::Tick(start + 3_400));
    click(&mut state, at);
    assert_eq!(state.view, View::Trial);
}

#[test]
fn clicks_focus_panels_and_press_the_keys_of_the_footer() {
    let mut state = live();
    let running = place(&mut state, "17/60");
    click(&mut state, running);
    assert_eq!((state.focus, state.selected().map(|t| t.id)), (PanelId::Running, Some(13)));
    let hint = place(&mut state, "? help");
    click(&mut state, hint);
    assert!(matches!(state.dialog, Some(Dialog::Help(_))));
    let before = state.dialog.clone();
    click(&mut state, hint);
    assert_eq!(state.dialog, before, "a dialog is answered by keys");
    press(&mut state, "\u{1b}");
    let hint = place(&mut state, "z zoom");
    click(&mut state, hint);
    assert!(state.zoomed);
}

#[test]
fn the_wheel_turns_what_is_under_it() {
    let mut state = live();
    let at = place(&mut state, "68.80");
    mouse(&mut state, MouseEventKind::ScrollDown, at);
    assert_eq!(state.table.cursor(), 3);
    mouse(&mut state, MouseEventKind::ScrollUp, at);
    assert_eq!(state.table.cursor(), 0);
    let log = place(&mut state, " Log ");
    mouse(&mut state, MouseEventKind::ScrollUp, log);
    assert_eq!((state.log_scroll, state.focus), (3, PanelId::Leaderboard));
    press(&mut state, "?");
    mouse(&mut state, MouseEventKind::ScrollDown, at);
    assert!(matches!(&state.dialog, Some(Dialog::Help(help)) if help.line == 3));
    state.stale = false;
    mouse(&mut state, MouseEventKind::Moved, at);
    mouse(&mut state, MouseEventKind::Up(MouseButton::Left), at);
    assert!(!state.stale, "moves are not drawn");
}

#[test]
fn a_line_of_the_log_opens_its_trial_or_is_read_in_full() {
    let mut script = busy();
    let long = "the network does not fit: ".repeat(8);
    script.fail(15, &long);
    let mut state = app(&script, PLAIN);
    press(&mut state, "9l");
    let shown = screen(&mut state, 120, 40);
    let whole = shown.matches("the network does not fit").count();
    assert!(whole >= 7, "in full, not only cut: {whole} times\n{shown}");
    assert!(shown.contains("Enter opens trial 15"), "{shown}");
    press(&mut state, "\n");
    assert_eq!((state.view, state.selected().map(|t| t.id)), (View::Trial, Some(15)));
    press(&mut state, "\u{1b}9");
    assert_eq!((state.view, state.dialog.clone()), (View::Log, None));
    press(&mut state, "gg\n");
    assert!(screen(&mut state, 80, 24).contains("data loaded: 2,314 individuals"));
    assert!(matches!(state.dialog, Some(Dialog::Reading(..))), "a line about no trial");
}

#[test]
fn the_log_is_filtered_by_words_and_by_weight() {
    let mut state = app(&busy(), PLAIN);
    press(&mut state, "9/not finite");
    let shown = screen(&mut state, 80, 24);
    assert!(shown.contains("trial 4 failed") && !shown.contains("trial 5 pruned"), "{shown}");
    press(&mut state, "\n\n");
    assert_eq!(state.selected().map(|t| t.id), Some(4), "the line that is left");
    press(&mut state, "9/\u{1b}");
    assert_eq!(state.panels.log.words, "not finite", "as it was");
    press(&mut state, "/zzz");
    assert!(screen(&mut state, 80, 24).contains("no line matches: Esc clears"));
    press(&mut state, "\n\u{1b}");
    assert_eq!((state.view, state.panels.log.words.as_str()), (View::Log, ""));
    press(&mut state, "/zzz");
    update(&mut state, control('u'));
    press(&mut state, "\nv");
    let shown = screen(&mut state, 80, 24);
    assert!(shown.contains("warnings only") && shown.contains("device memory is low"), "{shown}");
    assert!(!shown.contains("complete in"), "{shown}");
}

#[test]
fn times_are_local_where_the_zone_is_known() {
    let mut state = app(&busy(), PLAIN);
    press(&mut state, "9");
    let utc = screen(&mut state, 80, 24);
    assert!(utc.contains("times in UTC") && utc.contains("09:00:00 "), "{utc}");
    // Winter time until the end of March, and summer time from then on.
    state.menu.zone.shifts = vec![(0, 3600), (1_774_746_000, 7200)];
    let local = screen(&mut state, 80, 24);
    assert!(local.contains("local times") && local.contains("10:00:00 "), "{local}");
}
