//! Samplers: where in the space to look next.

mod acquisition;
mod cube;
mod gp_ucb;
mod random;
mod surrogate;

#[cfg(test)]
mod benchmark;
#[cfg(test)]
mod contract;

use thiserror::Error;

use crate::domain::history::History;
use crate::domain::setting::Settings;
use crate::domain::space::SearchSpace;
use crate::domain::table::Row;
use crate::domain::value::Params;

/// Suggests the params of the next trial.
pub trait Sampler: Send {
    /// The next point: a pure function of `space`, `history` and `seed`, so that a sampler rebuilt on
    /// resume asks the same. `&mut` is for caches only. The history holds running and failed trials
    /// too; scores are compared only through the study's direction.
    ///
    /// # Errors
    /// Where no point can be suggested; the text says why and what to change.
    fn ask(&mut self, space: &SearchSpace, history: &History, seed: u64) -> Result<Params, SamplerError>;
}

/// Why a sampler has no suggestion.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct SamplerError(pub String);

/// A row of the table of samplers.
pub type SamplerRow = Row<fn(&Settings) -> Box<dyn Sampler>>;

/// Every sampler.
pub const SAMPLERS: &[SamplerRow] = &[random::ROW, gp_ucb::ROW];
