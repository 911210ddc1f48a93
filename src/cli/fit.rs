//! `tune-tui fit`: the final model of a study.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, bail};

use super::output::{UsageError, columns, complain, say};
use super::{Exit, FitArgs, StoredArgs, run, show};
use crate::config::StudyConfig;
use crate::domain::history::History;
use crate::domain::value::significant;
use crate::ensemble::FitError;
use crate::ensemble::report::{Metrics, Report, TestReport};
use crate::storage::journal;
use crate::wire;
use crate::wire::fit::Progress;

/// Trains the final model and writes its folder; prints how well it predicts the test set.
///
/// # Errors
/// No such study, nothing complete, another study's settings, a folder that exists or can't be written.
pub fn fit(args: &FitArgs) -> Result<Exit> {
    let (config, history) = study(args)?;
    let signal = run::signals(true)?;
    let report = match wire::fit::fit(&config, history, &args.output, &Teller { signal }) {
        Ok(report) => report,
        Err(error) => match error.downcast_ref::<FitError>() {
            Some(stopped @ FitError::Stopped) => {
                complain(&stopped.to_string());
                return Ok(Exit::Interrupted);
            }
            _ => return Err(error),
        },
    };
    print(&report)?;
    complain(&format!("wrote {}", args.output.display()));
    Ok(Exit::Done)
}

/// The study's config and its trials; none of an exported config that was not run.
fn study(args: &FitArgs) -> Result<(StudyConfig, Option<History>)> {
    let file = Path::new(&args.study);
    let is_file = file.extension().is_some_and(|e| e == "toml");
    if is_file {
        let config = wire::read_config(file, &args.set)?;
        let store = args.store.store.join(&config.name);
        if journal::path(&store).is_file() {
            return Ok((config, Some(journal::read(&store)?.history)));
        }
        let searched = config.parameters().space.dimensions();
        if searched > 0 {
            bail!(UsageError(format!(
                "study `{}` has {searched} parameters to search and no trials in {}: run it first",
                config.name,
                store.display()
            )));
        }
        return Ok((config, None));
    }
    let stored = StoredArgs { study: args.study.clone(), store: args.store.clone() };
    let store = show::locate(&stored)?;
    Ok((wire::kept_config(&store, &args.set)?, Some(journal::read(&store)?.history)))
}

struct Teller {
    signal: Arc<AtomicUsize>,
}

impl Progress for Teller {
    fn say(&self, line: &str) {
        complain(line);
    }

    fn stops(&self) -> bool {
        self.signal.load(Ordering::Relaxed) != 0
    }
}

fn print(report: &Report) -> Result<()> {
    let Report { study, metric, selected_on, caution, selected, trained_on, test, .. } = report;
    let marked = caution.as_ref().map_or(String::new(), |caution| format!(" ({caution})"));
    let members = test.as_ref().map_or(String::new(), |t| format!("{} networks, ", t.members.len()));
    say(&format!("{study}{marked}: {members}trained on {trained_on} individuals"))?;
    let on = selected_on.word();
    for basis in selected {
        let spread = basis.spread.map_or(String::new(), |s| format!(" ± {}", significant(s, 2)));
        let score = significant(basis.score, 4);
        say(&format!(
            "  params of trial {}, chosen by its {on} {metric} {score}{spread}{marked}",
            basis.trial
        ))?;
    }
    say("  (what was chosen for its score has a score that flatters it)")?;
    match test {
        Some(test) => tested(test, &marked),
        None => say("no test set: nothing says how well it predicts others (`data.test` takes one out)"),
    }
}

fn tested(test: &TestReport, marked: &str) -> Result<()> {
    let TestReport { individuals, ensemble, members, baselines } = test;
    say(&format!("on the {individuals} individuals of the test set{marked}"))?;
    let names: Vec<&String> = ensemble.keys().collect();
    let row = |name: String, metrics: &Metrics| {
        let value = |metric: &&String| metrics.get(*metric).map_or("-".into(), |v| significant(*v, 4));
        std::iter::once(name).chain(names.iter().map(value)).collect::<Vec<_>>()
    };
    let header = std::iter::once("model".to_owned()).chain(names.iter().map(|n| (*n).clone()));
    let mut rows = vec![header.collect::<Vec<_>>()];
    rows.push(row(if members.len() > 1 { "ensemble" } else { "network" }.to_owned(), ensemble));
    if members.len() > 1 {
        rows.extend(members.iter().enumerate().map(|(i, own)| row(format!("  network {}", i + 1), own)));
    }
    rows.extend(baselines.iter().map(|(name, own)| row(name.clone(), own)));
    columns(&rows).iter().try_for_each(|line| say(line))
}
