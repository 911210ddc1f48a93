//! The leaderboard's columns, its order and its selection. The order is made when something
//! changed, never while drawing.

use std::cmp::Ordering;

use super::filter::Filter;
use crate::analysis::parameters::{dependent, is_branched};
use crate::domain::direction::Direction;
use crate::domain::history::History;
use crate::domain::space::SearchSpace;
use crate::domain::trial::{Timestamp, Trial, TrialId, TrialState};

/// A column by which trials can be sorted and filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The trial's number.
    Trial,
    /// Its score.
    Score,
    /// Its state.
    State,
    /// A searched parameter, by its place in the space.
    Parameter(usize),
    /// The values of all parameters that depend on others, in one text.
    Dependent,
    /// Epochs trained.
    Epochs,
    /// Seconds from start to end.
    Time,
}

/// What a trial has in a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A number.
    Number(f64),
    /// A word.
    Word(String),
    /// Nothing (yet).
    Missing,
}

impl Column {
    /// Every column that a filter may name.
    pub fn all(space: &SearchSpace) -> Vec<Column> {
        let mut all = vec![Column::Score, Column::Trial, Column::State];
        all.extend((0..space.dimensions()).map(Column::Parameter));
        all.extend([Column::Epochs, Column::Time]);
        all
    }

    /// The columns that stand beside the table's own, in their order: the parameters, but where many of them
    /// depend on others those in one text, and epochs and time.
    pub fn beside(space: &SearchSpace) -> Vec<Column> {
        let branched = is_branched(space);
        let apart = |i: &usize| !branched || space.parameters[*i].when.is_empty();
        let mut columns: Vec<Column> = (0..space.dimensions()).filter(apart).map(Column::Parameter).collect();
        columns.extend(branched.then_some(Column::Dependent));
        columns.extend([Column::Epochs, Column::Time]);
        columns
    }

    /// The columns by which the sort key walks.
    pub fn sortable(space: &SearchSpace) -> Vec<Column> {
        let beside = Column::beside(space).into_iter().filter(|column| *column != Column::Dependent);
        [Column::Score, Column::Trial, Column::State].into_iter().chain(beside).collect()
    }

    /// Its name.
    pub fn name(self, space: &SearchSpace) -> &str {
        match self {
            Column::Trial => "trial",
            Column::Score => "score",
            Column::State => "state",
            Column::Parameter(i) => space.parameters.get(i).map_or("", |p| &p.name),
            Column::Dependent => "settings",
            Column::Epochs => "epochs",
            Column::Time => "time",
        }
    }

    /// The column of that name; a parameter's name goes before the table's own.
    pub fn named(name: &str, space: &SearchSpace) -> Option<Column> {
        let all = Column::all(space);
        let same = |c: &&Column| c.name(space).eq_ignore_ascii_case(name);
        all.iter().filter(same).max_by_key(|c| matches!(c, Column::Parameter(_))).copied()
    }
}

impl Cell {
    /// What `trial` has in `column`.
    pub fn of(trial: &Trial, column: Column, space: &SearchSpace, now: Timestamp) -> Self {
        match column {
            Column::Trial => Cell::Number(trial.id as f64),
            Column::Score => trial.score.map_or(Cell::Missing, Cell::Number),
            Column::State => Cell::Word(trial.state.word().to_owned()),
            Column::Dependent => Cell::Word(dependent(space, &trial.params)),
            Column::Epochs => Cell::Number(trial.epochs() as f64),
            Column::Time => Cell::Number(trial.seconds(now)),
            Column::Parameter(i) => match space.parameters.get(i).and_then(|p| trial.params.get(&p.name)) {
                None => Cell::Missing,
                Some(value) => value.as_f64().map_or_else(|| Cell::Word(value.to_string()), Cell::Number),
            },
        }
    }

    fn compare(&self, other: &Cell) -> Ordering {
        match (self, other) {
            (Cell::Number(a), Cell::Number(b)) => a.total_cmp(b),
            (Cell::Word(a), Cell::Word(b)) => a.cmp(b),
            (Cell::Number(_), Cell::Word(_)) => Ordering::Less,
            (Cell::Word(_), Cell::Number(_)) => Ordering::Greater,
            (Cell::Missing, _) | (_, Cell::Missing) => Ordering::Equal,
        }
    }
}

/// What the leaderboard shows, and of it the selected trial.
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
    order: Vec<TrialId>,
    ranks: Vec<Option<usize>>,
    selected: Option<TrialId>,
    cursor: usize,
}

impl Table {
    /// Best first, everything shown.
    pub fn new() -> Self {
        Table {
            sort: Column::Score,
            reverse: false,
            filter: Filter::default(),
            scrolled: 0,
            order: Vec::new(),
            ranks: Vec::new(),
            selected: None,
            cursor: 0,
        }
    }

