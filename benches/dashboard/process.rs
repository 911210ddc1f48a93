//! A program in a pseudo-terminal, and Linux's accounts of it.

use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Clock ticks of a second in Linux's accounts.
const TICKS: f64 = 100.0;

/// A program in a pseudo-terminal.
pub struct Process {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    output: Receiver<(Instant, Vec<u8>)>,
    /// When it was started.
    pub started: Instant,
    _master: Box<dyn MasterPty + Send>,
}

impl Process {
    /// Starts `program` in `folder`, on a screen of so many columns and rows.
    pub fn start<S: AsRef<OsStr>>(
        program: &Path,
        arguments: &[S],
        folder: &Path,
        (cols, rows): (u16, u16),
    ) -> Result<Self, Box<dyn Error>> {
        let pair = native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 })?;
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.cwd(folder);
        command.env("TERM", "xterm-256color");
        let started = Instant::now();
        let child = pair.slave.spawn_command(command)?;
        drop(pair.slave);
        let (sender, output) = channel();
        let mut reader = pair.master.try_clone_reader()?;
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if sender.send((Instant::now(), buffer[..n].to_vec())).is_err() {
                    return;
                }
            }
        });
        let keys = pair.master.take_writer()?;
        Ok(Process { child, keys, output, started, _master: pair.master })
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &str) -> Result<Instant, Box<dyn Error>> {
        let now = Instant::now();
        self.keys.write_all(keys.as_bytes())?;
        self.keys.flush()?;
        Ok(now)
    }

    /// Waits until `text` was written, and tells when; `None` where it takes longer than `patience`.
    pub fn wait_for(&mut self, text: &str, patience: Duration) -> Option<Instant> {
        let mut seen: Vec<u8> = Vec::new();
        let until = Instant::now() + patience;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let (at, bytes) = self.output.recv_timeout(left).ok()?;
            seen.extend(bytes);
            if seen.windows(text.len()).any(|w| w == text.as_bytes()) {
                return Some(at);
            }
        }
    }

    /// Waits until so many bytes were written, and tells when; `None` where it takes longer than `patience`.
    pub fn wait_for_bytes(&mut self, count: usize, patience: Duration) -> Option<Instant> {
        let (mut seen, until) = (0, Instant::now() + patience);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let (at, bytes) = self.output.recv_timeout(left).ok()?;
            seen += bytes.len();
            if seen >= count {
                return Some(at);
            }
        }
    }

    /// Bytes that were written during `time`.
    pub fn bytes(&mut self, time: Duration) -> usize {
        self.quiet();
        std::thread::sleep(time);
        self.output.try_iter().map(|(_, bytes)| bytes.len()).sum()
    }

    /// Forgets what was written so far.
    pub fn quiet(&mut self) {
        self.output.try_iter().for_each(drop);
    }

    /// Seconds of the processor that it has used.
    pub fn processor(&self) -> Option<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.process_id()?)).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        let ticks = |i: usize| fields.get(i)?.parse::<f64>().ok();
        Some((ticks(11)? + ticks(12)?) / TICKS)
    }

    /// Megabytes that are resident.
    pub fn resident(&self) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.process_id()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1e3)
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
