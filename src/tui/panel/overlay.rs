//! The curves of the compared in one chart: means over the folds, or two studies' best so far.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::{Panel, empty};
use crate::analysis::best::BestCurve;
use crate::analysis::human;
use crate::analysis::side_by_side::{self, Measure};
use crate::analysis::two_studies;
use crate::domain::direction::Direction;
use crate::domain::event::ObjectiveKind;
use crate::domain::trial::TrialId;
use crate::domain::value::significant;
use crate::tui::compared::{self, Other};
use crate::tui::keymap::Action;
use crate::tui::plot::{Canvas, Scale, Stroke, axes};
use crate::tui::state::{AppState, Notice, PanelId};
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel = Panel { about, act, arrange, ..Panel::plain(PanelId::Overlay, "Curves", render) };

/// Columns of an entry of the legend.
const ENTRY: usize = 28;

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    measure: Measure,
    /// Whether the scale is logarithmic; by itself it is where values span much.
    log: Option<bool>,
    /// Of which trials the curves are, and how many of their reports.
    of: (Measure, Vec<(TrialId, usize)>),
    curves: Vec<Vec<(usize, f64)>>,
}

fn about(state: &AppState) -> String {
    let dot = state.theme.symbols().dot;
    let metric = text::clean(&state.history.study().metric);
    if compared::other(state).is_some() {
        return format!("{dot} best {metric} so far");
    }
    let log = if scale(state).is_some_and(Scale::is_log) { " (log)" } else { "" };
    let what = match state.panels.overlay.measure {
        Measure::Score => metric,
        Measure::Loss => "loss".into(),
    };
    let folds = if state.history.study().trainings() > 1 { ", mean over the folds" } else { "" };
    let rows =
        if state.history.study().objective == ObjectiveKind::Command { "" } else { " of validation rows" };
    format!("{dot} {what}{log}{rows}{folds}")
}

fn act(state: &mut AppState, action: Action, _: Rect) -> Vec<Effect> {
    let program = state.history.study().objective == ObjectiveKind::Command;
    match action {
        Action::NextMeasure if program => {
            let text = "a program tells of no losses: there is its score only".into();
            state.notice = Some(Notice { tone: Tone::Warn, text });
        }
        Action::NextMeasure => {
            let kept = &mut state.panels.overlay;
            kept.log = None;
            kept.measure = match kept.measure {
                Measure::Score => Measure::Loss,
                Measure::Loss => Measure::Score,
            };
        }
        Action::Logarithm => {
            let before = scale(state).is_some_and(Scale::is_log);
            state.panels.overlay.log = Some(!before);
            if scale(state).is_some_and(|scale| scale.is_log() == before) && !before {
                let text = "no logarithm: not all values are above zero".into();
                state.notice = Some(Notice { tone: Tone::Warn, text });
            }
        }
        _ => {}
    }
    Vec::new()
}

/// Curves are made anew where trials or reports came.
fn arrange(state: &mut AppState, _: Rect) -> Vec<Effect> {
    compared::prepare(state);
    let (trials, measure) = (compared::trials(state), state.panels.overlay.measure);
    let of = (measure, trials.iter().map(|trial| (trial.id, trial.reports.len())).collect());
    if state.panels.overlay.of != of {
        let study = state.history.study();
        let curves = trials.iter().map(|trial| side_by_side::curve(study, trial, measure)).collect();
        (state.panels.overlay.of, state.panels.overlay.curves) = (of, curves);
    }
    Vec::new()
}

fn scale(state: &AppState) -> Option<Scale> {
    let kept = &state.panels.overlay;
    let fitted = Scale::fit(kept.curves.iter().flatten().map(|(_, value)| *value))?;
    Some(kept.log.map_or(fitted, |log| fitted.logarithmic(log)))
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }.intersection(area);
    match compared::other(state) {
        Some(Ok(other)) => return studies(state, other, area, buf),
        Some(Err(_)) => return empty(theme, "the other study can't be compared", area, buf),
        None => {}
    }
    let curves = &state.panels.overlay.curves;
    let trials = compared::trials(state);
    if trials.is_empty() || curves.len() != trials.len() {
        return empty(theme, "the curves of the compared trials stand here", area, buf);
    }
    let study = state.history.study();
    let direction = match state.panels.overlay.measure {
        Measure::Score => study.direction,
        Measure::Loss => Direction::Minimize,
    };
    let best = |curve: &[(usize, f64)]| {
        let found = curve.iter().copied().min_by(|a, b| direction.compare(a.1, b.1));
        let at = |epoch: usize| if study.objective == ObjectiveKind::Network { epoch + 1 } else { epoch };
        let words = found.map(|(epoch, value)| format!("{} at {}", significant(value, 4), at(epoch)));
        words.unwrap_or_else(|| "no report".into())
    };
    let entries: Vec<String> = trials
        .iter()
        .zip(curves)
        .map(|(trial, curve)| format!("trial {:<2} {}", trial.id, best(curve)))
        .collect();
    let below = legend(theme, &entries, area, buf);
    let Some(scale) = scale(state) else {
        return empty(theme, "none of them has reported yet", below, buf);
    };
    let last = curves.iter().filter_map(|curve| Some(curve.last()?.0)).max().unwrap_or(0);
    let (from, to) = match study.objective {
        ObjectiveKind::Network => ("1", format!("epoch {}", last + 1)),
        ObjectiveKind::Command => ("0", format!("step {last}")),
    };
    let place = |epoch: usize| epoch as f64 / last.max(1) as f64;
    let lines: Vec<Vec<(f64, f64)>> = curves
        .iter()
        .map(|curve| curve.iter().map(|(epoch, value)| (place(*epoch), scale.place(*value))).collect())
        .collect();
    chart(theme, &lines, scale, (from, &to), below, buf);
}

