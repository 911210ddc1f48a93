//! The panels: one file each, one row in the table.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Padding, Paragraph, Widget, Wrap};

use super::applies::{applies, hint};
use super::keymap::{Action, Context};
use super::machine::Sample;
use super::state::{AppState, PanelId};
use super::text;
use super::theme::{Theme, Tone};
use super::update::{Effect, panel_contexts};

mod baseline;
pub mod cards;
pub mod chart;
pub mod columns;
pub mod commands;
pub mod contour;
pub mod curves;
pub mod detail;
pub mod dialog;
pub mod differences;
pub mod events;
pub mod footer;
pub mod form;
pub mod generations;
pub mod header;
pub mod help;
pub mod importance;
pub mod jobs;
pub mod layers;
pub mod leaderboard;
pub mod log;
pub mod machine;
pub mod mind;
pub mod overlay;
pub mod pairs;
pub mod parallel;
pub mod parameters;
pub mod predictions;
pub mod processes;
pub mod profile;
pub mod rank;
pub mod reasons;
pub mod rungs;
pub mod running;
pub mod scores;
pub mod scrubber;
pub mod slices;
pub mod studies;
pub mod timeline;

/// A panel of the table.
pub struct Panel {
    /// Its name.
    pub id: PanelId,
    /// Its title.
    pub title: &'static str,
    /// What stands in its place, where it shows something else.
    pub heading: fn(&AppState) -> Option<&'static str>,
    /// What stands after the title.
    pub about: fn(&AppState) -> String,
    /// What stands at the right of the title; given the rows inside the frame.
    pub place: fn(&AppState, usize) -> String,
    /// What stands at the lower edge instead of the keys, where there is something to say.
    pub foot: fn(&AppState, usize) -> Option<Line<'static>>,
    /// Draws what is inside the frame.
    pub render: fn(&AppState, Rect, &mut Buffer),
    /// Follows an action that is not everybody's, while it has the focus; given the area inside the frame.
    pub act: fn(&mut AppState, Action, Rect) -> Vec<Effect>,
    /// Follows a click into it; given the area inside the frame, where, and whether it is the second one there.
    pub click: fn(&mut AppState, Rect, Position, bool) -> Vec<Effect>,
    /// Prepares what is drawn, after something changed and while it is on the screen; given the area inside the
    /// frame. Here a panel asks for what takes longer than a frame.
    pub arrange: fn(&mut AppState, Rect) -> Vec<Effect>,
}

impl Panel {
    /// A panel that only draws.
    pub const fn plain(id: PanelId, title: &'static str, render: fn(&AppState, Rect, &mut Buffer)) -> Self {
        Panel {
            id,
            title,
            heading: |_| None,
            about: |_| String::new(),
            place: |_, _| String::new(),
            foot: |_, _| None,
            render,
            act: |_, _, _| Vec::new(),
            click: |_, _, _, _| Vec::new(),
            arrange: |_, _| Vec::new(),
        }
    }
}

/// Every panel.
pub const PANELS: &[Panel] = &[
    leaderboard::PANEL,
    running::PANEL,
    chart::PANEL,
    detail::PANEL,
    curves::PANEL,
    parameters::PANEL,
    profile::PANEL,
    predictions::PANEL,
    layers::PANEL,
    events::PANEL,
    scores::PANEL,
    importance::PANEL,
    parallel::PANEL,
    slices::PANEL,
    contour::PANEL,
    rank::PANEL,
    timeline::PANEL,
    mind::PANEL,
    generations::PANEL,
    rungs::PANEL,
    reasons::PANEL,
    differences::PANEL,
    overlay::PANEL,
    pairs::PANEL,
    machine::PANEL,
    cards::PANEL,
    processes::PANEL,
    jobs::PANEL,
    studies::PANEL,
    log::PANEL,
];

/// The panel of that name.
pub fn of(id: PanelId) -> &'static Panel {
    // Every name has its row: a test holds it.
    PANELS.iter().find(|p| p.id == id).unwrap_or(&PANELS[0])
}

