//! From the command line to the screen, in a real pseudo-terminal: the time to the first paint and to the first
//! leaderboard, the memory, and what the dashboard costs while nothing happens. Of an empty study, and of one with
//! `trials` trials of `reports` reports in its store.
//! `cargo bench --bench paint -- [trials] [reports]`

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use tune_tui::domain::event::{Event, Record, StudySpec};
use tune_tui::domain::history::History;
use tune_tui::domain::trial::{FoldScore, Origin, Report};
use tune_tui::domain::value::{Params, Value};
use tune_tui::storage::file::{FileStore, OpenOptions};
use tune_tui::storage::{Storage, journal};

const BINARY: &str = env!("CARGO_BIN_EXE_tune-tui");
const STUDY: &str = r#"
[study]
name = "painted"
direction = "minimize"
trials = 1

[objective]
kind = "command"
run = ["sh", "-c", "echo 0.5"]

[space]
x = { float = [0.0, 1.0] }
y = { int = [1, 9] }

[sampler]
kind = "random"
"#;
/// What is promised: milliseconds to the first paint of a large study, MB of memory.
const PROMISED: (u128, f64) = (150, 40.0);
/// How long the screen at rest is watched.
const REST: Duration = Duration::from_secs(10);
const ROUNDS: usize = 5;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Writes a finished study of so many trials into `store`.
fn fill(store: &Path, study: StudySpec, trials: usize, reports: usize) -> Outcome<()> {
    let options = OpenOptions { keep_checkpoints: 0, at: 0, host: "bench".into() };
    let mut opened = FileStore::open(store, options)?;
    let mut records = Vec::new();
    let mut sequence = 0;
    let mut add = |records: &mut Vec<Record>, event| {
        records.push(Record { sequence, at: 1_763_700_000_000 + 50 * sequence, event });
        sequence += 1;
    };
    add(&mut records, Event::StudyCreated { study: Box::new(study) });
    add(&mut records, Event::StudyOpened { trials, slots: 2, threads: 1 });
    let mut history = History::begin(&records[0])?;
    history.apply(&records[1])?;
    for trial in 0..trials {
        let x = (trial as f64 * 0.618_033_988_749_894_9).fract();
        let params = Params::from([
            ("x".to_owned(), Value::Float(x)),
            ("y".to_owned(), Value::Int(1 + (trial % 9) as i64)),
        ]);
        let origin = Origin::by("random");
        let start = records.len();
        add(&mut records, Event::TrialStarted { trial, params, seed: trial as u64, slot: trial % 2, origin });
        for step in 0..reports {
            let score = 1.0 / (1.0 + x + step as f64 / 7.0);
            let report =
                Report { step, repeat: 0, fold: 0, epoch: step, train_loss: None, validation_loss: None, score };
            add(&mut records, Event::TrialReported { trial, report });
        }
        let score = 1.0 / (1.0 + x);
        let metrics = BTreeMap::from([("score".to_owned(), score)]);
        let fold = FoldScore { repeat: 0, fold: 0, score, best_epoch: 0, epochs: reports, metrics };
        add(&mut records, Event::FoldFinished { trial, fold });
        add(&mut records, Event::TrialCompleted { trial, score, weights: None });
        records[start..].iter().try_for_each(|record| history.apply(record))?;
        if records.len() > 50_000 {
            opened.store.append(&records)?;
            records.clear();
        }
    }
    opened.store.append(&records)?;
    opened.store.settle(&history, &std::collections::BTreeSet::new())?;
    Ok(())
}

/// The program in a terminal of 200 × 60.
struct Shown {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    keys: Box<dyn std::io::Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    began: Instant,
    _terminal: Box<dyn portable_pty::MasterPty + Send>,
}

