//! What a trial's networks predict of the rows that they were validated on, against what was observed.
//!
//! ```text
//! scatter, or who was taken for whom │ agreement of each fold
//!                                    │ individuals, the largest error first
//! ```

mod confusion;
mod scatter;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::{Panel, detail, empty};
use crate::analysis::agreement::{Agreement, Confusion};
use crate::domain::event::ObjectiveKind;
use crate::domain::task::Task;
use crate::domain::trial::{TrialId, TrialState};
use crate::domain::value::significant;
use crate::tui::ask::{Ask, Awaited, Prediction, Predictions};
use crate::tui::keymap::Action;
use crate::tui::navigate;
use crate::tui::state::{AppState, PanelId};
use crate::tui::text::{self, left, right};
use crate::tui::theme::Tone;
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel =
    Panel { about, place, act, arrange, ..Panel::plain(PanelId::Predictions, "Predictions", render) };

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    found: Awaited<Arc<Predictions>>,
    output: usize,
    /// The fold that is looked at; none for all.
    fold: Option<usize>,
    /// The place in the order of errors.
    cursor: usize,
    view: Option<View>,
}

/// What is drawn of one output and fold.
#[derive(Debug, Clone, PartialEq)]
struct View {
    of: (usize, Option<usize>),
    /// The rows, the largest error first.
    order: Vec<usize>,
    /// Of all folds together, then of each.
    agreements: Vec<(Option<usize>, Agreement)>,
    confusion: Confusion,
}

impl State {
    /// Takes what came of the question in.
    pub fn answer(&mut self, trial: TrialId, outcome: Result<Arc<Predictions>, String>) {
        self.found.answer(trial, outcome);
        (self.view, self.cursor, self.fold) = (None, 0, None);
    }

    /// What is known of a trial.
    fn ready(&self, trial: TrialId) -> Option<&Predictions> {
        match &self.found {
            Awaited::Ready(of, found) if *of == trial => Some(found),
            _ => None,
        }
    }
}

/// The predictions of the trial on the screen, the rows of the output that is shown, and what is drawn of them.
fn shown(state: &AppState) -> Option<(&Predictions, &str, &[Prediction], &View)> {
    let own = &state.panels.predictions;
    let found = own.ready(detail::shown(state)?.id)?;
    let (name, rows) = found.outputs.get(own.output.min(found.outputs.len().saturating_sub(1)))?;
    Some((found, name, rows, own.view.as_ref()?))
}

/// The class that is predicted.
fn class(task: Task, prediction: &Prediction) -> usize {
    match task {
        Task::MultiClass => prediction.predicted as usize,
        _ => usize::from(prediction.predicted >= 0.5),
    }
}

fn about(state: &AppState) -> String {
    let Some(trial) = detail::shown(state) else { return String::new() };
    let Some((found, name, ..)) = shown(state) else { return format!("of trial {}", trial.id) };
    let first = if state.history.study().repeats > 1 { ", first repeat" } else { "" };
    let which = match found.outputs.len() {
        1 => String::new(),
        n => format!(" ({} of {n})", state.panels.predictions.output.min(n - 1) + 1),
    };
    format!("of trial {}: {}{which}, validation rows{first}", trial.id, text::clean(name))
}

fn place(state: &AppState, _rows: usize) -> String {
    match (state.panels.predictions.fold, shown(state)) {
        (_, None) => String::new(),
        (None, _) => "all folds".to_owned(),
        (Some(fold), _) => format!("fold {}", fold + 1),
    }
}

/// Asks when a person comes here, and makes what is drawn.
fn arrange(state: &mut AppState, _: Rect) -> Vec<Effect> {
    let Some(trial) = detail::shown(state) else { return Vec::new() };
    let (id, own) = (trial.id, &state.panels.predictions);
    if refusal(state).is_none() && state.focus == PanelId::Predictions && own.found.trial() != Some(id) {
        return ask(state);
    }
    let Some(found) = own.ready(id) else { return Vec::new() };
    let output = own.output.min(found.outputs.len().saturating_sub(1));
    let of = (output, own.fold);
    if own.view.as_ref().is_none_or(|view| view.of != of) {
        let view = view(found, of);
        state.panels.predictions.view = view;
    }
    Vec::new()
}

fn ask(state: &mut AppState) -> Vec<Effect> {
    let Some(trial) = detail::shown(state) else { return Vec::new() };
    let (id, params) = (trial.id, trial.params.clone());
    state.panels.predictions.found = Awaited::Waiting(id);
    vec![Effect::Ask(Ask::Predictions { trial: id, params })]
}

