//! Trials from elsewhere, before a study starts.

use std::path::Path;

use anyhow::{Result, bail};

use crate::config::study::StudyConfig;
use crate::domain::event::{Level, StudySpec};
use crate::domain::trial::ImportSource;
use crate::import::Import;
use crate::study::Study;

/// Reads the sources of the study file that are not `known` yet.
///
/// # Errors
/// A source that can't be read, or of which nothing belongs to the study.
pub fn read(config: &StudyConfig, study: &StudySpec, known: &[ImportSource]) -> Result<Vec<Import>> {
    let is_new = |path: &str| known.iter().all(|known| known.source != path);
    let sources = config.warm_start.iter().filter(|source| is_new(&source.path));
    sources.map(|source| Ok(Import::of(source, study)?)).collect()
}

/// Refuses to let the study in `store` learn from its own trials twice.
pub(super) fn refuse_own(config: &StudyConfig, store: &Path) -> Result<()> {
    let Ok(own) = store.canonicalize() else { return Ok(()) };
    for source in &config.warm_start {
        let file = source.file().canonicalize();
        if file.is_ok_and(|file| file.starts_with(&own)) {
            bail!("sampler.warm_start names {}, which is this study itself: take it out", source.path);
        }
    }
    Ok(())
}

/// Takes them in, each with a line in the log.
pub(super) fn record(study: &mut Study, imports: Vec<Import>) -> Result<()> {
    for import in imports {
        let (words, level) = (import.words(), if import.left_out > 0 { Level::Warning } else { Level::Info });
        study.import(import.source, import.trials)?;
        study.note(level, words)?;
    }
    Ok(())
}
