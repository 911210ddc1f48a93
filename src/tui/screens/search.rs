//! The view of the search.

use proptest::prelude::*;

use super::*;
use crate::analysis::importance::{Importance, ParameterImportance, SOON, importance};
use crate::domain::history::History;
use crate::domain::insight::Contour;
use crate::domain::seed::Rng;
use crate::domain::space::Distribution;
use crate::domain::trial::Origin;

#[test]
fn scores() {
    let mut state = app(&contested(), PLAIN);
    press(&mut state, "4");
    insta::assert_snapshot!("scores_80x24", screen(&mut state, 80, 24));
    let mut state = app(&kinds(), Options { ascii: true, color: false });
    press(&mut state, "4");
    insta::assert_snapshot!("scores_kinds_ascii_80x24", screen(&mut state, 80, 24));
    let mut state = app(&large(), PLAIN);
    press(&mut state, "4");
    insta::assert_snapshot!("scores_large_80x24", screen(&mut state, 80, 24));
}

/// A valley from the lower left to the upper right.
pub fn valley(parameters: [usize; 2]) -> Contour {
    let side = 9;
    let at = |i: usize| (i % side, i / side);
    let belief = (0..side * side).map(at).map(|(x, y)| {
        let (x, y) = (x as f64 / 8.0, y as f64 / 8.0);
        63.0 + 40.0 * (x - 0.2 - 0.5 * y).powi(2) + 6.0 * (y - 0.4).powi(2)
    });
    Contour { parameters, side, belief: belief.collect() }
}

/// An importance of any history at once: the later a parameter stands in the space, the less it matters.
pub fn shares(history: &History) -> Importance {
    let trials = history.counts().complete;
    let parameters = history.study().space.parameters.iter().enumerate().map(|(i, p)| ParameterImportance {
        parameter: p.name.clone(),
        ped_anova: 0.5_f64.powi(i as i32 + 1),
        fanova: (i % 4 != 3 && trials <= SOON).then(|| 0.6_f64.powi(i as i32 + 2)),
        active: trials / (1 + p.when.len()),
        within: !p.when.is_empty(),
    });
    Importance { trials, best: trials.div_ceil(10), parameters: parameters.collect() }
}

/// Answers what is asked.
fn answer(state: &mut AppState, effects: Vec<Effect>) {
    for effect in effects {
        let answer = match effect {
            Effect::Ask(Ask::Importance(history)) => Answer::Importance(Ok(shares(&history))),
            Effect::Ask(Ask::Contour(_, pair)) => Answer::Contour(Ok(valley(pair))),
            _ => continue,
        };
        // Contours are asked anew when it is known what matters.
        let more = update(state, Msg::Answer(answer));
        self::answer(state, more);
    }
}

/// The view on a screen of a size, with all that it asked for.
fn answered(state: &mut AppState, keys: &str, width: u16, height: u16) -> String {
    let effects = update(state, Msg::Resize(width, height));
    answer(state, effects);
    for key in keys.chars() {
        let effects = press(state, &key.to_string());
        answer(state, effects);
    }
    screen(state, width, height)
}

#[test]
fn leaves() {
    for (name, script, options) in
        [("plain", contested(), PLAIN), ("kinds_ascii", kinds(), Options { ascii: true, color: false })]
    {
        let mut state = app(&script, options);
        press(&mut state, "4");
        for leaf in ["importance", "parallel", "slices", "contour", "rank", "timeline"] {
            insta::assert_snapshot!(format!("{leaf}_{name}_80x24"), answered(&mut state, "\t", 80, 24));
        }
    }
}

#[test]
fn grids() {
    let ascii = Options { ascii: true, color: false };
    let mono = Options { ascii: false, color: false };
    for (name, script, options) in
        [("plain", contested(), PLAIN), ("kinds_ascii", kinds(), ascii), ("mono", sought(300), mono)]
    {
        let mut state = app(&script, options);
        for (width, height) in [(120, 40), (160, 50), (200, 60)] {
            let shown = answered(&mut state, "4", width, height);
            insta::assert_snapshot!(format!("grid_{name}_{width}x{height}"), shown);
        }
    }
}

