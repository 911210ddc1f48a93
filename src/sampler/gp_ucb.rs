//! Bayesian optimisation with a Gaussian process and the upper confidence bound, as Waldmann et al.
//! (2020) tuned their networks: a design to start with, then the maximum of κ sd − mean of the cost
//! (Srinivas et al. 2010).

use super::gp::{Gp, Rule};
use super::observed::Observed;
use super::{Sampler, SamplerError, SamplerRow, Suggestion};
use crate::domain::history::History;
use crate::domain::insight::{Insight, Question};
use crate::domain::setting::{Accepts, Is, Preset, Setting};
use crate::domain::space::SearchSpace;
use crate::numeric::kernel::Shape;

/// Its row in the table of samplers.
pub const ROW: SamplerRow = SamplerRow {
    name: "gp-ucb",
    help: "Bayesian optimisation: Gaussian process and upper confidence bound (Srinivas et al. 2010); where \
           parameters depend on a choice, some turns go to the least-tried value",
    settings: &[
        Setting::new(
            "startup",
            Accepts::Int { min: 1, max: 1000 },
            Preset::Int(8),
            "scored trials of a Latin hypercube before the first suggestion of the process",
        ),
        Setting::new(
            "kernel",
            Accepts::Word(&["matern", "rbf"]),
            Preset::Word("matern"),
            "of functions that are twice differentiable (Matérn-5/2), or smooth (squared exponential)",
        ),
        Setting::new(
            "acquisition",
            Accepts::Word(&["ucb", "ei", "log-ei", "thompson"]),
            Preset::Word("ucb"),
            "what is maximised: upper confidence bound, (logarithm of) expected improvement, a posterior draw",
        ),
        Setting::new(
            "beta",
            Accepts::Word(&["fixed", "theory"]),
            Preset::Word("fixed"),
            "the bound's weight: `kappa`, or one that grows as the theory says, which explores much more",
        )
        .when("acquisition", Is::OneOf(&["ucb"])),
        Setting::new(
            "kappa",
            Accepts::Float { min: 0.0, max: 100.0 },
            Preset::Float(2.0),
            "weight of the standard deviation: larger explores more",
        )
        .when("beta", Is::OneOf(&["fixed"])),
        Setting::new(
            "restarts",
            Accepts::Int { min: 1, max: 1000 },
            Preset::Int(6),
            "local searches for the maximum of the bound",
        ),
    ],
    build: |settings| {
        let rule = match settings.word("acquisition") {
            "ei" => Rule::Ei,
            "log-ei" => Rule::LogEi,
            "thompson" => Rule::Thompson,
            _ if settings.word("beta") == "theory" => Rule::TheoreticUcb,
            _ => Rule::Ucb(settings.float("kappa")),
        };
        let shape = if settings.word("kernel") == "rbf" { Shape::Rbf } else { Shape::Matern };
        let (startup, restarts) = (settings.count("startup"), settings.count("restarts"));
        let gp = Gp { startup, rule, restarts, shape };
        let by = match rule {
            Rule::Ucb(_) | Rule::TheoreticUcb => ROW.name.to_owned(),
            rule => format!("{} {}", ROW.name, rule.word()),
        };
        Box::new(GpUcb { gp, by })
    },
};

struct GpUcb {
    gp: Gp,
    by: String,
}

impl Sampler for GpUcb {
    fn ask(&mut self, space: &SearchSpace, history: &History, seed: u64) -> Result<Suggestion, SamplerError> {
        let observed = Observed::of(space, history)?;
        self.gp.suggest((&self.by, "gp-ucb startup"), space, history, &observed, seed)
    }

    fn explain(
        &self,
        space: &SearchSpace,
        history: &History,
        question: &Question,
        seed: u64,
    ) -> Result<Option<Insight>, SamplerError> {
        self.gp.explain((space, history), &Observed::of(space, history)?, question, seed)
    }
}
