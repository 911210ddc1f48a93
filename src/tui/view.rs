//! The screen as a whole: the table of views, and what stands where in each. The layout is a pure function of
//! the state and the size. Where there is no room for all panels of a view, those are leaves of which the
//! focused one is on top, behind a line with their titles.
//!
//! ```text
//! narrow                              wide
//! header                              header
//! leaderboard                         leaderboard │ chart
//! running │ chart                                 │ running
//! log (where there is room)           log (where there is room)
//! footer                              footer
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use super::keymap::Action;
use super::order::Row;
use super::panel::{self, columns, commands, dialog, footer, form, header, help, leaderboard, log, scrubber};
use super::state::{AppState, Dialog, PanelId, View};
use super::text;
use super::theme::Tone;

/// The smallest screen that holds everything.
const LEAST: (u16, u16) = (60, 16);
/// From this width on, leaderboard and charts stand side by side.
const WIDE: u16 = 110;
/// What the charts beside the leaderboard need.
const RIGHT: u16 = 40;

/// Something that can be clicked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spot {
    /// A panel, and where it is.
    Panel(PanelId, Rect),
    /// The title of a panel that is covered.
    Title(PanelId),
    /// A key of the footer.
    Key(Action),
}
/// From this height on, panels stand above one another that are leaves on a small screen.
const TALL: u16 = 30;

struct Regions {
    header: Rect,
    banner: Rect,
    body: Rect,
    scrubber: Rect,
    footer: Rect,
}

/// Draws everything.
pub fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    buf.set_style(area, state.theme.base());
    if area.width < LEAST.0 || area.height < LEAST.1 {
        too_small(state, area, buf);
    } else {
        let regions = regions(state, area);
        header::render(state, regions.header, buf);
        if regions.banner.height > 0 {
            header::banner(state, regions.banner, buf);
        }
        let placed = placed(state, regions.body);
        tabs(state, &placed, regions.body, buf);
        for (id, area) in placed {
            panel::render(state, id, area, buf);
        }
        scrubber::render(state, regions.scrubber, buf);
        footer::render(state, regions.footer, buf);
        overlay(state, regions.body, buf);
    }
    if state.theme.options.ascii {
        only_ascii(area, buf);
    }
}

/// The panels on a screen of the state's size, in the order of the focus.
pub fn panels(state: &AppState) -> Vec<(PanelId, Rect)> {
    let area = Rect::new(0, 0, state.size.0, state.size.1);
    placed(state, regions(state, area).body)
}

/// How far the help can be scrolled, and how many rows a page has.
pub fn help_end(state: &AppState, own: &help::Help) -> (usize, usize) {
    let body = regions(state, Rect::new(0, 0, state.size.0, state.size.1)).body;
    help::end(state, own, body)
}

/// What stands at a place of a screen of the state's size.
pub fn at(state: &AppState, position: Position) -> Option<Spot> {
    let area = Rect::new(0, 0, state.size.0, state.size.1);
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return None;
    }
    let regions = regions(state, area);
    if regions.footer.contains(position) {
        return footer::action_at(state, regions.footer, position.x).map(Spot::Key);
    }
    let placed = placed(state, regions.body);
    if let Some((panel, area)) = placed.iter().find(|(_, area)| area.contains(position)) {
        return Some(Spot::Panel(*panel, *area));
    }
    // The line of titles.
    let mut from = regions.body.x;
    for id in of(state.view).panels.iter().filter(|_| position.y == regions.body.y) {
        let to = from + panel::of(*id).title.len() as u16 + 2;
        if (from..to).contains(&position.x) {
            return Some(Spot::Title(*id));
        }
        from = to + 1;
    }
    None
}

fn regions(state: &AppState, area: Rect) -> Regions {
    // A blank line sets the header apart where there is room for it.
    let head = if area.height >= 30 { 4 } else { 3 };
    let banner = header::banner_height(state, area);
    let rows = [head, banner].map(Constraint::Length);
    let below = [u16::from(state.replay.is_some()), 1].map(Constraint::Length);
    let [header, banner, body, scrubber, footer] =
        area.layout(&Layout::vertical([rows[0], rows[1], Constraint::Fill(1), below[0], below[1]]));
    Regions { header, banner, body, scrubber, footer }
}

/// A view of the table.
pub struct ViewRow {
    /// Its name.
    pub id: View,
    /// Its title.
    pub title: &'static str,
    /// Its panels, in the order of the focus.
    pub panels: &'static [PanelId],
    /// Where they stand.
    pub place: fn(&AppState, Rect) -> Vec<(PanelId, Rect)>,
}

