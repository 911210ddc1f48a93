//! The overview and the view of all trials: columns, marks, pins, filters, and every state of a study.

use super::*;
use crate::domain::event::Method;
use crate::domain::trial::{Origin, TrialId};
use crate::tui::column::Column;
use crate::tui::navigate;
use crate::tui::order::Row;

const BARE: Options = Options { ascii: true, color: false };
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// As the busy study, with all that a person and a sampler may add.
fn steered() -> Script {
    let mut script = contested();
    for trial in [3, 9] {
        script.record(Event::TrialPinned { trial, pinned: true });
    }
    script.record(Event::TrialAnnotated { trial: 7, text: "looks stable, try with more filters".into() });
    script.record(Event::SamplerSwitched { sampler: Method { kind: "tpe".into(), settings: [].into() } });
    let params = script.history().trials()[0].params.clone();
    let origin = Origin::by("tpe");
    script.record(Event::TrialEnqueued { trial: 16, params, seed: 1, origin });
    script
}

/// A study of a program: no folds, no losses, nobody knows how many steps.
fn program() -> Script {
    let mut script = Script::program().opened(6, 2);
    for (i, score) in [0.71, 0.683, 0.744].into_iter().enumerate() {
        let trial = script.start();
        script.steps(trial, 4 + i, 2_000);
        script.finish(trial, score);
    }
    let trial = script.start();
    script.fail(trial, "the program ended with status 2: no file genotypes.bed");
    let trial = script.start();
    script.steps(trial, 3, 2_000);
    script.start();
    script
}

fn failed() -> Script {
    let mut script = Script::new(4).opened(3, 1);
    for epochs in [3, 1, 2] {
        let trial = script.start();
        script.train(trial, epochs, 700);
        script.fail(trial, "training loss is not finite in fold 1, epoch 3: lower learning_rate");
    }
    script
}

fn over(script: &Script) -> AppState {
    let mut state = app(script, PLAIN);
    update(&mut state, Msg::Updates(vec![Update::Ended(End::Done)]));
    state
}

#[test]
fn both_views_of_every_study_in_every_size() {
    let mut first = Script::new(4).opened(40, 2);
    first.start();
    let studies: [(&str, Script); 8] = [
        ("steered", steered()),
        ("kinds", kinds()),
        ("program", program()),
        ("contested", contested()),
        ("large", large()),
        ("empty", Script::new(4)),
        ("first", first),
        ("on_test", on_test()),
    ];
    for (name, script) in &studies {
        let mut state = app(script, PLAIN);
        for (view, key) in [("overview", "1"), ("trials", "2")] {
            press(&mut state, key);
            for (width, height) in SIZES {
                let shown = screen(&mut state, width, height);
                insta::assert_snapshot!(format!("{view}_{name}_{width}x{height}"), shown);
            }
        }
    }
    for (name, script) in [("finished", finished()), ("failed", failed())] {
        let mut state = over(&script);
        for (width, height) in SIZES {
            insta::assert_snapshot!(
                format!("overview_{name}_{width}x{height}"),
                screen(&mut state, width, height)
            );
        }
    }
}

#[test]
fn ascii_without_colour() {
    let mut state = app(&steered(), BARE);
    press(&mut state, "  ");
    for (view, key) in [("overview", "1"), ("trials", "2")] {
        press(&mut state, key);
        for (width, height) in SIZES {
            insta::assert_snapshot!(
                format!("ascii_{view}_{width}x{height}"),
                screen(&mut state, width, height)
            );
        }
    }
}

