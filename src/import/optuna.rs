//! A journal of Optuna: what its `JournalStorage` appends to a file, one JSON object a line
//! (`optuna/storages/journal/_storage.py`, versions 3.1 to 5.0).
//!
//! An object is an operation. Studies are numbered in the order in which they were created, trials over all
//! studies. A value is written as a number, which its distribution turns into what the objective saw: of a
//! categorical one it is the index of the choice.

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;
use serde_json::Value as Json;

use super::{Found, FoundTrial, Importer, Place, Wanted};
use crate::domain::direction::Direction;
use crate::domain::table::Row;
use crate::domain::value::{Params, Value};

/// Its row in the table of importers.
pub const ROW: Row<Importer> =
    Row { name: "optuna", help: "a journal of Optuna", settings: &[], build: Importer { recognises, read } };

/// How much of a file is looked at to tell what it is.
const HEAD: u64 = 512;

/// The operations that matter here, by Optuna's numbers.
mod operation {
    pub const CREATE_STUDY: u8 = 0;
    pub const DELETE_STUDY: u8 = 1;
    pub const CREATE_TRIAL: u8 = 4;
    pub const SET_PARAM: u8 = 5;
    pub const SET_STATE: u8 = 6;
}

/// The states of a trial, by Optuna's numbers.
mod state {
    pub const RUNNING: u8 = 0;
    pub const COMPLETE: u8 = 1;
    pub const WAITING: u8 = 4;
}

/// An operation with the fields of those that matter.
#[derive(Deserialize)]
struct Operation {
    op_code: u8,
    study_id: Option<usize>,
    study_name: Option<String>,
    directions: Option<Vec<u8>>,
    trial_id: Option<usize>,
    state: Option<u8>,
    value: Option<f64>,
    values: Option<Vec<Option<f64>>>,
    params: Option<BTreeMap<String, f64>>,
    distributions: Option<BTreeMap<String, String>>,
    param_name: Option<String>,
    param_value_internal: Option<f64>,
    distribution: Option<String>,
}

/// A study as it stands after the operations so far.
struct Study {
    name: String,
    directions: Vec<u8>,
    is_deleted: bool,
}

/// A trial as it stands after the operations so far.
struct Trial {
    study: usize,
    state: u8,
    score: Option<f64>,
    params: Params,
}

#[derive(Default)]
struct Journal {
    studies: Vec<Study>,
    trials: Vec<Trial>,
}

fn recognises(place: &Place) -> bool {
    let mut head = Vec::new();
    let read = std::fs::File::open(&place.path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    read.is_ok() && head.trim_ascii_start().first() == Some(&b'{')
}

fn read(place: &Place, _: &Wanted<'_>) -> Result<Found, String> {
    let text = std::fs::read_to_string(&place.path).map_err(|e| format!("it can't be read as text: {e}"))?;
    let lines: Vec<&str> = text.lines().collect();
    let mut journal = Journal::default();
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let applied = match serde_json::from_str::<Operation>(&finite(line)) {
            Ok(operation) => journal.apply(operation),
            // The last line may be being written.
            Err(_) if index + 1 == lines.len() && !text.ends_with('\n') => Ok(()),
            Err(error) => Err(format!("it is no journal of Optuna: {error}")),
        };
        applied.map_err(|problem| format!("line {}: {problem}", index + 1))?;
    }
    journal.found(place.within.as_deref())
}

/// JSON has no NaN and no infinity; Python writes them nevertheless. Both become `null`.
pub(super) fn finite(line: &str) -> String {
    const WORDS: [&str; 3] = ["NaN", "-Infinity", "Infinity"];
    let (mut out, mut rest, mut quoted) = (String::with_capacity(line.len()), line, false);
    while let Some(first) = rest.chars().next() {
        let word = WORDS.iter().find(|word| !quoted && rest.starts_with(**word));
        let escaped = quoted && first == '\\';
        let (taken, written) = match word {
            Some(word) => (word.len(), "null"),
            None => {
                let length = first.len_utf8();
                let length = length
                    + if escaped { rest[length..].chars().next().map_or(0, char::len_utf8) } else { 0 };
                (length, &rest[..length])
            }
        };
        quoted ^= first == '"';
        out.push_str(written);
        rest = &rest[taken..];
    }
    out
}

