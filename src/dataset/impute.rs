//! Imputation by the nearest neighbours along the genome: what stands in the place of a missing genotype is
//! what those training individuals have there whose genotypes around it are most alike (k nearest neighbours,
//! Troyanskaya et al. 2001, Bioinformatics 17:520, in a window of SNPs as haplotypes are compared in).

use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::DataError;
use super::{Coding, Dataset, MISSING};

/// SNPs on each side of the missing one that are compared.
const WINDOW: usize = 20;

/// How many neighbours are averaged.
const NEIGHBOURS: usize = 5;

/// Positions that one task takes.
const TASK: usize = 256;

/// The least common multiple of the numbers up to 2 · [`WINDOW`], so that mean distances over numbers of SNPs
/// that differ can be compared exactly.
const MULTIPLE: u64 = {
    let (mut multiple, mut n) = (1_u64, 2_u64);
    while n <= 2 * WINDOW as u64 {
        let (mut a, mut b) = (multiple, n);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        (multiple, n) = (multiple / a * n, n + 1);
    }
    multiple
};

/// Genotypes as bits, two a genotype: whether there is a copy of the counted allele, and whether there are two.
/// A missing one has the second bit without the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Planes {
    positions: usize,
    rows: usize,
    /// Rows × 2 × words of 64 positions.
    bits: Vec<u64>,
}

/// Genotypes of one individual in a window.
#[derive(Debug, Clone, Copy)]
struct Window {
    one: u64,
    two: u64,
    known: u64,
}

impl Planes {
    fn new(positions: usize, rows: usize) -> Self {
        Planes { positions, rows, bits: vec![0; rows * 2 * positions.div_ceil(64)] }
    }

    /// Of all individuals.
    pub fn of(dataset: &Dataset) -> Self {
        let positions = dataset.positions();
        let mut planes = Planes::new(positions, 0);
        let rows: Vec<usize> = (0..dataset.individuals()).collect();
        dataset.matrix.each_row(&rows, |codes| planes.push(codes));
        planes
    }

    /// Adds rows of codes.
    fn push(&mut self, codes: &[u8]) {
        let words = self.positions.div_ceil(64);
        for row in codes.chunks_exact(self.positions) {
            let mut planes = vec![0; 2 * words];
            for (position, code) in row.iter().enumerate() {
                let (word, bit) = (position / 64, position % 64);
                planes[word] |= u64::from(*code == 1 || *code == 2) << bit;
                planes[words + word] |= u64::from(*code >= 2) << bit;
            }
            self.bits.extend(planes);
            self.rows += 1;
        }
    }

    /// Those of `rows`.
    fn select(&self, rows: &[u32]) -> Self {
        let width = 2 * self.positions.div_ceil(64);
        let bits = rows.iter().flat_map(|r| &self.bits[*r as usize * width..][..width]).copied().collect();
        Planes { positions: self.positions, rows: rows.len(), bits }
    }

    /// Up to 64 positions of a row, from `low` on.
    fn window(&self, row: usize, low: usize, length: usize) -> Window {
        let words = self.positions.div_ceil(64);
        let mask = u64::MAX >> (64 - length);
        let read = |plane: usize| {
            let plane = &self.bits[(2 * row + plane) * words..][..words];
            let (word, shift) = (low / 64, low % 64);
            let next = if shift > 0 && word + 1 < words { plane[word + 1] << (64 - shift) } else { 0 };
            (plane[word] >> shift | next) & mask
        };
        let (one, two) = (read(0), read(1));
        Window { one, two, known: mask & (one | !two) }
    }

    /// The rows in which each position is missing.
    fn missing(&self) -> Vec<Vec<u32>> {
        let words = self.positions.div_ceil(64);
        let mut missing = vec![Vec::new(); self.positions];
        for (row, planes) in (0..).zip(self.bits.chunks_exact((2 * words).max(1))) {
            let (one, two) = planes.split_at(words);
            for (word, (one, two)) in one.iter().zip(two).enumerate() {
                let mut left = two & !one;
                while left > 0 {
                    missing[64 * word + left.trailing_zeros() as usize].push(row);
                    left &= left - 1;
                }
            }
        }
        missing
    }
}

