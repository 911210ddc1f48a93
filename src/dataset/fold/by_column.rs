//! Folds and test rows by a column of the phenotype file.

use super::{Fold, Grouping, fold, refused};
use crate::dataset::error::{DataError, listed};
use crate::dataset::phenotype::{is_missing, number};
use crate::domain::seed::{Rng, derive};

/// A column, for some rows of the dataset.
pub(super) struct Column<'a> {
    name: &'a str,
    /// Row numbers of the dataset, ascending.
    rows: &'a [usize],
    /// Their values.
    values: Vec<&'a str>,
    /// The values that occur, numbers in their order, else texts in the alphabet's.
    occurring: Vec<&'a str>,
}

impl<'a> Column<'a> {
    /// The column `name` of `groupings` for `rows`.
    pub fn of(name: &'a str, groupings: &'a [Grouping], rows: &'a [usize]) -> Result<Self, DataError> {
        let Some(grouping) = groupings.iter().find(|g| g.column == name) else {
            return refused(format!("the column `{name}` to split by was not read"));
        };
        let values: Vec<&str> = rows.iter().map(|row| grouping.values[*row].as_str()).collect();
        let mut occurring = values.clone();
        occurring.sort_unstable();
        occurring.dedup();
        if occurring.iter().all(|value| number(value).is_some()) {
            occurring.sort_by(|a, b| number(a).unwrap_or(0.0).total_cmp(&number(b).unwrap_or(0.0)));
        }
        Ok(Column { name, rows, values, occurring })
    }

    /// The rows with one of `values`, and the others may not be none.
    pub fn test(&self, values: &[String]) -> Result<Vec<usize>, DataError> {
        self.check_occurring(values, "test")?;
        let has = |value: &str| values.iter().any(|v| v == value);
        let pairs = self.rows.iter().zip(&self.values);
        let rows: Vec<usize> = pairs.filter(|(_, value)| has(value)).map(|(row, _)| *row).collect();
        if rows.len() == self.rows.len() {
            return refused(format!(
                "testing on {} of the column `{}` leaves none of {} individuals to train on: {}",
                listed(values),
                self.name,
                self.rows.len(),
                self.those_there()
            ));
        }
        Ok(rows)
    }

    /// The fold that validates on the rows with one of `values`.
    pub fn listed(&self, values: &[String]) -> Result<Fold, DataError> {
        self.check_occurring(values, "validate")?;
        let fold = fold(self.rows, |i| values.iter().any(|v| v == self.values[i]));
        if fold.train.is_empty() {
            return refused(format!(
                "validating on {} of the column `{}` leaves 0 individuals to train on and {} to validate on: {}",
                listed(values),
                self.name,
                fold.validation.len(),
                self.those_there()
            ));
        }
        Ok(fold)
    }

    /// A fold for each value, which validates on its rows and trains on all others.
    pub fn each(&self) -> Result<Vec<Fold>, DataError> {
        self.check_complete()?;
        self.check_groups(2)?;
        Ok(self.occurring.iter().map(|value| fold(self.rows, |i| self.values[i] == *value)).collect())
    }

    /// `folds` folds of about equal size, in which the rows of a value stay together: the largest groups first,
    /// each into the fold that is smallest so far; chance decides between groups of one size.
    pub fn families(&self, folds: usize, seed: u64) -> Result<Vec<Fold>, DataError> {
        self.check_complete()?;
        self.check_groups(folds.max(2))?;
        let mut groups = self.occurring.clone();
        Rng::new(derive(seed, "folds", 0)).shuffle(&mut groups);
        let size = |group: &&str| self.values.iter().filter(|value| *value == group).count();
        let mut sizes: Vec<(usize, &str)> = groups.iter().map(|group| (size(group), *group)).collect();
        sizes.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
        let mut filled = vec![(0, Vec::new()); folds];
        for (size, group) in sizes {
            if let Some((rows, groups)) = filled.iter_mut().min_by_key(|(rows, _)| *rows) {
                *rows += size;
                groups.push(group);
            }
        }
        Ok(filled.iter().map(|(_, groups)| fold(self.rows, |i| groups.contains(&self.values[i]))).collect())
    }

    /// A fold for each generation from `first` on, or from the second one, which trains on all earlier ones.
    pub fn forward(&self, first: Option<&str>) -> Result<Vec<Fold>, DataError> {
        self.check_complete()?;
        let name = self.name;
        let read = |text: &str| match number(text) {
            Some(value) => Ok(value),
            None => refused(format!(
                "`{text}` in the column `{name}` is not a number, so that generations have no order: number them"
            )),
        };
        let of_rows = self.values.iter().map(|text| read(text)).collect::<Result<Vec<f64>, _>>()?;
        let mut generations = of_rows.clone();
        generations.sort_by(f64::total_cmp);
        generations.dedup();
        let from = match first {
            None => 1,
            Some(first) => {
                let wanted = read(first)?;
                let Some(place) = generations.iter().position(|g| *g == wanted) else {
                    return refused(format!(
                        "no individual is of the generation `{first}` of the column `{name}` to validate on first: {}",
                        self.those_there()
                    ));
                };
                place
            }
        };
        if from == 0 || generations.len() < 2 {
            return refused(format!(
                "the first generation to validate on has no earlier one to train on: the column `{name}` has {} \
                 among {} individuals; validate on a later one, or take another split",
                self.there(),
                self.rows.len()
            ));
        }
        let fold = |generation: &f64| {
            let rows = |keep: &dyn Fn(f64) -> bool| {
                let pairs = self.rows.iter().zip(&of_rows);
                pairs.filter(|(_, g)| keep(**g)).map(|(row, _)| *row).collect()
            };
            Fold { train: rows(&|g| g < *generation), validation: rows(&|g| g == *generation) }
        };
        Ok(generations[from..].iter().map(fold).collect())
    }

    fn there(&self) -> String {
        let names: Vec<String> = self.occurring.iter().map(|value| (*value).to_owned()).collect();
        listed(&names)
    }

    fn those_there(&self) -> String {
        format!("those that occur are {}", self.there())
    }

    /// Each of `values` has a row.
    fn check_occurring(&self, values: &[String], purpose: &str) -> Result<(), DataError> {
        match values.iter().find(|value| !self.occurring.contains(&value.as_str())) {
            Some(value) => refused(format!(
                "no individual has the value `{value}` in the column `{}` to {purpose} on: {}",
                self.name,
                self.those_there()
            )),
            None => Ok(()),
        }
    }

    /// Each row has a value: where all validate once, none may be without a group.
    fn check_complete(&self) -> Result<(), DataError> {
        match self.values.iter().filter(|value| is_missing(value)).count() {
            0 => Ok(()),
            missing => refused(format!(
                "{missing} of {} individuals have no value in the column `{}`, by which all are split: fill it in, \
                 or leave them out of the phenotype file",
                self.rows.len(),
                self.name
            )),
        }
    }

    /// There are at least `least` groups.
    fn check_groups(&self, least: usize) -> Result<(), DataError> {
        let found = self.occurring.len();
        if found >= least {
            return Ok(());
        }
        let remedy =
            if found < 2 { "take another split".to_owned() } else { format!("choose 2 to {found} folds") };
        refused(format!(
            "the {} individuals can't be split into {least} folds by the column `{}`: it has {found} value{} ({}); \
             {remedy}",
            self.rows.len(),
            self.name,
            if found == 1 { "" } else { "s" },
            self.there()
        ))
    }
}
