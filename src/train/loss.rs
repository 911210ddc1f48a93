//! Losses: what training makes small, and the output activations that belong to the tasks.
//!
//! Networks end without an output activation. A loss takes these raw outputs, so that a cross-entropy is
//! computed without the overflows of its textbook form, and gives its own gradient: value and gradient are
//! in f64, and the same function scores training and validation rows.

use libm::{exp, log, log1p};

use crate::domain::task::Task;

/// A row of the table of losses.
#[derive(Debug, Clone, Copy)]
pub struct Loss {
    /// Its name in the study file.
    pub name: &'static str,
    /// One line for a person.
    pub help: &'static str,
    /// The tasks that it suits.
    pub tasks: &'static [Task],
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Of the error (prediction − observation) and Huber's δ: the loss and its slope.
    Error(fn(f64, f64) -> (f64, f64)),
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
}

/// Every loss, as Keras defines them: a row's loss is the mean over its outputs, a batch's the mean over its
/// rows. Those of errors are taken of the probability in a binary task.
pub const LOSSES: &[Loss] = &[
    Loss {
        name: "mse",
        help: "mean squared error",
        tasks: &[Task::Regression, Task::Binary],
        kind: Kind::Error(|e, _| (e * e, 2.0 * e)),
    },
    Loss {
        name: "mae",
        help: "mean absolute error",
        tasks: &[Task::Regression, Task::Binary],
        kind: Kind::Error(|e, _| (e.abs(), sign(e))),
    },
    Loss {
        name: "huber",
        help: "squared error up to a limit, linear beyond (Huber 1964)",
        tasks: &[Task::Regression],
        kind: Kind::Error(|e, delta| {
            if e.abs() <= delta {
                (e * e / 2.0, e)
            } else {
                (delta * (e.abs() - delta / 2.0), delta * sign(e))
            }
        }),
    },
    Loss {
        name: "binary-crossentropy",
        help: "minus the log-likelihood of each label",
        tasks: &[Task::Binary, Task::MultiLabel],
        kind: Kind::BinaryCrossEntropy,
    },
    Loss {
        name: "categorical-crossentropy",
        help: "minus the log-likelihood of the class",
        tasks: &[Task::MultiClass],
        kind: Kind::CategoricalCrossEntropy,
    },
];

/// The word that leaves the loss to the task.
pub const AUTO: &str = "auto";

/// The loss called `name`, or the task's own where it is [`AUTO`].
///
/// # Errors
/// Where it does not suit the task; the text lists those that do.
pub fn find(name: &str, task: Task) -> Result<&'static Loss, String> {
    let own = match task {
        Task::Regression => "mse",
        Task::Binary | Task::MultiLabel => "binary-crossentropy",
        Task::MultiClass => "categorical-crossentropy",
    };
    let name = if name == AUTO { own } else { name };
    let fitting = || LOSSES.iter().filter(|loss| loss.tasks.contains(&task));
    fitting().find(|loss| loss.name == name).ok_or_else(|| {
        let names: Vec<String> = fitting().map(|loss| format!("`{}`", loss.name)).collect();
        let task = task.name();
        format!(
            "the loss `{name}` does not suit the task `{task}`: set `train.loss` to {}",
            names.join(" or ")
        )
    })
}

/// −1, 0 or 1; `f64::signum` has no 0.
fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

/// 1 / (1 + e⁻ˣ), without overflow.
fn sigmoid(x: f64) -> f64 {
    let e = exp(-x.abs());
    if x >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}

/// ln Σ eˣ, without overflow.
fn log_sum_exp(x: &[f64]) -> f64 {
    let largest = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + log(x.iter().map(|x| exp(x - largest)).sum())
}

/// Raw outputs (rows × `outputs`) as predictions: as they are in a regression, probabilities else.
pub fn link(task: Task, outputs: usize, raw: &[f64]) -> Vec<f64> {
    match task {
        Task::Regression => raw.to_vec(),
        Task::Binary | Task::MultiLabel => raw.iter().map(|x| sigmoid(*x)).collect(),
        Task::MultiClass => {
            let softmax = |row: &[f64]| {
                let whole = log_sum_exp(row);
                row.iter().map(|x| exp(x - whole)).collect::<Vec<_>>()
            };
            raw.chunks_exact(outputs).flat_map(softmax).collect()
        }
    }
}

/// Weights of classes that give each as much to say as the others, by column and class: n / (k · n_c) of n
/// training rows, k classes among them and n_c rows of class c (King & Zeng 2001, as scikit-learn's
/// `balanced`).
pub fn balanced(counts: &[Vec<usize>]) -> Vec<Vec<f64>> {
    let column = |counts: &Vec<usize>| {
        let (n, k) = (counts.iter().sum::<usize>(), counts.iter().filter(|n| **n > 0).count());
        counts.iter().map(|own| n as f64 / (k * own).max(1) as f64).collect()
    };
    counts.iter().map(column).collect()
}

