//! What of a stored study may not change.

use super::StudyError;
use crate::domain::event::{ObjectiveKind, StudySpec};
use crate::domain::space::SearchSpace;

/// A stored study goes on only with what decided its scores; the sampler may change. `created` is the space that the
/// study file had: ranges may have been changed since.
///
/// # Errors
/// What differs.
pub(super) fn refuse_change(
    stored: &StudySpec,
    created: &SearchSpace,
    wanted: &StudySpec,
) -> Result<(), StudyError> {
    let (model, rest) = match stored.objective {
        ObjectiveKind::Network => {
            ("the model or its settings", "the split, the trait's scale or the training")
        }
        ObjectiveKind::Command => (
            "the program (objective.run) or what is passed to it",
            "how the program is called (objective.run, objective.environment)",
        ),
    };
    let differences = [
        ("the kind of objective", stored.objective != wanted.objective),
        ("the seed", stored.seed != wanted.seed),
        ("the metric", stored.metric != wanted.metric),
        ("the direction", stored.direction != wanted.direction),
        (model, stored.model != wanted.model || stored.fixed != wanted.fixed),
        ("the number of replicates of the search", stored.replicates != wanted.replicates),
        ("the search space", *created != wanted.space),
        ("the folds or epochs", (stored.folds, stored.epochs) != (wanted.folds, wanted.epochs)),
        ("the data (files, trait, quality control)", stored.fingerprint.data != wanted.fingerprint.data),
        (rest, stored.fingerprint != wanted.fingerprint),
    ];
    let Some((changed, _)) = differences.iter().find(|(_, differs)| *differs) else { return Ok(()) };
    let changed = setting(stored, wanted).unwrap_or_else(|| (*changed).to_owned());
    Err(StudyError::Changed { name: stored.name.clone(), changed })
}

/// The first fixed parameter that is another one now, with both its values.
fn setting(stored: &StudySpec, wanted: &StudySpec) -> Option<String> {
    let mut names = stored.fixed.keys().chain(wanted.fixed.keys());
    let name = names.find(|name| stored.fixed.get(*name) != wanted.fixed.get(*name))?;
    let value = |spec: &StudySpec| spec.fixed.get(name).map_or("not fixed".into(), ToString::to_string);
    Some(format!("`{name}` ({} then, {} now)", value(stored), value(wanted)))
}
