//! The `[model]` table: one kind of network and its parameters, or several kinds in tables of their own.

use super::kind;
use super::parameters::{self, Rows};
use crate::config::error::ConfigError;
use crate::config::node::Content;
use crate::config::section::{Field, Section};
use crate::config::study::{ModelConfig, Parameters};
use crate::config::tables::{Kind, Tables};
use crate::domain::setting::Variant;
use crate::domain::space::{Condition, Distribution, KIND, Parameter, SearchSpace};
use crate::domain::value::Value;
use crate::model::LEARNING_RATE;

/// The key of a named set of values.
const PRESET: &str = "preset";

pub(super) fn read(section: Section<'_>, tables: &Tables) -> Result<ModelConfig, ConfigError> {
    let rows = kinds(&section, tables)?;
    misplaced(&section, &rows, tables)?;
    let mut parameters = match rows.as_slice() {
        [row] => one(section, row, &[KIND, LEARNING_RATE.name], String::new(), vec![])?,
        several => each(section, several)?,
    };
    let common = Rows { settings: &[LEARNING_RATE], variant: None, prefix: String::new(), when: vec![] };
    parameters.extend(parameters::read(&section, &common)?);
    Ok(ModelConfig { kinds: rows.iter().map(|row| row.name.to_owned()).collect(), parameters })
}

/// The kinds that are named: one, or a list.
fn kinds<'t>(section: &Section<'_>, tables: &'t Tables) -> Result<Vec<&'t Kind>, ConfigError> {
    let Some(field) = section.get(KIND).filter(|f| matches!(f.node.content, Content::List(_))) else {
        return Ok(vec![kind(section, KIND, "model", &tables.models, "cnn")?]);
    };
    let names: Vec<&'static str> = tables.models.iter().map(|row| row.name).collect();
    let mut rows: Vec<&Kind> = Vec::new();
    for item in field.items("a list of models")? {
        let name = item.word("model", &names)?;
        if rows.iter().any(|row| row.name == name) {
            return Err(item.node.error(format!("`{}` lists `{name}` twice", field.name), "remove one"));
        }
        rows.extend(tables.models.iter().filter(|row| row.name == name));
    }
    if rows.is_empty() {
        return Err(field.node.error(format!("`{}` is empty", field.name), "name a model or several"));
    }
    Ok(rows)
}

/// Refuses settings that stand in the wrong one of `[model]` and `[model.<kind>]`.
fn misplaced(section: &Section<'_>, rows: &[&Kind], tables: &Tables) -> Result<(), ConfigError> {
    let own_table =
        |row: &Kind| section.get(row.name).filter(|field| matches!(field.node.content, Content::Table(_)));
    let is_chosen = |row: &Kind| rows.iter().any(|chosen| chosen.name == row.name);
    for row in &tables.models {
        let Some(field) = own_table(row) else { continue };
        if !is_chosen(row) {
            let listed: Vec<String> =
                rows.iter().map(|r| r.name).chain([row.name]).map(|name| format!("\"{name}\"")).collect();
            let message = format!("`{}` has no effect: `kind` does not name `{}`", field.name, row.name);
            let remedy = format!("remove it, or write `kind = [{}]`", listed.join(", "));
            return Err(field.node.error(message, remedy));
        }
        if rows.len() == 1 {
            let message = format!("`{}` is a table, but there is one kind of model only", field.name);
            return Err(field.node.error(message, "write its keys into `[model]` itself"));
        }
    }
    if let [_, _, ..] = rows {
        for row in rows {
            let settings = row.settings.iter().map(|s| s.name).chain([PRESET]);
            if let Some(field) = settings.filter_map(|name| section.get(name)).next() {
                let message = format!("`{}` belongs to one of several kinds of model", field.name);
                return Err(field.node.error(message, format!("write it into `[model.{}]`", row.name)));
            }
        }
    }
    Ok(())
}

/// The parameters of one kind; `keys` are those of its table that are none of its settings.
fn one(
    section: Section<'_>,
    row: &Kind,
    keys: &[&str],
    prefix: String,
    when: Vec<Condition>,
) -> Result<Parameters, ConfigError> {
    let preset = (!row.variants.is_empty()).then_some(PRESET);
    let settings = row.settings.iter().map(|s| s.name);
    let keys: Vec<&str> = keys.iter().copied().chain(preset).chain(settings).collect();
    let section = section.only(&keys, &format!("the model `{}`", row.name))?;
    let variant = section.get(PRESET).map(|field| variant(&field, row)).transpose()?;
    parameters::read(&section, &Rows { settings: row.settings, variant, prefix, when })
}

fn variant(field: &Field<'_>, row: &Kind) -> Result<&'static Variant, ConfigError> {
    let names: Vec<&'static str> = row.variants.iter().map(|variant| variant.name).collect();
    let name = field.word(&format!("`{}` preset", row.name), &names)?;
    row.variants.iter().find(|variant| variant.name == name).ok_or_else(|| field.wrong("a preset"))
}

/// The parameter `kind`, and those of each kind under the condition that it is chosen.
fn each(section: Section<'_>, rows: &[&Kind]) -> Result<Parameters, ConfigError> {
    let names = || rows.iter().map(|row| row.name);
    let keys: Vec<&str> = [KIND, LEARNING_RATE.name].into_iter().chain(names()).collect();
    let section = section.only(&keys, "a study of several models")?;
    let choices = names().map(Value::from).collect();
    let kind =
        Parameter { name: KIND.to_owned(), distribution: Distribution::Choice { choices }, when: vec![] };
    let mut all = Parameters { space: SearchSpace { parameters: vec![kind] }, ..Parameters::default() };
    for row in rows {
        let chosen = Condition { parameter: KIND.to_owned(), is: vec![Value::from(row.name)] };
        let field = section.get(row.name);
        let own = match &field {
            Some(field) => field.section()?,
            None => Section::absent(row.name, section.origin()),
        };
        all.extend(one(own, row, &[], format!("{}.", row.name), vec![chosen])?);
    }
    Ok(all)
}
