//! A Gaussian process along a parameter: what it believes above, what that promises below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::Dot;
use super::plane::{Plane, cell, pieces};
use crate::analysis::human;
use crate::domain::insight::Slice;
use crate::domain::space::Parameter;
use crate::tui::plot::{Canvas, Scale, Stroke};
use crate::tui::state::AppState;
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};

/// Of so many of the best trials those near the slice are drawn on top.
const TOP: usize = 100;
/// Most trials that are drawn below, about.
const MOST: usize = 400;
/// Most rows of the acquisition.
const LOWER: u16 = 8;

/// Draws it.
pub fn render(
    state: &AppState,
    parameter: &Parameter,
    slice: &Slice,
    dots: &[Dot],
    area: Rect,
    buf: &mut Buffer,
) {
    let theme = state.theme;
    let plane = Plane::of(area, LOWER);
    let Some((low, high)) = range(slice, dots) else { return };
    let scale = Scale::even(low, high);
    let each = others(theme, dots, scale, plane.upper, buf);
    belief(theme, parameter, slice, scale, plane.upper, buf);
    trials(theme, dots, scale, plane.upper, buf);
    plane.scale(theme, (low, high), buf);
    acquisition(theme, parameter, slice, plane.lower, buf);
    for (row, word) in slice.acquired_by.split(", ").enumerate() {
        plane.label(theme, plane.lower, row, &text::clean(word), buf);
    }
    plane.axis(theme, parameter, slice.next.as_ref().map(|(at, _)| *at), buf);
    plane.next(theme, parameter, slice.next.as_ref(), buf);
    let off = dots.iter().filter(|dot| !(low..=high).contains(&dot.score)).count();
    legend(theme, each, off, text::row(plane.words, 1), buf);
}

/// The scores on the scale: all means, and of the ends and the trials what does not flatten these.
fn range(slice: &Slice, dots: &[Dot]) -> Option<(f64, f64)> {
    let extremes = |values: &mut dyn Iterator<Item = f64>| {
        values.filter(|v| v.is_finite()).fold(None, |range: Option<(f64, f64)>, v| {
            Some(range.map_or((v, v), |(low, high)| (low.min(v), high.max(v))))
        })
    };
    let mut middles = slice.belief.iter().map(|[middle, ..]| *middle);
    let (mut low, mut high) = extremes(&mut middles)?;
    // Half of the trials are the better ones: their scores belong into the picture.
    let mut better = dots.iter().take(dots.len().div_ceil(2)).map(|dot| dot.score);
    if let Some((a, b)) = extremes(&mut better) {
        (low, high) = (low.min(a), high.max(b));
    }
    let room = (high - low).max(1e-9 * low.abs().max(high.abs()));
    let ends = slice.belief.iter().flat_map(|[_, low, high]| [*low, *high]);
    let mut all = ends.chain(dots.iter().map(|dot| dot.score));
    let (least, most) = extremes(&mut all)?;
    Some((least.max(low - 0.5 * room).min(low), most.min(high + 0.5 * room).max(high)))
}

/// Mean and ± σ.
fn belief(theme: Theme, parameter: &Parameter, slice: &Slice, scale: Scale, area: Rect, buf: &mut Buffer) {
    let mut canvas = Canvas::new(area, theme);
    let quiet = theme.style(Tone::Quiet);
    let pieces = pieces(&parameter.distribution, &slice.places);
    let place = |i: usize, which: usize| slice.belief.get(i).map_or(f64::NAN, |b| scale.place(b[which]));
    let columns = usize::from(area.width) / if theme.options.ascii { 3 } else { 2 };
    for piece in &pieces {
        let (Some(first), Some(last)) = (piece.first(), piece.last()) else { continue };
        // The band is hatched: an upright line here and there.
        let mut after = 0;
        for column in 0..=columns {
            let x = column as f64 / columns.max(1) as f64;
            if x < first.0 || x > last.0 {
                continue;
            }
            while after + 1 < piece.len() && piece[after].0 < x {
                after += 1;
            }
            let (right, left) = (piece[after], piece[after.saturating_sub(1)]);
            let share =
                if right.0 > left.0 { ((x - left.0) / (right.0 - left.0)).clamp(0.0, 1.0) } else { 1.0 };
            let between = |which| place(left.1, which) * (1.0 - share) + place(right.1, which) * share;
            let (low, high) = (between(1), between(2));
            // What is off the picture is not drawn along its edge.
            if low <= 1.0 && high >= 0.0 {
                canvas.stem(x, low, high, quiet);
            }
        }
        for which in [1, 2] {
            let ends = piece.iter().map(|(x, i)| (*x, place(*i, which)));
            let inside: Vec<_> = ends.filter(|(_, y)| (0.0..=1.0).contains(y)).collect();
            canvas.line(inside, Stroke::Dotted, quiet);
        }
    }
    canvas.raise();
    for piece in &pieces {
        let mean = piece.iter().map(|(x, i)| (*x, place(*i, 0)));
        canvas.line(mean, Stroke::Solid, theme.style(Tone::Accent));
    }
    canvas.render(buf);
}

