//! A table of text: a column each parameter and a column of scores.
//!
//! What `tune-tui export --format csv` writes is one, and what Optuna's `trials_dataframe().to_csv()` does.

use super::{Found, FoundTrial, Importer, Place, Wanted};
use crate::domain::table::Row;
use crate::domain::value::Value;

/// Its row in the table of importers: the last, because any file may be one.
pub const ROW: Row<Importer> = Row {
    name: "csv",
    help: "a table of text",
    settings: &[],
    build: Importer { recognises: |place| place.path.is_file(), read },
};

/// What a data frame of Optuna writes before a parameter's name.
const PREFIX: &str = "params_";

/// Columns whose names say that they hold scores, besides that of the metric.
const SCORES: [&str; 2] = ["score", "value"];

fn read(place: &Place, wanted: &Wanted<'_>) -> Result<Found, String> {
    if place.within.is_some() {
        return Err("a table holds one study: there is nothing behind the `#`".into());
    }
    let text = std::fs::read_to_string(&place.path).map_err(|e| format!("it can't be read as text: {e}"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let head = text.lines().next().unwrap_or_default();
    let delimiter = [b',', b'\t', b';'].into_iter().max_by_key(|d| count(head, *d)).unwrap_or(b',');
    // `max_by_key` takes the last of equals: a head without any is a single column.
    let delimiter = if count(head, b',') == count(head, delimiter) { b',' } else { delimiter };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(text.as_bytes());
    let names: Vec<String> =
        reader.headers().map_err(|e| e.to_string())?.iter().map(ToOwned::to_owned).collect();
    let score = score_column(&names, wanted)?;
    let is_free = |name: &str| !wanted.parameters.contains(&name);
    let state = names.iter().position(|name| name == "state" && is_free(name));
    let mut found = Found::default();
    for record in reader.records() {
        let record = record.map_err(|e| e.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        // As R writes what is missing.
        let cell = |column: usize| record.get(column).filter(|cell| !cell.is_empty() && *cell != "NA");
        let is_complete = state.is_none_or(|at| cell(at).is_some_and(|s| s.eq_ignore_ascii_case("complete")));
        let Some(score) = cell(score).filter(|_| is_complete) else {
            found.unscored += 1;
            continue;
        };
        let score = score.parse().map_err(|_| format!("line {line}: the score `{score}` is not a number"))?;
        let filled = names.iter().enumerate().filter_map(|(at, name)| Some((plain(name), cell(at)?)));
        let params = filled.map(|(name, text)| (name.to_owned(), Value::from(text))).collect();
        found.trials.push(FoundTrial { place: format!("line {line}"), params, score });
    }
    Ok(found)
}

fn count(head: &str, delimiter: u8) -> usize {
    head.bytes().filter(|b| *b == delimiter).count()
}

/// A column's name as that of a parameter.
fn plain(name: &str) -> &str {
    name.strip_prefix(PREFIX).unwrap_or(name)
}

fn score_column(names: &[String], wanted: &Wanted<'_>) -> Result<usize, String> {
    let place = |wanted: &str| names.iter().position(|name| name == wanted);
    let listed = || names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    if let Some(said) = wanted.score {
        return place(said).ok_or_else(|| format!("it has no column `{said}`, but {}", listed()));
    }
    let usual = [wanted.metric].into_iter().chain(SCORES).filter(|name| !wanted.parameters.contains(name));
    usual.into_iter().find_map(place).ok_or_else(|| {
        format!("it does not say which column holds the scores: say `score = \"…\"`, one of {}", listed())
    })
}
