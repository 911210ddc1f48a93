//! The leaderboard's filter: words that must all hold. `relu` finds text, `!relu` excludes it,
//! `filters>50`, `state:failed` and `score<=65` compare a column.

use thiserror::Error;

use super::order::{BASELINE, Cell, Column};
use super::text::clean;
use crate::domain::baseline::BaselineScore;
use crate::domain::event::StudySpec;
use crate::domain::space::SearchSpace;
use crate::domain::trial::{Timestamp, Trial};

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
    Contains(String),
    Compare { column: Column, how: Comparison, value: String },
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
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// Says which word is wrong and why.
    pub fn parse(text: &str, study: &StudySpec) -> Result<Self, FilterError> {
        let terms = text.split_whitespace().map(|word| term(word, study)).collect::<Result<_, _>>()?;
        Ok(Filter { text: text.trim().to_owned(), terms })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether `trial` passes.
    pub fn admits(&self, trial: &Trial, space: &SearchSpace, now: Timestamp) -> bool {
        self.holds(|text| contains(trial, text), |column| Cell::of(trial, column, space, now))
    }

    /// Whether a baseline passes: by its name, its score and its time; it has no settings.
    pub fn admits_baseline(&self, baseline: &BaselineScore, metric: &str) -> bool {
        let contains = |text: &str| baseline.baseline.contains(text) || BASELINE.contains(text);
        self.holds(contains, |column| Cell::of_baseline(baseline, column, metric))
    }

    fn holds(&self, contains: impl Fn(&str) -> bool, cell: impl Fn(Column) -> Cell) -> bool {
        self.terms.iter().all(|term| {
            let holds = match &term.test {
                Test::Contains(text) => contains(text),
                Test::Compare { column, how, value } => compare(&cell(*column), *how, value),
            };
            holds != term.inverse
        })
    }
}

fn term(word: &str, study: &StudySpec) -> Result<Term, FilterError> {
    let (inverse, body) = match word.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, word),
    };
    // The sign that stands first; of two at the same place, the longer.
    let sign =
        SIGNS.iter().filter_map(|s| Some((body.find(s.0)?, s))).min_by_key(|(at, s)| (*at, 2 - s.0.len()));
    let Some((at, (sign, how))) = sign else {
        return Ok(Term { inverse, test: Test::Contains(body.to_lowercase()) });
    };
    let (name, value) = (&body[..at], &body[at + sign.len()..]);
    // The heading of the score's column is the metric's name.
    let space = &study.space;
    let heading = if name.eq_ignore_ascii_case(&study.metric) { "score" } else { name };
    let column = Column::named(heading, space).ok_or_else(|| unknown(name, space))?;
    if value.is_empty() {
        return Err(FilterError::Value(clean(&format!("{name}{sign}"))));
    }
    let ordered = matches!(
        how,
        Comparison::Less | Comparison::LessOrEqual | Comparison::Greater | Comparison::GreaterOrEqual
    );
    if ordered && value.parse::<f64>().is_err() {
        return Err(FilterError::Number(clean(value)));
    }
    Ok(Term { inverse, test: Test::Compare { column, how: *how, value: value.to_lowercase() } })
}

fn unknown(name: &str, space: &SearchSpace) -> FilterError {
    let near = Column::all(space)
        .into_iter()
        .map(|c| c.name(space).to_owned())
        .map(|n| (strsim::damerau_levenshtein(&n, &name.to_lowercase()), n))
        .min()
        .filter(|(distance, _)| *distance <= 3)
        .map(|(_, n)| n);
    FilterError::Column { name: clean(name), near }
}

fn contains(trial: &Trial, text: &str) -> bool {
    let has = |s: &str| s.to_lowercase().contains(text);
    trial.id.to_string() == text.trim_start_matches('#')
        || has(trial.state.word())
        || trial.state.reason().is_some_and(has)
        || trial.params.values().any(|v| has(&v.to_string()))
}

fn compare(cell: &Cell, how: Comparison, value: &str) -> bool {
    let number = value.parse::<f64>().ok();
    let equal = match (cell, number) {
        (Cell::Number(a), Some(b)) => *a == b,
        (Cell::Number(_), None) | (Cell::Missing, _) => false,
        (Cell::Word(word), _) => word.to_lowercase() == value,
    };
    match (how, cell, number) {
        (Comparison::Equal, ..) => equal,
        (Comparison::NotEqual, ..) => !equal,
        (Comparison::Has, Cell::Word(word), _) => word.to_lowercase().contains(value),
        (Comparison::Has, ..) => equal,
        (Comparison::Less, Cell::Number(a), Some(b)) => *a < b,
        (Comparison::LessOrEqual, Cell::Number(a), Some(b)) => *a <= b,
        (Comparison::Greater, Cell::Number(a), Some(b)) => *a > b,
        (Comparison::GreaterOrEqual, Cell::Number(a), Some(b)) => *a >= b,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::busy;

    fn found(text: &str) -> Vec<usize> {
        let script = busy();
        let study = script.history().study();
        let filter = Filter::parse(text, study).unwrap();
        let admitted = |t: &&std::sync::Arc<Trial>| filter.admits(t, &study.space, script.now());
        script.history().trials().iter().filter(admitted).map(|t| t.id).collect()
    }

    #[test]
    fn words_signs_and_inverse() {
        assert_eq!(found("state:failed"), [4]);
        assert_eq!(found("finite"), [4]);
        assert_eq!(found("score<66.5"), [7, 10, 11]);
        assert_eq!(found("score<=66.1 trial!=10"), [7, 11]);
        assert_eq!(found("!state:complete !state:running"), [4, 5]);
        let all: Vec<usize> = (0..16).collect();
        let mut both = [found("activation=relu"), found("!activation=relu")].concat();
        both.sort_unstable();
        assert_eq!(both, all);
        assert_eq!(found(""), all);
    }

    #[test]
    fn errors_name_the_word_and_the_remedy() {
        let script = busy();
        let error = |text| Filter::parse(text, script.history().study()).unwrap_err().to_string();
        assert_eq!(error("filtres>5"), "there is no column `filtres`: did you mean `filters`?");
        assert_eq!(
            error("filters>many"),
            "`many` is not a number, and only numbers can be smaller or larger"
        );
        assert_eq!(error("state:"), "`state:` wants a value after it");
        assert_eq!(error("qqqqqqqqq=1"), "there is no column `qqqqqqqqq`");
    }
}
