//! The `[ensemble]` table.

use crate::config::error::ConfigError;
use crate::config::section::Section;
use crate::config::study::EnsembleConfig;

/// Most searches, configs or networks of each.
const MANY: usize = 1000;

/// How often the search is run, or how many of the best trials predict, where the file does not say.
const USUAL: usize = 5;

pub(super) fn read(section: Section<'_>) -> Result<EnsembleConfig, ConfigError> {
    let kind = section.word("kind", "ensemble", &EnsembleConfig::WORDS, EnsembleConfig::None.name())?;
    let owner = format!("the ensemble `{kind}`");
    match kind {
        "averaged" => {
            let section = section.only(&["kind", "replicates", "refits"], &owner)?;
            let replicates = section.count("replicates", 1..=MANY, USUAL)?;
            Ok(EnsembleConfig::Averaged {
                replicates,
                refits: section.count("refits", 1..=MANY, replicates)?,
            })
        }
        "top" => {
            let section = section.only(&["kind", "top", "refits"], &owner)?;
            let top = section.count("top", 1..=MANY, USUAL)?;
            Ok(EnsembleConfig::Top { top, refits: section.count("refits", 1..=MANY, 1)? })
        }
        _ => section.only(&["kind"], &owner).map(|_| EnsembleConfig::None),
    }
}
