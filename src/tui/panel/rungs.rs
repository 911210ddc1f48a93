//! The rungs of successive halving: who came to each, who went on, and where the cut is.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{Panel, empty, gauge};
use crate::analysis::human;
use crate::domain::direction::Direction;
use crate::domain::history::History;
use crate::domain::insight::Rung;
use crate::domain::trial::{Timestamp, TrialId, TrialState};
use crate::domain::value::counted;
use crate::tui::ask::Ask;
use crate::tui::keymap::Action;
use crate::tui::navigate;
use crate::tui::state::{AppState, PanelId};
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel =
    Panel { about, place, act, arrange, ..Panel::plain(PanelId::Rungs, "Rungs", render) };

/// Milliseconds between two questions: reports come faster than anybody looks.
const PAUSE: Timestamp = 1_000;
/// Columns before the bars.
const LEFT: usize = 57;
/// From this height on, the trials of the selected rung are listed below.
const TALL: u16 = 12;

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The record up to which it has asked, and when.
    asked: Option<(u64, Timestamp)>,
    waiting: bool,
    rungs: Option<Vec<Rung>>,
    cursor: usize,
    /// How far the list of the selected rung's trials is scrolled.
    scroll: usize,
}

impl State {
    /// Takes in what came of the question.
    pub fn answer(&mut self, rungs: Vec<Rung>) {
        self.waiting = false;
        self.cursor = self.cursor.min(rungs.len().saturating_sub(1));
        self.rungs = Some(rungs);
    }

    /// The moment whose answer is awaited.
    pub fn awaits(&self) -> Option<u64> {
        self.asked.filter(|_| self.waiting).map(|(moment, _)| moment)
    }

    /// Forgets what it was told: the history is another one.
    pub fn forget(&mut self) {
        *self = State { cursor: self.cursor, ..State::default() };
    }

    /// Whether there is nothing to be seen.
    pub fn is_idle(&self) -> bool {
        self.rungs.as_ref().is_some_and(Vec::is_empty)
    }

    fn brackets(&self) -> usize {
        self.rungs.iter().flatten().map(|rung| rung.bracket + 1).max().unwrap_or(0)
    }

    fn selected(&self) -> Option<&Rung> {
        self.rungs.as_ref()?.get(self.cursor)
    }
}

fn about(state: &AppState) -> String {
    let own = &state.panels.rungs;
    let pruner = pruner(&state.history);
    let dot = state.theme.symbols().dot;
    match (own.brackets(), pruner) {
        (0, _) => String::new(),
        (1, None) => format!("{dot} of each the best go on"),
        (1, Some(name)) => text::clean(&format!("{dot} {name}: of each the best go on")),
        (n, name) => {
            let name = name.map_or_else(String::new, |name| format!("{name}: "));
            text::clean(&format!("{dot} {name}{}; of each rung the best go on", counted(n, "bracket")))
        }
    }
}

/// The pruner's name, where that is known.
fn pruner(history: &History) -> Option<&str> {
    let asked = || history.asked()?.pruner.as_ref();
    history.pruner().or_else(asked).map(|method| method.kind.as_str())
}

fn place(state: &AppState, _rows: usize) -> String {
    let own = &state.panels.rungs;
    let count = own.rungs.as_ref().map_or(0, Vec::len);
    if count == 0 { String::new() } else { format!("{} of {count}", own.cursor + 1) }
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    let own = &mut state.panels.rungs;
    let (rungs, trials) =
        (own.rungs.as_ref().map_or(0, Vec::len), own.selected().map_or(0, |r| r.trials.len()));
    let listed = usize::from(regions(area, rungs).1.height).saturating_sub(2);
    match (action, navigate::distance(action, listed)) {
        (Action::PageUp | Action::PageDown, Some(by)) => {
            let last = trials.saturating_sub(listed);
            own.scroll = own.scroll.saturating_add_signed(by).min(last);
        }
        (_, Some(by)) => (own.cursor, own.scroll) = (navigate::clamped(own.cursor, by, rungs), 0),
        _ => {}
    }
    Vec::new()
}

