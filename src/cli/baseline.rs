//! `tune-tui baseline`: how the standard methods do on a study's folds, and on its test set.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anyhow::{Context, Result};
use serde::Serialize;

use super::output::{UsageError, columns, complain, data, say};
use super::{BaselineArgs, Exit, run};
use crate::baseline::{self, BASELINES, BaselineError, BaselineRow};
use crate::config;
use crate::dataset::fold::{Fold, Partition};
use crate::domain::event::SelectOn;
use crate::domain::value::significant;
use crate::wire::baselines::{self, Scored};
use crate::wire::{self, Prepared};

/// One line of `--json`.
#[derive(Debug, Serialize)]
struct Line<'a> {
    baseline: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mse: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pearson: Option<f64>,
    seconds: f64,
    on: &'static str,
    #[serde(flatten)]
    others: BTreeMap<String, f64>,
}

/// A baseline on the folds, unless what validates there is the test set, and on the test set where there is one.
struct Compared {
    name: &'static str,
    validation: Option<Scored>,
    test: Option<Scored>,
}

impl Compared {
    fn mean(&self, scored: fn(&Compared) -> Option<&Scored>, metric: &str) -> Option<f64> {
        scored(self)?.score.mean(metric)
    }
}

/// Trains and scores the named baselines, or all.
///
/// # Errors
/// A bad study file, an unknown name, unusable data. A baseline that fails has a line that says why, and the
/// others are still scored.
pub fn baseline(args: &BaselineArgs) -> Result<Exit> {
    let rows = chosen(&args.names)?;
    let config = run::load(&args.study)?;
    let prepared = wire::prepare(&config)?;
    let dataset = &prepared.objective.dataset;
    baseline::check(dataset).map_err(|error| UsageError(error.to_string()))?;
    let report = dataset.report();
    report.lines().into_iter().chain(report.warnings()).for_each(|line| complain(&line));
    let mut compared = Vec::new();
    for row in &rows {
        match compare(row, &prepared, config.seed) {
            Ok(found) => {
                if args.json {
                    lines(&found)?;
                }
                compared.push(found);
            }
            Err(error) => complain(&format!("{} failed: {error}", row.name)),
        }
    }
    if !args.json && !compared.is_empty() {
        table(&compared, &config.metric)?;
    }
    let failed = compared.len() < rows.len();
    Ok(if compared.is_empty() || failed && !args.names.is_empty() { Exit::Failed } else { Exit::Done })
}

/// The rows called `names`, in the table's order; all where none is named.
fn chosen(names: &[String]) -> Result<Vec<&'static BaselineRow>, UsageError> {
    let known = || BASELINES.iter().map(|row| row.name);
    if let Some(unknown) = names.iter().find(|name| known().all(|known| known != name.as_str())) {
        let nearest = config::did_you_mean(unknown, known());
        let all = known().collect::<Vec<_>>().join(", ");
        return Err(UsageError(format!("no baseline `{unknown}`{nearest} (there are {all})")));
    }
    let wanted = |row: &&BaselineRow| names.is_empty() || names.iter().any(|name| name == row.name);
    Ok(BASELINES.iter().filter(wanted).collect())
}

fn compare(row: &BaselineRow, prepared: &Prepared, seed: u64) -> Result<Compared, BaselineError> {
    let Prepared { spec, objective, test } = prepared;
    let (dataset, folds) = (&objective.dataset, &objective.folds);
    let scored = |folds: &[Fold], what: &str| {
        let several = folds.len() > 1;
        let found = baselines::on_folds(row, dataset, folds, seed, |fold| {
            let of = if several { format!("fold {} of {}", fold + 1, folds.len()) } else { what.to_owned() };
            let rows = folds[fold].train.len();
            let time = baseline::expected_time(row, rows, dataset.positions());
            let time = time.map_or_else(String::new, |time| format!(" ({time})"));
            complain(&format!("{}: {of}{time}", row.name));
        })?;
        if !found.constant.is_empty() {
            let places: Vec<String> = found.constant.iter().map(ToString::to_string).collect();
            let places = if several { format!(" in fold {}", places.join(", ")) } else { String::new() };
            complain(&format!(
                "{}: warning: it found nothing in the genotypes and predicts the mean{places} ({what})",
                row.name
            ));
        }
        Ok::<_, BaselineError>(found)
    };
    let validation = match spec.select_on {
        SelectOn::Validation => Some(scored(folds, "validation")?),
        SelectOn::Test => None,
    };
    let all = Partition { folds: Vec::new(), test: test.clone() };
    let final_fold = Fold { train: all.development(dataset.individuals()), validation: all.test };
    let test = if final_fold.validation.is_empty() { None } else { Some(scored(&[final_fold], "test")?) };
    Ok(Compared { name: row.name, validation, test })
}

