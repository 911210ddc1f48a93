//! The leaderboard's order, its columns and its selection. The order is made when something changed, never while
//! drawing.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cell::{Cell, Known};
use super::column::{Catalogue, Column, Scores};
use super::filter::{Filter, FilterError};
use crate::domain::direction::Direction;
use crate::domain::history::History;
use crate::domain::trial::{Trial, TrialId, TrialState};

/// A row of the leaderboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    /// A trial.
    Trial(TrialId),
    /// A baseline, by its place in [`History::baselines`].
    Baseline(usize),
}

impl Row {
    /// Its trial, if it is one.
    pub fn trial(self) -> Option<TrialId> {
        match self {
            Row::Trial(trial) => Some(trial),
            Row::Baseline(_) => None,
        }
    }
}

/// What the leaderboard shows, and of it the selected row.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The column it is sorted by.
    pub sort: Column,
    /// Whether the order is turned round.
    pub reverse: bool,
    /// What is shown.
    pub filter: Filter,
    /// How many columns are scrolled out at the left.
    pub scrolled: usize,
    catalogue: Catalogue,
    /// All columns in the order that a person chose, and whether they are shown.
    chosen: Option<Vec<(Column, bool)>>,
    order: Vec<Row>,
    ranks: Vec<Option<usize>>,
    selected: Option<Row>,
    cursor: usize,
    /// The pinned trials, by number.
    pins: Vec<TrialId>,
    /// How many of the first rows are such.
    pinned: usize,
    /// The places of baselines in the order.
    baselines: Vec<usize>,
    /// The number of the history's next record when ranks and columns were made.
    made: Option<u64>,
}

impl Table {
    /// Best first, everything shown.
    pub fn new() -> Self {
        Table {
            sort: Column::Score,
            reverse: false,
            filter: Filter::default(),
            scrolled: 0,
            catalogue: Catalogue::default(),
            chosen: None,
            order: Vec::new(),
            ranks: Vec::new(),
            selected: None,
            cursor: 0,
            pins: Vec::new(),
            pinned: 0,
            baselines: Vec::new(),
            made: None,
        }
    }

    /// The rows shown, in order: the pinned trials first.
    pub fn order(&self) -> &[Row] {
        &self.order
    }

    /// How many of the rows are trials.
    pub fn trials(&self) -> usize {
        self.order.len() - self.baselines.len()
    }

    /// How many of the first rows are pinned trials.
    pub fn pinned(&self) -> usize {
        self.pinned
    }

    /// How many of the first `rows` rows are trials.
    pub fn trials_before(&self, rows: usize) -> usize {
        rows - self.baselines.partition_point(|place| *place < rows)
    }

    /// A complete trial's rank by score, from 1.
    pub fn rank(&self, trial: TrialId) -> Option<usize> {
        self.ranks.get(trial).copied().flatten()
    }

    /// The place of the selected row in the order.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The selected row.
    pub fn selected(&self) -> Option<Row> {
        self.order.get(self.cursor).copied()
    }

    /// The columns there are.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Every column in order, and whether it is shown.
    pub fn choices(&self) -> Vec<(Column, bool)> {
        let mut choices = self.chosen.clone().unwrap_or_default();
        for entry in self.catalogue.entries() {
            if choices.iter().all(|(column, _)| *column != entry.column) {
                choices.push((entry.column, entry.usual && self.chosen.is_none()));
            }
        }
        choices
    }

    /// The columns shown, in order.
    pub fn columns(&self) -> Vec<Column> {
        self.choices().into_iter().filter(|(_, shown)| *shown).map(|(column, _)| column).collect()
    }

    /// The columns by which the sort keys walk.
    pub fn sortable(&self) -> Vec<Column> {
        let shown = self.columns().into_iter();
        // The rank is the score's.
        shown.filter(|c| !matches!(c, Column::Rank | Column::Dependent)).collect()
    }

    /// Shows or hides a column. The number of a trial stays.
    pub fn toggle(&mut self, column: Column) {
        let mut choices = self.choices();
        for (_, shown) in choices.iter_mut().filter(|(c, _)| *c == column && column != Column::Trial) {
            *shown = !*shown;
        }
        self.chosen = Some(choices);
    }

    /// Moves a column by one place; whether it moved.
    pub fn shift(&mut self, column: Column, by: isize) -> bool {
        let mut choices = self.choices();
        let Some(from) = choices.iter().position(|(c, _)| *c == column) else { return false };
        let Some(to) = from.checked_add_signed(by).filter(|to| *to < choices.len()) else { return false };
        choices.swap(from, to);
        self.chosen = Some(choices);
        true
    }

