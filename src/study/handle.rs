//! The study thread and the two channels to it.

use crate::domain::event::Record;
use crate::domain::trial::TrialId;

/// What a person asks of a running study.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Start no new trials.
    Pause,
    /// Start new trials again.
    Resume,
    /// End a trial at its next report.
    Cancel(TrialId),
    /// End the study's process; nothing is lost.
    Stop(StopMode),
}

/// What becomes of the running trials when the study stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopMode {
    /// They are set back to waiting and start again on resume.
    Now,
    /// They finish first; no new ones start.
    AfterRunning,
}

/// What the study thread tells its viewers.
#[derive(Debug, Clone, PartialEq)]
pub enum Update {
    /// A record was stored: apply it.
    Recorded(Record),
    /// The study thread ended; nothing follows.
    Ended(End),
}

/// Why the study thread ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// All trials ended.
    Done,
    /// As asked by [`Command::Stop`].
    Stopped,
    /// The study can't go on; the text says why and what to do. All that counted is stored.
    Failed(String),
}
