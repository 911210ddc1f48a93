//! A trial's marker effects along the genome, with the QTL that are known (Waldmann, Pfeiffer & Mészáros 2020,
//! figure 1).
//!
//! ```text
//! QTL        + × +                │ the strongest
//! effects    stems from zero      │ markers
//! chromosomes                     │
//! the marker under the cursor
//! ```

mod aside;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{Panel, empty};
use crate::analysis::human;
use crate::analysis::profile::{Genome, Profile, QtlKind, Track};
use crate::domain::value::significant;
use crate::tui::keymap::Action;
use crate::tui::plot::{Canvas, Scale};
use crate::tui::profile::{Content, Plot, ProfileView};
use crate::tui::state::AppState;
use crate::tui::state::PanelId;
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};
use crate::tui::update::{self, Effect};

/// The panel.
pub const PANEL: Panel =
    Panel { about, place, act, arrange, ..Panel::plain(PanelId::Profile, "Marker effects", render) };

/// Columns of the values at the left.
const LABELS: u16 = 9;
/// From this width on the strongest markers are listed at the side.
const WIDE: u16 = 110;
/// From this height on there is a line of them elsewhere.
const HIGH: u16 = 12;
/// Columns of that list, the gap before it included.
const SIDE: u16 = 42;

/// The trial and the measure.
pub fn about(state: &AppState) -> String {
    let Some(view) = &state.profile else { return String::new() };
    let dot = state.theme.symbols().dot;
    let Some((profile, output, track)) = view.shown() else { return format!("of trial {}", view.trial) };
    let of = match profile.outputs.len() {
        1 => String::new(),
        _ => format!(" {dot} {}", text::clean(&output.name)),
    };
    format!("of trial {}{of} {dot} {}: {}", view.trial, track.name, track.help)
}

/// Which of the measures it is.
pub fn place(state: &AppState, _rows: usize) -> String {
    let Some(view) = &state.profile else { return String::new() };
    match view.measure() {
        (_, 0) => String::new(),
        (measure, of) => format!("{measure} of {of}"),
    }
}

struct Regions {
    qtl: Rect,
    plot: Rect,
    chromosomes: Rect,
    words: Rect,
    line: Rect,
    side: Rect,
}

fn regions(area: Rect, qtl: bool) -> Regions {
    let side = if area.width >= WIDE { SIDE } else { 0 };
    let [main, side] = area.layout(&Layout::horizontal([Constraint::Fill(1), Constraint::Length(side)]));
    // A line with the strongest markers, where there is no room for a list of them.
    let line = u16::from(side.width == 0 && area.height >= HIGH);
    let rows = [u16::from(qtl), 0, 1, 2, line].map(Constraint::Length);
    let [qtl, plot, chromosomes, words, line] =
        main.layout(&Layout::vertical([rows[0], Constraint::Fill(1), rows[2], rows[3], rows[4]]));
    let right = |area: Rect| {
        let labels = LABELS.min(area.width);
        Rect { x: area.x + labels, width: area.width - labels, ..area }
    };
    Regions { qtl: right(qtl), plot: right(plot), chromosomes: right(chromosomes), words, line, side }
}

/// How many columns of dots the plot has in a frame of `area`.
pub fn columns(theme: Theme, area: Rect) -> usize {
    let inner = Rect { width: area.width.saturating_sub(2), height: area.height.saturating_sub(2), ..area };
    let cells = usize::from(regions(inner, false).plot.width);
    if theme.options.ascii { cells } else { 2 * cells }
}

fn act(state: &mut AppState, action: Action, _: Rect) -> Vec<Effect> {
    // Measures of another trial's effects can wait: first a person wants those of this one.
    if action == Action::NextMeasure && (state.profile.is_none() || aside::other(state).is_some()) {
        return update::open_profile(state);
    }
    if let Some(profile) = &mut state.profile {
        profile.act(action);
    }
    Vec::new()
}

/// Marker effects are put into columns when something changed, not while drawing.
fn arrange(state: &mut AppState, area: Rect) -> Vec<Effect> {
    let columns = columns(state.theme, area);
    if let Some(profile) = &mut state.profile {
        profile.arrange(columns);
    }
    Vec::new()
}

/// Draws the effects.
pub fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let Some(view) = &state.profile else {
        return empty(theme, &aside::nothing(state), area, buf);
    };
    let area = aside::banner(state, view.trial, area, buf);
    match &view.content {
        Content::Waiting => {
            return empty(theme, &format!("computing the effects of trial {} ...", view.trial), area, buf);
        }
        Content::Failed(reason) => return empty(theme, &text::clean(reason), area, buf),
        Content::Ready(_) => {}
    }
    let Some(((profile, _, track), plot)) = view.shown().zip(view.plot.as_ref()) else { return };
    let regions = regions(area, !profile.genome.qtl().is_empty());
    stems(theme, view, &profile.genome, track, plot, &regions, buf);
    values(theme, plot, regions.plot, buf);
    labels(theme, &profile.genome, plot.window, regions.chromosomes, buf);
    qtl(theme, &profile.genome, plot.window, regions.qtl, buf);
    mark(theme, view, &profile.genome, plot.window, &regions, buf);
    words(theme, view, profile, track, regions.words, buf);
    aside::side(theme, view, profile, track, plot, regions.side, buf);
    aside::line(theme, view, (profile, track), plot, regions.line, buf);
}

