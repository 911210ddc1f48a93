//! What a history says to a sampler that learns: where was looked, and what it cost.
//!
//! | trial            | its cost                                                               |
//! |------------------|------------------------------------------------------------------------|
//! | complete         | its score's                                                            |
//! | imported         | its score's                                                            |
//! | pruned           | what it was worth where it ended, and what that usually changes by     |
//! |                  | until the end; at least the median of the complete trials, since the   |
//! |                  | rule found it not worth finishing                                      |
//! | running, waiting | none yet: pending                                                      |
//! | failed, cancelled| none: ended                                                            |

use std::collections::BTreeMap;

use crate::domain::course::Course;
use crate::domain::history::History;
use crate::domain::space::{SearchSpace, SpaceError};
use crate::domain::trial::{Trial, TrialId, TrialState};

/// A place with a cost; smaller is better.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation<'a> {
    /// The trial; `None` of an imported one.
    pub trial: Option<TrialId>,
    /// The point of the unit cube.
    pub point: std::borrow::Cow<'a, [f64]>,
    /// The cost.
    pub cost: f64,
}

/// What is known of the space.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observed<'a> {
    /// Imported trials, then those of the study that have a cost, by number.
    pub scored: Vec<Observation<'a>>,
    /// Points of trials that run or wait.
    pub pending: Vec<&'a [f64]>,
    /// Points of trials that ended without a cost: by an error or by a person.
    pub ended: Vec<&'a [f64]>,
}

impl<'a> Observed<'a> {
    /// What `history` says.
    ///
    /// # Errors
    /// Where an imported trial does not belong to `space`.
    pub fn of(space: &SearchSpace, history: &'a History) -> Result<Self, SpaceError> {
        let direction = history.study().direction;
        let mut observed = Observed::default();
        for known in history.imported() {
            let point = space.to_unit(&known.params)?.into();
            observed.scored.push(Observation { trial: None, point, cost: direction.cost(known.score) });
        }
        let (median, pruned) = (median_of_complete(history), costs_of_pruned(history));
        for trial in history.trials() {
            let cost = match trial.state {
                TrialState::Pruned { .. } => pruned.get(&trial.id).map(|c| c.max(median)),
                _ => trial.score.map(|s| direction.cost(s)),
            };
            match cost {
                Some(cost) => {
                    let point = trial.point.as_slice().into();
                    observed.scored.push(Observation { trial: Some(trial.id), point, cost });
                }
                None if trial.state.is_finished() => observed.ended.push(&trial.point),
                None => observed.pending.push(&trial.point),
            }
        }
        Ok(observed)
    }
}

