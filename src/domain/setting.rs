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
    /// A real number in `min..=max`, or a word that stands for none.
    FloatOr {
        /// Smallest accepted number.
        min: f64,
        /// Largest accepted number.
        max: f64,
        /// The word.
        word: &'static str,
    },
    /// A whole number in `min..=max`, or a word that leaves it to the program.
    IntOr {
        /// Smallest accepted number.
        min: i64,
        /// Largest accepted number.
        max: i64,
        /// The word.
        word: &'static str,
    },
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
    /// Searched over these whole numbers, without an order.
    SearchInts(&'static [i64]),
    /// Searched over these real numbers, without an order.
    SearchFloats(&'static [f64]),
    /// Searched over these words.
    SearchWords(&'static [&'static str]),
    /// Searched over `true` and `false`.
    SearchBool,
}

/// What a value must be for a [`When`] to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Is {
    /// A whole number that is not smaller.
    AtLeast(i64),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A flag that is set.
    True,
}

/// The condition under which a setting has an effect: another setting, which stands earlier in the same
/// table, has an effect itself and such a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// The other setting.
    pub setting: &'static str,
    /// What its value must be.
    pub is: Is,
}

/// One named option with its bounds, default and a line of help.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// Its key in the study file.
    pub name: &'static str,
    /// What it accepts.
    pub accepts: Accepts,
    /// What holds where the study file says nothing.
    pub preset: Preset,
    /// One line for a person, lower case, no full stop.
    pub help: &'static str,
    /// When it has an effect; always where `None`.
    pub when: Option<When>,
}

/// A named set of values for a model's settings: what a paper or a program used. They replace the
/// settings' own presets; what the study file says comes first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variant {
    /// Its name: `preset = "lenet"` in the study file.
    pub name: &'static str,
    /// One line for a person, lower case, no full stop.
    pub help: &'static str,
    /// What it sets, by the settings' names.
    pub values: &'static [(&'static str, Preset)],
}

impl Setting {
    /// A setting that always has an effect.
    pub const fn new(name: &'static str, accepts: Accepts, preset: Preset, help: &'static str) -> Self {
        Setting { name, accepts, preset, help, when: None }
    }

    /// The same setting, with an effect only where `setting` has one and its value `is` so.
    #[must_use]
    pub const fn when(self, setting: &'static str, is: Is) -> Self {
        Setting { when: Some(When { setting, is }), ..self }
    }

    /// Whether it has an effect beside `values`, which hold the settings that have one.
    pub fn is_active(&self, values: &Params) -> bool {
        self.when.is_none_or(|when| values.get(when.setting).is_some_and(|value| when.is.holds(value)))
    }
}

impl Is {
    /// Whether `value` is so.
    pub fn holds(&self, value: &Value) -> bool {
        match (self, value) {
            (Is::AtLeast(least), Value::Int(v)) => v >= least,
            (Is::OneOf(words), Value::Text(v)) => words.contains(&v.as_str()),
            (Is::True, Value::Bool(v)) => *v,
            _ => false,
        }
    }

    /// What the value must be, in words that fit after "where it is".
    pub fn expectation(&self) -> String {
        match self {
            Is::AtLeast(least) => format!("at least {least}"),
            Is::OneOf(words) => words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(" or "),
            Is::True => "`true`".into(),
        }
    }
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
            (Accepts::FloatOr { word, .. }, Value::Text(v)) if v == word => Some(value.clone()),
            (Accepts::Float { min, max } | Accepts::FloatOr { min, max, .. }, _) => {
                value.as_f64().filter(|v| (*min..=*max).contains(v)).map(Value::Float)
            }
            (Accepts::Word(words), Value::Text(v)) if words.contains(&v.as_str()) => Some(value.clone()),
            (Accepts::IntOr { min, max, .. }, Value::Int(v)) if (min..=max).contains(&v) => {
                Some(value.clone())
            }
            (Accepts::IntOr { word, .. }, Value::Text(v)) if v == word => Some(value.clone()),
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
            Accepts::IntOr { min, max, word } => {
                format!("{} or `{word}`", Accepts::Int { min: *min, max: *max }.expectation())
            }
            Accepts::FloatOr { min, max, word } => {
                format!("{} or `{word}`", Accepts::Float { min: *min, max: *max }.expectation())
            }
            Accepts::Float { min, max } if min.is_infinite() && max.is_infinite() => "a number".into(),
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
            Preset::SearchInt { .. }
            | Preset::SearchFloat { .. }
            | Preset::SearchInts(_)
            | Preset::SearchFloats(_)
            | Preset::SearchWords(_)
            | Preset::SearchBool => None,
        }
    }

    /// The distribution, where the preset is a search.
    pub fn distribution(&self) -> Option<Distribution> {
        match *self {
            Preset::SearchInt { low, high, log } => Some(Distribution::Int { low, high, log }),
            Preset::SearchFloat { low, high, log } => Some(Distribution::Float { low, high, log }),
            Preset::SearchInts(values) => Some(choice(values)),
            Preset::SearchFloats(values) => Some(choice(values)),
            Preset::SearchWords(values) => Some(choice(values)),
            Preset::SearchBool => Some(choice(&[false, true])),
            Preset::Int(_) | Preset::Float(_) | Preset::Bool(_) | Preset::Word(_) => None,
        }
    }
}