fn scale(plot: &Plot) -> Scale {
    match plot.range {
        (0.0, 0.0) => Scale::even(-1.0, 1.0),
        (low, high) => Scale::even(low, high),
    }
}

/// Chromosomes alternate in tone.
fn tone(number: usize) -> Tone {
    if number.is_multiple_of(2) { Tone::Plain } else { Tone::Second }
}

/// A stem from zero to each column's extremes.
fn stems(
    theme: Theme,
    view: &ProfileView,
    genome: &Genome,
    track: &Track,
    plot: &Plot,
    regions: &Regions,
    buf: &mut Buffer,
) {
    let (scale, count) = (scale(plot), plot.bins.len());
    let zero = scale.place(0.0);
    let mut canvas = Canvas::new(regions.plot, theme);
    let across = |bin: usize| bin as f64 / count.saturating_sub(1).max(1) as f64;
    let mut chromosome = 0;
    for (i, bin) in plot.bins.iter().enumerate().filter_map(|(i, bin)| Some((i, (*bin)?))) {
        // Bins and chromosomes ascend together.
        while genome.chromosomes().get(chromosome).is_some_and(|c| c.markers.end <= bin.low.min(bin.high)) {
            chromosome += 1;
        }
        let here = [bin.low, bin.high].contains(&view.cursor);
        let style = theme.style(if here { Tone::Accent } else { tone(chromosome) });
        for marker in [bin.low, bin.high] {
            let value = track.values.get(marker).copied().unwrap_or_default();
            canvas.stem(across(i), zero, scale.place(value), style);
        }
    }
    let area = regions.plot;
    if plot.range.0 < 0.0 && area.height > 2 {
        let row = ((1.0 - zero) * f64::from(area.height - 1)).round() as usize;
        let line = theme.symbols().to_do.repeat(usize::from(area.width));
        Line::styled(line, theme.style(Tone::Quiet)).render(text::row(area, row), buf);
    }
    canvas.render(buf);
}

/// The largest value, zero and the smallest at the left.
fn values(theme: Theme, plot: &Plot, area: Rect, buf: &mut Buffer) {
    let scale = scale(plot);
    let height = usize::from(area.height);
    let left = Rect { x: area.x - LABELS.min(area.x), width: LABELS.min(area.x), ..area };
    let (low, high) = plot.range;
    let last = height.saturating_sub(1);
    let zero = ((1.0 - scale.place(0.0)) * last as f64).round() as usize;
    for (value, row) in [(0.0, zero), (high, 0), (low, last)] {
        if value == 0.0 && row != zero {
            continue;
        }
        let label = text::right(&significant(value, 3), usize::from(LABELS) - 1, theme.symbols().cut);
        Line::styled(label, theme.style(Tone::Quiet)).render(text::row(left, row), buf);
    }
}

/// The cell column of a place, where it is in sight.
fn column(area: Rect, (from, to): (f64, f64), at: f64) -> Option<u16> {
    let share = (at - from) / (to - from);
    let inside = (0.0..=1.0).contains(&share) && area.width > 0;
    inside.then(|| area.x + ((share * f64::from(area.width)) as u16).min(area.width - 1))
}

/// The chromosomes' names in the middle of their stretches, and a bar where one begins.
fn labels(theme: Theme, genome: &Genome, window: (f64, f64), area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let bar = if theme.options.ascii { "|" } else { "│" };
    for (number, chromosome) in genome.chromosomes().iter().enumerate() {
        let (from, to) = (chromosome.span.0.max(window.0), chromosome.span.1.min(window.1));
        let shown = from < to || (from == to && genome.chromosomes().len() == 1);
        let Some((start, end)) = column(area, window, from).zip(column(area, window, to)).filter(|_| shown)
        else {
            continue;
        };
        buf[(start, area.y)].set_symbol(bar).set_style(theme.style(Tone::Quiet));
        let room = usize::from(end - start).saturating_sub(1);
        let name = if chromosome.name.is_empty() { "no map" } else { &chromosome.name };
        let name = text::clean(name);
        if text::width(&name) <= room {
            let x = start + 1 + ((room - text::width(&name)) / 2) as u16;
            let at = Rect { x, width: area.right() - x, ..area };
            Line::styled(name, theme.style(tone(number))).render(at, buf);
        }
    }
}

