//! Observed against predicted, a dot an individual.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::domain::value::significant;
use crate::tui::ask::Prediction;
use crate::tui::plot::{Canvas, Scale, Stroke, axes};
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
    let title = Line::styled("observed (up) by predicted (across)", theme.style(Tone::Strong));
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
    let (from, to) = (significant(across.0, 3), significant(across.1, 3));
    let room = axes(rest, buf, theme, vertical, &from, &to);
    let mut canvas = Canvas::new(room, theme);
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
    canvas.render(buf);
    let Some((x, y)) = chosen.map(place).filter(|_| !room.is_empty()) else { return };
    let cell = |share: f64, cells: u16| (share.clamp(0.0, 1.0) * f64::from(cells - 1)).round() as u16;
    let at = (room.x + cell(x, room.width), room.y + cell(1.0 - y, room.height));
    if let Some(cell) = buf.cell_mut(at) {
        cell.set_symbol(theme.symbols().state).set_style(theme.style(Tone::Accent));
    }
}
