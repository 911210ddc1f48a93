//! `tune-tui simulate`: simulated data as files.

use anyhow::{Context, Result, bail};

use super::output::{columns, complain, say};
use super::{Exit, SimulateArgs};
use crate::config::{self, Tables};
use crate::dataset;
use crate::dataset::properties::{Disequilibrium, Properties};
use crate::dataset::simulate::PRESETS;
use crate::domain::table;
use crate::domain::value::significant;

/// Writes the data of a preset into a new folder and prints what came out.
///
/// # Errors
/// An unknown preset or setting, a folder that exists, a disk that refuses.
pub fn simulate(args: &SimulateArgs) -> Result<Exit> {
    let (preset, settings) = config::simulation(&args.preset, &args.set, &Tables::of_crate())?;
    let row = table::find(PRESETS, &preset).context("the preset is in the table")?;
    if args.output.exists() {
        bail!("{} exists: give -o a folder that does not, nothing is overwritten", args.output.display());
    }
    let realised = row
        .build
        .write(&settings, args.seed, &args.output)
        .with_context(|| format!("failed to write {}", args.output.display()))?;
    complain(&format!(
        "wrote {}: {}, phenotypes.csv, effects.csv (the truth behind them)",
        args.output.display(),
        row.build.genotypes
    ));
    let dataset = dataset::load(&row.build.spec(&args.output))?;
    if let Some(found) = Properties::of(&dataset, args.seed) {
        properties(&found)?;
    }
    let rows = realised.into_iter().map(|r| vec![r.trait_name.to_owned(), r.what, figure(r.value)]);
    let rows: Vec<Vec<String>> = rows.collect();
    if !rows.is_empty() {
        say("traits, as they came out")?;
        columns(&rows).iter().try_for_each(|line| say(&format!("  {line}")))?;
    }
    Ok(Exit::Done)
}

/// The SNPs' frequencies and linkage disequilibrium.
fn properties(found: &Properties) -> Result<()> {
    say(&format!("{} individuals, {} SNPs that vary", found.individuals, found.snps))?;
    let spectrum: Vec<String> = found.spectrum.iter().map(ToString::to_string).collect();
    say(&format!("  minor allele frequency {:.3} on average; SNPs in classes of .05:", found.mean_maf))?;
    say(&format!("  {}", spectrum.join(" ")))?;
    say("linkage disequilibrium: mean r² of pairs of SNPs")?;
    let row = |ld: &Disequilibrium| vec![ld.distance.clone(), figure(ld.r2), format!("{} pairs", ld.pairs)];
    let rows: Vec<Vec<String>> = found.ld.iter().filter(|ld| ld.pairs > 0).map(row).collect();
    columns(&rows).iter().try_for_each(|line| say(&format!("  {line}")))
}

fn figure(value: f64) -> String {
    significant(value, 4)
}
