//! Pure functions of the history: what the screens and reports show.

pub mod agreement;
pub mod average;
pub mod best;
pub mod compare;
pub mod distribution;
pub mod expectation;
pub mod family;
pub mod generations;
pub mod human;
pub mod importance;
pub mod parameters;
pub mod pareto;
pub mod profile;
pub mod progress;
pub mod side_by_side;
pub mod survey;
#[cfg(test)]
pub(crate) mod testing;
pub mod timeline;
pub mod two_studies;
pub mod versus;
