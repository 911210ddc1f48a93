//! The score of every finished trial as a dot, and the best so far as a line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::empty;
use crate::analysis::human;
use crate::domain::direction::Direction;
use crate::tui::plot::{Canvas, Scale, Stroke, axes};
use crate::tui::state::AppState;
use crate::tui::text;
use crate::tui::theme::Tone;

/// What is measured, and which way is better.
pub fn about(state: &AppState) -> String {
    let study = state.history.study();
    let better = match study.direction {
        Direction::Minimize => "lower is better",
        Direction::Maximize => "higher is better",
    };
    format!("{} {}, {better}", state.theme.symbols().dot, text::clean(&study.metric))
}

/// Nothing: what there is to say stands below the axis.
pub fn place(_state: &AppState, _rows: usize) -> String {
    String::new()
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

/// Draws the chart.
pub fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let (theme, curve) = (state.theme, &state.best);
    let Some((low, high)) = curve.range() else {
        return empty(theme, "the first score is on its way", area, buf);
    };
    let scale = Scale::even(low, high);
    let count = curve.scores().len();
    let to = summary(curve.scores(), (low, high), area);
    let room = axes(area, buf, theme, scale, "1", &to);
    let mut canvas = Canvas::new(room, theme);
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
}