fn choice<T: Copy + Into<Value>>(values: &[T]) -> Distribution {
    Distribution::Choice { choices: values.iter().map(|v| (*v).into()).collect() }
}

/// The values of a row's settings: each that has an effect and is not searched has one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings(pub Params);

impl Settings {
    /// The defaults of `rows`; searched settings and those without an effect are left out.
    pub fn defaults(rows: &[Setting]) -> Self {
        Settings::with(rows, &[])
    }

    /// The values `given`, and the defaults of the other `rows` that have an effect beside them.
    ///
    /// # Panics
    /// Where a row that is given has no effect, is not in the table, or has a value that it does not
    /// accept: a mistake in the source.
    pub fn with(rows: &[Setting], given: &[(&str, Value)]) -> Self {
        let mut values = Params::new();
        for row in rows {
            let own = given.iter().find(|(name, _)| *name == row.name).map(|(_, value)| value);
            assert!(own.is_none() || row.is_active(&values), "setting `{}` has no effect", row.name);
            let value = match own {
                Some(value) => match row.accepts.admit(value) {
                    Ok(value) => Some(value),
                    Err(wanted) => panic!("setting `{}` is {value}, expected {wanted}", row.name),
                },
                None => row.preset.value().filter(|_| row.is_active(&values)),
            };
            values.extend(value.map(|value| (row.name.to_owned(), value)));
        }
        for (name, _) in given {
            assert!(values.contains_key(*name), "there is no setting `{name}`");
        }
        Settings(values)
    }

    /// The values that a trial's `params` have for `rows`, whose names they carry behind `prefix`; those
    /// without an effect are left out.
    ///
    /// # Errors
    /// Where a row has no value, or one that it does not accept.
    pub fn resolve(rows: &[Setting], prefix: &str, params: &Params) -> Result<Self, String> {
        let mut values = Params::new();
        for row in rows {
            if !row.is_active(&values) {
                continue;
            }
            let name = format!("{prefix}{}", row.name);
            let value = params.get(&name).ok_or_else(|| format!("parameter `{name}` has no value"))?;
            let wrong = |wanted| format!("parameter `{name}` is {value}, expected {wanted}");
            values.insert(row.name.to_owned(), row.accepts.admit(value).map_err(wrong)?);
        }
        Ok(Settings(values))
    }

    /// Whether the setting has a value: whether it has an effect.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
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

    /// A whole number that counts things, or `None` for the word that stands in its place
    /// ([`Accepts::IntOr`]).
    ///
    /// # Panics
    /// As [`Settings::count`].
    pub fn count_or_word(&self, name: &str) -> Option<usize> {
        match self.0.get(name) {
            Some(Value::Text(_)) => None,
            _ => Some(self.count(name)),
        }
    }

    /// A real number, or `None` for the word that stands in its place ([`Accepts::FloatOr`]).
    ///
    /// # Panics
    /// As [`Settings::float`].
    pub fn float_or_word(&self, name: &str) -> Option<f64> {
        match self.0.get(name) {
            Some(Value::Text(_)) => None,
            _ => Some(self.float(name)),
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

#[cfg(test)]
mod tests;
