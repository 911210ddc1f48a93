//! What the dashboard costs: `cargo bench --bench dashboard [-- inside | outside | storm]`.
//!
//! *Inside* drives a dashboard without a terminal: frames, keys, order and filter, importance. *Outside* runs the
//! program in pseudo-terminals and reads Linux's accounts of it: first paint, key to paint, bytes, processor
//! time, memory, and what training loses by it. Each figure stands beside the limit that the project sets itself.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

mod history;
mod inside;
mod outside;
mod process;
mod staged;
mod storm;

use std::error::Error;

/// One measured figure.
pub fn report(what: &str, figure: f64, unit: &str, limit: Option<f64>) {
    let verdict = match limit {
        None => String::new(),
        Some(limit) if figure <= limit => format!("  (limit {limit} {unit})"),
        Some(limit) => format!("  (limit {limit} {unit}: MISSED)"),
    };
    println!("{what:<64} {figure:>9.3} {unit}{verdict}");
}

/// The value below which a share of the values lies.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((share * last as f64).round() as usize).copied().unwrap_or(f64::NAN)
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let is = |word: &str| words.iter().any(|w| w == word);
    if let Some(place) = words.iter().position(|word| word == staged::WORD) {
        return staged::run(&words[place + 1..]);
    }
    if let Some(place) = words.iter().position(|word| word == "storm") {
        let events = words.get(place + 1).map_or(Ok(1_000_000), |word| word.parse())?;
        return storm::rage(events);
    }
    if !is("outside") {
        inside::measure()?;
    }
    if !is("inside") {
        outside::measure()?;
    }
    Ok(())
}
