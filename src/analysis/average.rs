//! Model averaging: one set of params from the winners of several searches, as Waldmann, Pfeiffer & Mészáros
//! (2020), "Model averaged ensemble predictions", make their γ_MA.

use thiserror::Error;

use crate::domain::history::History;
use crate::domain::space::{Distribution, KIND, Parameter, SpaceError};
use crate::domain::trial::{FoldScore, Trial, TrialId};
use crate::domain::value::{Params, Value};

/// The params that the winners have on average.
#[derive(Debug, Clone, PartialEq)]
pub struct Average {
    /// One value of each parameter that is active among them; of the study's space.
    pub params: Params,
    /// How many epochs to train for: see [`learned_epochs`], over the winners of the params' kind.
    pub epochs: usize,
    /// The best complete trial of each replicate of the search, best first.
    pub winners: Vec<TrialId>,
    /// Replicates, from 0, without a complete trial: nothing of them is in the average.
    pub without: Vec<usize>,
}

/// Why there is no average.
#[derive(Debug, Error, PartialEq)]
pub enum AverageError {
    /// No search has found anything.
    #[error("no replicate of the search has a complete trial yet")]
    NoWinner,
    /// What the winners voted for leaves a parameter that none of them has.
    #[error(
        "the winners' average has the parameter `{0}`, of which no winner has a value: search more replicates, or \
         let the best trials predict with `--set ensemble.kind=top`"
    )]
    NoValue(String),
    /// A winner is not of the space: a damaged history.
    #[error("the winners' average is not of the search space: {0}")]
    Space(#[from] SpaceError),
    /// A winner has no finished fold.
    #[error("no fold of the winners says how many epochs to train for")]
    NoFold,
}

/// The average of the winners of a study's searches.
///
/// Parameters are decided in the order of the space. Of real numbers it is the arithmetic mean, of those that
/// are searched in the logarithm the geometric one; of whole numbers the same, rounded half away from zero. The
/// most frequent choice wins, on a tie that of the better winner. A parameter that depends on others is averaged
/// over the winners that have it, where the values decided before it make it active.
///
/// # Errors
/// Where no trial is complete, or no winner has a value that the average needs.
pub fn average(history: &History) -> Result<Average, AverageError> {
    let study = history.study();
    let mut ranked = history.ranked();
    ranked.retain(|trial| trial.score.is_some());
    let mut best: Vec<Option<&Trial>> = vec![None; study.replicates.max(1)];
    for trial in &ranked {
        best[study.replicate(trial.id)].get_or_insert(trial);
    }
    let without = (0..best.len()).filter(|replicate| best[*replicate].is_none()).collect();
    // In the order of their scores, on which ties of votes depend.
    ranked.retain(|trial| best[study.replicate(trial.id)].is_some_and(|winner| winner.id == trial.id));
    if ranked.is_empty() {
        return Err(AverageError::NoWinner);
    }
    let mut params = Params::new();
    for parameter in &study.space.parameters {
        if parameter.is_active(&params) {
            let values: Vec<&Value> = ranked.iter().filter_map(|t| t.params.get(&parameter.name)).collect();
            params.insert(parameter.name.clone(), middle(parameter, &values)?);
        }
    }
    study.space.check(&params)?;
    let same_kind = ranked.iter().filter(|trial| trial.params.get(KIND) == params.get(KIND));
    let folds = same_kind.flat_map(|trial| &trial.folds);
    let epochs = learned_epochs(folds).ok_or(AverageError::NoFold)?;
    Ok(Average { params, epochs, winners: ranked.iter().map(|trial| trial.id).collect(), without })
}

/// How many epochs trainings took to the epoch that counts: the mean, rounded; `None` of none.
pub fn learned_epochs<'a>(folds: impl IntoIterator<Item = &'a FoldScore>) -> Option<usize> {
    let counts: Vec<usize> = folds.into_iter().map(|fold| fold.best_epoch + 1).collect();
    let sum: usize = counts.iter().sum();
    (!counts.is_empty()).then(|| ((sum as f64 / counts.len() as f64).round() as usize).max(1))
}

