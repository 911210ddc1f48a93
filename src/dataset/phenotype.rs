//! The trait, and the column that groups individuals.

use std::path::Path;

use super::csv::Delimited;
use super::error::DataError;
use super::{DataSpec, table, unique_ids};

/// Phenotype records in the file's order.
#[derive(Debug)]
pub(super) struct Phenotypes {
    /// Their ids; none in a table, which is matched by row.
    pub ids: Option<Vec<String>>,
    /// The trait; `None` where it is missing.
    pub values: Vec<Option<f64>>,
    /// The group column as written, where the study file names one.
    pub groups: Option<Vec<String>>,
}

/// Reads delimited text with a header. Columns `FID` and `IID` make it a PLINK phenotype file, in which
/// -9 means missing; elsewhere -9 is a value like any other.
pub(super) fn read(spec: &DataSpec) -> Result<Phenotypes, DataError> {
    let path = &spec.phenotypes;
    let file = Delimited::open(path)?;
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
    let trait_column = column(&spec.trait_name, "data.trait")?;
    let group_column =
        spec.group_column.as_ref().map(|name| column(name, "data.split.column")).transpose()?;
    let id_column = match &spec.id_column {
        Some(name) => column(name, "data.id_column")?,
        None => file.id_column(),
    };
    let has = |name: &str| file.header.iter().any(|h| h.eq_ignore_ascii_case(name));
    let plink = has("FID") && has("IID");
    let (mut ids, mut values, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    file.for_each(|line, record| {
        ids.push((line, record[id_column].trim().to_owned()));
        let value = trait_value(path, line, &spec.trait_name, &record[trait_column])?;
        values.push(value.filter(|v| !(plink && *v == -9.0)));
        groups.extend(group_column.map(|c| record[c].trim().to_owned()));
        Ok(())
    })?;
    let groups = group_column.map(|_| groups);
    Ok(Phenotypes { ids: Some(unique_ids(path, ids)?), values, groups })
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
    let (mut values, mut groups) = (Vec::new(), Vec::new());
    table::for_each_row(path, |line, fields| {
        let column = index(&spec.trait_name, "data.trait", fields.len())?;
        values.push(trait_value(path, line, &spec.trait_name, fields[column])?);
        if let Some(name) = &spec.group_column {
            groups.push(fields[index(name, "data.split.column", fields.len())?].to_owned());
        }
        Ok(())
    })?;
    let groups = spec.group_column.as_ref().map(|_| groups);
    Ok(Phenotypes { ids: None, values, groups })
}

/// A trait value, `None` where it is missing.
fn trait_value(path: &Path, line: u64, column: &str, text: &str) -> Result<Option<f64>, DataError> {
    let trimmed = text.trim();
    if matches!(trimmed, "" | "." | "NA" | "na" | "NaN" | "nan" | "N/A" | "#N/A" | "NULL" | "null") {
        return Ok(None);
    }
    if let Some(value) = trimmed.parse::<f64>().ok().filter(|v| v.is_finite()) {
        return Ok(Some(value));
    }
    let hint = if is_decimal_comma(trimmed) {
        "write decimals with a point, not a comma"
    } else {
        "traits are quantitative; code two classes as 0 and 1"
    };
    Err(DataError::Cell {
        path: path.to_owned(),
        line,
        column: column.to_owned(),
        text: text.to_owned(),
        expected: format!("a number, or NA, nan, `.` or nothing where it is missing ({hint})"),
    })
}

/// Whether a comma in place of the point would make it a number.
fn is_decimal_comma(text: &str) -> bool {
    text.matches(',').count() == 1 && text.replace(',', ".").parse::<f64>().is_ok()
}
