//! The loop of the main thread: collect messages, update, draw. What has the screen is a [`Scene`]: a study's
//! loading, the studies of a folder, a study at work, or its past.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use crossterm::event::{self, Event, KeyEventKind, MouseEventKind};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use signal_hook::consts::SIGTSTP;
use signal_hook::flag;

use super::ask::Desk;
use super::machine::{self, Sample, Sampler};
use super::state::{AppState, View};
use super::terminal::Screen;
use super::update::{Effect, Msg, update};
use super::{Dashboard, Ending, Options, Preferences, TuiError, view};
use crate::domain::command::{Command, Update};
use crate::domain::trial::Timestamp;

/// At so few frames a second, clocks are not drawn as they run.
const SLOW: u16 = 2;
/// Longest wait for a key where nothing moves by itself: only signals are looked for then.
pub(super) const REST: Duration = Duration::from_millis(250);
/// Most updates taken in before a frame is drawn, so that a flood does not starve the screen.
const BATCH: usize = 20_000;

/// How the screen is used, whatever is on it.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The wall clock of the study.
    pub clock: fn() -> Timestamp,
    /// Colours and symbols.
    pub options: Options,
    /// Theme, keys and manners; the colours of its themes are those that the terminal has.
    pub preferences: Preferences,
    /// Set to a signal's number when it arrives (TERM, HUP, INT); 0 before. Made for
    /// `signal_hook::flag::register_usize`.
    pub signal: Arc<AtomicUsize>,
    /// Whether a shell is there to let the program go on once it was suspended.
    pub suspends: bool,
}

/// What has the screen.
pub(super) trait Scene {
    /// Takes in a key, a size, the time or a panic. What the terminal has to do with it comes back.
    fn take(&mut self, msg: Msg) -> Vec<Effect>;
    /// Takes in what other threads told since the last time.
    fn look(&mut self) -> Vec<Effect>;
    /// Draws itself.
    fn render(&self, area: Rect, buf: &mut Buffer);
    /// Whether it looks other than it was drawn.
    fn is_stale(&self) -> bool;
    /// Says whether it does.
    fn set_stale(&mut self, stale: bool);
    /// The longest wait for a key before it wants to look again.
    fn patience(&self, frame: Duration) -> Duration;
}

/// The terminal while the program has it. Dropping it gives the terminal back.
pub struct Session {
    screen: Screen,
    keys: Receiver<Msg>,
    panics: Receiver<String>,
    suspended: Arc<AtomicBool>,
    /// Whether a suspension is the system's matter again.
    released: Arc<AtomicBool>,
    pub(super) setup: Setup,
}

impl Session {
    /// Takes the terminal. Call it on the main thread.
    ///
    /// # Errors
    /// Where there is none.
    pub fn take(setup: Setup) -> Result<Self, TuiError> {
        let (panicked, panics) = mpsc::channel();
        let screen = Screen::take(panicked, setup.preferences.mouse)?;
        let (suspended, released) = (Arc::default(), Arc::default());
        if setup.suspends {
            // Also where another process suspends this one, the terminal is given back first.
            flag::register_conditional_default(SIGTSTP, Arc::clone(&released))?;
            flag::register(SIGTSTP, Arc::clone(&suspended))?;
        }
        Ok(Session { screen, keys: read_keys()?, panics, suspended, released, setup })
    }

    /// Shows a study at work until it is left.
    ///
    /// # Errors
    /// Where the terminal can't be used any more.
    pub fn watch(&mut self, dashboard: Dashboard<'_>) -> Result<Ending, TuiError> {
        let Dashboard { history, updates, commands, desk, menu } = dashboard;
        let mut state = AppState::new(history, self.setup.options, (self.setup.clock)());
        state.menu = menu;
        self.show(state, Some((updates, commands)), desk)
    }

    /// Shows a state, with the study that it follows, if any.
    pub(super) fn show(
        &mut self,
        mut state: AppState,
        study: Option<(&Receiver<Update>, Sender<Command>)>,
        desk: Desk,
    ) -> Result<Ending, TuiError> {
        state.prefer(self.setup.preferences.clone());
        let machine = study.is_some().then(machine::watch).transpose()?;
        state.slow = self.setup.preferences.fps <= SLOW;
        self.play(&mut Watch { state, study, desk, machine })
    }

    /// Gives a scene the screen until it leaves it.
    pub(super) fn play(&mut self, scene: &mut dyn Scene) -> Result<Ending, TuiError> {
        // Least time between two frames, keys aside.
        let frame = Duration::from_secs(1) / u32::from(self.setup.preferences.fps.max(1));
        let (columns, rows) = self.screen.size()?;
        scene.take(Msg::Resize(columns, rows));
        let mut drawn: Option<Instant> = None;
        loop {
            let due = drawn.map_or(Duration::ZERO, |at| frame.saturating_sub(at.elapsed()));
            let wait = if scene.is_stale() { due } else { scene.patience(frame) };
            let input = match input(&self.keys, wait) {
                Ok(input) => input,
                // A terminal that hung up can't be read: the signal says so better.
                Err(error) => return self.received().ok_or(TuiError::Terminal(error)),
            };
            if let Some(ending) = self.received() {
                return Ok(ending);
            }
            let pressed = !input.is_empty();
            let mut effects = Vec::new();
            for message in input
                .into_iter()
                .chain([Msg::Tick((self.setup.clock)())])
                .chain(self.panics.try_iter().map(Msg::Panicked))
            {
                effects.extend(scene.take(message));
            }
            effects.extend(scene.look());
            effects.extend(self.suspended.swap(false, Ordering::SeqCst).then_some(Effect::Suspend));
            for effect in effects {
                match effect {
                    Effect::Copy(text) => {
                        self.screen.copy(&text)?;
                        continue;
                    }
                    Effect::Redraw => self.screen.clear()?,
                    Effect::Suspend if self.setup.suspends => self.screen.suspend()?,
                    Effect::Leave(ending) => return Ok(ending),
                    // What is asked of other threads is the scene's own.
                    Effect::Suspend | Effect::Send(_) | Effect::Ask(_) => continue,
                }
                scene.set_stale(true);
            }
            let due = drawn.is_none_or(|at| at.elapsed() >= frame);
            if scene.is_stale() && (pressed || due) {
                if let Err(error) = self.screen.draw(|area, buf| scene.render(area, buf)) {
                    return self.received().ok_or(TuiError::Terminal(error));
                }
                scene.set_stale(false);
                drawn = Some(Instant::now());
            }
        }
    }

