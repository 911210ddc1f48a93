//! What a message does to the state, and what it asks of the world. No input or output here.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent};
use ratatui::layout::{Margin, Rect};

use super::Ending;
use super::activity::Entry;
use super::ask::{Answer, Ask};
use super::choose;
use super::command;
use super::compared;
use super::dialog;
use super::entry::Input;
use super::filter::Filter;
use super::freeze;
use super::keymap::{Action, Context};
use super::machine::Sample;
use super::machine::load::Load;
use super::mouse;
use super::navigate;
use super::order::Row;
use super::panel::{self, help::Help, log};
use super::profile::{Content, ProfileView};
use super::replay;
use super::state::{AppState, Dialog, PanelId, Phase, View};
use super::steer::{self, say};
use super::theme::Tone;
use super::view;
use crate::domain::command::{Command, End, StopMode, Update};
use crate::domain::event::{Event, Level, ObjectiveKind, Record};
use crate::domain::trial::{Timestamp, TrialState};

/// Milliseconds that a slow clock steps.
const MINUTE: Timestamp = 60_000;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The mouse was pressed, moved or turned.
    Mouse(MouseEvent),
    /// The screen has so many columns and rows.
    Resize(u16, u16),
    /// The study told of these.
    Updates(Vec<Update>),
    /// The study's thread is gone.
    Silence,
    /// The machine's load.
    Load(Load),
    /// More of the machine.
    Sampled(Sample),
    /// An answer came.
    Answer(Answer),
    /// A second passed.
    Tick(Timestamp),
    /// A thread of the program panicked, and this is its message.
    Panicked(String),
}

/// Something to be done outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Tell the study.
    Send(Command),
    /// Have something computed.
    Ask(Ask),
    /// Put this on the terminal's clipboard.
    Copy(String),
    /// Give the terminal back and suspend.
    Suspend,
    /// Draw every cell anew.
    Redraw,
    /// Leave the dashboard.
    Leave(Ending),
}

/// Takes a message in.
pub fn update(state: &mut AppState, msg: Msg) -> Vec<Effect> {
    if let Msg::Tick(now) = msg {
        state.clock = now;
    }
    let mut effects = match msg {
        Msg::Key(key) => {
            state.stale = true;
            press(state, key)
        }
        Msg::Paste(text) => {
            state.stale = true;
            paste(state, &text);
            Vec::new()
        }
        Msg::Mouse(event) => mouse::update(state, event),
        Msg::Resize(columns, rows) => {
            state.size = (columns, rows);
            state.stale = true;
            navigate::keep_focus_visible(state);
            Vec::new()
        }
        Msg::Answer(answer) => {
            state.stale = true;
            hear(state, answer)
        }
        Msg::Updates(updates) => take(state, updates),
        Msg::Silence if state.is_live() => {
            end(state, End::Failed("the study's thread ended without a word".into()))
        }
        Msg::Silence => Vec::new(),
        Msg::Load(load) => {
            if !freeze::load(state, load) && state.is_live() && state.load != Some(load) {
                state.load = Some(load);
                state.stale = true;
            }
            Vec::new()
        }
        Msg::Tick(now) if state.replay.is_some() => {
            replay::tick(state, now);
            Vec::new()
        }
        Msg::Sampled(sample) => {
            if let Some(sample) = freeze::sampled(state, sample) {
                state.stale |= panel::sampled(state, sample) && state.view == View::Devices;
            }
            Vec::new()
        }
        Msg::Tick(now) => {
            let now = if state.slow { now - now % MINUTE } else { now };
            if !freeze::tick(state, now) {
                // Only what runs shows the time; a screen at rest is not drawn.
                state.stale |= state.is_live() && now / 1000 != state.now / 1000;
                state.now = now;
            }
            Vec::new()
        }
        Msg::Panicked(text) => {
            state.stale = true;
            state.activity.push(Entry::new(state.now, Tone::Bad, text));
            Vec::new()
        }
    };
    // The list of studies grows old while nothing else moves.
    if state.stale || state.view == View::Studies {
        effects.extend(arrange(state));
    }
    if state.replay.is_some() && effects.iter().any(|effect| matches!(effect, Effect::Send(_))) {
        effects.retain(|effect| !matches!(effect, Effect::Send(_)));
        replay::past(state);
    }
    effects
}

/// Lets the panels on the screen prepare what they draw.
fn arrange(state: &mut AppState) -> Vec<Effect> {
    let panels = view::panels(state);
    let prepare = |(id, area): (PanelId, Rect)| (panel::of(id).arrange)(state, area.inner(Margin::new(1, 1)));
    panels.into_iter().flat_map(prepare).collect()
}

