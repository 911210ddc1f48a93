//! What the sampler believes along one parameter: a Gaussian process its mean ± σ and what that promises, the Parzen
//! estimator the densities of good and of other trials. A sampler without a model says what it does instead.
//!
//! ```text
//! score      belief, and the trials     density    l and g
//!            acquisition                           good trials, others
//! value  ────────▲──────────            value  ────────▲──────────
//! the next point in words
//! ```

mod densities;
mod plane;
mod slice;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Panel, empty};
use crate::analysis::generations::distance;
use crate::domain::event::Method;
use crate::domain::history::History;
use crate::domain::insight::{Insight, Question};
use crate::domain::space::{Distribution, SearchSpace};
use crate::domain::trial::{Timestamp, Trial};
use crate::tui::ask::Ask;
use crate::tui::keymap::Action;
use crate::tui::state::{AppState, PanelId};
use crate::tui::text;
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel = Panel { about, place, act, arrange, ..Panel::plain(PanelId::Mind, "Mind", render) };

/// Places of a question.
const PLACES: usize = 101;
/// Milliseconds between two questions about the same parameter: a model is fitted anew for each.
const PAUSE: Timestamp = 2_000;
/// Nearer than this to the slice, a trial speaks of it.
const NEAR: f64 = 0.2;

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The parameter that a person looks at, by its place in the space.
    parameter: usize,
    asked: Option<Asked>,
    /// Whether an answer is on its way.
    waiting: bool,
    answer: Option<Result<Option<Insight>, String>>,
    /// What the answer is about.
    answered: Option<Asked>,
    /// Where trials lie along the parameter of the answer, and of how many finished ones this was told.
    dots: Vec<Dot>,
    dotted: Option<(usize, usize)>,
}

/// What a question was about, and when.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    parameter: usize,
    /// Where the sampler looks, and who it is.
    space: SearchSpace,
    sampler: (String, Option<Method>),
    finished: usize,
    moment: u64,
    at: Timestamp,
}

impl Asked {
    /// Whether its answer would still be one, if an older one.
    fn holds(&self, history: &History) -> bool {
        self.space == *history.space() && self.sampler == sampler(history)
    }
}

fn sampler(history: &History) -> (String, Option<Method>) {
    (history.sampler_name().to_owned(), history.sampler().cloned())
}

/// A trial with a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Dot {
    /// Along the parameter.
    at: f64,
    score: f64,
    /// Whether the other parameters are near those of the slice.
    near: bool,
    /// Its place among all, from 0.
    rank: usize,
}

impl State {
    /// Takes in what came of the question.
    pub fn answer(&mut self, outcome: Result<Option<Insight>, String>) {
        self.waiting = false;
        self.answer = Some(outcome);
        self.answered = self.asked.clone();
        self.dotted = None;
    }

    /// The moment whose answer is awaited.
    pub fn awaits(&self) -> Option<u64> {
        self.asked.as_ref().filter(|_| self.waiting).map(|asked| asked.moment)
    }

    /// Forgets what it was told: the history is another one.
    pub fn forget(&mut self) {
        *self = State { parameter: self.parameter, ..State::default() };
    }

    /// Whether the sampler has no model to be shown.
    pub fn is_idle(&self) -> bool {
        matches!(self.answer, Some(Ok(None)))
    }

    fn insight(&self) -> Option<&Insight> {
        self.answer.as_ref()?.as_ref().ok()?.as_ref()
    }
}

/// The parameter that an answer is about.
fn subject(insight: &Insight) -> usize {
    match insight {
        Insight::Slice(slice) => slice.parameter,
        Insight::Densities(densities) => densities.parameter,
    }
}

/// The parameters with more than one value, by their places.
fn free(history: &History) -> Vec<usize> {
    let parameters = history.space().parameters.iter().enumerate();
    parameters.filter(|(_, p)| p.distribution.cardinality() != Some(1)).map(|(i, _)| i).collect()
}

fn about(state: &AppState) -> String {
    let (own, dot) = (&state.panels.mind, state.theme.symbols().dot);
    let sampler = state.history.sampler_name();
    let named = |parameter: usize| state.history.space().parameters.get(parameter).map(|p| p.name.as_str());
    let Some(insight) = own.insight() else { return text::clean(&format!("{dot} {sampler}")) };
    let shown = subject(insight);
    let name = named(shown).unwrap_or_default();
    let other = named(own.parameter).filter(|_| own.waiting && shown != own.parameter);
    let next = other.map_or_else(String::new, |name| format!(", computing {name} ..."));
    let words = match insight {
        Insight::Slice(_) => format!("{dot} {sampler} {dot} {name}, through the best trial{next}"),
        Insight::Densities(_) => format!("{dot} {sampler} {dot} {name}{next}"),
    };
    text::clean(&words)
}

fn place(state: &AppState, _rows: usize) -> String {
    let free = free(&state.history);
    let at = free.iter().position(|p| *p == state.panels.mind.parameter);
    match (at, state.panels.mind.insight()) {
        (Some(at), Some(_)) if free.len() > 1 => format!("{} of {}", at + 1, free.len()),
        _ => String::new(),
    }
}

