//! `tune-tui show --family` and `--pareto`: where a trial's params come from, and which trials are worth their size.

use anyhow::Result;

use super::Exit;
use super::output::{columns, say, score};
use crate::analysis::family;
use crate::analysis::parameters::{dependent, is_branched};
use crate::analysis::pareto;
use crate::domain::history::History;
use crate::domain::second::Second;
use crate::domain::trial::{Trial, TrialId};
use crate::domain::value::significant;

fn numbers(trials: &[TrialId]) -> String {
    trials.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A person's words on one line, whatever they hold.
fn one_line(text: &str) -> String {
    let plain = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    plain.collect::<Vec<_>>().join(" ")
}

/// What suggested a trial, its size, its parents and its children, as far as there are any.
pub(super) fn words(history: &History, trial: &Trial) -> Vec<String> {
    let origin = &trial.origin;
    let from = match &origin.parents[..] {
        [] => String::new(),
        [parent] => format!(" of trial {parent}"),
        parents => format!(" of trials {}", numbers(parents)),
    };
    let suggested = (!origin.by.is_empty()).then(|| format!("suggested by: {}{from}", origin.by));
    let children = family::children(history, trial.id);
    let children = (!children.is_empty()).then(|| format!("children: trials {}", numbers(&children)));
    let weights = trial.weights.map(|weights| format!("learns {weights} numbers"));
    let paused =
        (trial.passed.0 > 0).then(|| format!("paused after {} reports, then went on", trial.passed.0));
    let pinned = trial.pinned.then(|| "pinned".to_owned());
    let note = (!trial.annotation.is_empty()).then(|| format!("note: {}", one_line(&trial.annotation)));
    let said = pinned.into_iter().chain(note);
    suggested.into_iter().chain(children).chain(weights).chain(paused).chain(said).collect()
}

/// Prints a trial's ancestors as a tree.
///
/// # Errors
/// Where standard output is closed.
pub(super) fn family(history: &History, trial: &Trial) -> Result<Exit> {
    let name = |trial: &Trial| {
        let score = score(history, trial, 4).unwrap_or_else(|| trial.state.word().to_owned());
        let by = if trial.origin.by.is_empty() { String::new() } else { format!("  ({})", trial.origin.by) };
        format!("trial {}  {score}{by}", trial.id)
    };
    for line in family::ancestors(history, trial.id, name) {
        say(&line)?;
    }
    Ok(Exit::Done)
}

/// Prints the trials that no other beats both in the score and in `second`.
///
/// # Errors
/// Where standard output is closed.
pub(super) fn pareto(history: &History, second: Second) -> Result<Exit> {
    let study = history.study();
    let front = pareto::front(history, second);
    if front.is_empty() {
        say(&format!("no complete trial tells its {}", second.word()))?;
        return Ok(Exit::Done);
    }
    let branched = is_branched(&study.space);
    let apart = study.space.parameters.iter().filter(|p| !branched || p.when.is_empty());
    let names: Vec<&str> = apart.map(|p| p.name.as_str()).collect();
    let mut header = ["trial", &study.metric, "weights", "seconds"].map(str::to_owned).to_vec();
    header.extend(names.iter().map(|name| (*name).to_owned()));
    header.extend(branched.then(|| "settings".to_owned()));
    let mut rows = vec![header];
    for trial in front {
        let of = |second: Second| second.of(trial).map_or("-".into(), |v| significant(v, 4));
        let mut row = vec![trial.id.to_string(), trial.score.map_or("-".into(), |s| significant(s, 4))];
        row.push(trial.weights.map_or("-".into(), |weights| weights.to_string()));
        row.push(of(Second::Seconds));
        row.extend(names.iter().map(|n| trial.params.get(*n).map_or("-".into(), ToString::to_string)));
        row.extend(branched.then(|| dependent(&study.space, &trial.params)));
        rows.push(row);
    }
    for line in columns(&rows) {
        say(&line)?;
    }
    Ok(Exit::Done)
}
