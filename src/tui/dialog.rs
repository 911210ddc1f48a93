//! What is open above the panels and takes the keys.

use super::activity::Entry;
use super::choose;
use super::command::{self, Prompt};
use super::entry::Input;
use super::filter::Filter;
use super::form::{self, Form};
use super::freeze;
use super::keymap::{Action, Context};
use super::navigate;
use super::order::Row;
use super::panel::help::Help;
use super::panel::log;
use super::state::AppState;
use super::steer::{is_under_way, say};
use super::theme::Tone;
use super::update::{Effect, stop};
use super::view;
use crate::domain::command::{Command, StopMode};
use crate::domain::trial::{TrialId, TrialState};

/// What is open above the panels and takes the keys.
#[derive(Debug, Clone, PartialEq)]
pub enum Dialog {
    /// The question before quitting.
    Quit,
    /// The question before cancelling a trial.
    Cancel(TrialId),
    /// The keys.
    Help(Help),
    /// The leaderboard's columns, and which of them is selected.
    Columns(usize),
    /// The number of a trial to go to, as written so far.
    Jump(Input),
    /// A filter being written, and the one to go back to.
    Filter {
        /// As written so far.
        text: Input,
        /// The filter before.
        before: String,
    },
    /// Words to look for in the log, and those to go back to.
    Search {
        /// As written so far.
        text: Input,
        /// The words before.
        before: String,
    },
    /// The command line.
    Command(Box<Prompt>),
    /// A form.
    Form(Box<Form>),
    /// A line of the log in full; scrolled down by some lines.
    Reading(Entry, usize),
}

impl Dialog {
    /// The context of its own keys, and whether the editing keys hold too.
    pub fn contexts(&self) -> Vec<Context> {
        match self {
            Dialog::Quit => vec![Context::Quit, Context::Always],
            Dialog::Cancel(_) => vec![Context::Cancel, Context::Always],
            Dialog::Help(help) if help.writing => vec![Context::Filter, Context::Writing, Context::Always],
            Dialog::Help(_) => vec![Context::Help, Context::Always],
            Dialog::Reading(..) => vec![Context::Reading, Context::Always],
            Dialog::Columns(_) => vec![Context::Columns, Context::Always],
            Dialog::Filter { .. } | Dialog::Search { .. } | Dialog::Jump(_) => {
                vec![Context::Filter, Context::Writing, Context::Always]
            }
            Dialog::Command(_) => vec![Context::Command, Context::Writing, Context::Always],
            Dialog::Form(_) => vec![Context::Form, Context::Writing, Context::Always],
        }
    }

    /// Whether characters are written into it.
    pub fn is_written(&self) -> bool {
        match self {
            Dialog::Quit | Dialog::Cancel(_) | Dialog::Reading(..) | Dialog::Columns(_) => false,
            Dialog::Help(help) => help.writing,
            Dialog::Filter { .. }
            | Dialog::Search { .. }
            | Dialog::Jump(_)
            | Dialog::Command(_)
            | Dialog::Form(_) => true,
        }
    }
}

/// Takes in what is typed or pasted.
pub fn write(state: &mut AppState, words: &str) {
    match &mut state.dialog {
        Some(Dialog::Filter { text, .. }) => {
            text.insert(words);
            preview(state);
        }
        Some(Dialog::Search { text, .. }) => {
            text.insert(words);
            log::find(state);
        }
        Some(Dialog::Help(help)) if help.writing => {
            help.search.insert(words);
            help.line = 0;
        }
        Some(Dialog::Jump(text)) => choose::digits(text, words),
        Some(Dialog::Command(_)) => command::write(state, words),
        Some(Dialog::Form(_)) => form::write(state, words),
        _ => {}
    }
}