/// The marks of trials: near the slice, far from it, and the best.
fn marks(theme: Theme) -> [&'static str; 3] {
    if theme.options.ascii { ["o", ",", "*"] } else { ["●", "∙", "★"] }
}

fn mark(dot: &Dot, (mark, tone): (&str, Tone), theme: Theme, scale: Scale, area: Rect, buf: &mut Buffer) {
    let cell = cell(area, dot.at, scale, dot.score).and_then(|at| buf.cell_mut(at));
    if let Some(cell) = cell {
        cell.set_symbol(mark).set_style(theme.style(tone));
    }
}

/// Whether a trial is one of those that are drawn on top.
fn is_on_top(dot: &Dot) -> bool {
    dot.rank == 0 || (dot.near && dot.rank < TOP)
}

/// The trials below the belief; of many every so manieth, which it gives.
fn others(theme: Theme, dots: &[Dot], scale: Scale, area: Rect, buf: &mut Buffer) -> usize {
    let far = marks(theme)[1];
    let each = dots.len().div_ceil(MOST).max(1);
    let below = dots.iter().filter(|dot| !is_on_top(dot)).step_by(each);
    below.for_each(|dot| mark(dot, (far, Tone::Plain), theme, scale, area, buf));
    each
}

/// The trials above it: those that tell of this slice, and the best.
fn trials(theme: Theme, dots: &[Dot], scale: Scale, area: Rect, buf: &mut Buffer) {
    let [near, _, best] = marks(theme);
    for dot in dots.iter().filter(|dot| is_on_top(dot)).rev() {
        let style = if dot.rank == 0 { (best, Tone::Good) } else { (near, Tone::Strong) };
        mark(dot, style, theme, scale, area, buf);
    }
}

fn acquisition(theme: Theme, parameter: &Parameter, slice: &Slice, area: Rect, buf: &mut Buffer) {
    let mut canvas = Canvas::new(area, theme);
    let columns = usize::from(area.width) * if theme.options.ascii { 1 } else { 2 };
    let style = theme.style(Tone::Second);
    for piece in pieces(&parameter.distribution, &slice.places) {
        let mut after = 0;
        for column in 0..columns {
            let x = column as f64 / columns.saturating_sub(1).max(1) as f64;
            let (Some(first), Some(last)) = (piece.first(), piece.last()) else { continue };
            if x < first.0 || x > last.0 {
                continue;
            }
            while after + 1 < piece.len() && piece[after].0 < x {
                after += 1;
            }
            let promise = slice.acquisition.get(piece[after].1).copied().unwrap_or(0.0);
            if promise > 0.0 {
                canvas.stem(x, 0.0, promise, style);
            }
        }
    }
    canvas.render(buf);
}

fn legend(theme: Theme, each: usize, off: usize, area: Rect, buf: &mut Buffer) {
    let quiet = theme.style(Tone::Quiet);
    let [near, far, best] = marks(theme);
    let (mean, sigma) = if theme.options.ascii { ("..", ":") } else { ("━", "┊") };
    let band = theme.symbols().plus_minus;
    let others = if each > 1 { format!(" one of {each} others  ") } else { " others  ".to_owned() };
    let mut line = Line::from(vec![
        Span::styled(mean, theme.style(Tone::Accent)),
        Span::styled(format!(" mean  {sigma} {band} sd  "), quiet),
        Span::styled(near, theme.style(Tone::Strong)),
        Span::styled(" trials near this slice  ", quiet),
        Span::raw(far),
        Span::styled(others, quiet),
        Span::styled(best, theme.style(Tone::Good)),
        Span::styled(" best", quiet),
    ]);
    if off > 0 {
        line.push_span(Span::styled(format!("  {} off scale", human::thousands(off)), quiet));
    }
    text::fitted(line, area, theme.symbols().cut, buf);
}
