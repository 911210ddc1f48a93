//! The score of every finished trial as a dot, and the best so far as a line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::empty;
use crate::analysis::human;
use crate::tui::plot::{Canvas, Scale, Stroke, axes};
use crate::tui::state::AppState;
use crate::tui::text;
use crate::tui::theme::Tone;

/// What is measured, and which way is better.
pub fn about(state: &AppState) -> String {
    let study = state.history.study();
    let better = match study.direction {
        crate::domain::direction::Direction::Minimize => "lower is better",
        crate::domain::direction::Direction::Maximize => "higher is better",
    };
    format!("{} {}, {better}", state.theme.symbols().dot, text::clean(&study.metric))
}

/// How many scores lie off the scale.
pub fn place(state: &AppState, _rows: usize) -> String {
    let Some((low, high)) = state.best.range() else { return String::new() };
    match state.best.scores().iter().filter(|s| **s < low || **s > high).count() {
        0 => String::new(),
        off => format!("{} off the scale", human::thousands(off)),
    }
}

/// Draws the chart.
pub fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let (theme, curve) = (state.theme, &state.best);
    let Some((low, high)) = curve.range() else {
        return empty(theme, "the first score is on its way", area, buf);
    };
    let scale = Scale::even(low, high);
    let count = curve.scores().len();
    let to = format!("{} scores", human::thousands(count));
    let room = axes(area, buf, theme, scale, "1", if count == 1 { "" } else { &to });
    let mut canvas = Canvas::new(room, theme);
    let across = count.saturating_sub(1).max(1) as f64;
    for (i, score) in curve.scores().iter().enumerate() {
        canvas.dot(i as f64 / across, scale.place(*score), theme.style(Tone::Quiet));
    }
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
