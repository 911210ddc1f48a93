//! The losses and scores of a trial by epoch: of one of its trainings, or of all in one chart.
//!
//! ```text
//! losses            │ the study's metric
//! the epoch under the crosshair
//! ```

mod frame;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::{Panel, detail, empty};
use crate::domain::event::ObjectiveKind;
use crate::domain::trial::{Report, Trial, TrialId};
use crate::domain::value::{counted, significant};
use crate::tui::keymap::Action;
use crate::tui::navigate;
use crate::tui::state::{AppState, PanelId};
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::update::Effect;
use frame::{Figure, Frame};

/// The panel.
pub const PANEL: Panel =
    Panel { about, place, act, arrange, ..Panel::plain(PanelId::Curves, "Training", render) };

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    trial: Option<TrialId>,
    /// Whether all trainings are drawn.
    all: bool,
    /// Whether the scale is logarithmic, where a person said so.
    logarithm: Option<bool>,
    /// How often the part in sight was halved.
    zoom: u32,
    /// The first epoch in sight.
    from: usize,
    /// The epoch under the crosshair; without one the last.
    cursor: Option<usize>,
}

/// From this many rows on, the charts stand one above the other.
const HIGH: u16 = 26;
/// Deepest zoom.
const DEEPEST: u32 = 8;
/// Fewest epochs in sight.
const FEWEST: usize = 4;
/// The number of a training, and its reports.
type Training<'a> = (usize, &'a [Report]);

/// The reports of one training; they lie side by side, in the order of the steps.
fn reports_of(trial: &Trial, training: usize, folds: usize) -> &[Report] {
    let from = trial.reports.partition_point(|r| r.training(folds) < training);
    let to = trial.reports.partition_point(|r| r.training(folds) <= training);
    trial.reports.get(from..to).unwrap_or_default()
}

/// The trainings that are drawn: those with a report.
fn drawn<'a>(state: &AppState, trial: &'a Trial) -> Vec<Training<'a>> {
    let study = state.history.study();
    let numbers = match (study.objective, state.panels.curves.all) {
        (ObjectiveKind::Command, _) => return vec![(0, &trial.reports[..])],
        (_, true) => 0..study.trainings(),
        (_, false) => state.fold..state.fold + 1,
    };
    let trainings = numbers.map(|number| (number, reports_of(trial, number, study.folds)));
    trainings.filter(|(_, reports)| !reports.is_empty()).collect()
}

/// The largest epoch of some trainings.
fn last(trainings: &[Training<'_>]) -> usize {
    trainings.iter().filter_map(|(_, reports)| reports.last()).map(|r| r.epoch).max().unwrap_or(0)
}

/// The first and the last epoch in sight.
fn window(state: &AppState, trainings: &[Training<'_>]) -> (usize, usize) {
    let (own, last) = (&state.panels.curves, last(trainings));
    let span = (last >> own.zoom).max(FEWEST.min(last));
    let from = own.from.min(last.saturating_sub(span));
    (from, from + span)
}

fn is_program(state: &AppState) -> bool {
    state.history.study().objective == ObjectiveKind::Command
}

/// An epoch as a person counts it; a program's steps are what it says.
fn named(state: &AppState, epoch: usize) -> String {
    if is_program(state) { format!("step {epoch}") } else { format!("epoch {}", epoch + 1) }
}

fn about(state: &AppState) -> String {
    let Some(trial) = detail::shown(state) else { return String::new() };
    let study = state.history.study();
    let which = match (is_program(state), state.panels.curves.all) {
        (true, _) => String::new(),
        (_, true) => format!(", all {} trainings", study.trainings()),
        _ => format!(", fold {}", study.training(state.fold)),
    };
    format!("of trial {}{which}", trial.id)
}

fn place(state: &AppState, _rows: usize) -> String {
    let own = &state.panels.curves;
    let Some(trial) = detail::shown(state).filter(|_| own.zoom > 0) else { return String::new() };
    let (from, to) = window(state, &drawn(state, trial));
    let base = usize::from(!is_program(state));
    let steps = state.history.study().objective.steps();
    format!("{steps} {}{}{}", from + base, state.theme.symbols().range, to + base)
}

/// Another trial begins with the crosshair at its last epoch.
fn arrange(state: &mut AppState, _: Rect) -> Vec<Effect> {
    let shown = detail::shown(state).map(|t| t.id);
    let own = &mut state.panels.curves;
    if own.trial != shown {
        (own.trial, own.cursor, own.from, own.zoom) = (shown, None, 0, 0);
    }
    follow(state);
    Vec::new()
}

/// Keeps the crosshair in sight.
fn follow(state: &mut AppState) {
    let Some(trial) = detail::shown(state) else { return };
    let trainings = drawn(state, trial);
    let at = state.panels.curves.cursor.unwrap_or(last(&trainings));
    let (from, to) = window(state, &trainings);
    let from = if at < from { at } else { from + at.saturating_sub(to) };
    state.panels.curves.from = from;
}

fn act(state: &mut AppState, action: Action, _: Rect) -> Vec<Effect> {
    let trainings = state.history.study().trainings();
    match action {
        Action::Left => step(state, -1),
        Action::Right => step(state, 1),
        Action::PageUp => step(state, -10),
        Action::PageDown => step(state, 10),
        Action::First => step(state, isize::MIN),
        Action::Last => step(state, isize::MAX),
        Action::Next => state.fold = navigate::clamped(state.fold, 1, trainings),
        Action::Previous => state.fold = navigate::clamped(state.fold, -1, trainings),
        Action::All => state.panels.curves.all = !state.panels.curves.all && !is_program(state),
        Action::ZoomIn => zoom(state, state.panels.curves.zoom + 1),
        Action::ZoomOut => zoom(state, state.panels.curves.zoom.saturating_sub(1)),
        Action::Logarithm => {
            let now = state.panels.curves.logarithm;
            state.panels.curves.logarithm = Some(!now.unwrap_or(false));
        }
        _ => {}
    }
    follow(state);
    Vec::new()
}

/// Zooms so that the crosshair comes to stand in the middle.
fn zoom(state: &mut AppState, to: u32) {
    state.panels.curves.zoom = to.min(DEEPEST);
    let Some(trial) = detail::shown(state) else { return };
    let trainings = drawn(state, trial);
    let at = state.panels.curves.cursor.unwrap_or(last(&trainings));
    let (from, to) = window(state, &trainings);
    state.panels.curves.from = at.saturating_sub((to - from) / 2);
}

/// The epochs that were reported, each once.
fn epochs(trainings: &[Training<'_>]) -> Vec<usize> {
    let mut epochs: Vec<usize> = trainings.iter().flat_map(|(_, r)| r.iter().map(|r| r.epoch)).collect();
    epochs.sort_unstable();
    epochs.dedup();
    epochs
}

/// Moves the crosshair by so many reports. At the last one it stays with what comes.
fn step(state: &mut AppState, by: isize) {
    let Some(trial) = detail::shown(state) else { return };
    let epochs = epochs(&drawn(state, trial));
    let Some(end) = epochs.last() else { return };
    let at = state.panels.curves.cursor.unwrap_or(*end);
    let place = epochs.partition_point(|epoch| *epoch < at);
    let to = epochs.get(navigate::clamped(place, by, epochs.len())).copied();
    state.panels.curves.cursor = to.filter(|to| to != end);
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let Some(trial) = detail::shown(state) else {
        return empty(state.theme, "the losses of a trial stand here, epoch by epoch", area, buf);
    };
    let area = detail::inset(area);
    let lines = if area.height < 8 { 0 } else { 1 };
    let [charts_at, below] = area.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(lines)]));
    charts(state, trial, true, charts_at, buf);
    if lines > 0 {
        text::fitted(readout(state, trial), below, state.theme.symbols().cut, buf);
    }
}

