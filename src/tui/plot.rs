//! Curves in a grid of braille dots (two by four a cell), or of ASCII marks (one by two).

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Widget;

use super::text;
use super::theme::{Theme, Tone};
use crate::analysis::human;

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stroke {
    /// Without gaps.
    Solid,
    /// With gaps, so that two lines can be told apart without colour.
    Dotted,
}

/// A grid to draw on. Coordinates go from 0 to 1, to the right and up.
#[derive(Debug)]
pub struct Canvas {
    area: Rect,
    ascii: bool,
    dots: Vec<u8>,
    styles: Vec<Style>,
    layers: Vec<u8>,
    layer: u8,
}

impl Canvas {
    /// An empty grid over `area`.
    pub fn new(area: Rect, theme: Theme) -> Self {
        let cells = area.area() as usize;
        Canvas {
            area,
            ascii: theme.options.ascii,
            dots: vec![0; cells],
            styles: vec![Style::new(); cells],
            layers: vec![0; cells],
            layer: 0,
        }
    }

    /// What it covers.
    pub fn area(&self) -> Rect {
        self.area
    }

    /// What is drawn from now on clears the cells it touches.
    pub fn raise(&mut self) {
        self.layer += 1;
    }

    fn resolution(&self) -> (usize, usize) {
        let (across, up) = if self.ascii { (1, 2) } else { (2, 4) };
        (usize::from(self.area.width) * across, usize::from(self.area.height) * up)
    }

    /// A dot. Outside, or not a number: none.
    pub fn dot(&mut self, x: f64, y: f64, style: Style) {
        let (columns, rows) = self.resolution();
        let inside = (0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y);
        if !inside || columns == 0 || rows == 0 {
            return;
        }
        let place = |u: f64, n: usize| (u * (n - 1) as f64).round() as usize;
        self.set(place(x, columns), place(1.0 - y, rows), style);
    }

    fn set(&mut self, column: usize, row: usize, style: Style) {
        /// The bits of a braille cell, by column and row.
        const BRAILLE: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
        let (across, up) = if self.ascii { (1, 2) } else { (2, 4) };
        let bit = if self.ascii { 1 << (row % 2) } else { BRAILLE[column % 2][row % 4] };
        let cell = row / up * usize::from(self.area.width) + column / across;
        if let (Some(dots), Some(kept)) = (self.dots.get_mut(cell), self.styles.get_mut(cell)) {
            if self.layers[cell] != self.layer {
                (*dots, self.layers[cell]) = (0, self.layer);
            }
            *dots |= bit;
            *kept = style;
        }
    }

    /// An upright line at `x`, from `low` to `high` or the other way round; cut where it leaves the grid.
    pub fn stem(&mut self, x: f64, from: f64, to: f64, style: Style) {
        let (columns, rows) = self.resolution();
        if columns == 0 || rows == 0 || !(0.0..=1.0).contains(&x) {
            return;
        }
        let row = |y: f64| ((1.0 - y.clamp(0.0, 1.0)) * (rows - 1) as f64).round() as usize;
        let column = (x * (columns - 1) as f64).round() as usize;
        for row in row(from).min(row(to))..=row(from).max(row(to)) {
            self.set(column, row, style);
        }
    }

    /// A line through `points`, from one to the next.
    pub fn line(&mut self, points: impl IntoIterator<Item = (f64, f64)>, stroke: Stroke, style: Style) {
        let (columns, rows) = self.resolution();
        let mut last: Option<(f64, f64)> = None;
        for (x, y) in points {
            let y = y.clamp(0.0, 1.0);
            let (x0, y0) = last.unwrap_or((x, y));
            let across = (x - x0).abs() * columns.saturating_sub(1) as f64;
            let reach = across.max((y - y0).abs() * rows.saturating_sub(1) as f64);
            let steps = (reach.ceil() as usize).clamp(1, columns + rows + 1);
            for i in 0..=steps {
                let t = i as f64 / steps as f64;
                let at = x0 + t * (x - x0);
                let column = (at * columns as f64) as usize;
                let gap = if self.ascii { column % 2 == 1 } else { column % 4 >= 2 };
                if stroke == Stroke::Solid || !gap {
                    self.dot(at, y0 + t * (y - y0), style);
                }
            }
            last = Some((x, y));
        }
    }

    /// Puts the grid on the screen.
    pub fn render(self, buf: &mut Buffer) {
        let width = usize::from(self.area.width);
        for (i, (dots, style)) in self.dots.iter().zip(&self.styles).enumerate() {
            if *dots == 0 {
                continue;
            }
            let symbol = match (self.ascii, dots) {
                (false, _) => char::from_u32(0x2800 + u32::from(*dots)).unwrap_or(' '),
                (true, 1) => '\'',
                (true, 2) => '.',
                (true, _) => ':',
            };
            let (x, y) = (self.area.x + (i % width) as u16, self.area.y + (i / width) as u16);
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.set_char(symbol).set_style(*style);
            }
        }
    }
}

