//! Parameters that are active together, and whether they are at a point of the cube.

use crate::domain::space::{Distribution, SearchSpace};
use crate::numeric::parzen::{Axis, Cell};

/// Whole numbers of more values are taken for a continuum: then no kernel is narrower than a cell.
const CELLS: u64 = 64;

/// Which parameters share a density.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// Those with the same conditions.
    Together,
    /// Those without any condition; the others are alone.
    Unconditional,
    /// None.
    Alone,
}

/// The groups of a space, parents first.
#[derive(Debug, Clone, PartialEq)]
pub struct Groups {
    groups: Vec<Group>,
}

#[derive(Debug, Clone, PartialEq)]
struct Group {
    /// The number of each parameter in the space, and its axis. Those of one value are left out.
    axes: Vec<(usize, Axis)>,
    /// Parameters on which they depend, whether directly or not, and the coordinates that these must have.
    gates: Vec<(usize, Vec<f64>)>,
}

impl Groups {
    /// The groups of `space`, by their first parameters.
    pub fn of(space: &SearchSpace, grouping: Grouping) -> Self {
        let mut groups: Vec<(usize, Group)> = Vec::new();
        for (index, parameter) in space.parameters.iter().enumerate() {
            let Some(axis) = axis(&parameter.distribution) else { continue };
            let together = match grouping {
                Grouping::Together => true,
                Grouping::Unconditional => parameter.when.is_empty(),
                Grouping::Alone => false,
            };
            let same = |(first, _): &&mut (usize, Group)| space.parameters[*first].when == parameter.when;
            match groups.iter_mut().find(same).filter(|_| together) {
                Some((_, group)) => group.axes.push((index, axis)),
                None => groups.push((index, Group { axes: vec![(index, axis)], gates: gates(space, index) })),
            }
        }
        Groups { groups: groups.into_iter().map(|(_, group)| group).collect() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// The axes of group number `group`.
    pub fn axes(&self, group: usize) -> &[(usize, Axis)] {
        &self.groups[group].axes
    }

    /// Whether a group's parameters are active at `point`, whose coordinates along those on which they depend
    /// stand for their values.
    pub fn is_active(&self, group: usize, point: &[f64]) -> bool {
        let is_open = |(parent, units): &(usize, Vec<f64>)| {
            // The same value has the same coordinate, up to what is lost between two ways to compute it.
            units.iter().any(|unit| (unit - point[*parent]).abs() < 1e-9)
        };
        self.groups[group].gates.iter().all(is_open)
    }

    /// Moves coordinates of whole numbers, which were drawn on a continuum, to those that stand for them.
    pub fn snap(&self, group: usize, space: &SearchSpace, point: &mut [f64]) {
        for (index, axis) in self.axes(group) {
            let distribution = &space.parameters[*index].distribution;
            if let (Axis::Real, Distribution::Int { .. }) = (axis, distribution) {
                let unit = distribution.to_unit(&distribution.from_unit(point[*index]));
                point[*index] = unit.unwrap_or(point[*index]);
            }
        }
    }
}

/// What must hold for parameter `index` to be active, of all its ancestors.
fn gates(space: &SearchSpace, index: usize) -> Vec<(usize, Vec<f64>)> {
    let mut found = Vec::new();
    for condition in &space.parameters[index].when {
        let parent = space.parameters[..index].iter().position(|p| p.name == condition.parameter);
        // A condition on what the space does not have never holds.
        let Some(parent) = parent else { return vec![(0, Vec::new())] };
        let distribution = &space.parameters[parent].distribution;
        found.push((parent, condition.is.iter().filter_map(|v| distribution.to_unit(v)).collect()));
        found.extend(gates(space, parent));
    }
    found
}

/// The axis of a parameter; `None` where it has one value.
fn axis(distribution: &Distribution) -> Option<Axis> {
    match (distribution, distribution.cardinality()) {
        (_, Some(1)) => None,
        (Distribution::Choice { choices }, _) => Some(Axis::Choices(choices.len())),
        (Distribution::Int { low, high, log }, Some(count)) if count <= CELLS => {
            let (a, b) = (*low as f64 - 0.5, *high as f64 + 0.5);
            let bound = |i: u64| {
                let v = a + i as f64;
                if *log { libm::log(v / a) / libm::log(b / a) } else { (v - a) / (b - a) }
            };
            let cell = |i| {
                let place = distribution.to_unit(&distribution.nth(i)).unwrap_or(0.5);
                Cell { place, width: bound(i + 1) - bound(i) }
            };
            Some(Axis::Cells((0..count).map(cell).collect()))
        }
        _ => Some(Axis::Real),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::{choice, conditional, float, int, space};

    fn numbers(groups: &Groups) -> Vec<Vec<usize>> {
        groups.groups.iter().map(|g| g.axes.iter().map(|(index, _)| *index).collect()).collect()
    }

    /// The nested space of two kinds, with a rate of all kinds and a second parameter of the first.
    fn nested() -> SearchSpace {
        let mut space = conditional();
        let mut add = |name: &str, distribution, like: usize| {
            let mut parameter = space.parameters[like].clone();
            (parameter.name, parameter.distribution) = (name.into(), distribution);
            space.parameters.push(parameter);
        };
        add("rate", float(0.0, 1.0), 0);
        add("cnn.l1", float(0.0, 1.0), 1);
        add("one", float(2.0, 2.0), 0);
        space
    }

    #[test]
    fn parameters_with_the_same_conditions_are_together() {
        let space = nested();
        let of = |grouping| numbers(&Groups::of(&space, grouping));
        assert_eq!(of(Grouping::Together), [vec![0, 5], vec![1, 6], vec![2], vec![3], vec![4]]);
        assert_eq!(of(Grouping::Unconditional), [vec![0, 5], vec![1], vec![2], vec![3], vec![4], vec![6]]);
        assert_eq!(of(Grouping::Alone).len(), 7);
    }

    #[test]
    fn groups_are_active_where_the_space_says_so() {
        let space = nested();
        let groups = Groups::of(&space, Grouping::Together);
        for kind in [0.25, 0.75] {
            for layers in [0.5 / 3.0, 0.5, 2.5 / 3.0] {
                for units in [0.5 / 3.0, 0.5] {
                    let point = [kind, 0.25, layers, units, 0.5, 0.3, 0.4, 0.5];
                    let active = space.active(&point);
                    for (i, numbers) in numbers(&groups).iter().enumerate() {
                        assert_eq!(groups.is_active(i, &point), active[numbers[0]], "{point:?} {numbers:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn cells_of_whole_numbers_are_their_shares_of_the_cube() {
        for log in [false, true] {
            let distribution = Distribution::Int { low: 1, high: 12, log };
            let Some(Axis::Cells(cells)) = axis(&distribution) else { panic!("no cells") };
            assert!((cells.iter().map(|c| c.width).sum::<f64>() - 1.0).abs() < 1e-12);
            let mut low = 0.0;
            for (i, cell) in cells.iter().enumerate() {
                assert_eq!(distribution.from_unit(low + 1e-9), distribution.nth(i as u64));
                assert_eq!(distribution.from_unit(cell.place), distribution.nth(i as u64));
                low += cell.width;
            }
        }
        assert_eq!(axis(&int(1, 65)), Some(Axis::Real));
        assert_eq!((axis(&int(3, 3)), axis(&choice(&["x"]))), (None, None));
        let groups = Groups::of(&space([("n", int(0, 99))]), Grouping::Together);
        let mut point = [0.123];
        groups.snap(0, &space([("n", int(0, 99))]), &mut point);
        assert!((point[0] - 0.125).abs() < 1e-12);
    }
}
