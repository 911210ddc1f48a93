//! A line that a person writes: where the cursor stands in it, and what the editing keys do.

use ratatui::style::Modifier;
use ratatui::text::Span;

use super::keymap::Action;
use super::text;
use super::theme::{Theme, Tone};

/// Longest line, in bytes: what is pasted beyond it is left out.
const MOST: usize = 4096;

/// A line with a cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    text: String,
    /// The byte before which the cursor stands; always at the start of a character.
    at: usize,
}

impl Input {
    /// A line that is there already, with the cursor behind it.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Input { at: text.len(), text }
    }

    /// What is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the cursor.
    pub fn before(&self) -> &str {
        &self.text[..self.at]
    }

    /// Writes at the cursor. Ends of lines become spaces, and what a terminal would obey is left out.
    pub fn insert(&mut self, words: &str) {
        for c in words.chars() {
            let c = if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c };
            if !c.is_control() && self.text.len() + c.len_utf8() <= MOST {
                self.text.insert(self.at, c);
                self.at += c.len_utf8();
            }
        }
    }

    /// Follows an editing key. Whether it was one.
    pub fn act(&mut self, action: Action) -> bool {
        match action {
            Action::Erase => self.cut(self.before_one()),
            Action::EraseWord => self.cut(self.before_word()),
            Action::EraseAll => self.cut(0),
            Action::EraseNext => {
                let to = self.after_one();
                self.text.replace_range(self.at..to, "");
            }
            Action::Left => self.at = self.before_one(),
            Action::Right => self.at = self.after_one(),
            Action::First => self.at = 0,
            Action::Last => self.at = self.text.len(),
            _ => return false,
        }
        true
    }

    /// Erases from `from` to the cursor.
    fn cut(&mut self, from: usize) {
        self.text.replace_range(from..self.at, "");
        self.at = from;
    }

    fn before_one(&self) -> usize {
        self.before().char_indices().next_back().map_or(0, |(i, _)| i)
    }

    fn after_one(&self) -> usize {
        self.text[self.at..].chars().next().map_or(self.at, |c| self.at + c.len_utf8())
    }

    /// The start of the word before the cursor, behind the spaces or signs that end it.
    fn before_word(&self) -> usize {
        let in_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let trimmed = self.before().trim_end_matches(|c| !in_word(c));
        trimmed.trim_end_matches(in_word).len()
    }

    /// The line in at most `room` columns, with the cursor's cell reversed where it has the keys. What is around
    /// the cursor stays in sight; what is cut off leaves a mark.
    pub fn spans(&self, theme: Theme, room: usize, writing: bool) -> Vec<Span<'static>> {
        let symbols = theme.symbols();
        let plain = theme.style(Tone::Plain);
        if !writing {
            return vec![Span::styled(text::cut(&self.text, room, symbols.cut), plain)];
        }
        let cells: Vec<String> = text::clean(&self.text).chars().map(String::from).collect();
        let cursor = self.before().chars().count();
        let wide = |from: usize, to: usize| cells[from..to].iter().map(|c| text::width(c)).sum::<usize>();
        let under = cells.get(cursor).cloned().unwrap_or_else(|| " ".into());
        let after = (cursor + 1).min(cells.len());
        let used = |from: usize, end: usize| {
            let marks = usize::from(from > 0) + usize::from(end < cells.len());
            wide(from, cursor) + text::width(&under) + wide(after.min(end), end) + marks
        };
        let (mut from, mut end) = (0, cells.len());
        while from < cursor && used(from, after) > room {
            from += 1;
        }
        while end > after && used(from, end) > room {
            end -= 1;
        }
        let cut = |is_cut: bool, mark: &str| if is_cut { mark.to_owned() } else { String::new() };
        vec![
            Span::styled(cut(from > 0, symbols.cut_left), theme.style(Tone::Quiet)),
            Span::styled(cells[from..cursor].concat(), plain),
            Span::styled(under, plain.add_modifier(Modifier::REVERSED)),
            Span::styled(cells[after..end].concat(), plain),
            Span::styled(cut(end < cells.len(), symbols.cut), theme.style(Tone::Quiet)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Options;

    fn after(text: &str, actions: &[Action]) -> (String, String) {
        let mut input = Input::new(text);
        for action in actions {
            assert!(input.act(*action));
        }
        (input.text().to_owned(), input.before().to_owned())
    }

    #[test]
    fn the_editing_keys() {
        use Action as A;
        let is = |text: &str, actions: &[Action], left: &str, right: &str| {
            assert_eq!(after(text, actions), (format!("{left}{right}"), left.to_owned()), "{actions:?}");
        };
        is("aä年", &[A::Erase], "aä", "");
        is("aä年", &[A::Left, A::Left, A::Erase], "", "ä年");
        is("aä年", &[A::First, A::EraseNext, A::Right], "ä", "年");
        is("aä年", &[A::First, A::Left, A::Last, A::Right], "aä年", "");
        is("range l1 0.01 ", &[A::EraseWord], "range l1 ", "");
        is("filters>=50", &[A::EraseWord, A::EraseWord], "", "");
        is("one two", &[A::Left, A::EraseAll], "", "o");
        is("", &[A::Erase, A::EraseWord, A::EraseNext], "", "");
        assert!(!Input::new("x").act(Action::Accept));
    }

    #[test]
    fn pasted_text_is_one_clean_line_of_bounded_length() {
        let mut input = Input::new("ac");
        input.act(Action::Left);
        input.insert("b\r\n\u{1b}[31m\tx");
        assert_eq!(input.text(), "ab  [31m xc");
        input.insert(&"年".repeat(5000));
        assert!(input.text().len() <= MOST && input.text().ends_with('c'));
    }

    #[test]
    fn what_is_around_the_cursor_stays_in_sight() {
        let theme = Theme::new(Options::default());
        let shown = |input: &Input, room| {
            let spans = input.spans(theme, room, true);
            let line: String = spans.iter().map(|s| s.content.as_ref()).collect();
            assert!(text::width(&line) <= room, "{line:?} in {room}");
            line
        };
        let mut input = Input::new("learning_rate");
        assert_eq!(shown(&input, 20), "learning_rate ");
        assert_eq!(shown(&input, 8), "…g_rate ");
        input.act(Action::First);
        assert_eq!(shown(&input, 8), "learnin…");
        let mut wide = Input::new("年年年年年年");
        for room in 4..16 {
            for _ in 0..7 {
                shown(&wide, room);
                wide.act(Action::Left);
            }
            wide.act(Action::Last);
        }
    }
}
