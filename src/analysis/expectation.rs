//! What samplers expected of trials against what these got.

use crate::domain::history::History;
use crate::domain::trial::{Expected, Trial};

/// How a trial's score lies to what was expected of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// What was expected.
    pub expected: Expected,
    /// The score.
    pub got: f64,
    /// How far it is above the median, in units of σ on that side: −1 and 1 are the ends of what was expected.
    pub z: f64,
}

/// What came of what was expected of a trial; none of a trial without a score, or of which nothing was expected.
pub fn outcome(trial: &Trial) -> Option<Outcome> {
    let (expected, got) = (trial.origin.expected?, trial.score?);
    let Expected { low, middle, high } = expected;
    let above = got - middle;
    let sigma = if above < 0.0 { middle - low } else { high - middle };
    // An interval without width holds its middle only.
    let z = if above == 0.0 { 0.0 } else { above / sigma.max(0.0) };
    Some(Outcome { expected, got, z })
}

/// How well a sampler knows what it does not know.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Scores of which something was expected.
    pub scores: usize,
    /// Those within ±σ: 68 % of them, where σ is right.
    pub within: usize,
    /// The mean of how far scores are from the medians.
    pub error: f64,
}

/// Over all trials; none where nothing was expected of any that has a score.
pub fn calibration(history: &History) -> Option<Calibration> {
    let outcomes: Vec<Outcome> = history.trials().iter().filter_map(|t| outcome(t)).collect();
    let scores = outcomes.len();
    let error = outcomes.iter().map(|o| (o.got - o.expected.middle).abs()).sum::<f64>() / scores as f64;
    let within = outcomes.iter().filter(|o| o.z.abs() <= 1.0).count();
    (scores > 0).then_some(Calibration { scores, within, error })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::event::Event;
    use crate::domain::testing::{Scripted, space};
    use crate::domain::trial::Origin;
    use crate::domain::value::Params;

    #[test]
    fn scores_lie_in_units_of_the_side_that_they_are_on() {
        let mut study = Scripted::new(&space([]), Direction::Minimize, 1);
        assert_eq!(calibration(study.history()), None);
        let mut add = |expected: Option<[f64; 3]>, score: Option<f64>| {
            let trial = study.history().trials().len();
            let expected = expected.map(|[low, middle, high]| Expected { low, middle, high });
            let origin = Origin { expected, ..Origin::by("gp-ucb") };
            study.apply(Event::TrialStarted { trial, params: Params::new(), seed: 0, slot: 0, origin });
            if let Some(score) = score {
                study.apply(Event::TrialCompleted { trial, score, weights: None });
            }
        };
        let wanted = Some([2.0, 3.0, 7.0]);
        add(wanted, Some(1.5));
        add(wanted, Some(5.0));
        add(wanted, Some(7.0));
        add(wanted, None);
        add(None, Some(1.0));
        add(Some([4.0, 4.0, 4.0]), Some(4.0));
        add(Some([4.0, 4.0, 4.0]), Some(3.0));
        let history = study.history();
        let z: Vec<Option<f64>> = history.trials().iter().map(|t| outcome(t).map(|o| o.z)).collect();
        let infinite = Some(f64::NEG_INFINITY);
        assert_eq!(z, [Some(-1.5), Some(0.5), Some(1.0), None, None, Some(0.0), infinite]);
        let found = calibration(history).unwrap();
        // 1.5 + 2 + 4 + 0 + 1 over five.
        assert_eq!(found, Calibration { scores: 5, within: 3, error: 1.7 });
    }
}
