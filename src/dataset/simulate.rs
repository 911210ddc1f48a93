//! Simulated populations.

use std::path::Path;

use crate::domain::setting::Settings;
use crate::domain::table::Row;

/// Writes a simulated population: `genotypes.bed/.bim/.fam`, `phenotypes.csv` (columns `id`,
/// `generation`, the trait) and `effects.csv` into a folder, from a seed. The same bytes on every
/// machine.
pub type PresetRow = Row<fn(&Settings, u64, &Path) -> std::io::Result<()>>;

/// Every preset.
pub const PRESETS: &[PresetRow] = &[];
