//! What every sampler of the table must do.

use super::{SAMPLERS, Sampler, SamplerError, SamplerRow};
use crate::domain::direction::Direction;
use crate::domain::event::Event;
use crate::domain::history::History;
use crate::domain::seed::{Rng, derive};
use crate::domain::setting::Settings;
use crate::domain::space::{Distribution, Parameter, SearchSpace};
use crate::domain::testing::{Scripted, choice, conditional, float, int, space, when};
use crate::domain::value::{Params, Value};

fn build(row: &SamplerRow) -> Box<dyn Sampler> {
    (row.build)(&Settings::defaults(row.settings))
}

fn mixed() -> SearchSpace {
    space([
        ("rate", Distribution::Float { low: 1e-5, high: 1e-1, log: true }),
        ("dropout", float(0.0, 0.9)),
        ("filters", int(5, 50)),
        ("batch", Distribution::Int { low: 1, high: 512, log: true }),
        ("activation", choice(&["linear", "relu", "elu"])),
        ("bias", Distribution::Choice { choices: vec![Value::Bool(false), Value::Bool(true)] }),
    ])
}

/// A score with an optimum inside of the mixed space.
fn score(params: &Params) -> f64 {
    let number = |name: &str| params[name].as_f64().unwrap();
    let rate = libm::log10(number("rate")) + 3.0;
    let activation = if params["activation"] == Value::from("relu") { 0.0 } else { 0.5 };
    rate * rate + (number("filters") - 20.0).powi(2) / 400.0 + number("dropout") + activation
}

/// Those that may have nothing left to suggest, and of them the one that never has anything.
const MAY_END: [&str; 2] = ["grid", NEVER];
const NEVER: &str = "manual";

/// `ask`, checked: inside of the space, the same again, and the same from a sampler built anew. `None` where the
/// sampler has nothing left, which only some may say, and then always.
fn ask(
    row: &SamplerRow,
    sampler: &mut dyn Sampler,
    space: &SearchSpace,
    history: &History,
    seed: u64,
) -> Option<Params> {
    let suggestion = match sampler.ask(space, history, seed) {
        Ok(suggestion) => suggestion,
        Err(SamplerError::Exhausted(reason)) => {
            assert!(MAY_END.contains(&row.name) && !reason.is_empty(), "{}: {reason}", row.name);
            assert!(row.name == NEVER || !history.trials().is_empty(), "{}: {reason}", row.name);
            let again = build(row).ask(space, history, seed + 1);
            assert!(matches!(again, Err(SamplerError::Exhausted(_))), "{}: {again:?}", row.name);
            return None;
        }
        Err(error) => panic!("{}: {error}", row.name),
    };
    assert_ne!(row.name, NEVER);
    space.check(&suggestion.params).unwrap();
    assert_eq!(sampler.ask(space, history, seed).unwrap(), suggestion, "{}: asked twice", row.name);
    assert_eq!(build(row).ask(space, history, seed).unwrap(), suggestion, "{}: rebuilt", row.name);
    Some(suggestion.params)
}

#[test]
fn a_study_in_which_everything_happens() {
    for row in SAMPLERS {
        for direction in [Direction::Minimize, Direction::Maximize] {
            let space = mixed();
            let mut sampler = build(row);
            let mut study = Scripted::new(&space, direction, 3);
            for i in 0..50 {
                let Some(params) = ask(row, sampler.as_mut(), &space, study.history(), derive(3, "ask", i))
                else {
                    break;
                };
                let repeated = study.history().trials().iter().any(|t| t.params == params);
                assert!(!repeated, "{}: {params:?} was asked before", row.name);
                let score = direction.cost(score(&params));
                match i % 10 {
                    3 => study.prune(params, score),
                    5 => study.fail(params),
                    6 => study.cancel(params),
                    7 => study.requeue(params),
                    8 => study.start(params),
                    _ => study.complete(params, score),
                };
            }
        }
    }
}

#[test]
fn parallel_slots_get_different_points() {
    for row in SAMPLERS {
        let space = space([("x", float(0.0, 1.0)), ("y", float(0.0, 1.0))]);
        let mut study = Scripted::new(&space, Direction::Minimize, 1);
        let mut rng = Rng::new(1);
        for _ in 0..20 {
            let (x, y) = (rng.uniform(), rng.uniform());
            let cost = (x - 0.3).powi(2) + (y - 0.6).powi(2);
            study.complete(space.from_unit(&[x, y]), cost);
        }
        let mut sampler = build(row);
        let mut points: Vec<Vec<f64>> = Vec::new();
        // The same seed for all: only the history tells the slots apart.
        for _ in 0..4 {
            let Some(params) = ask(row, sampler.as_mut(), &space, study.history(), 9) else { break };
            points.push(space.to_unit(&params).unwrap());
            study.start(params);
        }
        for (i, a) in points.iter().enumerate() {
            for b in &points[..i] {
                let distance = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                assert!(distance > 1e-3, "{}: {points:?}", row.name);
            }
        }
    }
}