/// The median cost of the complete trials, the upper one of two; −∞ without any.
fn median_of_complete(history: &History) -> f64 {
    let direction = history.study().direction;
    let mut known: Vec<f64> =
        history.trials().iter().filter_map(|t| t.score.map(|s| direction.cost(s))).collect();
    let middle = known.len() / 2;
    if known.is_empty() {
        return f64::NEG_INFINITY;
    }
    *known.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// Trials that tell how costs change, at most.
const WITNESSES: usize = 64;

/// What the pruned trials would have cost at their end. A cost after a few epochs of one fold is another thing than
/// one of whole trials; of those that went further than a trial both are known, and the median of their differences
/// is added to its own. From the furthest place back, so that few complete trials are enough; without any that went
/// further nothing is added.
fn costs_of_pruned(history: &History) -> BTreeMap<TrialId, f64> {
    let (course, direction) = (Course::of(history.study()), history.study().direction);
    let cost_at = |trial, place| course.value(trial, place).map(|value| direction.cost(value));
    let mut by_place: BTreeMap<usize, Vec<&Trial>> = BTreeMap::new();
    for trial in history.trials().iter().filter(|t| matches!(t.state, TrialState::Pruned { .. })) {
        by_place.entry(course.place(trial)).or_default().push(trial);
    }
    // The last ones, of each place the last ones.
    let complete = history.trials().iter().rev().filter_map(|t| Some((&**t, direction.cost(t.score?))));
    let mut further: Vec<(&Trial, f64)> = complete.take(WITNESSES).collect();
    let mut costs = BTreeMap::new();
    for (place, trials) in by_place.into_iter().rev() {
        let mut changes: Vec<f64> =
            further.iter().filter_map(|(t, cost)| Some(cost - cost_at(t, place)?)).collect();
        let middle = changes.len() / 2;
        let change =
            if changes.is_empty() { 0.0 } else { *changes.select_nth_unstable_by(middle, f64::total_cmp).1 };
        let known: Vec<(&Trial, f64)> =
            trials.into_iter().rev().filter_map(|t| Some((t, cost_at(t, place)? + change))).collect();
        costs.extend(known.iter().map(|(trial, cost)| (trial.id, *cost)));
        further.extend(known.into_iter().take(WITNESSES.saturating_sub(further.len())));
    }
    costs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::event::Event;
    use crate::domain::testing::{Scripted, float, space};
    use crate::domain::value::{Params, Value};

    fn at(x: f64) -> Params {
        Params::from([("x".to_owned(), Value::Float(x))])
    }

    #[test]
    fn a_pruned_trial_costs_what_others_like_it_came_to() {
        let space = space([("x", float(0.0, 1.0))]);
        for direction in [Direction::Minimize, Direction::Maximize] {
            let mut study = Scripted::folded(&space, direction, 2, 9);
            let sign = direction.cost(1.0);
            let start = |study: &mut Scripted, costs: &[f64]| {
                let trial = study.start(at(0.5));
                costs.iter().for_each(|c| study.report(trial, sign * c));
                trial
            };
            let prune = |trial| Event::TrialPruned { trial, reason: "rung".into() };
            // From the first report to the end of the first fold a trial gains 4, from there to its own end it
            // loses 1, because the second fold is harder.
            let whole = start(&mut study, &[10.0, 7.0, 6.0]);
            study.finish_fold(whole, sign * 6.0);
            study.finish_fold(whole, sign * 8.0);
            study.apply(Event::TrialCompleted { trial: whole, score: sign * 7.0, weights: None });
            let half = start(&mut study, &[13.0, 9.0]);
            study.finish_fold(half, sign * 9.0);
            study.apply(prune(half));
            let early = start(&mut study, &[20.0]);
            study.apply(prune(early));
            let better = start(&mut study, &[1.0]);
            study.apply(prune(better));
            let observed = Observed::of(&space, study.history()).unwrap();
            let costs: Vec<f64> = observed.scored.iter().map(|o| o.cost).collect();
            assert_eq!(costs, [7.0, 10.0, 17.0, 7.0], "the last at least the median of the complete one");
        }
    }

    #[test]
    fn every_state_of_a_trial_stands_where_it_belongs() {
        let space = space([("x", float(0.0, 1.0))]);
        let mut study = Scripted::new(&space, Direction::Minimize, 1);
        for i in 0..5_u32 {
            study.complete(at(f64::from(i) / 8.0), f64::from(i));
        }
        study.prune(at(0.8), 1.5);
        study.prune(at(0.9), 3.5);
        let trial = study.start(at(0.95));
        study.report(trial, 9.0);
        study.finish_fold(trial, 3.0);
        study.apply(crate::domain::event::Event::TrialPruned { trial, reason: "rung".into() });
        study.fail(at(1.0));
        study.cancel(at(0.1));
        study.start(at(0.2));
        study.requeue(at(0.3));
        let imported = crate::domain::trial::Imported { params: at(0.4), score: -7.0 };
        study.apply(crate::domain::event::Event::TrialsImported {
            source: "old.csv".into(),
            trials: vec![imported],
        });
        let observed = Observed::of(&space, study.history()).unwrap();
        let costs: Vec<f64> = observed.scored.iter().map(|o| o.cost).collect();
        assert_eq!(costs, [-7.0, 0.0, 1.0, 2.0, 3.0, 4.0, 2.0, 3.5, 3.0]);
        assert_eq!((observed.scored[0].trial, observed.scored[1].trial), (None, Some(0)));
        assert_eq!((&*observed.scored[0].point, &*observed.scored[6].point), (&[0.4][..], &[0.8][..]));
        assert_eq!(observed.ended, [&[1.0][..], &[0.1][..]]);
        assert_eq!(observed.pending, [&[0.2][..], &[0.3][..]]);
    }
}
