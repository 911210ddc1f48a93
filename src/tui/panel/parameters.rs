//! A trial's values beside the best trial's, and where they lie in what is searched.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Panel, detail, empty};
use crate::analysis::parameters::plain_name;
use crate::domain::space::{Condition, Distribution, Parameter};
use crate::domain::trial::Trial;
use crate::domain::value::{Params, Value};
use crate::tui::keymap::Action;
use crate::tui::navigate;
use crate::tui::state::{AppState, PanelId};
use crate::tui::text::{self, left, right};
use crate::tui::theme::Tone;
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel = Panel { about, place, act, ..Panel::plain(PanelId::Parameters, "Values", render) };

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    cursor: usize,
}

/// Columns of a value.
const VALUE: usize = 12;
/// Most columns of a gauge.
const GAUGE: usize = 40;

/// A parameter of a trial.
struct Row<'a> {
    name: &'a str,
    value: Option<&'a Value>,
    /// The best trial's.
    best: Option<&'a Value>,
    /// Where it is searched; none of a fixed one.
    parameter: Option<&'a Parameter>,
}

impl Row<'_> {
    fn differs(&self) -> bool {
        self.parameter.is_some() && self.value != self.best
    }
}

/// The best trial, where it is another one.
fn other<'a>(state: &'a AppState, trial: &Trial) -> Option<&'a Trial> {
    state.history.incumbent().filter(|best| best.id != trial.id)
}

/// The searched parameters that the trial or the best one has, then the fixed ones.
fn rows<'a>(state: &'a AppState, trial: &'a Trial) -> Vec<Row<'a>> {
    let study = state.history.study();
    let best = other(state, trial);
    let of_best = |name: &str| best.and_then(|best| best.params.get(name));
    let searched = study.space.parameters.iter().map(|parameter| Row {
        name: &parameter.name,
        value: trial.params.get(&parameter.name),
        best: of_best(&parameter.name),
        parameter: Some(parameter),
    });
    let fixed = study.fixed_in(&trial.params);
    let fixed =
        fixed.map(|(name, value)| Row { name, value: Some(value), best: Some(value), parameter: None });
    searched.filter(|row| row.value.is_some() || row.best.is_some()).chain(fixed).collect()
}

fn about(state: &AppState) -> String {
    let Some(trial) = detail::shown(state) else { return String::new() };
    match other(state, trial) {
        Some(best) => format!("of trial {}, beside the best, {}", trial.id, best.id),
        None => format!("of trial {}", trial.id),
    }
}

fn place(state: &AppState, _rows: usize) -> String {
    let Some((trial, best)) = detail::shown(state).and_then(|t| Some((t, other(state, t)?))) else {
        return String::new();
    };
    let searched = state.history.study().space.parameters.iter();
    let differ = searched.filter(|p| trial.params.get(&p.name) != best.params.get(&p.name)).count();
    format!("{differ} differ")
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    let count = detail::shown(state).map_or(0, |trial| rows(state, trial).len());
    if let Some(by) = navigate::distance(action, usize::from(area.height).saturating_sub(2)) {
        let at = state.panels.parameters.cursor.min(count.saturating_sub(1));
        state.panels.parameters.cursor = navigate::clamped(at, by, count);
    }
    Vec::new()
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let Some(trial) = detail::shown(state) else {
        return empty(theme, "a trial's values stand here, beside the best trial's", area, buf);
    };
    let rows = rows(state, trial);
    if rows.is_empty() {
        return empty(theme, "nothing is searched, and nothing is fixed", area, buf);
    }
    let area = detail::inset(area);
    let cut = theme.symbols().cut;
    let columns = Columns::of(state, trial, &rows, usize::from(area.width));
    text::fitted(columns.heading(state, trial), text::row(area, 0), cut, buf);
    let height = usize::from(area.height).saturating_sub(2);
    let cursor = state.panels.parameters.cursor.min(rows.len() - 1);
    let from = (cursor + 1).saturating_sub(height);
    for (i, row) in rows.iter().enumerate().skip(from).take(height) {
        text::fitted(columns.line(state, trial, row, i == cursor), text::row(area, 1 + i - from), cut, buf);
    }
    let last = text::row(area, usize::from(area.height).saturating_sub(1).max(1));
    if let Some(row) = rows.get(cursor) {
        let more = rows.len().saturating_sub(from + height);
        let more = if more > 0 { format!("{more} more") } else { String::new() };
        let words = Line::styled(words(state, trial, row), theme.style(Tone::Quiet));
        let room = Rect { width: last.width.saturating_sub(more.len() as u16 + 1), ..last };
        text::fitted(words, room, cut, buf);
        let at =
            Rect { x: last.right() - (more.len() as u16).min(last.width), width: more.len() as u16, ..last };
        text::fitted(Line::styled(more, theme.style(Tone::Accent)), at.intersection(last), cut, buf);
    }
}

/// All that there is to say of the parameter under the cursor.
fn words(state: &AppState, trial: &Trial, row: &Row<'_>) -> String {
    let Some(parameter) = row.parameter else {
        return format!(
            "{} is fixed at {}",
            row.name,
            row.value.map(ToString::to_string).unwrap_or_default()
        );
    };
    let mut words = format!("{}: {}", row.name, parameter.distribution);
    let now = state.history.space().parameters.iter().find(|p| p.name == parameter.name);
    if let Some(now) = now.filter(|now| now.distribution != parameter.distribution) {
        words += &format!("; now searched in {}", now.distribution);
    }
    let known = |condition: &Condition| {
        let values: Vec<String> = condition.is.iter().map(ToString::to_string).collect();
        format!("{} is {}", plain_name(&condition.parameter, &trial.params), values.join(", "))
    };
    if !parameter.when.is_empty() {
        let conditions: Vec<String> = parameter.when.iter().map(known).collect();
        words += &format!("; only when {}", conditions.join(" and "));
    }
    // Ranges are written with a dash that not every screen has.
    text::clean(&words.replace('–', state.theme.symbols().range))
}

