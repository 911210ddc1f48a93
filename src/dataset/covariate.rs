//! Covariates: columns of the phenotype file that stand beside the genotypes, such as sex, age or batch.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::phenotype::{is_decimal_comma, is_missing, number};

/// Most levels of a category: beyond it the column is a number or an id.
const MOST_LEVELS: usize = 100;

/// A column of the phenotype file as it was read, a cell an individual; `None` where it is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Covariate {
    /// The column's name.
    pub name: String,
    /// The cells.
    pub cells: Cells,
}

/// The cells of a covariate.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// A quantity.
    Numbers(Vec<Option<f64>>),
    /// A category.
    Levels(Vec<Option<String>>),
}

impl Cells {
    /// How many are missing.
    pub fn missing(&self) -> usize {
        match self {
            Cells::Numbers(values) => values.iter().filter(|v| v.is_none()).count(),
            Cells::Levels(values) => values.iter().filter(|v| v.is_none()).count(),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            Cells::Numbers(values) => values.len(),
            Cells::Levels(values) => values.len(),
        }
    }
}

/// The texts of cells, `None` where one is missing; in a PLINK file -9 is.
fn known<'a>(cells: &[&'a str], plink: bool) -> Vec<Option<&'a str>> {
    let is_there = |cell: &str| !(is_missing(cell) || plink && number(cell) == Some(-9.0));
    cells.iter().map(|cell| Some(cell.trim()).filter(|cell| is_there(cell))).collect()
}

impl Covariate {
    /// Reads the cells of a column: numbers where all that are there are numbers, else categories, which
    /// `categorical` makes of numbers too.
    ///
    /// # Errors
    /// Where the column is neither: what is wrong with it and what to do.
    pub fn read(name: &str, cells: &[&str], categorical: bool, plink: bool) -> Result<Self, String> {
        let cells = known(cells, plink);
        let name = name.to_owned();
        let known = || cells.iter().flatten();
        if known().next().is_none() {
            return Err(format!("the covariate `{name}` has no value: leave it out of `data.covariates`"));
        }
        let text: Vec<&str> = known().filter(|cell| number(cell).is_none()).copied().collect();
        if !categorical && text.is_empty() {
            let numbers = cells.iter().map(|cell| cell.and_then(number)).collect();
            return Ok(Covariate { name, cells: Cells::Numbers(numbers) });
        }
        // Either a category whose levels are numbers here and there, or a slip of the pen.
        if let (false, Some(first)) = (categorical, text.first())
            && (text.len() < known().count() || is_decimal_comma(first))
        {
            let hint = if is_decimal_comma(first) { " (decimals are written with a point)" } else { "" };
            return Err(format!(
                "the covariate `{name}` has numbers and, in {} of {} cells, text such as `{first}`{hint}: correct \
                 it, or list it in `data.categorical` where it is a category",
                text.len(),
                known().count()
            ));
        }
        let levels: BTreeSet<&str> = known().copied().collect();
        if levels.len() > MOST_LEVELS {
            return Err(format!(
                "the covariate `{name}` has {} levels, more than {MOST_LEVELS}: a column of ids is no covariate",
                levels.len()
            ));
        }
        let levels = cells.iter().map(|cell| cell.map(str::to_owned)).collect();
        Ok(Covariate { name, cells: Cells::Levels(levels) })
    }

    /// That of some individuals.
    #[must_use]
    pub fn of(&self, rows: &[usize]) -> Self {
        let cells = match &self.cells {
            Cells::Numbers(values) => Cells::Numbers(rows.iter().map(|r| values[*r]).collect()),
            Cells::Levels(values) => Cells::Levels(rows.iter().map(|r| values[*r].clone()).collect()),
        };
        Covariate { name: self.name.clone(), cells }
    }

    /// In one line, for a person.
    pub fn line(&self) -> String {
        let what = match &self.cells {
            Cells::Numbers(_) => "a number".to_owned(),
            Cells::Levels(values) => {
                let levels: BTreeSet<&String> = values.iter().flatten().collect();
                let shown: Vec<String> = levels.iter().take(5).map(|level| format!("`{level}`")).collect();
                let more = if levels.len() > shown.len() { ", …" } else { "" };
                format!("{} levels ({}{more})", levels.len(), shown.join(", "))
            }
        };
        let missing = match self.cells.missing() {
            0 => String::new(),
            missing => format!(", {missing} missing"),
        };
        format!("covariate {}: {what}{missing}", self.name)
    }
}