const fn row(
    id: View,
    title: &'static str,
    panels: &'static [PanelId],
    place: fn(&AppState, Rect) -> Vec<(PanelId, Rect)>,
) -> ViewRow {
    ViewRow { id, title, panels, place }
}

use PanelId as P;

/// Every view, in the order of their keys.
#[rustfmt::skip]
pub const VIEWS: &[ViewRow] = &[
    row(View::Overview, "Overview", &[P::Leaderboard, P::Running, P::Chart, P::Log], overview),
    row(View::Trials, "Trials", &[P::Leaderboard], |_, body| vec![(P::Leaderboard, body)]),
    row(View::Trial, "Trial", &[P::Detail, P::Curves, P::Parameters, P::Predictions, P::Profile, P::Layers, P::Events], trial),
    row(View::Search, "Search", &[P::Scores, P::Importance, P::Parallel, P::Slices, P::Contour, P::Rank, P::Timeline], search),
    row(View::Sampler, "Sampler", &[P::Mind, P::Generations, P::Rungs, P::Reasons], sampler),
    row(View::Compare, "Compare", &[P::Differences, P::Overlay, P::Pairs], compare),
    row(View::Devices, "Devices", &[P::Machine, P::Cards, P::Processes, P::Jobs], devices),
    row(View::Studies, "Studies", &[P::Studies], |_, body| vec![(P::Studies, body)]),
    row(View::Log, "Log", &[P::Log], |_, body| vec![(P::Log, body)]),
];

/// The row of a view.
pub fn of(view: View) -> &'static ViewRow {
    // Every view has its row: a test holds it.
    VIEWS.iter().find(|row| row.id == view).unwrap_or(&VIEWS[0])
}

/// The panels that the focus goes round: all of the view, but in the overview those there is room for.
pub fn round(state: &AppState) -> Vec<PanelId> {
    match state.view {
        View::Overview => panels(state).into_iter().map(|(panel, _)| panel).collect(),
        View::Trial if matches!(state.shown(), Some(Row::Baseline(_))) => vec![PanelId::Detail],
        view => of(view).panels.to_vec(),
    }
}

fn placed(state: &AppState, body: Rect) -> Vec<(PanelId, Rect)> {
    if state.zoomed {
        return vec![(state.focus, body)];
    }
    (of(state.view).place)(state, body)
}

/// The focused panel on top of the others, below a line for their titles.
fn leaves(state: &AppState, body: Rect) -> Vec<(PanelId, Rect)> {
    let row = of(state.view);
    let on_top = row.panels.iter().copied().find(|panel| *panel == state.focus).unwrap_or(row.panels[0]);
    let [_, below] = body.layout(&Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]));
    vec![(on_top, below)]
}

/// From these sizes on three, four and all of the search's panels stand side by side.
const SEARCH: [(u16, u16); 3] = [(110, 28), (140, 38), (180, 50)];

/// History and importance stay above the others; of those that share a place the focused one is on top.
fn search(state: &AppState, body: Rect) -> Vec<(PanelId, Rect)> {
    let fits = |(width, height): (u16, u16)| body.width >= width && body.height >= height;
    let on_top = |panels: &[PanelId]| *panels.iter().find(|p| **p == state.focus).unwrap_or(&panels[0]);
    let [_, below_titles] = body.layout(&Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]));
    let above = (50, vec![(P::Scores, 58), (P::Importance, 42)]);
    if fits(SEARCH[2]) {
        let above = (34, vec![(P::Scores, 46), (P::Importance, 24), (P::Rank, 30)]);
        let middle = (32, vec![(P::Parallel, 54), (P::Contour, 46)]);
        let below = (34, vec![(P::Slices, 54), (P::Timeline, 46)]);
        lines(&[above, middle, below], body)
    } else if fits(SEARCH[1]) {
        let right = on_top(&[P::Slices, P::Contour, P::Rank, P::Timeline]);
        lines(&[above, (50, vec![(P::Parallel, 50), (right, 50)])], below_titles)
    } else if fits(SEARCH[0]) {
        let rest = on_top(&[P::Parallel, P::Slices, P::Contour, P::Rank, P::Timeline]);
        lines(&[above, (50, vec![(rest, 100)])], below_titles)
    } else {
        leaves(state, body)
    }
}

