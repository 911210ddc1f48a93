//! The generations of a genetic search: how good they are and how different, and the family of the best trial.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{Panel, empty, gauge};
use crate::analysis::family::ancestors;
use crate::analysis::generations::{Generation, generations};
use crate::analysis::human;
use crate::domain::trial::{Trial, TrialId};
use crate::domain::value::counted;
use crate::tui::keymap::Action;
use crate::tui::navigate;
use crate::tui::plot::{Canvas, Scale, Stroke, axes};
use crate::tui::state::{AppState, PanelId};
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel =
    Panel { about, place, act, arrange, ..Panel::plain(PanelId::Generations, "Generations", render) };

/// From this width on the family stands beside the table.
const WIDE: u16 = 110;
/// From this height on there is a chart below the table.
const TALL: u16 = 18;
/// Columns of the table.
const TABLE: usize = 56;
/// The mean distance of two uniform draws along one parameter, as the root of its mean square: what diversity is at
/// the start, about.
const UNIFORM: f64 = 0.41;

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// What it was made of: trials, finished ones, and the best.
    made_of: Option<(usize, usize, Option<TrialId>)>,
    generations: Vec<Generation>,
    family: Vec<String>,
    scroll: usize,
}

impl State {
    /// Forgets what was made of a history: another one takes its place.
    pub fn forget(&mut self) {
        *self = State { scroll: self.scroll, ..State::default() };
    }

    /// Whether there is nothing to be seen.
    pub fn is_idle(&self) -> bool {
        self.generations.is_empty()
    }
}

fn about(state: &AppState) -> String {
    let own = &state.panels.generations;
    let Some(first) = own.generations.first().filter(|_| own.generations.len() > 1) else {
        return String::new();
    };
    let dot = state.theme.symbols().dot;
    format!("{dot} {} of {}", own.generations.len(), counted(first.trials.len(), "trial"))
}

fn place(state: &AppState, _rows: usize) -> String {
    match state.history.incumbent() {
        Some(best) if !state.panels.generations.is_idle() => format!("best: trial {}", best.id),
        _ => String::new(),
    }
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    let rows = usize::from(area.height);
    let own = &mut state.panels.generations;
    let lines = lines(own, area);
    if let Some(by) = navigate::distance(action, rows) {
        own.scroll = navigate::clamped(own.scroll, by, lines.saturating_sub(rows) + 1);
    }
    Vec::new()
}

/// How many lines there are to scroll through.
fn lines(own: &State, area: Rect) -> usize {
    let (table, family) = (own.generations.len() + 1, own.family.len() + 1);
    if area.width >= WIDE {
        let (rows, _) = beside(area);
        return (table + usize::from(area.height - rows.height)).max(family);
    }
    table + 1 + family
}

/// The table, and the chart below it.
fn beside(area: Rect) -> (Rect, Rect) {
    let chart = if area.height >= TALL { (area.height / 3).min(14) } else { 0 };
    let [table, chart] = area.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(chart)]));
    (table, chart)
}

/// Made when a trial began or ended.
fn arrange(state: &mut AppState, _: Rect) -> Vec<Effect> {
    let history = &state.history;
    let best = history.incumbent().map(|t| t.id);
    let of = Some((history.trials().len(), history.counts().finished(), best));
    let own = &mut state.panels.generations;
    if own.made_of == of {
        return Vec::new();
    }
    own.made_of = of;
    own.generations = generations(history);
    let name = |trial: &Trial| {
        let score = trial.score.map_or_else(
            || trial.state.word().to_owned(),
            |score| human::aligned(score, human::decimals(score)),
        );
        let by = if trial.origin.by.is_empty() { String::new() } else { format!("  {}", trial.origin.by) };
        text::clean(&format!("{}  {score}{by}", trial.id))
    };
    own.family = best.map_or_else(Vec::new, |best| ancestors(history, best, name));
    Vec::new()
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let (theme, own) = (state.theme, &state.panels.generations);
    if own.is_idle() {
        let sampler = text::clean(state.history.sampler_name());
        let words = match sampler.as_str() {
            "genetic" | "nsga2" => "the first generation stands here from the first trial on".to_owned(),
            _ => format!("{sampler} does not breed: generations and families are of genetic and nsga2"),
        };
        return empty(theme, &words, area, buf);
    }
    if area.width < WIDE {
        let mut lines = table(state, usize::from(area.width));
        lines.push(Line::default());
        lines.extend(family(state));
        return scrolled(state, lines, area, buf);
    }
    let left = (TABLE as u16 + 24).min(area.width / 2);
    let [left, gap, right] = area.layout(&Layout::horizontal([
        Constraint::Length(left),
        Constraint::Length(2),
        Constraint::Fill(1),
    ]));
    let (rows, below) = beside(left);
    scrolled(state, table(state, usize::from(rows.width)), rows, buf);
    chart(state, below, buf);
    let bar = if theme.options.ascii { "|" } else { "│" };
    for y in 0..usize::from(gap.height) {
        Line::styled(bar, theme.style(Tone::Quiet)).render(text::row(gap, y), buf);
    }
    scrolled(state, family(state), right, buf);
}

