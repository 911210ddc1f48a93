//! The leaderboard's heading and rows, written out.

use ratatui::text::{Line, Span};

use super::layout::{GUTTER, Layout, Slot};
use crate::analysis::human;
use crate::analysis::parameters::dependent;
use crate::domain::baseline::BaselineScore;
use crate::domain::trial::{Trial, TrialState};
use crate::domain::value::Value;
use crate::tui::cell::{BASELINE, letter, state_word};
use crate::tui::column::{Column, metric};
use crate::tui::state::AppState;
use crate::tui::text::{self, left, right};
use crate::tui::theme::Tone;

/// The names of the columns; the sorted one's has a mark.
pub fn heading(state: &AppState, layout: &Layout<'_>, width: usize) -> Line<'static> {
    let (table, symbols) = (&state.table, state.theme.symbols());
    let mut words = " ".repeat(GUTTER);
    for (i, slot) in layout.slots().enumerate() {
        if i == layout.held.len() && layout.before {
            words += symbols.cut_left;
        } else if i == layout.held.len() {
            words.push(' ');
        }
        let column = slot.entry.column;
        let mark = if table.reverse { symbols.down } else { symbols.up };
        let mark = if column == table.sort { mark } else { "" };
        let plus_minus = if column == Column::Spread { symbols.plus_minus } else { "" };
        // The mark stands in the gap where the name leaves no room for it.
        let room = slot.whole() - text::width(mark);
        let room = if column == Column::Rank { room + GUTTER } else { room };
        let name = format!("{plus_minus}{}", slot.entry.heading);
        let name = text::cut(&name, room.min(slot.width.max(4)), symbols.cut);
        if i == 0 && column == Column::Rank {
            // Over the marks too.
            words = right(&format!("{mark}{name}"), GUTTER + slot.whole(), symbols.cut);
        } else if column.is_text() {
            let gap = slot.gap - text::width(mark);
            words += &left(&format!("{}{mark}{name}", " ".repeat(gap)), slot.whole(), symbols.cut);
        } else {
            words += &right(&format!("{mark}{name}"), slot.whole(), symbols.cut);
        }
    }
    if layout.more {
        // At the edge, where the rest would be.
        words = left(&words, width.saturating_sub(1), symbols.cut) + symbols.cut;
    }
    Line::styled(words, state.theme.style(Tone::Strong))
}

/// A trial's row.
pub fn trial(state: &AppState, trial: &Trial, layout: &Layout<'_>, selected: bool) -> Vec<Span<'static>> {
    let (theme, symbols) = (state.theme, state.theme.symbols());
    let best = state.history.incumbent().is_some_and(|best| best.id == trial.id);
    let star = match (best, state.ties.is_tied(trial.id)) {
        (true, _) => symbols.best,
        (false, true) => symbols.tied,
        (false, false) => " ",
    };
    let mark = if state.marked.contains(&trial.id) { symbols.marked } else { " " };
    let pin = if trial.pinned { symbols.pinned } else { " " };
    let mut line = vec![
        Span::styled(if selected { symbols.cursor } else { " " }, theme.style(Tone::Accent)),
        Span::styled(star, theme.style(Tone::Good)),
        Span::styled(mark, theme.style(Tone::Second)),
        Span::styled(pin, theme.style(Tone::Accent)),
    ];
    for (i, slot) in layout.slots().enumerate() {
        if i == layout.held.len() {
            line.push(Span::raw(" "));
        }
        let tone = match slot.entry.column {
            Column::Rank | Column::Spread | Column::Note | Column::By | Column::Started => Tone::Quiet,
            Column::Score if best => Tone::Good,
            Column::State => theme.state(&trial.state),
            _ => Tone::Plain,
        };
        line.push(Span::styled(fitted(&cell(state, trial, slot), slot, symbols.cut), theme.style(tone)));
    }
    line
}

/// Words in a column with the gap before it.
fn fitted(words: &str, slot: &Slot<'_>, cut: &str) -> String {
    if slot.entry.column.is_text() {
        return format!("{}{}", " ".repeat(slot.gap), left(words, slot.width, cut));
    }
    format!("{}{}", " ".repeat(slot.gap), right(words, slot.width, cut))
}

fn cell(state: &AppState, trial: &Trial, slot: &Slot<'_>) -> String {
    let symbols = state.theme.symbols();
    let none = || symbols.none.to_owned();
    let space = &state.history.study().space;
    let number = |value: f64| slot.entry.format.number(value, slot.width);
    match slot.entry.column {
        Column::Rank => state.table.rank(trial.id).map_or_else(none, |rank| rank.to_string()),
        Column::Trial => trial.id.to_string(),
        Column::Score => trial.score.map_or_else(none, number),
        Column::Spread => {
            let spread = trial.score.and_then(|_| trial.spread());
            spread.map_or_else(String::new, |s| deviation(state, slot, s))
        }
        Column::State => format!("{} {}", letter(trial, &state.history), state_word(trial, &state.history)),
        Column::Parameter(i) => match space.parameters.get(i).and_then(|p| trial.params.get(&p.name)) {
            None => none(),
            Some(Value::Float(value)) => number(*value),
            Some(value) => value.to_string(),
        },
        Column::Dependent => dependent(space, &trial.params),
        Column::Epochs => trial.epochs().to_string(),
        Column::Time | Column::Started if trial.state == TrialState::Waiting => none(),
        Column::Time => human::duration(trial.seconds(state.now)),
        Column::Started => human::time_of_day(trial.started),
        Column::Note if trial.annotation.is_empty() => trial.state.reason().unwrap_or_default().to_owned(),
        Column::Note => trial.annotation.clone(),
        Column::By => trial.origin.by.clone(),
        Column::Weights => trial.weights.map_or_else(none, |n| human::thousands(n as usize)),
        Column::Fold(i) => trial.folds.get(i).map_or_else(none, |fold| number(fold.score)),
        Column::Metric(i) => metric(trial, state.table.catalogue().metric(i)).map_or_else(none, number),
    }
}

fn deviation(state: &AppState, slot: &Slot<'_>, spread: f64) -> String {
    let mark = state.theme.symbols().plus_minus;
    format!("{mark}{}", slot.entry.format.number(spread, slot.width - text::width(mark)))
}

/// A baseline among the trials: without a rank or settings, its name where a trial has its number.
pub fn baseline(
    state: &AppState,
    baseline: &BaselineScore,
    layout: &Layout<'_>,
    selected: bool,
) -> Vec<Span<'static>> {
    let (theme, symbols) = (state.theme, state.theme.symbols());
    let name = text::clean(&baseline.baseline);
    let cursor = if selected { symbols.cursor } else { " " };
    let mut line = vec![Span::styled(cursor, theme.style(Tone::Accent))];
    // Its name takes the place of marks, rank and number.
    let taken =
        layout.held.iter().position(|slot| !matches!(slot.entry.column, Column::Rank | Column::Trial));
    let taken = taken.unwrap_or(layout.held.len());
    let room = GUTTER - 2 + layout.held[..taken].iter().map(Slot::whole).sum::<usize>();
    line.push(Span::styled(format!(" {}", right(&name, room, symbols.cut)), theme.style(Tone::Second)));
    // One that was cut stands whole where a trial has its settings.
    let settings = |slot: &&Slot<'_>| {
        matches!(slot.entry.column, Column::Parameter(_) | Column::Dependent | Column::Epochs)
    };
    let settings: usize = layout.moving.iter().take_while(settings).count();
    let wide: usize = layout.moving[..settings].iter().map(Slot::whole).sum();
    for slot in &layout.held[taken..] {
        line.push(figure(state, baseline, slot));
    }
    let beside = if text::width(&name) > room { format!("  {name}") } else { String::new() };
    line.push(Span::raw(" "));
    line.push(Span::styled(left(&beside, wide, symbols.cut), theme.style(Tone::Quiet)));
    line.extend(layout.moving[settings..].iter().map(|slot| figure(state, baseline, slot)));
    line
}

fn figure(state: &AppState, baseline: &BaselineScore, slot: &Slot<'_>) -> Span<'static> {
    let (theme, study) = (state.theme, state.history.study());
    let number =
        |value: Option<f64>| value.map_or(String::new(), |value| slot.entry.format.number(value, slot.width));
    let (words, tone) = match slot.entry.column {
        Column::Score => (number(baseline.mean(&study.metric)), Tone::Second),
        Column::Spread => {
            let spread = baseline.spread(&study.metric);
            (spread.map_or(String::new(), |s| deviation(state, slot, s)), Tone::Quiet)
        }
        Column::State => (format!("B {BASELINE}"), Tone::Second),
        Column::Time => (human::duration(baseline.seconds), Tone::Quiet),
        Column::Fold(i) => {
            let fold = baseline.folds.get(i % study.folds.max(1));
            (number(fold.and_then(|fold| fold.get(&study.metric)).copied()), Tone::Quiet)
        }
        Column::Metric(i) => (number(baseline.mean(state.table.catalogue().metric(i))), Tone::Quiet),
        _ => (String::new(), Tone::Quiet),
    };
    Span::styled(fitted(&words, slot, theme.symbols().cut), theme.style(tone))
}
