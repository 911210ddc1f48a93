//! `tune-tui STUDY.toml` and `tune-tui run`: start or resume a study.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{Receiver, Sender};

use anyhow::{Context, Result, anyhow, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use super::farewell::{report, unread};
use super::output::complain;
use super::{Exit, RunArgs, StudyArgs, headless, open};
use crate::config::StudyConfig;
use crate::domain::command::{Command, End, StopMode, Update};
use crate::domain::history::History;
use crate::domain::value::quoted;
use crate::storage::journal;
use crate::tui::{Dashboard, Ending, Loaded, Menu, Session, TuiError};
use crate::wire;
use crate::wire::studies::Catalog;

/// Starts or resumes the study, with the dashboard where there is a terminal.
///
/// # Errors
/// A bad study file, unusable data, a store that can't be opened.
pub fn run(args: &RunArgs) -> Result<Exit> {
    if !args.headless && !args.json && std::io::stdout().is_terminal() {
        // What is wrong with the study file is said before the terminal is taken.
        let config = load(&args.study)?;
        let signal = signals(false)?;
        let session = args.screen.session(Arc::clone(&signal))?;
        return on_screen(args, config, session);
    }
    let config = load(&args.study)?;
    let store = args.store.store.join(&config.name);
    let opened = open::open_plainly(&config, &store, args.fresh)?;
    let history = opened.history();
    if let Some(words) = nothing_new(&history) {
        complain(&words);
    }
    let signal = signals(true)?;
    let (study, updates) = opened.start()?;
    let (history, end) = headless::follow(history, &updates, &study.commands, &signal, args.json)?;
    study.join();
    // An output that nobody reads any more does not change how the study ended.
    report(args, &history, &store, &end).ok();
    Ok(exit(&history, &end))
}

/// That a study has more trials than are wanted, where that is so.
fn nothing_new(history: &History) -> Option<String> {
    let (ended, wanted) = (history.counts().finished(), history.target());
    (ended > wanted).then(|| {
        format!(
            "note: {ended} trials have ended and {wanted} are wanted: no new one starts; --trials {} would start one",
            ended + 1
        )
    })
}

/// The same with the terminal taken: the study is opened behind the screen.
///
/// # Errors
/// As [`run`]; the terminal is back by then.
pub fn on_screen(args: &RunArgs, config: StudyConfig, mut session: Session) -> Result<Exit> {
    let name = config.name.clone();
    let store = args.store.store.join(&name);
    let menu = wire::menu(&config);
    let told = open::open_aside(config, &store, args.fresh)?;
    let opened = match session.load(&name, &told).map_err(|error| anyhow!("failed to {error}"))? {
        Loaded::Done((Ok(opened), said)) => {
            let mut opened = opened;
            opened.note(said)?;
            // More trials may be wanted when the last one has ended, until the dashboard is left.
            opened.linger();
            opened
        }
        Loaded::Done((Err(error), said)) => {
            drop(session);
            open::say_all(said);
            return Err(error);
        }
        Loaded::Left(Ending::Failed(why)) => bail!(why),
        Loaded::Left(_) => {
            drop(session);
            complain(&format!("left before the study was open; start it with: {}", command_line(args)));
            return Ok(Exit::Interrupted);
        }
    };
    let history = opened.history();
    let catalog = Catalog::new(Path::new("."), &args.store.store, Some(&store));
    let desk = wire::desk::open(opened.background.clone(), catalog, store.clone())?;
    let (study, updates) = opened.start()?;
    let menu = Menu { store: store.display().to_string(), resume: command_line(args), ..menu };
    let commands = study.commands.clone();
    let dashboard = Dashboard { history, updates: &updates, commands: commands.clone(), desk, menu };
    let ending = session.watch(dashboard);
    drop(session);
    let end = last_word(ending, &updates, &commands);
    study.join();
    // What trials reported on their way is not told any more.
    let history = match journal::outline(&store) {
        Ok(history) => history,
        Err(error) => {
            // Why it ended counts more than what can't be read back.
            complain(&unread(&end, &error, &command_line(args)));
            return Ok(Exit::Failed);
        }
    };
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

/// However the screen was left, the study saves and ends before the program does, and its own last word counts,
/// unless the dashboard has heard it.
fn last_word(
    ending: Result<Ending, TuiError>,
    updates: &Receiver<Update>,
    commands: &Sender<Command>,
) -> End {
    let waited = || {
        updates.iter().find_map(|update| match update {
            Update::Ended(end) => Some(end),
            Update::Recorded(_) => None,
        })
    };
    let shown = match ending {
        Ok(Ending::Done) => {
            // One whose trials have all ended waits for more to do.
            commands.send(Command::Stop(StopMode::Now)).ok();
            End::Done
        }
        Ok(Ending::Failed(reason)) => End::Failed(reason),
        Ok(Ending::Stopped(_)) => End::Stopped,
        Ok(Ending::Signal(_)) => {
            commands.send(Command::Stop(StopMode::Now)).ok();
            End::Stopped
        }
        Err(error) => {
            commands.send(Command::Stop(StopMode::Now)).ok();
            waited();
            return End::Failed(format!("failed to {error}"));
        }
    };
    waited().unwrap_or(shown)
}

/// The command that goes on with the study.
pub(super) fn command_line(args: &RunArgs) -> String {
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

fn exit(history: &History, end: &End) -> Exit {
    match end {
        End::Failed(_) => Exit::Failed,
        End::Stopped => Exit::Interrupted,
        End::Done if history.counts().complete == 0 => Exit::NothingComplete,
        End::Done => Exit::Done,
    }
}