fn view(found: &Predictions, of: (usize, Option<usize>)) -> Option<View> {
    let (_, rows) = found.outputs.get(of.0)?;
    let inside = |row: &&Prediction| of.1.is_none_or(|fold| row.fold == fold);
    let mut order: Vec<usize> =
        rows.iter().enumerate().filter(|(_, row)| inside(row)).map(|(i, _)| i).collect();
    order.sort_by(|a, b| rows[*b].error.total_cmp(&rows[*a].error));
    let folds = rows.iter().map(|row| row.fold + 1).max().unwrap_or(0);
    let agreement = |fold: Option<usize>| {
        let own = rows.iter().filter(move |row| fold.is_none_or(|fold| row.fold == fold));
        Some((fold, Agreement::of(own.map(|row| (row.observed, row.predicted)))?))
    };
    let agreements = std::iter::once(None).chain((0..folds).map(Some)).filter_map(agreement).collect();
    let pairs = rows.iter().filter(inside);
    let pairs = pairs.map(|row| (row.observed as usize, class(found.task, row)));
    let classes = if found.task == Task::Regression { 0 } else { found.classes.len() };
    Some(View { of, order, agreements, confusion: Confusion::of(classes, pairs) })
}

/// Why this trial has no predictions to show.
fn refusal(state: &AppState) -> Option<String> {
    if state.history.study().objective == ObjectiveKind::Command {
        return Some("a program keeps its predictions to itself: this is of studies of networks".into());
    }
    let Some(trial) = detail::shown(state) else {
        return Some("what a trial predicts stands here, against what was observed".into());
    };
    (trial.state != TrialState::Complete)
        .then(|| format!("trial {} is {}: predictions are of complete trials", trial.id, trial.state.word()))
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    let known = detail::shown(state).is_some_and(|t| state.panels.predictions.ready(t.id).is_some());
    if action == Action::Open && !known && refusal(state).is_none() {
        return ask(state);
    }
    let Some((found, _, rows, view)) = shown(state) else { return Vec::new() };
    let (outputs, count) = (found.outputs.len(), view.order.len());
    let folds = rows.iter().map(|row| row.fold + 1).max().unwrap_or(0);
    let own = &mut state.panels.predictions;
    // All folds, then each: a circle.
    let at = own.fold.map_or(0, |fold| fold + 1);
    let turned = |by: usize| ((at + by) % (folds + 1)).checked_sub(1);
    match action {
        Action::Next => (own.fold, own.cursor) = (turned(1), 0),
        Action::Previous => (own.fold, own.cursor) = (turned(folds), 0),
        Action::NextOutput => (own.output, own.cursor) = ((own.output + 1) % outputs.max(1), 0),
        action => {
            if let Some(by) = navigate::distance(action, usize::from(area.height) / 2) {
                own.cursor = navigate::clamped(own.cursor, by, count);
            }
        }
    }
    Vec::new()
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    if let Some(words) = refusal(state) {
        return empty(theme, &words, detail::inset(area), buf);
    }
    let Some(trial) = detail::shown(state) else { return };
    let Some((found, _, rows, view)) = shown(state) else {
        let words = match &state.panels.predictions.found {
            Awaited::Waiting(of) if *of == trial.id => {
                format!("predicting the validation rows with the networks of trial {of} ...")
            }
            Awaited::Failed(of, reason) if *of == trial.id => {
                format!("{}; Enter tries again", text::clean(reason))
            }
            _ => "Tab leads here: then this trial's networks predict their validation rows".to_owned(),
        };
        return empty(theme, &words, detail::inset(area), buf);
    };
    let area = detail::inset(area);
    let wanted = if found.task == Task::Regression { 46 } else { 38 };
    let right = if area.width >= wanted + 26 { wanted } else { area.width / 2 };
    let [drawing, words] =
        area.layout(&Layout::horizontal([Constraint::Fill(1), Constraint::Length(right)]).spacing(1));
    let chosen = view.order.get(state.panels.predictions.cursor).and_then(|row| rows.get(*row));
    if found.task == Task::Regression {
        scatter::render(theme, rows, state.panels.predictions.fold, chosen, drawing, buf);
        let lines = view.agreements.len() + 1;
        let above = (lines as u16).min(words.height / 2);
        let [above, below] =
            words.layout(&Layout::vertical([Constraint::Length(above + 1), Constraint::Fill(1)]));
        agreements(state, view, above, buf);
        errors(state, found, rows, view, below, buf);
    } else {
        confusion::render(theme, found, &view.confusion, drawing, buf);
        errors(state, found, rows, view, words, buf);
    }
}

