//! The trait or the labels, and the columns that group individuals.

use std::collections::HashMap;

use super::csv::Delimited;
use super::error::DataError;
use super::fold::Grouping;
use super::text::Budget;
use super::{DataSpec, table, unique_ids};
use crate::domain::task::Task;

/// Most bytes that ids and groups may take: millions of individuals. `data.memory` is about genotypes.
const MEMORY: u64 = 256 << 20;

/// What to do where that is not enough.
const FEWER: &str = "keep fewer records in the file";

/// Phenotype records in the file's order.
#[derive(Debug)]
pub(super) struct Phenotypes {
    /// Their ids; none in a table, which is matched by row.
    pub ids: Option<Vec<String>>,
    /// One value for each of [`DataSpec::trait_names`]; `None` where one of them is missing. A class is
    /// its place in `classes`.
    pub values: Vec<Option<Vec<f64>>>,
    /// The classes, in the order in which they occur first; none where the task has none.
    pub classes: Vec<String>,
    /// The columns of [`DataSpec::covariates`] as written, a row of cells a record.
    pub covariates: Vec<Vec<String>>,
    /// Whether -9 means missing.
    pub plink: bool,
    /// The columns that group the records, as written.
    pub groupings: Vec<Grouping>,
}

/// The keys of the study file that name columns which group the records.
const GROUPS: &str = "data.split.column or data.test.column";

/// The columns that group the records, still empty.
fn groupings(spec: &DataSpec) -> Vec<Grouping> {
    let grouping = |column: &String| Grouping { column: column.clone(), values: Vec::new() };
    spec.group_columns.iter().map(grouping).collect()
}

/// Reads delimited text with a header. Columns `FID` and `IID` make it a PLINK phenotype file, in which
/// -9 means missing; elsewhere -9 is a value like any other.
pub(super) fn read(spec: &DataSpec) -> Result<Phenotypes, DataError> {
    let path = &spec.phenotypes;
    let file = Delimited::open(path, MEMORY)?;
    let column = |name: &String, role| {
        if file.header.iter().filter(|h| *h == name).count() > 1 {
            return Err(DataError::file(
                path,
                format!("has more than one column `{name}`: rename or remove one"),
            ));
        }
        file.column(name).ok_or_else(|| DataError::UnknownColumn {
            path: path.clone(),
            role,
            name: name.clone(),
            known: file.header.clone(),
        })
    };
    let columns =
        spec.trait_names.iter().map(|name| column(name, "data.trait")).collect::<Result<Vec<_>, _>>()?;
    let group_columns =
        spec.group_columns.iter().map(|name| column(name, GROUPS)).collect::<Result<Vec<_>, _>>()?;
    let covariate_columns =
        spec.covariates.iter().map(|name| column(name, "data.covariates")).collect::<Result<Vec<_>, _>>()?;
    let id_column = match &spec.id_column {
        Some(name) => column(name, "data.id_column")?,
        None => file.id_column(),
    };
    let has = |name: &str| file.header.iter().any(|h| h.eq_ignore_ascii_case(name));
    let mut cells = Cells { spec, plink: has("FID") && has("IID"), classes: HashMap::new() };
    let mut budget = Budget::new(path, MEMORY, FEWER);
    let (mut ids, mut values, mut groupings) = (Vec::new(), Vec::new(), groupings(spec));
    let mut covariates = Vec::new();
    file.for_each(|line, record| {
        columns.iter().chain([&id_column]).for_each(|c| budget.name(&record[*c]));
        ids.push((line, record[id_column].trim().to_owned()));
        values.push(cells.read(line, columns.iter().map(|c| &record[*c]))?);
        for (grouping, column) in groupings.iter_mut().zip(&group_columns) {
            budget.name(&record[*column]);
            grouping.values.push(record[*column].trim().to_owned());
        }
        covariates.push(covariate_columns.iter().map(|c| record[*c].to_owned()).collect());
        budget.check(0)
    })?;
    let plink = cells.plink;
    let ids = Some(unique_ids(path, ids)?);
    Ok(Phenotypes { ids, values, classes: cells.classes(), groupings, covariates, plink })
}

