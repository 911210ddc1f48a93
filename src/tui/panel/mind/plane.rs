//! What the pictures along a parameter have in common: labels at the left, values below, the next point.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::analysis::human;
use crate::domain::space::{Distribution, Parameter};
use crate::domain::value::{Params, Value, significant};
use crate::tui::plot::Scale;
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};

/// Columns of the labels at the left, with a gap.
const LABELS: u16 = 9;

/// The parts of a picture.
pub struct Plane {
    /// Where the upper picture is drawn.
    pub upper: Rect,
    /// Where the lower one is; without rows where there is no room.
    pub lower: Rect,
    rule: Rect,
    values: Rect,
    /// Lines of words.
    pub words: Rect,
}

impl Plane {
    /// Of an area; the lower picture has at most `lower` rows.
    pub fn of(area: Rect, lower: u16) -> Self {
        let height = area.height;
        let lower = if height < 9 { 0 } else { (height / 4).clamp(1, lower) };
        let words = match height {
            0..5 => 0,
            5..14 => 1,
            _ => 2,
        };
        let values = u16::from(height >= 4);
        let rows = [lower, u16::from(height >= 3), values, words].map(Constraint::Length);
        let [upper, lower, rule, values, words] =
            area.layout(&Layout::vertical([Constraint::Fill(1), rows[0], rows[1], rows[2], rows[3]]));
        let right = |area: Rect| {
            let labels = LABELS.min(area.width);
            Rect { x: area.x + labels, width: area.width - labels, ..area }
        };
        let words =
            Rect { x: words.x + u16::from(words.width > 2), width: words.width.saturating_sub(2), ..words };
        Plane { upper: right(upper), lower: right(lower), rule: right(rule), values: right(values), words }
    }

    /// Values at the left of the upper picture: at its top, its middle and its foot.
    pub fn scale(&self, theme: Theme, (low, high): (f64, f64), buf: &mut Buffer) {
        let last = usize::from(self.upper.height.saturating_sub(1));
        let decimals = human::decimals((high - low) * 10.0).min(5);
        let mut rows = vec![(0, high), (last, low)];
        if last >= 6 {
            rows.push((last / 2, high + (low - high) * (last / 2) as f64 / last as f64));
        }
        for (row, value) in rows {
            self.label(theme, self.upper, row, &human::aligned(value, decimals), buf);
        }
    }

    /// A word at the left of a row.
    pub fn label(&self, theme: Theme, of: Rect, row: usize, word: &str, buf: &mut Buffer) {
        let at = text::row(of, row);
        let at = Rect { x: at.x.saturating_sub(LABELS), width: LABELS.min(at.x), ..at };
        let word = text::right(word, usize::from(LABELS) - 1, theme.symbols().cut);
        Line::styled(word, theme.style(Tone::Quiet)).render(at.intersection(buf.area), buf);
    }

    /// The edge below, with the next point on it, and values of the parameter.
    pub fn axis(&self, theme: Theme, parameter: &Parameter, next: Option<f64>, buf: &mut Buffer) {
        let (area, quiet) = (self.rule, theme.style(Tone::Quiet));
        Line::styled(theme.symbols().to_do.repeat(usize::from(area.width)), quiet).render(area, buf);
        if let Some(x) = next.and_then(|at| column(area, at)).filter(|_| area.height > 0) {
            buf[(x, area.y)].set_symbol(theme.symbols().up).set_style(theme.style(Tone::Accent));
        }
        let mut end = 0;
        for at in ticks(&parameter.distribution, self.values.width) {
            let value = text::clean(&short(&parameter.distribution.from_unit(at)));
            let width = text::width(&value) as u16;
            let Some(x) = column(self.values, at).filter(|_| width <= self.values.width) else { continue };
            let x = x.saturating_sub(width / 2).clamp(self.values.x, self.values.right() - width);
            if x >= end {
                let at = Rect { x, width, ..self.values };
                Line::styled(value, quiet).render(at, buf);
                end = x + width + 1;
            }
        }
    }