/// Asks, where something happened since.
fn arrange(state: &mut AppState, _: Rect) -> Vec<Effect> {
    let (now, next) = (state.now, state.history.next_sequence());
    // Of what stands still the last word counts, however soon it comes.
    let at_rest = state.is_at_rest();
    let own = &mut state.panels.rungs;
    let soon = |at: Timestamp| !at_rest && now.abs_diff(at) < PAUSE;
    if own.waiting || own.asked.is_some_and(|(sequence, at)| sequence == next || soon(at)) {
        return Vec::new();
    }
    (own.asked, own.waiting) = (Some((next, now)), true);
    vec![Effect::Ask(Ask::Rungs(Box::new(state.history.clone())))]
}

/// The rungs, and below them the trials of one.
fn regions(area: Rect, rungs: usize) -> (Rect, Rect) {
    let above = (rungs as u16).saturating_add(1);
    let below = if area.height < TALL { 0 } else { (area.height.saturating_sub(above)).max(area.height / 2) };
    let [above, below] = area.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(below)]));
    (above, below)
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let (theme, own) = (state.theme, &state.panels.rungs);
    let rungs = match &own.rungs {
        None => return empty(theme, "asking the pruner for its rungs ...", area, buf),
        Some(rungs) if rungs.is_empty() => {
            let name =
                pruner(&state.history).map_or_else(String::new, |name| format!(" {}", text::clean(name)));
            let words = format!(
                "the pruner{name} has no rungs: asha and hyperband pause trials at them, and let the best go on"
            );
            return empty(theme, &words, area, buf);
        }
        Some(rungs) => rungs,
    };
    let (above, below) = regions(area, rungs.len());
    let head = format!(
        " {:>7} {:<11} {:>6} {:>6} {:>10} {:>10}  trials, best first",
        "rung", "at", "came", "on", "best", "cut"
    );
    heading(theme, &head, text::row(above, 0), buf);
    let rows = usize::from(above.height).saturating_sub(1);
    let from = (own.cursor + 1).saturating_sub(rows);
    let several = own.brackets() > 1;
    for (i, rung) in rungs.iter().enumerate().skip(from).take(rows) {
        let number = i + 1 - rungs.iter().position(|r| r.bracket == rung.bracket).unwrap_or(0);
        let name = if several { format!("{}.{number}", rung.bracket + 1) } else { number.to_string() };
        let here = i == own.cursor;
        row(state, &name, rung, here, text::row(above, 1 + i - from), buf);
    }
    if let Some(rung) = own.selected().filter(|_| below.height > 1) {
        list(state, rung, own.scroll, below, buf);
    }
}

fn heading(theme: Theme, words: &str, area: Rect, buf: &mut Buffer) {
    let line = Line::styled(words.to_owned(), theme.style(Tone::Quiet));
    text::fitted(line, area, theme.symbols().cut, buf);
}

fn row(state: &AppState, name: &str, rung: &Rung, here: bool, area: Rect, buf: &mut Buffer) {
    let (theme, symbols) = (state.theme, state.theme.symbols());
    let decimals = human::decimals(rung.trials.first().map_or(0.0, |(_, value, _)| *value));
    let value = |found: Option<&(TrialId, f64, bool)>| {
        found.map_or(symbols.none.to_owned(), |(_, value, _)| human::aligned(*value, decimals))
    };
    let on = rung.trials.iter().filter(|(_, _, on)| *on).count();
    let cut = rung.trials.iter().rfind(|(_, _, on)| *on);
    let cell = |words: &str, room| text::right(words, room, symbols.cut);
    let words = format!(
        "{} {} {} {} {} {}  ",
        cell(name, 6),
        text::left(&rung.at, 11, symbols.cut),
        cell(&human::thousands(rung.trials.len()), 6),
        cell(&human::thousands(on), 6),
        cell(&value(rung.trials.first()), 10),
        cell(&value(cut), 10),
    );
    let (mark, style) = if here {
        (symbols.cursor, theme.style(Tone::Strong))
    } else {
        (" ", theme.style(if rung.trials.is_empty() { Tone::Quiet } else { Tone::Plain }))
    };
    let mut line = Line::from(vec![
        Span::styled(format!("{mark} "), theme.style(Tone::Accent)),
        Span::styled(words, style),
    ]);
    let room = usize::from(area.width).saturating_sub(LEFT + 1);
    line.spans.extend(bars(theme, state.history.study().direction, rung, room));
    text::fitted(line, area, symbols.cut, buf);
}

