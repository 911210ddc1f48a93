//! Processor, memory and slots.
//!
//! ```text
//! cpu   ━━━━━━───── 63%   load 3.2 2.8 2.1
//! mem   ━━───────── 3.0/62 GiB
//! cores 0 ━━━── 45%  1 ━━─── 20% …
//! slots 0 trial 12 …
//! the last minutes
//! ```

use std::collections::VecDeque;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Panel, empty};
use crate::analysis::human;
use crate::domain::event::ObjectiveKind;
use crate::domain::trial::Trial;
use crate::domain::value::counted;
use crate::tui::machine::load::Machine;
use crate::tui::plot::{Canvas, Stroke};
use crate::tui::state::{AppState, PanelId};
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};

/// The panel.
pub const PANEL: Panel = Panel { about, ..Panel::plain(PanelId::Machine, "Machine", render) };

/// Most samples that are kept: as many as the widest chart shows.
const KEPT: usize = 600;
/// Seconds between two of them.
const INTERVAL: usize = 2;
/// Columns of a core in the grid, and of a slot.
const CORE: usize = 19;
const SLOT: usize = 49;
/// Rows that the chart is worth.
const CHART: usize = 5;

/// What stands in the panels of the view in a replay: the machine of then is not recorded.
pub(super) const UNTOLD: &str = "a replay tells nothing of the machine";

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    now: Option<Machine>,
    /// Processor and memory in percent, the last one at the end.
    past: VecDeque<(u8, u8)>,
}

impl State {
    /// Takes a sample in; says whether anything is new, which time is.
    pub fn take(&mut self, machine: Machine) -> bool {
        let load = machine.load;
        let memory = (share(load.memory, load.total) * 100.0).round() as u8;
        self.past.push_back((load.processor, memory));
        if self.past.len() > KEPT {
            self.past.pop_front();
        }
        self.now = Some(machine);
        true
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64).min(1.0) }
}

/// A bar `room` columns wide with `share` (0..1) of it filled, the more alarming the fuller.
pub(super) fn level(theme: Theme, share: f64, room: usize) -> Vec<Span<'static>> {
    let symbols = theme.symbols();
    let full = ((share.clamp(0.0, 1.0) * room as f64).round() as usize).min(room);
    let tone = match share {
        s if s >= 0.95 => Tone::Bad,
        s if s >= 0.85 => Tone::Warn,
        _ => Tone::Accent,
    };
    vec![
        Span::styled(symbols.done.repeat(full), theme.style(tone)),
        Span::styled(symbols.to_do.repeat(room - full), theme.style(Tone::Quiet)),
    ]
}

fn about(state: &AppState) -> String {
    let Some(machine) = &state.panels.machine.now else { return String::new() };
    let (cores, slots, threads) = (machine.cores.len(), state.history.slots(), state.history.threads());
    let dot = state.theme.symbols().dot;
    let times = if state.theme.options.ascii { "x" } else { "×" };
    if slots == 0 {
        return format!("{dot} {}", counted(cores, "core"));
    }
    format!(
        "{dot} {} {times} {} on {}",
        counted(slots, "slot"),
        counted(threads, "thread"),
        counted(cores, "core")
    )
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }.intersection(area);
    let theme = state.theme;
    if state.replay.is_some() {
        return empty(theme, UNTOLD, area, buf);
    }
    let Some(machine) = &state.panels.machine.now else {
        return empty(theme, "measuring: the first figures come within two seconds", area, buf);
    };
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let mut lines = gauges(theme, machine, width);
    let roomy = height >= 16;
    let cores = cores(theme, machine, width, (height / 4).max(1));
    let spaced = |lines: &mut Vec<Line<'static>>| {
        if roomy {
            lines.push(Line::default());
        }
    };
    spaced(&mut lines);
    lines.extend(cores);
    spaced(&mut lines);
    let rest = height.saturating_sub(lines.len());
    let slots = slots(state, width);
    let fits = if rest >= slots.len() + CHART { slots.len() } else { rest.saturating_sub(CHART).max(3) };
    let hidden = slots.len().saturating_sub(fits);
    lines.extend(slots.into_iter().take(fits));
    if let Some(last) = lines.last_mut().filter(|_| hidden > 0) {
        last.push_span(Span::styled(
            format!("   {} {hidden} more rows", theme.symbols().cut),
            theme.style(Tone::Quiet),
        ));
    }
    spaced(&mut lines);
    let used = lines.len().min(height);
    for (i, line) in lines.into_iter().enumerate() {
        text::fitted(line, text::row(area, i), theme.symbols().cut, buf);
    }
    let below = Rect { y: area.y + used as u16, height: (height - used) as u16, ..area };
    chart(theme, &state.panels.machine.past, below, buf);
}

