//! The view of the sampler: what it believes, its generations, the pruner's rungs, and reasons.

use super::*;
use crate::domain::insight::{Densities, Insight, Question, Rung, Slice};
use crate::domain::trial::{Expected, Origin, TrialId};
use crate::domain::value::Params;

const ASCII: Options = Options { ascii: true, color: false };

/// A new trial with an origin, which ends with `score`.
fn trial(script: &mut Script, point: &[f64], origin: Origin, score: Option<f64>) -> TrialId {
    let trial = script.history().trials().len();
    let params = script.history().study().space.from_unit(point);
    script.record(Event::TrialStarted { trial, params, seed: 1, slot: 0, origin });
    if let Some(score) = score {
        script.wait(9_000);
        script.record(Event::TrialCompleted { trial, score, weights: None });
    }
    trial
}

fn point(i: usize) -> Vec<f64> {
    [0.618_034, 0.414_214, 0.732_051, 0.236_068, 0.645_751, 0.316_625]
        .map(|step| i as f64 * step % 1.0)
        .into()
}

fn score(point: &[f64]) -> f64 {
    62.0 + 40.0 * (point[0] - 0.4).powi(2) + 60.0 * (point[2] - 0.55).powi(2) + 3.0 * point[4]
}

/// A study that a Gaussian process guides: a design, then trials of which something was expected.
fn guided(trials: usize) -> Script {
    let mut script = Script::new(4).opened(trials + 10, 1);
    for i in 0..trials {
        let near = point(i).into_iter().zip([0.4, 0.5, 0.55, 0.5, 0.1, 0.5]);
        let place: Vec<f64> =
            if i < 8 { point(i) } else { near.map(|(x, best)| best + 0.4 * (x - 0.5)).collect() };
        let score = score(&place) + 2.0 * (point(i)[1] - 0.5);
        let design = Origin { why: format!("design point {} of 8", i + 1), ..Origin::by("gp-ucb startup") };
        let middle = score + 3.0 * (point(i)[3] - 0.5);
        let asked = Origin {
            why: format!("UCB {:.3} with kappa 2, best of 456 candidates", point(i)[1]),
            expected: Some(Expected { low: middle - 1.2, middle, high: middle + 1.5 }),
            ..Origin::by("gp-ucb")
        };
        trial(&mut script, &place, if i < 8 { design } else { asked }, Some(score));
    }
    trial(&mut script, &point(trials), Origin::by("gp-ucb"), None);
    script
}

/// A genetic search over some generations.
fn bred() -> Script {
    let mut script = Script::new(2).opened(100, 1);
    for i in 0..70_usize {
        let narrow = 1.0 / (1.0 + (i / 20) as f64);
        let target = [0.4, 0.5, 0.55, 0.5, 0.1, 0.5];
        let place: Vec<f64> =
            point(i).into_iter().zip(target).map(|(x, best)| best + narrow * (x - best)).collect();
        let founder =
            Origin { why: format!("design point {} of 20", i + 1), ..Origin::by("genetic startup") };
        let child = Origin {
            why: format!("cut behind gene {} of 6, 1 mutation", i % 5 + 1),
            ..Origin::bred("genetic crossover+mutation", vec![i - i.min(17), i - i.min(11)])
        };
        trial(&mut script, &place, if i < 20 { founder } else { child }, Some(score(&place)));
    }
    script
}

/// What a process believes along a parameter of `guided`.
fn slice(script: &Script, parameter: usize) -> Slice {
    let space = &script.history().study().space;
    let best = script.history().incumbent().unwrap();
    let distribution = &space.parameters[parameter].distribution;
    let places: Vec<f64> = match distribution.cardinality() {
        Some(n) if n < 101 => (0..n).map(|i| distribution.to_unit(&distribution.nth(i)).unwrap()).collect(),
        _ => (0..=100).map(|i| f64::from(i) / 100.0).collect(),
    };
    let at = |u: &f64| {
        let mut point = best.point.clone();
        point[parameter] = *u;
        let (mean, sd) = (score(&point), 0.6 + 5.0 * (u - 0.5).powi(2));
        [mean, mean - sd, mean + 1.3 * sd]
    };
    let acquisition = places.iter().map(|u| (1.0 - 9.0 * (u - 0.8).powi(2)).max(0.0)).collect();
    let next = space.from_unit(&[0.3, 0.4, 0.8, 0.2, 0.1, 0.5]);
    Slice {
        parameter,
        through: best.params.clone(),
        belief: places.iter().map(at).collect(),
        acquisition,
        acquired_by: "UCB, kappa 2".into(),
        places,
        next: Some((0.8, next)),
    }
}

