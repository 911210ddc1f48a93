//! The view of one trial.

use super::*;
use crate::analysis::testing::program;
use crate::domain::space::Distribution;
use crate::domain::task::Task;
use crate::domain::trial::{Origin, TrialId};
use crate::tui::ask::{LayerRow, NetworkRows, Prediction, Predictions};

/// Tasks whose predictions look different.
pub const ANY: [Task; 3] = [Task::Regression, Task::Binary, Task::MultiClass];
const NONE: [TrialId; 0] = [];
const NARROW: Options = Options { ascii: true, color: false };

pub fn layers() -> NetworkRows {
    let row = |layer: &str, output: &str, weights| LayerRow {
        layer: layer.to_owned(),
        output: output.to_owned(),
        weights,
    };
    NetworkRows {
        model: "cnn".into(),
        encoding: "additive".into(),
        layers: vec![
            row("input", "(50436, 1)", 0),
            row("conv1d", "(50388, 15)", 750),
            row("max_pooling1d", "(25194, 15)", 0),
            row("flatten", "(377910)", 0),
            row("dense", "(1)", 377_911),
        ],
        weights: (378_661, 378_661),
        memory: (412_000_000, 26),
    }
}

/// Predictions of 60 individuals in four folds, spread evenly.
pub fn predictions(task: Task) -> Predictions {
    let row = |i: usize| {
        let (a, b) = (i as f64 * 0.618_034 % 1.0, i as f64 * 0.754_877 % 1.0);
        let (observed, predicted) = match task {
            Task::Regression => (10.0 * a - 5.0, 6.0 * a - 3.0 + 2.0 * b),
            Task::MultiClass => ((3.0 * a).floor(), (3.0 * (0.7 * a + 0.3 * b)).floor()),
            _ => (f64::from(u8::from(a > 0.6)), (0.6 * a + 0.4 * b).clamp(0.0, 1.0)),
        };
        let error = (observed - predicted).abs();
        Prediction { individual: format!("pig{i:04}"), fold: i * 4 / 60, observed, predicted, error }
    };
    let classes = match task {
        Task::Regression => vec![],
        Task::MultiClass => vec!["lean".to_owned(), "medium".to_owned(), "fat".to_owned()],
        _ => vec!["no".to_owned(), "yes".to_owned()],
    };
    Predictions { task, classes, outputs: vec![("ebv".to_owned(), (0..60).map(row).collect())] }
}

/// Answers all that was asked.
pub fn answer(state: &mut AppState, effects: Vec<Effect>, task: Task) {
    for effect in effects {
        let answer = match effect {
            Effect::Ask(Ask::Layers { trial, .. }) => Answer::Layers(trial, Ok(layers())),
            Effect::Ask(Ask::Predictions { trial, .. }) => {
                Answer::Predictions(trial, Ok(Arc::new(predictions(task))))
            }
            _ => continue,
        };
        update(state, Msg::Answer(answer));
    }
}

/// Opens the view on the selected trial and goes to its panel number `panel`; what is asked is answered.
fn at(state: &mut AppState, size: (u16, u16), panel: usize) {
    let effects = update(state, Msg::Resize(size.0, size.1));
    answer(state, effects, Task::Regression);
    for key in std::iter::once("3").chain(std::iter::repeat_n("\t", panel)) {
        let effects = press(state, key);
        answer(state, effects, Task::Regression);
    }
}

#[test]
fn every_panel_at_every_size() {
    let panels = ["trial", "training", "values", "predictions", "markers", "model", "events"];
    for (number, name) in panels.into_iter().enumerate() {
        let mut state = app(&busy(), PLAIN);
        at(&mut state, (80, 24), number);
        insta::assert_snapshot!(format!("{name}_80x24"), screen(&mut state, 80, 24));
    }
    for number in [1, 2, 3, 6] {
        let mut state = app(&busy(), NARROW);
        at(&mut state, (80, 24), number);
        insta::assert_snapshot!(format!("{}_ascii_80x24", panels[number]), screen(&mut state, 80, 24));
    }
    for (size, options, name) in [
        ((120, 40), PLAIN, "training_120x40"),
        ((200, 60), PLAIN, "grid_200x60"),
        ((200, 60), NARROW, "grid_ascii_200x60"),
    ] {
        let mut state = app(&contested(), options);
        at(&mut state, size, 3);
        if name == "training_120x40" {
            press(&mut state, "\u{1b}3\t");
        } else {
            press(&mut state, "m");
            update(&mut state, Msg::Answer(Answer::Profile(10, Ok(Arc::new(testing::profile(10))))));
            let effects = press(&mut state, "3JJJ");
            answer(&mut state, effects, Task::Regression);
        }
        insta::assert_snapshot!(name, screen(&mut state, size.0, size.1));
    }
}

