//! One trial as a study file of its own.

use super::{Export, ExportError};
use crate::config::study::ObjectiveConfig;
use crate::config::write;

/// A study file in which every parameter has the trial's value and the training has its seed.
///
/// Relative paths stay as they were: relative to the folder in which tune-tui is started.
pub(super) fn export(export: &Export<'_>) -> Result<String, ExportError> {
    let [trial] = export.trials else {
        return Err(ExportError::NotOne(export.trials.len()));
    };
    let Some(score) = trial.score else {
        return Err(ExportError::NotComplete { id: trial.id, state: trial.state.word() });
    };
    let config = export.config.fixed_to(trial);
    let spread = trial.spread().map_or_else(String::new, |sd| format!(" ± {sd:?} (standard deviation)"));
    let caution = export.history.study().caution();
    let caution = caution.map(|words| {
        format!("# {words}: the score flatters, because the best of several was chosen by it.\n")
    });
    let (id, study, metric) = (trial.id, &export.config.name, &export.config.metric);
    let (folds, place, again) = match export.config.objective {
        ObjectiveConfig::Network(_) => (
            format!(" over {} fold(s)", trial.folds.len()),
            "Start it where the study was started, so that relative paths hold:",
            "trains",
        ),
        ObjectiveConfig::Command(_) => (String::new(), "Start it with:", "runs"),
    };
    Ok(format!(
        "# Trial {id} of the study {study}: {metric} {score:?}{spread}{folds}.\n{caution}\
         # Written by `tune-tui export`. {place}\n\
         #     tune-tui run FILE --headless\n\
         # `tune-tui export --verify` {again} it again and compares the score.\n\n{toml}",
        caution = caution.unwrap_or_default(),
        toml = write::toml(&config),
    ))
}