/// Panels in lines: the share of the height of each line, and of the width of each of its panels.
fn lines(rows: &[(u16, Vec<(PanelId, u16)>)], area: Rect) -> Vec<(PanelId, Rect)> {
    let shares =
        |shares: &mut dyn Iterator<Item = u16>| shares.map(Constraint::Percentage).collect::<Vec<_>>();
    let heights = Layout::vertical(shares(&mut rows.iter().map(|(height, _)| *height))).split(area);
    let mut placed = Vec::new();
    for ((_, panels), line) in rows.iter().zip(heights.iter()) {
        let widths = Layout::horizontal(shares(&mut panels.iter().map(|(_, width)| *width))).split(*line);
        placed.extend(panels.iter().map(|(id, _)| *id).zip(widths.iter().copied()));
    }
    placed
}

/// Leaves on a small screen; on a large one a grid, in which a panel that has nothing to say leaves its room to the
/// others.
fn sampler(state: &AppState, body: Rect) -> Vec<(PanelId, Rect)> {
    const GRID: (u16, u16) = (146, 32);
    /// Rows of a panel that only says why it is empty.
    const IDLE: u16 = 5;
    if body.width < GRID.0 || body.height < GRID.1 {
        return leaves(state, body);
    }
    let idle = (state.panels.generations.is_idle(), state.panels.rungs.is_idle());
    let right = if idle == (true, true) { body.width / 3 } else { body.width / 2 };
    let [left, right] = body.layout(&Layout::horizontal([Constraint::Fill(1), Constraint::Length(right)]));
    let rows = match idle {
        (true, false) => [Constraint::Length(IDLE), Constraint::Fill(1)],
        (false, true) => [Constraint::Fill(1), Constraint::Length(IDLE)],
        _ => [Constraint::Percentage(50), Constraint::Fill(1)],
    };
    let above =
        if state.panels.mind.is_idle() { Constraint::Length(IDLE) } else { Constraint::Percentage(55) };
    let [mind, reasons] = left.layout(&Layout::vertical([above, Constraint::Fill(1)]));
    let [generations, rungs] = right.layout(&Layout::vertical(rows));
    vec![(P::Mind, mind), (P::Generations, generations), (P::Rungs, rungs), (P::Reasons, reasons)]
}

/// The titles of the view's panels, where some are covered.
fn tabs(state: &AppState, placed: &[(PanelId, Rect)], body: Rect, buf: &mut Buffer) {
    let row = of(state.view);
    let free = placed.iter().all(|(_, area)| area.y > body.y);
    if !free || placed.len() >= row.panels.len() {
        return;
    }
    let theme = state.theme;
    let mut line = Line::default();
    for id in row.panels {
        let here = placed.iter().any(|(panel, _)| panel == id);
        let style = if here { theme.selected(true) } else { theme.style(Tone::Quiet) };
        line.push_span(Span::styled(format!(" {} ", panel::of(*id).title), style));
        line.push_span(Span::raw(" "));
    }
    text::fitted(line, text::row(body, 0), theme.symbols().cut, buf);
}

/// One trial: from this size on its panels stand side by side.
const TRIAL: (u16, u16) = (150, 34);

fn trial(state: &AppState, body: Rect) -> Vec<(PanelId, Rect)> {
    if matches!(state.shown(), Some(Row::Baseline(_))) {
        return vec![(PanelId::Detail, body)];
    }
    if body.width < TRIAL.0 || body.height < TRIAL.1 {
        return leaves(state, body);
    }
    let split = |area: Rect, parts: [Constraint; 2]| area.layout(&Layout::horizontal(parts));
    let fill = Constraint::Fill(1);
    let [left, right] = split(body, [Constraint::Percentage(38), fill]);
    let folds = (state.history.study().trainings().min(12) as u16 + 4).max(10);
    let rows = [Constraint::Length(folds.min(body.height / 4)), fill, Constraint::Percentage(30)];
    let [facts, parameters, events] = left.layout(&Layout::vertical(rows));
    let rows = [Constraint::Percentage(36), Constraint::Percentage(36), fill];
    let [curves, middle, profile] = right.layout(&Layout::vertical(rows));
    let [predictions, layers] = split(middle, [Constraint::Percentage(63), fill]);
    vec![
        (PanelId::Detail, facts),
        (PanelId::Curves, curves),
        (PanelId::Parameters, parameters),
        (PanelId::Predictions, predictions),
        (PanelId::Profile, profile),
        (PanelId::Layers, layers),
        (PanelId::Events, events),
    ]
}

/// The table beside the charts where there is room.
fn compare(state: &AppState, body: Rect) -> Vec<(PanelId, Rect)> {
    if body.width < WIDE || body.height < TALL {
        return leaves(state, body);
    }
    let [left, right] = body.layout(&Layout::horizontal([Constraint::Percentage(50), Constraint::Fill(1)]));
    let [above, below] = right.layout(&Layout::vertical([Constraint::Percentage(55), Constraint::Fill(1)]));
    vec![(P::Differences, left), (P::Overlay, above), (P::Pairs, below)]
}

