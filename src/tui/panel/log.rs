//! What happened, the latest at the bottom.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{Panel, card, empty};
use crate::analysis::human;
use crate::tui::activity::Entry;
use crate::tui::keymap::Action;
use crate::tui::navigate;
use crate::tui::order::Row;
use crate::tui::state::AppState;
use crate::tui::state::{Dialog, PanelId};
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel = Panel { about, place, act, click, ..Panel::plain(PanelId::Log, "Log", render) };

/// Widest a line is shown in full.
const WIDEST: u16 = 100;

/// What of the log is shown.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Only lines that have these words.
    pub words: String,
    /// Only warnings and worse.
    pub loud: bool,
}

/// The zone of its times, and what of it is shown.
fn about(state: &AppState) -> String {
    let (own, dot) = (&state.panels.log, state.theme.symbols().dot);
    let zone = if state.menu.zone.is_known() { "local times" } else { "times in UTC" };
    let loud = if own.loud { format!(" {dot} warnings only") } else { String::new() };
    let words = if own.words.is_empty() { String::new() } else { format!(" {dot} /{}", own.words) };
    format!("{dot} {zone}{loud}{words}")
}

/// How many lines below are out of sight.
fn place(state: &AppState, rows: usize) -> String {
    match (state.log_scroll + 1).saturating_sub(rows.max(1)) {
        0 => String::new(),
        below => format!("{below} later below"),
    }
}

/// The lines that are shown, oldest first.
fn shown(state: &AppState) -> Vec<&Entry> {
    let words = state.panels.log.words.to_lowercase();
    let all = state.activity.entries().iter();
    all.filter(|entry| admits(state.panels.log.loud, &words, entry)).collect()
}

fn admits(loud: bool, words: &str, entry: &Entry) -> bool {
    let is_loud = matches!(entry.tone, Tone::Bad | Tone::Warn);
    (!loud || is_loud) && (words.is_empty() || entry.text.to_lowercase().contains(words))
}

/// The place of the selected line from the end, after one was added.
pub fn later(state: &AppState) -> usize {
    let own = &state.panels.log;
    let seen =
        state.activity.entries().back().is_some_and(|e| admits(own.loud, &own.words.to_lowercase(), e));
    (state.log_scroll + usize::from(seen)).min(shown(state).len().saturating_sub(1))
}

/// Shows only lines with these words.
pub fn seek(state: &mut AppState, words: String) {
    state.panels.log.words = words;
    state.log_scroll = 0;
}

/// Whether some lines are left out.
pub fn is_filtered(state: &AppState) -> bool {
    let own = &state.panels.log;
    own.loud || !own.words.is_empty()
}

/// Shows all lines again.
pub fn clear(state: &mut AppState) {
    state.panels.log = State::default();
    state.log_scroll = 0;
}

/// Shows only lines with the words that are being written.
pub fn find(state: &mut AppState) {
    if let Some(Dialog::Search { text, .. }) = &state.dialog {
        let words = text.text().to_owned();
        seek(state, words);
    }
}

/// How many lines of the log there are, and how many of them are shown.
pub fn counts(state: &AppState) -> (usize, usize) {
    (shown(state).len(), state.activity.entries().len())
}

fn selected(state: &AppState) -> Option<Entry> {
    let shown = shown(state);
    let place = shown.len().checked_sub(1 + state.log_scroll)?;
    shown.get(place).map(|entry| (*entry).clone())
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    match action {
        Action::Level => {
            state.panels.log.loud = !state.panels.log.loud;
            state.log_scroll = 0;
        }
        Action::Open | Action::Right => {
            let Some(entry) = selected(state) else { return Vec::new() };
            match entry.trial.filter(|_| action == Action::Open) {
                Some(trial) => navigate::open(state, Some(Row::Trial(trial))),
                None => state.dialog = Some(Dialog::Reading(entry, 0)),
            }
        }
        other => {
            if let Some(by) = navigate::distance(other, usize::from(area.height)) {
                // The log is read from its end.
                let back = by.checked_neg().unwrap_or(isize::MAX);
                state.log_scroll = navigate::clamped(state.log_scroll, back, shown(state).len());
            }
        }
    }
    Vec::new()
}

/// The first line in sight: the last page, or the one that begins with the selected line.
fn first(state: &AppState, total: usize, height: usize) -> usize {
    total.saturating_sub(height.max(state.log_scroll + 1))
}

fn click(state: &mut AppState, area: Rect, at: Position, again: bool) -> Vec<Effect> {
    if again {
        return act(state, Action::Open, area);
    }
    let total = shown(state).len();
    let place = first(state, total, usize::from(area.height)) + usize::from(at.y.saturating_sub(area.y));
    if place < total {
        state.log_scroll = total - 1 - place;
    }
    Vec::new()
}

/// Draws the lines.
fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let entries = shown(state);
    if entries.is_empty() {
        let sentence = match state.activity.entries().len() {
            0 => "nothing happened yet",
            _ => "no line matches: Esc clears",
        };
        return empty(theme, sentence, area, buf);
    }
    let height = usize::from(area.height);
    let from = first(state, entries.len(), height);
    let cursor = (state.focus == PanelId::Log).then(|| (entries.len() - 1).saturating_sub(state.log_scroll));
    for (i, entry) in entries.iter().enumerate().skip(from).take(height) {
        let room = usize::from(area.width).saturating_sub(12);
        let text = text::cut(&entry.text, room, theme.symbols().cut);
        let time = human::time_of_day(state.menu.zone.local(entry.at));
        let line = Line::from(vec![
            Span::styled(format!(" {time} "), theme.style(Tone::Quiet)),
            Span::styled(format!("{} ", mark(state, entry)), theme.style(entry.tone)),
            Span::styled(text, theme.style(entry.tone)),
        ]);
        let row = text::row(area, i - from);
        line.render(row, buf);
        if cursor == Some(i) {
            buf.set_style(row, theme.selected(true));
        }
    }
}

/// What says the weight of a line without colour.
fn mark(state: &AppState, entry: &Entry) -> &'static str {
    match entry.tone {
        Tone::Bad => "!",
        Tone::Warn => "~",
        Tone::Good => state.theme.symbols().best,
        _ => " ",
    }
}

/// How many lines of text a line of the log has, in full.
pub fn lines_of(state: &AppState, entry: &Entry) -> usize {
    text::wrap(&entry.text, usize::from(state.size.0.min(WIDEST)).saturating_sub(8)).len()
}

/// Draws a line of the log in full, from line `from` of its text on.
pub fn read(state: &AppState, entry: &Entry, from: usize, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let room = usize::from(area.width.min(WIDEST)).saturating_sub(8);
    let high = usize::from(area.height).saturating_sub(6).max(1);
    let all = text::wrap(&entry.text, room);
    let from = from.min(all.len().saturating_sub(high));
    let below = all.len().saturating_sub(from + high);
    let more = if below > 0 { format!("j for {below} more lines; ") } else { String::new() };
    let mut lines: Vec<Line<'_>> = all
        .into_iter()
        .skip(from)
        .take(high)
        .map(|line| Line::styled(line, theme.style(entry.tone)))
        .collect();
    lines.push(Line::default());
    let open = entry.trial.map_or_else(String::new, |trial| format!("Enter opens trial {trial}; "));
    lines.push(Line::styled(format!("{more}{open}Esc closes"), theme.style(Tone::Quiet)));
    let title = format!("{} {}", human::time_of_day(state.menu.zone.local(entry.at)), mark(state, entry));
    card(theme, title.trim(), entry.tone, lines, area, buf);
}
