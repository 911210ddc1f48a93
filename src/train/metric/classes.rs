//! Metrics of decided classes: the most probable one, or for a label whether it is more probable than not.

use super::{Scored, mean_of_defined};
use crate::domain::task::Task;

/// How often each class was taken for each; one a label.
struct Confusion {
    classes: usize,
    /// Observed × predicted.
    counts: Vec<f64>,
}

impl Confusion {
    fn of(classes: usize, pairs: impl Iterator<Item = (usize, usize)>) -> Self {
        let mut counts = vec![0.0; classes * classes];
        for (observed, predicted) in pairs {
            counts[observed * classes + predicted] += 1.0;
        }
        Confusion { classes, counts }
    }

    fn right(&self, class: usize) -> f64 {
        self.counts[class * self.classes + class]
    }

    fn all_right(&self) -> f64 {
        (0..self.classes).map(|c| self.right(c)).sum()
    }

    fn observed(&self, class: usize) -> f64 {
        self.counts[class * self.classes..][..self.classes].iter().sum()
    }

    fn predicted(&self, class: usize) -> f64 {
        self.counts[class..].iter().step_by(self.classes).sum()
    }

    fn rows(&self) -> f64 {
        self.counts.iter().sum()
    }

    /// 2 · right / (observed + predicted): F1 of one class, NaN where it is neither observed nor predicted.
    fn f1(&self, class: usize) -> f64 {
        2.0 * self.right(class) / (self.observed(class) + self.predicted(class))
    }

    fn observed_classes(&self) -> usize {
        (0..self.classes).filter(|c| self.observed(*c) > 0.0).count()
    }
}

fn confusions(s: &Scored) -> Vec<Confusion> {
    if s.task == Task::MultiClass {
        let decided = s.predicted.chunks_exact(s.outputs).map(largest);
        return vec![Confusion::of(s.outputs, s.observed.iter().map(|o| *o as usize).zip(decided))];
    }
    let column = |values: &[f64], label: usize| -> Vec<usize> {
        values.iter().skip(label).step_by(s.outputs).map(|v| usize::from(*v > 0.5)).collect()
    };
    let of_label = |label| {
        let pairs = column(s.observed, label).into_iter().zip(column(s.predicted, label));
        Confusion::of(2, pairs)
    };
    (0..s.outputs).map(of_label).collect()
}

