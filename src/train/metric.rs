//! Metrics: how predictions are scored.

use crate::domain::direction::Direction;
use crate::domain::task::Task;

/// A row of the table of metrics.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name in the study file.
    pub name: &'static str,
    /// One line for a person.
    pub help: &'static str,
    /// Whether smaller or larger is better.
    pub direction: Direction,
    /// The tasks that it scores.
    pub tasks: &'static [Task],
    /// The score of predictions against observations, both in the trait's own units; NaN where it is
    /// undefined, such as the correlation with observations that are all equal.
    pub score: fn(predicted: &[f64], observed: &[f64]) -> f64,
}

const QUANTITY: &[Task] = &[Task::Regression];

/// Every metric.
pub const METRICS: &[Metric] = &[
    Metric {
        name: "mse",
        help: "mean squared error",
        direction: Direction::Minimize,
        tasks: QUANTITY,
        score: mse,
    },
    Metric {
        name: "rmse",
        help: "root of the mean squared error",
        direction: Direction::Minimize,
        tasks: QUANTITY,
        score: |predicted, observed| mse(predicted, observed).sqrt(),
    },
    Metric {
        name: "mae",
        help: "mean absolute error",
        direction: Direction::Minimize,
        tasks: QUANTITY,
        score: mae,
    },
    Metric {
        name: "r2",
        help: "share of the observed variance that is predicted",
        direction: Direction::Maximize,
        tasks: QUANTITY,
        score: r2,
    },
    Metric {
        name: "pearson",
        help: "correlation of predictions and observations",
        direction: Direction::Maximize,
        tasks: QUANTITY,
        score: pearson,
    },
];

fn mean(terms: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = terms.len() as f64;
    terms.sum::<f64>() / n
}

fn mse(predicted: &[f64], observed: &[f64]) -> f64 {
    mean(predicted.iter().zip(observed).map(|(p, o)| (p - o).powi(2)))
}

fn mae(predicted: &[f64], observed: &[f64]) -> f64 {
    mean(predicted.iter().zip(observed).map(|(p, o)| (p - o).abs()))
}

fn is_constant(values: &[f64]) -> bool {
    values.windows(2).all(|w| w[0] == w[1])
}

/// 1 − residual / total sum of squares, about the observations' own mean; NaN where they are all equal.
fn r2(predicted: &[f64], observed: &[f64]) -> f64 {
    if is_constant(observed) {
        return f64::NAN;
    }
    let centre = mean(observed.iter().copied());
    1.0 - mse(predicted, observed) / mean(observed.iter().map(|o| (o - centre).powi(2)))
}

/// Pearson's correlation. NaN where the observations are all equal; 0 where only the predictions are:
/// a network that predicts a constant ranks nobody, and its first epochs may well do so.
fn pearson(predicted: &[f64], observed: &[f64]) -> f64 {
    if is_constant(observed) {
        return f64::NAN;
    }
    if is_constant(predicted) {
        return 0.0;
    }
    let (p0, o0) = (mean(predicted.iter().copied()), mean(observed.iter().copied()));
    let (mut pp, mut oo, mut po) = (0.0, 0.0, 0.0);
    for (p, o) in predicted.iter().zip(observed) {
        pp += (p - p0).powi(2);
        oo += (o - o0).powi(2);
        po += (p - p0) * (o - o0);
    }
    (po / (pp.sqrt() * oo.sqrt())).clamp(-1.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_metric_by_hand() {
        let (predicted, observed) = ([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 6.0]);
        let expected = [1.5, 1.5_f64.sqrt(), 1.0, 1.0 - 6.0 / 14.0, 7.0 / (5.0 * 14.0_f64).sqrt()];
        for (metric, expected) in METRICS.iter().zip(expected) {
            let found = (metric.score)(&predicted, &observed);
            assert!((found - expected).abs() < 1e-12, "{}: {found}, not {expected}", metric.name);
        }
    }

    #[test]
    fn constants_are_undefined_only_where_observed() {
        let (constant, varying) = ([2.0, 2.0, 2.0], [1.0, 2.0, 4.0]);
        assert_eq!(pearson(&constant, &varying), 0.0);
        assert!(pearson(&varying, &constant).is_nan());
        assert!(r2(&varying, &constant).is_nan());
        assert!(r2(&constant, &varying) < 0.0);
    }

    #[test]
    fn a_perfect_prediction_is_the_best_score() {
        let observed = [0.3, -1.0, 2.5];
        for metric in METRICS {
            let perfect = (metric.score)(&observed, &observed);
            let other = (metric.score)(&[0.0, 1.0, -1.0], &observed);
            assert!(metric.direction.is_better(perfect, other), "{}", metric.name);
        }
    }
}
