//! A point of the unit cube as the surrogate's kernel sees it.
//!
//! A parameter with a condition is no value at ½ where it has no effect. In the joint kernel such a point
//! lies at ½ and a step aside, along a column that says which conditions hold: the distance between a point
//! with and one without is learned, from 0 (what the others say is shared) to far (nothing is). The
//! parameter's own kernel knows only points that have it. Both are covariances of points in some Euclidean
//! space, hence positive semidefinite.

use crate::domain::space::{Condition, Distribution, SearchSpace};
use crate::numeric::kernel::{ABSENT, Column, Metric, Points};

/// The value of a choice without effect, in the joint kernel: none of its cells.
const NO_CHOICE: f64 = -1.0;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The coordinate of a parameter.
    Value(usize),
    /// The same, for the own kernel of a parameter that has a condition.
    Own(usize),
    /// Whether this parameter, and all with the same conditions, is active.
    Active(usize),
}

/// The columns of a space.
#[derive(Debug, Clone)]
pub struct Features<'a> {
    space: &'a SearchSpace,
    /// Its columns, as the kernel needs them.
    pub columns: Vec<Column>,
    sources: Vec<Source>,
    conditional: bool,
}

impl<'a> Features<'a> {
    /// Of `space`. A parameter of one value has no column.
    pub fn of(space: &'a SearchSpace) -> Self {
        let mut features = Features { space, columns: Vec::new(), sources: Vec::new(), conditional: false };
        let mut seen: Vec<&[Condition]> = Vec::new();
        for (d, parameter) in space.parameters.iter().enumerate() {
            let conditional = !parameter.when.is_empty();
            features.conditional |= conditional;
            if conditional && !seen.contains(&&*parameter.when) {
                seen.push(&parameter.when);
                features.add(Source::Active(d), Metric::Nominal, true, false);
            }
            if parameter.distribution.cardinality() == Some(1) {
                continue;
            }
            match (&parameter.distribution, conditional) {
                (Distribution::Choice { .. }, _) => {
                    features.add(Source::Value(d), Metric::Nominal, true, true);
                }
                (_, false) => features.add(Source::Value(d), Metric::Ordered, true, true),
                (_, true) => {
                    features.add(Source::Value(d), Metric::Ordered, true, false);
                    features.add(Source::Own(d), Metric::Gated, false, true);
                }
            }
        }
        features
    }

    fn add(&mut self, source: Source, metric: Metric, joint: bool, alone: bool) {
        self.sources.push(source);
        self.columns.push(Column { metric, joint, alone });
    }

    /// The columns' values at a point of the cube.
    pub fn encode(&self, point: &[f64]) -> Vec<f64> {
        let active = if self.conditional { self.space.active(point) } else { vec![true; point.len()] };
        let value = |(source, column): (&Source, &Column)| match *source {
            Source::Value(d) if active[d] => point[d],
            Source::Value(_) if column.metric == Metric::Nominal => NO_CHOICE,
            Source::Value(_) => 0.5,
            Source::Own(d) if active[d] => point[d],
            Source::Own(_) => ABSENT,
            Source::Active(d) => f64::from(u8::from(active[d])),
        };
        self.sources.iter().zip(&self.columns).map(value).collect()
    }

    /// The columns of several points.
    pub fn points<'p>(&self, points: impl Iterator<Item = &'p [f64]>) -> Points {
        let rows: Vec<Vec<f64>> = points.map(|point| self.encode(point)).collect();
        Points::from_rows(self.columns.len(), &rows)
    }

    /// A gradient along the columns as one along the axes of the cube.
    pub fn gradient(&self, along: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut gradient = vec![0.0; self.space.dimensions()];
        for (source, slope) in self.sources.iter().zip(along) {
            match *source {
                Source::Value(d) | Source::Own(d) => gradient[d] += slope,
                Source::Active(_) => {}
            }
        }
        gradient
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::{choice, float, int, space, when};

    #[test]
    fn what_has_no_effect_is_absent_and_a_step_aside() {
        let space = space([
            ("kind", choice(&["a", "b"])),
            ("rate", float(0.0, 1.0)),
            ("depth", int(1, 2)),
            ("word", choice(&["x", "y", "z"])),
            ("fixed", float(2.0, 2.0)),
        ]);
        let space = when(space, "rate", "kind", &["a".into()]);
        let space = when(space, "word", "kind", &["a".into()]);
        let features = Features::of(&space);
        let metrics: Vec<Metric> = features.columns.iter().map(|c| c.metric).collect();
        use Metric::{Gated, Nominal, Ordered};
        assert_eq!(metrics, [Nominal, Nominal, Ordered, Gated, Ordered, Nominal]);
        assert_eq!(features.encode(&[0.25, 0.3, 0.75, 0.5, 0.5]), [0.25, 1.0, 0.3, 0.3, 0.75, 0.5]);
        assert_eq!(features.encode(&[0.75, 0.5, 0.25, 0.5, 0.5]), [0.75, 0.0, 0.5, ABSENT, 0.25, NO_CHOICE]);
        let slopes = [9.0, 9.0, 1.0, 2.0, 4.0, 0.0];
        assert_eq!(features.gradient(slopes.into_iter()), [9.0, 3.0, 4.0, 0.0, 0.0]);
    }
}
