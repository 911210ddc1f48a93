//! Whatever happens, on a screen of whatever size: nothing panics.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;

use super::*;

fn any_key() -> impl Strategy<Value = Msg> {
    let plain = "[ -~äß年]".prop_map(|s| key(KeyCode::Char(s.chars().next().unwrap_or(' '))));
    let special = prop::sample::select(vec![
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Backspace,
    ]);
    let bound = prop::sample::select(
        "123456789hjklgGsSzx/?pqmoLJK[]\t+-:ntwraAefyvCN* \n\u{1b}".chars().collect::<Vec<_>>(),
    );
    prop_oneof![
        1 => plain,
        3 => special.prop_map(key),
        4 => bound.prop_map(|c| key(if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) })),
        1 => prop::sample::select(vec!['c', 'd', 'u', 'w', 'z']).prop_map(control),
    ]
}

/// A key, or the mouse, pasted text, a record or the next second.
fn anything() -> impl Strategy<Value = Anything> {
    let kinds = vec![
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::ScrollUp,
        MouseEventKind::ScrollDown,
        MouseEventKind::Drag(MouseButton::Left),
    ];
    let mouse = (prop::sample::select(kinds), 0_u16..300, 0_u16..100).prop_map(|(kind, column, row)| {
        Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
    });
    prop_oneof![
        12 => any_key().prop_map(Anything::Happens),
        3 => mouse.prop_map(Anything::Happens),
        1 => "[ -~äß年\n]{0,40}".prop_map(|text| Anything::Happens(Msg::Paste(text))),
        1 => Just(Anything::Record),
        1 => (0_u64..10_000).prop_map(Anything::Passes),
    ]
}

#[derive(Debug, Clone)]
enum Anything {
    Happens(Msg),
    /// A trial begins or ends.
    Record,
    /// So many milliseconds pass.
    Passes(u64),
}

/// A study, or half of the replay of one, before anything happens.
fn any_study(which: u8, options: Options) -> (Script, AppState) {
    let script = match which {
        0 => Script::new(1),
        1 => finished(),
        2 => contested(),
        3 => kinds(),
        _ => busy(),
    };
    let mut state = if which == 5 { studies::replayed(options) } else { app(&script, options) };
    state.menu.slots = 8;
    if which == 4 {
        update(&mut state, Msg::Updates(vec![Update::Ended(End::Failed("x ".repeat(300)))]));
    }
    (script, state)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_key_and_no_size_panics(
        events in prop::collection::vec((anything(), 1_u16..300, 1_u16..100, 0_u8..4), 200),
        ascii: bool,
        which in 0_u8..7,
    ) {
        let (mut script, mut state) = any_study(which, Options { ascii, color: true });
        for (i, (event, width, height, resize)) in events.into_iter().enumerate() {
            let message = match event {
                Anything::Happens(message) => message,
                Anything::Record if i % 3 == 0 => {
                    script.complete(i as f64, 1_000);
                    let from = state.history.next_sequence() as usize;
                    let late = script.records().iter().skip(from).cloned();
                    Msg::Updates(late.map(Update::Recorded).collect())
                }
                Anything::Record => Msg::Updates(vec![Update::Recorded(script.note(Level::Warning, "late"))]),
                Anything::Passes(ms) => Msg::Tick(state.clock + ms),
            };
            let asked = update(&mut state, message);
            if i % 2 == 0 {
                answers::all(&mut state, asked, i / 2);
            }
            if resize == 0 {
                // Every other one around the smallest sizes.
                let (width, height) = if i % 2 == 0 { (width, height) } else { (width % 70 + 1, height % 20 + 1) };
                draw(&mut state, width, height);
            } else {
                let (width, height) = state.size;
                draw(&mut state, width, height);
            }
        }
    }

    #[test]
    fn esc_never_quits(keys in prop::collection::vec(any_key(), 30)) {
        let mut state = app(&busy(), PLAIN);
        for key in keys {
            update(&mut state, key);
        }
        let phase = state.phase.clone();
        prop_assert_eq!(press(&mut state, "\u{1b}\u{1b}\u{1b}\u{1b}\u{1b}"), vec![]);
        prop_assert_eq!(state.phase, phase);
    }
}