/// A bar each for processor, memory and swap.
fn gauges(theme: Theme, machine: &Machine, width: usize) -> Vec<Line<'static>> {
    let load = machine.load;
    let of = |used: u64, total: u64| format!("{}/{} GiB", human::gibibytes(used), human::gibibytes(total));
    let average = machine.average.map(|a| format!("{a:.2}")).join(" ");
    let mut rows = vec![
        ("cpu", f64::from(load.processor) / 100.0, format!("{}%", load.processor), format!("load {average}")),
        ("mem", share(load.memory, load.total), of(load.memory, load.total), String::new()),
    ];
    if machine.swap.1 > 0 {
        let (used, total) = machine.swap;
        rows.push(("swap", share(used, total), of(used, total), String::new()));
    }
    let room = width.saturating_sub(6 + 15 + 22).clamp(6, 60);
    let row = |(name, share, figure, more): (&'static str, f64, String, String)| {
        let mut line = vec![Span::styled(format!("{name:<6}"), theme.style(Tone::Quiet))];
        line.extend(level(theme, share, room));
        line.push(Span::styled(format!(" {figure:<14}"), theme.style(Tone::Strong)));
        line.push(Span::styled(more, theme.style(Tone::Quiet)));
        Line::from(line)
    };
    rows.into_iter().map(row).collect()
}

/// A bar for each core where that takes no more than `most` rows, else a sign for each.
fn cores(theme: Theme, machine: &Machine, width: usize, most: usize) -> Vec<Line<'static>> {
    const SIGNS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let count = machine.cores.len();
    let room = width.saturating_sub(6);
    let columns = (room / CORE).max(1);
    let rows = count.div_ceil(columns);
    let label =
        |row: usize| Span::styled(if row == 0 { "cores " } else { "      " }, theme.style(Tone::Quiet));
    if rows > most {
        let sign = |busy: &u8| match theme.options.ascii {
            true => char::from(b'0' + (busy / 10).min(9)).to_string(),
            false => SIGNS[usize::from(*busy).div_ceil(13).min(8)].to_owned(),
        };
        let signs: Vec<String> = machine.cores.iter().map(sign).collect();
        let line = |(row, signs): (usize, &[String])| {
            Line::from(vec![label(row), Span::styled(signs.concat(), theme.style(Tone::Accent))])
        };
        return signs.chunks(room.max(1)).take(most).enumerate().map(line).collect();
    }
    let cell = |core: usize| {
        let busy = machine.cores[core];
        let mut spans = vec![Span::styled(format!("{core:>3} "), theme.style(Tone::Quiet))];
        spans.extend(level(theme, f64::from(busy) / 100.0, CORE - 11));
        spans.push(Span::raw(format!(" {busy:>3}%  ")));
        spans
    };
    let line = |row: usize| {
        let cells = (0..columns).map(|column| column * rows + row).filter(|core| *core < count);
        Line::from(std::iter::once(label(row)).chain(cells.flat_map(cell)).collect::<Vec<_>>())
    };
    (0..rows).map(line).collect()
}

