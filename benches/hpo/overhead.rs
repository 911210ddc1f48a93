//! How long a suggestion takes, in a mixed space of ten dimensions after many random trials.
//!
//! Seconds of the clock, on one thread: on a machine that does nothing else this is processor time.

use std::time::{Duration, Instant};

use libm::{fabs, log10};
use tune_tui::domain::seed::Rng;
use tune_tui::domain::space::{Distribution, Parameter, SearchSpace};
use tune_tui::domain::trial::Origin;
use tune_tui::domain::value::{Params, Value};
use tune_tui::sampler::Suggestion;

use super::run::{Chosen, Driven};

/// Numbers of past trials.
const PAST: [usize; 4] = [10, 100, 1000, 10_000];

/// Suggestions of which the median is taken; fewer where they take longer than [`PATIENCE`].
const ASKS: usize = 15;

const PATIENCE: Duration = Duration::from_secs(20);

fn space() -> SearchSpace {
    let float = |low, high, log| Distribution::Float { low, high, log };
    let int = |low, high, log| Distribution::Int { low, high, log };
    let words = |letters: &str| Distribution::Choice {
        choices: letters.chars().map(|c| Value::from(c.to_string().as_str())).collect(),
    };
    let parameters = [
        ("f1", float(0.0, 1.0, false)),
        ("f2", float(-5.0, 5.0, false)),
        ("l1", float(1e-5, 1e-1, true)),
        ("l2", float(1e-8, 1.0, true)),
        ("i1", int(1, 10, false)),
        ("i2", int(20, 100, false)),
        ("il", int(16, 512, true)),
        ("c1", words("abcd")),
        ("c2", words("pq")),
        ("c3", words("uvwxyz")),
    ];
    let parameter = |(name, distribution): (&str, Distribution)| Parameter {
        name: name.to_owned(),
        distribution,
        when: Vec::new(),
    };
    SearchSpace { parameters: parameters.map(parameter).into() }
}

fn cost(x: &Params) -> f64 {
    let number = |name: &str| x.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let letter = |name: &str, from: u8| match x.get(name) {
        Some(Value::Text(text)) => f64::from(text.as_bytes()[0] - from),
        _ => f64::NAN,
    };
    let square = |v: f64| v * v;
    let a = if letter("c1", b'a') == 0.0 { 0.2 } else { 0.0 };
    square(number("f1") - 0.3)
        + square(number("f2") / 5.0)
        + square(log10(number("l1")) + 3.0) / 4.0
        + 0.05 * fabs(number("i1") - 4.0)
        + a
        + 0.01 * fabs(number("i2") - 60.0)
        + 0.1 * letter("c3", b'u')
}

/// A study with `past` random trials.
fn study(past: usize) -> Result<Driven, String> {
    let space = space();
    let mut driven = Driven::new(&space, 5, past + ASKS + 1, 1)?;
    let mut rng = Rng::new(5);
    for _ in 0..past {
        let point: Vec<f64> = (0..space.dimensions()).map(|_| rng.uniform()).collect();
        tell(&mut driven, space.from_unit(&point), Origin::by("random"))?;
    }
    Ok(driven)
}

fn tell(driven: &mut Driven, params: Params, origin: Origin) -> Result<(), String> {
    let score = cost(&params);
    let trial = driven.start(params, origin)?;
    driven.complete(trial, score)
}

/// The milliseconds of a first suggestion, and the median of further ones with a trial completed between
/// them; nothing of those where the first took too long.
pub fn measure(chosen: &Chosen, past: usize) -> Result<(f64, Option<f64>), String> {
    let mut driven = study(past)?;
    let (mut sampler, begun, mut warm) = (chosen.build(), Instant::now(), Vec::new());
    let mut cold = None;
    for _ in 0..=ASKS {
        let (suggestion, seconds) = driven.ask(&mut *sampler);
        let Suggestion { params, origin } = suggestion.map_err(|e| e.to_string())?;
        tell(&mut driven, params, origin)?;
        if cold.is_none() {
            cold = Some(seconds);
        } else {
            warm.push(seconds);
        }
        if begun.elapsed() > PATIENCE {
            break;
        }
    }
    warm.sort_by(f64::total_cmp);
    Ok((1e3 * cold.unwrap_or(f64::NAN), warm.get(warm.len() / 2).map(|s| 1e3 * s)))
}

/// A line a sampler and number of past trials.
pub fn lines(chosen: &Chosen) -> impl Iterator<Item = String> {
    PAST.into_iter().map(move |past| {
        let name = chosen.row.name;
        match measure(chosen, past) {
            Ok((cold, warm)) => {
                let warm = warm.map_or("–".into(), |ms| format!("{ms:.4}"));
                format!("{name:<14}{past:>8} {cold:>12.4} {warm:>12}")
            }
            Err(error) => format!("{name:<14}{past:>8} {error}"),
        }
    })
}

/// The head of the lines.
pub fn head() -> String {
    format!(
        "{:<14}{:>8} {:>12} {:>12}  ms a suggestion, one thread, by the clock",
        "sampler", "trials", "cold", "warm"
    )
}
