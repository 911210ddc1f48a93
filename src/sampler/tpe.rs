//! The tree-structured Parzen estimator (Bergstra et al. 2011), in the multivariate form of Falkner et al.
//! (2018) and with the choices that Watanabe (2023) compares: the trials are split into the few good ones
//! and the others; where the density of the good ones is high against that of the others, the next trial
//! is. That ratio grows with the expected improvement.
//!
//! In a conditional space the parameters that are active under the same conditions make up a group, which
//! has its own split and densities from the trials in which it is active. Groups are drawn parents first.
//!
//! Where a trial stands: see [`split`].

mod groups;
mod split;

use super::cube::{draw_unseen, startup, unless_repeat};
use super::observed::Observed;
use super::{Sampler, SamplerError, SamplerRow, Suggestion, belief};
use crate::domain::history::History;
use crate::domain::insight::{Densities, Insight, Question};
use crate::domain::seed::{Rng, derive};
use crate::domain::setting::{Accepts, Is, Preset, Setting, Settings};
use crate::domain::space::SearchSpace;
use crate::domain::value::{Params, significant};
use crate::numeric::exp::exp;
use crate::numeric::parzen::{Parzen, Shape};
use groups::{Grouping, Groups};
use split::{Rule, Split};

/// Points that are looked up among the trials before a suggestion falls back to a uniform draw.
const LOOKS: usize = 100;
/// The narrowest kernel, where the rule of thumb or the trials leave it narrower: a hundredth of the axis.
const LEAST: f64 = 0.01;

/// Its row in the table of samplers.
pub const ROW: SamplerRow = SamplerRow {
    name: "tpe",
    help: "tree-structured Parzen estimator (Bergstra et al. 2011): quick, for any space",
    settings: &[
        Setting::new(
            "startup",
            Accepts::Int { min: 1, max: 1000 },
            Preset::Int(10),
            "trials of a Latin hypercube before the first suggestion of the estimator",
        ),
        Setting::new(
            "multivariate",
            Accepts::Bool,
            Preset::Bool(true),
            "one density of several parameters together; else each parameter by itself",
        ),
        Setting::new(
            "group",
            Accepts::Bool,
            Preset::Bool(true),
            "also of conditional parameters that are active together; else those by themselves",
        )
        .when("multivariate", Is::True),
        Setting::new(
            "candidates",
            Accepts::Int { min: 1, max: 10_000 },
            Preset::Int(24),
            "draws of the good trials' density, of which the best is suggested: more exploit",
        ),
        Setting::new(
            "gamma",
            Accepts::Float { min: 0.001, max: 10.0 },
            Preset::Float(0.15),
            "share of the trials that are good",
        ),
        Setting::new(
            "split",
            Accepts::Word(&["linear", "sqrt"]),
            Preset::Word("linear"),
            "what gamma is a share of: the number of trials or its square root",
        ),
        Setting::new(
            "most_good",
            Accepts::Int { min: 1, max: 10_000 },
            Preset::Int(25),
            "good trials at most",
        ),
        Setting::new(
            "weights",
            Accepts::Word(&["rank", "equal"]),
            Preset::Word("rank"),
            "of the good trials: falling with the logarithm of their rank, or all the same",
        ),
        Setting::new(
            "prior_weight",
            Accepts::Float { min: 0.0, max: 1000.0 },
            Preset::Float(1.0),
            "weight of the uniform density, where a trial weighs 1: more explores",
        ),
        Setting::new(
            "bandwidth",
            Accepts::Float { min: 0.01, max: 100.0 },
            Preset::Float(0.7),
            "width of the kernels, as a factor on Scott's rule",
        ),
        Setting::new(
            "magic_clip",
            Accepts::Bool,
            Preset::Bool(false),
            "no kernel is narrower than the axis over the number of trials, as in the paper of 2011",
        ),
        Setting::new(
            "smoothing",
            Accepts::Float { min: 0.001, max: 1000.0 },
            Preset::Float(1.0),
            "weight that each choice has in all kernels together, where a trial's own weighs 1",
        ),
        Setting::new(
            "constant_liar",
            Accepts::Bool,
            Preset::Bool(true),
            "trials that still run count as bad ones, which keeps parallel slots apart",
        ),
    ],
    build: |settings| Box::new(Tpe::new(settings)),
};

