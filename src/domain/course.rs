//! How far a trial has come, and what it was worth there: what pruners compare.
//!
//! A trial's course is counted in epochs over all its trainings (its folds, then those of the next repeat),
//! each of which has as many places as a training has epochs at most. A training that ended early has reached
//! all of its places: early stopping says that nothing more would come of it. Place r therefore always lies in
//! the same training at the same epoch, so that all trials are compared by the same folds.

use super::direction::Direction;
use super::event::StudySpec;
use super::trial::{Report, Trial, TrialState};

/// The course of the trials of a study.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Course {
    /// Places of a training: most epochs, or no end where a study does not know.
    epochs: usize,
    trainings: usize,
    folds: usize,
    direction: Direction,
}

impl Course {
    /// That of `study`. One of a single training of at most one epoch has no known end: outside programs report
    /// as often as they like.
    pub fn of(study: &StudySpec) -> Self {
        let trainings = study.trainings();
        let open = trainings == 1 && study.epochs <= 1;
        Course {
            epochs: if open { usize::MAX } else { study.epochs.max(1) },
            trainings,
            folds: study.folds.max(1),
            direction: study.direction,
        }
    }

    /// Places of a training, where that is known.
    pub fn epochs(&self) -> Option<usize> {
        (self.epochs < usize::MAX).then_some(self.epochs)
    }

    /// Trainings of a trial, at most.
    pub fn trainings(&self) -> usize {
        self.trainings
    }

    /// The last place, where that is known.
    pub fn end(&self) -> Option<usize> {
        Some(self.epochs()?.saturating_mul(self.trainings))
    }

    /// The training that place `place` (from 1) lies in, and how many of its epochs lie up to there.
    pub fn split(&self, place: usize) -> (usize, usize) {
        let before = place.saturating_sub(1);
        (before / self.epochs, before % self.epochs + 1)
    }

