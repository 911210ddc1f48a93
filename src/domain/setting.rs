//! Settings: the named, bounded options of a sampler, pruner, model or optimiser.
//!
//! A table row lists its settings; the study file, its error messages, `--help` texts and the
//! constructors all read that one list.

use super::space::Distribution;
use super::value::{Params, Value};

/// What a setting accepts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Accepts {
    /// `true` or `false`.
    Bool,
    /// A whole number in `min..=max`.
    Int {
        /// Smallest accepted value.
        min: i64,
        /// Largest accepted value.
        max: i64,
    },
    /// A real number in `min..=max`.
    Float {
        /// Smallest accepted value.
        min: f64,
        /// Largest accepted value.
        max: f64,
    },
    /// One of these words.
    Word(&'static [&'static str]),
}

/// What holds where the study file says nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Preset {
    /// This whole number.
    Int(i64),
    /// This real number.
    Float(f64),
    /// This flag.
    Bool(bool),
    /// This word.
    Word(&'static str),
    /// Searched over whole numbers.
    SearchInt {
        /// Smallest value.
        low: i64,
        /// Largest value.
        high: i64,
        /// Log-uniform.
        log: bool,
    },
    /// Searched over real numbers.
    SearchFloat {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
        /// Log-uniform.
        log: bool,
    },
}

/// One named option with its bounds, default and a line of help.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its key in the study file.
    pub name: &'static str,
    /// What it accepts.
    pub accepts: Accepts,
    /// What holds where the study file says nothing.
    pub preset: Preset,
    /// One line for a person, lower case, no full stop.
    pub help: &'static str,
}

impl Accepts {
    /// `value` as this setting keeps it (a whole number where a real one is wanted becomes real),
    /// or what is wanted instead.
    ///
    /// # Errors
    /// A phrase that fits after "expected", e.g. "a whole number from 1 to 64".
    pub fn admit(&self, value: &Value) -> Result<Value, String> {
        let admitted = match (self, value) {
            (Accepts::Bool, Value::Bool(_)) => Some(value.clone()),
            (Accepts::Int { min, max }, Value::Int(v)) if (min..=max).contains(&v) => Some(value.clone()),
            (Accepts::Float { min, max }, _) => {
                value.as_f64().filter(|v| (*min..=*max).contains(v)).map(Value::Float)
            }
            (Accepts::Word(words), Value::Text(v)) if words.contains(&v.as_str()) => Some(value.clone()),
            _ => None,
        };
        admitted.ok_or_else(|| self.expectation())
    }

    /// What is accepted, in words.
    pub fn expectation(&self) -> String {
        match self {
            Accepts::Bool => "true or false".into(),
            Accepts::Int { min, max } if *max == i64::MAX => format!("a whole number of at least {min}"),
            Accepts::Int { min, max } => format!("a whole number from {min} to {max}"),
            Accepts::Float { min, max } if max.is_infinite() => format!("a number of at least {min}"),
            Accepts::Float { min, max } => format!("a number from {min} to {max}"),
            Accepts::Word(words) => {
                let quoted: Vec<String> = words.iter().map(|w| format!("`{w}`")).collect();
                format!("one of {}", quoted.join(", "))
            }
        }
    }
}

impl Preset {
    /// The fixed value, unless the preset is a search.
    pub fn value(&self) -> Option<Value> {
        match self {
            Preset::Int(v) => Some(Value::Int(*v)),
            Preset::Float(v) => Some(Value::Float(*v)),
            Preset::Bool(v) => Some(Value::Bool(*v)),
            Preset::Word(v) => Some(Value::from(*v)),
            Preset::SearchInt { .. } | Preset::SearchFloat { .. } => None,
        }
    }

    /// The distribution, where the preset is a search.
    pub fn distribution(&self) -> Option<Distribution> {
        match *self {
            Preset::SearchInt { low, high, log } => Some(Distribution::Int { low, high, log }),
            Preset::SearchFloat { low, high, log } => Some(Distribution::Float { low, high, log }),
            Preset::Int(_) | Preset::Float(_) | Preset::Bool(_) | Preset::Word(_) => None,
        }
    }
}

/// The values of a row's settings, complete: each setting that is not searched has one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings(pub Params);

impl Settings {
    /// The defaults of `rows`; searched settings are left out.
    pub fn defaults(rows: &[Setting]) -> Self {
        let values = rows.iter().filter_map(|s| Some((s.name.to_owned(), s.preset.value()?)));
        Settings(values.collect())
    }

    /// A real number.
    ///
    /// # Panics
    /// Where the table has no such setting: a mistake in the source, found by the contract tests.
    pub fn float(&self, name: &str) -> f64 {
        match self.0.get(name).and_then(Value::as_f64) {
            Some(v) => v,
            None => panic!("setting `{name}` is not a number in the table"),
        }
    }

    /// A whole number.
    ///
    /// # Panics
    /// As [`Settings::float`].
    pub fn int(&self, name: &str) -> i64 {
        match self.0.get(name) {
            Some(Value::Int(v)) => *v,
            _ => panic!("setting `{name}` is not a whole number in the table"),
        }
    }

    /// A whole number that counts things.
    ///
    /// # Panics
    /// As [`Settings::float`], and where the value is negative (the table's bounds exclude it).
    pub fn count(&self, name: &str) -> usize {
        match usize::try_from(self.int(name)) {
            Ok(v) => v,
            Err(_) => panic!("setting `{name}` must not be negative: bound it in the table"),
        }
    }

    /// A flag.
    ///
    /// # Panics
    /// As [`Settings::float`].
    pub fn flag(&self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Bool(v)) => *v,
            _ => panic!("setting `{name}` is not a flag in the table"),
        }
    }

    /// A word.
    ///
    /// # Panics
    /// As [`Settings::float`].
    pub fn word(&self, name: &str) -> &str {
        match self.0.get(name) {
            Some(Value::Text(v)) => v,
            _ => panic!("setting `{name}` is not a word in the table"),
        }
    }
}