fn densities(script: &Script, parameter: usize) -> Densities {
    let slice = slice(script, parameter);
    let bump = |u: &f64, at: f64, width: f64| 0.2 + 2.0 * (-((u - at) / width).powi(2)).exp();
    Densities {
        parameter,
        good: slice.places.iter().map(|u| bump(u, 0.55, 0.15)).collect(),
        bad: slice.places.iter().map(|u| bump(u, 0.3, 0.5) / 2.0).collect(),
        trials: [6, 34],
        next: slice.next,
        places: slice.places,
    }
}

/// Two brackets with three rungs and one.
pub fn rungs() -> Vec<Rung> {
    let rung = |bracket, at: &str, count: usize, on: usize| Rung {
        bracket,
        at: at.into(),
        trials: (0..count)
            .map(|i| (i * 7 % 40, 61.0 + 0.7 * (i * i) as f64 / 4.0, i < on || i == on + 1))
            .collect(),
    };
    vec![
        rung(0, "8 epochs", 27, 6),
        rung(0, "30 epochs", 7, 2),
        rung(0, "120 epochs", 0, 0),
        rung(1, "30 epochs", 9, 2),
    ]
}

fn heard(state: &mut AppState, answer: Answer) {
    update(state, Msg::Answer(answer));
}

/// The view with a panel on top; what was asked is answered.
fn view(
    script: &Script,
    options: Options,
    panel: PanelId,
    insight: Option<Insight>,
    steps: Vec<Rung>,
) -> AppState {
    let mut state = app(script, options);
    update(&mut state, Msg::Resize(80, 24));
    press(&mut state, "5");
    while state.focus != panel {
        press(&mut state, "\t");
    }
    let parameter = match &insight {
        Some(Insight::Slice(slice)) => slice.parameter,
        Some(Insight::Densities(densities)) => densities.parameter.min(5),
        None => 0,
    };
    if panel == PanelId::Mind {
        press(&mut state, &"]".repeat(parameter));
    }
    // The first question is of the first parameter, and its answer too late.
    heard(&mut state, Answer::Insight(Ok(None)));
    heard(&mut state, Answer::Insight(Ok(insight)));
    heard(&mut state, Answer::Rungs(steps));
    state
}

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

#[test]
fn a_process_along_a_parameter() {
    let script = guided(40);
    for (name, options) in [("gp", PLAIN), ("gp_ascii", ASCII)] {
        let insight = Some(Insight::Slice(slice(&script, 2)));
        let mut state = view(&script, options, PanelId::Mind, insight, rungs());
        for (width, height) in SIZES {
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen(&mut state, width, height));
        }
    }
    let mut choice = view(&script, PLAIN, PanelId::Mind, Some(Insight::Slice(slice(&script, 5))), vec![]);
    insta::assert_snapshot!("gp_choice_80x24", screen(&mut choice, 80, 24));
    insta::assert_snapshot!("gp_60x16", screen(&mut choice, 60, 16));
}

#[test]
fn densities_along_a_parameter() {
    let script = guided(40);
    for (name, options, parameter) in
        [("tpe", PLAIN, 2), ("tpe_ascii", ASCII, 2), ("tpe_choice", PLAIN, 5), ("tpe_whole", PLAIN, 0)]
    {
        let insight = Some(Insight::Densities(densities(&script, parameter)));
        let mut state = view(&script, options, PanelId::Mind, insight, vec![]);
        insta::assert_snapshot!(format!("{name}_80x24"), screen(&mut state, 80, 24));
    }
    let mut wide =
        view(&script, PLAIN, PanelId::Mind, Some(Insight::Densities(densities(&script, 2))), vec![]);
    insta::assert_snapshot!("tpe_200x60", screen(&mut wide, 200, 60));
}

