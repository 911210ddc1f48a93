//! The generations of a genetic search: how good they are, and how different their members still are.

use crate::domain::history::History;
use crate::domain::space::{Distribution, SearchSpace};
use crate::domain::trial::{Trial, TrialId};

/// Members of a generation of which the founders can't be told.
const USUAL: usize = 20;
/// Most members whose distances are taken: evenly of all.
const MOST: usize = 100;
/// Samplers that breed.
const BREEDERS: [&str; 2] = ["genetic", "nsga2"];

/// As many trials, one after another, as there were founders: trials without parents before the first that has some.
/// A search that breeds from the best of all so far has no other generations; in one that breeds from complete
/// generations only, those are a few trials smaller, because who is retained is not trained again.
#[derive(Debug, Clone, PartialEq)]
pub struct Generation {
    /// Its members.
    pub trials: Vec<TrialId>,
    /// How many of them have a score.
    pub scored: usize,
    /// The best score.
    pub best: Option<f64>,
    /// The median score, the worse one of two.
    pub median: Option<f64>,
    /// The mean distance of two members in the unit cube, where the longest side counts as 1: see [`distance`].
    pub diversity: Option<f64>,
}

/// The generations of the trials that were bred, in their order; none where none was.
pub fn generations(history: &History) -> Vec<Generation> {
    let bred = |t: &&Trial| BREEDERS.iter().any(|name| t.origin.by.starts_with(name));
    let members: Vec<&Trial> = history.trials().iter().map(AsRef::as_ref).filter(bred).collect();
    let founders = members.iter().take_while(|t| t.origin.parents.is_empty()).count();
    let size = if founders < 2 { USUAL } else { founders };
    members.chunks(size).map(|trials| of(history, trials)).collect()
}

fn of(history: &History, trials: &[&Trial]) -> Generation {
    let study = history.study();
    let mut scores: Vec<f64> = trials.iter().filter_map(|t| t.score).collect();
    scores.sort_by(|a, b| study.direction.compare(*a, *b));
    Generation {
        trials: trials.iter().map(|t| t.id).collect(),
        scored: scores.len(),
        best: scores.first().copied(),
        median: scores.get(scores.len() / 2).copied(),
        diversity: diversity(&study.space, trials),
    }
}

/// The mean distance of two of the members.
fn diversity(space: &SearchSpace, trials: &[&Trial]) -> Option<f64> {
    let step = trials.len().div_ceil(MOST).max(1);
    let points: Vec<&[f64]> = trials.iter().step_by(step).map(|t| t.point.as_slice()).collect();
    let pairs = points.len() * points.len().saturating_sub(1) / 2;
    let all = points.iter().enumerate().flat_map(|(i, a)| points[..i].iter().map(move |b| (a, b)));
    (pairs > 0).then(|| all.map(|(a, b)| distance(space, a, b)).sum::<f64>() / pairs as f64)
}

/// The root mean square of how far two points are apart along each parameter, of which 1 is the most; two choices
/// are always 1 apart.
pub fn distance(space: &SearchSpace, a: &[f64], b: &[f64]) -> f64 {
    let along = space.parameters.iter().zip(a.iter().zip(b)).map(|(parameter, (a, b))| {
        let is_choice = matches!(parameter.distribution, Distribution::Choice { .. });
        if is_choice { f64::from(u8::from(a != b)) } else { (a - b).powi(2) }
    });
    (along.sum::<f64>() / space.dimensions().max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::event::Event;
    use crate::domain::testing::{Scripted, choice, float, space};
    use crate::domain::trial::Origin;

    fn two() -> SearchSpace {
        space([("x", float(0.0, 1.0)), ("kind", choice(&["a", "b"]))])
    }

    fn add(study: &mut Scripted, point: [f64; 2], by: &str, parents: Vec<TrialId>, score: Option<f64>) {
        let trial = study.history().trials().len();
        let params = two().from_unit(&point);
        let origin = Origin::bred(by, parents);
        study.apply(Event::TrialStarted { trial, params, seed: 0, slot: 0, origin });
        match score {
            Some(score) => study.apply(Event::TrialCompleted { trial, score, weights: None }),
            None => study.apply(Event::TrialFailed { trial, reason: "none".into() }),
        }
    }

    #[test]
    fn as_many_trials_as_there_were_founders_are_a_generation() {
        let mut study = Scripted::new(&two(), Direction::Minimize, 1);
        assert!(generations(study.history()).is_empty());
        add(&mut study, [0.9, 0.25], "enqueued", vec![], Some(9.0));
        add(&mut study, [0.0, 0.25], "genetic startup", vec![], Some(4.0));
        add(&mut study, [1.0, 0.25], "genetic startup", vec![], Some(2.0));
        add(&mut study, [0.5, 0.75], "genetic startup", vec![], None);
        let founders = generations(study.history());
        assert_eq!(founders.len(), 1);
        add(&mut study, [1.0, 0.75], "genetic crossover", vec![1, 2], Some(1.0));
        let both = generations(study.history());
        assert_eq!((&both[0], both[1].trials.as_slice()), (&founders[0], &[4][..]));
        let first = &founders[0];
        assert_eq!((first.trials.as_slice(), first.scored), (&[1, 2, 3][..], 2));
        assert_eq!((first.best, first.median), (Some(2.0), Some(4.0)));
        // √(1/2), and twice √((1/4 + 1)/2).
        let expected = (0.5_f64.sqrt() + 2.0 * 0.625_f64.sqrt()) / 3.0;
        assert!((first.diversity.unwrap() - expected).abs() < 1e-12);
        assert_eq!((both[1].best, both[1].diversity), (Some(1.0), None), "one has no distance");
    }

    #[test]
    fn a_search_without_founders_has_generations_of_the_usual_size() {
        let mut study = Scripted::new(&two(), Direction::Maximize, 1);
        add(&mut study, [0.5, 0.25], "random", vec![], Some(3.0));
        for i in 0..25 {
            add(&mut study, [0.5, 0.25], "nsga2 mutation", vec![0], Some(f64::from(i)));
        }
        let found = generations(study.history());
        assert_eq!(found.iter().map(|g| g.trials.len()).collect::<Vec<_>>(), [20, 5]);
        assert_eq!((found[0].best, found[1].median, found[0].diversity), (Some(19.0), Some(22.0), Some(0.0)));
    }
}
