//! The command line, the forms and the other dialogs: as they look, and what they send.

use super::*;
use crate::analysis::testing::Script;
use crate::domain::event::Method;
use crate::domain::space::Distribution;
use crate::domain::trial::TrialId;
use crate::domain::value::{Params, Value};
use crate::tui::state::Notice;
use crate::tui::theme::Tone;

/// A study at work with everything to choose from.
pub fn steered(script: &Script) -> AppState {
    let mut state = app(script, PLAIN);
    state.menu.samplers = vec![
        ("auto", "chooses by the space and the budget"),
        ("tpe", "densities of the good and the bad trials"),
        ("gp-ucb", "a Gaussian process and its upper confidence bound"),
    ];
    state.menu.pruners = vec![
        ("none", "every trial is trained to its end"),
        ("median", "ends what is below the median at the same epoch"),
        ("asha", "successive halving by rungs"),
    ];
    state.menu.limits = [("filters".to_owned(), (1.0, 4096.0)), ("dropout".to_owned(), (0.0, 0.95))].into();
    state.menu.slots = 8;
    state.menu.resume = "tune-tui run pig.toml".into();
    state.prefer(crate::tui::Preferences::default());
    update(&mut state, Msg::Resize(120, 40));
    state
}

pub fn busy_app() -> AppState {
    steered(&busy())
}

pub fn special(state: &mut AppState, code: KeyCode) -> Vec<Effect> {
    update(state, key(code))
}

/// What a command line sends, or says where it sends nothing.
fn said(line: &str) -> Result<Command, String> {
    let mut state = busy_app();
    let effects = press(&mut state, &format!(":{line}\n"));
    match (&effects[..], &state.dialog) {
        ([Effect::Send(command)], None) => Ok(command.clone()),
        ([], Some(Dialog::Command(prompt))) => Err(prompt.problem.clone().unwrap_or_default()),
        other => panic!("{line}: {other:?}"),
    }
}

pub fn notice(state: &AppState) -> &str {
    state.notice.as_ref().map_or("", |Notice { text, .. }| text)
}

pub fn params_of(state: &AppState, trial: TrialId) -> Params {
    state.history.trial(trial).unwrap().params.clone()
}

#[test]
fn dialogs_as_they_look() {
    let dialogs: [(&str, &str); 18] = [
        ("command", ":"),
        ("command_chosen", ":ra\t"),
        ("command_words", ":enqueue filters=12 "),
        ("command_wrong", ":rnage filters 1 2\n"),
        ("clone", "C"),
        ("clone_wrong", "C\u{15}7000"),
        ("new", "n"),
        ("trials", "t"),
        ("workers", "w"),
        ("range", "r"),
        ("sampler", "a"),
        ("pruner", "A"),
        ("note", "N"),
        ("help", "?"),
        ("help_found", "?/cancel"),
        ("log_line", "9kkkl"),
        ("log_search", "9/trial 1"),
        ("frozen", "f"),
    ];
    for (name, keys) in dialogs {
        for (width, height) in [(80, 24), (120, 40)] {
            let mut state = busy_app();
            update(&mut state, Msg::Resize(width, height));
            for c in keys.chars() {
                if c == '\u{15}' {
                    update(&mut state, control('u'))
                } else {
                    press(&mut state, &c.to_string())
                };
            }
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen(&mut state, width, height));
        }
    }
    let mut state = busy_app();
    press(&mut state, "?");
    insta::assert_snapshot!("help_200x60", screen(&mut state, 200, 60));
    let mut state = app(&kinds(), Options { ascii: true, color: false });
    press(&mut state, "C");
    insta::assert_snapshot!("ascii_clone_kinds_80x24", screen(&mut state, 80, 24));
    press(&mut state, "\u{1b}:");
    insta::assert_snapshot!("ascii_command_80x24", screen(&mut state, 80, 24));
}

#[test]
fn each_command_sends_its_own() {
    let method = |kind: &str, settings: &[(&str, Value)]| Method {
        kind: kind.into(),
        settings: settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
    };
    let range = |parameter: &str, distribution| Command::Range { parameter: parameter.into(), distribution };
    let int = |low, high| Distribution::Int { low, high, log: false };
    let words =
        |words: &[&str]| Distribution::Choice { choices: words.iter().map(|w| Value::from(*w)).collect() };
    let expected = [
        ("pause", Command::Pause),
        ("trials 60", Command::Trials(60)),
        ("trials +20", Command::Trials(60)),
        ("workers 2", Command::Workers(2)),
        ("workers +1", Command::Workers(5)),
        ("workers -1", Command::Workers(3)),
        ("pin 7", Command::Pin { trial: 7, pinned: true }),
        (
            "note 7 smooth from the start",
            Command::Annotate { trial: 7, text: "smooth from the start".into() },
        ),
        ("range filters 10 60", range("filters", int(10, 60))),
        ("range l1 0.01 0.1", range("l1", Distribution::Float { low: 0.01, high: 0.1, log: true })),
        ("range activation relu,elu", range("activation", words(&["relu", "elu"]))),
        ("range activation reset", range("activation", words(&["linear", "relu", "elu"]))),
        ("sampler tpe gamma=0.1", Command::Sampler(method("tpe", &[("gamma", 0.1.into())]))),
        ("pruner none", Command::Pruner(method("none", &[]))),
        // The only one that begins so.
        ("wor 2", Command::Workers(2)),
    ];
    for (line, command) in expected {
        assert_eq!(said(line), Ok(command), "{line}");
    }
}

