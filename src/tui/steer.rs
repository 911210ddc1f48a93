//! What a person asks of the study: whether it can be asked now, and what is said of it.

use super::ask::Ask;
use super::clipboard;
use super::form::{self, Purpose};
use super::keymap::Action;
use super::order::Row;
use super::state::{AppState, Dialog, Notice, Phase, View};
use super::theme::Tone;
use super::update::Effect;
use super::values;
use crate::domain::command::{Command, End};
use crate::domain::trial::{Trial, TrialId, TrialState};
use crate::domain::value::significant;

/// How a notice begins that says what was sent to the study.
pub const SENT: &str = "sent: ";

/// Why an action would do nothing now, in a few words; nothing where it would do something.
pub fn obstacle(state: &AppState, action: Action) -> Option<String> {
    let asks = matches!(action, Action::Form(_) | Action::Pin);
    let refused = match action {
        // Of what has ended nothing can be paused.
        Action::Pause => state.replay.is_some() || state.phase != Phase::Live,
        Action::Cancel => state.replay.is_some() || is_left(state),
        _ => asks && refusal(state).is_some(),
    };
    if refused {
        return Some(format!("the study is {}", state.standing().0));
    }
    let of_trial = [Action::Form(Purpose::Clone), Action::Form(Purpose::Note), Action::Pin, Action::Copy];
    match action {
        Action::Export if state.history.incumbent().is_none() => Some("no trial is complete".into()),
        Action::Cancel | Action::Markers => {
            let fits = |trial: &Trial| match action {
                Action::Cancel => is_under_way(trial),
                _ => trial.state == TrialState::Complete,
            };
            match state.selected() {
                Some(trial) if fits(trial) => None,
                Some(trial) => Some(format!("trial {} is {}", trial.id, trial.state.word())),
                None => Some("no trial is selected".into()),
            }
        }
        _ if of_trial.contains(&action) && state.selected().is_none() => Some("no trial is selected".into()),
        _ => None,
    }
}

/// Says a line at the foot of the screen.
pub fn say(state: &mut AppState, tone: Tone, text: impl Into<String>) {
    state.notice = Some(Notice { tone, text: text.into() });
}

/// Why the study can't be told anything now; nothing where it can.
pub fn refusal(state: &AppState) -> Option<String> {
    if state.replay.is_some() {
        return Some("this is a replay of what was".into());
    }
    if state.lost.is_some() {
        return Some("the screen lost track of the study: quit and resume it".into());
    }
    let again = match state.menu.resume.as_str() {
        "" => "resume it first".to_owned(),
        command => format!("resume it first with `{command}`"),
    };
    match &state.phase {
        // One whose trials have all ended waits for more to do.
        Phase::Live | Phase::Over(End::Done) => None,
        Phase::Stopping(_) => Some("the study is about to stop".into()),
        Phase::Over(End::Stopped) => Some(format!("the study has stopped: {again}")),
        Phase::Over(End::Failed(_)) => Some(format!("the study has failed: {again}")),
    }
}

/// Tells the study, and says so; the log says when it is done.
///
/// # Errors
/// Why it can't be told.
pub fn send(state: &mut AppState, command: Command, said: impl Into<String>) -> Result<Vec<Effect>, String> {
    if let Some(why) = refusal(state) {
        return Err(format!("not sent: {why}"));
    }
    say(state, Tone::Plain, said);
    Ok(vec![Effect::Send(command)])
}

/// An action by which something is asked of the study or taken from the screen; nothing where it is another one.
pub fn act(state: &mut AppState, action: Action) -> Option<Vec<Effect>> {
    let of_selected = |state: &AppState, doing| selected(state, doing).map(|trial| trial.id);
    let outcome = match action {
        Action::Cancel => of_selected(state, "cancel").and_then(|id| cancel(state, id)),
        Action::Pin => of_selected(state, "pin").and_then(|id| pin(state, id)),
        Action::Copy => of_selected(state, "copy").and_then(|id| copy_trial(state, id, COPIES[0].0)),
        Action::Export => {
            let shown = state.shown().and_then(Row::trial).filter(|_| state.view == View::Trial);
            export(state, shown)
        }
        Action::Form(purpose) => form::open(state, purpose, None),
        _ => return None,
    };
    Some(told(state, outcome))
}

/// What an action comes to: its effects, or why there are none, at the foot of the screen.
pub fn told(state: &mut AppState, outcome: Result<Vec<Effect>, String>) -> Vec<Effect> {
    outcome.unwrap_or_else(|why| {
        say(state, Tone::Warn, why);
        Vec::new()
    })
}

/// The trial of that number.
///
/// # Errors
/// Which there are.
pub fn trial(state: &AppState, id: TrialId) -> Result<&Trial, String> {
    state.history.trial(id).ok_or_else(|| match state.history.trials().len() {
        0 => "there are no trials yet".to_owned(),
        count => format!("there is no trial {id}: they are numbered 0 to {}", count - 1),
    })
}

/// The selected trial, for something that is done to one.
///
/// # Errors
/// Where none is selected.
pub fn selected<'a>(state: &'a AppState, doing: &str) -> Result<&'a Trial, String> {
    match state.selected_row() {
        Some(Row::Baseline(_)) => Err(format!("can't {doing} a baseline")),
        row => row
            .and_then(|row| state.history.trial(row.trial()?))
            .ok_or_else(|| format!("can't {doing}: no trial is selected")),
    }
}