/// Draws a panel with its frame.
pub fn render(state: &AppState, id: PanelId, area: Rect, buf: &mut Buffer) {
    let panel = of(id);
    let (theme, symbols) = (state.theme, state.theme.symbols());
    let focused = state.focus == id;
    let edge = theme.style(if focused { Tone::Accent } else { Tone::Quiet });
    let mut title = vec![Span::raw(" ")];
    if focused {
        title.push(Span::styled(format!("{} ", symbols.cursor), edge));
    }
    let name = (panel.heading)(state).unwrap_or(panel.title);
    title.push(Span::styled(name, theme.style(if focused { Tone::Accent } else { Tone::Strong })));
    let room = usize::from(area.width.saturating_sub(4));
    let about = (panel.about)(state);
    let place = (panel.place)(state, usize::from(area.height.saturating_sub(2)));
    let used = title.iter().map(Span::width).sum::<usize>() + 2;
    let about = text::cut(&about, room.saturating_sub(used), symbols.cut);
    if !about.is_empty() {
        title.push(Span::raw(format!(" {about}")));
    }
    title.push(Span::raw(" "));
    let left = room.saturating_sub(title.iter().map(Span::width).sum());
    let mut block =
        Block::bordered().border_set(theme.border()).border_style(edge).title_top(Line::from(title));
    if !place.is_empty() && place.len() + 3 <= left {
        block = block.title_top(Line::styled(format!(" {place} "), theme.style(Tone::Quiet)).right_aligned());
    }
    if focused {
        // The keys of every view stand in the footer already.
        let own: Vec<Context> = panel_contexts(state.view, id)
            .into_iter()
            .take_while(|c| *c != Context::Moving && *c != Context::Anywhere)
            .collect();
        let keys = || hints(state, &own, room);
        block = block.title_bottom((panel.foot)(state, room).unwrap_or_else(keys));
    }
    let inner = block.inner(area);
    block.render(area, buf);
    if !inner.is_empty() {
        (panel.render)(state, inner, buf);
    }
}

/// The keys of some contexts that have a hint and something to do now, with what they do.
pub fn known(state: &AppState, contexts: &[Context]) -> Vec<(String, &'static str, Action)> {
    let mut known: Vec<(String, &'static str, Action)> = Vec::new();
    for row in state.keymap.rows(contexts).filter(|row| !row.hint.is_empty()) {
        let (key, words) = (row.label(state.theme.options.ascii), hint(state, row));
        // The innermost meaning of a key counts, and one key for a meaning is enough.
        let said = known.iter().any(|(other, hint, _)| *other == key || *hint == words);
        if !said && applies(state, row) {
            known.push((key, words, row.action));
        }
    }
    known
}

/// As many of them as there is room for.
pub fn hints(state: &AppState, contexts: &[Context], room: usize) -> Line<'static> {
    line_of(state, Line::default(), known(state, contexts), room)
}

/// A line with as many keys behind it as there is room for.
pub fn line_of(
    state: &AppState,
    mut line: Line<'static>,
    keys: Vec<(String, &'static str, Action)>,
    room: usize,
) -> Line<'static> {
    let theme = state.theme;
    for (key, words, action) in keys {
        if line.width() + key.len() + words.len() + 3 > room {
            break;
        }
        line.push_span(Span::styled(format!(" {key}"), theme.style(Tone::Accent)));
        let here = action == Action::Show(state.view);
        let tone = if here { Tone::Strong } else { Tone::Plain };
        line.push_span(Span::styled(format!(" {words} "), theme.style(tone)));
    }
    line
}

