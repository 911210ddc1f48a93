//! The last line: what was just said, the filter being written, or the keys of every view.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{hints, known, line_of};
use crate::tui::filter::Filter;
use crate::tui::keymap::{Action, Context};
use crate::tui::state::{AppState, Dialog};
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::view;

/// Draws the line.
pub fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let room = usize::from(area.width).saturating_sub(2);
    let said = |tone, words: &str| {
        Line::styled(format!(" {}", text::cut(words, room, theme.symbols().cut)), theme.style(tone))
    };
    if let Some(Dialog::Filter { text, .. }) = &state.dialog {
        filter(state, text, area, buf);
    } else if let Some(Dialog::Jump(text)) = &state.dialog {
        let last = state.history.trials().len().saturating_sub(1);
        let verdict = Span::styled(format!("0{}{last}", theme.symbols().range), theme.style(Tone::Quiet));
        prompt(state, "go to trial ", text, verdict, area, buf);
    } else if let Some(notice) = &state.notice {
        said(notice.tone, &notice.text).render(area, buf);
    } else if let Some(lost) = &state.lost {
        said(Tone::Bad, lost).render(area, buf);
    } else {
        let replay = state.replay.is_some().then_some(Context::Replay);
        let contexts: Vec<Context> = replay.into_iter().chain([Context::Anywhere]).collect();
        keys(state, &contexts, usize::from(area.width)).render(area, buf);
    }
}

/// The keys of every view. The views are one group where there is no room for their names.
fn keys(state: &AppState, contexts: &[Context], room: usize) -> Line<'static> {
    let theme = state.theme;
    let whole = hints(state, contexts, usize::MAX);
    if whole.width() <= room {
        return whole;
    }
    let (views, others): (Vec<_>, Vec<_>) =
        known(state, contexts).into_iter().partition(|(.., action)| matches!(action, Action::Show(_)));
    let mut line = Line::default();
    if let (Some((first, ..)), Some((last, ..))) = (views.first(), views.last()) {
        line.push_span(Span::styled(format!(" {first}-{last}"), theme.style(Tone::Accent)));
        line.push_span(Span::raw(" views: "));
        line.push_span(Span::styled(format!("{} ", view::of(state.view).title), theme.style(Tone::Strong)));
    }
    line_of(state, line, others, room)
}

fn filter(state: &AppState, written: &str, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let verdict = match Filter::parse(written, state.table.catalogue()) {
        Err(error) => Span::styled(error.to_string(), theme.style(Tone::Bad)),
        Ok(_) => {
            let (shown, all) = (state.table.trials(), state.history.trials().len());
            Span::styled(format!("{shown} of {all}"), theme.style(Tone::Quiet))
        }
    };
    prompt(state, "/", written, verdict, area, buf);
}

/// A line being written behind a mark, and what is to be said of it.
fn prompt(
    state: &AppState,
    mark: &'static str,
    written: &str,
    verdict: Span<'static>,
    area: Rect,
    buf: &mut Buffer,
) {
    let (theme, symbols) = (state.theme, state.theme.symbols());
    // The end of what is written stays in sight.
    let room = usize::from(area.width).saturating_sub(verdict.width() + mark.len() + 5);
    let clean = text::clean(written);
    let mut shown = clean.clone();
    while text::width(&shown) > room && !shown.is_empty() {
        shown.remove(0);
    }
    if shown.len() < clean.len() {
        shown = format!("{}{shown}", symbols.cut_left);
    }
    let line = Line::from(vec![
        Span::styled(format!(" {mark}"), theme.style(Tone::Accent)),
        Span::raw(shown),
        Span::styled(" ", theme.style(Tone::Plain).add_modifier(Modifier::REVERSED)),
        Span::raw("  "),
        verdict,
    ]);
    line.render(area, buf);
}
