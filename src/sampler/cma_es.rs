//! CMA-ES (Hansen 2016) with restarts in larger populations (IPOP, Auger & Hansen 2005), on the real and whole
//! numbers of a space.
//!
//! The distribution is folded from the history each time: the scored trials in their order, so many a generation,
//! whoever suggested them. A parameter that was not active in a trial says nothing and keeps the mean. Whole
//! numbers are rounded, and leave the mean's number at times however narrow the distribution has become
//! (after Hamano et al. 2022, CMA-ES with margin). Choices have no place in a normal distribution: each is drawn by
//! how often the best trials have it.

use std::mem;

use super::cube::{draw_unseen, neighbours, snap, startup, unless_repeat};
use super::observed::{Observation, Observed};
use super::{Sampler, SamplerError, SamplerRow, Suggestion};
use crate::domain::history::History;
use crate::domain::seed::{Rng, derive};
use crate::domain::setting::{Accepts, Preset, Setting};
use crate::domain::space::{Distribution, SearchSpace};
use crate::domain::value::{counted, significant};
use crate::numeric::cma::{Cma, usual_size};

/// Its row in the table of samplers.
pub const ROW: SamplerRow = SamplerRow {
    name: "cma-es",
    help: "covariance matrix adaptation (Hansen 2016): real and whole numbers, best with several hundred trials",
    settings: &[
        Setting::new(
            "population",
            Accepts::IntOr { min: 4, max: 10_000, word: "auto" },
            Preset::Word("auto"),
            "trials of a generation; `auto` is 4 + 3 ln of the number of parameters; doubled at each restart",
        ),
        Setting::new(
            "sigma",
            Accepts::Float { min: 0.001, max: 1.0 },
            Preset::Float(0.167),
            "standard deviation of the first generation, as part of each parameter's range",
        ),
        Setting::new(
            "startup",
            Accepts::Int { min: 0, max: 1000 },
            Preset::Int(0),
            "trials of a Latin hypercube, the best of which is the first mean; 0 begins in the middle",
        ),
    ],
    build: |settings| {
        Box::new(CmaEs {
            population: settings.count_or_word("population"),
            sigma: settings.float("sigma"),
            startup: settings.count("startup"),
            folded: Folded::default(),
        })
    },
};

/// Draws for a point inside of the cube, or one that no trial has, before another way is taken.
const DRAWS: usize = 100;

/// A distribution this narrow, as part of the ranges, or this eccentric has converged.
const NARROW: f64 = 1e-7;
const ECCENTRIC: f64 = 1e7;

/// What is added to the frequency of a choice among the best, all choices together.
const PRIOR: f64 = 0.5;

struct CmaEs {
    population: Option<usize>,
    sigma: f64,
    startup: usize,
    folded: Folded,
}

/// What was folded, and the state it gave: good for any history that begins so.
#[derive(Default)]
struct Folded {
    key: Option<(SearchSpace, u64, usize)>,
    told: Vec<(Vec<f64>, f64)>,
    state: Option<State>,
}

/// The distribution after some generations.
struct State {
    cma: Cma,
    restarts: u64,
    /// Generations in a row whose costs were all the same.
    flat: usize,
}

impl Sampler for CmaEs {
    fn plan(&self, space: &SearchSpace, _: usize) -> Result<Option<String>, SamplerError> {
        let (axes, all) = (axes(space).len(), space.dimensions());
        Ok((axes < all).then(|| {
            format!("{axes} of {all} parameters have a distribution; choices are drawn by their frequency among the best")
        }))
    }

