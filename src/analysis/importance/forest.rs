//! A random forest of regression trees (Breiman 2001): trees on bootstrap samples, all columns tried at each
//! split, grown until their leaves are pure.

use rayon::prelude::*;

use crate::domain::seed::{Rng, derive};

/// Splits from the root to a leaf at most.
const DEPTH: usize = 64;

/// A node of a tree.
#[derive(Debug, Clone, Copy)]
pub(super) enum Node {
    /// The mean of the rows that come here.
    Leaf(f64),
    /// Rows whose value of `column` is at most `threshold` go to node `left`, others to node `right`.
    Split { column: usize, threshold: f64, left: usize, right: usize },
}

/// Nodes; the first is the root, and children stand behind their parents.
pub(super) type Tree = Vec<Node>;

/// `trees` trees that tell `targets` from `columns`, which have a value for each of them.
pub(super) fn grow(columns: &[Vec<f64>], targets: &[f64], trees: usize, seed: u64) -> Vec<Tree> {
    let one = |number: usize| {
        let mut rng = Rng::new(derive(seed, "importance tree", number as u64));
        let rows = (0..targets.len()).map(|_| rng.below(targets.len())).collect();
        let mut grower = Grower { columns, targets, rng, tree: Vec::new() };
        grower.node(rows, 0);
        grower.tree
    };
    (0..trees).into_par_iter().map(one).collect()
}

struct Grower<'a> {
    columns: &'a [Vec<f64>],
    targets: &'a [f64],
    rng: Rng,
    tree: Tree,
}

impl Grower<'_> {
    /// Grows the subtree of `rows`; its root's number.
    fn node(&mut self, rows: Vec<usize>, depth: usize) -> usize {
        let own = self.tree.len();
        let mean = rows.iter().map(|r| self.targets[*r]).sum::<f64>() / rows.len() as f64;
        self.tree.push(Node::Leaf(mean));
        let is_pure = rows.iter().all(|r| self.targets[*r] == self.targets[rows[0]]);
        let split = if is_pure || depth == DEPTH { None } else { self.split(&rows, mean) };
        let Some((column, threshold)) = split else { return own };
        let (low, high): (Vec<usize>, Vec<usize>) =
            rows.into_iter().partition(|r| self.columns[column][*r] <= threshold);
        let left = self.node(low, depth + 1);
        let right = self.node(high, depth + 1);
        self.tree[own] = Node::Split { column, threshold, left, right };
        own
    }

    /// The column and threshold that lower the squared error most; ties go to the first in a random order.
    fn split(&mut self, rows: &[usize], mean: f64) -> Option<(usize, f64)> {
        let mut order: Vec<usize> = (0..self.columns.len()).collect();
        self.rng.shuffle(&mut order);
        let mut best: Option<(f64, usize, f64)> = None;
        let mut sorted: Vec<(f64, f64)> = Vec::with_capacity(rows.len());
        for column in order {
            let values = &self.columns[column];
            sorted.clear();
            sorted.extend(rows.iter().map(|r| (values[*r], self.targets[*r] - mean)));
            sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
            let total: f64 = sorted.iter().map(|(_, y)| y).sum();
            let mut left = 0.0;
            for (i, pair) in sorted.windows(2).enumerate() {
                left += pair[0].1;
                let threshold = f64::midpoint(pair[0].0, pair[1].0);
                // Neighbouring floats have no number between them.
                if threshold >= pair[1].0 || pair[0].0 == pair[1].0 {
                    continue;
                }
                let (n, m) = ((i + 1) as f64, (sorted.len() - i - 1) as f64);
                let gain = left * left / n + (total - left) * (total - left) / m;
                if best.is_none_or(|(most, ..)| gain > most) {
                    best = Some((gain, column, threshold));
                }
            }
        }
        best.map(|(_, column, threshold)| (column, threshold))
    }
}
