//! What a trained network takes from each marker, in the order of the genome: the data of a Manhattan-like
//! plot (Waldmann, Pfeiffer & Mészáros 2020, figure 1).

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::domain::trial::TrialId;

/// Where a marker lies, as its file says.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its chromosome.
    pub chromosome: Option<&'a str>,
    /// Its position in base pairs.
    pub position: Option<u64>,
}

/// What a QTL does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QtlKind {
    /// Each copy of an allele counts.
    Additive,
    /// The heterozygote is not halfway.
    Dominance,
    /// The heterozygote lies above both homozygotes.
    OverDominance,
    /// The heterozygote lies below both homozygotes.
    UnderDominance,
    /// What it does depends on another QTL.
    Epistatic,
    /// What it does depends on the parent it comes from.
    Imprinted,
}

impl QtlKind {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            QtlKind::Additive => "additive",
            QtlKind::Dominance => "dominance",
            QtlKind::OverDominance => "over-dominance",
            QtlKind::UnderDominance => "under-dominance",
            QtlKind::Epistatic => "epistatic",
            QtlKind::Imprinted => "imprinted",
        }
    }
}

/// A locus that is known to act on the trait.
#[derive(Debug, Clone, PartialEq)]
pub struct Qtl {
    /// The name of its marker, or its own.
    pub name: String,
    /// Its chromosome.
    pub chromosome: String,
    /// Its position in base pairs.
    pub position: u64,
    /// What it does.
    pub kind: QtlKind,
    /// How much, in the trait's units.
    pub effect: f64,
}

/// A chromosome's stretch of the genome.
#[derive(Debug, Clone, PartialEq)]
pub struct Chromosome {
    /// Its name; empty where the file has no map.
    pub name: String,
    /// Its markers, by their number along the genome.
    pub markers: Range<usize>,
    /// Where it begins and ends, as shares of the genome.
    pub span: (f64, f64),
    /// The positions of its first and last marker; `None` where some have none, and markers are then spread
    /// evenly.
    bases: Option<(u64, u64)>,
}

/// The markers along the genome: by chromosome, numbers before names, then by position.
#[derive(Debug, Clone, PartialEq)]
pub struct Genome {
    /// All names, one behind the other, and where each ends.
    names: (String, Vec<u32>),
    positions: Vec<Option<u64>>,
    /// For each marker along the genome its number in the file.
    order: Vec<usize>,
    /// Of each marker along the genome, as a share of it; ascending.
    along: Vec<f64>,
    chromosomes: Vec<Chromosome>,
    /// The QTL that lie on the chromosomes, with their place as a share of the genome; ascending.
    qtl: Vec<(f64, Qtl)>,
}

