//! Metrics: how predictions are scored.

mod classes;
mod quantity;
mod ranking;

use crate::domain::direction::Direction;
use crate::domain::task::Task;

/// Predictions beside observations.
#[derive(Debug, Clone, Copy)]
pub struct Scored<'a> {
    /// What is predicted.
    pub task: Task,
    /// Predictions a row: the classes of a multi-class task, the labels of a multi-label one, else 1.
    pub outputs: usize,
    /// Rows × outputs: values in the trait's own units, or probabilities.
    pub predicted: &'a [f64],
    /// Rows × columns (the labels of a multi-label task, else 1): values, or the numbers of classes.
    pub observed: &'a [f64],
}

/// A row of the table of metrics.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name in the study file.
    pub name: &'static str,
    /// One line for a person.
    pub help: &'static str,
    /// Whether smaller or larger is better; `None` for what is reported but can't choose between trials,
    /// because it is best in the middle.
    pub direction: Option<Direction>,
    /// The tasks that it suits.
    pub tasks: &'static [Task],
    /// The score; NaN where it is undefined, such as the correlation with observations that are all equal.
    pub score: fn(&Scored) -> f64,
}

const QUANTITY: &[Task] = &[Task::Regression];
const CLASSES: &[Task] = &[Task::Binary, Task::MultiClass, Task::MultiLabel];

/// Every metric. Those of classes are means over the labels of a multi-label task, and where it says
/// "mean over classes" over the classes of a multi-class one (macro averages); labels and classes on which
/// a metric is undefined are left out of the mean.
pub const METRICS: &[Metric] = &[
    smaller("mse", "mean squared error", QUANTITY, quantity::mse),
    smaller("rmse", "root of the mean squared error", QUANTITY, |s| quantity::mse(s).sqrt()),
    smaller("mae", "mean absolute error", QUANTITY, quantity::mae),
    larger("r2", "share of the observed variance that is predicted", QUANTITY, quantity::r2),
    larger("pearson", "correlation of predictions and observations", QUANTITY, quantity::pearson),
    larger("spearman", "correlation of their ranks", QUANTITY, quantity::spearman),
    Metric {
        name: "bias",
        help: "slope of observations on predictions, best at 1; reported only",
        direction: None,
        tasks: QUANTITY,
        score: quantity::slope,
    },
    larger("accuracy", "share of right classes", CLASSES, classes::accuracy),
    larger("balanced-accuracy", "mean over classes of the share found", CLASSES, classes::balanced_accuracy),
    larger("f1", "harmonic mean of precision and recall, mean over classes", CLASSES, classes::f1),
    larger(
        "mcc",
        "correlation of predicted and observed classes (Matthews, Gorodkin)",
        CLASSES,
        classes::mcc,
    ),
    larger("auroc", "area under the ROC curve, mean over classes", CLASSES, ranking::auroc),
    larger("auprc", "average precision over all thresholds, mean over classes", CLASSES, ranking::auprc),
];

const fn smaller(
    name: &'static str,
    help: &'static str,
    tasks: &'static [Task],
    score: fn(&Scored) -> f64,
) -> Metric {
    Metric { name, help, direction: Some(Direction::Minimize), tasks, score }
}

const fn larger(
    name: &'static str,
    help: &'static str,
    tasks: &'static [Task],
    score: fn(&Scored) -> f64,
) -> Metric {
    Metric { name, help, direction: Some(Direction::Maximize), tasks, score }
}

impl Metric {
    /// Whether it suits the task.
    pub fn suits(&self, task: Task) -> bool {
        self.tasks.contains(&task)
    }
}

/// The mean of those values that are defined; NaN where none is.
fn mean_of_defined(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut n) = (0.0, 0.0);
    for value in values.filter(|v| !v.is_nan()) {
        sum += value;
        n += 1.0;
    }
    sum / n
}

#[cfg(test)]
mod testing {
    use super::*;