#[test]
fn enqueue_draws_what_is_not_given_and_the_same_words_draw_the_same() {
    let Ok(Command::Enqueue { params, parent: None }) = said("enqueue filters=12 activation=relu") else {
        panic!("nothing was queued");
    };
    let state = busy_app();
    assert_eq!(state.history.study().space.check(&params), Ok(()));
    assert_eq!((&params["filters"], &params["activation"]), (&Value::Int(12), &"relu".into()));
    let again = said("enqueue filters=12 activation=relu");
    assert_eq!(again, Ok(Command::Enqueue { params, parent: None }));
}

#[test]
fn what_is_wrong_with_a_command_is_told_with_the_remedy() {
    let errors = [
        ("rnage filters 1 2", "there is no command `rnage`: did you mean `range`?"),
        ("xxxxxx", "there is no command `xxxxxx`; Tab shows all"),
        ("tr", "`tr` may be trials, trial"),
        ("99", "there is no trial 99: they are numbered 0 to 15"),
        ("trials 3", "3 is too few: there are 16 already"),
        ("trials many", "`many` is not a whole number"),
        ("workers 9", "9 are too many: this machine has room for 8"),
        ("workers -4", "0 is too few: at least 1; `p` pauses the study"),
        ("workers", "workers wants N|+1|-1"),
        ("cancel 3", "can't cancel trial 3: it is complete, not running"),
        ("pin x", "`x` is no trial's number"),
        ("enqueue filtres=3", "`filtres` is not searched: did you mean `filters`?"),
        ("enqueue filters=300", "filters: 300 is outside 5 – 50"),
        ("enqueue filters", "`filters` gives no value: write name=value"),
        ("range filters 0 10", "0 is outside 1 – 4096, what filters may be"),
        ("range filters 10", "filters wants two whole numbers: LOW HIGH"),
        ("range filters 20 10", "10 is below 20"),
        ("range l1 0 0.1", "0 has no logarithm: above 0"),
        ("range activation rleu", "`rleu` is none of linear, relu, elu: did you mean `relu`?"),
        ("range kernle 1 2", "`kernle` is not searched: did you mean `kernel`?"),
        ("sampler tpo", "there is no sampler `tpo`: did you mean `tpe`?; choose of auto, tpe, gp-ucb"),
        ("pruner asha eta", "`eta` is no setting: write name=value"),
        ("sort scroe", "there is no column `scroe`: did you mean `score`?"),
        ("filter filtres>3", "there is no column `filtres`: did you mean `filters`?"),
        ("theme drak", "there is no theme `drak`: did you mean `dark`?"),
        (
            "copy confg",
            "`confg` can't be copied: did you mean `config`?; choose of config, row, score, enqueue",
        ),
        ("export 4", "can't export trial 4: it is failed, not complete"),
        ("compare 3", "trial 3 needs another one to be compared with"),
        ("resume", "the study is not paused"),
    ];
    for (line, error) in errors {
        assert_eq!(said(line), Err(error.to_owned()), "{line}");
    }
}

#[test]
fn commands_that_only_look() {
    let run = |line: &str| {
        let mut state = busy_app();
        let effects = press(&mut state, &format!(":{line}\n"));
        assert!(effects.iter().all(|effect| matches!(effect, Effect::Ask(_))), "{line}: {effects:?}");
        state
    };
    for (line, view) in [
        ("overview", View::Overview),
        ("trials", View::Trials),
        ("search", View::Search),
        ("sampler", View::Sampler),
        ("devices", View::Devices),
        ("log", View::Log),
    ] {
        assert_eq!(run(line).view, view, "{line}");
    }
    for line in ["7", "trial 7"] {
        let state = run(line);
        assert_eq!((state.view, state.selected().map(|t| t.id)), (View::Trial, Some(7)), "{line}");
    }
    assert_eq!(run("filter filters>20").table.filter.text(), "filters>20");
    let sorted = run("sort -l1").table;
    assert_eq!((sorted.sort, sorted.reverse), (crate::tui::column::Column::Parameter(3), true));
    let compared = run("compare 3 5 3");
    assert_eq!((compared.view, &compared.marked), (View::Compare, &vec![3, 5]));
    assert_eq!(run("mark 3 4 3").marked, [4]);
    assert_ne!(run("theme light").theme.palette, run("theme dark").theme.palette);
    assert!(matches!(run("quit").dialog, Some(Dialog::Quit)));
    assert!(matches!(run("cancel 13").dialog, Some(Dialog::Cancel(13))));
    assert!(matches!(run("help cancel").dialog, Some(Dialog::Help(_))));
    assert!(run("freeze").frozen.is_some());
}

