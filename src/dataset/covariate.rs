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

impl Covariate {
    /// Reads the cells of a column: numbers where all that are there are numbers, else categories, which
    /// `categorical` makes of numbers too.
    ///
    /// # Errors
    /// Where the column is neither: what is wrong with it and what to do.
    pub fn read(name: &str, cells: &[&str], categorical: bool, plink: bool) -> Result<Self, String> {
        let is_there = |cell: &str| !(is_missing(cell) || plink && number(cell) == Some(-9.0));
        let cells: Vec<Option<&str>> =
            cells.iter().map(|cell| Some(cell.trim()).filter(|cell| is_there(cell))).collect();
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

    /// In one line, for a person.
    pub fn line(&self) -> String {
        let (what, missing) = match &self.cells {
            Cells::Numbers(values) => ("a number".to_owned(), values.iter().filter(|v| v.is_none()).count()),
            Cells::Levels(values) => {
                let levels: BTreeSet<&String> = values.iter().flatten().collect();
                let shown: Vec<String> = levels.iter().take(5).map(|level| format!("`{level}`")).collect();
                let more = if levels.len() > shown.len() { ", …" } else { "" };
                let missing = values.iter().filter(|v| v.is_none()).count();
                (format!("{} levels ({}{more})", levels.len(), shown.join(", ")), missing)
            }
        };
        let missing = if missing == 0 { String::new() } else { format!(", {missing} missing") };
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
                    (Column::Number { mean, inverse_sd, .. }, cells) => {
                        let value = match cells {
                            Cells::Numbers(values) => values[*row],
                            // Another file may have no number in the column at all.
                            Cells::Levels(values) => values[*row].as_deref().and_then(number),
                        };
                        out.push(value.map_or(0.0, |value| (value - mean) * inverse_sd));
                    }
                    (Column::Category { levels, .. }, cells) => {
                        let value = match cells {
                            Cells::Numbers(values) => values[*row].map(|value| value.to_string()),
                            Cells::Levels(values) => values[*row].clone(),
                        };
                        out.extend(
                            levels.iter().map(|level| f64::from(u8::from(Some(level) == value.as_ref()))),
                        );
                    }
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
