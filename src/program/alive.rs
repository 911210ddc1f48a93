//! Which process groups are alive, so that none outlives the study, however that ends.

use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use super::process::Process;

/// What a group has beyond the time of grace to be seen as gone.
const BEYOND: Duration = Duration::from_secs(2);

/// What a shell does beside us: it hears of each group that starts and ends, and once it hears nothing any more,
/// because we were killed, it ends those that are left. $1 are seconds of grace.
const WATCH: &str = r#"
trap '' HUP INT QUIT TERM
groups=' '
while read -r change group; do
    case $change in
        +) groups="$groups$group " ;;
        -) groups="${groups%% $group *} ${groups#* $group }" ;;
    esac
done
[ "$groups" = ' ' ] && exit
for group in $groups; do kill -s TERM -- "-$group"; done
sleep "$1"
for group in $groups; do kill -s KILL -- "-$group"; done
"#;

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
    watch: Option<Child>,
}

impl State {
    /// Starts the watch, once. Without a shell there is none, which only a kill of this process shows.
    fn watch(&mut self, grace: Duration) {
        if self.watch.is_some() {
            return;
        }
        let seconds = grace.as_secs_f64().ceil().to_string();
        let mut shell = Command::new("sh");
        shell.args(["-c", WATCH, "tune-tui", &seconds]).process_group(0);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        self.watch = shell.spawn().ok();
    }

    fn tell(&mut self, change: char, group: i32) {
        if let Some(stdin) = self.watch.as_mut().and_then(|watch| watch.stdin.as_mut()) {
            // In one piece, so that it is heard whole or not at all.
            stdin.write_all(format!("{change} {group}\n").as_bytes()).ok();
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if let Some(watch) = &mut self.watch {
            // It reads until its input is closed.
            drop(watch.stdin.take());
            watch.wait().ok();
        }
    }
}

impl Alive {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what `start` starts, unless the study has ended; it has `grace` to end should we be killed.
    pub fn start<T>(
        &self,
        grace: Duration,
        start: impl FnOnce() -> Result<(T, Pid), String>,
    ) -> Result<(T, Pid), String> {
        // Held meanwhile: a process that starts while the study ends would be missed.
        let mut state = self.state();
        if state.closed {
            return Err("the study has ended".into());
        }
        state.watch(grace);
        let (child, group) = start()?;
        let number = group.as_raw_nonzero().get();
        state.groups.insert(number);
        state.tell('+', number);
        Ok((child, group))
    }

    /// Whether the study has ended.
    pub fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// The group has ended.
    pub fn ended(&self, group: Pid) {
        let (mut state, number) = (self.state(), group.as_raw_nonzero().get());
        state.groups.remove(&number);
        state.tell('-', number);
        drop(state);
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
