//! A study whose trials are evaluated by a program: `[objective]` and `study.metric`, `study.direction`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{MANY, space};
use crate::config::error::{ConfigError, one_of, quoted};
use crate::config::node::Content;
use crate::config::section::{Field, Section};
use crate::config::study::CommandConfig;
use crate::config::tables::Tables;
use crate::domain::direction::Direction;

/// What scores are called where the file does not say.
const SCORE: &str = "score";

/// Seconds that a program has to end by itself where the file does not say.
const GRACE: f64 = 5.0;

/// Most seconds: ten years.
const LONGEST: f64 = 3.2e8;

const KEYS: &[&str] =
    &["kind", "run", "persistent", "directory", "environment", "timeout", "grace", "retries", "seed"];

/// Reads the program and what is passed to it; `file` is the study file.
pub(super) fn read(
    section: Section<'_>,
    space: Section<'_>,
    file: &Path,
) -> Result<CommandConfig, ConfigError> {
    let section = section.only(KEYS, "the table `objective` of a command")?;
    let directory = match section.get("directory") {
        Some(field) => folder(file).join(field.text()?),
        None => folder(file),
    };
    Ok(CommandConfig {
        run: run(&section.need("run", r#"run = ["python3", "train.py"]"#)?)?,
        persistent: section.get("persistent").map_or(Ok(false), |field| field.flag())?,
        directory,
        environment: section.get("environment").map_or(Ok(BTreeMap::new()), |field| environment(&field))?,
        timeout: section.get("timeout").map(|field| seconds(&field, false)).transpose()?,
        grace: section.get("grace").map_or(Ok(GRACE), |field| seconds(&field, true))?,
        retries: section.count("retries", 0..=MANY, 0)?,
        seed: section.get("seed").map(|field| field.seed()).transpose()?,
        parameters: space::read(space)?,
    })
}

/// The folder of the study file; the working directory for a file that is named without one.
fn folder(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The program and its arguments.
fn run(field: &Field<'_>) -> Result<Vec<String>, ConfigError> {
    const EXPECTED: &str = r#"the program and its arguments, such as `["python3", "train.py"]`"#;
    let mut words = Vec::new();
    for item in field.items(EXPECTED)? {
        match &item.node.content {
            Content::Text(word) if words.is_empty() && word.is_empty() => return Err(item.wrong(EXPECTED)),
            Content::Text(word) if word.contains('\0') => return Err(item.wrong("a text without zero bytes")),
            Content::Text(word) => words.push(word.clone()),
            _ => return Err(item.wrong("each word in quotes")),
        }
    }
    if words.is_empty() {
        return Err(field.node.error(format!("`{}` is empty", field.name), format!("expected {EXPECTED}")));
    }
    Ok(words)
}

fn environment(field: &Field<'_>) -> Result<BTreeMap<String, String>, ConfigError> {
    const EXPECTED: &str = "a name of letters, digits and `_`";
    let section = field.section()?;
    let mut variables = BTreeMap::new();
    for name in section.keys() {
        let is_fit = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(is_fit) {
            let message = format!("{} can't be a variable of the environment", quoted(name));
            return Err(ConfigError::at(section.origin_of(name), message, format!("expected {EXPECTED}")));
        }
        let Some(value) = section.get(name) else { continue };
        let text = match value.scalar() {
            Some(value) if !value.to_string().contains('\0') => value.to_string(),
            _ => return Err(value.wrong("a text in quotes")),
        };
        variables.insert(name.to_owned(), text);
    }
    Ok(variables)
}

fn seconds(field: &Field<'_>, zero: bool) -> Result<f64, ConfigError> {
    let is_fit = |v: &f64| (0.0..=LONGEST).contains(v) && (zero || *v > 0.0);
    let wrong = || field.wrong(format!("seconds, {}0", if zero { "at least " } else { "more than " }));
    field.float().ok().filter(is_fit).ok_or_else(wrong)
}

/// What scores are called, and which are better.
pub(super) fn metric(own: &Section<'_>, tables: &Tables) -> Result<(String, Direction), ConfigError> {
    let name = own.get("metric").map_or(Ok(SCORE), |field| field.text())?;
    let known = tables.metrics.iter().find(|metric| metric.name == name).map(|metric| metric.direction);
    let words = Direction::ALL.map(Direction::word);
    let Some(field) = own.get("direction") else {
        return match known {
            Some(direction) => Ok((name.to_owned(), direction)),
            None => {
                let message = format!("`study` does not say whether a large or a small `{name}` is better");
                let remedy = "add the line `direction = \"minimize\"` or `direction = \"maximize\"`";
                Err(ConfigError::at(own.origin(), message, remedy))
            }
        };
    };
    let word = field.word("direction", &words)?;
    match (known, Direction::ALL.into_iter().find(|direction| direction.word() == word)) {
        (Some(known), Some(given)) if known != given => {
            let message = format!("`{name}` is better the {} it is", size(known));
            Err(field.node.error(message, "remove this line, or call the metric something else"))
        }
        (_, Some(direction)) => Ok((name.to_owned(), direction)),
        (_, None) => Err(field.wrong(one_of(&words))),
    }
}

fn size(direction: Direction) -> &'static str {
    match direction {
        Direction::Minimize => "smaller",
        Direction::Maximize => "larger",
    }
}
