//! Takes the terminal and gives it back as it was: on return, on error, on a panic of any thread
//! and for a suspension.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write, stdout};
use std::panic::{self, PanicHookInfo};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread;

use crossterm::cursor::{Hide, Show};
use crossterm::terminal::{
    self, BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::backend::{Backend, ClearType, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

type Hook = Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// Columns of the terminal that standard output goes to, if it goes to one.
pub fn columns() -> Option<usize> {
    let size = stdout().is_terminal().then(crossterm::terminal::size)?;
    size.ok().map(|(columns, _)| usize::from(columns)).filter(|columns| *columns > 0)
}

/// The terminal while the dashboard has it. Dropping it gives the terminal back.
pub struct Screen {
    // A frame leaves in one write.
    backend: CrosstermBackend<BufWriter<Stdout>>,
    /// What is on the screen.
    shown: Buffer,
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
        let backend = CrosstermBackend::new(BufWriter::with_capacity(1 << 16, stdout()));
        let mut screen = Screen { backend, shown: Buffer::empty(Rect::ZERO), taken, hook };
        // A program that was killed may have left its screen behind.
        screen.clear()?;
        Ok(screen)
    }

    /// Columns and rows.
    ///
    /// # Errors
    /// Where the terminal does not say.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        terminal::size()
    }

    /// Draws the cells that changed since the last frame; writes nothing where none has.
    ///
    /// # Errors
    /// Where the terminal can't be written.
    pub fn draw(&mut self, render: impl FnOnce(Rect, &mut Buffer)) -> io::Result<()> {
        let (width, height) = self.size()?;
        let area = Rect::new(0, 0, width, height);
        if area != self.shown.area {
            self.clear()?;
        }
        let mut next = Buffer::empty(area);
        render(area, &mut next);
        let changes = self.shown.diff(&next);
        if !changes.is_empty() {
            // The terminal shows a frame as a whole, where it can.
            queue!(self.backend, BeginSynchronizedUpdate)?;
            self.backend.draw(changes.into_iter())?;
            queue!(self.backend, EndSynchronizedUpdate)?;
            Write::flush(&mut self.backend)?;
        }
        self.shown = next;
        Ok(())
    }

    /// Forgets what is on the screen: the next frame draws every cell.
    ///
    /// # Errors
    /// Where the terminal can't be written.
    pub fn clear(&mut self) -> io::Result<()> {
        let (width, height) = self.size()?;
        self.shown = Buffer::empty(Rect::new(0, 0, width, height));
        self.backend.clear_region(ClearType::All)?;
        Write::flush(&mut self.backend)
    }

    /// Gives the terminal back, suspends the process, and takes the terminal again when the shell
    /// lets the process go on.
    ///
    /// # Errors
    /// Where the terminal can't be taken again.
    pub fn suspend(&mut self) -> io::Result<()> {
        leave(&self.taken);
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
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
