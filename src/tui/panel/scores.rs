//! Every score over the trial's number: what the search found in the course of time.
//!
//! ```text
//! ● complete  ▽ pruned  × failed
//! dots, the best so far, the baselines' lines
//! the trial under the cursor
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{Panel, chart, empty};
use crate::analysis::human;
use crate::analysis::survey::{Fate, Survey};
use crate::domain::direction::Direction;
use crate::domain::trial::{Trial, TrialId};
use crate::domain::value::significant;
use crate::tui::keymap::Action;
use crate::tui::navigate;
use crate::tui::order::Row;
use crate::tui::plot::{Canvas, Frame, Scale, Stroke, Tick, Window, frame};
use crate::tui::state::{AppState, PanelId};
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel =
    Panel { about, place, act, arrange, ..Panel::plain(PanelId::Scores, "History", render) };

/// Fewest trials in sight.
const FEWEST: f64 = 8.0;
/// So many trials a column have a mark each; of more they are dots.
const CROWD: usize = 2;

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The trial under the cursor where the leaderboard's filter hides it, and what is selected there instead.
    /// Otherwise the selection is one and the same.
    hidden: Option<(Option<Row>, TrialId)>,
    /// The trials in sight.
    window: Window,
    /// Whether scores are drawn in the logarithm.
    log: bool,
}

/// What is measured, and which way is better.
pub(super) fn about(state: &AppState) -> String {
    let study = state.history.study();
    let better = match study.direction {
        Direction::Minimize => "lower is better",
        Direction::Maximize => "higher is better",
    };
    format!("{} {}, {better}", state.theme.symbols().dot, text::clean(&study.metric))
}

/// The trial under the cursor: the leaderboard's, and where that is none the best one.
pub fn cursor(state: &AppState) -> Option<TrialId> {
    let selected = state.table.selected();
    let hidden = state.panels.scores.hidden.filter(|(then, _)| *then == selected).map(|(_, id)| id);
    let best = || state.history.incumbent().map(|t| t.id);
    hidden.or_else(|| selected.and_then(Row::trial)).or_else(best)
}

/// The trials in sight, where those are not all.
fn place(state: &AppState, _rows: usize) -> String {
    let own = &state.panels.scores;
    let log = if own.log { "log " } else { "" };
    let count = state.panels.survey.points.len();
    if own.window.is_whole() || count == 0 {
        return log.trim_end().to_owned();
    }
    let (from, to) = in_sight(own.window, count);
    format!("{log}{} to {} of {}", from, to, human::thousands(count))
}

/// The first and the last trial in sight.
fn in_sight(window: Window, count: usize) -> (TrialId, TrialId) {
    let last = count.saturating_sub(1) as f64;
    ((window.from * last).ceil() as usize, (window.to * last).floor() as usize)
}

fn arrange(state: &mut AppState, _: Rect) -> Vec<Effect> {
    state.panels.survey.refresh(&state.history);
    Vec::new()
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    state.panels.survey.refresh(&state.history);
    let count = state.panels.survey.points.len();
    let (Some(at), Some(last)) = (cursor(state), count.checked_sub(1)) else { return Vec::new() };
    let share = |id: TrialId| if last == 0 { 0.5 } else { id as f64 / last as f64 };
    let own = &mut state.panels.scores;
    let page = ((own.window.width() * last as f64) as usize / 10).max(1) as isize;
    let to = match action {
        Action::Open => {
            navigate::open(state, Some(Row::Trial(at)));
            return Vec::new();
        }
        Action::Logarithm => {
            own.log = !own.log;
            return Vec::new();
        }
        Action::ZoomIn => {
            own.window.zoom_in(share(at), (FEWEST / count as f64).min(1.0));
            return Vec::new();
        }
        Action::ZoomOut => {
            own.window.zoom_out(share(at));
            return Vec::new();
        }
        Action::Left => navigate::clamped(at, -1, count),
        Action::Right => navigate::clamped(at, 1, count),
        Action::PageUp => navigate::clamped(at, -page, count),
        Action::PageDown => navigate::clamped(at, page, count),
        Action::First => 0,
        Action::Last => last,
        Action::Up | Action::Down => {
            let ranked = &state.panels.survey.ranked;
            let rank = ranked.iter().position(|id| *id == at).unwrap_or(0);
            let by = navigate::distance(action, usize::from(area.height)).unwrap_or(0);
            match ranked.get(navigate::clamped(rank, by, ranked.len())) {
                Some(id) => *id,
                None => return Vec::new(),
            }
        }
        _ => return Vec::new(),
    };
    state.table.select(Row::Trial(to));
    let selected = state.table.selected();
    let own = &mut state.panels.scores;
    own.hidden = (selected != Some(Row::Trial(to))).then_some((selected, to));
    own.window.show(share(to));
    Vec::new()
}

