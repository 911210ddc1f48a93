//! Parallel coordinates: an axis for each parameter and one for the score, a line for each trial.
//!
//! ```text
//! filters     learning_rate     mse
//! 50          0.01 log          63.4
//! │ ─ ─ ─ ─ ─ │ ─ ─ ─ ─ ─ ─ ─ ─ │
//! 5           1e-5              96.4
//! what the lines mean
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{Panel, chart, empty};
use crate::analysis::human;
use crate::analysis::survey::Survey;
use crate::domain::direction::Direction;
use crate::domain::space::{Distribution, Parameter};
use crate::domain::trial::{Trial, TrialId};
use crate::domain::value::{Value, significant};
use crate::tui::keymap::Action;
use crate::tui::plot::{Canvas, Scale, Stroke, parameter_ticks, short};
use crate::tui::state::{AppState, PanelId};
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel =
    Panel { about, place, act, arrange, ..Panel::plain(PanelId::Parallel, "Parallel", render) };

/// Columns of an axis, at least.
const SPAN: u16 = 14;
/// Most lines that stand out, and most of the others.
const BRIGHT: usize = 40;
const DIM: usize = 90;
/// The same where only gaps set them apart.
const DOTTED: usize = 40;
/// One of so many complete trials stands out.
const TOP: usize = 10;
/// Where a parameter's own values begin, in a space in which some have no effect in some trials.
const FLOOR: f64 = 0.12;

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The first axis in sight.
    first: usize,
    /// How often the lines were halved to the better ones.
    halved: u32,
}

fn about(state: &AppState) -> String {
    let halved = state.panels.parallel.halved;
    if halved == 0 {
        String::new()
    } else {
        format!("{} the better 1/{}", state.theme.symbols().dot, 1_u32 << halved)
    }
}

/// How many axes fit beside the score's.
fn fitting(width: u16, parameters: usize) -> usize {
    (usize::from(width / SPAN)).saturating_sub(1).clamp(1, parameters.max(1))
}

/// The axes in sight, where those are not all.
fn place(state: &AppState, _rows: usize) -> String {
    let parameters = state.history.study().space.dimensions();
    let first = state.panels.parallel.first;
    if first > 0 { format!("from {} of {parameters} axes", first + 1) } else { String::new() }
}

fn arrange(state: &mut AppState, area: Rect) -> Vec<Effect> {
    state.panels.survey.refresh(&state.history);
    let parameters = state.history.study().space.dimensions();
    let own = &mut state.panels.parallel;
    own.first = own.first.min(parameters - fitting(area.width, parameters).min(parameters));
    Vec::new()
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    let parameters = state.history.study().space.dimensions();
    let own = &mut state.panels.parallel;
    let last = parameters.saturating_sub(fitting(area.width, parameters));
    match action {
        Action::Left => own.first = own.first.saturating_sub(1),
        Action::Right => own.first = (own.first + 1).min(last),
        Action::First => own.first = 0,
        Action::Last => own.first = last,
        Action::ZoomIn => own.halved = (own.halved + 1).min(10),
        Action::ZoomOut => own.halved = own.halved.saturating_sub(1),
        _ => {}
    }
    Vec::new()
}

/// The trials that are drawn.
struct Lines<'a> {
    bright: &'a [TrialId],
    dim: Vec<TrialId>,
    each: usize,
}

/// How lines that don't stand out are drawn.
fn dim(theme: Theme) -> Stroke {
    if theme.options.color { Stroke::Solid } else { Stroke::Dotted }
}

fn chosen(survey: &Survey, halved: u32, most: usize) -> Lines<'_> {
    let ranked = &survey.ranked[..survey.ranked.len().div_ceil(1 << halved.min(20))];
    let top = ranked.len().div_ceil(TOP).clamp(ranked.len().min(3), BRIGHT);
    let (bright, rest) = ranked.split_at(top);
    let each = rest.len().div_ceil(most).max(1);
    Lines { bright, dim: rest.iter().copied().step_by(each).collect(), each }
}

/// The axes and where they stand.
struct Axes<'a> {
    parameters: Vec<(usize, &'a Parameter)>,
    plot: Rect,
    floor: f64,
    score: Scale,
    direction: Direction,
}