/// An answer goes to the panel that asked.
fn hear(state: &mut AppState, answer: Answer) -> Vec<Effect> {
    match answer {
        Answer::Profile(trial, outcome) => {
            if let Some(profile) = &mut state.profile {
                profile.answer(trial, outcome);
            }
        }
        Answer::Study(path, outcome) => compared::hear(state, &path, outcome),
        Answer::Of(moment, answer) => {
            let panels = &state.panels;
            let awaited = match *answer {
                Answer::Importance(_) => panels.importance.awaits(),
                Answer::Contour(_) => panels.contour.awaits(),
                Answer::Insight(_) => panels.mind.awaits(),
                Answer::Rungs(_) => panels.rungs.awaits(),
                _ => None,
            };
            if awaited == Some(moment) {
                return hear(state, *answer);
            }
        }
        Answer::Importance(outcome) => state.panels.importance.answer(outcome),
        Answer::Contour(outcome) => state.panels.contour.answer(outcome),
        Answer::Studies(rows) => state.panels.studies.hear(rows),
        Answer::Predictions(trial, outcome) => state.panels.predictions.answer(trial, outcome),
        Answer::Layers(trial, outcome) => state.panels.layers.network.answer(trial, outcome),
        Answer::Insight(outcome) => state.panels.mind.answer(outcome),
        Answer::Rungs(rungs) => state.panels.rungs.answer(rungs),
        Answer::Export(Ok((trial, path))) => {
            say(state, Tone::Good, format!("wrote trial {trial} to {}", path.display()));
        }
        Answer::Export(Err(why)) => say(state, Tone::Bad, format!("not exported: {why}")),
    }
    Vec::new()
}

fn take(state: &mut AppState, updates: Vec<Update>) -> Vec<Effect> {
    let updates = freeze::updates(state, updates);
    if updates.is_empty() {
        return Vec::new();
    }
    let mut effects = Vec::new();
    for update in updates {
        match update {
            Update::Recorded(record) => {
                state.record(&record);
                contradict(state, &record);
                state.wake();
            }
            Update::Ended(why) => effects.extend(end(state, why)),
        }
    }
    state.stale = true;
    state.refresh();
    dialog::settle(state);
    effects
}

/// A warning that follows what a person sent stands in the place of "sent": it was not followed.
fn contradict(state: &mut AppState, record: &Record) {
    let sent = state.notice.as_ref().is_some_and(|notice| notice.text.starts_with(steer::SENT));
    if let (true, Event::Noted { level: Level::Warning, text }) = (sent, &record.event) {
        say(state, Tone::Bad, text.clone());
    }
}

/// The study's thread ended. Where a person asked for that, the screen goes too.
fn end(state: &mut AppState, why: End) -> Vec<Effect> {
    let asked = match state.phase {
        Phase::Stopping(mode) => Some(mode),
        Phase::Live | Phase::Over(_) => None,
    };
    // What is over does not stay frozen.
    freeze::thaw(state);
    state.stale = true;
    state.load = None;
    if matches!(state.dialog, Some(Dialog::Quit | Dialog::Cancel(_))) {
        state.dialog = None;
    }
    let ending = match (&why, asked) {
        (End::Stopped, Some(mode)) => Some(Ending::Stopped(mode)),
        (End::Done, Some(_)) => Some(Ending::Done),
        _ => None,
    };
    state.phase = Phase::Over(why);
    ending.map(Effect::Leave).into_iter().collect()
}

/// The contexts whose keys hold now, innermost first.
pub fn contexts(state: &AppState) -> Vec<Context> {
    match &state.dialog {
        Some(dialog) => dialog.contexts(),
        None => {
            let replay = state.replay.is_some().then_some(Context::Replay);
            replay.into_iter().chain(panel_contexts(state.view, state.focus)).collect()
        }
    }
}

/// The contexts of a panel without a dialog above it.
pub fn panel_contexts(view: View, panel: PanelId) -> Vec<Context> {
    let mut contexts = vec![Context::Panel(panel)];
    contexts.extend((view == View::Trial).then_some(Context::Trial));
    contexts.extend([Context::Moving, Context::Anywhere, Context::Always]);
    contexts
}

fn press(state: &mut AppState, key: KeyEvent) -> Vec<Effect> {
    state.notice = None;
    let before = state.before.take();
    let written = state.dialog.as_ref().is_some_and(Dialog::is_written);
    let Some(action) = state.keymap.lookup(&contexts(state), &key, before) else {
        if let KeyCode::Char(c) = key.code
            && !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
        {
            match written {
                true => dialog::write(state, c.encode_utf8(&mut [0; 4])),
                false if before != Some(c) => state.before = Some(c),
                false => {}
            }
        }
        return Vec::new();
    };
    if state.dialog.is_some() && !matches!(action, Action::Interrupt | Action::Suspend | Action::Redraw) {
        return dialog::act(state, action);
    }
    act(state, action)
}

/// Text that was pasted: written where something is written, and nothing elsewhere.
fn paste(state: &mut AppState, text: &str) {
    state.notice = None;
    if state.dialog.as_ref().is_some_and(Dialog::is_written) {
        dialog::write(state, text);
    } else {
        say(
            state,
            Tone::Quiet,
            "pasted text goes into a filter, the command line or a form: press : or / first",
        );
    }
}

