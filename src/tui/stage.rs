//! A dashboard without a terminal: driven by keys, drawn on a buffer. Measurements and the pictures of the
//! documentation are made with it.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::Menu;
use super::ask::{Answer, Ask};
use super::keymap::Key;
use super::picture;
use super::preferences::Preferences;
use super::state::AppState;
use super::theme::Options;
use super::update::{Effect, Msg, update};
use super::view;
use crate::domain::command::{End, Update};
use crate::domain::event::Record;
use crate::domain::history::History;
use crate::domain::trial::Timestamp;

/// Keeps what is written.
#[derive(Debug, Clone, Default)]
struct Sent(Rc<RefCell<Vec<u8>>>);

impl Write for Sent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A dashboard on a buffer.
pub struct Stage {
    state: AppState,
    terminal: Terminal<CrosstermBackend<Sent>>,
    sent: Sent,
}

impl Stage {
    /// Of a study, on a screen of so many columns and rows.
    ///
    /// # Errors
    /// None in practice: nothing is written anywhere.
    pub fn new(history: History, options: Options, now: Timestamp, size: (u16, u16)) -> io::Result<Self> {
        let viewport = Viewport::Fixed(Rect::new(0, 0, size.0, size.1));
        let sent = Sent::default();
        let backend = CrosstermBackend::new(sent.clone());
        let terminal = Terminal::with_options(backend, TerminalOptions { viewport })?;
        let mut stage = Stage { state: AppState::new(history, options, now), terminal, sent };
        stage.follow(Msg::Resize(size.0, size.1));
        Ok(stage)
    }

    /// Takes over what a person prefers, and what there is to choose from.
    pub fn prefer(&mut self, preferences: Preferences, menu: Menu) {
        self.state.prefer(preferences);
        self.state.menu = menu;
    }

    fn follow(&mut self, msg: Msg) -> Vec<Ask> {
        let asked = |effect| if let Effect::Ask(ask) = effect { Some(ask) } else { None };
        update(&mut self.state, msg).into_iter().filter_map(asked).collect()
    }

    /// Another size of the screen; what is asked for then.
    ///
    /// # Errors
    /// None in practice.
    pub fn resize(&mut self, size: (u16, u16)) -> io::Result<Vec<Ask>> {
        self.terminal.resize(Rect::new(0, 0, size.0, size.1))?;
        Ok(self.follow(Msg::Resize(size.0, size.1)))
    }

    /// Presses keys, as the keymap names them, with blanks between; what is asked for then.
    ///
    /// # Errors
    /// A word that is no key.
    pub fn press(&mut self, keys: &str) -> Result<Vec<Ask>, String> {
        let mut asks = Vec::new();
        for word in keys.split_whitespace() {
            for event in Key::parse(word)?.events() {
                asks.extend(self.follow(Msg::Key(event)));
            }
        }
        Ok(asks)
    }

    /// Types a text; what is asked for then.
    pub fn write(&mut self, text: &str) -> Vec<Ask> {
        let typed = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        text.chars().flat_map(|c| self.follow(Msg::Key(typed(c)))).collect()
    }

    /// Takes records in; what is asked for then.
    pub fn record(&mut self, records: Vec<Record>) -> Vec<Ask> {
        self.follow(Msg::Updates(records.into_iter().map(Update::Recorded).collect()))
    }

    /// Says that all trials have ended; what is asked for then.
    pub fn finish(&mut self) -> Vec<Ask> {
        self.follow(Msg::Updates(vec![Update::Ended(End::Done)]))
    }

    /// Takes an answer in; what is asked for then.
    pub fn answer(&mut self, answer: Answer) -> Vec<Ask> {
        self.follow(Msg::Answer(answer))
    }

    /// Lets time pass; what is asked for then.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Ask> {
        self.follow(Msg::Tick(now))
    }

    /// Whether there is anything new to draw.
    pub fn is_stale(&self) -> bool {
        self.state.stale
    }

    /// Draws a frame; what a terminal is sent for it.
    ///
    /// # Errors
    /// None in practice.
    pub fn draw(&mut self) -> io::Result<Vec<u8>> {
        let state = &self.state;
        self.terminal.draw(|frame| view::render(state, frame.area(), frame.buffer_mut()))?;
        self.state.stale = false;
        Ok(self.sent.0.take())
    }

    fn buffer(&self) -> Buffer {
        let area = Rect::new(0, 0, self.state.size.0, self.state.size.1);
        let mut buffer = Buffer::empty(area);
        view::render(&self.state, area, &mut buffer);
        buffer
    }

    /// The screen as text.
    pub fn text(&self) -> String {
        let buffer = self.buffer();
        let row = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..buffer.area.height).map(|y| row(y).trim_end().to_owned() + "\n").collect()
    }

    /// The screen as a picture in SVG.
    pub fn svg(&self) -> String {
        picture::svg(&self.buffer(), self.state.theme.base())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::busy;

    #[test]
    fn a_frame_at_rest_costs_nothing_and_a_picture_holds_the_words() {
        let script = busy();
        let mut stage =
            Stage::new(script.history().clone(), Options::default(), script.now(), (80, 24)).unwrap();
        let mut drawn = || stage.draw().unwrap().len();
        let first = drawn();
        assert!(first > 1000, "{first}");
        let again = drawn();
        assert!(again < 40, "only the cursor is told where to be: {again}");
        stage.press("2 j ?").unwrap();
        let moved = stage.draw().unwrap().len();
        assert!(moved > 100 && moved < 2 * first, "{moved}");
        stage.press("Esc").unwrap();
        let (text, svg) = (stage.text(), stage.svg());
        assert!(text.contains("pig_ebv") && svg.contains("pig_ebv"));
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
        assert!(stage.press("hyper").is_err());
    }
}
