//! The tables of `docs/results/samplers.md`.

use std::fmt::Write as _;
use std::path::Path;

use super::options::Options;
use super::report::{Outcome, geometric, milliseconds, quartiles, short};
use super::run::Chosen;
use super::suite::{CLASSES, Peers};

/// The peers, by their names in `results.json`.
const PEERS: [(&str, &str); 6] = [
    ("optuna_gp", "Optuna GP"),
    ("optuna_tpe", "Optuna TPE"),
    ("optuna_tpe_group", "Optuna TPE, groups"),
    ("hyperopt_tpe", "hyperopt TPE"),
    ("optuna_nsga2_p20", "Optuna NSGA-II, population 20"),
    ("random", "random (the peers' runs)"),
];

/// The median regret on a problem after so many trials, where it is known.
type Median<'a> = Box<dyn Fn(&str, usize) -> Option<f64> + 'a>;

/// A line of the tables: one of ours, or a peer.
struct Line<'a> {
    name: String,
    /// Milliseconds a suggestion; of ours.
    ms: Option<f64>,
    /// The median regret at a problem after so many trials.
    median: Median<'a>,
}

/// Writes the tables.
pub fn write(
    path: &Path,
    measured: &[(Chosen, Vec<Outcome>)],
    at: &[usize],
    peers: &Peers,
    options: &Options,
) -> Result<(), String> {
    let Some((_, all)) = measured.first() else { return Err("nothing was measured".into()) };
    let own = measured.iter().map(|(chosen, outcomes)| Line {
        name: format!("**{}**", chosen.row.name),
        ms: Some(milliseconds(outcomes.iter().flat_map(|o| &o.runs))),
        median: Box::new(move |problem, n| {
            let outcome = outcomes.iter().find(|o| o.problem.name == problem)?;
            Some(quartiles(outcome, n)[1])
        }),
    });
    let theirs = PEERS.iter().map(|(key, name)| Line {
        name: (*name).to_owned(),
        ms: None,
        median: Box::new(move |problem, n| peers.median(key, problem, n)),
    });
    let lines: Vec<Line> = own.chain(theirs).collect();
    let mut out = format!(
        "Medians over {} seeds, {} slot(s), by `{}`. Geometric means take a median of less than 0.001 as that.\n",
        options.seeds, options.slots, options.command
    );
    let of_class = |class: &str| all.iter().filter(|o| o.problem.class == class).collect::<Vec<_>>();
    let heads: Vec<String> = at.iter().map(|n| format!("n = {n}")).collect();
    let everything: Vec<&Outcome> = all.iter().collect();
    head(
        &mut out,
        &format!("All {} problems: geometric mean", all.len()),
        &[&heads[..], &["ms a suggestion".into()]].concat(),
    );
    for line in &lines {
        let means = at.iter().map(|n| mean(line, &everything, *n));
        let ms = line.ms.map_or(String::new(), |ms| format!("{ms:.3}"));
        row(&mut out, &line.name, means.map(short).chain([ms]));
    }
    let last = at.last().copied().unwrap_or_default();
    let classes: Vec<&str> = CLASSES.into_iter().filter(|class| !of_class(class).is_empty()).collect();
    let heads: Vec<String> = classes.iter().map(|c| format!("{c} ({})", of_class(c).len())).collect();
    head(&mut out, &format!("By class, n = {last}: geometric mean"), &heads);
    for line in &lines {
        row(&mut out, &line.name, classes.iter().map(|class| short(mean(line, &of_class(class), last))));
    }
    let names: Vec<String> = lines.iter().map(|line| line.name.clone()).collect();
    head(&mut out, &format!("By problem, n = {last}: median"), &names);
    for outcome in all {
        let name = &outcome.problem.name;
        row(&mut out, name, lines.iter().map(|line| short((line.median)(name, last))));
    }
    std::fs::write(path, out).map_err(|e| format!("{}: {e}", path.display()))
}

fn mean(line: &Line, outcomes: &[&Outcome], n: usize) -> Option<f64> {
    geometric(outcomes.iter().map(|o| (line.median)(&o.problem.name, n)))
}

fn head(out: &mut String, title: &str, columns: &[String]) {
    // Writing to a string can't fail.
    let _ = write!(
        out,
        "\n### {title}\n\n| | {} |\n|---|{}\n",
        columns.join(" | "),
        "---|".repeat(columns.len())
    );
}

fn row(out: &mut String, name: &str, cells: impl Iterator<Item = String>) {
    let _ = writeln!(out, "| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
}
