//! Text that fits: cleaned of what a terminal would obey, cut with a visible mark.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// `text` without control characters and those that turn the direction of writing.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect()
}

/// Whether a terminal would obey a character, or show nothing for it.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Columns that `text` takes.
pub fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// `text` in at most `room` columns: cut, with `mark` as the last column, where it is longer.
pub fn cut(text: &str, room: usize, mark: &str) -> String {
    let text = clean(text);
    if width(&text) <= room {
        return text;
    }
    if room == 0 {
        return String::new();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if width(&kept) + width(c.encode_utf8(&mut [0; 4])) >= room {
            break;
        }
        kept.push(c);
    }
    kept.push_str(mark);
    kept
}

/// `text` in exactly `room` columns, at the left.
pub fn left(text: &str, room: usize, mark: &str) -> String {
    let text = cut(text, room, mark);
    let gap = room.saturating_sub(width(&text));
    text + &" ".repeat(gap)
}

/// `text` in exactly `room` columns, at the right.
pub fn right(text: &str, room: usize, mark: &str) -> String {
    let text = cut(text, room, mark);
    " ".repeat(room.saturating_sub(width(&text))) + &text
}

/// `text` in lines of at most `room` columns, broken between words; words that are longer are broken too.
pub fn wrap(text: &str, room: usize) -> Vec<String> {
    let (mut lines, mut line) = (Vec::new(), String::new());
    if room == 0 {
        return lines;
    }
    for word in clean(text).split_whitespace() {
        if !line.is_empty() && width(&line) + 1 + width(word) > room {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for c in word.chars() {
            if !line.is_empty() && width(&line) + width(c.encode_utf8(&mut [0; 4])) > room {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Row `row` of an area; empty where the area has none.
pub fn row(area: Rect, row: usize) -> Rect {
    let inside = row < usize::from(area.height);
    let y = area.y.saturating_add(row.min(usize::from(u16::MAX)) as u16);
    if inside { Rect { y, height: 1, ..area } } else { Rect { height: 0, ..area } }
}

/// Draws a line into a one-row area, with `mark` in its last cell where it does not fit.
pub fn fitted(line: Line<'_>, area: Rect, mark: &str, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    let fits = line.width() <= usize::from(area.width);
    line.render(area, buf);
    if !fits && !area.is_empty() {
        buf[(area.right() - 1, area.y)].set_symbol(mark);
    }
}

/// Draws `start` at the left of a one-row area and `end` at its right, where both fit.
pub fn ends(area: Rect, buf: &mut Buffer, start: Line<'_>, end: Line<'_>) {
    let room = usize::from(area.width);
    let (a, b) = (start.width(), end.width());
    start.render(area, buf);
    if a + b < room {
        let x = area.x + (room - b) as u16;
        end.render(Rect { x, width: b as u16, ..area }, buf);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_does_not_fit_says_so() {
        let area = Rect::new(0, 0, 5, 1);
        for (text, shown) in [("score", "score"), ("score 1", "scor…")] {
            let mut buf = Buffer::empty(area);
            fitted(Line::raw(text), area, "…", &mut buf);
            assert_eq!(buf, Buffer::with_lines([shown]));
        }
    }

    #[test]
    fn text_is_broken_between_words_and_a_long_word_within() {
        assert_eq!(wrap("lower the learning rate", 11), ["lower the", "learning", "rate"]);
        assert_eq!(wrap("a 123456789", 4), ["a", "1234", "5678", "9"]);
        assert_eq!(wrap("年年年", 4), ["年年", "年"]);
        assert_eq!((wrap("  ", 4), wrap("a", 0)), (vec![], vec![]));
    }

    #[test]
    fn cut_marks_and_never_exceeds() {
        assert_eq!(cut("learning_rate", 8, "…"), "learnin…");
        assert_eq!(cut("kernel", 6, "…"), "kernel");
        assert_eq!(cut("年年年", 4, "…"), "年…");
        assert_eq!(cut("abc", 0, "…"), "");
        assert_eq!((left("ab", 4, "…"), right("ab", 4, "…")), ("ab  ".into(), "  ab".into()));
        assert_eq!(cut("a\u{1b}[31mb\u{202e}c\r\n", 20, "…"), "a [31mb c  ");
    }
}
