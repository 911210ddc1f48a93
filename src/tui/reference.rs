//! The baselines as the dashboard compares with them.

use super::text;
use crate::domain::history::History;

/// A baseline to be compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// Its name.
    pub name: String,
    /// Its place in the history's baselines.
    pub baseline: usize,
    /// The mean of the study's metric over the folds.
    pub score: f64,
}

/// The baselines with a score in the study's metric, best first.
pub fn references(history: &History) -> Vec<Reference> {
    let study = history.study();
    let scored = history.baselines().iter().enumerate();
    let mut found: Vec<Reference> = scored
        .filter_map(|(baseline, b)| {
            Some(Reference { name: text::clean(&b.baseline), baseline, score: b.mean(&study.metric)? })
        })
        .collect();
    found.sort_by(|a, b| study.direction.compare(a.score, b.score));
    found
}