#[test]
fn the_crosshair_walks_over_the_epochs_and_stays_with_what_comes() {
    let mut script = busy();
    let mut state = app(&script, PLAIN);
    update(&mut state, Msg::Resize(120, 40));
    press(&mut state, "/trial=12\n\n\t");
    let readout = |state: &mut AppState| {
        let all = screen(state, 120, 40);
        let line = all.lines().find(|line| line.contains("▲ epoch")).unwrap_or_default();
        line.trim_start_matches("│ ▲ ").split("   ").next().unwrap_or_default().to_owned()
    };
    assert_eq!(readout(&mut state), "epoch 41", "the last one, of the third fold");
    script.train(12, 1, 100);
    let record = script.records().last().cloned().unwrap();
    update(&mut state, Msg::Updates(vec![Update::Recorded(record)]));
    assert_eq!(readout(&mut state), "epoch 42");
    press(&mut state, "hhh");
    assert_eq!(readout(&mut state), "epoch 39");
    press(&mut state, "gg");
    assert_eq!(readout(&mut state), "epoch 1");
    press(&mut state, "h");
    assert_eq!(readout(&mut state), "epoch 1");
    press(&mut state, "[[");
    assert_eq!(state.fold, 0);
    press(&mut state, "lllll+++");
    insta::assert_snapshot!("training_zoomed_120x40", screen(&mut state, 120, 40));
    press(&mut state, "--------GoL");
    insta::assert_snapshot!("training_all_log_120x40", screen(&mut state, 120, 40));
    press(&mut state, "]]]]]]]");
    assert_eq!(state.fold, 3, "there are four");
}

#[test]
fn predictions_are_asked_when_a_person_comes_and_of_complete_trials_only() {
    let mut state = app(&busy(), PLAIN);
    update(&mut state, Msg::Resize(80, 24));
    let asks = |effects: Vec<Effect>| {
        let of = |effect| match effect {
            Effect::Ask(Ask::Predictions { trial, .. }) => Some(trial),
            _ => None,
        };
        effects.into_iter().filter_map(of).collect::<Vec<TrialId>>()
    };
    assert_eq!(asks(press(&mut state, "3\t\t")), NONE);
    assert_eq!(asks(press(&mut state, "\t")), [10]);
    insta::assert_snapshot!("predictions_waiting_80x24", screen(&mut state, 80, 24));
    assert_eq!(asks(press(&mut state, "jk")), NONE, "what is on its way is not asked again");
    let reason = "the weights of trial 10 were not kept: only the best 5 trials keep theirs";
    update(&mut state, Msg::Answer(Answer::Predictions(10, Err(reason.into()))));
    assert!(screen(&mut state, 80, 24).contains("only the best 5 trials"));
    assert_eq!(asks(press(&mut state, "\n")), [10], "Enter tries again");
    update(&mut state, Msg::Answer(Answer::Predictions(3, Err("late".into()))));
    assert!(screen(&mut state, 80, 24).contains("predicting"), "an answer about another trial");
    let found = Arc::new(predictions(Task::Regression));
    update(&mut state, Msg::Answer(Answer::Predictions(10, Ok(found))));
    let all = screen(&mut state, 80, 24);
    assert!(all.contains("all folds") && all.contains("60"), "{all}");
    press(&mut state, "]");
    assert!(screen(&mut state, 80, 24).contains("fold 1 ╮"));
    press(&mut state, "[[");
    assert!(screen(&mut state, 80, 24).contains("fold 4 ╮"));
    // The next trial's are asked, a running one's not.
    assert_eq!(asks(press(&mut state, "J")).len(), 1);
    assert_eq!(asks(press(&mut state, "1/state:running\n3\t\t\t")), NONE);
    assert!(screen(&mut state, 80, 24).contains("is running: predictions are of complete trials"));
}

#[test]
fn classes_are_shown_as_who_was_taken_for_whom() {
    for (task, name) in [(Task::Binary, "binary"), (Task::MultiClass, "classes")] {
        let mut state = app(&busy(), PLAIN);
        update(&mut state, Msg::Resize(80, 24));
        let effects = press(&mut state, "3\t\t\t");
        answer(&mut state, effects, task);
        insta::assert_snapshot!(format!("predictions_{name}_80x24"), screen(&mut state, 80, 24));
    }
}

#[test]
fn effects_of_another_trial_say_so_and_m_asks_for_this_one() {
    let mut state = app(&busy(), PLAIN);
    update(&mut state, Msg::Resize(80, 24));
    press(&mut state, "m");
    update(&mut state, Msg::Answer(Answer::Profile(10, Ok(Arc::new(testing::profile(10))))));
    assert!(!screen(&mut state, 80, 24).contains("these are of trial"));
    press(&mut state, "J");
    let next = state.selected().unwrap().id;
    let words = format!("these are of trial 10, not of trial {next}: m computes those of trial {next}");
    assert!(screen(&mut state, 80, 24).contains(&words));
    let asked = press(&mut state, "m");
    assert!(matches!(asked[..], [Effect::Ask(Ask::Profile { trial, .. })] if trial == next), "{asked:?}");
}

