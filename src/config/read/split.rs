//! `data.split` and `data.test`.

use super::MANY;
use crate::config::error::{ConfigError, quoted};
use crate::config::section::{Field, Section};
use crate::dataset::fold::{Split, TestSet};
use crate::domain::event::SelectOn;

/// Folds where the study file says nothing.
const FOLDS: usize = 5;

/// How the individuals are split, and which of them no trial sees.
pub(super) fn read(data: &Section<'_>, select_on: SelectOn) -> Result<(Split, Option<TestSet>), ConfigError> {
    let given = data.get("split");
    let (split, tested) = match &given {
        Some(field) => split(field)?,
        None => (Split::KFold { folds: FOLDS }, None),
    };
    let named = data.get("test").map(|field| test(&field)).transpose()?;
    if let (Some(field), Some(_), Some(_)) = (data.get("test"), &named, &tested) {
        let message = "`data.test` can't stand beside `data.split.test`";
        return Err(field.node.error(message, "remove one of the two: there is one test set"));
    }
    let test = named.or(tested);
    overlap(&given, &split, test.as_ref())?;
    torn(data, &split, test.as_ref())?;
    match (select_on, &given, &test) {
        (SelectOn::Validation, ..) => Ok((split, test)),
        (SelectOn::Test, Some(field), _) => {
            let message = "`data.split` can't stand beside `study.select_on = \"test\"`";
            Err(field
                .node
                .error(message, "remove it: such a study has one fold, which validates on `data.test`"))
        }
        (SelectOn::Test, None, None) => {
            let message = "`study.select_on = \"test\"` needs a test set";
            let example = "add a line such as `test = { fraction = 0.2 }` to `[data]`";
            Err(ConfigError::at(data.origin(), message, example))
        }
        (SelectOn::Test, None, Some(_)) => Ok((Split::OnTest, test)),
    }
}

/// Refuses a value to validate and test on.
fn overlap(given: &Option<Field<'_>>, split: &Split, test: Option<&TestSet>) -> Result<(), ConfigError> {
    let (Some(field), Split::Column { column, validate }, Some(TestSet::Column { column: of_test, values })) =
        (given, split, test)
    else {
        return Ok(());
    };
    let both = || validate.iter().find(|value| values.contains(value));
    match both().filter(|_| column == of_test) {
        Some(value) => {
            let message = format!(
                "{} of the column {} is both to validate and to test on",
                quoted(value),
                quoted(column)
            );
            Err(field.node.error(message, "remove it from one of the two"))
        }
        None => Ok(()),
    }
}

/// Refuses a test set by chance beside folds that keep families or generations apart.
fn torn(data: &Section<'_>, split: &Split, test: Option<&TestSet>) -> Result<(), ConfigError> {
    let (Split::LeaveFamilyOut { column, .. } | Split::Forward { column, .. }, Some(TestSet::Fraction(_))) =
        (split, test)
    else {
        return Ok(());
    };
    let message = format!(
        "a test set by chance has relatives among those that are trained on, which folds by the column {} avoid",
        quoted(column)
    );
    let example = format!("name whole groups: test = {{ column = {}, values = [\"…\"] }}", quoted(column));
    let field = data.get("test");
    let origin = field.map_or(data.origin().clone(), |field| field.node.origin.clone());
    Err(ConfigError::at(&origin, message, example))
}

/// A fraction above 0 and below 1.
fn fraction(field: &Field<'_>) -> Result<f64, ConfigError> {
    let fraction = field.float()?;
    if fraction <= 0.0 || fraction >= 1.0 {
        return Err(field.wrong("a fraction above 0 and below 1"));
    }
    Ok(fraction)
}

/// At least one value of a column, each once.
fn values(field: &Field<'_>) -> Result<Vec<String>, ConfigError> {
    let values = field.names()?;
    if values.is_empty() {
        return Err(field.wrong("at least one value of the column"));
    }
    if let Some(i) = (1..values.len()).find(|i| values[..*i].contains(&values[*i])) {
        let message = format!("`{}` lists {} twice", field.name, quoted(&values[i]));
        return Err(field.node.error(message, "remove one"));
    }
    Ok(values)
}

fn test(field: &Field<'_>) -> Result<TestSet, ConfigError> {
    let table = field.section()?.only(&["fraction", "column", "values"], "the table `data.test`")?;
    let Some(share) = table.get("fraction") else {
        let column = table.need("column", r#"test = { column = "generation", values = ["5"] }"#)?.name()?;
        return Ok(TestSet::Column { column, values: values(&table.need("values", r#"values = ["5"]"#)?)? });
    };
    if let Some(other) = ["column", "values"].iter().find_map(|key| table.get(key)) {
        let message = format!("`{}` can't stand beside `{}`", other.name, share.name);
        return Err(other
            .node
            .error(message, "remove one of the two: chance or a column chooses the test set"));
    }
    Ok(TestSet::Fraction(fraction(&share)?))
}

/// The split, and the test set of one that names it itself.
fn split(field: &Field<'_>) -> Result<(Split, Option<TestSet>), ConfigError> {
    const KINDS: [&str; 6] = ["holdout", "kfold", "repeated-kfold", "leave-family-out", "forward", "column"];
    let table = field.section()?;
    let kind = table.need("kind", r#"split = { kind = "kfold", folds = 5 }"#)?.word("split", &KINDS)?;
    let only = |keys: &[&str]| table.only(&[&["kind"], keys].concat(), &format!("the split `{kind}`"));
    let column = |table: &Section<'_>, example| table.need("column", example)?.name();
    let split = match kind {
        "holdout" => {
            let given = only(&["fraction"])?.get("fraction");
            Split::Holdout { fraction: given.map_or(Ok(0.2), |field| fraction(&field))? }
        }
        "kfold" => Split::KFold { folds: only(&["folds"])?.count("folds", 2..=MANY, FOLDS)? },
        "repeated-kfold" => {
            let table = only(&["folds", "repeats"])?;
            let folds = table.count("folds", 2..=MANY, FOLDS)?;
            Split::RepeatedKFold { folds, repeats: table.count("repeats", 2..=MANY, 2)? }
        }
        "leave-family-out" => {
            let table = only(&["column", "folds"])?;
            let column = column(&table, r#"column = "family""#)?;
            let folds = table.get("folds").map(|field| field.count(2..=MANY)).transpose()?;
            Split::LeaveFamilyOut { column, folds }
        }
        "forward" => {
            let table = only(&["column", "first"])?;
            let column = column(&table, r#"column = "generation""#)?;
            let first = table.get("first").map(|field| field.name()).transpose()?;
            Split::Forward { column, first }
        }
        _ => return given(&only(&["column", "validate", "test"])?),
    };
    Ok((split, None))
}

/// The split by given values of a column.
fn given(table: &Section<'_>) -> Result<(Split, Option<TestSet>), ConfigError> {
    let column = table.need("column", r#"column = "generation""#)?.name()?;
    let listed = |key: &str| table.get(key).map(|field| values(&field)).transpose();
    let test = listed("test")?.map(|values| TestSet::Column { column: column.clone(), values });
    Ok((Split::Column { column, validate: listed("validate")?.unwrap_or_default() }, test))
}