#[test]
fn generations_and_the_family_of_the_best() {
    for (name, options) in [("bred", PLAIN), ("bred_ascii", ASCII)] {
        let mut state = view(&bred(), options, PanelId::Generations, None, vec![]);
        for (width, height) in SIZES {
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen(&mut state, width, height));
        }
    }
    let mut state = view(&bred(), PLAIN, PanelId::Generations, None, vec![]);
    press(&mut state, "z");
    insta::assert_snapshot!("bred_zoomed_160x50", screen(&mut state, 160, 50));
    screen(&mut state, 80, 24);
    press(&mut state, "G");
    insta::assert_snapshot!("bred_end_80x24", screen(&mut state, 80, 24));
}

#[test]
fn rungs_and_who_is_on_them() {
    for (name, options) in [("rungs", PLAIN), ("rungs_ascii", ASCII)] {
        let mut state = view(&guided(40), options, PanelId::Rungs, None, rungs());
        for (width, height) in SIZES {
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen(&mut state, width, height));
        }
    }
    let mut state = view(&guided(40), PLAIN, PanelId::Rungs, None, rungs());
    press(&mut state, "jj");
    assert!(screen(&mut state, 80, 24).contains("nobody has come here yet"));
}

#[test]
fn reasons_and_what_came_of_them() {
    for (name, options) in [("reasons", PLAIN), ("reasons_ascii", ASCII)] {
        let mut state = view(&guided(40), options, PanelId::Reasons, None, vec![]);
        for (width, height) in SIZES {
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen(&mut state, width, height));
        }
    }
    let mut state = view(&bred(), PLAIN, PanelId::Reasons, None, vec![]);
    insta::assert_snapshot!("reasons_bred_80x24", screen(&mut state, 80, 24));
    press(&mut state, "jjj\n");
    assert_eq!((state.view, state.shown().and_then(|row| row.trial())), (View::Trial, Some(66)));
    press(&mut state, "\u{1b}");
    assert_eq!(state.view, View::Sampler, "back where it came from");
}

