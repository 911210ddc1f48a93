//! The genealogy of a neutral sample: the coalescent with recombination, from the present to the past
//! (Hudson 1983, "Properties of a neutral allele model with intragenic recombination", Theoretical
//! Population Biology 23:183).
//!
//! A lineage is what one gamete of the past has left of itself in the sample: pieces of the chromosome, each
//! with the node of the genealogy that it leads to. Going back, a lineage is split by a crossover, or
//! two of one deme find a common ancestor; a piece of which all samples descend is done with.

use std::collections::BTreeMap;

use super::population::gap;
use crate::domain::seed::Rng;

/// Crossovers a base pair and meiosis: 1 cM per million base pairs.
const CROSSOVERS: f64 = 1e-8;

/// Where a sample comes from.
#[derive(Debug, Clone)]
pub(super) struct Demography {
    /// Sampled haplotypes of each deme.
    pub samples: Vec<usize>,
    /// Effective size of each deme, in diploid individuals.
    pub size: f64,
    /// Generations ago before which the demes were one; without effect on a single deme whose ancestral
    /// size is its own.
    pub split: f64,
    /// Effective size before that.
    pub ancestral: f64,
}

impl Demography {
    /// One population of constant size.
    pub fn constant(samples: usize, size: f64) -> Self {
        Demography { samples: vec![samples], size, split: f64::INFINITY, ancestral: size }
    }

    /// Sampled haplotypes of all demes.
    pub fn haplotypes(&self) -> usize {
        self.samples.iter().sum()
    }
}

/// A piece of a chromosome, `left..right` in base pairs from 0, that leads to `node`.
#[derive(Debug, Clone, Copy)]
struct Piece {
    left: u64,
    right: u64,
    node: usize,
}

/// Pieces in ascending order, never none.
type Lineage = Vec<Piece>;

/// Between `left` and `right`, `child` descends from the node whose edge this is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub left: u64,
    pub right: u64,
    pub child: usize,
    /// Generations.
    pub length: f64,
}

/// The genealogy of one chromosome. The first nodes are the samples.
#[derive(Debug)]
pub(super) struct Genealogy {
    samples: usize,
    /// Generations before the present.
    times: Vec<f64>,
    /// Node by node.
    pub edges: Vec<Edge>,
    /// Where the edges of each node that is no sample end.
    ends: Vec<usize>,
}

impl Genealogy {
    /// Draws one for a chromosome of `length` base pairs.
    pub fn draw(demography: &Demography, length: u64, rng: &mut Rng) -> Self {
        let samples = demography.haplotypes();
        let mut made = Genealogy { samples, times: vec![0.0; samples], edges: Vec::new(), ends: Vec::new() };
        let mut node = 0..samples;
        let mut demes: Vec<Vec<Lineage>> = demography
            .samples
            .iter()
            .map(|n| {
                node.by_ref().take(*n).map(|node| vec![Piece { left: 0, right: length, node }]).collect()
            })
            .collect();
        let mut alive = Alive(BTreeMap::from([(0, samples), (length, 0)]));
        let (mut time, mut size, mut split) = (0.0, demography.size, demography.split);
        while demes.iter().flatten().count() > 1 {
            let pairs: Vec<f64> = demes
                .iter()
                .map(|d| (d.len() * d.len().saturating_sub(1) / 2) as f64 / (2.0 * size))
                .collect();
            let gaps: Vec<u64> = demes.iter().map(|d| d.iter().map(|l| span(l)).sum()).collect();
            let crossing = CROSSOVERS * gaps.iter().sum::<u64>() as f64;
            let total = crossing + pairs.iter().sum::<f64>();
            let next = if total > 0.0 { time + gap(rng, 1.0 / total) } else { f64::INFINITY };
            if next >= split {
                demes = vec![demes.into_iter().flatten().collect()];
                (time, size, split) = (split, demography.ancestral, f64::INFINITY);
                continue;
            }
            time = next;
            let mut at = rng.uniform() * total - crossing;
            if at < 0.0 {
                cross(&mut demes, &gaps, rng);
                continue;
            }
            let mut chosen = 0;
            while chosen + 1 < demes.len() && at >= pairs[chosen] {
                at -= pairs[chosen];
                chosen += 1;
            }
            let deme = &mut demes[chosen];
            let first = deme.swap_remove(rng.below(deme.len()));
            let second = deme.swap_remove(rng.below(deme.len()));
            let common = made.coalesce(&first, &second, time, &mut alive);
            if !common.is_empty() {
                deme.push(common);
            }
        }
        made
    }