/// Maps values to 0..1, evenly or in the logarithm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
    log: bool,
}

impl Scale {
    /// Even, from `low` to `high`; widened where they are one.
    pub fn even(low: f64, high: f64) -> Self {
        let pad = if low < high { 0.0 } else { low.abs().max(1e-9) * 0.05 };
        Scale { low: low - pad, high: high + pad, log: false }
    }

    /// Holds all `values`; logarithmic where they span much. `None` without a finite value.
    pub fn fit(values: impl Iterator<Item = f64>) -> Option<Self> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|v| v.is_finite()) {
            (low, high) = (low.min(value), high.max(value));
        }
        let log = low > 0.0 && high / low > 30.0;
        (low <= high).then(|| Scale { log, ..Scale::even(low, high) })
    }

    /// As it is, but on the logarithm or evenly; evenly where not all of it is above zero.
    pub fn logarithmic(self, log: bool) -> Self {
        Scale { log: log && self.low > 0.0, ..self }
    }

    /// Whether it is on the logarithm.
    pub fn is_logarithmic(self) -> bool {
        self.log
    }

    /// Where `value` lies; below 0 or above 1 outside.
    pub fn place(self, value: f64) -> f64 {
        if self.log {
            return (value.ln() - self.low.ln()) / (self.high.ln() - self.low.ln());
        }
        (value - self.low) / (self.high - self.low)
    }

    fn at(self, place: f64) -> f64 {
        if self.log {
            return (self.low.ln() + place * (self.high.ln() - self.low.ln())).exp();
        }
        self.low + place * (self.high - self.low)
    }
}

/// Draws the scale's values at the left and `from` and `to` below, and gives the room between.
pub fn axes(area: Rect, buf: &mut Buffer, theme: Theme, scale: Scale, from: &str, to: &str) -> Rect {
    if area.height < 3 || area.width < 16 {
        return area;
    }
    let style = theme.style(Tone::Quiet);
    let decimals = human::decimals((scale.high - scale.low) * 10.0).min(5);
    let label = |place: f64| human::aligned(scale.at(place), decimals);
    let mut labels = vec![(0, label(1.0)), (area.height - 2, label(0.0))];
    if area.height > 6 {
        let middle = (area.height - 2) / 2;
        labels.push((middle, label(1.0 - f64::from(middle) / f64::from(area.height - 2))));
    }
    let width = labels.iter().map(|(_, l)| text::width(l)).max().unwrap_or(0).min(10);
    for (row, label) in &labels {
        let line = Line::styled(text::right(label, width, theme.symbols().cut), style);
        line.render(text::row(area, usize::from(*row)), buf);
    }
    let left = width as u16 + 1;
    let inner = Rect { x: area.x + left, width: area.width - left, height: area.height - 1, ..area };
    let below = Rect { y: area.bottom() - 1, height: 1, ..inner };
    text::ends(below, buf, Line::styled(from.to_owned(), style), Line::styled(to.to_owned(), style));
    inner
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Options;

    fn drawn(ascii: bool, width: u16, height: u16) -> Buffer {
        let area = Rect::new(0, 0, width, height);
        let mut canvas = Canvas::new(area, Theme::new(Options { ascii, color: true }));
        canvas.line([(0.0, 0.0), (1.0, 1.0)], Stroke::Solid, Style::new());
        canvas.dot(f64::NAN, 0.5, Style::new());
        canvas.dot(2.0, 0.5, Style::new());
        let mut buf = Buffer::empty(area);
        canvas.render(&mut buf);
        buf
    }

    #[test]
    fn a_diagonal_in_both_character_sets() {
        assert_eq!(drawn(false, 2, 1), Buffer::with_lines(["⡠⠊"]));
        assert_eq!(drawn(true, 4, 2), Buffer::with_lines(["  .'", ".'  "]));
        drawn(false, 0, 0);
    }

    #[test]
    fn scales_widen_a_single_value_and_turn_logarithmic_over_a_wide_span() {
        assert_eq!(Scale::even(4.0, 4.0).place(4.0), 0.5);
        let scale = Scale::fit([1.0, 100.0, f64::NAN].into_iter()).unwrap();
        assert!((scale.place(10.0) - 0.5).abs() < 1e-12);
        assert!(scale.is_logarithmic() && !scale.logarithmic(false).is_logarithmic());
        assert!(!Scale::even(0.0, 1.0).logarithmic(true).is_logarithmic());
        assert_eq!(Scale::fit(std::iter::empty()), None);
    }
}
