//! How far a study is, and how long it may still take.

use std::collections::VecDeque;

use crate::domain::history::History;
use crate::domain::trial::{Timestamp, Trial, TrialId, TrialState};

/// How many of the last durations say how long the next trials take.
const WINDOW: usize = 64;

/// How long trials take: the durations of the last ones that ended by themselves.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pace {
    last: VecDeque<f64>,
    quartiles: Option<(f64, f64)>,
}

impl Pace {
    /// The pace of a history's last trials.
    pub fn of(history: &History) -> Self {
        let mut ended: Vec<&Trial> =
            history.trials().iter().map(AsRef::as_ref).filter(|t| counts(t)).collect();
        ended.sort_by_key(|t| (t.finished, t.id));
        let mut pace = Pace::default();
        for trial in &ended[ended.len().saturating_sub(WINDOW)..] {
            pace.push(trial);
        }
        pace
    }

    /// Takes a trial that ended in; one that a person cancelled says nothing.
    pub fn push(&mut self, trial: &Trial) {
        if !counts(trial) {
            return;
        }
        if self.last.len() == WINDOW {
            self.last.pop_front();
        }
        self.last.push_back(trial.seconds(trial.started));
        let mut sorted: Vec<f64> = self.last.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let at = |q: f64| sorted[((sorted.len() - 1) as f64 * q).round() as usize];
        self.quartiles = Some((at(0.25), at(0.75)));
    }

    /// Lower and upper quartile of the durations, in seconds.
    pub fn quartiles(&self) -> Option<(f64, f64)> {
        self.quartiles
    }
}

fn counts(trial: &Trial) -> bool {
    trial.state.is_finished() && trial.state != TrialState::Cancelled
}

/// Seconds for which the study was worked on, to `now` while it is `live`.
pub fn elapsed(history: &History, now: Timestamp, live: bool) -> f64 {
    let since = if live { now.saturating_sub(history.last()) } else { 0 };
    (history.active_ms() + since) as f64 / 1000.0
}

/// Seconds the study may still take, from and to: the work left at the quartiles of the pace,
/// shared by the slots. `None` until a trial ended, while paused, and where nothing is left.
pub fn remaining(history: &History, running: &[TrialId], pace: &Pace, now: Timestamp) -> Option<(f64, f64)> {
    let (fast, slow) = pace.quartiles()?;
    let counts = history.counts();
    let fresh = history.target().saturating_sub(counts.finished() + counts.running);
    if history.is_paused() || history.slots() == 0 || fresh + counts.running == 0 {
        return None;
    }
    let estimate = |each: f64| {
        let left =
            running.iter().filter_map(|id| history.trial(*id)).map(|t| (each - t.seconds(now)).max(0.0));
        let (mut total, mut longest) = (fresh as f64 * each, if fresh > 0 { each } else { 0.0 });
        for seconds in left {
            total += seconds;
            longest = longest.max(seconds);
        }
        (total / history.slots() as f64).max(longest)
    };
    Some((estimate(fast), estimate(slow)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::Script;

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
        assert_eq!(pace.quartiles(), Some((10.0, 10.0)));
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
}
