//! An open form: its fields, what is wrong with them, and what they come to.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use super::hints;
use crate::domain::value::counted;
use crate::tui::form::{Field, Form};
use crate::tui::keymap::Context;
use crate::tui::state::AppState;
use crate::tui::text;
use crate::tui::theme::Tone;

/// Widest a form is.
const WIDEST: u16 = 96;
/// Widest a field's name is shown.
const NAME: usize = 24;
/// Columns to write in, where there is something beside, and where there is not.
const BOX: usize = 22;
const LINE: usize = 60;
/// Least columns inside.
const LEAST: usize = 56;

/// Draws the overlay.
pub fn render(state: &AppState, form: &Form, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let widest = usize::from(area.width.min(WIDEST).saturating_sub(4));
    let foot_width = form.foot.as_ref().map_or(0, |(_, words)| text::width(words));
    let wanted = lines(state, form, widest).0.iter().map(Line::width).max().unwrap_or(0).max(foot_width);
    let room = wanted.clamp(LEAST, LEAST.max(widest)).min(widest);
    let width = (room as u16 + 4).min(area.width);
    let (lines, focused) = lines(state, form, room);
    let foot = usize::from(form.foot.is_some()) * 2;
    let height = ((lines.len() + foot + 4) as u16).min(area.height);
    let at =
        Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    Clear.render(at, buf);
    buf.set_style(at, theme.base());
    let accent = theme.style(Tone::Accent);
    let title = format!(" {} ", text::cut(&form.title, room, theme.symbols().cut));
    let mut block = Block::bordered()
        .border_set(theme.border())
        .border_style(accent)
        .title_top(Line::styled(title, accent));
    if form.changes() > 0 {
        let changed = format!(" {} ", counted(form.changes(), "change"));
        block = block.title_top(Line::styled(changed, theme.style(Tone::Warn)).right_aligned());
    }
    block.title_bottom(hints(state, &[Context::Form], room)).render(at, buf);
    let inner = Rect {
        x: at.x + 2.min(at.width),
        y: at.y + 2.min(at.height),
        width: at.width.saturating_sub(4),
        height: at.height.saturating_sub(4),
    };
    let rows = usize::from(inner.height).saturating_sub(foot).max(1);
    // The field that takes the keys stays in sight, with what is wrong with it.
    let from = (focused + 2).saturating_sub(rows).min(lines.len().saturating_sub(rows));
    let more = lines.len().saturating_sub(from + rows);
    for (i, line) in lines.into_iter().skip(from).take(rows).enumerate() {
        text::fitted(line, text::row(inner, i), theme.symbols().cut, buf);
    }
    if more > 0 {
        let sign = Line::styled(theme.symbols().down, theme.style(Tone::Quiet)).right_aligned();
        sign.render(text::row(inner, rows - 1), buf);
    }
    if let Some((tone, words)) = &form.foot {
        let line = Line::styled(text::cut(words, room, theme.symbols().cut), theme.style(*tone));
        line.render(text::row(inner, usize::from(inner.height).saturating_sub(1)), buf);
    }
}

/// A line for each field that is shown and for what is wrong with it, and the line of the one that takes the keys.
fn lines(state: &AppState, form: &Form, room: usize) -> (Vec<Line<'static>>, usize) {
    let theme = state.theme;
    let shown = form.fields.iter().enumerate().filter(|(_, field)| !field.hidden);
    let name = shown.clone().map(|(_, f)| text::width(&f.name)).max().unwrap_or(0).min(NAME);
    let (mut lines, mut focused) = (Vec::new(), 0);
    for (i, field) in shown {
        let here = i == form.at;
        if here {
            focused = lines.len();
        }
        lines.push(line(state, field, here, name, room));
        if let Some(problem) = &field.problem {
            let indent = " ".repeat(name + 4);
            let room = room.saturating_sub(indent.len() + 2);
            let words = text::cut(problem, room, theme.symbols().cut);
            lines.push(Line::styled(format!("{indent}! {words}"), theme.style(Tone::Bad)));
        }
    }
    (lines, focused)
}

fn line(state: &AppState, field: &Field, here: bool, name: usize, room: usize) -> Line<'static> {
    let (theme, symbols) = (state.theme, state.theme.symbols());
    let cursor = if here { symbols.cursor } else { " " };
    let label = theme.style(if here { Tone::Accent } else { Tone::Plain });
    let mut line = Line::from(vec![
        Span::styled(format!("{cursor} "), theme.style(Tone::Accent)),
        Span::styled(text::left(&field.name, name, symbols.cut), label),
        Span::raw("  "),
    ]);
    let left = room.saturating_sub(line.width());
    let wide = if field.hint.is_empty() && field.choices.is_empty() { LINE } else { BOX }.min(left);
    // What fills the rest of the box is underlined: there can be written.
    let ground = Modifier::UNDERLINED;
    let mut value = if field.choices.is_empty() {
        field.input.spans(theme, wide, here)
    } else {
        chosen(state, field, here, wide)
    };
    let used: usize = value.iter().map(Span::width).sum();
    if field.choices.is_empty() {
        value = value.into_iter().map(|span| span.patch_style(ground)).collect();
        let blank = " ".repeat(wide.saturating_sub(used));
        value.push(Span::styled(blank, theme.style(Tone::Quiet).add_modifier(ground)));
    } else {
        value.push(Span::raw(" ".repeat(wide.saturating_sub(used))));
    }
    line.spans.extend(value);
    if field.is_changed() {
        let was = field.was.as_deref().unwrap_or_default();
        let was = if was.is_empty() { "had none".to_owned() } else { format!("was {was}") };
        line.push_span(Span::styled(format!("  {was}"), theme.style(Tone::Warn)));
    }
    if field.hint.is_empty() {
        return line;
    }
    let left = room.saturating_sub(line.width() + 2);
    line.push_span(Span::styled(
        format!("  {}", text::cut(&field.hint, left, symbols.cut)),
        theme.style(Tone::Quiet),
    ));
    line
}

/// The choice that stands, between signs that others are beside it where it takes the keys.
fn chosen(state: &AppState, field: &Field, here: bool, room: usize) -> Vec<Span<'static>> {
    let theme = state.theme;
    let blank = field.text().is_empty();
    let words = if blank { "drawn" } else { field.text() };
    let words = text::cut(words, room.saturating_sub(4), theme.symbols().cut);
    let tone = if blank { theme.style(Tone::Quiet) } else { theme.style(Tone::Plain) };
    if !here {
        return vec![Span::styled(words, tone)];
    }
    let accent = theme.style(Tone::Accent);
    vec![
        Span::styled("< ", accent),
        Span::styled(words, tone.add_modifier(Modifier::REVERSED)),
        Span::styled(" >", accent),
    ]
}
