//! The studies of a folder as the first screen: one is chosen, and opened.

use std::borrow::Cow;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};

use super::app::{REST, Scene, Session};
use super::ask::StudyRow;
use super::keymap::{Action, Context, Keymap};
use super::navigate::{clamped, distance};
use super::panel::empty;
use super::panel::studies::{self, Standing};
use super::state::PanelId;
use super::theme::{Theme, Tone};
use super::update::{Effect, Msg};
use super::{Ending, TuiError, text};
use crate::domain::command::StopMode;
use crate::domain::trial::Timestamp;

/// What a person chose.
#[derive(Debug, Clone, PartialEq)]
pub enum Chosen {
    /// This study, to be opened.
    Study(Box<StudyRow>),
    /// None.
    Left(Ending),
}

impl Session {
    /// Shows the studies of `folder`, as the other thread lists them, until one is chosen or a person leaves.
    ///
    /// # Errors
    /// Where the terminal can't be used.
    pub fn choose(&mut self, folder: &str, listed: &Receiver<Vec<StudyRow>>) -> Result<Chosen, TuiError> {
        let mut choice = Choice { listed, shown: Shown::new(folder, self.look(), (self.setup.clock)()) };
        let ending = self.play(&mut choice)?;
        Ok(choice.shown.chosen.map_or(Chosen::Left(ending), |row| Chosen::Study(Box::new(row))))
    }
}

/// What is drawn.
#[derive(Debug)]
struct Shown {
    folder: String,
    theme: Theme,
    keymap: Keymap,
    list: studies::State,
    chosen: Option<StudyRow>,
    /// Why the one that was to be opened can't be.
    refused: Option<String>,
    before: Option<char>,
    now: Timestamp,
    rows: usize,
    stale: bool,
}

impl Shown {
    fn new(folder: &str, (theme, keymap): (Theme, Keymap), now: Timestamp) -> Self {
        Shown {
            folder: folder.to_owned(),
            theme,
            keymap,
            list: studies::State::default(),
            chosen: None,
            refused: None,
            before: None,
            now,
            rows: 24,
            stale: true,
        }
    }

    fn hear(&mut self, rows: Vec<StudyRow>) {
        self.list.hear(rows);
        self.stale = true;
    }

    fn selected(&self) -> Option<&StudyRow> {
        self.list.rows.as_ref()?.get(self.list.cursor)
    }

    fn take(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Key(key) => {
                self.stale = true;
                self.refused = None;
                let contexts =
                    [Context::Panel(PanelId::Studies), Context::Moving, Context::Start, Context::Always];
                let action = self.keymap.lookup(&contexts, &key, self.before.take());
                if let (None, crossterm::event::KeyCode::Char(c)) = (action, key.code) {
                    self.before = Some(c);
                }
                return action.map_or_else(Vec::new, |action| self.act(action));
            }
            Msg::Resize(_, rows) => {
                self.rows = usize::from(rows);
                self.stale = true;
            }
            Msg::Tick(now) => self.now = now,
            Msg::Panicked(text) => {
                self.refused = Some(text);
                self.stale = true;
            }
            _ => {}
        }
        Vec::new()
    }

    fn act(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Quit | Action::Interrupt => return vec![Effect::Leave(Ending::Stopped(StopMode::Now))],
            Action::Suspend => return vec![Effect::Suspend],
            Action::Redraw => return vec![Effect::Redraw],
            Action::Open => match self.selected().map(|row| (row.clone(), studies::prospect(row))) {
                Some((row, Ok(_))) => {
                    self.chosen = Some(row);
                    return vec![Effect::Leave(Ending::Done)];
                }
                Some((_, Err(why))) => self.refused = Some(why),
                None => {}
            },
            other => {
                let count = self.list.rows.as_ref().map_or(0, Vec::len);
                if let Some(by) = distance(other, self.rows.saturating_sub(6)) {
                    self.list.cursor = clamped(self.list.cursor, by, count);
                }
            }
        }
        Vec::new()
    }

    fn render(&self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        let theme = self.theme;
        buf.set_style(area, theme.base());
        let [head, body, foot] = area.layout(&Layout::vertical([
            Constraint::Length(1),
            Constraint::Fill(1),
            Constraint::Length(1),
        ]));
        let mark = theme.symbols().cut;
        let title = Line::from(vec![
            Span::styled(" tune-tui", theme.style(Tone::Accent)),
            Span::styled(format!("  {}", text::clean(&self.folder)), theme.style(Tone::Quiet)),
        ]);
        text::fitted(title, head, mark, buf);
        self.body(body, buf);
        self.foot(foot, buf);
        if theme.options.ascii {
            super::view::only_ascii(area, buf);
        }
    }

    fn body(&self, area: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let mut block = Block::bordered()
            .border_set(theme.border())
            .border_style(theme.style(Tone::Accent))
            .title_top(Line::styled(" Studies ", theme.style(Tone::Accent)));
        let room = usize::from(area.width.saturating_sub(4));
        if let Some(row) = self.selected() {
            let (words, tone) = match studies::prospect(row) {
                Ok(words) => (format!(" Enter {words} "), Tone::Accent),
                Err(_) => (format!(" {} ", Standing::of(row).word()), Tone::Quiet),
            };
            let words = text::cut(&words, room, theme.symbols().cut);
            block = block.title_bottom(Line::styled(words, theme.style(tone)));
        }
        let inner = block.inner(area);
        block.render(area, buf);
        let Some(rows) = &self.list.rows else {
            return empty(theme, "looking for studies in this folder …", inner, buf);
        };
        let rows: Vec<_> = rows.iter().map(|row| (Cow::Borrowed(row), Standing::of(row))).collect();
        studies::list(theme, &rows, (self.list.cursor, true), self.now, inner, buf);
    }

    fn foot(&self, area: Rect, buf: &mut Buffer) {
        let (theme, mark) = (self.theme, self.theme.symbols().cut);
        if let Some(why) = &self.refused {
            let words = Line::styled(format!(" {}", text::clean(why)), theme.style(Tone::Warn));
            return text::fitted(words, area, mark, buf);
        }
        let mut line = Line::default();
        let contexts = [Context::Panel(PanelId::Studies), Context::Moving, Context::Start];
        for row in self.keymap.rows(&contexts) {
            // What moves is told by its help: it has no hint.
            let words = match row.action {
                Action::Open => "open",
                Action::Down | Action::Up | Action::Quit => row.help,
                _ => continue,
            };
            let key = row.label(theme.options.ascii);
            line.push_span(Span::styled(format!(" {key}"), theme.style(Tone::Accent)));
            line.push_span(Span::raw(format!(" {words} ")));
        }
        text::fitted(line, area, mark, buf);
    }
}

