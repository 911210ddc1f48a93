//! The screen as a whole: what stands where. The layout is a pure function of the state and the
//! size.
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
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Clear, Widget};

use super::panel::{self, dialog, footer, header, help, leaderboard};
use super::state::{AppState, Dialog, PanelId, View};
use super::theme::Tone;

/// The smallest screen that holds everything.
const LEAST: (u16, u16) = (60, 16);
/// From this width on, leaderboard and charts stand side by side.
const WIDE: u16 = 110;
/// What the charts beside the leaderboard need.
const RIGHT: u16 = 40;

struct Regions {
    header: Rect,
    banner: Rect,
    body: Rect,
    footer: Rect,
}

/// Draws everything.
pub fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.width < LEAST.0 || area.height < LEAST.1 {
        too_small(state, area, buf);
    } else {
        let regions = regions(state, area);
        header::render(state, regions.header, buf);
        if regions.banner.height > 0 {
            header::banner(state, regions.banner, buf);
        }
        for (id, area) in placed(state, regions.body) {
            panel::render(state, id, area, buf);
        }
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

/// How far the help can be scrolled.
pub fn help_end(state: &AppState) -> usize {
    let body = regions(state, Rect::new(0, 0, state.size.0, state.size.1)).body;
    help::end(state, body)
}

fn regions(state: &AppState, area: Rect) -> Regions {
    // A blank line sets the header apart where there is room for it.
    let head = if area.height >= 30 { 4 } else { 3 };
    let banner = header::banner_height(state, area.width);
    let rows = [head, banner].map(Constraint::Length);
    let [header, banner, body, footer] =
        area.layout(&Layout::vertical([rows[0], rows[1], Constraint::Fill(1), Constraint::Length(1)]));
    Regions { header, banner, body, footer }
}

fn placed(state: &AppState, body: Rect) -> Vec<(PanelId, Rect)> {
    if state.zoomed {
        return vec![(state.focus, body)];
    }
    match state.view {
        View::Overview => overview(state, body),
        View::Trials => vec![(PanelId::Leaderboard, body)],
        View::Detail => vec![(PanelId::Detail, body)],
        View::Profile => vec![(PanelId::Profile, body)],
        View::Log => vec![(PanelId::Log, body)],
    }
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
        let least = leaderboard::full_width(state).clamp(body.width * 55 / 100, body.width - RIGHT);
        // Where the charts can spare it, the reasons of failed trials get a column too.
        let spare = body.width - least;
        let left = if spare >= RIGHT + 2 * leaderboard::REASON { least + leaderboard::REASON } else { least };
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
        Some(Dialog::Help(line)) => help::render(state, *line, body, buf),
        Some(Dialog::Filter { .. }) | None => {}
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
    let from = usize::from(area.height.saturating_sub(3) / 2);
    for (i, line) in lines.into_iter().enumerate() {
        line.centered().render(super::text::row(area, from + i), buf);
    }
}

/// The last word on `--ascii`: names and reasons may hold any character.
fn only_ascii(area: Rect, buf: &mut Buffer) {
    for position in area.positions() {
        if let Some(cell) = buf.cell_mut(position).filter(|cell| !cell.symbol().is_ascii()) {
            cell.set_symbol("?");
        }
    }
}