/// An action of the keys or of a command, without a dialog.
pub fn act(state: &mut AppState, action: Action) -> Vec<Effect> {
    if let Some(effects) = replay::act(state, action) {
        return effects;
    }
    match action {
        Action::Quit => return quit(state),
        Action::Interrupt => return interrupt(state),
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Redraw],
        Action::Pause => return steer::pause(state, !state.history.is_paused()),
        Action::Markers => return open_profile(state),
        Action::Help => state.dialog = Some(Dialog::Help(Help::default())),
        Action::Filter if state.focus == PanelId::Log => {
            let before = state.panels.log.words.clone();
            state.dialog = Some(Dialog::Search { text: Input::new(before.clone()), before });
        }
        Action::Filter => {
            let before = state.table.filter.text().to_owned();
            state.dialog = Some(Dialog::Filter { text: Input::new(before.clone()), before });
        }
        Action::Command => command::open(state, ""),
        Action::Freeze => dialog::freeze(state),
        Action::Jump => state.dialog = Some(Dialog::Jump(Input::default())),
        Action::Columns => state.dialog = Some(Dialog::Columns(0)),
        Action::Mark => choose::mark(state),
        Action::Back => back(state),
        other => return steer::act(state, other).unwrap_or_else(|| navigate::act(state, other)),
    }
    Vec::new()
}

fn back(state: &mut AppState) {
    if state.zoomed {
        state.zoomed = false;
    } else if state.view == View::Trial {
        navigate::show(state, state.origin);
    } else if state.focus == PanelId::Log && log::is_filtered(state) {
        log::clear(state);
    } else if !state.table.filter.text().is_empty() {
        dialog::apply(state, Filter::default());
    } else if state.view != View::Overview {
        navigate::show(state, View::Overview);
    } else if !state.marked.is_empty() {
        choose::unmark(state);
    }
}

fn quit(state: &mut AppState) -> Vec<Effect> {
    // What runs now is asked about, not what ran when the screen was frozen.
    freeze::thaw(state);
    match &state.phase {
        Phase::Over(End::Done) => vec![Effect::Leave(Ending::Done)],
        Phase::Over(End::Stopped) => vec![Effect::Leave(Ending::Stopped(StopMode::Now))],
        Phase::Over(End::Failed(why)) => vec![Effect::Leave(Ending::Failed(why.clone()))],
        Phase::Stopping(StopMode::Now) => {
            say(state, Tone::Warn, "stopping: ^c leaves without waiting");
            Vec::new()
        }
        Phase::Live | Phase::Stopping(StopMode::AfterRunning) if !state.running.is_empty() => {
            state.dialog = Some(Dialog::Quit);
            Vec::new()
        }
        Phase::Live | Phase::Stopping(StopMode::AfterRunning) => stop(state, StopMode::Now),
    }
}

/// As quit; the second time it stops at once, and the third it does not wait for the study.
fn interrupt(state: &mut AppState) -> Vec<Effect> {
    match (&state.phase, &state.dialog) {
        (Phase::Stopping(StopMode::Now), _) => vec![Effect::Leave(Ending::Stopped(StopMode::Now))],
        (Phase::Live | Phase::Stopping(_), Some(Dialog::Quit)) => {
            state.dialog = None;
            stop(state, StopMode::Now)
        }
        _ => {
            state.dialog = None;
            quit(state)
        }
    }
}

/// Tells the study to stop.
pub fn stop(state: &mut AppState, mode: StopMode) -> Vec<Effect> {
    state.phase = Phase::Stopping(mode);
    vec![Effect::Send(Command::Stop(mode))]
}

/// Why a program's trials have no marker effects.
pub(super) const NO_MARKERS: &str = "a program has no markers: marker effects are of studies of networks";

/// The marker effects of the selected trial: computed elsewhere, unless they are here already.
pub(super) fn open_profile(state: &mut AppState) -> Vec<Effect> {
    if state.history.study().objective == ObjectiveKind::Command {
        say(state, Tone::Warn, NO_MARKERS);
        return Vec::new();
    }
    let Some(trial) = state.selected() else {
        say(state, Tone::Warn, "no marker effects: no trial is selected");
        return Vec::new();
    };
    let (id, word) = (trial.id, trial.state.word());
    if trial.state != TrialState::Complete {
        say(state, Tone::Warn, format!("no marker effects of trial {id}: it is {word}, not complete"));
        return Vec::new();
    }
    let params = trial.params.clone();
    navigate::open(state, Some(Row::Trial(id)));
    state.focus = PanelId::Profile;
    let known = state.profile.as_ref();
    if known.is_some_and(|known| known.trial == id && !matches!(known.content, Content::Failed(_))) {
        return Vec::new();
    }
    state.profile = Some(ProfileView::of(id));
    vec![Effect::Ask(Ask::Profile { trial: id, params })]
}
