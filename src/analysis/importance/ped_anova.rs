//! PED-ANOVA (Watanabe, Bansal & Hutter 2023, Algorithm 1): how far a parameter's density among the best trials is
//! from that among all, as the Pearson divergence; with parameters that some trials lack as in Conditional
//! PED-ANOVA (2026, Theorem 4.2). Constants and estimators are those of Optuna 5.0, so that the numbers are too.

use super::{Scored, is_single};
use crate::domain::space::Distribution;
use crate::domain::value::Params;

/// The best trials are this share of all.
const TARGET: f64 = 0.1;

/// Cells into which a range is divided at most.
const CELLS: usize = 50;

/// The weight of the prior beside that of one trial.
const PRIOR: f64 = 1.0;

/// Fewest trials that have, or lack, a parameter for a density of it.
const FEWEST: usize = 2;

/// What keeps densities off 0.
const TINY: f64 = 1e-12;

/// Which trials are among the best, ties included.
pub(super) fn best(costs: &[f64]) -> Vec<bool> {
    let mut sorted = costs.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = ((TARGET * costs.len() as f64).ceil() as usize).clamp(1, costs.len()) - 1;
    costs.iter().map(|cost| *cost <= sorted[last]).collect()
}

/// The divergence of each parameter, in the order of the space.
pub(super) fn divergences(scored: &Scored<'_>, best: &[bool]) -> Vec<f64> {
    let all = scored.costs.len() as f64;
    let count = best.iter().filter(|is_best| **is_best).count() as f64;
    let one = |parameter: &crate::domain::space::Parameter| {
        let active = scored.active(parameter);
        if is_single(&parameter.distribution) || active.len() < FEWEST {
            return 0.0;
        }
        let cell = |i: &usize| cell(&parameter.distribution, &parameter.name, scored.params[*i]);
        let region: Vec<usize> = active.iter().filter_map(cell).collect();
        let target: Vec<usize> = active.iter().filter(|i| best[**i]).filter_map(cell).collect();
        if target.is_empty() {
            return 0.0;
        }
        let (of_target, of_region) = (target.len() as f64 / count, region.len() as f64 / all);
        let (target, region) =
            (density(&parameter.distribution, &target), density(&parameter.distribution, &region));
        let pearson: f64 = target.iter().zip(&region).map(|(t, r)| r * (t / r - 1.0).powi(2)).sum();
        (count / all).powi(2) * of_target * of_target / of_region * pearson
    };
    scored.space.parameters.iter().map(one).collect()
}

/// Into how many cells the distribution is divided.
fn cells(distribution: &Distribution) -> usize {
    match distribution {
        Distribution::Float { .. } => CELLS,
        Distribution::Int { low, high, log } => {
            let values = low.abs_diff(*high).saturating_add(1);
            let wanted = if *log { libm::log2(values as f64).ceil() as u64 + 1 } else { values };
            usize::try_from(wanted).unwrap_or(CELLS).min(CELLS)
        }
        Distribution::Choice { choices } => choices.len(),
    }
}

/// The cell of a trial's value.
fn cell(distribution: &Distribution, name: &str, params: &Params) -> Option<usize> {
    let value = params.get(name)?;
    let (low, high, log) = match distribution {
        Distribution::Choice { choices } => return choices.iter().position(|choice| choice == value),
        Distribution::Float { low, high, log } => (*low, *high, *log),
        Distribution::Int { low, high, log } => (*low as f64, *high as f64, *log),
    };
    let scale = |v: f64| if log { libm::log(v) } else { v };
    let last = cells(distribution) - 1;
    let step = (scale(high) - scale(low)) / last as f64;
    let place = ((scale(value.as_f64()?) - scale(low)) / step - 0.5).ceil();
    Some((place.max(0.0) as usize).min(last))
}

