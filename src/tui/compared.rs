//! What the view of comparison compares: the marked trials, the best two where none is marked, or two studies.

use std::path::Path;

use ratatui::style::Style;
use ratatui::text::Span;

use super::keymap::{Action, Context};
use super::plot::Stroke;
use super::state::{AppState, PanelId};
use super::theme::Theme;
use super::update::Effect;
use crate::analysis::best::BestCurve;
use crate::domain::history::History;
use crate::domain::trial::{Trial, TrialId};

/// Most trials at once: as many as there are colours for lines.
pub const MOST: usize = 6;

/// Another study.
#[derive(Debug, Clone)]
pub struct Other {
    /// Its name.
    pub name: String,
    /// What happened in it.
    pub history: Box<History>,
    /// Its best score so far.
    pub best: BestCurve,
}

/// What is known for the comparison.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The best two, as of so many complete trials.
    best: (usize, Vec<TrialId>),
    /// Another study, or why it can't be read.
    other: Option<Result<Other, String>>,
    /// Whether the studies are shown, not the trials.
    studies: bool,
}

/// Another study was read; it is compared from now on.
pub fn hear(state: &mut AppState, path: &Path, outcome: Result<Box<History>, String>) {
    let own = state.history.study().name.clone();
    let read = |history: Box<History>| {
        let name = history.study().name.clone();
        // Two of one name are told apart by their places.
        let name = if name == own { path.display().to_string() } else { name };
        Other { name, best: BestCurve::of(&history), history }
    };
    let compared = &mut state.panels.differences.compared;
    (compared.other, compared.studies) = (Some(outcome.map(read)), true);
}

/// Looks for the best two trials, where that is not known. Every panel of the view does it first.
pub fn prepare(state: &mut AppState) {
    let complete = state.history.counts().complete;
    let known = &mut state.panels.differences.compared.best;
    if known.0 != complete {
        *known = (complete, best_two(&state.history));
    }
}

fn best_two(history: &History) -> Vec<TrialId> {
    let Some(best) = history.incumbent() else { return Vec::new() };
    let direction = history.study().direction;
    let scored = history.trials().iter().filter(|trial| trial.id != best.id);
    let second = scored
        .filter_map(|trial| Some((trial.id, trial.score?)))
        .min_by(|a, b| direction.compare(a.1, b.1).then(a.0.cmp(&b.0)));
    std::iter::once(best.id).chain(second.map(|(id, _)| id)).collect()
}

/// Whether a person marked any.
pub fn is_marked(state: &AppState) -> bool {
    state.marked.iter().any(|id| state.history.trial(*id).is_some())
}

/// The compared trials, the one that others are compared with first.
pub fn trials(state: &AppState) -> Vec<&Trial> {
    let chosen = if is_marked(state) { &state.marked } else { &state.panels.differences.compared.best.1 };
    let mut trials: Vec<&Trial> = Vec::new();
    for trial in chosen.iter().filter_map(|id| state.history.trial(*id)) {
        if trials.len() < MOST && !trials.iter().any(|known| known.id == trial.id) {
            trials.push(trial);
        }
    }
    trials
}

/// The other study where it is to be compared, or why it can't be.
pub fn other(state: &AppState) -> Option<Result<&Other, &str>> {
    let compared = &state.panels.differences.compared;
    let other = compared.other.as_ref().filter(|_| compared.studies)?;
    Some(other.as_ref().map_err(String::as_str))
}

/// From the studies to the trials, or back.
pub fn switch(state: &mut AppState) -> Vec<Effect> {
    let compared = &mut state.panels.differences.compared;
    if compared.other.is_some() {
        compared.studies = !compared.studies;
    }
    Vec::new()
}

/// The letter of what stands in place `number`.
pub fn letter(number: usize) -> char {
    char::from(b'A' + (number % 26) as u8)
}

/// The letter in its colour.
pub fn mark(theme: Theme, number: usize) -> Span<'static> {
    Span::styled(letter(number).to_string(), style(theme, number))
}

/// The colour of what stands in place `number`.
pub fn style(theme: Theme, number: usize) -> Style {
    theme.series(number)
}

/// How its line is drawn: neighbours differ without colour too.
pub fn stroke(number: usize) -> Stroke {
    if number.is_multiple_of(2) { Stroke::Solid } else { Stroke::Dotted }
}

/// How trials are marked, and how many are left out.
pub fn about(state: &AppState) -> String {
    let dot = state.theme.symbols().dot;
    if let Some(other) = other(state) {
        return other.map_or_else(|_| String::new(), |_| format!("{dot} of two studies"));
    }
    let (marked, shown) = (state.marked.len(), trials(state).len());
    match shown {
        0 => String::new(),
        _ if !is_marked(state) => format!("{dot} the best {}", if shown == 1 { "one" } else { "two" }),
        _ if marked > shown => format!("{dot} the first {shown} of {marked} marked"),
        _ => format!("{dot} {shown} marked"),
    }
}

/// What to press to compare something else.
pub fn advice(state: &AppState) -> Option<String> {
    let alone = trials(state).len() < 2;
    (alone || !is_marked(state)).then(|| {
        let contexts = [Context::Panel(PanelId::Leaderboard), Context::Anywhere];
        let mut rows = state.keymap.rows(&contexts);
        let key = rows.find(|row| row.action == Action::Mark).map(|row| row.label(state.theme.options.ascii));
        let key = key.filter(|key| !key.trim().is_empty()).unwrap_or_else(|| "Space".into());
        let which = if is_marked(state) { "one trial is marked" } else { "no trial is marked" };
        format!("{which}: {key} in the table marks up to {MOST}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{Script, busy};
    use crate::tui::theme::Options;

    fn ids(state: &AppState) -> Vec<TrialId> {
        trials(state).iter().map(|trial| trial.id).collect()
    }

    #[test]
    fn the_marked_ones_once_each_and_else_the_best_two() {
        let script = busy();
        let mut state = AppState::new(script.history().clone(), Options::default(), script.now());
        prepare(&mut state);
        let ranked: Vec<TrialId> = state.history.ranked().iter().take(2).map(|t| t.id).collect();
        assert_eq!(ids(&state), ranked);
        assert!(advice(&state).unwrap().starts_with("no trial is marked: Space"));
        state.marked = vec![4, 999, 1, 4, 0, 2, 3, 5, 6];
        assert_eq!(ids(&state), [4, 1, 0, 2, 3, 5]);
        assert_eq!((about(&state).as_str(), advice(&state)), ("· the first 6 of 9 marked", None));
        state.marked = vec![7];
        assert!(advice(&state).unwrap().starts_with("one trial is marked"));
        let mut empty = AppState::new(Script::new(1).history().clone(), Options::default(), 0);
        prepare(&mut empty);
        assert!(ids(&empty).is_empty() && about(&empty).is_empty());
    }
}
