use super::*;
use crate::domain::direction::Direction;
use crate::domain::event::Event;
use crate::domain::testing::{Scripted, conditional, float, int, space};
use crate::domain::trial::Imported;
use crate::domain::value::Value;

fn build(given: &[(&str, Value)]) -> Box<dyn Sampler> {
    (ROW.build)(&Settings::with(ROW.settings, given))
}

fn square() -> SearchSpace {
    space([("x", float(0.0, 1.0)), ("y", float(0.0, 1.0))])
}

/// A study of the square with 30 trials around a bowl at (0.3, 0.6).
fn bowl() -> Scripted {
    let mut study = Scripted::new(&square(), Direction::Minimize, 1);
    let mut rng = Rng::new(1);
    for _ in 0..30 {
        let (x, y) = (rng.uniform(), rng.uniform());
        study.complete(square().from_unit(&[x, y]), (x - 0.3).powi(2) + (y - 0.6).powi(2));
    }
    study
}

fn distance(a: &Params, b: &Params) -> f64 {
    let number = |params: &Params, name: &str| params[name].as_f64().unwrap();
    ["x", "y"].iter().map(|n| (number(a, n) - number(b, n)).powi(2)).sum::<f64>().sqrt()
}

/// The suggestions of 40 seeds.
fn asked(study: &Scripted, given: &[(&str, Value)]) -> Vec<Params> {
    let space = &study.history().study().space;
    (0..40).map(|seed| build(given).ask(space, study.history(), seed).unwrap().params).collect()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn suggestions_are_near_the_optimum_in_every_form() {
    let study = bowl();
    let optimum = square().from_unit(&[0.3, 0.6]);
    let forms: [&[(&str, Value)]; 5] = [
        &[],
        &[("multivariate", false.into())],
        &[("group", false.into()), ("weights", "equal".into())],
        &[("split", "sqrt".into()), ("gamma", 0.75.into())],
        &[("magic_clip", true.into()), ("constant_liar", false.into())],
    ];
    for form in forms {
        // Of uniform draws it is 0.4.
        let away = mean(asked(&study, form).iter().map(|p| distance(p, &optimum)));
        assert!(away < 0.2, "{form:?}: {away}");
    }
}

#[test]
fn the_liar_keeps_suggestions_away_from_trials_that_run() {
    let mut study = bowl();
    let first = build(&[]).ask(&square(), study.history(), 5).unwrap().params;
    for _ in 0..6 {
        study.start(first.clone());
    }
    let away = |flag: bool| {
        mean(asked(&study, &[("constant_liar", flag.into())]).iter().map(|p| distance(p, &first)))
    };
    assert!(away(true) > 1.3 * away(false), "{} {}", away(true), away(false));
}

#[test]
fn pruned_failed_and_imported_trials_are_learned_from() {
    // The low half is tried and good; what became of the high half is all that differs.
    let line = space([("x", float(0.0, 1.0))]);
    let at = |x: f64| line.from_unit(&[x]);
    let high = |end: &dyn Fn(&mut Scripted, Params, f64)| {
        let mut study = Scripted::new(&line, Direction::Minimize, 1);
        for i in 0..12 {
            study.complete(at(f64::from(i) / 24.0), 1.0 + f64::from(i % 5));
            end(&mut study, at(0.5 + f64::from(i) / 24.0), f64::from(i) / 12.0);
        }
        mean(asked(&study, &[]).iter().map(|p| f64::from(u8::from(p["x"].as_f64().unwrap() > 0.5))))
    };
    let nothing = high(&|_, _, _| {});
    let pruned = high(&|study, params, score| {
        study.prune(params, score);
    });
    let failed = high(&|study, params, _| {
        study.fail(params);
    });
    let imported = high(&|study, params, score| {
        let trials = vec![Imported { params, score }];
        let source = format!("old-{}.csv", study.history().imported().len());
        study.apply(Event::TrialsImported { source, trials });
    });
    // Without a trial there, the high half is where the bad ones are not.
    assert!(nothing > 0.4, "{nothing}");
    assert!(pruned < 0.5 * nothing && failed < 0.5 * nothing, "{pruned} {failed} {nothing}");
    assert!(imported > 0.9, "{imported}");
}

#[test]
fn a_kind_is_chosen_by_its_scores_and_its_parameters_within_it() {
    let space = conditional();
    let mut study = Scripted::new(&space, Direction::Maximize, 2);
    let mut rng = Rng::new(2);
    let score = |params: &Params| {
        let pool = params.get("cnn.pool").and_then(Value::as_f64).unwrap_or(0.0);
        let units = params.get("mlp.units_2").and_then(Value::as_f64).unwrap_or(0.0);
        pool + 0.1 * units
    };
    for _ in 0..60 {
        let point: Vec<f64> = (0..5).map(|_| rng.uniform()).collect();
        let params = space.from_unit(&point);
        let found = score(&params);
        study.complete(params, found);
    }
    let groups = Groups::of(&space, Grouping::Together);
    let observed = Observed::of(&space, study.history()).unwrap();
    let tpe = Tpe::new(&Settings::defaults(ROW.settings));
    let search =
        Search { tpe: &tpe, space: &space, history: study.history(), observed: &observed, groups, looks: 1 };
    let best = |group: usize, point: &[f64]| search.ranked(group, point, &mut Rng::new(1)).swap_remove(0).1;
    let mut point = vec![0.5; 5];
    for group in 0..5 {
        if search.groups.is_active(group, &point) {
            point = best(group, &point);
        }
    }
    let params = space.from_unit(&point);
    assert_eq!(params, Params::from([("kind".into(), "cnn".into()), ("cnn.pool".into(), 2.into())]));
}

#[test]
fn candidates_are_ranked_each_once() {
    let space = space([("n", int(1, 4)), ("many", int(1, 1000))]);
    let mut study = Scripted::new(&space, Direction::Minimize, 1);
    for i in 0..12_i64 {
        let params = Params::from([("n".into(), (1 + i % 4).into()), ("many".into(), (80 * i + 1).into())]);
        study.complete(params, i as f64);
    }
    let observed = Observed::of(&space, study.history()).unwrap();
    let tpe = Tpe::new(&Settings::with(ROW.settings, &[("multivariate", false.into())]));
    let groups = Groups::of(&space, Grouping::Alone);
    let search =
        Search { tpe: &tpe, space: &space, history: study.history(), observed: &observed, groups, looks: 1 };
    for (group, most) in [(0, 4), (1, 24)] {
        let ranked = search.ranked(group, &[0.5, 0.5], &mut Rng::new(3));
        assert!((2..=most).contains(&ranked.len()), "{}", ranked.len());
        for (i, a) in ranked.iter().enumerate() {
            assert!(!ranked[..i].contains(a));
            let params = space.from_unit(&a.1);
            assert!((space.to_unit(&params).unwrap()[group] - a.1[group]).abs() < 1e-9, "{a:?}");
        }
    }
}

#[test]
fn ten_thousand_trials_and_constant_scores() {
    let space = square();
    let mut study = Scripted::new(&space, Direction::Minimize, 1);
    let mut rng = Rng::new(1);
    for i in 0..10_000 {
        let params = space.from_unit(&[rng.uniform(), rng.uniform()]);
        if i % 100 == 0 {
            study.fail(params)
        } else {
            study.complete(params, 0.25)
        };
    }
    let params = build(&[]).ask(&space, study.history(), 1).unwrap().params;
    space.check(&params).unwrap();
    assert_eq!(build(&[]).ask(&space, study.history(), 1).unwrap().params, params);
    assert_ne!(build(&[]).ask(&space, study.history(), 2).unwrap().params, params);
}