/// The Parzen estimate of the density over the cells, from the cells of trials.
fn density(distribution: &Distribution, observed: &[usize]) -> Vec<f64> {
    let cells = cells(distribution);
    let mut counts = vec![0_usize; cells];
    observed.iter().for_each(|cell| counts[*cell] += 1);
    let kernels: Vec<(usize, f64)> =
        (0..cells).filter(|cell| counts[*cell] > 0).map(|cell| (cell, counts[cell] as f64)).collect();
    let density = match distribution {
        Distribution::Choice { .. } => of_choices(cells, &kernels),
        Distribution::Float { .. } | Distribution::Int { .. } => of_numbers(cells, &kernels),
    };
    density.into_iter().map(|p| p + TINY).collect()
}

/// A mixture of a kernel at each choice that occurs and a flat prior.
fn of_choices(cells: usize, kernels: &[(usize, f64)]) -> Vec<f64> {
    let total: f64 = kernels.iter().map(|(_, weight)| weight).sum::<f64>() + PRIOR;
    // What a kernel gives to each choice beside its own, before it is made to sum to 1.
    let beside = PRIOR / (kernels.len() + 1) as f64;
    let sum = 1.0 + beside * cells as f64;
    let mut density = vec![PRIOR / total / cells as f64; cells];
    for (own, weight) in kernels {
        for (cell, p) in density.iter_mut().enumerate() {
            let mass = if cell == *own { 1.0 + beside } else { beside };
            *p += weight / total * mass / sum;
        }
    }
    density
}

/// A mixture of normal kernels with the bandwidth of Scott (1992), cut off at the range's ends, and a wide prior.
fn of_numbers(cells: usize, kernels: &[(usize, f64)]) -> Vec<f64> {
    let count: f64 = kernels.iter().map(|(_, weight)| weight).sum();
    let bandwidth = bandwidth(kernels, count);
    let (low, high) = (-0.5, cells as f64 - 0.5);
    let prior = ((cells - 1) as f64 / 2.0, cells as f64, PRIOR);
    let mut density = vec![0.0; cells];
    let kernels = kernels.iter().map(|(cell, weight)| (*cell as f64, bandwidth, *weight));
    for (mean, sd, weight) in kernels.chain([prior]) {
        let mass = |a: f64, b: f64| normal_mass((a - mean) / sd, (b - mean) / sd);
        let whole = mass(low, high);
        for (cell, p) in density.iter_mut().enumerate() {
            let at = cell as f64;
            *p += weight / (count + PRIOR) * mass(at - 0.5, at + 0.5) / whole;
        }
    }
    density
}

fn bandwidth(kernels: &[(usize, f64)], count: f64) -> f64 {
    // 90% of a kernel then lie within its own cell.
    const SMALLEST: f64 = 0.5 / 1.64;
    let mean = kernels.iter().map(|(cell, weight)| *cell as f64 * weight).sum::<f64>() / count;
    let squares: f64 = kernels.iter().map(|(cell, weight)| weight * (*cell as f64 - mean).powi(2)).sum();
    let deviation = (squares / (count - 1.0).max(1.0)).sqrt();
    let mut below = 0.0;
    let cumulative: Vec<f64> = kernels
        .iter()
        .map(|(_, weight)| {
            below += weight;
            below
        })
        .collect();
    let (first, third) = ((count / 4.0).floor(), (count * 3.0 / 4.0).floor());
    let last = kernels.len() - 1;
    let lower = cumulative.iter().position(|c| *c >= first).unwrap_or(last);
    let upper = cumulative.iter().position(|c| *c > third).unwrap_or(last);
    let quartiles = kernels[upper].0 as f64 - kernels[lower].0 as f64;
    let scott = 1.059 * (quartiles / 1.34).min(deviation) * libm::pow(count, -0.2);
    scott.max(SMALLEST)
}

/// The standard normal mass between `a` and `b`, without cancellation in the upper tail.
fn normal_mass(a: f64, b: f64) -> f64 {
    let upper = |x: f64| 0.5 * libm::erfc(x * std::f64::consts::FRAC_1_SQRT_2);
    if a > 0.0 { upper(a) - upper(b) } else { upper(-b) - upper(-a) }
}