    /// The trials shown, in order.
    pub fn order(&self) -> &[TrialId] {
        &self.order
    }

    /// A complete trial's rank by score, from 1.
    pub fn rank(&self, trial: TrialId) -> Option<usize> {
        self.ranks.get(trial).copied().flatten()
    }

    /// The place of the selected trial in the order.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The selected trial.
    pub fn selected(&self) -> Option<TrialId> {
        self.order.get(self.cursor).copied()
    }

    /// Selects the trial at a place, or the last one. The first place is kept as a place, so that
    /// the selection stays with the best; any other follows its trial.
    pub fn move_to(&mut self, place: usize) {
        self.cursor = place.min(self.order.len().saturating_sub(1));
        self.selected = if self.cursor == 0 { None } else { self.order.get(self.cursor).copied() };
    }

    /// Selects a trial, where it is shown.
    pub fn select(&mut self, trial: TrialId) {
        if let Some(place) = self.order.iter().position(|t| *t == trial) {
            self.move_to(place);
        }
    }

    /// Makes order, ranks and selection anew.
    pub fn refresh(&mut self, history: &History, now: Timestamp) {
        let space = &history.study().space;
        let direction = history.study().direction;
        self.ranks = ranks(history.trials(), direction);
        let admitted = history.trials().iter().filter(|t| self.filter.admits(t, space, now));
        self.order = match self.sort {
            Column::Score => by_score(admitted, &self.ranks, self.reverse),
            column => by_cell(admitted.map(|t| (Cell::of(t, column, space, now), t.id)), self.reverse),
        };
        let place = self.selected.and_then(|trial| self.order.iter().position(|t| *t == trial));
        match place {
            Some(place) => self.cursor = place,
            None => self.move_to(self.cursor),
        }
    }
}

fn ranks(trials: &[Trial], direction: Direction) -> Vec<Option<usize>> {
    let mut scored: Vec<(f64, TrialId)> = trials.iter().filter_map(|t| Some((t.score?, t.id))).collect();
    scored.sort_by(|a, b| direction.compare(a.0, b.0).then(a.1.cmp(&b.1)));
    let mut ranks = vec![None; trials.len()];
    for (place, (_, trial)) in scored.iter().enumerate() {
        ranks[*trial] = Some(place + 1);
    }
    ranks
}

/// Trials with a score, then those that may still get one, then the rest.
fn by_score<'a>(
    trials: impl Iterator<Item = &'a Trial>,
    ranks: &[Option<usize>],
    reverse: bool,
) -> Vec<TrialId> {
    let mut keys: Vec<(u8, usize, TrialId)> = trials
        .map(|t| {
            let rank = ranks[t.id].unwrap_or(0);
            (group(&t.state), if reverse { usize::MAX - rank } else { rank }, t.id)
        })
        .collect();
    keys.sort_unstable();
    keys.into_iter().map(|(.., id)| id).collect()
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

/// By what the column holds; trials without it last, either way round.
fn by_cell(cells: impl Iterator<Item = (Cell, TrialId)>, reverse: bool) -> Vec<TrialId> {
    let mut keys: Vec<(Cell, TrialId)> = cells.collect();
    keys.sort_by(|(a, i), (b, j)| {
        let missing = (*a == Cell::Missing).cmp(&(*b == Cell::Missing));
        let order = if reverse { b.compare(a) } else { a.compare(b) };
        missing.then(order).then(i.cmp(j))
    });
    keys.into_iter().map(|(_, id)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::busy;

    fn order(sort: Column, reverse: bool) -> Vec<TrialId> {
        let script = busy();
        let mut table = Table { sort, reverse, ..Table::new() };
        table.refresh(script.history(), script.now());
        table.order
    }

    #[test]
    fn failed_trials_stay_last_whichever_way_round() {
        assert_eq!(order(Column::Score, false), [10, 11, 7, 9, 6, 3, 1, 0, 2, 8, 12, 13, 14, 15, 5, 4]);
        assert_eq!(order(Column::Score, true), [8, 2, 0, 1, 3, 6, 9, 7, 11, 10, 12, 13, 14, 15, 5, 4]);
        assert_eq!(order(Column::Trial, true), (0..16).rev().collect::<Vec<_>>());
        assert_eq!(order(Column::State, false)[10], 4);
    }

    #[test]
    fn the_selection_follows_its_trial_and_the_first_place_follows_the_best() {
        let mut script = busy();
        let mut table = Table::new();
        table.refresh(script.history(), script.now());
        assert_eq!((table.selected(), table.rank(10)), (Some(10), Some(1)));
        let mut moved = table.clone();
        moved.select(7);
        script.finish(12, 1.0);
        for t in [&mut table, &mut moved] {
            t.refresh(script.history(), script.now());
        }
        assert_eq!(table.selected(), Some(12));
        assert_eq!((moved.selected(), moved.cursor()), (Some(7), 3));
    }
}