    /// Shows the usual columns again.
    pub fn usual_columns(&mut self) {
        (self.chosen, self.scrolled) = (None, 0);
    }

    /// Shows the columns of these names, in this order; the usual ones where there is none.
    ///
    /// # Errors
    /// Names a column that there is not.
    pub fn set_columns(&mut self, names: &[&str]) -> Result<(), String> {
        let mut shown = Vec::new();
        for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
            let column = self.catalogue.named(name);
            let column = column.ok_or_else(|| FilterError::unknown(name, &self.catalogue).to_string())?;
            if !shown.contains(&column) {
                shown.push(column);
            }
        }
        if shown.is_empty() {
            self.usual_columns();
            return Ok(());
        }
        if !shown.contains(&Column::Trial) {
            shown.insert(0, Column::Trial);
        }
        let all = self.catalogue.entries().iter().map(|entry| entry.column);
        let rest: Vec<_> = all.filter(|c| !shown.contains(c)).map(|c| (c, false)).collect();
        let shown = shown.into_iter().map(|c| (c, true));
        (self.chosen, self.scrolled) = (Some(shown.chain(rest).collect()), 0);
        Ok(())
    }

    /// The place of the first trial that is not pinned, above which baselines may stand.
    fn first_trial(&self) -> usize {
        let rest = self.order.iter().enumerate().skip(self.pinned);
        rest.into_iter().find(|(_, row)| row.trial().is_some()).map_or(0, |(place, _)| place)
    }

    /// Selects the row at a place, or the last one. The first trial's place is kept as a place, so that the
    /// selection stays with the best; any other follows its row.
    pub fn move_to(&mut self, place: usize) {
        self.cursor = place.min(self.order.len().saturating_sub(1));
        let first = self.cursor == self.first_trial();
        self.selected = if first { None } else { self.order.get(self.cursor).copied() };
    }

    /// Selects a row; whether it is shown.
    pub fn select(&mut self, row: Row) -> bool {
        let place = self.order.iter().position(|r| *r == row);
        place.into_iter().for_each(|place| self.move_to(place));
        place.is_some()
    }

    /// Makes anew what depends on the history only.
    fn survey(&mut self, history: &History) {
        let scores;
        (self.ranks, scores) = ranks(history.trials(), history.study().direction);
        self.catalogue = Catalogue::of(history, scores);
        self.pins = history.trials().iter().filter(|t| t.pinned).map(|t| t.id).collect();
        self.made = Some(history.next_sequence());
    }

    /// Makes order, columns and selection anew.
    pub fn refresh(&mut self, known: &Known<'_>) {
        let history = known.history;
        if self.made != Some(history.next_sequence()) {
            self.survey(history);
        }
        let filter = &self.filter;
        let admits = |t: &&Arc<Trial>| filter.admits(t, &self.catalogue, &self.ranks, known);
        let trials = history.trials().iter().filter(admits);
        let baselines = history.baselines().iter().enumerate();
        let baselines = baselines.filter(|(_, b)| filter.admits_baseline(b, &self.catalogue, known));
        let baselines = baselines.map(|(i, _)| Row::Baseline(i));
        let mut order = match self.sort {
            Column::Score | Column::Rank => by_score(trials, baselines, history, &self.ranks, self.reverse),
            column => {
                let of = |t| Cell::of(t, column, &self.catalogue, &self.ranks, known);
                let trials = trials.map(|t| (of(t), Row::Trial(t.id)));
                let cell = |i| Cell::of_baseline(&history.baselines()[i], column, &self.catalogue, known);
                let baselines = baselines.map(|row| match row {
                    Row::Baseline(i) => (cell(i), row),
                    Row::Trial(_) => (Cell::Missing, row),
                });
                by_cell(trials.chain(baselines), self.reverse)
            }
        };
        self.pinned = 0;
        if !self.pins.is_empty() {
            let is_pinned = |row: &Row| row.trial().is_some_and(|t| self.pins.binary_search(&t).is_ok());
            order.sort_by_key(|row| !is_pinned(row));
            self.pinned = order.iter().take_while(|row| is_pinned(row)).count();
        }
        let places = order.iter().enumerate().filter(|(_, row)| row.trial().is_none());
        self.baselines = places.map(|(place, _)| place).collect();
        self.order = order;
        match self.selected {
            None => self.move_to(self.first_trial()),
            Some(row) => match self.order.iter().position(|r| *r == row) {
                Some(place) => self.cursor = place,
                None => self.move_to(self.cursor),
            },
        }
    }
}

