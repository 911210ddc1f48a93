//! The scores in the order in which the trials completed, and the best so far.

use crate::domain::direction::Direction;
use crate::domain::history::History;
use crate::domain::trial::Trial;

/// The vertical axis holds this share of the scores and half their span more; what is worse lies off
/// the scale, so that one bad trial does not flatten the rest.
const SHOWN: f64 = 0.9;

/// The curve of the best score so far. Grows by one score at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct BestCurve {
    direction: Direction,
    scores: Vec<f64>,
    steps: Vec<(usize, f64)>,
    range: Option<(f64, f64)>,
}

impl BestCurve {
    /// An empty curve.
    pub fn new(direction: Direction) -> Self {
        BestCurve { direction, scores: Vec::new(), steps: Vec::new(), range: None }
    }

    /// The curve of a history, its complete trials in the order of their ends.
    pub fn of(history: &History) -> Self {
        let mut complete: Vec<&Trial> =
            history.trials().iter().map(AsRef::as_ref).filter(|t| t.score.is_some()).collect();
        complete.sort_by_key(|t| (t.finished, t.id));
        let mut curve = BestCurve::new(history.study().direction);
        for score in complete.iter().filter_map(|t| t.score) {
            curve.push(score);
        }
        curve.rescale();
        curve
    }

    /// Takes the next score in; [`rescale`](Self::rescale) must follow before the range is read.
    pub fn push(&mut self, score: f64) {
        if self.best().is_none_or(|best| self.direction.is_better(score, best)) {
            self.steps.push((self.scores.len(), score));
        }
        self.scores.push(score);
    }

    /// Makes the range anew. Takes time in proportion to the scores: once for many pushes.
    pub fn rescale(&mut self) {
        let Some(best) = self.best() else { return };
        let mut sorted = self.scores.clone();
        let place = ((sorted.len() - 1) as f64 * SHOWN).round() as usize;
        let (_, most, rest) = sorted.select_nth_unstable_by(place, |a, b| self.direction.compare(*a, *b));
        let limit = *most + (*most - best) / 2.0;
        // The worst score that is no worse than the limit.
        let within = rest.iter().copied().filter(|s| !self.direction.is_better(limit, *s));
        let worst = within.fold(*most, |a, b| if self.direction.is_better(a, b) { b } else { a });
        self.range = Some((best.min(worst), best.max(worst)));
    }

    /// Every score, in the order of completion.
    pub fn scores(&self) -> &[f64] {
        &self.scores
    }

    /// Where the best score improved: its place among the scores, and the new best.
    pub fn steps(&self) -> &[(usize, f64)] {
        &self.steps
    }

    /// The best score so far.
    pub fn best(&self) -> Option<f64> {
        self.steps.last().map(|(_, score)| *score)
    }

    /// Smallest and largest score worth showing.
    pub fn range(&self) -> Option<(f64, f64)> {
        self.range
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_only_where_it_improves_and_outliers_off_the_scale() {
        let mut curve = BestCurve::new(Direction::Minimize);
        for score in [5.0, 4.0, 4.0, 6.0, 3.0, 5.0, 4.5, 4.2, 5.5, 4.8, 1e9] {
            curve.push(score);
        }
        curve.rescale();
        assert_eq!(curve.steps(), [(0, 5.0), (1, 4.0), (4, 3.0)]);
        assert_eq!(curve.range(), Some((3.0, 6.0)));
        let mut upward = BestCurve::new(Direction::Maximize);
        for score in [0.1, 0.3, 0.2] {
            upward.push(score);
        }
        upward.rescale();
        assert_eq!((upward.best(), upward.range()), (Some(0.3), Some((0.1, 0.3))));
    }
}
