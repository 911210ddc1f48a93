//! One trial: what it is and its folds; where the panels of its parameters and curves are not on the screen, those too.
//!
//! ```text
//! facts, parameters │ folds and their metrics
//! losses of a fold  │ score of that fold
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::Panel;
use super::{baseline, curves, empty};
use crate::analysis::compare::Paired;
use crate::analysis::human;
use crate::analysis::parameters::plain_name;
use crate::domain::event::ObjectiveKind;
use crate::domain::trial::{FoldScore, Trial, TrialState};
use crate::domain::value::significant;
use crate::tui::keymap::Action;
use crate::tui::navigate;
use crate::tui::order::Row;
use crate::tui::state::AppState;
use crate::tui::state::PanelId;
use crate::tui::text::{self, left, right};
use crate::tui::theme::Tone;
use crate::tui::update::Effect;
use crate::tui::view;

/// The panel.
pub const PANEL: Panel =
    Panel { heading, about, place, act, ..Panel::plain(PanelId::Detail, "Trial", render) };

/// The trial on the screen of one; none where a baseline stands there.
pub(super) fn shown(state: &AppState) -> Option<&Trial> {
    state.history.trial(state.shown()?.trial()?)
}

/// A baseline is no trial.
fn heading(state: &AppState) -> Option<&'static str> {
    matches!(state.shown(), Some(Row::Baseline(_))).then_some("Baseline")
}

/// Whether a panel is on the screen beside this one.
fn beside(state: &AppState, panel: PanelId) -> bool {
    view::panels(state).iter().any(|(id, _)| *id == panel)
}

/// Its number, and whether it is the best.
pub fn about(state: &AppState) -> String {
    if let Some(Row::Baseline(number)) = state.shown() {
        return baseline::about(state, number);
    }
    let Some(trial) = shown(state) else { return String::new() };
    let best = state.history.incumbent().is_some_and(|i| i.id == trial.id);
    let mark = if best { format!(" {} the best", state.theme.symbols().best) } else { String::new() };
    let pinned = if trial.pinned { ", pinned" } else { "" };
    format!("{}{mark}{pinned}", trial.id)
}

/// Its rank.
pub fn place(state: &AppState, _rows: usize) -> String {
    let rank = shown(state).and_then(|t| state.table.rank(t.id));
    rank.map_or_else(String::new, |r| format!("rank {r} of {}", state.history.counts().complete))
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    let study = state.history.study();
    match action {
        Action::Left => state.fold = state.fold.saturating_sub(1),
        Action::Right => state.fold = (state.fold + 1).min(study.trainings() - 1),
        Action::PageUp | Action::PageDown => {
            let rows = study.space.dimensions() + study.fixed.len();
            let by = if action == Action::PageDown { 1 } else { -1 };
            state.detail_scroll = navigate::clamped(state.detail_scroll, by, rows);
        }
        action => {
            if let Some(by) = navigate::distance(action, usize::from(area.height)) {
                navigate::step_trial(state, by);
            }
        }
    }
    Vec::new()
}

/// Draws the trial.
pub fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    if let Some(Row::Baseline(number)) = state.shown() {
        return baseline::render(state, number, area, buf);
    }
    let Some(trial) = shown(state) else {
        return empty(state.theme, "no trial yet: the first one stands here as soon as it starts", area, buf);
    };
    let curves = !beside(state, PanelId::Curves);
    let is_program = state.history.study().objective == ObjectiveKind::Command;
    let share = if is_program { 100 } else { 45 };
    let width = usize::from(inset(area).width) * share / 100;
    let facts = facts(state, trial, width.saturating_sub(2), !beside(state, PanelId::Parameters));
    // As high as its contents want, but the charts keep at least half.
    // Their heading, each of them, their mean.
    let folds = if is_program { 0 } else { state.history.study().trainings() + 3 };
    let wanted = facts.len().max(folds) + 1;
    let upper = if curves { (wanted as u16).min(area.height / 2) } else { area.height };
    let [above, below] = area.layout(&Layout::vertical([Constraint::Length(upper), Constraint::Fill(1)]));
    let widest = facts.iter().map(Line::width).max().unwrap_or(0) + 2;
    let most = usize::from(above.width) * share / 100;
    let width = if is_program { most } else { widest.clamp(24, most.max(24)) };
    let [words, table] =
        above.layout(&Layout::horizontal([Constraint::Length(width as u16), Constraint::Fill(1)]));
    lines(state, facts, inset(words), buf);
    if !is_program {
        fold_table(state, trial, inset(table), buf);
    }
    if curves {
        curves::charts(state, trial, false, inset(below), buf);
    }
}

