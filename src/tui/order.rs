//! The leaderboard's columns, its order and its selection. The order is made when something
//! changed, never while drawing.

use std::cmp::Ordering;
use std::sync::Arc;

use super::filter::Filter;
use crate::analysis::parameters::{dependent, is_branched};
use crate::domain::baseline::BaselineScore;
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

/// What a row has in a column.
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

    /// What a baseline has in `column`.
    pub fn of_baseline(baseline: &BaselineScore, column: Column, metric: &str) -> Self {
        match column {
            Column::Score => baseline.mean(metric).map_or(Cell::Missing, Cell::Number),
            Column::State => Cell::Word(BASELINE.to_owned()),
            Column::Time => Cell::Number(baseline.seconds),
            Column::Trial | Column::Parameter(_) | Column::Dependent | Column::Epochs => Cell::Missing,
        }
    }

    /// What a row has in `column`.
    fn of_row(row: Row, column: Column, history: &History, now: Timestamp) -> Self {
        let study = history.study();
        let trial = |id| Some(Cell::of(history.trial(id)?, column, &study.space, now));
        let baseline = |i| Some(Cell::of_baseline(history.baselines().get(i)?, column, &study.metric));
        let cell = match row {
            Row::Trial(id) => trial(id),
            Row::Baseline(i) => baseline(i),
        };
        cell.unwrap_or(Cell::Missing)
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

/// The word for a baseline in the column of states.
pub const BASELINE: &str = "baseline";

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
    order: Vec<Row>,
    ranks: Vec<Option<usize>>,
    selected: Option<Row>,
    cursor: usize,
    trials: usize,
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
            trials: 0,
        }
    }

    /// The rows shown, in order.
    pub fn order(&self) -> &[Row] {
        &self.order
    }

    /// How many of the rows are trials.
    pub fn trials(&self) -> usize {
        self.trials
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

    /// The place of the first trial, above which baselines may stand.
    fn first_trial(&self) -> usize {
        self.order.iter().position(|row| matches!(row, Row::Trial(_))).unwrap_or(0)
    }

    /// Selects the row at a place, or the last one. The first trial's place is kept as a place, so that the
    /// selection stays with the best; any other follows its row.
    pub fn move_to(&mut self, place: usize) {
        self.cursor = place.min(self.order.len().saturating_sub(1));
        let first = self.cursor == self.first_trial();
        self.selected = if first { None } else { self.order.get(self.cursor).copied() };
    }

    /// Selects a row, where it is shown.
    pub fn select(&mut self, row: Row) {
        if let Some(place) = self.order.iter().position(|r| *r == row) {
            self.move_to(place);
        }
    }

    /// Makes order, ranks and selection anew.
    pub fn refresh(&mut self, history: &History, now: Timestamp) {
        let (study, filter) = (history.study(), &self.filter);
        self.ranks = ranks(history.trials(), study.direction);
        let trials = history.trials().iter().filter(|t| filter.admits(t, &study.space, now));
        let baselines = history.baselines().iter().enumerate();
        let baselines = baselines.filter(|(_, b)| filter.admits_baseline(b, &study.metric));
        let baselines = baselines.map(|(i, _)| Row::Baseline(i));
        self.order = match self.sort {
            Column::Score => by_score(trials, baselines, history, &self.ranks, self.reverse),
            column => {
                let rows = trials.map(|t| Row::Trial(t.id)).chain(baselines);
                by_cell(rows.map(|row| (Cell::of_row(row, column, history, now), row)), self.reverse)
            }
        };
        self.trials = self.order.iter().filter(|row| row.trial().is_some()).count();
        match self.selected {
            None => self.move_to(self.first_trial()),
            Some(row) => match self.order.iter().position(|r| *r == row) {
                Some(place) => self.cursor = place,
                None => self.move_to(self.cursor),
            },
        }
    }
}

