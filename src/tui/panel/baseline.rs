//! A baseline in the place of a trial: its folds, and the best trial beside it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::analysis::human;
use crate::analysis::versus::{Versus, versus};
use crate::domain::baseline::BaselineScore;
use crate::domain::value::significant;
use crate::tui::state::AppState;
use crate::tui::text::{self, left, right};
use crate::tui::theme::Tone;

/// Columns of a figure.
const FIGURE: usize = 11;

/// Its name.
pub fn about(state: &AppState, number: usize) -> String {
    state.history.baselines().get(number).map_or_else(String::new, |baseline| text::clean(&baseline.baseline))
}

/// Draws it.
pub fn render(state: &AppState, number: usize, area: Rect, buf: &mut Buffer) {
    let Some(baseline) = state.history.baselines().get(number) else { return };
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }.intersection(area);
    for (i, line) in lines(state, baseline).into_iter().enumerate() {
        let row = text::row(area, i);
        if row.height > 0 {
            text::fitted(line, row, state.theme.symbols().cut, buf);
        }
    }
}

fn lines(state: &AppState, baseline: &BaselineScore) -> Vec<Line<'static>> {
    let (theme, symbols, study) = (state.theme, state.theme.symbols(), state.history.study());
    let [strong, quiet, plain] = [Tone::Strong, Tone::Quiet, Tone::Plain].map(|tone| theme.style(tone));
    let metric = text::clean(&study.metric);
    let mean = baseline.mean(&study.metric).map_or(symbols.none.to_owned(), |v| significant(v, 4));
    let spread = baseline
        .spread(&study.metric)
        .map_or(String::new(), |s| format!(" {} {}", symbols.plus_minus, significant(s, 2)));
    let took = human::duration(baseline.seconds);
    let mut lines = vec![
        Line::styled(format!("{metric} {mean}{spread}"), theme.style(Tone::Second)),
        Line::styled(format!("computed in {took}, on the folds of the trials"), quiet),
        Line::default(),
    ];
    let best = state.history.incumbent();
    let compared = best.and_then(|best| versus(study, best, baseline));
    if let (Some(best), Some(compared)) = (best, &compared) {
        lines.push(Line::styled(verdict(compared, best.id), theme.style(tone(compared))));
        lines.push(Line::default());
    }
    let others: Vec<&str> = baseline.metrics().into_iter().filter(|name| *name != study.metric).collect();
    let mut heading = format!("fold{}", right(&metric, FIGURE, symbols.cut));
    if let Some(best) = best.filter(|_| compared.is_some()) {
        heading += &right(&format!("trial {}", best.id), FIGURE, symbols.cut);
        heading += &right("difference", FIGURE + 1, symbols.cut);
    }
    others.iter().for_each(|name| heading += &right(name, FIGURE, symbols.cut));
    lines.push(Line::styled(heading, strong));
    for (number, fold) in baseline.folds.iter().enumerate() {
        let figure = |value: Option<f64>| {
            right(&value.map_or(symbols.none.to_owned(), |v| significant(v, 4)), FIGURE, symbols.cut)
        };
        let mut words = left(&format!("{:>4}", number + 1), 4, symbols.cut);
        words += &figure(fold.get(&study.metric).copied());
        if let Some((trial, difference)) = compared.as_ref().and_then(|c| c.folds.get(number)) {
            words += &figure(Some(*trial));
            words += " ";
            words += &figure(Some(*difference));
        }
        others.iter().for_each(|name| words += &figure(fold.get(*name).copied()));
        lines.push(Line::styled(words, plain));
    }
    lines
}

fn tone(compared: &Versus) -> Tone {
    let is_clear = compared.paired.is_none_or(|paired| !paired.tied());
    if compared.is_better && is_clear { Tone::Good } else { Tone::Warn }
}

fn verdict(compared: &Versus, trial: usize) -> String {
    format!("the best trial, {trial}, is {}", compared.words())
}