    fn ask(&mut self, space: &SearchSpace, history: &History, seed: u64) -> Result<Suggestion, SamplerError> {
        let observed = Observed::of(space, history)?;
        let mut rng = Rng::new(derive(seed, "cma-es", 0));
        if history.trials().len() + history.imported().len() < self.startup {
            let (params, why) = startup(space, history, self.startup, &mut rng);
            return Ok(Suggestion::by("cma-es startup", params).because(why));
        }
        let axes = axes(space);
        self.fold(space, &axes, &observed.scored, history.study().seed);
        let Some(State { cma, restarts, .. }) = &self.folded.state else {
            let draw = Suggestion::by("cma-es draw", draw_unseen(space, history, &mut rng));
            return Ok(draw.because("a uniform draw: no parameter is a number".into()));
        };
        let mut ranked: Vec<&Observation<'_>> = observed.scored.iter().collect();
        ranked.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        ranked.truncate(cma.size().div_ceil(2));
        for _ in 0..DRAWS {
            let drawn = inside(cma, &mut rng);
            let point: Vec<f64> = space
                .parameters
                .iter()
                .enumerate()
                .map(|(i, p)| match axes.iter().position(|axis| *axis == i) {
                    Some(axis) => coordinate(&p.distribution, drawn[axis], cma, axis, &mut rng),
                    None => category(space, i, &ranked, &mut rng),
                })
                .collect();
            if let Some(params) = unless_repeat(space, history, &snap(space, point)) {
                return Ok(Suggestion::by(ROW.name, params).because(width(cma, *restarts)));
            }
        }
        let draw = Suggestion::by("cma-es draw", draw_unseen(space, history, &mut rng));
        Ok(draw.because("a uniform draw: all draws of the distribution are trials already".into()))
    }
}

/// What is to be said of a draw: how wide its distribution is.
fn width(cma: &Cma, restarts: u64) -> String {
    let restarted = match restarts {
        0 => String::new(),
        n => format!(", {}", counted(n as usize, "restart")),
    };
    let longest = significant(100.0 * cma.longest(), 2);
    format!("sd up to {longest} % of a range, {} a generation{restarted}", cma.size())
}

/// The parameters that are axes of the distribution.
fn axes(space: &SearchSpace) -> Vec<usize> {
    let is_axis = |d: &Distribution| !matches!(d, Distribution::Choice { .. }) && d.cardinality() != Some(1);
    (0..space.dimensions()).filter(|i| is_axis(&space.parameters[*i].distribution)).collect()
}

