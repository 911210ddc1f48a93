//! Rungs: the places of a trial's course at which the best share of those that came so far goes on, and the
//! others are paused.
//!
//! Asynchronous successive halving (Li et al. 2020, algorithm 2): no trial waits for others. One that reaches a
//! rung goes on where it is among the best 1/η of all that have reached it by then, else it is paused; later ones
//! may show that it was, and promote it. The best one always goes on, so that a rung of fewer than η trials lets
//! one through and a small study ends with a complete trial.

use super::{has_passed, ordinal};
use crate::domain::course::Course;
use crate::domain::event::StudySpec;
use crate::domain::history::History;
use crate::domain::insight::Rung;
use crate::domain::setting::{Accepts, Preset, Setting, Settings};
use crate::domain::trial::{Trial, TrialId, TrialState};
use crate::domain::value::counted;

/// The settings of rules with rungs.
pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "resource",
        Accepts::Word(&["epochs", "folds"]),
        Preset::Word("epochs"),
        "what a rung counts: epochs over all folds, of which those that early stopping saves count too, or folds",
    ),
    Setting::new(
        "min_resource",
        Accepts::IntOr { min: 1, max: 1_000_000, word: "auto" },
        Preset::Word("auto"),
        "the first rung; `auto`: an eighth of a fold's most epochs, or one fold",
    ),
    Setting::new(
        "reduction",
        Accepts::Int { min: 2, max: 100 },
        Preset::Int(4),
        "one of so many goes on, and the next rung is so many times as far",
    ),
];

/// The first rung's part of a fold: early enough to save most of a bad trial, late enough to tell.
const PART_OF_A_FOLD: f64 = 8.0;

/// How far apart rungs are, and what they count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ladder {
    folds: bool,
    /// `None` leaves it to the study.
    first: Option<usize>,
    pub reduction: usize,
}

impl Ladder {
    pub fn of(settings: &Settings) -> Self {
        let folds = settings.word("resource") == "folds";
        let first = settings.count_or_word("min_resource").or(folds.then_some(1));
        Ladder { folds, first, reduction: settings.count("reduction") }
    }

    /// The rungs' places in the course of a study's trials, before its end.
    pub fn places(&self, study: &StudySpec) -> Vec<usize> {
        let course = Course::of(study);
        let unit = if self.folds { course.epochs().unwrap_or(1) as f64 } else { 1.0 };
        // Not rounded before it is multiplied.
        let first = match (self.first, course.epochs()) {
            (Some(first), _) => first as f64,
            (None, Some(epochs)) => (epochs as f64 / PART_OF_A_FOLD).max(1.0),
            (None, None) => 1.0,
        };
        // Nobody trains for longer, where a study does not know its end.
        let end = course.end().unwrap_or(1 << 40) as f64;
        let mut places = Vec::new();
        let mut place = first * unit;
        while place.ceil() < end {
            places.push(place.ceil() as usize);
            place *= self.reduction as f64;
        }
        places
    }

    /// A place as a person counts it.
    fn words(&self, course: &Course, place: usize) -> String {
        if self.folds { counted(course.split(place).0 + 1, "fold") } else { counted(place, "epoch") }
    }

    /// What is said before a study begins.
    pub fn plan(&self, study: &StudySpec) -> String {
        let course = Course::of(study);
        let places = self.places(study);
        if places.is_empty() {
            let (folds, epochs) = (course.trainings(), course.epochs().unwrap_or(1));
            return format!(
                "no rung lies before the end of a trial ({}, {} each): no trial is ended",
                counted(folds, "fold"),
                counted(epochs, "epoch")
            );
        }
        let shown: Vec<String> = places.iter().take(8).map(|p| self.words(&course, *p)).collect();
        format!("rungs at {}; of each {}", shown.join(", "), self.share())
    }

    fn share(&self) -> String {
        match self.reduction {
            2 => "the best half goes on".to_owned(),
            3 => "the best third goes on".to_owned(),
            4 => "the best quarter goes on".to_owned(),
            n => format!("the best 1/{n} goes on"),
        }
    }