#[test]
fn columns_are_chosen_in_a_dialog() {
    let mut state = app(&steered(), PLAIN);
    draw(&mut state, 80, 24);
    // Rank off, the spread behind the state.
    press(&mut state, "2o jjjJ");
    insta::assert_snapshot!("columns_80x24", screen(&mut state, 80, 24));
    press(&mut state, "\u{1b}");
    assert_eq!(state.dialog, None);
    let shown = screen(&mut state, 80, 24);
    let heading = shown.lines().find(|line| line.contains("filters")).unwrap();
    assert!(!heading.contains("rank") && heading.contains("state"), "{heading}");
    assert!(heading.find("state") < heading.find('±'), "{heading}");
    press(&mut state, "or\n");
    assert_eq!(state.table.columns(), state.table.catalogue().usual());
    // The whole list is walked through without leaving it.
    press(&mut state, &format!("o{}", "j J K ".repeat(60)));
    screen(&mut state, 80, 24);
}

#[test]
fn sorting_by_a_column_brings_it_into_sight() {
    let mut state = app(&steered(), PLAIN);
    draw(&mut state, 80, 24);
    press(&mut state, "2");
    let count = state.table.sortable().len();
    for _ in 0..count {
        press(&mut state, "s");
        let heading = state.table.catalogue().entry(state.table.sort).unwrap().heading.clone();
        let spread = if state.table.sort == Column::Spread { "±" } else { "" };
        let shown = screen(&mut state, 80, 24);
        assert!(shown.contains(&format!("▲{spread}{}", &heading[..2])), "{heading}: {shown}");
    }
    assert_eq!(state.table.sort, Column::Score, "once round");
    press(&mut state, ">");
    assert_eq!(state.table.sort, Column::Spread);
    press(&mut state, "<<<<<S");
    assert_eq!((state.table.sort, state.table.reverse), (Column::Trial, true));
    assert!(screen(&mut state, 80, 24).contains("▼trial"));
}

#[test]
fn the_kind_stays_in_sight_while_columns_scroll() {
    let mut state = app(&kinds(), PLAIN);
    draw(&mut state, 80, 24);
    press(&mut state, &format!("2{}", "l".repeat(30)));
    let shown = screen(&mut state, 80, 24);
    assert!(
        shown.contains("kind") && shown.contains("separable-fc") && !shown.contains("started"),
        "{shown}"
    );
    assert!(shown.contains(" mae") || shown.contains("pearson"), "{shown}");
    let scrolled = state.table.scrolled;
    press(&mut state, "l");
    assert_eq!(state.table.scrolled, scrolled, "the last column is in sight");
}

#[test]
fn marks_are_counted_and_the_last_that_esc_takes_away() {
    let mut state = app(&steered(), PLAIN);
    draw(&mut state, 80, 24);
    press(&mut state, "2  ");
    assert_eq!(state.marked, [10, 11]);
    let shown = screen(&mut state, 80, 24);
    assert!(shown.contains("· 2 marked") && shown.contains("c compare"), "{shown}");
    press(&mut state, "/marked\n");
    assert_eq!(state.table.trials(), 2);
    assert_eq!(press(&mut state, "z\u{1b}\u{1b}\u{1b}"), []);
    assert_eq!((state.view, state.marked.len(), state.table.filter.text()), (View::Overview, 2, ""));
    press(&mut state, "c");
    assert_eq!(state.view, View::Compare);
    press(&mut state, "\u{1b}\u{1b}");
    assert_eq!((state.view, state.marked.len()), (View::Overview, 0));
    // Twice is not at all.
    press(&mut state, "gg k ");
    assert_eq!(state.marked.len(), 0);
    state.table.select(Row::Baseline(0));
    press(&mut state, " ");
    assert_eq!(state.notice.clone().unwrap().text, "can't mark a baseline");
}

#[test]
fn a_number_leads_to_its_trial() {
    let mut state = app(&steered(), PLAIN);
    draw(&mut state, 80, 24);
    press(&mut state, "#1x4");
    assert!(screen(&mut state, 80, 24).contains("go to trial 14"));
    press(&mut state, "\n");
    assert_eq!(state.table.selected(), Some(Row::Trial(14)));
    press(&mut state, "#99\n");
    assert_eq!(state.notice.clone().unwrap().text, "there is no trial 99: there are 0 to 16");
    press(&mut state, "/state:failed\n");
    assert_eq!(navigate::jump(&mut state, 10), Ok(()));
    assert_eq!((state.table.selected(), state.table.filter.text()), (Some(Row::Trial(10)), ""));
    press(&mut state, "4");
    navigate::jump(&mut state, 2).unwrap();
    assert_eq!((state.view, state.table.selected()), (View::Trials, Some(Row::Trial(2))));
    press(&mut state, "#\u{1b}#\n");
    assert_eq!(state.dialog, None);
}

