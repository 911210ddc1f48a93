//! What stands on the screen while a study is opened: its name, what was done, what is being done.
//!
//! ```text
//! ╭ tune-tui ────────────────────────────────╮
//! │  pigs                                    │
//! │                                          │
//! │  ✓ the study file                    0s  │
//! │  ⠹ reading the data …                3s  │
//! ╰ q quit ──────────────────────────────────╯
//! ```

use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Padding, Widget};

use super::app::{Scene, Session};
use super::keymap::{Action, Context, Keymap};
use super::preferences::theme_named;
use super::theme::{Theme, Tone};
use super::update::{Effect, Msg};
use super::{Ending, TuiError, text};
use crate::analysis::human;
use crate::domain::command::StopMode;
use crate::domain::trial::Timestamp;

/// How soon what was loaded is looked for.
const LOOK: Duration = Duration::from_millis(5);
/// Milliseconds between two turns of the sign that it goes on.
const TURN: Timestamp = 100;
/// Columns of the card, where the screen has so many.
const WIDE: u16 = 72;
/// The smallest screen that has a frame.
const FRAMED: (u16, u16) = (30, 7);

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const ASCII_SPINNER: [&str; 4] = ["|", "/", "-", "\\"];

/// What the thread that loads tells.
#[derive(Debug)]
pub enum Told<T> {
    /// It begins with this; what it did before is done.
    Step(String),
    /// All is done, well or not.
    Done(T),
}

/// How loading ended.
#[derive(Debug)]
pub enum Loaded<T> {
    /// With this.
    Done(T),
    /// A person or a signal did not wait for it.
    Left(Ending),
}

impl Session {
    /// Theme and keys of what is shown before a study is open.
    pub(super) fn look(&self) -> (Theme, Keymap) {
        let own = &self.setup.preferences;
        let mut theme = Theme::new(self.setup.options);
        // It was checked when it was read.
        theme.palette = theme_named(&own.themes, &own.theme).unwrap_or(theme.palette);
        (theme, own.keymap.clone())
    }

    /// Shows what is being loaded until it is there or a person leaves.
    ///
    /// # Errors
    /// Where the terminal can't be used.
    pub fn load<T>(&mut self, name: &str, told: &Receiver<Told<T>>) -> Result<Loaded<T>, TuiError> {
        let now = (self.setup.clock)();
        let mut loading = Loading { told, loaded: None, card: Card::new(name, self.look(), now) };
        let ending = self.play(&mut loading)?;
        Ok(loading.loaded.map_or(Loaded::Left(ending), Loaded::Done))
    }
}

/// A step and when it began.
#[derive(Debug, Clone, PartialEq)]
struct Step {
    text: String,
    began: Timestamp,
}

/// What is drawn.
#[derive(Debug)]
struct Card {
    name: String,
    theme: Theme,
    keymap: Keymap,
    steps: Vec<Step>,
    began: Timestamp,
    now: Timestamp,
    /// What a thread said when it panicked.
    panicked: Option<String>,
    stale: bool,
}

impl Card {
    fn new(name: &str, (theme, keymap): (Theme, Keymap), now: Timestamp) -> Self {
        Card {
            name: name.to_owned(),
            theme,
            keymap,
            steps: Vec::new(),
            began: now,
            now,
            panicked: None,
            stale: true,
        }
    }

    fn begin(&mut self, text: String) {
        self.steps.push(Step { text, began: self.now });
        self.stale = true;
    }