/// A bar for each trial, as high as it is good; of more than there is room for the first ones.
fn bars(theme: Theme, direction: Direction, rung: &Rung, room: usize) -> Vec<Span<'static>> {
    const BARS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    const ASCII: [&str; 8] = [".", ":", "-", "=", "+", "*", "#", "@"];
    let marks = if theme.options.ascii { ASCII } else { BARS };
    let costs: Vec<f64> = rung.trials.iter().map(|(_, value, _)| direction.cost(*value)).collect();
    let shown = if costs.len() > room { room.saturating_sub(1) } else { costs.len() };
    let share = goodness(&costs);
    let bar = |(i, (_, _, on)): (usize, &(TrialId, f64, bool))| {
        let step = (share(costs[i]) * 7.0).round() as usize;
        Span::styled(marks[step.min(7)], tone(theme, *on))
    };
    let mut spans: Vec<Span<'static>> = rung.trials.iter().enumerate().take(shown).map(bar).collect();
    if shown < costs.len() && room > 0 {
        spans.push(Span::styled(theme.symbols().cut, theme.style(Tone::Quiet)));
    }
    spans
}

/// From 1 for the best to 0 for the upper quartile of the others and all that are worse.
fn goodness(costs: &[f64]) -> impl Fn(f64) -> f64 {
    let best = costs.first().copied().unwrap_or(0.0);
    let worst = costs.get(costs.len() * 9 / 10).copied().unwrap_or(best);
    move |cost| if worst > best { (1.0 - (cost - best) / (worst - best)).clamp(0.0, 1.0) } else { 1.0 }
}

fn tone(theme: Theme, on: bool) -> Style {
    theme.style(if on { Tone::Good } else { Tone::Quiet })
}

/// The trials of a rung.
fn list(state: &AppState, rung: &Rung, scroll: usize, area: Rect, buf: &mut Buffer) {
    let (theme, symbols) = (state.theme, state.theme.symbols());
    let of = if rung.trials.is_empty() { "nobody has come here yet" } else { "trials here, best first" };
    let title = format!(" {} {} {of}", rung.at, symbols.dot);
    Line::styled(text::cut(&title, usize::from(area.width), symbols.cut), theme.style(Tone::Strong))
        .render(text::row(area, 1), buf);
    let rows = usize::from(area.height).saturating_sub(2);
    let from = scroll.min(rung.trials.len().saturating_sub(rows));
    let direction = state.history.study().direction;
    let costs: Vec<f64> = rung.trials.iter().map(|(_, value, _)| direction.cost(*value)).collect();
    let share = goodness(&costs);
    let decimals = human::decimals(rung.trials.first().map_or(0.0, |(_, value, _)| *value));
    let room = usize::from(area.width).saturating_sub(48).min(60);
    for (i, (id, value, on)) in rung.trials.iter().enumerate().skip(from).take(rows) {
        let running = state.history.trial(*id).is_some_and(|t| t.state == TrialState::Running);
        let word = match (on, running) {
            (true, true) => "went on, running",
            (true, false) => "went on",
            (false, _) => "paused here",
        };
        let value = text::right(&human::aligned(*value, decimals), 10, symbols.cut);
        let mut line = Line::from(format!("{:>7} trial {:<6} {value}  ", format!("{}.", i + 1), id));
        line.spans.extend(gauge(theme, share(costs[i]), room));
        line.push_span(Span::styled(format!("  {word}"), tone(theme, *on)));
        text::fitted(line, text::row(area, 2 + i - from), symbols.cut, buf);
    }
}
