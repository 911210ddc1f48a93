//! What a person changes of a study at work: each change is an event, and survives a resume.

use super::{Study, StudyError};
use crate::domain::command::Command;
use crate::domain::event::{Event, Level};

impl Study {
    /// Follows a command that changes how the study goes on.
    ///
    /// # Errors
    /// Where the store fails.
    pub(super) fn steer(&mut self, command: Command) -> Result<(), StudyError> {
        match command {
            Command::Trials(trials) => self.record(Event::TrialsWanted { trials }),
            Command::Pin { trial, pinned } => self.record_or_note(Event::TrialPinned { trial, pinned }),
            Command::Annotate { trial, text } => self.record_or_note(Event::TrialAnnotated { trial, text }),
            other => self.note(Level::Warning, format!("can't follow yet: {other:?}")),
        }
    }
}
