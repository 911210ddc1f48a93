//! What differs between the compared.
//!
//! ```text
//!                 A              B
//!  trial          10 ★           3
//!  score          63.40 ± 1.6    71.30 ± 1.9
//!  they differ in
//!   filters       22             31
//!  the same
//!   batch         26             26
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Panel, empty};
use crate::analysis::human;
use crate::analysis::side_by_side;
use crate::analysis::two_studies::{self, Fact};
use crate::domain::trial::{Trial, TrialState};
use crate::domain::value::significant;
use crate::tui::compared::{self, Other};
use crate::tui::keymap::Action;
use crate::tui::scroll::Scroll;
use crate::tui::state::{AppState, PanelId};
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel =
    Panel { about, place, act, arrange, ..Panel::plain(PanelId::Differences, "Parameters", render) };

/// Columns of a trial, and of one where there is no room for all.
const TRIAL: (usize, usize) = (14, 13);
/// Least and most columns of the names.
const NAMES: (usize, usize) = (14, 24);
/// Most columns of a study.
const STUDY: usize = 44;

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// What is compared, by every panel of the view.
    pub compared: compared::State,
    scroll: Scroll,
    /// The first column beside the pinned one, from 0.
    column: usize,
}

/// A line of the table.
enum Entry {
    /// What the lines below it have in common.
    Heading(&'static str),
    /// A name, and the word of each column.
    Cells(String, Vec<(String, Tone)>),
}

/// The table.
struct Table {
    titles: Vec<String>,
    entries: Vec<Entry>,
}

impl Table {
    /// Columns of the screen for the names, and for each of what is compared.
    fn widths(&self, state: &AppState, width: usize) -> (usize, usize) {
        let named = self.entries.iter().filter_map(|entry| match entry {
            Entry::Cells(name, _) => Some(text::width(name) + 2),
            Entry::Heading(_) => None,
        });
        let names = named.max().unwrap_or(0).clamp(NAMES.0, NAMES.1);
        let room = width.saturating_sub(names);
        let each = match self.titles.len() {
            _ if compared::other(state).is_some() => (room / 2).clamp(TRIAL.1, STUDY),
            count if count * TRIAL.0 <= room => TRIAL.0,
            _ => TRIAL.1,
        };
        (names, each)
    }
}

fn about(state: &AppState) -> String {
    compared::about(state)
}

fn place(state: &AppState, rows: usize) -> String {
    let total = table(state).map_or(0, |table| table.entries.len());
    state.panels.differences.scroll.place(state.theme, below(state, rows), total)
}

/// Rows below titles and advice.
fn below(state: &AppState, rows: usize) -> usize {
    rows.saturating_sub(1 + usize::from(note(state).is_some()))
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    let table = table(state);
    let (columns, total) = table.map_or((0, 0), |table| (table.titles.len(), table.entries.len()));
    let rows = below(state, usize::from(area.height));
    let kept = &mut state.panels.differences;
    match action {
        Action::Left => kept.column = kept.column.saturating_sub(1),
        Action::Right => kept.column = (kept.column + 1).min(columns.saturating_sub(2)),
        Action::NextOutput => {
            (kept.scroll, kept.column) = (Scroll::default(), 0);
            return compared::switch(state);
        }
        other => kept.scroll.act(other, rows, total),
    }
    Vec::new()
}

fn arrange(state: &mut AppState, _: Rect) -> Vec<Effect> {
    compared::prepare(state);
    Vec::new()
}

/// The line above the table.
fn note(state: &AppState) -> Option<(String, Tone)> {
    match compared::other(state) {
        None => compared::advice(state).map(|words| (words, Tone::Quiet)),
        Some(Err(_)) => None,
        Some(Ok(other)) => match two_studies::comparable([state.history.study(), other.history.study()]) {
            Ok(None) => None,
            Ok(Some(doubt)) => Some((doubt.to_owned(), Tone::Warn)),
            Err(why) => Some((text::clean(&why), Tone::Bad)),
        },
    }
}

fn table(state: &AppState) -> Option<Table> {
    match compared::other(state) {
        None => of_trials(state),
        Some(other) => other.ok().map(|other| of_studies(state, other)),
    }
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }.intersection(area);
    if let Some(Err(why)) = compared::other(state) {
        let words = format!("the other study can't be compared: {}. o shows the trials", text::clean(why));
        return empty(theme, &words, area, buf);
    }
    let Some(table) = table(state) else {
        let words = "trials are compared here once two have a score, or once Space marks some";
        return empty(theme, words, area, buf);
    };
    let mut first = 0;
    if let Some((words, tone)) = note(state) {
        let line = Line::styled(words, theme.style(tone));
        text::fitted(line, text::row(area, 0), theme.symbols().cut, buf);
        first = 1;
    }
    draw(state, &table, first, area, buf);
}

