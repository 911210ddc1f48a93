//! No search: only what is enqueued is tried.

use super::{Sampler, SamplerError, SamplerRow, Suggestion};
use crate::domain::history::History;
use crate::domain::space::SearchSpace;

/// Its row in the table of samplers.
pub const ROW: SamplerRow = SamplerRow {
    name: "manual",
    help: "only the configs of `sampler.enqueue`",
    settings: &[],
    build: |_| Box::new(Manual),
};

struct Manual;

impl Sampler for Manual {
    fn plan(&self, _: &SearchSpace, _: usize) -> Result<Option<String>, SamplerError> {
        Ok(Some("only the configs of `sampler.enqueue` are tried".into()))
    }

    fn ask(&mut self, _: &SearchSpace, _: &History, _: u64) -> Result<Suggestion, SamplerError> {
        Err(SamplerError::Exhausted(
            "all configs of `sampler.enqueue` have been tried: add more of them, or choose another sampler"
                .into(),
        ))
    }
}