impl Shown {
    fn start(folder: &Path) -> Outcome<Self> {
        let pair = native_pty_system().openpty(PtySize { rows: 60, cols: 200, pixel_width: 0, pixel_height: 0 })?;
        let mut command = CommandBuilder::new(BINARY);
        command.arg("painted.toml");
        command.cwd(folder);
        command.env("TERM", "xterm-256color");
        let mut reader = pair.master.try_clone_reader()?;
        let (send, output) = channel();
        let began = Instant::now();
        let child = pair.slave.spawn_command(command)?;
        drop(pair.slave);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 || send.send(buffer[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        let keys = pair.master.take_writer()?;
        let screen = vt100::Parser::new(60, 200, 0);
        Ok(Shown { child, keys, output, screen, began, _terminal: pair.master })
    }

    /// Milliseconds from the start until the screen says `text`.
    fn until(&mut self, text: &str) -> Outcome<u128> {
        loop {
            let bytes = self.output.recv_timeout(Duration::from_secs(60))?;
            self.screen.process(&bytes);
            if self.screen.screen().contents().contains(text) {
                return Ok(self.began.elapsed().as_millis());
            }
        }
    }

    /// Bytes written and milliseconds of the processor in a time of rest.
    fn rest(&mut self) -> Outcome<(usize, f64)> {
        let before = self.ticks()?;
        let (end, mut bytes) = (Instant::now() + REST, 0);
        loop {
            match self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(written) => bytes += written.len(),
                Err(RecvTimeoutError::Timeout) => return Ok((bytes, (self.ticks()? - before) * 10.0)),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Hundredths of a second of the processor, by Linux's account.
    fn ticks(&self) -> Outcome<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.process_id().unwrap_or(0)))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        Ok(fields.get(11).unwrap_or(&"0").parse::<f64>()? + fields.get(12).unwrap_or(&"0").parse::<f64>()?)
    }

    fn megabytes(&self, key: &str) -> Outcome<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.process_id().unwrap_or(0)))?;
        let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or(": 0 kB");
        let number: String = line.chars().filter(char::is_ascii_digit).collect();
        Ok(number.parse::<f64>()? * 1024.0 / 1e6)
    }

    fn leave(mut self) -> Outcome<()> {
        self.keys.write_all(b"q")?;
        while self.output.recv().is_ok() {}
        self.child.wait()?;
        Ok(())
    }
}

fn measure(folder: &Path, title: &str) -> Outcome<()> {
    let (mut paints, mut boards) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let mut shown = Shown::start(folder)?;
        // The name stands on the loading screen and on every later one.
        paints.push(shown.until("painted")?);
        boards.push(shown.until("Leaderboard")?);
        if round + 1 == ROUNDS {
            shown.until("finished")?;
            shown.rest()?;
            let (bytes, busy) = shown.rest()?;
            println!(
                "{title}: at rest {bytes} bytes and {busy:.0} ms of the processor in {REST:?}; resident {:.0} MB, at most {:.0} (promised {})",
                shown.megabytes("VmRSS")?,
                shown.megabytes("VmHWM")?,
                PROMISED.1,
            );
        }
        shown.leave()?;
    }
    paints.sort_unstable();
    boards.sort_unstable();
    println!(
        "{title}: first paint {} ms (promised {}), leaderboard {} ms; medians of {ROUNDS}",
        paints[ROUNDS / 2],
        PROMISED.0,
        boards[ROUNDS / 2]
    );
    Ok(())
}

fn main() -> Outcome<()> {
    let numbers: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let (trials, reports) =
        (numbers.first().copied().unwrap_or(10_000), numbers.get(1).copied().unwrap_or(100));
    let folder = std::env::temp_dir().join(format!("tune-tui-paint-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let measured = (|| {
        fs::write(folder.join("painted.toml"), STUDY)?;
        let run = Command::new(BINARY).args(["run", "painted.toml", "--headless"]).current_dir(&folder).output()?;
        if !run.status.success() {
            return Err(String::from_utf8_lossy(&run.stderr).into_owned().into());
        }
        measure(&folder, "one trial")?;
        let store = folder.join("runs/painted");
        let study = journal::read(&store)?.history.study().clone();
        fs::remove_dir_all(&store)?;
        fill(&store, study, trials, reports)?;
        fs::write(folder.join("painted.toml"), STUDY.replace("trials = 1", &format!("trials = {trials}")))?;
        println!("journal {} MB", fs::metadata(journal::path(&store))?.len() / 1_000_000);
        let start = Instant::now();
        let history = journal::read(&store)?.history;
        println!("replay of the journal {} ms", start.elapsed().as_millis());
        drop(history);
        let start = Instant::now();
        journal::outline(&store)?;
        println!("its outline {} ms", start.elapsed().as_millis());
        let start = Instant::now();
        let options = OpenOptions { keep_checkpoints: 0, at: 0, host: "bench".into() };
        drop(FileStore::open(&store, options)?);
        println!("opening with the index {} ms", start.elapsed().as_millis());
        measure(&folder, &format!("{trials} trials of {reports} reports"))
    })();
    fs::remove_dir_all(&folder)?;
    measured
}
