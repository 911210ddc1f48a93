//! `tune-tui predict`: what a model says of individuals.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use super::output::{columns, complain};
use super::{Exit, PredictArgs};
use crate::dataset::Coding;
use crate::domain::task::Task;
use crate::wire::predict::{self, Genotypes, Prediction};

/// Writes predictions as CSV, and on standard error how the markers were matched.
///
/// # Errors
/// A folder without a model, genotypes that do not fit it, a file that can't be written.
pub fn predict(args: &PredictArgs) -> Result<Exit> {
    let genotypes = Genotypes {
        path: args.genotypes.clone(),
        format: args.format.clone(),
        covariates: args.covariates.clone(),
        id_column: args.id_column.clone(),
        by_position: args.by_position,
    };
    let prediction = predict::predict(&args.model, &genotypes)?;
    let rows = prediction.report.rows();
    let rows: Vec<_> =
        rows.into_iter().map(|(what, count)| vec![what.to_owned(), count.to_string()]).collect();
    columns(&rows).iter().for_each(|line| complain(line));
    let report = &prediction.report;
    for (what, names, all) in [
        ("with other alleles", &report.mismatches, report.mismatched),
        ("not in the file", &report.absent, report.missing),
        ("not in the training data", &report.unseen_levels, report.unseen),
    ] {
        if !names.is_empty() {
            let more = if all > names.len() { ", …" } else { "" };
            complain(&format!("{what}: {}{more}", names.join(", ")));
        }
    }
    if report.unchecked > 0 && prediction.model.coding == Coding::Dosages {
        complain(
            "warning: without alleles nobody can tell which one the dosages count: make sure that it is the same as \
             in the training data",
        );
    }
    if let Some(caution) = &prediction.model.caution {
        complain(&format!("warning: the model was {caution}: its test scores are too good"));
    }
    let text = csv(&prediction)?;
    if args.output == Path::new("-") {
        std::io::stdout().lock().write_all(&text)?;
    } else {
        let failed = || format!("failed to write {}", args.output.display());
        std::fs::write(&args.output, &text).with_context(failed)?;
        complain(&format!("wrote {} predictions to {}", prediction.ids.len(), args.output.display()));
    }
    Ok(Exit::Done)
}

/// One row an individual. Real numbers are written so that they read back the same.
fn csv(prediction: &Prediction) -> Result<Vec<u8>> {
    let Prediction { model, ids, mean, spread, .. } = prediction;
    let mut out = csv::Writer::from_writer(Vec::new());
    let probability = |name: &String| format!("probability_{name}");
    let mut header = vec!["id".to_owned()];
    match model.task {
        Task::Regression => header.extend(["prediction", "sd"].map(str::to_owned)),
        Task::Binary | Task::MultiClass => {
            header.push("class".into());
            header.extend(model.classes.iter().map(probability));
            header.push("sd".into());
        }
        Task::MultiLabel => {
            header.extend(model.traits.iter().flat_map(|name| [probability(name), format!("sd_{name}")]));
        }
    }
    out.write_record(&header)?;
    let outputs = mean.len() / ids.len().max(1);
    for (row, id) in ids.iter().enumerate() {
        let own = &mean[row * outputs..(row + 1) * outputs];
        let sd =
            |output: usize| spread.as_ref().map_or(String::new(), |s| s[row * outputs + output].to_string());
        let mut cells = vec![id.clone()];
        match model.task {
            Task::Regression => cells.extend([own[0].to_string(), sd(0)]),
            Task::Binary => {
                cells.push(model.classes[usize::from(own[0] >= 0.5)].clone());
                cells.extend([(1.0 - own[0]).to_string(), own[0].to_string(), sd(0)]);
            }
            Task::MultiClass => {
                let best = (0..outputs).fold(0, |best, k| if own[k] > own[best] { k } else { best });
                cells.push(model.classes[best].clone());
                cells.extend(own.iter().map(ToString::to_string));
                cells.push(sd(best));
            }
            Task::MultiLabel => {
                cells.extend((0..outputs).flat_map(|k| [own[k].to_string(), sd(k)]));
            }
        }
        out.write_record(&cells)?;
    }
    Ok(out.into_inner().map_err(|e| e.into_error())?)
}
