//! The view of comparison.

use super::*;
use crate::domain::direction::Direction;
use crate::domain::history::History;
use crate::domain::trial::TrialId;

const MONO: Options = Options { ascii: true, color: false };

/// The view with these trials marked.
fn marked(script: &Script, options: Options, trials: &[TrialId]) -> AppState {
    let mut state = app(script, options);
    state.marked = trials.to_vec();
    press(&mut state, "6");
    state
}

/// The answer to a question for another study.
fn other(state: &mut AppState, history: &History) {
    let answer = Answer::Study("runs/other".into(), Ok(Box::new(history.clone())));
    update(state, Msg::Answer(answer));
}

#[test]
fn compare() {
    for (theme, options) in [("", PLAIN), ("ascii_", MONO)] {
        let mut state = marked(&busy(), options, &[10, 3, 0, 12, 5]);
        for (panel, keys) in [("differences", ""), ("overlay", "\t"), ("pairs", "\t")] {
            press(&mut state, keys);
            insta::assert_snapshot!(format!("{theme}{panel}_80x24"), screen(&mut state, 80, 24));
        }
        for (width, height) in [(120, 40), (200, 60)] {
            insta::assert_snapshot!(format!("{theme}{width}x{height}"), screen(&mut state, width, height));
        }
    }
}

#[test]
fn kinds_repeats_and_an_empty_study() {
    let mut state = marked(&kinds(), PLAIN, &[3, 6, 1]);
    insta::assert_snapshot!("kinds_120x40", screen(&mut state, 120, 40));
    let mut empty = marked(&Script::new(4), PLAIN, &[]);
    insta::assert_snapshot!("empty_120x40", screen(&mut empty, 120, 40));
    assert!(screen(&mut empty, 80, 24).contains("trials are compared here once two have a score"));
    let mut one = Script::new(4).opened(9, 1);
    one.complete(70.0, 1_000);
    let shown = screen(&mut marked(&one, PLAIN, &[]), 120, 40);
    assert!(shown.contains("folds are paired once there is a second trial"), "{shown}");
}

#[test]
fn without_marks_the_best_two_are_compared_and_marks_stay_under_a_filter() {
    let mut state = marked(&busy(), PLAIN, &[]);
    let shown = screen(&mut state, 80, 24);
    assert!(
        shown.contains("the best two") && shown.contains("no trial is marked: Space in the table"),
        "{shown}"
    );
    assert!(shown.contains("A trial 10 ★") && shown.contains("B trial 11"), "{shown}");
    state.marked = vec![0, 3];
    press(&mut state, "1/score<0\n6");
    let shown = screen(&mut state, 80, 24);
    assert!(shown.contains("A trial 0") && shown.contains("B trial 3"), "{shown}");
}

#[test]
fn columns_scroll_beside_the_first() {
    let mut state = marked(&busy(), PLAIN, &[10, 0, 1, 2, 3, 6, 7]);
    let head = |state: &mut AppState| {
        let shown = screen(state, 80, 24);
        shown.lines().find(|line| line.contains("A trial 10")).unwrap().to_owned()
    };
    assert!(screen(&mut state, 80, 24).contains("the first 6 of 7 marked"));
    assert!(head(&mut state).contains("B trial 0") && !head(&mut state).contains("E trial 3"));
    press(&mut state, "llllllll");
    assert!(!head(&mut state).contains("B trial 0") && head(&mut state).contains("F trial 6"));
    press(&mut state, "hhhh");
    assert!(head(&mut state).contains("B trial 0"));
    let before = screen(&mut state, 80, 16);
    press(&mut state, "G");
    assert_ne!(screen(&mut state, 80, 16), before, "rows scroll too");
}

