//! This program and what it started, by trial.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::machine::UNTOLD;
use super::{Panel, empty};
use crate::analysis::human;
use crate::domain::event::ObjectiveKind;
use crate::tui::keymap::Action;
use crate::tui::machine::processes::Process;
use crate::tui::scroll::Scroll;
use crate::tui::state::{AppState, PanelId};
use crate::tui::text::{self, left, right};
use crate::tui::theme::Tone;
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel = Panel { about, place, act, ..Panel::plain(PanelId::Processes, "Processes", render) };

/// From this width on, its time and what it does have columns.
const WIDE: usize = 70;

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    found: Option<Vec<Process>>,
    scroll: Scroll,
}

impl State {
    /// Shows what a later state knows, where this one is scrolled to.
    pub fn catch_up(&mut self, later: Self) {
        *self = State { scroll: std::mem::take(&mut self.scroll), ..later };
    }

    /// Takes a sample in; says whether anything is new.
    pub fn take(&mut self, processes: Vec<Process>) -> bool {
        let processes = Some(processes);
        let new = self.found != processes;
        self.found = processes;
        new
    }

    /// Whether a process is this program or was started by it.
    pub fn is_ours(&self, pid: u32) -> bool {
        self.found.iter().flatten().any(|process| process.pid == pid)
    }

    fn count(&self) -> usize {
        self.found.as_ref().map_or(0, Vec::len)
    }
}

/// All of them together.
fn about(state: &AppState) -> String {
    let Some(found) = state.panels.processes.found.as_ref().filter(|found| !found.is_empty()) else {
        return String::new();
    };
    let dot = state.theme.symbols().dot;
    let memory = human::memory(found.iter().map(|p| p.memory).sum());
    let processor: u32 = found.iter().filter_map(|p| p.processor).sum();
    format!("{dot} {} {dot} cpu {processor}% {dot} {memory}", found.len())
}

/// Rows below the heading.
fn below(rows: usize) -> usize {
    rows.saturating_sub(1)
}

fn place(state: &AppState, rows: usize) -> String {
    let kept = &state.panels.processes;
    kept.scroll.place(state.theme, below(rows), kept.count())
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    let kept = &mut state.panels.processes;
    let count = kept.count();
    kept.scroll.act(action, below(usize::from(area.height)), count);
    Vec::new()
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }.intersection(area);
    let (theme, symbols, kept) = (state.theme, state.theme.symbols(), &state.panels.processes);
    if state.replay.is_some() {
        return empty(theme, UNTOLD, area, buf);
    }
    let Some(found) = &kept.found else {
        return empty(theme, "looking for this program's processes ...", area, buf);
    };
    if found.is_empty() {
        return empty(theme, "this machine does not tell of its processes", area, buf);
    }
    let width = usize::from(area.width);
    let wide = width >= WIDE;
    let heading = format!("{:<7}{:>8}{:>6}{:>10}", "trial", "process", "cpu", "memory");
    let heading = heading + if wide { "     time  state     command" } else { "  command" };
    let heading = text::cut(&heading, width, symbols.cut);
    Line::styled(heading, theme.style(Tone::Strong)).render(text::row(area, 0), buf);
    let rows = below(usize::from(area.height));
    let from = kept.scroll.from(rows, found.len());
    for (i, process) in found.iter().skip(from).take(rows).enumerate() {
        text::fitted(line(state, process, wide), text::row(area, 1 + i), symbols.cut, buf);
    }
    let free = rows.saturating_sub(found.len());
    if free >= 2 && found.len() == 1 {
        let words = match state.history.study().objective {
            ObjectiveKind::Network => "networks are trained within this program, in its threads",
            ObjectiveKind::Command => "the program of the trials will stand below it while one runs",
        };
        let at = text::row(area, 1 + found.len() + usize::from(free > 2));
        text::fitted(Line::styled(words, theme.style(Tone::Quiet)), at, symbols.cut, buf);
    }
}

fn line(state: &AppState, process: &Process, wide: bool) -> Line<'static> {
    let (theme, symbols) = (state.theme, state.theme.symbols());
    let (trial, tone) = match (process.trial, process.depth) {
        (Some(trial), _) => (trial.to_string(), Tone::Accent),
        (None, 0) => ("all".to_owned(), Tone::Quiet),
        (None, _) => (symbols.none.to_owned(), Tone::Quiet),
    };
    let processor = process.processor.map_or(symbols.none.to_owned(), |percent| format!("{percent}%"));
    let seconds = state.now.saturating_sub(process.started) as f64 / 1000.0;
    let indent = "  ".repeat(process.depth.min(4));
    let command = if process.depth == 0 { "this program".to_owned() } else { text::clean(&process.command) };
    let time = if wide { right(&human::duration(seconds), 9, symbols.cut) } else { String::new() };
    let state = if wide { left(process.state, 10, symbols.cut) } else { String::new() };
    let stopped = matches!(process.state, "stopped" | "ended");
    Line::from(vec![
        Span::styled(left(&trial, 7, symbols.cut), theme.style(tone)),
        Span::styled(right(&process.pid.to_string(), 8, symbols.cut), theme.style(Tone::Quiet)),
        Span::styled(right(&processor, 6, symbols.cut), theme.style(Tone::Strong)),
        Span::raw(right(&human::memory(process.memory), 10, symbols.cut)),
        Span::styled(time + "  ", theme.style(Tone::Quiet)),
        Span::styled(state, theme.style(if stopped { Tone::Warn } else { Tone::Quiet })),
        Span::raw(format!("{indent}{command}")),
    ])
}
