//! Training one network on one fold.

pub mod checkpoint;
mod epoch;
mod fit;
pub mod metric;
pub mod optimizer;

use crate::domain::setting::{Accepts, Is, Preset, Setting, Settings};
pub use fit::{Epoch, Fit, FoldData, TrainError, fit};

const MANY: i64 = 1_000_000;

/// What the `[train]` table of the study file may set and search.
pub const TRAIN: &[Setting] = &[
    Setting::new("epochs", Accepts::Int { min: 1, max: MANY }, Preset::Int(100), "most passes over the rows"),
    Setting::new("batch", Accepts::Int { min: 1, max: MANY }, Preset::Int(32), "rows a step"),
    Setting::new(
        "optimizer",
        Accepts::Word(&["adam", "sgd"]),
        Preset::Word("adam"),
        "how weights are changed",
    ),
    Setting::new(
        "early_stopping.patience",
        Accepts::IntOr { min: 1, max: MANY, word: "never" },
        Preset::Word("never"),
        "epochs without an improvement after which training stops",
    ),
    Setting::new(
        "early_stopping.min_delta",
        Accepts::Float { min: 0.0, max: f64::INFINITY },
        Preset::Float(0.0),
        "least change of the metric that counts as an improvement",
    )
    .when("early_stopping.patience", Is::AtLeast(1)),
];

/// How a fold is trained.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainSpec {
    /// Most epochs.
    pub epochs: usize,
    /// Rows a batch.
    pub batch: usize,
    /// The optimizer's name in the table of optimizers.
    pub optimizer: String,
    /// Stop when the metric has not improved for a while; the best epoch's weights are kept either way.
    pub early_stopping: Option<EarlyStopping>,
    /// Overrides the trial's own seed: how an exported config reproduces its trial.
    pub seed: Option<u64>,
}

/// When to stop before the last epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EarlyStopping {
    /// Epochs without an improvement after which training stops.
    pub patience: usize,
    /// The least change of the metric that counts as an improvement.
    pub min_delta: f64,
}

impl TrainSpec {
    /// From the settings of [`TRAIN`]; `seed` overrides the trial's own.
    pub fn of(settings: &Settings, seed: Option<u64>) -> Self {
        let early_stopping = settings.count_or_word("early_stopping.patience").map(|patience| {
            EarlyStopping { patience, min_delta: settings.float("early_stopping.min_delta") }
        });
        TrainSpec {
            epochs: settings.count("epochs"),
            batch: settings.count("batch"),
            optimizer: settings.word("optimizer").to_owned(),
            early_stopping,
            seed,
        }
    }
}