impl Axes<'_> {
    fn count(&self) -> usize {
        self.parameters.len() + 1
    }

    /// The column of an axis.
    fn column(&self, axis: usize) -> u16 {
        let span = f64::from(self.plot.width) / self.count() as f64;
        self.plot.x + ((axis as f64 + 0.5) * span) as u16
    }

    fn across(&self, axis: usize) -> f64 {
        (f64::from(self.column(axis) - self.plot.x) + 0.5) / f64::from(self.plot.width.max(1))
    }

    /// The height of a place of a parameter.
    fn height(&self, place: f64) -> f64 {
        self.floor + (1.0 - self.floor) * place
    }

    /// The height of a score: the best is on top.
    fn score(&self, score: f64) -> f64 {
        let place = self.score.place(score).clamp(0.0, 1.0);
        self.height(match self.direction {
            Direction::Minimize => 1.0 - place,
            Direction::Maximize => place,
        })
    }

    /// A trial's line.
    fn line(&self, trial: &Trial) -> Vec<(f64, f64)> {
        let height = |(place, parameter): &(usize, &Parameter)| {
            let unit = trial.point.get(*place).filter(|_| trial.params.contains_key(&parameter.name));
            unit.map_or(0.0, |unit| self.height(*unit))
        };
        let own = self.parameters.iter().map(height);
        let heights = own.chain(trial.score.map(|s| self.score(s)));
        heights.enumerate().map(|(axis, height)| (self.across(axis), height)).collect()
    }

    fn row(&self, height: f64) -> u16 {
        let last = f64::from(self.plot.height.saturating_sub(1));
        self.plot.y + ((1.0 - height) * last).round() as u16
    }
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let (theme, survey) = (state.theme, &state.panels.survey);
    let space = &state.history.study().space;
    if space.parameters.is_empty() {
        return empty(theme, "the study searches no parameter", area, buf);
    }
    let Some((low, high)) = chart::range(state).filter(|_| !survey.ranked.is_empty()) else {
        let words =
            "a line for each complete trial through its parameters' values to its score will stand here";
        return empty(theme, words, area, buf);
    };
    let rows = [2, 1, u16::from(area.height >= 8)].map(Constraint::Length);
    let [above, plot, below, foot] =
        area.layout(&Layout::vertical([rows[0], Constraint::Fill(1), rows[1], rows[2]]));
    let first = state.panels.parallel.first.min(space.dimensions() - 1);
    let parameters = space.parameters.iter().enumerate().skip(first);
    let parameters: Vec<_> = parameters.take(fitting(area.width, space.dimensions())).collect();
    let floor = if space.parameters.iter().any(|p| !p.when.is_empty()) { FLOOR } else { 0.0 };
    let direction = state.history.study().direction;
    let axes = Axes { parameters, plot, floor, score: Scale::even(low, high), direction };
    let most = if dim(theme) == Stroke::Solid { DIM } else { DOTTED };
    let lines = chosen(survey, state.panels.parallel.halved, most);
    draw(state, &axes, &lines, buf);
    for (axis, (place, parameter)) in axes.parameters.iter().enumerate() {
        labels(theme, &axes, axis, parameter, (above, below), buf);
        bracket(state, &axes, axis, *place, buf);
    }
    score_labels(state, &axes, (above, below), buf);
    text::fitted(legend(state, &lines), foot, theme.symbols().cut, buf);
}

fn draw(state: &AppState, axes: &Axes<'_>, lines: &Lines<'_>, buf: &mut Buffer) {
    let theme = state.theme;
    let mut canvas = Canvas::new(axes.plot, theme);
    let draw = |canvas: &mut Canvas, id: TrialId, stroke: Stroke, style: Style| {
        if let Some(trial) = state.history.trial(id) {
            canvas.line(axes.line(trial), stroke, style);
        }
    };
    for id in &lines.dim {
        draw(&mut canvas, *id, dim(theme), theme.style(Tone::Quiet));
    }
    canvas.raise();
    for id in lines.bright.iter().rev() {
        draw(&mut canvas, *id, Stroke::Solid, theme.style(Tone::Good));
    }
    for (number, id) in state.marked.iter().enumerate() {
        canvas.raise();
        draw(&mut canvas, *id, Stroke::Solid, theme.series(number));
    }
    let selected = state.selected();
    if let Some(trial) = selected {
        canvas.raise();
        draw(&mut canvas, trial.id, Stroke::Solid, theme.style(Tone::Accent));
    }
    canvas.render(buf);
    let bar = if theme.options.ascii { "|" } else { "│" };
    for axis in 0..axes.count() {
        for y in axes.plot.top()..axes.plot.bottom() {
            if let Some(cell) = buf.cell_mut((axes.column(axis), y)) {
                cell.set_symbol(bar).set_style(theme.style(Tone::Plain));
            }
        }
    }
    // Where the selected one crosses the axes.
    for (axis, (_, height)) in selected.map(|t| axes.line(t)).into_iter().flatten().enumerate() {
        let symbol = theme.symbols().state;
        if let Some(cell) =
            buf.cell_mut((axes.column(axis), axes.row(height))).filter(|_| axes.plot.height > 0)
        {
            cell.set_symbol(symbol).set_style(theme.style(Tone::Accent));
        }
    }
}

