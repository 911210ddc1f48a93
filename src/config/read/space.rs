//! The `[space]` table: what a program is given, by names that it chooses.

use std::collections::BTreeMap;

use super::search;
use crate::config::error::{ConfigError, did_you_mean, quoted};
use crate::config::node::Content;
use crate::config::section::{Field, Section};
use crate::config::study::Parameters;
use crate::domain::setting::Accepts;
use crate::domain::space::{Condition, Distribution, Parameter};
use crate::domain::value::Value;
use crate::program::variable;

/// The largest whole number that readers of JSON in every language keep exact.
const LARGEST: i64 = (1 << 53) - 1;

/// The key of the conditions.
const WHEN: &str = "when";

/// A searched parameter before its conditions are understood.
struct Searched<'a> {
    name: &'a str,
    distribution: Distribution,
    when: Option<Field<'a>>,
}

/// Reads the parameters. Those that are searched stand in the order of the file, but after those that they
/// depend on.
pub(super) fn read(section: Section<'_>) -> Result<Parameters, ConfigError> {
    let mut parameters = Parameters::default();
    let mut variables = BTreeMap::new();
    let names = section.keys();
    let mut fields = Vec::new();
    for name in &names {
        checked(&section, name, &mut variables)?;
        let Some(field) = section.get(name) else { continue };
        if field.scalar().is_some() {
            parameters.fixed.insert((*name).to_owned(), plain(&field)?);
        } else {
            fields.push((*name, field));
        }
    }
    let searched = fields.iter().map(|(name, field)| parameter(name, field));
    let mut waiting = searched.collect::<Result<Vec<_>, _>>()?;
    while !waiting.is_empty() {
        let mut ready = None;
        for (number, parameter) in waiting.iter().enumerate() {
            let parents = parents(parameter)?;
            let waits =
                waiting.iter().any(|other| parents.contains(&other.name) && other.name != parameter.name);
            if !waits {
                ready = Some(number);
                break;
            }
        }
        let Some(ready) = ready else {
            let listed: Vec<String> = waiting.iter().map(|p| format!("`{}`", p.name)).collect();
            let message = format!("the conditions of {} go round in a circle", listed.join(", "));
            let place = section.origin_of(waiting[0].name);
            return Err(ConfigError::at(place, message, "remove `when` from one of them"));
        };
        let next = waiting.remove(ready);
        if let Some(when) = conditions(&next, &names, &parameters)? {
            let name = next.name.to_owned();
            parameters.space.parameters.push(Parameter { name, distribution: next.distribution, when });
        }
    }
    Ok(parameters)
}

/// Whether a name can be passed on; `variables` holds those of the environment so far.
fn checked<'a>(
    section: &Section<'_>,
    name: &'a str,
    variables: &mut BTreeMap<String, &'a str>,
) -> Result<(), ConfigError> {
    let place = section.origin_of(name);
    let is_fit = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || !name.chars().all(is_fit) {
        let message = format!("{} can't be the name of a parameter", quoted(name));
        return Err(ConfigError::at(place, message, "expected letters, digits, `_` and `-`"));
    }
    if let Some(other) = variables.insert(variable(name), name) {
        let message = format!("`{name}` and `{other}` would be the same variable of the environment");
        return Err(ConfigError::at(place, message, "rename one of them"));
    }
    Ok(())
}

/// A search of one's own: of any numbers, and choices of anything.
fn parameter<'a>(name: &'a str, field: &'a Field<'a>) -> Result<Searched<'a>, ConfigError> {
    const EXAMPLE: &str = "{ int = [1, 8] }";
    if !matches!(field.node.content, Content::Table(_)) {
        return Err(field.wrong(format!("a plain value, or a search such as `{EXAMPLE}`")));
    }
    let keys: Vec<&str> = search::KEYS.iter().copied().chain([WHEN]).collect();
    let table = field.section()?.only(&keys, &format!("the search `{}`", field.name))?;
    let (way, values, log) = search::way(field, &table, EXAMPLE)?;
    let distribution = match way {
        "int" => search::range(&values, &Accepts::Int { min: -LARGEST, max: LARGEST }, log),
        "float" => search::range(&values, &Accepts::Float { min: f64::MIN, max: f64::MAX }, log),
        _ => search::choice(&values, plain),
    }?;
    Ok(Searched { name, distribution, when: table.get(WHEN) })
}