    fn received(&self) -> Option<Ending> {
        match self.setup.signal.load(Ordering::SeqCst) {
            0 => None,
            number => Some(Ending::Signal(number)),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.released.store(true, Ordering::SeqCst);
    }
}

/// A study at work, or its past.
struct Watch<'a> {
    state: AppState,
    study: Option<(&'a Receiver<Update>, Sender<Command>)>,
    desk: Desk,
    machine: Option<Sampler>,
}

impl Watch<'_> {
    /// Tells the study and the desk what is theirs, and gives the rest back.
    fn tell(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        let mut left = Vec::new();
        for effect in effects {
            match effect {
                // A study that is gone says so through its updates.
                Effect::Send(command) => {
                    if let Some((_, commands)) = &self.study {
                        drop(commands.send(command));
                    }
                }
                // Its threads live as long as the dashboard: what they can't compute they say.
                Effect::Ask(ask) => {
                    let desk = if ask.is_heavy() { &self.desk.heavy } else { &self.desk.light };
                    drop(desk.send(ask));
                }
                other => left.push(other),
            }
        }
        left
    }
}

impl Scene for Watch<'_> {
    fn take(&mut self, msg: Msg) -> Vec<Effect> {
        let effects = update(&mut self.state, msg);
        self.tell(effects)
    }

    fn look(&mut self) -> Vec<Effect> {
        let mut messages = self.study.as_ref().map_or_else(Vec::new, |(updates, _)| pending(updates));
        if let Some(machine) = &mut self.machine {
            machine.look(self.state.view == View::Devices);
            messages.extend(machine.samples.try_iter().flat_map(sampled));
        }
        messages.extend(self.desk.answers.try_iter().map(Msg::Answer));
        messages.into_iter().flat_map(|message| self.take(message)).collect()
    }

    fn render(&self, area: Rect, buf: &mut Buffer) {
        view::render(&self.state, area, buf);
    }

    fn is_stale(&self) -> bool {
        self.state.stale
    }

    fn set_stale(&mut self, stale: bool) {
        self.state.stale = stale;
    }

    fn patience(&self, frame: Duration) -> Duration {
        let moves = match &self.state.replay {
            Some(replay) => replay.is_playing(),
            None => self.state.is_live(),
        };
        if moves { frame } else { frame.max(REST) }
    }
}

/// Reads keys and resizes on a thread of its own: a terminal that has hung up keeps crossterm's reader
/// in a loop for ever, and the main thread must still hear of the signal and leave.
fn read_keys() -> io::Result<Receiver<Msg>> {
    let (sender, keys) = mpsc::channel();
    thread::Builder::new().name("keys".into()).spawn(move || {
        while let Ok(event) = event::read() {
            let message = match event {
                Event::Key(key) if key.kind != KeyEventKind::Release => Msg::Key(key),
                Event::Resize(columns, rows) => Msg::Resize(columns, rows),
                Event::Paste(text) => Msg::Paste(text),
                // Moves are not asked for, and some terminals tell them all the same.
                Event::Mouse(event) if event.kind != MouseEventKind::Moved => Msg::Mouse(event),
                _ => continue,
            };
            if sender.send(message).is_err() {
                return;
            }
        }
    })?;
    Ok(keys)
}

/// Every key and resize there is, after waiting for the first.
fn input(keys: &Receiver<Msg>, wait: Duration) -> io::Result<Vec<Msg>> {
    match keys.recv_timeout(wait) {
        Ok(first) => Ok(std::iter::once(first).chain(keys.try_iter()).collect()),
        Err(RecvTimeoutError::Timeout) => Ok(Vec::new()),
        Err(RecvTimeoutError::Disconnected) => Err(io::Error::other("the terminal can't be read any more")),
    }
}

/// What the study told since the last time.
fn pending(updates: &Receiver<Update>) -> Vec<Msg> {
    let mut batch = Vec::new();
    let mut silent = false;
    while batch.len() < BATCH {
        match updates.try_recv() {
            Ok(update) => batch.push(update),
            Err(TryRecvError::Empty) => break,
            Err(TryRecvError::Disconnected) => {
                silent = true;
                break;
            }
        }
    }
    let mut messages = Vec::new();
    if !batch.is_empty() {
        messages.push(Msg::Updates(batch));
    }
    if silent {
        messages.push(Msg::Silence);
    }
    messages
}

/// The header shows the load of the machine, too.
fn sampled(sample: Sample) -> Vec<Msg> {
    let load = if let Sample::Machine(machine) = &sample { Some(Msg::Load(machine.load)) } else { None };
    load.into_iter().chain([Msg::Sampled(sample)]).collect()
}
