//! Quasi-random search: a Sobol' sequence, scrambled by the study's seed, point by point. A parameter that is
//! not active at a point leaves its coordinate unused.

use super::cube::{draw_unseen, snap, unless_repeat};
use super::{Sampler, SamplerError, SamplerRow, Suggestion};
use crate::domain::history::History;
use crate::domain::seed::{Rng, derive};
use crate::domain::space::SearchSpace;
use crate::numeric::sobol::{DIMENSIONS, coordinate};

/// Its row in the table of samplers.
pub const ROW: SamplerRow = SamplerRow {
    name: "sobol",
    help: "an evenly spread sequence (Sobol' 1967, scrambled as Owen 1995): better than random where few count",
    settings: &[],
    build: |_| Box::new(Sobol),
};

/// Points of the sequence that are passed over, because trials have them, before one is drawn.
const PASSED: usize = 100;

struct Sobol;

impl Sampler for Sobol {
    fn plan(&self, space: &SearchSpace, _: usize) -> Result<Option<String>, SamplerError> {
        let beyond = space.dimensions().saturating_sub(DIMENSIONS);
        Ok((beyond > 0).then(|| {
            format!(
                "the sequence has {DIMENSIONS} coordinates: the other {beyond} parameters are drawn at random"
            )
        }))
    }

    fn ask(&mut self, space: &SearchSpace, history: &History, seed: u64) -> Result<Suggestion, SamplerError> {
        let (first, own) = (history.trials().len(), derive(history.study().seed, "sobol", 0));
        let point = |index: usize| {
            let coordinate = |d| coordinate(d, index as u32, own);
            snap(space, (0..space.dimensions()).map(coordinate).collect())
        };
        let mut sequence = (first..first + PASSED).map(point);
        let found = sequence.find_map(|point| unless_repeat(space, history, &point));
        let Some(params) = found else {
            let params = draw_unseen(space, history, &mut Rng::new(derive(seed, "sobol draw", 0)));
            let why = format!("a uniform draw: {PASSED} points of the sequence are trials already");
            return Ok(Suggestion::by(ROW.name, params).because(why));
        };
        // What is left of the sequence begins behind the point that was taken.
        let number = first + PASSED - sequence.len();
        Ok(Suggestion::by(ROW.name, params).because(format!("point {number} of the sequence")))
    }
}
