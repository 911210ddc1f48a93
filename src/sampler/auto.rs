//! The sampler that chooses for itself: by how much is known of the space.
//!
//! A Gaussian process that is asked in turn for the greatest expected improvement and for the lowest
//! confidence bound. Neither is best everywhere: the improvement finds a good region with fewer trials, the
//! bound leaves one that is merely good, and is not misled by lucky scores. Taking turns costs each half of
//! its trials and no more (Hoffman, Brochu & de Freitas 2011 on portfolios).
//!
//! A process learns from a few hundred trials, however many there are, and takes long for it. Beyond
//! [`MANY`] scored trials the Parzen estimator goes on, which learns from all.

use super::gp::{Gp, Rule, least_tried_branch};
use super::observed::Observed;
use super::tpe::{self, Tpe};
use super::{Sampler, SamplerError, SamplerRow, Suggestion};
use crate::domain::history::History;
use crate::domain::insight::{Insight, Question};
use crate::domain::setting::Settings;
use crate::domain::space::SearchSpace;
use crate::numeric::kernel::Shape;

/// Its row in the table of samplers.
pub const ROW: SamplerRow = SamplerRow {
    name: "auto",
    help: "a Gaussian process, which learns most from each trial, asked in turn for expected improvement and \
           confidence bound; beyond 1,000 scored trials `tpe`, whose suggestions stay cheap; where parameters \
           depend on a choice, some of its turns go to the least-tried value",
    settings: &[],
    build: |_| Box::new(Auto { tpe: Tpe::new(&Settings::defaults(tpe::ROW.settings)) }),
};

/// Trials of the design to start with.
const STARTUP: usize = 8;
/// Local searches for the most promising point.
const RESTARTS: usize = 4;
/// The weight of the standard deviation in the confidence bound.
const KAPPA: f64 = 2.0;

/// Scored trials beyond which the process gives way to the Parzen estimator.
const MANY: usize = 1000;

struct Auto {
    tpe: Tpe,
}

impl Sampler for Auto {
    fn plan(&self, space: &SearchSpace, trials: usize) -> Result<Option<String>, SamplerError> {
        let how = "a gaussian process, which learns most from each trial, asked in turn for expected improvement \
                   and confidence bound";
        let branches = least_tried_branch(space, &Observed::default()).map(|(axis, _)| {
            let name = &space.parameters[axis].name;
            format!(
                ", at times for the least-tried value of `{name}` and choices like it, on which others depend"
            )
        });
        let how = format!("{how}{}", branches.unwrap_or_default());
        let sizes = space.parameters.iter().map(|p| p.distribution.cardinality());
        let points: Option<u64> =
            sizes.into_iter().try_fold(1_u64, |product, size| Some(product.saturating_mul(size?)));
        let begin = format!("a latin hypercube until {STARTUP} trials are known, then {how}");
        Ok(Some(match points {
            Some(points) if points <= trials as u64 => format!(
                "at most {points} points for {trials} trials: all of them, the most promising first by {how}"
            ),
            _ if trials > MANY => {
                format!("{begin}; beyond {MANY} scored trials tpe, whose suggestions stay cheap")
            }
            _ => begin,
        }))
    }

    fn ask(&mut self, space: &SearchSpace, history: &History, seed: u64) -> Result<Suggestion, SamplerError> {
        let observed = Observed::of(space, history)?;
        if observed.scored.len() > MANY {
            let Suggestion { params, mut origin } = self.tpe.suggest(space, history, &observed, seed);
            origin.by = format!("auto: {}", origin.by);
            return Ok(Suggestion { params, origin });
        }
        let gp = turn(history);
        let words = (&*format!("auto: gp {}", gp.rule.word()), "auto: latin hypercube");
        gp.suggest(words, space, history, &observed, seed)
    }

    fn explain(
        &self,
        space: &SearchSpace,
        history: &History,
        question: &Question,
        seed: u64,
    ) -> Result<Option<Insight>, SamplerError> {
        let observed = Observed::of(space, history)?;
        if observed.scored.len() > MANY {
            return Ok(self
                .tpe
                .densities((space, history), &observed, question, seed)
                .map(Insight::Densities));
        }
        turn(history).explain((space, history), &observed, question, seed)
    }
}

/// The process whose turn it is.
fn turn(history: &History) -> Gp {
    let rule = if history.trials().len().is_multiple_of(2) { Rule::LogEi } else { Rule::Ucb(KAPPA) };
    Gp { startup: STARTUP, rule, restarts: RESTARTS, shape: Shape::Matern }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::seed::Rng;
    use crate::domain::testing::{Scripted, choice, conditional, float, int, space};

    fn build() -> Box<dyn Sampler> {
        (ROW.build)(&Settings::defaults(ROW.settings))
    }

    #[test]
    fn says_what_it_takes_and_why() {
        let plan = |space: &SearchSpace, trials| build().plan(space, trials).unwrap().unwrap();
        let few = space([("a", int(1, 5)), ("b", choice(&["x", "y"]))]);
        assert!(plan(&few, 10).contains("at most 10 points for 10 trials: all of them"));
        let endless = space([("a", float(0.0, 1.0))]);
        assert!(plan(&endless, 100).ends_with("confidence bound"));
        assert!(plan(&few, 9).ends_with("confidence bound") && plan(&endless, 1001).contains("tpe"));
        assert!(plan(&conditional(), 9).contains("the least-tried value of `kind`"));
    }

    #[test]
    fn takes_turns_and_gives_way() {
        let space = space([("x", float(0.0, 1.0))]);
        let mut study = Scripted::new(&space, Direction::Minimize, 1);
        let mut rng = Rng::new(1);
        let mut words = Vec::new();
        for i in 0..=MANY {
            if [0, STARTUP, STARTUP + 1].contains(&i) {
                words.push(build().ask(&space, study.history(), 1).unwrap().origin.by);
            }
            let x = rng.uniform();
            study.complete(space.from_unit(&[x]), (x - 0.3).powi(2));
        }
        words.push(build().ask(&space, study.history(), 1).unwrap().origin.by);
        assert_eq!(words[..3], ["auto: latin hypercube", "auto: gp log-ei", "auto: gp ucb"]);
        assert!(words[3].starts_with("auto: tpe"), "{words:?}");
    }
}
