//! Bayesian optimisation with a Gaussian process: what `gp-ucb` and `auto` have in common. A design to
//! start with, then the most promising point of the surrogate.

use super::acquisition::Acquisition;
use super::candidates::{Candidate, Search};
use super::cube::{draw_unseen, startup, unless_repeat};
use super::observed::Observed;
use super::surrogate::Surrogate;
use super::{SamplerError, Suggestion};
use crate::domain::history::History;
use crate::domain::seed::{Rng, derive};
use crate::domain::space::{Distribution, Parameter, SearchSpace};
use crate::domain::value::Params;
use crate::numeric::kernel::Shape;

/// Every so many trials one is of the branch of the space that was tried least.
const BRANCH_TURN: usize = 5;

/// What is maximised to choose the next point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// The upper confidence bound with this κ.
    Ucb(f64),
    /// The same with the κ of the theory, which grows with the number of trials.
    TheoreticUcb,
    /// The expected improvement.
    Ei,
    /// Its logarithm.
    LogEi,
    /// A draw from the posterior.
    Thompson,
}

impl Rule {
    /// Its word in the study file.
    pub fn word(self) -> &'static str {
        match self {
            Rule::Ucb(_) | Rule::TheoreticUcb => "ucb",
            Rule::Ei => "ei",
            Rule::LogEi => "log-ei",
            Rule::Thompson => "thompson",
        }
    }
}

/// How the search is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gp {
    /// Scored trials of a Latin hypercube before the first suggestion of the process.
    pub startup: usize,
    /// What is maximised.
    pub rule: Rule,
    /// Local searches for its maximum.
    pub restarts: usize,
    /// How correlation falls with distance.
    pub shape: Shape,
}

impl Gp {
    /// The next point after what was `observed` of `history`, and whether it is one of the design to start with.
    ///
    /// # Errors
    /// Where the process can't be fitted.
    pub fn ask(
        &self,
        space: &SearchSpace,
        history: &History,
        observed: &Observed<'_>,
        seed: u64,
    ) -> Result<(Params, bool), SamplerError> {
        let mut rng = Rng::new(derive(seed, "gp", 0));
        if space.dimensions() == 0 {
            return Ok((Params::new(), true));
        }
        let (scored, begun) = (observed.scored.len(), observed.scored.len() + observed.pending.len());
        // With several slots some of the design still run when the process has enough to go on with.
        if begun < self.startup || 2 * scored < self.startup {
            return Ok((startup(space, history, self.startup, &mut rng), true));
        }
        let surrogate = Surrogate::fit(space, observed, self.shape, seed)
            .map_err(|e| SamplerError::Failed(format!("gp: {e}; try sampler `random`")))?;
        let branch = if (history.trials().len() + 1).is_multiple_of(BRANCH_TURN) {
            least_tried_branch(space, observed)
        } else {
            None
        };
        let ranked = self.ranked(&surrogate, space, (scored, branch), &mut rng);
        let apart = ranked.iter().filter(|candidate| !surrogate.is_pending(&candidate.point));
        let params = apart.into_iter().find_map(|candidate| unless_repeat(space, history, &candidate.point));
        Ok((params.unwrap_or_else(|| draw_unseen(space, history, &mut rng)), false))
    }

    /// Points, the most promising first: of a branch, where that is the turn, what improves on its own best.
    fn ranked(
        &self,
        surrogate: &Surrogate,
        space: &SearchSpace,
        (scored, branch): (usize, Option<(usize, f64)>),
        rng: &mut Rng,
    ) -> Vec<Candidate> {
        let best = surrogate.best(|point| branch.is_none_or(|(axis, unit)| point[axis] == unit));
        let acquisition = match self.rule {
            _ if branch.is_some() => Acquisition::LogEi { best },
            Rule::Ucb(kappa) => Acquisition::Ucb { kappa },
            Rule::TheoreticUcb => Acquisition::Ucb { kappa: theoretic_kappa(space, scored) },
            Rule::Ei => Acquisition::Ei { best },
            Rule::LogEi | Rule::Thompson => Acquisition::LogEi { best },
        };
        let search = Search { space, surrogate, acquisition, restarts: self.restarts, held: branch };
        if self.rule == Rule::Thompson { search.draw_posterior(rng) } else { search.run(rng) }
    }
}

