//! Errors of the study file, drawn as the compiler draws them.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// A text that values come from: a file, or one `--set` of the command line.
#[derive(Debug)]
pub(super) struct Source {
    /// Its path as it was given; `None` for an override.
    pub file: Option<PathBuf>,
    /// All of it, without a byte order mark.
    pub text: String,
}

/// Where a value was written.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    /// The text it stands in.
    pub source: Arc<Source>,
    /// Its bytes; empty for a whole file.
    pub span: Range<usize>,
}

/// A line of a study file and what is wrong in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// Characters underlined, at least 1.
    pub width: usize,
    /// The line's text.
    pub text: String,
}

/// What is wrong with a study file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, or `command line` for a `--set`.
    pub file: String,
    /// Where; `None` where it is the file as a whole.
    pub place: Option<Place>,
    /// What is wrong, with the nearest right word where there is one.
    pub message: String,
    /// What is allowed, or what to do.
    pub remedy: String,
}

/// The `file` of an error in a `--set`.
pub const COMMAND_LINE: &str = "command line";

impl ConfigError {
    pub(super) fn at(origin: &Origin, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        ConfigError { remedy: remedy.into(), ..ConfigError::whole(&origin.source, message, origin.place()) }
    }

    fn whole(source: &Source, message: impl Into<String>, place: Option<Place>) -> Self {
        let file = source.file.as_ref().map_or_else(|| COMMAND_LINE.into(), |f| f.display().to_string());
        ConfigError { file, place, message: message.into(), remedy: String::new() }
    }

    /// The line, from 1; 0 where the file as a whole is meant.
    pub fn line(&self) -> usize {
        self.place.as_ref().map_or(0, |p| p.line)
    }

    /// The column in characters, from 1; 0 where the file as a whole is meant.
    pub fn column(&self) -> usize {
        self.place.as_ref().map_or(0, |p| p.column)
    }
}

impl Origin {
    /// All of a text.
    pub fn whole(source: Arc<Source>) -> Self {
        Origin { source, span: 0..0 }
    }

    /// The text as it was written.
    pub fn text(&self) -> &str {
        self.source.text.get(self.span.clone()).unwrap_or_default()
    }

    fn place(&self) -> Option<Place> {
        (!self.span.is_empty()).then(|| place(&self.source.text, &self.span))
    }
}

/// The place of a span; one that runs over several lines is cut at the end of its first.
pub(super) fn place(text: &str, span: &Range<usize>) -> Place {
    let start = floor_boundary(text, span.start);
    let before = &text[..start];
    let line_start = before.rfind('\n').map_or(0, |n| n + 1);
    let rest = &text[line_start..];
    let line = rest.split('\n').next().unwrap_or_default();
    let line = line.strip_suffix('\r').unwrap_or(line);
    let end = floor_boundary(text, span.end).min(line_start + line.len()).max(start);
    Place {
        line: before.matches('\n').count() + 1,
        column: text[line_start..start].chars().count() + 1,
        width: text[start..end].chars().count().max(1),
        text: line.to_owned(),
    }
}

fn floor_boundary(text: &str, index: usize) -> usize {
    text.floor_char_boundary(index.min(text.len()))
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\n  --> {}", self.message, self.file)?;
        let Some(place) = &self.place else {
            return if self.remedy.is_empty() { Ok(()) } else { write!(f, "\n  = {}", self.remedy) };
        };
        let number = if self.file == COMMAND_LINE {
            String::new()
        } else {
            write!(f, ":{}:{}", place.line, place.column)?;
            place.line.to_string()
        };
        let gutter = " ".repeat(number.len());
        let lead: String = place.text.chars().take(place.column - 1).collect();
        let marked: String = place.text.chars().skip(place.column - 1).take(place.width).collect();
        let indent = " ".repeat(shown(&lead).chars().count());
        let carets = "^".repeat(shown(&marked).chars().count().max(1));
        write!(f, "\n{gutter} |\n{number} | {}\n{gutter} | {indent}{carets}", shown(&place.text))?;
        if !self.remedy.is_empty() {
            write!(f, " {}", self.remedy)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// A line as the terminal may show it: tabs as four spaces, no other control characters.
fn shown(line: &str) -> String {
    line.replace('\t', "    ").chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A word in backquotes, at most 60 characters of it and no control characters.
pub(super) fn quoted(word: &str) -> String {
    let mut short: String = word.chars().take(60).collect();
    if short.len() < word.len() {
        short.push('…');
    }
    format!("`{}`", shown(&short))
}

/// "`a`, `b`, `c`".
fn listed(words: &[&str]) -> String {
    words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ")
}

/// What is allowed: the only word, or one of several.
pub(super) fn one_of(words: &[&str]) -> String {
    let several = if words.len() == 1 { "" } else { "one of " };
    format!("expected {several}{}", listed(words))
}

/// ": did you mean `x`?" for the candidate nearest to `word`, or nothing where none is near.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let plain = |w: &str| w.to_lowercase().replace(['-', '_', ' '], "");
    let wanted = plain(word);
    let distance = |candidate: &str| {
        let candidate = plain(candidate);
        let shorter = wanted.chars().count().min(candidate.chars().count());
        let is_prefix = shorter >= 2 && (candidate.starts_with(&wanted) || wanted.starts_with(&candidate));
        let edits = strsim::damerau_levenshtein(&wanted, &candidate);
        (is_prefix || edits <= (shorter / 3).max(1)).then_some(edits)
    };
    // Longer words than any name can be are not compared: the distance takes quadratic time.
    if wanted.is_empty() || wanted.len() > 100 {
        return String::new();
    }
    let nearest = candidates.into_iter().filter_map(|c| Some((distance(c)?, c))).min_by_key(|(d, _)| *d);
    nearest.map_or_else(String::new, |(_, c)| format!(": did you mean `{c}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_end_before_the_carriage_return() {
        let text = "a = 1\r\n\tname = \"größe\" # x\r\n";
        let start = text.find("\"gr").unwrap();
        let found = place(text, &(start..start + "\"größe\"".len()));
        assert_eq!((found.line, found.column, found.width), (2, 9, 7));
        assert_eq!(found.text, "\tname = \"größe\" # x");
        let x = text.find('x').unwrap();
        assert_eq!(place(text, &(x..x + 1)).column, 19);
    }

    #[test]
    fn a_tab_widens_the_line_but_not_the_column() {
        let origin = Origin {
            source: Arc::new(Source { file: Some("s.toml".into()), text: "\tk = 1".into() }),
            span: 5..6,
        };
        let error = ConfigError::at(&origin, "no", "yes");
        assert_eq!(error.to_string(), "error: no\n  --> s.toml:1:6\n  |\n1 |     k = 1\n  |         ^ yes");
    }

    #[test]
    fn near_words_are_named_and_far_ones_are_not() {
        let names = ["random", "gp-ucb", "tpe"];
        assert_eq!(did_you_mean("gpucb", names), ": did you mean `gp-ucb`?");
        assert_eq!(did_you_mean("GP_UCB", names), ": did you mean `gp-ucb`?");
        assert_eq!(did_you_mean("rand", names), ": did you mean `random`?");
        assert_eq!(did_you_mean("bayes", names), "");
        assert_eq!(did_you_mean("", names), "");
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(quoted("\u{1b}[31mred"), "`\u{fffd}[31mred`");
    }
}
