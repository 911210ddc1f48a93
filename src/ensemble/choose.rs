//! From a history to the params that are trained for good.

use serde::{Deserialize, Serialize};

use crate::analysis::average::{average, learned_epochs};
use crate::domain::ensemble::EnsembleConfig;
use crate::domain::history::History;
use crate::domain::trial::{Trial, TrialId};
use crate::domain::value::Params;

/// Params to train networks with, and for how long.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// Where they come from, for a person: "trial 7".
    pub name: String,
    /// Values of the searched parameters.
    pub params: Params,
    /// Epochs learned in the search.
    pub epochs: usize,
}

/// A trial that the choice rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Basis {
    /// The trial.
    pub trial: TrialId,
    /// Its score in the search.
    pub score: f64,
    /// Its standard deviation over the folds or repeats, where there are several.
    pub spread: Option<f64>,
}

/// What an ensemble is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The params, best first.
    pub recipes: Vec<Recipe>,
    /// Networks of each.
    pub refits: usize,
    /// The trials they come from, best first.
    pub basis: Vec<Basis>,
    /// What a person should know of it.
    pub notes: Vec<String>,
}

/// What `ensemble` makes of a study's trials.
///
/// # Errors
/// Where there is no complete trial, or the winners have no average; says what to do.
pub fn choose(ensemble: &EnsembleConfig, history: &History) -> Result<Choice, String> {
    let name = &history.study().name;
    let mut ranked = history.ranked();
    ranked.retain(|trial| trial.score.is_some());
    if ranked.is_empty() {
        return Err(format!("study `{name}` has no complete trial yet: run it first"));
    }
    let refits = ensemble.refits();
    let mut notes = Vec::new();
    let wanted = match ensemble {
        EnsembleConfig::Averaged { .. } => {
            let average = average(history).map_err(|e| e.to_string())?;
            if !average.without.is_empty() {
                let searches: Vec<String> = average.without.iter().map(|r| (r + 1).to_string()).collect();
                let (missing, replicates) = (searches.join(", "), history.study().replicates);
                notes.push(format!("no complete trial in search {missing} of {replicates}: not averaged"));
            }
            let winners = average.winners.iter().filter_map(|id| history.trial(*id));
            let basis = winners.filter_map(basis).collect::<Vec<_>>();
            let name = format!("the average of {} winners", basis.len());
            let recipes = vec![Recipe { name, params: average.params, epochs: average.epochs }];
            return Ok(Choice { recipes, refits, basis, notes });
        }
        EnsembleConfig::Top { top, .. } => *top,
        EnsembleConfig::None => 1,
    };
    if ranked.len() < wanted {
        notes.push(format!("only {} of the {wanted} trials that were asked for are complete", ranked.len()));
    }
    ranked.truncate(wanted);
    let recipes = ranked.iter().map(|trial| {
        let epochs = learned_epochs(&trial.folds);
        let epochs = epochs.ok_or_else(|| format!("no fold of trial {} says how long to train", trial.id))?;
        Ok(Recipe { name: format!("trial {}", trial.id), params: trial.params.clone(), epochs })
    });
    let recipes = recipes.collect::<Result<_, String>>()?;
    Ok(Choice { recipes, refits, basis: ranked.into_iter().filter_map(basis).collect(), notes })
}

fn basis(trial: &Trial) -> Option<Basis> {
    Some(Basis { trial: trial.id, score: trial.score?, spread: trial.spread() })
}