    /// The reports of a trial's training.
    fn reports<'a>(&self, trial: &'a Trial, training: usize) -> &'a [Report] {
        let reports = &trial.reports;
        let first = reports.partition_point(|r| r.training(self.folds) < training);
        // The last training is asked for most.
        let of_it = |r: &Report| r.training(self.folds) == training;
        if reports.last().is_some_and(of_it) {
            return &reports[first..];
        }
        &reports[first..first + reports[first..].partition_point(of_it)]
    }

    /// The reports of the training that a trial is at.
    pub fn current<'a>(&self, trial: &'a Trial) -> &'a [Report] {
        self.reports(trial, trial.folds.len())
    }

    /// The last place that a trial has reached; the last one of a training only with its end.
    pub fn place(&self, trial: &Trial) -> usize {
        let within = self.current(trial).len().min(self.epochs.saturating_sub(1));
        trial.folds.len().saturating_mul(self.epochs).saturating_add(within)
    }

    /// The places that a trial reached with what it told last, its report or the end of a fold: those after the
    /// first number up to the second. None if it has told nothing.
    pub fn latest(&self, trial: &Trial) -> Option<(usize, usize)> {
        let place = self.place(trial);
        let now = self.current(trial).len();
        match (trial.folds.len().checked_sub(1), now) {
            (None, 0) => None,
            (Some(ended), 0) => {
                let within = self.reports(trial, ended).len().min(self.epochs - 1);
                Some((ended.saturating_mul(self.epochs).saturating_add(within), place))
            }
            // More epochs than there are places reach nothing new.
            (_, now) if now >= self.epochs => Some((place, place)),
            _ => Some((place - 1, place)),
        }
    }

    /// Whether a trial has come to `place`. A complete one has been everywhere.
    pub fn has_reached(&self, trial: &Trial, place: usize) -> bool {
        trial.state == TrialState::Complete || self.place(trial) >= place
    }

    /// What a trial was worth at `place`: the mean over its trainings up to there of the score of those that
    /// ended, and of the best report of the one that `place` lies in. `None` where it has not come so far.
    pub fn value(&self, trial: &Trial, place: usize) -> Option<f64> {
        self.worth(trial, place, |reports| {
            reports.iter().map(|r| r.score).min_by(|a, b| self.direction.compare(*a, *b))
        })
    }

    /// As [`value`](Self::value), but with the report at `place` itself.
    pub fn value_then(&self, trial: &Trial, place: usize) -> Option<f64> {
        self.worth(trial, place, |reports| reports.last().map(|r| r.score))
    }

    fn worth(&self, trial: &Trial, place: usize, of: impl Fn(&[Report]) -> Option<f64>) -> Option<f64> {
        let (training, epochs) = self.split(place);
        let complete = trial.state == TrialState::Complete;
        let Some(before) = trial.folds.get(..training) else {
            // Of fewer repeats than others: there is nothing more to come.
            return trial.score.filter(|_| complete);
        };
        let reports = self.reports(trial, training);
        let here = if epochs < self.epochs && reports.len() >= epochs {
            of(&reports[..epochs])?
        } else if let Some(fold) = trial.folds.get(training) {
            fold.score
        } else if complete {
            return trial.score;
        } else {
            return None;
        };
        let sum: f64 = before.iter().map(|fold| fold.score).sum();
        Some((sum + here) / (training + 1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;
    use crate::domain::testing::{Scripted, space};
    use crate::domain::value::Params;

    /// Two folds of at most ten epochs.
    fn study() -> Scripted {
        Scripted::new(&space([]), Direction::Minimize, 1)
    }

    #[test]
    fn a_training_that_ends_early_has_reached_its_end() {
        let mut study = study();
        let trial = study.start(Params::new());
        let course = Course::of(study.history().study());
        let look = |study: &Scripted| {
            let t = &study.history().trials()[trial];
            (course.place(t), course.latest(t))
        };
        assert_eq!(look(&study), (0, None));
        for (i, score) in [5.0, 3.0, 4.0].into_iter().enumerate() {
            study.report(trial, score);
            assert_eq!(look(&study), (i + 1, Some((i, i + 1))));
        }
        study.finish_fold(trial, 2.5);
        assert_eq!(look(&study), (10, Some((3, 10))));
        study.report(trial, 8.0);
        assert_eq!(look(&study), (11, Some((10, 11))));
        let t = &study.history().trials()[trial];
        let values: Vec<Option<f64>> = [1, 2, 3, 4, 10, 11, 12].map(|p| course.value(t, p)).into();
        let expected = [5.0, 3.0, 3.0, 2.5, 2.5, 5.25].map(Some);
        assert_eq!(values[..6], expected);
        assert_eq!((values[6], course.value_then(t, 3)), (None, Some(4.0)));
        assert_eq!((course.split(10), course.split(11), course.end()), ((0, 10), (1, 1), Some(20)));
    }

    #[test]
    fn the_last_epoch_counts_with_the_end_of_its_fold() {
        let mut study = study();
        let trial = study.start(Params::new());
        let course = Course::of(study.history().study());
        (0..10).for_each(|i| study.report(trial, f64::from(i)));
        assert_eq!(course.place(&study.history().trials()[trial]), 9);
        assert_eq!(course.value(&study.history().trials()[trial], 10), None);
        study.finish_fold(trial, 1.0);
        assert_eq!(course.latest(&study.history().trials()[trial]), Some((9, 10)));
        assert_eq!(course.value(&study.history().trials()[trial], 10), Some(1.0));
    }

    #[test]
    fn a_study_without_epochs_has_no_end_and_a_complete_trial_was_everywhere() {
        let mut spec = crate::domain::testing::study(space([]));
        (spec.folds, spec.epochs) = (1, 1);
        let course = Course::of(&spec);
        assert_eq!((course.end(), course.split(1000)), (None, (0, 1000)));
        let mut study = study();
        let trial = study.start(Params::new());
        (0..3).for_each(|_| study.report(trial, 2.0));
        study.apply(Event::TrialCompleted { trial, score: 1.0, weights: None });
        let t = &study.history().trials()[trial];
        assert_eq!((course.value(t, 3), course.value(t, 900)), (Some(2.0), Some(1.0)));
        assert!(course.has_reached(t, 900));
    }
}