impl Journal {
    fn apply(&mut self, operation: Operation) -> Result<(), String> {
        const INCOMPLETE: &str = "an operation without its fields";
        match operation.op_code {
            operation::CREATE_STUDY => {
                let name = operation.study_name.ok_or(INCOMPLETE)?;
                // Of two workers that create the same study, the second finds the first's.
                if !self.studies.iter().any(|study| study.name == name && !study.is_deleted) {
                    let directions = operation.directions.ok_or(INCOMPLETE)?;
                    self.studies.push(Study { name, directions, is_deleted: false });
                }
            }
            operation::DELETE_STUDY => {
                let study = operation.study_id.and_then(|id| self.studies.get_mut(id));
                study.ok_or("a study that was not created")?.is_deleted = true;
            }
            operation::CREATE_TRIAL => {
                let study = operation.study_id.ok_or(INCOMPLETE)?;
                if self.studies.get(study).is_none_or(|study| study.is_deleted) {
                    return Ok(());
                }
                let mut params = Params::new();
                let distributions = operation.distributions.unwrap_or_default();
                for (name, internal) in operation.params.unwrap_or_default() {
                    let distribution = distributions.get(&name).ok_or(INCOMPLETE)?;
                    params.insert(name, external(distribution, internal)?);
                }
                let state = operation.state.unwrap_or(state::RUNNING);
                let score = operation.value.or_else(|| single(operation.values));
                self.trials.push(Trial { study, state, score, params });
            }
            operation::SET_PARAM => {
                let (name, internal) =
                    operation.param_name.zip(operation.param_value_internal).ok_or(INCOMPLETE)?;
                let value = external(&operation.distribution.ok_or(INCOMPLETE)?, internal)?;
                if let Some(trial) = self.unfinished(operation.trial_id)? {
                    trial.params.insert(name, value);
                }
            }
            operation::SET_STATE => {
                let (state, score) = (operation.state.ok_or(INCOMPLETE)?, single(operation.values));
                if let Some(trial) = self.unfinished(operation.trial_id)? {
                    (trial.state, trial.score) = (state, score.or(trial.score));
                }
            }
            // Attributes and intermediate values.
            _ => {}
        }
        Ok(())
    }

    /// The trial, unless it has ended: what comes later is then of no effect.
    fn unfinished(&mut self, id: Option<usize>) -> Result<Option<&mut Trial>, String> {
        let trial = id.and_then(|id| self.trials.get_mut(id)).ok_or("a trial that was not created")?;
        Ok(Some(trial).filter(|trial| matches!(trial.state, state::RUNNING | state::WAITING)))
    }

    /// The trials of the study of this name, or of the only one.
    fn found(self, name: Option<&str>) -> Result<Found, String> {
        let kept: Vec<(usize, &Study)> =
            self.studies.iter().enumerate().filter(|(_, study)| !study.is_deleted).collect();
        let names =
            || kept.iter().map(|(_, study)| format!("`{}`", study.name)).collect::<Vec<_>>().join(", ");
        let (id, study) = match (name, kept.as_slice()) {
            (_, []) => return Err("it holds no study".into()),
            (None, [only]) => *only,
            (None, _) => {
                return Err(format!("it holds several studies: say which behind a `#`, of {}", names()));
            }
            (Some(name), _) => *kept
                .iter()
                .find(|(_, study)| study.name == name)
                .ok_or_else(|| format!("it holds no study `{name}`, but {}", names()))?,
        };
        let direction = match study.directions.as_slice() {
            [1] => Direction::Minimize,
            [2] => Direction::Maximize,
            [_] => return Err(format!("the direction of its study `{}` is not set", study.name)),
            several => {
                let count = several.len();
                return Err(format!(
                    "its study `{}` has {count} objectives; a study here has one",
                    study.name
                ));
            }
        };
        let mut found = Found { direction: Some(direction), ..Found::default() };
        for (number, trial) in self.trials.into_iter().filter(|trial| trial.study == id).enumerate() {
            match trial.score.filter(|_| trial.state == state::COMPLETE) {
                Some(score) => {
                    let place = format!("trial {number}");
                    found.trials.push(FoundTrial { place, params: trial.params, score });
                }
                None => found.unscored += 1,
            }
        }
        Ok(found)
    }
}

/// The score of a trial with one objective; one that is not finite is none.
fn single(values: Option<Vec<Option<f64>>>) -> Option<f64> {
    match values?.as_slice() {
        [value] => *value,
        _ => None,
    }
}

/// What an objective saw of a parameter, from how it is stored and its distribution's JSON. Distributions of
/// before version 3 have other names and the same fields.
fn external(distribution: &str, internal: f64) -> Result<Value, String> {
    let json: Json =
        serde_json::from_str(&finite(distribution)).map_err(|e| format!("a distribution: {e}"))?;
    let kind = json["name"].as_str().or_else(|| json["type"].as_str()).unwrap_or_default().to_lowercase();
    let attributes = if json["attributes"].is_object() { &json["attributes"] } else { &json };
    if let Some(choices) = attributes["choices"].as_array() {
        let choice = (internal >= 0.0).then(|| choices.get(internal as usize)).flatten();
        return choice.map(choice_of).ok_or_else(|| format!("choice {internal} of {}", choices.len()));
    }
    if kind.starts_with("int") {
        return Ok(Value::Int(internal as i64));
    }
    Ok(Value::Float(internal))
}

fn choice_of(choice: &Json) -> Value {
    match choice {
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Int(whole),
            (None, Some(real)) => Value::Float(real),
            (None, None) => Value::Text(number.to_string()),
        },
        Json::String(text) => Value::Text(text.clone()),
        // What Python prints: the words in which a study file can say it.
        Json::Null => Value::Text("None".into()),
        other => Value::Text(other.to_string()),
    }
}
