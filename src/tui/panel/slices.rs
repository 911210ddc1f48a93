//! The score along each parameter: as many small charts as fit, or a large one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Panel, chart, empty, scores};
use crate::analysis::survey::Survey;
use crate::domain::space::{Distribution, Parameter};
use crate::domain::trial::TrialId;
use crate::tui::keymap::Action;
use crate::tui::plot::{Canvas, Scale, Stroke, frame, parameter_ticks};
use crate::tui::state::{AppState, PanelId};
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel =
    Panel { about: scores::about, place, act, arrange, ..Panel::plain(PanelId::Slices, "Slices", render) };

/// Columns and rows of a small chart, at least.
const LEAST: (u16, u16) = (30, 8);
/// Columns and rows beyond which it gains nothing.
const AMPLE: (u16, u16) = (60, 16);
/// Most dots of a small and of a large chart; the best ones are always among them.
const DOTS: (usize, usize) = (400, 2_000);
const BEST: usize = 30;

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    first: usize,
    /// Whether there is one large chart where there would be several, or the other way round.
    turned: bool,
    log: bool,
}

/// Whether one parameter has all the room.
fn is_single(state: &AppState) -> bool {
    state.zoomed != state.panels.slices.turned
}

/// Columns and rows of charts in an area.
fn grid(state: &AppState, area: Rect) -> (usize, usize) {
    let count = state.history.study().space.dimensions().max(1);
    let most = (
        usize::from(area.width / LEAST.0).max(1),
        usize::from(area.height.saturating_sub(1) / LEAST.1).max(1),
    );
    if is_single(state) {
        return (1, 1);
    }
    // No more charts than are needed, and large ones where there is room for all.
    let ample = (usize::from(area.width / AMPLE.0).max(1), usize::from(area.height / AMPLE.1).max(1));
    let mut best = ample;
    while best.0 * best.1 < count && best != most {
        if best.1 < most.1 && (best.0 * (best.1 + 1) >= count || best.0 >= most.0) {
            best.1 += 1;
        } else if best.0 < most.0 {
            best.0 += 1;
        } else {
            best.1 += 1;
        }
    }
    let columns = best.0.min(count);
    (columns, best.1.min(count.div_ceil(columns)))
}

/// Which parameters are in sight, where those are not all.
fn place(state: &AppState, _: usize) -> String {
    let log = if state.panels.slices.log { "log " } else { "" };
    let count = state.history.study().space.dimensions();
    match state.panels.slices.first {
        0 => log.trim_end().to_owned(),
        first => format!("{log}from {} of {count}", first + 1),
    }
}

/// The last parameter that may stand first.
fn last_first(state: &AppState, area: Rect) -> usize {
    let (columns, rows) = grid(state, area);
    state.history.study().space.dimensions().saturating_sub(columns * rows)
}

fn arrange(state: &mut AppState, area: Rect) -> Vec<Effect> {
    state.panels.survey.refresh(&state.history);
    state.panels.slices.first = state.panels.slices.first.min(last_first(state, area));
    Vec::new()
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    let last = last_first(state, area);
    let own = &mut state.panels.slices;
    match action {
        Action::Next | Action::Down => own.first = (own.first + 1).min(last),
        Action::Previous | Action::Up => own.first = own.first.saturating_sub(1),
        Action::First => own.first = 0,
        Action::Last => own.first = last,
        Action::Open => own.turned = !own.turned,
        Action::Logarithm => own.log = !own.log,
        _ => {}
    }
    Vec::new()
}

/// The trials that are drawn, oldest first, and every how many.
pub(super) fn sample(survey: &Survey, most: usize) -> (Vec<TrialId>, usize) {
    let each = survey.ranked.len().div_ceil(most).max(1);
    let mut chosen: Vec<TrialId> = survey.ranked.iter().copied().take(BEST.min(most)).collect();
    chosen.extend(survey.ranked.iter().copied().skip(BEST.min(most)).step_by(each));
    chosen.sort_unstable();
    (chosen, each)
}

/// The mark of a trial by its age: the first, second and last third.
fn aged(theme: Theme, age: usize) -> (&'static str, Tone) {
    match (age, theme.options.ascii) {
        (0, false) => ("·", Tone::Quiet),
        (1, false) => ("∘", Tone::Second),
        (_, false) => ("●", Tone::Accent),
        (0, true) => (".", Tone::Quiet),
        (1, true) => ("o", Tone::Second),
        (_, true) => ("@", Tone::Accent),
    }
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let (theme, survey) = (state.theme, &state.panels.survey);
    let parameters = &state.history.study().space.parameters;
    if parameters.is_empty() {
        return empty(theme, "the study searches no parameter", area, buf);
    }
    let Some(range) = chart::range(state).filter(|_| !survey.ranked.is_empty()) else {
        let words = "the score along each parameter will stand here, from the first complete trial on";
        return empty(theme, words, area, buf);
    };
    let (columns, rows) = grid(state, area);
    let foot = u16::from(area.height > LEAST.1);
    let body = Rect { height: area.height - foot, ..area };
    let (chosen, each) = sample(survey, if columns * rows == 1 { DOTS.1 } else { DOTS.0 });
    let first = state.panels.slices.first.min(parameters.len() - 1);
    for (i, (number, parameter)) in parameters.iter().enumerate().skip(first).take(columns * rows).enumerate()
    {
        let part = |all: u16, i: usize, of: usize| (usize::from(all) * i / of) as u16;
        let (column, row) = (i % columns, i / columns);
        let (x, y) = (part(body.width, column, columns), part(body.height, row, rows));
        let cell = Rect {
            x: body.x + x,
            y: body.y + y,
            width: part(body.width, column + 1, columns) - x,
            height: part(body.height, row + 1, rows) - y,
        };
        // A column of air between neighbours.
        let cell = Rect { width: cell.width.saturating_sub(1), ..cell };
        one(state, (number, parameter), range, &chosen, cell, buf);
    }
    if foot > 0 {
        let at = text::row(area, usize::from(area.height) - 1);
        text::fitted(legend(state, each), at, theme.symbols().cut, buf);
    }
}

