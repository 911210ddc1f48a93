//! What a surrogate believes along one parameter or over two, the others as in the best trial that has them.

use super::SamplerError;
use super::acquisition::Acquisition;
use super::cube::snap;
use super::observed::Observed;
use super::surrogate::Surrogate;
use crate::domain::direction::Direction;
use crate::domain::history::History;
use crate::domain::insight::{Contour, Question, Slice};
use crate::domain::seed::derive;
use crate::domain::space::{Distribution, SearchSpace};
use crate::domain::value::Params;
use crate::numeric::kernel::Shape;

/// The logarithm of the expected improvement is shown down to so far below its largest value: beyond, one place
/// without any hope would flatten all others.
const DEEPEST: f64 = 8.0;

/// Places evenly along a parameter; of whole numbers and choices each one once.
pub fn places(distribution: &Distribution, count: usize) -> Vec<f64> {
    let discrete = distribution.cardinality().filter(|n| *n <= count as u64);
    if let Some(n) = discrete {
        return (0..n).filter_map(|i| distribution.to_unit(&distribution.nth(i))).collect();
    }
    evenly(count)
}

/// From 0 to 1.
fn evenly(count: usize) -> Vec<f64> {
    let last = count.saturating_sub(1).max(1) as f64;
    (0..count).map(|i| i as f64 / last).collect()
}

/// `params` with its place along a parameter, which it may lack.
pub fn place(space: &SearchSpace, params: Params, parameter: usize) -> Option<(f64, Params)> {
    let named = space.parameters.get(parameter)?;
    let unit = named.distribution.to_unit(params.get(&named.name)?)?;
    Some((unit, params))
}

/// The best point in which all of some parameters are active.
fn through(
    surrogate: &Surrogate<'_>,
    space: &SearchSpace,
    parameters: &[usize],
) -> Result<Vec<f64>, SamplerError> {
    let has = |point: &&Vec<f64>| {
        let active = space.active(point);
        parameters.iter().all(|p| active[*p])
    };
    surrogate.ranked.iter().find(has).cloned().ok_or_else(|| {
        let names: Vec<&str> = parameters.iter().map(|p| space.parameters[*p].name.as_str()).collect();
        let names = names.join(" and ");
        SamplerError::Failed(format!("no trial with a score has {names} yet: it takes one to look from"))
    })
}

/// A surrogate's belief along a parameter, and what `acquisition` makes of it. The next point is left open.
///
/// # Errors
/// Where no trial has the parameter.
pub fn slice(
    surrogate: &Surrogate<'_>,
    space: &SearchSpace,
    direction: Direction,
    question: &Question,
    acquisition: &Acquisition,
) -> Result<Slice, SamplerError> {
    let parameter = question.parameter;
    let through = through(surrogate, space, &[parameter])?;
    let places = places(&space.parameters[parameter].distribution, question.places);
    let points: Vec<Vec<f64>> = places.iter().map(|at| moved(space, &through, [(parameter, *at)])).collect();
    let belief = points.iter().map(|point| surrogate.believe(point, direction)).collect();
    let values: Vec<f64> = points.iter().map(|p| acquisition.of(surrogate.predict(p)).value).collect();
    let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    if matches!(acquisition, Acquisition::LogEi { .. }) {
        lowest = lowest.max(highest - DEEPEST);
    }
    let range = highest - lowest;
    let share = |v: &f64| if range > 0.0 { ((v - lowest) / range).clamp(0.0, 1.0) } else { 0.0 };
    Ok(Slice {
        parameter,
        through: space.from_unit(&through),
        belief,
        acquisition: values.iter().map(share).collect(),
        acquired_by: acquisition.name(),
        places,
        next: None,
    })
}

/// A point with other coordinates.
fn moved<const N: usize>(space: &SearchSpace, point: &[f64], to: [(usize, f64); N]) -> Vec<f64> {
    let mut point = point.to_vec();
    to.into_iter().for_each(|(axis, unit)| point[axis] = unit);
    snap(space, point)
}

