//! Which of the trials that were found belong to a study.

use super::{Found, FoundTrial, ImportError, Source, Wanted};
use crate::domain::direction::Direction;
use crate::domain::event::StudySpec;
use crate::domain::space::{Distribution, Parameter, SearchSpace};
use crate::domain::trial::Imported;
use crate::domain::value::{Params, Value, counted};

/// What a study takes from a source.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The source as the study file names it.
    pub source: String,
    /// Trials that belong to the study's space, with scores in its direction.
    pub trials: Vec<Imported>,
    /// Trials there without a score.
    pub unscored: usize,
    /// Trials with a score that do not belong to the space.
    pub left_out: usize,
    /// Why not, of the first of them.
    pub first: Option<String>,
}

impl Import {
    /// Reads `source` for `study`.
    ///
    /// # Errors
    /// Where it can't be read, its scores mean something else, or none of its trials belongs to the space.
    pub fn of(source: &Source, study: &StudySpec) -> Result<Self, ImportError> {
        let parameters = study.space.parameters.iter().map(|p| p.name.as_str()).collect();
        let wanted = Wanted { score: source.score.as_deref(), metric: &study.metric, parameters };
        let found = source.read(&wanted)?;
        let theirs = direction(source, &found, study)?;
        let mut import = Import {
            source: source.path.clone(),
            trials: Vec::new(),
            unscored: found.unscored,
            left_out: 0,
            first: None,
        };
        for trial in &found.trials {
            match admit(&study.space, trial) {
                Ok(params) => {
                    let score = study.direction.cost(theirs.cost(trial.score));
                    import.trials.push(Imported { params, score });
                }
                Err(reason) => {
                    import.left_out += 1;
                    import.first.get_or_insert(format!("{}: {reason}", trial.place));
                }
            }
        }
        match (import.trials.is_empty(), &import.first) {
            (true, Some(first)) => {
                Err(source.error(format!("none of its trials belongs to the search space: {first}")))
            }
            (true, None) => Err(source.error("none of its trials has a score")),
            (false, _) => Ok(import),
        }
    }

    /// How many were taken, and what was not.
    pub fn words(&self) -> String {
        let trials = counted(self.trials.len(), "trial");
        let mut words = format!("{trials} of {} inform the sampler", self.source);
        if self.unscored > 0 {
            words += &format!("; {} more there have no score", self.unscored);
        }
        if let Some(first) = &self.first {
            words += &format!("; {} do not belong to the search space, the first, {first}", self.left_out);
        }
        words
    }
}

/// The direction of the scores there.
fn direction(source: &Source, found: &Found, study: &StudySpec) -> Result<Direction, ImportError> {
    if let Some(metric) = found.metric.as_ref().filter(|metric| **metric != study.metric) {
        return Err(source.error(format!(
            "its scores are {metric}, those of this study {}: they can't be compared",
            study.metric
        )));
    }
    match (found.direction, source.direction) {
        (Some(own), Some(said)) if own != said => Err(source.error(format!(
            "it says itself that its scores are to be {}d: take `direction` out",
            own.word()
        ))),
        (Some(own), None) if own != study.direction => Err(source.error(format!(
            "its scores are to be {}d, those of this study {}d: where the one is the other's negative, say \
             `direction = \"{}\"` beside its path",
            own.word(),
            study.direction.word(),
            own.word()
        ))),
        (own, said) => Ok(said.or(own).unwrap_or(study.direction)),
    }
}

/// The trial's values of the parameters that have an effect; what else it has is not asked.
fn admit(space: &SearchSpace, trial: &FoundTrial) -> Result<Params, String> {
    if !trial.score.is_finite() {
        return Err("its score is not finite".into());
    }
    let mut params = Params::new();
    for parameter in &space.parameters {
        if !parameter.is_active(&params) {
            continue;
        }
        let Parameter { name, distribution, .. } = parameter;
        let value = trial.params.get(name).ok_or_else(|| format!("`{name}` has no value"))?;
        let admitted = as_distributed(distribution, value)
            .filter(|value| distribution.to_unit(value).is_some())
            .ok_or_else(|| format!("`{name}` is {value}, which is outside the search space"))?;
        params.insert(name.clone(), admitted);
    }
    Ok(params)
}

/// The value as the distribution's own kind writes it, if it can be.
fn as_distributed(distribution: &Distribution, value: &Value) -> Option<Value> {
    match distribution {
        Distribution::Float { .. } => number(value).map(Value::Float),
        Distribution::Int { .. } => whole(value).map(Value::Int),
        Distribution::Choice { choices } => {
            let exact = choices.iter().find(|choice| *choice == value);
            exact.or_else(|| choices.iter().find(|choice| is_alike(choice, value))).cloned()
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Text(text) => text.trim().parse().ok().filter(|v: &f64| v.is_finite()),
        _ => value.as_f64(),
    }
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(v) => Some(*v),
        // Beyond 2^53 a real number no longer says which whole one is meant.
        _ => number(value).filter(|v| v.fract() == 0.0 && v.abs() < 9e15).map(|v| v as i64),
    }
}

/// Whether a person would say that it is the same: 16, 16.0 and "16"; true and "True".
fn is_alike(choice: &Value, value: &Value) -> bool {
    match choice {
        Value::Bool(flag) => {
            matches!(value, Value::Text(text) if text.trim().eq_ignore_ascii_case(&flag.to_string()))
        }
        Value::Int(_) | Value::Float(_) => number(choice).is_some() && number(choice) == number(value),
        Value::Text(text) => match value {
            Value::Text(found) => text == found.trim(),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => *text == exact(value),
        },
    }
}

/// With all its digits.
fn exact(value: &Value) -> String {
    match value {
        Value::Float(v) => v.to_string(),
        _ => value.to_string(),
    }
}
