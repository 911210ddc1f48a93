//! `tune-tui STUDY.toml` and `tune-tui run`: start or resume a study.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{Receiver, Sender};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use super::output::{complain, say, score};
use super::{Exit, RunArgs, StudyArgs, headless};
use crate::analysis::compare::Ties;
use crate::analysis::versus::versus;
use crate::config::StudyConfig;
use crate::domain::command::{Command, End, StopMode, Update};
use crate::domain::history::History;
use crate::domain::trial::Trial;
use crate::domain::value::significant;
use crate::export::summary;
use crate::storage::journal;
use crate::study::handle;
use crate::tui::ask::Desk;
use crate::tui::{self, Dashboard, Ending, Menu};
use crate::wire::{self, Background, Ready};

/// Starts or resumes the study, with the dashboard where there is a terminal.
///
/// # Errors
/// A bad study file, unusable data, a store that can't be opened.
pub fn run(args: &RunArgs) -> Result<Exit> {
    let config = load(&args.study)?;
    let store = args.store.store.join(&config.name);
    let dashboard = !args.headless && !args.json && std::io::stdout().is_terminal();
    if dashboard {
        complain(&format!("reading study `{}` …", config.name));
    }
    let ready = wire::ready(&config)?;
    if let Ready::Network(prepared) = &ready {
        for warning in wire::survey(prepared)?.warnings() {
            complain(&format!("warning: {warning}; `tune-tui check` says why"));
        }
    }
    if args.fresh {
        // All are read anew; one that can't be must be known before the old store is moved.
        wire::warm_start::read(&config, ready.spec(), &[])?;
    }
    // Only now: a study that could not start must not have lost its place.
    if args.fresh
        && let Some(kept) = wire::archive(&store)?
    {
        complain(&format!("the old store was kept as {}", kept.display()));
    }
    let (sender, updates) = handle::updates();
    let background = match &ready {
        Ready::Network(prepared) => Some(Background::of(&config, prepared, &store)?),
        Ready::Command(_) => None,
    };
    let mut study = wire::open(&config, ready, &store, sender.clone())?;
    if dashboard {
        // More trials may be wanted when the last one has ended, until the dashboard is left.
        study.linger();
    }
    let history = study.history().clone();
    let baselines = background.as_ref().map_or(Vec::new(), |background| background.missing(&history));
    study.await_baselines(baselines.iter().map(|row| row.name.to_owned()));
    let signal = signals(!dashboard)?;
    let minds = wire::minds::Minds::of(&config);
    let desk = dashboard.then(|| wire::desk::open(background.clone(), minds, store.clone())).transpose()?;
    let study = handle::spawn(study, sender).context("failed to start the study thread")?;
    let commands = study.commands.clone();
    if let Some(background) = background {
        background.compute(baselines, &commands);
    }
    let (history, end) = match desk {
        Some(desk) => {
            let menu = Menu {
                store: store.display().to_string(),
                resume: command_line(args),
                zone: wire::zone::local(),
                ..wire::menu(&config)
            };
            watch(args, history, &updates, &commands, (desk, menu), signal, &store)?
        }
        None => headless::follow(history, &updates, &commands, &signal, args.json)?,
    };
    study.join();
    // An output that nobody reads any more does not change how the study ended.
    report(args, &history, &store, &end).ok();
    Ok(exit(&history, &end))
}

/// The study file with the command line's changes in it.
pub fn load(args: &StudyArgs) -> Result<StudyConfig> {
    let mut set = args.set.clone();
    set.extend(args.trials.map(|n| format!("study.trials={n}")));
    set.extend(args.workers.map(|n| format!("executor.workers={n}")));
    set.extend(args.device.as_ref().map(|d| format!("executor.device={d}")));
    wire::read_config(&args.study, &set)
}

/// Holds the number of the signal that arrived: TERM, INT or QUIT; HUP too with the dashboard, whose terminal
/// is then gone. A headless study needs no terminal and goes on.
pub(super) fn signals(headless: bool) -> Result<Arc<AtomicUsize>> {
    let received = Arc::new(AtomicUsize::new(0));
    let ignored = Arc::new(AtomicUsize::new(0));
    let hangup = if headless { &ignored } else { &received };
    for (signal, flag) in [(SIGTERM, &received), (SIGINT, &received), (SIGQUIT, &received), (SIGHUP, hangup)]
    {
        signal_hook::flag::register_usize(signal, Arc::clone(flag), signal as usize)
            .context("failed to watch for signals")?;
    }
    Ok(received)
}

