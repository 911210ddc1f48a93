//! What a person may choose while a study runs: samplers and pruners of the tables, numbers of workers, ranges.

use std::collections::BTreeMap;

use super::{cores, layout_of};
use crate::config::did_you_mean;
use crate::config::study::{Part, StudyConfig};
use crate::domain::event::{Asked, Method, REPEATS, StudySpec};
use crate::domain::setting::{Accepts, Setting, Settings};
use crate::domain::space::{Distribution, SearchSpace};
use crate::domain::table::{self, Row};
use crate::domain::value::Params;
use crate::executor::Layout;
use crate::model::{LEARNING_RATE, MODELS};
use crate::pruner::{PRUNERS, Pruner};
use crate::sampler::{SAMPLERS, Sampler};
use crate::study::{Made, Maker};
use crate::train::TRAIN;
use crate::tui::Menu;

/// Most workers that a program may have.
const MOST_WORKERS: usize = 1000;

/// What a person may choose from; where the study is stored and how it is resumed is for the caller to say.
pub fn menu(config: &StudyConfig) -> Menu {
    let is_network = config.network().is_some();
    Menu {
        zone: super::zone::local(),
        samplers: SAMPLERS.iter().map(|row| (row.name, row.help)).collect(),
        pruners: PRUNERS.iter().map(|row| (row.name, row.help)).collect(),
        limits: limits(config),
        slots: if is_network { cores() } else { MOST_WORKERS },
        ..Menu::default()
    }
}

/// What the study file, with the command line's changes in it, asks for.
pub(super) fn asked(config: &StudyConfig) -> Asked {
    Asked {
        trials: config.all_trials(),
        workers: config.executor.workers,
        sampler: Some(method(&config.sampler, SAMPLERS)),
        pruner: Some(method(&config.pruner, PRUNERS)),
    }
}

/// A part as a person would name it: with the settings that are not the usual ones.
fn method<B>(part: &Part, rows: &'static [Row<B>]) -> Method {
    let usual =
        table::find(rows, &part.kind).map_or(Settings::default(), |row| Settings::defaults(row.settings));
    let own = part.settings.0.iter().filter(|(name, value)| usual.0.get(*name) != Some(*value));
    Method { kind: part.kind.clone(), settings: own.map(|(n, v)| (n.clone(), v.clone())).collect() }
}

/// Makes the parts of a study that a person changes.
pub(super) struct Shop {
    limits: BTreeMap<String, (f64, f64)>,
    is_network: bool,
    threads: Option<usize>,
}

impl Shop {
    /// Of the study that `config` describes.
    pub(super) fn of(config: &StudyConfig) -> Self {
        let is_network = config.network().is_some();
        Shop { limits: limits(config), is_network, threads: config.executor.threads }
    }
}

impl Maker for Shop {
    fn sampler(
        &self,
        wanted: &Method,
        space: &SearchSpace,
        trials: usize,
    ) -> Result<Made<Box<dyn Sampler>>, String> {
        let (row, settings, method) = chosen(SAMPLERS, "sampler", wanted)?;
        let part = (row.build)(&settings);
        let plan = part.plan(space, trials).map_err(|e| e.to_string())?;
        Ok(Made { part, method, plan })
    }

    fn pruner(&self, wanted: &Method, study: &StudySpec) -> Result<Made<Box<dyn Pruner>>, String> {
        let (row, settings, method) = chosen(PRUNERS, "pruner", wanted)?;
        let part = (row.build)(&settings);
        let plan = part.plan(study);
        Ok(Made { part, method, plan })
    }

    fn layout(&self, workers: usize) -> Layout {
        layout(workers, self.threads, self.is_network.then(cores))
    }

    fn limits(&self) -> &BTreeMap<String, (f64, f64)> {
        &self.limits
    }
}

