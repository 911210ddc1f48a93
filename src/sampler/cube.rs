//! The unit cube of a search space as samplers walk it: cells, neighbours, designs, and what has been
//! asked before.

use crate::domain::history::History;
use crate::domain::seed::{Rng, derive};
use crate::domain::space::{Distribution, SearchSpace};
use crate::domain::value::{Params, Value};

/// Draws after which a repeated point is accepted in a space that has others.
const DRAWS: usize = 100;

/// Puts one coordinate into the middle of its cell; continuous ones stay where they are.
fn snap_coordinate(distribution: &Distribution, unit: f64) -> f64 {
    match distribution {
        Distribution::Float { low, high, .. } if low < high => unit.clamp(0.0, 1.0),
        _ => distribution.to_unit(&distribution.from_unit(unit)).unwrap_or(unit),
    }
}

/// Puts the coordinates of whole numbers and choices into the middles of their cells, and those of
/// inactive parameters to ½, where trials of the history stand.
pub fn snap(space: &SearchSpace, mut point: Vec<f64>) -> Vec<f64> {
    for (parameter, unit) in space.parameters.iter().zip(&mut point) {
        *unit = snap_coordinate(&parameter.distribution, *unit);
    }
    let active = space.active(&point);
    for (unit, is_active) in point.iter_mut().zip(active) {
        if !is_active {
            *unit = 0.5;
        }
    }
    point
}

/// A uniform draw of the space, as a point of the cube: the same number of draws wherever it falls.
pub fn draw(space: &SearchSpace, rng: &mut Rng) -> Vec<f64> {
    snap(space, (0..space.dimensions()).map(|_| rng.uniform()).collect())
}

/// The coordinates one step away along one axis: the whole numbers beside `unit`, or every other
/// choice. None along a continuous axis.
pub fn neighbours(distribution: &Distribution, unit: f64) -> Vec<f64> {
    match (distribution, distribution.from_unit(unit)) {
        (Distribution::Int { .. }, Value::Int(v)) => [v.checked_sub(1), v.checked_add(1)]
            .into_iter()
            .filter_map(|v| distribution.to_unit(&Value::Int(v?)))
            .collect(),
        (Distribution::Choice { choices }, here) => {
            choices.iter().filter(|c| **c != here).filter_map(|c| distribution.to_unit(c)).collect()
        }
        _ => Vec::new(),
    }
}

/// Point `index` of an endless series of Latin hypercubes of `size` points each (McKay, Beckman &
/// Conover 1979): each coordinate visits each of `size` strata once in every `size` points, where its
/// parameter is active.
pub fn latin_hypercube(space: &SearchSpace, size: usize, index: usize, seed: u64) -> Vec<f64> {
    let (block, row) = (index / size, index % size);
    let mut rng = Rng::new(derive(seed, "latin-hypercube", block as u64));
    let mut strata: Vec<usize> = (0..size).collect();
    let coordinate = |_| {
        rng.shuffle(&mut strata);
        let jitters: Vec<f64> = (0..size).map(|_| rng.uniform()).collect();
        (strata[row] as f64 + jitters[row]) / size as f64
    };
    snap(space, (0..space.dimensions()).map(coordinate).collect())
}

/// Whether a trial of any state has exactly these params.
pub fn is_repeat(history: &History, params: &Params) -> bool {
    // Equal params lie at the same point, and points are much quicker to compare.
    let Ok(point) = history.study().space.to_unit(params) else { return false };
    history.trials().iter().any(|t| t.point == point && &t.params == params)
}

/// The params at `point`, unless a trial has them.
pub fn unless_repeat(space: &SearchSpace, history: &History, point: &[f64]) -> Option<Params> {
    let params = space.from_unit(point);
    (!is_repeat(history, &params)).then_some(params)
}

/// What the next trial is while a search begins, and why: its point of a Latin hypercube of `size` points, or a
/// uniform draw where a trial has that.
pub fn startup(space: &SearchSpace, history: &History, size: usize, rng: &mut Rng) -> (Params, String) {
    let number = history.trials().len();
    let point = latin_hypercube(space, size, number, history.study().seed);
    let found = unless_repeat(space, history, &point);
    let why = design_point(number, size, found.is_some());
    (found.unwrap_or_else(|| draw_unseen(space, history, rng)), why)
}

/// Why trial `number` is what it is: its point of a design of `size`, or a draw where another trial has that.
pub fn design_point(number: usize, size: usize, is_new: bool) -> String {
    // Where trials end without a score, the design goes on with further points.
    let of = if number < size { format!("{} of {size}", number + 1) } else { (number + 1).to_string() };
    match is_new {
        true => format!("design point {of}"),
        false => format!("a uniform draw: design point {of} is a trial already"),
    }
}