    /// The next point in words.
    pub fn next(&self, theme: Theme, parameter: &Parameter, next: Option<&(f64, Params)>, buf: &mut Buffer) {
        let (symbols, quiet) = (theme.symbols(), theme.style(Tone::Quiet));
        let Some((_, params)) = next else {
            let words = format!("{} the next trial has no {}", symbols.up, parameter.name);
            let line = Line::styled(text::clean(&words), quiet);
            return text::fitted(line, text::row(self.words, 0), symbols.cut, buf);
        };
        let named = |name: &str, value: &Value| format!("{name} {}", short(value));
        let own = params.get(&parameter.name).map(|value| named(&parameter.name, value));
        let others = params.iter().filter(|(name, _)| **name != parameter.name);
        let others: Vec<String> = others.map(|(name, value)| named(name, value)).collect();
        let dot = format!(" {} ", symbols.dot);
        let others = if others.is_empty() { String::new() } else { format!("{dot}{}", others.join(&dot)) };
        let line = Line::from(vec![
            Span::styled(format!("{} next ", symbols.up), theme.style(Tone::Accent)),
            Span::styled(text::clean(&own.unwrap_or_default()), theme.style(Tone::Strong)),
            Span::styled(text::clean(&others), quiet),
        ]);
        text::fitted(line, text::row(self.words, 0), symbols.cut, buf);
    }
}

/// Where values are written below.
fn ticks(distribution: &Distribution, width: u16) -> Vec<f64> {
    match distribution.cardinality() {
        Some(n) if n <= 12 => (0..n).filter_map(|i| distribution.to_unit(&distribution.nth(i))).collect(),
        None if decades(distribution).len() > 2 => decades(distribution),
        _ if width < 60 => vec![0.0, 0.5, 1.0],
        _ => vec![0.0, 0.25, 0.5, 0.75, 1.0],
    }
}

/// The powers of ten of a logarithmic range.
fn decades(distribution: &Distribution) -> Vec<f64> {
    match distribution {
        Distribution::Float { log: true, .. } => {
            (-12..=12).filter_map(|power| distribution.to_unit(&Value::Float(10_f64.powi(power)))).collect()
        }
        _ => Vec::new(),
    }
}

/// A value in few characters: three digits of a number, without zeros at its end.
pub fn short(value: &Value) -> String {
    let Value::Float(v) = value else { return value.to_string() };
    let digits = significant(*v, 3);
    let (number, exponent) =
        digits.split_once('e').map_or((digits.as_str(), ""), |(n, _)| (n, &digits[n.len()..]));
    let number =
        if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    format!("{number}{exponent}")
}

/// The cell column of a place.
pub fn column(area: Rect, at: f64) -> Option<u16> {
    let inside = (0.0..=1.0).contains(&at) && area.width > 0;
    inside.then(|| area.x + (at * f64::from(area.width - 1)).round() as u16)
}

/// The cell of a place in a picture.
pub fn cell(area: Rect, at: f64, scale: Scale, value: f64) -> Option<(u16, u16)> {
    let up = scale.place(value);
    let inside = (0.0..=1.0).contains(&up) && area.height > 0;
    let row = ((1.0 - up) * f64::from(area.height.saturating_sub(1))).round();
    inside.then_some(())?;
    Some((column(area, at)?, area.y + row as u16))
}

/// What is drawn in one stroke: of a choice the width that it has, of anything else all places. Each point is where,
/// and which of the places it stands for.
pub fn pieces(distribution: &Distribution, places: &[f64]) -> Vec<Vec<(f64, usize)>> {
    let Distribution::Choice { choices } = distribution else {
        return vec![places.iter().copied().enumerate().map(|(i, at)| (at, i)).collect()];
    };
    let half = 0.4 / choices.len().max(1) as f64;
    places.iter().enumerate().map(|(i, at)| vec![(at - half, i), (at + half, i)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_short_and_logarithmic_ranges_have_powers_of_ten() {
        let shown = [1e-5, 0.05, 0.0123456, 2.0, 100.0, 2.5e-7].map(|v| short(&Value::Float(v)));
        assert_eq!(shown, ["1e-5", "0.05", "0.0123", "2", "100", "2.5e-7"]);
        assert_eq!(short(&Value::Int(100)), "100");
        let rate = Distribution::Float { low: 1e-5, high: 1e-2, log: true };
        let places: Vec<i32> = ticks(&rate, 70).iter().map(|u| (u * 300.0).round() as i32).collect();
        assert_eq!(places, [0, 100, 200, 300]);
        assert_eq!(ticks(&Distribution::Float { low: 0.0, high: 1.0, log: false }, 70).len(), 5);
        assert_eq!(ticks(&Distribution::Int { low: 1, high: 4, log: false }, 70).len(), 4);
    }
}
