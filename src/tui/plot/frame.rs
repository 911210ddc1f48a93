//! The edges of a chart: its ticks, a cross of hairs, and names.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::Widget;

use super::scale::Tick;
use super::{Scale, cell};
use crate::analysis::human;
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};

/// Gives at most so many ticks of an axis.
pub type Ticks<'a> = &'a dyn Fn(usize) -> Vec<Tick>;

/// Below this size a chart has no edges.
const LEAST: (u16, u16) = (16, 4);
/// From this height on the lower edge is a line of its own.
const LINED: u16 = 8;
/// Columns of the labels at the left of a wide chart: a score that a cross names fits in,
const LABEL: usize = 5;
const WIDE: u16 = 64;
/// and most of them.
const WIDEST: usize = 12;

/// A chart's room and what is around it.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// Where the chart is drawn.
    pub room: Rect,
    theme: Theme,
    left: Rect,
    below: Rect,
}

/// Draws the values of two axes and gives the room between. Ticks that have no room for their label are left
/// out.
pub fn frame(area: Rect, buf: &mut Buffer, theme: Theme, across: Ticks<'_>, up: Ticks<'_>) -> Frame {
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let none = Rect { width: 0, height: 0, ..area };
        return Frame { room: area, theme, left: none, below: none };
    }
    let lined = u16::from(area.height >= LINED);
    let height = area.height - 1 - lined;
    let ticks = up(usize::from(height) / 3 + 1);
    let least = if area.width < WIDE { 0 } else { LABEL };
    let widest = (usize::from(area.width) / 4).min(WIDEST);
    let labels = ticks.iter().map(|t| text::width(&t.label)).max().unwrap_or(0).max(least).min(widest) as u16;
    let room = Rect { x: area.x + labels + 1, width: area.width - labels - 1, height, ..area };
    let frame = Frame {
        room,
        theme,
        left: Rect { x: area.x, width: labels, ..room },
        below: Rect { y: area.bottom() - 1, height: 1, ..area },
    };
    frame.upward(&ticks, buf);
    frame.along(&across(usize::from(room.width) / 9 + 1), lined > 0, buf);
    frame
}

impl Frame {
    fn quiet(&self) -> Style {
        self.theme.style(Tone::Quiet)
    }

    /// The cell of a place in the room.
    pub fn cell(&self, x: f64, y: f64) -> Option<(u16, u16)> {
        cell(self.room, self.theme.options.ascii, x, y)
    }

    fn upward(&self, ticks: &[Tick], buf: &mut Buffer) {
        let (bar, tick) = if self.theme.options.ascii { ("|", "+") } else { ("│", "┤") };
        let edge = self.room.x - 1;
        for y in self.room.top()..self.room.bottom() {
            buf[(edge, y)].set_symbol(bar).set_style(self.quiet());
        }
        let mut taken = None;
        for mark in ticks {
            let Some((_, y)) = self.cell(0.0, mark.place).filter(|(_, y)| taken != Some(*y)) else {
                continue;
            };
            taken = Some(y);
            buf[(edge, y)].set_symbol(tick);
            self.beside(y, &mark.label, self.quiet(), buf);
        }
    }

    /// A label at the left.
    fn beside(&self, y: u16, label: &str, style: Style, buf: &mut Buffer) {
        let label = text::right(label, usize::from(self.left.width), self.theme.symbols().cut);
        Line::styled(label, style).render(Rect { y, height: 1, ..self.left }, buf);
    }

    fn along(&self, ticks: &[Tick], lined: bool, buf: &mut Buffer) {
        let ascii = self.theme.options.ascii;
        let (corner, bar, tick) = if ascii { ("+", "-", "+") } else { ("└", "─", "┬") };
        if lined {
            let y = self.below.y - 1;
            buf[(self.room.x - 1, y)].set_symbol(corner).set_style(self.quiet());
            for x in self.room.left()..self.room.right() {
                buf[(x, y)].set_symbol(bar).set_style(self.quiet());
            }
        }
        let mut end = 0;
        for mark in ticks {
            let Some((x, _)) = self.cell(mark.place, 0.0) else { continue };
            let Some(at) = self.under(x, &mark.label).filter(|at| at.x >= end) else { continue };
            if lined {
                buf[(x, self.below.y - 1)].set_symbol(tick);
            }
            Line::styled(text::clean(&mark.label), self.quiet()).render(at, buf);
            end = at.right() + 1;
        }
    }