/// The estimator and its settings.
pub struct Tpe {
    startup: usize,
    grouping: Grouping,
    candidates: usize,
    rule: Rule,
    shape: Shape,
    magic_clip: bool,
}

impl Tpe {
    /// With the settings of [`ROW`].
    pub fn new(settings: &Settings) -> Self {
        let multivariate = settings.flag("multivariate");
        let grouping = match multivariate && settings.flag("group") {
            true => Grouping::Together,
            false if multivariate => Grouping::Unconditional,
            false => Grouping::Alone,
        };
        Tpe {
            startup: settings.count("startup"),
            grouping,
            candidates: settings.count("candidates"),
            rule: Rule {
                gamma: settings.float("gamma"),
                of_root: settings.word("split") == "sqrt",
                most: settings.count("most_good"),
                by_rank: settings.word("weights") == "rank",
                constant_liar: settings.flag("constant_liar"),
            },
            shape: Shape {
                prior: settings.float("prior_weight"),
                bandwidth: settings.float("bandwidth"),
                least: LEAST,
                smoothing: settings.float("smoothing"),
            },
            magic_clip: settings.flag("magic_clip"),
        }
    }

    /// How wide the kernels of `points` are.
    fn shape(&self, points: &[&[f64]]) -> Shape {
        let clip = if self.magic_clip { 1.0 / (1 + points.len()).min(100) as f64 } else { 0.0 };
        Shape { least: self.shape.least.max(clip), ..self.shape }
    }
}

impl Sampler for Tpe {
    fn ask(&mut self, space: &SearchSpace, history: &History, seed: u64) -> Result<Suggestion, SamplerError> {
        Ok(self.suggest(space, history, &Observed::of(space, history)?, seed))
    }

    fn explain(
        &self,
        space: &SearchSpace,
        history: &History,
        question: &Question,
        seed: u64,
    ) -> Result<Option<Insight>, SamplerError> {
        let observed = Observed::of(space, history)?;
        Ok(self.densities((space, history), &observed, question, seed).map(Insight::Densities))
    }
}

impl Tpe {
    /// The next point after what was `observed` of `history`.
    pub fn suggest(
        &self,
        space: &SearchSpace,
        history: &History,
        observed: &Observed<'_>,
        seed: u64,
    ) -> Suggestion {
        let mut rng = Rng::new(derive(seed, "tpe", 0));
        if space.dimensions() == 0 {
            return Suggestion::by(ROW.name, Params::new());
        }
        // Trials that run belong to the design as well: with many slots it is no longer than with one.
        if observed.scored.is_empty() || observed.scored.len() + observed.pending.len() < self.startup {
            let (params, why) = startup(space, history, self.startup, &mut rng);
            return Suggestion::by("tpe startup", params).because(why);
        }
        let groups = Groups::of(space, self.grouping);
        let mut search = Search { tpe: self, space, history, observed, groups, looks: LOOKS };
        let Some((params, ratio)) = search.complete(0, (&vec![0.5; space.dimensions()], 0.0), &mut rng)
        else {
            let draw = Suggestion::by(ROW.name, draw_unseen(space, history, &mut rng));
            return draw.because("a uniform draw: all candidates are trials already".into());
        };
        let place = match LOOKS - search.looks {
            0 | 1 => "best".to_owned(),
            number => format!("number {number}"),
        };
        let why = format!("l/g {}, {place} of {} draws", significant(exp(ratio), 3), self.candidates);
        Suggestion::by(ROW.name, params).because(why)
    }

