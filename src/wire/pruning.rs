//! What is said of the pruner before a study begins.

use anyhow::Result;

use super::row;
use crate::config::StudyConfig;
use crate::config::study::Part;
use crate::domain::event::StudySpec;
use crate::pruner::PRUNERS;

/// A line about where trials are judged, or that none is; nothing where the pruner's name says it all.
///
/// # Errors
/// A pruner that is not in the table.
pub fn plan(config: &StudyConfig, spec: &StudySpec) -> Result<Option<String>> {
    let Part { kind, settings } = &config.pruner;
    let plan = (row(PRUNERS, kind)?.build)(settings).plan(spec);
    Ok(plan.map(|plan| format!("pruner {kind}: {plan}")))
}
