use super::*;
use crate::domain::direction::Direction;
use crate::domain::event::{Event, StudySpec};
use crate::domain::testing::{Scripted, choice, conditional, float, int, space, study};
use crate::domain::trial::{Imported, Origin, Trial};
use crate::domain::value::Params;

fn at(x: f64) -> Params {
    Params::from([("x".to_owned(), Value::Float(x))])
}

fn range(parameter: &str, distribution: Distribution) -> Event {
    Event::RangeChanged { parameter: parameter.into(), distribution }
}

fn points(history: &History) -> Vec<f64> {
    history.trials().iter().map(|t| t.point[0]).collect()
}

/// Trials at 0, ¼, ½ and 1 of a range from 0 to 1, the last one bred of the others; scores are their places.
fn four() -> Scripted {
    let mut study = Scripted::new(&space([("x", float(0.0, 1.0))]), Direction::Minimize, 1);
    for x in [0.0, 0.25, 0.5] {
        study.complete(at(x), x);
    }
    let origin = Origin::bred("child", vec![0, 1, 2]);
    study.apply(Event::TrialStarted { trial: 3, params: at(1.0), seed: 3, slot: 0, origin });
    study
}

#[test]
fn a_narrower_range_leaves_the_study_and_shows_the_sampler_what_lies_inside() {
    let mut study = four();
    let known = vec![Imported { params: at(0.1), score: 1.0 }, Imported { params: at(0.9), score: 2.0 }];
    study.apply(Event::TrialsImported { source: "a".into(), trials: known });
    let before = points(study.history());
    study.apply(range("x", float(0.2, 1.0)));
    let history = study.history();
    assert_eq!(points(history), before);
    assert_eq!(history.study().space.parameters[0].distribution, float(0.0, 1.0));
    let (search, number) = history.asked_of(4);
    assert_eq!(number, 4, "the seeds' number counts all");
    assert_eq!(search.study().space, *history.space());
    // (0.25 − 0.2) / 0.8, (0.5 − 0.2) / 0.8, 1.
    let expected = [0.0625, 0.375, 1.0];
    assert!(points(&search).iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12));
    let ids: Vec<_> = search.trials().iter().map(|t| (t.id, t.seed)).collect();
    assert_eq!(ids, [(0, 1), (1, 2), (2, 3)]);
    assert_eq!(search.trials()[2].origin.parents, [0, 1], "those that it sees");
    assert_eq!(search.incumbent().map(|t| t.id), Some(0));
    assert_eq!((search.counts().complete, search.counts().running), (2, 1));
    assert_eq!(search.imported().len(), 1);
    // What it breeds of 0 and 2 of these are trials 1 and 3 of the study.
    assert_eq!(history.origin_of(4, Origin::bred("child", vec![0, 2])).parents, [1, 3]);
    assert_eq!(history.search_of(4).0.trials().len(), 4, "others see all");
}

#[test]
fn a_wider_range_moves_all_points_and_back_is_as_before() {
    let mut study = four();
    study.apply(range("x", float(-1.0, 1.0)));
    assert_eq!(points(study.history()), [0.5, 0.625, 0.75, 1.0]);
    assert_eq!(study.history().study().space.parameters[0].distribution, float(-1.0, 1.0));
    assert_eq!(study.history().created_space().parameters[0].distribution, float(0.0, 1.0));
    assert_eq!(study.history().asked_of(4).0.trials().len(), 4);
    study.complete(at(-0.5), 0.1);
    study.apply(range("x", float(0.0, 1.0)));
    let (search, _) = study.history().asked_of(5);
    assert_eq!(points(&search), [0.0, 0.25, 0.5, 1.0], "as in the study that was never wider");
    assert_eq!(points(study.history())[4], 0.25, "the trial that it had meanwhile stays");
}

#[test]
fn each_replicate_sees_its_own_trials_inside() {
    let mut study = Scripted::replicated(&space([("x", float(0.0, 1.0))]), Direction::Minimize, 1, 2);
    for x in [0.1, 0.6, 0.7, 0.2, 0.8, 0.9] {
        study.complete(at(x), x);
    }
    study.apply(range("x", float(0.5, 1.0)));
    let (first, number) = study.history().asked_of(6);
    assert_eq!((first.trials().len(), number), (2, 3));
    assert_eq!(study.history().origin_of(6, Origin::bred("child", vec![0, 1])).parents, [2, 4]);
    let (second, _) = study.history().asked_of(7);
    let scores: Vec<_> = second.trials().iter().filter_map(|t| t.score).collect();
    assert_eq!(scores, [0.6, 0.9]);
    assert_eq!(study.history().origin_of(7, Origin::bred("child", vec![1])).parents, [5]);
}