    /// The two densities along a parameter; nothing without a score, or of a parameter of one value.
    pub fn densities(
        &self,
        (space, history): (&SearchSpace, &History),
        observed: &Observed<'_>,
        question: &Question,
        seed: u64,
    ) -> Option<Densities> {
        let parameter = question.parameter;
        let groups = Groups::of(space, self.grouping);
        let place = |group: &usize| groups.axes(*group).iter().position(|(index, _)| *index == parameter);
        let (group, own) = (0..groups.len()).find_map(|group| Some((group, place(&group)?)))?;
        if observed.scored.is_empty() {
            return None;
        }
        let axes = groups.axes(group);
        let split = Split::of(observed, |point| groups.is_active(group, point), &self.rule);
        let places = belief::places(&space.parameters[parameter].distribution, question.places);
        let along = |points: &[&[f64]], weights: &[f64]| -> Vec<f64> {
            let shape = self.alone(&self.shape(points), weights, axes.len());
            let density = Parzen::fit(&axes[own..=own], points, weights, &shape);
            let at = |unit: &f64| {
                let mut point = vec![0.5; space.dimensions()];
                point[parameter] = *unit;
                point
            };
            let points: Vec<Vec<f64>> = places.iter().map(at).collect();
            density.log_density(&points).into_iter().map(exp).collect()
        };
        let next = self.suggest(space, history, observed, seed).params;
        Some(Densities {
            parameter,
            good: along(&split.good, &split.weights),
            bad: along(&split.bad, &vec![1.0; split.bad.len()]),
            trials: [split.good.len(), split.bad.len()],
            next: belief::place(space, next, parameter),
            places,
        })
    }

    /// The shape with which the density of one of `axes` parameters alone is what the density of all has along it:
    /// kernels are products, and only their width depends on how many parameters there are.
    fn alone(&self, shape: &Shape, weights: &[f64], axes: usize) -> Shape {
        let (total, squares) =
            weights.iter().fold((0.0, 0.0), |(total, squares), w| (total + w, squares + w * w));
        let effective = if weights.is_empty() { 1.0 } else { total * total / squares };
        let power = 1.0 / 5.0 - 1.0 / (axes as f64 + 4.0);
        Shape { bandwidth: shape.bandwidth * libm::pow(effective, power), ..*shape }
    }
}

/// One suggestion in the making.
struct Search<'a> {
    tpe: &'a Tpe,
    space: &'a SearchSpace,
    history: &'a History,
    observed: &'a Observed<'a>,
    groups: Groups,
    /// Points that may still be looked up.
    looks: usize,
}

impl Search<'_> {
    /// The best params with the coordinates that `point` has along the groups before number `next`; where a
    /// trial has those, the next best. `None` where all were tried. With the logarithm of l/g, all groups together.
    fn complete(
        &mut self,
        next: usize,
        (point, ratio): (&[f64], f64),
        rng: &mut Rng,
    ) -> Option<(Params, f64)> {
        if self.looks == 0 {
            return None;
        }
        if next == self.groups.len() {
            self.looks -= 1;
            return Some((unless_repeat(self.space, self.history, point)?, ratio));
        }
        if !self.groups.is_active(next, point) {
            return self.complete(next + 1, (point, ratio), rng);
        }
        let ranked = self.ranked(next, point, rng);
        ranked.iter().find_map(|(own, candidate)| self.complete(next + 1, (candidate, ratio + own), rng))
    }

    /// `point` with the coordinates of a group drawn, and the logarithm of its l/g: the best candidates first, each
    /// once.
    fn ranked(&self, group: usize, point: &[f64], rng: &mut Rng) -> Vec<(f64, Vec<f64>)> {
        let axes = self.groups.axes(group);
        let split = Split::of(self.observed, |point| self.groups.is_active(group, point), &self.tpe.rule);
        let good = Parzen::fit(axes, &split.good, &split.weights, &self.tpe.shape(&split.good));
        let bad = Parzen::fit(axes, &split.bad, &vec![1.0; split.bad.len()], &self.tpe.shape(&split.bad));
        let draw = |_| {
            let mut candidate = point.to_vec();
            good.draw(rng, &mut candidate);
            self.groups.snap(group, self.space, &mut candidate);
            candidate
        };
        let candidates: Vec<Vec<f64>> = (0..self.tpe.candidates).map(draw).collect();
        let ratios = good.log_density(&candidates).into_iter().zip(bad.log_density(&candidates));
        let mut ranked: Vec<(f64, Vec<f64>)> = ratios.map(|(l, g)| l - g).zip(candidates).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        // Equal candidates have equal ratios: they stand together.
        ranked.dedup_by(|a, b| a.1 == b.1);
        ranked
    }
}

#[cfg(test)]
mod tests;
