//! The dialog in which the leaderboard's columns are chosen and put in order.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::card;
use crate::tui::keymap::{Action, Context};
use crate::tui::state::AppState;
use crate::tui::text;
use crate::tui::theme::Tone;

/// Widest a name may be.
const NAME: usize = 24;

/// Draws the list, the selected column in sight.
pub fn render(state: &AppState, cursor: usize, area: Rect, buf: &mut Buffer) {
    let (theme, symbols) = (state.theme, state.theme.symbols());
    let choices = state.table.choices();
    let foot = keys(state);
    let height = usize::from(area.height).saturating_sub(4 + foot.len() + 1).max(1);
    let from = cursor.saturating_sub(height / 2).min(choices.len().saturating_sub(height));
    let mut lines = Vec::new();
    for (i, (column, shown)) in choices.iter().enumerate().skip(from).take(height) {
        let selected = i == cursor;
        let mark = if selected { symbols.cursor } else { " " };
        let tick = if *shown { "[x]" } else { "[ ]" };
        let name = text::left(state.table.catalogue().name(*column), NAME, symbols.cut);
        let tone = if *shown { Tone::Plain } else { Tone::Quiet };
        let style = if selected { theme.selected(true) } else { theme.style(tone) };
        lines.push(Line::from(vec![
            Span::styled(format!("{mark} "), theme.style(Tone::Accent)),
            Span::styled(format!("{tick} {name}"), style),
        ]));
    }
    lines.push(Line::default());
    lines.extend(foot);
    let shown = choices.iter().filter(|(_, shown)| *shown).count();
    let title = format!("Columns: {shown} of {}", choices.len());
    card(theme, &title, Tone::Accent, lines, area, buf);
}

/// What the keys do, two lines of it.
fn keys(state: &AppState) -> Vec<Line<'static>> {
    let theme = state.theme;
    let key = |action: Action| {
        let rows = state.keymap.rows(&[Context::Columns]);
        rows.into_iter().find(|row| row.action == action).map(|row| row.label(theme.options.ascii))
    };
    let said = |parts: &[(Action, &str)]| {
        let mut line = Line::default();
        for (action, words) in parts {
            let Some(key) = key(*action) else { continue };
            line.push_span(Span::styled(format!("{key} "), theme.style(Tone::Accent)));
            line.push_span(Span::styled(format!("{words}  "), theme.style(Tone::Quiet)));
        }
        line
    };
    vec![
        said(&[(Action::Mark, "on or off"), (Action::MoveUp, "to the left")]),
        said(&[(Action::MoveDown, "to the right"), (Action::Usual, "as usual"), (Action::Back, "done")]),
    ]
}