/// How a kind of QTL is drawn, and how strongly.
fn symbol(theme: Theme, kind: QtlKind) -> (&'static str, Tone) {
    match kind {
        QtlKind::Additive => ("+", Tone::Bad),
        QtlKind::Dominance | QtlKind::OverDominance | QtlKind::UnderDominance => {
            (if theme.options.ascii { "x" } else { "×" }, Tone::Good)
        }
        QtlKind::Epistatic => ("e", Tone::Warn),
        QtlKind::Imprinted => ("i", Tone::Warn),
    }
}

/// The QTL at their places; of several in a column the strongest.
fn qtl(theme: Theme, genome: &Genome, window: (f64, f64), area: Rect, buf: &mut Buffer) {
    let mut strongest: Vec<f64> = vec![-1.0; usize::from(area.width)];
    for (at, qtl) in genome.qtl() {
        let Some(x) = column(area, window, *at).filter(|_| area.height > 0) else { continue };
        let Some(strength) = strongest.get_mut(usize::from(x - area.x)) else { continue };
        if qtl.effect.abs() > *strength {
            *strength = qtl.effect.abs();
            let (mark, tone) = symbol(theme, qtl.kind);
            buf[(x, area.y)].set_symbol(mark).set_style(theme.style(tone));
        }
    }
    if area.height > 0 && area.x >= LABELS {
        let at = Rect { x: area.x - LABELS, width: LABELS, ..area };
        let label = text::right("QTL", usize::from(LABELS) - 1, theme.symbols().cut);
        Line::styled(label, theme.style(Tone::Quiet)).render(at, buf);
    }
}

/// The cursor below its column.
fn mark(
    theme: Theme,
    view: &ProfileView,
    genome: &Genome,
    window: (f64, f64),
    regions: &Regions,
    buf: &mut Buffer,
) {
    let area = regions.chromosomes;
    if let Some(x) = column(area, window, genome.along(view.cursor)).filter(|_| area.height > 0) {
        buf[(x, area.y)].set_symbol(theme.symbols().up).set_style(theme.style(Tone::Accent));
    }
}

/// "chr 5, 53.27 Mbp", as far as it is known.
fn whereabouts(genome: &Genome, marker: usize) -> String {
    let chromosome = genome.chromosome_of(marker).filter(|c| !c.name.is_empty());
    let chromosome = chromosome.map(|c| format!("chr {}", text::clean(&c.name)));
    let position = genome.position(marker).map(|p| human::thousands(p as usize));
    [chromosome, position].into_iter().flatten().collect::<Vec<_>>().join(":")
}

/// Two lines: the marker under the cursor, and the QTL nearest to it.
fn words(theme: Theme, view: &ProfileView, profile: &Profile, track: &Track, area: Rect, buf: &mut Buffer) {
    let (genome, marker, symbols) = (&profile.genome, view.cursor, theme.symbols());
    let quiet = theme.style(Tone::Quiet);
    let value = track.values.get(marker).copied().unwrap_or_default();
    let rank = view.plot.as_ref().and_then(|plot| plot.top.iter().position(|m| *m == marker));
    let rank = rank.map_or_else(String::new, |rank| format!("  strength {}", rank + 1));
    let here = match view.depth() {
        0 => "of the genome",
        1 => "of the chromosome",
        _ => "in sight",
    };
    let line = Line::from(vec![
        Span::styled(format!(" {} ", symbols.up), theme.style(Tone::Accent)),
        Span::styled(text::clean(genome.name(marker)), theme.style(Tone::Strong)),
        Span::styled(format!("  {}", whereabouts(genome, marker)), quiet),
        Span::raw(format!("  {} {}", track.name, significant(value, 4))),
        Span::styled(if rank.is_empty() { rank } else { format!("{rank} {here}") }, quiet),
    ]);
    text::fitted(line, text::row(area, 0), symbols.cut, buf);
    let second = match (genome.nearest_qtl(marker), genome.qtl().is_empty()) {
        (Some((qtl, distance)), _) => {
            let (mark, tone) = symbol(theme, qtl.kind);
            Line::from(vec![
                Span::styled(format!(" {mark} "), theme.style(tone)),
                Span::raw(format!(
                    "{} QTL {} of {}, {} away",
                    qtl.kind.word(),
                    text::clean(&qtl.name),
                    significant(qtl.effect, 3),
                    distance_words(distance)
                )),
            ])
        }
        (None, false) => Line::styled("   no QTL on this chromosome", quiet),
        (None, true) => Line::default(),
    };
    text::fitted(second, text::row(area, 1), symbols.cut, buf);
}

fn distance_words(bases: u64) -> String {
    match bases {
        0..1_000 => format!("{bases} bp"),
        1_000..1_000_000 => format!("{} kbp", significant(bases as f64 / 1e3, 3)),
        _ => format!("{} Mbp", significant(bases as f64 / 1e6, 3)),
    }
}
