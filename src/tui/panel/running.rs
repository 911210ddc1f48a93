//! The running trials: a bar, where it stands, and the losses of the fold being trained; of a program the
//! scores that it reports.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::Panel;
use super::{empty, gauge};
use crate::analysis::human;
use crate::domain::event::ObjectiveKind;
use crate::domain::trial::{Report, Trial};
use crate::domain::value::significant;
use crate::tui::keymap::Action;
use crate::tui::navigate;
use crate::tui::plot::{Canvas, Scale, Stroke};
use crate::tui::state::{AppState, PanelId, Phase};
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel = Panel { about, place, act, ..Panel::plain(PanelId::Running, "Running", render) };

/// Rows a trial takes at most, a blank one between trials included.
const TALLEST: usize = 8;

/// How many run.
pub fn about(state: &AppState) -> String {
    let (dot, count) = (state.theme.symbols().dot, state.running.len());
    match state.phase {
        Phase::Over(_) if count > 0 => format!("{dot} {count} cut off"),
        _ if state.history.slots() == 0 => String::new(),
        _ => format!("{dot} {count} of {} slots", state.history.slots()),
    }
}

/// Which of them are in sight.
pub fn place(state: &AppState, rows: usize) -> String {
    let total = state.running.len();
    let (from, shown) = window(state, rows);
    if shown >= total {
        return String::new();
    }
    format!("{}{}{}", from + 1, state.theme.symbols().range, from + shown)
}

/// The first trial in sight, and how many are.
fn window(state: &AppState, rows: usize) -> (usize, usize) {
    let total = state.running.len();
    let shown = (rows / 2).min(total);
    (state.running_cursor.saturating_sub(shown / 2).min(total - shown), shown)
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    if let Some(by) = navigate::distance(action, usize::from(area.height)) {
        state.running_cursor = navigate::clamped(state.running_cursor, by, state.running.len());
    }
    Vec::new()
}

/// Draws the trials.
pub fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let rows = usize::from(area.height);
    let (from, shown) = window(state, rows);
    if state.running.is_empty() {
        let sentence = match state.phase {
            Phase::Over(_) => "nothing runs any more",
            _ if state.history.is_paused() => "paused: p goes on",
            _ if state.history.target() == 0 => "nothing runs yet",
            _ => "the next trial is on its way",
        };
        return empty(state.theme, sentence, area, buf);
    }
    if shown == 0 {
        return;
    }
    let each = (rows / shown).clamp(2, TALLEST);
    for (i, id) in state.running.iter().enumerate().skip(from).take(shown) {
        let Some(trial) = state.history.trial(*id) else { continue };
        let y = area.y + ((i - from) * each) as u16;
        let at = Rect { y, height: each as u16, ..area }.intersection(area);
        trial_rows(state, trial, i == state.running_cursor, at, buf);
    }
}

fn trial_rows(state: &AppState, trial: &Trial, selected: bool, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let study = state.history.study();
    let first = text::row(area, 0);
    let tall = area.height > 3;
    let done = share(state, trial);
    bar(state, trial, selected, done, tall, first, buf);
    if selected && state.focus == PanelId::Running {
        buf.set_style(first, theme.selected(true));
    }
    let (fold, folds) = (trial.folds.len(), study.folds);
    let start = trial.reports.iter().rposition(|r| r.training(folds) != fold).map_or(0, |i| i + 1);
    let reports = &trial.reports[start..];
    // A row of figures and a blank row below, once there is room to spare.
    let taken = if tall { 3 } else { 1 };
    let height = area.height.saturating_sub(taken);
    let below = Rect { x: area.x + 2, y: area.y + 1, width: area.width.saturating_sub(2), height };
    let below = if tall {
        let line = Line::styled(figures(state, trial, done), theme.style(Tone::Quiet));
        text::fitted(line, text::row(below, 0), theme.symbols().cut, buf);
        Rect { y: below.y + 1, ..below }
    } else {
        below
    };
    if study.objective == ObjectiveKind::Command {
        let metric = text::clean(&study.metric);
        return curve(state, &metric, Tone::Second, reports, |r| Some(r.score), below, buf);
    }
    if reports.is_empty() {
        let words = if fold == 0 { "preparing the first epoch" } else { "preparing the next fold" };
        return Line::styled(words, theme.style(Tone::Quiet)).render(text::row(below, 0), buf);
    }
    let half = below.width / 2;
    let train = Rect { width: half, ..below };
    let validation = Rect { x: below.x + half, width: below.width - half, ..below };
    curve(state, "train", Tone::Plain, reports, |r| r.train_loss, train, buf);
    curve(state, "val", Tone::Second, reports, |r| r.validation_loss, validation, buf);
}

/// The epoch within the fold that is trained, from 1; 0 before the first.
fn epoch(state: &AppState, trial: &Trial) -> usize {
    let (fold, folds) = (trial.folds.len(), state.history.study().folds);
    trial.reports.iter().rev().take_while(|r| r.training(folds) == fold).count()
}

/// How much of a network's training is done; nobody knows of a program.
fn share(state: &AppState, trial: &Trial) -> Option<f64> {
    let study = state.history.study();
    if study.objective == ObjectiveKind::Command {
        return None;
    }
    let all = (study.trainings_of(&trial.params) * study.epochs).max(1);
    // Folds that stopped early count as whole.
    Some(((trial.folds.len() * study.epochs + epoch(state, trial)) as f64 / all as f64).min(1.0))
}

