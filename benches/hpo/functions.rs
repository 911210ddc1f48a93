//! The functions of the suite, written again from its specification. All are to be minimised.

use libm::{cos, exp, fabs, floor, log, log2, log10, sin, sqrt, tanh};
use std::f64::consts::PI;

use tune_tui::domain::value::{Params, Value};

use super::suite::{Suite, Table};

/// A function of the suite: from a trial's values to its cost, with the suite's tables beside them.
pub type Function = fn(&Params, &Suite) -> f64;

/// Every function, by the name that the suite calls its formula.
pub const FUNCTIONS: &[(&str, Function)] = &[
    ("branin", branin),
    ("hartmann6", hartmann6),
    ("ackley5", ackley5),
    ("rosenbrock4", rosenbrock4),
    ("levy4", levy4),
    ("rastrigin3", rastrigin3),
    ("styblinski_tang5", styblinski_tang5),
    ("shekel4", shekel4),
    ("cnn", cnn),
    ("hpo9", hpo9),
    ("hpo_cond", hpo_cond),
    ("cond_model", cond_model),
    ("ga_table", ga_table),
    ("cat10_nk", cat10_nk),
    ("enet_wheat", enet_wheat),
    ("svr_wheat", svr_wheat),
];

/// One step of SplitMix64 from the state `x`.
fn splitmix64(x: u64) -> u64 {
    let z = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Uniform in [0, 1), with 53 bits.
fn uniform(x: u64) -> f64 {
    (splitmix64(x) >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// The standard normal number of evaluation `index` in run `seed`: Box and Muller's cosine branch.
pub fn gauss(seed: u64, index: u64) -> f64 {
    let k = seed.wrapping_mul(1_000_003).wrapping_add(index).wrapping_mul(2);
    sqrt(-2.0 * log(1.0 - uniform(k))) * cos(2.0 * PI * uniform(k.wrapping_add(1)))
}

/// A number by name; NaN, which no test point forgives, where there is none.
fn number(x: &Params, name: &str) -> f64 {
    x.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

/// The place of a word among `words`.
fn word(x: &Params, name: &str, words: &[&str]) -> usize {
    let place = |text: &String| words.iter().position(|w| w == text);
    match x.get(name) {
        Some(Value::Text(text)) => place(text).unwrap_or(usize::MAX),
        _ => usize::MAX,
    }
}

/// x1, x2, …
fn vector<const N: usize>(x: &Params) -> [f64; N] {
    std::array::from_fn(|i| number(x, &format!("x{}", i + 1)))
}

fn squared(v: f64) -> f64 {
    v * v
}

fn branin(x: &Params, _: &Suite) -> f64 {
    let [a, b] = vector(x);
    let t = b - 5.1 / (4.0 * PI * PI) * a * a + 5.0 / PI * a - 6.0;
    t * t + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * cos(a) + 10.0
}

fn hartmann6(x: &Params, _: &Suite) -> f64 {
    const A: [[f64; 6]; 4] = [
        [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
        [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
        [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
        [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
    ];
    const P: [[f64; 6]; 4] = [
        [1312.0, 1696.0, 5569.0, 124.0, 8283.0, 5886.0],
        [2329.0, 4135.0, 8307.0, 3736.0, 1004.0, 9991.0],
        [2348.0, 1451.0, 3522.0, 2883.0, 3047.0, 6650.0],
        [4047.0, 8828.0, 8732.0, 5743.0, 1091.0, 381.0],
    ];
    const C: [f64; 4] = [1.0, 1.2, 3.0, 3.2];
    let v: [f64; 6] = vector(x);
    let term = |i: usize| C[i] * exp(-(0..6).map(|j| A[i][j] * squared(v[j] - 1e-4 * P[i][j])).sum::<f64>());
    -(0..4).map(term).sum::<f64>()
}

fn ackley5(x: &Params, _: &Suite) -> f64 {
    let v: [f64; 5] = vector(x);
    let a = v.iter().map(|t| t * t).sum::<f64>() / 5.0;
    let b = v.iter().map(|t| cos(2.0 * PI * t)).sum::<f64>() / 5.0;
    -20.0 * exp(-0.2 * sqrt(a)) - exp(b) + 20.0 + exp(1.0)
}

fn rosenbrock4(x: &Params, _: &Suite) -> f64 {
    let v: [f64; 4] = vector(x);
    v.windows(2).map(|w| 100.0 * squared(w[1] - w[0] * w[0]) + squared(1.0 - w[0])).sum()
}

fn levy4(x: &Params, _: &Suite) -> f64 {
    let w = vector::<4>(x).map(|t| 1.0 + (t - 1.0) / 4.0);
    let middle = |t: &f64| squared(t - 1.0) * (1.0 + 10.0 * squared(sin(PI * t + 1.0)));
    let last = squared(w[3] - 1.0) * (1.0 + squared(sin(2.0 * PI * w[3])));
    squared(sin(PI * w[0])) + w[..3].iter().map(middle).sum::<f64>() + last
}

fn rastrigin3(x: &Params, _: &Suite) -> f64 {
    30.0 + vector::<3>(x).iter().map(|t| t * t - 10.0 * cos(2.0 * PI * t)).sum::<f64>()
}

fn styblinski_tang5(x: &Params, _: &Suite) -> f64 {
    vector::<5>(x).iter().map(|t| squared(t * t) - 16.0 * t * t + 5.0 * t).sum::<f64>() / 2.0
}

fn shekel4(x: &Params, _: &Suite) -> f64 {
    const B: [f64; 10] = [1.0, 2.0, 2.0, 4.0, 4.0, 6.0, 3.0, 7.0, 5.0, 5.0];
    // The rows of the first and third, and of the second and fourth coordinate.
    const C: [[f64; 10]; 2] = [
        [4.0, 1.0, 8.0, 6.0, 3.0, 2.0, 5.0, 8.0, 6.0, 7.0],
        [4.0, 1.0, 8.0, 6.0, 7.0, 9.0, 3.0, 1.0, 2.0, 3.6],
    ];
    let v: [f64; 4] = vector(x);
    let term = |i: usize| 1.0 / (0.1 * B[i] + (0..4).map(|j| squared(v[j] - C[j % 2][i])).sum::<f64>());
    -(0..10).map(term).sum::<f64>()
}

/// The space of CNNGWP: a ridge over filters and kernel, with which lambda interacts.
fn cnn(x: &Params, _: &Suite) -> f64 {
    let a = (number(x, "filters") - 20.0) / 80.0;
    let b = (number(x, "kernel") - 10.0) / 40.0;
    let c = (number(x, "lambda") - 0.1) / 0.9;
    let across = a + 0.7 * b - 0.75;
    let along = a - 0.7 * b + 0.1;
    let valley = 0.18 * across * across / (0.05 + across * across) + 0.06 * along * along;
    let lambda = 0.10 * squared(c - 0.35 - 0.25 * b) + 0.03 * across * (c - 0.5);
    0.60 + valley + lambda + 0.008 * (1.0 - cos(6.0 * PI * a))
}

/// What the two problems of network training share; `capacity` of the network.
fn training(x: &Params, capacity: f64, decay: Option<f64>) -> f64 {
    const OPTIMIZERS: [&str; 6] = ["sgd", "momentum", "rmsprop", "adagrad", "adam", "adamw"];
    const BASE: [f64; 6] = [-1.3, -1.8, -3.2, -2.0, -3.0, -2.9];
    const OFFSET: [f64; 6] = [0.040, 0.020, 0.015, 0.030, 0.004, 0.0];
    const WIDTH: [f64; 6] = [0.040, 0.035, 0.060, 0.030, 0.045, 0.045];
    const ACTIVATION: [f64; 4] = [0.0, 0.003, 0.012, 0.030];
    const ACTIVATION_BY_LAYER: [f64; 4] = [0.0, -0.002, 0.006, 0.020];
    let optimizer = word(x, "optimizer", &OPTIMIZERS);
    let activation = word(x, "activation", &["relu", "elu", "tanh", "sigmoid"]);
    if optimizer == usize::MAX || activation == usize::MAX {
        return f64::NAN;
    }
    let (batch, layers) = (log2(number(x, "batch")), number(x, "n_layers"));
    let (dropout, l2) = (number(x, "dropout"), log10(number(x, "l2")));
    let best = BASE[optimizer] + 0.25 * (batch - 6.0) * 0.3 - 0.10 * (layers - 2.0);
    let d = log10(number(x, "lr")) - best;
    let rate = WIDTH[optimizer] * d * d * if d > 0.0 { 1.0 + 1.5 * d } else { 1.0 };
    let rate = rate / (1.0 + 2.0 * rate);
    let over = (capacity - 8.0).max(0.0);
    let penalty = dropout / 0.7 * 0.6 + (l2 + 8.0) / 7.0 * 0.4;
    let adamw = if optimizer == 5 { 0.5 } else { 0.0 };
    let regularisation = 0.12 * squared(penalty - 0.25 - 0.12 * over) + 0.002 * squared(l2 + 4.0 - adamw);
    let plain = if optimizer < 2 { 1.5 } else { 1.0 };
    let mut cost = 0.20 + rate + 0.010 * squared(capacity - 8.5) + regularisation + OFFSET[optimizer];
    cost += ACTIVATION[activation] + ACTIVATION_BY_LAYER[activation] * (layers - 1.0);
    cost += 0.004 * fabs(batch - 5.5) * plain;
    cost + decay.map_or(0.0, |decay| 0.3 * squared(decay - 0.85 + 0.1 * tanh(d)))
}

fn ripple(x: &Params, units: f64) -> f64 {
    0.004 * sin(5.0 * log10(number(x, "lr")) + 1.3 * log2(units))
}

fn hpo9(x: &Params, _: &Suite) -> f64 {
    let units = number(x, "units");
    let capacity = log2(units) + 1.5 * log2(number(x, "n_layers"));
    training(x, capacity, Some(number(x, "lr_decay"))) + ripple(x, units)
}

fn hpo_cond(x: &Params, _: &Suite) -> f64 {
    let layers = number(x, "n_layers");
    let units: Vec<f64> = (1..=layers as usize).map(|i| number(x, &format!("units_{i}"))).collect();
    let capacity = log2(units.iter().sum()) + 0.5 * log2(layers);
    let taper = |w: &[f64]| 0.006 * squared(log2(w[1] / w[0]) + 0.5);
    training(x, capacity, None) + units.windows(2).map(taper).sum::<f64>() + ripple(x, units[0])
}

fn cond_model(x: &Params, _: &Suite) -> f64 {
    match word(x, "model", &["ridge", "svr", "rf", "gbm"]) {
        0 => 0.700 + 0.010 * squared(log10(number(x, "r_alpha")) - 1.5),
        1 => {
            let (c, g) = (log10(number(x, "s_c")), log10(number(x, "s_gamma")));
            let away = squared(c - 0.6 + 0.5 * (g + 2.5)) / 0.8 + squared(g + 2.5) / 1.5;
            0.645 + 0.22 * (1.0 - exp(-away)) + 0.03 * squared(number(x, "s_eps") - 0.1 - 0.05 * c)
        }
        2 => {
            let (depth, share) = (number(x, "f_depth"), number(x, "f_mtry"));
            let trees = 0.06 / sqrt(number(x, "f_ntree") / 10.0);
            0.680
                + 0.0003 * squared(depth - 14.0)
                + trees
                + 0.05 * squared(share - 0.3 - 0.005 * (depth - 14.0))
        }
        3 => {
            let rate = log10(number(x, "g_lr"));
            let t = rate + log10(number(x, "g_ntree")) - 1.3;
            let depth = 0.003 * squared(number(x, "g_depth") - 4.0 - t);
            let sample = 0.10 * squared(number(x, "g_sub") - 0.7);
            0.625 + 0.10 * t * t / (0.3 + t * t) + 0.012 * squared(rate + 2.0) + depth + sample
        }
        _ => f64::NAN,
    }
}

/// The space of DeepEvolve: a table over neurons, layers, activation and optimizer.
fn ga_table(x: &Params, _: &Suite) -> f64 {
    const NEURONS: [f64; 6] = [0.060, 0.035, 0.015, 0.004, 0.0, 0.006];
    const LAYERS: [f64; 4] = [0.030, 0.008, 0.0, 0.012];
    const ACTIVATION: [f64; 4] = [0.0, 0.004, 0.015, 0.060];
    const OPTIMIZER: [f64; 7] = [0.010, 0.0, 0.080, 0.025, 0.070, 0.006, 0.003];
    const WIDE_AND_DEEP: [f64; 4] = [0.0, 0.004, 0.010, 0.018];
    const ACTIVATION_BY_LAYER: [f64; 4] = [0.0, -0.002, 0.004, 0.030];
    let place = |name: &str, values: &[f64]| values.iter().position(|v| *v == number(x, name));
    let neurons = place("nb_neurons", &[64.0, 128.0, 256.0, 512.0, 768.0, 1024.0]);
    let layers = place("nb_layers", &[1.0, 2.0, 3.0, 4.0]);
    let k = word(x, "activation", &["relu", "elu", "tanh", "sigmoid"]);
    let l = word(x, "optimizer", &["rmsprop", "adam", "sgd", "adagrad", "adadelta", "adamax", "nadam"]);
    let (Some(i), Some(j), 0..4, 0..7) = (neurons, layers, k, l) else { return f64::NAN };
    let h = uniform(20_240_607 * 4096 + (((i * 4 + j) * 4 + k) * 7 + l) as u64);
    let mut cost = 0.45 + NEURONS[i] + LAYERS[j] + ACTIVATION[k] + OPTIMIZER[l];
    cost += if i >= 4 { WIDE_AND_DEEP[j] } else { 0.0 };
    cost += ACTIVATION_BY_LAYER[k] * j as f64;
    cost += if k == 3 && l == 2 { 0.05 } else { 0.0 };
    cost + 0.04 * (h - 0.5)
}

/// An NK landscape of ten genes with four alleles each, every one of which interacts with two others.
fn cat10_nk(x: &Params, _: &Suite) -> f64 {
    let genes: [usize; 10] = std::array::from_fn(|i| word(x, &format!("g{i}"), &["a", "b", "c", "d"]));
    if genes.contains(&usize::MAX) {
        return f64::NAN;
    }
    let term = |i: usize| {
        let (a, b, c) = (genes[i], genes[(i + 1) % 10], genes[(i + 3) % 10]);
        uniform(77_001 * 65_536 + (((i * 4 + a) * 4 + b) * 4 + c) as u64)
    };
    (0..10).map(term).sum::<f64>() / 10.0
}

/// Multilinear in a table over equally spaced nodes; clamped at its borders.
fn interpolate(table: &Table, x: &Params) -> f64 {
    let mut corners = vec![(0_usize, 1.0)];
    for (axis, n) in table.axes.iter().zip(&table.shape) {
        let value = number(x, &axis.param);
        let value = if axis.log10 { log10(value) } else { value };
        let (low, high) = (axis.nodes[0], axis.nodes[axis.nodes.len() - 1]);
        let last = (*n - 1) as f64;
        let t = ((value - low) / (high - low) * last).clamp(0.0, last);
        let i = (floor(t) as usize).min(n - 2);
        let w = t - i as f64;
        let split = |(o, p): (usize, f64)| [(o * n + i, p * (1.0 - w)), (o * n + i + 1, p * w)];
        corners = corners.into_iter().flat_map(split).collect();
    }
    corners.iter().map(|(o, p)| table.values[*o] * p).sum()
}

fn enet_wheat(x: &Params, suite: &Suite) -> f64 {
    interpolate(&suite.tables.enet, x)
}

fn svr_wheat(x: &Params, suite: &Suite) -> f64 {
    interpolate(&suite.tables.svr, x)
}
