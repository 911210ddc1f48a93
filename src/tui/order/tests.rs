//! The leaderboard's order.

use super::*;
use crate::analysis::compare::Ties;
use crate::analysis::testing::{Script, busy};
use crate::domain::event::Event;

fn refresh(table: &mut Table, script: &Script) {
    let history = script.history();
    table.refresh(&Known { history, ties: &Ties::of(history), marked: &[], now: script.now() });
}

fn order(sort: Column, reverse: bool) -> Vec<TrialId> {
    let script = busy();
    let mut table = Table { sort, reverse, ..Table::new() };
    refresh(&mut table, &script);
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
        refresh(&mut table, &script);
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
    let filtered = |text| rows(&|table| table.filter = Filter::parse(text, best.catalogue()).unwrap());
    assert_eq!(shown(&filtered("score<66")), "gblup 10 11");
    assert_eq!(shown(&filtered("state:baseline !ridge")), "gblup lasso forest");
    let by_time = rows(&|table| table.sort = Column::Epochs);
    assert!(shown(&by_time).ends_with("lasso gblup ridge forest"), "they have no epochs");
}

#[test]
fn the_selection_follows_its_trial_and_the_first_place_follows_the_best() {
    let mut script = busy();
    let mut table = Table::new();
    refresh(&mut table, &script);
    assert_eq!((table.selected(), table.rank(10)), (Some(Row::Trial(10)), Some(1)));
    let mut moved = table.clone();
    moved.select(Row::Trial(7));
    script.finish(12, 1.0);
    for t in [&mut table, &mut moved] {
        refresh(t, &script);
    }
    assert_eq!(table.selected(), Some(Row::Trial(12)));
    assert_eq!((moved.selected(), moved.cursor()), (Some(Row::Trial(7)), 3));
}

#[test]
fn pinned_trials_stand_above_all_and_are_not_the_first() {
    let mut script = busy();
    for trial in [4, 7] {
        script.record(Event::TrialPinned { trial, pinned: true });
    }
    let mut table = Table::new();
    refresh(&mut table, &script);
    let shown: Vec<_> = table.order()[..4].iter().filter_map(|row| row.trial()).collect();
    assert_eq!((shown, table.pinned()), (vec![7, 4, 10, 11], 2));
    assert_eq!(table.selected(), Some(Row::Trial(10)));
}

#[test]
fn columns_are_chosen_moved_and_named() {
    let script = busy();
    let mut table = Table::new();
    refresh(&mut table, &script);
    let names = |table: &Table| -> Vec<String> {
        table.columns().into_iter().map(|c| table.catalogue().name(c).to_owned()).collect()
    };
    assert_eq!(names(&table)[..6], ["rank", "trial", "score", "spread", "state", "filters"]);
    table.toggle(Column::Rank);
    table.toggle(Column::Trial);
    assert!(table.shift(Column::State, -1) && !table.shift(Column::Rank, -1));
    assert_eq!(names(&table)[..5], ["trial", "score", "state", "spread", "filters"]);
    table.set_columns(&["time", "mse", "l1"]).unwrap();
    assert_eq!(names(&table), ["trial", "time", "score", "l1"]);
    let wrong = table.set_columns(&["tme"]).unwrap_err();
    assert_eq!(wrong, "there is no column `tme`: did you mean `time`?");
    table.set_columns(&[]).unwrap();
    assert_eq!(table.columns(), table.catalogue().usual());
}