    /// The score called `name`; `outputs` as in [`Scored`].
    pub fn score(name: &str, task: Task, outputs: usize, predicted: &[f64], observed: &[f64]) -> f64 {
        let metric = METRICS.iter().find(|m| m.name == name).unwrap();
        assert!(metric.suits(task), "{name} does not suit {}", task.name());
        (metric.score)(&Scored { task, outputs, predicted, observed })
    }

    pub fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::testing::score;
    use super::*;

    #[test]
    fn a_perfect_prediction_is_the_best_score() {
        type Case = (usize, &'static [f64], &'static [f64], &'static [f64]);
        for metric in METRICS {
            for task in metric.tasks {
                let (outputs, perfect, other, observed): Case = match task {
                    Task::Regression => (1, &[0.3, -1.0, 2.5], &[0.0, 1.0, -1.0], &[0.3, -1.0, 2.5]),
                    Task::Binary => (1, &[0.9, 0.1, 0.8], &[0.1, 0.6, 0.7], &[1.0, 0.0, 1.0]),
                    Task::MultiClass => (
                        2,
                        &[0.1, 0.9, 0.8, 0.2, 0.3, 0.7],
                        &[0.9, 0.1, 0.4, 0.6, 0.3, 0.7],
                        &[1.0, 0.0, 1.0],
                    ),
                    Task::MultiLabel => {
                        (2, &[0.1, 0.9, 0.8, 0.2], &[0.9, 0.1, 0.4, 0.6], &[0.0, 1.0, 1.0, 0.0])
                    }
                };
                let score = |predicted| (metric.score)(&Scored { task: *task, outputs, predicted, observed });
                match metric.direction {
                    Some(direction) => {
                        assert!(direction.is_better(score(perfect), score(other)), "{}", metric.name);
                    }
                    None => assert!((score(perfect) - 1.0).abs() < 1e-12, "{}", metric.name),
                }
            }
        }
    }

    proptest! {
        /// A binary task is a multi-class one of two classes, and a multi-label one of one label.
        #[test]
        fn tasks_agree_where_they_are_the_same(
            rows in prop::collection::vec((0..11_u8, any::<bool>()), 4..40),
        ) {
            // Never exactly a half, where "larger than a half" and "the larger one" differ.
            let p: Vec<f64> = rows.iter().map(|(p, _)| f64::from(*p) / 10.0 + 0.003).collect();
            let observed: Vec<f64> = rows.iter().map(|(_, o)| f64::from(u8::from(*o))).collect();
            let pairs: Vec<f64> = p.iter().flat_map(|p| [1.0 - p, *p]).collect();
            for name in ["accuracy", "balanced-accuracy", "mcc", "auroc"] {
                let binary = score(name, Task::Binary, 1, &p, &observed);
                let label = score(name, Task::MultiLabel, 1, &p, &observed);
                let class = score(name, Task::MultiClass, 2, &pairs, &observed);
                prop_assert_eq!(binary.to_bits(), label.to_bits());
                prop_assert!((binary - class).abs() < 1e-12 || binary.is_nan() && class.is_nan(), "{}", name);
            }
        }

        /// The area is the chance that a positive row is ranked before a negative one, ties counting half.
        #[test]
        fn auroc_is_the_share_of_pairs_in_order(
            rows in prop::collection::vec((0..6_u8, any::<bool>()), 2..30),
        ) {
            let (mut right, mut pairs) = (0.0, 0.0);
            for (p, _) in rows.iter().filter(|r| r.1) {
                for (n, _) in rows.iter().filter(|r| !r.1) {
                    right += if p > n { 1.0 } else if p == n { 0.5 } else { 0.0 };
                    pairs += 1.0;
                }
            }
            let predicted: Vec<f64> = rows.iter().map(|(p, _)| f64::from(*p)).collect();
            let observed: Vec<f64> = rows.iter().map(|(_, o)| f64::from(u8::from(*o))).collect();
            let found = score("auroc", Task::Binary, 1, &predicted, &observed);
            let agrees = if pairs == 0.0 { found.is_nan() } else { (found - right / pairs).abs() < 1e-12 };
            prop_assert!(agrees, "{}", found);
        }
    }
}