/// The mark of a complete trial of a kind.
pub(super) fn mark(theme: Theme, kind: usize) -> &'static str {
    const UNICODE: [&str; 6] = ["●", "■", "▲", "◆", "○", "□"];
    const ASCII: [&str; 6] = ["o", "#", "%", "&", "@", "$"];
    if theme.options.ascii { ASCII[kind % 6] } else { UNICODE[kind % 6] }
}

fn mark_of(theme: Theme, fate: Fate, kind: usize) -> (&'static str, Tone) {
    let ascii = theme.options.ascii;
    match fate {
        Fate::Pruned => (if ascii { "v" } else { "▽" }, Tone::Warn),
        Fate::Failed => (if ascii { "x" } else { "×" }, Tone::Bad),
        Fate::Cancelled => (if ascii { "c" } else { "⊘" }, Tone::Quiet),
        Fate::Complete | Fate::Live => (mark(theme, kind), Tone::Plain),
    }
}

/// The style of a kind's dots; one alone is beside the point of the best line.
fn style_of(theme: Theme, survey: &Survey, kind: usize) -> Style {
    if survey.kinds.len() > 1 { theme.series(kind) } else { theme.style(Tone::Quiet) }
}

/// What the marks mean; only of what there is.
fn legend(state: &AppState, survey: &Survey) -> Line<'static> {
    let theme = state.theme;
    let mut line = Line::raw(" ");
    let mut entry = |mark: &str, style: Style, word: &str| {
        line.push_span(Span::styled(format!("{mark} "), style));
        line.push_span(Span::styled(format!("{}   ", text::clean(word)), theme.style(Tone::Quiet)));
    };
    for (kind, name) in survey.kinds.iter().enumerate() {
        let word = if name.is_empty() { "complete" } else { name };
        entry(mark(theme, kind), style_of(theme, survey, kind), word);
    }
    let counts = state.history.counts();
    let others = [
        (Fate::Pruned, counts.pruned, "pruned"),
        (Fate::Failed, counts.failed, "failed"),
        (Fate::Cancelled, counts.cancelled, "cancelled"),
    ];
    for (fate, count, word) in others {
        let (mark, tone) = mark_of(theme, fate, 0);
        if count > 0 {
            entry(mark, theme.style(tone), &format!("{} {word}", human::thousands(count)));
        }
    }
    let best = if theme.options.ascii { "--" } else { "──" };
    entry(best, theme.style(Tone::Good), "best so far");
    line
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let survey = &state.panels.survey;
    let Some(range) = chart::range(state).filter(|_| !survey.points.is_empty()) else {
        return empty(
            state.theme,
            "each trial's score will stand here, from the first one that completes",
            area,
            buf,
        );
    };
    let rows = [u16::from(area.height >= 8), u16::from(area.height >= 5)].map(Constraint::Length);
    let [above, main, below] = area.layout(&Layout::vertical([rows[0], Constraint::Fill(1), rows[1]]));
    text::fitted(legend(state, survey), above, state.theme.symbols().cut, buf);
    plot(state, survey, range, main, buf);
    text::fitted(words(state), below, state.theme.symbols().cut, buf);
}

/// Whole numbers only.
fn numbers(scale: Scale, most: usize) -> Vec<Tick> {
    let whole = |tick: &Tick| (scale.at(tick.place) - scale.at(tick.place).round()).abs() < 1e-6;
    let name = |tick: Tick| Tick { label: format!("{:.0}", scale.at(tick.place)), ..tick };
    scale.ticks(most).into_iter().filter(whole).map(name).collect()
}

fn plot(state: &AppState, survey: &Survey, (low, high): (f64, f64), area: Rect, buf: &mut Buffer) {
    let (theme, own) = (state.theme, &state.panels.scores);
    let last = survey.points.len().saturating_sub(1) as f64;
    let y = Scale::of(low, high, own.log);
    // Half a trial of room at both ends keeps marks off the edges.
    let (from, to) = (own.window.from * last - 0.5, own.window.to * last + 0.5);
    let x = Scale::even(from, to);
    let frame = frame(area, buf, theme, &|n| numbers(x, n), &|n| y.ticks(n));
    let mut canvas = Canvas::new(frame.room, theme);
    let references: Vec<_> = state.references.iter().map(|r| (r.name.clone(), r.score)).collect();
    let labels = chart::lines(theme, &mut canvas, y, &references);
    points(state, survey, (x, y), &mut canvas);
    canvas.raise();
    steps(survey, (x, y), theme.style(Tone::Good), &mut canvas);
    canvas.render(buf);
    chart::names(theme, frame.room, &labels, buf);
    hairs(state, survey, (x, y), &frame, buf);
}