/// Draws the charts; with the crosshair, or without.
pub(super) fn charts(state: &AppState, trial: &Trial, crosshair: bool, area: Rect, buf: &mut Buffer) {
    let trainings = drawn(state, trial);
    // Where nobody looks, the hairs would only be in the way.
    let looks = crosshair && (state.focus == PanelId::Curves || state.panels.curves.cursor.is_some());
    let cursor = looks.then(|| state.panels.curves.cursor.unwrap_or(last(&trainings)));
    let frame = Frame { state, trial, window: window(state, &trainings), trainings, cursor };
    if is_program(state) {
        return frame.scores(area, buf);
    }
    let halves = [Constraint::Percentage(50), Constraint::Fill(1)];
    let [losses, scores] = if area.height >= HIGH && area.width < 160 {
        area.layout(&Layout::vertical(halves))
    } else {
        area.layout(&Layout::horizontal(halves).spacing(2))
    };
    frame.losses(losses, buf);
    frame.scores(scores, buf);
}

/// The figures of the epoch under the crosshair.
fn readout(state: &AppState, trial: &Trial) -> Line<'static> {
    let (theme, symbols) = (state.theme, state.theme.symbols());
    let trainings = drawn(state, trial);
    let at = state.panels.curves.cursor.unwrap_or(last(&trainings));
    let here: Vec<&Report> = trainings
        .iter()
        .filter_map(|(_, reports)| reports.get(reports.partition_point(|r| r.epoch < at)))
        .filter(|report| report.epoch == at)
        .collect();
    if here.is_empty() {
        return Line::default();
    }
    let mean = |figure: Figure| {
        let known: Vec<f64> = here.iter().filter_map(|r| figure(r)).collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    let metric = text::clean(&state.history.study().metric);
    let quiet = theme.style(Tone::Quiet);
    let mut line = Line::from(vec![
        Span::styled(format!("{} ", symbols.up), theme.style(Tone::Accent)),
        Span::styled(named(state, at), theme.style(Tone::Strong)),
    ]);
    if state.panels.curves.all && !is_program(state) {
        line.push_span(Span::styled(format!(", mean of {}", counted(here.len(), "training")), quiet));
    }
    let figures: [(&str, Figure, Tone); 3] = [
        ("train", |r| r.train_loss, Tone::Plain),
        ("val", |r| r.validation_loss, Tone::Second),
        (&metric, |r| Some(r.score), Tone::Good),
    ];
    for (name, figure, tone) in figures {
        if let Some(value) = mean(figure) {
            line.push_span(Span::styled(format!("   {name} "), quiet));
            line.push_span(Span::styled(significant(value, 4), theme.style(tone)));
        }
    }
    let best = trial.folds.get(state.fold).filter(|_| !state.panels.curves.all && !is_program(state));
    if let Some(best) = best {
        let words = format!(
            "   {} epoch {}: {metric} {}",
            symbols.best,
            best.best_epoch + 1,
            significant(best.score, 4)
        );
        line.push_span(Span::styled(words, quiet));
    }
    line
}
