//! `tune-tui simulate`: simulated data as files.

use anyhow::{Context, Result, bail};

use super::output::{columns, complain, say};
use super::{Exit, SimulateArgs};
use crate::config::{self, Tables};
use crate::dataset::properties::{Disequilibrium, Properties};
use crate::dataset::simulate::PRESETS;
use crate::dataset::{self, DataSpec, QualityControl};
use crate::domain::table;
use crate::domain::task::Task;
use crate::domain::value::significant;

/// SNPs are measured whose minor allele frequency is at least this.
const MAF: f64 = 0.01;
/// The seed that pairs of SNPs are drawn from, the same for every population.
const PAIRS: u64 = 1;

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
    let spec = row.build.spec(&args.output);
    // Sequences have no frequencies.
    let maf = if row.build.task == Task::MultiLabel { 0.0 } else { MAF };
    let qc = QualityControl { maf, ..QualityControl::default() };
    let dataset = dataset::load(&DataSpec { qc, ..spec })?;
    if let Some(found) = Properties::of(&dataset, PAIRS) {
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
    say(&format!(
        "{} individuals, {} SNPs with a minor allele frequency of {MAF} or more",
        found.individuals, found.snps
    ))?;
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