/// A uniform draw among the points that no trial has. A finite space in which every point has been
/// tried is drawn from anew.
pub fn draw_unseen(space: &SearchSpace, history: &History, rng: &mut Rng) -> Params {
    if let Some(mut points) = points(space, 2 * history.trials().len()) {
        points.retain(|params| !is_repeat(history, params));
        if !points.is_empty() {
            return points.swap_remove(rng.below(points.len()));
        }
        return space.from_unit(&draw(space, rng));
    }
    let mut params = space.from_unit(&draw(space, rng));
    for _ in 0..DRAWS {
        if !is_repeat(history, &params) {
            break;
        }
        params = space.from_unit(&draw(space, rng));
    }
    params
}

/// Every point of the space; `None` for a continuum or more than `most`.
fn points(space: &SearchSpace, most: usize) -> Option<Vec<Params>> {
    let mut points = vec![Params::new()];
    for parameter in &space.parameters {
        let mut longer = Vec::with_capacity(points.len());
        for point in points {
            if !parameter.is_active(&point) {
                longer.push(point);
                continue;
            }
            let values = parameter.distribution.cardinality()?;
            // Each of them leads to one point at least.
            if values > most.saturating_sub(longer.len()) as u64 {
                return None;
            }
            longer.extend((0..values).map(|index| {
                let mut point = point.clone();
                point.insert(parameter.name.clone(), parameter.distribution.nth(index));
                point
            }));
        }
        points = longer;
    }
    Some(points)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::testing::{self, Scripted, choice, conditional, float, int, space};

    #[test]
    fn a_latin_hypercube_fills_every_stratum_of_every_coordinate() {
        let space = space([("a", float(0.0, 1.0)), ("b", int(1, 8))]);
        for block in [0, 3] {
            let points: Vec<_> = (0..8).map(|i| latin_hypercube(&space, 8, block * 8 + i, 5)).collect();
            for axis in 0..2 {
                let mut strata: Vec<usize> = points.iter().map(|p| (p[axis] * 8.0) as usize).collect();
                strata.sort_unstable();
                assert_eq!(strata, [0, 1, 2, 3, 4, 5, 6, 7]);
            }
        }
    }

    #[test]
    fn a_finite_space_is_drawn_without_repeats_until_it_is_exhausted() {
        let space = space([("a", int(-1, 2)), ("b", choice(&["x", "y", "z"])), ("c", float(2.0, 2.0))]);
        let mut study = Scripted::new(&space, Direction::Minimize, 1);
        let mut rng = Rng::new(1);
        for _ in 0..12 {
            let params = draw_unseen(&space, study.history(), &mut rng);
            assert!(!is_repeat(study.history(), &params));
            study.fail(params);
        }
        let repeat = draw_unseen(&space, study.history(), &mut rng);
        assert!(is_repeat(study.history(), &repeat));
    }

    #[test]
    fn the_points_of_a_conditional_space_are_counted_by_what_is_active() {
        let space = conditional();
        let all = points(&space, 15).unwrap();
        assert_eq!((all.len(), points(&space, 14)), (2 + 1 + 3 + 9, None));
        for (i, point) in all.iter().enumerate() {
            assert_eq!(space.check(point), Ok(()));
            assert!(!all[..i].contains(point));
        }
        let log = Distribution::Int { low: 1, high: 9, log: true };
        assert_eq!(points(&testing::space([("n", log)]), 9).unwrap().len(), 9);
        assert_eq!(points(&testing::space([("x", float(0.0, 1.0))]), 1000), None);
    }

    #[test]
    fn inactive_coordinates_are_in_the_middle() {
        let at = |point: [f64; 5]| snap(&conditional(), point.into());
        assert_eq!(at([0.1, 0.2, 0.3, 0.4, 0.6]), [0.25, 0.25, 0.5, 0.5, 0.5]);
        assert_eq!(at([0.6, 0.2, 0.3, 0.9, 0.9]), [0.75, 0.5, 0.5 / 3.0, 0.5, 0.5]);
        assert_eq!(at([0.6, 0.2, 0.9, 0.9, 0.1]), [0.75, 0.5, 2.5 / 3.0, 2.5 / 3.0, 0.5 / 3.0]);
    }

    #[test]
    fn neighbours_are_the_cells_beside_and_the_other_choices() {
        let d = int(5, 8);
        let values = |u: f64| neighbours(&d, u).iter().map(|u| d.from_unit(*u)).collect::<Vec<_>>();
        assert_eq!(values(0.0), [Value::Int(6)]);
        assert_eq!(values(0.4), [Value::Int(5), Value::Int(7)]);
        assert_eq!(neighbours(&choice(&["x", "y", "z"]), 0.5), [1.0 / 6.0, 2.5 / 3.0]);
        assert!(neighbours(&float(0.0, 1.0), 0.5).is_empty());
    }
}
