//! The folds of the compared trials in pairs: each trial's scores less those of the first on the same fold.
//!
//! ```text
//!            verdict    mean      t      p   fold 1  fold 2
//! A trial 10             63.4                 61.2    65.6
//! B trial 3   worse     +7.90   12.1  0.001   +8.1    +7.7
//!
//!            -8.1 better       0       worse +8.1
//! B                            │          2 1
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{Panel, empty};
use crate::analysis::compare::{self, Paired};
use crate::domain::direction::Direction;
use crate::domain::trial::{FoldScore, Trial};
use crate::domain::value::significant;
use crate::tui::compared;
use crate::tui::keymap::Action;
use crate::tui::state::{AppState, PanelId};
use crate::tui::text::{self, left, right};
use crate::tui::theme::{Theme, Tone};
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel = Panel { about, act, arrange, ..Panel::plain(PanelId::Pairs, "Folds", render) };

/// Columns of a trial's name, its verdict, mean, t, p, and of a fold.
const NAME: usize = 13;
const VERDICT: usize = 9;
const MEAN: usize = 8;
const T: usize = 7;
const P: usize = 9;
const FOLD: usize = 9;

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The first fold in sight, from 0.
    fold: usize,
}

fn about(state: &AppState) -> String {
    let trials = compared::trials(state);
    match (compared::other(state), trials.first()) {
        (None, Some(first)) if trials.len() > 1 => {
            format!("{} against A, trial {}", state.theme.symbols().dot, first.id)
        }
        _ => String::new(),
    }
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    let (_, last) = folds(state, usize::from(area.width.saturating_sub(2)));
    let fold = state.panels.pairs.fold.min(last);
    state.panels.pairs.fold = match action {
        Action::Left => fold.saturating_sub(1),
        Action::Right => (fold + 1).min(last),
        _ => fold,
    };
    Vec::new()
}

fn arrange(state: &mut AppState, _: Rect) -> Vec<Effect> {
    compared::prepare(state);
    Vec::new()
}

/// How many folds are in sight, and how far they can be scrolled.
fn folds(state: &AppState, width: usize) -> (usize, usize) {
    let all = state.history.study().trainings();
    let fits = (width.saturating_sub(NAME + VERDICT + MEAN + T + P) / FOLD).min(all);
    (fits, all - fits)
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }.intersection(area);
    if compared::other(state).is_some() {
        let words = "folds are paired within a study: those of another one need not hold the same rows";
        return empty(theme, words, area, buf);
    }
    let trials = compared::trials(state);
    let [first, others @ ..] = &trials[..] else {
        return empty(theme, "the folds of the compared trials stand here, in pairs", area, buf);
    };
    if others.is_empty() {
        return empty(theme, "folds are paired once there is a second trial to compare with", area, buf);
    }
    heading(state, area, buf);
    row(state, 0, first, None, text::row(area, 1), buf);
    let pairs: Vec<_> = others.iter().map(|trial| compare::differences(trial, first)).collect();
    for (i, trial) in others.iter().enumerate() {
        row(state, i + 1, trial, Some((first, pairs[i].len())), text::row(area, i + 2), buf);
    }
    let used = (trials.len() + 2).min(usize::from(area.height)) as u16;
    let below = Rect { y: area.y + used, height: area.height - used, ..area };
    dots(state, &pairs, below, buf);
}

fn heading(state: &AppState, area: Rect, buf: &mut Buffer) {
    let study = state.history.study();
    let (fits, last) = folds(state, usize::from(area.width));
    let from = state.panels.pairs.fold.min(last);
    let mut words = format!("{:NAME$}{:<VERDICT$}{:>MEAN$}{:>T$}{:>P$}", "", "verdict", "mean", "t", "p");
    for training in from..from + fits {
        words += &right(&format!("fold {}", study.training(training)), FOLD, "");
    }
    if from < last {
        words += state.theme.symbols().cut;
    }
    let line = Line::styled(words, state.theme.style(Tone::Strong));
    text::fitted(line, text::row(area, 0), state.theme.symbols().cut, buf);
}

