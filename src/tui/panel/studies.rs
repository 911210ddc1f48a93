//! The studies of the folder: what each found, how far it is, and what can be done with it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{Panel, empty};
use crate::analysis::human;
use crate::domain::trial::Timestamp;
use crate::domain::value::significant;
use crate::tui::ask::{Ask, StudyRow};
use crate::tui::keymap::Action;
use crate::tui::navigate::{clamped, distance, show};
use crate::tui::state::{AppState, Notice, PanelId, View};
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};
use crate::tui::update::Effect;

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
            Standing::Damaged => "damaged",
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
    path.map_or_else(|| row.name.clone(), |path| path.display().to_string())
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

/// How long ago, in words as short as a cell.
fn ago(last: Option<Timestamp>, now: Timestamp, none: &str) -> String {
    last.map_or_else(
        || none.to_owned(),
        |last| {
            let seconds = now.saturating_sub(last) as f64 / 1000.0;
            if seconds < 10.0 { "now".into() } else { format!("{} ago", human::rough_duration(seconds)) }
        },
    )
}

fn is_here(state: &AppState, row: &StudyRow) -> bool {
    let store = row.store.as_ref().map(|store| store.display().to_string());
    state.replay.is_none() && store.is_some_and(|store| store == state.menu.store)
}

/// A study with what this process knows better.
fn current(state: &AppState, row: &StudyRow) -> StudyRow {
    if !is_here(state, row) {
        return row.clone();
    }
    let history = &state.history;
    let ended = history.counts().finished();
    let best = history.incumbent().and_then(|best| best.score);
    StudyRow {
        trials: Some((ended, history.target().max(ended))),
        best: best.map(|score| (score, history.study().metric.clone())),
        last: Some(history.last()),
        problem: None,
        ..row.clone()
    }
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let keeps = &state.panels.studies;
    let Some(rows) = &keeps.rows else {
        return empty(state.theme, "looking for studies in this folder …", area, buf);
    };
    let listed: Vec<(StudyRow, Standing)> = rows
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

/// What begins a study where there is none.
const BEGIN: [&str; 2] = ["tune-tui simulate quick -o data/quick", "tune-tui studies/quickstart.toml"];

/// Draws the table, or how to begin where it has no rows.
pub fn list(
    theme: Theme,
    rows: &[(StudyRow, Standing)],
    (cursor, focused): (usize, bool),
    now: Timestamp,
    area: Rect,
    buf: &mut Buffer,
) {
    if rows.is_empty() {
        return none(theme, area, buf);
    }
    let symbols = theme.symbols();
    let columns = Columns::of(rows, now, theme, area.width);
    let heading = columns.line(&HEADING.map(str::to_owned), symbols.cut);
    Line::styled(heading, theme.style(Tone::Quiet)).render(text::row(area, 0), buf);
    let below = usize::from(area.height.saturating_sub(1));
    // The line of the selected one's file stands below the table, where there is room for it.
    let detail = usize::from(below > 4);
    let seen = below - detail.min(below);
    let first = (cursor + 1).saturating_sub(seen);
    for (place, (row, standing)) in rows.iter().enumerate().skip(first).take(seen) {
        let at = text::row(area, place - first + 1);
        let line = columns.line(&cells(row, *standing, now, theme), symbols.cut);
        let (before, state, after) = columns.around_state(&line);
        let tone = if *standing == Standing::Damaged { Tone::Quiet } else { Tone::Plain };
        Line::from(vec![
            Span::styled(before, theme.style(tone)),
            Span::styled(state, theme.style(standing.tone())),
            Span::styled(after, theme.style(tone)),
        ])
        .render(at, buf);
        if place == cursor {
            buf.set_style(at.intersection(buf.area), theme.selected(focused));
        }
    }
    if detail > 0
        && let Some((row, _)) = rows.get(cursor)
    {
        let words = format!(" {}", about(row, symbols.dot));
        let tone = if row.problem.is_some() { Tone::Bad } else { Tone::Quiet };
        let words = text::cut(&words, usize::from(area.width), symbols.cut);
        let at = text::row(area, usize::from(area.height) - 1);
        Line::styled(words, theme.style(tone)).render(at, buf);
    }
}

/// Where the selected study lies, or why it can't be opened.
fn about(row: &StudyRow, dot: &str) -> String {
    if let Some(problem) = &row.problem {
        return problem.clone();
    }
    let file = row.file.as_ref().map(|file| file.display().to_string());
    let store = row.store.as_ref().map(|store| format!("stored in {}", store.display()));
    let parts: Vec<String> = file.into_iter().chain(store).collect();
    parts.join(&format!(" {dot} "))
}

fn none(theme: Theme, area: Rect, buf: &mut Buffer) {
    let quiet = |words: &str| Line::styled(words.to_owned(), theme.style(Tone::Quiet));
    let command = |words: &str| Line::styled(words.to_owned(), theme.style(Tone::Accent));
    let lines = [
        Line::from("There are no studies in this folder yet."),
        Line::default(),
        quiet("The example of tune-tui's own folder simulates its data:"),
        command(BEGIN[1]),
        Line::default(),
        quiet("or simulate a population, and write a study file of your own:"),
        command(BEGIN[0]),
    ];
    let from = usize::from(area.height).saturating_sub(lines.len()) / 2;
    for (row, line) in lines.into_iter().enumerate() {
        let at = text::row(area, from + row);
        text::fitted(line.centered(), at, theme.symbols().cut, buf);
    }
}

const HEADING: [&str; 6] = ["study", "state", "progress", "trials", "best", "changed"];
/// Least and most columns of each cell.
const ROOM: [(usize, usize); 6] = [(8, 40), (11, 11), (8, 24), (6, 15), (8, 22), (8, 9)];

/// What a row shows, in the order of [`HEADING`].
fn cells(row: &StudyRow, standing: Standing, now: Timestamp, theme: Theme) -> [String; 6] {
    let symbols = theme.symbols();
    let stored = row.store.as_ref().and_then(|store| store.file_name());
    // An archived study keeps its name, but not its folder.
    let name = match stored {
        Some(folder) if standing == Standing::Archived => folder.to_string_lossy().into_owned(),
        _ => row.name.clone(),
    };
    let trials = row.trials.map_or_else(
        || symbols.none.to_owned(),
        |(ended, wanted)| format!("{}/{}", human::thousands(ended), human::thousands(wanted)),
    );
    let best = row.best.as_ref().map_or_else(
        || symbols.none.to_owned(),
        |(score, metric)| format!("{metric} {}", significant(*score, 4)),
    );
    let state = match standing {
        Standing::Here => format!("{} {}", symbols.cursor, standing.word()),
        _ => standing.word().to_owned(),
    };
    [name, state, progress(row, theme, 10), trials, best, ago(row.last, now, symbols.none)]
}

fn progress(row: &StudyRow, theme: Theme, room: usize) -> String {
    let symbols = theme.symbols();
    let Some((ended, wanted)) = row.trials.filter(|(_, wanted)| *wanted > 0) else {
        return symbols.to_do.repeat(room);
    };
    let done = ((ended as f64 / wanted as f64).clamp(0.0, 1.0) * room as f64).floor() as usize;
    symbols.done.repeat(done) + &symbols.to_do.repeat(room - done)
}

/// How wide each column is; those without room are left out, the last ones first.
struct Columns(Vec<usize>);

impl Columns {
    fn of(rows: &[(StudyRow, Standing)], now: Timestamp, theme: Theme, room: u16) -> Self {
        let mut widths = HEADING.map(text::width);
        for (row, standing) in rows {
            for (width, cell) in widths.iter_mut().zip(cells(row, *standing, now, theme)) {
                *width = (*width).max(text::width(&cell));
            }
        }
        for (width, (least, most)) in widths.iter_mut().zip(ROOM) {
            *width = (*width).clamp(least, most);
        }
        let room = usize::from(room);
        let total = |widths: &[usize]| widths.iter().map(|width| width + 2).sum::<usize>();
        let mut widths = widths.to_vec();
        // The name gives way first, then columns from the right.
        let over = total(&widths).saturating_sub(room);
        widths[0] = widths[0].saturating_sub(over).max(ROOM[0].0 * 2).min(widths[0]);
        while widths.len() > 2 && total(&widths) > room {
            widths.pop();
        }
        Columns(widths)
    }

    fn line(&self, cells: &[String; 6], mark: &str) -> String {
        let mut line = String::new();
        for (number, (cell, width)) in cells.iter().zip(&self.0).enumerate() {
            // Counts stand to the right.
            let fit = if number == 3 { text::right } else { text::left };
            line += &format!(" {} ", fit(cell, *width, mark));
        }
        line
    }

    /// A line in three: up to the state, the state, and what follows.
    fn around_state(&self, line: &str) -> (String, String, String) {
        let ends = [self.0[0] + 2, self.0[0] + self.0.get(1).map_or(0, |width| width + 4)];
        let mut parts = [String::new(), String::new(), String::new()];
        let mut at = 0;
        for c in line.chars() {
            let part = ends.iter().filter(|end| at >= **end).count();
            parts[part].push(c);
            at += text::width(c.encode_utf8(&mut [0; 4]));
        }
        let [before, state, after] = parts;
        (before, state, after)
    }
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
    let key = " c Enter ";
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
    format!("tune-tui {}", file.unwrap_or_else(|| row.name.clone()))
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
