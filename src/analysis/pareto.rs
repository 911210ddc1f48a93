//! Trials that no other beats in two things at once: the score, and how large or how slow the network is.

use crate::domain::history::History;
use crate::domain::second::Second;
use crate::domain::trial::Trial;
use crate::numeric::pareto::fronts;

/// The complete trials that no other beats in one without being beaten in the other, the best score first.
pub fn front(history: &History, second: Second) -> Vec<&Trial> {
    let direction = history.study().direction;
    let known = |trial| -> Option<(&Trial, [f64; 2])> {
        let trial: &Trial = trial;
        Some((trial, [direction.cost(trial.score?), second.of(trial)?]))
    };
    let (trials, costs): (Vec<&Trial>, Vec<[f64; 2]>) =
        history.trials().iter().map(AsRef::as_ref).filter_map(known).unzip();
    let ranked = trials.iter().zip(&costs).zip(fronts(&costs));
    let mut front: Vec<(&Trial, f64)> =
        ranked.filter(|(_, front)| *front == 0).map(|((trial, cost), _)| (*trial, cost[0])).collect();
    front.sort_by(|a, b| a.1.total_cmp(&b.1));
    front.into_iter().map(|(trial, _)| trial).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::event::Event;
    use crate::domain::testing::{Scripted, space};
    use crate::domain::value::Params;

    #[test]
    fn the_front_is_ordered_by_score_and_leaves_out_what_does_not_tell() {
        let mut study = Scripted::new(&space([]), Direction::Maximize, 1);
        for (score, weights) in
            [(0.5, Some(10)), (0.9, Some(50)), (0.8, Some(60)), (0.7, Some(20)), (0.95, None)]
        {
            let trial = study.start(Params::new());
            study.apply(Event::TrialCompleted { trial, score, weights });
        }
        study.fail(Params::new());
        let ids = |second| front(study.history(), second).iter().map(|t| t.id).collect::<Vec<_>>();
        assert_eq!(ids(Second::Weights), [1, 3, 0]);
        assert_eq!(ids(Second::Seconds)[0], 4);
        assert_eq!(Second::Weights.of(&study.history().trials()[5]), None);
    }
}
