//! The search space: named parameters with distributions, and its map to the unit cube.

mod complete;

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::value::{Params, Value};

/// The parameter that says which model a trial has, in a study of several; the names of a model's own
/// parameters then begin with the model's: `cnn.filters`.
pub const KIND: &str = "kind";

/// How one parameter may vary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// Real numbers in `low..=high`, uniform or log-uniform.
    Float {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
        /// Uniform in the logarithm; `low` is then positive.
        log: bool,
    },
    /// Whole numbers in `low..=high`, uniform or log-uniform.
    Int {
        /// Smallest value.
        low: i64,
        /// Largest value.
        high: i64,
        /// Uniform in the logarithm; `low` is then at least 1.
        log: bool,
    },
    /// One of several values, without an order. Never empty.
    Choice {
        /// The values, each once.
        choices: Vec<Value>,
    },
}

/// As a person reads it: `8 – 64`, `1e-5 – 0.01 (log)`, `relu, elu`.
impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high, log) = match self {
            Distribution::Float { low, high, log } => (Value::Float(*low), Value::Float(*high), *log),
            Distribution::Int { low, high, log } => (Value::Int(*low), Value::Int(*high), *log),
            Distribution::Choice { choices } => {
                let words: Vec<String> = choices.iter().map(ToString::to_string).collect();
                return f.write_str(&words.join(", "));
            }
        };
        write!(f, "{low} – {high}{}", if log { " (log)" } else { "" })
    }
}

/// That another parameter is active and has one of some values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The other parameter.
    pub parameter: String,
    /// The values, never empty.
    pub is: Vec<Value>,
}

/// Whether all conditions hold beside `params`.
pub fn all_hold(conditions: &[Condition], params: &Params) -> bool {
    conditions.iter().all(|condition| condition.holds(params))
}

/// A searched parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name in the study file.
    pub name: String,
    /// How it varies.
    pub distribution: Distribution,
    /// It is active where all of these hold: only then has a trial a value of it. They name parameters
    /// that stand before it in the space.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<Condition>,
}

/// The parameters of a study, in the order of its model's table. May be empty: a fixed config.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SearchSpace {
    /// The parameters.
    pub parameters: Vec<Parameter>,
}

/// Why params do not belong to a space.
#[derive(Debug, Error, PartialEq)]
pub enum SpaceError {
    /// A parameter of the space has no value.
    #[error("parameter `{0}` has no value")]
    Missing(String),
    /// A value is not of its parameter's distribution.
    #[error("`{value}` is outside the distribution of parameter `{name}`")]
    Outside {
        /// The parameter.
        name: String,
        /// The value as written.
        value: String,
    },
    /// A value has no parameter.
    #[error("the space has no parameter `{0}`")]
    Unknown(String),
    /// A parameter that is not active has a value.
    #[error("parameter `{name}` has a value, but no effect with this value of `{parameter}`")]
    Inactive {
        /// The parameter.
        name: String,
        /// The parameter on which it depends.
        parameter: String,
    },
}

impl Distribution {
    /// The value at `unit` in [0, 1] (clamped). Whole numbers and choices own cells of equal width
    /// (equal in the logarithm when `log`), so uniform units give the distribution's own draws.
    pub fn from_unit(&self, unit: f64) -> Value {
        let u = unit.clamp(0.0, 1.0);
        match self {
            Distribution::Float { low, high, log } => {
                let v = if *log {
                    libm::exp(libm::log(*low) + u * (libm::log(*high) - libm::log(*low)))
                } else {
                    low + u * (high - low)
                };
                Value::Float(v.clamp(*low, *high))
            }
            Distribution::Int { low, high, log } => {
                let (a, b) = (*low as f64 - 0.5, *high as f64 + 0.5);
                let v = if *log {
                    libm::exp(libm::log(a) + u * (libm::log(b) - libm::log(a)))
                } else {
                    a + u * (b - a)
                };
                Value::Int(((v + 0.5).floor() as i64).clamp(*low, *high))
            }
            Distribution::Choice { choices } => {
                let last = choices.len() - 1;
                let index = (u * choices.len() as f64) as usize;
                choices[index.min(last)].clone()
            }
        }
    }

