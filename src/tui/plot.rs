//! Charts: curves in a grid of braille dots (two by four a cell), or of ASCII marks (one by two), with marks
//! of a whole cell above them; scales with round values, edges, shades.

mod frame;
pub mod heat;
mod scale;
mod window;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::theme::Theme;
pub use frame::{Frame, axes, frame};
pub use scale::{Scale, Tick, parameter_ticks, short};
pub use window::Window;

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
    marks: Vec<((u16, u16), &'static str, Style)>,
}

/// The cell of `area` that holds a place, given as in [`Canvas`]. Outside, or not a number: none.
pub fn cell(area: Rect, ascii: bool, x: f64, y: f64) -> Option<(u16, u16)> {
    let inside = (0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y) && !area.is_empty();
    let (across, up) = dots_of(ascii);
    let place = |u: f64, cells: u16, each: u16| {
        let dots = f64::from(cells) * f64::from(each);
        (u * (dots - 1.0)).round() as u16 / each
    };
    inside.then(|| (area.x + place(x, area.width, across), area.y + place(1.0 - y, area.height, up)))
}

/// Dots of a cell, across and up.
const fn dots_of(ascii: bool) -> (u16, u16) {
    if ascii { (1, 2) } else { (2, 4) }
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
            marks: Vec::new(),
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
        let (across, up) = dots_of(self.ascii);
        (usize::from(self.area.width) * usize::from(across), usize::from(self.area.height) * usize::from(up))
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

    /// A character above all dots; the last one of a cell stays. Outside, or not a number: none.
    pub fn mark(&mut self, x: f64, y: f64, symbol: &'static str, style: Style) {
        if let Some(at) = cell(self.area, self.ascii, x, y) {
            self.marks.push((at, symbol, style));
        }
    }

    /// A line at `x` from the lower to the upper edge.
    pub fn upright(&mut self, x: f64, stroke: Stroke, style: Style) {
        let (_, rows) = self.resolution();
        for row in (0..rows).filter(|row| stroke == Stroke::Solid || row % 4 < 2) {
            self.dot(x, row as f64 / (rows - 1).max(1) as f64, style);
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
        for (at, symbol, style) in self.marks {
            if let Some(cell) = buf.cell_mut(at) {
                cell.set_symbol(symbol).set_style(style);
            }
        }
    }
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
}