fn ranks(trials: &[Arc<Trial>], direction: Direction) -> Vec<Option<usize>> {
    let mut scored: Vec<(f64, TrialId)> = trials.iter().filter_map(|t| Some((t.score?, t.id))).collect();
    scored.sort_by(|a, b| direction.compare(a.0, b.0).then(a.1.cmp(&b.1)));
    let mut ranks = vec![None; trials.len()];
    for (place, (_, trial)) in scored.iter().enumerate() {
        ranks[*trial] = Some(place + 1);
    }
    ranks
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

/// By what the column holds; rows without it last, either way round.
fn by_cell(cells: impl Iterator<Item = (Cell, Row)>, reverse: bool) -> Vec<Row> {
    let mut keys: Vec<(Cell, Row)> = cells.collect();
    keys.sort_by(|(a, i), (b, j)| {
        let missing = (*a == Cell::Missing).cmp(&(*b == Cell::Missing));
        let order = if reverse { b.compare(a) } else { a.compare(b) };
        missing.then(order).then(i.cmp(j))
    });
    keys.into_iter().map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::busy;

    fn order(sort: Column, reverse: bool) -> Vec<TrialId> {
        let script = busy();
        let mut table = Table { sort, reverse, ..Table::new() };
        table.refresh(script.history(), script.now());
        table.order.into_iter().filter_map(Row::trial).collect()
    }

    #[test]
    fn failed_trials_stay_last_whichever_way_round() {
        assert_eq!(order(Column::Score, false), [10, 11, 7, 9, 6, 3, 1, 0, 2, 8, 12, 13, 14, 15, 5, 4]);
        assert_eq!(order(Column::Score, true), [8, 2, 0, 1, 3, 6, 9, 7, 11, 10, 12, 13, 14, 15, 5, 4]);
        assert_eq!(order(Column::Trial, true), (0..16).rev().collect::<Vec<_>>());
        assert_eq!(order(Column::State, false)[10], 4);
    }

    #[test]
    fn baselines_stand_where_their_score_ranks() {
        let mut script = busy();
        for (name, score) in [("lasso", 66.5), ("gblup", 60.0), ("ridge", 66.5), ("forest", 300.0)] {
            script.baseline(name, score);
        }
        let rows = |keys: &dyn Fn(&mut Table)| {
            let mut table = Table::new();
            keys(&mut table);
            table.refresh(script.history(), script.now());
            table
        };
        let shown = |table: &Table| {
            let name = |row: &Row| match row {
                Row::Trial(trial) => trial.to_string(),
                Row::Baseline(i) => script.history().baselines()[*i].baseline.clone(),
            };
            table.order().iter().map(name).collect::<Vec<_>>().join(" ")
        };
        let best = rows(&|_| {});
        assert_eq!(shown(&best), "gblup 10 11 7 lasso ridge 9 6 3 1 0 2 8 forest 12 13 14 15 5 4");
        assert_eq!((best.selected(), best.trials(), best.rank(10)), (Some(Row::Trial(10)), 16, Some(1)));
        let worst = rows(&|table| table.reverse = true);
        assert_eq!(shown(&worst), "forest 8 2 0 1 3 6 9 ridge lasso 7 11 10 gblup 12 13 14 15 5 4");
        let study = script.history().study();
        let filtered = |text| rows(&|table| table.filter = Filter::parse(text, study).unwrap());
        assert_eq!(shown(&filtered("score<66")), "gblup 10 11");
        assert_eq!(shown(&filtered("state:baseline !ridge")), "gblup lasso forest");
        let by_time = rows(&|table| table.sort = Column::Epochs);
        assert!(shown(&by_time).ends_with("lasso gblup ridge forest"), "they have no epochs");
    }

    #[test]
    fn the_selection_follows_its_trial_and_the_first_place_follows_the_best() {
        let mut script = busy();
        let mut table = Table::new();
        table.refresh(script.history(), script.now());
        assert_eq!((table.selected(), table.rank(10)), (Some(Row::Trial(10)), Some(1)));
        let mut moved = table.clone();
        moved.select(Row::Trial(7));
        script.finish(12, 1.0);
        for t in [&mut table, &mut moved] {
            t.refresh(script.history(), script.now());
        }
        assert_eq!(table.selected(), Some(Row::Trial(12)));
        assert_eq!((moved.selected(), moved.cursor()), (Some(Row::Trial(7)), 3));
    }
}
