//! Splits into training and validation rows, and the test set that is taken out before.

mod by_column;
#[cfg(test)]
mod tests;

use by_column::Column;

use super::error::DataError;
use crate::domain::seed::{Rng, derive};

/// How the individuals outside the test set are split: `data.split` of the study file.
#[derive(Debug, Clone, PartialEq)]
pub enum Split {
    /// A random fraction is held out for validation.
    Holdout {
        /// In (0, 1).
        fraction: f64,
    },
    /// Random folds of equal size (to one), each once the validation rows.
    KFold {
        /// At least 2.
        folds: usize,
    },
    /// [`Split::KFold`] with several shuffles; the folds of all of them, one shuffle after the other.
    RepeatedKFold {
        /// Folds of each shuffle, at least 2.
        folds: usize,
        /// Shuffles, at least 1; the first is that of [`Split::KFold`].
        repeats: usize,
    },
    /// Families, which a column of the phenotype file names, are never torn apart.
    LeaveFamilyOut {
        /// The column.
        column: String,
        /// Into how many folds of about equal size families are put together; each is one where `None`.
        folds: Option<usize>,
    },
    /// Each generation validates on its own after training on all earlier ones.
    Forward {
        /// The column of the phenotype file that numbers the generations.
        column: String,
        /// The first generation to validate on, as written in the file; the second one where `None`.
        first: Option<String>,
    },
    /// Rows are chosen by their value in a column of the phenotype file.
    Column {
        /// The column.
        column: String,
        /// Values of the validation rows of the one fold, as written in the file. Where there are none each
        /// value of the column validates once: the column gives the folds.
        validate: Vec<String>,
    },
    /// The one fold trains on all rows outside the test set and validates on the test set: of studies that
    /// select on it and say so (`study.select_on = "test"`). No other split has a test row in a fold.
    OnTest,
}

/// Which individuals no trial sees: `data.test` of the study file.
#[derive(Debug, Clone, PartialEq)]
pub enum TestSet {
    /// A random fraction.
    Fraction(f64),
    /// Rows by their value in a column of the phenotype file.
    Column {
        /// The column.
        column: String,
        /// The test rows' values, as written in the file.
        values: Vec<String>,
    },
}

/// A column of the phenotype file that groups the individuals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouping {
    /// The column's name.
    pub column: String,
    /// Each individual's value, as written in the file.
    pub values: Vec<String>,
}

/// Row numbers of the dataset, ascending, disjoint, neither empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// Rows to train on.
    pub train: Vec<usize>,
    /// Rows to validate on.
    pub validation: Vec<usize>,
}

/// How the individuals of a dataset are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// What trials are trained and scored on; no row of `test` is in any of them, unless the study selects on
    /// its test set and says so.
    pub folds: Vec<Fold>,
    /// Rows of the untouched test set, ascending; empty where there is none.
    pub test: Vec<usize>,
}

impl Split {
    /// The column that it needs.
    pub fn column(&self) -> Option<&String> {
        match self {
            Split::LeaveFamilyOut { column, .. }
            | Split::Forward { column, .. }
            | Split::Column { column, .. } => Some(column),
            Split::Holdout { .. } | Split::KFold { .. } | Split::RepeatedKFold { .. } | Split::OnTest => None,
        }
    }
}

impl TestSet {
    /// The column that it needs.
    pub fn column(&self) -> Option<&String> {
        match self {
            TestSet::Column { column, .. } => Some(column),
            TestSet::Fraction(_) => None,
        }
    }
}

impl Partition {
    /// All rows outside the test set, ascending: what a final model is trained on.
    pub fn development(&self, individuals: usize) -> Vec<usize> {
        outside(&self.test, individuals)
    }
}

/// The rows that are not in `test`, which is ascending.
fn outside(test: &[usize], individuals: usize) -> Vec<usize> {
    (0..individuals).filter(|row| test.binary_search(row).is_err()).collect()
}