/// The entries in columns, each behind its letter and its stroke; what is left below.
fn legend(theme: Theme, entries: &[String], area: Rect, buf: &mut Buffer) -> Rect {
    let columns = (usize::from(area.width) / ENTRY).clamp(1, entries.len().max(1));
    let rows = entries.len().div_ceil(columns);
    for row in 0..rows {
        let mut line = Line::default();
        for (number, words) in entries.iter().enumerate().skip(row * columns).take(columns) {
            let stroke = match (compared::stroke(number), theme.options.ascii) {
                (Stroke::Solid, false) => "⠒⠒⠒",
                (Stroke::Dotted, false) => "⠒ ⠒",
                (Stroke::Solid, true) => "...",
                (Stroke::Dotted, true) => ". .",
            };
            line.push_span(compared::mark(theme, number));
            line.push_span(Span::styled(format!(" {stroke} "), compared::style(theme, number)));
            line.push_span(Span::raw(text::left(words, ENTRY - 7, theme.symbols().cut) + " "));
        }
        text::fitted(line, text::row(area, row), theme.symbols().cut, buf);
    }
    let used = (rows as u16).min(area.height);
    Rect { y: area.y + used, height: area.height - used, ..area }
}

/// Lines in a grid from 0 to 1, with their letters on them.
fn chart(
    theme: Theme,
    lines: &[Vec<(f64, f64)>],
    scale: Scale,
    (from, to): (&str, &str),
    area: Rect,
    buf: &mut Buffer,
) {
    if area.height < 2 {
        return;
    }
    let room = axes(area, buf, theme, scale, from, to);
    let mut canvas = Canvas::new(room, theme);
    for (number, line) in lines.iter().enumerate().rev() {
        // The first one lies on top.
        canvas.raise();
        canvas.line(line.iter().copied(), compared::stroke(number), compared::style(theme, number));
        if let [(x, y)] = line[..] {
            canvas.dot(x, y, compared::style(theme, number));
        }
    }
    canvas.render(buf);
    let mut taken = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        // At the end, and where the lines' letters do not stand above one another.
        let middle = line.len() * (number + 1) / (lines.len() + 1);
        for (x, y) in [line.last(), line.get(middle)].into_iter().flatten() {
            let across = (x * f64::from(room.width.saturating_sub(1))).round() as u16;
            let up = ((1.0 - y.clamp(0.0, 1.0)) * f64::from(room.height.saturating_sub(1))).round() as u16;
            let at = (room.x + across, room.y + up);
            if taken.contains(&at) || room.is_empty() {
                continue;
            }
            taken.push(at);
            let style = compared::style(theme, number).add_modifier(Modifier::BOLD);
            if let Some(cell) = buf.cell_mut(at) {
                cell.set_char(compared::letter(number)).set_style(style);
            }
        }
    }
}

/// The best so far of two studies, over their complete trials.
fn studies(state: &AppState, other: &Other, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    if let Err(why) = two_studies::comparable([state.history.study(), other.history.study()]) {
        return empty(theme, &text::clean(&why), area, buf);
    }
    let curves = [&state.best, &other.best];
    let names = [&state.history.study().name, &other.name];
    let entries: Vec<String> = names
        .iter()
        .zip(curves)
        .map(|(name, curve)| {
            let best = curve.best().map_or("no score".into(), |best| significant(best, 4));
            let name = text::cut(name, ENTRY - 17, theme.symbols().cut);
            format!("{name} {best} of {}", human::thousands(curve.scores().len()))
        })
        .collect();
    let below = legend(theme, &entries, area, buf);
    let values = curves.iter().flat_map(|c| c.range()).flat_map(|(low, high)| [low, high]);
    let Some(scale) = Scale::fit(values).map(|scale| scale.logarithmic(false)) else {
        return empty(theme, "neither study has a score yet", below, buf);
    };
    let count = curves.iter().map(|curve| curve.scores().len()).max().unwrap_or(0);
    let across = count.saturating_sub(1).max(1) as f64;
    let lines: Vec<Vec<(f64, f64)>> = curves.map(|curve| steps(curve, scale, across)).into();
    chart(theme, &lines, scale, ("1", &format!("trial {}", human::thousands(count))), below, buf);
}

/// The corners of a curve that only goes on where it improves.
fn steps(curve: &BestCurve, scale: Scale, across: f64) -> Vec<(f64, f64)> {
    let mut corners = Vec::with_capacity(2 * curve.steps().len() + 1);
    let mut level = None;
    for (i, score) in curve.steps() {
        let (x, y) = (*i as f64 / across, scale.place(*score));
        corners.extend(level.map(|before| (x, before)));
        corners.push((x, y));
        level = Some(y);
    }
    let last = curve.scores().len().saturating_sub(1) as f64 / across;
    corners.extend(level.map(|y| (last, y)));
    corners
}