/// Covariates as the numbers that a model takes, fitted on training rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CovariateEncoder {
    columns: Vec<Column>,
}

/// A fitted covariate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Column {
    /// Centred and scaled; the mean, which is 0 then, where it is missing.
    Number { name: String, mean: f64, inverse_sd: f64 },
    /// A column each of these levels, in the alphabet's order: 1 where it is this one. One that the training
    /// rows do not have, or a missing one, is 0 in all.
    Category { name: String, levels: Vec<String> },
}

impl CovariateEncoder {
    /// Fits on `rows`, which must be the training rows. A number that does not vary there becomes 0.
    pub fn fit(covariates: &[Covariate], rows: &[usize]) -> Self {
        let columns = covariates.iter().map(|covariate| {
            let name = covariate.name.clone();
            match &covariate.cells {
                Cells::Numbers(values) => {
                    let known: Vec<f64> = rows.iter().filter_map(|r| values[*r]).collect();
                    let n = known.len().max(1) as f64;
                    let mean = known.iter().sum::<f64>() / n;
                    let variance = known.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
                    let inverse_sd = if variance > 0.0 { variance.sqrt().recip() } else { 0.0 };
                    Column::Number { name, mean, inverse_sd }
                }
                Cells::Levels(values) => {
                    let levels: BTreeSet<&String> = rows.iter().filter_map(|r| values[*r].as_ref()).collect();
                    Column::Category { name, levels: levels.into_iter().cloned().collect() }
                }
            }
        });
        CovariateEncoder { columns: columns.collect() }
    }

