//! How far a study is, and how long it may still take.

use std::cmp::Reverse;

use crate::domain::history::History;
use crate::domain::space::KIND;
use crate::domain::trial::{Timestamp, Trial, TrialId, TrialState};
use crate::domain::value::Value;

/// How many of the last trials say how long the next ones take.
const WINDOW: usize = 64;
/// So many standard deviations below and above the mean lies half of what may come.
const QUARTILE: f64 = 0.674;

/// How long one trial took.
#[derive(Debug, Clone, PartialEq)]
struct Sample {
    seconds: f64,
    /// The kind of its network, where the study has several.
    kind: Option<Value>,
    trainings: usize,
}

/// How long trials take: the durations of the last ones that ended by themselves.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pace(Vec<Sample>);

impl Pace {
    /// The pace of a history's last trials; one that a person cancelled says nothing.
    pub fn of(history: &History) -> Self {
        let mut ended: Vec<&Trial> =
            history.trials().iter().map(AsRef::as_ref).filter(|t| counts(t)).collect();
        if ended.len() > WINDOW {
            ended.select_nth_unstable_by_key(WINDOW - 1, |t| Reverse((t.finished, t.id)));
            ended.truncate(WINDOW);
        }
        ended.sort_unstable_by_key(|t| (t.finished, t.id));
        Pace(ended.into_iter().map(|t| sample(history, t)).collect())
    }

    /// Whether no trial has ended yet.
    pub fn is_unknown(&self) -> bool {
        self.0.is_empty()
    }

    /// Mean and variance of a new trial's seconds.
    fn fresh(&self) -> (f64, f64) {
        moments(self.0.iter().map(|s| s.seconds)).unwrap_or_default()
    }

    /// Mean and variance of the seconds that a trial still takes which has run for `spent`: as those of its like
    /// took that lasted longer. One that has lasted longer than any owes nothing.
    fn rest(&self, like: &Sample, spent: f64) -> (f64, f64) {
        let scaled = |s: &Sample| s.seconds * like.trainings as f64 / s.trainings as f64 - spent;
        let of = |kind: bool| {
            let same = self.0.iter().filter(move |s| !kind || s.kind == like.kind);
            same.map(scaled).collect::<Vec<f64>>()
        };
        let like = Some(of(true)).filter(|same| !same.is_empty()).unwrap_or_else(|| of(false));
        moments(like.into_iter().filter(|left| *left > 0.0)).unwrap_or_default()
    }

    /// Seconds that a trial may still take; `None` until one has ended.
    pub fn left(&self, history: &History, trial: &Trial, now: Timestamp) -> Option<f64> {
        (!self.is_unknown()).then(|| self.rest(&sample(history, trial), trial.seconds(now)).0)
    }
}

fn sample(history: &History, trial: &Trial) -> Sample {
    let trainings = history.study().trainings_of(&trial.params).max(1);
    let kind = trial.params.get(KIND).cloned();
    Sample { seconds: trial.seconds(trial.started), kind, trainings }
}

fn moments(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let count = values.clone().count();
    let mean = values.clone().sum::<f64>() / count.max(1) as f64;
    let squares: f64 = values.map(|v| (v - mean).powi(2)).sum();
    (count > 0).then(|| (mean, squares / (count - 1).max(1) as f64))
}

fn counts(trial: &Trial) -> bool {
    trial.state.is_finished() && trial.state != TrialState::Cancelled
}

/// Whether a trial waits at a rung of its pruner, which may yet let it go on: only while the study has trials to do.
pub fn is_paused(history: &History, trial: &Trial) -> bool {
    let TrialState::Pruned { reason } = &trial.state else { return false };
    let promotes = history.pruner().is_none_or(|pruner| matches!(&*pruner.kind, "asha" | "hyperband"));
    let counts = history.counts();
    let goes_on = counts.running + counts.waiting > 0 || history.trials().len() < history.target();
    goes_on && promotes && reason.contains("rung ")
}

/// Seconds for which the study was worked on, to `now` while it is `live`.
pub fn elapsed(history: &History, now: Timestamp, live: bool) -> f64 {
    let since = if live { now.saturating_sub(history.last()) } else { 0 };
    (history.active_ms() + since) as f64 / 1000.0
}

