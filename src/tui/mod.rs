//! The dashboard: the main thread's loop, its state and the panels that draw it.
//!
//! Data flows one way: a message goes through `update` into `state::AppState`, which the panels
//! only read; what is asked of the study leaves as a command.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{Receiver, Sender};

use thiserror::Error;

use crate::analysis::profile::Profile;
use crate::domain::history::History;
use crate::domain::trial::{Timestamp, TrialId};
use crate::domain::value::Params;
use crate::study::handle::{Command, StopMode, Update};

mod activity;
mod app;
mod filter;
mod keymap;
mod load;
mod navigate;
mod order;
mod panel;
mod plot;
mod profile;
#[cfg(test)]
mod screens;
mod state;
mod terminal;
mod text;
mod theme;
mod update;
mod view;

pub use app::run;
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
    /// Where marker effects are computed.
    pub profiles: Profiles,
    /// The wall clock of the study.
    pub clock: fn() -> Timestamp,
    /// Colours and symbols.
    pub options: Options,
    /// Set to a signal's number when it arrives (TERM, HUP, INT); 0 before. Made for
    /// `signal_hook::flag::register_usize`.
    pub signal: Arc<AtomicUsize>,
}

/// The two channels to the thread that computes marker effects.
#[derive(Debug)]
pub struct Profiles {
    /// What is asked for; of several the last one counts.
    pub requests: Sender<ProfileRequest>,
    /// What came of it.
    pub answers: Receiver<ProfileAnswer>,
}

/// A trial whose marker effects are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileRequest {
    /// The trial.
    pub trial: TrialId,
    /// Its values of the searched parameters.
    pub params: Params,
}

/// The marker effects of a trial, or why they can't be had.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileAnswer {
    /// The trial.
    pub trial: TrialId,
    /// Its effects.
    pub outcome: Result<Arc<Profile>, String>,
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