fn legend(state: &AppState, each: usize) -> Line<'static> {
    let theme = state.theme;
    let quiet = theme.style(Tone::Quiet);
    let mut line = Line::raw(" ");
    for (age, word) in
        ["the first third", "the second", "the last third of the trials"].into_iter().enumerate()
    {
        let (mark, tone) = aged(theme, age);
        line.push_span(Span::styled(format!("{mark} "), theme.style(tone)));
        line.push_span(Span::styled(format!("{word}   "), quiet));
    }
    line.push_span(Span::styled(format!("{} ", theme.symbols().best), theme.style(Tone::Good)));
    line.push_span(Span::styled("best   ", quiet));
    if each > 1 {
        line.push_span(Span::styled(format!("one of {each} is drawn"), quiet));
    }
    line
}

/// A parameter's chart with its name above.
fn one(
    state: &AppState,
    (number, parameter): (usize, &Parameter),
    (low, high): (f64, f64),
    chosen: &[TrialId],
    area: Rect,
    buf: &mut Buffer,
) {
    let theme = state.theme;
    let log = match parameter.distribution {
        Distribution::Float { log, .. } | Distribution::Int { log, .. } => log,
        Distribution::Choice { .. } => false,
    };
    let mut title = Line::from(vec![
        Span::raw(" "),
        Span::styled(text::clean(&parameter.name), theme.style(Tone::Strong)),
    ]);
    title.push_span(Span::styled(if log { " (log)" } else { "" }, theme.style(Tone::Quiet)));
    text::fitted(title, text::row(area, 0), theme.symbols().cut, buf);
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }.intersection(area);
    let y = Scale::of(low, high, state.panels.slices.log);
    let ticks = |n| parameter_ticks(&parameter.distribution, n);
    let frame = frame(below, buf, theme, &ticks, &|n| y.ticks(n));
    let mut canvas = Canvas::new(frame.room, theme);
    if let Some(reference) = state.references.first() {
        let at = y.place(reference.score);
        let inside = (0.0..=1.0).contains(&at);
        let line = [(0.0, at), (1.0, at)];
        canvas.line(line.into_iter().filter(|_| inside), Stroke::Dotted, theme.style(Tone::Second));
    }
    let total = state.panels.survey.points.len().max(1);
    // Trials of a choice stand beside each other, where they would hide each other.
    let spread = match &parameter.distribution {
        Distribution::Choice { choices } => 0.6 / choices.len() as f64,
        Distribution::Float { .. } | Distribution::Int { .. } => 0.0,
    };
    let put = |canvas: &mut Canvas, id: TrialId, symbol: &'static str, tone: Tone| {
        let Some(trial) = state.history.trial(id) else { return };
        let unit = trial.point.get(number).filter(|_| trial.params.contains_key(&parameter.name));
        if let Some((x, score)) = unit.zip(trial.score) {
            let aside = spread * ((id as f64 * 0.618).fract() - 0.5);
            canvas.mark(*x + aside, y.place(score).clamp(0.0, 1.0), symbol, theme.style(tone));
        }
    };
    for id in chosen {
        let (symbol, tone) = aged(theme, 3 * id / total);
        put(&mut canvas, *id, symbol, tone);
    }
    for id in &state.marked {
        put(&mut canvas, *id, scores::mark(theme, 3), Tone::Warn);
    }
    if let Some(best) = state.history.incumbent() {
        put(&mut canvas, best.id, theme.symbols().best, Tone::Good);
    }
    canvas.render(buf);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(ranked: impl IntoIterator<Item = TrialId>) -> Survey {
        let mut survey = Survey::default();
        survey.ranked.extend(ranked);
        survey
    }

    #[test]
    fn a_sample_holds_the_best_and_some_of_the_rest() {
        let survey = ranked((0..10_000).rev());
        let (chosen, each) = sample(&survey, 400);
        assert_eq!(each, 25);
        assert!(chosen.len() <= 430 && chosen.is_sorted());
        assert_eq!(chosen[chosen.len() - 30..], (9_970..10_000).collect::<Vec<_>>());
        assert_eq!(sample(&ranked([2, 0]), 400), (vec![0, 2], 1));
    }
}