/// A plain value, as it is written.
fn plain(field: &Field<'_>) -> Result<Value, ConfigError> {
    match field.scalar() {
        Some(Value::Int(v)) if v.abs() > LARGEST => Err(field.wrong("a number below 2^53")),
        Some(value) => Ok(value),
        None => Err(field.wrong("a text, a finite number, true or false")),
    }
}

/// The parameters that a condition names.
fn parents<'a>(parameter: &'a Searched<'_>) -> Result<Vec<&'a str>, ConfigError> {
    parameter.when.as_ref().map_or(Ok(Vec::new()), |when| Ok(when.section()?.keys()))
}

/// When a parameter is active; `None` where a fixed one says that it never is.
fn conditions(
    parameter: &Searched<'_>,
    names: &[&str],
    before: &Parameters,
) -> Result<Option<Vec<Condition>>, ConfigError> {
    let Some(field) = &parameter.when else { return Ok(Some(Vec::new())) };
    let section = field.section()?;
    let mut all = Vec::new();
    for parent in section.keys() {
        if !names.contains(&parent) || parent == parameter.name {
            let near = did_you_mean(parent, names.iter().copied().filter(|name| *name != parameter.name));
            let message = format!("`{}` names no other parameter: {}{near}", field.name, quoted(parent));
            let remedy = "expected parameters of [space] and their values, such as `{ kind = \"cnn\" }`";
            return Err(ConfigError::at(section.origin_of(parent), message, remedy));
        }
        let Some(values) = section.get(parent) else { continue };
        let values = match values.node.content {
            Content::List(_) => values.items("a value or a list of values")?,
            _ => vec![values],
        };
        if values.is_empty() {
            return Err(field
                .node
                .error(format!("`{}.{parent}` has no values", field.name), "name one or more"));
        }
        if let Some(fixed) = before.fixed.get(parent) {
            let written = values.iter().map(plain).collect::<Result<Vec<_>, _>>()?;
            if !written.iter().any(|value| same(value, fixed)) {
                return Ok(None);
            }
            continue;
        }
        let Some(searched) = before.space.parameters.iter().find(|p| p.name == parent) else {
            // It never has a value either.
            return Ok(None);
        };
        let is = values.iter().map(|value| among(value, searched)).collect::<Result<Vec<_>, _>>()?;
        all.push(Condition { parameter: parent.to_owned(), is });
    }
    Ok(Some(all))
}

/// The value of a parameter that a condition names.
fn among(field: &Field<'_>, parent: &Parameter) -> Result<Value, ConfigError> {
    let (value, name) = (plain(field)?, &parent.name);
    let outside = |allowed: String| {
        let message = format!("`{name}` never is {}", field.node.found().trim_start_matches("the text "));
        field.node.error(message, format!("expected {allowed}"))
    };
    match &parent.distribution {
        Distribution::Choice { choices } => {
            let listed = || choices.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ");
            choices.iter().find(|choice| same(choice, &value)).cloned().ok_or_else(|| outside(listed()))
        }
        Distribution::Int { low, high, .. } => {
            let whole = match value {
                Value::Int(number) => Some(number),
                Value::Float(number) if number.fract() == 0.0 => Some(number as i64),
                _ => None,
            };
            let whole = whole.filter(|number| (low..=high).contains(&number));
            whole.map(Value::Int).ok_or_else(|| outside(format!("a whole number from {low} to {high}")))
        }
        Distribution::Float { .. } => {
            let message = format!("`{name}` is searched over real numbers, which no condition can name");
            Err(field.node.error(message, "search it as `int` or `choice`, or remove the condition"))
        }
    }
}

/// Whether two values are the same one: 1 and 1.0 are.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}