/// Each trial's rank, and the best, middle and worst score.
fn ranks(trials: &[Arc<Trial>], direction: Direction) -> (Vec<Option<usize>>, Scores) {
    let mut scored: Vec<(f64, TrialId)> = trials.iter().filter_map(|t| Some((t.score?, t.id))).collect();
    scored.sort_by(|a, b| direction.compare(a.0, b.0));
    let mut ranks = vec![None; trials.len()];
    for (place, (_, trial)) in scored.iter().enumerate() {
        ranks[*trial] = Some(place + 1);
    }
    let at = |place: usize| scored.get(place).map(|(score, _)| *score);
    let ends = (at(0), at(scored.len() / 2), at(scored.len().saturating_sub(1)));
    (
        ranks,
        if let (Some(best), Some(middle), Some(worst)) = ends { Some([best, middle, worst]) } else { None },
    )
}

/// Trials and baselines with a score, then trials that may still get one, then the rest.
fn by_score<'a>(
    trials: impl Iterator<Item = &'a Arc<Trial>>,
    baselines: impl Iterator<Item = Row>,
    history: &History,
    ranks: &[Option<usize>],
    reverse: bool,
) -> Vec<Row> {
    let turned = |place: usize| if reverse { usize::MAX - place } else { place };
    let mut keys: Vec<(u8, usize, usize, Row)> = trials
        .map(|t| (group(&t.state), turned(2 * ranks[t.id].unwrap_or(0)), t.id, Row::Trial(t.id)))
        .collect();
    // A baseline stands behind the trials that are as good, and before the next one.
    let places = baseline_places(history);
    keys.extend(baselines.filter_map(|row| {
        let Row::Baseline(i) = row else { return None };
        Some(match places.get(i).copied().flatten() {
            Some((trials, among)) => (0, turned(2 * trials + 1), turned(among), row),
            None => (group(&TrialState::Cancelled), 0, i, row),
        })
    }));
    keys.sort_unstable();
    keys.into_iter().map(|(.., row)| row).collect()
}

/// Of each baseline with a score: how many trials are at least as good, and its place among the baselines.
fn baseline_places(history: &History) -> Vec<Option<(usize, usize)>> {
    let study = history.study();
    let scores: Vec<Option<f64>> = history.baselines().iter().map(|b| b.mean(&study.metric)).collect();
    let better = |a: f64, b: f64| study.direction.is_better(a, b);
    let place = |(i, score): (usize, &Option<f64>)| {
        let own = (*score)?;
        let trials = history.trials().iter().filter_map(|t| t.score).filter(|s| !better(own, *s)).count();
        let others = scores.iter().enumerate().filter_map(|(j, s)| Some((j, (*s)?)));
        let before = others.filter(|(j, s)| better(*s, own) || (!better(own, *s) && *j < i)).count();
        Some((trials, before))
    };
    scores.iter().enumerate().map(place).collect()
}

fn group(state: &TrialState) -> u8 {
    match state {
        TrialState::Complete => 0,
        TrialState::Running => 1,
        TrialState::Waiting => 2,
        TrialState::Pruned { .. } => 3,
        TrialState::Failed { .. } => 4,
        TrialState::Cancelled => 5,
    }
}

/// By what the column holds, numbers before words; rows without it last, either way round.
fn by_cell<'a>(cells: impl Iterator<Item = (Cell<'a>, Row)>, reverse: bool) -> Vec<Row> {
    let (mut numbers, mut words, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for (cell, row) in cells {
        match cell {
            Cell::Number(number) => numbers.push((if reverse { !key(number) } else { key(number) }, row)),
            Cell::Word(word) => words.push((word, row)),
            Cell::Missing => rest.push(row),
        }
    }
    // Words are few, most often: their places among each other are sorted by, too.
    let known: BTreeSet<&str> = words.iter().map(|(word, _)| *word).collect();
    let places: BTreeMap<&str, u64> = known.into_iter().zip(0..).collect();
    let place = |word: &str| places.get(word).map_or(0, |place| if reverse { !place } else { *place });
    let mut words: Vec<(u64, Row)> = words.into_iter().map(|(word, row)| (place(word), row)).collect();
    numbers.sort_unstable();
    words.sort_unstable();
    if reverse {
        std::mem::swap(&mut numbers, &mut words);
    }
    numbers.into_iter().chain(words).map(|(_, row)| row).chain(rest).collect()
}

/// A whole number in the same order, which is the faster to sort by.
fn key(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}