#[test]
fn every_state_has_its_words() {
    let words = |script: &Script, panel, answer: Option<Answer>| {
        let mut state = app(script, PLAIN);
        update(&mut state, Msg::Resize(100, 24));
        press(&mut state, "5");
        while state.focus != panel {
            press(&mut state, "\t");
        }
        if let Some(answer) = answer {
            heard(&mut state, answer);
        }
        screen(&mut state, 100, 24).replace(['│', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let (none, busy) = (Script::new(2).opened(9, 1), busy());
    let mind = |script, answer| words(script, PanelId::Mind, answer);
    assert!(mind(&none, None).contains("stands here from the first score on"));
    assert!(mind(&busy, None).contains("asking gp-ucb what it believes"));
    let failed = Answer::Insight(Err("gp: the covariance can't be factored; try sampler `random`".into()));
    assert!(mind(&busy, Some(failed)).contains("try sampler `random`"));
    assert!(mind(&busy, Some(Answer::Insight(Ok(None)))).contains("gp-ucb has no model"));
    assert!(words(&none, PanelId::Reasons, None).contains("from the first one on"));
    assert!(words(&busy, PanelId::Reasons, None).contains("do not say why"));
    assert!(words(&busy, PanelId::Rungs, None).contains("asking the pruner"));
    assert!(words(&busy, PanelId::Rungs, Some(Answer::Rungs(vec![]))).contains("the pruner has no rungs"));
    assert!(words(&busy, PanelId::Generations, None).contains("gp-ucb does not breed"));
}

#[test]
fn a_panel_asks_once_for_what_it_does_not_know_and_keeps_what_it_has() {
    let mut script = guided(12);
    let mut state = app(&script, PLAIN);
    update(&mut state, Msg::Resize(80, 24));
    let asked = press(&mut state, "5");
    let [Effect::Ask(Ask::Insight(_, question))] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(*question, Question { parameter: 0, places: 101 });
    // Nothing else while the answer is on its way; then about where a person has gone to.
    assert_eq!(press(&mut state, "]]"), []);
    let asked = update(&mut state, Msg::Answer(Answer::Insight(Ok(Some(Insight::Slice(slice(&script, 0)))))));
    assert!(matches!(asked.as_slice(), [Effect::Ask(Ask::Insight(_, Question { parameter: 2, .. }))]));
    let drawn = screen(&mut state, 120, 40);
    assert!(drawn.contains("gp-ucb · filters") && drawn.contains("computing learning_rate"), "{drawn}");
    assert_eq!(update(&mut state, Msg::Answer(Answer::Insight(Ok(None)))), []);
    // A trial ended: asked again, but not at once.
    let running = script.history().trials().len() - 1;
    let record = script.record(Event::TrialCompleted { trial: running, score: 64.0, weights: None });
    assert_eq!(update(&mut state, Msg::Updates(vec![Update::Recorded(record)])), []);
    let later = state.now + 3_000;
    assert_eq!(update(&mut state, Msg::Tick(later)).len(), 1);
    assert_eq!(press(&mut state, "[").len(), 0);
    // Out of sight, nobody asks.
    press(&mut state, "1");
    assert_eq!(update(&mut state, Msg::Answer(Answer::Insight(Ok(None)))), []);
}

#[test]
fn rungs_are_asked_for_while_reports_come_but_not_with_each() {
    let mut script = busy();
    let mut state = app(&script, PLAIN);
    update(&mut state, Msg::Resize(80, 24));
    assert_eq!(press(&mut state, "5").len(), 1);
    press(&mut state, "\t");
    let asked = press(&mut state, "\t");
    assert!(matches!(asked.as_slice(), [Effect::Ask(Ask::Rungs(_))]), "{asked:?}");
    assert_eq!(update(&mut state, Msg::Answer(Answer::Rungs(rungs()))), []);
    let record = script.note(Level::Info, "something happened");
    assert_eq!(update(&mut state, Msg::Updates(vec![Update::Recorded(record)])), []);
    let later = state.now + 1_500;
    assert_eq!(update(&mut state, Msg::Tick(later)).len(), 1);
}

#[test]
fn odd_answers_are_drawn_at_every_size() {
    let script = guided(40);
    let odd = |mut slice: Slice| {
        slice.belief = vec![[f64::NAN, -1e300, 1e300]; slice.places.len() / 2];
        slice.acquisition.truncate(3);
        slice.next = None;
        slice
    };
    let bare = Densities {
        parameter: 99,
        places: vec![],
        good: vec![],
        bad: vec![f64::INFINITY],
        trials: [0, 0],
        next: Some((7.0, Params::new())),
    };
    let same = Densities { parameter: 0, places: vec![0.5], ..bare.clone() };
    let insights = [
        Insight::Slice(odd(slice(&script, 2))),
        Insight::Slice(odd(slice(&script, 5))),
        Insight::Densities(bare),
        Insight::Densities(same),
    ];
    for insight in insights {
        for options in [PLAIN, ASCII] {
            let mut state = view(&script, options, PanelId::Mind, Some(insight.clone()), rungs());
            for size in (1..60).step_by(2) {
                draw(&mut state, 3 * size, size);
                draw(&mut state, 200 - size, 61 - size);
            }
        }
    }
}

#[test]
fn ten_thousand_trials_have_reasons_and_a_mind() {
    let script = large();
    let mut state = view(&script, PLAIN, PanelId::Mind, Some(Insight::Slice(slice(&script, 2))), rungs());
    insta::assert_snapshot!("large_gp_200x60", screen(&mut state, 200, 60));
}