    /// The lineage of a common ancestor.
    fn coalesce(&mut self, a: &[Piece], b: &[Piece], time: f64, alive: &mut Alive) -> Lineage {
        let node = self.times.len();
        let mut common: Lineage = Vec::with_capacity(a.len() + b.len());
        let mut push = |piece: Piece| match common.last_mut() {
            Some(last) if last.right == piece.left && last.node == piece.node => last.right = piece.right,
            _ => common.push(piece),
        };
        let (mut a, mut b) = (Rest::of(a), Rest::of(b));
        let edges = self.edges.len();
        loop {
            let (x, y) = match (a.first, b.first) {
                (Some(x), Some(y)) => (x, y),
                (Some(x), None) => {
                    push(x);
                    a.cut(x.right);
                    continue;
                }
                (None, Some(y)) => {
                    push(y);
                    b.cut(y.right);
                    continue;
                }
                (None, None) => break,
            };
            if x.left < y.left {
                let right = x.right.min(y.left);
                push(Piece { right, ..x });
                a.cut(right);
            } else if y.left < x.left {
                let right = y.right.min(x.left);
                push(Piece { right, ..y });
                b.cut(right);
            } else {
                let (left, right) = (x.left, x.right.min(y.right));
                for child in [x.node, y.node] {
                    self.edges.push(Edge { left, right, child, length: time - self.times[child] });
                }
                alive.meet(left, right, |left, right| push(Piece { left, right, node }));
                a.cut(right);
                b.cut(right);
            }
        }
        if self.edges.len() > edges {
            self.times.push(time);
            self.ends.push(self.edges.len());
        }
        common
    }

    /// Marks the samples that descend from `node` at a base pair, a bit each in words of 64; `open` is
    /// room to work in.
    pub fn carriers(&self, node: usize, at: u64, open: &mut Vec<usize>, carriers: &mut [u64]) {
        carriers.fill(0);
        open.push(node);
        while let Some(node) = open.pop() {
            let Some(inner) = node.checked_sub(self.samples) else {
                carriers[node / 64] |= 1 << (node % 64);
                continue;
            };
            let start = inner.checked_sub(1).map_or(0, |before| self.ends[before]);
            let edges = &self.edges[start..self.ends[inner]];
            open.extend(edges.iter().filter(|e| (e.left..e.right).contains(&at)).map(|e| e.child));
        }
    }
}

/// Gaps between base pairs at which a crossover splits a lineage.
fn span(lineage: &[Piece]) -> u64 {
    lineage.first().zip(lineage.last()).map_or(0, |(first, last)| last.right - first.left - 1)
}

/// Splits a random lineage by a crossover. `gaps` are those of each deme.
fn cross(demes: &mut [Vec<Lineage>], gaps: &[u64], rng: &mut Rng) {
    let mut at = rng.below(gaps.iter().sum::<u64>() as usize) as u64;
    for (deme, gaps) in demes.iter_mut().zip(gaps) {
        if at >= *gaps {
            at -= gaps;
            continue;
        }
        for i in 0..deme.len() {
            let lineage = &mut deme[i];
            let here = span(lineage);
            if at >= here {
                at -= here;
                continue;
            }
            let point = lineage[0].left + 1 + at;
            let behind = lineage.partition_point(|piece| piece.right <= point);
            let mut right = lineage.split_off(behind);
            if right[0].left < point {
                lineage.push(Piece { right: point, ..right[0] });
                right[0].left = point;
            }
            deme.push(right);
            return;
        }
    }
}