#[test]
fn scores_that_say_nothing_or_too_much() {
    let degenerate: [fn(usize) -> f64; 4] = [
        |_| 0.5,
        |i| if i == 7 { 1e300 } else { i as f64 },
        |i| if i < 19 { 1.0 } else { -1e300 },
        |i| 1e-300 * i as f64,
    ];
    for row in SAMPLERS {
        for score in degenerate {
            let space = mixed();
            let mut study = Scripted::new(&space, Direction::Minimize, 2);
            let mut rng = Rng::new(2);
            for i in 0..20 {
                let point: Vec<f64> = (0..space.dimensions()).map(|_| rng.uniform()).collect();
                study.complete(space.from_unit(&point), score(i));
            }
            ask(row, build(row).as_mut(), &space, study.history(), 1);
        }
    }
}

#[test]
fn all_trials_failed_pruned_or_on_one_point() {
    for row in SAMPLERS {
        let space = mixed();
        let same = space.from_unit(&[0.5; 6]);
        let mut study = Scripted::new(&space, Direction::Maximize, 4);
        for _ in 0..20 {
            study.fail(same.clone());
        }
        assert_ne!(
            ask(row, build(row).as_mut(), &space, study.history(), 1).as_ref(),
            Some(&same),
            "{}",
            row.name
        );
        for _ in 0..20 {
            study.prune(same.clone(), 0.1);
        }
        assert_ne!(
            ask(row, build(row).as_mut(), &space, study.history(), 1).as_ref(),
            Some(&same),
            "{}",
            row.name
        );
        for i in 0..20 {
            study.complete(same.clone(), f64::from(i % 3));
        }
        assert_ne!(
            ask(row, build(row).as_mut(), &space, study.history(), 1).as_ref(),
            Some(&same),
            "{}",
            row.name
        );
    }
}

#[test]
fn a_finite_space_is_tried_out_and_then_repeated() {
    for row in SAMPLERS {
        let space = space([("a", int(1, 6)), ("b", choice(&["x", "y", "z", "w"])), ("c", float(1.0, 1.0))]);
        let mut study = Scripted::new(&space, Direction::Minimize, 6);
        let mut sampler = build(row);
        for i in 0..30 {
            let Some(params) = ask(row, sampler.as_mut(), &space, study.history(), derive(6, "ask", i))
            else {
                break;
            };
            let repeated = study.history().trials().iter().any(|t| t.params == params);
            assert_eq!(repeated, i >= 24, "{}: trial {i}", row.name);
            study.complete(params, i as f64);
        }
    }
}

/// Kinds with settings of their own and units for each layer, and a real number within a kind.
fn nested() -> SearchSpace {
    let mut space = conditional();
    space.parameters.push(Parameter { name: "cnn.l1".into(), distribution: float(0.0, 1.0), when: vec![] });
    space.parameters.push(Parameter { name: "rate".into(), distribution: float(0.0, 1.0), when: vec![] });
    when(space, "cnn.l1", "kind", &["cnn".into()])
}

#[test]
fn only_active_parameters_are_asked_for() {
    for row in SAMPLERS {
        let space = nested();
        let mut study = Scripted::new(&space, Direction::Minimize, 8);
        let mut sampler = build(row);
        for i in 0..40 {
            // Checked to be in bounds, active only, and the same when asked again.
            let Some(params) = ask(row, sampler.as_mut(), &space, study.history(), derive(8, "ask", i))
            else {
                break;
            };
            let is_cnn = params["kind"] == Value::from("cnn");
            let own = params.get("cnn.l1").and_then(Value::as_f64).unwrap_or(0.6);
            assert_eq!((params.contains_key("cnn.l1"), params.contains_key("mlp.layers")), (is_cnn, !is_cnn));
            match i % 9 {
                7 => study.fail(params),
                8 => study.start(params),
                _ => study.complete(params, own),
            };
        }
        let kinds = |kind: &str| {
            study.history().trials().iter().filter(|t| t.params["kind"] == Value::from(kind)).count()
        };
        assert!(
            row.name == NEVER || kinds("cnn") > 5 && kinds("mlp") > 2,
            "{}: {} {}",
            row.name,
            kinds("cnn"),
            kinds("mlp")
        );
    }
}

