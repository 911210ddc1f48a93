//! This program and the processes that it started, found by their parents. Which trial one of them works at
//! stands in its environment, unless it takes one trial after the other.

use sysinfo::{Pid, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind};

use crate::domain::trial::{Timestamp, TrialId};

/// The variable that names the trial.
const TRIAL: &str = "TUNE_TUI_TRIAL=";
/// Longest command that is kept.
const LONGEST: usize = 300;

/// A process. Rounded to what is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// How far below this program it is, which is 0.
    pub depth: usize,
    /// Its command line, or its name where there is none.
    pub command: String,
    /// The trial that it works at, where its environment says so.
    pub trial: Option<TrialId>,
    /// Processor time in use, in percent of one core; none before the second sample.
    pub processor: Option<u32>,
    /// Memory in use, in bytes, to a MiB.
    pub memory: u64,
    /// When it began.
    pub started: Timestamp,
    /// What it does, in a word.
    pub state: &'static str,
}

/// Where the samples come from.
#[derive(Debug, Default)]
pub struct Source {
    system: Option<System>,
}

impl Source {
    /// This program first, then what it started, each below its parent. `anew` forgets the samples before.
    pub fn sample(&mut self, anew: bool) -> Vec<Process> {
        if anew {
            // No file is kept open for each process of the machine.
            sysinfo::set_open_files_limit(0);
            self.system = None;
        }
        let first = self.system.is_none();
        let system = self.system.get_or_insert_with(System::new);
        let all = ProcessRefreshKind::nothing().with_cpu().with_memory();
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, all.without_tasks());
        let parents: Vec<(u32, u32)> = system
            .processes()
            .iter()
            .filter_map(|(pid, process)| Some((pid.as_u32(), process.parent()?.as_u32())))
            .collect();
        let own = tree(&parents, std::process::id());
        let pids: Vec<Pid> = own.iter().map(|(pid, _)| Pid::from_u32(*pid)).collect();
        // Between its fork and its exec a process has its parent's.
        let words =
            ProcessRefreshKind::nothing().with_environ(UpdateKind::Always).with_cmd(UpdateKind::Always);
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&pids), false, words.without_tasks());
        let read = |(pid, depth): (u32, usize)| {
            let process = system.process(Pid::from_u32(pid))?;
            let words: Vec<_> = process.cmd().iter().map(|word| word.to_string_lossy()).collect();
            let command = match words.is_empty() {
                true => process.name().to_string_lossy().into_owned(),
                false => words.join(" ").chars().take(LONGEST).collect(),
            };
            let mut variables = process.environ().iter().map(|v| v.to_string_lossy());
            let trial = variables.find_map(|v| v.strip_prefix(TRIAL)?.parse().ok());
            Some(Process {
                pid,
                depth,
                command,
                trial: trial.filter(|_| depth > 0),
                processor: (!first).then(|| process.cpu_usage().round().max(0.0) as u32),
                memory: process.memory() >> 20 << 20,
                started: process.start_time() * 1000,
                state: word(process.status()),
            })
        };
        own.into_iter().filter_map(read).collect()
    }
}

fn word(status: ProcessStatus) -> &'static str {
    match status {
        ProcessStatus::Run => "running",
        ProcessStatus::Sleep | ProcessStatus::Idle | ProcessStatus::Parked => "sleeping",
        ProcessStatus::UninterruptibleDiskSleep => "reading",
        ProcessStatus::Stop | ProcessStatus::Tracing => "stopped",
        ProcessStatus::Zombie | ProcessStatus::Dead => "ended",
        _ => "unknown",
    }
}

/// `root` and all below it with their depths, each after its parent; of `(process, parent)`.
fn tree(parents: &[(u32, u32)], root: u32) -> Vec<(u32, usize)> {
    let mut found = Vec::new();
    let mut open = vec![(root, 0)];
    while let Some((pid, depth)) = open.pop() {
        // A number that was given anew must not lead round in a circle.
        if found.iter().any(|(known, _)| *known == pid) {
            continue;
        }
        found.push((pid, depth));
        let mut children: Vec<u32> = parents.iter().filter(|(_, p)| *p == pid).map(|(c, _)| *c).collect();
        children.sort_unstable_by(|a, b| b.cmp(a));
        open.extend(children.into_iter().map(|child| (child, depth + 1)));
    }
    found
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn what_a_program_started_stands_below_it() {
        let parents = [(9, 1), (5, 2), (3, 2), (4, 3), (2, 1), (7, 7), (8, 4)];
        assert_eq!(tree(&parents, 2), [(2, 0), (3, 1), (4, 2), (8, 3), (5, 1)]);
        assert_eq!(tree(&parents, 7), [(7, 0)]);
        assert_eq!(tree(&[(2, 3), (3, 2)], 2), [(2, 0), (3, 1)]);
    }

    #[test]
    fn a_child_is_found_with_its_trial() {
        let mut child = Command::new("sleep").arg("60").env("TUNE_TUI_TRIAL", "17").spawn().unwrap();
        let mut source = Source::default();
        let find = |found: Vec<Process>| found.into_iter().find(|p| p.pid == child.id());
        // Until it has been executed it is a copy of this program.
        let mut seen = find(source.sample(true));
        for _ in 0..200 {
            if seen.as_ref().is_some_and(|p| p.trial.is_some()) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
            seen = find(source.sample(true));
        }
        let again = find(source.sample(false));
        child.kill().unwrap();
        child.wait().unwrap();
        let seen = seen.unwrap();
        assert_eq!((seen.trial, seen.depth, seen.command.as_str()), (Some(17), 1, "sleep 60"));
        assert_eq!(seen.processor, None, "one sample says nothing of time");
        assert!(again.unwrap().processor.is_some());
    }
}
