//! `tune-tui export`: the best trials as a study file, JSON or CSV.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::output::{UsageError, complain};
use super::{Exit, ExportArgs, show};
use crate::domain::event::ObjectiveKind;
use crate::domain::history::History;
use crate::domain::trial::Trial;
use crate::export::{self, EXPORTERS, Export};
use crate::storage::journal;
use crate::wire;

/// Writes the best trials; with `--verify` trains the best again and compares its score.
///
/// # Errors
/// No such study or format, no complete trial, a file that can't be written, a score that is not
/// reproduced.
pub fn export(args: &ExportArgs) -> Result<Exit> {
    let Some(exporter) = EXPORTERS.iter().find(|e| e.name == args.format) else {
        let names: Vec<&str> = EXPORTERS.iter().map(|e| e.name).collect();
        bail!(UsageError(format!("unknown format `{}`: choose one of {}", args.format, names.join(", "))));
    };
    if args.verify && exporter.name != "toml" {
        bail!(UsageError("--verify goes with --format toml: only a config can be trained again".into()));
    }
    let store = show::locate(&args.stored)?;
    let history = journal::read(&store)?.history;
    let config = wire::kept_config(&store, &[])?;
    let best = match args.trial {
        Some(id) => vec![show::trial(&history, id)?],
        None => export::best(&history, args.top.max(1)),
    };
    let Some(first) = best.first() else {
        bail!("study `{}` has no complete trial to export yet", history.study().name);
    };
    let export = Export { config: &config, history: &history, trials: &best, now: history.last() };
    let text = (exporter.build)(&export)?;
    if !history.is_done() {
        let finished = history.counts().finished();
        complain(&format!("note: the study goes on: {finished} of {} trials have ended", history.target()));
    }
    write(args, &history, &text)?;
    if args.verify { verify(&history, first, &text) } else { Ok(Exit::Done) }
}

fn write(args: &ExportArgs, history: &History, text: &str) -> Result<()> {
    let path = match args.output.as_deref() {
        Some(path) if path == Path::new("-") => return super::output::data(text.trim_end()),
        Some(path) => path.to_owned(),
        None => wire::export::usual_path(history, None, &args.format),
    };
    wire::export::write(&path, text)?;
    complain(&format!("wrote {}", path.display()));
    Ok(())
}

/// Trains what was written, not what is in memory: a mistake of the exporter shows, too.
fn verify(history: &History, trial: &Trial, exported: &str) -> Result<Exit> {
    let recorded = trial.score.context("the trial has no score")?;
    let program = history.study().objective == ObjectiveKind::Command;
    let doing = if program { "running the program with" } else { "training" };
    complain(&format!("{doing} the exported config of trial {} …", trial.id));
    let again = wire::score_of(exported)?;
    let (id, metric) = (trial.id, &history.study().metric);
    if again.to_bits() == recorded.to_bits() {
        complain(&format!("verified: trial {id}'s {metric} {recorded} is reproduced exactly"));
        return Ok(Exit::Done);
    }
    if program {
        let seed = "it was given the same seed, as TUNE_TUI_SEED";
        bail!("trial {id}'s {metric} is not reproduced: {recorded} was recorded, {again} came out ({seed})");
    }
    bail!(
        "trial {id}'s {metric} is not reproduced: {recorded} was recorded, {again} came out. The data, the \
         program or the kind of processor differ from when it was recorded"
    );
}