impl CmaEs {
    /// Brings the state to what the scored trials say; none where no parameter is an axis.
    fn fold(&mut self, space: &SearchSpace, axes: &[usize], scored: &[Observation<'_>], study: u64) {
        if axes.is_empty() {
            self.folded = Folded::default();
            return;
        }
        // Imported trials, then those of the study by number: those of the design stand in front.
        let design = scored.partition_point(|o| o.trial.is_none_or(|trial| trial < self.startup));
        let same = |folded: &Folded| {
            let known = folded.key.as_ref();
            known.is_some_and(|(s, seed, first)| s == space && (*seed, *first) == (study, design))
                && folded.told.len() <= scored.len()
                && folded
                    .told
                    .iter()
                    .zip(scored)
                    .all(|((point, cost), o)| *cost == o.cost && *point == *o.point)
        };
        if !same(&self.folded) {
            self.folded = Folded { key: Some((space.clone(), study, design)), ..Folded::default() };
        }
        let mut folded = mem::take(&mut self.folded);
        if folded.state.is_none() {
            folded.told = scored[..design].iter().map(|o| (o.point.to_vec(), o.cost)).collect();
            let best = scored[..design].iter().min_by(|a, b| a.cost.total_cmp(&b.cost));
            let mean =
                best.map_or_else(|| vec![0.5; axes.len()], |o| axes.iter().map(|i| o.point[*i]).collect());
            let size = self.population.unwrap_or_else(|| usual_size(axes.len()));
            folded.state = Some(State { cma: Cma::new(mean, self.sigma, size), restarts: 0, flat: 0 });
        }
        while let Some(state) = &mut folded.state
            && scored.len() - folded.told.len() >= state.cma.size()
        {
            let generation = &scored[folded.told.len()..][..state.cma.size()];
            folded.told.extend(generation.iter().map(|o| (o.point.to_vec(), o.cost)));
            self.tell(state, space, axes, generation, study);
        }
        self.folded = folded;
    }

    fn tell(
        &self,
        state: &mut State,
        space: &SearchSpace,
        axes: &[usize],
        generation: &[Observation<'_>],
        study: u64,
    ) {
        let mut ranked: Vec<&Observation<'_>> = generation.iter().collect();
        ranked.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        let flat = ranked[0].cost == ranked[ranked.len() - 1].cost;
        state.flat = if flat { state.flat + 1 } else { 0 };
        let mean = state.cma.mean().to_vec();
        let points = ranked.iter().map(|o| {
            let active = space.active(&o.point);
            let own = |(axis, i): (usize, &usize)| if active[*i] { o.point[*i] } else { mean[axis] };
            axes.iter().enumerate().map(own).collect()
        });
        let points: Vec<Vec<f64>> = points.collect();
        state.cma.tell(&points.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let patience = 10 + 30 * axes.len() / state.cma.size();
        let converged = state.cma.longest() < NARROW || state.cma.eccentricity() > ECCENTRIC;
        if converged || state.flat > patience {
            state.restarts += 1;
            let mut rng = Rng::new(derive(study, "cma-es restart", state.restarts));
            let mean = axes.iter().map(|_| rng.uniform()).collect();
            state.cma = Cma::new(mean, self.sigma, 2 * state.cma.size());
            state.flat = 0;
        }
    }
}

/// A draw inside of the cube, by drawing again; at its faces where that does not help.
fn inside(cma: &Cma, rng: &mut Rng) -> Vec<f64> {
    let mut point = Vec::new();
    for _ in 0..DRAWS {
        let z: Vec<f64> = cma.mean().iter().map(|_| rng.normal()).collect();
        point = cma.point(&z);
        if point.iter().all(|u| (0.0..=1.0).contains(u)) {
            break;
        }
    }
    point.iter().map(|u| u.clamp(0.0, 1.0)).collect()
}

/// The coordinate of a number; of a whole one that is the mean's, at times the next one.
fn coordinate(distribution: &Distribution, unit: f64, cma: &Cma, axis: usize, rng: &mut Rng) -> f64 {
    let chance = 1.0 / (cma.size() * cma.mean().len()) as f64;
    let (leaves, side) = (rng.uniform() < chance, rng.uniform());
    let beside = neighbours(distribution, unit);
    let is_mean = distribution.from_unit(unit) == distribution.from_unit(cma.mean()[axis]);
    if beside.is_empty() || !leaves || !is_mean {
        return unit;
    }
    beside[((side * beside.len() as f64) as usize).min(beside.len() - 1)]
}

/// A choice by its frequency among the best in which it is active; anything of a parameter that is fixed.
fn category(space: &SearchSpace, parameter: usize, best: &[&Observation<'_>], rng: &mut Rng) -> f64 {
    let draw = rng.uniform();
    let Distribution::Choice { choices } = &space.parameters[parameter].distribution else { return 0.5 };
    let count = choices.len();
    let mut chances = vec![PRIOR / count as f64; count];
    // Where it is not active a trial lies in the middle of the axis, which says nothing.
    let active = best.iter().map(|o| &*o.point).filter(|point| space.active(point)[parameter]);
    let votes: Vec<usize> =
        active.map(|point| ((point[parameter] * count as f64) as usize).min(count - 1)).collect();
    for vote in &votes {
        chances[*vote] += 1.0 / votes.len() as f64;
    }
    let mut left = draw * chances.iter().sum::<f64>();
    let chosen = chances.iter().position(|chance| {
        left -= chance;
        left < 0.0
    });
    (chosen.unwrap_or(count - 1) as f64 + 0.5) / count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::conditional;

    #[test]
    fn trials_in_which_a_choice_is_not_active_have_no_vote_in_it() {
        // `mlp.units_3` is active with three layers only, and has three choices.
        let space = conditional();
        let observe = |point: [f64; 5]| {
            let point = snap(&space, point.to_vec()).into();
            Observation { trial: None, point, cost: 0.0 }
        };
        let cnn: Vec<_> = (0..9).map(|_| observe([0.1, 0.2, 0.5, 0.5, 0.5])).collect();
        let mlp = observe([0.9, 0.5, 0.9, 0.9, 0.1]);
        let drawn = |best: &[&Observation<'_>]| {
            let mut rng = Rng::new(7);
            let mut counts = [0; 3];
            for _ in 0..600 {
                counts[(category(&space, 4, best, &mut rng) * 3.0) as usize] += 1;
            }
            counts
        };
        // (1 + 0.5/3) / 1.5 of 600 with the one vote, and a third without any.
        let voted = drawn(&cnn.iter().chain([&mlp]).collect::<Vec<_>>());
        assert!((430..500).contains(&voted[0]), "{voted:?}");
        let none = drawn(&cnn.iter().collect::<Vec<_>>());
        assert!(none.iter().all(|n| (150..250).contains(n)), "{none:?}");
    }
}