fn lines(found: &Compared) -> Result<()> {
    for (on, scored) in [("validation", &found.validation), ("test", &found.test)] {
        let Some(Scored { score, .. }) = scored else { continue };
        let mut others = baselines::means(score);
        let (mse, pearson) = (others.remove("mse"), others.remove("pearson"));
        let line = Line { baseline: found.name, mse, pearson, seconds: score.seconds, on, others };
        data(&serde_json::to_string(&line).context("a line of numbers can be written")?)?;
    }
    // A reader of a pipe has each line when it is known.
    Ok(io::stdout().lock().flush()?)
}

fn table(compared: &[Compared], metric: &str) -> Result<()> {
    let shown: Vec<&str> = if metric == "pearson" { vec!["pearson", "mse"] } else { vec![metric, "pearson"] };
    let validation: fn(&Compared) -> Option<&Scored> = |c| c.validation.as_ref();
    let test: fn(&Compared) -> Option<&Scored> = |c| c.test.as_ref();
    // Classes have no correlation.
    let known =
        |name: &&str| compared.iter().any(|c| c.mean(validation, name).or(c.mean(test, name)).is_some());
    let shown: Vec<&str> = shown.into_iter().filter(known).collect();
    let has = |scored: fn(&Compared) -> Option<&Scored>| compared.iter().any(|c| scored(c).is_some());
    let (has_validation, has_test) = (has(validation), has(test));
    let mut header = vec!["baseline".to_owned()];
    for name in shown.iter().filter(|_| has_validation) {
        header.extend([(*name).to_owned(), "±".to_owned()]);
    }
    header.extend(shown.iter().filter(|_| has_test).map(|name| format!("test {name}")));
    header.push("seconds".into());
    let number =
        |value: Option<f64>, digits| value.map_or_else(|| "-".to_owned(), |v| significant(v, digits));
    let mut rows = vec![header];
    for found in compared {
        let mut row = vec![found.name.to_owned()];
        for name in shown.iter().filter(|_| has_validation) {
            let spread = validation(found).and_then(|scored| scored.score.spread(name));
            row.extend([number(found.mean(validation, name), 4), number(spread, 2)]);
        }
        row.extend(shown.iter().filter(|_| has_test).map(|name| number(found.mean(test, name), 4)));
        let took: f64 = [validation(found), test(found)].into_iter().flatten().map(|s| s.score.seconds).sum();
        row.push(format!("{took:.1}"));
        rows.push(row);
    }
    columns(&rows).iter().try_for_each(|line| say(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_looked_up_and_shown_in_the_order_of_the_table() {
        let names = |names: &[&str]| -> Result<Vec<&str>, UsageError> {
            let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
            Ok(chosen(&names)?.into_iter().map(|row| row.name).collect())
        };
        assert_eq!(names(&[]).unwrap().len(), BASELINES.len());
        assert_eq!(names(&["gaussian-kernel", "gblup"]).unwrap(), ["gblup", "gaussian-kernel"]);
        let text = names(&["gblup", "gblub-dominance"]).unwrap_err().to_string();
        assert!(text.starts_with(
            "no baseline `gblub-dominance`: did you mean `gblup-dominance`? (there are gblup, "
        ));
    }
}
