//! The `[train]`, `[sampler]`, `[pruner]` and `[executor]` tables.

use super::parameters::{self, Rows};
use super::{MANY, kind, settings};
use crate::config::error::ConfigError;
use crate::config::node::Content;
use crate::config::section::{Field, Section};
use crate::config::study::{DeviceChoice, ExecutorConfig, Part, TrainConfig};
use crate::config::tables::{Kind, Tables};
use crate::domain::event::ObjectiveKind;

pub(super) fn train(section: Section<'_>, tables: &Tables) -> Result<TrainConfig, ConfigError> {
    let keys: Vec<&str> = tables.train.iter().map(|s| s.name).chain(["seed"]).collect();
    let section = section.only(&keys, "the table `train`")?;
    // Without it the rest of that table would do nothing.
    if let Some(stop) = section.get("early_stopping") {
        stop.section()?.need("patience", "early_stopping = { patience = 20 }")?;
    }
    let rows = Rows { settings: tables.train, variant: None, prefix: String::new(), when: vec![] };
    Ok(TrainConfig {
        parameters: parameters::read(&section, &rows)?,
        seed: section.get("seed").map(|field| field.seed()).transpose()?,
    })
}

/// A sampler or a pruner; `own` are keys of its table that are no settings.
pub(super) fn part(
    section: Section<'_>,
    what: &str,
    rows: &[Kind],
    default: &'static str,
    own: &[&str],
) -> Result<Part, ConfigError> {
    let row = kind(&section, "kind", what, rows, default)?;
    let own = [&["kind"], own].concat();
    Ok(Part { kind: row.name.to_owned(), settings: settings(section, what, row, &own)? })
}

pub(super) fn executor(
    section: Section<'_>,
    objective: ObjectiveKind,
) -> Result<ExecutorConfig, ConfigError> {
    let section = section.only(&["kind", "workers", "threads", "device"], "the table `executor`")?;
    if objective == ObjectiveKind::Command
        && let Some(field) = section.get("device")
        && !matches!(&field.node.content, Content::Text(word) if word == "auto")
    {
        let message = format!("`{}` has no effect: a program chooses its device itself", field.name);
        return Err(field.node.error(message, "remove it, or pass it on as a parameter in [space]"));
    }
    Ok(ExecutorConfig {
        kind: section.word("kind", "executor", &["local"], "local")?.to_owned(),
        workers: section.get("workers").map_or(Ok(None), |field| automatic(&field))?,
        threads: section.get("threads").map_or(Ok(None), |field| automatic(&field))?,
        device: section.get("device").map_or(Ok(DeviceChoice::Auto), |field| device(&field))?,
    })
}

/// A number of at least 1, or `"auto"`.
fn automatic(field: &Field<'_>) -> Result<Option<usize>, ConfigError> {
    match &field.node.content {
        Content::Text(word) if word == "auto" => Ok(None),
        Content::Int(v) => match usize::try_from(*v).ok().filter(|v| (1..=MANY).contains(v)) {
            Some(count) => Ok(Some(count)),
            None => Err(field.wrong("a whole number of at least 1, or \"auto\"")),
        },
        _ => Err(field.wrong("a whole number of at least 1, or \"auto\"")),
    }
}

fn device(field: &Field<'_>) -> Result<DeviceChoice, ConfigError> {
    let text = field.text()?;
    if let Some(number) = text.strip_prefix("cuda:") {
        let number = number.parse().map_err(|_| field.wrong("the GPU's number, such as `cuda:0`"))?;
        return Ok(DeviceChoice::Cuda(number));
    }
    Ok(match field.word("device", &["auto", "cpu", "cuda", "cuda:N"])? {
        "auto" => DeviceChoice::Auto,
        "cpu" => DeviceChoice::Cpu,
        _ => DeviceChoice::Cuda(0),
    })
}
