//! What a study file may name: the names and settings of the crate's tables.

use crate::dataset::FORMATS;
use crate::dataset::simulate::PRESETS;
use crate::domain::direction::Direction;
use crate::domain::setting::Setting;
use crate::domain::table::Row;
use crate::model::MODELS;
use crate::pruner::PRUNERS;
use crate::sampler::SAMPLERS;
use crate::train::metric::METRICS;
use crate::train::optimizer::OPTIMIZERS;

/// A row of a table, without what builds it.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its name in the study file.
    pub name: &'static str,
    /// Its settings.
    pub settings: &'static [Setting],
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
    /// Metrics and their directions.
    pub metrics: Vec<(&'static str, Direction)>,
    /// Optimizers.
    pub optimizers: Vec<&'static str>,
    /// Genotype formats.
    pub formats: Vec<&'static str>,
}

impl Tables {
    /// The tables of this crate.
    pub fn of_crate() -> Self {
        Tables {
            samplers: kinds(SAMPLERS),
            pruners: kinds(PRUNERS),
            models: kinds(MODELS),
            presets: kinds(PRESETS),
            metrics: METRICS.iter().filter_map(|m| Some((m.name, m.direction?))).collect(),
            optimizers: OPTIMIZERS.iter().map(|row| row.name).collect(),
            formats: FORMATS.iter().map(|row| row.name).collect(),
        }
    }
}

fn kinds<B>(rows: &'static [Row<B>]) -> Vec<Kind> {
    rows.iter().map(|row| Kind { name: row.name, settings: row.settings }).collect()
}
