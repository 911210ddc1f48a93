//! `tune-tui simulate`: simulated data as files.

use anyhow::{Context, Result, bail};

use super::output::complain;
use super::{Exit, SimulateArgs};
use crate::config::{self, Tables};
use crate::dataset::simulate::PRESETS;
use crate::domain::table;

/// Writes the data of a preset into a new folder.
///
/// # Errors
/// An unknown preset or setting, a folder that exists, a disk that refuses.
pub fn simulate(args: &SimulateArgs) -> Result<Exit> {
    let (preset, settings) = config::simulation(&args.preset, &args.set, &Tables::of_crate())?;
    let row = table::find(PRESETS, &preset).context("the preset is in the table")?;
    if args.output.exists() {
        bail!("{} exists: give -o a folder that does not, nothing is overwritten", args.output.display());
    }
    row.build
        .write(&settings, args.seed, &args.output)
        .with_context(|| format!("failed to write {}", args.output.display()))?;
    complain(&format!(
        "wrote {}: {}, phenotypes.csv, effects.csv (the truth behind them)",
        args.output.display(),
        row.build.genotypes
    ));
    Ok(Exit::Done)
}
