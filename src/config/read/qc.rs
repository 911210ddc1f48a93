//! `data.qc`.

use crate::config::error::ConfigError;
use crate::config::section::Section;
use crate::dataset::QualityControl;

const KEYS: &[&str] = &["maf", "missing", "individual_missing", "hwe", "chromosomes", "exclude_chromosomes"];

pub(super) fn read(section: &Section<'_>) -> Result<QualityControl, ConfigError> {
    let Some(field) = section.get("qc") else { return Ok(QualityControl::default()) };
    let table = field.section()?.only(KEYS, "the table `data.qc`")?;
    let below = |key: &str, limit: f64, expected: &str| {
        let Some(field) = table.get(key) else { return Ok(None) };
        let value = field.float()?;
        if (0.0..limit).contains(&value) { Ok(Some(value)) } else { Err(field.wrong(expected)) }
    };
    const FRACTION: &str = "a fraction of at least 0 and below 1";
    let names = |key: &str| table.get(key).map_or(Ok(Vec::new()), |field| field.names());
    Ok(QualityControl {
        maf: below("maf", 0.5, "a frequency of at least 0 and below 0.5")?.unwrap_or(0.0),
        missing: below("missing", 1.0, FRACTION)?,
        individual_missing: below("individual_missing", 1.0, FRACTION)?,
        hwe: below("hwe", 1.0, "a p-value of at least 0 and below 1, such as 1e-6")?,
        chromosomes: names("chromosomes")?,
        exclude_chromosomes: names("exclude_chromosomes")?,
    })
}