/// The choice with the fewest trials among those that other parameters depend on, as an axis and a place on
/// it; `None` where nothing depends on a choice.
///
/// Kinds with parameters of their own have little in common, and the few trials of one that the design had
/// may all have been bad. The process has then no reason ever to try it again while another still
/// improves, if only a little. So each is searched by its own best now and then.
pub fn least_tried_branch(space: &SearchSpace, observed: &Observed) -> Option<(usize, f64)> {
    let parents = space.parameters.iter().enumerate().filter(|(_, parent)| {
        let on_parent = |p: &Parameter| p.when.iter().any(|condition| condition.parameter == parent.name);
        parent.when.is_empty() && space.parameters.iter().any(on_parent)
    });
    let places = parents.flat_map(|(axis, parent)| match &parent.distribution {
        Distribution::Choice { choices } if choices.len() > 1 => {
            choices.iter().filter_map(|c| Some((axis, parent.distribution.to_unit(c)?))).collect()
        }
        _ => Vec::new(),
    });
    let tried = |(axis, unit): &(usize, f64)| {
        let scored = observed.scored.iter().map(|o| &*o.point);
        let others = observed.pending.iter().chain(&observed.ended).copied();
        scored.chain(others).filter(|point| point[*axis] == *unit).count()
    };
    places.min_by_key(tried)
}

/// √β of Srinivas et al. (2010) after `trials` trials, for a regret bound that holds with probability 0.9:
/// their Theorem 1 where the space is finite, else Theorem 2 with all its constants 1.
fn theoretic_kappa(space: &SearchSpace, trials: usize) -> f64 {
    const DELTA: f64 = 0.1;
    let pi2 = std::f64::consts::PI * std::f64::consts::PI;
    let (d, t2) = (space.dimensions() as f64, (trials.max(1) as f64).powi(2));
    let sizes = space.parameters.iter().map(|p| p.distribution.cardinality());
    let log_size: Option<f64> = sizes.map(|size| size.map(|size| libm::log(size as f64))).sum();
    let beta = match log_size {
        Some(log_size) => 2.0 * (log_size + libm::log(t2 * pi2 / (6.0 * DELTA))),
        None => {
            2.0 * libm::log(t2 * 2.0 * pi2 / (3.0 * DELTA))
                + 2.0 * d * libm::log(t2 * d * libm::log(4.0 * d / DELTA).sqrt())
        }
    };
    beta.sqrt()
}

/// A suggestion of `gp` under the name `by`, or `design` where it is one of the startup.
pub fn suggest(
    gp: Gp,
    (by, design): (&str, &str),
    space: &SearchSpace,
    history: &History,
    observed: &Observed<'_>,
    seed: u64,
) -> Result<Suggestion, SamplerError> {
    let (params, startup) = gp.ask(space, history, observed, seed)?;
    Ok(Suggestion::by(if startup { design } else { by }, params))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::{choice, float, space};

    #[test]
    fn the_theoretic_weight_grows_with_trials_and_with_the_space() {
        let finite = space([("a", choice(&["x", "y"])), ("b", choice(&["x", "y", "z"]))]);
        // 2 ln(6 · 10² π² / 0.6).
        let expected = libm::sqrt(2.0 * libm::log(6.0 * 100.0 * 9.869_604_401_089_358 / 0.6));
        assert!((theoretic_kappa(&finite, 10) - expected).abs() < 1e-12);
        let (one, two) =
            (space([("a", float(0.0, 1.0))]), space([("a", float(0.0, 1.0)), ("b", float(0.0, 1.0))]));
        assert!(theoretic_kappa(&one, 10) > expected);
        assert!(theoretic_kappa(&two, 10) > theoretic_kappa(&one, 10));
        assert!(theoretic_kappa(&two, 100) > theoretic_kappa(&two, 10));
    }
}
