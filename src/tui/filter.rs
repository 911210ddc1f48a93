//! The leaderboard's filter: words that must all hold. `relu` finds text, `!relu` excludes it, `filters>50`,
//! `state:failed` and `score<=65` compare a column, `/^re/`, `~^re` and `by~^re` are regular expressions; `marked`,
//! `pinned` and `tied` say what a trial is, `#17` which. Quotes hold words together, and make a word of what is none.

#[cfg(test)]
mod tests;

use regex_lite::{Regex, RegexBuilder};
use thiserror::Error;

use super::cell::{BASELINE, Cell, Known, state_word};
use super::column::{Catalogue, Column};
use super::text::clean;
use crate::domain::baseline::BaselineScore;
use crate::domain::trial::Trial;
use crate::domain::value::Value;

/// A parsed filter. The empty one lets everything through.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    text: String,
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq)]
struct Term {
    inverse: bool,
    test: Test,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Contains(Wanted),
    Matches(Pattern),
    Compare { column: Column, how: Comparison, value: Wanted },
    ColumnMatches(Column, Pattern),
    Marked,
    Pinned,
    Tied,
}

/// What is looked for: in small letters, and as a number where it is one.
#[derive(Debug, Clone, PartialEq)]
struct Wanted {
    word: String,
    number: Option<f64>,
}

/// A regular expression, equal to another of the same text.
#[derive(Debug, Clone)]
struct Pattern(Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    Has,
    Matches,
}

/// The longer signs first, so that `<=` is not read as `<`.
const SIGNS: &[(&str, Comparison)] = &[
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("!=", Comparison::NotEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("=", Comparison::Equal),
    (":", Comparison::Has),
    ("~", Comparison::Matches),
];

/// Why a filter can't be used.
#[derive(Debug, Error, PartialEq)]
pub enum FilterError {
    /// The name before the sign is no column.
    #[error("there is no column `{name}`{}", near.as_ref().map(|n| format!(": did you mean `{n}`?")).unwrap_or_default())]
    Column {
        /// The name.
        name: String,
        /// The nearest column.
        near: Option<String>,
    },
    /// `<` and its like want a number.
    #[error("`{0}` is not a number, and only numbers can be smaller or larger")]
    Number(String),
    /// Nothing follows the sign.
    #[error("`{0}` wants a value after it")]
    Value(String),
    /// The text is no regular expression.
    #[error("`{0}` is no regular expression: quote it to find it as text")]
    Pattern(String),
}

impl FilterError {
    /// That there is no column of this name, with the nearest.
    pub fn unknown(name: &str, catalogue: &Catalogue) -> Self {
        FilterError::Column { name: clean(name), near: catalogue.nearest(name).map(str::to_owned) }
    }
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// Says which word is wrong and why.
    pub fn parse(text: &str, catalogue: &Catalogue) -> Result<Self, FilterError> {
        let terms = words(text).iter().map(|word| term(word, catalogue)).collect::<Result<_, _>>()?;
        Ok(Filter { text: text.trim().to_owned(), terms })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether `trial` passes.
    pub fn admits(
        &self,
        trial: &Trial,
        catalogue: &Catalogue,
        ranks: &[Option<usize>],
        known: &Known<'_>,
    ) -> bool {
        self.terms.iter().all(|term| {
            let cell = |column| Cell::of(trial, column, catalogue, ranks, known);
            let holds = match &term.test {
                Test::Contains(wanted) => contains(trial, wanted, known),
                Test::Matches(pattern) => texts(trial, known).any(|text| pattern.0.is_match(text)),
                Test::Compare { column, how, value } => compare(&cell(*column), *how, value),
                Test::ColumnMatches(column, pattern) => matches(&cell(*column), pattern),
                Test::Marked => known.marked.contains(&trial.id),
                Test::Pinned => trial.pinned,
                Test::Tied => {
                    let is_best = known.history.incumbent().is_some_and(|best| best.id == trial.id);
                    is_best || known.ties.is_tied(trial.id)
                }
            };
            holds != term.inverse
        })
    }

    /// Whether a baseline passes: by its name, its scores and its time; it has no settings.
    pub fn admits_baseline(
        &self,
        baseline: &BaselineScore,
        catalogue: &Catalogue,
        known: &Known<'_>,
    ) -> bool {
        let texts = [&*baseline.baseline, BASELINE];
        self.terms.iter().all(|term| {
            let cell = |column| Cell::of_baseline(baseline, column, catalogue, known);
            let holds = match &term.test {
                Test::Contains(wanted) => texts.iter().any(|text| has(text, &wanted.word)),
                Test::Matches(pattern) => texts.iter().any(|text| pattern.0.is_match(text)),
                Test::Compare { column, how, value } => compare(&cell(*column), *how, value),
                Test::ColumnMatches(column, pattern) => matches(&cell(*column), pattern),
                Test::Marked | Test::Pinned | Test::Tied => false,
            };
            holds != term.inverse
        })
    }
}

/// The words of a filter, with the place from which a sign is nothing but text: behind a quote.
struct Word {
    text: String,
    plain: usize,
    pattern: bool,
}

/// Parts the text at its blanks, but for those in quotes and in a pattern between slashes.
fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let inverse = if rest.starts_with('!') { "!" } else { "" };
        let body = &rest[inverse.len()..];
        if let Some(pattern) = body.strip_prefix('/') {
            let (inside, after) = pattern.split_once('/').unwrap_or((pattern, ""));
            words.push(Word { text: format!("{inverse}{inside}"), plain: inverse.len(), pattern: true });
            rest = after.trim_start();
            continue;
        }
        let mut word = Word { text: inverse.to_owned(), plain: usize::MAX, pattern: false };
        let (mut quoted, mut end) = (false, body.len());
        for (at, c) in body.char_indices() {
            match c {
                '"' => {
                    quoted = !quoted;
                    word.plain = word.plain.min(word.text.len());
                }
                c if c.is_whitespace() && !quoted => {
                    end = at;
                    break;
                }
                c => word.text.push(c),
            }
        }
        words.push(word);
        rest = body[end..].trim_start();
    }
    words
}

