//! Takes the terminal and gives it back as it was: on return, on error, on a panic of any thread
//! and for a suspension.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write, stdout};
use std::mem::ManuallyDrop;
use std::panic::{self, PanicHookInfo};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread;

use crossterm::cursor::{Hide, Show};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::state::AppState;
use super::view;

type Hook = Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// Columns of the terminal that standard output goes to, if it goes to one.
pub fn columns() -> Option<usize> {
    let size = stdout().is_terminal().then(crossterm::terminal::size)?;
    size.ok().map(|(columns, _)| usize::from(columns)).filter(|columns| *columns > 0)
}

/// The terminal while the dashboard has it. Dropping it gives the terminal back.
pub struct Screen {
    // A frame leaves in one write. Never dropped: ratatui's own `drop` prints to standard error where the
    // terminal is gone, and panics where that is gone, too; `leave` does what is needed.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<BufWriter<Stdout>>>>,
    taken: Arc<AtomicBool>,
    hook: Hook,
}

impl Screen {
    /// Takes the terminal. From now on a panic of another thread is told to `panics` and not
    /// printed over the screen; one of this thread first gives the terminal back.
    ///
    /// # Errors
    /// Where there is no terminal.
    pub fn take(panics: Sender<String>) -> io::Result<Self> {
        let taken = Arc::new(AtomicBool::new(false));
        enter(&taken)?;
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
        let mut screen = Screen { terminal: ManuallyDrop::new(terminal), taken, hook };
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

    /// Gives the terminal back, suspends the process, and takes the terminal again when the shell
    /// lets the process go on.
    ///
    /// # Errors
    /// Where the terminal can't be taken again.
    pub fn suspend(&mut self) -> io::Result<()> {
        leave(&self.taken);
        signal_hook::low_level::raise(signal_hook::consts::SIGTSTP)?;
        enter(&self.taken)?;
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

fn enter(taken: &AtomicBool) -> io::Result<()> {
    enable_raw_mode()?;
    taken.store(true, Ordering::SeqCst);
    execute!(stdout(), EnterAlternateScreen, Hide).inspect_err(|_| leave(taken))
}

/// Only once for each time it was taken: a second return would move the cursor over what was
/// printed since. Errors are of no use here: the terminal may be gone.
fn leave(taken: &AtomicBool) {
    if taken.swap(false, Ordering::SeqCst) {
        let _ = execute!(stdout(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
        let _ = stdout().flush();
    }
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
    format!("a thread panicked{place}: {}", info.payload_as_str().unwrap_or("no message"))
}