#[test]
fn kin_leads_from_trial_to_trial_and_events_tell_who_asked() {
    let mut script = busy();
    let params = script.history().trial(10).unwrap().params.clone();
    let origin = Origin {
        why: "expected improvement 2.1 at σ 3.3".into(),
        expected: Some(crate::domain::trial::Expected { low: 60.0, middle: 63.5, high: 67.25 }),
        ..Origin::bred("genetic crossover", vec![10, 7])
    };
    let trial = script.history().trials().len();
    script.record(Event::TrialStarted { trial, params, seed: 7, slot: 1, origin });
    script.record(Event::TrialPinned { trial, pinned: true });
    script.record(Event::TrialAnnotated { trial, text: "as the paper's".into() });
    script.note(Level::Warning, &format!("trial {trial}: its weights were not kept"));
    script.note(Level::Warning, &format!("trial {trial}0: of another one"));
    let mut state = app(&script, PLAIN);
    update(&mut state, Msg::Resize(80, 24));
    press(&mut state, &format!("/trial={trial}\n3\t\t\t\t\t\t"));
    let shown = screen(&mut state, 80, 24);
    for words in
        ["genetic crossover", "63.50 (60.00 – 67.25)", "as the paper's", "pinned", "weights were not kept"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(!shown.contains("of another one"), "{shown}");
    insta::assert_snapshot!("events_bred_80x24", shown);
    press(&mut state, "jjj\n");
    assert_eq!((state.selected().unwrap().id, state.focus), (10, PanelId::Events));
    assert!(screen(&mut state, 80, 24).contains(&format!("trial {trial}, running")), "its child");
}

#[test]
fn a_failed_trial_tells_its_whole_reason() {
    let mut script = busy();
    let reason =
        format!("{} the end", "out of memory: lower train.batch, or choose a smaller network;".repeat(6));
    script.fail(12, &reason);
    let mut state = app(&script, PLAIN);
    for (keys, (width, height)) in
        [("/trial=12\n3", (200, 60)), ("z", (160, 50)), ("z\t\t\t\t\t\t", (80, 24))]
    {
        press(&mut state, keys);
        let shown = screen(&mut state, width, height);
        assert!(shown.contains("the end"), "{shown}");
    }
}

#[test]
fn a_baseline_stands_alone_under_its_own_title() {
    let mut state = app(&contested(), PLAIN);
    for (width, height) in [(80, 24), (200, 60)] {
        update(&mut state, Msg::Resize(width, height));
        press(&mut state, "\u{1b}\u{1b}2ggjj\n");
        let shown = screen(&mut state, width, height);
        assert!(shown.contains("▸ Baseline gblup") || shown.contains("▸ Baseline bayesian-lasso"), "{shown}");
        press(&mut state, "\t\tK");
        assert!(screen(&mut state, width, height).contains("▸ Trial "), "back among the trials");
    }
}

#[test]
fn a_program_has_steps_and_neither_markers_nor_layers() {
    let mut state = app(&program(), PLAIN);
    update(&mut state, Msg::Resize(80, 24));
    assert_eq!(press(&mut state, "3m"), []);
    assert!(state.notice.clone().unwrap().text.contains("a program has no markers"));
    insta::assert_snapshot!("program_80x24", screen(&mut state, 80, 24));
    press(&mut state, "\tl");
    insta::assert_snapshot!("program_training_80x24", screen(&mut state, 80, 24));
    for words in ["program_values", "keeps its predictions", "no markers", "no layers"] {
        assert_eq!(press(&mut state, "\t"), [], "nothing is asked of a program's trial");
        let shown = screen(&mut state, 80, 24);
        assert!(shown.contains(words) || words == "program_values", "{shown}");
        assert!(!shown.contains("m markers"), "{shown}");
    }
    insta::assert_snapshot!("program_200x60", screen(&mut state, 200, 60));
}

#[test]
fn values_beside_the_best_with_conditions_and_what_is_searched_now() {
    let mut script = crate::analysis::testing::kinds();
    let distribution = Distribution::Int { low: 24, high: 40, log: false };
    script.record(Event::RangeChanged { parameter: "batch".into(), distribution });
    for (options, name) in [(PLAIN, "values_kinds_80x24"), (NARROW, "values_kinds_ascii_80x24")] {
        let mut state = app(&script, options);
        update(&mut state, Msg::Resize(80, 24));
        press(&mut state, "jj3\t\tGkk");
        insta::assert_snapshot!(name, screen(&mut state, 80, 24));
        press(&mut state, "gg");
        press(&mut state, "jj");
        let shown = screen(&mut state, 80, 24);
        assert!(shown.contains("only when kind is"), "{shown}");
    }
}

#[test]
fn nothing_yet() {
    let mut waiting = Script::new(4).opened(4, 1);
    let first = waiting.start();
    let mut running = app(&waiting, PLAIN);
    waiting.record(Event::TrialRequeued { trial: first, reason: "the study was cut off".into() });
    let mut requeued = app(&waiting, PLAIN);
    let mut none = app(&Script::new(4), PLAIN);
    for (name, state) in [("none", &mut none), ("running", &mut running), ("waiting", &mut requeued)] {
        update(state, Msg::Resize(200, 60));
        press(state, "3");
        insta::assert_snapshot!(format!("nothing_{name}_200x60"), screen(state, 200, 60));
        insta::assert_snapshot!(format!("nothing_{name}_80x24"), screen(state, 80, 24));
    }
}