fn term(word: &Word, catalogue: &Catalogue) -> Result<Term, FilterError> {
    // An exclamation mark in quotes is one.
    let inverse = word.plain > 0 && word.text.starts_with('!');
    let start = usize::from(inverse);
    let (body, plain) = (&word.text[start..], word.plain.saturating_sub(start));
    let test = |test| Ok(Term { inverse, test });
    if word.pattern {
        return test(Test::Matches(pattern(body)?));
    }
    if let Some(trial) = body.strip_prefix('#').filter(|digits| digits.parse::<usize>().is_ok()) {
        return test(Test::Compare { column: Column::Trial, how: Comparison::Equal, value: wanted(trial) });
    }
    // The sign that stands first, before any quote; of two at the same place, the longer.
    let sign = SIGNS
        .iter()
        .filter_map(|s| Some((body.find(s.0).filter(|at| *at < plain)?, s)))
        .min_by_key(|(at, s)| (*at, 2 - s.0.len()));
    let Some((at, (sign, how))) = sign else {
        return match body.to_lowercase().as_str() {
            "marked" if plain > 0 => test(Test::Marked),
            "pinned" if plain > 0 => test(Test::Pinned),
            "tied" if plain > 0 => test(Test::Tied),
            _ => test(Test::Contains(wanted(body))),
        };
    };
    let (name, value) = (&body[..at], &body[at + sign.len()..]);
    if name.is_empty() && *how == Comparison::Matches {
        return test(Test::Matches(pattern(value)?));
    }
    let column = catalogue.named(name).ok_or_else(|| FilterError::unknown(name, catalogue))?;
    if value.is_empty() {
        return Err(FilterError::Value(clean(&format!("{name}{sign}"))));
    }
    if *how == Comparison::Matches {
        return test(Test::ColumnMatches(column, pattern(value)?));
    }
    let value = wanted(value);
    let ordered = !matches!(how, Comparison::Equal | Comparison::NotEqual | Comparison::Has);
    if ordered && value.number.is_none() {
        return Err(FilterError::Number(clean(&value.word)));
    }
    test(Test::Compare { column, how: *how, value })
}

