//! Standard output is data, standard error is diagnostics.

use std::io::{self, Write};

use anyhow::Result;

use super::Exit;
use crate::config::ConfigError;

/// Writes one line of data.
///
/// # Errors
/// Where standard output is closed or full.
pub fn say(line: &str) -> Result<()> {
    writeln!(io::stdout().lock(), "{line}")?;
    Ok(())
}

/// Writes a diagnostic. A closed standard error leaves nobody to tell.
pub fn complain(text: &str) {
    writeln!(io::stderr().lock(), "{text}").ok();
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
    let exit = if error.is::<UsageError>() { Exit::Usage } else { Exit::Failed };
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

/// Rows of cells in columns, each as wide as its widest cell; numbers stand to the right.
pub fn columns(rows: &[Vec<String>]) -> Vec<String> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|s| s.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(width).collect();
    let numeric = |s: &str| s.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    rows.iter()
        .map(|row| {
            let cells = row
                .iter()
                .zip(&widths)
                .map(|(cell, w)| if numeric(cell) { format!("{cell:>w$}") } else { format!("{cell:<w$}") });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [vec!["trial".into(), "score".into()], vec!["7".into(), "0.61".into()]];
        assert_eq!(columns(&rows), ["trial  score", "    7   0.61"]);
    }
}
