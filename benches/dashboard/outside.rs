//! The program in pseudo-terminals: first paint, keys, bytes, processor time, memory, and what training loses.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tune_tui::storage::Storage;
use tune_tui::storage::file::{FileStore, OpenOptions};
use tune_tui::storage::journal;

use super::history::Grown;
use super::process::Process;
use super::{quantile, report, staged};

const PROGRAM: &str = env!("CARGO_BIN_EXE_tune-tui");
/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);
/// The screens.
const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (200, 60);
/// Bytes that another view takes at least.
const VIEW: usize = 3000;
/// How often a start is measured.
const STARTS: usize = 5;

/// A study of a program that says its score at once.
const STUDY: &str = r#"[study]
name = "paint"
metric = "loss"
direction = "minimize"
trials = TRIALS
[objective]
kind = "command"
run = ["sh", "-c", "echo '{\"score\": 1}'"]
[space]
filters = { int = [5, 64] }
kernel = { int = [3, 50] }
rate = { float = [1e-5, 1e-1], log = true }
activation = { choice = ["relu", "elu"] }
[sampler]
kind = "random"
"#;

/// Prints all figures.
pub fn measure() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("tune-tui-dashboard-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let measured = first_paints(&folder).and_then(|()| at_work(&folder)).and_then(|()| training(&folder));
    fs::remove_dir_all(&folder)?;
    measured
}

fn headless(folder: &Path, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let status = Command::new(PROGRAM)
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if status.success() { Ok(()) } else { Err(format!("{arguments:?} ended with {status}").into()) }
}

/// A store of so many finished trials, as the program would have written it.
fn store(folder: &Path, trials: usize, reports: usize) -> Result<PathBuf, Box<dyn Error>> {
    let file = folder.join("paint.toml");
    fs::write(&file, STUDY.replace("TRIALS", "1"))?;
    headless(folder, &["run", "paint.toml", "--headless"])?;
    let store = folder.join("runs").join("paint");
    let study = journal::read(&store)?.history.study().clone();
    fs::remove_dir_all(&store)?;
    let mut grown = Grown::new(study, trials, true)?;
    for _ in 0..trials {
        grown.complete(reports)?;
    }
    let options = OpenOptions { keep_checkpoints: 0, at: grown.now(), host: "bench".into() };
    let mut opened = FileStore::open(&store, options)?;
    for records in grown.records.chunks(10_000) {
        opened.store.append(records)?;
    }
    opened.store.settle(&grown.history, &std::collections::BTreeSet::new())?;
    drop(opened);
    fs::write(&file, STUDY.replace("TRIALS", &trials.max(1).to_string()))?;
    Ok(store)
}

fn first_paints(folder: &Path) -> Result<(), Box<dyn Error>> {
    println!("-- outside: starts, median of {STARTS}");
    for (trials, reports, limit) in [(0, 0, 60.0), (10_000, 100, 150.0)] {
        if trials > 0 {
            store(folder, trials, reports)?;
        } else {
            fs::write(folder.join("paint.toml"), STUDY.replace("TRIALS", "1"))?;
        }
        let (mut paints, mut tables) = (Vec::new(), Vec::new());
        for _ in 0..STARTS {
            if trials == 0 {
                fs::remove_dir_all(folder.join("runs")).ok();
            }
            let mut process = Process::start(Path::new(PROGRAM), &["paint.toml"], folder, SMALL)?;
            // Frames begin on the alternate screen.
            let paint = process.wait_for("paint", PATIENCE).ok_or("no first paint")?;
            let table = process.wait_for("Leaderboard", PATIENCE);
            paints.push((paint - process.started).as_secs_f64() * 1e3);
            tables.extend(table.map(|at| (at - process.started).as_secs_f64() * 1e3));
        }
        let what = format!("{trials} trials of {reports} reports");
        report(&format!("first paint, {what}"), quantile(&mut paints, 0.5), "ms", Some(limit));
        if !tables.is_empty() {
            report(&format!("first leaderboard, {what}"), quantile(&mut tables, 0.5), "ms", None);
        }
    }
    let mut process = Process::start(Path::new(PROGRAM), &["paint.toml"], folder, SMALL)?;
    std::thread::sleep(Duration::from_secs(8));
    report(
        "resident, 10,000 trials of 100 reports",
        process.resident().unwrap_or(f64::NAN),
        "MB",
        Some(40.0),
    );
    idle(&mut process, "finished study");
    drop(process);
    store(folder, 10_000, 4)?;
    let process = Process::start(Path::new(PROGRAM), &["paint.toml"], folder, SMALL)?;
    std::thread::sleep(Duration::from_secs(5));
    report("resident, 10,000 trials of 4 reports", process.resident().unwrap_or(f64::NAN), "MB", Some(40.0));
    Ok(())
}

