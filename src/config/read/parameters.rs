//! A table of the file whose keys are settings: values, searches, and what depends on them.

use std::collections::BTreeMap;

use super::search::{Choice, choice_of};
use crate::config::error::ConfigError;
use crate::config::section::{Field, Section};
use crate::config::study::Parameters;
use crate::domain::setting::{Is, Setting, Variant, When};
use crate::domain::space::{Condition, Distribution, Parameter};
use crate::domain::value::Value;

/// Most values of a parameter that a condition lists.
const MOST_LISTED: u64 = 10_000;

/// The rows that a table's keys are read by.
pub(super) struct Rows<'t> {
    pub settings: &'t [Setting],
    /// Replaces the settings' presets.
    pub variant: Option<&'t Variant>,
    /// Stands before the settings' names in those of the parameters.
    pub prefix: String,
    /// When the table as a whole has an effect.
    pub when: Vec<Condition>,
}

/// What is known of a setting when those after it are read.
enum State {
    /// It has no effect, because this does not hold.
    Without(When),
    Fixed(Value, Vec<Condition>),
    Searched(Distribution, Vec<Condition>),
}

/// For which of a parameter's values something holds.
enum Holds {
    Never,
    Always,
    For(Vec<Value>),
    /// For more than can be listed.
    TooMany,
}

/// Reads the settings; that the table has no other keys is for its owner to check.
pub(super) fn read(section: &Section<'_>, rows: &Rows<'_>) -> Result<Parameters, ConfigError> {
    let mut parameters = Parameters::default();
    let mut states: BTreeMap<&str, State> = BTreeMap::new();
    for setting in rows.settings {
        let field = section.get(setting.name);
        let Some(when) = effect(section, rows, setting, &states)? else {
            if let Some(field) = field {
                return Err(without_effect(section, &field, setting, &states));
            }
            states.extend(setting.when.map(|when| (setting.name, State::Without(when))));
            continue;
        };
        let preset = rows.variant.and_then(|v| v.values.iter().find(|(name, _)| *name == setting.name));
        let preset = preset.map_or(&setting.preset, |(_, preset)| preset);
        let choice = match field {
            Some(field) => Some(choice_of(&field, &setting.accepts)?),
            None => Choice::of(preset),
        };
        let name = format!("{}{}", rows.prefix, setting.name);
        let state = match choice {
            None => continue,
            Some(Choice::Fixed(value)) => {
                if !when.is_empty() {
                    parameters.conditions.insert(name.clone(), when.clone());
                }
                parameters.fixed.insert(name, value.clone());
                State::Fixed(value, when)
            }
            Some(Choice::Searched(distribution)) => {
                let parameter = Parameter { name, distribution: distribution.clone(), when: when.clone() };
                parameters.space.parameters.push(parameter);
                State::Searched(distribution, when)
            }
        };
        states.insert(setting.name, state);
    }
    Ok(parameters)
}

/// The conditions under which a setting has an effect; `None` where it never has.
fn effect(
    section: &Section<'_>,
    rows: &Rows<'_>,
    setting: &Setting,
    states: &BTreeMap<&str, State>,
) -> Result<Option<Vec<Condition>>, ConfigError> {
    let Some(when) = setting.when else { return Ok(Some(rows.when.clone())) };
    Ok(match states.get(when.setting) {
        Some(State::Fixed(value, conditions)) => when.is.holds(value).then(|| conditions.clone()),
        Some(State::Searched(distribution, conditions)) => match holds(when.is, distribution) {
            Holds::Never => None,
            Holds::Always => Some(conditions.clone()),
            // The other parameter's own conditions hold wherever it has a value.
            Holds::For(is) => {
                Some(vec![Condition { parameter: format!("{}{}", rows.prefix, when.setting), is }])
            }
            Holds::TooMany => {
                let (name, needs) = (section.path(when.setting), section.path(setting.name));
                let message = format!("`{name}` is searched over too many values for `{needs}`");
                let remedy = format!("`{needs}` depends on it: narrow it to at most {MOST_LISTED} values");
                let origin = section.get(when.setting).map_or(section.origin(), |f| &f.node.origin);
                return Err(ConfigError::at(origin, message, remedy));
            }
        },
        Some(State::Without(_)) | None => None,
    })
}

fn holds(is: Is, distribution: &Distribution) -> Holds {
    match (is, distribution) {
        (_, Distribution::Choice { choices }) => {
            let values: Vec<Value> = choices.iter().filter(|value| is.holds(value)).cloned().collect();
            match values.len() {
                0 => Holds::Never,
                n if n == choices.len() => Holds::Always,
                _ => Holds::For(values),
            }
        }
        (Is::AtLeast(least), Distribution::Int { low, high, .. }) => {
            let from = *low.max(&least);
            match from {
                _ if from > *high => Holds::Never,
                _ if from == *low => Holds::Always,
                _ if from.abs_diff(*high) >= MOST_LISTED => Holds::TooMany,
                _ => Holds::For((from..=*high).map(Value::Int).collect()),
            }
        }
        _ => Holds::Never,
    }
}

/// The file sets what has no effect, because of another setting: the first in the chain of those it
/// depends on.
fn without_effect(
    section: &Section<'_>,
    field: &Field<'_>,
    setting: &Setting,
    states: &BTreeMap<&str, State>,
) -> ConfigError {
    let Some(mut when) = setting.when else { return field.wrong("nothing") };
    while let Some(State::Without(deeper)) = states.get(when.setting) {
        when = *deeper;
    }
    let other = section.path(when.setting);
    let found = match states.get(when.setting) {
        Some(State::Fixed(value, _)) => format!("where `{other}` is `{value}`"),
        _ => format!("with any of the values that `{other}` is searched over"),
    };
    let remedy = format!("remove it, or set `{other}` to {}", when.is.expectation());
    field.node.error(format!("`{}` has no effect {found}", field.name), remedy)
}