/// So many workers on so many cores; as many as are wanted where `cores` is `None`. `threads` is what the study file
/// says of each: at most that many, since a person who wants more workers wants them to have fewer.
fn layout(workers: usize, threads: Option<usize>, cores: Option<usize>) -> Layout {
    let Some(cores) = cores else {
        let slots = workers.clamp(1, MOST_WORKERS);
        return layout_of(slots, threads.unwrap_or((super::cores() / slots).max(1)), false);
    };
    let slots = workers.clamp(1, cores);
    let share = cores / slots;
    Layout { slots, threads: threads.map_or(share, |most| most.clamp(1, share)), cores }
}

/// The row that is named, with its settings.
pub(super) fn chosen<B>(
    rows: &'static [Row<B>],
    what: &str,
    wanted: &Method,
) -> Result<(&'static Row<B>, Settings, Method), String> {
    let row = table::find(rows, &wanted.kind).ok_or_else(|| {
        let near = did_you_mean(&wanted.kind, rows.iter().map(|row| row.name));
        let names: Vec<&str> = rows.iter().map(|row| row.name).collect();
        format!("there is no {what} `{}`{near}; there are {}", wanted.kind, names.join(", "))
    })?;
    let mut given = Params::new();
    for (name, value) in &wanted.settings {
        let Some(setting) = row.settings.iter().find(|setting| setting.name == name) else {
            let near = did_you_mean(name, row.settings.iter().map(|setting| setting.name));
            return Err(format!("the {what} `{}` has no setting `{name}`{near}", row.name));
        };
        let value = setting.accepts.admit(value);
        let wrong = |expected| format!("`{name}` can't be {}, expected {expected}", wanted.settings[name]);
        given.insert(name.clone(), value.map_err(wrong)?);
    }
    let mut settings = Settings::defaults(row.settings);
    settings.0.extend(given.clone());
    Ok((row, settings, Method { kind: wanted.kind.clone(), settings: given }))
}

/// The widest ranges of a study's searched numbers: what their tables accept. A program's have no limits.
fn limits(config: &StudyConfig) -> BTreeMap<String, (f64, f64)> {
    let Some(network) = config.network() else { return BTreeMap::new() };
    let kinds = &network.model.kinds;
    let plain: &[(&str, &[Setting])] = &[("", &[LEARNING_RATE]), ("", TRAIN)];
    let own = kinds.iter().filter_map(|kind| table::find(MODELS, kind));
    let own = own.map(|row| (if kinds.len() == 1 { "" } else { row.name }, row.settings));
    let tables: Vec<(&str, &[Setting])> = plain.iter().copied().chain(own).collect();
    let mut limits = BTreeMap::new();
    for parameter in &config.parameters().space.parameters {
        let range = match parameter.distribution {
            Distribution::Float { low, high, .. } => (low, high),
            Distribution::Int { low, high, .. } => (low as f64, high as f64),
            Distribution::Choice { .. } => continue,
        };
        let found = tables.iter().find_map(|(prefix, table)| {
            let called = |setting: &&Setting| match *prefix {
                "" => setting.name == parameter.name,
                prefix => parameter.name == format!("{prefix}.{}", setting.name),
            };
            table.iter().find(called).map(|setting| (setting, *table))
        });
        limits.extend(found.map(|(setting, table)| (parameter.name.clone(), limit(setting, table, range))));
    }
    limits
}

/// The widest range of a setting that a study searches in `range`.
fn limit(setting: &Setting, table: &[Setting], range: (f64, f64)) -> (f64, f64) {
    // Others have an effect by its value: of values that the study was not made for, they have none to have.
    if table.iter().any(|other| other.when.is_some_and(|when| when.setting == setting.name)) {
        return range;
    }
    let (least, most) = match setting.accepts {
        Accepts::Int { min, max } | Accepts::IntOr { min, max, .. } => (min as f64, max as f64),
        Accepts::Float { min, max } | Accepts::FloatOr { min, max, .. } => (min, max),
        Accepts::Bool | Accepts::Word(_) => range,
    };
    // The course of all trials is as long as the longest that the study was made for.
    let most = if ["epochs", REPEATS].contains(&setting.name) { range.1 } else { most };
    (least, most)
}

#[cfg(test)]
mod tests;