#[test]
fn curves_of_the_metric_or_the_loss_on_either_scale() {
    let mut state = marked(&busy(), PLAIN, &[10, 3]);
    press(&mut state, "\t");
    assert!(screen(&mut state, 80, 24).contains("mse of validation rows, mean over the folds"));
    press(&mut state, "o");
    let even = screen(&mut state, 80, 24);
    assert!(even.contains("Curves · loss of validation rows"), "{even}");
    press(&mut state, "L");
    let log = screen(&mut state, 80, 24);
    assert!(log.contains("loss (log)") && log != even, "{log}");
    press(&mut state, "Lo");
    assert!(screen(&mut state, 80, 24).contains("Curves · mse of"));
}

#[test]
fn pairs_have_a_verdict_where_there_are_three() {
    let mut script = Script::new(4).opened(9, 1);
    for scores in [
        [60.0, 61.0, 62.0, 63.0],
        [60.1, 60.9, 62.2, 62.9],
        [70.0, 71.2, 72.1, 73.0],
        [50.0, 51.1, 52.0, 53.2],
    ] {
        let trial = script.start();
        script.train(trial, 3, 10);
        scores.iter().for_each(|score| script.end_fold(trial, *score));
        script.finish(trial, scores.iter().sum::<f64>() / 4.0);
    }
    let running = script.start();
    script.train(running, 2, 10);
    script.end_fold(running, 61.0);
    let mut state = marked(&script, PLAIN, &[0, 1, 2, 3, running]);
    press(&mut state, "\t\t");
    let shown = screen(&mut state, 80, 24);
    insta::assert_snapshot!("verdicts_80x24", shown);
    for (letter, verdict) in [('B', "tied"), ('C', "worse"), ('D', "better"), ('E', "too few")] {
        let line = shown.lines().find(|line| line.contains(&format!("{letter} trial"))).unwrap();
        assert!(line.contains(verdict), "{line}");
    }
    // What is worse with a smaller score is better with a larger one: the words turn.
    let first = shown.lines().find(|line| line.contains("better") && line.contains("worse")).unwrap();
    assert!(first.find("better") < first.find("worse"), "{first}");
}

#[test]
fn two_studies() {
    let mut state = marked(&busy(), PLAIN, &[10, 3]);
    other(&mut state, finished().history());
    insta::assert_snapshot!("studies_120x40", screen(&mut state, 120, 40));
    insta::assert_snapshot!("studies_80x24", screen(&mut state, 80, 24));
    press(&mut state, "o");
    assert!(screen(&mut state, 80, 24).contains("A trial 10"));
    press(&mut state, "o");
    assert!(screen(&mut state, 80, 24).contains("of two studies"));
    let mut study = kinds().history().study().clone();
    (study.metric, study.direction) = ("pearson".into(), Direction::Maximize);
    let event = Event::StudyCreated { study: Box::new(study) };
    let record = crate::domain::event::Record { sequence: 0, at: 0, event };
    other(&mut state, &History::begin(&record).unwrap());
    let shown = screen(&mut state, 120, 40);
    assert!(shown.contains("scores can't be compared"), "{shown}");
    let why = "runs/gone: there is no journal".to_owned();
    update(&mut state, Msg::Answer(Answer::Study("runs/gone".into(), Err(why))));
    assert!(screen(&mut state, 120, 40).contains("the other study can't be compared: runs/gone"));
    press(&mut state, "o");
    assert!(screen(&mut state, 120, 40).contains("A trial 10"));
}

#[test]
fn every_size_of_every_panel_and_ten_thousand_trials() {
    let mut large = marked(&large(), PLAIN, &[]);
    insta::assert_snapshot!("large_120x40", screen(&mut large, 120, 40));
    let mut studies = marked(&kinds(), PLAIN, &[]);
    other(&mut studies, busy().history());
    let mut trials = marked(&busy(), MONO, &[10, 3, 0, 12, 5, 4]);
    for state in [&mut studies, &mut trials] {
        for _ in 0..3 {
            press(state, "\tl");
            for (width, height) in (1..130).step_by(7).flat_map(|w| (1..45).step_by(3).map(move |h| (w, h))) {
                draw(state, width, height);
            }
        }
    }
}
