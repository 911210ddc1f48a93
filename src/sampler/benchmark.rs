//! How fast the samplers find the optima of two functions that everyone uses.

use rayon::prelude::*;

use super::SAMPLERS;
use crate::domain::direction::Direction;
use crate::domain::seed::derive;
use crate::domain::setting::Settings;
use crate::domain::space::SearchSpace;
use crate::domain::table::find;
use crate::domain::testing::{Scripted, float, space};
use crate::domain::value::{Params, Value};

struct Problem {
    space: SearchSpace,
    cost: fn(&[f64]) -> f64,
    optimum: f64,
}

fn branin() -> Problem {
    Problem {
        space: space([("x", float(-5.0, 10.0)), ("y", float(0.0, 15.0))]),
        cost: |x| {
            use std::f64::consts::PI;
            let a = x[1] - 5.1 / (4.0 * PI * PI) * x[0] * x[0] + 5.0 / PI * x[0] - 6.0;
            a * a + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * libm::cos(x[0]) + 10.0
        },
        optimum: 0.397_887,
    }
}

fn hartmann6() -> Problem {
    Problem {
        space: space(["a", "b", "c", "d", "e", "f"].map(|name| (name, float(0.0, 1.0)))),
        cost: |x| {
            const ALPHA: [f64; 4] = [1.0, 1.2, 3.0, 3.2];
            const A: [[f64; 6]; 4] = [
                [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
                [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
                [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
                [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
            ];
            const P: [[f64; 6]; 4] = [
                [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
                [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
                [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
                [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
            ];
            let term = |i: usize| {
                let inner: f64 = (0..6).map(|j| A[i][j] * (x[j] - P[i][j]).powi(2)).sum();
                ALPHA[i] * libm::exp(-inner)
            };
            -(0..4).map(term).sum::<f64>()
        },
        optimum: -3.322_368,
    }
}

/// The regret after each of `trials` sequential evaluations.
fn regrets(problem: &Problem, sampler: &str, kappa: Option<f64>, seed: u64, trials: u64) -> Vec<f64> {
    let row = find(SAMPLERS, sampler).unwrap();
    let mut settings = Settings::defaults(row.settings);
    if let Some(k) = kappa {
        settings.0.insert("kappa".into(), Value::Float(k));
    }
    let mut sampler = (row.build)(&settings);
    let mut study = Scripted::new(&problem.space, Direction::Minimize, seed);
    let mut best = f64::INFINITY;
    (0..trials)
        .map(|trial| {
            let params: Params =
                sampler.ask(&problem.space, study.history(), derive(seed, "ask", trial)).unwrap();
            let x: Vec<f64> =
                problem.space.parameters.iter().map(|p| params[&p.name].as_f64().unwrap()).collect();
            let cost = (problem.cost)(&x);
            study.complete(params, cost);
            best = best.min(cost);
            best - problem.optimum
        })
        .collect()
}

#[test]
fn experiment() {
    let seeds: u64 = std::env::var("SEEDS").map_or(10, |s| s.parse().unwrap());
    let kappas: Vec<Option<f64>> =
        std::env::var("KAPPAS").map_or(vec![None], |s| s.split(',').map(|k| k.parse().ok()).collect());
    let probs = std::env::var("PROBS").unwrap_or("bh".into());
    for (c, name, problem) in [("b", "branin", branin()), ("h", "hartmann6", hartmann6())] {
        if !probs.contains(c) {
            continue;
        }
        let mut runs = vec![("random", None)];
        runs.extend(kappas.iter().map(|k| ("gp-ucb", *k)));
        for (sampler, kappa) in runs {
            let start = std::time::Instant::now();
            let mut curves: Vec<Vec<f64>> =
                (0..seeds).into_par_iter().map(|s| regrets(&problem, sampler, kappa, s, 60)).collect();
            let secs = start.elapsed().as_secs_f64();
            for n in [20, 30, 40, 50, 60] {
                curves.sort_by(|a, b| a[n - 1].total_cmp(&b[n - 1]));
                let q = |f: f64| curves[((seeds - 1) as f64 * f) as usize][n - 1];
                println!(
                    "{name} {sampler} {kappa:?} n={n}: q1 {:.4} med {:.4} q3 {:.4} max {:.4}  ({secs:.1}s)",
                    q(0.25),
                    q(0.5),
                    q(0.75),
                    q(1.0)
                );
            }
        }
    }
}
