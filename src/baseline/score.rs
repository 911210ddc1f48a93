//! A baseline's predictions of every task, and how they are scored.

use std::collections::BTreeMap;

use super::{BaselineError, BaselineRow, Problem, check};
use crate::dataset::Dataset;
use crate::domain::seed::derive;
use crate::domain::task::Task;
use crate::train;

/// What a baseline predicts for the rows `predict`, learned from the rows `train` (both ascending).
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// Predictions a row: as [`Target::outputs`](crate::dataset::Target::outputs).
    pub outputs: usize,
    /// Rows × outputs: values in the trait's units, or probabilities.
    pub values: Vec<f64>,
}

impl Predictions {
    /// Whether every row is predicted alike: the baseline has found nothing that the genotypes say.
    pub fn are_constant(&self) -> bool {
        let rows = || self.values.chunks_exact(self.outputs);
        rows().zip(rows().skip(1)).all(|(a, b)| a == b)
    }
}

/// Trains a baseline and predicts.
///
/// A class is learned as a quantity, 1 for those of it and 0 for the others, and what is predicted is cut off
/// at 0 and 1. Several classes are learned one against the others, and what is predicted of a row divided
/// by its sum. A class or label that all training rows have, or none, is predicted so.
///
/// # Errors
/// Data that do not suit, a trait or binary class that is the same for all training rows, a fit that fails.
pub fn predict(
    row: &BaselineRow,
    dataset: &Dataset,
    train: &[usize],
    predict: &[usize],
    seed: u64,
) -> Result<Predictions, BaselineError> {
    check(dataset)?;
    let target = dataset.target();
    let outputs = target.outputs();
    let observed = target.of(train);
    let mut values = vec![0.0; predict.len() * outputs];
    let mut shares = Vec::with_capacity(outputs);
    for output in 0..outputs {
        let of_output: Vec<f64> = match target.task {
            Task::MultiClass => observed.iter().map(|o| f64::from(u8::from(*o as usize == output))).collect(),
            Task::Regression | Task::Binary | Task::MultiLabel => {
                observed.iter().skip(output).step_by(outputs).copied().collect()
            }
        };
        shares.push(of_output.iter().sum::<f64>() / of_output.len().max(1) as f64);
        let seed = derive(seed, row.name, output as u64);
        let problem = Problem { dataset, train, values: &of_output, predict, seed };
        let predicted = fitted(row, &problem, target.task)?;
        for (out, value) in values.iter_mut().skip(output).step_by(outputs).zip(predicted) {
            *out = if target.task == Task::Regression { value } else { value.clamp(0.0, 1.0) };
        }
    }
    if target.task == Task::MultiClass {
        values.chunks_exact_mut(outputs).for_each(|row| share_out(row, &shares));
    }
    Ok(Predictions { outputs, values })
}

/// One output's predictions; those of a constant class are that constant.
fn fitted(row: &BaselineRow, problem: &Problem, task: Task) -> Result<Vec<f64>, BaselineError> {
    let Problem { values, train, predict, .. } = *problem;
    let Some(first) = values.first().copied() else {
        return Err(BaselineError("there are no training rows".into()));
    };
    if values.iter().all(|value| *value == first) {
        return match task {
            Task::MultiClass | Task::MultiLabel => Ok(vec![first; predict.len()]),
            Task::Regression | Task::Binary => {
                let what = if task == Task::Binary { "class" } else { "value" };
                let n = train.len();
                Err(BaselineError(format!(
                    "all {n} training rows have the same {what} ({first}): there is nothing to learn; choose \
                     another split"
                )))
            }
        };
    }
    let predicted = (row.build)(problem)?;
    match predicted.iter().position(|value| !value.is_finite()) {
        Some(at) => {
            let id = &problem.dataset.ids()[predict[at]];
            Err(BaselineError(format!("what {} predicts of {id} is not finite", row.name)))
        }
        None => Ok(predicted),
    }
}

/// Makes the probabilities of a row's classes add up to 1; where all are 0 they are the training rows' shares.
fn share_out(row: &mut [f64], shares: &[f64]) {
    let sum: f64 = row.iter().sum();
    if sum > 0.0 {
        row.iter_mut().for_each(|p| *p /= sum);
    } else {
        row.copy_from_slice(shares);
    }
}