/// Hands the terminal to the dashboard until the person or the study leaves it.
fn watch(
    args: &RunArgs,
    history: History,
    updates: &Receiver<Update>,
    commands: &Sender<Command>,
    (desk, menu): (Desk, Menu),
    signal: Arc<AtomicUsize>,
    store: &Path,
) -> Result<(History, End)> {
    let preferences = args.screen.preferences()?;
    let options = args.screen.options(&preferences);
    let dashboard = Dashboard {
        history,
        updates,
        commands: commands.clone(),
        desk,
        menu,
        clock: wire::now,
        options,
        preferences,
        signal,
    };
    let ending = tui::run(dashboard);
    // One whose trials have all ended waits for more to do.
    if matches!(ending, Ok(Ending::Done)) {
        commands.send(Command::Stop(StopMode::Now)).ok();
    }
    // However the screen was left, the study saves and ends before the program does, and its own last
    // word counts, unless the dashboard has heard it.
    let shown = match ending {
        Ok(Ending::Done) => End::Done,
        Ok(Ending::Failed(reason)) => End::Failed(reason),
        Ok(Ending::Stopped(_)) => End::Stopped,
        Ok(Ending::Signal(_)) => {
            commands.send(Command::Stop(StopMode::Now)).ok();
            End::Stopped
        }
        Err(error) => {
            commands.send(Command::Stop(StopMode::Now)).ok();
            last_word(updates);
            return Ok((journal::read(store)?.history, End::Failed(format!("failed to {error}"))));
        }
    };
    let end = last_word(updates).unwrap_or(shown);
    Ok((journal::read(store)?.history, end))
}

/// Waits for the study thread to end; what it says last, if nobody has heard it yet.
fn last_word(updates: &Receiver<Update>) -> Option<End> {
    updates.iter().find_map(|update| match update {
        Update::Ended(end) => Some(end),
        Update::Recorded(_) => None,
    })
}

/// The last words, on the normal screen.
fn report(args: &RunArgs, history: &History, store: &Path, end: &End) -> Result<()> {
    if args.json {
        return say(&summary::summary_line(history, wire::now())?);
    }
    let study = history.study();
    let counts = history.counts();
    let wanted = history.target().max(counts.finished());
    say(&format!("{}: {} of {wanted} trials ended", study.name, counts.finished()))?;
    match history.incumbent().and_then(|best| Some((best, score(history, best, 4)?))) {
        Some((best, score)) => {
            say(&format!("best: {score}, trial {}", best.id))?;
            for (name, value) in &best.params {
                say(&format!("  {name} = {value}"))?;
            }
            for line in against_baselines(history, best) {
                say(&line)?;
            }
            if let Some(words) = Ties::of(history).summary() {
                say(words)?;
            }
            say(&format!("export it:  tune-tui export {}", store.display()))?;
        }
        None => say("no trial has finished with a score")?,
    }
    say(&format!("stored in   {}", store.display()))?;
    match end {
        End::Done => {}
        End::Stopped => complain(&format!("all is saved; resume with: {}", command_line(args))),
        End::Failed(reason) => {
            complain(&format!(
                "error: {reason}\nwhat had finished is saved; resume with: {}",
                command_line(args)
            ));
        }
    }
    Ok(())
}

/// How the best trial does against the best baseline, and the scores of all.
fn against_baselines(history: &History, best: &Trial) -> Vec<String> {
    let study = history.study();
    let scored = history.baselines().iter().filter_map(|b| Some((b.mean(&study.metric)?, b)));
    let mut scored: Vec<_> = scored.collect();
    scored.sort_by(|(a, _), (b, _)| study.direction.compare(*a, *b));
    let Some((_, strongest)) = scored.first() else { return Vec::new() };
    let listed = scored.iter().map(|(score, b)| format!("{} {}", b.baseline, significant(*score, 4)));
    let listed = format!("baselines: {}", listed.collect::<Vec<_>>().join(", "));
    let compared = versus(study, best, strongest);
    let verdict =
        compared.map(|c| format!("against {}, trial {} is {}", strongest.baseline, best.id, c.words()));
    std::iter::once(listed).chain(verdict).collect()
}

fn command_line(args: &RunArgs) -> String {
    let mut words = vec!["tune-tui".to_owned(), quoted(&args.study.study.display().to_string())];
    if args.headless {
        words.insert(1, "run".into());
        words.push("--headless".into());
    }
    if args.store.store != Path::new("runs") {
        words.extend(["--store".into(), quoted(&args.store.store.display().to_string())]);
    }
    words.extend(args.study.trials.map(|n| format!("--trials {n}")));
    words.extend(args.study.workers.map(|n| format!("--workers {n}")));
    words.extend(args.study.device.iter().map(|d| format!("--device {}", quoted(d))));
    words.extend(args.study.set.iter().flat_map(|s| ["--set".to_owned(), quoted(s)]));
    words.join(" ")
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn exit(history: &History, end: &End) -> Exit {
    match end {
        End::Failed(_) => Exit::Failed,
        End::Stopped => Exit::Interrupted,
        End::Done if history.counts().complete == 0 => Exit::NothingComplete,
        End::Done => Exit::Done,
    }
}