fn draw(state: &AppState, table: &Table, first: usize, area: Rect, buf: &mut Buffer) {
    let (theme, symbols, kept) = (state.theme, state.theme.symbols(), &state.panels.differences);
    let (names, width) = table.widths(state, usize::from(area.width));
    let room = usize::from(area.width).saturating_sub(names);
    // The first one stays, for the others are compared with it.
    let fits = (room / width).clamp(1, table.titles.len());
    let from = kept.column.min(table.titles.len() - fits);
    let columns: Vec<usize> = std::iter::once(0).chain(1 + from..from + fits).collect();
    let titled = |column: &usize| {
        let title = text::left(&table.titles[*column], width - 2, symbols.cut);
        [compared::mark(theme, *column), Span::styled(format!(" {title}"), theme.style(Tone::Strong))]
    };
    let mut titles = vec![Span::raw(" ".repeat(names))];
    titles.extend(columns.iter().flat_map(titled));
    if from + fits < table.titles.len() {
        titles.push(Span::styled(symbols.cut, theme.style(Tone::Accent)));
    }
    text::fitted(Line::from(titles), text::row(area, first), symbols.cut, buf);
    let rows = usize::from(area.height).saturating_sub(first + 1);
    let top = kept.scroll.from(rows, table.entries.len());
    for (i, entry) in table.entries.iter().skip(top).take(rows).enumerate() {
        let line = match entry {
            Entry::Heading(words) => Line::styled(*words, theme.style(Tone::Quiet)),
            Entry::Cells(name, cells) => {
                let name = text::left(&format!(" {name}"), names - 1, symbols.cut) + " ";
                let cell = |column: &usize| {
                    let (words, tone) =
                        cells.get(*column).map_or(("", Tone::Plain), |(w, t)| (w.as_str(), *t));
                    let words = text::left(words, width - 1, symbols.cut) + " ";
                    Span::styled(words, theme.style(tone))
                };
                let name = Span::styled(name, theme.style(Tone::Quiet));
                Line::from(std::iter::once(name).chain(columns.iter().map(cell)).collect::<Vec<_>>())
            }
        };
        text::fitted(line, text::row(area, first + 1 + i), symbols.cut, buf);
    }
}

/// The trials: what they are and came to, then their parameters.
fn of_trials(state: &AppState) -> Option<Table> {
    let trials = compared::trials(state);
    if trials.is_empty() {
        return None;
    }
    let best = state.history.incumbent().map(|best| best.id);
    let star = |trial: &Trial| if best == Some(trial.id) { state.theme.symbols().best } else { "" };
    let titles = trials.iter().map(|trial| format!("trial {} {}", trial.id, star(trial))).collect();
    let mut entries = heads(state, &trials);
    let rows = side_by_side::parameters(state.history.study(), &trials);
    let (differing, same): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.differs);
    for (heading, rows) in [("they differ in", differing), ("the same in all", same)] {
        if trials.len() > 1 && !rows.is_empty() {
            entries.push(Entry::Heading(heading));
        }
        for row in rows {
            let cell = |value: Option<_>| value.map_or(state.theme.symbols().none.to_owned(), |v: String| v);
            let words: Vec<String> =
                row.values.iter().map(|v| cell(v.as_ref().map(|v| text::clean(&v.to_string())))).collect();
            let tone = if row.differs { Tone::Strong } else { Tone::Quiet };
            let cells = words.into_iter().map(|words| (words, tone)).collect();
            entries.push(Entry::Cells(text::clean(&row.name), cells));
        }
    }
    Some(Table { titles, entries })
}