impl Window {
    /// The code at a place of the window.
    fn code(&self, place: usize) -> u8 {
        ((self.one >> place & 1) + (self.two >> place & 1)) as u8
    }

    /// The mean difference in copies over the SNPs that both have, times [`MULTIPLE`]; `None` without any.
    fn distance(&self, other: &Window) -> Option<u64> {
        let both = self.known & other.known;
        let differences =
            ((self.one ^ other.one) & both).count_ones() + ((self.two ^ other.two) & both).count_ones();
        MULTIPLE.checked_div(u64::from(both.count_ones())).map(|unit| unit * u64::from(differences))
    }
}

/// Missing genotypes of rows: position and code, row by row. What has no neighbour is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Imputed {
    /// Where each row begins, and the end.
    starts: Vec<usize>,
    cells: Vec<(u32, u8)>,
}

/// Neighbours to impute from: training rows, and what they say of the dataset they are rows of. Kept with a
/// model it holds the genotypes of the training rows, two bits each.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Donors", into = "Donors")]
pub struct Imputer {
    donors: Vec<u32>,
    /// Where chromosomes begin.
    chromosomes: Vec<u32>,
    planes: Arc<Planes>,
    /// Of all rows of `planes`, where those are a dataset's.
    imputed: Option<Arc<Imputed>>,
}

/// An [`Imputer`] as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Donors {
    chromosomes: Vec<u32>,
    planes: Planes,
}

impl From<Imputer> for Donors {
    fn from(imputer: Imputer) -> Self {
        Donors { planes: imputer.planes.select(&imputer.donors), chromosomes: imputer.chromosomes }
    }
}

impl From<Donors> for Imputer {
    fn from(Donors { chromosomes, planes }: Donors) -> Self {
        let donors = (0..).take(planes.rows).collect();
        Imputer { donors, chromosomes, planes: Arc::new(planes), imputed: None }
    }
}

impl PartialEq for Imputer {
    /// The same donors.
    fn eq(&self, other: &Self) -> bool {
        Donors::from(self.clone()) == Donors::from(other.clone())
    }
}

impl Imputer {
    /// Takes `rows`, which must be the training rows, as donors.
    ///
    /// # Errors
    /// Where bases stand in the place of dosages.
    pub(super) fn fit(dataset: &Dataset, rows: &[usize]) -> Result<Self, DataError> {
        if dataset.coding() == Coding::Bases {
            let text = "imputation by neighbours compares copies of an allele, which bases do not have: set \
                        `data.impute` to \"mean\" or \"mode\"";
            return Err(DataError::Encoding(text.into()));
        }
        let markers = dataset.markers();
        let begins = |j: &usize| *j == 0 || markers[*j].chromosome != markers[j - 1].chromosome;
        let mut imputer = Imputer {
            donors: rows.iter().map(|r| *r as u32).collect(),
            chromosomes: (0..markers.len()).filter(begins).map(|j| j as u32).collect(),
            planes: dataset.planes(),
            imputed: None,
        };
        imputer.imputed = Some(Arc::new(imputer.impute(&imputer.planes)));
        Ok(imputer)
    }

    /// Writes what is imputed into `codes` of `rows` (rows × positions).
    pub(super) fn fill(&self, dataset: &Dataset, rows: &[usize], codes: &mut [u8]) {
        let positions = self.planes.positions;
        let own = self.imputed.as_ref().filter(|_| dataset.has_planes(&self.planes));
        let fill = |codes: &mut [u8], cells: &[(u32, u8)]| {
            cells.iter().for_each(|(position, code)| codes[*position as usize] = *code);
        };
        match own {
            Some(imputed) => {
                for (row, codes) in rows.iter().zip(codes.chunks_exact_mut(positions)) {
                    fill(codes, imputed.row(*row));
                }
            }
            // Other individuals than those it was fitted beside.
            None => {
                let mut planes = Planes::new(positions, 0);
                planes.push(codes);
                let imputed = self.impute(&planes);
                for (row, codes) in codes.chunks_exact_mut(positions).enumerate() {
                    fill(codes, imputed.row(row));
                }
            }
        }
    }