#[test]
fn what_does_not_fit_is_refused_with_its_reason() {
    let log = Distribution::Float { low: 1e-4, high: 1.0, log: true };
    let with = space([("x", float(0.0, 1.0)), ("n", int(1, 4)), ("w", choice(&["a", "b"])), ("l", log)]);
    let study = Scripted::new(&with, Direction::Minimize, 1);
    let why = |name: &str, d: Distribution| study.history().check(&range(name, d)).map_err(|e| e.to_string());
    let cases = [
        ("y", float(0.0, 1.0), "parameter `y` is not searched; these are: x, n, w, l"),
        ("x", int(0, 1), "parameter `x` stays of its kind: 0 – 1.000"),
        ("x", Distribution::Float { low: 0.1, high: 1.0, log: true }, "stays of its kind"),
        ("x", float(0.0, f64::INFINITY), "needs two finite ends"),
        ("x", float(-1.7e308, 1.7e308), "further apart than a number can say"),
        ("n", int(3, 2), "needs its smaller end first, not 3 to 2"),
        ("l", Distribution::Float { low: 0.0, high: 1.0, log: true }, "must be above 0"),
        ("w", choice(&[]), "needs at least one of a, b"),
        ("w", choice(&["a", "c"]), "can't be c: its choices are a, b"),
        ("w", choice(&["a", "a"]), "names a choice twice"),
    ];
    for (name, distribution, words) in cases {
        let error = why(name, distribution).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
    for (name, distribution) in [("x", float(2.0, 2.0)), ("n", int(-5, 40)), ("w", choice(&["b"]))] {
        assert_eq!(why(name, distribution), Ok(()));
    }
}

#[test]
fn ranges_one_after_the_other_don_t_grow_beyond_what_a_number_can_say() {
    let mut study = four();
    study.apply(range("x", float(-1e308, 0.0)));
    assert!(study.history().check(&range("x", float(0.0, 1e308))).is_err());
    assert!(points(study.history()).iter().all(|x| x.is_finite()));
}

#[test]
fn what_others_depend_on_gets_narrower_only_and_theirs_are_then_never_active() {
    let mut study = Scripted::new(&conditional(), Direction::Minimize, 1);
    let params = |given: &[(&str, Value)]| -> Params {
        given.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect()
    };
    study.complete(params(&[("kind", "cnn".into()), ("cnn.pool", 2.into())]), 1.0);
    study.complete(params(&[("kind", "mlp".into()), ("mlp.layers", 1.into())]), 2.0);
    let error = study.history().check(&range("mlp.layers", int(1, 4))).unwrap_err().to_string();
    assert!(error.contains("narrower than 1 – 3 only"), "{error}");
    study.apply(range("kind", choice(&["mlp"])));
    study.apply(range("mlp.layers", int(1, 2)));
    let (search, _) = study.history().asked_of(2);
    assert_eq!(search.trials().len(), 1);
    let names = |point: &[f64]| search.space().from_unit(point).into_keys().collect::<Vec<_>>();
    assert_eq!(names(&[0.1, 0.5, 0.9, 0.5, 0.5]), ["kind", "mlp.layers", "mlp.units_2"]);
    // Wider again, up to what it was.
    study.apply(range("mlp.layers", int(1, 3)));
    study.apply(range("kind", choice(&["cnn", "mlp"])));
    assert_eq!(study.history().space(), &conditional());
    assert_eq!(study.history().asked_of(2).0.trials().len(), 2);
}

#[test]
fn a_fixed_parameter_may_depend_on_one_too() {
    let layers = crate::domain::space::Condition { parameter: "n".into(), is: vec![2.into()] };
    let spec = StudySpec {
        conditions: [("units".to_owned(), vec![layers])].into(),
        ..study(space([("n", int(1, 2))]))
    };
    let created = Event::StudyCreated { study: Box::new(spec) };
    let history =
        History::begin(&crate::domain::event::Record { sequence: 0, at: 0, event: created }).unwrap();
    assert!(history.check(&range("n", int(1, 3))).is_err());
    assert_eq!(history.check(&range("n", int(2, 2))), Ok(()));
}

#[test]
fn an_index_keeps_what_was_steered_and_one_of_before_has_nothing() {
    let mut study = four();
    study.apply(Event::StudyOpened { trials: 9, slots: 1, threads: 2, asked: Some(Box::new(9.into())) });
    study.apply(range("x", float(-1.0, 0.5)));
    study.apply(Event::SlotsChanged { slots: 2, threads: 1 });
    let sampler = Method { kind: "tpe".into(), settings: Params::new() };
    study.apply(Event::SamplerSwitched { sampler });
    let text = serde_json::to_string(study.history()).unwrap();
    let trials: Vec<Trial> = study.history().trials().iter().map(|t| (**t).clone()).collect();
    let without_points = trials.into_iter().map(|t| Trial { point: Vec::new(), ..t }).collect();
    let restored = serde_json::from_str::<History>(&text).unwrap().restore(without_points).unwrap();
    assert_eq!(&restored, study.history());

    let mut old: serde_json::Value =
        serde_json::from_str(&serde_json::to_string(four().history()).unwrap()).unwrap();
    old.as_object_mut().unwrap().remove("steered");
    let old: History = serde_json::from_value(old).unwrap();
    assert_eq!((old.sampler(), old.asked(), old.wanted()), (None, None, 0));
    let opened = r#"{"event":"study_opened","trials":5,"slots":1,"threads":1}"#;
    let opened: Event = serde_json::from_str(opened).unwrap();
    assert_eq!(opened, Event::StudyOpened { trials: 5, slots: 1, threads: 1, asked: None });
}

#[test]
fn an_idle_study_does_not_grow_older_by_what_a_person_says() {
    let mut study = Scripted::new(&space([("x", float(0.0, 1.0))]), Direction::Minimize, 1);
    study.apply(Event::StudyOpened { trials: 1, slots: 1, threads: 1, asked: None });
    study.complete(at(0.5), 1.0);
    let active = study.history().active_ms();
    study.apply(Event::TrialPinned { trial: 0, pinned: true });
    study.apply(Event::TrialsWanted { trials: 2 });
    assert_eq!(study.history().active_ms(), active);
    study.complete(at(0.4), 1.0);
    assert_eq!(study.history().active_ms(), active + 2000);
}