#[test]
fn a_finite_conditional_space_is_tried_out_and_then_repeated() {
    for row in SAMPLERS {
        let space = conditional();
        let mut study = Scripted::new(&space, Direction::Maximize, 6);
        let mut sampler = build(row);
        for i in 0..20 {
            let Some(params) = ask(row, sampler.as_mut(), &space, study.history(), derive(6, "ask", i))
            else {
                break;
            };
            let repeated = study.history().trials().iter().any(|t| t.params == params);
            assert_eq!(repeated, i >= 15, "{}: trial {i}", row.name);
            study.complete(params, (i % 4) as f64);
        }
    }
}

#[test]
fn spaces_of_one_point_and_of_no_dimension() {
    for row in SAMPLERS {
        for space in [SearchSpace::default(), space([("only", int(3, 3)), ("one", choice(&["x"]))])] {
            let mut study = Scripted::new(&space, Direction::Minimize, 1);
            for i in 0..20 {
                let Some(params) = ask(row, build(row).as_mut(), &space, study.history(), i) else { break };
                study.complete(params, i as f64);
            }
        }
    }
}

#[test]
fn another_seed_asks_another_point() {
    for row in SAMPLERS.iter().filter(|row| row.name != NEVER) {
        let space = mixed();
        let first = |seed: u64| {
            let study = Scripted::new(&space, Direction::Minimize, seed);
            build(row).ask(&space, study.history(), derive(seed, "ask", 0)).unwrap()
        };
        assert_ne!(first(1), first(2), "{}", row.name);
    }
}

#[test]
fn imported_trials_alone_are_a_history() {
    use crate::domain::event::Event;
    use crate::domain::trial::Imported;
    for row in SAMPLERS {
        let space = mixed();
        let mut study = Scripted::new(&space, Direction::Maximize, 5);
        let mut rng = Rng::new(5);
        let mut imported = || {
            let params = space.from_unit(&(0..6).map(|_| rng.uniform()).collect::<Vec<_>>());
            Imported { score: score(&params), params }
        };
        let trials = (0..20).map(|_| imported()).collect();
        study.apply(Event::TrialsImported { source: "old.csv".into(), trials });
        ask(row, build(row).as_mut(), &space, study.history(), 1);
    }
}

#[test]
fn five_thousand_trials_are_not_too_many() {
    let space = mixed();
    let mut study = Scripted::new(&space, Direction::Minimize, 5);
    let mut rng = Rng::new(5);
    for _ in 0..5000 {
        let params = space.from_unit(&(0..6).map(|_| rng.uniform()).collect::<Vec<_>>());
        let cost = score(&params);
        study.complete(params, cost);
    }
    for row in SAMPLERS {
        ask(row, build(row).as_mut(), &space, study.history(), 1);
    }
}

/// A range that a person sets.
fn steer(study: &mut Scripted, parameter: &str, distribution: Distribution) {
    study.apply(Event::RangeChanged { parameter: parameter.into(), distribution });
}

/// Up to `count` more trials, as a study asks for them.
fn go_on(row: &SamplerRow, study: &mut Scripted, count: usize, score: impl Fn(&Params) -> f64) {
    for _ in 0..count {
        let trial = study.history().trials().len();
        let (search, number) = study.history().asked_of(trial);
        let space = search.space().clone();
        let seed = derive(3, "ask", number as u64);
        let Some(params) = ask(row, build(row).as_mut(), &space, &search, seed) else { return };
        study.history().space().check(&params).unwrap();
        let cost = score(&params);
        match trial % 7 {
            3 => study.prune(params, cost),
            5 => study.start(params),
            _ => study.complete(params, cost),
        };
    }
}

#[test]
fn ranges_that_a_person_changes_are_where_it_looks_from_then_on() {
    for row in SAMPLERS {
        let mut study = Scripted::new(&mixed(), Direction::Minimize, 3);
        go_on(row, &mut study, 15, score);
        steer(&mut study, "filters", int(10, 22));
        steer(&mut study, "activation", choice(&["relu"]));
        go_on(row, &mut study, 10, score);
        steer(&mut study, "rate", Distribution::Float { low: 1e-6, high: 1e-2, log: true });
        steer(&mut study, "dropout", float(0.5, 0.5));
        go_on(row, &mut study, 10, score);
        steer(&mut study, "activation", choice(&["linear", "relu", "elu"]));
        steer(&mut study, "filters", int(1, 99));
        go_on(row, &mut study, 10, score);

        // What others depend on is taken away: they are never active.
        let layers = |params: &Params| params.get("mlp.layers").and_then(Value::as_f64).unwrap_or(0.0);
        let mut study = Scripted::new(&conditional(), Direction::Minimize, 3);
        go_on(row, &mut study, 4, layers);
        steer(&mut study, "mlp.layers", int(1, 2));
        steer(&mut study, "kind", choice(&["mlp"]));
        // One with a layer, three with two.
        go_on(row, &mut study, 3, layers);
        steer(&mut study, "kind", choice(&["cnn"]));
        go_on(row, &mut study, 1, layers);
    }
}