/// A dashboard on which nothing changes.
fn idle(process: &mut Process, what: &str) {
    let time = Duration::from_secs(20);
    let before = process.processor();
    let bytes = process.bytes(time) as f64 / time.as_secs_f64();
    let used = process.processor().zip(before).map_or(f64::NAN, |(after, before)| after - before);
    report(&format!("idle: bytes a second, {what}"), bytes, "B/s", Some(0.0));
    report(&format!("idle: processor, {what}"), 100.0 * used / time.as_secs_f64(), "%", Some(0.3));
}

/// Dashboards of this bench's own studies: many live trials, and a store that stalls.
fn at_work(folder: &Path) -> Result<(), Box<dyn Error>> {
    println!("-- outside: at work");
    let own = std::env::current_exe()?;
    let start = |words: &[&str], size| {
        let mut all = vec![staged::WORD];
        all.extend(words);
        Process::start(&own, &all, folder, size)
    };
    let mut live = start(&["live", "8"], SMALL)?;
    live.wait_for("Leaderboard", PATIENCE).ok_or("no dashboard")?;
    std::thread::sleep(Duration::from_secs(3));
    let time = Duration::from_secs(20);
    let before = live.processor();
    let bytes = live.bytes(time) as f64 / time.as_secs_f64();
    let used = live.processor().zip(before).map_or(f64::NAN, |(after, before)| after - before);
    report("8 live trials at 80x24: bytes a second", bytes, "B/s", Some(2000.0));
    report("8 live trials at 80x24: processor", 100.0 * used / time.as_secs_f64(), "%", None);
    drop(live);
    for (what, word) in [("8 live trials", "live"), ("the store stalls for 5 s at a time", "stall")] {
        let mut process = start(&[word, "8"], LARGE)?;
        process.wait_for("Leaderboard", PATIENCE).ok_or("no dashboard")?;
        std::thread::sleep(Duration::from_secs(2));
        let mut waits = Vec::new();
        for i in 0..200 {
            process.quiet();
            let pressed = process.press(if i % 2 == 0 { "8" } else { "1" })?;
            // As much as only another view takes: frames of the trials' reports are a tenth of that.
            let painted = process.wait_for_bytes(VIEW, PATIENCE).ok_or("no answer to a key")?;
            waits.push(painted.saturating_duration_since(pressed).as_secs_f64() * 1e3);
            std::thread::sleep(Duration::from_millis(37));
        }
        report(&format!("key to paint, p99, {what}"), quantile(&mut waits, 0.99), "ms", Some(30.0));
    }
    Ok(())
}

/// Processor time of the same training without and with the dashboard.
fn training(folder: &Path) -> Result<(), Box<dyn Error>> {
    println!("-- outside: what training loses");
    let study = r#"[study]
name = "loss"
trials = 6
[data]
simulate = { preset = "quick", seed = 1 }
[model]
kind = "cnn"
[train]
epochs = 12
[executor]
workers = 1
threads = 1
[sampler]
kind = "random"
"#;
    fs::write(folder.join("loss.toml"), study)?;
    let run = |arguments: &[&str]| -> Result<f64, Box<dyn Error>> {
        let mut process = Process::start(Path::new(PROGRAM), arguments, folder, LARGE)?;
        let (mut used, begun) = (f64::NAN, Instant::now());
        while !process.has_ended() {
            used = process.processor().unwrap_or(used);
            if begun.elapsed() > 10 * PATIENCE {
                return Err("training takes too long".into());
            }
            if arguments.len() < 4 && process.wait_for("Finished", Duration::from_millis(20)).is_some() {
                used = process.processor().unwrap_or(used);
                process.press("q")?;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(used)
    };
    run(&["run", "loss.toml", "--headless", "--fresh"])?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        without.push(run(&["run", "loss.toml", "--headless", "--fresh"])?);
        with.push(run(&["run", "loss.toml", "--fresh"])?);
    }
    let (without, with) = (quantile(&mut without, 0.5), quantile(&mut with, 0.5));
    report("training without the dashboard", without, "s of the processor", None);
    report("the dashboard's share beside it", 100.0 * (with - without) / without, "%", Some(0.5));
    Ok(())
}