#[test]
fn the_command_line_completes_chooses_and_remembers() {
    let mut state = busy_app();
    let written = |state: &AppState| match &state.dialog {
        Some(Dialog::Command(prompt)) => prompt.input.text().to_owned(),
        other => panic!("{other:?}"),
    };
    press(&mut state, ":ra\t");
    assert_eq!(written(&state), "range ");
    press(&mut state, "act\t");
    assert_eq!(written(&state), "range activation");
    press(&mut state, " \t");
    assert_eq!(written(&state), "range activation linear,relu,elu");
    press(&mut state, "\u{1b}:wrk");
    // Letters in their order find it too.
    special(&mut state, KeyCode::Down);
    assert_eq!(press(&mut state, "\n"), []);
    assert_eq!(written(&state), "workers ", "it wants more");
    assert_eq!(press(&mut state, "2\n"), [Effect::Send(Command::Workers(2))]);
    press(&mut state, ":");
    special(&mut state, KeyCode::Down);
    assert_eq!(press(&mut state, "\n"), [Effect::Send(Command::Workers(2))], "the last one, again");
    press(&mut state, ":x");
    special(&mut state, KeyCode::Backspace);
    assert!(state.dialog.is_some());
    special(&mut state, KeyCode::Backspace);
    assert_eq!(state.dialog, None);
    press(&mut state, ":");
    update(&mut state, Msg::Paste("workers\n3".into()));
    assert_eq!(press(&mut state, "\n"), [Effect::Send(Command::Workers(3))]);
}

#[test]
fn the_cancel_dialog_closes_when_its_trial_ends() {
    let mut script = busy();
    let mut state = steered(&script);
    press(&mut state, ":cancel 12\n");
    assert_eq!(state.dialog, Some(Dialog::Cancel(12)));
    let before = script.records().len();
    script.finish(12, 70.0);
    let ended = script.records()[before..].iter().cloned().map(Update::Recorded).collect();
    update(&mut state, Msg::Updates(ended));
    assert_eq!((&state.dialog, notice(&state)), (&None, "trial 12 is complete: nothing to cancel"));
}

#[test]
fn a_queued_trial_can_be_withdrawn() {
    let mut script = busy();
    let trial = script.history().trials().len();
    let params = script.history().trials()[10].params.clone();
    let origin = crate::domain::trial::Origin::by("enqueued");
    script.record(Event::TrialEnqueued { trial, params, seed: 1, origin });
    let mut state = steered(&script);
    assert_eq!(press(&mut state, &format!(":cancel {trial}\n")), []);
    let asked = screen(&mut state, 80, 24);
    assert!(asked.contains("Take it from the queue?"), "{asked}");
    // Records that leave it waiting leave the question open.
    let noted = script.note(Level::Info, "meanwhile");
    update(&mut state, Msg::Updates(vec![Update::Recorded(noted)]));
    assert_eq!(press(&mut state, "y"), [Effect::Send(Command::Cancel(trial))]);
    assert_eq!(notice(&state), format!("trial {trial} is taken from the queue"));
    press(&mut state, &format!(":{trial}\n"));
    assert!(screen(&mut state, 120, 40).contains("withdraw"), "the hint says what x does");
    press(&mut state, "x");
    assert_eq!(state.dialog, Some(Dialog::Cancel(trial)));
}