    /// Trials of a rung of `n` that go on.
    fn quota(&self, n: usize) -> usize {
        (n / self.reduction).max(1)
    }
}

/// The ladder with the rungs of some trials of a history.
pub(super) struct Climb<'a> {
    pub ladder: Ladder,
    pub history: &'a History,
    /// The rungs' places.
    pub places: Vec<usize>,
    /// Which trials climb it.
    pub includes: Box<dyn Fn(TrialId) -> bool + 'a>,
}

/// Whether what `trial` told last brought it to one of `places`.
pub(super) fn arrived(course: &Course, places: &[usize], trial: &Trial) -> Option<usize> {
    if has_passed(trial) {
        return None;
    }
    let (before, now) = course.latest(trial)?;
    let rung = places.partition_point(|place| *place <= now).checked_sub(1)?;
    (places[rung] > before).then_some(rung)
}

impl Climb<'_> {
    fn course(&self) -> Course {
        Course::of(self.history.study())
    }

    /// The trials that have come to a rung, best first; the earlier one on a tie.
    fn ranked(&self, rung: usize) -> Vec<(f64, &Trial)> {
        let (course, direction) = (self.course(), self.history.study().direction);
        let trials = self.history.trials().iter().map(AsRef::as_ref).filter(|t| (self.includes)(t.id));
        let value = |t| Some((course.value(t, self.places[rung])?, t));
        let mut ranked: Vec<(f64, &Trial)> = trials.filter_map(value).collect();
        ranked.sort_by(|a, b| direction.compare(a.0, b.0));
        ranked
    }

    /// The rung at which a pruned trial is paused.
    fn paused_at(&self, trial: &Trial) -> Option<usize> {
        let place = self.course().place(trial);
        let paused = matches!(trial.state, TrialState::Pruned { .. });
        self.places.partition_point(|p| *p <= place).checked_sub(1).filter(|_| paused)
    }

    fn words(&self, rung: usize, rank: usize, n: usize) -> String {
        let place = self.ladder.words(&self.course(), self.places[rung]);
        format!("rung {} ({place}): {} of {n}, {}", rung + 1, ordinal(rank + 1), self.ladder.share())
    }

    /// As [`Pruner::decide`](super::Pruner::decide).
    pub fn decide(&self, trial: TrialId) -> Option<String> {
        let rung = arrived(&self.course(), &self.places, self.history.trial(trial)?)?;
        let ranked = self.ranked(rung);
        let rank = ranked.iter().position(|(_, t)| t.id == trial)?;
        (rank >= self.ladder.quota(ranked.len())).then(|| self.words(rung, rank, ranked.len()))
    }

    /// As [`Pruner::rungs`](super::Pruner::rungs): up to the first one to which no trial has come.
    pub fn rungs(&self, bracket: usize) -> Vec<Rung> {
        let course = self.course();
        let of = |rung: usize| Rung {
            bracket,
            at: self.place_words(&course, self.places[rung]),
            trials: self
                .ranked(rung)
                .into_iter()
                .map(|(value, t)| (t.id, value, self.paused_at(t) != Some(rung)))
                .collect(),
        };
        let mut rungs = Vec::new();
        for rung in (0..self.places.len()).map(of) {
            let is_bare = rung.trials.is_empty();
            rungs.push(rung);
            if is_bare {
                break;
            }
        }
        rungs
    }

    fn place_words(&self, course: &Course, place: usize) -> String {
        let steps = self.history.study().objective.steps();
        match self.ladder.folds {
            true => self.ladder.words(course, place),
            false => counted(place, steps.trim_end_matches('s')),
        }
    }

    /// As [`Pruner::promote`](super::Pruner::promote): the highest rung comes first.
    pub fn promote(&self) -> Option<(TrialId, String)> {
        let trials = self.history.trials().iter().filter(|t| (self.includes)(t.id));
        let highest = trials.filter_map(|t| self.paused_at(t)).max()?;
        (0..=highest).rev().find_map(|rung| {
            let ranked = self.ranked(rung);
            let quota = self.ladder.quota(ranked.len());
            let found = ranked[..quota.min(ranked.len())].iter().position(|(_, t)| self.may_go_on(t, rung));
            found.map(|rank| (ranked[rank].1.id, self.words(rung, rank, ranked.len())))
        })
    }

    fn may_go_on(&self, trial: &Trial, rung: usize) -> bool {
        trial.id < self.history.target() && self.paused_at(trial) == Some(rung)
    }

    /// As [`Pruner::promotable`](super::Pruner::promotable), with how many times more trials than go on now would
    /// have to: a rung takes no more trials than are wanted, and a rank in it only gets worse.
    pub fn promotable(&self) -> Vec<(f64, TrialId)> {
        let most = self.ladder.quota(self.history.target());
        let mut found = Vec::new();
        for rung in 0..self.places.len() {
            let ranked = self.ranked(rung);
            if ranked.is_empty() {
                break;
            }
            let quota = self.ladder.quota(ranked.len()) as f64;
            let of_it = ranked.iter().take(most).enumerate().filter(|(_, (_, t))| self.may_go_on(t, rung));
            found.extend(of_it.map(|(rank, (_, t))| ((rank + 1) as f64 / quota, t.id)));
        }
        found
    }
}

