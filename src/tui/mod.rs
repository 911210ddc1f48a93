//! The dashboard: the main thread's loop, its state and the panels that draw it.
//!
//! Data flows one way: a message goes through `update` into `state::AppState`, which the panels
//! only read; what is asked of the study leaves as a command. Before a study is open, `loading` or `chooser` has
//! the screen; `replay` feeds a study's past to the same state.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender};

use thiserror::Error;

use crate::domain::command::{Command, StopMode, Update};
use crate::domain::history::History;

mod activity;
mod app;
mod applies;
pub mod ask;
mod cell;
mod choose;
mod chooser;
mod column;
mod compared;
mod filter;
mod keymap;
mod loading;
mod machine;
mod navigate;
mod order;
pub mod palette;
mod panel;
mod plot;
pub mod preferences;
mod profile;
mod reference;
mod replay;
#[cfg(test)]
mod screens;
mod scroll;
pub mod stage;
mod state;
mod terminal;
mod text;
mod theme;
mod update;
mod view;

pub use app::{Session, Setup};
use ask::Desk;
pub use chooser::Chosen;
pub use loading::{Loaded, Told};
pub use panel::studies::Standing;
pub use preferences::Preferences;
pub use replay::{Replay, Tape};
pub use terminal::columns;
pub use theme::Options;

/// What the dashboard is given.
#[derive(Debug)]
pub struct Dashboard<'a> {
    /// The study so far.
    pub history: History,
    /// What happens to it; records that `history` holds already may come again.
    pub updates: &'a Receiver<Update>,
    /// Where a person's commands go.
    pub commands: Sender<Command>,
    /// Where what takes longer than a frame is computed.
    pub desk: Desk,
    /// What a person may choose from.
    pub menu: Menu,
}

/// What a person may choose from while steering, which only the other modules know.
#[derive(Debug, Clone, Default)]
pub struct Menu {
    /// The samplers with a line of help each.
    pub samplers: Vec<(&'static str, &'static str)>,
    /// The pruners with a line of help each.
    pub pruners: Vec<(&'static str, &'static str)>,
    /// The widest range that a parameter's values may have, where there is a limit.
    pub limits: BTreeMap<String, (f64, f64)>,
    /// Most trials at once.
    pub slots: usize,
    /// The study's store, as a person would name it.
    pub store: String,
    /// The command that resumes the study.
    pub resume: String,
}

/// Why the dashboard was left. The terminal is as it was before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// All trials had ended.
    Done,
    /// A person stopped the study. `Now` may come before the study's thread ended: join it.
    Stopped(StopMode),
    /// The study could not go on; the text says why and what to do.
    Failed(String),
    /// This signal arrived. The study was not told to stop.
    Signal(usize),
}

/// Why the dashboard could not be shown, or not any longer.
#[derive(Debug, Error)]
pub enum TuiError {
    /// The terminal can't be written or read.
    #[error("use the terminal: {0}; `--headless` runs without it")]
    Terminal(#[from] std::io::Error),
}
