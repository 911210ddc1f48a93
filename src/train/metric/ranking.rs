//! Metrics of the order in which rows are ranked, whatever the threshold.

use super::{Scored, mean_of_defined};
use crate::domain::task::Task;

/// The ranks of `values`, from 1; equal values share the mean of theirs.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for tied in ascending(values).chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = before as f64 + (tied.len() as f64 + 1.0) / 2.0;
        tied.iter().for_each(|i| ranks[*i] = rank);
        before += tied.len();
    }
    ranks
}

fn ascending(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    order
}

/// The mean of `score` over the labels, or over each class of a multi-class task against the others.
fn one_against_others(s: &Scored, score: fn(&[f64], &[bool]) -> f64) -> f64 {
    let of_output = |output: usize| {
        let predicted: Vec<f64> = s.predicted.iter().skip(output).step_by(s.outputs).copied().collect();
        let positive: Vec<bool> = match s.task {
            Task::MultiClass => s.observed.iter().map(|o| *o as usize == output).collect(),
            _ => s.observed.iter().skip(output).step_by(s.outputs).map(|o| *o > 0.5).collect(),
        };
        score(&predicted, &positive)
    };
    mean_of_defined((0..s.outputs).map(of_output))
}

/// The area under the ROC curve by ranks (Mann & Whitney); NaN where all or none are positive.
pub fn auroc(s: &Scored) -> f64 {
    one_against_others(s, |predicted, positive| {
        let positives = positive.iter().filter(|p| **p).count() as f64;
        let negatives = positive.len() as f64 - positives;
        let sum: f64 = ranks(predicted).iter().zip(positive).filter(|(_, p)| **p).map(|(rank, _)| rank).sum();
        (sum - positives * (positives + 1.0) / 2.0) / (positives * negatives)
    })
}

/// Average precision: the sum over the thresholds of precision times the recall gained there, without
/// interpolation; NaN where none are positive.
pub fn auprc(s: &Scored) -> f64 {
    one_against_others(s, |predicted, positive| {
        let mut order = ascending(predicted);
        order.reverse();
        let (mut found, mut seen, mut sum) = (0.0, 0.0, 0.0);
        for tied in order.chunk_by(|a, b| predicted[*a] == predicted[*b]) {
            let gained = tied.iter().filter(|i| positive[**i]).count() as f64;
            found += gained;
            seen += tied.len() as f64;
            sum += gained * found / seen;
        }
        sum / found
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, score};
    use super::*;

    #[test]
    fn equal_values_share_the_mean_of_their_ranks() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0, 3.0]), [4.0, 1.0, 4.0, 2.0, 4.0]);
        assert_eq!(ranks(&[0.0, -0.0, 1.0]), [1.5, 1.5, 3.0]);
    }

    #[test]
    fn two_classes_by_hand_with_ties() {
        let (p, o) = ([0.9, 0.8, 0.8, 0.4, 0.4, 0.1], [1.0, 1.0, 0.0, 1.0, 0.0, 0.0]);
        // Of 9 pairs 3 + 2½ + 1½ are in order.
        close(score("auroc", Task::Binary, 1, &p, &o), 7.0 / 9.0);
        // Thresholds 0.9, 0.8, 0.4: precision 1, ⅔, ⅗, a third of the recall each.
        close(score("auprc", Task::Binary, 1, &p, &o), (1.0 + 2.0 / 3.0 + 3.0 / 5.0) / 3.0);
    }

    #[test]
    fn classes_and_labels_count_alike() {
        let predicted = [0.7, 0.2, 0.1, 0.5, 0.4, 0.1, 0.6, 0.3, 0.1, 0.1, 0.1, 0.8];
        let observed = [0.0, 1.0, 0.0, 2.0];
        let score_of = |name| score(name, Task::MultiClass, 3, &predicted, &observed);
        // Each class has its own rows before all others.
        close(score_of("auroc"), 1.0);
        close(score_of("auprc"), 1.0);
        // The second label is always observed: no area, and a precision of 1.
        let (predicted, observed) = ([0.2, 0.5, 0.6, 0.4, 0.1, 0.3], [1.0, 1.0, 0.0, 1.0, 1.0, 1.0]);
        let score_of = |name| score(name, Task::MultiLabel, 2, &predicted, &observed);
        close(score_of("auroc"), 0.0);
        close(score_of("auprc"), ((1.0 / 2.0 + 2.0 / 3.0) / 2.0 + 1.0) / 2.0);
    }

    #[test]
    fn one_class_only_is_undefined() {
        for observed in [[0.0; 3], [1.0; 3]] {
            assert!(score("auroc", Task::Binary, 1, &[0.1, 0.2, 0.3], &observed).is_nan());
        }
        assert!(score("auprc", Task::Binary, 1, &[0.1, 0.2], &[0.0, 0.0]).is_nan());
    }
}
