//! Splits into training and validation rows.

use std::collections::BTreeSet;

use super::error::{DataError, listed};
use crate::domain::seed::{Rng, derive};

/// How the individuals are split: `data.split` of the study file.
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
    /// One fold: rows whose value in a column of the phenotype file is listed validate.
    Column {
        /// The column.
        column: String,
        /// Values of the validation rows, as written in the file.
        validate: Vec<String>,
    },
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
    /// Rows of the untouched test set, ascending; empty where there is none. No objective is given them.
    pub test: Vec<usize>,
}

impl Partition {
    /// All rows outside the test set, ascending: what a final model is trained on.
    pub fn development(&self, individuals: usize) -> Vec<usize> {
        (0..individuals).filter(|row| self.test.binary_search(row).is_err()).collect()
    }
}

/// The folds and the test set of `individuals` rows; arguments as of [`split`].
///
/// # Errors
/// As [`split`].
pub fn partition(
    kind: &Split,
    individuals: usize,
    groups: Option<&[String]>,
    seed: u64,
) -> Result<Partition, DataError> {
    Ok(Partition { folds: split(kind, individuals, groups, seed)?, test: Vec::new() })
}

/// The folds of `individuals` rows; `groups` are the rows' values in the column that
/// [`Split::Column`] names. A pure function of its arguments.
///
/// # Errors
/// Where a side of a fold would be empty, or a value to validate on does not occur.
pub fn split(
    split: &Split,
    individuals: usize,
    groups: Option<&[String]>,
    seed: u64,
) -> Result<Vec<Fold>, DataError> {
    match split {
        Split::Holdout { fraction } => holdout(*fraction, individuals, seed).map(|fold| vec![fold]),
        Split::KFold { folds } => k_fold(*folds, individuals, seed),
        Split::Column { column, validate } => by_column(column, validate, groups).map(|fold| vec![fold]),
    }
}

/// For each row its place in a random order.
fn places(individuals: usize, seed: u64) -> Vec<usize> {
    let mut places: Vec<usize> = (0..individuals).collect();
    Rng::new(derive(seed, "folds", 0)).shuffle(&mut places);
    places
}

/// The fold that validates on the rows that `validates`.
fn fold(individuals: usize, validates: impl Fn(usize) -> bool) -> Fold {
    let (validation, train) = (0..individuals).partition(|row| validates(*row));
    Fold { train, validation }
}

fn holdout(fraction: f64, individuals: usize, seed: u64) -> Result<Fold, DataError> {
    let held_out = (fraction * individuals as f64).round() as usize;
    if held_out == 0 || held_out >= individuals {
        return Err(DataError::Split(format!(
            "a holdout of {fraction} leaves {} of {individuals} individuals to train on and {held_out} to validate on: \
             choose a fraction that leaves both",
            individuals.saturating_sub(held_out)
        )));
    }
    let places = places(individuals, seed);
    Ok(fold(individuals, |row| places[row] < held_out))
}

fn k_fold(folds: usize, individuals: usize, seed: u64) -> Result<Vec<Fold>, DataError> {
    if folds < 2 || folds > individuals {
        return Err(DataError::Split(format!(
            "{individuals} individuals can't be split into {folds} folds: choose 2 to {individuals} folds"
        )));
    }
    let places = places(individuals, seed);
    Ok((0..folds).map(|f| fold(individuals, |row| places[row] % folds == f)).collect())
}

