//! One process of a program: a group of its own, its output line by line, its errors in a log.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::alive::Alive;
use super::log::Log;
use super::{LAST_WORDS, Start};

/// Most bytes of a line; what is longer is cut, and is then no JSON.
const LONGEST: u64 = 1 << 20;

/// Lines that wait to be taken.
const WAITING: usize = 256;

/// What a process says next.
pub(super) enum Next {
    /// A line.
    Line(String),
    /// Nothing yet.
    Nothing,
    /// Nothing ever again.
    Closed,
}

/// A process and its group. Dropping it kills the group.
pub(super) struct Process {
    child: Child,
    group: Pid,
    stdin: Option<ChildStdin>,
    output: Receiver<String>,
    log: Arc<Mutex<Log>>,
    /// Disconnected once the log is complete.
    logged: Receiver<()>,
    status: Option<ExitStatus>,
    alive: Arc<Alive>,
}

impl Process {
    /// Starts the program with these variables beside those of every trial.
    pub fn start(start: &Start, variables: &[(String, String)], alive: &Arc<Alive>) -> Result<Self, String> {
        let mut command = Command::new(program(start));
        command.args(&start.run[1..]).current_dir(&start.directory);
        // Python keeps what it prints to a pipe to itself until it has 8 kB of it.
        command.env("PYTHONUNBUFFERED", "1").env("TUNE_TUI_THREADS", start.threads.to_string());
        command.envs(&start.environment).envs(variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let spawn = || {
            let failed =
                |e| format!("failed to start `{}` in {}: {e}", start.run[0], start.directory.display());
            let mut child = command.spawn().map_err(failed)?;
            match Pid::from_raw(child.id().cast_signed()) {
                Some(group) => Ok((child, group)),
                None => {
                    child.kill().ok();
                    Err("the system gave the process no number".to_owned())
                }
            }
        };
        let (mut child, group) = alive.start(start.grace, spawn)?;
        let (lines, output) = sync_channel(WAITING);
        let (done, logged) = sync_channel(1);
        let log = Arc::new(Mutex::new(Log::default()));
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let process = Process {
            child,
            group,
            stdin,
            output,
            log: Arc::clone(&log),
            logged,
            status: None,
            alive: Arc::clone(alive),
        };
        let refused = |e| format!("failed to start a thread for the program's output: {e}");
        if let Some(stdout) = stdout {
            spawned("output", move || read_lines(stdout, &lines)).map_err(refused)?;
        }
        if let Some(stderr) = stderr {
            spawned("log", move || read_log(stderr, &log, &done)).map_err(refused)?;
        }
        Ok(process)
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it writes to standard error is a trial's from now on.
    pub fn begin(&mut self, log: Option<PathBuf>) {
        self.log().begin(log);
    }

    /// Writes a line to its standard input, and closes it after the `last`. One that does not listen, or has
    /// ended, shows otherwise.
    pub fn tell(&mut self, line: &str, last: bool) {
        if let Some(stdin) = &mut self.stdin {
            stdin.write_all(line.as_bytes()).and_then(|()| stdin.flush()).ok();
        }
        if last {
            self.stdin = None;
        }
    }

    /// What it says next; waits up to `wait`.
    pub fn next(&mut self, wait: Duration) -> Next {
        match self.output.recv_timeout(wait) {
            Ok(line) => Next::Line(line),
            Err(RecvTimeoutError::Timeout) => Next::Nothing,
            Err(RecvTimeoutError::Disconnected) => Next::Closed,
        }
    }

    /// Waits up to `wait` for the end of a process whose output is closed.
    pub fn rest(&mut self, wait: Duration) -> Next {
        self.wait(wait);
        Next::Nothing
    }

    /// Whether it has ended. Its number stays taken until its group is killed.
    pub fn has_exited(&mut self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        // Nobody else waits for our child: an error says that it is gone.
        self.status.is_some()
            || waitid(WaitId::Pid(self.group), options).map_or(true, |status| status.is_some())
    }

    /// Waits up to `limit` for its end.
    fn wait(&mut self, limit: Duration) -> bool {
        let begun = Instant::now();
        let mut pause = Duration::from_micros(200);
        while !self.has_exited() {
            if begun.elapsed() >= limit {
                return false;
            }
            thread::sleep(pause.min(limit));
            pause = (pause * 2).min(Duration::from_millis(10));
        }
        true
    }

    /// Asks the group to end, and kills what is left of it once the process has ended or `grace` is over.
    pub fn terminate(&mut self, grace: Duration) {
        self.stdin = None;
        if !self.has_exited() {
            kill_process_group(self.group, Signal::TERM).ok();
            self.wait(grace);
        }
        self.kill();
    }

    /// Kills what is left of the group.
    pub fn kill(&mut self) {
        if self.status.is_some() {
            return;
        }
        self.stdin = None;
        // Before the process is waited for: until then no other group can have its number.
        kill_process_group(self.group, Signal::KILL).ok();
        self.status = self.child.wait().ok();
        self.alive.ended(self.group);
    }

    /// How it ended; kills what is left of its group. `None` where it did not end by itself.
    pub fn exit(&mut self) -> Option<ExitStatus> {
        let ended = self.has_exited();
        self.kill();
        self.status.filter(|_| ended)
    }

    /// The last lines of the log.
    pub fn tail(&self) -> String {
        if self.status.is_some() {
            // Its end is disconnection, never a message.
            self.logged.recv_timeout(LAST_WORDS).ok();
        }
        self.log().tail()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How a process ended, in words.
pub(super) fn words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("it ended with exit code {code}"),
        (None, Some(signal)) => format!("it was killed by signal {signal}"),
        (None, None) => "it ended in an unknown way".into(),
    }
}

/// The program's file where it is named with its folder, which is relative to the working directory of the
/// program; else its name, which is looked for in PATH.
fn program(start: &Start) -> PathBuf {
    let name = Path::new(&start.run[0]);
    if name.components().count() < 2 {
        return name.to_owned();
    }
    let place = start.directory.join(name);
    std::path::absolute(&place).unwrap_or(place)
}

/// Where the program is.
///
/// # Errors
/// Says where it was looked for.
pub fn locate(start: &Start) -> Result<PathBuf, String> {
    if !start.directory.is_dir() {
        return Err(format!("there is no folder {} (objective.directory)", start.directory.display()));
    }
    let name = program(start);
    let is_program = |path: &Path| {
        path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    if name.is_absolute() {
        return match (is_program(&name), name.exists()) {
            (true, _) => Ok(name),
            (false, true) => Err(format!("{} can't be executed: `chmod +x` makes it so", name.display())),
            (false, false) => Err(format!("there is no program {} (objective.run)", name.display())),
        };
    }
    let own = start.environment.get("PATH").map(Into::into);
    let folders = own.or_else(|| std::env::var_os("PATH")).unwrap_or_default();
    let mut places = std::env::split_paths(&folders).map(|folder| folder.join(&name));
    places.find(|place| is_program(place)).ok_or_else(|| {
        let name = &start.run[0];
        format!("there is no program `{name}` in PATH (objective.run): install it, or write its place, such as `./{name}`")
    })
}

fn spawned(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

fn read_lines(output: impl Read, lines: &SyncSender<String>) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        match output.by_ref().take(LONGEST).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) if lines.send(String::from_utf8_lossy(&line).into_owned()).is_err() => return,
            Ok(_) => {}
        }
    }
}

fn read_log(mut errors: impl Read, log: &Mutex<Log>, _done: &SyncSender<()>) {
    let mut buffer = [0; 8192];
    loop {
        match errors.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(bytes) => log.lock().unwrap_or_else(PoisonError::into_inner).append(&buffer[..bytes]),
        }
    }
}