/// Pauses or resumes the study.
pub fn pause(state: &mut AppState, paused: bool) -> Vec<Effect> {
    match &state.phase {
        Phase::Live if paused => vec![Effect::Send(Command::Pause)],
        Phase::Live => vec![Effect::Send(Command::Resume)],
        Phase::Stopping(_) | Phase::Over(_) => {
            let (word, _) = state.standing();
            say(state, Tone::Warn, format!("can't pause: the study is {word}"));
            Vec::new()
        }
    }
}

/// Whether nobody follows commands any more.
fn is_left(state: &AppState) -> bool {
    matches!(state.phase, Phase::Over(End::Stopped | End::Failed(_)))
}

/// Whether a trial runs or waits to run, and can be cancelled.
pub fn is_under_way(trial: &Trial) -> bool {
    matches!(trial.state, TrialState::Running | TrialState::Waiting)
}

/// Asks whether a trial is to be cancelled, or taken from the queue.
///
/// # Errors
/// Why it can't be.
pub fn cancel(state: &mut AppState, id: TrialId) -> Result<Vec<Effect>, String> {
    let own = trial(state, id)?;
    if is_left(state) {
        let (standing, _) = state.standing();
        return Err(format!("can't cancel: the study is {standing}"));
    }
    if !is_under_way(own) {
        return Err(format!("can't cancel trial {id}: it is {}, not running", own.state.word()));
    }
    state.dialog = Some(Dialog::Cancel(id));
    Ok(Vec::new())
}

/// Pins a trial, or unpins it.
///
/// # Errors
/// Why it can't be.
pub fn pin(state: &mut AppState, id: TrialId) -> Result<Vec<Effect>, String> {
    let pinned = !trial(state, id)?.pinned;
    let said = if pinned {
        format!("trial {id} stays in sight")
    } else {
        format!("trial {id} is not pinned any more")
    };
    send(state, Command::Pin { trial: id, pinned }, said)
}

/// Copies text to the terminal's clipboard.
///
/// # Errors
/// Where it is longer than terminals take.
pub fn copy(state: &mut AppState, text: String, what: &str) -> Result<Vec<Effect>, String> {
    if !clipboard::fits(&text) {
        return Err(format!("not copied: {what} is longer than terminals take; `e` writes a file"));
    }
    say(state, Tone::Plain, format!("copied {what}; where nothing arrives, the terminal has no OSC 52"));
    Ok(vec![Effect::Copy(text)])
}

/// What can be copied of a trial.
pub const COPIES: &[(&str, &str)] = &[
    ("config", "its params as lines of TOML"),
    ("row", "number, state, score and params, between tabs"),
    ("score", "its score, all digits"),
    ("enqueue", "the command that queues the same params"),
];

/// Copies `what` of a trial: a name of [`COPIES`].
///
/// # Errors
/// Where there is no such thing, or nothing to copy.
pub fn copy_trial(state: &mut AppState, id: TrialId, what: &str) -> Result<Vec<Effect>, String> {
    let trial = trial(state, id)?;
    let space = &state.history.study().space;
    let score = trial.score.map(|score| format!("{score:?}"));
    let of = |what: &str| format!("{what} of trial {id}");
    let (text, name) = match what {
        "config" => (clipboard::lines(&trial.params, space), of("the params")),
        "row" => {
            let own = space.parameters.iter().map(|p| trial.params.get(&p.name).map(values::exact));
            let cells = [Some(id.to_string()), Some(trial.state.word().to_owned()), score];
            let cells: Vec<String> = cells.into_iter().chain(own).map(Option::unwrap_or_default).collect();
            (cells.join("\t"), of("the row"))
        }
        "score" => {
            let none = || format!("trial {id} has no score yet: it is {}", trial.state.word());
            (score.ok_or_else(none)?, of("the score"))
        }
        "enqueue" => (format!("enqueue {}", values::written(&trial.params)), of("the command")),
        other => {
            let names = COPIES.iter().map(|(name, _)| *name);
            let list = names.clone().collect::<Vec<_>>().join(", ");
            return Err(format!("`{other}` can't be copied{}; choose of {list}", values::near(other, names)));
        }
    };
    if text.is_empty() {
        return Err(format!("trial {id} has no params: nothing is searched"));
    }
    copy(state, text, &name)
}

/// Writes a trial as a study file; the best one where none is given.
///
/// # Errors
/// Where there is none with a score.
pub fn export(state: &mut AppState, id: Option<TrialId>) -> Result<Vec<Effect>, String> {
    match id {
        None if state.history.incumbent().is_none() => {
            return Err("nothing to export: no trial is complete yet".into());
        }
        Some(id) if trial(state, id)?.score.is_none() => {
            let word = trial(state, id)?.state.word();
            return Err(format!("can't export trial {id}: it is {word}, not complete"));
        }
        _ => {}
    }
    // The best one that a replay shows, not the best that came later.
    let shown = || state.history.incumbent().filter(|_| state.replay.is_some()).map(|best| best.id);
    let id = id.or_else(shown);
    say(state, Tone::Quiet, "writing the study file …");
    Ok(vec![Effect::Ask(Ask::Export(id))])
}

/// A trial's score with its metric, as a person says it.
pub fn score(state: &AppState, trial: &Trial) -> String {
    let metric = &state.history.study().metric;
    trial.score.map_or_else(|| trial.state.word().to_owned(), |v| format!("{metric} {}", significant(v, 4)))
}