fn by_column(column: &str, validate: &[String], groups: Option<&[String]>) -> Result<Fold, DataError> {
    let Some(groups) = groups else {
        return Err(DataError::Split(format!("the column `{column}` to split by was not read")));
    };
    let occurring: BTreeSet<&String> = groups.iter().collect();
    let occurring: Vec<String> = occurring.into_iter().cloned().collect();
    if let Some(value) = validate.iter().find(|v| !occurring.contains(v)) {
        return Err(DataError::Split(format!(
            "no individual has the value `{value}` in the column `{column}` to validate on: those that occur are {}",
            listed(&occurring)
        )));
    }
    let fold = fold(groups.len(), |row| validate.contains(&groups[row]));
    if fold.train.is_empty() || fold.validation.is_empty() {
        return Err(DataError::Split(format!(
            "validating on {} of the column `{column}` leaves {} individuals to train on and {} to validate on: \
             those that occur are {}",
            if validate.is_empty() { "no value".into() } else { listed(validate) },
            fold.train.len(),
            fold.validation.len(),
            listed(&occurring)
        )));
    }
    Ok(fold)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_row_validates_once_and_sizes_differ_by_at_most_one(
            individuals in 2_usize..200, folds in 2_usize..12, seed: u64,
        ) {
            prop_assume!(folds <= individuals);
            let made = split(&Split::KFold { folds }, individuals, None, seed).unwrap();
            prop_assert_eq!(&made, &split(&Split::KFold { folds }, individuals, None, seed).unwrap());
            let mut validated = vec![0; individuals];
            for fold in &made {
                let mut all: Vec<usize> = fold.train.iter().chain(&fold.validation).copied().collect();
                prop_assert!(fold.train.is_sorted() && fold.validation.is_sorted());
                all.sort_unstable();
                prop_assert_eq!(all, (0..individuals).collect::<Vec<_>>());
                fold.validation.iter().for_each(|row| validated[*row] += 1);
            }
            prop_assert!(validated.iter().all(|times| *times == 1));
            let sizes: Vec<usize> = made.iter().map(|f| f.validation.len()).collect();
            prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
        }

        #[test]
        fn a_holdout_is_disjoint_complete_and_of_the_size_asked(individuals in 3_usize..200, seed: u64) {
            let fold = &split(&Split::Holdout { fraction: 0.3 }, individuals, None, seed).unwrap()[0];
            prop_assert_eq!(fold.validation.len(), (0.3 * individuals as f64).round() as usize);
            prop_assert_eq!(fold.train.len() + fold.validation.len(), individuals);
            prop_assert!(fold.validation.iter().all(|row| !fold.train.contains(row)));
        }
    }

    #[test]
    fn the_seed_decides_the_folds() {
        let folds = |seed| split(&Split::KFold { folds: 5 }, 50, None, seed).unwrap();
        assert_ne!(folds(1), folds(2));
        assert_ne!(folds(1)[0].validation, (0..10).collect::<Vec<_>>(), "not shuffled");
    }

    fn refusal(kind: Split, individuals: usize, groups: Option<&[String]>) -> String {
        split(&kind, individuals, groups, 1).unwrap_err().to_string()
    }

    #[test]
    fn an_empty_side_is_refused() {
        assert!(refusal(Split::KFold { folds: 8 }, 7, None).contains("choose 2 to 7 folds"));
        assert!(refusal(Split::KFold { folds: 1 }, 7, None).contains("1 folds"));
        assert!(refusal(Split::Holdout { fraction: 0.01 }, 20, None).contains("0 to validate on"));
        assert!(refusal(Split::Holdout { fraction: 0.99 }, 20, None).contains("leaves 0 of 20"));
        assert!(refusal(Split::Holdout { fraction: f64::NAN }, 20, None).contains("NaN"));
    }

    #[test]
    fn a_column_splits_by_its_values() {
        let groups: Vec<String> = ["1", "4", "2", "4", "1"].map(String::from).to_vec();
        let by = |values: &[&str]| Split::Column {
            column: "generation".into(),
            validate: values.iter().map(|v| (*v).to_owned()).collect(),
        };
        let fold = &split(&by(&["4"]), 5, Some(&groups), 1).unwrap()[0];
        assert_eq!((&fold.train[..], &fold.validation[..]), (&[0, 2, 4][..], &[1, 3][..]));
        let text = refusal(by(&["4", "5"]), 5, Some(&groups));
        assert!(text.contains("`5`") && text.contains("`1`, `2`, `4`"), "{text}");
        assert!(refusal(by(&["1", "2", "4"]), 5, Some(&groups)).contains("leaves 0 individuals to train on"));
        assert!(refusal(by(&[]), 5, Some(&groups)).contains("no value"));
    }
}