impl Genome {
    /// The genome of a file's markers, in the file's order.
    pub fn new(places: &[Place<'_>], qtl: Vec<Qtl>) -> Self {
        let mut groups: BTreeMap<(u64, &str), Vec<usize>> = BTreeMap::new();
        for (number, place) in places.iter().enumerate() {
            let name = place.chromosome.unwrap_or_default();
            // Numbers in their order, names behind them in the alphabet's.
            groups.entry((name.parse().unwrap_or(u64::MAX), name)).or_default().push(number);
        }
        let mut order = Vec::with_capacity(places.len());
        let mut spread = Vec::new();
        for ((_, name), mut markers) in groups {
            let placed = !name.is_empty() && markers.iter().all(|m| places[*m].position.is_some());
            if placed {
                markers.sort_by_key(|m| places[*m].position);
            }
            let at = |m: Option<&usize>| m.and_then(|m| places[*m].position);
            let ends = at(markers.first()).zip(at(markers.last()));
            spread.push((name.to_owned(), order.len()..order.len() + markers.len(), ends.filter(|_| placed)));
            order.extend(markers);
        }
        // As long as their base pairs where all have them, else by their markers.
        let all_placed = spread.iter().all(|(.., bases)| bases.is_some());
        let length = |markers: &Range<usize>, bases: &Option<(u64, u64)>| match bases {
            Some((first, last)) if all_placed => (last - first + 1) as f64,
            _ => markers.len() as f64,
        };
        let total: f64 = spread.iter().map(|(_, markers, bases)| length(markers, bases)).sum();
        let (mut chromosomes, mut along, mut from) = (Vec::new(), Vec::with_capacity(order.len()), 0.0);
        for (name, markers, bases) in spread {
            let to = from + length(&markers, &bases) / total;
            let chromosome = Chromosome { name, markers: markers.clone(), span: (from, to), bases };
            for marker in markers {
                along.push(chromosome.place(marker, places[order[marker]].position));
            }
            chromosomes.push(chromosome);
            from = to;
        }
        let mut names = (String::new(), Vec::with_capacity(order.len()));
        for number in &order {
            names.0.push_str(places[*number].name);
            names.1.push(names.0.len() as u32);
        }
        let positions = order.iter().map(|number| places[*number].position).collect();
        let mut genome = Genome { names, positions, order, along, chromosomes, qtl: Vec::new() };
        let placed = |qtl: Qtl| Some((genome.locate(&qtl)?, qtl));
        let mut qtl: Vec<(f64, Qtl)> = qtl.into_iter().filter_map(placed).collect();
        qtl.sort_by(|a, b| a.0.total_cmp(&b.0));
        genome.qtl = qtl;
        genome
    }

    fn locate(&self, qtl: &Qtl) -> Option<f64> {
        let chromosome = self.chromosomes.iter().find(|c| c.name == qtl.chromosome)?;
        let (first, last) = chromosome.bases?;
        Some(chromosome.place(0, Some(qtl.position.clamp(first, last))))
    }

    /// Number of markers.
    pub fn markers(&self) -> usize {
        self.order.len()
    }

    /// The chromosomes, in order.
    pub fn chromosomes(&self) -> &[Chromosome] {
        &self.chromosomes
    }

    /// The chromosome of a marker.
    pub fn chromosome_of(&self, marker: usize) -> Option<&Chromosome> {
        self.chromosomes.iter().find(|c| c.markers.contains(&marker))
    }

    /// Where a marker lies, as a share of the genome.
    pub fn along(&self, marker: usize) -> f64 {
        self.along.get(marker).copied().unwrap_or_default()
    }

    /// A marker's name.
    pub fn name(&self, marker: usize) -> &str {
        let (text, ends) = &self.names;
        let end = |marker: usize| ends.get(marker).map_or(text.len(), |end| *end as usize);
        let from = marker.checked_sub(1).map_or(0, end);
        text.get(from..end(marker)).unwrap_or_default()
    }

    /// A marker's position in base pairs, where it is known.
    pub fn position(&self, marker: usize) -> Option<u64> {
        self.positions.get(marker).copied().flatten()
    }

    /// The QTL that are known, with their place as a share of the genome.
    pub fn qtl(&self) -> &[(f64, Qtl)] {
        &self.qtl
    }

    /// The nearest QTL on a marker's chromosome, and how many base pairs away it is.
    pub fn nearest_qtl(&self, marker: usize) -> Option<(&Qtl, u64)> {
        let (chromosome, position) = (self.chromosome_of(marker)?, self.position(marker)?);
        let own = self.qtl.iter().filter(|(_, qtl)| qtl.chromosome == chromosome.name);
        own.map(|(_, qtl)| (qtl, qtl.position.abs_diff(position))).min_by_key(|(_, distance)| *distance)
    }

    /// Values of the file's markers, along the genome.
    pub fn arranged(&self, values: &[f64]) -> Vec<f64> {
        self.order.iter().map(|number| values.get(*number).copied().unwrap_or_default()).collect()
    }

    /// The markers that lie between two places, the ends included.
    pub fn between(&self, (from, to): (f64, f64)) -> Range<usize> {
        self.along.partition_point(|x| *x < from)..self.along.partition_point(|x| *x <= to)
    }
}

impl Chromosome {
    /// Where a marker of it lies: by its position, or by its number where that is not known.
    fn place(&self, marker: usize, position: Option<u64>) -> f64 {
        let share = match (self.bases, position) {
            (Some((first, last)), Some(position)) => {
                (position.saturating_sub(first) as f64 + 0.5) / (last - first + 1) as f64
            }
            _ => (marker.saturating_sub(self.markers.start) as f64 + 0.5) / self.markers.len().max(1) as f64,
        };
        self.span.0 + share * (self.span.1 - self.span.0)
    }
}

/// One measure of what an output takes from each marker.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// What it is, in a word or two.
    pub name: &'static str,
    /// What it is, in a line.
    pub help: &'static str,
    /// Along the genome.
    pub values: Vec<f64>,
}

/// An output and its measures.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// The trait, label or class.
    pub name: String,
    /// At least one.
    pub tracks: Vec<Track>,
}

/// What a trial's networks take from each marker.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The trial.
    pub trial: TrialId,
    /// The markers.
    pub genome: Arc<Genome>,
    /// At least one.
    pub outputs: Vec<Output>,
}

/// The smallest and the largest of the values that share a column, by their markers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bin {
    /// The marker of the smallest value.
    pub low: usize,
    /// The marker of the largest value.
    pub high: usize,
}

impl Bin {
    /// The one of the two that is farther from zero.
    pub fn extreme(self, values: &[f64]) -> usize {
        let size = |marker: usize| values.get(marker).map_or(0.0, |v| v.abs());
        if size(self.low) > size(self.high) { self.low } else { self.high }
    }
}

