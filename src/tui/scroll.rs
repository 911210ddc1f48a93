//! How far a list is scrolled.

use super::keymap::Action;
use super::navigate;
use super::theme::Theme;

/// The first row in sight, as far as there are as many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scroll(usize);

impl Scroll {
    /// Follows a key that moves, where `rows` of `total` are in sight.
    pub fn act(&mut self, action: Action, rows: usize, total: usize) {
        if let Some(by) = navigate::distance(action, rows) {
            self.0 = navigate::clamped(self.from(rows, total), by, total.saturating_sub(rows) + 1);
        }
    }

    /// The first row in sight.
    pub fn from(self, rows: usize, total: usize) -> usize {
        self.0.min(total.saturating_sub(rows))
    }

    /// "3–12 of 40"; nothing where all are in sight.
    pub fn place(self, theme: Theme, rows: usize, total: usize) -> String {
        if total <= rows || rows == 0 {
            return String::new();
        }
        let from = self.from(rows, total);
        format!("{}{}{} of {total}", from + 1, theme.symbols().range, from + rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Options;

    #[test]
    fn the_last_page_is_full() {
        let theme = Theme::new(Options::default());
        let mut scroll = Scroll::default();
        scroll.act(Action::Down, 4, 10);
        assert_eq!(scroll.place(theme, 4, 10), "2–5 of 10");
        scroll.act(Action::Last, 4, 10);
        assert_eq!((scroll.from(4, 10), scroll.from(8, 10)), (6, 2));
        scroll.act(Action::Up, 8, 10);
        assert_eq!((scroll.from(8, 10), scroll.place(theme, 10, 10)), (1, String::new()));
        scroll.act(Action::Down, 4, 0);
        assert_eq!(scroll.from(4, 0), 0);
    }
}