/// What is left of a lineage's pieces.
struct Rest<'l> {
    first: Option<Piece>,
    pieces: std::slice::Iter<'l, Piece>,
}

impl<'l> Rest<'l> {
    fn of(lineage: &'l [Piece]) -> Self {
        let mut pieces = lineage.iter();
        Rest { first: pieces.next().copied(), pieces }
    }

    /// Takes away what lies before `right`, at most the first piece.
    fn cut(&mut self, right: u64) {
        match &mut self.first {
            Some(first) if first.right > right => first.left = right,
            _ => self.first = self.pieces.next().copied(),
        }
    }
}

/// How many lineages hold each base pair: from each key up to the next.
struct Alive(BTreeMap<u64, usize>);

impl Alive {
    /// Two lineages have become one between `left` and `right`; `each` gets the stretches that more than
    /// this one still hold.
    fn meet(&mut self, left: u64, right: u64, mut each: impl FnMut(u64, u64)) {
        for point in [left, right] {
            if let Some((_, count)) = self.0.range(..=point).next_back() {
                let count = *count;
                self.0.entry(point).or_insert(count);
            }
        }
        let mut starts: Vec<u64> = Vec::new();
        for (start, count) in self.0.range_mut(left..right) {
            *count -= 1;
            starts.push(*start);
        }
        for (i, start) in starts.iter().enumerate() {
            if self.0[start] > 1 {
                each(*start, starts.get(i + 1).copied().unwrap_or(right));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_recombination_a_sample_has_the_neutral_genealogy() {
        // E[time to the ancestor of all] = 4N (1 − 1/n) generations, E[branches] = 4N Σ 1/i (Hudson 1990).
        let (n, size, draws) = (10, 50.0, 2000);
        let (mut height, mut branches) = (0.0, 0.0);
        for i in 0..draws {
            let made = Genealogy::draw(&Demography::constant(n, size), 2, &mut Rng::new(i));
            height += made.times.iter().fold(0.0_f64, |a, b| a.max(*b)) / draws as f64;
            branches += made.edges.iter().map(|e| e.length * (e.right - e.left) as f64).sum::<f64>()
                / 2.0
                / draws as f64;
        }
        let expected: f64 = (1..n).map(|i| 4.0 * size / i as f64).sum();
        assert!((height / (4.0 * size * 0.9) - 1.0).abs() < 0.04, "{height}");
        assert!((branches / expected - 1.0).abs() < 0.03, "{branches}, expected {expected}");
    }

    #[test]
    fn every_base_pair_has_a_whole_tree() {
        let demography = Demography { samples: vec![6, 5], size: 50.0, split: 30.0, ancestral: 200.0 };
        let length = 20_000_000;
        let made = Genealogy::draw(&demography, length, &mut Rng::new(4));
        let mut points: Vec<u64> = made.edges.iter().flat_map(|e| [e.left, e.right - 1]).collect();
        points.sort_unstable();
        points.dedup();
        assert!(points.len() > 50, "{}", points.len());
        let (mut open, mut carriers) = (vec![], vec![0]);
        for at in points {
            let here = made.edges.iter().filter(|e| (e.left..e.right).contains(&at));
            assert_eq!(here.count(), 2 * (11 - 1), "the edges of a binary tree of 11 at {at}");
            let roots = (11..made.times.len()).filter(|node| {
                made.carriers(*node, at, &mut open, &mut carriers);
                carriers[0] == (1 << 11) - 1
            });
            assert_eq!(roots.count(), 1, "{at}");
        }
        assert!(made.edges.iter().all(|e| e.length > 0.0));
    }
}
