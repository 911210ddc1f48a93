//! Observed against predicted, a dot an individual.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::tui::ask::Prediction;
use crate::tui::plot::{self, Canvas, Scale, Stroke};
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};

/// Draws the rows; those of other folds than the one looked at stand back, and one is marked.
pub fn render(
    theme: Theme,
    rows: &[Prediction],
    fold: Option<usize>,
    chosen: Option<&Prediction>,
    area: Rect,
    buf: &mut Buffer,
) {
    let title = Line::styled("observed by predicted", theme.style(Tone::Strong));
    text::fitted(title, text::row(area, 0), theme.symbols().cut, buf);
    let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }.intersection(area);
    let range = |value: fn(&Prediction) -> f64| {
        let values = rows.iter().map(value).filter(|v| v.is_finite());
        let (low, high) =
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        (low <= high).then_some((low, high))
    };
    let Some((up, across)) = range(|row| row.observed).zip(range(|row| row.predicted)) else { return };
    let (vertical, horizontal) = (Scale::even(up.0, up.1), Scale::even(across.0, across.1));
    let frame = plot::frame(rest, buf, theme, &|most| horizontal.ticks(most), &|most| vertical.ticks(most));
    let mut canvas = Canvas::new(frame.room, theme);
    // Where prediction and observation are the same.
    let (low, high) = (up.0.max(across.0), up.1.min(across.1));
    if low < high {
        let ends = [low, high].map(|v| (horizontal.place(v), vertical.place(v)));
        canvas.line(ends, Stroke::Dotted, theme.style(Tone::Quiet));
    }
    let place = |row: &Prediction| (horizontal.place(row.predicted), vertical.place(row.observed));
    let looked_at = |row: &&Prediction| fold.is_none_or(|fold| row.fold == fold);
    for row in rows.iter().filter(|row| !looked_at(row)) {
        let (x, y) = place(row);
        canvas.dot(x, y, theme.style(Tone::Quiet));
    }
    canvas.raise();
    for row in rows.iter().filter(looked_at) {
        let (x, y) = place(row);
        canvas.dot(x, y, theme.series(row.fold));
    }
    if let Some((x, y)) = chosen.map(place) {
        canvas.mark(x, y, theme.symbols().state, theme.style(Tone::Accent));
    }
    canvas.render(buf);
    if let Some(row) = chosen {
        let (x, y) = place(row);
        frame.cross(buf, (x, y), ("", ""));
    }
}