    /// What is missing in `planes`.
    fn impute(&self, planes: &Planes) -> Imputed {
        let missing = planes.missing();
        let tasks: Vec<(usize, &[Vec<u32>])> =
            missing.chunks(TASK).enumerate().map(|(task, rows)| (task * TASK, rows)).collect();
        // Each task is whole positions, and they come back in order: threads change nothing.
        let found: Vec<Vec<(u32, u32, u8)>> = tasks
            .into_par_iter()
            .map(|(first, rows)| {
                let mut neighbours = Vec::with_capacity(self.donors.len());
                let mut cells = Vec::new();
                for (position, rows) in (first..).zip(rows).filter(|(_, rows)| !rows.is_empty()) {
                    self.position(planes, position, rows, &mut neighbours, &mut cells);
                }
                cells
            })
            .collect();
        Imputed::of(planes.rows, &found)
    }

    /// Adds what is imputed at a position for `rows` of `planes` to `cells`: row, position and code.
    fn position(
        &self,
        planes: &Planes,
        position: usize,
        rows: &[u32],
        neighbours: &mut Vec<(Window, u8)>,
        cells: &mut Vec<(u32, u32, u8)>,
    ) {
        let next = self.chromosomes.partition_point(|first| *first as usize <= position);
        let begin = self.chromosomes[next - 1] as usize;
        let end = self.chromosomes.get(next).map_or(planes.positions, |first| *first as usize);
        let low = begin.max(position.saturating_sub(WINDOW));
        let (length, place) = (end.min(position + WINDOW + 1) - low, position - low);
        let donors = self.donors.iter().map(|donor| self.planes.window(*donor as usize, low, length));
        let here = donors.filter(|window| window.known >> place & 1 == 1);
        neighbours.clear();
        neighbours.extend(here.map(|window| (window, window.code(place))));
        for row in rows {
            let own = planes.window(*row as usize, low, length);
            if let Some(code) = nearest(&own, neighbours) {
                cells.push((*row, position as u32, code));
            }
        }
    }
}

/// The mean over the nearest neighbours, rounded, a half up; of those equally near the first count. `None`
/// where there are none to compare with.
fn nearest(own: &Window, neighbours: &[(Window, u8)]) -> Option<u8> {
    let mut best = [(u64::MAX, 0); NEIGHBOURS];
    let mut found = 0;
    for (window, code) in neighbours {
        let Some(distance) = own.distance(window) else { continue };
        if found == NEIGHBOURS && distance >= best[NEIGHBOURS - 1].0 {
            continue;
        }
        let mut place = found.min(NEIGHBOURS - 1);
        while place > 0 && best[place - 1].0 > distance {
            best[place] = best[place - 1];
            place -= 1;
        }
        best[place] = (distance, *code);
        found = (found + 1).min(NEIGHBOURS);
    }
    let sum: usize = best[..found].iter().map(|(_, code)| usize::from(*code)).sum();
    (2 * sum + found).checked_div(2 * found).map(|code| code as u8)
}

impl Imputed {
    /// Sorts cells, position by position, into rows.
    fn of(rows: usize, found: &[Vec<(u32, u32, u8)>]) -> Self {
        let mut starts = vec![0; rows + 1];
        for (row, ..) in found.iter().flatten() {
            starts[*row as usize + 1] += 1;
        }
        for row in 0..rows {
            starts[row + 1] += starts[row];
        }
        let mut next = starts.clone();
        let mut cells = vec![(0, MISSING); starts[rows]];
        for (row, position, code) in found.iter().flatten() {
            let next = &mut next[*row as usize];
            cells[*next] = (*position, *code);
            *next += 1;
        }
        Imputed { starts, cells }
    }

    fn row(&self, row: usize) -> &[(u32, u8)] {
        &self.cells[self.starts[row]..self.starts[row + 1]]
    }
}

#[cfg(test)]
mod tests;
