//! What ran when: a row for each slot, time from left to right.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{Panel, empty};
use crate::analysis::human;
use crate::analysis::survey::Fate;
use crate::analysis::timeline::{Run, Timeline, busy, within};
use crate::domain::trial::Timestamp;
use crate::tui::keymap::Action;
use crate::tui::navigate;
use crate::tui::plot::Window;
use crate::tui::state::{AppState, PanelId};
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel =
    Panel { about, place, act, arrange, ..Panel::plain(PanelId::Timeline, "Timeline", render) };

/// Columns of a slot's name and its share.
const LABEL: u16 = 14;
/// Least milliseconds in sight.
const SHORTEST: f64 = 2_000.0;
/// A share of the window by which one scrolls.
const STEP: f64 = 0.2;

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    window: Window,
    scroll: usize,
    timeline: Timeline,
    of: Option<u64>,
}

impl State {
    /// Forgets what was made of a history: another one takes its place.
    pub fn forget(&mut self) {
        (self.timeline, self.of) = (Timeline::default(), None);
    }
}

/// The time in sight, from and to.
fn in_sight(state: &AppState) -> (Timestamp, Timestamp) {
    let own = &state.panels.timeline;
    let end = if state.is_live() { state.now.max(state.history.last()) } else { state.history.last() };
    let span = end.saturating_sub(own.timeline.begin).max(1) as f64;
    let at = |share: f64| own.timeline.begin + (share * span) as u64;
    (at(own.window.from), at(own.window.to).max(at(own.window.from) + 1))
}

fn about(state: &AppState) -> String {
    let own = &state.panels.timeline;
    let (from, to) = in_sight(state);
    let slots = &own.timeline.slots;
    if slots.iter().all(Vec::is_empty) {
        return String::new();
    }
    let share = slots.iter().map(|runs| busy(runs, from, to)).sum::<f64>() / slots.len() as f64;
    let span = human::duration(to.saturating_sub(from) as f64 / 1000.0);
    format!("{} {span} in sight, slots busy for {:.0} % of it", state.theme.symbols().dot, 100.0 * share)
}

fn place(state: &AppState, rows: usize) -> String {
    let own = &state.panels.timeline;
    let slots = own.timeline.slots.len();
    if slots + 2 > rows && own.scroll > 0 { format!("from slot {}", own.scroll) } else { String::new() }
}

fn arrange(state: &mut AppState, area: Rect) -> Vec<Effect> {
    // A trial may also end and start again between two looks.
    let (of, own) = (Some(state.history.next_sequence()), &mut state.panels.timeline);
    if own.of != of {
        own.timeline = Timeline::of(&state.history);
        own.of = of;
    }
    own.scroll = own.scroll.min(own.timeline.slots.len().saturating_sub(rows(area)));
    Vec::new()
}

