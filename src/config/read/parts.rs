//! The `[train]`, `[sampler]`, `[pruner]` and `[executor]` tables.

use super::{MANY, kind, settings};
use crate::config::error::ConfigError;
use crate::config::node::Content;
use crate::config::section::{Field, Section};
use crate::config::study::{DeviceChoice, ExecutorConfig, Part, TrainConfig};
use crate::config::tables::{Kind, Tables};

pub(super) fn train(section: Section<'_>, tables: &Tables) -> Result<TrainConfig, ConfigError> {
    let keys = &["epochs", "batch", "optimizer", "early_stopping", "seed"];
    let section = section.only(keys, "the table `train`")?;
    Ok(TrainConfig {
        epochs: section.count("epochs", 1..=MANY, 100)?,
        batch: section.count("batch", 1..=MANY, 32)?,
        optimizer: section.word("optimizer", "optimizer", &tables.optimizers, "adam")?.to_owned(),
        early_stopping: section.get("early_stopping").map(|field| early_stopping(&field)).transpose()?,
        seed: section.get("seed").map(|field| field.seed()).transpose()?,
    })
}

fn early_stopping(field: &Field<'_>) -> Result<(usize, f64), ConfigError> {
    let table = field.section()?.only(&["patience", "min_delta"], "the table `train.early_stopping`")?;
    let patience = table.need("patience", "early_stopping = { patience = 20 }")?.count(1..=MANY)?;
    let min_delta = match table.get("min_delta") {
        Some(field) => {
            Some(field.float()?).filter(|v| *v >= 0.0).ok_or_else(|| field.wrong("a number of at least 0"))?
        }
        None => 0.0,
    };
    Ok((patience, min_delta))
}

/// A sampler or a pruner.
pub(super) fn part(
    section: Section<'_>,
    what: &str,
    rows: &[Kind],
    default: &'static str,
) -> Result<Part, ConfigError> {
    let row = kind(&section, "kind", what, rows, default)?;
    Ok(Part { kind: row.name.to_owned(), settings: settings(section, what, row, &["kind"])? })
}

pub(super) fn executor(section: Section<'_>) -> Result<ExecutorConfig, ConfigError> {
    let section = section.only(&["kind", "workers", "threads", "device"], "the table `executor`")?;
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
