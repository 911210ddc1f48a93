//! fANOVA (Hutter, Hoos & Leyton-Brown 2014): a random forest learns the score, and its trees, which are constant
//! on boxes of the space, give exactly what share of the variance over the space is a parameter's alone
//! (their Algorithms 1 and 2).
//!
//! The space is that of Optuna 5.0, so that the shares are: of the values themselves, for a parameter that is
//! searched in the logarithm too, and with a column of 0 and 1 for each choice, all of whose combinations count
//! alike. There are twice as many trees, because the shares of parameters that hardly matter are noisy.

use std::collections::BTreeMap;

use super::forest::{self, Node, Tree};
use super::{FEWEST, Scored, is_single, shares};
use crate::domain::space::{Distribution, Parameter};
use crate::domain::value::{Params, Value};

const TREES: usize = 128;

/// The share of each parameter, in the order of the space. That of one which some trials lack is told from
/// those that have it.
pub(super) fn fractions(scored: &Scored<'_>, seed: u64) -> Vec<Option<f64>> {
    let mut known: BTreeMap<Vec<usize>, BTreeMap<&str, f64>> = BTreeMap::new();
    let mut of_parameter = |parameter: &Parameter| {
        let rows = scored.active(parameter);
        if rows.len() < FEWEST {
            return None;
        }
        let shares = known.entry(rows.clone()).or_insert_with(|| within(scored, &rows, seed));
        shares.get(parameter.name.as_str()).copied()
    };
    scored.space.parameters.iter().map(&mut of_parameter).collect()
}

/// The shares, among `rows`, of the parameters that all of these have; none where their scores do not differ.
fn within<'a>(scored: &Scored<'a>, rows: &[usize], seed: u64) -> BTreeMap<&'a str, f64> {
    let params: Vec<&Params> = rows.iter().map(|i| scored.params[*i]).collect();
    let costs: Vec<f64> = rows.iter().map(|i| scored.costs[*i]).collect();
    if costs.iter().all(|cost| *cost == costs[0]) {
        return BTreeMap::new();
    }
    let common = |p: &&Parameter| params.iter().all(|params| params.contains_key(&p.name));
    let (single, varied): (Vec<&Parameter>, Vec<&Parameter>) =
        scored.space.parameters.iter().filter(common).partition(|p| is_single(&p.distribution));
    let mut columns = Vec::new();
    let mut values = Vec::new();
    for (axis, parameter) in varied.iter().enumerate() {
        let own = params.iter().filter_map(|params| params.get(&parameter.name)).collect::<Vec<_>>();
        encode(axis, &parameter.distribution, &own, &mut columns, &mut values);
    }
    let trees = forest::grow(&values, &costs, TREES, seed);
    let whole: Vec<Extent> = varied.iter().map(|p| Extent::of(&p.distribution)).collect();
    let mut sums = vec![0.0; varied.len()];
    for tree in &trees {
        let boxes = Boxes::of(tree, &columns, &whole);
        let variance = boxes.variance();
        if variance > 0.0 {
            sums.iter_mut().enumerate().for_each(|(axis, sum)| *sum += boxes.alone(axis) / variance);
        }
    }
    let named = varied.iter().zip(shares(&sums)).map(|(p, share)| (p.name.as_str(), share));
    single.iter().map(|p| (p.name.as_str(), 0.0)).chain(named).collect()
}

/// What a column of the forest's table tells.
#[derive(Debug, Clone, Copy)]
struct Column {
    /// The parameter, by its place.
    axis: usize,
    /// Whether it has this choice; its value itself if `None`.
    choice: Option<usize>,
}

fn encode(
    axis: usize,
    distribution: &Distribution,
    own: &[&Value],
    columns: &mut Vec<Column>,
    values: &mut Vec<Vec<f64>>,
) {
    if let Distribution::Choice { choices } = distribution {
        for (number, choice) in choices.iter().enumerate() {
            columns.push(Column { axis, choice: Some(number) });
            values.push(own.iter().map(|value| f64::from(*value == choice)).collect());
        }
    } else {
        columns.push(Column { axis, choice: None });
        values.push(own.iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect());
    }
}

/// A part of a parameter's values.
#[derive(Debug, Clone, PartialEq)]
enum Extent {
    /// From the first to the second; of a range that is as long as the third.
    Range(f64, f64, f64),
    /// For each choice its column's 0, its 1, or both.
    Choices(Vec<Half>),
}

/// Of a column of 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Half {
    Both,
    Zero,
    One,
}

impl Half {
    /// How much of a column two parts of it share.
    fn overlap(self, other: Half) -> f64 {
        match (self, other) {
            (Half::Both, Half::Both) => 1.0,
            (Half::Zero, Half::One) | (Half::One, Half::Zero) => 0.0,
            _ => 0.5,
        }
    }
}

