//! From the tree to the typed study: one function a table of the file.

mod command;
mod data;
mod enqueue;
mod ensemble;
mod model;
mod parameters;
mod parts;
mod preprocess;
mod qc;
mod search;
mod space;
mod split;
mod warm_start;

use std::path::Path;

use super::error::{ConfigError, one_of, quoted};
use super::node::{Content, Node};
use super::section::{Field, Section};
use super::study::{DataSource, NetworkConfig, ObjectiveConfig, StudyConfig};
use super::tables::{Kind, MetricKind, Tables};
use crate::domain::event::{ObjectiveKind, SelectOn};
use crate::domain::setting::Settings;
use crate::domain::task::Task;

/// The tables of a study file.
const SECTIONS: &[&str] =
    &["study", "objective", "data", "model", "train", "space", "sampler", "pruner", "ensemble", "executor"];

/// The tables of networks only.
const OF_NETWORKS: &[&str] = &["data", "model", "train", "ensemble"];

/// The keys of `[study]`: those of every study, of networks only, and of programs only.
const OWN: (&[&str], &[&str], &[&str]) =
    (&["name", "metric", "trials", "seed"], &["select_on", "keep_checkpoints", "baselines"], &["direction"]);

/// The keys of `[sampler]` that every sampler has.
const SAMPLERS_OWN: &[&str] = &[warm_start::KEY, enqueue::KEY];

/// Most trials, folds, epochs or rows a batch: enough for anyone, and nothing overflows.
const MANY: usize = 1_000_000;

/// Reads the tree of the study file called `file`.
pub(super) fn study(root: &Node, file: &Path, tables: &Tables) -> Result<StudyConfig, ConfigError> {
    let top = Section::open("", root)?.only(&[SECTIONS, &["include"]].concat(), "the study file")?;
    if let Some(include) = top.get("include") {
        let remedy = "write `include = [\"…\"]` in the study file";
        return Err(include.node.error("`include` can't be set on the command line", remedy));
    }
    let fields: Vec<_> = SECTIONS.iter().map(|name| (*name, top.get(name))).collect();
    let section = |wanted: &'static str| match fields.iter().find(|(name, _)| *name == wanted) {
        Some((_, Some(field))) => field.section(),
        _ => Ok(Section::absent(wanted, &root.origin)),
    };
    let all = [OWN.0, OWN.1, OWN.2].concat();
    let own = section("study")?.only(&all, "the table `study`")?;
    let (kind, objective) = (objective_kind(&section("objective")?)?, section("objective")?);
    misplaced(kind, &top, &own)?;
    let (objective, metric, direction) = match kind {
        ObjectiveKind::Network => {
            objective.only(&["kind"], "the table `objective` of networks")?;
            let data = data::read(section("data")?, select_on(&own)?, tables)?;
            let metric = metric(&own, data.task, tables)?;
            let network = NetworkConfig {
                keep_checkpoints: own.count("keep_checkpoints", 0..=MANY, 5)?,
                baselines: own.get("baselines").map(|field| baselines(&field, tables)).transpose()?,
                data,
                model: model::read(section("model")?, tables)?,
                train: parts::train(section("train")?, tables)?,
                ensemble: ensemble::read(section("ensemble")?)?,
            };
            (ObjectiveConfig::Network(Box::new(network)), metric.name.to_owned(), metric.direction)
        }
        ObjectiveKind::Command => {
            let command = command::read(objective, section("space")?, file)?;
            let (metric, direction) = command::metric(&own, tables)?;
            (ObjectiveConfig::Command(command), metric, direction)
        }
    };
    let mut config = StudyConfig {
        name: name(&own, file)?,
        metric,
        direction,
        trials: own.count("trials", 1..=MANY, 40)?,
        seed: own.get("seed").map_or(Ok(0), |field| field.seed())?,
        objective,
        sampler: parts::part(section("sampler")?, "sampler", &tables.samplers, "auto", SAMPLERS_OWN)?,
        warm_start: warm_start::read(&section("sampler")?)?,
        enqueue: Vec::new(),
        pruner: parts::part(section("pruner")?, "pruner", &tables.pruners, "none", &[])?,
        executor: parts::executor(section("executor")?, kind)?,
    };
    config.enqueue = enqueue::read(&section("sampler")?, &config)?;
    Ok(config)
}

/// What gives a trial its score.
fn objective_kind(section: &Section<'_>) -> Result<ObjectiveKind, ConfigError> {
    let words = ObjectiveKind::ALL.map(ObjectiveKind::word);
    let word = section.word("kind", "objective", &words, ObjectiveKind::default().word())?;
    Ok(ObjectiveKind::ALL.into_iter().find(|kind| kind.word() == word).unwrap_or_default())
}

/// Refuses tables and keys of the other kind of objective.
fn misplaced(kind: ObjectiveKind, top: &Section<'_>, own: &Section<'_>) -> Result<(), ConfigError> {
    let (tables, keys, has) = match kind {
        ObjectiveKind::Network => {
            (&["space"][..], OWN.2, "networks have a space and a direction of their own")
        }
        ObjectiveKind::Command => (OF_NETWORKS, OWN.1, "a program has its parameters in [space]"),
    };
    let placed = tables.iter().map(|name| (top, *name)).chain(keys.iter().map(|key| (own, *key)));
    for (section, key) in placed {
        let Some(field) = section.get(key) else { continue };
        let message = format!("`{}` has no effect where `objective.kind` is \"{}\"", field.name, kind.word());
        let remedy = match kind {
            ObjectiveKind::Network => {
                format!("remove it ({has}), or add `[objective]` with `kind = \"command\"`")
            }
            ObjectiveKind::Command => format!("remove it: {has}"),
        };
        return Err(ConfigError::at(section.origin_of(key), message, remedy));
    }
    Ok(())
}