    /// The point of [0, 1] that stands for `value` (the middle of its cell for whole numbers and
    /// choices), or `None` where the value is not of this distribution.
    pub fn to_unit(&self, value: &Value) -> Option<f64> {
        match self {
            Distribution::Float { low, high, log } => {
                let v = value.as_f64().filter(|v| (*low..=*high).contains(v))?;
                if low == high {
                    return Some(0.5);
                }
                Some(if *log {
                    (libm::log(v) - libm::log(*low)) / (libm::log(*high) - libm::log(*low))
                } else {
                    (v - low) / (high - low)
                })
            }
            Distribution::Int { low, high, log } => {
                let Value::Int(v) = value else { return None };
                if !(*low..=*high).contains(v) {
                    return None;
                }
                let (a, b, v) = (*low as f64 - 0.5, *high as f64 + 0.5, *v as f64);
                Some(if *log {
                    (libm::log(v) - libm::log(a)) / (libm::log(b) - libm::log(a))
                } else {
                    (v - a) / (b - a)
                })
            }
            Distribution::Choice { choices } => {
                let index = choices.iter().position(|c| c == value)?;
                Some((index as f64 + 0.5) / choices.len() as f64)
            }
        }
    }

    /// How many different values there are; `None` for a continuum.
    pub fn cardinality(&self) -> Option<u64> {
        match self {
            Distribution::Float { low, high, .. } => (low == high).then_some(1),
            Distribution::Int { low, high, .. } => Some(low.abs_diff(*high).saturating_add(1)),
            Distribution::Choice { choices } => Some(choices.len() as u64),
        }
    }

    /// Value `index` of those that [`cardinality`](Self::cardinality) counts.
    pub fn nth(&self, index: u64) -> Value {
        match self {
            Distribution::Float { low, .. } => Value::Float(*low),
            Distribution::Int { low, .. } => Value::Int(low.saturating_add_unsigned(index)),
            Distribution::Choice { choices } => choices[index as usize].clone(),
        }
    }
}

impl Condition {
    /// Whether it holds among `params`, which have the values of active parameters only.
    pub fn holds(&self, params: &Params) -> bool {
        params.get(&self.parameter).is_some_and(|value| self.is.contains(value))
    }
}

impl Parameter {
    /// The first condition that does not hold among `params`; `None` where the parameter is active.
    fn obstacle(&self, params: &Params) -> Option<&Condition> {
        self.when.iter().find(|condition| !condition.holds(params))
    }

    /// Whether it has a value among `params`.
    pub fn is_active(&self, params: &Params) -> bool {
        self.obstacle(params).is_none()
    }
}

impl SearchSpace {
    /// How many parameters are searched.
    pub fn dimensions(&self) -> usize {
        self.parameters.len()
    }

    /// Which parameters are active at a point of the unit cube.
    pub fn active(&self, point: &[f64]) -> Vec<bool> {
        debug_assert_eq!(point.len(), self.parameters.len());
        let mut active = Vec::with_capacity(point.len());
        for parameter in &self.parameters {
            let holds = |condition: &Condition| {
                // As many as were decided: those before it.
                self.parameters.iter().zip(&active).zip(point).any(|((parent, is_active), unit)| {
                    *is_active
                        && parent.name == condition.parameter
                        && condition.is.contains(&parent.distribution.from_unit(*unit))
                })
            };
            let is_active = parameter.when.iter().all(holds);
            active.push(is_active);
        }
        active
    }

    /// The params at a point of the unit cube, one coordinate a parameter; those of inactive
    /// parameters do not matter.
    pub fn from_unit(&self, point: &[f64]) -> Params {
        let placed = self.parameters.iter().zip(point).zip(self.active(point));
        placed
            .filter(|(_, is_active)| *is_active)
            .map(|((p, unit), _)| (p.name.clone(), p.distribution.from_unit(*unit)))
            .collect()
    }

    /// The point of the unit cube that stands for `params`; ½ along inactive parameters.
    ///
    /// # Errors
    /// Where an active parameter has no value, or one outside its distribution, or an inactive one
    /// has any.
    pub fn to_unit(&self, params: &Params) -> Result<Vec<f64>, SpaceError> {
        let coordinate = |p: &Parameter| match (params.get(&p.name), p.obstacle(params)) {
            (None, Some(_)) => Ok(0.5),
            (None, None) => Err(SpaceError::Missing(p.name.clone())),
            (Some(_), Some(obstacle)) => {
                Err(SpaceError::Inactive { name: p.name.clone(), parameter: obstacle.parameter.clone() })
            }
            (Some(value), None) => p
                .distribution
                .to_unit(value)
                .ok_or_else(|| SpaceError::Outside { name: p.name.clone(), value: value.to_string() }),
        };
        self.parameters.iter().map(coordinate).collect()
    }

    /// Whether `params` holds one value of each active parameter's distribution and nothing else.
    ///
    /// # Errors
    /// The first thing that is missing, outside, without effect or unknown.
    pub fn check(&self, params: &Params) -> Result<(), SpaceError> {
        self.to_unit(params)?;
        match params.keys().find(|k| self.parameters.iter().all(|p| &p.name != *k)) {
            Some(unknown) => Err(SpaceError::Unknown(unknown.clone())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
