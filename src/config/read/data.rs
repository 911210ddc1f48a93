//! The `[data]` table.

use std::path::{Path, PathBuf};

use super::{kind, preprocess, qc, settings, split};
use crate::config::error::{ConfigError, quoted};
use crate::config::node::Content;
use crate::config::section::{Field, Section};
use crate::config::study::{DataConfig, DataSource};
use crate::config::tables::Tables;
use crate::dataset::scale::TraitScale;
use crate::domain::event::SelectOn;
use crate::domain::task::Task;

const KEYS: &[&str] = &[
    "genotypes",
    "phenotypes",
    "task",
    "trait",
    "simulate",
    "format",
    "id_column",
    "qc",
    "impute",
    "encoding",
    "onehot_missing",
    "preselect",
    "covariates",
    "categorical",
    "split",
    "test",
    "trait_scale",
    "memory",
];

const MEMORY: u64 = 512 << 20;

pub(super) fn read(
    section: Section<'_>,
    select_on: SelectOn,
    tables: &Tables,
) -> Result<DataConfig, ConfigError> {
    let section = section.only(KEYS, "the table `data`")?;
    let source = source(&section, tables)?;
    let usual = match &source {
        DataSource::Simulate { preset, .. } => tables.tasks.iter().find(|(name, _)| name == preset),
        DataSource::Files { .. } => None,
    };
    let usual = usual.map_or(Task::default(), |(_, task)| *task);
    let task = section.word("task", "task", &Task::WORDS, usual.name())?;
    let task = Task::named(task).unwrap_or(usual);
    let traits = section.get("trait").map_or(Ok(Vec::new()), |field| traits(&field, task))?;
    if traits.is_empty() && matches!(source, DataSource::Files { .. }) {
        let several = r#"trait = ["resistant", "early"]"#;
        section.need("trait", if task == Task::MultiLabel { several } else { r#"trait = "ebv""# })?;
    }
    let scale = section.word("trait_scale", "scale", &["center", "standardize"], "standardize")?;
    let (covariates, categorical) = preprocess::covariates(&section)?;
    if let (Some(field), Some(name)) =
        (section.get("covariates"), covariates.iter().find(|name| traits.contains(name)))
    {
        let message = format!("`{}` names {}, which is to be predicted", field.name, quoted(name));
        return Err(field.node.error(message, "remove it: it would give the answer away"));
    }
    let (split, test) = split::read(&section, select_on)?;
    Ok(DataConfig {
        source,
        task,
        traits,
        format: section
            .get("format")
            .map(|field| field.word("format", &tables.formats))
            .transpose()?
            .map(str::to_owned),
        id_column: section.get("id_column").map(|field| field.name()).transpose()?,
        qc: qc::read(&section)?,
        preprocessing: preprocess::read(&section)?,
        covariates,
        categorical,
        split,
        test,
        trait_scale: if scale == "center" { TraitScale::Center } else { TraitScale::Standardize },
        memory: section.get("memory").map_or(Ok(MEMORY), |field| bytes(&field))?,
    })
}

/// The column of the trait, or those of at least two labels.
fn traits(field: &Field<'_>, task: Task) -> Result<Vec<String>, ConfigError> {
    let is_list = matches!(field.node.content, Content::List(_));
    if task != Task::MultiLabel {
        if is_list {
            let message = format!("the task `{}` has one trait, not a list", task.name());
            let remedy = r#"name one, or write `task = "multi-label"`"#;
            return Err(field.node.error(message, remedy));
        }
        return Ok(vec![field.name()?]);
    }
    let names = if is_list { field.names()? } else { vec![field.name()?] };
    if names.len() < 2 {
        let message = format!("the task `multi-label` needs at least 2 traits, not {}", names.len());
        let remedy = r#"list them, such as `["resistant", "early"]`, or write `task = "binary"`"#;
        return Err(field.node.error(message, remedy));
    }
    if let Some(i) = (1..names.len()).find(|i| names[..*i].contains(&names[*i])) {
        let message = format!("`{}` lists {} twice", field.name, quoted(&names[i]));
        return Err(field.node.error(message, "remove one"));
    }
    Ok(names)
}

pub(super) fn source(section: &Section<'_>, tables: &Tables) -> Result<DataSource, ConfigError> {
    let Some(simulate) = section.get("simulate") else {
        const EXAMPLE: &str = r#"genotypes = "data/pig.bed"` or `simulate = { preset = "quick" }"#;
        let genotypes = section.need("genotypes", EXAMPLE)?;
        let phenotypes = section.need("phenotypes", r#"phenotypes = "data/pig.csv""#)?;
        return Ok(DataSource::Files { genotypes: path(&genotypes)?, phenotypes: path(&phenotypes)? });
    };
    if let Some(other) = ["genotypes", "phenotypes", "format"].iter().find_map(|key| section.get(key)) {
        let message = format!("`{}` can't stand beside `data.simulate`", other.name);
        return Err(other.node.error(message, "remove one of the two: data are read or simulated"));
    }
    let table = simulate.section()?;
    table.need("preset", r#"simulate = { preset = "quick", seed = 1 }"#)?;
    let row = kind(&table, "preset", "preset", &tables.presets, "quick")?;
    Ok(DataSource::Simulate {
        preset: row.name.to_owned(),
        seed: table.get("seed").map_or(Ok(1), |field| field.seed())?,
        settings: settings(table, "preset", row, &["preset", "seed"])?,
    })
}

/// A path as it stands where that is there, seen from the folder in which tune-tui was started; else
/// relative to the file that names it, where it is there. Whether it can be read is found on loading.
fn path(field: &Field<'_>) -> Result<PathBuf, ConfigError> {
    let written = PathBuf::from(field.text()?);
    let file = field.node.origin.source.file.as_deref();
    let beside = file.and_then(Path::parent).map(|folder| folder.join(&written));
    Ok(match beside {
        Some(beside) if !written.exists() && beside.exists() => beside,
        _ => written,
    })
}

/// A number of bytes: plain, or as text with a binary unit.
fn bytes(field: &Field<'_>) -> Result<u64, ConfigError> {
    const UNITS: [(&str, u32); 4] = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)];
    let count = match &field.node.content {
        Content::Int(v) => u64::try_from(*v).ok(),
        Content::Text(text) => UNITS.iter().find_map(|(unit, shift)| {
            let number: u64 = text.strip_suffix(unit)?.trim().parse().ok()?;
            number.checked_mul(1 << shift).filter(|v| i64::try_from(*v).is_ok())
        }),
        _ => None,
    };
    count
        .filter(|v| *v > 0)
        .ok_or_else(|| field.wrong("bytes such as \"512MiB\" or \"2GiB\" (KiB, MiB, GiB, TiB)"))
}
