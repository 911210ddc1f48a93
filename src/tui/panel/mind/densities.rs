//! A Parzen estimator along a parameter: the densities of good trials and of the others, and where those trials are.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::Dot;
use super::plane::{Plane, column, pieces};
use crate::domain::insight::Densities;
use crate::domain::space::Parameter;
use crate::domain::value::{counted, significant};
use crate::tui::plot::{Canvas, Scale, Stroke};
use crate::tui::state::AppState;
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};

/// Draws it.
pub fn render(
    state: &AppState,
    parameter: &Parameter,
    found: &Densities,
    dots: &[Dot],
    area: Rect,
    buf: &mut Buffer,
) {
    let theme = state.theme;
    // A row for the good trials and one for the others.
    let plane = Plane::of(area, 2);
    let finite = found.good.iter().chain(&found.bad).copied().filter(|v| v.is_finite());
    let most = finite.fold(1.0, f64::max);
    let scale = Scale::even(0.0, most);
    let mut canvas = Canvas::new(plane.upper, theme);
    let both = [(&found.bad, Stroke::Dotted, Tone::Second), (&found.good, Stroke::Solid, Tone::Accent)];
    for (density, stroke, tone) in both {
        for piece in pieces(&parameter.distribution, &found.places) {
            let at = |i: usize| density.get(i).map_or(f64::NAN, |v| scale.place(*v));
            canvas.line(piece.into_iter().map(|(x, i)| (x, at(i))), stroke, theme.style(tone));
        }
        canvas.raise();
    }
    canvas.render(buf);
    plane.scale(theme, (0.0, most), buf);
    trials(theme, found, dots, plane.lower, buf);
    if plane.lower.height > 1 {
        plane.label(theme, plane.lower, 0, "good", buf);
        plane.label(theme, plane.lower, 1, "others", buf);
    }
    plane.axis(theme, parameter, found.next.as_ref().map(|(at, _)| *at), buf);
    plane.next(theme, parameter, found.next.as_ref(), buf);
    legend(theme, found, text::row(plane.words, 1), buf);
}

/// The good trials and the others, each in a row of its own.
fn trials(theme: Theme, found: &Densities, dots: &[Dot], area: Rect, buf: &mut Buffer) {
    let mark = if theme.options.ascii { "|" } else { "╵" };
    for (i, dot) in dots.iter().enumerate() {
        let is_good = i < found.trials[0];
        let at = text::row(area, usize::from(!is_good));
        let Some(x) = column(at, dot.at).filter(|_| at.height > 0) else { continue };
        let tone = if is_good { Tone::Accent } else { Tone::Second };
        if let Some(cell) = buf.cell_mut((x, at.y)) {
            cell.set_symbol(mark).set_style(theme.style(tone));
        }
    }
}

fn legend(theme: Theme, found: &Densities, area: Rect, buf: &mut Buffer) {
    let quiet = theme.style(Tone::Quiet);
    let (solid, dotted) = if theme.options.ascii { ("..", ". .") } else { ("━", "┄") };
    let nearest = |at: f64| {
        let gap = |i: &usize| (found.places[*i] - at).abs();
        (0..found.places.len()).min_by(|a, b| gap(a).total_cmp(&gap(b)))
    };
    let ratio = found.next.as_ref().and_then(|(at, _)| {
        let i = nearest(*at)?;
        Some(found.good.get(i)? / found.bad.get(i)?)
    });
    let ratio = ratio.map_or_else(String::new, |r| format!("  l/g at next {}", significant(r, 2)));
    let line = Line::from(vec![
        Span::styled(solid, theme.style(Tone::Accent)),
        Span::styled(format!(" l: the best {}  ", counted(found.trials[0], "trial")), quiet),
        Span::styled(dotted, theme.style(Tone::Second)),
        Span::styled(format!(" g: the other {}{ratio}", found.trials[1]), quiet),
    ]);
    text::fitted(line, area, theme.symbols().cut, buf);
}