/// What `values`, those of the better winners first, have in common.
fn middle(parameter: &Parameter, values: &[&Value]) -> Result<Value, AverageError> {
    let no_value = || AverageError::NoValue(parameter.name.clone());
    let first = *values.first().ok_or_else(no_value)?;
    // A mean of equal numbers may differ from them in the last bit.
    if values.iter().all(|value| *value == first) {
        return Ok(first.clone());
    }
    let numbers: Vec<f64> = values.iter().filter_map(|value| value.as_f64()).collect();
    Ok(match &parameter.distribution {
        Distribution::Float { low, high, log } => Value::Float(mean(&numbers, *log).clamp(*low, *high)),
        Distribution::Int { low, high, log } => {
            Value::Int((mean(&numbers, *log).round() as i64).clamp(*low, *high))
        }
        Distribution::Choice { .. } => {
            let votes = |value: &Value| values.iter().filter(|other| **other == value).count();
            let most = values.iter().map(|value| votes(value)).max();
            let elected = values.iter().find(|value| Some(votes(value)) == most);
            (**elected.ok_or_else(no_value)?).clone()
        }
    })
}

/// The arithmetic mean, or the geometric one.
fn mean(numbers: &[f64], log: bool) -> f64 {
    let n = numbers.len() as f64;
    if log {
        libm::exp(numbers.iter().map(|x| libm::log(*x)).sum::<f64>() / n)
    } else {
        numbers.iter().sum::<f64>() / n
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::seed::Rng;
    use crate::domain::space::SearchSpace;
    use crate::domain::testing::{Scripted, choice, conditional, float, int, space};

    fn scripted(space: &SearchSpace, replicates: usize) -> Scripted {
        Scripted::replicated(space, Direction::Minimize, 1, replicates)
    }

    /// A trial of two folds.
    fn complete(study: &mut Scripted, params: &[(&str, Value)], score: f64) {
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let trial = study.start(params);
        [score, score].into_iter().for_each(|score| study.finish_fold(trial, score));
        study.apply(crate::domain::event::Event::TrialCompleted { trial, score, weights: None });
    }

    fn mixed() -> SearchSpace {
        space([
            ("dropout", float(0.0, 1.0)),
            ("rate", Distribution::Float { low: 1e-4, high: 1.0, log: true }),
            ("filters", int(1, 100)),
            ("batch", Distribution::Int { low: 1, high: 512, log: true }),
            ("activation", choice(&["linear", "relu"])),
            ("bias", Distribution::Choice { choices: vec![false.into(), true.into()] }),
        ])
    }

    fn of(values: (f64, f64, i64, i64, &str, bool)) -> [(&'static str, Value); 6] {
        let (dropout, rate, filters, batch, activation, bias) = values;
        [
            ("dropout", dropout.into()),
            ("rate", rate.into()),
            ("filters", filters.into()),
            ("batch", batch.into()),
            ("activation", activation.into()),
            ("bias", bias.into()),
        ]
    }

    #[test]
    fn numbers_are_averaged_on_their_scale_and_choices_elected() {
        let mut study = scripted(&mixed(), 2);
        complete(&mut study, &of((0.2, 0.01, 10, 4, "linear", false)), 2.0);
        complete(&mut study, &of((0.6, 1.0, 11, 16, "relu", false)), 1.0);
        // Another trial of the first replicate that does not win.
        complete(&mut study, &of((1.0, 1.0, 99, 512, "linear", true)), 3.0);
        let average = average(study.history()).unwrap();
        assert_eq!(average.winners, [1, 0], "the better winner first");
        assert_eq!(average.without, [0; 0]);
        let Average { params, epochs, .. } = average;
        let number = |name: &str| params[name].as_f64().unwrap();
        assert!((number("dropout") - 0.4).abs() < 1e-12);
        assert!((number("rate") - 0.1).abs() < 1e-12, "the geometric mean");
        assert_eq!(params["filters"], Value::Int(11), "10.5, rounded half away from zero");
        assert_eq!(params["batch"], Value::Int(8));
        assert_eq!(params["activation"], "relu".into(), "a tie is the better winner's");
        assert_eq!((&params["bias"], epochs), (&Value::Bool(false), 1));
    }

    #[test]
    fn parameters_that_depend_on_a_vote_are_the_average_of_those_that_have_them() {
        let mut study = scripted(&conditional(), 3);
        complete(&mut study, &[("kind", "cnn".into()), ("cnn.pool", 1.into())], 0.1);
        let mlp = |layers: i64| [("kind", "mlp".into()), ("mlp.layers", layers.into())].to_vec();
        complete(&mut study, &[mlp(2), vec![("mlp.units_2", 4.into())]].concat(), 0.2);
        let deep = vec![("mlp.units_2", 16.into()), ("mlp.units_3", 8.into())];
        complete(&mut study, &[mlp(3), deep].concat(), 0.3);
        let Average { params, .. } = average(study.history()).unwrap();
        let expected: Params = [mlp(3), vec![("mlp.units_2", 4.into()), ("mlp.units_3", 8.into())]]
            .concat()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        assert_eq!(params, expected, "two of three are mlp; 2.5 layers are 3; units are choices");
    }

    #[test]
    fn a_search_without_a_complete_trial_is_named_and_none_at_all_is_an_error() {
        let one = space([("x", float(0.0, 1.0))]);
        let mut study = scripted(&one, 3);
        assert_eq!(average(study.history()), Err(AverageError::NoWinner));
        let at = |x: f64| [("x", Value::Float(x))];
        complete(&mut study, &at(0.1), 1.0);
        study.fail(Params::from([("x".to_owned(), Value::Float(0.9))]));
        complete(&mut study, &at(0.1), 1.0);
        let average = average(study.history()).unwrap();
        assert_eq!((average.without, average.winners), (vec![1], vec![0, 2]));
        assert_eq!(average.params["x"], Value::Float(0.1), "the mean of equals is what they are");
    }

    #[test]
    fn what_no_winner_has_is_an_error_that_names_it() {
        // Active only between the winners' values.
        let between = crate::domain::testing::when(
            space([("layers", int(1, 3)), ("units", int(1, 9))]),
            "units",
            "layers",
            &[2.into()],
        );
        let mut study = scripted(&between, 2);
        complete(&mut study, &[("layers", 1.into())], 1.0);
        complete(&mut study, &[("layers", 3.into())], 1.0);
        assert_eq!(average(study.history()), Err(AverageError::NoValue("units".into())));
    }

    #[test]
    fn epochs_are_the_mean_of_those_that_counted() {
        let fold = |best_epoch| FoldScore {
            repeat: 0,
            fold: 0,
            score: 1.0,
            best_epoch,
            epochs: 99,
            metrics: std::collections::BTreeMap::new(),
        };
        assert_eq!(learned_epochs(&[fold(3), fold(4)]), Some(5), "4 and 5 epochs: 4.5, rounded");
        assert_eq!(learned_epochs(&[fold(0)]), Some(1));
        assert_eq!(learned_epochs(&[]), None);
    }

    proptest! {
        #[test]
        fn the_average_is_of_the_space_and_one_winner_is_its_own(seed: u64, replicates in 1..6_usize) {
            let space = mixed();
            let mut study = scripted(&space, replicates);
            let mut rng = Rng::new(seed);
            for _ in 0..replicates {
                let point: Vec<f64> = (0..space.dimensions()).map(|_| rng.uniform()).collect();
                let trial = study.start(space.from_unit(&point));
                [0.1, 0.2].into_iter().for_each(|score| study.finish_fold(trial, score));
                study.apply(crate::domain::event::Event::TrialCompleted { trial, score: rng.uniform(), weights: None });
            }
            let average = average(study.history()).unwrap();
            prop_assert_eq!(space.check(&average.params), Ok(()));
            for parameter in &space.parameters {
                let values = study.history().trials().iter().map(|t| t.params[&parameter.name].clone());
                let values: Vec<f64> = values.filter_map(|v| v.as_f64()).collect();
                let Some(found) = average.params[&parameter.name].as_f64() else { continue };
                let least = values.iter().copied().fold(f64::INFINITY, f64::min);
                let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                prop_assert!((least - 1e-12..=most + 1e-12).contains(&found));
            }
            if replicates == 1 {
                prop_assert_eq!(&average.params, &study.history().trials()[0].params);
            }
        }
    }
}