#[test]
fn baselines_are_not_counted_as_trials_and_pinned_ones_stay_on_top() {
    let mut state = app(&steered(), PLAIN);
    press(&mut state, "2G");
    let shown = screen(&mut state, 80, 16);
    let row = |text: &str| shown.lines().position(|line| line.contains(text));
    assert!(shown.contains(" of 17 "), "{shown}");
    // Trials 9 and 3, below the heading.
    let top: Vec<TrialId> = state.table.order()[..2].iter().filter_map(|row| row.trial()).collect();
    assert_eq!((top, row("↑"), row("rank")), (vec![9, 3], Some(5), Some(4)), "{shown}");
}

#[test]
fn tiny_and_huge_scores_keep_to_their_column() {
    for scale in [1e-9, 1e-4, 1.0, 1e5, 1e12] {
        let mut script = Script::new(2).opened(20, 1);
        for i in 0..17 {
            script.complete((f64::from(i) + 1.0) * scale, 1_000);
        }
        let mut state = app(&script, PLAIN);
        press(&mut state, "2");
        let shown = screen(&mut state, 80, 24);
        let line =
            shown.lines().find(|line| line.contains(" 17    16 ")).unwrap_or_else(|| panic!("{shown}"));
        let figures: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(figures[1..3], ["17", "16"], "{line}");
        assert!(!figures[3].contains('…') && figures[3].parse::<f64>().is_ok(), "{line}");
    }
}

#[test]
fn hints_follow_what_can_be_done() {
    let mut script = busy();
    let mut state = app(&script, PLAIN);
    let shown = screen(&mut state, 120, 40);
    assert!(
        shown.contains("p pause") && shown.contains("m markers") && !shown.contains("x cancel"),
        "{shown}"
    );
    press(&mut state, "\t");
    let shown = screen(&mut state, 120, 40);
    assert!(shown.contains("L log") || shown.contains("x cancel"), "{shown}");
    let record = script.record(Event::StudyPaused);
    update(&mut state, Msg::Updates(vec![Update::Recorded(record)]));
    let shown = screen(&mut state, 120, 40);
    assert!(shown.contains("p resume") && shown.contains("paused · 4 still run"), "{shown}");
    update(&mut state, Msg::Updates(vec![Update::Ended(End::Done)]));
    assert!(!screen(&mut state, 120, 40).contains("p resume"));
}

#[test]
fn the_chart_can_be_logarithmic() {
    let mut state = app(&contested(), PLAIN);
    draw(&mut state, 120, 40);
    press(&mut state, "\tL");
    assert_eq!(state.focus, PanelId::Chart);
    assert!(screen(&mut state, 120, 40).contains("lowest mse, log scale"));
    press(&mut state, "L");
    assert!(!screen(&mut state, 120, 40).contains("log scale"));
}

#[test]
fn no_chosen_column_panics_at_any_size() {
    let mut state = app(&steered(), PLAIN);
    let all: Vec<String> = state.table.catalogue().entries().iter().map(|e| e.name.clone()).collect();
    let mut names: Vec<&str> = all.iter().map(String::as_str).collect();
    names.reverse();
    for some in [&names[..], &names[..3], &names[5..], &[]] {
        state.table.set_columns(some).unwrap();
        for (width, height) in [(60, 16), (61, 17), (80, 24), (300, 100)] {
            press(&mut state, "2lllhGgg");
            let shown = screen(&mut state, width, height);
            assert_eq!(shown.lines().count(), usize::from(height));
        }
    }
}
