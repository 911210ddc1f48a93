//! Tables: what users can extend is one new file and one row.

use super::setting::Setting;

/// A row of a table of samplers, pruners, models, ...; `B` is what builds one.
#[derive(Debug, Clone, Copy)]
pub struct Row<B: 'static> {
    /// Its name in the study file.
    pub name: &'static str,
    /// One line for a person, lower case, no full stop.
    pub help: &'static str,
    /// Its settings, in the order in which they are shown.
    pub settings: &'static [Setting],
    /// Makes one.
    pub build: B,
}

/// The row called `name`.
pub fn find<B>(rows: &'static [Row<B>], name: &str) -> Option<&'static Row<B>> {
    rows.iter().find(|row| row.name == name)
}
