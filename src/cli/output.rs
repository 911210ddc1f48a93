//! Standard output is data, standard error is diagnostics.

use std::io::{self, Write};

use anyhow::Result;

use super::Exit;
use crate::config::ConfigError;
use crate::domain::event::StudySpec;
use crate::domain::history::History;
use crate::domain::trial::Trial;
use crate::domain::value::significant;
use crate::tui::is_hidden;
use crate::wire::command::NoProgram;
use crate::wire::{Impossible, NoNetwork};

/// Writes one line for a person, without what a terminal would obey.
///
/// # Errors
/// Where standard output is closed or full.
pub fn say(line: &str) -> Result<()> {
    data(&harmless(line))
}

/// Writes one line for another program, to the byte.
///
/// # Errors
/// Where standard output is closed or full.
pub fn data(line: &str) -> Result<()> {
    writeln!(io::stdout().lock(), "{line}")?;
    Ok(())
}

/// Writes a diagnostic, without what a terminal would obey. A closed standard error leaves nobody to tell.
pub fn complain(text: &str) {
    writeln!(io::stderr().lock(), "{}", harmless(text)).ok();
}

/// `text` with blanks in place of control characters and those that turn the direction of writing; lines and tabs
/// stay.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if is_hidden(c) && !matches!(c, '\n' | '\t') { ' ' } else { c }).collect()
}

/// Whether the reader of our output has gone, as `head` does.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
}

/// What an error says to a person, and the exit code it means.
pub fn describe(error: &anyhow::Error) -> (String, Exit) {
    if let Some(config) = error.downcast_ref::<ConfigError>() {
        // It brings its own `error:` and the place in the study file.
        return (config.to_string(), Exit::Usage);
    }
    let usage = error.is::<UsageError>()
        || error.is::<Impossible>()
        || error.is::<NoNetwork>()
        || error.is::<NoProgram>();
    let exit = if usage { Exit::Usage } else { Exit::Failed };
    let mut text = format!("error: {error}");
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // Many of our errors quote their cause themselves.
        if !text.contains(&cause) {
            text += &format!(": {cause}");
        }
    }
    (text, exit)
}

/// An error of usage: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// A trial's score with its spread over the folds: "mse 0.6509 ± 0.14", and a word of caution where it was
/// selected on the test set; `None` without a score.
pub fn score(history: &History, trial: &Trial, digits: usize) -> Option<String> {
    let spread = trial.spread().map(|s| format!(" ± {}", significant(s, 2))).unwrap_or_default();
    let study = history.study();
    Some(format!("{} {}{spread}{}", study.metric, significant(trial.score?, digits), caution(study)))
}

/// " (selected on TEST)" behind a score of such a study, else nothing.
pub fn caution(study: &StudySpec) -> String {
    study.caution().map_or_else(String::new, |words| format!(" ({words})"))
}

/// A table in lines: the first row is its heading, each column is as wide as its widest cell, and
/// columns of numbers stand to the right.
pub fn columns(rows: &[Vec<String>]) -> Vec<String> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let column = |c: usize| rows.iter().filter_map(move |row| row.get(c));
    let is_number = |cell: &String| cell == "-" || cell.parse::<f64>().is_ok();
    let form: Vec<(usize, bool)> = (0..count)
        .map(|c| {
            let width = column(c).map(|cell| cell.chars().count()).max().unwrap_or(0);
            (width, column(c).skip(1).all(is_number))
        })
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&form).map(|(cell, (width, right))| {
            if *right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// `text` on one line of at most `room` characters, with a mark where it was cut.
pub fn cut(text: &str, room: usize) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() <= room {
        return text;
    }
    let kept: String = text.chars().take(room.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_to_the_right_under_their_heading() {
        let rows = [["trial", "state"], ["7", "complete"], ["12", "-"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(columns(&rows), ["trial  state", "    7  complete", "   12  -"]);
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_said() {
        assert_eq!(harmless("a\u{1b}[2Jb\u{9b}c\u{202e}d\re\n\tf"), "a [2Jb c d e\n\tf");
    }

    #[test]
    fn what_is_cut_has_a_mark() {
        assert_eq!(cut("loss is\nnot finite", 20), "loss is not finite");
        assert_eq!(cut("loss is not finite", 9), "loss is…");
        assert_eq!(cut("äöü", 3), "äöü");
    }
}
