//! A setting's value or search, as the study file writes it.

use crate::config::error::{ConfigError, did_you_mean, quoted};
use crate::config::node::Content;
use crate::config::section::{Field, Section};
use crate::domain::setting::{Accepts, Preset};
use crate::domain::space::Distribution;
use crate::domain::value::Value;

/// The keys of a search.
pub(super) const KEYS: &[&str] = &["int", "float", "choice", "log"];

/// What a parameter of the file is.
pub(super) enum Choice {
    Fixed(Value),
    Searched(Distribution),
}

impl Choice {
    pub fn of(preset: &Preset) -> Option<Choice> {
        preset.value().map(Choice::Fixed).or_else(|| preset.distribution().map(Choice::Searched))
    }
}

pub(super) fn choice_of(field: &Field<'_>, accepts: &Accepts) -> Result<Choice, ConfigError> {
    if matches!(field.node.content, Content::Table(_)) {
        return search(field, accepts).map(Choice::Searched);
    }
    let value = field.scalar().and_then(|value| accepts.admit(&value).ok());
    value.map(Choice::Fixed).ok_or_else(|| {
        let wanted = format!("{}, or a search such as `{}`", accepts.expectation(), example(accepts));
        let words = match accepts {
            Accepts::Word(words) => *words,
            Accepts::IntOr { word, .. } | Accepts::FloatOr { word, .. } => std::slice::from_ref(word),
            Accepts::Bool | Accepts::Int { .. } | Accepts::Float { .. } => &[],
        };
        match &field.node.content {
            Content::Text(found) if !words.is_empty() => {
                let near = did_you_mean(found, words.iter().copied());
                let message = format!("unknown value of `{}` {}{near}", field.name, quoted(found));
                field.node.error(message, format!("expected {wanted}"))
            }
            _ => field.wrong(wanted),
        }
    })
}

/// A search of this setting, as it is written.
fn example(accepts: &Accepts) -> String {
    match accepts {
        Accepts::Int { min, max } => format!("{{ int = [{min}, {}] }}", min.saturating_add(49).min(*max)),
        Accepts::Float { .. } | Accepts::FloatOr { .. } => "{ float = [1e-4, 1e-2], log = true }".into(),
        Accepts::Bool => "{ choice = [true, false] }".into(),
        Accepts::Word(words) => {
            let quoted: Vec<String> = words.iter().take(2).map(|w| format!("\"{w}\"")).collect();
            format!("{{ choice = [{}] }}", quoted.join(", "))
        }
        Accepts::IntOr { min, word, .. } => format!("{{ choice = [\"{word}\", {min}] }}"),
    }
}

fn search(field: &Field<'_>, accepts: &Accepts) -> Result<Distribution, ConfigError> {
    let table = field.section()?.only(KEYS, &format!("the search `{}`", field.name))?;
    let (key, values, log) = way(field, &table, &example(accepts))?;
    let values = &values;
    match (key, accepts) {
        ("choice", _) => choice(values, |item| item.admitted(accepts)),
        ("int", Accepts::Int { .. }) | ("float", Accepts::Float { .. }) => range(values, accepts, log),
        ("int", Accepts::IntOr { min, max, .. }) => {
            range(values, &Accepts::Int { min: *min, max: *max }, log)
        }
        ("float", Accepts::FloatOr { min, max, .. }) => {
            range(values, &Accepts::Float { min: *min, max: *max }, log)
        }
        _ => {
            let message = format!("`{}` can't be searched as `{key}`", field.name);
            Err(values.node.error(message, format!("expected a search such as `{}`", example(accepts))))
        }
    }
}

/// In which way a parameter is searched, its bounds or choices, and whether in the logarithm.
pub(super) fn way<'a>(
    field: &Field<'_>,
    table: &Section<'a>,
    example: &str,
) -> Result<(&'static str, Field<'a>, bool), ConfigError> {
    let ways = ["int", "float", "choice"];
    let mut given: Vec<_> = ways.into_iter().filter_map(|key| Some((key, table.get(key)?))).collect();
    let (1, Some((key, values))) = (given.len(), given.pop()) else {
        let count = ways.into_iter().filter(|key| table.get(key).is_some()).count();
        let message = format!("`{}` is searched in {count} ways", field.name);
        return Err(field.node.error(message, format!("expected one, such as `{example}`")));
    };
    match table.get("log") {
        Some(flag) if key == "choice" => {
            let message = format!("`{}` can't apply to a choice, which has no order", flag.name);
            Err(flag.node.error(message, "remove `log`"))
        }
        flag => Ok((key, values, flag.map_or(Ok(false), |flag| flag.flag())?)),
    }
}

pub(super) fn range(list: &Field<'_>, accepts: &Accepts, log: bool) -> Result<Distribution, ConfigError> {
    const EXPECTED: &str = "two bounds, `[low, high]`";
    let items = list.items(EXPECTED)?;
    let [low_field, high_field] = items.as_slice() else {
        let message = format!("`{}` has {} bounds", list.name, items.len());
        return Err(list.node.error(message, format!("expected {EXPECTED}")));
    };
    let (low, high) = (low_field.admitted(accepts)?, high_field.admitted(accepts)?);
    if low.as_f64() > high.as_f64() {
        let message = format!("`{}` has its low bound above its high one", list.name);
        let (low, high) = (low_field.node.origin.text(), high_field.node.origin.text());
        return Err(list.node.error(message, format!("write `[{high}, {low}]`")));
    }
    if log && low.as_f64().is_none_or(|low| low <= 0.0) {
        let message = format!("`{}` can't be searched on a log scale from {low}", list.name);
        return Err(low_field.node.error(message, "raise it above 0, or remove `log = true`"));
    }
    match (low, high) {
        (Value::Int(low), Value::Int(high)) => Ok(Distribution::Int { low, high, log }),
        (Value::Float(low), Value::Float(high)) => Ok(Distribution::Float { low, high, log }),
        _ => Err(list.wrong(EXPECTED)),
    }
}

/// Choices, each as `read` takes it.
pub(super) fn choice(
    list: &Field<'_>,
    read: impl Fn(&Field<'_>) -> Result<Value, ConfigError>,
) -> Result<Distribution, ConfigError> {
    const EXPECTED: &str = "a list of values to choose from";
    let mut choices: Vec<Value> = Vec::new();
    for item in list.items(EXPECTED)? {
        let value = read(&item)?;
        if choices.contains(&value) {
            return Err(item.node.error(format!("`{}` lists {value} twice", list.name), "remove one"));
        }
        choices.push(value);
    }
    if choices.is_empty() {
        return Err(list.node.error(format!("`{}` is empty", list.name), format!("expected {EXPECTED}")));
    }
    Ok(Distribution::Choice { choices })
}