    /// The covariates' names, in the order in which [`apply`](Self::apply) wants them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| match column {
            Column::Number { name, .. } | Column::Category { name, .. } => name.as_str(),
        })
    }

    /// Reads the covariates of other individuals, each as it was in training, of `columns` of cells in the order of
    /// [`names`](Self::names). Gives, beside them, every level that the training rows did not have, as often as it
    /// occurs: those are missing.
    ///
    /// # Errors
    /// Where text stands in the place of numbers.
    pub fn read(&self, columns: &[Vec<&str>], plink: bool) -> Result<(Vec<Covariate>, Vec<String>), String> {
        let mut unseen = Vec::new();
        let mut read = |(column, cells): (&Column, &Vec<&str>)| {
            let cells = known(cells, plink);
            Ok(match column {
                Column::Number { name, .. } => {
                    let wrong = |cell: &&str| number(cell).is_none();
                    let text: Vec<&str> = cells.iter().flatten().copied().filter(wrong).collect();
                    if let Some(first) = text.first() {
                        let hint =
                            if is_decimal_comma(first) { " (write decimals with a point)" } else { "" };
                        let count = text.len();
                        return Err(format!(
                            "the covariate `{name}` has text such as `{first}`{hint} in {count} cells: the model was \
                             trained with numbers there"
                        ));
                    }
                    let cells = cells.into_iter().map(|cell| cell.and_then(number)).collect();
                    Covariate { name: name.clone(), cells: Cells::Numbers(cells) }
                }
                Column::Category { name, levels } => {
                    let mut level = |cell: &str| {
                        let seen = levels.iter().find(|level| *level == cell).cloned();
                        if seen.is_none() {
                            unseen.push(format!("{name} `{cell}`"));
                        }
                        seen
                    };
                    let cells = cells.into_iter().map(|cell| cell.and_then(&mut level)).collect();
                    Covariate { name: name.clone(), cells: Cells::Levels(cells) }
                }
            })
        };
        let covariates = self.columns.iter().zip(columns).map(&mut read).collect::<Result<_, _>>()?;
        Ok((covariates, unseen))
    }

    /// Numbers an individual.
    pub fn width(&self) -> usize {
        let width = |column: &Column| match column {
            Column::Number { .. } => 1,
            Column::Category { levels, .. } => levels.len(),
        };
        self.columns.iter().map(width).sum()
    }

    /// The numbers of `rows` (rows × [`width`](Self::width)); `covariates` are those that were fitted, of any
    /// individuals.
    pub fn apply(&self, covariates: &[Covariate], rows: &[usize]) -> Vec<f64> {
        let mut out = Vec::with_capacity(rows.len() * self.width());
        for row in rows {
            for (column, covariate) in self.columns.iter().zip(covariates) {
                match (column, &covariate.cells) {
                    (Column::Number { mean, inverse_sd, .. }, Cells::Numbers(values)) => {
                        out.push(values[*row].map_or(0.0, |value| (value - mean) * inverse_sd));
                    }
                    (Column::Category { levels, .. }, Cells::Levels(values)) => {
                        let value = values[*row].as_ref();
                        out.extend(levels.iter().map(|level| f64::from(u8::from(Some(level) == value))));
                    }
                    _ => unreachable!("covariates are read as they were fitted: {}", covariate.name),
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covariates() -> Vec<Covariate> {
        let read =
            |name, cells: &[&str], categorical| Covariate::read(name, cells, categorical, false).unwrap();
        vec![
            read("age", &["1", "3", "NA", "5", "100"], false),
            read("sex", &["m", "f", "f", "", "x"], false),
            read("batch", &["10", "9", "10", "9", "10"], true),
        ]
    }

    #[test]
    fn numbers_are_standardised_and_levels_indicated_by_the_training_rows() {
        let covariates = covariates();
        let encoder = CovariateEncoder::fit(&covariates, &[0, 1, 2, 3]);
        assert_eq!((encoder.width(), encoder.names().collect::<Vec<_>>()), (5, vec!["age", "sex", "batch"]));
        let sd = (8.0_f64 / 3.0).sqrt();
        let expected = [
            // Age, f, m, batch 10, batch 9.
            [-2.0 / sd, 0.0, 1.0, 1.0, 0.0],
            [0.0, 1.0, 0.0, 1.0, 0.0],
            [2.0 / sd, 0.0, 0.0, 0.0, 1.0],
            [97.0 / sd, 0.0, 0.0, 1.0, 0.0],
        ];
        for (found, expected) in encoder.apply(&covariates, &[0, 2, 3, 4]).iter().zip(expected.as_flattened())
        {
            assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
        }
        let kept: CovariateEncoder = serde_json::from_str(&serde_json::to_string(&encoder).unwrap()).unwrap();
        assert_eq!(kept, encoder);
        let lines: Vec<String> = covariates.iter().map(Covariate::line).collect();
        assert_eq!(lines[0], "covariate age: a number, 1 missing");
        assert_eq!(lines[1], "covariate sex: 3 levels (`f`, `m`, `x`), 1 missing");
    }

    #[test]
    fn others_are_read_as_in_training_and_what_is_new_is_missing() {
        let encoder = CovariateEncoder::fit(&covariates(), &[0, 1, 2, 3]);
        // The sexes look like numbers here, and all batches but one are new.
        let cells = [vec!["7", "NA", ""], vec!["1", "f", "1"], vec!["11", "9", "12"]];
        let (read, unseen) = encoder.read(&cells, false).unwrap();
        assert_eq!(unseen, ["sex `1`", "sex `1`", "batch `11`", "batch `12`"]);
        let missing: Vec<_> = read.iter().map(|covariate| covariate.cells.missing()).collect();
        assert_eq!((missing, read[0].cells.count()), (vec![2, 2, 2], 3));
        let sd = (8.0_f64 / 3.0).sqrt();
        let expected = [4.0 / sd, 0., 0., 0., 0., 0., 1., 0., 0., 1.];
        assert_eq!(encoder.apply(&read, &[0, 1]), expected);
        assert_eq!(encoder.apply(&[0, 1, 2].map(|c| read[c].of(&[1])), &[0]), expected[5..]);
        let refused = encoder.read(&[vec!["1", "1,5"], vec!["f", "f"], vec!["9", "9"]], false).unwrap_err();
        assert!(
            refused.contains("`age`") && refused.contains("`1,5`") && refused.contains("a point"),
            "{refused}"
        );
    }

    #[test]
    fn columns_that_are_neither_are_refused() {
        let refused = |cells: &[&str]| Covariate::read("age", cells, false, false).unwrap_err();
        let text = refused(&["1", "2", "3o", "4"]);
        assert!(text.contains("1 of 4 cells") && text.contains("`3o`") && text.contains("data.categorical"));
        assert!(refused(&["1,5", "2,5"]).contains("with a point"));
        assert!(refused(&["NA", ""]).contains("no value"));
        let ids: Vec<String> = (0..200).map(|i| format!("id{i}")).collect();
        assert!(refused(&ids.iter().map(String::as_str).collect::<Vec<_>>()).contains("200 levels"));
        let plink = Covariate::read("age", &["-9", "2"], false, true).unwrap();
        assert_eq!(plink.cells, Cells::Numbers(vec![None, Some(2.0)]));
    }
}