/// A search that goes from a startup to a model, by two slots, with a pause.
fn sought(trials: usize) -> Script {
    let mut script = Script::new(1).opened(trials, 2);
    let mut rng = Rng::new(5);
    let space = script.history().study().space.clone();
    for trial in 0..trials {
        let near = (trial as f64 / trials as f64).min(0.8);
        let point: Vec<f64> =
            (0..space.dimensions()).map(|_| near * 0.4 + (1.0 - near) * rng.uniform()).collect();
        let away: f64 = point.iter().map(|u| (u - 0.45).powi(2)).sum();
        let by = if trial < trials / 4 { "gp-ucb startup" } else { "gp-ucb" };
        let params = space.from_unit(&point);
        let slot = trial % 2;
        script.record(Event::TrialStarted { trial, params, seed: 0, slot, origin: Origin::by(by) });
        script.wait(if trial == trials / 2 { 60_000 } else { 2_000 + 100 * (trial as u64 % 7) });
        match trial % 29 {
            7 => script.record(Event::TrialFailed { trial, reason: "loss is not finite".into() }),
            11 => script.record(Event::TrialPruned { trial, reason: "below the median".into() }),
            _ => script.record(Event::TrialCompleted {
                trial,
                score: 60.0 + 30.0 * away + rng.normal().abs(),
                weights: None,
            }),
        };
        if trial == trials / 3 {
            script.wait(90_000);
        }
    }
    script
}

#[test]
fn before_the_first_score_each_panel_says_what_will_stand_there() {
    let mut first = Script::new(4).opened(40, 2);
    first.start();
    for script in [Script::new(4), first] {
        let mut state = app(&script, PLAIN);
        let shown = answered(&mut state, "4", 200, 60);
        assert!(shown.matches("will stand here").count() >= 5, "{shown}");
    }
    insta::assert_snapshot!("empty_120x40", answered(&mut app(&Script::new(4), PLAIN), "4", 120, 40));
}

#[test]
fn importance_waits_fails_and_stays_while_it_is_told_anew() {
    let mut script = finished();
    let mut state = app(&script, PLAIN);
    update(&mut state, Msg::Resize(80, 24));
    assert_eq!(press(&mut state, "4"), [], "nothing that is hidden is asked");
    let asked = press(&mut state, "\t");
    assert!(matches!(&asked[..], [Effect::Ask(Ask::Importance(history))] if **history == *script.history()));
    assert!(screen(&mut state, 80, 24).contains("telling what matters from 12 complete trials"));
    let why = "all 12 complete trials have the same score: no parameter has made a difference";
    update(&mut state, Msg::Answer(Answer::Importance(Err(why.into()))));
    assert!(screen(&mut state, 80, 24).contains(why));
    // One more of twelve is more than a twentieth.
    let before = script.records().len();
    script.complete(50.0, 9_000);
    let records = script.records()[before..].iter().cloned().map(Update::Recorded).collect();
    assert_eq!(update(&mut state, Msg::Updates(records)).len(), 1);
    update(&mut state, Msg::Answer(Answer::Importance(Ok(importance(script.history()).unwrap()))));
    let known = screen(&mut state, 80, 24);
    assert!(known.contains("of 13 trials") && known.contains("dropout"), "{known}");
    let before = script.records().len();
    script.complete(49.0, 9_000);
    let records = script.records()[before..].iter().cloned().map(Update::Recorded).collect();
    update(&mut state, Msg::Updates(records));
    let shown = screen(&mut state, 80, 24);
    assert!(shown.contains("of 13 trials") && shown.contains("computing anew"), "{shown}");
    update(&mut state, Msg::Answer(Answer::Importance(Err("broken".into()))));
    assert!(screen(&mut state, 80, 24).contains("of 13 trials"));
}

#[test]
fn the_cursor_of_the_history_is_the_selection() {
    let mut state = app(&busy(), PLAIN);
    update(&mut state, Msg::Resize(80, 24));
    press(&mut state, "4");
    assert_eq!(state.selected().unwrap().id, 10, "the best");
    press(&mut state, "lj");
    assert_eq!(state.selected().unwrap().id, 7, "from 11 with 65.0, the next worse is 7 with 66.1");
    press(&mut state, "\n");
    assert_eq!((state.view, state.selected().unwrap().id), (View::Trial, 7));
    press(&mut state, "\u{1b}");
    assert_eq!((state.view, state.selected().unwrap().id), (View::Search, 7));
    // What the leaderboard hides can be looked at all the same.
    press(&mut state, "2/trial<3\n4GG");
    press(&mut state, "hhhh");
    assert_eq!(state.selected().unwrap().id, 11);
}

#[test]
fn parameters_are_chosen_and_answers_of_others_passed_over() {
    let mut state = app(&finished(), PLAIN);
    update(&mut state, Msg::Resize(80, 24));
    let pair = |effects: &[Effect]| match effects {
        [Effect::Ask(Ask::Contour(_, pair))] => *pair,
        other => panic!("{other:?}"),
    };
    press(&mut state, "4\t\t\t");
    assert_eq!(pair(&press(&mut state, "\t")), [0, 1]);
    assert!(screen(&mut state, 80, 24).contains("computing what a model believes over filters and kernel"));
    // The other axis' parameter is stepped over.
    assert_eq!(pair(&press(&mut state, "]")), [2, 1]);
    assert_eq!(pair(&press(&mut state, "{")), [2, 0]);
    assert_eq!(pair(&press(&mut state, "{")), [2, 5]);
    update(&mut state, Msg::Answer(Answer::Contour(Ok(valley([2, 0])))));
    assert!(screen(&mut state, 80, 24).contains("computing what"));
    update(&mut state, Msg::Answer(Answer::Contour(Ok(valley([2, 5])))));
    let shown = screen(&mut state, 80, 24);
    assert!(
        shown.contains("activation") && shown.contains("learning_rate (log)") && !shown.contains("computing")
    );
    assert_eq!(pair(&press(&mut state, "[")), [1, 5]);
    update(&mut state, Msg::Answer(Answer::Contour(Err("the model needs 4 complete trials".into()))));
    assert!(screen(&mut state, 80, 24).contains("the model needs 4 complete trials"));
}

