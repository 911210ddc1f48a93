//! All that was measured, as JSON.

use std::path::Path;

use serde_json::{Value, json};

use super::options::Options;
use super::report::{Outcome, milliseconds, overall, quartiles};
use super::run::Chosen;

/// Writes the searches and what is read off them.
pub fn write(
    path: &Path,
    measured: &[(Chosen, Vec<Outcome>)],
    at: &[usize],
    options: &Options,
) -> Result<(), String> {
    let samplers: Vec<Value> =
        measured.iter().map(|(chosen, outcomes)| sampler(chosen, outcomes, at)).collect();
    let all = json!({
        "seeds": options.seeds,
        "trials": options.trials,
        "slots": options.slots,
        "samplers": samplers,
    });
    let text = serde_json::to_string(&all).map_err(|e| e.to_string())?;
    std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}

fn sampler(chosen: &Chosen, outcomes: &[Outcome], at: &[usize]) -> Value {
    let mean = |n: &usize| (n.to_string(), json!(overall(outcomes, *n)));
    json!({
        "sampler": chosen.row.name,
        "settings": chosen.settings.0,
        "geometric_mean": at.iter().map(mean).collect::<serde_json::Map<_, _>>(),
        "ms_per_suggestion": milliseconds(outcomes.iter().flat_map(|o| &o.runs)),
        "problems": outcomes.iter().map(|o| problem(o, at)).collect::<Vec<_>>(),
    })
}

fn problem(outcome: &Outcome, at: &[usize]) -> Value {
    let regret = |n: &usize| {
        let [q25, median, q75] = quartiles(outcome, *n);
        (n.to_string(), json!({ "median": median, "q25": q25, "q75": q75 }))
    };
    let runs = outcome.runs.iter().map(|run| json!({ "seed": run.seed, "best_so_far": run.best }));
    json!({
        "problem": outcome.problem.name,
        "class": outcome.problem.class,
        "regret": at.iter().map(regret).collect::<serde_json::Map<_, _>>(),
        "ms_per_suggestion": milliseconds(outcome.runs.iter()),
        "runs": runs.collect::<Vec<_>>(),
    })
}
