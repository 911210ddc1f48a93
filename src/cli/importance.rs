//! `tune-tui show --importance`: the parameters that matter for the score, and the markers that a trained
//! network looks at.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use super::output::{columns, complain, data, say};
use super::{Exit, ShowArgs, show};
use crate::analysis::importance::{self, Importance};
use crate::dataset::{Dataset, Marker};
use crate::domain::event::ObjectiveKind;
use crate::domain::history::History;
use crate::domain::trial::Trial;
use crate::domain::value::{counted, significant};
use crate::importance::OutputImportance;
use crate::wire;

/// How many markers are listed of each output.
const LISTED: usize = 20;

/// Fewest best trials whose density says something.
const ENOUGH: usize = 5;

/// Prints the importance of the study's parameters and of the best trial's markers; of a trial that is named, or
/// as CSV, the markers alone; as JSON the parameters alone.
///
/// # Errors
/// Where the trial's weights or the study's data are not there any more, and nothing else was asked for.
pub fn importance(store: &Path, history: &History, args: &ShowArgs) -> Result<Exit> {
    if let Some(id) = args.trial {
        return markers(store, history, show::trial(history, id)?, args.csv);
    }
    if args.json {
        data(&serde_json::to_string(&importance::importance(history)?)?)?;
        return Ok(Exit::Done);
    }
    if !args.csv {
        match importance::importance(history) {
            Ok(found) => parameters(&found)?,
            Err(reason) => say(&reason.to_string())?,
        }
        if history.study().objective == ObjectiveKind::Command {
            return Ok(Exit::Done);
        }
    }
    let best = history.incumbent().context("the study has no complete trial yet")?;
    if args.csv {
        return markers(store, history, best, true);
    }
    // The parameters were told: that a network's weights were not kept is no failure.
    if let Err(reason) = markers(store, history, best, false) {
        complain(&format!("note: no importance of markers: {reason}"));
    }
    Ok(Exit::Done)
}

fn parameters(found: &Importance) -> Result<()> {
    let Importance { trials, best, parameters } = found;
    say(&format!("what parameters matter, told from {trials} complete trials"))?;
    let mut rows = vec![["parameter", "PED-ANOVA", "fANOVA", "trials"].map(str::to_owned).to_vec()];
    for parameter in parameters {
        let mark = if parameter.within { " *" } else { "" };
        let fanova = parameter.fanova.map_or("-".to_owned(), |share| format!("{share:.3}{mark}"));
        let ped_anova = format!("{:.3}", parameter.ped_anova);
        rows.push(vec![parameter.parameter.clone(), ped_anova, fanova, parameter.active.to_string()]);
    }
    columns(&rows).iter().try_for_each(|line| say(line))?;
    say(&format!(
        "PED-ANOVA: what sets the {} apart; fANOVA: what explains the score",
        counted(*best, "best trial")
    ))?;
    if parameters.iter().any(|parameter| parameter.within) {
        say("* among the trials that have the parameter")?;
    }
    if parameters.len() > 1 && parameters.iter().any(|p| p.fanova == Some(1.0)) {
        say("a fANOVA of 1 says nothing where a parameter is the only one that those trials have in common")?;
    }
    if *best < ENOUGH {
        let wanted = ENOUGH * 10;
        complain(&format!("note: that is rough: with {wanted} trials the best tenth are {ENOUGH}"));
    }
    Ok(())
}

/// Prints the markers that matter most, or all of them as CSV.
fn markers(store: &Path, history: &History, trial: &Trial, csv: bool) -> Result<Exit> {
    let (dataset, outputs) = wire::importance(store, history, trial)?;
    if csv {
        as_csv(&dataset, &outputs)?;
    } else {
        for output in &outputs {
            top(&dataset, output, trial)?;
        }
    }
    Ok(Exit::Done)
}

/// Name, chromosome and position, empty where they are not known.
fn place(marker: &Marker) -> [String; 3] {
    let position = marker.position.map_or(String::new(), |p| p.to_string());
    [marker.name.clone(), marker.chromosome.clone().unwrap_or_default(), position]
}

fn top(dataset: &Dataset, output: &OutputImportance, trial: &Trial) -> Result<()> {
    let OutputImportance { name, magnitude, contribution, weights, .. } = output;
    let mut order: Vec<usize> = (0..magnitude.len()).collect();
    order.sort_by(|a, b| magnitude[*b].total_cmp(&magnitude[*a]));
    let total: f64 = magnitude.iter().sum();
    say(&format!("trial {}, output {name}: mean |gradient × input| over the validation rows", trial.id))?;
    let mut header =
        ["", "marker", "chromosome", "position", "importance", "share %", "contribution"].to_vec();
    header.extend(weights.iter().map(|_| "output weights"));
    let mut rows = vec![header.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    for (rank, marker) in order.into_iter().take(LISTED).enumerate() {
        let mut row = vec![(rank + 1).to_string()];
        row.extend(place(&dataset.markers()[marker]));
        let share = if total > 0.0 { 100.0 * magnitude[marker] / total } else { 0.0 };
        row.extend([magnitude[marker], share, contribution[marker]].map(|v| significant(v, 4)));
        row.extend(weights.iter().map(|weights| significant(weights[marker], 4)));
        rows.push(row);
    }
    columns(&rows).iter().try_for_each(|line| say(line))
}

fn as_csv(dataset: &Dataset, outputs: &[OutputImportance]) -> Result<()> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record([
        "output",
        "marker",
        "chromosome",
        "position",
        "importance",
        "contribution",
        "output_weights",
    ])?;
    for OutputImportance { name, magnitude, contribution, weights, .. } in outputs {
        for (i, marker) in dataset.markers().iter().enumerate() {
            let [own, chromosome, position] = place(marker);
            let weights = weights.as_ref().map_or(String::new(), |weights| weights[i].to_string());
            let [importance, contribution] = [magnitude[i], contribution[i]].map(|v| v.to_string());
            out.write_record([name.clone(), own, chromosome, position, importance, contribution, weights])?;
        }
    }
    // Not by the table's own writer, whose error would hide that a reader such as `head` has left.
    std::io::stdout().lock().write_all(&out.into_inner().map_err(|e| e.into_error())?)?;
    Ok(())
}
