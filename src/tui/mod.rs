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
use crate::domain::trial::Timestamp;

mod activity;
mod app;
mod applies;
pub mod ask;
mod cell;
mod choose;
mod chooser;
mod clipboard;
mod column;
mod command;
mod compared;
mod dialog;
mod entry;
mod filter;
mod form;
mod freeze;
mod keymap;
mod loading;
mod machine;
mod mouse;
mod names;
mod navigate;
mod order;
pub mod palette;
mod panel;
mod picture;
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
mod steer;
mod terminal;
mod text;
mod theme;
mod update;
mod values;
mod view;

pub use app::{Session, Setup};
use ask::Desk;
pub use chooser::Chosen;
pub use loading::{Loaded, Told};
pub use panel::studies::Standing;
pub use preferences::Preferences;
pub use replay::{Replay, Tape};
pub use terminal::columns;
pub use text::is_hidden;
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
    /// The local time.
    pub zone: Zone,
}

/// By how much the local time differs from UTC, and from when on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Zone {
    /// From so many seconds since 1970 on it is so many seconds ahead; in order. None where it is not known.
    pub shifts: Vec<(i64, i32)>,
}

impl Zone {
    /// Whether the local time is known.
    fn is_known(&self) -> bool {
        !self.shifts.is_empty()
    }

    /// The local time as if it were UTC; UTC where it is not known.
    fn local(&self, at: Timestamp) -> Timestamp {
        let seconds = i64::try_from(at / 1000).unwrap_or(i64::MAX);
        let shift = self.shifts.iter().rev().find(|(from, _)| *from <= seconds).or(self.shifts.first());
        at.saturating_add_signed(i64::from(shift.map_or(0, |(_, by)| *by)) * 1000)
    }
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