/// A loss with all that it needs to know.
#[derive(Debug, Clone)]
pub struct Criterion {
    /// The loss.
    pub loss: &'static Loss,
    /// What is predicted.
    pub task: Task,
    /// Raw outputs a row.
    pub outputs: usize,
    /// Huber's δ, in the units of training.
    pub delta: f64,
    /// Of each column's classes, in training only; empty where all count alike.
    pub weights: Vec<Vec<f64>>,
}

impl Criterion {
    /// The mean loss of a batch to train on, classes weighted, and its gradient by raw output. `raw` are
    /// rows × outputs, `targets` rows × columns. As in Keras the mean is over the rows, whatever their weights
    /// sum up to.
    pub fn batch(&self, raw: &[f64], targets: &[f64]) -> (f64, Vec<f32>) {
        let rows = (raw.len() / self.outputs) as f64;
        let mut gradient = vec![0.0; raw.len()];
        let sum = self.sum(raw, targets, &self.weights, Some(&mut gradient));
        (sum / rows, gradient.iter().map(|g| (g / rows) as f32).collect())
    }

    /// The mean loss of rows, all classes alike.
    pub fn mean(&self, raw: &[f64], targets: &[f64]) -> f64 {
        self.sum(raw, targets, &[], None) / (raw.len() / self.outputs) as f64
    }

    fn sum(
        &self,
        raw: &[f64],
        targets: &[f64],
        weights: &[Vec<f64>],
        mut gradient: Option<&mut [f64]>,
    ) -> f64 {
        let columns = targets.len() / (raw.len() / self.outputs);
        let weight = |column: usize, target: f64| weights.get(column).map_or(1.0, |w| w[target as usize]);
        let rows = raw.chunks_exact(self.outputs).zip(targets.chunks_exact(columns));
        let mut sum = 0.0;
        for (row, (raw, targets)) in rows.enumerate() {
            let mut slope = |output: usize, slope: f64| {
                if let Some(gradient) = gradient.as_deref_mut() {
                    gradient[row * self.outputs + output] = slope;
                }
            };
            if let Kind::CategoricalCrossEntropy = self.loss.kind {
                let (whole, class, weight) = (log_sum_exp(raw), targets[0] as usize, weight(0, targets[0]));
                sum += weight * (whole - raw[class]);
                for (output, x) in raw.iter().enumerate() {
                    slope(output, weight * (exp(x - whole) - f64::from(u8::from(output == class))));
                }
                continue;
            }
            for (output, (x, target)) in raw.iter().zip(targets).enumerate() {
                let weight = weight(output, *target) / self.outputs as f64;
                let (value, of_raw) = self.term(*x, *target);
                sum += weight * value;
                slope(output, weight * of_raw);
            }
        }
        sum
    }

    /// The loss of one output and its slope by the raw output.
    fn term(&self, raw: f64, target: f64) -> (f64, f64) {
        match (self.loss.kind, self.task) {
            (Kind::Error(of), Task::Regression) => of(raw - target, self.delta),
            (Kind::Error(of), _) => {
                let p = sigmoid(raw);
                let (value, slope) = of(p - target, self.delta);
                (value, slope * p * (1.0 - p))
            }
            _ => (raw.max(0.0) - raw * target + log1p(exp(-raw.abs())), sigmoid(raw) - target),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn criterion(name: &str, task: Task, outputs: usize, weights: Vec<Vec<f64>>) -> Criterion {
        Criterion { loss: find(name, task).unwrap(), task, outputs, delta: 0.8, weights }
    }

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12 * expected.abs().max(1.0), "{found}, not {expected}");
    }

    #[test]
    fn losses_of_a_quantity_by_hand() {
        let mean =
            |name| criterion(name, Task::Regression, 1, vec![]).mean(&[1.0, 2.0, 3.5], &[1.0, 2.5, 2.0]);
        close(mean("mse"), (0.25 + 2.25) / 3.0);
        close(mean("mae"), 2.0 / 3.0);
        close(mean("huber"), (0.125 + 0.8 * (1.5 - 0.4)) / 3.0);
    }

