//! What is computed beside the trials: baselines among them, and marker effects.

use super::*;

#[test]
fn baselines_among_the_trials() {
    let mut state = app(&contested(), PLAIN);
    insta::assert_snapshot!("baselines_80x24", screen(&mut state, 80, 24));
    insta::assert_snapshot!("baselines_200x60", screen(&mut state, 200, 60));
    press(&mut state, "3");
    insta::assert_snapshot!("baselines_detail_120x40", screen(&mut state, 120, 40));
    press(&mut state, "\u{1b}2jj\n");
    insta::assert_snapshot!("baseline_80x24", screen(&mut state, 80, 24));
    assert_eq!(press(&mut state, "x"), []);
    assert_eq!(state.notice.clone().unwrap().text, "can't cancel a baseline");
    press(&mut state, "m");
    assert_eq!(state.notice.clone().unwrap().text, "no marker effects: no trial is selected");
    // The others of the leaderboard follow.
    press(&mut state, "j");
    assert!(screen(&mut state, 80, 24).contains("rank 3 of 10"));
    let mut plain = app(&contested(), Options { ascii: true, color: false });
    insta::assert_snapshot!("baselines_ascii_120x40", screen(&mut plain, 120, 40));
}

#[test]
fn a_baseline_that_comes_while_one_looks_leaves_the_selection() {
    let mut script = busy();
    let mut state = app(&script, PLAIN);
    let record = script.baseline("gblup", 60.0);
    update(&mut state, Msg::Updates(vec![Update::Recorded(record)]));
    assert_eq!(state.selected().unwrap().id, 10, "the best trial stays selected");
    let shown = screen(&mut state, 160, 50);
    assert!(shown.contains("gblup 60.00") && shown.contains("baseline gblup: mse 60.0"), "{shown}");
    let mut fresh = app(&script, PLAIN);
    assert_eq!((&state.references, state.table.order()), (&fresh.references, fresh.table.order()));
    let all = finished();
    let mut waiting = app(&all, PLAIN);
    assert_eq!(waiting.standing().0, "baselines");
    screen(&mut waiting, 80, 24);
    assert_eq!(press(&mut fresh, "g"), []);
}

#[test]
fn marker_effects() {
    let script = busy();
    let mut state = app(&script, PLAIN);
    update(&mut state, Msg::Resize(80, 24));
    let params = script.history().trial(10).unwrap().params.clone();
    assert_eq!(press(&mut state, "m"), [Effect::Ask(Ask::Profile { trial: 10, params })]);
    insta::assert_snapshot!("markers_waiting", screen(&mut state, 80, 24));
    let reason = "the weights of trial 10 were not kept: only the best 5 trials keep theirs";
    update(&mut state, Msg::Answer(Answer::Profile(10, Err(reason.into()))));
    assert!(screen(&mut state, 80, 24).contains("only the best 5 trials"));
    // Asked again, it is tried again; an answer that comes late for another trial is passed over.
    assert_eq!(press(&mut state, "\u{1b}m").len(), 1);
    update(&mut state, Msg::Answer(Answer::Profile(3, Err("late".into()))));
    let outcome = Ok(Arc::new(testing::profile(10)));
    update(&mut state, Msg::Answer(Answer::Profile(10, outcome)));
    insta::assert_snapshot!("markers_80x24", screen(&mut state, 80, 24));
    insta::assert_snapshot!("markers_200x60", screen(&mut state, 200, 60));
    press(&mut state, "jj++hh");
    insta::assert_snapshot!("markers_zoomed_120x40", screen(&mut state, 120, 40));
    press(&mut state, "--m");
    insta::assert_snapshot!("markers_weights_80x24", screen(&mut state, 80, 24));
    assert_eq!(press(&mut state, "\u{1b}"), []);
    assert_eq!(state.view, View::Overview);
    assert_eq!(press(&mut state, "m"), [], "what is here is not computed again");
    let mut plain = app(&script, Options { ascii: true, color: false });
    press(&mut plain, "m");
    let outcome = Ok(Arc::new(testing::profile(10)));
    update(&mut plain, Msg::Answer(Answer::Profile(10, outcome)));
    insta::assert_snapshot!("markers_ascii_120x40", screen(&mut plain, 120, 40));
}

#[test]
fn marker_effects_lead_back_and_are_of_complete_trials_only() {
    let mut state = app(&busy(), PLAIN);
    update(&mut state, Msg::Resize(120, 40));
    press(&mut state, "\nm\u{1b}");
    assert_eq!((state.view, state.selected().unwrap().id), (View::Overview, 10));
    press(&mut state, "G");
    assert_eq!(press(&mut state, "m"), []);
    let said = state.notice.clone().unwrap().text;
    assert_eq!(said, "no marker effects of trial 4: it is failed, not complete");
    // The cursor walks over every marker's column and stays within.
    press(&mut state, "ggm");
    let outcome = Ok(Arc::new(testing::profile(10)));
    update(&mut state, Msg::Answer(Answer::Profile(10, outcome)));
    let cursor = |state: &AppState| state.profile.as_ref().unwrap().cursor;
    press(&mut state, "G");
    assert_eq!(cursor(&state), 2999);
    press(&mut state, "lll++++");
    assert_eq!(cursor(&state), 2999, "there is nothing to the right of the last marker");
    let mut places = vec![2999];
    for _ in 0..40 {
        press(&mut state, "h");
        places.push(cursor(&state));
    }
    assert!(places.is_sorted_by(|a, b| a > b), "{places:?}");
    press(&mut state, "gg");
    assert_eq!(cursor(&state), 0);
}