/// The folds and the test set of `individuals` rows, which is taken out before folds are made; `groupings` hold
/// the columns that `split` and `test` name. A pure function of its arguments.
///
/// # Errors
/// Where a side of a fold or the test set would be empty, a value does not occur, a row that must belong to a
/// group has no value, or a split on the test set has none.
pub fn partition(
    split: &Split,
    test: Option<&TestSet>,
    individuals: usize,
    groupings: &[Grouping],
    seed: u64,
) -> Result<Partition, DataError> {
    let test = test.map_or(Ok(Vec::new()), |test| test_rows(test, individuals, groupings, seed))?;
    let rows = outside(&test, individuals);
    let by = |name| Column::of(name, groupings, &rows);
    let folds = match split {
        Split::Holdout { fraction } => vec![holdout(*fraction, &rows, seed)?],
        Split::KFold { folds } => k_fold(*folds, &rows, seed, 0)?,
        Split::RepeatedKFold { folds, repeats } => {
            let shuffles = (0..*repeats).map(|repeat| k_fold(*folds, &rows, seed, repeat as u64));
            shuffles.collect::<Result<Vec<_>, _>>()?.concat()
        }
        Split::LeaveFamilyOut { column, folds: None } => by(column)?.each()?,
        Split::LeaveFamilyOut { column, folds: Some(folds) } => by(column)?.families(*folds, seed)?,
        Split::Forward { column, first } => by(column)?.forward(first.as_deref())?,
        Split::Column { column, validate } if validate.is_empty() => by(column)?.each()?,
        Split::Column { column, validate } => vec![by(column)?.listed(validate)?],
        Split::OnTest if test.is_empty() => {
            return refused("a study that selects on its test set has none: name one in `data.test`".into());
        }
        Split::OnTest => vec![Fold { train: rows, validation: test.clone() }],
    };
    Ok(Partition { folds, test })
}

fn refused<T>(problem: String) -> Result<T, DataError> {
    Err(DataError::Split(problem))
}

fn test_rows(
    test: &TestSet,
    individuals: usize,
    groupings: &[Grouping],
    seed: u64,
) -> Result<Vec<usize>, DataError> {
    let all: Vec<usize> = (0..individuals).collect();
    match test {
        TestSet::Fraction(fraction) => {
            let Some(held_out) = held_out(*fraction, individuals) else {
                return refused(format!(
                    "a test set of {fraction} of {individuals} individuals leaves none on one side: choose a \
                     fraction in `data.test` that leaves both"
                ));
            };
            let places = places(individuals, derive(seed, "test", 0));
            Ok(all.into_iter().filter(|row| places[*row] < held_out).collect())
        }
        TestSet::Column { column, values } => Column::of(column, groupings, &all)?.test(values),
    }
}

/// How many of `rows` are a fraction of them; `None` where that leaves none on one side.
fn held_out(fraction: f64, rows: usize) -> Option<usize> {
    let held_out = (fraction * rows as f64).round() as usize;
    (1..rows).contains(&held_out).then_some(held_out)
}

/// For each of `rows` its place in a random order.
fn places(rows: usize, seed: u64) -> Vec<usize> {
    let mut places: Vec<usize> = (0..rows).collect();
    Rng::new(seed).shuffle(&mut places);
    places
}

/// The fold of `rows` that validates on those whose place in `rows` `validates`.
fn fold(rows: &[usize], validates: impl Fn(usize) -> bool) -> Fold {
    let (validation, train): (Vec<_>, Vec<_>) = (0..rows.len()).partition(|i| validates(*i));
    let rows = |places: Vec<usize>| places.into_iter().map(|i| rows[i]).collect();
    Fold { train: rows(train), validation: rows(validation) }
}

fn holdout(fraction: f64, rows: &[usize], seed: u64) -> Result<Fold, DataError> {
    let n = rows.len();
    let Some(held_out) = held_out(fraction, n) else {
        return refused(format!(
            "a holdout of {fraction} of {n} individuals leaves none on one side: choose a fraction in `data.split` \
             that leaves both"
        ));
    };
    let places = places(n, derive(seed, "folds", 0));
    Ok(fold(rows, |i| places[i] < held_out))
}

fn k_fold(folds: usize, rows: &[usize], seed: u64, repeat: u64) -> Result<Vec<Fold>, DataError> {
    let n = rows.len();
    if folds < 2 || folds > n {
        return refused(format!("{n} individuals can't be split into {folds} folds: choose 2 to {n} folds"));
    }
    let places = places(n, derive(seed, "folds", repeat));
    Ok((0..folds).map(|f| fold(rows, |i| places[i] % folds == f)).collect())
}
