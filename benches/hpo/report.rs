//! Medians of normalised regret beside the peers', and their geometric means.

use super::run::Run;
use super::suite::{CLASSES, Peers, Problem};

/// Smaller medians count as this in a geometric mean.
const FLOOR: f64 = 1e-3;

/// The peers to beat: their names in `results.json`, and in the tables.
const PEERS: [(&str, &str); 2] = [("optuna_gp", "Optuna GP"), ("optuna_tpe", "Optuna TPE")];

/// A problem's searches by one sampler.
pub struct Outcome<'a> {
    pub problem: &'a Problem,
    pub runs: Vec<Run>,
}

/// The numbers of trials at which regret is read.
pub fn checkpoints(trials: usize) -> Vec<usize> {
    let usual = [25, 50, 100, 200, 500, 1000];
    let mut at: Vec<usize> = usual.into_iter().filter(|n| *n <= trials).collect();
    if at.last() != Some(&trials) {
        at.push(trials);
    }
    at
}

/// Quartiles over the seeds of the regret after `n` trials.
pub fn quartiles(outcome: &Outcome, n: usize) -> [f64; 3] {
    let mut regrets: Vec<f64> = outcome.runs.iter().map(|r| outcome.problem.regret(r.best[n - 1])).collect();
    regrets.sort_by(f64::total_cmp);
    let last = regrets.len() - 1;
    let median = f64::midpoint(regrets[last / 2], regrets[last.div_ceil(2)]);
    [regrets[last / 4], median, regrets[(3 * last).div_ceil(4)]]
}

fn median(outcome: &Outcome, n: usize) -> f64 {
    quartiles(outcome, n)[1]
}

/// Milliseconds a suggestion.
pub fn milliseconds<'a>(runs: impl Iterator<Item = &'a Run>) -> f64 {
    let (seconds, asks) = runs.fold((0.0, 0), |(s, n), run| (s + run.seconds, n + run.asks));
    1e3 * seconds / asks.max(1) as f64
}

/// The head of a sampler's table.
pub fn head(at: &[usize]) -> String {
    let ours: Vec<String> = at.iter().map(|n| format!("{:>9}", format!("n={n}"))).collect();
    let width = 8 * at.len();
    let peers = PEERS.map(|(_, name)| format!("{name:>width$}"));
    format!("{:<18}{:<12}{} |{} {:>9}", "problem", "class", ours.concat(), peers.join(" |"), "ms/ask")
}

/// A problem's row.
pub fn row(outcome: &Outcome, at: &[usize], peers: &Peers) -> String {
    let problem = outcome.problem;
    let ours: Vec<String> = at.iter().map(|n| format!("{:>9}", short(Some(median(outcome, *n))))).collect();
    let theirs = PEERS.map(|(peer, _)| {
        let cell = |n: &usize| format!("{:>8}", short(peers.median(peer, &problem.name, *n)));
        at.iter().map(cell).collect::<String>()
    });
    let ms = milliseconds(outcome.runs.iter());
    format!("{:<18}{:<12}{} |{} {ms:>9.3}", problem.name, problem.class, ours.concat(), theirs.join(" |"))
}

/// Geometric means over all problems and over each class: the sampler's own, and the peers' where they
/// have every problem.
pub fn means(outcomes: &[Outcome], at: &[usize], peers: &Peers) -> Vec<String> {
    let mut lines = Vec::new();
    for class in CLASSES.into_iter().map(Some).chain([None]) {
        let members: Vec<&Outcome> =
            outcomes.iter().filter(|o| class.is_none_or(|c| o.problem.class == c)).collect();
        if members.is_empty() {
            continue;
        }
        let own = |n: &usize| geometric(members.iter().map(|o| Some(median(o, *n))));
        let ours: Vec<String> = at.iter().map(|n| format!("{:>9}", short(own(n)))).collect();
        let theirs = PEERS.map(|(peer, _)| {
            let medians = |n: usize| members.iter().map(move |o| peers.median(peer, &o.problem.name, n));
            at.iter().map(|n| format!("{:>8}", short(geometric(medians(*n))))).collect::<String>()
        });
        let label = class.unwrap_or("all");
        let count = members.len();
        lines.push(format!("{label:<18}{count:<12}{} |{}", ours.concat(), theirs.join(" |")));
    }
    lines
}

/// The geometric mean, of medians of at least [`FLOOR`]; nothing where one is missing.
pub fn geometric(medians: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let logs: Vec<f64> = medians.map(|m| Some(libm::log(m?.max(FLOOR)))).collect::<Option<_>>()?;
    Some(libm::exp(logs.iter().sum::<f64>() / logs.len() as f64))
}

/// The geometric mean over all outcomes after `n` trials.
pub fn overall(outcomes: &[Outcome], n: usize) -> Option<f64> {
    geometric(outcomes.iter().map(|o| Some(median(o, n))))
}

/// Three significant digits.
pub fn short(value: Option<f64>) -> String {
    match value {
        None => "–".into(),
        Some(0.0) => "0".into(),
        Some(v) if v.abs() < 1e-3 => format!("{v:.1e}"),
        Some(v) if v.abs() < 1.0 => format!("{v:.3}"),
        Some(v) => format!("{v:.2}"),
    }
}