    #[test]
    fn losses_of_classes_by_hand() {
        let p = |x: f64| 1.0 / (1.0 + (-x).exp());
        let (raw, binary) = ([0.3, -1.2, 2.0, 0.0], [1.0, 0.0, 0.0, 1.0]);
        let sum = -(p(0.3).ln() + (1.0 - p(-1.2)).ln() + (1.0 - p(2.0)).ln() + 0.5_f64.ln());
        close(criterion(AUTO, Task::Binary, 1, vec![]).mean(&raw, &binary), sum / 4.0);
        close(criterion(AUTO, Task::MultiLabel, 2, vec![]).mean(&raw, &binary), sum / 4.0);
        let squares: f64 = raw.iter().zip(binary).map(|(x, t)| (p(*x) - t).powi(2)).sum();
        close(criterion("mse", Task::Binary, 1, vec![]).mean(&raw, &binary), squares / 4.0);
        let whole = |a: f64, b: f64| (a.exp() + b.exp()).ln();
        let sum = (whole(0.3, -1.2) + 1.2) + (whole(2.0, 0.0) - 2.0);
        close(criterion(AUTO, Task::MultiClass, 2, vec![]).mean(&raw, &[1.0, 0.0]), sum / 2.0);
    }

    #[test]
    fn weights_multiply_the_rows_of_their_class_in_training_only() {
        let weights = balanced(&[vec![1, 3]]);
        assert_eq!(weights, [[2.0, 4.0 / 6.0]]);
        let (raw, targets) = ([0.3, -1.2, 2.0, 0.7], [0.0, 1.0, 1.0, 1.0]);
        let plain = criterion(AUTO, Task::Binary, 1, vec![]);
        let weighted = criterion(AUTO, Task::Binary, 1, weights.clone());
        let own = |i: usize| plain.mean(&raw[i..=i], &targets[i..=i]);
        let expected = (2.0 * own(0) + (own(1) + own(2) + own(3)) * 4.0 / 6.0) / 4.0;
        close(weighted.batch(&raw, &targets).0, expected);
        close(weighted.mean(&raw, &targets), plain.mean(&raw, &targets));
        // Each class has as much to say as the other.
        close(weights[0][0], 3.0 * weights[0][1]);
        // A class that no training row has does not count as one.
        assert_eq!(balanced(&[vec![2, 0, 2]])[0][0], 1.0);
    }

    #[test]
    fn links_and_losses_survive_what_overflows() {
        assert_eq!(link(Task::Binary, 1, &[800.0, -800.0, 0.0]), [1.0, 0.0, 0.5]);
        let softmax = link(Task::MultiClass, 2, &[1e4, -1e4, 3.0, 3.0]);
        assert_eq!(softmax[..2], [1.0, 0.0]);
        close(softmax[2], 0.5);
        assert_eq!(link(Task::Regression, 1, &[1e9]), [1e9]);
        close(criterion(AUTO, Task::Binary, 1, vec![]).mean(&[-1e4], &[1.0]), 1e4);
        close(criterion(AUTO, Task::MultiClass, 3, vec![]).mean(&[1e4, 0.0, -1e4], &[2.0]), 2e4);
        assert!(criterion("mse", Task::Regression, 1, vec![]).mean(&[f64::NAN], &[0.0]).is_nan());
        let (_, at_zero) = criterion("mae", Task::Regression, 1, vec![]).batch(&[2.0], &[2.0]);
        assert_eq!(at_zero, [0.0]);
    }

    #[test]
    fn every_task_has_its_own_loss_and_refuses_others_by_name() {
        for task in Task::ALL {
            assert!(find(AUTO, task).unwrap().tasks.contains(&task));
        }
        let text = find("huber", Task::Binary).unwrap_err();
        assert!(
            text.contains("`huber`") && text.contains("`binary`") && text.contains("`mse` or `mae`"),
            "{text}"
        );
    }

    proptest! {
        #[test]
        fn gradients_agree_with_finite_differences(
            raw in prop::collection::vec(-4.0..4.0_f64, 6),
            classes in prop::collection::vec(0..2_u8, 6),
        ) {
            let weights = |columns: usize| vec![vec![0.7, 1.9]; columns];
            for loss in LOSSES {
                for task in loss.tasks {
                    let (outputs, columns) = match task {
                        Task::Regression | Task::Binary => (1, 1),
                        Task::MultiClass => (2, 1),
                        Task::MultiLabel => (2, 2),
                    };
                    let weights = if *task == Task::Regression { vec![] } else { weights(columns) };
                    let criterion = criterion(loss.name, *task, outputs, weights);
                    let targets: Vec<f64> =
                        classes[..6 / outputs * columns].iter().map(|c| f64::from(*c)).collect();
                    let (_, gradient) = criterion.batch(&raw, &targets);
                    for i in 0..raw.len() {
                        let moved = |h: f64| {
                            let mut raw = raw.clone();
                            raw[i] += h;
                            criterion.batch(&raw, &targets).0
                        };
                        let slope = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                        // A kink within the step of the difference is possible but has no chance.
                        prop_assert!((slope - f64::from(gradient[i])).abs() < 1e-5, "{} {:?}", loss.name, task);
                    }
                }
            }
        }
    }
}
