//! Whether a smaller or a larger score is better: the one place that knows.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// The direction in which a score improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Smaller is better (errors, losses).
    Minimize,
    /// Larger is better (correlations, accuracies).
    Maximize,
}

impl Direction {
    /// Both.
    pub const ALL: [Direction; 2] = [Direction::Minimize, Direction::Maximize];

    /// As the study file says it.
    pub const fn word(self) -> &'static str {
        match self {
            Direction::Minimize => "minimize",
            Direction::Maximize => "maximize",
        }
    }

    /// Orders scores from best to worst. Total: NaN sorts last.
    pub fn compare(self, a: f64, b: f64) -> Ordering {
        match (a.is_nan(), b.is_nan()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => self.cost(a).total_cmp(&self.cost(b)),
        }
    }

    /// Whether `a` is strictly better than `b`.
    pub fn is_better(self, a: f64, b: f64) -> bool {
        self.compare(a, b) == Ordering::Less
    }

    /// The score as something to minimise. Its own inverse.
    pub fn cost(self, score: f64) -> f64 {
        match self {
            Direction::Minimize => score,
            Direction::Maximize => -score,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn best_first_and_nan_last_in_both_directions() {
        let mut scores = [f64::NAN, 0.2, 0.9, 0.5];
        scores.sort_by(|a, b| Direction::Maximize.compare(*a, *b));
        assert_eq!(&scores[..3], &[0.9, 0.5, 0.2]);
        assert!(scores[3].is_nan());
        scores.sort_by(|a, b| Direction::Minimize.compare(*a, *b));
        assert_eq!(&scores[..3], &[0.2, 0.5, 0.9]);
    }
}
