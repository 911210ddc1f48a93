//! The search space: named parameters with distributions, and its map to the unit cube.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::value::{Params, Value};

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

/// A searched parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name in the study file.
    pub name: String,
    /// How it varies.
    pub distribution: Distribution,
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
}

impl SearchSpace {
    /// How many parameters are searched.
    pub fn dimensions(&self) -> usize {
        self.parameters.len()
    }

    /// The params at a point of the unit cube, one coordinate a parameter.
    pub fn from_unit(&self, point: &[f64]) -> Params {
        debug_assert_eq!(point.len(), self.parameters.len());
        self.parameters
            .iter()
            .zip(point)
            .map(|(p, u)| (p.name.clone(), p.distribution.from_unit(*u)))
            .collect()
    }

    /// The point of the unit cube that stands for `params`.
    ///
    /// # Errors
    /// Where a parameter has no value, or one outside its distribution.
    pub fn to_unit(&self, params: &Params) -> Result<Vec<f64>, SpaceError> {
        self.parameters
            .iter()
            .map(|p| {
                let value = params.get(&p.name).ok_or_else(|| SpaceError::Missing(p.name.clone()))?;
                p.distribution
                    .to_unit(value)
                    .ok_or_else(|| SpaceError::Outside { name: p.name.clone(), value: value.to_string() })
            })
            .collect()
    }

    /// Whether `params` holds one value of each distribution and nothing else.
    ///
    /// # Errors
    /// The first thing that is missing, outside or unknown.
    pub fn check(&self, params: &Params) -> Result<(), SpaceError> {
        self.to_unit(params)?;
        match params.keys().find(|k| self.parameters.iter().all(|p| &p.name != *k)) {
            Some(unknown) => Err(SpaceError::Unknown(unknown.clone())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn distributions() -> impl Strategy<Value = Distribution> {
        prop_oneof![
            (-1e6..1e6, 1e-3..1e6).prop_map(|(low, width)| Distribution::Float {
                low,
                high: low + width,
                log: false
            }),
            (1e-8..1e3, 1.001..1e6).prop_map(|(low, ratio)| Distribution::Float {
                low,
                high: low * ratio,
                log: true
            }),
            (-1000_i64..1000, 0_i64..5000).prop_map(|(low, width)| Distribution::Int {
                low,
                high: low + width,
                log: false
            }),
            (1_i64..1000, 0_i64..5000).prop_map(|(low, width)| Distribution::Int {
                low,
                high: low + width,
                log: true
            }),
            (1_i64..9).prop_map(|n| Distribution::Choice { choices: (0..n).map(Value::Int).collect() }),
        ]
    }

    proptest! {
        #[test]
        fn unit_cube_round_trip(distribution in distributions(), unit in 0.0..=1.0_f64) {
            let value = distribution.from_unit(unit);
            let back = distribution.to_unit(&value).expect("from_unit stays inside");
            prop_assert!((0.0..=1.0).contains(&back));
            match (&value, &distribution.from_unit(back)) {
                (Value::Float(a), Value::Float(b)) => {
                    prop_assert!((a - b).abs() <= 1e-9 * a.abs().max(1.0), "{a} {b}");
                }
                (a, b) => prop_assert_eq!(a, b),
            }
        }
    }

    #[test]
    fn whole_numbers_have_equal_cells() {
        let d = Distribution::Int { low: 5, high: 8, log: false };
        let values: Vec<Value> =
            [0.0, 0.2499, 0.2501, 0.5001, 0.7501, 1.0].iter().map(|u| d.from_unit(*u)).collect();
        assert_eq!(values, [5, 5, 6, 7, 8, 8].map(Value::Int));
    }

    #[test]
    fn check_names_what_is_wrong() {
        let space = SearchSpace {
            parameters: vec![Parameter {
                name: "filters".into(),
                distribution: Distribution::Int { low: 5, high: 50, log: false },
            }],
        };
        let params = |name: &str, v: i64| Params::from([(name.to_owned(), Value::Int(v))]);
        assert_eq!(space.check(&params("filters", 5)), Ok(()));
        assert_eq!(space.check(&params("kernel", 5)), Err(SpaceError::Missing("filters".into())));
        assert!(matches!(space.check(&params("filters", 51)), Err(SpaceError::Outside { .. })));
        let mut both = params("filters", 5);
        both.extend(params("kernel", 5));
        assert_eq!(space.check(&both), Err(SpaceError::Unknown("kernel".into())));
    }
}
