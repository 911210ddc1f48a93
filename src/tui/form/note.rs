//! Words on a trial.

use super::{Field, Form, Purpose};
use crate::domain::command::Command;
use crate::domain::trial::Trial;
use crate::tui::theme::Tone;

/// The form with what stands there.
pub fn new(trial: &Trial) -> Form {
    let field = Field::line("note", trial.annotation.clone(), "");
    Form {
        trial: Some(trial.id),
        ..Form::new(Purpose::Note, format!("Note on trial {}", trial.id), vec![field])
    }
}

pub fn review(form: &mut Form) {
    form.foot =
        Some((Tone::Quiet, "it stands in the log and with the trial; a blank one is taken away".into()));
}

pub fn command(form: &Form) -> (Command, String) {
    let (trial, text) = (form.trial.unwrap_or(0), form.fields[0].text().to_owned());
    let said = if text.is_empty() { "the note is taken away" } else { "noted" };
    (Command::Annotate { trial, text }, format!("{said}: trial {trial}"))
}