fn act(state: &mut AppState, action: Action, _: Rect) -> Vec<Effect> {
    let by = match action {
        Action::Next | Action::Right => 1,
        Action::Previous | Action::Left => -1,
        _ => return Vec::new(),
    };
    let free = free(&state.history);
    let own = &mut state.panels.mind;
    let at = free.iter().position(|p| *p == own.parameter).unwrap_or(0) as isize;
    let to = (at + by).rem_euclid(free.len().max(1) as isize) as usize;
    own.parameter = free.get(to).copied().unwrap_or(own.parameter);
    Vec::new()
}

/// Asks, where more is known than when it last did or another parameter is to be looked at.
fn arrange(state: &mut AppState, _: Rect) -> Vec<Effect> {
    let at_rest = state.is_at_rest();
    let history = &state.history;
    let own = &mut state.panels.mind;
    // Another sampler's words, or words about other axes, are no answer.
    if own.answered.as_ref().is_some_and(|answered| !answered.holds(history)) {
        (own.answer, own.answered, own.dotted) = (None, None, None);
    }
    let free = free(history);
    if !free.contains(&own.parameter) {
        own.parameter = free.first().copied().unwrap_or(0);
    }
    prepare(own, history);
    let outdated = own.asked.as_ref().is_some_and(|asked| !asked.holds(history));
    if (own.waiting && !outdated) || history.incumbent().is_none() || free.is_empty() {
        return Vec::new();
    }
    let asked = Asked {
        parameter: own.parameter,
        space: history.space().clone(),
        sampler: sampler(history),
        finished: history.counts().finished(),
        moment: history.next_sequence(),
        at: state.now,
    };
    let known = own.asked.as_ref().is_some_and(|before| {
        let soon = !at_rest && state.now.abs_diff(before.at) < PAUSE;
        before.parameter == asked.parameter && !outdated && (before.finished == asked.finished || soon)
    });
    if known {
        return Vec::new();
    }
    (own.asked, own.waiting) = (Some(asked), true);
    let question = Question { parameter: own.parameter, places: PLACES };
    vec![Effect::Ask(Ask::Insight(Box::new(history.clone()), question))]
}

/// Where trials lie along the parameter of the answer.
fn prepare(own: &mut State, history: &History) {
    let Some(insight) = own.insight() else { return };
    let (parameter, finished) = (subject(insight), history.counts().finished());
    if own.dotted == Some((parameter, finished)) {
        return;
    }
    let space = history.space();
    let Some(named) = space.parameters.get(parameter) else { return };
    let through = match insight {
        Insight::Slice(slice) => space.to_unit(&slice.through).ok(),
        Insight::Densities(_) => None,
    };
    let is_narrowed = *space != history.study().space;
    let dot = |(rank, trial): (usize, &Trial)| {
        let at = named.distribution.to_unit(trial.params.get(&named.name)?)?;
        let near = through.as_ref().is_some_and(|through| {
            // Of a range that a person changed, trials lie elsewhere in the cube of today.
            let moved = is_narrowed.then(|| space.to_unit(&trial.params).ok()).flatten();
            let mut point = moved.unwrap_or_else(|| trial.point.clone());
            if let (Some(own), Some(there)) = (point.get_mut(parameter), through.get(parameter)) {
                *own = *there;
            }
            distance(space, &point, through) < NEAR
        });
        // Trials of one choice stand beside each other.
        let at = match &named.distribution {
            Distribution::Choice { choices } => {
                at + 0.7 * ((trial.id as f64 * 0.618_034) % 1.0 - 0.5) / choices.len() as f64
            }
            _ => at,
        };
        Some(Dot { at, score: trial.score?, near, rank })
    };
    own.dots = history.ranked().into_iter().enumerate().filter_map(dot).collect();
    own.dotted = Some((parameter, finished));
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let (theme, own, history) = (state.theme, &state.panels.mind, &state.history);
    let sentence = match &own.answer {
        Some(Ok(Some(insight))) => {
            let Some(parameter) = history.space().parameters.get(subject(insight)) else { return };
            return match insight {
                Insight::Slice(slice) => slice::render(state, parameter, slice, &own.dots, area, buf),
                Insight::Densities(found) => densities::render(state, parameter, found, &own.dots, area, buf),
            };
        }
        Some(Err(reason)) => text::clean(reason),
        Some(Ok(None)) => instead(history.sampler_name()),
        None if free(history).is_empty() => {
            "the study searches no parameter: there is nothing to believe".into()
        }
        None if history.incumbent().is_none() => {
            "what the sampler believes stands here from the first score on".into()
        }
        None => format!("asking {} what it believes ...", text::clean(history.sampler_name())),
    };
    empty(theme, &sentence, area, buf);
}

/// What a sampler without a model does.
fn instead(sampler: &str) -> String {
    let words = match sampler {
        "random" => {
            "draws each trial by itself: it believes nothing. Slices and contour of Search show what scores say"
        }
        "sobol" => {
            "follows an evenly spread sequence, whatever the scores. Slices and contour of Search show what they say"
        }
        "grid" => {
            "tries its points in a shuffled order, whatever the scores. Slices and contour of Search show what they say"
        }
        "manual" => "tries what is enqueued and nothing else",
        "genetic" | "nsga2" => {
            "breeds from the best trials and has no model of the score. Generations shows how that goes"
        }
        "cma-es" => {
            "draws from a normal distribution that follows the best trials. Reasons tells how wide it is"
        }
        _ => "has no model of the score to be shown",
    };
    text::clean(&format!("{sampler} {words}"))
}
