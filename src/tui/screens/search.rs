//! The view of the search.

use super::*;
use crate::analysis::importance::importance;
use crate::domain::insight::Contour;
use crate::domain::seed::Rng;
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
fn valley(parameters: [usize; 2]) -> Contour {
    let side = 9;
    let at = |i: usize| (i % side, i / side);
    let belief = (0..side * side).map(at).map(|(x, y)| {
        let (x, y) = (x as f64 / 8.0, y as f64 / 8.0);
        63.0 + 40.0 * (x - 0.2 - 0.5 * y).powi(2) + 6.0 * (y - 0.4).powi(2)
    });
    Contour { parameters, side, belief: belief.collect() }
}

/// Presses keys and answers what is asked.
fn with_answers(state: &mut AppState, keys: &str) {
    for effect in press(state, keys) {
        let answer = match effect {
            Effect::Ask(Ask::Importance(history)) => {
                Answer::Importance(importance(&history).map_err(|e| e.to_string()))
            }
            Effect::Ask(Ask::Contour(_, pair)) => Answer::Contour(Ok(valley(pair))),
            _ => continue,
        };
        update(state, Msg::Answer(answer));
    }
}

#[test]
fn leaves() {
    for (name, script, options) in
        [("plain", contested(), PLAIN), ("kinds_ascii", kinds(), Options { ascii: true, color: false })]
    {
        let mut state = app(&script, options);
        draw(&mut state, 80, 24);
        press(&mut state, "4");
        with_answers(&mut state, "\t");
        with_answers(&mut state, "\t\t\t");
        press(&mut state, "4");
        for leaf in ["importance", "parallel", "slices", "contour", "rank", "timeline"] {
            press(&mut state, "\t");
            insta::assert_snapshot!(format!("{leaf}_{name}_80x24"), screen(&mut state, 80, 24));
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
            draw(&mut state, width, height);
            with_answers(&mut state, "4");
            insta::assert_snapshot!(
                format!("grid_{name}_{width}x{height}"),
                screen(&mut state, width, height)
            );
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
