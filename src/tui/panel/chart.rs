//! The score of every finished trial as a dot, the best so far as a line, and the baselines as dotted lines.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;

use super::Panel;
use super::empty;
use crate::analysis::human;
use crate::domain::direction::Direction;
use crate::domain::value::significant;
use crate::tui::keymap::Action;
use crate::tui::plot::{Canvas, Scale, Stroke, axes};
use crate::tui::state::{AppState, PanelId, Phase, Reference};
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};
use crate::tui::update::{Effect, say};

/// The panel.
pub const PANEL: Panel = Panel { about: on_scale, act, ..Panel::plain(PanelId::Chart, "Best", render) };

/// What a person chose.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Whether the scale is logarithmic.
    pub logarithmic: bool,
}

/// What is measured, and which way is better.
pub fn about(state: &AppState) -> String {
    let study = state.history.study();
    let best = match study.direction {
        Direction::Minimize => "lowest",
        Direction::Maximize => "highest",
    };
    format!("{} {best} {}", state.theme.symbols().dot, text::clean(&study.metric))
}

/// The same, and the scale.
fn on_scale(state: &AppState) -> String {
    let scale = if state.panels.chart.logarithmic { ", log scale" } else { "" };
    format!("{}{scale}", about(state))
}

fn act(state: &mut AppState, action: Action, _area: Rect) -> Vec<Effect> {
    if action == Action::Logarithm {
        let positive = range(state).is_none_or(|(low, _)| low > 0.0);
        if positive || state.panels.chart.logarithmic {
            state.panels.chart.logarithmic = !state.panels.chart.logarithmic;
        } else {
            say(state, Tone::Warn, "no logarithmic scale: there are scores of zero or less".into());
        }
    }
    Vec::new()
}

/// How many scores there are, how many lie off the scale, and how many dots stand for them; as much
/// of it as there is room for.
fn summary(scores: &[f64], (low, high): (f64, f64), area: Rect) -> String {
    if scores.len() == 1 {
        return String::new();
    }
    let count = format!("{} scores", human::thousands(scores.len()));
    let off = match scores.iter().filter(|s| **s < low || **s > high).count() {
        0 => String::new(),
        off => format!(", {} off scale", human::thousands(off)),
    };
    let dots = match stride(scores.len(), area.width) {
        1 => String::new(),
        each => format!(", a dot for each {each}"),
    };
    // The labels of the axes take the rest.
    let room = usize::from(area.width).saturating_sub(14);
    let choices = [format!("{count}{off}{dots}"), format!("{count}{dots}"), format!("{count}{off}")];
    choices.into_iter().find(|c| c.len() <= room).unwrap_or(count)
}

/// Every how many scores a dot is drawn, so that many of them do not become one block.
fn stride(count: usize, width: u16) -> usize {
    count.div_ceil(8 * usize::from(width).max(1)).max(1)
}

/// The baselines of one fold, best first: as [`AppState::references`] are of all.
pub(super) fn references_of_fold(state: &AppState, fold: usize) -> Vec<(String, f64)> {
    let metric = &state.history.study().metric;
    let of_fold = |reference: &Reference| {
        let baseline = state.history.baselines().get(reference.baseline)?;
        Some((reference.name.clone(), *baseline.folds.get(fold)?.get(metric)?))
    };
    state.references.iter().filter_map(of_fold).collect()
}

/// A baseline's name, and the place of its line; below 0 or above 1 for the best one off the scale.
type Label = (String, f64);

/// A dotted line for each baseline on the scale. Gives what is to be written: the best one, which is the one
/// to beat, also where it lies off the scale.
pub(super) fn lines(
    theme: Theme,
    canvas: &mut Canvas,
    scale: Scale,
    references: &[(String, f64)],
) -> Vec<Label> {
    let mut labels = Vec::new();
    for (number, (name, score)) in references.iter().enumerate() {
        let y = scale.place(*score);
        if (0.0..=1.0).contains(&y) {
            canvas.line([(0.0, y), (1.0, y)], Stroke::Dotted, theme.style(Tone::Second));
            labels.push((name.clone(), y));
        } else if number == 0 {
            labels.push((format!("{name} {}", significant(*score, 3)), y));
        }
    }
    labels
}

/// The baselines' names at the right end of their lines, where there is room.
pub(super) fn names(theme: Theme, area: Rect, labels: &[Label], buf: &mut Buffer) {
    let mut taken = Vec::new();
    for (name, y) in labels {
        let symbols = theme.symbols();
        let words = match y {
            y if *y > 1.0 => format!(" {} {name}", symbols.up),
            y if *y < 0.0 => format!(" {} {name}", symbols.down),
            _ => format!(" {name}"),
        };
        let last = usize::from(area.height.saturating_sub(1));
        let row = ((1.0 - y.clamp(0.0, 1.0)) * last as f64).round() as usize;
        let width = text::width(&words) as u16;
        if taken.contains(&row) || width + 8 > area.width || area.height == 0 {
            continue;
        }
        taken.push(row);
        let at = text::row(area, row);
        let at = Rect { x: area.right() - width, width, ..at };
        Line::styled(words, theme.style(Tone::Second)).render(at, buf);
    }
}

/// The scores' range, and the best baseline's too where that does not flatten them.
pub(super) fn range(state: &AppState) -> Option<(f64, f64)> {
    /// So many times the scores' own range may be shown.
    const WIDEST: f64 = 3.0;
    let (low, high) = state.best.range()?;
    let Some(best) = state.references.first() else { return Some((low, high)) };
    let wide = (low.min(best.score), high.max(best.score));
    // A few scores have no range to speak of: then that of the sizes counts.
    let own = (high - low).max(0.05 * low.abs().max(high.abs()));
    Some(if wide.1 - wide.0 <= WIDEST * own { wide } else { (low, high) })
}

/// Draws the chart.
pub fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let (theme, curve) = (state.theme, &state.best);
    let Some((low, high)) = range(state) else {
        let sentence = match state.phase {
            Phase::Over(_) => "no trial has a score",
            _ if state.history.target() == 0 => "scores stand here once trials complete",
            _ => "the first score is on its way",
        };
        return empty(theme, sentence, area, buf);
    };
    let scale = Scale::of(low, high, state.panels.chart.logarithmic);
    let count = curve.scores().len();
    let to = summary(curve.scores(), (low, high), area);
    let room = axes(area, buf, theme, scale, "1", &to);
    let mut canvas = Canvas::new(room, theme);
    let references: Vec<_> = state.references.iter().map(|r| (r.name.clone(), r.score)).collect();
    let labels = lines(theme, &mut canvas, scale, &references);
    let across = count.saturating_sub(1).max(1) as f64;
    for (i, score) in curve.scores().iter().enumerate().step_by(stride(count, area.width)) {
        canvas.dot(i as f64 / across, scale.place(*score), theme.style(Tone::Quiet));
    }
    canvas.raise();
    let mut corners = Vec::with_capacity(2 * curve.steps().len() + 1);
    let mut level = None;
    for (i, score) in curve.steps() {
        let (x, y) = (*i as f64 / across, scale.place(*score));
        corners.extend(level.map(|before| (x, before)));
        corners.push((x, y));
        level = Some(y);
    }
    corners.extend(level.map(|y| (1.0, y)));
    canvas.line(corners, Stroke::Solid, theme.style(Tone::Good));
    canvas.render(buf);
    names(theme, room, &labels, buf);
}
