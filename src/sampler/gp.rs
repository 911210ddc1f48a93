//! Bayesian optimisation with a Gaussian process: what `gp-ucb` and `auto` have in common. A design to
//! start with, then the most promising point of the surrogate.

use super::acquisition::Acquisition;
use super::belief;
use super::candidates::Search;
use super::cube::{draw_unseen, startup, unless_repeat};
use super::observed::Observed;
use super::surrogate::Surrogate;
use super::{SamplerError, Suggestion};
use crate::domain::history::History;
use crate::domain::insight::{Insight, Question, Slice};
use crate::domain::seed::{Rng, derive};
use crate::domain::space::{Distribution, Parameter, SearchSpace};
use crate::domain::value::{Params, significant};
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
    /// The next point after what was `observed` of `history`, under the name `by`, or `design` where it is one of
    /// those to start with.
    ///
    /// # Errors
    /// Where the process can't be fitted.
    pub fn suggest(
        &self,
        (by, design): (&str, &str),
        space: &SearchSpace,
        history: &History,
        observed: &Observed<'_>,
        seed: u64,
    ) -> Result<Suggestion, SamplerError> {
        let mut rng = Rng::new(derive(seed, "gp", 0));
        if space.dimensions() == 0 {
            return Ok(Suggestion::by(design, Params::new()));
        }
        if self.is_starting(observed) {
            let (params, why) = startup(space, history, self.startup, &mut rng);
            return Ok(Suggestion::by(design, params).because(why));
        }
        let surrogate = self.fit(space, observed, seed)?;
        let aim = self.aim(&surrogate, space, history, observed);
        Ok(self.choose(by, aim, &surrogate, space, history, &mut rng))
    }

    /// What it has in mind before it suggests the next point: nothing without a score.
    ///
    /// # Errors
    /// Where the process can't be fitted.
    pub fn explain(
        &self,
        (space, history): (&SearchSpace, &History),
        observed: &Observed<'_>,
        question: &Question,
        seed: u64,
    ) -> Result<Option<Insight>, SamplerError> {
        if observed.scored.is_empty() || question.parameter >= space.dimensions() {
            return Ok(None);
        }
        let mut rng = Rng::new(derive(seed, "gp", 0));
        let surrogate = self.fit(space, observed, seed)?;
        let aim = self.aim(&surrogate, space, history, observed);
        let next = if self.is_starting(observed) {
            startup(space, history, self.startup, &mut rng).0
        } else {
            self.choose("", aim, &surrogate, space, history, &mut rng).params
        };
        let direction = history.study().direction;
        let slice = belief::slice(&surrogate, space, direction, question, &aim.acquisition)?;
        Ok(Some(Insight::Slice(Slice { next: belief::place(space, next, question.parameter), ..slice })))
    }

    fn is_starting(&self, observed: &Observed<'_>) -> bool {
        let (scored, begun) = (observed.scored.len(), observed.scored.len() + observed.pending.len());
        // With several slots some of the design still run when the process has enough to go on with.
        begun < self.startup || 2 * scored < self.startup
    }

    fn fit<'a>(
        &self,
        space: &'a SearchSpace,
        observed: &Observed<'_>,
        seed: u64,
    ) -> Result<Surrogate<'a>, SamplerError> {
        Surrogate::fit(space, observed, self.shape, seed)
            .map_err(|e| SamplerError::Failed(format!("gp: {e}; try sampler `random`")))
    }

    /// What the next point is to be: of a branch, where that is the turn, what improves on its own best.
    fn aim(
        &self,
        surrogate: &Surrogate<'_>,
        space: &SearchSpace,
        history: &History,
        observed: &Observed<'_>,
    ) -> Aim {
        let branch = if (history.trials().len() + 1).is_multiple_of(BRANCH_TURN) {
            least_tried_branch(space, observed)
        } else {
            None
        };
        let best = surrogate.best(|point| branch.is_none_or(|(axis, unit)| point[axis] == unit));
        let acquisition = match self.rule {
            _ if branch.is_some() => Acquisition::LogEi { best },
            Rule::Ucb(kappa) => Acquisition::Ucb { kappa },
            Rule::TheoreticUcb => Acquisition::Ucb { kappa: theoretic_kappa(space, observed.scored.len()) },
            Rule::Ei => Acquisition::Ei { best },
            Rule::LogEi | Rule::Thompson => Acquisition::LogEi { best },
        };
        Aim { acquisition, branch }
    }

    /// The most promising point that is none of a trial.
    fn choose(
        &self,
        by: &str,
        aim: Aim,
        surrogate: &Surrogate<'_>,
        space: &SearchSpace,
        history: &History,
        rng: &mut Rng,
    ) -> Suggestion {
        let Aim { acquisition, branch } = aim;
        let search = Search { space, surrogate, acquisition, restarts: self.restarts, held: branch };
        let thompson = self.rule == Rule::Thompson;
        let ranked = if thompson { search.draw_posterior(rng) } else { search.run(rng) };
        let apart = ranked.iter().enumerate().filter(|(_, c)| !surrogate.is_pending(&c.point));
        let mut found =
            apart.filter_map(|(rank, c)| Some((rank, c, unless_repeat(space, history, &c.point)?)));
        let direction = history.study().direction;
        let Some((rank, candidate, params)) = found.next() else {
            let why = format!("a uniform draw: all {} candidates are trials already", ranked.len());
            return Suggestion::by(by, draw_unseen(space, history, rng)).because(why);
        };
        let value = significant(candidate.value, 3);
        let promise = match acquisition {
            _ if thompson => format!("{value} in a draw of the posterior"),
            Acquisition::Ucb { .. } => format!("UCB {value} with {}", acquisition.weight()),
            Acquisition::Ei { .. } | Acquisition::LogEi { .. } => format!("{} {value}", acquisition.name()),
        };
        let place = if rank == 0 { "best".to_owned() } else { format!("number {}", rank + 1) };
        let within = branch.map_or_else(String::new, |(axis, unit)| {
            let Parameter { name, distribution, .. } = &space.parameters[axis];
            format!(" with {name} = {}, the least tried", distribution.from_unit(unit))
        });
        let mut suggestion = Suggestion::by(by, params)
            .because(format!("{promise}, {place} of {} candidates{within}", ranked.len()));
        suggestion.origin.expected = Some(surrogate.expect(&candidate.point, direction));
        suggestion
    }
}

/// What the next point is to be.
#[derive(Debug, Clone, Copy)]
struct Aim {
    acquisition: Acquisition,
    /// An axis and a place on it, of which the point has to be.
    branch: Option<(usize, f64)>,
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