/// The place of the largest value, the first of equal ones.
fn largest(values: &[f64]) -> usize {
    (1..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}

fn over_labels(s: &Scored, score: impl Fn(&Confusion) -> f64) -> f64 {
    mean_of_defined(confusions(s).iter().map(score))
}

pub fn accuracy(s: &Scored) -> f64 {
    over_labels(s, |c| c.all_right() / c.rows())
}

/// The mean over the observed classes of the share that was found; NaN where fewer than two are observed.
pub fn balanced_accuracy(s: &Scored) -> f64 {
    over_labels(s, |c| {
        if c.observed_classes() < 2 {
            return f64::NAN;
        }
        mean_of_defined((0..c.classes).map(|class| c.right(class) / c.observed(class)))
    })
}

/// F1 of the positive class, and NaN where it is not observed; the mean over the classes that are observed
/// or predicted in a multi-class task.
pub fn f1(s: &Scored) -> f64 {
    over_labels(s, |c| match s.task {
        Task::MultiClass => mean_of_defined((0..c.classes).map(|class| c.f1(class))),
        _ if c.observed(1) == 0.0 => f64::NAN,
        _ => c.f1(1),
    })
}

/// Matthews' correlation of two classes and Gorodkin's R_K (2004) of more. NaN where one class only is
/// observed; 0 where one only is predicted.
pub fn mcc(s: &Scored) -> f64 {
    over_labels(s, |c| {
        let n = c.rows();
        let sum = |term: &dyn Fn(usize) -> f64| (0..c.classes).map(term).sum::<f64>();
        let observed = n * n - sum(&|class| c.observed(class).powi(2));
        let predicted = n * n - sum(&|class| c.predicted(class).powi(2));
        if observed == 0.0 {
            return f64::NAN;
        }
        if predicted == 0.0 {
            return 0.0;
        }
        let shared = n * c.all_right() - sum(&|class| c.observed(class) * c.predicted(class));
        shared / (observed.sqrt() * predicted.sqrt())
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, score};
    use super::*;

    /// 3 true positives, 1 false positive, 2 false negatives, 4 true negatives.
    const P: [f64; 10] = [0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.2, 0.1, 0.0, 0.5];
    const O: [f64; 10] = [1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0];

    #[test]
    fn two_classes_by_hand() {
        let score = |name| score(name, Task::Binary, 1, &P, &O);
        close(score("accuracy"), 0.7);
        close(score("balanced-accuracy"), (3.0 / 5.0 + 4.0 / 5.0) / 2.0);
        close(score("f1"), 6.0 / 9.0);
        close(score("mcc"), (3.0 * 4.0 - 1.0 * 2.0) / (4.0_f64 * 5.0 * 5.0 * 6.0).sqrt());
    }

    #[test]
    fn three_classes_by_hand() {
        // Observed 0 0 0 1 1 2, predicted 0 0 1 1 2 1: the last is a tie, which the first class wins.
        let rows: [[f64; 3]; 6] = [
            [0.8, 0.1, 0.1],
            [0.5, 0.3, 0.2],
            [0.2, 0.6, 0.2],
            [0.0, 0.9, 0.1],
            [0.1, 0.2, 0.7],
            [0.2, 0.4, 0.4],
        ];
        let observed = [0.0, 0.0, 0.0, 1.0, 1.0, 2.0];
        let score = |name| score(name, Task::MultiClass, 3, rows.as_flattened(), &observed);
        // Right: 2, 1, 0; observed: 3, 2, 1; predicted: 2, 3, 1.
        close(score("accuracy"), 0.5);
        close(score("balanced-accuracy"), (2.0 / 3.0 + 0.5 + 0.0) / 3.0);
        close(score("f1"), (4.0 / 5.0 + 2.0 / 5.0 + 0.0) / 3.0);
        close(score("mcc"), (6.0 * 3.0 - 13.0) / (36.0 - 14.0));
    }

    #[test]
    fn labels_count_alike_and_undefined_ones_not_at_all() {
        // The first label as in two classes; the second is never observed.
        let predicted: Vec<f64> = P.iter().flat_map(|p| [*p, 0.9]).collect();
        let observed: Vec<f64> = O.iter().flat_map(|o| [*o, 0.0]).collect();
        let score = |name| score(name, Task::MultiLabel, 2, &predicted, &observed);
        close(score("accuracy"), (0.7 + 0.0) / 2.0);
        close(score("balanced-accuracy"), 0.7);
        close(score("f1"), 6.0 / 9.0);
        close(score("mcc"), 10.0 / 600.0_f64.sqrt());
    }

    #[test]
    fn one_observed_class_is_undefined_and_one_predicted_is_worth_nothing() {
        for name in ["balanced-accuracy", "mcc", "f1"] {
            assert!(score(name, Task::Binary, 1, &P, &[0.0; 10]).is_nan(), "{name}");
        }
        assert_eq!(score("mcc", Task::Binary, 1, &[0.1; 10], &O), 0.0);
        assert_eq!(score("f1", Task::Binary, 1, &[0.1; 10], &O), 0.0);
        assert_eq!(score("balanced-accuracy", Task::Binary, 1, &[0.1; 10], &O), 0.5);
        // A class that is neither observed nor predicted.
        let score = score("f1", Task::MultiClass, 3, &[0.9, 0.1, 0.0, 0.1, 0.9, 0.0], &[0.0, 1.0]);
        assert_eq!(score, 1.0);
    }
}