    fn take(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Key(key) => match self.keymap.lookup(&[Context::Start, Context::Always], &key, None) {
                Some(Action::Quit | Action::Interrupt) => {
                    vec![Effect::Leave(Ending::Stopped(StopMode::Now))]
                }
                Some(Action::Suspend) => vec![Effect::Suspend],
                Some(Action::Redraw) => vec![Effect::Redraw],
                _ => Vec::new(),
            },
            Msg::Tick(now) => {
                self.stale |= now / TURN != self.now / TURN;
                self.now = now;
                Vec::new()
            }
            Msg::Resize(..) => {
                self.stale = true;
                Vec::new()
            }
            Msg::Panicked(text) => {
                self.panicked = Some(text);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn spinner(&self) -> &'static str {
        let turn = (self.now.saturating_sub(self.began) / TURN) as usize;
        if self.theme.options.ascii {
            ASCII_SPINNER[turn % ASCII_SPINNER.len()]
        } else {
            SPINNER[turn % SPINNER.len()]
        }
    }

    /// A step with its mark at the left and how long it took at the right.
    fn step(&self, number: usize, room: usize) -> Line<'static> {
        let (theme, step) = (self.theme, &self.steps[number]);
        let next = self.steps.get(number + 1);
        let (mark, tone) = match next {
            Some(_) => (if theme.options.ascii { "+" } else { "✓" }, Tone::Good),
            None => (self.spinner(), Tone::Accent),
        };
        let seconds = next.map_or(self.now, |next| next.began).saturating_sub(step.began) as f64 / 1000.0;
        let took = if seconds < 1.0 { String::new() } else { human::duration(seconds) };
        let words = text::left(&step.text, room.saturating_sub(took.len() + 3), theme.symbols().cut);
        let words_tone = if next.is_some() { Tone::Quiet } else { Tone::Plain };
        Line::from(vec![
            Span::styled(format!("{mark} "), theme.style(tone)),
            Span::styled(words, theme.style(words_tone)),
            Span::styled(format!(" {took}"), theme.style(Tone::Quiet)),
        ])
    }

    fn render(&self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        buf.set_style(area, self.theme.base());
        if area.width < FRAMED.0 || area.height < FRAMED.1 {
            self.small(area, buf);
        } else {
            self.card(area, buf);
        }
        if self.theme.options.ascii {
            super::view::only_ascii(area, buf);
        }
    }

    /// Where there is no room for the frame.
    fn small(&self, area: Rect, buf: &mut Buffer) {
        let (theme, room) = (self.theme, usize::from(area.width));
        let name = text::cut(&self.name, room, theme.symbols().cut);
        Line::styled(name, theme.style(Tone::Accent)).render(text::row(area, 0), buf);
        if let Some(last) = self.steps.len().checked_sub(1) {
            self.step(last, room).render(text::row(area, 1), buf);
        }
    }

    fn card(&self, area: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let width = WIDE.min(area.width);
        let height = (self.steps.len() as u16 + 6).clamp(8, 24).min(area.height);
        let at = Rect {
            x: area.x + (area.width - width) / 2,
            y: area.y + (area.height - height) / 2,
            width,
            height,
        };
        let quit = Context::Start;
        let mut keys = Line::default();
        for row in self.keymap.rows(&[quit]).filter(|row| row.action == Action::Quit) {
            keys.push_span(Span::styled(
                format!(" {}", row.label(theme.options.ascii)),
                theme.style(Tone::Accent),
            ));
            keys.push_span(Span::raw(format!(" {} ", row.hint)));
        }
        let block = Block::bordered()
            .border_set(theme.border())
            .border_style(theme.style(Tone::Quiet))
            .title_top(Line::styled(" tune-tui ", theme.style(Tone::Strong)))
            .title_bottom(keys)
            .padding(Padding::new(2, 2, 1, 0));
        let inner = block.inner(at);
        block.render(at, buf);
        let room = usize::from(inner.width);
        let name = text::cut(&self.name, room, theme.symbols().cut);
        Line::styled(name, theme.style(Tone::Accent)).render(text::row(inner, 0), buf);
        let rows = usize::from(inner.height).saturating_sub(2);
        let first = self.steps.len().saturating_sub(rows);
        for (row, number) in (first..self.steps.len()).enumerate() {
            self.step(number, room).render(text::row(inner, row + 2), buf);
        }
    }
}

/// The card, and the thread that it waits for.
struct Loading<'a, T> {
    told: &'a Receiver<Told<T>>,
    loaded: Option<T>,
    card: Card,
}

