//! What a study file may name: the names and settings of the crate's tables.

use crate::baseline::BASELINES;
use crate::dataset::FORMATS;
use crate::dataset::simulate::PRESETS;
use crate::domain::direction::Direction;
use crate::domain::setting::{Setting, Variant};
use crate::domain::table::Row;
use crate::domain::task::Task;
use crate::model::MODELS;
use crate::pruner::PRUNERS;
use crate::sampler::SAMPLERS;
use crate::train::TRAIN;
use crate::train::metric::METRICS;

/// A row of a table, without what builds it.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its name in the study file.
    pub name: &'static str,
    /// Its settings.
    pub settings: &'static [Setting],
    /// Named sets of values for them; of models only.
    pub variants: &'static [Variant],
}

/// A metric, without what computes it.
#[derive(Debug, Clone, Copy)]
pub struct MetricKind {
    /// Its name in the study file.
    pub name: &'static str,
    /// Whether a smaller or larger score is better.
    pub direction: Direction,
    /// The tasks that it scores.
    pub tasks: &'static [Task],
}

/// The tables that a study file is checked against.
#[derive(Debug, Clone)]
pub struct Tables {
    /// Samplers.
    pub samplers: Vec<Kind>,
    /// Pruners.
    pub pruners: Vec<Kind>,
    /// Models.
    pub models: Vec<Kind>,
    /// Presets of simulated populations.
    pub presets: Vec<Kind>,
    /// What is predicted in each of these.
    pub tasks: Vec<(&'static str, Task)>,
    /// Metrics that a study may be scored by.
    pub metrics: Vec<MetricKind>,
    /// The settings of training.
    pub train: &'static [Setting],
    /// Baselines.
    pub baselines: Vec<&'static str>,
    /// Genotype formats.
    pub formats: Vec<&'static str>,
}

impl Tables {
    /// The tables of this crate.
    pub fn of_crate() -> Self {
        Tables {
            samplers: kinds(SAMPLERS),
            pruners: kinds(PRUNERS),
            models: MODELS
                .iter()
                .map(|row| Kind { name: row.name, settings: row.settings, variants: row.build.variants })
                .collect(),
            presets: kinds(PRESETS),
            tasks: PRESETS.iter().map(|row| (row.name, row.build.task)).collect(),
            // What has no direction can't choose between trials.
            metrics: METRICS
                .iter()
                .filter_map(|m| Some(MetricKind { name: m.name, direction: m.direction?, tasks: m.tasks }))
                .collect(),
            train: TRAIN,
            baselines: BASELINES.iter().map(|row| row.name).collect(),
            formats: FORMATS.iter().map(|row| row.name).collect(),
        }
    }
}

fn kinds<B>(rows: &'static [Row<B>]) -> Vec<Kind> {
    rows.iter().map(|row| Kind { name: row.name, settings: row.settings, variants: &[] }).collect()
}