/// Two by two where there is room.
fn devices(state: &AppState, body: Rect) -> Vec<(PanelId, Rect)> {
    if body.width < WIDE || body.height < TALL {
        return leaves(state, body);
    }
    let half = |area: Rect, share| {
        let [left, right] =
            area.layout(&Layout::horizontal([Constraint::Percentage(50), Constraint::Fill(1)]));
        let rows = Layout::vertical([Constraint::Percentage(share), Constraint::Fill(1)]);
        [left.layout(&rows), right.layout(&rows)]
    };
    let [[machine, processes], [cards, jobs]] = half(body, 55);
    vec![(P::Machine, machine), (P::Cards, cards), (P::Processes, processes), (P::Jobs, jobs)]
}

fn overview(state: &AppState, body: Rect) -> Vec<(PanelId, Rect)> {
    let wide = body.width >= WIDE;
    let log = match body.height {
        0..26 => 0,
        26..40 => 6,
        _ => 9,
    };
    let [main, log] = body.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(log)]));
    let mut panels = if wide {
        let least = leaderboard::full_width(state)
            .clamp((u32::from(body.width) * 55 / 100) as u16, body.width - RIGHT);
        // Where the charts can spare it, the reasons of failed trials get a column too.
        let spare = body.width - least;
        let left = if spare >= RIGHT + 2 * leaderboard::NOTE { least + leaderboard::NOTE } else { least };
        let [left, right] = main.layout(&Layout::horizontal([Constraint::Length(left), Constraint::Fill(1)]));
        let [above, below] =
            right.layout(&Layout::vertical([Constraint::Percentage(45), Constraint::Fill(1)]));
        vec![(PanelId::Leaderboard, left), (PanelId::Chart, above), (PanelId::Running, below)]
    } else {
        let lower = (main.height / 2).clamp(5, 16);
        let [above, below] = main.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(lower)]));
        let [left, right] =
            below.layout(&Layout::horizontal([Constraint::Percentage(50), Constraint::Fill(1)]));
        vec![(PanelId::Leaderboard, above), (PanelId::Running, left), (PanelId::Chart, right)]
    };
    if log.height > 0 {
        panels.push((PanelId::Log, log));
    }
    panels
}

fn overlay(state: &AppState, body: Rect, buf: &mut Buffer) {
    match &state.dialog {
        Some(Dialog::Quit) => dialog::quit(state, body, buf),
        Some(Dialog::Cancel(trial)) => dialog::cancel(state, *trial, body, buf),
        Some(Dialog::Help(own)) => help::render(state, own, body, buf),
        Some(Dialog::Columns(cursor)) => columns::render(state, *cursor, body, buf),
        Some(Dialog::Command(prompt)) => commands::render(state, prompt, body, buf),
        Some(Dialog::Form(own)) => form::render(state, own, body, buf),
        Some(Dialog::Reading(entry, line)) => log::read(state, entry, *line, body, buf),
        Some(Dialog::Filter { .. } | Dialog::Search { .. } | Dialog::Jump(_)) | None => {}
    }
}

fn too_small(state: &AppState, area: Rect, buf: &mut Buffer) {
    let (word, tone) = state.standing();
    let counts = state.history.counts();
    let lines = [
        Line::styled(
            format!("{word}, {}/{} trials", counts.finished(), state.history.target()),
            state.theme.style(tone),
        ),
        Line::from(format!("the window is {}x{}", area.width, area.height)),
        Line::styled(format!("needs {}x{}", LEAST.0, LEAST.1), state.theme.style(Tone::Quiet)),
    ];
    Clear.render(area, buf);
    buf.set_style(area, state.theme.base());
    let from = usize::from(area.height.saturating_sub(3) / 2);
    for (i, line) in lines.into_iter().enumerate() {
        line.centered().render(text::row(area, from + i), buf);
    }
}

/// The last word on `--ascii`: names and reasons may hold any character.
pub(super) fn only_ascii(area: Rect, buf: &mut Buffer) {
    for position in area.positions() {
        if let Some(cell) = buf.cell_mut(position).filter(|cell| !cell.symbol().is_ascii()) {
            // What words are written with has its like.
            cell.set_symbol(match cell.symbol() {
                "–" => "-",
                "…" => "~",
                "±" => "+",
                "×" => "x",
                _ => "?",
            });
        }
    }
}