/// Text in the middle of an axis' share of a row.
fn centred(axes: &Axes<'_>, axis: usize, row: Rect, words: &str, style: Style, mark: &str, buf: &mut Buffer) {
    let span = usize::from(axes.plot.width) / axes.count();
    let words = text::cut(words, span.saturating_sub(1), mark);
    let width = text::width(&words) as u16;
    let last = row.right().saturating_sub(width).max(row.x);
    let x = axes.column(axis).saturating_sub(width / 2).clamp(row.x, last);
    Line::styled(words, style).render(Rect { x, width: width.min(row.right() - x), ..row }, buf);
}

/// A parameter's name, the ends of its range, and its choices beside the axis.
fn labels(
    theme: Theme,
    axes: &Axes<'_>,
    axis: usize,
    parameter: &Parameter,
    (above, below): (Rect, Rect),
    buf: &mut Buffer,
) {
    let (quiet, mark) = (theme.style(Tone::Quiet), theme.symbols().cut);
    centred(axes, axis, text::row(above, 0), &parameter.name, theme.style(Tone::Strong), mark, buf);
    let (low, high, log) = match &parameter.distribution {
        Distribution::Float { low, high, log } => (short(*low), short(*high), *log),
        Distribution::Int { low, high, log } => (low.to_string(), high.to_string(), *log),
        Distribution::Choice { .. } => {
            let room = usize::from(axes.plot.width) / axes.count();
            for tick in parameter_ticks(&parameter.distribution, usize::from(axes.plot.height) / 2) {
                let at = Rect {
                    x: axes.column(axis) + 1,
                    y: axes.row(axes.height(tick.place)),
                    width: room as u16,
                    height: 1,
                };
                let words = text::cut(&tick.label, room / 2, mark);
                Line::styled(words, theme.style(Tone::Plain)).render(at.intersection(axes.plot), buf);
            }
            (String::new(), String::new(), false)
        }
    };
    let high = if log { format!("{high} log") } else { high };
    centred(axes, axis, text::row(above, 1), &high, quiet, mark, buf);
    if parameter.when.is_empty() || axes.floor == 0.0 {
        centred(axes, axis, below, &low, quiet, mark, buf);
    } else {
        centred(axes, axis, below, &format!("{low} {} no effect", theme.symbols().down), quiet, mark, buf);
    }
}

/// The range in which the sampler looks now, where a person changed it.
fn bracket(state: &AppState, axes: &Axes<'_>, axis: usize, place: usize, buf: &mut Buffer) {
    let theme = state.theme;
    let (Some(all), Some(now)) =
        (state.history.study().space.parameters.get(place), state.history.space().parameters.get(place))
    else {
        return;
    };
    let Some((low, high)) = narrowed(&all.distribution, &now.distribution).filter(|_| axes.plot.height > 0)
    else {
        return;
    };
    let (top, bottom) = (axes.row(axes.height(high)), axes.row(axes.height(low)));
    let (upper, lower, bar) = if theme.options.ascii { ("+", "+", "!") } else { ("┏", "┗", "┃") };
    for y in top..=bottom {
        let symbol = if y == top {
            upper
        } else if y == bottom {
            lower
        } else {
            bar
        };
        if let Some(cell) = buf.cell_mut((axes.column(axis), y)) {
            cell.set_symbol(symbol).set_style(theme.style(Tone::Warn));
        }
    }
}