#[test]
fn a_frozen_screen_stays_and_then_shows_what_it_missed() {
    let mut script = busy();
    let mut state = steered(&script);
    press(&mut state, "f");
    let (still, loud) = (screen(&mut state, 120, 40), state.now);
    assert!(still.contains("FROZEN"));
    let before = script.records().len();
    script.finish(12, 60.0);
    script.note(Level::Info, "meanwhile");
    let missed: Vec<Update> = script.records()[before..].iter().cloned().map(Update::Recorded).collect();
    let count = missed.len();
    state.stale = false;
    update(&mut state, Msg::Updates(missed));
    update(&mut state, Msg::Tick(loud + 60_000));
    update(&mut state, Msg::Load(Load { processor: 3, memory: 1 << 30, total: 2 << 30 }));
    assert!(!state.stale, "nothing changes on a frozen screen");
    assert_eq!(screen(&mut state, 120, 40), still);
    press(&mut state, "f");
    assert_eq!(notice(&state), format!("live again, {count} events later"));
    let live = screen(&mut state, 120, 40);
    assert!(live.contains("meanwhile") && !live.contains("FROZEN"), "{live}");
    assert_eq!(state.history.trial(12).unwrap().score, Some(60.0));
    let mut fresh = steered(&script);
    for state in [&mut state, &mut fresh] {
        state.now = loud + 60_000;
        state.load = None;
        press(state, "2");
    }
    assert_eq!(screen(&mut state, 120, 40), screen(&mut fresh, 120, 40));
    press(&mut state, "f");
    update(&mut state, Msg::Updates(vec![Update::Ended(End::Done)]));
    assert!(state.frozen.is_none() && !state.is_live(), "the end is not missed");
}

#[test]
fn a_finished_study_that_goes_on_behind_a_frozen_screen_is_live_after_it() {
    let mut script = finished();
    let mut state = steered(&script);
    update(&mut state, Msg::Updates(vec![Update::Ended(End::Done)]));
    press(&mut state, "f");
    let wanted = script.record(Event::TrialsWanted { trials: script.history().target() + 2 });
    update(&mut state, Msg::Updates(vec![Update::Recorded(wanted)]));
    press(&mut state, "f");
    assert!(state.is_live(), "{:?}", state.phase);
}

#[test]
fn copies_and_exports() {
    let mut state = busy_app();
    let copied = |state: &mut AppState, keys: &str| match &press(state, keys)[..] {
        [Effect::Copy(text)] => text.clone(),
        other => panic!("{keys}: {other:?}"),
    };
    let config = copied(&mut state, "y");
    let table: Params = toml::from_str(&config).unwrap();
    assert_eq!(table, params_of(&state, 10));
    assert_eq!(copied(&mut state, ":copy score\n"), "63.4");
    assert!(copied(&mut state, ":copy row\n").starts_with("10\tcomplete\t63.4\t"));
    let command = copied(&mut state, ":copy enqueue\n");
    let params = params_of(&state, 10);
    let sent = press(&mut state, &format!(":{command}\n"));
    assert_eq!(sent, [Effect::Send(Command::Enqueue { params, parent: None })], "it can be pasted");
    assert_eq!(press(&mut state, "e"), [Effect::Ask(Ask::Export(None))]);
    assert_eq!(press(&mut state, ":export 7\n"), [Effect::Ask(Ask::Export(Some(7)))]);
    assert_eq!(press(&mut state, "\ne"), [Effect::Ask(Ask::Export(Some(10)))], "the trial that is open");
    update(&mut state, Msg::Answer(Answer::Export(Ok((10, "configs/best/pig_ebv.toml".into())))));
    assert_eq!(
        state.notice,
        Some(Notice { tone: Tone::Good, text: "wrote trial 10 to configs/best/pig_ebv.toml".into() })
    );
    let mut none = steered(&Script::new(2).opened(4, 1));
    assert_eq!(press(&mut none, "e"), []);
    assert_eq!(notice(&none), "nothing to export: no trial is complete yet");
}

#[test]
fn what_the_study_refuses_takes_the_place_of_sent() {
    let mut script = busy();
    let mut state = app(&script, PLAIN);
    press(&mut state, ":trials +2\n");
    let said = |state: &AppState| state.notice.clone().unwrap().text;
    assert!(said(&state).starts_with(crate::tui::steer::SENT), "{}", said(&state));
    let other = script.note(Level::Info, "trial 3 is well");
    update(&mut state, Msg::Updates(vec![Update::Recorded(other)]));
    assert!(said(&state).starts_with(crate::tui::steer::SENT));
    let refusal = script.note(Level::Warning, "can't switch: the sampler `auto` has no setting `foo`");
    update(&mut state, Msg::Updates(vec![Update::Recorded(refusal)]));
    assert!(said(&state).contains("no setting `foo`"), "{}", said(&state));
}

#[test]
fn a_command_that_is_cut_at_its_last_letter_is_shown_again() {
    let mut state = app(&busy(), PLAIN);
    for (width, height) in [(80, 24), (60, 16), (200, 60)] {
        screen(&mut state, width, height);
        for length in 20..50 {
            press(&mut state, &format!(":note 3 {}\n:", "x".repeat(length)));
            screen(&mut state, width, height);
            press(&mut state, "\u{1b}");
        }
    }
}
