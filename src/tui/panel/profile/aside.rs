//! Beside the marker effects: whose they are, and the strongest markers.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::super::detail;
use super::whereabouts;
use crate::analysis::profile::{Profile, Track};
use crate::domain::event::ObjectiveKind;
use crate::domain::trial::{TrialId, TrialState};
use crate::domain::value::significant;
use crate::tui::profile::{Plot, ProfileView};
use crate::tui::state::AppState;
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};
use crate::tui::update;

/// The trial on the screen, where the effects are of another one.
pub fn other(state: &AppState) -> Option<TrialId> {
    let shown = detail::shown(state)?;
    state.profile.as_ref().map(|view| view.trial).filter(|of| *of != shown.id).map(|_| shown.id)
}

/// Why nothing is there, and what to do.
pub fn nothing(state: &AppState) -> String {
    let Some(trial) = detail::shown(state) else {
        return "the marker effects of a trial stand here".to_owned();
    };
    match (state.history.study().objective, &trial.state) {
        (ObjectiveKind::Command, _) => update::NO_MARKERS.to_owned(),
        (_, TrialState::Complete) => format!("m computes the marker effects of trial {}", trial.id),
        (_, other) => {
            format!("trial {} is {}: marker effects are of complete trials", trial.id, other.word())
        }
    }
}

/// Says so where the effects are not those of the trial on the screen; gives the area that is left.
pub fn banner(state: &AppState, of: TrialId, area: Rect, buf: &mut Buffer) -> Rect {
    let Some(shown) = other(state).filter(|_| area.height > 4) else { return area };
    let complete = state.history.trial(shown).is_some_and(|trial| trial.state == TrialState::Complete);
    let ask = if complete { format!(": m computes those of trial {shown}") } else { String::new() };
    let words = format!(" these are of trial {of}, not of trial {shown}{ask}");
    let line = Line::styled(words, state.theme.style(Tone::Warn));
    text::fitted(line, text::row(area, 0), state.theme.symbols().cut, buf);
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

/// The strongest markers in sight; the one under the cursor stays in view.
pub fn side(
    theme: Theme,
    view: &ProfileView,
    profile: &Profile,
    track: &Track,
    plot: &Plot,
    area: Rect,
    buf: &mut Buffer,
) {
    let area = Rect { x: area.x + 2, width: area.width.saturating_sub(3), ..area }.intersection(area);
    let (genome, symbols) = (&profile.genome, theme.symbols());
    Line::styled("strongest", theme.style(Tone::Strong)).render(text::row(area, 0), buf);
    let height = usize::from(area.height).saturating_sub(1);
    let cursor = plot.top.iter().position(|m| *m == view.cursor);
    let from = cursor.map_or(0, |at| (at + 1).saturating_sub(height));
    for (i, marker) in plot.top.iter().enumerate().skip(from).take(height) {
        let width = usize::from(area.width);
        let value = track.values.get(*marker).copied().unwrap_or_default();
        let value = text::right(&significant(value, 3), 10, symbols.cut);
        let words = format!("{} {}", text::clean(genome.name(*marker)), whereabouts(genome, *marker));
        let at = Rect { x: area.x.saturating_sub(1), width: area.width + 1, ..area };
        let here = cursor == Some(i);
        let mark = if here { symbols.cursor } else { " " };
        let words = text::left(&words, width.saturating_sub(10), symbols.cut);
        let style: Style = theme.style(if here { Tone::Strong } else { Tone::Plain });
        let line = Line::from(vec![
            Span::styled(mark, theme.style(Tone::Accent)),
            Span::styled(words, style),
            Span::styled(value, style),
        ]);
        line.render(text::row(at, 1 + i - from), buf);
    }
}

/// The strongest markers in one line, where there is no room for a list.
pub fn line(
    theme: Theme,
    view: &ProfileView,
    shown: (&Profile, &Track),
    plot: &Plot,
    area: Rect,
    buf: &mut Buffer,
) {
    let (profile, track) = shown;
    let mut line = Line::from(Span::styled(" strongest", theme.style(Tone::Strong)));
    for marker in plot.top.iter().take(LISTED) {
        let value = track.values.get(*marker).copied().unwrap_or_default();
        let tone = if view.cursor == *marker { Tone::Accent } else { Tone::Plain };
        let name = text::clean(profile.genome.name(*marker));
        line.push_span(Span::styled(format!("  {name}"), theme.style(tone)));
        line.push_span(Span::styled(format!(" {}", significant(value, 2)), theme.style(Tone::Quiet)));
    }
    text::fitted(line, text::row(area, 0), theme.symbols().cut, buf);
}

/// Most markers of that line.
const LISTED: usize = 12;
