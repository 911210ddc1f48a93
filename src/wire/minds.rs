//! What sampler, pruner and analysis say about a history, for the dashboard: of the parts that the study was started
//! with, or of those that a person switched to since.

use std::borrow::Cow;

use rayon::ThreadPool;

use super::background::caught;
use super::row;
use crate::analysis::importance;
use crate::config::StudyConfig;
use crate::config::study::Part;
use crate::domain::event::Method;
use crate::domain::history::History;
use crate::domain::insight::{Contour, Insight, Question, Rung};
use crate::domain::setting::{Setting, Settings};
use crate::domain::value::Params;
use crate::pruner::{PRUNERS, Pruner};
use crate::sampler::{self, SAMPLERS, Sampler};
use crate::tui::ask::{Answer, Ask};

/// Places along each side of a contour.
const SIDE: usize = 33;

/// The parts that a study was started with.
#[derive(Debug, Clone)]
pub struct Minds {
    sampler: Part,
    pruner: Part,
}

impl Minds {
    /// Those of a study file.
    pub fn of(config: &StudyConfig) -> Self {
        Minds { sampler: config.sampler.clone(), pruner: config.pruner.clone() }
    }

    /// The answer to a question about a history; nothing to any other.
    pub fn answer(&self, pool: &ThreadPool, ask: &Ask) -> Option<Answer> {
        Some(match ask {
            Ask::Importance(history) => Answer::Importance(caught(pool, || {
                importance::importance_soon(history).map_err(|e| e.to_string())
            })),
            Ask::Insight(history, question) => {
                Answer::Insight(caught(pool, || self.insight(history, question)))
            }
            Ask::Contour(history, parameters) => {
                Answer::Contour(caught(pool, || contour(history, *parameters)))
            }
            Ask::Rungs(history) => Answer::Rungs(caught(pool, || self.rungs(history)).unwrap_or_default()),
            _ => return None,
        })
    }

    /// Of the search that the next trial belongs to.
    fn insight(&self, history: &History, question: &Question) -> Result<Option<Insight>, String> {
        let sampler = self.sampler(history)?;
        let (search, _) = history.search_of(history.trials().len());
        sampler.explain(search.space(), &search, question).map_err(|e| e.to_string())
    }

    /// Of all replicates of the search, those of the first one first, with the study's own numbers.
    fn rungs(&self, history: &History) -> Result<Vec<Rung>, String> {
        let pruner = self.pruner(history)?;
        let replicates = history.study().replicates.max(1);
        let mut all: Vec<Rung> = Vec::new();
        for number in 0..replicates {
            let search =
                if replicates == 1 { Cow::Borrowed(history) } else { Cow::Owned(history.replicate(number)) };
            let before = all.last().map_or(0, |rung| rung.bracket + 1);
            all.extend(pruner.rungs(&search).into_iter().map(|rung| {
                Rung {
                    bracket: rung.bracket + before,
                    trials: rung
                        .trials
                        .into_iter()
                        .map(|(id, value, on)| (id * replicates + number, value, on))
                        .collect(),
                    ..rung
                }
            }));
        }
        Ok(all)
    }

    fn sampler(&self, history: &History) -> Result<Box<dyn Sampler>, String> {
        let (kind, own) = of(&self.sampler, history.sampler());
        let row = row(SAMPLERS, kind).map_err(|e| e.to_string())?;
        Ok((row.build)(&settings(row.settings, own)?))
    }

    fn pruner(&self, history: &History) -> Result<Box<dyn Pruner>, String> {
        let (kind, own) = of(&self.pruner, history.pruner());
        let row = row(PRUNERS, kind).map_err(|e| e.to_string())?;
        Ok((row.build)(&settings(row.settings, own)?))
    }
}

/// The name and the settings that hold.
fn of<'a>(part: &'a Part, switched: Option<&'a Method>) -> (&'a str, &'a Params) {
    switched.map_or((&part.kind, &part.settings.0), |method| (&method.kind, &method.settings))
}

/// `own` settings, and the usual ones of the other rows.
fn settings(rows: &[Setting], own: &Params) -> Result<Settings, String> {
    let mut all = Params::new();
    for row in rows.iter().filter(|row| row.preset.value().is_some() || own.contains_key(row.name)) {
        all.extend(own.get(row.name).cloned().or(row.preset.value()).map(|v| (row.name.to_owned(), v)));
    }
    Settings::resolve(rows, "", &all)
}

fn contour(history: &History, parameters: [usize; 2]) -> Result<Contour, String> {
    sampler::contour(history.space(), history, parameters, SIDE).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::event::Event;
    use crate::domain::testing::{Scripted, float, space};
    use crate::domain::value::Value;

    fn part<B>(rows: &'static [crate::domain::table::Row<B>], kind: &str) -> Part {
        let row = rows.iter().find(|row| row.name == kind).unwrap();
        Part { kind: kind.into(), settings: Settings::defaults(row.settings) }
    }

    fn pool() -> ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap()
    }

    fn minds(sampler: &str, pruner: &str) -> Minds {
        Minds { sampler: part(SAMPLERS, sampler), pruner: part(PRUNERS, pruner) }
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
        let mut study = study(1);
        let minds = minds("random", "none");
        let ask = |study: &Scripted| {
            let question = Question { parameter: 0, places: 20 };
            minds.answer(&pool(), &Ask::Insight(Box::new(study.history().clone()), question)).unwrap()
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
            let study = study(replicates);
            let minds = minds("random", "asha");
            let ask = Ask::Rungs(Box::new(study.history().clone()));
            let Some(Answer::Rungs(rungs)) = minds.answer(&pool(), &ask) else { panic!() };
            for bracket in 0..replicates {
                let first = rungs.iter().find(|rung| rung.bracket == bracket).unwrap();
                let mut ids: Vec<usize> = first.trials.iter().map(|(id, ..)| *id).collect();
                ids.sort_unstable();
                assert_eq!(ids, (0..24).filter(|id| id % replicates == bracket).collect::<Vec<_>>());
            }
        }
        let ask = Ask::Rungs(Box::new(study(1).history().clone()));
        assert_eq!(minds("random", "median").answer(&pool(), &ask), Some(Answer::Rungs(Vec::new())));
    }

    #[test]
    fn importance_and_contour_are_answered_whatever_the_sampler() {
        let history = Box::new(study(1).history().clone());
        let minds = minds("grid", "none");
        let Some(Answer::Importance(Ok(importance))) =
            minds.answer(&pool(), &Ask::Importance(history.clone()))
        else {
            panic!()
        };
        assert_eq!(importance.parameters[0].parameter, "y");
        let Some(Answer::Contour(Ok(contour))) = minds.answer(&pool(), &Ask::Contour(history, [0, 1])) else {
            panic!()
        };
        assert_eq!((contour.side, contour.belief.len()), (SIDE, SIDE * SIDE));
        assert_eq!(minds.answer(&pool(), &Ask::Studies), None);
    }
}
