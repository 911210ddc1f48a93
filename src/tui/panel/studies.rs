//! The studies of the folder: what each found, how far it is, and what can be done with it.

mod table;

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Panel, empty};
use crate::analysis::human;
use crate::domain::trial::Timestamp;
use crate::domain::value::quoted;
use crate::tui::ask::{Ask, StudyRow};
use crate::tui::keymap::Action;
use crate::tui::navigate::{clamped, distance, show};
use crate::tui::state::{AppState, Notice, PanelId, View};
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::update::Effect;
pub use table::list;

/// Milliseconds after which the list is asked for again while it is on the screen.
const FRESH: Timestamp = 4_000;

/// The panel.
pub const PANEL: Panel = Panel {
    place: |state, _| {
        let Some(rows) = &state.panels.studies.rows else { return String::new() };
        format!("{} of {}", (state.panels.studies.cursor + 1).min(rows.len()), rows.len())
    },
    foot,
    act,
    arrange,
    ..Panel::plain(PanelId::Studies, "Studies", render)
};

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The studies, as last heard of; nothing before.
    pub rows: Option<Vec<StudyRow>>,
    /// The selected one, by its place.
    pub cursor: usize,
    asked: Asked,
}

/// Whether the list was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Asked {
    #[default]
    Never,
    /// It is being made.
    Open,
    /// It has just come.
    Answered,
    /// It came then.
    Heard(Timestamp),
}

impl State {
    /// Takes the list in; the selection stays with its study.
    pub fn hear(&mut self, rows: Vec<StudyRow>) {
        self.asked = Asked::Answered;
        let before = self.rows.as_ref().and_then(|rows| rows.get(self.cursor)).map(key);
        let place = before.and_then(|before| rows.iter().position(|row| key(row) == before));
        self.cursor = place.unwrap_or(self.cursor).min(rows.len().saturating_sub(1));
        self.rows = Some(rows);
    }
}

fn key(row: &StudyRow) -> (Option<std::path::PathBuf>, Option<std::path::PathBuf>) {
    (row.store.clone(), row.file.clone())
}

/// Where a study stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// This process works on it.
    Here,
    /// Another process works on it.
    Live,
    /// Some of its trials are still to come.
    Resumable,
    /// All trials that were wanted have ended.
    Finished,
    /// It has no store yet.
    New,
    /// `--fresh` moved its store aside.
    Archived,
    /// Its study file or its store can't be used.
    Damaged,
}

impl Standing {
    /// Of a study of the list.
    pub fn of(row: &StudyRow) -> Self {
        let aside = row.store.as_ref().and_then(|store| store.file_name());
        let aside = aside.is_some_and(|name| name.to_string_lossy().contains(".old-"));
        match row.trials {
            _ if row.problem.is_some() => Standing::Damaged,
            _ if row.is_live => Standing::Live,
            _ if aside => Standing::Archived,
            _ if row.store.is_none() => Standing::New,
            Some((ended, wanted)) if ended < wanted => Standing::Resumable,
            _ => Standing::Finished,
        }
    }

    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Standing::Here => "this one",
            Standing::Live => "running",
            Standing::Resumable => "resumable",
            Standing::Finished => "finished",
            Standing::New => "not started",
            Standing::Archived => "set aside",
            Standing::Damaged => "unusable",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Standing::Here | Standing::Live => Tone::Accent,
            Standing::Resumable => Tone::Warn,
            Standing::Finished => Tone::Good,
            Standing::New => Tone::Plain,
            Standing::Archived => Tone::Quiet,
            Standing::Damaged => Tone::Bad,
        }
    }
}

/// How a study is named on a command line: its store, where it has one.
fn named(row: &StudyRow) -> String {
    let path = row.store.as_ref().or(row.file.as_ref());
    quoted(&path.map_or_else(|| row.name.clone(), |path| path.display().to_string()))
}

/// What Enter does with a study where none is open, or why it can't.
///
/// # Errors
/// Why it can't be opened, and what can be done instead.
pub fn prospect(row: &StudyRow) -> Result<String, String> {
    let name = &row.name;
    match Standing::of(row) {
        Standing::New => Ok(format!("starts {name}")),
        Standing::Resumable => {
            let left = row.trials.map_or(0, |(ended, wanted)| wanted.saturating_sub(ended));
            Ok(format!("resumes {name}: {} trials to come", human::thousands(left)))
        }
        Standing::Finished => Ok(format!("opens {name}: all its trials have ended")),
        Standing::Live | Standing::Here => {
            Err(format!("another process works on {name}: `tune-tui replay {}` looks at it", named(row)))
        }
        Standing::Archived => {
            Err(format!("--fresh set it aside: `tune-tui replay {}` looks at it", named(row)))
        }
        Standing::Damaged => {
            Err(format!("{name} can't be opened: {}", row.problem.as_deref().unwrap_or("it is damaged")))
        }
    }
}

