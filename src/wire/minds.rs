//! What sampler, pruner and analysis say about a history, for the dashboard. The history knows which parts these are:
//! those that the study file asked for, or those that a person switched to since.

use std::borrow::Cow;

use rayon::ThreadPool;

use super::background::caught;
use super::steering::chosen;
use crate::analysis::importance;
use crate::domain::event::Method;
use crate::domain::history::History;
use crate::domain::insight::{Contour, Insight, Question, Rung};
use crate::domain::seed::derive;
use crate::domain::value::Params;
use crate::pruner::{PRUNERS, Pruner};
use crate::sampler::{self, SAMPLERS, Sampler};
use crate::tui::ask::{Answer, Ask};

/// Places along each side of a contour.
const SIDE: usize = 33;

/// The answer to a question about a history; nothing to any other.
pub(super) fn answer(pool: &ThreadPool, ask: &Ask) -> Option<Answer> {
    Some(match ask {
        Ask::Importance(history) => Answer::Importance(caught(pool, || {
            importance::importance_soon(history).map_err(|e| e.to_string())
        })),
        Ask::Insight(history, question) => Answer::Insight(caught(pool, || insight(history, question))),
        Ask::Contour(history, parameters) => Answer::Contour(caught(pool, || contour(history, *parameters))),
        Ask::Rungs(history) => Answer::Rungs(caught(pool, || rungs(history)).unwrap_or_default()),
        _ => return None,
    })
}

/// What the sampler has in mind before it asks for the next trial.
fn insight(history: &History, question: &Question) -> Result<Option<Insight>, String> {
    let sampler = sampler(history)?;
    let (search, number) = history.asked_of(history.trials().len());
    let seed = derive(search.study().seed, "ask", number as u64);
    sampler.explain(search.space(), &search, question, seed).map_err(|e| e.to_string())
}

/// The rungs of all replicates of the search, those of the first one first, with the study's own numbers.
fn rungs(history: &History) -> Result<Vec<Rung>, String> {
    let pruner = pruner(history)?;
    let replicates = history.study().replicates.max(1);
    let mut all: Vec<Rung> = Vec::new();
    for number in 0..replicates {
        let search =
            if replicates == 1 { Cow::Borrowed(history) } else { Cow::Owned(history.replicate(number)) };
        let before = all.last().map_or(0, |rung| rung.bracket + 1);
        for Rung { bracket, at, mut trials } in pruner.rungs(&search) {
            trials.iter_mut().for_each(|(id, ..)| *id = *id * replicates + number);
            all.push(Rung { bracket: bracket + before, at, trials });
        }
    }
    Ok(all)
}

/// Of what lies where the sampler looks now.
fn contour(history: &History, parameters: [usize; 2]) -> Result<Contour, String> {
    let inside = history.within().map_or(Cow::Borrowed(history), Cow::Owned);
    sampler::contour(inside.space(), &inside, parameters, SIDE).map_err(|e| e.to_string())
}

fn sampler(history: &History) -> Result<Box<dyn Sampler>, String> {
    let asked = || history.asked()?.sampler.as_ref();
    let method = history.sampler().or_else(asked).cloned();
    let method = method.unwrap_or_else(|| named(&history.study().sampler));
    let (row, settings, _) = chosen(SAMPLERS, "sampler", &method)?;
    Ok((row.build)(&settings))
}

fn pruner(history: &History) -> Result<Box<dyn Pruner>, String> {
    let asked = || history.asked()?.pruner.as_ref();
    let method = history.pruner().or_else(asked).cloned().unwrap_or_else(|| named("none"));
    let (row, settings, _) = chosen(PRUNERS, "pruner", &method)?;
    Ok((row.build)(&settings))
}

/// With its usual settings.
fn named(kind: &str) -> Method {
    Method { kind: kind.to_owned(), settings: Params::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::event::{Asked, Event};
    use crate::domain::testing::{Scripted, float, space};
    use crate::domain::value::Value;

    fn pool() -> ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap()
    }

    /// With these parts in its study file.
    fn started(mut study: Scripted, sampler: &str, pruner: &str) -> Scripted {
        let (sampler, pruner) = (Some(named(sampler)), Some(named(pruner)));
        let asked = Some(Box::new(Asked { trials: 99, workers: None, sampler, pruner }));
        study.apply(Event::StudyOpened { trials: 99, slots: 1, threads: 1, asked });
        study
    }

    fn study(replicates: usize) -> Scripted {
        let space = space([("x", float(0.0, 1.0)), ("y", float(0.0, 1.0))]);
        let mut study = Scripted::replicated(&space, Direction::Minimize, 3, replicates);
        for i in 0..24 {
            let (x, y) = (i as f64 * 0.618_034 % 1.0, i as f64 * 0.414_214 % 1.0);
            let score = (x - 0.3).powi(2) + y;
            study.complete_reporting(space.from_unit(&[x, y]), &[score + 1.0, score]);
        }
        study
    }

    #[test]
    fn the_sampler_that_a_person_switched_to_is_asked() {
        let mut study = started(study(1), "random", "none");
        let ask = |study: &Scripted| {
            let question = Question { parameter: 0, places: 20 };
            answer(&pool(), &Ask::Insight(Box::new(study.history().clone()), question)).unwrap()
        };
        assert_eq!(ask(&study), Answer::Insight(Ok(None)));
        let settings = Params::from([("startup".to_owned(), Value::Int(5))]);
        study.apply(Event::SamplerSwitched { sampler: Method { kind: "tpe".into(), settings } });
        assert!(matches!(ask(&study), Answer::Insight(Ok(Some(Insight::Densities(_))))));
        let settings = Params::from([("startup".to_owned(), Value::Text("many".into()))]);
        study.apply(Event::SamplerSwitched { sampler: Method { kind: "gp-ucb".into(), settings } });
        let Answer::Insight(Err(reason)) = ask(&study) else { panic!() };
        assert!(reason.contains("startup"), "{reason}");
    }

    #[test]
    fn rungs_are_of_every_replicate_and_have_the_studys_numbers() {
        for replicates in [1, 2] {
            let study = started(study(replicates), "random", "asha");
            let ask = Ask::Rungs(Box::new(study.history().clone()));
            let Some(Answer::Rungs(rungs)) = answer(&pool(), &ask) else { panic!() };
            for bracket in 0..replicates {
                let first = rungs.iter().find(|rung| rung.bracket == bracket).unwrap();
                let mut ids: Vec<usize> = first.trials.iter().map(|(id, ..)| *id).collect();
                ids.sort_unstable();
                assert_eq!(ids, (0..24).filter(|id| id % replicates == bracket).collect::<Vec<_>>());
            }
        }
        let ask = Ask::Rungs(Box::new(started(study(1), "random", "median").history().clone()));
        assert_eq!(answer(&pool(), &ask), Some(Answer::Rungs(Vec::new())));
    }

    #[test]
    fn importance_and_contour_are_answered_whatever_the_sampler() {
        let history = Box::new(study(1).history().clone());
        let Some(Answer::Importance(Ok(importance))) = answer(&pool(), &Ask::Importance(history.clone()))
        else {
            panic!()
        };
        assert_eq!(importance.parameters[0].parameter, "y");
        let Some(Answer::Contour(Ok(contour))) = answer(&pool(), &Ask::Contour(history, [0, 1])) else {
            panic!()
        };
        assert_eq!((contour.side, contour.belief.len()), (SIDE, SIDE * SIDE));
        assert_eq!(answer(&pool(), &Ask::Studies), None);
    }
}
