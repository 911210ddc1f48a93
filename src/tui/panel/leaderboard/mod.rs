//! The leaderboard: every trial in order, with the columns that a person wants.
//!
//! Marks, the first columns and, of several kinds, the kind stay; the others scroll beside them. Pinned trials stay on
//! top of the rows.

mod cells;
mod layout;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;

use super::Panel;
use super::empty;
use crate::analysis::human;
use crate::tui::cell::state_word;
use crate::tui::column::Column;
use crate::tui::keymap::Action;
use crate::tui::navigate;
use crate::tui::order::Row;
use crate::tui::state::{AppState, PanelId, Phase};
use crate::tui::text;
use crate::tui::update::Effect;
use layout::{Layout, last_scroll};
pub use layout::{NOTE, full_width};

/// The panel.
pub const PANEL: Panel =
    Panel { about, place, foot, act, ..Panel::plain(PanelId::Leaderboard, "Leaderboard", render) };

/// How it is sorted and filtered, behind a word of caution where the scores need one.
fn about(state: &AppState) -> String {
    let (table, dot) = (&state.table, state.theme.symbols().dot);
    let column = text::clean(table.catalogue().name(table.sort));
    let turned = if table.reverse { ", reversed" } else { "" };
    let by_score = matches!(table.sort, Column::Score | Column::Rank);
    let mut words: Vec<String> = state.history.study().caution().into_iter().map(str::to_owned).collect();
    words.push(match (by_score, table.reverse) {
        (true, false) => "best first".to_owned(),
        (true, true) => "worst first".to_owned(),
        (false, _) => format!("by {column}{turned}"),
    });
    words.extend((!state.marked.is_empty()).then(|| format!("{} marked", state.marked.len())));
    words.extend((!table.filter.text().is_empty()).then(|| format!("/{}", table.filter.text())));
    words.into_iter().map(|w| format!("{dot} {w}")).collect::<Vec<_>>().join(" ")
}

/// Which of the trials are in sight. Baselines stand among them and are none.
fn place(state: &AppState, rows: usize) -> String {
    let (table, height) = (&state.table, rows.saturating_sub(1));
    let total = table.trials();
    if total == 0 || height == 0 {
        return String::new();
    }
    let window = Window::of(state, height);
    let (from, to) = (table.trials_before(window.from), table.trials_before(window.to()));
    if from == to {
        return format!("{} trials", human::thousands(total));
    }
    let (from, to) = (human::thousands(from + 1), human::thousands(to));
    format!("{from}{}{to} of {}", state.theme.symbols().range, human::thousands(total))
}

/// The rows in sight: the pinned ones, then some of the others.
struct Window {
    pinned: usize,
    from: usize,
    rows: usize,
}

impl Window {
    /// The selection is kept in the middle, but the ends are not left empty.
    fn of(state: &AppState, height: usize) -> Self {
        let table = &state.table;
        // Of many pinned trials most scroll with the others.
        let pinned = table.pinned().min(height / 3);
        let (rest, room) = (table.order().len() - pinned, height - pinned);
        let cursor = table.cursor().saturating_sub(pinned);
        let from = cursor.saturating_sub(room / 2).min(rest.saturating_sub(room));
        Window { pinned, from: pinned + from, rows: room.min(rest - from) }
    }

    fn to(&self) -> usize {
        self.from + self.rows
    }

    /// The places of the rows in sight.
    fn places(&self) -> impl Iterator<Item = usize> {
        (0..self.pinned).chain(self.from..self.to())
    }
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    let rows = usize::from(area.height).saturating_sub(1);
    if let Some(by) = navigate::distance(action, rows) {
        let to = navigate::clamped(state.table.cursor(), by, state.table.order().len());
        state.table.move_to(to);
        return Vec::new();
    }
    // No further than to where the last column is in sight.
    let last = last_scroll(state, area);
    state.table.scrolled = state.table.scrolled.min(last);
    match action {
        Action::Left => state.table.scrolled = state.table.scrolled.saturating_sub(1),
        Action::Right => state.table.scrolled = (state.table.scrolled + 1).min(last),
        Action::Sort => sort(state, 1, true, area),
        Action::SortRight => sort(state, 1, false, area),
        Action::SortLeft => sort(state, -1, false, area),
        Action::Reverse => {
            state.table.reverse = !state.table.reverse;
            state.reorder();
        }
        _ => {}
    }
    Vec::new()
}

/// Sorts by a column beside the one of now, and scrolls to it.
fn sort(state: &mut AppState, by: isize, round: bool, area: Rect) {
    let columns = state.table.sortable();
    let at = columns.iter().position(|c| *c == state.table.sort);
    let to = match at {
        None => 0,
        Some(at) if round => (at + 1) % columns.len(),
        Some(at) => navigate::clamped(at, by, columns.len()),
    };
    let Some(column) = columns.get(to).copied() else { return };
    state.table.sort = column;
    state.table.reverse = false;
    layout::scroll_to(state, column, area);
    state.reorder();
}

/// Draws the table.
fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let (table, order) = (&state.table, state.table.order());
    if order.is_empty() {
        let sentence = match (&state.phase, state.history.trials().is_empty()) {
            (_, false) => "no trial passes the filter: Esc takes it away",
            (Phase::Over(_), true) => "no trial was started",
            (_, true) if state.history.target() == 0 => "loading the data ...",
            (_, true) => "starting the first trial ...",
        };
        return empty(state.theme, sentence, area, buf);
    }
    let height = usize::from(area.height).saturating_sub(1);
    let width = usize::from(area.width);
    let layout = Layout::of(state, width);
    cells::heading(state, &layout, width).render(text::row(area, 0), buf);
    for (i, place) in Window::of(state, height).places().enumerate() {
        let at = text::row(area, 1 + i);
        let Some(row) = order.get(place).filter(|_| at.height > 0) else { continue };
        let selected = place == table.cursor();
        let line = match row {
            Row::Trial(id) => match state.history.trial(*id) {
                Some(trial) => cells::trial(state, trial, &layout, selected),
                None => continue,
            },
            Row::Baseline(number) => match state.history.baselines().get(*number) {
                Some(baseline) => cells::baseline(state, baseline, &layout, selected),
                None => continue,
            },
        };
        Line::from(line).render(at, buf);
        if selected {
            buf.set_style(at, state.theme.selected(state.focus == PanelId::Leaderboard));
        }
    }
}

/// What is said of the selected trial, for the frame's lower edge: a person's note, or why it has no score.
fn foot(state: &AppState, room: usize) -> Option<Line<'static>> {
    let trial = state.history.trial(state.table.selected()?.trial()?)?;
    let words = match (trial.state.reason(), &*trial.annotation) {
        (None, "") => return None,
        (None, note) => format!("trial {}: {note}", trial.id),
        (Some(reason), "") => format!("trial {} {}: {reason}", trial.id, state_word(trial, &state.history)),
        (Some(reason), note) => format!("trial {}: {note} ({reason})", trial.id),
    };
    let words = text::cut(&words, room.saturating_sub(2), state.theme.symbols().cut);
    Some(Line::styled(format!(" {words} "), state.theme.style(state.theme.state(&trial.state))))
}
