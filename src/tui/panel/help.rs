//! Every key, from the keymap, and every command: those that hold now first.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Padding, Widget};

use super::{PANELS, of};
use crate::tui::command::COMMANDS;
use crate::tui::entry::Input;
use crate::tui::keymap::Context;
use crate::tui::state::AppState;
use crate::tui::steer;
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::update::panel_contexts;

/// From this width on there are two columns.
const WIDE: u16 = 130;
/// Widest the help is.
const WIDEST: u16 = 170;
/// Columns of the keys.
const KEYS: usize = 13;

/// The help while it is open.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Help {
    /// The first line in sight.
    pub line: usize,
    /// What is looked for.
    pub search: Input,
    /// Whether that is being written.
    pub writing: bool,
}

impl Help {
    /// Of what has some words.
    pub fn of(words: &str) -> Self {
        Help { search: Input::new(words), ..Help::default() }
    }
}

/// A row of the help: a heading, or a key with what it does.
enum Item {
    Heading(&'static str),
    Row { keys: String, help: String, quiet: bool },
}

/// Draws the overlay.
pub fn render(state: &AppState, help: &Help, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let symbols = theme.symbols();
    let (area, inner) = places(area);
    Clear.render(area, buf);
    buf.set_style(area, theme.base());
    let columns = columns(state, help, inner);
    let end = columns.iter().map(Vec::len).max().unwrap_or(0).saturating_sub(usize::from(inner.height));
    let from = help.line.min(end);
    let accent = theme.style(Tone::Accent);
    let mut title = vec![Span::styled(" Keys ", accent)];
    if help.writing || !help.search.text().is_empty() {
        title.push(Span::styled("/", accent));
        title.extend(help.search.spans(theme, usize::from(area.width / 2), help.writing));
        title.push(Span::raw(" "));
    }
    let mut block =
        Block::bordered().border_set(theme.border()).border_style(accent).title_top(Line::from(title));
    if end > from {
        let more = format!(" j for {} more ", end - from);
        block = block.title_top(Line::styled(more, theme.style(Tone::Quiet)).right_aligned());
    }
    let own = if help.writing { Context::Filter } else { Context::Help };
    block = block.title_bottom(super::hints(state, &[own], usize::from(area.width.saturating_sub(4))));
    block.padding(Padding::horizontal(1)).render(area, buf);
    if columns.iter().all(Vec::is_empty) {
        return super::empty(theme, "no key and no command is like that", inner, buf);
    }
    let widths = vec![Constraint::Fill(1); columns.len()];
    let cells = Layout::horizontal(widths).spacing(2).split(inner);
    for (column, cell) in columns.iter().zip(cells.iter()) {
        for (i, item) in column.iter().skip(from).take(usize::from(cell.height)).enumerate() {
            text::fitted(line(state, item), text::row(*cell, i), symbols.cut, buf);
        }
    }
}

/// How far it can be scrolled, and how many rows a page has.
pub fn end(state: &AppState, help: &Help, area: Rect) -> (usize, usize) {
    let (_, inner) = places(area);
    let rows = usize::from(inner.height);
    let most = columns(state, help, inner).iter().map(Vec::len).max().unwrap_or(0);
    (most.saturating_sub(rows), rows)
}

/// The frame and what is inside.
fn places(area: Rect) -> (Rect, Rect) {
    let width = area.width.min(WIDEST);
    let frame = Rect { x: area.x + (area.width - width) / 2, width, ..area };
    let inner = Rect {
        x: frame.x + 2.min(frame.width),
        y: frame.y + 1.min(frame.height),
        width: frame.width.saturating_sub(4),
        height: frame.height.saturating_sub(2),
    };
    (frame, inner)
}

fn line(state: &AppState, item: &Item) -> Line<'static> {
    let theme = state.theme;
    match item {
        Item::Heading(heading) => Line::styled(*heading, theme.style(Tone::Strong)),
        Item::Row { keys, help, quiet } => {
            let (key, words) = match quiet {
                true => (theme.style(Tone::Quiet), theme.style(Tone::Quiet)),
                false => (theme.style(Tone::Accent), Style::new()),
            };
            let keys = text::left(keys, KEYS.max(text::width(keys)), theme.symbols().cut);
            Line::from(vec![Span::styled(format!("  {keys} "), key), Span::styled(text::clean(help), words)])
        }
    }
}

