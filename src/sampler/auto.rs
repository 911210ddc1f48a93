//! The sampler that chooses for itself: by the space and by how much is known of it.
//!
//! A Gaussian process that is asked in turn for the greatest expected improvement and for the lowest
//! confidence bound. Neither is best everywhere: the improvement finds a good region with fewer trials, the
//! bound leaves one that is merely good, and is not misled by lucky scores. Taking turns costs each half of
//! its trials and no more (Hoffman, Brochu & de Freitas 2011 on portfolios).

use super::gp::{Gp, Rule, suggest};
use super::{Sampler, SamplerError, SamplerRow, Suggestion};
use crate::domain::history::History;
use crate::domain::space::SearchSpace;
use crate::numeric::kernel::Shape;

/// Its row in the table of samplers.
pub const ROW: SamplerRow = SamplerRow {
    name: "auto",
    help: "picks by space and number of trials, and says which",
    settings: &[],
    build: |_| Box::new(Auto),
};

/// Trials of the design to start with.
const STARTUP: usize = 8;
/// Local searches for the most promising point.
const RESTARTS: usize = 6;
/// The weight of the standard deviation in the confidence bound.
const KAPPA: f64 = 2.0;

struct Auto;

impl Sampler for Auto {
    fn plan(&self, space: &SearchSpace, trials: usize) -> Result<Option<String>, SamplerError> {
        let how = "a gaussian process, asked in turn for expected improvement and confidence bound";
        let sizes = space.parameters.iter().map(|p| p.distribution.cardinality());
        let points: Option<u64> =
            sizes.into_iter().try_fold(1_u64, |product, size| Some(product.saturating_mul(size?)));
        Ok(Some(match points {
            Some(points) if points <= trials as u64 => format!(
                "auto: at most {points} points for {trials} trials: all of them, the most promising first by {how}"
            ),
            _ => format!("auto: {STARTUP} trials of a latin hypercube, then {how}"),
        }))
    }

    fn ask(&mut self, space: &SearchSpace, history: &History, seed: u64) -> Result<Suggestion, SamplerError> {
        let rule = if history.trials().len().is_multiple_of(2) { Rule::LogEi } else { Rule::Ucb(KAPPA) };
        let gp = Gp { startup: STARTUP, rule, restarts: RESTARTS, shape: Shape::Matern };
        suggest(gp, (&format!("auto: gp {}", rule.word()), "auto: latin hypercube"), space, history, seed)
    }
}