/// `area` without its outer columns.
pub(super) fn inset(area: Rect) -> Rect {
    Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }
}

/// What there is to say of a trial; in `room` columns.
fn facts(state: &AppState, trial: &Trial, room: usize, parameters: bool) -> Vec<Line<'static>> {
    let (theme, symbols, study) = (state.theme, state.theme.symbols(), state.history.study());
    let word = Span::styled(trial.state.word(), theme.style(theme.state(&trial.state)));
    let mut lines = vec![Line::from(vec![word])];
    if let Some(score) = trial.score {
        let spread = trial.spread().map(|s| format!(" {} {}", symbols.plus_minus, significant(s, 2)));
        lines[0].push_span(Span::styled(
            format!("  {} {}", text::clean(&study.metric), significant(score, 4)),
            theme.style(Tone::Good),
        ));
        lines[0].push_span(Span::raw(spread.unwrap_or_default()));
    }
    if let Some(paired) = state.ties.of_trial(trial.id).filter(Paired::tied) {
        lines.push(Line::styled(paired.words(), theme.style(Tone::Good)));
    }
    if let Some(reason) = trial.state.reason() {
        let style = theme.style(theme.state(&trial.state));
        lines.extend(text::wrap(reason, room).into_iter().map(|line| Line::styled(line, style)));
    }
    let time = match trial.state {
        TrialState::Waiting => symbols.none.to_owned(),
        _ => human::duration(trial.seconds(state.now)),
    };
    let searched = study.space.parameters.iter().filter_map(|p| Some((&p.name, trial.params.get(&p.name)?)));
    let plain = |name| plain_name(name, &trial.params);
    let names = searched.clone().chain(study.fixed_in(&trial.params)).map(|(name, _)| plain(name));
    let width = names.map(|name| name.len() + 1).max().unwrap_or(0).clamp(14, 24);
    let width = if parameters { width } else { 11 };
    let fact = |name: &str, value: String, tone: Tone| {
        let name = left(name, width, symbols.cut);
        Line::from(vec![Span::styled(name, theme.style(Tone::Quiet)), Span::styled(value, theme.style(tone))])
    };
    for (name, value) in searched.filter(|_| parameters) {
        lines.push(fact(plain(name), text::clean(&value.to_string()), Tone::Strong));
    }
    for (name, value) in study.fixed_in(&trial.params).filter(|_| parameters) {
        lines.push(fact(plain(name), format!("{} (fixed)", text::clean(&value.to_string())), Tone::Quiet));
    }
    if study.replicates > 1 {
        let search = format!("{} of {}", study.replicate(trial.id) + 1, study.replicates);
        lines.push(fact("search", search, Tone::Plain));
    }
    if !trial.origin.by.is_empty() {
        let parents: Vec<String> = trial.origin.parents.iter().map(ToString::to_string).collect();
        let of = if parents.is_empty() { String::new() } else { format!(" of {}", parents.join(", ")) };
        lines.push(fact("asked by", format!("{}{of}", text::clean(&trial.origin.by)), Tone::Plain));
    }
    lines.push(fact("time", time, Tone::Plain));
    let steps = match study.objective {
        ObjectiveKind::Network => {
            format!("{} of {} at most", trial.epochs(), study.trainings() * study.epochs)
        }
        ObjectiveKind::Command => trial.epochs().to_string(),
    };
    lines.push(fact(study.objective.steps(), steps, Tone::Plain));
    if let Some(weights) = trial.weights {
        lines.push(fact("weights", human::thousands(weights as usize), Tone::Plain));
    }
    if !trial.annotation.is_empty() {
        lines.push(fact("note", text::clean(&trial.annotation), Tone::Strong));
    }
    lines.push(fact("seed, slot", format!("{}, {}", trial.seed, trial.slot), Tone::Plain));
    lines
}

