//! Which process groups are alive, so that none outlives the study.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use super::process::Process;

/// What a group has beyond the time of grace to be seen as gone.
const BEYOND: Duration = Duration::from_secs(2);

/// The groups that were started and have not ended.
#[derive(Default)]
pub(super) struct Alive {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    groups: BTreeSet<i32>,
    closed: bool,
}

impl Alive {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what `start` starts, unless the study has ended.
    pub fn start<T>(&self, start: impl FnOnce() -> Result<(T, Pid), String>) -> Result<(T, Pid), String> {
        // Held meanwhile: a process that starts while the study ends would be missed.
        let mut state = self.state();
        if state.closed {
            return Err("the study has ended".into());
        }
        let (child, group) = start()?;
        state.groups.insert(group.as_raw_nonzero().get());
        Ok((child, group))
    }

    /// Whether the study has ended.
    pub fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// The group has ended.
    pub fn ended(&self, group: Pid) {
        self.state().groups.remove(&group.as_raw_nonzero().get());
        self.changed.notify_all();
    }

    /// Ends the `idle` processes, waits for the others, which their slots end, and kills what is left after
    /// the time of grace.
    pub fn close(&self, idle: Vec<Process>, grace: Duration) {
        self.state().closed = true;
        let ending = |mut process: Process| std::thread::spawn(move || process.terminate(grace));
        let ending: Vec<_> = idle.into_iter().map(ending).collect();
        let wait = self.changed.wait_timeout_while(self.state(), grace + BEYOND, |s| !s.groups.is_empty());
        let left = wait.unwrap_or_else(PoisonError::into_inner).0;
        for group in left.groups.iter().filter_map(|group| Pid::from_raw(*group)) {
            kill_process_group(group, Signal::KILL).ok();
        }
        drop(left);
        ending.into_iter().for_each(|thread| drop(thread.join()));
    }
}
