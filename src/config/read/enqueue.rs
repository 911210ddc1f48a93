//! `sampler.enqueue`: params that are tried before the sampler is asked.

use crate::config::error::{ConfigError, did_you_mean, quoted};
use crate::config::node::{Content, Entry, Table};
use crate::config::section::{Field, Section};
use crate::config::study::StudyConfig;
use crate::domain::seed::Rng;
use crate::domain::space::{Distribution, KIND, Parameter, SpaceError};
use crate::domain::value::{Params, Value};

/// The key in the table of the sampler.
pub(super) const KEY: &str = "enqueue";

const EXPECTED: &str = r#"a list such as `[{ "model.filters" = 32, "train.batch" = 16 }]`"#;

/// The tables in which parameters stand: their names may be written in front, as the study file's paths are.
const TABLES: [&str; 3] = ["model.", "train.", "space."];

/// Sampler that tries nothing else.
const ONLY: &str = "manual";

/// Reads the configs, each once. A config may leave parameters out.
pub(super) fn read(section: &Section<'_>, study: &StudyConfig) -> Result<Vec<Params>, ConfigError> {
    let mut configs: Vec<Params> = Vec::new();
    let Some(field) = section.get(KEY) else {
        if study.sampler.kind == ONLY {
            let message = format!("the sampler `{ONLY}` tries what is enqueued, and nothing is");
            let remedy = r#"add a line such as `enqueue = [{ "model.filters" = 32 }]`"#;
            return Err(ConfigError::at(section.origin(), message, remedy));
        }
        return Ok(configs);
    };
    for item in field.items(EXPECTED)? {
        let params = config(&item, study)?;
        if configs.contains(&params) {
            return Err(item
                .node
                .error(format!("`{}` lists the same values twice", field.name), "remove one"));
        }
        configs.push(params);
    }
    Ok(configs)
}

fn config(item: &Field<'_>, study: &StudyConfig) -> Result<Params, ConfigError> {
    let Content::Table(table) = &item.node.content else { return Err(item.wrong(EXPECTED)) };
    let (mut params, mut leaves) = (Params::new(), Vec::new());
    collect(table, "", &mut leaves);
    leaves.sort_by_key(|(_, entry)| entry.key.span.start);
    for (path, entry) in leaves {
        let wrong = |(problem, remedy): (String, String)| {
            ConfigError::at(&entry.key, format!("`{}` {problem}", item.name), remedy)
        };
        let parameter = parameter(&path, study).map_err(wrong)?;
        let value = value(&Field { name: path, node: &entry.value }, &parameter)?;
        if params.insert(parameter.name.clone(), value).is_some() {
            return Err(wrong((format!("gives `{}` twice", parameter.name), "remove one".into())));
        }
    }
    // What is left out is drawn when the study is made; here only whether it can be.
    let space = study.parameters().space;
    match space.complete(&params, &mut Rng::new(0)) {
        Ok(_) => Ok(params),
        Err(SpaceError::Inactive { name, parameter }) => {
            let message = format!(
                "`{}` gives `{name}`, which has no effect with this value of `{parameter}`",
                item.name
            );
            Err(item.node.error(message, format!("remove `{name}`, or change `{parameter}`")))
        }
        Err(error) => Err(item.node.error(format!("`{}`: {error}", item.name), EXPECTED)),
    }
}

/// All plain values, by their paths; a key may be a path itself.
fn collect<'a>(table: &'a Table, path: &str, leaves: &mut Vec<(String, &'a Entry)>) {
    for (key, entry) in table {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match &entry.value.content {
            Content::Table(inner) => collect(inner, &path, leaves),
            _ => leaves.push((path, entry)),
        }
    }
}

/// The searched parameter at a path, or what is wrong with it and what to do.
fn parameter(path: &str, study: &StudyConfig) -> Result<Parameter, (String, String)> {
    let all = study.parameters();
    let names = || TABLES.iter().filter_map(|table| path.strip_prefix(table)).chain([path]);
    if let Some(known) = all.space.parameters.iter().find(|p| names().any(|name| name == p.name)) {
        return Ok(known.clone());
    }
    let searched: Vec<&str> = all.space.parameters.iter().map(|p| p.name.as_str()).collect();
    if names().any(|name| all.fixed.contains_key(name) || name == KIND) {
        let remedy = "remove it here, or search it in its own table";
        return Err((format!("gives {}, which is fixed", quoted(path)), remedy.into()));
    }
    let near = names().map(|name| did_you_mean(name, searched.iter().copied())).find(|near| !near.is_empty());
    let listed: Vec<String> = searched.iter().map(|name| format!("`{name}`")).collect();
    let problem = format!("gives {}, which is not searched{}", quoted(path), near.unwrap_or_default());
    Err((problem, format!("expected one of {}", listed.join(", "))))
}

/// The value, if the parameter may have it.
fn value(field: &Field<'_>, parameter: &Parameter) -> Result<Value, ConfigError> {
    let distribution = &parameter.distribution;
    let given = match (field.scalar(), distribution) {
        (Some(Value::Int(v)), Distribution::Float { .. }) => Some(Value::Float(v as f64)),
        (Some(Value::Int(v)), Distribution::Choice { choices })
            if choices.contains(&Value::Float(v as f64)) =>
        {
            Some(Value::Float(v as f64))
        }
        (given, _) => given,
    };
    given.filter(|value| distribution.to_unit(value).is_some()).ok_or_else(|| {
        let allowed = match distribution {
            Distribution::Float { low, high, .. } => format!("a number from {low} to {high}"),
            Distribution::Int { low, high, .. } => format!("a whole number from {low} to {high}"),
            Distribution::Choice { choices } => {
                let listed: Vec<String> = choices.iter().map(|c| format!("`{c}`")).collect();
                format!("one of {}", listed.join(", "))
            }
        };
        let message = format!("`{}` can't be {}", field.name, field.node.found());
        field.node.error(message, format!("expected {allowed}, as it is searched"))
    })
}