/// Rows for slots.
fn rows(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(2)).max(1)
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    let (from, to) = in_sight(state);
    let own = &mut state.panels.timeline;
    let whole = to.saturating_sub(from) as f64 / own.window.width();
    // What one looks at mostly is the present, where that is in sight.
    let about = if own.window.to >= 1.0 { 1.0 } else { (own.window.from + own.window.to) / 2.0 };
    match action {
        Action::Left => own.window.pan(-STEP),
        Action::Right => own.window.pan(STEP),
        Action::ZoomIn => own.window.zoom_in(about, (SHORTEST / whole).min(1.0)),
        Action::ZoomOut => own.window.zoom_out(about),
        Action::First => own.window.show(0.0),
        Action::Last => own.window.show(1.0),
        other => {
            if let Some(by) = navigate::distance(other, rows(area)) {
                let slots = own.timeline.slots.len();
                own.scroll = navigate::clamped(own.scroll, by, (slots + 1).saturating_sub(rows(area)));
            }
        }
    }
    Vec::new()
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let own = &state.panels.timeline;
    let slots = &own.timeline.slots;
    if slots.iter().all(Vec::is_empty) {
        return empty(state.theme, "what runs when in which slot will stand here", area, buf);
    }
    let tail = [u16::from(area.height >= 3), u16::from(area.height >= 6)].map(Constraint::Length);
    let [main, axis, foot] = area.layout(&Layout::vertical([Constraint::Fill(1), tail[0], tail[1]]));
    let label = if main.width >= 4 * LABEL { LABEL } else { 0 };
    let [labels, lanes] = main.layout(&Layout::horizontal([Constraint::Length(label), Constraint::Fill(1)]));
    let sight = in_sight(state);
    // Slots take as many rows as there are, one of them for air.
    let shown = slots.len().saturating_sub(own.scroll).min(usize::from(main.height)).max(1);
    let each = (usize::from(main.height) / shown).clamp(1, 3);
    let thick = if each > 2 { 2 } else { 1 };
    for (i, (slot, runs)) in slots.iter().enumerate().skip(own.scroll).take(shown).enumerate() {
        let row = text::row(labels, i * each);
        let words = format!(" slot {slot:<2} {:>3.0} %", 100.0 * busy(runs, sight.0, sight.1));
        Line::styled(words, state.theme.style(Tone::Quiet)).render(row, buf);
        for extra in 0..thick {
            lane(state, runs, sight, text::row(lanes, i * each + extra), extra == 0, buf);
        }
    }
    let axis = Rect { x: lanes.x, width: lanes.width, ..axis };
    times(state, sight, axis, buf);
    text::fitted(legend(state.theme), foot, state.theme.symbols().cut, buf);
}

/// A trial's letter where it did not complete, and its tone.
fn letter(fate: Fate) -> (&'static str, Tone) {
    match fate {
        Fate::Complete => ("", Tone::Plain),
        Fate::Live => ("R", Tone::Accent),
        Fate::Pruned => ("P", Tone::Warn),
        Fate::Failed => ("F", Tone::Bad),
        Fate::Cancelled => ("X", Tone::Quiet),
    }
}

/// How a stretch in which nothing ran looks.
fn still(theme: Theme, nowhere: bool) -> &'static str {
    match (nowhere, theme.options.ascii) {
        (false, false) => "·",
        (false, true) => ".",
        (true, false) => "╌",
        (true, true) => "-",
    }
}

/// A slot's runs along a row.
fn lane(
    state: &AppState,
    runs: &[Run],
    (from, to): (Timestamp, Timestamp),
    row: Rect,
    named: bool,
    buf: &mut Buffer,
) {
    let theme = state.theme;
    let width = u64::from(row.width);
    let time = |column: u64| from + (to - from) * column / width.max(1);
    let gaps = &state.panels.timeline.timeline.gaps;
    let mut segment: Option<(Run, u64)> = None;
    for column in 0..width {
        let (start, end) = (time(column), time(column + 1).max(time(column) + 1));
        let here = within(runs, start, end.min(to));
        let x = row.x + column as u16;
        // The one that fills the most of the column; of several short ones what they fill together.
        let run =
            here.iter().max_by_key(|run| run.to.unwrap_or(to).min(end).saturating_sub(run.from.max(start)));
        let same = segment.is_some_and(|(last, _)| run.is_some_and(|run| run.trial == last.trial));
        if !same {
            finish(theme, segment.take(), column, row, named, buf);
        }
        match run {
            Some(_) if here.len() > 2 => crowd(theme, busy(runs, start, end), (x, row.y), buf),
            Some(run) if !same => segment = Some((*run, column)),
            Some(_) => {}
            None => {
                let after = gaps.partition_point(|gap| gap.1 <= start);
                let nowhere = gaps.get(after).is_some_and(|gap| gap.0 < end);
                if let Some(cell) = buf.cell_mut((x, row.y)).filter(|_| row.height > 0) {
                    cell.set_symbol(still(theme, nowhere)).set_style(theme.style(Tone::Quiet));
                }
            }
        }
    }
    finish(theme, segment, width, row, named, buf);
}

