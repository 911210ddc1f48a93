//! `tune-tui` alone: the studies of this folder, of which one is opened.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use super::output::{columns, complain, data, say};
use super::run::{load, on_screen, signals};
use super::{Exit, RunArgs, StudiesArgs, StudyArgs};
use crate::analysis::human;
use crate::domain::trial::Timestamp;
use crate::domain::value::significant;
use crate::tui::ask::StudyRow;
use crate::tui::{Chosen, Ending, Standing};
use crate::wire;
use crate::wire::studies::Catalog;

/// Time between two looks at the folder while its list is on the screen.
const AGAIN: Duration = Duration::from_secs(4);

/// Lists the studies; where there is a terminal, opens the one that a person chooses.
///
/// # Errors
/// As `run` of the chosen one.
pub fn studies(args: &StudiesArgs) -> Result<Exit> {
    if args.print_keys {
        data(args.screen.preferences()?.keymap.print().trim_end())?;
        return Ok(Exit::Done);
    }
    if let Some(name) = &args.print_theme {
        data(args.screen.printed_theme(name.as_deref())?.trim_end())?;
        return Ok(Exit::Done);
    }
    let mut catalog = Catalog::new(Path::new("."), &args.store.store, None);
    if !std::io::stdout().is_terminal() {
        return print(&catalog.rows());
    }
    let signal = signals(false)?;
    let mut session = args.screen.session(Arc::clone(&signal))?;
    let (tell, listed) = channel();
    let (alive, left) = channel::<()>();
    let look = move || {
        while tell.send(catalog.rows()).is_ok() {
            if left.recv_timeout(AGAIN) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    };
    thread::Builder::new().name("studies".into()).spawn(look).context("failed to start a thread")?;
    let chosen = session.choose(&here(), &listed).map_err(|error| anyhow!("failed to {error}"))?;
    drop(alive);
    let row = match chosen {
        Chosen::Study(row) => row,
        Chosen::Left(Ending::Signal(_)) => return Ok(Exit::Interrupted),
        Chosen::Left(_) => return Ok(Exit::Done),
    };
    let study = row.file.with_context(|| format!("the study file of {} is not here", row.name))?;
    let args = RunArgs {
        study: StudyArgs { study, set: Vec::new(), trials: None, workers: None, device: None },
        store: args.store.clone(),
        headless: false,
        json: false,
        fresh: false,
        screen: args.screen.clone(),
    };
    let config = load(&args.study)?;
    on_screen(&args, config, session)
}

/// The working directory, as a person would write it.
fn here() -> String {
    let Ok(folder) = std::env::current_dir() else { return String::new() };
    let home = std::env::var_os("HOME").map(PathBuf::from);
    match home.as_ref().and_then(|home| folder.strip_prefix(home).ok()) {
        Some(below) if below.as_os_str().is_empty() => "~".into(),
        Some(below) => format!("~/{}", below.display()),
        None => folder.display().to_string(),
    }
}

fn print(rows: &[StudyRow]) -> Result<Exit> {
    if rows.is_empty() {
        complain(
            "no studies in this folder: start one with `tune-tui STUDY.toml`; \
             `tune-tui simulate quick -o data/quick` makes a population to try it with",
        );
        return Ok(Exit::Done);
    }
    let now = wire::now();
    let heading = ["study", "state", "trials", "best", "changed", "where"].map(str::to_owned).to_vec();
    let lines: Vec<Vec<String>> = std::iter::once(heading).chain(rows.iter().map(|r| line(r, now))).collect();
    for line in columns(&lines) {
        say(&line)?;
    }
    for row in rows {
        if let Some(problem) = &row.problem {
            complain(&format!("warning: {}: {problem}", row.name));
        }
    }
    Ok(Exit::Done)
}

fn line(row: &StudyRow, now: Timestamp) -> Vec<String> {
    let none = || "-".to_owned();
    let ago =
        |last: Timestamp| format!("{} ago", human::rough_duration(now.saturating_sub(last) as f64 / 1000.0));
    let place = row.store.as_ref().or(row.file.as_ref());
    vec![
        row.name.clone(),
        Standing::of(row).word().to_owned(),
        row.trials.map_or_else(none, |(ended, wanted)| format!("{ended}/{wanted}")),
        row.best.as_ref().map_or_else(none, |(score, metric)| format!("{metric} {}", significant(*score, 4))),
        row.last.map_or_else(none, ago),
        place.map_or_else(none, |path| path.display().to_string()),
    ]
}
