//! The data of a study of networks, and where these are trained.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use candle_core::Device;

use super::{SIMULATED, row};
use crate::config::StudyConfig;
use crate::config::study::{DataSource, DeviceChoice, NetworkConfig};
use crate::dataset::simulate::{self, PresetRow};
use crate::dataset::{self, Dataset};
use crate::domain::event::Fingerprint;
use crate::domain::setting::Settings;
use crate::domain::task::Task;

/// The data of a study: files of the user, or a simulated population.
///
/// # Errors
/// Where they are unusable.
pub(super) fn load(network: &NetworkConfig) -> Result<Dataset> {
    let data = &network.data;
    let (genotypes, phenotypes, traits) = match &data.source {
        DataSource::Files { genotypes, phenotypes } => {
            (genotypes.clone(), phenotypes.clone(), data.traits.clone())
        }
        DataSource::Simulate { preset, seed, settings } => {
            let row = row(simulate::PRESETS, preset)?;
            let folder = simulated(row, *seed, settings)?;
            let own = || row.build.traits.iter().map(|t| (*t).to_owned()).collect();
            let traits: Vec<String> = if data.traits.is_empty() { own() } else { data.traits.clone() };
            if data.task != Task::MultiLabel && traits.len() > 1 {
                let (task, traits) = (data.task.name(), traits.join(", "));
                bail!("the task `{task}` has one trait: set data.trait to one of {traits}");
            }
            (folder.join(row.build.genotypes), folder.join("phenotypes.csv"), traits)
        }
    };
    Ok(dataset::load(&data.spec(&genotypes, &phenotypes, traits))?)
}

/// The folder of a simulated population, made on first use.
pub(super) fn simulated(row: &PresetRow, seed: u64, settings: &Settings) -> Result<PathBuf> {
    // Settings that differ make another population; the defaults have a plain name.
    let changed = settings.0.iter().filter(|(name, value)| {
        row.settings.iter().any(|s| s.name == name.as_str() && s.preset.value().as_ref() != Some(*value))
    });
    let changes: String = changed.map(|(name, value)| format!("-{name}{value}")).collect();
    let folder = Path::new(SIMULATED).join(format!("{}-{seed}{changes}", row.name));
    let is_there = || folder.join(row.build.genotypes).exists();
    if !is_there()
        && let Err(error) = row.build.write(settings, seed, &folder)
        // Another study that started at the same time may have made the same population first.
        && !is_there()
    {
        let place = folder.display();
        return Err(error).with_context(|| {
            format!("failed to write the simulated population {place}: start in a folder that can be written")
        });
    }
    Ok(folder)
}

/// The data in one line.
pub(super) fn describe(network: &NetworkConfig, dataset: &Dataset) -> String {
    let source = match &network.data.source {
        DataSource::Simulate { preset, .. } => format!(", simulated ({preset})"),
        DataSource::Files { .. } => String::new(),
    };
    let (n, p, unit) = (dataset.individuals(), dataset.positions(), dataset.coding().unit());
    format!("{n} individuals × {p} {unit}, trait {}{source}", dataset.target().names.join(", "))
}

pub(super) fn device(choice: DeviceChoice) -> Result<Device> {
    match choice {
        DeviceChoice::Auto | DeviceChoice::Cpu => Ok(Device::Cpu),
        DeviceChoice::Cuda(_) => {
            bail!("this version trains on the processor only: set executor.device = \"auto\" or leave it out")
        }
    }
}

/// The hashes of what decides a score; `data` is that of the data, where there are any.
pub(super) fn fingerprint(config: &StudyConfig, data: String) -> Fingerprint {
    Fingerprint { data, settings: format!("{:08x}", crc32fast::hash(config.fingerprint_text().as_bytes())) }
}