/// Trials of [`Climb::promotable`], the likeliest first.
pub(super) fn likeliest(mut found: Vec<(f64, TrialId)>) -> Vec<TrialId> {
    found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    found.into_iter().map(|(_, trial)| trial).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::event::Event;
    use crate::domain::testing::{self, Scripted, float, space};
    use crate::domain::value::{Params, Value};

    fn ladder(given: &[(&str, Value)]) -> Ladder {
        Ladder::of(&Settings::with(SETTINGS, given))
    }

    fn places(folds: usize, epochs: usize, given: &[(&str, Value)]) -> Vec<usize> {
        let mut study = testing::study(space([]));
        (study.folds, study.epochs) = (folds, epochs);
        ladder(given).places(&study)
    }

    #[test]
    fn rungs_multiply_up_to_the_end_of_a_trial() {
        assert_eq!(places(3, 30, &[]), [4, 15, 60]);
        assert_eq!(places(5, 100, &[]), [13, 50, 200]);
        assert_eq!(places(1, 30, &[("reduction", 2.into())]), [4, 8, 15]);
        assert_eq!(places(2, 10, &[("min_resource", 5.into())]), [5]);
        assert_eq!(places(2, 2, &[]), [1]);
        let folds = ("resource", Value::from("folds"));
        assert_eq!(places(10, 30, std::slice::from_ref(&folds)), [30, 120]);
        assert_eq!(places(10, 30, &[folds.clone(), ("min_resource", 2.into())]), [60, 240]);
        assert_eq!(places(3, 30, &[folds, ("min_resource", 3.into())]), [0_usize; 0]);
        let open = places(1, 1, &[]);
        assert_eq!((&open[..4], open.len() < 40), (&[1, 4, 16, 64][..], true), "no end is known");
    }

    #[test]
    fn a_plan_names_the_rungs() {
        let mut study = testing::study(space([]));
        (study.folds, study.epochs) = (3, 30);
        assert_eq!(
            ladder(&[]).plan(&study),
            "rungs at 4 epochs, 15 epochs, 60 epochs; of each the best quarter goes on"
        );
        let folds = ladder(&[("resource", "folds".into()), ("reduction", 5.into())]);
        assert_eq!(folds.plan(&study), "rungs at 1 fold; of each the best 1/5 goes on");
        study.folds = 1;
        assert!(
            folds.plan(&study).contains("no rung lies before the end of a trial (1 fold, 30 epochs each)")
        );
    }

    /// A study of two folds of nine epochs, and a rung after each third epoch's power: 1, 3, 9.
    fn study() -> Scripted {
        Scripted::folded(&space([("x", float(0.0, 1.0))]), Direction::Minimize, 2, 9)
    }

    fn climb(study: &Scripted) -> Climb<'_> {
        let ladder = ladder(&[("min_resource", 1.into()), ("reduction", 3.into())]);
        let (history, places) = (study.history(), ladder.places(study.history().study()));
        assert_eq!(places, [1, 3, 9]);
        Climb { ladder, history, places, includes: Box::new(|_| true) }
    }

    /// A trial whose first report is `score`; paused where it is not good enough.
    fn first_report(study: &mut Scripted, score: f64) -> (TrialId, Option<String>) {
        let trial = study.start(Params::from([("x".to_owned(), Value::Float(0.5))]));
        study.report(trial, score);
        let reason = climb(study).decide(trial);
        if let Some(reason) = reason.clone() {
            study.apply(Event::TrialPruned { trial, reason });
        }
        (trial, reason)
    }

    #[test]
    fn a_rung_tells_who_came_and_who_went_on() {
        let mut study = study();
        let bare = climb(&study).rungs(2);
        assert_eq!(bare, [Rung { bracket: 2, at: "1 epoch".into(), trials: vec![] }]);
        for score in [5.0, 6.0, 4.0, 7.0] {
            first_report(&mut study, score);
        }
        study.report(2, 3.0);
        study.report(2, 3.5);
        let rungs = climb(&study).rungs(0);
        assert_eq!(rungs.len(), 3, "the third rung is the first that nobody has come to");
        assert_eq!(rungs[0].trials, [(2, 4.0, true), (0, 5.0, true), (1, 6.0, false), (3, 7.0, false)]);
        assert_eq!((rungs[1].at.as_str(), &rungs[1].trials[..]), ("3 epochs", &[(2, 3.0, true)][..]));
        assert!(rungs[2].trials.is_empty());
    }

    #[test]
    fn the_best_third_goes_on_and_later_trials_show_who_else() {
        let mut study = study();
        study.apply(Event::StudyOpened { trials: 20, slots: 1, threads: 1, asked: None });
        assert_eq!(first_report(&mut study, 5.0).1, None, "the best of one");
        let second = first_report(&mut study, 6.0).1.unwrap();
        assert_eq!(second, "rung 1 (1 epoch): 2nd of 2, the best third goes on");
        assert_eq!(first_report(&mut study, 4.0).1, None);
        (0..2).for_each(|_| assert!(first_report(&mut study, 9.0).1.is_some()));
        assert_eq!(climb(&study).promote(), None, "one of five, which went on");
        assert!(first_report(&mut study, 8.0).1.is_some());
        // Of six two go on: trials 2 and 0, both of which did. Of nine three: trial 1 too.
        assert_eq!(climb(&study).promote(), None);
        (0..3).for_each(|_| assert!(first_report(&mut study, 9.0).1.is_some()));
        let (trial, reason) = climb(&study).promote().unwrap();
        assert_eq!((trial, &*reason), (1, "rung 1 (1 epoch): 3rd of 9, the best third goes on"));
        study.apply(Event::TrialPromoted { trial, reason });
        assert_eq!(climb(&study).promote(), None);
        let promotable: Vec<TrialId> = likeliest(climb(&study).promotable());
        assert_eq!(promotable[0], 5, "8.0 is next");
        assert!(promotable.len() <= 20 / 3);
    }

    #[test]
    fn a_trial_is_judged_at_the_highest_rung_that_the_end_of_a_fold_brings() {
        let mut study = study();
        let (trial, _) = first_report(&mut study, 5.0);
        study.finish_fold(trial, 5.0);
        let course = Course::of(study.history().study());
        let t = &study.history().trials()[trial];
        assert_eq!(arrived(&course, &[1, 3, 9], t), Some(2));
        study.report(trial, 5.0);
        let t = &study.history().trials()[trial];
        assert_eq!(arrived(&course, &[1, 3, 9], t), None);
    }
}