/// Every metric of the task that is defined for these predictions of `rows`, by name.
pub fn metrics(dataset: &Dataset, rows: &[usize], predictions: &Predictions) -> BTreeMap<String, f64> {
    train::metrics(dataset.target(), &predictions.values, rows)
}

#[cfg(test)]
mod tests {
    use super::super::Fit;
    use super::*;
    use crate::dataset::{Coding, Target};
    use crate::domain::task::Task;

    fn row(build: Fit) -> BaselineRow {
        BaselineRow { name: "test", help: "a test", settings: &[], build }
    }

    /// Eight rows of two SNPs; the values of the trait are those of the first SNP.
    fn dataset(task: Task, classes: usize, columns: usize, values: &[f64]) -> Dataset {
        let target = Target {
            task,
            names: (0..columns).map(|c| format!("t{c}")).collect(),
            classes: (0..classes).map(|c| c.to_string()).collect(),
            values: values.to_vec(),
        };
        Dataset::in_memory(Coding::Dosages, 2, [0, 1, 1, 1, 2, 0, 0, 2].repeat(2), target)
    }

    /// Twice the dosage of the first SNP, less a half: out of 0 to 1 on both sides.
    fn dosage(problem: &Problem) -> Result<Vec<f64>, BaselineError> {
        let snps = problem.dataset.positions();
        let codes = problem.dataset.codes(problem.predict);
        Ok(codes.chunks_exact(snps).map(|codes| 2.0 * f64::from(codes[0]) - 0.5).collect())
    }

    #[test]
    fn probabilities_stay_between_0_and_1_and_add_up() {
        let (train, validation) = ([0, 1, 2, 3], [4, 5, 6]);
        let binary = dataset(Task::Binary, 2, 1, &[0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
        let found = predict(&row(dosage), &binary, &train, &validation, 1).unwrap();
        assert_eq!(found.values, [0.0, 1.0, 1.0]);
        assert_eq!(metrics(&binary, &validation, &found)["auroc"], 1.0);
        let classes = dataset(Task::MultiClass, 3, 1, &[0.0, 1.0, 2.0, 0.0, 0.0, 1.0, 2.0, 0.0]);
        let found = predict(&row(dosage), &classes, &train, &validation, 1).unwrap();
        assert_eq!(found.outputs, 3);
        assert!((found.values[3..].iter().sum::<f64>() - 2.0).abs() < 1e-12);
        assert_eq!(found.values[..3], [0.5, 0.25, 0.25], "nothing predicted: the shares of the classes");
        let labels: Vec<f64> = [0.0, 1.0, 1.0, 1.0].repeat(4);
        let labels = dataset(Task::MultiLabel, 0, 2, &labels);
        let found = predict(&row(dosage), &labels, &train, &validation, 1).unwrap();
        assert_eq!(found.values, [0.0, 1.0, 1.0, 1.0, 1.0, 1.0], "all training rows have the second label");
    }

    #[test]
    fn what_can_not_be_learned_or_scored_is_an_error() {
        let quantity = dataset(Task::Regression, 0, 1, &[1.0, 1.0, 2.0, 3.0, 1.0, 5.0, 6.0, 7.0]);
        let says = |result: Result<Predictions, BaselineError>, part: &str| {
            let text = result.unwrap_err().to_string();
            assert!(text.contains(part), "{text}");
        };
        says(
            predict(&row(dosage), &quantity, &[0, 1, 4], &[2], 1),
            "all 3 training rows have the same value",
        );
        says(predict(&row(dosage), &quantity, &[], &[2], 1), "no training rows");
        says(predict(&row(|_| Ok(vec![f64::NAN])), &quantity, &[0, 2], &[3], 1), "of 4 is not finite");
        says(predict(&row(|_| Err(BaselineError("no end".into()))), &quantity, &[0, 2], &[3], 1), "no end");
        let target = Target::quantity("y", vec![1.0, 2.0, 3.0]);
        let bases = Dataset::in_memory(Coding::Bases, 1, vec![0, 1, 3], target);
        says(predict(&row(dosage), &bases, &[0, 1], &[2], 1), "sequences of bases");
    }

    #[test]
    fn a_constant_prediction_is_known_as_such() {
        let values = vec![0.5, 0.25, 0.5, 0.25];
        assert!(Predictions { outputs: 2, values: values.clone() }.are_constant());
        assert!(!Predictions { outputs: 1, values }.are_constant());
    }
}
