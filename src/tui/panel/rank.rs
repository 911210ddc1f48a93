//! How the scores are distributed: for each score the share of trials that reach it, by what suggested the
//! trials or by their kind, with the baselines as upright lines; and a table of quantiles.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{Panel, chart, empty, scores};
use crate::analysis::distribution::{By, Group, groups};
use crate::analysis::human;
use crate::domain::value::significant;
use crate::tui::keymap::Action;
use crate::tui::plot::{Canvas, Frame, Scale, Stroke, Tick, frame};
use crate::tui::state::{AppState, PanelId};
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel = Panel { about, act, arrange, ..Panel::plain(PanelId::Rank, "Distribution", render) };

/// From this width on the table stands beside the chart.
const WIDE: u16 = 110;
/// Columns of the table, at most, and of each figure.
const TABLE: u16 = 56;
const FIGURE: usize = 8;
/// The quantiles of the table.
const QUANTILES: [(&str, f64); 4] = [("best", 0.0), ("10 %", 0.1), ("median", 0.5), ("90 %", 0.9)];

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    by: By,
    log: bool,
    /// The groups, and how many trials and what they were made of.
    groups: Vec<Group>,
    of: Option<(usize, usize, By)>,
}

impl State {
    /// Forgets what was made of a history: another one takes its place.
    pub fn forget(&mut self) {
        (self.groups, self.of) = (Vec::new(), None);
    }
}

fn about(state: &AppState) -> String {
    let dot = state.theme.symbols().dot;
    let metric = text::clean(&state.history.study().metric);
    let by = match state.panels.rank.by {
        By::Source => "by what suggested it",
        By::Kind => "by kind",
    };
    let by = if state.panels.rank.groups.len() > 1 { format!(", {by}") } else { String::new() };
    format!("{dot} trials with this {metric} or better{by}")
}

fn arrange(state: &mut AppState, _: Rect) -> Vec<Effect> {
    let panels = &mut state.panels;
    panels.survey.refresh(&state.history);
    let own = &mut panels.rank;
    if own.of.is_none() && panels.survey.sources.len() < 2 && panels.survey.kinds.len() > 1 {
        own.by = By::Kind;
    }
    let of = Some((panels.survey.ended(), panels.survey.points.len(), own.by));
    if own.of != of {
        own.groups = groups(&panels.survey, own.by);
        own.of = of;
    }
    Vec::new()
}

fn act(state: &mut AppState, action: Action, _: Rect) -> Vec<Effect> {
    let own = &mut state.panels.rank;
    match action {
        Action::Logarithm => own.log = !own.log,
        Action::NextMeasure => {
            own.by = match own.by {
                By::Source => By::Kind,
                By::Kind => By::Source,
            };
        }
        _ => {}
    }
    Vec::new()
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let groups = &state.panels.rank.groups;
    let Some(range) = chart::range(state).filter(|_| !groups.is_empty()) else {
        let words = "how the scores are distributed will stand here, from the first complete trial on";
        return empty(state.theme, words, area, buf);
    };
    let wide = area.width >= WIDE;
    let rows = (groups.len() as u16 + 2).min(area.height / 2);
    let (plot_area, table_area) = if wide {
        area.layout(&Layout::horizontal([Constraint::Fill(1), Constraint::Length(TABLE)])).into()
    } else {
        area.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(rows)])).into()
    };
    plot(state, groups, range, plot_area, buf);
    table(state, groups, table_area, buf);
}

/// How a group's line looks: that of all trials is dotted beside others, which have a mark each.
fn look(theme: Theme, number: usize, of: usize) -> (Stroke, &'static str, Style) {
    match number.checked_sub(1) {
        None if of == 1 => {
            (Stroke::Solid, if theme.options.ascii { "-" } else { "━" }, theme.style(Tone::Accent))
        }
        None => (Stroke::Dotted, if theme.options.ascii { "-" } else { "╌" }, theme.style(Tone::Plain)),
        Some(group) => (Stroke::Solid, scores::mark(theme, group), theme.series(group)),
    }
}

