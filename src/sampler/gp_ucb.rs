//! Bayesian optimisation with a Gaussian process and the upper confidence bound, as Waldmann et al.
//! (2020) tuned their networks: a design to start with, then the maximum of mean + κ sd of the
//! negated cost (Srinivas et al. 2010), κ = 2.576 by default.

use super::acquisition::Acquisition;
use super::candidates::Search;
use super::cube::{draw_unseen, latin_hypercube, unless_repeat};
use super::observed::Observed;
use super::surrogate::Surrogate;
use super::{Sampler, SamplerError, SamplerRow, Suggestion};
use crate::domain::history::History;
use crate::domain::seed::{Rng, derive};
use crate::domain::setting::{Accepts, Preset, Setting};
use crate::domain::space::SearchSpace;
use crate::domain::value::Params;
use crate::numeric::kernel::Shape;

/// Its row in the table of samplers.
pub const ROW: SamplerRow = SamplerRow {
    name: "gp-ucb",
    help: "Bayesian optimisation: Gaussian process and upper confidence bound (Srinivas et al. 2010)",
    settings: &[
        Setting::new(
            "startup",
            Accepts::Int { min: 1, max: 1000 },
            Preset::Int(15),
            "scored trials of a Latin hypercube before the first suggestion of the process",
        ),
        Setting::new(
            "acquisition",
            Accepts::Word(&["ucb", "ei", "log-ei", "thompson"]),
            Preset::Word("ucb"),
            "what is maximised",
        ),
        Setting::new(
            "kappa",
            Accepts::Float { min: 0.0, max: 100.0 },
            Preset::Float(2.576),
            "weight of the standard deviation: larger explores more",
        ),
        Setting::new(
            "restarts",
            Accepts::Int { min: 1, max: 1000 },
            Preset::Int(8),
            "local searches for the maximum of the bound",
        ),
    ],
    build: |settings| {
        Box::new(GpUcb {
            startup: settings.count("startup"),
            kappa: settings.float("kappa"),
            restarts: settings.count("restarts"),
            acquisition: settings.word("acquisition").to_owned(),
        })
    },
};

struct GpUcb {
    startup: usize,
    kappa: f64,
    restarts: usize,
    acquisition: String,
}

impl Sampler for GpUcb {
    fn ask(&mut self, space: &SearchSpace, history: &History, seed: u64) -> Result<Suggestion, SamplerError> {
        let mut rng = Rng::new(derive(seed, "gp-ucb", 0));
        if space.dimensions() == 0 {
            return Ok(Suggestion::by(ROW.name, Params::new()));
        }
        if scored(space, history)? < self.startup {
            let index = history.trials().len();
            let point = latin_hypercube(space, self.startup, index, history.study().seed);
            let params = unless_repeat(space, history, &point)
                .unwrap_or_else(|| draw_unseen(space, history, &mut rng));
            return Ok(Suggestion::by("gp-ucb startup", params));
        }
        let surrogate = Surrogate::fit(space, history, Shape::Matern, seed)
            .map_err(|e| SamplerError::Failed(format!("gp-ucb: {e}; try sampler `random`")))?;
        let acquisition = match self.acquisition.as_str() {
            "ucb" => Acquisition::Ucb { kappa: self.kappa },
            "ei" => Acquisition::Ei { best: surrogate.best },
            _ => Acquisition::LogEi { best: surrogate.best },
        };
        let search = Search { space, surrogate: &surrogate, acquisition, restarts: self.restarts };
        let ranked = search.run(&mut rng);
        let params = ranked
            .iter()
            .find_map(|candidate| unless_repeat(space, history, &candidate.point))
            .unwrap_or_else(|| draw_unseen(space, history, &mut rng));
        Ok(Suggestion::by(ROW.name, params))
    }
}

/// How many trials of the history have a cost.
fn scored(space: &SearchSpace, history: &History) -> Result<usize, SamplerError> {
    let observed = Observed::of(space, history).map_err(|e| SamplerError::Failed(format!("gp-ucb: {e}")))?;
    Ok(observed.scored.len())
}
