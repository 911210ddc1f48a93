//! The running trials: a bar, where it stands, and the losses of the fold being trained; of a program the
//! scores that it reports.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
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
pub const PANEL: Panel =
    Panel { about, place, act, click, ..Panel::plain(PanelId::Running, "Running", render) };

/// Rows a trial takes at most, a blank one between trials included.
const TALLEST: usize = 7;

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

fn click(state: &mut AppState, area: Rect, at: Position, again: bool) -> Vec<Effect> {
    if again {
        navigate::open(state, state.selected_row());
        return Vec::new();
    }
    let rows = usize::from(area.height);
    let (from, shown) = window(state, rows);
    if let Some(each) = rows.checked_div(shown) {
        let place = from + usize::from(at.y.saturating_sub(area.y)) / each.clamp(2, TALLEST);
        state.running_cursor = place.min(from + shown - 1);
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
    let first = text::row(area, 0);
    bar(state, trial, selected, first, buf);
    if selected && state.focus == PanelId::Running {
        buf.set_style(first, theme.selected(true));
    }
    let (fold, folds) = (trial.folds.len(), state.history.study().folds);
    let start = trial.reports.iter().rposition(|r| r.training(folds) != fold).map_or(0, |i| i + 1);
    let reports = &trial.reports[start..];
    // A blank row below, once the curves are tall enough to spare it.
    let height = area.height.saturating_sub(if area.height > 3 { 2 } else { 1 });
    let below = Rect { x: area.x + 2, y: area.y + 1, width: area.width.saturating_sub(2), height };
    if state.history.study().objective == ObjectiveKind::Command {
        let metric = text::clean(&state.history.study().metric);
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

fn bar(state: &AppState, trial: &Trial, selected: bool, area: Rect, buf: &mut Buffer) {
    let (theme, study) = (state.theme, state.history.study());
    let cursor = if selected { theme.symbols().cursor } else { " " };
    let time = format!(" {:>7}", human::duration(trial.seconds(state.now)));
    let mut line = vec![
        Span::styled(cursor, theme.style(Tone::Accent)),
        Span::styled(format!("{:<5} ", trial.id), theme.style(Tone::Strong)),
    ];
    if study.objective == ObjectiveKind::Command {
        // Nobody knows how far it has to go.
        let step = trial.reports.last().map_or("no report yet".into(), |r| format!("step {}", r.epoch));
        line.push(Span::raw(step));
        line.push(Span::styled(time, theme.style(Tone::Quiet)));
        return Line::from(line).render(area, buf);
    }
    let all = (study.trainings() * study.epochs).max(1);
    // Folds that stopped early count as whole.
    let fold = trial.folds.len();
    let epoch = trial.reports.iter().rev().take_while(|r| r.training(study.folds) == fold).count();
    let share = ((fold * study.epochs + epoch) as f64 / all as f64).min(1.0);
    let last = study.trainings() - 1;
    let (at, last) = (study.training(fold.min(last)), study.training(last));
    let place = format!(" fold {at}/{last} epoch {epoch}/{}", study.epochs);
    // Without room for a bar, the words are cut instead.
    let rest = usize::from(area.width).saturating_sub(7 + 5);
    let room = rest.saturating_sub(place.len());
    let place = text::cut(&place, rest, theme.symbols().cut);
    let (time, room) = if room >= 16 { (time, room - 8) } else { (String::new(), room) };
    line.extend(gauge(theme, share, room));
    line.push(Span::raw(format!("{:>4.0}%", share * 100.0)));
    line.push(Span::styled(place, theme.style(Tone::Quiet)));
    line.push(Span::styled(time, theme.style(Tone::Quiet)));
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