/// How wide the columns are.
struct Columns {
    name: usize,
    value: usize,
    /// The best trial's; 0 without one.
    best: usize,
    gauge: usize,
}

impl Columns {
    fn of(state: &AppState, trial: &Trial, rows: &[Row<'_>], room: usize) -> Self {
        let name = rows.iter().map(|row| text::width(shown_name(trial, row))).max().unwrap_or(0).clamp(9, 26);
        let value = |value: Option<&Value>| value.map_or(0, |value| text::width(&value.to_string()));
        let widest = rows.iter().map(|row| value(row.value).max(value(row.best))).max().unwrap_or(0);
        let value = widest.clamp(9, VALUE + 6).min(room / 4);
        let best = if other(state, trial).is_some() { value } else { 0 };
        let left = room.saturating_sub(2 + name + value + best + 6);
        Columns { name, value, best, gauge: if left < 12 { 0 } else { left.min(GAUGE) } }
    }

    fn heading(&self, state: &AppState, trial: &Trial) -> Line<'static> {
        let (theme, symbols) = (state.theme, state.theme.symbols());
        let mut words = format!(
            "  {}  {}",
            left("parameter", self.name, symbols.cut),
            right(&format!("trial {}", trial.id), self.value, symbols.cut)
        );
        if let Some(best) = other(state, trial) {
            let best = format!("{} {}", symbols.best, best.id);
            words += &format!("  {}", right(&best, self.best, symbols.cut));
        }
        if self.gauge > 0 {
            words += "  where it is searched";
        }
        Line::styled(words, theme.style(Tone::Strong))
    }

    fn line(&self, state: &AppState, trial: &Trial, row: &Row<'_>, here: bool) -> Line<'static> {
        let (theme, symbols) = (state.theme, state.theme.symbols());
        let value = |value: Option<&Value>, room: usize| {
            let words = value.map_or(symbols.none.to_owned(), |value| text::clean(&value.to_string()));
            right(&words, room, symbols.cut)
        };
        let quiet = row.parameter.is_none() || row.value.is_none();
        let tone = match (quiet, row.differs() && self.best > 0) {
            (true, _) => Tone::Quiet,
            (_, true) => Tone::Strong,
            _ => Tone::Plain,
        };
        let name_tone = if here {
            Tone::Accent
        } else if quiet {
            Tone::Quiet
        } else {
            Tone::Plain
        };
        let cursor = if here { symbols.cursor } else { " " };
        let mut line = Line::from(vec![
            Span::styled(format!("{cursor} "), theme.style(Tone::Accent)),
            Span::styled(left(shown_name(trial, row), self.name, symbols.cut), theme.style(name_tone)),
            Span::styled(format!("  {}", value(row.value, self.value)), theme.style(tone)),
        ]);
        if self.best > 0 {
            // What is the same is not said twice.
            let best = if row.differs() { value(row.best, self.best) } else { right("=", self.best, "") };
            let best = if row.parameter.is_none() { " ".repeat(self.best) } else { best };
            let tone = if row.differs() { Tone::Good } else { Tone::Quiet };
            line.push_span(Span::styled(format!("  {best}"), theme.style(tone)));
        }
        if self.gauge > 0 {
            line.push_span(Span::raw("  "));
            match row.parameter {
                Some(parameter) => line.spans.extend(self.gauge(state, trial, row, parameter)),
                None => line.push_span(Span::styled("fixed", theme.style(Tone::Quiet))),
            }
        }
        line
    }

    /// The range as a line on which both values lie; what is searched now stands out.
    fn gauge(
        &self,
        state: &AppState,
        trial: &Trial,
        row: &Row<'_>,
        parameter: &Parameter,
    ) -> Vec<Span<'static>> {
        let (theme, symbols) = (state.theme, state.theme.symbols());
        let cells = self.gauge;
        let place = |value: &Value| {
            let at = parameter.distribution.to_unit(value)?;
            Some(((at * cells as f64) as usize).min(cells - 1))
        };
        let now = state.history.space().parameters.iter().find(|p| p.name == parameter.name);
        let narrowed = now.filter(|now| now.distribution != parameter.distribution);
        let inside = narrowed.and_then(|now| match &now.distribution {
            Distribution::Float { low, high, .. } => {
                Some((place(&Value::Float(*low))?, place(&Value::Float(*high))?))
            }
            Distribution::Int { low, high, .. } => {
                Some((place(&Value::Int(*low))?, place(&Value::Int(*high))?))
            }
            Distribution::Choice { .. } => None,
        });
        let (own, best) = (row.value.and_then(place), row.best.and_then(place));
        let best = best.filter(|_| other(state, trial).is_some());
        let cell = |i: usize| match i {
            i if own == Some(i) => Span::styled(symbols.state, theme.style(Tone::Accent)),
            i if best == Some(i) => Span::styled(symbols.best, theme.style(Tone::Good)),
            i if inside.is_some_and(|(from, to)| (from..=to).contains(&i)) => {
                Span::styled(symbols.done, theme.style(Tone::Plain))
            }
            _ => Span::styled(symbols.to_do, theme.style(Tone::Quiet)),
        };
        (0..cells).map(cell).collect()
    }
}

/// A parameter's name beside its trial's kind; one of another kind keeps the kind's.
fn shown_name<'a>(trial: &'a Trial, row: &Row<'a>) -> &'a str {
    let params: &Params = &trial.params;
    plain_name(row.name, params)
}
