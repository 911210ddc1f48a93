//! Random search: uniform draws, without repeats where the space has other points.

use super::cube::draw_unseen;
use super::{Sampler, SamplerError, SamplerRow, Suggestion};
use crate::domain::history::History;
use crate::domain::seed::{Rng, derive};
use crate::domain::space::SearchSpace;

/// Its row in the table of samplers.
pub const ROW: SamplerRow = SamplerRow {
    name: "random",
    help: "uniform draws (Bergstra & Bengio 2012): the baseline",
    settings: &[],
    build: |_| Box::new(Random),
};

struct Random;

impl Sampler for Random {
    fn ask(&mut self, space: &SearchSpace, history: &History, seed: u64) -> Result<Suggestion, SamplerError> {
        let params = draw_unseen(space, history, &mut Rng::new(derive(seed, ROW.name, 0)));
        Ok(Suggestion::by(ROW.name, params).because("a uniform draw".into()))
    }
}