fn shares(most: usize) -> Vec<Tick> {
    let ticks = Scale::even(0.0, 100.0).ticks(most);
    ticks.into_iter().map(|t| Tick { label: format!("{} %", t.label), ..t }).collect()
}

fn plot(state: &AppState, groups: &[Group], (low, high): (f64, f64), area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let x = Scale::of(low, high, state.panels.rank.log);
    let frame = frame(area, buf, theme, &|n| x.ticks(n), &shares);
    let mut canvas = Canvas::new(frame.room, theme);
    for reference in &state.references {
        canvas.upright(x.place(reference.score), Stroke::Dotted, theme.style(Tone::Second));
    }
    let direction = state.history.study().direction;
    let steps = 2 * usize::from(frame.room.width).max(1);
    // The line of all lies below those of its parts.
    for (number, group) in groups.iter().enumerate() {
        let (stroke, mark, style) = look(theme, number, groups.len());
        let place = |i: usize| i as f64 / steps as f64;
        let point = |i: usize| (place(i), group.share(x.at(place(i)), direction));
        canvas.line((0..=steps).map(point), stroke, style);
        canvas.raise();
        // Not at the same places, where lines may meet.
        let (first, gap) = (steps / 10 + 2 * number, (steps / 5).max(1));
        for i in (first..=steps).step_by(gap).filter(|_| number > 0) {
            let (x, y) = point(i);
            canvas.mark(x, y, mark, style);
        }
    }
    canvas.render(buf);
    names(state, x, &frame, buf);
}

/// The baselines' names beside their lines, each a row lower than the one before.
fn names(state: &AppState, x: Scale, frame: &Frame, buf: &mut Buffer) {
    let theme = state.theme;
    let rows = usize::from(frame.room.height);
    for (row, reference) in state.references.iter().enumerate().take(rows / 2) {
        let Some((column, _)) = frame.cell(x.place(reference.score), 0.0) else { continue };
        let words = format!(" {} ", reference.name);
        let width = text::width(&words) as u16;
        let fits = |x: u16| x >= frame.room.x && x + width <= frame.room.right();
        let Some(x) = [column + 1, column.saturating_sub(width)].into_iter().find(|x| fits(*x)) else {
            continue;
        };
        let at = Rect { x, width, ..text::row(frame.room, row) };
        Line::styled(words, theme.style(Tone::Second)).render(at, buf);
    }
}

/// Each group's name with its stroke, its trials and quantiles.
fn table(state: &AppState, groups: &[Group], area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let (quiet, cut) = (theme.style(Tone::Quiet), theme.symbols().cut);
    let figures = (usize::from(area.width).saturating_sub(24) / FIGURE).min(QUANTILES.len());
    let shown = match figures {
        // The median says more than the quantiles around it.
        2 => vec![QUANTILES[0], QUANTILES[2]],
        _ => QUANTILES[..figures].to_vec(),
    };
    let name = usize::from(area.width).saturating_sub(FIGURE * (shown.len() + 1) + 5).min(28);
    let heads: String = shown.iter().map(|(head, _)| format!("{head:>FIGURE$}")).collect();
    let head = format!("{}{:>FIGURE$}{heads}", " ".repeat(name + 4), "trials");
    Line::styled(head, quiet).render(text::row(area, usize::from(area.height > 4)), buf);
    let from = usize::from(area.height > 4) + 1;
    for (number, group) in groups.iter().enumerate() {
        let (_, mark, style) = look(theme, number, groups.len());
        let mut spans = vec![
            Span::styled(format!(" {mark}{mark} "), style),
            Span::raw(text::left(&group.name, name, cut)),
            Span::styled(format!("{:>FIGURE$}", human::thousands(group.scores.len())), quiet),
        ];
        let figure = |q: f64| text::right(&significant(group.quantile(q), 4), FIGURE, cut);
        spans.extend(shown.iter().map(|(_, q)| Span::raw(figure(*q))));
        text::fitted(Line::from(spans), text::row(area, from + number), cut, buf);
    }
}