    /// Where a label below column `x` stands: in its middle, but inside; `None` where it has no room.
    fn under(&self, x: u16, label: &str) -> Option<Rect> {
        let width = text::width(&text::clean(label)) as u16;
        let last = self.below.right().checked_sub(width).filter(|last| *last >= self.below.x)?;
        Some(Rect { x: x.saturating_sub(width / 2).clamp(self.below.x, last), width, ..self.below })
    }

    /// Hairs through a place, over empty cells only, with what stands there written at the edges. A place of
    /// which one side is not a number has one hair.
    pub fn cross(&self, buf: &mut Buffer, (x, y): (f64, f64), (along, up): (&str, &str)) {
        let (bar, dash) = if self.theme.options.ascii { ("|", "-") } else { ("│", "─") };
        let column = self.cell(x, 0.0).map(|(x, _)| x);
        let row = self.cell(0.0, y).map(|(_, y)| y);
        let mut hair = |x: u16, y: u16, symbol: &str| {
            if buf[(x, y)].symbol() == " " {
                buf[(x, y)].set_symbol(symbol).set_style(self.quiet());
            }
        };
        if let Some(x) = column {
            (self.room.top()..self.room.bottom()).for_each(|y| hair(x, y, bar));
        }
        if let Some(y) = row {
            (self.room.left()..self.room.right()).for_each(|x| hair(x, y, dash));
        }
        let style = self.theme.style(Tone::Accent).add_modifier(Modifier::REVERSED);
        if let Some(at) =
            column.filter(|_| !along.is_empty() && self.below.height > 0).and_then(|x| self.under(x, along))
        {
            // Half of what stood there would mislead.
            let is_taken = |x: u16, buf: &Buffer| buf[(x, at.y)].symbol() != " ";
            let mut ends = (at.left(), at.right());
            while ends.0 > self.below.left() && is_taken(ends.0 - 1, buf) {
                ends.0 -= 1;
            }
            while ends.1 < self.below.right() && is_taken(ends.1, buf) {
                ends.1 += 1;
            }
            (ends.0..ends.1).for_each(|x| {
                buf[(x, at.y)].set_symbol(" ");
            });
            Line::styled(text::clean(along), style).render(at, buf);
        }
        if let Some(y) = row.filter(|_| !up.is_empty() && self.left.width > 0) {
            self.beside(y, up, style, buf);
        }
    }
}

/// Draws the scale's values at the left and `from` and `to` below, and gives the room between.
pub fn axes(area: Rect, buf: &mut Buffer, theme: Theme, scale: Scale, from: &str, to: &str) -> Rect {
    if area.height < 3 || area.width < 16 {
        return area;
    }
    let style = theme.style(Tone::Quiet);
    let (low, high) = scale.range();
    let decimals = human::decimals((high - low) * 10.0).min(5);
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

    fn rows(buf: &Buffer) -> Vec<String> {
        let row =
            |y| (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
        (0..buf.area.height).map(row).collect()
    }

    #[test]
    fn round_values_stand_at_the_edges_and_a_cross_says_where_it_is() {
        let theme = Theme::new(Options { ascii: true, color: false });
        let area = Rect::new(0, 0, 24, 8);
        let mut buf = Buffer::empty(area);
        let (x, y) = (Scale::even(0.0, 100.0), Scale::even(60.0, 80.0));
        let frame = frame(area, &mut buf, theme, &|n| x.ticks(n), &|n| y.ticks(n));
        let edges = [
            "80+",
            "  |",
            "  |",
            "70+",
            "  |",
            "60+",
            "  ++---------+---------+",
            "   0        50       100",
        ];
        assert_eq!(rows(&buf), edges);
        assert_eq!(frame.room, Rect::new(3, 0, 21, 6));
        frame.cross(&mut buf, (0.5, 0.9), ("trial 50", ""));
        let drawn = rows(&buf);
        assert_eq!((drawn[0].as_str(), drawn[1].as_str()), ("80+----------|----------", "  |          |"));
        assert_eq!(drawn[7], "   0     trial 50    100");
    }

    #[test]
    fn small_charts_have_no_edges() {
        let theme = Theme::new(Options::default());
        for (width, height) in [(0, 0), (1, 1), (15, 9), (30, 3)] {
            let area = Rect::new(0, 0, width, height);
            let mut buf = Buffer::empty(area);
            let scale = Scale::even(0.0, 1.0);
            let frame = frame(area, &mut buf, theme, &|n| scale.ticks(n), &|n| scale.ticks(n));
            frame.cross(&mut buf, (0.5, 0.5), ("x", "y"));
            assert_eq!(frame.room, area);
        }
    }
}