/// As far as it is scrolled; the last line stays at the foot.
fn scrolled(state: &AppState, lines: Vec<Line<'static>>, area: Rect, buf: &mut Buffer) {
    let rows = usize::from(area.height);
    let from = state.panels.generations.scroll.min(lines.len().saturating_sub(rows));
    for (i, line) in lines.into_iter().skip(from).take(rows).enumerate() {
        text::fitted(line, text::row(area, i), state.theme.symbols().cut, buf);
    }
}

/// The generations, the newest first.
fn table(state: &AppState, width: usize) -> Vec<Line<'static>> {
    let (theme, symbols) = (state.theme, state.theme.symbols());
    let best = state.history.incumbent().and_then(|t| t.score);
    let decimals = human::decimals(best.unwrap_or(0.0));
    let quiet = theme.style(Tone::Quiet);
    let head = format!(
        " {:>4} {:>7} {:>7} {:>10} {:>10}  {:>9}",
        "gen.", "trials", "scored", "best", "median", "diversity"
    );
    let mut lines = vec![Line::styled(head, quiet)];
    let room = width.saturating_sub(TABLE + 1).min(24);
    for (i, generation) in state.panels.generations.generations.iter().enumerate().rev() {
        let score = |score: Option<f64>| {
            let words = score.map_or(symbols.none.to_owned(), |s| human::aligned(s, decimals));
            text::right(&words, 10, symbols.cut)
        };
        let is_best = best.is_some() && generation.best == best;
        let style = theme.style(if is_best { Tone::Good } else { Tone::Plain });
        let star = if is_best { symbols.best } else { " " };
        let diversity = generation.diversity.map_or(symbols.none.to_owned(), |d| format!("{d:.3}"));
        let mut line = Line::from(vec![
            Span::raw(format!(" {:>4} {:>7} {:>7} ", i + 1, generation.trials.len(), generation.scored)),
            Span::styled(score(generation.best), style),
            Span::styled(star, style),
            Span::raw(format!("{} {}  ", score(generation.median), text::right(&diversity, 9, symbols.cut))),
        ]);
        if let Some(diversity) = generation.diversity.filter(|_| room >= 6) {
            line.spans.extend(gauge(theme, diversity / UNIFORM, room));
        }
        lines.push(line);
    }
    lines
}

/// The family of the best trial.
fn family(state: &AppState) -> Vec<Line<'static>> {
    let theme = state.theme;
    let mut lines =
        vec![Line::styled(" the best trial and those it was bred from", theme.style(Tone::Quiet))];
    for (i, line) in state.panels.generations.family.iter().enumerate() {
        let line = if theme.options.ascii { ascii(line) } else { line.clone() };
        let style = theme.style(if i == 0 { Tone::Good } else { Tone::Plain });
        lines.push(Line::styled(format!(" {line}"), style));
    }
    lines
}

/// The branches of a tree in ASCII.
fn ascii(line: &str) -> String {
    line.replace("└─", "`-").replace("├─", "|-").replace('│', "|").replace('…', "~")
}

/// Best and median of the generations.
fn chart(state: &AppState, area: Rect, buf: &mut Buffer) {
    let (theme, own) = (state.theme, &state.panels.generations);
    let [_, area] = area.layout(&Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]));
    let scores = own.generations.iter().flat_map(|g| [g.best, g.median]).flatten();
    let range = scores.fold(None, |range: Option<(f64, f64)>, s| {
        Some(range.map_or((s, s), |(low, high)| (low.min(s), high.max(s))))
    });
    let Some((low, high)) = range.filter(|_| area.height > 3) else { return };
    let scale = Scale::even(low, high);
    let last = own.generations.len();
    let room = axes(area, buf, theme, scale, "generation 1", &format!("solid best, dotted median   {last}"));
    let mut canvas = Canvas::new(room, theme);
    let across = last.saturating_sub(1).max(1) as f64;
    let line = |of: fn(&Generation) -> Option<f64>| {
        let known = own.generations.iter().enumerate();
        known.filter_map(move |(i, g)| Some((i as f64 / across, scale.place(of(g)?)))).collect::<Vec<_>>()
    };
    canvas.line(line(|g| g.median), Stroke::Dotted, theme.style(Tone::Second));
    canvas.raise();
    canvas.line(line(|g| g.best), Stroke::Solid, theme.style(Tone::Good));
    canvas.render(buf);
}
