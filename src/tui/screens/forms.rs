//! The forms: checked as one types, and what they send.

use super::steering::{busy_app, notice, params_of, special, steered};
use super::*;
use crate::domain::event::Method;
use crate::domain::space::Distribution;
use crate::domain::value::{Params, Value};

fn replaced(state: &mut AppState, text: &str) -> Vec<Effect> {
    update(state, control('u'));
    press(state, text)
}

#[test]
fn a_clone_is_checked_as_one_types_and_sends_what_was_changed() {
    let mut state = busy_app();
    press(&mut state, "C");
    replaced(&mut state, "300");
    assert!(screen(&mut state, 80, 24).contains("! 300 is outside 5 – 50"));
    assert_eq!(press(&mut state, "\n"), [], "what is wrong is not sent");
    replaced(&mut state, "30");
    let mut params = params_of(&state, 10);
    params.insert("filters".into(), Value::Int(30));
    assert_eq!(press(&mut state, "\n"), [Effect::Send(Command::Enqueue { params, parent: Some(10) })]);
    assert_eq!(notice(&state), "queued: a clone of trial 10 with 1 change");
    assert_eq!(state.dialog, None);
    press(&mut state, "C\u{1b}");
    assert_eq!(state.dialog, None);
}

#[test]
fn fields_come_and_go_with_what_they_depend_on() {
    let mut state = steered(&kinds());
    press(&mut state, ":clone 3\n");
    let shown = |state: &AppState| match &state.dialog {
        Some(Dialog::Form(form)) => {
            form.fields.iter().filter(|f| !f.hidden).map(|f| f.name.clone()).collect::<Vec<_>>().join(" ")
        }
        other => panic!("{other:?}"),
    };
    let kind = params_of(&state, 3)["kind"].to_string();
    assert!(shown(&state).contains(&format!("{kind}.")), "{}", shown(&state));
    // The letter of a choice chooses it.
    press(&mut state, "m");
    assert!(shown(&state).starts_with("kind mlp.layers mlp.units_1"), "{}", shown(&state));
    press(&mut state, "\t");
    replaced(&mut state, "1");
    assert_eq!(shown(&state), "kind mlp.layers mlp.units_1 batch");
    let [Effect::Send(Command::Enqueue { params, parent: Some(3) })] = &press(&mut state, "\n")[..] else {
        panic!("nothing was sent");
    };
    assert_eq!(state.history.study().space.check(params), Ok(()));
    assert_eq!(params["mlp.layers"], Value::Int(1));
    assert_eq!(params["batch"], params_of(&state, 3)["batch"]);
}

#[test]
fn each_form_sends_its_command() {
    let mut state = busy_app();
    press(&mut state, "n12");
    let [Effect::Send(Command::Enqueue { params, parent: None })] = &press(&mut state, "\n")[..] else {
        panic!("nothing was sent");
    };
    assert_eq!(params["filters"], Value::Int(12));
    press(&mut state, "t");
    assert_eq!(replaced(&mut state, "+5\n"), [Effect::Send(Command::Trials(45))]);
    press(&mut state, "w");
    assert_eq!(replaced(&mut state, "9\n"), []);
    assert!(screen(&mut state, 80, 24).contains("9 are too many"));
    assert_eq!(replaced(&mut state, "6\n"), [Effect::Send(Command::Workers(6))]);
    press(&mut state, "r\t");
    replaced(&mut state, "10\t");
    assert!(screen(&mut state, 80, 24).contains("of 16 trials lie inside"));
    let range = Distribution::Int { low: 10, high: 40, log: false };
    let sent = Command::Range { parameter: "filters".into(), distribution: range };
    assert_eq!(replaced(&mut state, "40\n"), [Effect::Send(sent)]);
    press(&mut state, "r");
    special(&mut state, KeyCode::Left);
    press(&mut state, "\t");
    let choices = vec!["relu".into()];
    let sent =
        Command::Range { parameter: "activation".into(), distribution: Distribution::Choice { choices } };
    assert_eq!(replaced(&mut state, "relu\n"), [Effect::Send(sent)]);
    press(&mut state, "a");
    assert!(screen(&mut state, 80, 24).contains("upper confidence bound"), "the study's own stands there");
    press(&mut state, "t\tgamma=0.2");
    let method = Method { kind: "tpe".into(), settings: [("gamma".to_owned(), 0.2.into())].into() };
    assert_eq!(press(&mut state, "\n"), [Effect::Send(Command::Sampler(method))]);
    press(&mut state, "A");
    special(&mut state, KeyCode::Right);
    let method = Method { kind: "median".into(), settings: Params::new() };
    assert_eq!(press(&mut state, "\n"), [Effect::Send(Command::Pruner(method))]);
    let note = Command::Annotate { trial: 10, text: "keep it".into() };
    assert_eq!(press(&mut state, "Nkeep it\n"), [Effect::Send(note)]);
    assert_eq!(press(&mut state, "*"), [Effect::Send(Command::Pin { trial: 10, pinned: true })]);
}

#[test]
fn what_was_sent_is_told_once_it_is_recorded() {
    let mut script = busy();
    let mut state = steered(&script);
    let noted = script.record(Event::TrialAnnotated { trial: 10, text: "keep it".into() });
    let pinned = script.record(Event::TrialPinned { trial: 10, pinned: true });
    update(&mut state, Msg::Updates(vec![Update::Recorded(noted), Update::Recorded(pinned)]));
    press(&mut state, "9");
    let log = screen(&mut state, 80, 24);
    assert!(log.contains("trial 10: keep it") && log.contains("trial 10 pinned"), "{log}");
    press(&mut state, "1:note 10\n");
    assert!(screen(&mut state, 80, 24).contains("keep it"), "what stands there is edited");
    press(&mut state, "\u{1b}");
    let sent = press(&mut state, ":pin 10\n");
    assert_eq!(sent, [Effect::Send(Command::Pin { trial: 10, pinned: false })]);
}

#[test]
fn a_finished_study_can_be_told_to_go_on() {
    let mut state = steered(&finished());
    update(&mut state, Msg::Updates(vec![Update::Ended(End::Done)]));
    for keys in ["n", "t", "w", "r", "a", "A", "C", "N"] {
        press(&mut state, keys);
        assert!(matches!(state.dialog, Some(Dialog::Form(_))), "{keys}: {}", notice(&state));
        press(&mut state, "\u{1b}");
    }
    let trial = state.selected().map(|trial| trial.id).unwrap();
    assert_eq!(press(&mut state, "*"), [Effect::Send(Command::Pin { trial, pinned: true })]);
    let more = state.history.target() + 2;
    assert_eq!(press(&mut state, ":trials +2\n"), [Effect::Send(Command::Trials(more))]);
    assert_eq!(press(&mut state, "p"), []);
    assert_eq!(notice(&state), "can't pause: the study is finished");
}

#[test]
fn a_study_that_is_over_says_why_nothing_can_be_changed() {
    for end in [End::Stopped, End::Failed("no space left".into())] {
        let mut state = steered(&finished());
        update(&mut state, Msg::Updates(vec![Update::Ended(end)]));
        for keys in ["n", "t", "w", "r", "a", "A", "C", "N", "*"] {
            assert_eq!(press(&mut state, keys), [], "{keys}");
            assert_eq!(state.dialog, None, "{keys}");
            let said = notice(&state);
            assert!(said.ends_with("resume it first with `tune-tui run pig.toml`"), "{said}");
        }
        assert_eq!(press(&mut state, ":trials 60\n"), []);
        assert!(screen(&mut state, 120, 40).contains("not sent: the study has "));
    }
}