/// Seconds the study may still take, from and to: the time that the trials at work, those that wait and those to come
/// need, each as the last ones of its kind did, shared by the slots. What a trial costs that is paused and goes on
/// later is in it as far as it was so before. `None` until a trial ended, while paused, and where nothing is left.
pub fn remaining(history: &History, running: &[TrialId], pace: &Pace, now: Timestamp) -> Option<(f64, f64)> {
    let counts = history.counts();
    let known = counts.finished() + counts.running + counts.waiting;
    let fresh = history.target().saturating_sub(known) as f64;
    let left = fresh > 0.0 || counts.running + counts.waiting > 0;
    if pace.is_unknown() || history.is_paused() || history.slots() == 0 || !left {
        return None;
    }
    let trials = running.iter().filter_map(|id| history.trial(*id));
    let waiting = history.trials().iter().map(AsRef::as_ref).filter(|t| t.state == TrialState::Waiting);
    let waiting = waiting.take(counts.waiting);
    let (each, spread) = pace.fresh();
    let (mut total, mut longest) = (fresh * each, if fresh > 0.0 { each } else { 0.0 });
    // The mean of a few trials is not known well either.
    let mut variance = fresh * spread + fresh * fresh * spread / pace.0.len() as f64;
    for trial in trials.chain(waiting) {
        let (mean, own) = pace.rest(&sample(history, trial), trial.seconds(now));
        (total, variance, longest) = (total + mean, variance + own, longest.max(mean));
    }
    let half = QUARTILE * variance.sqrt();
    let share = |total: f64| (total / history.slots() as f64).max(longest);
    Some((share((total - half).max(0.0)), share(total + half)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{Script, kinds};
    use crate::domain::event::Event;

    #[test]
    fn what_is_left_is_shared_by_the_slots() {
        // Six wanted, two slots, 10 s a trial: two ended, two have run for 4 s, two are to come.
        let mut script = Script::new(2).opened(6, 2);
        for score in [3.0, 2.0] {
            script.complete(score, 10_000);
        }
        let now = script.now();
        let (a, b) = (script.start(), script.start());
        let (history, pace) = (script.history(), Pace::of(script.history()));
        assert_eq!(pace.left(history, history.trial(a).unwrap(), now + 4_000), Some(6.0));
        assert_eq!(remaining(history, &[a, b], &pace, now + 4_000), Some((16.0, 16.0)));
        // Trials beyond the usual time do not owe a negative one.
        assert_eq!(remaining(history, &[a, b], &pace, now + 60_000), Some((10.0, 10.0)));
        assert_eq!(elapsed(history, now + 60_000, true), 80.0);
    }

    #[test]
    fn nothing_is_known_before_the_first_end() {
        let mut script = Script::new(1).opened(6, 2);
        let running = script.start();
        assert_eq!(remaining(script.history(), &[running], &Pace::of(script.history()), script.now()), None);
    }

    #[test]
    fn each_trial_takes_as_long_as_its_kind() {
        let script = kinds();
        let (history, pace) = (script.history(), Pace::of(script.history()));
        let mut like =
            Sample { seconds: 0.0, kind: history.trials()[6].params.get(KIND).cloned(), trainings: 4 };
        assert_eq!(pace.rest(&like, 2.0), (7.0, 0.0), "9 s for two folds, twice");
        like.trainings = 2;
        assert_eq!(pace.rest(&like, 2.0), (2.5, 0.0), "half of it for folds that are trained once");
        assert_eq!(pace.rest(&like, 20.0), (0.0, 0.0));
    }

    #[test]
    fn half_of_what_may_come_lies_within_the_range() {
        // Two wanted besides, one slot; 10 s and 30 s so far: mean 20, variance 200.
        let mut script = Script::new(2).opened(4, 1);
        script.complete(3.0, 10_000);
        script.complete(2.0, 30_000);
        let (history, pace) = (script.history(), Pace::of(script.history()));
        let (from, to) = remaining(history, &[], &pace, script.now()).unwrap();
        let half = 0.674 * (2.0 * 200.0 + 4.0 * 200.0 / 2.0_f64).sqrt();
        assert!((from - (40.0 - half)).abs() < 1e-9 && (to - (40.0 + half)).abs() < 1e-9, "{from} {to}");
    }

    #[test]
    fn a_trial_at_a_rung_is_paused_while_the_study_goes_on() {
        let mut script = Script::new(1).opened(2, 1);
        let trial = script.start();
        let reason = "rung 1 (1 epoch): 3rd of 9, the best third goes on".to_owned();
        script.record(Event::TrialPruned { trial, reason });
        let paused = |script: &Script| is_paused(script.history(), &script.history().trials()[trial]);
        assert!(paused(&script));
        script.complete(1.0, 1_000);
        assert!(!paused(&script), "all are done");
    }
}
