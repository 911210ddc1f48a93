//! Metrics of a quantity: errors and correlations.

use super::Scored;
use super::ranking::ranks;

fn mean(terms: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = terms.len() as f64;
    terms.sum::<f64>() / n
}

fn is_constant(values: &[f64]) -> bool {
    values.windows(2).all(|w| w[0] == w[1])
}

pub fn mse(s: &Scored) -> f64 {
    mean(s.predicted.iter().zip(s.observed).map(|(p, o)| (p - o).powi(2)))
}

pub fn mae(s: &Scored) -> f64 {
    mean(s.predicted.iter().zip(s.observed).map(|(p, o)| (p - o).abs()))
}

/// 1 − residual / total sum of squares, about the observations' own mean; NaN where they are all equal.
pub fn r2(s: &Scored) -> f64 {
    if is_constant(s.observed) {
        return f64::NAN;
    }
    let centre = mean(s.observed.iter().copied());
    1.0 - mse(s) / mean(s.observed.iter().map(|o| (o - centre).powi(2)))
}

pub fn pearson(s: &Scored) -> f64 {
    correlation(s.predicted, s.observed)
}

/// Pearson's correlation of ranks, those of equal values averaged.
pub fn spearman(s: &Scored) -> f64 {
    correlation(&ranks(s.predicted), &ranks(s.observed))
}

/// The slope of the regression of observations on predictions: below 1 the predictions are inflated.
/// NaN where the predictions are all equal.
pub fn slope(s: &Scored) -> f64 {
    if is_constant(s.predicted) {
        return f64::NAN;
    }
    let [pp, _, po] = moments(s.predicted, s.observed);
    po / pp
}

/// Pearson's correlation. NaN where the observations are all equal; 0 where only the predictions are:
/// a network that predicts a constant ranks nobody, and its first epochs may well do so.
fn correlation(predicted: &[f64], observed: &[f64]) -> f64 {
    if is_constant(observed) {
        return f64::NAN;
    }
    if is_constant(predicted) {
        return 0.0;
    }
    let [pp, oo, po] = moments(predicted, observed);
    (po / (pp.sqrt() * oo.sqrt())).clamp(-1.0, 1.0)
}

/// Sums of squares of the first, of the second, and of products, about their means.
fn moments(predicted: &[f64], observed: &[f64]) -> [f64; 3] {
    let (p0, o0) = (mean(predicted.iter().copied()), mean(observed.iter().copied()));
    let mut sums = [0.0; 3];
    for (p, o) in predicted.iter().zip(observed) {
        sums[0] += (p - p0).powi(2);
        sums[1] += (o - o0).powi(2);
        sums[2] += (p - p0) * (o - o0);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::super::testing::close;
    use crate::domain::task::Task;

    fn score(name: &str, predicted: &[f64], observed: &[f64]) -> f64 {
        super::super::testing::score(name, Task::Regression, 1, predicted, observed)
    }

    #[test]
    fn each_metric_by_hand() {
        let (predicted, observed) = ([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 6.0]);
        for (name, expected) in [
            ("mse", 1.5),
            ("rmse", 1.5_f64.sqrt()),
            ("mae", 1.0),
            ("r2", 1.0 - 6.0 / 14.0),
            ("pearson", 7.0 / (5.0 * 14.0_f64).sqrt()),
            ("spearman", 4.0 / 5.0),
            ("bias", 7.0 / 5.0),
        ] {
            close(score(name, &predicted, &observed), expected);
        }
    }

    #[test]
    fn equal_values_share_their_ranks() {
        // Ranks 1, 2.5, 2.5, 4 and 1.5, 1.5, 3, 4: sums of squares 4.5, 4.5 and of products 3.75.
        close(score("spearman", &[0.1, 5.0, 5.0, 9.0], &[2.0, 2.0, 7.0, 8.0]), 3.75 / 4.5);
        close(score("spearman", &[0.1, 5.0, 6.0], &[-1.0, -2.0, -1e9]), -1.0);
    }

    #[test]
    fn constants_are_undefined_only_where_observed() {
        let (constant, varying) = ([2.0, 2.0, 2.0], [1.0, 2.0, 4.0]);
        for name in ["pearson", "spearman"] {
            assert_eq!(score(name, &constant, &varying), 0.0);
            assert!(score(name, &varying, &constant).is_nan());
        }
        assert!(score("r2", &varying, &constant).is_nan());
        assert!(score("r2", &constant, &varying) < 0.0);
        assert!(score("bias", &constant, &varying).is_nan());
        close(score("bias", &varying, &constant), 0.0);
    }
}
