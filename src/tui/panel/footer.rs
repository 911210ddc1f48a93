//! The last line: what was just said, the filter being written, or the keys of every view.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{commands, known, log};
use crate::tui::entry::Input;
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
    match &state.dialog {
        Some(Dialog::Filter { text, .. }) => return filter(state, text, area, buf),
        Some(Dialog::Search { text, .. }) => {
            let (shown, all) = log::counts(state);
            return written(state, "/", text, found(state, shown, all), area, buf);
        }
        Some(Dialog::Jump(text)) => {
            let last = state.history.trials().len().saturating_sub(1);
            let range = format!("0{}{last}", theme.symbols().range);
            let verdict = Span::styled(range, theme.style(Tone::Quiet));
            return written(state, "go to trial ", text, verdict, area, buf);
        }
        Some(Dialog::Command(prompt)) => return commands::line(state, prompt, area, buf),
        _ => {}
    }
    if let Some(notice) = &state.notice {
        said(notice.tone, &notice.text).render(area, buf);
    } else if let Some(lost) = &state.lost {
        said(Tone::Bad, lost).render(area, buf);
    } else {
        keys(state, usize::from(area.width)).render(area, buf);
    }
}

/// A key of the line: its label, its word, and what it does; nothing for a group of keys.
type Shown = (String, String, Option<Action>);

/// The keys of every view. The views are one group where there is no room for their names.
fn shown(state: &AppState, room: usize) -> Vec<Shown> {
    let replay = state.replay.is_some().then_some(Context::Replay);
    let contexts: Vec<Context> = replay.into_iter().chain([Context::Anywhere]).collect();
    let told = |(key, words, action): (String, &str, Action)| (key, words.to_owned(), Some(action));
    let whole: Vec<Shown> = known(state, &contexts).into_iter().map(told).collect();
    if whole.iter().map(wide).sum::<usize>() <= room {
        return whole;
    }
    let (views, others): (Vec<Shown>, Vec<Shown>) =
        whole.into_iter().partition(|(.., action)| matches!(action, Some(Action::Show(_))));
    let mut line = Vec::new();
    if let (Some((first, ..)), Some((last, ..))) = (views.first(), views.last()) {
        let here = format!("views: {}", view::of(state.view).title);
        line.push((format!("{first}-{last}"), here, None));
    }
    let mut used: usize = line.iter().map(wide).sum();
    line.extend(others.into_iter().take_while(|key| {
        used += wide(key);
        used <= room
    }));
    line
}

/// The columns of a key and its word, with the blanks around.
fn wide((key, words, _): &Shown) -> usize {
    text::width(key) + text::width(words) + 3
}

fn keys(state: &AppState, room: usize) -> Line<'static> {
    let theme = state.theme;
    let mut line = Line::default();
    for (key, words, action) in shown(state, room) {
        let here = action.is_none_or(|action| action == Action::Show(state.view));
        line.push_span(Span::styled(format!(" {key}"), theme.style(Tone::Accent)));
        line.push_span(Span::styled(
            format!(" {words} "),
            theme.style(if here { Tone::Strong } else { Tone::Plain }),
        ));
    }
    line
}

fn filter(state: &AppState, input: &Input, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let verdict = match Filter::parse(input.text(), state.table.catalogue()) {
        Err(error) => Span::styled(error.to_string(), theme.style(Tone::Bad)),
        Ok(_) => found(state, state.table.trials(), state.history.trials().len()),
    };
    written(state, "/", input, verdict, area, buf);
}

fn found(state: &AppState, shown: usize, all: usize) -> Span<'static> {
    Span::styled(format!("{shown} of {all}"), state.theme.style(Tone::Quiet))
}

/// Draws a line that is being written behind a sign, and a verdict on it: at least a third of the line for what is
/// written.
pub fn written(state: &AppState, sign: &str, input: &Input, verdict: Span<'_>, area: Rect, buf: &mut Buffer) {
    let (theme, width) = (state.theme, usize::from(area.width));
    let room = width.saturating_sub(verdict.width() + 5).max(width / 3);
    let mut line = Line::from(Span::styled(format!(" {sign}"), theme.style(Tone::Accent)));
    line.spans.extend(input.spans(theme, room, true));
    line.push_span(Span::raw("  "));
    line.push_span(verdict);
    text::fitted(line, area, theme.symbols().cut, buf);
}

/// The action of the key whose hint stands at a column of the line.
pub fn action_at(state: &AppState, area: Rect, column: u16) -> Option<Action> {
    let mut from = area.x;
    for key in shown(state, usize::from(area.width)) {
        let to = from + wide(&key) as u16;
        if (from..to).contains(&column) {
            return key.2;
        }
        from = to;
    }
    None
}