/// The rows, in as many columns as there is room for; a section stays in one.
fn columns(state: &AppState, help: &Help, inner: Rect) -> Vec<Vec<Item>> {
    let sections = sections(state, help);
    if inner.width + 4 < WIDE.min(WIDEST) {
        return vec![sections.into_iter().flatten().collect()];
    }
    let half = sections.iter().map(Vec::len).sum::<usize>().div_ceil(2);
    let mut columns = vec![Vec::new(), Vec::new()];
    let mut at = 0;
    for section in sections {
        if at == 0 && !columns[0].is_empty() && columns[0].len() + section.len() / 2 > half {
            at = 1;
        }
        columns[at].extend(section);
    }
    columns
}

/// Every section with a heading, those of the keys that hold now first.
fn sections(state: &AppState, help: &Help) -> Vec<Vec<Item>> {
    let ascii = state.theme.options.ascii;
    let replay = state.replay.is_some().then_some(Context::Replay);
    let here: Vec<Context> = replay.into_iter().chain(panel_contexts(state.view, state.focus)).collect();
    let mut contexts = here.clone();
    contexts.push(Context::Trial);
    contexts.extend(PANELS.iter().map(|panel| Context::Panel(panel.id)));
    contexts.extend([
        Context::Replay,
        Context::Columns,
        Context::Writing,
        Context::Filter,
        Context::Command,
        Context::Form,
        Context::Reading,
        Context::Help,
        Context::Quit,
        Context::Cancel,
    ]);
    let words = help.search.text().to_lowercase();
    let mut sections = Vec::new();
    for (i, context) in contexts.iter().enumerate() {
        if contexts[..i].contains(context) {
            continue;
        }
        let rows = state.keymap.rows(std::slice::from_ref(context)).filter_map(|row| {
            let keys = row.labels(ascii);
            let found = words.is_empty()
                || row.help.to_lowercase().contains(&words)
                || keys.contains(help.search.text());
            let obstacle = if here.contains(context) { steer::obstacle(state, row.action) } else { None };
            let quiet = obstacle.is_some();
            let help = obstacle.map_or_else(|| row.help.to_owned(), |why| format!("{} ({why})", row.help));
            found.then_some(Item::Row { keys, help, quiet })
        });
        sections.push(section(heading(*context), rows));
    }
    let commands = COMMANDS.iter().filter_map(|row| {
        let found = words.is_empty() || row.help.to_lowercase().contains(&words) || row.name.contains(&words);
        let keys = format!(":{}", row.name);
        let usage = if row.usage.is_empty() { String::new() } else { format!("{}  ", row.usage) };
        found.then(|| Item::Row { keys, help: format!("{usage}{}", row.help), quiet: false })
    });
    // Behind what holds everywhere, before other panels.
    let place = here.len().min(sections.len());
    sections.insert(place, section("Commands", commands));
    sections.retain(|section| !section.is_empty());
    sections
}

fn section(heading: &'static str, rows: impl Iterator<Item = Item>) -> Vec<Item> {
    let mut section: Vec<Item> = rows.collect();
    if !section.is_empty() {
        section.insert(0, Item::Heading(heading));
    }
    section
}

fn heading(context: Context) -> &'static str {
    match context {
        Context::Panel(id) => of(id).title,
        Context::Trial => "Trial",
        Context::Moving => "Moving",
        Context::Anywhere => "Anywhere",
        Context::Always => "Always",
        Context::Writing => "While writing",
        Context::Filter => "Filter",
        Context::Help => "Help",
        Context::Command => "Command line",
        Context::Form => "Forms",
        Context::Reading => "A line of the log",
        Context::Quit => "Quit?",
        Context::Cancel => "Cancel the trial?",
        Context::Columns => "Columns",
        Context::Replay => "Replay",
        Context::Start => "Before a study is open",
    }
}