/// A frame over the middle of `area`, as large as its lines want, cut where there is no room.
pub fn card(theme: Theme, title: &str, tone: Tone, lines: Vec<Line<'_>>, area: Rect, buf: &mut Buffer) {
    let wide = lines.iter().map(Line::width).max().unwrap_or(0).max(title.len() + 2) + 6;
    let width = (wide as u16).min(area.width);
    let height = (lines.len() as u16 + 4).min(area.height);
    let at =
        Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    Clear.render(at, buf);
    buf.set_style(at, theme.base());
    let block = Block::bordered()
        .border_set(theme.border())
        .border_style(theme.style(tone))
        .title_top(Line::styled(format!(" {title} "), theme.style(tone)))
        .padding(Padding::new(2, 2, 1, 1));
    let inner = block.inner(at);
    block.render(at, buf);
    Paragraph::new(lines).wrap(Wrap { trim: false }).render(inner, buf);
}

/// A quiet sentence in the middle of an empty panel.
pub fn empty(theme: Theme, sentence: &str, area: Rect, buf: &mut Buffer) {
    let line = Line::styled(sentence.to_owned(), theme.style(Tone::Quiet));
    let rows = (line.width().div_ceil(usize::from(area.width.max(1))) as u16).clamp(1, area.height.max(1));
    let y = area.y + area.height.saturating_sub(rows) / 2;
    let at = Rect { y, height: rows, ..area }.intersection(area);
    Paragraph::new(line).wrap(Wrap { trim: true }).centered().render(at, buf);
}

/// A sample of the machine goes to its panel; says whether anything is new there.
pub fn sampled(state: &mut AppState, sample: Sample) -> bool {
    let (now, panels) = (state.now, &mut state.panels);
    match sample {
        Sample::Machine(machine) => panels.machine.take(machine),
        Sample::Processes(processes) => panels.processes.take(processes),
        Sample::Cards(cards) => panels.cards.take(cards),
        Sample::Jobs(jobs) => panels.jobs.take(jobs, now),
    }
}

/// A bar `room` columns wide of which `share` (0..1) is done.
pub fn gauge(theme: Theme, share: f64, room: usize) -> Vec<Span<'static>> {
    let symbols = theme.symbols();
    let done = ((share.clamp(0.0, 1.0) * room as f64).round() as usize).min(room);
    vec![
        Span::styled(symbols.done.repeat(done), theme.style(Tone::Accent)),
        Span::styled(symbols.to_do.repeat(room - done), theme.style(Tone::Quiet)),
    ]
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Cell;

    use super::*;
    use crate::analysis::testing::{Script, busy, finished};
    use crate::tui::screens::answers;
    use crate::tui::theme::Options;
    use crate::tui::view::VIEWS;

    /// Every panel, at every small size, in the midst of a larger buffer.
    #[test]
    fn a_panel_stays_inside_its_area() {
        let mut first = Script::new(3).opened(9, 2);
        first.start();
        let whole = Rect::new(0, 0, 60, 20);
        for script in [Script::new(1), first, busy(), finished()] {
            let now = script.now();
            for ascii in [false, true] {
                let options = Options { ascii, color: true };
                let mut state = AppState::new(script.history().clone(), options, now);
                for (turn, panel) in PANELS.iter().enumerate() {
                    state.focus = panel.id;
                    let inner = Rect::new(0, 0, 46, 10);
                    let asked = (panel.arrange)(&mut state, inner);
                    answers::all(&mut state, asked, turn);
                    (panel.arrange)(&mut state, inner);
                    for (width, height) in (0..=48).step_by(3).flat_map(|w| (0..=12).map(move |h| (w, h))) {
                        let area = Rect::new(5, 3, width, height);
                        let mut buf = Buffer::filled(whole, Cell::new("#"));
                        render(&state, panel.id, area, &mut buf);
                        let outside = whole.positions().filter(|p| !area.contains(*p));
                        for at in outside {
                            assert_eq!(buf[at].symbol(), "#", "{:?} {area} at {at}", panel.id);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn every_panel_has_one_row() {
        for (i, panel) in PANELS.iter().enumerate() {
            assert!(PANELS[i + 1..].iter().all(|p| p.id != panel.id && p.title != panel.title));
        }
        for view in VIEWS {
            for id in view.panels {
                assert!(PANELS.iter().any(|p| p.id == *id), "{id:?}");
            }
        }
    }
}