/// What trials are selected on.
fn select_on(own: &Section<'_>) -> Result<SelectOn, ConfigError> {
    let words = SelectOn::ALL.map(SelectOn::word);
    let word = own.word("select_on", "part of the data", &words, SelectOn::default().word())?;
    Ok(SelectOn::ALL.into_iter().find(|on| on.word() == word).unwrap_or_default())
}

/// What scores a trial: what the file says, or what is usual for the task.
fn metric<'t>(own: &Section<'_>, task: Task, tables: &'t Tables) -> Result<&'t MetricKind, ConfigError> {
    let usual = match task {
        Task::Regression => "mse",
        Task::Binary | Task::MultiLabel => "auroc",
        Task::MultiClass => "balanced-accuracy",
    };
    let names: Vec<&'static str> = tables.metrics.iter().map(|m| m.name).collect();
    let name = own.word("metric", "metric", &names, usual)?;
    let Some(metric) = tables.metrics.iter().find(|m| m.name == name) else {
        return Err(missing_row(own, "metric", name));
    };
    if metric.tasks.contains(&task) {
        return Ok(metric);
    }
    let fitting: Vec<&str> =
        tables.metrics.iter().filter(|m| m.tasks.contains(&task)).map(|m| m.name).collect();
    let message = format!("the metric `{name}` can't score the task `{}`", task.name());
    let origin = own.get("metric").map_or(own.origin().clone(), |field| field.node.origin.clone());
    Err(ConfigError::at(&origin, message, one_of(&fitting)))
}

/// The names of baselines, each once; `all` and `none` stand for a list.
fn baselines(field: &Field<'_>, tables: &Tables) -> Result<Vec<String>, ConfigError> {
    let owned = |names: &[&'static str]| names.iter().map(|name| (*name).to_owned()).collect();
    if let Content::Text(word) = &field.node.content {
        return match word.as_str() {
            "all" => Ok(owned(&tables.baselines)),
            "none" => Ok(Vec::new()),
            _ => {
                let words: Vec<_> =
                    ["all", "none"].into_iter().chain(tables.baselines.iter().copied()).collect();
                field.word("baseline", &words).map(|name| vec![name.to_owned()])
            }
        };
    }
    let mut names: Vec<&'static str> = Vec::new();
    for item in field.items(r#"a list of baselines such as `["gblup"]`, "all" or "none""#)? {
        let name = item.word("baseline", &tables.baselines)?;
        if names.contains(&name) {
            return Err(item
                .node
                .error(format!("`{}` lists {} twice", field.name, quoted(name)), "remove one"));
        }
        names.push(name);
    }
    Ok(owned(&names))
}

/// Reads only where the data come from.
pub(super) fn data_source(root: &Node, tables: &Tables) -> Result<DataSource, ConfigError> {
    let top = Section::open("", root)?.only(SECTIONS, "the study file")?;
    data::source(&top.need("data", "[data]")?.section()?, tables)
}

/// The study's name: as given, or the file's stem. It becomes a folder's name, so nothing in it may
/// lead out of the store.
fn name(section: &Section<'_>, file: &Path) -> Result<String, ConfigError> {
    const ALLOWED: &str = "letters, digits, `-`, `_` and `.`, no `.` in front, at most 100";
    let is_fit = |name: &str| {
        let known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !name.is_empty() && name.len() <= 100 && !name.starts_with('.') && name.chars().all(known)
    };
    if let Some(field) = section.get("name") {
        let name = field.text()?;
        return if is_fit(name) { Ok(name.to_owned()) } else { Err(field.wrong(ALLOWED)) };
    }
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    if is_fit(&stem) {
        return Ok(stem.into_owned());
    }
    let message = format!("the file's name {} can't be the study's name: it holds {ALLOWED}", quoted(&stem));
    Err(ConfigError::at(section.origin(), message, "add a line such as `name = \"pig_ebv\"` to `[study]`"))
}

/// The row that `key` names, or the default one.
fn kind<'t>(
    section: &Section<'_>,
    key: &str,
    what: &str,
    rows: &'t [Kind],
    default: &'static str,
) -> Result<&'t Kind, ConfigError> {
    let names: Vec<&'static str> = rows.iter().map(|row| row.name).collect();
    let name = section.word(key, what, &names, default)?;
    rows.iter().find(|row| row.name == name).ok_or_else(|| missing_row(section, what, name))
}

fn missing_row(section: &Section<'_>, what: &str, name: &str) -> ConfigError {
    let message = format!("this program has no {what} `{name}`, which is the default");
    ConfigError::at(section.origin(), message, format!("name another {what}"))
}

/// The values of a row's settings: those that the file gives, and the row's own for the others.
/// `own` are the table's keys that are no settings.
fn settings(section: Section<'_>, what: &str, row: &Kind, own: &[&str]) -> Result<Settings, ConfigError> {
    let names = row.settings.iter().map(|s| s.name);
    let keys: Vec<&str> = own.iter().copied().chain(names).collect();
    let section = section.only(&keys, &format!("the {what} `{}`", row.name))?;
    let mut settings = Settings::defaults(row.settings);
    for setting in row.settings {
        if let Some(field) = section.get(setting.name) {
            let value = field.admitted(&setting.accepts)?;
            settings.0.insert(setting.name.to_owned(), value);
        }
    }
    Ok(settings)
}