/// The markers between two places of the genome, in `columns` equal stretches; `None` where there is none.
pub fn bins(genome: &Genome, values: &[f64], window: (f64, f64), columns: usize) -> Vec<Option<Bin>> {
    let mut bins: Vec<Option<Bin>> = vec![None; columns];
    let value = |marker: usize| values.get(marker).copied().unwrap_or_default();
    for marker in genome.between(window) {
        let share = (genome.along(marker) - window.0) / (window.1 - window.0);
        let column = ((share * columns as f64) as usize).min(columns.saturating_sub(1));
        let Some(bin) = bins.get_mut(column) else { break };
        let kept = bin.get_or_insert(Bin { low: marker, high: marker });
        if value(marker) < value(kept.low) {
            kept.low = marker;
        }
        if value(marker) > value(kept.high) {
            kept.high = marker;
        }
    }
    bins
}

/// The `count` markers of `range` farthest from zero, the farthest first.
pub fn top(values: &[f64], range: Range<usize>, count: usize) -> Vec<usize> {
    let size = |marker: &usize| values.get(*marker).map_or(0.0, |v| v.abs());
    let mut markers: Vec<usize> = range.collect();
    let order = |a: &usize, b: &usize| size(b).total_cmp(&size(a)).then(a.cmp(b));
    if markers.len() > count && count > 0 {
        markers.select_nth_unstable_by(count - 1, order);
    }
    markers.truncate(count);
    markers.sort_by(order);
    markers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(name: &'static str, chromosome: &'static str, position: u64) -> Place<'static> {
        Place { name, chromosome: Some(chromosome), position: Some(position) }
    }

    fn qtl(chromosome: &str, position: u64) -> Qtl {
        let (name, chromosome) = ("q".to_owned(), chromosome.to_owned());
        Qtl { name, chromosome, position, kind: QtlKind::Additive, effect: 1.0 }
    }

    /// In the file's order: chromosome 10 before 2, X between, one pair out of place.
    fn genome() -> Genome {
        let places = [
            place("a", "10", 101),
            place("b", "X", 50),
            place("c", "2", 400),
            place("d", "2", 1),
            place("e", "10", 300),
        ];
        Genome::new(&places, vec![qtl("10", 290), qtl("2", 20), qtl("Y", 3), qtl("X", 999)])
    }

    #[test]
    fn chromosomes_stand_in_their_order_and_markers_at_their_positions() {
        let genome = genome();
        let names: Vec<&str> = (0..genome.markers()).map(|m| genome.name(m)).collect();
        assert_eq!(names, ["d", "c", "a", "e", "b"]);
        assert_eq!(genome.arranged(&[0.0, 1.0, 2.0, 3.0, 4.0]), [3.0, 2.0, 0.0, 4.0, 1.0]);
        let chromosomes: Vec<&str> = genome.chromosomes().iter().map(|c| c.name.as_str()).collect();
        assert_eq!(chromosomes, ["2", "10", "X"]);
        let lengths = [400.0, 200.0, 1.0].map(|length| length / 601.0);
        for (chromosome, length) in genome.chromosomes().iter().zip(lengths) {
            assert!((chromosome.span.1 - chromosome.span.0 - length).abs() < 1e-12);
        }
        assert!(genome.along.is_sorted() && (genome.along(2) - 400.5 / 601.0).abs() < 1e-12);
    }

    #[test]
    fn qtl_are_found_by_their_chromosome() {
        let genome = genome();
        let placed: Vec<&str> = genome.qtl().iter().map(|(_, q)| q.chromosome.as_str()).collect();
        assert_eq!(placed, ["2", "10", "X"], "there is no chromosome Y");
        let (nearest, distance) = genome.nearest_qtl(2).unwrap();
        assert_eq!((nearest.position, distance), (290, 189));
        assert!(genome.qtl().iter().all(|(at, _)| (0.0..=1.0).contains(at)));
    }

    #[test]
    fn without_a_map_markers_are_spread_evenly() {
        let unplaced = Place { name: "s", chromosome: None, position: None };
        let genome = Genome::new(&[unplaced; 4], vec![qtl("", 1)]);
        assert_eq!(genome.along, [0.125, 0.375, 0.625, 0.875]);
        assert!(genome.qtl().is_empty() && genome.nearest_qtl(1).is_none());
        assert_eq!(Genome::new(&[], Vec::new()).markers(), 0);
    }

    #[test]
    fn a_column_keeps_its_extremes() {
        let unplaced = Place { name: "s", chromosome: None, position: None };
        let genome = Genome::new(&[unplaced; 6], Vec::new());
        let values = [1.0, -3.0, 2.0, 0.0, 0.5, 0.25];
        let made = bins(&genome, &values, (0.0, 1.0), 2);
        assert_eq!(made, [Some(Bin { low: 1, high: 2 }), Some(Bin { low: 3, high: 4 })]);
        assert_eq!(made[0].unwrap().extreme(&values), 1);
        let sparse = bins(&genome, &values, (0.0, 1.0), 12);
        assert_eq!(sparse.iter().flatten().count(), 6);
        assert_eq!(bins(&genome, &values, (0.0, 1.0), 0), []);
        assert_eq!(top(&values, 0..6, 3), [1, 2, 0]);
        assert_eq!(top(&values, 2..6, 9), [2, 4, 5, 3]);
    }
}