fn is_here(state: &AppState, row: &StudyRow) -> bool {
    let store = row.store.as_ref().map(|store| store.display().to_string());
    state.replay.is_none() && store.is_some_and(|store| store == state.menu.store)
}

/// A study with what this process knows better.
fn current<'a>(state: &AppState, row: &'a StudyRow) -> Cow<'a, StudyRow> {
    if !is_here(state, row) {
        return Cow::Borrowed(row);
    }
    let history = &state.history;
    let ended = history.counts().finished();
    let best = history.incumbent().and_then(|best| best.score);
    Cow::Owned(StudyRow {
        trials: Some((ended, history.target().max(ended))),
        best: best.map(|score| (score, history.study().metric.clone())),
        last: Some(history.last()),
        problem: None,
        ..row.clone()
    })
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let keeps = &state.panels.studies;
    let Some(rows) = &keeps.rows else {
        return empty(state.theme, "looking for studies in this folder …", area, buf);
    };
    let listed: Vec<(Cow<'_, StudyRow>, Standing)> = rows
        .iter()
        .map(|row| {
            let row = current(state, row);
            let standing = if is_here(state, &row) { Standing::Here } else { Standing::of(&row) };
            (row, standing)
        })
        .collect();
    let focused = state.focus == PanelId::Studies;
    list(state.theme, &listed, (keeps.cursor, focused), state.now, area, buf);
}

fn foot(state: &AppState, room: usize) -> Option<Line<'static>> {
    let theme = state.theme;
    let keeps = &state.panels.studies;
    let row = keeps.rows.as_ref()?.get(keeps.cursor)?;
    let words = if is_here(state, row) {
        "this is the study on the screen".to_owned()
    } else if row.store.is_none() || row.problem.is_some() {
        return None;
    } else {
        format!("compares with {}", row.name)
    };
    let key = " Enter ";
    let words = text::cut(&words, room.saturating_sub(key.len() + 1), theme.symbols().cut);
    let quiet = is_here(state, row);
    let mut line = Line::default();
    if !quiet {
        line.push_span(Span::styled(key, theme.style(Tone::Accent)));
    }
    line.push_span(Span::raw(format!("{}{words} ", if quiet { " " } else { "" })));
    Some(line)
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    let count = state.panels.studies.rows.as_ref().map_or(0, Vec::len);
    let seen = usize::from(area.height.saturating_sub(2));
    if let Some(by) = distance(action, seen) {
        state.panels.studies.cursor = clamped(state.panels.studies.cursor, by, count);
        return Vec::new();
    }
    let selected = |state: &AppState| {
        let keeps = &state.panels.studies;
        keeps.rows.as_ref().and_then(|rows| rows.get(keeps.cursor)).cloned()
    };
    match (action, selected(state)) {
        (Action::Open, Some(row)) => compare(state, &row),
        _ => Vec::new(),
    }
}

/// Puts a study beside the one on the screen. To open another one is for another process.
fn compare(state: &mut AppState, row: &StudyRow) -> Vec<Effect> {
    let mut say = |tone, text: String| state.notice = Some(Notice { tone, text });
    match &row.store {
        Some(store) if store.display().to_string() == state.menu.store => {
            say(Tone::Plain, format!("{} is the study on the screen", row.name));
            Vec::new()
        }
        Some(store) if row.problem.is_none() => {
            let store = store.clone();
            let text = format!("reading {}; to open it by itself: {}", row.name, opening(row));
            say(Tone::Plain, text);
            show(state, View::Compare);
            vec![Effect::Ask(Ask::Study(store))]
        }
        Some(_) => {
            let problem = row.problem.clone().unwrap_or_default();
            say(Tone::Bad, format!("can't compare with {}: {problem}", row.name));
            Vec::new()
        }
        None => {
            say(Tone::Warn, format!("{} has no trials yet; in another terminal: {}", row.name, opening(row)));
            Vec::new()
        }
    }
}

/// The command that opens a study.
fn opening(row: &StudyRow) -> String {
    let file = row.file.as_ref().map(|file| file.display().to_string());
    format!("tune-tui {}", quoted(&file.unwrap_or_else(|| row.name.clone())))
}

fn arrange(state: &mut AppState, _: Rect) -> Vec<Effect> {
    let (now, keeps) = (state.now, &mut state.panels.studies);
    match keeps.asked {
        Asked::Open => return Vec::new(),
        // However long it took to make, the next one comes as much later.
        Asked::Answered => keeps.asked = Asked::Heard(now),
        Asked::Heard(at) if now.saturating_sub(at) < FRESH => {}
        Asked::Never | Asked::Heard(_) => {
            keeps.asked = Asked::Open;
            return vec![Effect::Ask(Ask::Studies)];
        }
    }
    Vec::new()
}
