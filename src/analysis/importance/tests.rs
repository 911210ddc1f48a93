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
    of(&Scored { space: &space, params, costs }, 1).unwrap()
}

/// Spearman's rank correlation, of values without ties.
fn rank_correlation(pairs: &[(f64, f64)]) -> f64 {
    let rank = |value: f64, of: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().filter(|p| of(p) < value).count() as f64;
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
            assert!((found - wanted).abs() < 1e-6, "{}: {} {found} {wanted}", study.name, parameter.parameter);
        }
    }
}

#[test]
fn fanova_ranks_as_optunas() {
    for study in studies() {
        let found = ours(&study);
        let of = |p: &super::ParameterImportance| Some((p.fanova?, *study.fanova.get(&p.parameter)?));
        let pairs: Vec<(f64, f64)> = found.parameters.iter().filter_map(of).collect();
        assert_eq!(pairs.len(), study.fanova.len());
        let correlation = rank_correlation(&pairs);
        println!("{} {correlation} {pairs:?}", study.name);
    }
}
