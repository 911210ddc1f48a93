//! `tune-tui check`: read everything, print what would be done, train nothing.

use anyhow::Result;

use super::output::{columns, say};
use super::{Exit, StudyArgs, run};
use crate::config::StudyConfig;
use crate::domain::setting::Settings;
use crate::domain::space::Distribution;
use crate::domain::value::significant;
use crate::wire::{self, Prepared};

/// Prints the data, the folds, the space, the network in the middle of the space, and what it takes.
///
/// # Errors
/// What would also stop the study from starting.
pub fn check(args: &StudyArgs) -> Result<Exit> {
    let config = run::load(args)?;
    let prepared = wire::prepare(&config)?;
    say(&format!("study {}", config.name))?;
    say(&format!("  {} trials, seed {}, scored by {}", config.trials, config.seed, config.metric))?;
    say("data")?;
    for line in prepared.dataset.report().lines() {
        say(&format!("  {line}"))?;
    }
    for warning in prepared.dataset.report().warnings() {
        say(&format!("  warning: {warning}"))?;
    }
    folds(&prepared)?;
    space(&config)?;
    network(&config, &prepared)?;
    cost(&config, &prepared)?;
    Ok(Exit::Done)
}

/// "1 fold", "2 folds".
fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn table(rows: &[Vec<String>]) -> Result<()> {
    columns(rows).iter().try_for_each(|line| say(&format!("  {line}")))
}

fn folds(prepared: &Prepared) -> Result<()> {
    say(&counted(prepared.folds.len(), "fold"))?;
    let sizes = prepared.folds.iter().map(|f| (f.train.len(), f.validation.len()));
    let rows = sizes.enumerate().map(|(i, (train, validation))| {
        vec![
            format!("fold {}", i + 1),
            format!("{train} to train on"),
            format!("{validation} to validate on"),
        ]
    });
    table(&rows.collect::<Vec<_>>())
}

fn space(config: &StudyConfig) -> Result<()> {
    say(&format!("model {}, searched by {}", config.model.kind, config.sampler.kind))?;
    let help = |name: &str| wire::help(&config.model.kind, name).to_owned();
    let searched = config.model.space.parameters.iter();
    let searched = searched.map(|p| vec![p.name.clone(), describe(&p.distribution), help(&p.name)]);
    let fixed = config.model.fixed.iter();
    let fixed = fixed.map(|(name, value)| vec![name.clone(), format!("= {value}"), help(name)]);
    table(&searched.chain(fixed).collect::<Vec<_>>())
}

fn describe(distribution: &Distribution) -> String {
    let scale = |log: &bool| if *log { ", uniform in the logarithm" } else { "" };
    match distribution {
        Distribution::Float { low, high, log } => {
            format!("from {low:?} to {high:?}{}", scale(log))
        }
        Distribution::Int { low, high, log } => format!("whole numbers from {low} to {high}{}", scale(log)),
        Distribution::Choice { choices } => {
            let words: Vec<String> = choices.iter().map(ToString::to_string).collect();
            format!("one of {}", words.join(", "))
        }
    }
}

/// The network at the middle of the space, as a table of its layers.
fn network(config: &StudyConfig, prepared: &Prepared) -> Result<()> {
    let mut settings = config.model.fixed.clone();
    settings.extend(config.model.space.from_unit(&vec![0.5; config.model.space.dimensions()]));
    say("network in the middle of the space")?;
    let layers = match wire::summary(prepared, &Settings(settings)) {
        Ok(layers) => layers,
        // Other points of the space may be fine; the study would fail this trial and go on.
        Err(error) => return say(&format!("  can't be built: {error}")),
    };
    let mut rows = vec![["layer", "output", "weights"].map(str::to_owned).to_vec()];
    for layer in &layers {
        let shape: Vec<String> = layer.output.iter().map(ToString::to_string).collect();
        rows.push(vec![layer.name.clone(), shape.join(" × "), layer.weights.to_string()]);
    }
    table(&rows)?;
    say(&format!("  {} weights in all", layers.iter().map(|l| l.weights).sum::<usize>()))
}

fn cost(config: &StudyConfig, prepared: &Prepared) -> Result<()> {
    let (slots, threads, notice) = wire::slots(&config.executor);
    say("cost")?;
    if let Some(notice) = notice {
        say(&format!("  {notice}"))?;
    }
    let epochs = config.trials * prepared.folds.len() * config.train.epochs;
    say(&format!(
        "  at most {epochs} epochs ({} × {} × {}), {slots} at once, {} each",
        counted(config.trials, "trial"),
        counted(prepared.folds.len(), "fold"),
        counted(config.train.epochs, "epoch"),
        counted(threads, "thread"),
    ))?;
    let snps = prepared.dataset.positions();
    let megabytes = |bytes: usize| significant(bytes as f64 / 1e6, 3);
    say(&format!(
        "  memory: genotypes {} MB, shared; a batch {} MB a slot",
        megabytes(prepared.dataset.resident_bytes()),
        megabytes(config.train.batch * snps * size_of::<f32>()),
    ))
}
