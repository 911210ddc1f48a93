//! Samplers: where in the space to look next.

mod acquisition;
mod auto;
mod belief;
mod candidates;
mod cma_es;
mod cube;
mod features;
mod genetic;
mod genome;
mod gp;
mod gp_ucb;
mod grid;
mod manual;
mod nsga2;
mod observed;
mod random;
mod sobol;
mod surrogate;
mod tpe;
mod warp;

#[cfg(test)]
mod benchmark;
#[cfg(test)]
mod contract;

pub use belief::contour;
use thiserror::Error;

use crate::domain::history::History;
use crate::domain::insight::{Insight, Question};
use crate::domain::setting::Settings;
use crate::domain::space::{SearchSpace, SpaceError};
use crate::domain::table::Row;
use crate::domain::trial::Origin;
use crate::domain::value::Params;

/// Suggests the params of the next trial.
pub trait Sampler: Send {
    /// What a person should know before a study of `trials` trials begins: which method an automatic choice
    /// takes and why, how many points a grid has. Nothing where the name says it all.
    ///
    /// # Errors
    /// Where the sampler can't search such a space; the text says why and what to change.
    fn plan(&self, _space: &SearchSpace, _trials: usize) -> Result<Option<String>, SamplerError> {
        Ok(None)
    }

    /// The next point: a pure function of `space`, `history` and `seed`, so that a sampler rebuilt on
    /// resume asks the same. `&mut` is for caches only. The history holds running and failed trials
    /// too; scores are compared only through the study's direction.
    ///
    /// # Errors
    /// Where no point can be suggested.
    fn ask(&mut self, space: &SearchSpace, history: &History, seed: u64) -> Result<Suggestion, SamplerError>;

    /// What it has in mind along one parameter before it is [asked](Self::ask) for the next trial with the same
    /// `space`, `history` and `seed`, as far as it has a model of the score. Nothing changes by it.
    ///
    /// # Errors
    /// Where the model can't be had; the text says why.
    fn explain(
        &self,
        _space: &SearchSpace,
        _history: &History,
        _question: &Question,
        _seed: u64,
    ) -> Result<Option<Insight>, SamplerError> {
        Ok(None)
    }
}

/// A point to try.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The values of the active parameters.
    pub params: Params,
    /// Where they come from.
    pub origin: Origin,
}

impl Suggestion {
    /// Params that `word` suggests.
    pub fn by(word: &str, params: Params) -> Self {
        Suggestion { params, origin: Origin::by(word) }
    }

    /// The same, for the reason `why`.
    pub fn because(mut self, why: String) -> Self {
        self.origin.why = why;
        self
    }
}

/// Why a sampler has no suggestion.
#[derive(Debug, Error)]
pub enum SamplerError {
    /// All that it would ever suggest has been tried, or is being tried: the study is done.
    #[error("{0}")]
    Exhausted(String),
    /// It can't; the text says why and what to change.
    #[error("{0}")]
    Failed(String),
}

/// Trials of the study are in its space; one from elsewhere may not be.
impl From<SpaceError> for SamplerError {
    fn from(error: SpaceError) -> Self {
        SamplerError::Failed(format!("an imported trial: {error}"))
    }
}

/// A row of the table of samplers.
pub type SamplerRow = Row<fn(&Settings) -> Box<dyn Sampler>>;

/// Every sampler.
pub const SAMPLERS: &[SamplerRow] = &[
    auto::ROW,
    random::ROW,
    sobol::ROW,
    grid::ROW,
    manual::ROW,
    genetic::ROW,
    nsga2::ROW,
    cma_es::ROW,
    tpe::ROW,
    gp_ucb::ROW,
];
