//! Frames, keys, order, filter and importance, without a terminal.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use tune_tui::analysis::importance::importance_soon;
use tune_tui::domain::history::History;
use tune_tui::tui::Options;
use tune_tui::tui::ask::{Ask, Desk};
use tune_tui::tui::stage::Stage;
use tune_tui::wire::desk;
use tune_tui::wire::studies::Catalog;

use super::history::{Grown, LIVE, large};
use super::{quantile, report};

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Milliseconds that `work` takes.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed().as_secs_f64() * 1e3)
}

/// Prints all figures.
pub fn measure() -> Result<(), Box<dyn Error>> {
    println!("-- inside: 10,000 trials of 100 reports, {LIVE} live, 200x60");
    let mut grown = large(10_000, 100, false)?;
    frames(&mut grown)?;
    let (found, took) = timed(|| importance_soon(&grown.history));
    report("importance of 10 parameters (PED-ANOVA)", took, "ms", Some(100.0));
    found?;
    drop(grown);
    println!("-- inside: 100,000 trials");
    rows(large(100_000, 2, false)?.history)
}

/// Has all of it answered, and what comes of the answers, so that panels are drawn with what they hold.
fn settle(stage: &mut Stage, desk: &Desk, asks: Vec<Ask>) -> Result<(), Box<dyn Error>> {
    let mut waiting = asks;
    while let Some(ask) = waiting.pop() {
        if ask.is_heavy() { &desk.heavy } else { &desk.light }.send(ask)?;
        waiting.extend(stage.answer(desk.answers.recv_timeout(PATIENCE)?));
    }
    Ok(())
}

/// Every view: a frame after each report of a live trial, and after each key.
fn frames(grown: &mut Grown) -> Result<(), Box<dyn Error>> {
    let here = Path::new(".");
    let desk = desk::open(None, Catalog::new(here, here, None), here.to_owned())?;
    let mut stage = Stage::new(grown.history.clone(), Options::default(), grown.now(), (200, 60))?;
    let live = grown.history.trials().len() - LIVE;
    for view in ["1", "2", "3", "4", "5", "6", "7", "8", "9"] {
        let asks = stage.press(view)?;
        settle(&mut stage, &desk, asks)?;
        stage.draw()?;
        let (mut frames, mut keys) = (Vec::new(), Vec::new());
        for i in 0..100 {
            let records = vec![grown.report(live + i % LIVE)?];
            let ((asks, drawn), took) = timed(|| (stage.record(records), stage.draw()));
            drawn?;
            frames.push(took);
            settle(&mut stage, &desk, asks)?;
            stage.draw()?;
            let key = if i % 20 < 10 { "j" } else { "k" };
            let ((asks, drawn), took) = timed(|| (stage.press(key), stage.draw()));
            drawn?;
            keys.push(took);
            let asks = asks?;
            settle(&mut stage, &desk, asks)?;
        }
        report(
            &format!("view {view}: frame after a report, p99"),
            quantile(&mut frames, 0.99),
            "ms",
            Some(8.0),
        );
        report(&format!("view {view}: frame after a key, p99"), quantile(&mut keys, 0.99), "ms", Some(8.0));
    }
    Ok(())
}

/// Order and filter of many rows.
fn rows(history: History) -> Result<(), Box<dyn Error>> {
    let now = history.last();
    let mut stage = Stage::new(history, Options::default(), now, (200, 60))?;
    stage.press("2")?;
    stage.draw()?;
    let mut sorts = Vec::new();
    for _ in 0..8 {
        let (done, took) = timed(|| stage.press("s"));
        done?;
        sorts.push(took);
    }
    report("sort 100,000 rows, slowest of 8 columns", quantile(&mut sorts, 1.0), "ms", Some(50.0));
    stage.press("/")?;
    let mut filters = Vec::new();
    for letter in "filters>50 activation=relu".chars() {
        let ((), took) = timed(|| drop(stage.write(&letter.to_string())));
        filters.push(took);
    }
    report("filter 100,000 rows, slowest letter", quantile(&mut filters, 1.0), "ms", Some(50.0));
    Ok(())
}
