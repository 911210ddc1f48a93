//! Takes the terminal and gives it back as it was: on return, on error, on a panic of any thread
//! and for a suspension.

use std::io::{self, BufWriter, Stdout, Write, stdout};
use std::mem::ManuallyDrop;
use std::panic::{self, PanicHookInfo};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread;

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::style::Print;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::clipboard;
use super::state::AppState;
use super::view;

/// Presses and the wheel, with columns beyond 223; not every move, which would wake the program for nothing.
const MOUSE_ON: &str = "\u{1b}[?1000h\u{1b}[?1006h";
const MOUSE_OFF: &str = "\u{1b}[?1006l\u{1b}[?1000l";

type Hook = Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// The terminal while the dashboard has it. Dropping it gives the terminal back.
pub struct Screen {
    // A frame leaves in one write. Never dropped: ratatui's own `drop` prints to standard error where the
    // terminal is gone, and panics where that is gone, too; `leave` does what is needed.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<BufWriter<Stdout>>>>,
    taken: Arc<AtomicBool>,
    mouse: bool,
    hook: Hook,
}

impl Screen {
    /// Takes the terminal. From now on a panic of another thread is told to `panics` and not
    /// printed over the screen; one of this thread first gives the terminal back. With `mouse` the terminal tells
    /// clicks and the wheel; text is then selected with Shift held.
    ///
    /// # Errors
    /// Where there is no terminal.
    pub fn take(panics: Sender<String>, mouse: bool) -> io::Result<Self> {
        let taken = Arc::new(AtomicBool::new(false));
        enter(&taken, mouse)?;
        let terminal = match Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(1 << 16, stdout())))
        {
            Ok(terminal) => terminal,
            Err(error) => {
                leave(&taken);
                return Err(error);
            }
        };
        let hook: Hook = Arc::from(panic::take_hook());
        let (before, drawn, drawer) = (Arc::clone(&hook), Arc::clone(&taken), thread::current().id());
        panic::set_hook(Box::new(move |info| {
            if thread::current().id() == drawer {
                leave(&drawn);
                before(info);
            } else if !drawn.load(Ordering::SeqCst) || panics.send(describe(info)).is_err() {
                before(info);
            }
        }));
        let mut screen = Screen { terminal: ManuallyDrop::new(terminal), taken, mouse, hook };
        // A program that was killed may have left its screen behind.
        screen.clear()?;
        Ok(screen)
    }

    /// Columns and rows.
    ///
    /// # Errors
    /// Where the terminal does not say.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    /// Draws what changed since the last frame.
    ///
    /// # Errors
    /// Where the terminal can't be written.
    pub fn draw(&mut self, state: &AppState) -> io::Result<()> {
        self.terminal.draw(|frame| view::render(state, frame.area(), frame.buffer_mut())).map(drop)
    }

    /// Forgets what is on the screen: the next frame draws every cell.
    ///
    /// # Errors
    /// Where the terminal can't be written.
    pub fn clear(&mut self) -> io::Result<()> {
        // Not `Terminal::clear`: that asks where the cursor is, and the answer would go to the keys' thread.
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())
    }

    /// Asks the terminal to put text on its clipboard.
    ///
    /// # Errors
    /// Where the terminal can't be written.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        let tmux = std::env::var_os("TMUX").is_some_and(|v| !v.is_empty());
        let mut out = stdout();
        out.write_all(clipboard::sequence(text, tmux).as_bytes())?;
        out.flush()
    }

    /// Gives the terminal back, suspends the process, and takes the terminal again when the shell
    /// lets the process go on.
    ///
    /// # Errors
    /// Where the terminal can't be taken again.
    pub fn suspend(&mut self) -> io::Result<()> {
        leave(&self.taken);
        signal_hook::low_level::raise(signal_hook::consts::SIGTSTP)?;
        enter(&self.taken, self.mouse)?;
        self.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave(&self.taken);
        // The hook can't be changed while panicking; it is harmless then, as the terminal is back.
        if !thread::panicking() {
            let before = Arc::clone(&self.hook);
            panic::set_hook(Box::new(move |info| before(info)));
        }
    }
}

fn enter(taken: &AtomicBool, mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    taken.store(true, Ordering::SeqCst);
    let begin = || {
        execute!(stdout(), EnterAlternateScreen, Hide, EnableBracketedPaste)?;
        if mouse { execute!(stdout(), Print(MOUSE_ON)) } else { Ok(()) }
    };
    begin().inspect_err(|_| leave(taken))
}

/// Only once for each time it was taken: a second return would move the cursor over what was
/// printed since. Errors are of no use here: the terminal may be gone.
fn leave(taken: &AtomicBool) {
    if taken.swap(false, Ordering::SeqCst) {
        let _ = execute!(stdout(), Print(MOUSE_OFF), DisableBracketedPaste, LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
        let _ = stdout().flush();
    }
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
    format!("a thread panicked{place}: {}", info.payload_as_str().unwrap_or("no message"))
}
