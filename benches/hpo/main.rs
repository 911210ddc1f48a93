//! The suite of black-box problems on which samplers are compared with those of other programs:
//! `cargo bench --bench hpo -- --samplers random,gp-ucb`; `--help` says what else.
//!
//! The suite is no part of the repository: where it is missing, this says so and ends.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

mod functions;
mod json;
mod markdown;
mod options;
mod overhead;
mod report;
mod run;
mod suite;

use std::process::ExitCode;

use rayon::prelude::*;

use options::Options;
use report::Outcome;
use run::{Chosen, search};
use suite::{Peers, Problem, Suite};

fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => return refuse(&error),
    };
    if options.help {
        println!("{}", options::HELP);
        return ExitCode::SUCCESS;
    }
    if !options.overhead && !options.suite.exists() {
        println!(
            "skipped: the suite is not at {}; --suite PATH names another place",
            options.suite.display()
        );
        return ExitCode::SUCCESS;
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build();
    let done = match pool {
        Ok(pool) => pool.install(|| if options.overhead { overhead(&options) } else { compare(&options) }),
        Err(error) => Err(error.to_string()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&error),
    }
}

fn refuse(error: &str) -> ExitCode {
    println!("{error}");
    ExitCode::FAILURE
}

fn overhead(options: &Options) -> Result<(), String> {
    println!("{}", overhead::head());
    for chosen in options.samplers()? {
        overhead::lines(&chosen).for_each(|line| println!("{line}"));
    }
    Ok(())
}

fn compare(options: &Options) -> Result<(), String> {
    let suite = Suite::read(&options.suite)?;
    let peers = Peers::beside(&options.suite)?;
    let all = suite.problems()?;
    println!("{} problems; all functions agree with the suite's test points", all.len());
    let problems = options.select(all)?;
    let at = report::checkpoints(options.trials);
    let mut measured = Vec::new();
    for chosen in options.samplers()? {
        println!(
            "\n{}: median normalised regret of {} seeds, {} slot(s)",
            chosen.row.name, options.seeds, options.slots
        );
        println!("{}", report::head(&at));
        let mut outcomes = Vec::new();
        for problem in &problems {
            match searches(problem, &suite, &chosen, options) {
                Ok(outcome) => {
                    println!("{}", report::row(&outcome, &at, &peers));
                    outcomes.push(outcome);
                }
                Err(error) => println!("{:<18}{:<12}left out: {error}", problem.name, problem.class),
            }
        }
        println!("geometric means");
        report::means(&outcomes, &at, &peers).iter().for_each(|line| println!("{line}"));
        measured.push((chosen, outcomes));
    }
    summary(&measured, &at);
    if let Some(path) = &options.markdown {
        markdown::write(path, &measured, &at, &peers, options)?;
    }
    match &options.json {
        Some(path) => json::write(path, &measured, &at, options),
        None => Ok(()),
    }
}

/// The searches of one problem, in the order of their seeds.
fn searches<'a>(
    problem: &'a Problem,
    suite: &Suite,
    chosen: &Chosen,
    options: &Options,
) -> Result<Outcome<'a>, String> {
    let seeds: Vec<u64> = (0..options.seeds).collect();
    let one = |seed: &u64| search(problem, suite, chosen, *seed, options.trials, options.slots);
    let runs = seeds.par_iter().map(one).collect::<Result<_, _>>()?;
    Ok(Outcome { problem, runs })
}

fn summary(measured: &[(Chosen, Vec<Outcome>)], at: &[usize]) {
    let heads: String = at.iter().map(|n| format!("{:>9}", format!("n={n}"))).collect();
    println!("\n{:<18}{:<12}{heads} {:>9}", "geometric mean", "problems", "ms/ask");
    for (chosen, outcomes) in measured {
        let cell = |n: &usize| format!("{:>9}", report::short(report::overall(outcomes, *n)));
        let cells: String = at.iter().map(cell).collect();
        let ms = report::milliseconds(outcomes.iter().flat_map(|o| &o.runs));
        println!("{:<18}{:<12}{cells} {ms:>9.3}", chosen.row.name, outcomes.len());
    }
}
