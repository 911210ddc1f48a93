//! How long baselines take, against what is promised of them, on all threads. `cargo bench --bench baselines`

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

use std::process::ExitCode;
use std::time::Instant;

use tune_tui::baseline::{BASELINES, score};
use tune_tui::dataset::Dataset;
use tune_tui::domain::seed::Rng;
use tune_tui::domain::table;

/// A baseline, the individuals to train on, the SNPs, and the seconds that are promised.
const CASES: &[(&str, usize, usize, f64)] =
    &[("gblup", 5000, 10_000, 60.0), ("bayesian-lasso", 2326, 9723, GIBBS)];

/// An eighth of what BGLR 1.1.4 takes for 1,500 iterations on one thread, at 17 s for 1,000. This sampler has one
/// thread too.
const GIBBS: f64 = 1500.0 * 0.017 / 8.0;

/// Individuals that are predicted besides.
const PREDICTED: usize = 500;

/// Genotypes in Hardy–Weinberg equilibrium, and a trait of which a hundred SNPs make half of the variance.
fn population(individuals: usize, snps: usize) -> Dataset {
    let mut rng = Rng::new(1);
    let frequencies: Vec<f64> = (0..snps).map(|_| 0.05 + 0.45 * rng.uniform()).collect();
    let mut codes = Vec::with_capacity(individuals * snps);
    for _ in 0..individuals {
        let allele = |rng: &mut Rng, p: f64| u8::from(rng.uniform() < p);
        codes.extend(frequencies.iter().map(|p| allele(&mut rng, *p) + allele(&mut rng, *p)));
    }
    let value = |row: &[u8]| row.iter().step_by(snps / 100).map(|code| f64::from(*code)).sum::<f64>();
    let genetic: Vec<f64> = codes.chunks_exact(snps).map(value).collect();
    let mean = genetic.iter().sum::<f64>() / individuals as f64;
    let deviation = (genetic.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / individuals as f64).sqrt();
    let values = genetic.iter().map(|g| g + deviation * rng.normal()).collect();
    Dataset::from_dosages(snps, codes, values)
}

fn main() -> ExitCode {
    let mut in_time = true;
    for (name, individuals, snps, limit) in CASES {
        let Some(row) = table::find(BASELINES, name) else {
            println!("{name}: there is no such baseline");
            return ExitCode::FAILURE;
        };
        let dataset = population(individuals + PREDICTED, *snps);
        let train: Vec<usize> = (0..*individuals).collect();
        let rest: Vec<usize> = (*individuals..dataset.individuals()).collect();
        let start = Instant::now();
        let predictions = match score::predict(row, &dataset, &train, &rest, 1) {
            Ok(predictions) => predictions,
            Err(error) => {
                println!("{name}: {error}");
                return ExitCode::FAILURE;
            }
        };
        let seconds = start.elapsed().as_secs_f64();
        let r = score::metrics(&dataset, &rest, &predictions)["pearson"];
        in_time &= seconds <= *limit;
        println!(
            "{name:<16} {individuals} individuals × {snps} SNPs: {seconds:.1} s of {limit:.1} s (r = {r:.3})"
        );
    }
    if in_time { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
