//! A dashboard without a terminal: driven by keys, drawn on a buffer. Measurements and the pictures of the
//! documentation are made with it.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::rc::Rc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::Menu;
use super::ask::{Answer, Ask};
use super::keymap::Key;
use super::preferences::Preferences;
use super::state::AppState;
use super::theme::Options;
use super::update::{Effect, Msg, update};
use super::view;
use crate::domain::command::{End, Update};
use crate::domain::event::Record;
use crate::domain::history::History;
use crate::domain::trial::Timestamp;

/// Width and height of a cell of a picture, in its units.
const CELL: (f64, f64) = (8.4, 17.0);
/// Colours of a picture where a style says nothing, and of the sixteen.
const INK: u32 = 0x00d8_dee9;
const PAPER: u32 = 0x0016_1a21;
const SIXTEEN: [u32; 16] = [
    0x0016_1a21,
    0x00f0_7178,
    0x008f_d694,
    0x00f0_c674,
    0x006f_9ff0,
    0x00c5_95e8,
    0x006c_c7e8,
    0x00d8_dee9,
    0x0080_8a9c,
    0x00f0_9a9a,
    0x00a8_e8a8,
    0x00f8_dca0,
    0x0098_c0ff,
    0x00d8_b8f0,
    0x0098_dcf0,
    0x00ff_ffff,
];

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
        let buffer = self.buffer();
        let (columns, rows) = (buffer.area.width, buffer.area.height);
        let (width, height) = (f64::from(columns) * CELL.0 + 20.0, f64::from(rows) * CELL.1 + 20.0);
        let base = self.state.theme.base();
        let paper = hex(base.bg, PAPER);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
             font-family=\"'DejaVu Sans Mono','JetBrains Mono',Menlo,Consolas,monospace\" font-size=\"14\">\n\
             <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{paper}\"/>\n"
        );
        for y in 0..rows {
            let mut x = 0;
            while x < columns {
                let style = buffer[(x, y)].style();
                let mut end = x;
                let mut text = String::new();
                while end < columns && buffer[(end, y)].style() == style {
                    text += buffer[(end, y)].symbol();
                    end += 1;
                }
                run(&mut svg, (x, y), end - x, &text, style, paper.as_str());
                x = end;
            }
        }
        svg + "</svg>\n"
    }
}

/// Cells of one style.
fn run(svg: &mut String, at: (u16, u16), cells: u16, text: &str, style: Style, paper: &str) {
    let (x, y) = (10.0 + f64::from(at.0) * CELL.0, 10.0 + f64::from(at.1) * CELL.1);
    let width = f64::from(cells) * CELL.0;
    let is = |modifier| style.add_modifier.contains(modifier);
    let (mut ink, mut ground) = (hex(style.fg, INK), hex(style.bg, PAPER));
    if style.bg.is_none_or(|color| color == Color::Reset) {
        paper.clone_into(&mut ground);
    }
    if is(Modifier::REVERSED) {
        std::mem::swap(&mut ink, &mut ground);
    }
    if ground != paper {
        // Writing to a text can't fail.
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{ground}\"/>",
            CELL.1
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let weight = if is(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
    let faint = if is(Modifier::DIM) { " opacity=\"0.6\"" } else { "" };
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\" \
         xml:space=\"preserve\" fill=\"{ink}\"{weight}{faint}>{text}</text>",
        y + 13.0
    );
}

/// A colour as SVG takes it.
fn hex(color: Option<Color>, usual: u32) -> String {
    let sixteen = |n: usize| format!("#{:06x}", SIXTEEN[n]);
    match color {
        None | Some(Color::Reset) => format!("#{usual:06x}"),
        Some(Color::Rgb(r, g, b)) => format!("#{r:02x}{g:02x}{b:02x}"),
        Some(Color::Indexed(n @ 0..16)) => sixteen(usize::from(n)),
        Some(Color::Indexed(n @ 16..232)) => {
            let level = |v: u8| if v == 0 { 0 } else { 55 + 40 * v };
            let n = n - 16;
            format!("#{:02x}{:02x}{:02x}", level(n / 36), level(n / 6 % 6), level(n % 6))
        }
        Some(Color::Indexed(n)) => {
            let grey = 8 + 10 * (n - 232);
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
        Some(Color::Black) => sixteen(0),
        Some(Color::Red) => sixteen(1),
        Some(Color::Green) => sixteen(2),
        Some(Color::Yellow) => sixteen(3),
        Some(Color::Blue) => sixteen(4),
        Some(Color::Magenta) => sixteen(5),
        Some(Color::Cyan) => sixteen(6),
        Some(Color::Gray) => sixteen(7),
        Some(Color::DarkGray) => sixteen(8),
        Some(Color::LightRed) => sixteen(9),
        Some(Color::LightGreen) => sixteen(10),
        Some(Color::LightYellow) => sixteen(11),
        Some(Color::LightBlue) => sixteen(12),
        Some(Color::LightMagenta) => sixteen(13),
        Some(Color::LightCyan) => sixteen(14),
        Some(Color::White) => sixteen(15),
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