impl Extent {
    /// All values.
    fn of(distribution: &Distribution) -> Self {
        match distribution {
            Distribution::Float { low, high, .. } => Extent::Range(*low, *high, high - low),
            Distribution::Int { low, high, .. } => {
                Extent::Range(*low as f64, *high as f64, *high as f64 - *low as f64)
            }
            Distribution::Choice { choices } => Extent::Choices(vec![Half::Both; choices.len()]),
        }
    }

    /// Which share of all values it is.
    fn share(&self) -> f64 {
        match self {
            Extent::Range(low, high, length) => (high - low) / length,
            Extent::Choices(halves) => halves.iter().map(|half| half.overlap(Half::Both)).product(),
        }
    }

    /// What is left of it where a split goes to the left, or to the right.
    fn cut(&self, column: Column, threshold: f64, left: bool) -> Self {
        match self {
            Extent::Range(low, high, length) => {
                let at = threshold.clamp(*low, *high);
                if left { Extent::Range(*low, at, *length) } else { Extent::Range(at, *high, *length) }
            }
            Extent::Choices(halves) => {
                let own = if left { Half::Zero } else { Half::One };
                let cut = |(i, half): (usize, &Half)| if Some(i) == column.choice { own } else { *half };
                Extent::Choices(halves.iter().enumerate().map(cut).collect())
            }
        }
    }
}

/// A tree's leaves as boxes of the space, each with its value; values are taken from their mean over the space.
struct Boxes {
    leaves: Vec<(Vec<Extent>, f64)>,
    sizes: Vec<f64>,
}

impl Boxes {
    fn of(tree: &Tree, columns: &[Column], whole: &[Extent]) -> Self {
        let mut leaves = Vec::new();
        let mut open = vec![(0, whole.to_vec())];
        while let Some((node, extents)) = open.pop() {
            match tree[node] {
                Node::Leaf(value) => leaves.push((extents, value)),
                Node::Split { column, threshold, left, right } => {
                    let column = columns[column];
                    for (child, is_left) in [(left, true), (right, false)] {
                        let mut part = extents.clone();
                        part[column.axis] = part[column.axis].cut(column, threshold, is_left);
                        open.push((child, part));
                    }
                }
            }
        }
        let sizes: Vec<f64> = leaves.iter().map(|(e, _)| e.iter().map(Extent::share).product()).collect();
        let mean: f64 = leaves.iter().zip(&sizes).map(|((_, value), size)| value * size).sum();
        leaves.iter_mut().for_each(|(_, value)| *value -= mean);
        Boxes { leaves, sizes }
    }

    /// The variance over the space.
    fn variance(&self) -> f64 {
        self.leaves.iter().zip(&self.sizes).map(|((_, value), size)| value * value * size).sum()
    }

    /// The variance of the mean over all other parameters.
    fn alone(&self, axis: usize) -> f64 {
        // What a leaf adds to that mean wherever this parameter lies in its extent.
        let adds = |(extents, value): &(Vec<Extent>, f64)| {
            let others = extents.iter().enumerate().filter(|(other, _)| *other != axis);
            value * others.map(|(_, extent)| extent.share()).product::<f64>()
        };
        let mut steps: Vec<(f64, f64)> = Vec::new();
        let mut by_choices: BTreeMap<&[Half], f64> = BTreeMap::new();
        let mut length = 1.0;
        for leaf in &self.leaves {
            let added = adds(leaf);
            match &leaf.0[axis] {
                Extent::Range(low, high, whole) => {
                    length = *whole;
                    steps.extend([(*low, added), (*high, -added)]);
                }
                Extent::Choices(halves) => *by_choices.entry(halves).or_default() += added,
            }
        }
        if !by_choices.is_empty() {
            return of_choices(&by_choices);
        }
        steps.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut mean, mut variance) = (0.0, 0.0);
        for pair in steps.windows(2) {
            mean += pair[0].1;
            variance += mean * mean * (pair[1].0 - pair[0].0) / length;
        }
        variance
    }
}

/// The variance of a sum of parts, each of which is a number where its columns allow and 0 elsewhere; their
/// mean is 0.
fn of_choices(parts: &BTreeMap<&[Half], f64>) -> f64 {
    let together = |a: &[Half], b: &[Half]| a.iter().zip(b).map(|(a, b)| a.overlap(*b)).product::<f64>();
    let with_all = |(a, x): (&&[Half], &f64)| parts.iter().map(|(b, y)| x * y * together(a, b)).sum::<f64>();
    parts.iter().map(with_all).sum::<f64>().max(0.0)
}
