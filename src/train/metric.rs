//! Metrics: how predictions are scored.

use crate::domain::direction::Direction;

/// A row of the table of metrics.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name in the study file.
    pub name: &'static str,
    /// One line for a person.
    pub help: &'static str,
    /// Whether smaller or larger is better.
    pub direction: Direction,
    /// The score of predictions against observations, both in the trait's own units; NaN where it is
    /// undefined, such as the correlation of a constant.
    pub score: fn(predicted: &[f64], observed: &[f64]) -> f64,
}

/// Every metric.
pub const METRICS: &[Metric] = &[];
