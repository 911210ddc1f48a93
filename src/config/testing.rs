//! Tables like the crate's own, so that tests of the reader do not change with them.

use super::tables::{Kind, MetricKind, Tables};
use crate::domain::direction::Direction;
use crate::domain::setting::{Accepts, Is, Preset, Setting, Variant};
use crate::domain::task::Task;

const fn setting(name: &'static str, accepts: Accepts, preset: Preset) -> Setting {
    Setting::new(name, accepts, preset, "")
}

const fn int(name: &'static str, min: i64, max: i64, default: i64) -> Setting {
    setting(name, Accepts::Int { min, max }, Preset::Int(default))
}

const fn share(name: &'static str, default: f64) -> Setting {
    setting(name, Accepts::Float { min: 0.0, max: 1.0 }, Preset::Float(default))
}

const CNN: &[Setting] = &[
    setting(
        "filters",
        Accepts::Int { min: 1, max: 4096 },
        Preset::SearchInt { low: 20, high: 100, log: false },
    ),
    setting(
        "kernel",
        Accepts::Int { min: 1, max: 1_000_000 },
        Preset::SearchInt { low: 10, high: 50, log: false },
    ),
    setting(
        "l1",
        Accepts::Float { min: 0.0, max: 1e6 },
        Preset::SearchFloat { low: 0.001, high: 1.0, log: true },
    ),
    int("stride", 1, 1000, 2),
    int("pool", 1, 1000, 2),
    setting("padding", Accepts::Word(&["same", "valid"]), Preset::Word("same")),
    setting("activation", Accepts::Word(&["linear", "relu", "elu", "tanh"]), Preset::Word("linear")),
];

/// Units of each layer that there is; a search of a number or a word; a chain of three conditions.
const MLP: &[Setting] = &[
    setting("layers", Accepts::Int { min: 1, max: 3 }, Preset::SearchInt { low: 1, high: 3, log: false }),
    setting("units_1", Accepts::IntOr { min: 1, max: 4096, word: "match" }, Preset::Word("match")),
    setting("units_2", Accepts::Int { min: 1, max: 4096 }, Preset::SearchInts(&[16, 64]))
        .when("layers", Is::AtLeast(2)),
    int("units_3", 1, 4096, 8).when("layers", Is::AtLeast(3)),
    setting("norm", Accepts::Bool, Preset::SearchBool).when("layers", Is::AtLeast(2)),
    share("momentum", 0.99).when("norm", Is::True),
    setting("dropout", Accepts::Float { min: 0.0, max: 1.0 }, Preset::SearchFloats(&[0.0, 0.25, 0.5])),
];

const VARIANTS: &[Variant] = &[
    Variant {
        name: "flat",
        help: "one layer",
        values: &[("layers", Preset::Int(1)), ("dropout", Preset::Float(0.5))],
    },
    Variant {
        name: "deep",
        help: "two or three layers",
        values: &[
            ("layers", Preset::SearchInt { low: 2, high: 3, log: false }),
            ("norm", Preset::Bool(true)),
        ],
    },
];

const TRAIN: &[Setting] = &[
    int("epochs", 1, 1_000_000, 100),
    int("batch", 1, 1_000_000, 32),
    setting("optimizer", Accepts::Word(&["adam", "sgd", "rmsprop"]), Preset::Word("adam")),
    share("inertia", 0.0).when("optimizer", Is::OneOf(&["sgd", "rmsprop"])),
    setting(
        "early_stopping.patience",
        Accepts::IntOr { min: 0, max: 1_000_000, word: "never" },
        Preset::Word("never"),
    ),
    setting("early_stopping.min_delta", Accepts::Float { min: 0.0, max: f64::INFINITY }, Preset::Float(0.0))
        .when("early_stopping.patience", Is::AtLeast(1)),
];

const BOUND: Accepts = Accepts::FloatOr { min: f64::NEG_INFINITY, max: f64::INFINITY, word: "none" };

const ASHA: &[Setting] = &[
    setting("resource", Accepts::Word(&["epochs", "folds"]), Preset::Word("epochs")),
    setting("min_resource", Accepts::IntOr { min: 1, max: 1_000_000, word: "auto" }, Preset::Word("auto")),
    int("reduction", 2, 100, 3),
];

const GP_UCB: &[Setting] = &[
    int("startup", 1, 10_000, 15),
    setting("kappa", Accepts::Float { min: 0.0, max: 1000.0 }, Preset::Float(2.576)),
];

const QUICK: &[Setting] = &[
    int("individuals", 10, 100_000, 400),
    int("snps", 10, 1_000_000, 1000),
    int("chromosomes", 1, 100, 5),
    share("h2", 0.5),
];

const QUANTITY: &[Task] = &[Task::Regression];
const CLASSES: &[Task] = &[Task::Binary, Task::MultiClass, Task::MultiLabel];

/// The tables.
pub(crate) fn tables() -> Tables {
    let kind = |name, settings| Kind { name, settings, variants: &[] };
    let median: &[Setting] = const { &[int("startup", 0, 1000, 5), int("warmup", 0, 1000, 5)] };
    let metric = |name, direction, tasks| MetricKind { name, direction, tasks };
    Tables {
        samplers: vec![kind("auto", &[]), kind("random", &[]), kind("manual", &[]), kind("gp-ucb", GP_UCB)],
        pruners: vec![
            kind("none", &[]),
            kind("median", median),
            kind("asha", ASHA),
            kind("threshold", const { &[setting("upper", BOUND, Preset::Word("none"))] }),
        ],
        models: vec![
            kind("cnn", CNN),
            Kind { name: "mlp", settings: MLP, variants: VARIANTS },
            kind("local-cnn", const { &[int("filters", 1, 100, 1)] }),
        ],
        presets: vec![kind("quick", QUICK), kind("qtlmas2010", &[]), kind("pig", &[]), kind("bound", &[])],
        tasks: vec![("quick", Task::Regression), ("bound", Task::MultiLabel)],
        metrics: vec![
            metric("mse", Direction::Minimize, QUANTITY),
            metric("rmse", Direction::Minimize, QUANTITY),
            metric("mae", Direction::Minimize, QUANTITY),
            metric("r2", Direction::Maximize, QUANTITY),
            metric("pearson", Direction::Maximize, QUANTITY),
            metric("auroc", Direction::Maximize, CLASSES),
            metric("balanced-accuracy", Direction::Maximize, &[Task::Binary, Task::MultiClass]),
        ],
        train: TRAIN,
        baselines: vec!["gblup", "gblup-dominance", "lasso"],
        formats: vec!["plink-bed", "csv", "tsv", "table"],
    }
}