fn wanted(word: &str) -> Wanted {
    let number = word.parse().ok().filter(|n: &f64| n.is_finite());
    Wanted { word: word.to_lowercase(), number }
}

fn pattern(text: &str) -> Result<Pattern, FilterError> {
    let built = RegexBuilder::new(text).case_insensitive(true).build();
    built.map(Pattern).map_err(|_| FilterError::Pattern(clean(text)))
}

/// Everything that is written about a trial, but for its numbers.
fn texts<'a>(trial: &'a Trial, known: &Known<'a>) -> impl Iterator<Item = &'a str> {
    let values = trial.params.values().filter_map(|value| match value {
        Value::Text(text) => Some(text.as_str()),
        Value::Bool(true) => Some("true"),
        Value::Bool(false) => Some("false"),
        Value::Int(_) | Value::Float(_) => None,
    });
    let own = [&*trial.annotation, &*trial.origin.by, state_word(trial, known.history)];
    own.into_iter().chain(trial.state.reason()).chain(values)
}

/// Whether a trial has a text somewhere; or a number, as its own or as that of a parameter.
fn contains(trial: &Trial, wanted: &Wanted, known: &Known<'_>) -> bool {
    let is = |number: f64| {
        let values = trial.params.values().filter_map(Value::as_f64);
        trial.id as f64 == number || values.into_iter().any(|value| is_shown_as(value, number))
    };
    wanted.number.is_some_and(is) || texts(trial, known).any(|text| has(text, &wanted.word))
}

/// Whether `text` holds `small`, which has small letters only, in letters of any size.
fn has(text: &str, small: &str) -> bool {
    if !text.is_ascii() {
        return text.to_lowercase().contains(small);
    }
    let (text, small) = (text.as_bytes(), small.as_bytes());
    small.is_empty() || text.windows(small.len()).any(|part| part.eq_ignore_ascii_case(small))
}

/// Whether a value is the number that a person wrote: figures of four digits are rounded.
fn is_shown_as(value: f64, number: f64) -> bool {
    value == number || (value.fract() != 0.0 && (value - number).abs() <= 5e-4 * number.abs())
}

fn compare(cell: &Cell<'_>, how: Comparison, wanted: &Wanted) -> bool {
    let equal = match (cell, wanted.number) {
        (Cell::Number(a), Some(b)) => is_shown_as(*a, b),
        (Cell::Number(_), None) | (Cell::Missing, _) => false,
        (Cell::Word(word), _) => word.len() == wanted.word.len() && has(word, &wanted.word),
    };
    match (how, cell, wanted.number) {
        (Comparison::Equal, ..) => equal,
        (Comparison::NotEqual, ..) => !equal,
        (Comparison::Has, Cell::Word(word), _) => has(word, &wanted.word),
        (Comparison::Has, ..) => equal,
        (Comparison::Less, Cell::Number(a), Some(b)) => *a < b,
        (Comparison::LessOrEqual, Cell::Number(a), Some(b)) => *a <= b,
        (Comparison::Greater, Cell::Number(a), Some(b)) => *a > b,
        (Comparison::GreaterOrEqual, Cell::Number(a), Some(b)) => *a >= b,
        _ => false,
    }
}

fn matches(cell: &Cell<'_>, pattern: &Pattern) -> bool {
    match cell {
        Cell::Word(word) => pattern.0.is_match(word),
        Cell::Number(number) => pattern.0.is_match(&number.to_string()),
        Cell::Missing => false,
    }
}