impl<T> Scene for Loading<'_, T> {
    fn take(&mut self, msg: Msg) -> Vec<Effect> {
        self.card.take(msg)
    }

    fn look(&mut self) -> Vec<Effect> {
        loop {
            match self.told.try_recv() {
                Ok(Told::Step(text)) => self.card.begin(text),
                Ok(Told::Done(loaded)) => {
                    self.loaded = Some(loaded);
                    return vec![Effect::Leave(Ending::Done)];
                }
                Err(TryRecvError::Empty) => return Vec::new(),
                Err(TryRecvError::Disconnected) => {
                    let why = self.card.panicked.take();
                    let why = why.unwrap_or_else(|| "the thread that loads the study ended".into());
                    return vec![Effect::Leave(Ending::Failed(why))];
                }
            }
        }
    }

    fn render(&self, area: Rect, buf: &mut Buffer) {
        self.card.render(area, buf);
    }

    fn is_stale(&self) -> bool {
        self.card.stale
    }

    fn set_stale(&mut self, stale: bool) {
        self.card.stale = stale;
    }

    fn patience(&self, _: Duration) -> Duration {
        LOOK
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::*;
    use crate::tui::screens;
    use crate::tui::theme::Options;

    fn card(ascii: bool) -> Card {
        let theme = Theme::new(Options { ascii, color: !ascii });
        let mut card = Card::new("pig_ebv", (theme, Keymap::default()), 10_000);
        card.begin("reading the data of data/pig.bed …".into());
        card.take(Msg::Tick(13_200));
        card.begin("looking which networks of the search space can be trained …".into());
        card.take(Msg::Tick(13_300));
        card.begin("reading the trials in runs/pig_ebv (143 MiB) …".into());
        card.take(Msg::Tick(14_700));
        card
    }

    fn screen(card: &Card, width: u16, height: u16) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
        card.render(buf.area, &mut buf);
        screens::text(&buf)
    }

    #[test]
    fn the_card() {
        for (width, height) in [(80, 24), (200, 60), (28, 5)] {
            insta::assert_snapshot!(
                format!("loading_card_{width}x{height}"),
                screen(&card(false), width, height)
            );
        }
        let ascii = screen(&card(true), 80, 24);
        assert!(ascii.is_ascii());
        insta::assert_snapshot!("loading_card_ascii_80x24", ascii);
    }

    #[test]
    fn no_size_panics_and_long_names_are_cut() {
        let mut card = card(false);
        card.name = "x".repeat(500);
        card.begin("y".repeat(500));
        for width in 1..90 {
            for height in 1..30 {
                screen(&card, width, height);
            }
        }
        assert!(screen(&card, 80, 24).contains("xx…"));
    }

    #[test]
    fn q_and_interrupt_leave_and_time_alone_draws_a_turn() {
        let left = vec![Effect::Leave(Ending::Stopped(StopMode::Now))];
        for (code, modifiers, effects) in [
            (KeyCode::Char('q'), KeyModifiers::NONE, left.clone()),
            (KeyCode::Char('c'), KeyModifiers::CONTROL, left),
            (KeyCode::Char('z'), KeyModifiers::CONTROL, vec![Effect::Suspend]),
            (KeyCode::Char('x'), KeyModifiers::NONE, vec![]),
            (KeyCode::Esc, KeyModifiers::NONE, vec![]),
        ] {
            assert_eq!(card(false).take(Msg::Key(KeyEvent::new(code, modifiers))), effects, "{code:?}");
        }
        let mut card = card(false);
        for (now, stale) in [(14_799, false), (14_800, true)] {
            card.stale = false;
            card.take(Msg::Tick(now));
            assert_eq!(card.stale, stale, "{now}");
        }
    }

    #[test]
    fn what_was_loaded_leaves_and_a_thread_that_is_gone_says_why() {
        let (tell, told) = channel();
        let mut loading = Loading { told: &told, loaded: None, card: card(false) };
        tell.send(Told::Step("one more".into())).unwrap();
        assert_eq!(loading.look(), []);
        assert_eq!(loading.card.steps.last().map(|s| s.text.as_str()), Some("one more"));
        tell.send(Told::Done(7)).unwrap();
        assert_eq!(loading.look(), [Effect::Leave(Ending::Done)]);
        assert_eq!(loading.loaded, Some(7));
        drop(tell);
        loading.take(Msg::Panicked("a thread panicked: why".into()));
        assert_eq!(loading.look(), [Effect::Leave(Ending::Failed("a thread panicked: why".into()))]);
    }
}
