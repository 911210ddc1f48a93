//! Trials as JSON objects and as the rows of a table.

use super::summary::trial_object;
use super::{Export, ExportError};
use crate::analysis::compare::Ties;
use crate::domain::value::Value;

/// One array of trial objects, those of `show --json`.
pub(super) fn json(export: &Export<'_>) -> Result<String, ExportError> {
    let ties = Ties::of(export.history);
    let objects: Vec<_> =
        export.trials.iter().map(|trial| trial_object(export.history, &ties, trial, export.now)).collect();
    Ok(serde_json::to_string_pretty(&objects)? + "\n")
}

/// A header and one row a trial; what a trial does not have is an empty field.
pub(super) fn csv(export: &Export<'_>) -> Result<String, ExportError> {
    let names: Vec<&str> =
        export.history.study().space.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = ["id", "state", "score", "spread"].into_iter();
    let header = header.chain(names.iter().copied()).chain([
        "epochs",
        "seconds",
        "seed",
        "tied",
        "selected_on",
        "pinned",
        "annotation",
    ]);
    writer.write_record(header).map_err(refused)?;
    let ties = Ties::of(export.history);
    let number = |v: Option<f64>| v.map_or_else(String::new, |v| v.to_string());
    for trial in export.trials {
        let mut row = vec![
            trial.id.to_string(),
            trial.state.word().to_owned(),
            number(trial.score),
            number(trial.spread()),
        ];
        row.extend(names.iter().map(|name| trial.params.get(*name).map_or_else(String::new, exact)));
        row.extend([
            trial.epochs().to_string(),
            trial.seconds(export.now).to_string(),
            trial.seed.to_string(),
            ties.of_trial(trial.id).map_or_else(String::new, |paired| paired.tied().to_string()),
            export.history.study().select_on.word().to_owned(),
            trial.pinned.to_string(),
            trial.annotation.clone(),
        ]);
        writer.write_record(&row).map_err(refused)?;
    }
    let bytes = writer.into_inner().map_err(refused)?;
    String::from_utf8(bytes).map_err(refused)
}

/// A value with all its digits, unlike what the screen shows.
fn exact(value: &Value) -> String {
    match value {
        Value::Float(v) => format!("{v:?}"),
        Value::Bool(_) | Value::Int(_) | Value::Text(_) => value.to_string(),
    }
}

fn refused(error: impl std::fmt::Display) -> ExportError {
    ExportError::Csv(error.to_string())
}
