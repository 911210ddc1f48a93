//! The loop of the main thread: collect messages, update, draw.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use crossterm::event::{self, Event, KeyEventKind, MouseEventKind};

use super::load::{self, Sampler};
use super::state::AppState;
use super::terminal::Screen;
use super::update::{Effect, Msg, update};
use super::{Dashboard, Ending, TuiError};
use crate::domain::command::Update;

/// Least time between two frames, keys aside.
const FRAME: Duration = Duration::from_millis(50);
/// Longest wait for a key once the study is over: only signals are looked for then.
const REST: Duration = Duration::from_millis(250);
/// Most updates taken in before a frame is drawn, so that a flood does not starve the screen.
const BATCH: usize = 20_000;

/// Shows the dashboard until it is left. Call it on the main thread.
///
/// # Errors
/// Where the terminal can't be used.
pub fn run(dashboard: Dashboard<'_>) -> Result<Ending, TuiError> {
    let (panicked, panics) = mpsc::channel();
    let mut screen = Screen::take(panicked, dashboard.preferences.mouse)?;
    let load = load::watch()?;
    let keys = read_keys()?;
    let Dashboard { history, updates, commands, desk, menu, clock, options, preferences, signal } = dashboard;
    let mut state = AppState::new(history, options, clock());
    state.menu = menu;
    state.prefer(preferences);
    state.size = screen.size()?;
    let mut drawn: Option<Instant> = None;
    loop {
        let received = || match signal.load(Ordering::SeqCst) {
            0 => None,
            number => Some(Ending::Signal(number)),
        };
        let due = drawn.map_or(Duration::ZERO, |at| FRAME.saturating_sub(at.elapsed()));
        let wait = match (state.stale, state.is_live()) {
            (true, _) => due,
            (false, true) => FRAME,
            (false, false) => REST,
        };
        let input = match input(&keys, wait) {
            Ok(input) => input,
            // A terminal that hung up can't be read: the signal says so better.
            Err(error) => return received().ok_or(TuiError::Terminal(error)),
        };
        if let Some(ending) = received() {
            return Ok(ending);
        }
        let pressed = !input.is_empty();
        let mut messages = input;
        messages.push(Msg::Tick(clock()));
        messages.extend(pending(updates));
        messages.extend(beside(&load, &panics));
        messages.extend(desk.answers.try_iter().map(Msg::Answer));
        for message in messages {
            for effect in update(&mut state, message) {
                match effect {
                    // A study that is gone says so through its updates.
                    Effect::Send(command) => drop(commands.send(command)),
                    // Its threads live as long as the dashboard: what they can't compute they say.
                    Effect::Ask(ask) => {
                        drop(if ask.is_heavy() { &desk.heavy } else { &desk.light }.send(ask))
                    }
                    Effect::Copy(text) => screen.copy(&text)?,
                    Effect::Redraw => {
                        screen.clear()?;
                        state.stale = true;
                    }
                    Effect::Suspend => {
                        screen.suspend()?;
                        state.stale = true;
                    }
                    Effect::Leave(ending) => return Ok(ending),
                }
            }
        }
        let due = drawn.is_none_or(|at| at.elapsed() >= FRAME);
        if state.stale && (pressed || due) {
            if let Err(error) = screen.draw(&state) {
                return received().ok_or(TuiError::Terminal(error));
            }
            state.stale = false;
            drawn = Some(Instant::now());
        }
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

/// What the other threads of the program told.
fn beside(load: &Sampler, panics: &Receiver<String>) -> Vec<Msg> {
    let load = load.samples.try_iter().last().map(Msg::Load);
    load.into_iter().chain(panics.try_iter().map(Msg::Panicked)).collect()
}