/// Score, state, size, time and origin.
fn heads(state: &AppState, trials: &[&Trial]) -> Vec<Entry> {
    let (theme, symbols, study) = (state.theme, state.theme.symbols(), state.history.study());
    let row = |name: &str, cell: &dyn Fn(&Trial) -> (String, Tone)| {
        Entry::Cells(name.to_owned(), trials.iter().map(|trial| cell(trial)).collect())
    };
    let plain = |words: Option<String>| match words {
        Some(words) => (words, Tone::Plain),
        None => (symbols.none.to_owned(), Tone::Quiet),
    };
    let mut entries = vec![
        row(&text::clean(&study.metric), &|trial| {
            let spread = trial.spread().map(|s| format!(" {} {}", symbols.plus_minus, significant(s, 2)));
            let words = trial.score.map(|s| significant(s, 4) + &spread.unwrap_or_default());
            words.map_or_else(|| plain(None), |words| (words, Tone::Good))
        }),
        row("state", &|trial| (trial.state.word().to_owned(), theme.state(&trial.state))),
    ];
    if trials.iter().any(|trial| trial.weights.is_some()) {
        let weights = |trial: &Trial| trial.weights.map(|n| human::thousands(n as usize));
        entries.push(row("weights", &|trial| plain(weights(trial))));
    }
    let waits = |trial: &Trial| trial.state == TrialState::Waiting;
    let time = |trial: &Trial| (!waits(trial)).then(|| human::duration(trial.seconds(state.now)));
    entries.push(row("time", &|trial| plain(time(trial))));
    entries.push(row(study.objective.steps(), &|trial| plain(Some(human::thousands(trial.epochs())))));
    if trials.iter().any(|trial| !trial.origin.by.is_empty()) {
        let by = |trial: &Trial| Some(text::clean(&trial.origin.by)).filter(|by| !by.is_empty());
        entries.push(row("by", &|trial| plain(by(trial))));
    }
    if trials.iter().any(|trial| !trial.annotation.is_empty()) {
        let note = |trial: &Trial| Some(text::clean(&trial.annotation)).filter(|note| !note.is_empty());
        entries.push(row("note", &|trial| plain(note(trial))));
    }
    entries
}

/// Two studies: what they are, their best trials, and what is searched.
fn of_studies(state: &AppState, other: &Other) -> Table {
    let histories = [&state.history, &*other.history];
    let mut entries = Vec::new();
    let sections = [
        ("", two_studies::facts(histories)),
        ("the best trials", two_studies::best_params(histories)),
        ("what is searched", two_studies::spaces(histories)),
    ];
    for (heading, facts) in sections {
        if !heading.is_empty() && !facts.is_empty() {
            entries.push(Entry::Heading(heading));
        }
        entries.extend(facts.into_iter().map(|fact| entry(state.theme, fact)));
    }
    let titles = vec![text::clean(&state.history.study().name), text::clean(&other.name)];
    Table { titles, entries }
}

fn entry(theme: Theme, fact: Fact) -> Entry {
    let symbols = theme.symbols();
    let tone = if fact.differs() { Tone::Strong } else { Tone::Quiet };
    let cell = |words: &String| match words.is_empty() {
        true => (symbols.none.to_owned(), Tone::Quiet),
        false => (text::clean(words).replace('–', symbols.range), tone),
    };
    Entry::Cells(text::clean(&fact.name), fact.values.iter().map(cell).collect())
}
