//! How much each parameter matters for the score, told from a study's complete trials by two methods: PED-ANOVA
//! asks what sets the best trials apart, fANOVA what share of the score's variance over the whole space a
//! parameter explains alone.

mod fanova;
mod forest;
mod ped_anova;
#[cfg(test)]
mod tests;

use serde::Serialize;
use thiserror::Error;

use crate::domain::history::History;
use crate::domain::space::{Distribution, Parameter, SearchSpace};
use crate::domain::value::Params;

/// Fewest complete trials of which anything is said.
const FEWEST: usize = 4;

/// The importance of a study's parameters.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Importance {
    /// Complete trials that it is told from.
    pub trials: usize,
    /// Those of them that PED-ANOVA compares with all.
    pub best: usize,
    /// The parameters, those that matter most to PED-ANOVA first.
    pub parameters: Vec<ParameterImportance>,
}

/// The importance of one parameter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ParameterImportance {
    /// The parameter.
    pub parameter: String,
    /// Its share of the divergence between the best trials and all; all parameters' shares sum to 1.
    pub ped_anova: f64,
    /// Its share of what single parameters explain of the score's variance. Those of parameters that all trials
    /// have sum to 1. `None` where too few trials have it, or their scores do not differ.
    pub fanova: Option<f64>,
    /// In how many of the trials it has an effect.
    pub active: usize,
    /// Whether `fanova` is a share within those trials alone, because others lack the parameter.
    pub within: bool,
}

/// Why nothing can be said.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum NoImportance {
    /// The study searches nothing.
    #[error("the study searches no parameter, so that none can matter")]
    NoParameters,
    /// Hardly anything is known.
    #[error("importance is told from at least {FEWEST} complete trials, and there {}", are(*.0))]
    TooFew(usize),
    /// All scores are one.
    #[error("all {0} complete trials have the same score: no parameter has made a difference")]
    Constant(usize),
}

fn are(count: usize) -> String {
    if count == 1 { "is 1".into() } else { format!("are {count}") }
}

/// Complete trials: their params and costs.
struct Scored<'a> {
    space: &'a SearchSpace,
    params: Vec<&'a Params>,
    costs: Vec<f64>,
}

impl Scored<'_> {
    /// The numbers of the trials in which a parameter has an effect.
    fn active(&self, parameter: &Parameter) -> Vec<usize> {
        (0..self.params.len()).filter(|i| self.params[*i].contains_key(&parameter.name)).collect()
    }
}

/// Whether a parameter can't vary.
fn is_single(distribution: &Distribution) -> bool {
    distribution.cardinality() == Some(1)
}

/// Most trials of which the forest of fANOVA is grown within a second.
pub const SOON: usize = 1000;

/// The importance of the parameters of a study.
///
/// # Errors
/// Where too little is known.
pub fn importance(history: &History) -> Result<Importance, NoImportance> {
    up_to(history, usize::MAX)
}

/// As [`importance`], in a fraction of a second: without fANOVA where there are more than [`SOON`] trials.
///
/// # Errors
/// Where too little is known.
pub fn importance_soon(history: &History) -> Result<Importance, NoImportance> {
    up_to(history, SOON)
}

fn up_to(history: &History, trees: usize) -> Result<Importance, NoImportance> {
    let study = history.study();
    let scored = history.trials().iter().filter_map(|t| Some((&t.params, study.direction.cost(t.score?))));
    let (params, costs): (Vec<&Params>, Vec<f64>) = scored.unzip();
    of(&Scored { space: &study.space, params, costs }, study.seed, trees)
}

fn of(scored: &Scored<'_>, seed: u64, trees: usize) -> Result<Importance, NoImportance> {
    let trials = scored.costs.len();
    let parameters = &scored.space.parameters;
    if parameters.is_empty() {
        return Err(NoImportance::NoParameters);
    }
    if trials < FEWEST {
        return Err(NoImportance::TooFew(trials));
    }
    if scored.costs.iter().all(|cost| *cost == scored.costs[0]) {
        return Err(NoImportance::Constant(trials));
    }
    let best = ped_anova::best(&scored.costs);
    let divergences = shares(&ped_anova::divergences(scored, &best));
    let fractions =
        if trials > trees { vec![None; parameters.len()] } else { fanova::fractions(scored, seed) };
    let one = |((parameter, ped_anova), fanova): ((&Parameter, f64), Option<f64>)| {
        let active = scored.active(parameter).len();
        let parameter = parameter.name.clone();
        ParameterImportance { parameter, ped_anova, fanova, active, within: active < trials }
    };
    let mut parameters: Vec<ParameterImportance> =
        parameters.iter().zip(divergences).zip(fractions).map(one).collect();
    parameters.sort_by(|a, b| b.ped_anova.total_cmp(&a.ped_anova));
    let best = best.iter().filter(|is_best| **is_best).count();
    Ok(Importance { trials, best, parameters })
}

/// What each is of their sum; all 0 where that is.
fn shares(values: &[f64]) -> Vec<f64> {
    let sum: f64 = values.iter().sum();
    values.iter().map(|v| if sum > 0.0 { v / sum } else { 0.0 }).collect()
}