#[test]
fn a_range_change_wipes_the_contour_and_asks_anew() {
    let mut script = finished();
    let mut state = app(&script, PLAIN);
    update(&mut state, Msg::Resize(80, 24));
    press(&mut state, "4\t\t\t");
    let asked = press(&mut state, "\t");
    answers::all(&mut state, asked, 0);
    assert!(screen(&mut state, 80, 24).contains("▲ kernel"), "{}", screen(&mut state, 80, 24));
    let distribution = Distribution::Int { low: 20, high: 40, log: false };
    let record = script.record(Event::RangeChanged { parameter: "kernel".into(), distribution });
    let moment = script.history().next_sequence();
    let asked = update(&mut state, Msg::Updates(vec![Update::Recorded(record)]));
    assert!(matches!(asked.as_slice(), [Effect::Ask(Ask::Contour(..))]), "{asked:?}");
    assert!(screen(&mut state, 80, 24).contains("computing what a model believes"));
    // What was told of the ranges of before.
    let late = Answer::Of(moment - 1, Box::new(Answer::Contour(Ok(valley([0, 1])))));
    update(&mut state, Msg::Answer(late));
    assert!(screen(&mut state, 80, 24).contains("computing what a model believes"));
    answers::all(&mut state, asked, 0);
    assert!(!screen(&mut state, 80, 24).contains("computing"));
    // Of another parameter's range the picture stays, while it is asked anew.
    let distribution = Distribution::Float { low: 1e-4, high: 1e-3, log: true };
    let record = script.record(Event::RangeChanged { parameter: "learning_rate".into(), distribution });
    let asked = update(&mut state, Msg::Updates(vec![Update::Recorded(record)]));
    assert!(matches!(asked.as_slice(), [Effect::Ask(Ask::Contour(..))]), "{asked:?}");
    let shown = screen(&mut state, 80, 24);
    assert!(shown.contains("computing anew") && !shown.contains("what a model believes"), "{shown}");
}

#[test]
fn a_narrowed_range_is_bracketed_on_its_axis() {
    for (ascii, bracket) in [(false, "┏"), (true, "!")] {
        let mut script = busy();
        let distribution = Distribution::Int { low: 20, high: 40, log: false };
        script.record(Event::RangeChanged { parameter: "kernel".into(), distribution });
        let mut state = app(&script, Options { ascii, color: true });
        press(&mut state, "4\t\t");
        let shown = answered(&mut state, "", 80, 24);
        assert!(shown.contains(bracket), "{shown}");
        // All values that trials have had stay on the axis.
        assert!(shown.contains(" 50 "), "{shown}");
    }
}

#[test]
fn large_studies_fit_and_zoom() {
    let mut state = app(&large(), PLAIN);
    insta::assert_snapshot!("large_200x60", answered(&mut state, "4", 200, 60));
    press(&mut state, "+++++");
    let shown = screen(&mut state, 200, 60);
    assert!(shown.contains("0 to 312 of 10,008"), "{shown}");
    press(&mut state, "G");
    assert!(screen(&mut state, 200, 60).contains("9695 to 10007 of 10,008"));
    press(&mut state, "------");
    assert!(!screen(&mut state, 200, 60).contains(" of 10,008"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_key_and_no_size_panics_in_the_search(
        keys in prop::collection::vec((prop::sample::select("hjklgG+-=[]{}oLzsS\t\n4".chars().collect::<Vec<_>>()), 1_u16..230, 1_u16..70, 0_u8..5), 60),
        ascii: bool,
        which in 0_u8..5,
    ) {
        let script = match which {
            0 => Script::new(1),
            1 => kinds(),
            2 => contested(),
            3 => sought(40),
            _ => on_test(),
        };
        let mut state = app(&script, Options { ascii, color: !ascii });
        answered(&mut state, "4", 200, 60);
        for (key, width, height, resize) in keys {
            let effects = press(&mut state, &key.to_string());
            answer(&mut state, effects);
            let (width, height) = if resize == 0 { (width, height) } else { state.size };
            answered(&mut state, "", width, height);
        }
    }
}