/// What a Gaussian process makes of a history over two parameters, whatever sampler the study has: `side` places
/// along each.
///
/// # Errors
/// Where too little is known, or the process can't be fitted.
pub fn contour(
    space: &SearchSpace,
    history: &History,
    parameters: [usize; 2],
    side: usize,
) -> Result<Contour, SamplerError> {
    let observed = Observed::of(space, history)?;
    if observed.scored.len() < 2 {
        return Err(SamplerError::Failed("a surface needs two trials with a score".into()));
    }
    if parameters.iter().any(|p| *p >= space.dimensions()) {
        return Err(SamplerError::Failed("the space has no such parameter".into()));
    }
    let surrogate =
        Surrogate::fit(space, &observed, Shape::Matern, derive(history.study().seed, "contour", 0))
            .map_err(|e| SamplerError::Failed(format!("no surface fits the trials: {e}")))?;
    let (direction, [across, up]) = (history.study().direction, parameters);
    let through = through(&surrogate, space, &parameters)?;
    let axis = evenly(side);
    let rows = axis.iter().flat_map(|y| axis.iter().map(move |x| [(across, *x), (up, *y)]));
    let belief = rows.map(|at| surrogate.believe(&moved(space, &through, at), direction)[0]).collect();
    Ok(Contour { parameters, side, belief })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::insight::Insight;
    use crate::domain::setting::Settings;
    use crate::domain::testing::{Scripted, choice, conditional, float, int, space};
    use crate::domain::value::Value;
    use crate::sampler::{SAMPLERS, Sampler};

    const SEED: u64 = 5;

    fn build(name: &str) -> Box<dyn Sampler> {
        let row = SAMPLERS.iter().find(|row| row.name == name).unwrap();
        (row.build)(&Settings::defaults(row.settings))
    }

    /// A smooth function of two numbers without noise: best at (0.3, 0.6).
    fn bowl(direction: Direction, trials: usize) -> Scripted {
        let space = space([("x", float(0.0, 1.0)), ("y", float(0.0, 1.0))]);
        let mut study = Scripted::new(&space, direction, 3);
        for i in 0..trials {
            let (x, y) = (i as f64 * 0.618_034 % 1.0, i as f64 * 0.414_214 % 1.0);
            let cost = 5.0 + (x - 0.3).powi(2) + (y - 0.6).powi(2);
            study.complete(space.from_unit(&[x, y]), direction.cost(cost));
        }
        study
    }

    fn slice_of(name: &str, study: &Scripted, parameter: usize, places: usize) -> Slice {
        let history = study.history();
        let question = Question { parameter, places };
        match build(name).explain(&history.study().space, history, &question, SEED).unwrap() {
            Some(Insight::Slice(slice)) => slice,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_belief_at_trials_of_a_smooth_function_is_near_their_scores() {
        for direction in Direction::ALL {
            let study = bowl(direction, 25);
            let history = study.history();
            for name in ["gp-ucb", "auto"] {
                let slice = slice_of(name, &study, 0, 41);
                assert_eq!((slice.places[0], slice.places[40], slice.belief.len()), (0.0, 1.0, 41));
                assert_eq!(slice.through, history.incumbent().unwrap().params);
                let y = slice.through["y"].as_f64().unwrap();
                for (x, [middle, low, high]) in slice.places.iter().zip(&slice.belief) {
                    let truth = direction.cost(5.0 + (x - 0.3).powi(2) + (y - 0.6).powi(2));
                    assert!((middle - truth).abs() < 0.05, "{name} {x}: {middle} {truth}");
                    assert!(low <= middle && middle <= high);
                }
                let shares = &slice.acquisition;
                assert!(shares.iter().all(|a| (0.0..=1.0).contains(a)) && shares.contains(&1.0));
            }
        }
    }

    #[test]
    fn what_is_shown_as_next_is_what_is_asked_next_and_nothing_changes_by_looking() {
        for trials in [3, 20] {
            let study = bowl(Direction::Minimize, trials);
            let (history, space) = (study.history(), &study.history().study().space);
            for name in ["gp-ucb", "auto", "tpe"] {
                let mut sampler = build(name);
                let question = Question { parameter: 1, places: 30 };
                let first = sampler.explain(space, history, &question, SEED).unwrap();
                let asked = sampler.ask(space, history, SEED).unwrap();
                assert_eq!(sampler.explain(space, history, &question, SEED).unwrap(), first);
                assert_eq!(sampler.ask(space, history, SEED).unwrap(), asked);
                assert_eq!(build(name).ask(space, history, SEED).unwrap(), asked);
                let next = match first {
                    Some(Insight::Slice(slice)) => slice.next,
                    Some(Insight::Densities(densities)) => densities.next,
                    None => None,
                };
                let place = asked.params["y"].as_f64().unwrap();
                assert_eq!(next, Some((place, asked.params)), "{name}");
            }
        }
    }

    #[test]
    fn what_was_expected_holds_the_truth_and_is_in_order() {
        for direction in Direction::ALL {
            let study = bowl(direction, 25);
            let history = study.history();
            let mut sampler = build("gp-ucb");
            let found = sampler.ask(&history.study().space, history, SEED).unwrap();
            let expected = found.origin.expected.unwrap();
            let number = |name: &str| found.params[name].as_f64().unwrap();
            let cost = 5.0 + (number("x") - 0.3).powi(2) + (number("y") - 0.6).powi(2);
            assert!(expected.low <= expected.middle && expected.middle <= expected.high);
            assert!((expected.middle - direction.cost(cost)).abs() < 0.05, "{expected:?} {cost}");
            assert!(found.origin.why.contains("of 4") && found.origin.why.starts_with("UCB "), "{found:?}");
        }
    }

    #[test]
    fn choices_have_one_place_each_and_what_is_not_active_is_looked_at_where_it_is() {
        let space = conditional();
        let mut study = Scripted::new(&space, Direction::Minimize, 1);
        let at = |values: &[(&str, Value)]| -> Params {
            values.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect()
        };
        for i in 1..=2_i64 {
            study.complete(at(&[("kind", "cnn".into()), ("cnn.pool", i.into())]), i as f64);
        }
        let history = study.history();
        let sampler = build("gp-ucb");
        let ask = |parameter| sampler.explain(&space, history, &Question { parameter, places: 20 }, SEED);
        let Ok(Some(Insight::Slice(kinds))) = ask(0) else { panic!() };
        assert_eq!(kinds.places, [0.25, 0.75]);
        let missing = ask(2).unwrap_err().to_string();
        assert!(missing.contains("no trial with a score has mlp.layers yet"), "{missing}");
        study.complete(at(&[("kind", "mlp".into()), ("mlp.layers", 1.into())]), 9.0);
        let slice = slice_of("gp-ucb", &study, 2, 20);
        assert_eq!((slice.through["kind"].clone(), slice.places.len()), ("mlp".into(), 3));
    }

    #[test]
    fn places_are_values_where_there_are_few() {
        assert_eq!(places(&choice(&["a", "b"]), 50), [0.25, 0.75]);
        assert_eq!(places(&int(1, 4), 50).len(), 4);
        assert_eq!(places(&int(1, 400), 5), [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(places(&float(0.0, 1.0), 1), [0.0]);
    }

    #[test]
    fn a_contour_has_its_valley_where_the_best_trials_are() {
        for direction in Direction::ALL {
            let study = bowl(direction, 30);
            let history = study.history();
            let space = &history.study().space;
            let found = contour(space, history, [0, 1], 11).unwrap();
            let best = (0..121).min_by(|a, b| direction.compare(found.belief[*a], found.belief[*b]));
            let best = best.unwrap();
            assert_eq!((best % 11, best / 11), (3, 6), "across 0.3, up 0.6");
            let flipped = contour(space, history, [1, 0], 11).unwrap();
            assert_eq!(flipped.belief[3 * 11 + 6], found.belief[6 * 11 + 3]);
            assert!(contour(space, history, [0, 7], 11).is_err());
        }
        let none = bowl(Direction::Minimize, 1);
        let refused = contour(&none.history().study().space, none.history(), [0, 1], 11).unwrap_err();
        assert!(refused.to_string().contains("two trials with a score"));
    }

    #[test]
    fn densities_are_those_of_the_good_and_of_the_others() {
        let study = bowl(Direction::Maximize, 40);
        let history = study.history();
        let question = Question { parameter: 0, places: 101 };
        let found = build("tpe").explain(&history.study().space, history, &question, SEED).unwrap();
        let Some(Insight::Densities(found)) = found else { panic!("{found:?}") };
        assert_eq!(found.trials, [6, 34]);
        for density in [&found.good, &found.bad] {
            let area = density.windows(2).map(|pair| 0.5 * (pair[0] + pair[1]) / 100.0).sum::<f64>();
            assert!((area - 1.0).abs() < 1e-3, "{area}");
        }
        assert!(found.good[30] > 1.2 * found.bad[30] && found.good[95] < found.bad[95]);
    }

    #[test]
    fn samplers_without_a_model_have_nothing_to_explain() {
        let study = bowl(Direction::Minimize, 20);
        let history = study.history();
        for row in SAMPLERS.iter().filter(|row| !["auto", "gp-ucb", "tpe"].contains(&row.name)) {
            let question = Question { parameter: 0, places: 10 };
            let found = build(row.name).explain(&history.study().space, history, &question, SEED).unwrap();
            assert_eq!(found, None, "{}", row.name);
        }
        let empty = bowl(Direction::Minimize, 0);
        for name in ["auto", "gp-ucb", "tpe"] {
            let question = Question { parameter: 0, places: 10 };
            let space = &empty.history().study().space;
            assert_eq!(build(name).explain(space, empty.history(), &question, SEED).unwrap(), None, "{name}");
        }
    }
}