/// A trial: its scores where it is the first, else what it is better or worse by.
fn row(
    state: &AppState,
    number: usize,
    trial: &Trial,
    against: Option<(&Trial, usize)>,
    area: Rect,
    buf: &mut Buffer,
) {
    let (theme, study, cut) = (state.theme, state.history.study(), state.theme.symbols().cut);
    let paired = against.and_then(|(first, _)| compare::trial(study, trial, first));
    let (word, tone) = match (&paired, against) {
        (_, None) => ("", Tone::Quiet),
        (Some(paired), _) => verdict(study.direction, paired),
        (None, Some((_, 0))) => ("no pair", Tone::Quiet),
        (None, Some(_)) => ("too few", Tone::Quiet),
    };
    let mean = match (&paired, against) {
        (Some(paired), _) => signed(paired.difference),
        (None, None) => trial.score.map_or(String::new(), |score| significant(score, 4)),
        (None, Some((first, _))) => {
            let all = compare::differences(trial, first);
            let mean = all.iter().map(|(_, d)| d).sum::<f64>() / all.len() as f64;
            if all.is_empty() { String::new() } else { signed(mean) }
        }
    };
    let t = paired.map_or(String::new(), |paired| match paired.t {
        t if t.is_infinite() => "inf".into(),
        t if t.abs() < 100.0 => format!("{t:.2}"),
        t => significant(t, 3),
    });
    let chance = paired.map_or(String::new(), |paired| paired.chance());
    let chance = chance.trim_start_matches("p ").trim_start_matches("= ");
    let mut line = vec![
        compared::mark(theme, number),
        Span::raw(left(&format!(" trial {}", trial.id), NAME - 1, cut)),
        Span::styled(left(word, VERDICT, cut), theme.style(tone)),
        Span::styled(right(&mean, MEAN, cut), theme.style(Tone::Strong)),
        Span::raw(right(&t, T, cut) + &right(chance, P, cut)),
    ];
    let (fits, last) = folds(state, usize::from(area.width));
    let from = state.panels.pairs.fold.min(last);
    for training in from..from + fits {
        let words = fold(study.folds, training, trial, against.map(|(first, _)| first));
        let words = words.unwrap_or_else(|| theme.symbols().none.to_owned());
        line.push(Span::styled(right(&words, FOLD, cut), theme.style(Tone::Quiet)));
    }
    text::fitted(Line::from(line), area, cut, buf);
}

/// The score of a training, or its difference to the same one of another trial.
fn fold(folds: usize, training: usize, trial: &Trial, other: Option<&Trial>) -> Option<String> {
    let (repeat, fold) = (training / folds.max(1), training % folds.max(1));
    let of = |trial: &Trial| {
        let here = |score: &&FoldScore| (score.repeat, score.fold) == (repeat, fold);
        trial.folds.iter().find(here).map(|score| score.score)
    };
    Some(match other {
        None => significant(of(trial)?, 4),
        Some(other) => signed(of(trial)? - of(other)?),
    })
}

fn verdict(direction: Direction, paired: &Paired) -> (&'static str, Tone) {
    match paired.tied() {
        true => ("tied", Tone::Plain),
        false if direction.is_better(paired.difference, 0.0) => ("better", Tone::Good),
        false => ("worse", Tone::Warn),
    }
}

fn signed(value: f64) -> String {
    let sign = match value {
        0.0 => "",
        v if v < 0.0 => "-",
        _ => "+",
    };
    format!("{sign}{}", significant(value.abs(), 3))
}

/// The differences along a line, each as the number of its fold.
fn dots(state: &AppState, pairs: &[Vec<((usize, usize), f64)>], area: Rect, buf: &mut Buffer) {
    let (theme, study) = (state.theme, state.history.study());
    let most = pairs.iter().flatten().map(|(_, d)| d.abs()).fold(0.0, f64::max);
    let axis = Rect { x: area.x + NAME as u16, width: area.width.saturating_sub(NAME as u16), ..area };
    if axis.intersection(area).width < 24 || area.height < 2 || pairs.iter().all(Vec::is_empty) {
        return;
    }
    ends(theme, study.direction, most, text::row(axis, 0), buf);
    let last = f64::from(axis.width - 1);
    let place = |d: f64| {
        let share = if most > 0.0 { 0.5 + d / most / 2.0 } else { 0.5 };
        axis.x + (share * last).round() as u16
    };
    for (i, pairs) in pairs.iter().enumerate() {
        let row = text::row(area, i + 1);
        if row.is_empty() {
            return;
        }
        compared::mark(theme, i + 1).render(Rect { width: 1, ..row }, buf);
        put(buf, (place(0.0), row.y), if theme.options.ascii { "|" } else { "│" }, theme.style(Tone::Quiet));
        let mut taken = Vec::new();
        for ((_, fold), difference) in pairs {
            let x = place(*difference);
            // Several in one place.
            let digit = if taken.contains(&x) { "*".into() } else { ((fold + 1) % 10).to_string() };
            taken.push(x);
            put(buf, (x, row.y), &digit, compared::style(theme, i + 1));
        }
    }
    let words = "digits: folds, *: several; p: corrected for shared rows";
    let at = text::row(area, pairs.len() + 2);
    text::fitted(Line::styled(words, theme.style(Tone::Quiet)), at, theme.symbols().cut, buf);
}

fn put(buf: &mut Buffer, at: (u16, u16), symbol: &str, style: Style) {
    if let Some(cell) = buf.cell_mut(at) {
        cell.set_symbol(symbol).set_style(style);
    }
}

/// What lies at both ends of the line, and zero between.
fn ends(theme: Theme, direction: Direction, most: f64, area: Rect, buf: &mut Buffer) {
    let (below, above) = match direction {
        Direction::Minimize => ("better", "worse"),
        Direction::Maximize => ("worse", "better"),
    };
    let style = theme.style(Tone::Quiet);
    let start = Line::styled(format!("{} {below}", signed(-most)), style);
    let end = Line::styled(format!("{above} {}", signed(most)), style);
    text::ends(area, buf, start, end);
    put(buf, (area.x + ((f64::from(area.width - 1)) / 2.0).round() as u16, area.y), "0", style);
}