/// Follows a key.
pub fn act(state: &mut AppState, action: Action) -> Vec<Effect> {
    if matches!(state.dialog, Some(Dialog::Columns(_) | Dialog::Jump(_))) {
        choose::answer(state, action);
        return Vec::new();
    }
    match state.dialog.take() {
        Some(Dialog::Filter { text, before }) => filter(state, text, before, action),
        Some(Dialog::Search { text, before }) => search(state, text, before, action),
        Some(Dialog::Help(help)) => act_help(state, help, action),
        Some(Dialog::Command(prompt)) => return command::act(state, prompt, action),
        Some(Dialog::Form(form)) => return form::act(state, form, action),
        Some(Dialog::Reading(entry, line)) => reading(state, entry, line, action),
        Some(Dialog::Quit) if action == Action::StopNow => return stop(state, StopMode::Now),
        Some(Dialog::Quit) if action == Action::StopAfterRunning => {
            return stop(state, StopMode::AfterRunning);
        }
        Some(Dialog::Cancel(trial)) if action == Action::Accept => {
            let waits = state.history.trial(trial).is_some_and(|t| t.state == TrialState::Waiting);
            let then = if waits { "is taken from the queue" } else { "will end at its next report" };
            say(state, Tone::Plain, format!("trial {trial} {then}"));
            return vec![Effect::Send(Command::Cancel(trial))];
        }
        Some(Dialog::Quit | Dialog::Cancel(_) | Dialog::Columns(_) | Dialog::Jump(_)) | None => {}
    }
    Vec::new()
}

/// Closes the question about a trial that has ended meanwhile.
pub fn settle(state: &mut AppState) {
    let Some(Dialog::Cancel(id)) = state.dialog else { return };
    let Some(trial) = state.history.trial(id).filter(|t| !is_under_way(t)) else { return };
    let word = trial.state.word();
    state.dialog = None;
    say(state, Tone::Plain, format!("trial {id} is {word}: nothing to cancel"));
}

fn filter(state: &mut AppState, mut text: Input, before: String, action: Action) {
    let catalogue = state.table.catalogue();
    match action {
        Action::Accept => match Filter::parse(text.text(), catalogue) {
            Ok(filter) => apply(state, filter),
            Err(_) => state.dialog = Some(Dialog::Filter { text, before }),
        },
        Action::Back => {
            if let Ok(filter) = Filter::parse(&before, catalogue) {
                apply(state, filter);
            }
        }
        other => {
            text.act(other);
            state.dialog = Some(Dialog::Filter { text, before });
            preview(state);
        }
    }
}

/// Shows what the filter being written would; while that is invalid, what the one before did.
fn preview(state: &mut AppState) {
    let Some(Dialog::Filter { text, before }) = &state.dialog else { return };
    let catalogue = state.table.catalogue();
    if let Ok(filter) = Filter::parse(text.text(), catalogue).or_else(|_| Filter::parse(before, catalogue)) {
        apply(state, filter);
    }
}

/// Shows the trials that a filter admits.
pub fn apply(state: &mut AppState, filter: Filter) {
    state.table.filter = filter;
    state.reorder();
}

fn search(state: &mut AppState, mut text: Input, before: String, action: Action) {
    match action {
        Action::Accept => {}
        Action::Back => log::seek(state, before),
        other => {
            text.act(other);
            state.dialog = Some(Dialog::Search { text, before });
            log::find(state);
        }
    }
}

fn act_help(state: &mut AppState, mut help: Help, action: Action) {
    match (help.writing, action) {
        (true, Action::Accept) => help.writing = false,
        (true, Action::Back) => (help.writing, help.search) = (false, Input::default()),
        (true, other) => {
            help.search.act(other);
            help.line = 0;
        }
        (false, Action::Filter) => help.writing = true,
        // What was searched for goes first.
        (false, Action::Back) if !help.search.text().is_empty() => help = Help::default(),
        (false, Action::Back) => return,
        (false, other) => {
            let (end, page) = view::help_end(state, &help);
            if let Some(by) = navigate::distance(other, page) {
                help.line = navigate::clamped(help.line, by, end + 1);
            }
        }
    }
    state.dialog = Some(Dialog::Help(help));
}

fn reading(state: &mut AppState, entry: Entry, line: usize, action: Action) {
    match action {
        Action::Open if entry.trial.is_some() => navigate::open(state, entry.trial.map(Row::Trial)),
        Action::Back | Action::Open => {}
        other => {
            let by = navigate::distance(other, 10).unwrap_or(0);
            let line = navigate::clamped(line, by, log::lines_of(state, &entry));
            state.dialog = Some(Dialog::Reading(entry, line));
        }
    }
}

/// Freezes the screen, or lets it go on.
pub fn freeze(state: &mut AppState) {
    freeze::toggle(state);
    settle(state);
}
