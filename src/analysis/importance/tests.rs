//! Against Optuna's own numbers of the same trials, and on studies that say little.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Importance, NoImportance, Scored, importance, of};
use crate::domain::direction::Direction;
use crate::domain::space::{Distribution, Parameter, SearchSpace};
use crate::domain::testing::{Scripted, choice, conditional, float, space};
use crate::domain::value::{Params, Value};

#[derive(Deserialize)]
struct Fixture {
    studies: Vec<Study>,
}

/// What Optuna says of a study.
#[derive(Deserialize)]
struct Study {
    name: String,
    direction: Direction,
    space: BTreeMap<String, Distribution>,
    trials: Vec<Trial>,
    ped_anova: BTreeMap<String, f64>,
    fanova: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Trial {
    params: Params,
    score: f64,
}

fn studies() -> Vec<Study> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/importance.json");
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str::<Fixture>(&text).unwrap().studies
}

fn ours(study: &Study) -> Importance {
    let parameter = |(name, distribution): (&String, &Distribution)| Parameter {
        name: name.clone(),
        distribution: distribution.clone(),
        when: Vec::new(),
    };
    let space = SearchSpace { parameters: study.space.iter().map(parameter).collect() };
    let params = study.trials.iter().map(|t| &t.params).collect();
    let costs = study.trials.iter().map(|t| study.direction.cost(t.score)).collect();
    of(&Scored { space: &space, params, costs }, 1, usize::MAX).unwrap()
}

/// Spearman's rank correlation, of values without ties.
fn rank_correlation(pairs: &[(f64, f64)]) -> f64 {
    let rank =
        |value: f64, of: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().filter(|p| of(p) < value).count() as f64;
    let n = pairs.len() as f64;
    let squares: f64 = pairs.iter().map(|p| (rank(p.0, &|p| p.0) - rank(p.1, &|p| p.1)).powi(2)).sum();
    1.0 - 6.0 * squares / (n * (n * n - 1.0))
}

#[test]
fn ped_anova_is_optunas() {
    for study in studies() {
        let found = ours(&study);
        assert_eq!(found.parameters.len(), study.ped_anova.len());
        for parameter in &found.parameters {
            let wanted = study.ped_anova[&parameter.parameter];
            let found = parameter.ped_anova;
            assert!(
                (found - wanted).abs() < 1e-6,
                "{}: {} {found} {wanted}",
                study.name,
                parameter.parameter
            );
        }
    }
}

#[test]
fn fanova_ranks_as_optunas() {
    for study in studies() {
        let found = ours(&study);
        // Of parameters that all trials have: of others Optuna says nothing.
        let of = |p: &super::ParameterImportance| Some((p.fanova?, *study.fanova.get(&p.parameter)?));
        let pairs: Vec<(f64, f64)> = found.parameters.iter().filter_map(of).collect();
        assert_eq!(pairs.len(), study.fanova.len());
        let correlation = rank_correlation(&pairs);
        assert!(correlation > 0.9, "{}: {correlation}, {pairs:?}", study.name);
        // Theirs is the mean of ten forests; single ones differ from it by as much.
        assert!(pairs.iter().all(|(ours, theirs)| (ours - theirs).abs() < 0.05), "{}: {pairs:?}", study.name);
    }
}

#[test]
fn parameters_that_some_trials_lack_are_told_within_those_that_have_them() {
    let study = studies().into_iter().find(|study| study.name == "branches").unwrap();
    let found = ours(&study);
    let of = |name: &str| found.parameters.iter().find(|p| p.parameter == name).unwrap();
    assert!(!of("model").within && !of("share").within);
    assert_eq!(of("model").active, study.trials.len());
    // A network's layers are all but all of it, a forest's depth more than its share of features.
    let (layers, depth, features) = (of("layers"), of("depth"), of("mtry"));
    assert!(layers.within && depth.within && depth.active == features.active);
    assert!(layers.fanova.unwrap() > 0.5 && depth.fanova > features.fanova, "{found:?}");
}

/// A study of `scores` in a space with a number and a choice.
fn scored(scores: &[f64]) -> Result<Importance, NoImportance> {
    let space = space([("x", float(0.0, 1.0)), ("c", choice(&["a", "b"]))]);
    let mut study = Scripted::new(&space, Direction::Maximize, 1);
    for (i, score) in scores.iter().enumerate() {
        let x = i as f64 / scores.len() as f64;
        let c = if i % 2 == 0 { "a" } else { "b" };
        study.complete([("x".into(), Value::Float(x)), ("c".into(), c.into())].into(), *score);
    }
    study.fail([("x".into(), Value::Float(0.99)), ("c".into(), "a".into())].into());
    importance(study.history())
}

#[test]
fn too_little_is_said_in_words() {
    let words = |scores: &[f64]| scored(scores).unwrap_err().to_string();
    assert_eq!(words(&[]), "importance is told from at least 4 complete trials, and there are 0");
    assert_eq!(words(&[1.0]), "importance is told from at least 4 complete trials, and there is 1");
    assert_eq!(words(&[1.0, 2.0]), "importance is told from at least 4 complete trials, and there are 2");
    let constant = "all 9 complete trials have the same score: no parameter has made a difference";
    assert_eq!(words(&[0.5; 9]), constant);
    let nothing = Scripted::new(&space([]), Direction::Minimize, 1);
    assert_eq!(importance(nothing.history()), Err(NoImportance::NoParameters));
}

#[test]
fn odd_studies_have_finite_shares() {
    let few = scored(&[1.0, 2.0, 3.0, 4.0]).unwrap();
    assert_eq!((few.trials, few.best), (4, 1));
    let tied = scored(&[1.0, 1.0, 1.0, 1.0, 1.0, 0.0]).unwrap();
    assert_eq!((tied.trials, tied.best), (6, 5), "ties with the best tenth are among it");
    for found in [few, tied] {
        let sum: f64 = found.parameters.iter().map(|p| p.ped_anova).sum();
        assert!(
            (sum - 1.0).abs() < 1e-12 && found.parameters.iter().all(|p| p.fanova.is_some()),
            "{found:?}"
        );
    }
    // One parameter, which can vary or not.
    for (high, wanted) in [(1.0, 1.0), (0.0, 0.0)] {
        let space = space([("x", float(0.0, high))]);
        let mut study = Scripted::new(&space, Direction::Minimize, 1);
        for i in 0..20_u32 {
            study.complete([("x".into(), Value::Float(high * f64::from(i) / 20.0))].into(), f64::from(i));
        }
        let found = importance(study.history()).unwrap();
        assert_eq!((found.parameters[0].ped_anova, found.parameters[0].fanova), (wanted, Some(wanted)));
    }
}

#[test]
fn a_branch_that_hardly_any_trial_took_has_no_share_of_variance() {
    let space = conditional();
    let mut study = Scripted::new(&space, Direction::Minimize, 3);
    for i in 0..30_u32 {
        let mut point = vec![0.9, 0.5, 0.0, 0.5, 0.5];
        (point[0], point[2]) = (if i == 0 { 0.1 } else { 0.9 }, f64::from(i) / 30.0);
        study.complete(space.from_unit(&point), f64::from(i * i));
    }
    let found = importance(study.history()).unwrap();
    let pool = found.parameters.iter().find(|p| p.parameter == "cnn.pool").unwrap();
    assert_eq!((pool.active, pool.fanova, pool.ped_anova), (1, None, 0.0));
    assert!(found.parameters.iter().all(|p| p.ped_anova.is_finite()));
}