/// Where the ends of `now` lie along `all`, where they differ.
fn narrowed(all: &Distribution, now: &Distribution) -> Option<(f64, f64)> {
    if all == now {
        return None;
    }
    let ends = match now {
        Distribution::Float { low, high, .. } => [Value::Float(*low), Value::Float(*high)],
        Distribution::Int { low, high, .. } => [Value::Int(*low), Value::Int(*high)],
        Distribution::Choice { .. } => return None,
    };
    let [low, high] = ends.map(|end| all.to_unit(&end));
    Some((low.unwrap_or(0.0), high.unwrap_or(1.0)))
}

fn score_labels(state: &AppState, axes: &Axes<'_>, (above, below): (Rect, Rect), buf: &mut Buffer) {
    let (theme, axis) = (state.theme, axes.count() - 1);
    let (quiet, mark) = (theme.style(Tone::Quiet), theme.symbols().cut);
    let (low, high) = axes.score.range();
    let (top, bottom) = match axes.direction {
        Direction::Minimize => (low, high),
        Direction::Maximize => (high, low),
    };
    let metric = &state.history.study().metric;
    centred(axes, axis, text::row(above, 0), metric, theme.style(Tone::Good), mark, buf);
    let top = format!("{} {}", theme.symbols().best, significant(top, 4));
    centred(axes, axis, text::row(above, 1), &top, quiet, mark, buf);
    centred(axes, axis, below, &significant(bottom, 4), quiet, mark, buf);
}

fn legend(state: &AppState, lines: &Lines<'_>) -> Line<'static> {
    let theme = state.theme;
    let quiet = theme.style(Tone::Quiet);
    let (solid, dotted) = if theme.options.ascii { ("---", "- -") } else { ("━━", "╌╌") };
    let mut line = Line::from(vec![
        Span::styled(format!(" {solid} "), theme.style(Tone::Good)),
        Span::styled(format!("the best {}   ", lines.bright.len()), quiet),
    ]);
    if !lines.dim.is_empty() {
        let of = if lines.each > 1 { format!(", a line for each {}", lines.each) } else { String::new() };
        let dotted = if dim(theme) == Stroke::Solid { solid } else { dotted };
        line.push_span(Span::styled(
            format!("{dotted} {} others{of}   ", human::thousands(lines.dim.len())),
            quiet,
        ));
    }
    if let Some(trial) = state.selected() {
        line.push_span(Span::styled(format!("{} ", theme.symbols().state), theme.style(Tone::Accent)));
        line.push_span(Span::styled(format!("trial {}   ", trial.id), quiet));
    }
    for (number, id) in state.marked.iter().take(6).enumerate() {
        line.push_span(Span::styled(format!("{solid} "), theme.series(number)));
        line.push_span(Span::styled(format!("trial {id}   "), quiet));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::{choice, float, int};

    #[test]
    fn a_narrowed_range_lies_within_the_whole() {
        assert_eq!(narrowed(&float(0.0, 4.0), &float(0.0, 4.0)), None);
        assert_eq!(narrowed(&float(0.0, 4.0), &float(1.0, 3.0)), Some((0.25, 0.75)));
        assert_eq!(narrowed(&int(1, 4), &int(2, 9)), Some((0.375, 1.0)));
        assert_eq!(narrowed(&choice(&["a", "b"]), &choice(&["a"])), None);
    }

    fn ranked(ranked: impl IntoIterator<Item = TrialId>) -> Survey {
        let mut survey = Survey::default();
        survey.ranked.extend(ranked);
        survey
    }

    #[test]
    fn at_most_some_hundred_lines_and_the_best_among_them() {
        let survey = ranked(0..10_000);
        let lines = chosen(&survey, 0, 200);
        assert_eq!((lines.bright.len(), lines.dim.len(), lines.each), (40, 200, 50));
        let lines = chosen(&survey, 6, 200);
        assert_eq!((lines.bright.len(), lines.dim.len(), lines.each), (16, 141, 1));
        let few = ranked([4, 2]);
        assert_eq!((chosen(&few, 0, 9).bright, chosen(&few, 9, 9).bright), (&[4, 2][..], &[4][..]));
        assert_eq!(chosen(&Survey::default(), 3, 9).bright.len(), 0);
    }
}