/// A line for all folds and one for each.
fn agreements(state: &AppState, view: &View, area: Rect, buf: &mut Buffer) {
    let (theme, symbols) = (state.theme, state.theme.symbols());
    let cell = |words: &str, width| right(words, width, symbols.cut);
    let heading = format!(
        "fold{}{}{}{}{}",
        cell("n", 7),
        cell("r", 8),
        cell("MSE", 9),
        cell("slope", 8),
        cell("bias", 9)
    );
    text::fitted(Line::styled(heading, theme.style(Tone::Strong)), text::row(area, 0), symbols.cut, buf);
    // The fold that is looked at stays in sight.
    let height = usize::from(area.height).saturating_sub(2).max(1);
    let chosen = view.of.1.map_or(0, |fold| fold + 1);
    let from = (chosen + 1).saturating_sub(height);
    for (i, (fold, agreement)) in view.agreements.iter().enumerate().skip(from).take(height) {
        let figure = |value: Option<f64>| value.map_or(symbols.none.to_owned(), |v| significant(v, 3));
        let name = fold.map_or("all".to_owned(), |fold| (fold + 1).to_string());
        let style = fold.map_or(theme.style(Tone::Plain), |fold| theme.series(fold));
        let here = if *fold == view.of.1 { Tone::Strong } else { Tone::Plain };
        let words = format!(
            "{}{}{}{}{}",
            cell(&agreement.n.to_string(), 7),
            cell(&figure(agreement.r), 8),
            cell(&significant(agreement.mse, 4), 9),
            cell(&figure(agreement.slope), 8),
            cell(&significant(agreement.bias, 3), 9)
        );
        let line =
            Line::from(vec![Span::styled(cell(&name, 4), style), Span::styled(words, theme.style(here))]);
        text::fitted(line, text::row(area, 1 + i - from), symbols.cut, buf);
    }
}

/// The individuals by size of error.
fn errors(
    state: &AppState,
    found: &Predictions,
    rows: &[Prediction],
    view: &View,
    area: Rect,
    buf: &mut Buffer,
) {
    let (theme, symbols) = (state.theme, state.theme.symbols());
    let name = usize::from(area.width).saturating_sub(28).clamp(4, 24);
    let said = match found.task {
        Task::Regression | Task::MultiClass => "predicted".to_owned(),
        _ => format!("p({})", found.classes.get(1).map_or("", String::as_str)),
    };
    let heading = format!(
        "  {} fold{}{}",
        left("individual", name, symbols.cut),
        right("observed", 10, symbols.cut),
        right(&said, 11, symbols.cut)
    );
    text::fitted(Line::styled(heading, theme.style(Tone::Strong)), text::row(area, 0), symbols.cut, buf);
    let height = usize::from(area.height).saturating_sub(1);
    let cursor = state.panels.predictions.cursor;
    let from = (cursor + 1).saturating_sub(height.max(1));
    let listed = view.order.iter().enumerate().skip(from).take(height);
    for (i, row) in listed.filter_map(|(i, row)| Some((i, rows.get(*row)?))) {
        let observed = match found.task {
            Task::Regression => significant(row.observed, 4),
            _ => found.classes.get(row.observed as usize).cloned().unwrap_or_default(),
        };
        let predicted = match found.task {
            Task::MultiClass => found.classes.get(row.predicted as usize).cloned().unwrap_or_default(),
            _ => significant(row.predicted, 4),
        };
        let here = i == cursor;
        let style = theme.style(if here { Tone::Strong } else { Tone::Plain });
        let line = Line::from(vec![
            Span::styled(if here { symbols.cursor } else { " " }, theme.style(Tone::Accent)),
            Span::styled(format!(" {} ", left(&row.individual, name, symbols.cut)), style),
            Span::styled(right(&(row.fold + 1).to_string(), 4, symbols.cut), theme.series(row.fold)),
            Span::styled(right(&observed, 10, symbols.cut), style),
            Span::styled(right(&predicted, 11, symbols.cut), style),
        ]);
        text::fitted(line, text::row(area, 1 + i - from), symbols.cut, buf);
    }
}
