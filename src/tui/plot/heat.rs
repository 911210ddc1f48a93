//! A field of values as shades: colours where the theme has some, otherwise characters.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use crate::tui::theme::Theme;

/// How many shades there are.
pub const STEPS: usize = 10;

/// From dark to bright, in the 256 colours that nearly every terminal has; brightness rises evenly, so that it
/// reads without telling hues apart.
const COLORS: [u8; STEPS] = [53, 54, 60, 24, 30, 36, 35, 77, 149, 220];
/// From sparse to dense, without the characters that stand for trials.
const ASCII: [&str; STEPS] = [" ", ".", ":", "-", "=", "+", "%", "&", "#", "@"];
const BLOCKS: [&str; STEPS] = [" ", " ", "░", "░", "▒", "▒", "▓", "▓", "█", "█"];

/// The step of a share from 0 to 1.
pub fn step(share: f64) -> usize {
    ((share.clamp(0.0, 1.0) * STEPS as f64) as usize).min(STEPS - 1)
}

/// The background of a step; nothing without colours.
pub fn style(theme: Theme, step: usize) -> Style {
    if !theme.options.color {
        return Style::new();
    }
    // Dark shades are written on in white, bright ones in black.
    let ink = if step < 6 { 231 } else { 16 };
    Style::new().bg(Color::Indexed(COLORS[step.min(STEPS - 1)])).fg(Color::Indexed(ink))
}

/// How one cell of a step looks where nothing else stands: with colours a space, without them sparse for
/// bright steps, where trials gather, and dense for dark ones.
pub fn shade(theme: Theme, step: usize) -> &'static str {
    let dense = STEPS - 1 - step.min(STEPS - 1);
    match (theme.options.color, theme.options.ascii) {
        (true, _) => " ",
        (false, true) => ASCII[dense],
        (false, false) => BLOCKS[dense],
    }
}

/// Fills `area` with the shades of a field, whose values from 0 to 1 are asked for at places from 0 to 1.
pub fn field(area: Rect, buf: &mut Buffer, theme: Theme, value: impl Fn(f64, f64) -> Option<f64>) {
    for position in area.intersection(buf.area).positions() {
        let x = (f64::from(position.x - area.x) + 0.5) / f64::from(area.width);
        let y = 1.0 - (f64::from(position.y - area.y) + 0.5) / f64::from(area.height);
        if let Some(value) = value(x, y).filter(|v| v.is_finite()) {
            let step = step(value);
            buf[position].set_symbol(shade(theme, step)).set_style(style(theme, step));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Options;

    #[test]
    fn a_slope_has_shades_in_order_with_and_without_colours() {
        let area = Rect::new(0, 0, 10, 1);
        let slope = |x: f64, _: f64| Some(x);
        let mut buf = Buffer::empty(area);
        field(area, &mut buf, Theme::new(Options { ascii: true, color: false }), slope);
        assert_eq!(buf, Buffer::with_lines(["@#&%+=-:. "]));
        field(area, &mut buf, Theme::new(Options { ascii: true, color: true }), slope);
        let colors: Vec<Color> = buf.content().iter().map(|cell| cell.bg).collect();
        assert_eq!(colors, COLORS.map(Color::Indexed));
        assert_eq!((step(-1.0), step(f64::NAN), step(1.0)), (0, 0, 9));
    }
}