/// More than two trials in a column: how much of it they fill.
fn crowd(theme: Theme, share: f64, at: (u16, u16), buf: &mut Buffer) {
    let shades = if theme.options.ascii { [".", ":", "=", "#"] } else { ["░", "▒", "▓", "█"] };
    if let Some(cell) = buf.cell_mut(at) {
        cell.set_symbol(shades[((share * 4.0) as usize).min(3)]).set_style(theme.style(Tone::Plain));
    }
}

/// Draws a run from its first column up to `end`: a bar with its number, and its letter.
fn finish(theme: Theme, segment: Option<(Run, u64)>, end: u64, row: Rect, named: bool, buf: &mut Buffer) {
    let Some((run, first)) = segment.filter(|_| row.height > 0) else { return };
    let room = (end - first) as usize;
    let (letter, tone) = letter(run.fate);
    let edge = if theme.options.ascii { "|" } else { "▏" };
    let name = format!("{}{letter}", run.trial);
    let inside = match room {
        _ if !named => " ".repeat(room - 1),
        1 => String::new(),
        _ if name.len() < room => text::left(&name, room - 1, ""),
        _ => text::left(letter, room - 1, ""),
    };
    let first_cell = if room == 1 && named && !letter.is_empty() { letter } else { edge };
    let style: Style = theme.style(tone).remove_modifier(Modifier::DIM).add_modifier(Modifier::REVERSED);
    let at = Rect { x: row.x + first as u16, width: room as u16, ..row };
    Line::styled(format!("{first_cell}{inside}"), style).render(at.intersection(row), buf);
}

/// Round times since the first trial, below the lanes.
fn times(state: &AppState, (from, to): (Timestamp, Timestamp), row: Rect, buf: &mut Buffer) {
    const SECONDS: [u64; 20] = [
        1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400,
        172_800, 604_800,
    ];
    let begin = state.panels.timeline.timeline.begin;
    let most = u64::from(row.width / 10).max(1);
    let fits = |step: &u64| (to - from) / (step * 1000) < most;
    let Some(step) = SECONDS.into_iter().find(fits).map(|s| s * 1000) else { return };
    let style = state.theme.style(Tone::Quiet);
    let tick = if state.theme.options.ascii { "|" } else { "╵" };
    let mut at = from.saturating_sub(begin).div_ceil(step) * step;
    while begin + at <= to {
        let x = row.x + ((begin + at - from) as f64 / (to - from) as f64 * f64::from(row.width)) as u16;
        let words = format!("{tick}{}", clock(at / 1000));
        let place = Rect { x, width: text::width(&words) as u16, ..row };
        if place.right() <= row.right() {
            Line::styled(words, style).render(place, buf);
        }
        at += step;
    }
}

/// Whole seconds without the parts that are zero: "40s", "3m", "2h 30m", "4d".
fn clock(seconds: u64) -> String {
    let parts =
        [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let words: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if words.is_empty() { "0".into() } else { words.join(" ") }
}

fn legend(theme: Theme) -> Line<'static> {
    let quiet = theme.style(Tone::Quiet);
    let mut line = Line::raw(" ");
    for (fate, word) in [
        (Fate::Live, "running"),
        (Fate::Pruned, "pruned"),
        (Fate::Failed, "failed"),
        (Fate::Cancelled, "cancelled"),
    ] {
        let (letter, tone) = letter(fate);
        line.push_span(Span::styled(format!("{letter} "), theme.style(tone)));
        line.push_span(Span::styled(format!("{word}   "), quiet));
    }
    let words = format!("{} idle   {} nothing ran", still(theme, false), still(theme, true));
    line.push_span(Span::styled(words, quiet));
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_leave_out_what_is_zero() {
        let cases =
            [(0, "0"), (40, "40s"), (180, "3m"), (9_000, "2h 30m"), (345_600, "4d"), (90_061, "1d 1h 1m 1s")];
        for (seconds, text) in cases {
            assert_eq!(clock(seconds), text);
        }
    }
}
