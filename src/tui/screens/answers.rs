//! Plausible answers to everything that the dashboard asks.

use std::sync::Arc;

use super::{Answer, AppState, Ask, Effect, Msg, minds, search, studies, testing, trial, update};
use crate::domain::history::History;
use crate::domain::insight::{Densities, Insight, Slice};

/// Of the `turn`-th question; a failure each fifth time where failures can be told.
pub(in crate::tui) fn answer(ask: Ask, turn: usize, now: u64) -> Answer {
    if turn % 5 == 4 && ask != Ask::Studies {
        return Answer::refusal(ask, "the model could not be fitted: look at it again later");
    }
    let moment = ask.moment();
    let answer = match ask {
        Ask::Profile { trial, .. } => Answer::Profile(trial, Ok(Arc::new(testing::profile(trial)))),
        Ask::Predictions { trial, .. } => {
            let task = trial::ANY[turn % trial::ANY.len()];
            Answer::Predictions(trial, Ok(Arc::new(trial::predictions(task))))
        }
        Ask::Layers { trial, .. } => Answer::Layers(trial, Ok(trial::layers())),
        Ask::Importance(history) => Answer::Importance(Ok(search::shares(&history))),
        Ask::Insight(history, question) => Answer::Insight(Ok(insight(&history, question.parameter, turn))),
        Ask::Contour(_, pair) => Answer::Contour(Ok(search::valley(pair))),
        Ask::Rungs(_) => Answer::Rungs(if turn % 4 == 3 { Vec::new() } else { minds::rungs() }),
        Ask::Studies => Answer::Studies(studies::rows(now.max(500_000_000))),
        Ask::Study(path) => Answer::Study(path, Ok(Box::new(testing::finished().history().clone()))),
        Ask::Export(trial) => Answer::Export(Ok((trial.unwrap_or(0), "trial.toml".into()))),
    };
    match moment {
        Some(moment) => Answer::Of(moment, Box::new(answer)),
        None => answer,
    }
}

/// A slice, densities, or nothing.
fn insight(history: &History, parameter: usize, turn: usize) -> Option<Insight> {
    let best = history.incumbent()?;
    let places: Vec<f64> = (0..=100).map(|i| f64::from(i) / 100.0).collect();
    let next = Some((0.7, best.params.clone()));
    let bump = |at: f64| places.iter().map(|u| 0.2 + 2.0 * (-9.0 * (u - at).powi(2)).exp()).collect();
    match turn % 3 {
        0 => {
            let mean = best.score?;
            let at = |u: &f64| {
                let (middle, sd) = (mean + 5.0 * (u - 0.4).powi(2), 0.3 + (u - 0.5).abs());
                [middle, middle - sd, middle + sd]
            };
            let belief = places.iter().map(at).collect();
            let (through, acquisition) = (best.params.clone(), bump(0.7));
            let acquired_by = "UCB, kappa 2".into();
            Some(Insight::Slice(Slice { parameter, through, belief, acquisition, acquired_by, places, next }))
        }
        1 => {
            let (good, bad) = (bump(0.6), bump(0.3));
            Some(Insight::Densities(Densities { parameter, good, bad, trials: [3, 9], next, places }))
        }
        _ => None,
    }
}

/// Answers what was asked, and what is asked thereupon.
pub(in crate::tui) fn all(state: &mut AppState, effects: Vec<Effect>, turn: usize) {
    let mut left = effects;
    for _ in 0..20 {
        let asks = std::mem::take(&mut left);
        for effect in asks {
            if let Effect::Ask(ask) = effect {
                let answer = answer(ask, turn, state.now);
                left.extend(update(state, Msg::Answer(answer)));
            }
        }
        if left.is_empty() {
            return;
        }
    }
}
