//! Trials side by side: the parameters in which they differ, and their curves over all folds.

use crate::domain::event::StudySpec;
use crate::domain::trial::{Report, Trial};
use crate::domain::value::Value;

/// A parameter of several trials.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// Its name.
    pub name: String,
    /// Its value in each trial; none where it has no effect there.
    pub values: Vec<Option<Value>>,
    /// Whether it is not the same in all of them.
    pub differs: bool,
}

/// The parameters that have an effect in any of the trials, searched and fixed: those that differ first, each half
/// in the study's order.
pub fn parameters(study: &StudySpec, trials: &[&Trial]) -> Vec<Compared> {
    let compared = |name: &String, values: Vec<Option<Value>>| {
        let differs = values.iter().any(|value| *value != values[0]);
        values.iter().any(Option::is_some).then(|| Compared { name: name.clone(), values, differs })
    };
    let searched = study.space.parameters.iter().filter_map(|parameter| {
        let values = trials.iter().map(|trial| trial.params.get(&parameter.name).cloned());
        compared(&parameter.name, values.collect())
    });
    let fixed = study.fixed.iter().filter_map(|(name, value)| {
        let holds = |trial: &&Trial| study.fixed_in(&trial.params).any(|(known, _)| known == name);
        compared(name, trials.iter().map(|trial| holds(trial).then(|| value.clone())).collect())
    });
    let (mut differing, same): (Vec<_>, Vec<_>) = searched.chain(fixed).partition(|row| row.differs);
    differing.extend(same);
    differing
}

/// What a curve is of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Measure {
    /// The study's metric on the validation rows.
    #[default]
    Score,
    /// The validation loss.
    Loss,
}

impl Measure {
    fn of(self, report: &Report) -> Option<f64> {
        match self {
            Measure::Score => Some(report.score),
            Measure::Loss => report.validation_loss,
        }
    }
}

/// The mean of a trial's trainings at each epoch, of those that have come so far. One that ended early keeps its
/// last value: it would otherwise be missing from a mean in which it was before.
pub fn curve(study: &StudySpec, trial: &Trial, measure: Measure) -> Vec<(usize, f64)> {
    let folds = study.folds.max(1);
    let trainings: Vec<(bool, &[Report])> = trial
        .reports
        .chunk_by(|a, b| a.training(folds) == b.training(folds))
        .map(|reports| (reports[0].training(folds) < trial.folds.len(), reports))
        .collect();
    let mut epochs: Vec<usize> = trial.reports.iter().map(|report| report.epoch).collect();
    epochs.sort_unstable();
    epochs.dedup();
    // By training: how many of its reports were passed, and the value of the last of them.
    let mut places: Vec<(usize, Option<f64>)> = vec![(0, None); trainings.len()];
    let mut points = Vec::with_capacity(epochs.len());
    for epoch in epochs {
        let (mut sum, mut count) = (0.0, 0_u32);
        for ((ended, reports), (passed, last)) in trainings.iter().zip(&mut places) {
            while let Some(report) = reports.get(*passed).filter(|report| report.epoch <= epoch) {
                // Of a program there is no loss.
                *last = measure.of(report).or(*last);
                *passed += 1;
            }
            let reached = *ended || reports.last().is_some_and(|report| report.epoch >= epoch);
            if let Some(value) = last.filter(|_| reached) {
                (sum, count) = (sum + value, count + 1);
            }
        }
        if count > 0 {
            points.push((epoch, sum / f64::from(count)));
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{Script, kinds};
    use crate::domain::direction::Direction;
    use crate::domain::testing::{Scripted, int, space};

    #[test]
    fn parameters_that_differ_come_first() {
        let script = kinds();
        let history = script.history();
        let by_kind = |kind: &str| {
            let named = |t: &&Trial| t.params.get("kind") == Some(&Value::from(kind));
            history.trials().iter().map(AsRef::as_ref).find(named).unwrap()
        };
        let rows = parameters(history.study(), &[by_kind("cnn"), by_kind("mlp")]);
        let names = |differs: bool| {
            rows.iter().filter(|r| r.differs == differs).map(|r| r.name.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(names(true)[..4], ["kind", "cnn.filters", "cnn.kernel", "mlp.layers"]);
        assert!(names(true).contains(&"cnn.l1"), "fixed, and only of the one: {rows:?}");
        assert!(!rows.iter().any(|row| row.name.starts_with("separable")), "of neither");
        let ordered: Vec<bool> = rows.iter().map(|row| row.differs).collect();
        assert!(ordered.windows(2).all(|pair| pair[0] >= pair[1]));
        let filters = rows.iter().find(|row| row.name == "cnn.filters").unwrap();
        assert!(filters.values[0].is_some() && filters.values[1].is_none());
        // A trial and itself.
        let same = parameters(history.study(), &[by_kind("cnn"), by_kind("cnn")]);
        assert!(!same.is_empty() && same.iter().all(|row| !row.differs));
        assert_eq!(parameters(Script::new(2).history().study(), &[]), []);
    }

    #[test]
    fn a_curve_is_the_mean_of_the_folds_that_came_so_far() {
        let mut study = Scripted::folded(&space([("n", int(1, 9))]), Direction::Minimize, 2, 10);
        let trial = study.start([("n".to_owned(), Value::Int(3))].into());
        // The helper counts its epochs on: 0, 1, 2 in the first fold, then 3 and 4.
        for score in [8.0, 6.0, 5.0] {
            study.report(trial, score);
        }
        let of = |study: &Scripted| {
            let history = study.history();
            curve(history.study(), &history.trials()[trial], Measure::Score)
        };
        assert_eq!(of(&study), [(0, 8.0), (1, 6.0), (2, 5.0)]);
        study.finish_fold(trial, 5.0);
        study.report(trial, 9.0);
        study.report(trial, 7.0);
        let expected = [(0, 8.0), (1, 6.0), (2, 5.0), (3, 7.0), (4, 6.0)];
        assert_eq!(of(&study), expected, "the first fold keeps its 5");
        let history = study.history();
        let loss = curve(history.study(), &history.trials()[trial], Measure::Loss);
        assert!(loss.len() == 5 && loss.iter().all(|(_, loss)| *loss == 1.0));
    }

    #[test]
    fn a_fold_at_work_counts_as_far_as_it_is() {
        let mut script = Script::new(2).opened(1, 1);
        let trial = script.start();
        script.train(trial, 4, 10);
        script.end_fold(trial, 70.0);
        script.train(trial, 2, 10);
        let study = script.history().study().clone();
        let trial = &script.history().trials()[trial];
        let points = curve(&study, trial, Measure::Score);
        let score = |i: usize| trial.reports[i].score;
        assert_eq!(points[0].1, f64::midpoint(score(0), score(4)));
        assert_eq!(points[1].1, f64::midpoint(score(1), score(5)));
        assert_eq!(points[2..], [(2, score(2)), (3, score(3))]);
    }
}