fn lines(state: &AppState, lines: Vec<Line<'static>>, area: Rect, buf: &mut Buffer) {
    let height = usize::from(area.height);
    let from = state.detail_scroll.min(lines.len().saturating_sub(height));
    let rest = lines.len().saturating_sub(from + height);
    let mark = state.theme.symbols().cut;
    let more = Line::styled(format!(" ^d {} more", rest), state.theme.style(Tone::Accent));
    for (i, line) in lines.into_iter().skip(from).take(height).enumerate() {
        let mut row = text::row(area, i);
        if rest > 0 && i + 1 == height {
            let width = (more.width() as u16).min(row.width);
            row.width -= width;
            more.clone().render(Rect { x: row.right(), width, ..row }, buf);
        }
        text::fitted(line, row, mark, buf);
    }
}

fn fold_table(state: &AppState, trial: &Trial, area: Rect, buf: &mut Buffer) {
    let (theme, symbols, study) = (state.theme, state.theme.symbols(), state.history.study());
    let others: Vec<&str> = trial.metrics().into_iter().filter(|name| *name != study.metric).collect();
    let mut heading = format!("  fold{}  best epoch", right(&study.metric, 10, symbols.cut));
    for name in &others {
        heading += &right(name, 10, symbols.cut);
    }
    let is_cut = text::width(&heading) > usize::from(area.width);
    let heading = text::cut(&heading, usize::from(area.width), symbols.cut);
    Line::styled(heading, theme.style(Tone::Strong)).render(text::row(area, 0), buf);
    // The chosen fold stays in sight.
    let height = usize::from(area.height).saturating_sub(1);
    let from = (state.fold + 1).saturating_sub(height);
    for (i, fold) in (from..study.trainings()).take(height).enumerate() {
        let cursor = if fold == state.fold { symbols.cursor } else { " " };
        let words = match trial.folds.get(fold) {
            Some(score) => fold_row(score, &others, symbols.cut),
            None if trial.state == TrialState::Running && fold == trial.folds.len() => "  in training".into(),
            None => format!("{:>10}", symbols.none),
        };
        let words = text::cut(
            &format!("{:>5}{words}", study.training(fold)),
            usize::from(area.width).saturating_sub(1),
            symbols.cut,
        );
        let style = theme.style(if fold == state.fold { Tone::Strong } else { Tone::Plain });
        let line =
            Line::from(vec![Span::styled(cursor, theme.style(Tone::Accent)), Span::styled(words, style)]);
        line.render(text::row(area, 1 + i), buf);
    }
    // What there is room for below: means, and what was cut of the chosen fold.
    let mut below = Vec::new();
    if trial.folds.len() > 1 {
        let mean = text::cut(&means(trial, &others, symbols.cut), usize::from(area.width), symbols.cut);
        below.push(Line::styled(mean, theme.style(Tone::Quiet)));
    }
    if let Some(fold) = trial.folds.get(state.fold).filter(|_| is_cut) {
        let figure = |name: &&str| Some(format!("{name} {}", significant(*fold.metrics.get(*name)?, 4)));
        let words: Vec<String> = others.iter().filter_map(figure).collect();
        let words = format!("fold {}: {}", study.training(state.fold), words.join(", "));
        let lines = text::wrap(&words, usize::from(area.width).saturating_sub(2)).into_iter();
        below.extend(lines.map(|line| Line::styled(format!("  {line}"), theme.style(Tone::Quiet))));
    }
    for (i, line) in below.into_iter().enumerate() {
        line.render(text::row(area, 1 + study.trainings() - from.min(study.trainings()) + i), buf);
    }
}

/// The mean of each figure over the folds that have it.
fn means(trial: &Trial, others: &[&str], cut: &str) -> String {
    let figure = |values: Vec<f64>| {
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        right(&if values.is_empty() { String::new() } else { significant(mean, 4) }, 10, cut)
    };
    let mut words = format!("  mean{}", figure(trial.folds.iter().map(|fold| fold.score).collect()));
    words += &" ".repeat(13);
    for name in others {
        words += &figure(trial.folds.iter().filter_map(|fold| fold.metrics.get(*name).copied()).collect());
    }
    words
}

fn fold_row(fold: &FoldScore, others: &[&str], cut: &str) -> String {
    let mut words = right(&significant(fold.score, 4), 10, cut);
    words += &format!("{:>8}/{:<4}", fold.best_epoch + 1, fold.epochs);
    for name in others {
        let value = fold.metrics.get(*name).map(|v| significant(*v, 4)).unwrap_or_default();
        words += &right(&value, 10, cut);
    }
    words
}