/// Seconds that it still takes: as its own speed says, or of a program as those before it.
fn left(state: &AppState, trial: &Trial, share: Option<f64>) -> Option<f64> {
    /// Less than this says nothing of the speed.
    const LEAST: f64 = 0.05;
    if !state.is_live() {
        return None;
    }
    let Some(share) = share else {
        return state.pace.left(&state.history, trial, state.now).filter(|left| *left > 0.0);
    };
    (share >= LEAST).then(|| trial.seconds(state.now) * (1.0 - share) / share)
}

/// Where and how long it runs, what it may still take, and its score of now.
fn figures(state: &AppState, trial: &Trial, share: Option<f64>) -> String {
    let (study, dot) = (state.history.study(), state.theme.symbols().dot);
    let mut words = vec![format!("slot {}", trial.slot), human::duration(trial.seconds(state.now))];
    words.extend(left(state, trial, share).map(|left| format!("about {} left", human::rough_duration(left))));
    let now = trial.reports.last().map(|r| significant(r.score, 4));
    words.extend(now.map(|score| format!("{} {score}", text::clean(&study.metric))));
    words.join(&format!(" {dot} "))
}

fn bar(
    state: &AppState,
    trial: &Trial,
    selected: bool,
    share: Option<f64>,
    tall: bool,
    area: Rect,
    buf: &mut Buffer,
) {
    let (theme, study) = (state.theme, state.history.study());
    let quiet = theme.style(Tone::Quiet);
    let cursor = if selected { theme.symbols().cursor } else { " " };
    let mut line = vec![
        Span::styled(cursor, theme.style(Tone::Accent)),
        Span::styled(format!("{:<5} ", trial.id), theme.style(Tone::Strong)),
    ];
    // What stands below where there is room for that.
    let left = left(state, trial, share).filter(|_| !tall).map(human::rough_duration);
    let about = left.as_ref().map_or(String::new(), |left| format!(" ~{left}"));
    let left = left.map_or(String::new(), |left| format!(" {left} left"));
    let time = if tall { String::new() } else { format!(" {}", human::duration(trial.seconds(state.now))) };
    let rest = usize::from(area.width).saturating_sub(7);
    let Some(share) = share else {
        let step = trial.reports.last().map_or("no report yet".into(), |r| format!("step {}", r.epoch));
        let words = [format!("{step}{time}{left}"), format!("{step}{left}")];
        let words = words.into_iter().find(|words| words.len() <= rest).unwrap_or(step);
        line.push(Span::raw(text::cut(&words, rest, theme.symbols().cut)));
        return Line::from(line).render(area, buf);
    };
    let last = study.trainings_of(&trial.params) - 1;
    let (at, of) = (study.training(trial.folds.len().min(last)), study.training(last));
    let epoch = epoch(state, trial);
    let long = format!(" fold {at}/{of} epoch {epoch}/{}", study.epochs);
    let short = format!(" fold {at}/{of} ep {epoch}/{}", study.epochs);
    // As much of it as leaves room for a bar; without that the words are cut instead.
    let rest = rest.saturating_sub(5);
    let choices = [
        (format!("{long}{time}{left}"), 5),
        (format!("{long}{left}"), 5),
        (format!("{short}{left}"), 5),
        (format!("{short}{about}"), 3),
        (short, 5),
    ];
    let place = choices.into_iter().find(|(words, bar)| words.len() + bar <= rest).map(|(words, _)| words);
    let place = place.unwrap_or_else(|| text::cut(&long, rest, theme.symbols().cut));
    line.extend(gauge(theme, share, rest.saturating_sub(text::width(&place)).min(60)));
    line.push(Span::raw(format!("{:>4.0}%", share * 100.0)));
    line.push(Span::styled(place, quiet));
    Line::from(line).render(area, buf);
}

fn curve(
    state: &AppState,
    name: &str,
    tone: Tone,
    reports: &[Report],
    figure: fn(&Report) -> Option<f64>,
    area: Rect,
    buf: &mut Buffer,
) {
    let theme = state.theme;
    let last = reports.last().and_then(figure).map(|v| significant(v, 3)).unwrap_or_default();
    let label = Line::from(vec![
        Span::styled(format!("{name} "), theme.style(Tone::Quiet)),
        Span::styled(last, theme.style(tone)),
    ]);
    // Beside a low curve, above a high one.
    let room = if area.height > 2 {
        label.render(text::row(area, 0), buf);
        Rect { y: area.y + 1, height: area.height - 1, width: area.width.saturating_sub(2), ..area }
    } else {
        let taken = (label.width() as u16 + 1).min(area.width);
        label.render(text::row(area, 0), buf);
        Rect { x: area.x + taken, width: (area.width - taken).saturating_sub(1), ..area }
    };
    let Some(scale) = Scale::fit(reports.iter().filter_map(figure)) else { return };
    let mut canvas = Canvas::new(room, theme);
    let across = (state.history.study().epochs.max(reports.len()).max(2) - 1) as f64;
    let place = |(i, r): (usize, &Report)| Some((i as f64 / across, scale.place(figure(r)?)));
    let points = reports.iter().enumerate().filter_map(place);
    canvas.line(points, Stroke::Solid, theme.style(tone));
    canvas.render(buf);
}