/// The list, and the thread that makes it.
struct Choice<'a> {
    listed: &'a Receiver<Vec<StudyRow>>,
    shown: Shown,
}

impl Scene for Choice<'_> {
    fn take(&mut self, msg: Msg) -> Vec<Effect> {
        self.shown.take(msg)
    }

    fn look(&mut self) -> Vec<Effect> {
        if let Some(rows) = self.listed.try_iter().last() {
            self.shown.hear(rows);
        }
        Vec::new()
    }

    fn render(&self, area: Rect, buf: &mut Buffer) {
        self.shown.render(area, buf);
    }

    fn is_stale(&self) -> bool {
        self.shown.stale
    }

    fn set_stale(&mut self, stale: bool) {
        self.shown.stale = stale;
    }

    fn patience(&self, frame: Duration) -> Duration {
        if self.shown.list.rows.is_some() { REST } else { frame.min(Duration::from_millis(10)) }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::*;
    use crate::tui::screens;
    use crate::tui::theme::Options;

    /// A list that was heard at a fixed time.
    pub struct Chooser(Shown);

    /// The list as it is after the thread told of `rows`.
    pub fn chooser(options: Options, rows: Option<Vec<StudyRow>>) -> Chooser {
        let look = (Theme::new(options), Keymap::default());
        let mut shown = Shown::new("~/breeding/pigs", look, 1_763_800_000_000);
        rows.into_iter().for_each(|rows| shown.hear(rows));
        Chooser(shown)
    }

    /// Types each character; the name of the study that is opened by the last one.
    pub fn choose(Chooser(shown): &mut Chooser, keys: &str) -> Option<String> {
        shown.chosen = None;
        for c in keys.chars() {
            let code = if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) };
            let effects = shown.take(Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)));
            assert_eq!(effects.is_empty(), shown.chosen.is_none());
        }
        shown.chosen.as_ref().map(|row| row.name.clone())
    }

    /// The screen.
    pub fn drawn(Chooser(shown): &mut Chooser, width: u16, height: u16) -> String {
        shown.take(Msg::Resize(width, height));
        let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
        shown.render(buf.area, &mut buf);
        screens::text(&buf)
    }

    #[test]
    fn q_leaves_and_esc_does_not() {
        let Chooser(mut shown) = chooser(Options::default(), Some(Vec::new()));
        let mut press = |code| shown.take(Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        assert_eq!(press(KeyCode::Esc), []);
        assert_eq!(press(KeyCode::Enter), [], "there is nothing to open");
        assert_eq!(press(KeyCode::Char('q')), [Effect::Leave(Ending::Stopped(StopMode::Now))]);
    }
}