fn points(state: &AppState, survey: &Survey, (x, y): (Scale, Scale), canvas: &mut Canvas) {
    let theme = state.theme;
    let (from, to) = in_sight(state.panels.scores.window, survey.points.len());
    let crowded = to.saturating_sub(from) > CROWD * usize::from(canvas.area().width);
    let as_dots = crowded && (survey.kinds.len() < 2 || theme.options.color);
    let direction = state.history.study().direction;
    // The worst edge.
    let edge = f64::from(u8::from(direction.is_better(0.0, 1.0)));
    for (id, point) in survey.points.iter().enumerate().skip(from).take(to + 1 - from.min(to)) {
        let place = y.place(point.score);
        let (symbol, tone) = mark_of(theme, point.fate, point.kind);
        let at = x.place(id as f64);
        match point.fate {
            Fate::Live => {}
            Fate::Complete if !(0.0..=1.0).contains(&place) => {
                let symbols = theme.symbols();
                let arrow = if place > 1.0 { symbols.up } else { symbols.down };
                canvas.mark(at, place.clamp(0.0, 1.0), arrow, theme.style(Tone::Quiet));
            }
            Fate::Complete if as_dots => canvas.dot(at, place, style_of(theme, survey, point.kind)),
            Fate::Complete => canvas.mark(at, place, symbol, style_of(theme, survey, point.kind)),
            Fate::Pruned if place.is_finite() => {
                canvas.mark(at, place.clamp(0.0, 1.0), symbol, theme.style(tone))
            }
            Fate::Pruned | Fate::Failed | Fate::Cancelled => canvas.mark(at, edge, symbol, theme.style(tone)),
        }
    }
}

/// The best score so far, as stairs.
fn steps(survey: &Survey, (x, y): (Scale, Scale), style: Style, canvas: &mut Canvas) {
    let (from, to) = x.range();
    let mut corners = Vec::with_capacity(2 * survey.steps.len() + 2);
    let mut level = None;
    for (id, score) in survey.steps.iter().filter(|(id, _)| *id as f64 <= to) {
        let at = x.place((*id as f64).max(from));
        corners.extend(level.map(|before| (at, before)));
        level = Some(y.place(*score));
        corners.extend(level.map(|now| (at, now)));
    }
    corners.extend(level.map(|now| (1.0, now)));
    canvas.line(corners, Stroke::Solid, style);
}

/// The hairs through the trial under the cursor, and its mark.
fn hairs(state: &AppState, survey: &Survey, (x, y): (Scale, Scale), frame: &Frame, buf: &mut Buffer) {
    let Some(id) = cursor(state) else { return };
    let Some(point) = survey.points.get(id) else { return };
    let theme = state.theme;
    let place = (x.place(id as f64), y.place(point.score).clamp(0.0, 1.0));
    let score = if point.score.is_finite() { significant(point.score, 4) } else { String::new() };
    frame.cross(buf, place, (&id.to_string(), &score));
    if let Some(at) = frame.cell(place.0, place.1).filter(|_| point.score.is_finite()) {
        let best = state.history.incumbent().is_some_and(|t| t.id == id);
        let (symbol, _) = mark_of(theme, point.fate, point.kind);
        let symbol = if best { theme.symbols().best } else { symbol };
        buf[at].set_symbol(symbol).set_style(theme.style(Tone::Accent));
    }
}

/// The trial under the cursor in words.
fn words(state: &AppState) -> Line<'static> {
    let Some(trial) = cursor(state).and_then(|id| state.history.trial(id)) else { return Line::default() };
    let mut line = trial_words(state, trial);
    let by = text::clean(&trial.origin.by);
    let dot = state.theme.symbols().dot;
    let quiet = state.theme.style(Tone::Quiet);
    if !by.is_empty() {
        line.push_span(Span::styled(format!(" {dot} by {by}"), quiet));
    }
    let seconds = human::duration(trial.seconds(state.now));
    line.push_span(Span::styled(format!(" {dot} {seconds}"), quiet));
    line
}

/// A trial's number, kind, score and state.
pub(super) fn trial_words(state: &AppState, trial: &Trial) -> Line<'static> {
    let theme = state.theme;
    let symbols = theme.symbols();
    let best = state.history.incumbent().is_some_and(|t| t.id == trial.id);
    let mut line = Line::from(vec![
        Span::styled(format!(" {} ", symbols.cursor), theme.style(Tone::Accent)),
        Span::styled(format!("trial {}", trial.id), theme.style(Tone::Strong)),
    ]);
    if best {
        line.push_span(Span::styled(format!(" {}", symbols.best), theme.style(Tone::Good)));
    }
    if let Some(score) = trial.score {
        let metric = text::clean(&state.history.study().metric);
        line.push_span(Span::raw(format!("  {metric} {}", significant(score, 4))));
        let spread = trial.spread().map(|s| format!(" {} {}", symbols.plus_minus, significant(s, 2)));
        line.push_span(Span::styled(spread.unwrap_or_default(), theme.style(Tone::Quiet)));
    }
    let word = trial.state.word();
    line.push_span(Span::styled(format!(" {} ", symbols.dot), theme.style(Tone::Quiet)));
    line.push_span(Span::styled(word, theme.style(theme.state(&trial.state))));
    line
}