/// Which trial is in which slot.
fn slots(state: &AppState, width: usize) -> Vec<Line<'static>> {
    let theme = state.theme;
    let label =
        |row: usize| Span::styled(if row == 0 { "slots " } else { "      " }, theme.style(Tone::Quiet));
    if !state.is_live() {
        let words = format!("the study is {}: nothing runs", state.standing().0);
        return vec![Line::from(vec![label(0), Span::styled(words, theme.style(Tone::Quiet))])];
    }
    let running: Vec<&Trial> = state.running.iter().filter_map(|id| state.history.trial(*id)).collect();
    let count = running.iter().map(|t| t.slot + 1).max().unwrap_or(0).max(state.history.slots());
    if count == 0 {
        let words = Span::styled("the study has not begun", theme.style(Tone::Quiet));
        return vec![Line::from(vec![label(0), words])];
    }
    let columns = (width.saturating_sub(6) / SLOT).max(1);
    let rows = count.div_ceil(columns);
    let idle = if state.history.is_paused() { "idle: the study is paused" } else { "idle" };
    let cell = |slot: usize| {
        let number = Span::styled(format!("{slot:>3} "), theme.style(Tone::Quiet));
        let words = match running.iter().find(|t| t.slot == slot) {
            None => vec![Span::styled(text::left(idle, SLOT - 4, ""), theme.style(Tone::Quiet))],
            Some(trial) => {
                let name = format!("trial {:<6}", trial.id);
                let more =
                    format!("{:<22}{:>9}  ", place(state, trial), human::duration(trial.seconds(state.now)));
                let more = text::left(&more, SLOT - 16, theme.symbols().cut);
                vec![
                    Span::styled(name, theme.style(Tone::Strong)),
                    Span::styled(more, theme.style(Tone::Quiet)),
                ]
            }
        };
        std::iter::once(number).chain(words).collect::<Vec<_>>()
    };
    let line = |row: usize| {
        let cells = (0..columns).map(|column| column * rows + row).filter(|slot| *slot < count);
        Line::from(std::iter::once(label(row)).chain(cells.flat_map(cell)).collect::<Vec<_>>())
    };
    (0..rows).map(line).collect()
}

/// Where a running trial stands.
fn place(state: &AppState, trial: &Trial) -> String {
    let study = state.history.study();
    let last = trial.reports.last();
    if study.objective == ObjectiveKind::Command {
        return last.map_or("no report yet".into(), |report| format!("step {}", report.epoch));
    }
    let fold = trial.folds.len().min(study.trainings() - 1);
    let epoch =
        last.filter(|report| report.training(study.folds) == fold).map_or(0, |report| report.epoch + 1);
    format!("fold {}/{} epoch {epoch}", study.training(fold), study.training(study.trainings() - 1))
}

/// The last minutes: the processor filled, memory as a line above it.
fn chart(theme: Theme, past: &VecDeque<(u8, u8)>, area: Rect, buf: &mut Buffer) {
    if area.height < 3 || past.len() < 2 {
        return;
    }
    let columns = usize::from(area.width) * if theme.options.ascii { 1 } else { 2 };
    let shown = past.len().min(columns);
    let (full, line) = if theme.options.ascii { (":::", "...") } else { ("⣿⣿⣿", "⠒⠒⠒") };
    let heading = Line::from(vec![
        Span::styled(
            format!("last {}  ", human::duration((shown * INTERVAL) as f64)),
            theme.style(Tone::Quiet),
        ),
        Span::styled(format!("{full} cpu  "), theme.style(Tone::Accent)),
        Span::styled(format!("{line} mem"), theme.style(Tone::Second)),
    ]);
    let scale = Line::styled(format!("0{}100%", theme.symbols().range), theme.style(Tone::Quiet));
    text::ends(text::row(area, 0), buf, heading, scale);
    let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let mut canvas = Canvas::new(below, theme);
    let across = |i: usize| (columns - shown + i) as f64 / (columns - 1).max(1) as f64;
    let recent = || past.iter().skip(past.len() - shown).enumerate();
    for (i, (processor, _)) in recent().filter(|(_, (processor, _))| *processor > 0) {
        canvas.stem(across(i), 0.0, f64::from(*processor) / 100.0, theme.style(Tone::Accent));
    }
    canvas.raise();
    let memory = recent().map(|(i, (_, memory))| (across(i), f64::from(*memory) / 100.0));
    canvas.line(memory, Stroke::Solid, theme.style(Tone::Second));
    canvas.render(buf);
}
