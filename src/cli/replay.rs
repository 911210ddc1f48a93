//! `tune-tui replay`: a study's past on the same screens.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use anyhow::{Context, Result, anyhow, bail};

use super::output::UsageError;
use super::run::signals;
use super::show::locate;
use super::{Exit, ReplayArgs};
use crate::domain::trial::TrialId;
use crate::tui::{Ending, Loaded, Menu, Replay, Tape, Told};
use crate::wire;
use crate::wire::studies::{self, Catalog};

/// Where a replay begins.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    /// So many milliseconds of work into the study.
    Time(u64),
    /// When this trial was started.
    Trial(TrialId),
}

/// Plays a study's records again. Takes no lock and changes nothing.
///
/// # Errors
/// Where there is no such study or trial, or no terminal.
pub fn replay(args: &ReplayArgs) -> Result<Exit> {
    let store = locate(&args.stored)?;
    let at = args.at.as_deref().map(place).transpose()?;
    if args.speed.is_some_and(|speed| !(speed > 0.0 && speed.is_finite())) {
        return Err(UsageError("--speed: a number above 0, such as 60".into()).into());
    }
    if !std::io::stdout().is_terminal() {
        let text = format!("a replay needs a terminal: `tune-tui show {}` prints", args.stored.study);
        return Err(UsageError(text).into());
    }
    let signal = signals(false)?;
    let mut session = args.screen.session(Arc::clone(&signal))?;
    let (tell, told) = channel();
    let source = store.clone();
    let read = move || {
        tell.send(Told::Step(format!("reading the records in {}", source.display()))).ok();
        // Who has left does not want to know.
        tell.send(Told::Done(studies::tape(&source))).ok();
    };
    thread::Builder::new().name("open".into()).spawn(read).context("failed to start a thread")?;
    let failed = |error| anyhow!("failed to {error}");
    let tape: Tape = match session.load(&args.stored.study, &told).map_err(failed)? {
        Loaded::Done(tape) => tape?,
        Loaded::Left(Ending::Failed(why)) => bail!(why),
        Loaded::Left(_) => return Ok(Exit::Interrupted),
    };
    let clock = match at {
        None => 0,
        Some(Place::Time(ms)) => ms,
        Some(Place::Trial(trial)) => {
            tape.start_of(trial).with_context(|| format!("--at: trial {trial} was never started"))?
        }
    };
    let catalog = Catalog::new(Path::new("."), &args.stored.store.store, None);
    let desk = wire::desk::open(None, catalog, store.clone())?;
    let replay = Replay::new(tape, args.speed);
    let menu = Menu { store: store.display().to_string(), zone: wire::zone::local(), ..Menu::default() };
    let ending = session.replay(replay, clock, menu, desk).map_err(failed)?;
    Ok(if matches!(ending, Ending::Signal(_)) { Exit::Interrupted } else { Exit::Done })
}

/// "17" is a trial; "90s", "5m" and "1h30m" are times.
fn place(text: &str) -> Result<Place, UsageError> {
    let wrong = || UsageError(format!("--at {text}: a trial's number, or a time such as 90s, 5m or 1h30m"));
    if let Ok(trial) = text.parse() {
        return Ok(Place::Trial(trial));
    }
    let (mut ms, mut digits) = (0.0_f64, String::new());
    for c in text.chars() {
        let unit = match c {
            's' => 1_000.0,
            'm' => 60_000.0,
            'h' => 3_600_000.0,
            'd' => 86_400_000.0,
            c => {
                digits.push(c);
                continue;
            }
        };
        let number: f64 = digits.parse().map_err(|_| wrong())?;
        ms += number * unit;
        digits.clear();
    }
    if text.is_empty() || !digits.is_empty() || !ms.is_finite() || ms < 0.0 {
        return Err(wrong());
    }
    Ok(Place::Time(ms as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_trial_or_a_time() {
        for (text, wanted) in [
            ("17", Place::Trial(17)),
            ("90s", Place::Time(90_000)),
            ("1h30m", Place::Time(5_400_000)),
            ("0.5d", Place::Time(43_200_000)),
        ] {
            assert_eq!(place(text).unwrap(), wanted, "{text}");
        }
        for text in ["", "-1", "x", "5 x", "h", "1h30", "NaNs", "-5m"] {
            assert!(place(text).is_err(), "{text:?}");
        }
    }
}