/// Reads a whitespace table; columns are numbers from 1.
pub(super) fn read_table(spec: &DataSpec) -> Result<Phenotypes, DataError> {
    let path = &spec.phenotypes;
    let index = |name: &String, role, width: usize| {
        let number = name.parse().ok().filter(|n| (1..=width).contains(n));
        number.map(|n: usize| n - 1).ok_or_else(|| {
            let problem = format!(
                "has no column `{name}` ({role}): it has no header, so a column is named by its number, 1 to {width}"
            );
            DataError::file(path, problem)
        })
    };
    let mut budget = Budget::new(path, MEMORY, FEWER);
    let mut cells = Cells { spec, plink: false, classes: HashMap::new() };
    let (mut values, mut groupings, mut covariates) = (Vec::new(), groupings(spec), Vec::new());
    table::for_each_row(path, |line, fields| {
        let columns = spec.trait_names.iter().map(|name| index(name, "data.trait", fields.len()));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        columns.iter().for_each(|c| budget.name(fields[*c]));
        values.push(cells.read(line, columns.iter().map(|c| fields[*c]))?);
        for grouping in &mut groupings {
            let column = index(&grouping.column, GROUPS, fields.len())?;
            budget.name(fields[column]);
            grouping.values.push(fields[column].to_owned());
        }
        let of_record = spec
            .covariates
            .iter()
            .map(|name| Ok::<_, DataError>(fields[index(name, "data.covariates", fields.len())?].to_owned()));
        covariates.push(of_record.collect::<Result<Vec<_>, _>>()?);
        budget.check(0)
    })?;
    Ok(Phenotypes { ids: None, values, classes: cells.classes(), groupings, covariates, plink: false })
}

/// Reads the cells of the trait or the labels.
struct Cells<'a> {
    spec: &'a DataSpec,
    /// Whether -9 means missing.
    plink: bool,
    /// The classes so far and their places.
    classes: HashMap<String, usize>,
}

impl Cells<'_> {
    /// The values of one record, `None` where one is missing; `cells` in the order of the trait's names.
    fn read<'t>(
        &mut self,
        line: u64,
        cells: impl Iterator<Item = &'t str>,
    ) -> Result<Option<Vec<f64>>, DataError> {
        let mut values = Some(Vec::with_capacity(self.spec.trait_names.len()));
        for (column, text) in self.spec.trait_names.iter().zip(cells) {
            // Every cell is read, so that a wrong one is found behind a missing one too.
            match (self.value(line, column, text.trim())?, &mut values) {
                (Some(value), Some(values)) => values.push(value),
                _ => values = None,
            }
        }
        Ok(values)
    }

    fn value(&mut self, line: u64, column: &str, text: &str) -> Result<Option<f64>, DataError> {
        let number = number(text);
        if is_missing(text) || self.plink && number == Some(-9.0) {
            return Ok(None);
        }
        let found = match self.spec.task {
            Task::Regression => number,
            Task::MultiLabel => number.filter(|v| *v == 0.0 || *v == 1.0),
            Task::Binary | Task::MultiClass => self.class(text, number),
        };
        found.map(Some).ok_or_else(|| DataError::Cell {
            path: self.spec.phenotypes.clone(),
            line,
            column: column.to_owned(),
            text: text.to_owned(),
            expected: expected(self.spec.task, text),
        })
    }

    /// The place of a class, unless it is a number that is not whole: then a quantity stands there.
    /// Numbers that are written differently (`1`, `1.0`) are one class.
    fn class(&mut self, text: &str, number: Option<f64>) -> Option<f64> {
        let name = match number {
            Some(value) if value.fract() != 0.0 => return None,
            Some(value) => value.to_string(),
            None => text.to_owned(),
        };
        let next = self.classes.len();
        Some(*self.classes.entry(name).or_insert(next) as f64)
    }

    fn classes(self) -> Vec<String> {
        let mut classes: Vec<(String, usize)> = self.classes.into_iter().collect();
        classes.sort_by_key(|(_, place)| *place);
        classes.into_iter().map(|(name, _)| name).collect()
    }
}

/// Whether a cell says that its value is missing.
pub(super) fn is_missing(text: &str) -> bool {
    matches!(text, "" | "." | "NA" | "na" | "NaN" | "nan" | "N/A" | "#N/A" | "NULL" | "null")
}

/// The finite number that a text is; 0 for -0.
pub(super) fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|v| v.is_finite()).map(|v| v + 0.0)
}

/// What a cell may hold, with a hint for one that holds `text`.
fn expected(task: Task, text: &str) -> String {
    let wanted = match task {
        Task::Regression if is_decimal_comma(text) => "a number (write decimals with a point, not a comma)",
        Task::Regression => {
            "a number (of two classes make `data.task = \"binary\"`, of several `data.task = \"multi-class\"`)"
        }
        Task::MultiLabel => "0 or 1 (a label is a column of its own)",
        Task::Binary | Task::MultiClass => {
            "a class: text or a whole number (a quantity is `data.task = \"regression\"`)"
        }
    };
    format!("{wanted}, or NA, nan, `.` or nothing where it is missing")
}

/// Whether a comma in place of the point would make it a number.
pub(super) fn is_decimal_comma(text: &str) -> bool {
    text.matches(',').count() == 1 && text.replace(',', ".").parse::<f64>().is_ok()
}
