//! What ran when in which slot.

use super::survey::Fate;
use crate::domain::history::History;
use crate::domain::trial::{Timestamp, TrialId, TrialState};

/// A trial in its slot. One that was started again is there with its last run only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The trial.
    pub trial: TrialId,
    /// When it was started.
    pub from: Timestamp,
    /// When it ended; none while it runs.
    pub to: Option<Timestamp>,
    /// How it ended.
    pub fate: Fate,
}

/// The runs of a study.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timeline {
    /// By slot, and in each by time.
    pub slots: Vec<Vec<Run>>,
    /// When the first trial was started.
    pub begin: Timestamp,
    /// Stretches between runs in which none was running: the study was paused, or not open.
    pub gaps: Vec<(Timestamp, Timestamp)>,
}

impl Timeline {
    /// The runs of a history.
    pub fn of(history: &History) -> Self {
        let mut slots: Vec<Vec<Run>> = vec![Vec::new(); history.slots()];
        for trial in history.trials() {
            let fate = match trial.state {
                // Where it ran before it waits is not kept.
                TrialState::Waiting => continue,
                TrialState::Running => Fate::Live,
                TrialState::Complete => Fate::Complete,
                TrialState::Pruned { .. } => Fate::Pruned,
                TrialState::Failed { .. } => Fate::Failed,
                TrialState::Cancelled => Fate::Cancelled,
            };
            if slots.len() <= trial.slot {
                slots.resize(trial.slot + 1, Vec::new());
            }
            slots[trial.slot].push(Run { trial: trial.id, from: trial.started, to: trial.finished, fate });
        }
        slots.iter_mut().for_each(|runs| runs.sort_by_key(|run| (run.from, run.trial)));
        let mut all: Vec<Run> = slots.iter().flatten().copied().collect();
        all.sort_by_key(|run| run.from);
        let begin = all.first().map_or(0, |run| run.from);
        Timeline { slots, begin, gaps: gaps(&all) }
    }
}

/// Stretches in which nothing runs, of runs in the order of their starts.
fn gaps(runs: &[Run]) -> Vec<(Timestamp, Timestamp)> {
    let mut gaps = Vec::new();
    let mut busy = runs.first().map_or(0, |run| run.from);
    for run in runs {
        if run.from > busy {
            gaps.push((busy, run.from));
        }
        busy = busy.max(run.to.unwrap_or(Timestamp::MAX));
    }
    gaps
}

/// The runs that overlap a stretch of time, of one slot.
pub fn within(runs: &[Run], from: Timestamp, to: Timestamp) -> &[Run] {
    // Runs of a slot follow each other, so that their ends ascend like their starts.
    let first = runs.partition_point(|run| run.to.is_some_and(|end| end <= from));
    let last = runs.partition_point(|run| run.from < to);
    runs.get(first..last).unwrap_or_default()
}

/// The share of a stretch of time in which something ran in a slot.
pub fn busy(runs: &[Run], from: Timestamp, to: Timestamp) -> f64 {
    let mut done = from;
    let mut sum = 0;
    for run in within(runs, from, to) {
        let (start, end) = (run.from.max(done), run.to.unwrap_or(to).min(to));
        sum += end.saturating_sub(start);
        done = done.max(end);
    }
    sum as f64 / to.saturating_sub(from).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{Script, busy as working};

    fn run(from: Timestamp, to: Timestamp) -> Run {
        Run { trial: 0, from, to: Some(to), fate: Fate::Complete }
    }

    #[test]
    fn shares_and_gaps() {
        let runs = [run(0, 10), run(10, 20), run(40, 50)];
        assert_eq!(gaps(&runs), [(20, 40)]);
        assert_eq!(gaps(&[run(0, 30), run(5, 10), run(30, 40)]), []);
        assert_eq!(within(&runs, 10, 40), &runs[1..2]);
        assert_eq!((busy(&runs, 0, 50), busy(&runs, 15, 45), busy(&runs, 20, 40)), (0.6, 1.0 / 3.0, 0.0));
        let live = [Run { to: None, ..run(10, 0) }];
        assert_eq!((busy(&live, 0, 40), gaps(&live)), (0.75, vec![]));
        assert_eq!(within(&[], 0, 9), &[]);
    }

    #[test]
    fn every_trial_that_was_started_is_in_its_slot() {
        let script = working();
        let history = script.history();
        let timeline = Timeline::of(history);
        assert_eq!(timeline.slots.len(), 4);
        assert_eq!(timeline.slots.iter().map(Vec::len).sum::<usize>(), history.trials().len());
        assert_eq!(timeline.begin, history.trials()[0].started);
        assert!(timeline.slots.iter().all(|runs| runs.is_sorted_by_key(|run| run.from)));
        assert_eq!(Timeline::of(Script::new(1).history()), Timeline::default());
    }
}
