//! How a network is trained: the settings of the study file's `[train]` table, and what they say of one
//! trial.

use super::loss::{self, Loss};
use super::optimizer::{OPTIMIZERS, Optimizer, OptimizerRow};
use super::schedule::{Clip, Schedule};
use crate::domain::event::REPEATS;
use crate::domain::setting::{Accepts, Is, Preset, Setting, Settings};
use crate::domain::table::find;
use crate::domain::task::Task;

/// Most epochs or rows a batch: enough for anyone, and nothing overflows.
const MANY: i64 = 1_000_000;

const OPTIMIZER_WORDS: &[&str] =
    &["adam", "adamw", "adamax", "nadam", "sgd", "rmsprop", "adagrad", "adadelta"];
const LOSS_WORDS: &[&str] =
    &[loss::AUTO, "mse", "mae", "huber", "binary-crossentropy", "categorical-crossentropy"];

/// A share of what was before, below 1.
const SHARE: Accepts = Accepts::Float { min: 0.0, max: 0.999_999 };
const NOT_NEGATIVE: Accepts = Accepts::Float { min: 0.0, max: f64::INFINITY };

/// Every setting of training; each can be fixed or searched, as a model's can. A dotted name is a key of a
/// table within `[train]`.
pub const TRAIN: &[Setting] = &[
    Setting::new("epochs", Accepts::Int { min: 1, max: MANY }, Preset::Int(100), "most epochs"),
    Setting::new("batch", Accepts::Int { min: 1, max: MANY }, Preset::Int(32), "rows a batch"),
    Setting::new(
        "optimizer",
        Accepts::Word(OPTIMIZER_WORDS),
        Preset::Word("adam"),
        "how weights follow their gradients",
    ),
    Setting::new("momentum", SHARE, Preset::Float(0.0), "share of the last step that a step keeps")
        .when("optimizer", Is::OneOf(&["sgd", "rmsprop"])),
    Setting::new("nesterov", Accepts::Bool, Preset::Bool(false), "momentum that looks a step ahead")
        .when("optimizer", Is::OneOf(&["sgd"])),
    Setting::new("rmsprop.rho", SHARE, Preset::Float(0.9), "share of the past in the mean square")
        .when("optimizer", Is::OneOf(&["rmsprop"])),
    Setting::new("adadelta.rho", SHARE, Preset::Float(0.95), "share of the past in the mean squares")
        .when("optimizer", Is::OneOf(&["adadelta"])),
    Setting::new(
        "weight_decay",
        Accepts::Float { min: 0.0, max: 1e6 },
        Preset::Float(0.004),
        "what each step takes from the weights, times the learning rate",
    )
    .when("optimizer", Is::OneOf(&["adamw"])),
    Setting::new("loss", Accepts::Word(LOSS_WORDS), Preset::Word(loss::AUTO), "what training makes small"),
    Setting::new(
        "huber_delta",
        Accepts::Float { min: 1e-9, max: 1e9 },
        Preset::Float(1.0),
        "error from which on the loss is linear, in the units of training",
    )
    .when("loss", Is::OneOf(&["huber"])),
    Setting::new(
        "early_stopping.patience",
        Accepts::IntOr { min: 0, max: MANY, word: "never" },
        Preset::Word("never"),
        "epochs without an improvement after which training stops",
    ),
    Setting::new("early_stopping.min_delta", NOT_NEGATIVE, Preset::Float(0.0), "least change that is one")
        .when("early_stopping.patience", Is::AtLeast(0)),
    Setting::new(
        "early_stopping.monitor",
        Accepts::Word(&["score", "validation-loss", "training-loss"]),
        Preset::Word("score"),
        "what has to improve, and which epoch is the best",
    )
    .when("early_stopping.patience", Is::AtLeast(0)),
    Setting::new(
        "restore_best",
        Accepts::Bool,
        Preset::Bool(true),
        "whether the best epoch's weights and score count, or the last one's",
    ),
    Setting::new(
        "schedule",
        Accepts::Word(&["constant", "cosine", "plateau"]),
        Preset::Word("constant"),
        "how the learning rate changes",
    ),
    Setting::new("plateau.factor", SHARE, Preset::Float(0.1), "what the rate is multiplied by on a plateau")
        .when("schedule", Is::OneOf(&["plateau"])),
    Setting::new(
        "plateau.patience",
        Accepts::Int { min: 1, max: MANY },
        Preset::Int(10),
        "epochs without a smaller validation loss that are a plateau",
    )
    .when("schedule", Is::OneOf(&["plateau"])),
    Setting::new("plateau.min_rate", NOT_NEGATIVE, Preset::Float(0.0), "least learning rate")
        .when("schedule", Is::OneOf(&["plateau"])),
    Setting::new("clip_norm", NOT_NEGATIVE, Preset::Float(0.0), "largest norm of all gradients; 0 is none"),
    Setting::new("clip_value", NOT_NEGATIVE, Preset::Float(0.0), "largest gradient of a weight; 0 is none"),
    Setting::new(
        "class_weights",
        Accepts::Word(&["none", "balanced"]),
        Preset::Word("none"),
        "whether rare classes count more in the training loss",
    ),
    Setting::new(
        REPEATS,
        Accepts::Int { min: 1, max: 1000 },
        Preset::Int(1),
        "trainings of each fold, each with weights of its own",
    ),
];

/// How one trial is trained.
#[derive(Debug, Clone)]
pub struct TrainSpec {
    /// Most epochs.
    pub epochs: usize,
    /// Rows a batch.
    pub batch: usize,
    /// The loss's name, or [`loss::AUTO`].
    pub loss: String,
    /// Huber's δ, in the units of training; any number for other losses.
    pub huber_delta: f64,
    /// When to stop before the last epoch.
    pub early_stopping: Option<EarlyStopping>,
    /// Whether the best epoch's weights and score count; else the last one's.
    pub restore_best: bool,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// Limits on the gradients.
    pub clip: Clip,
    /// Whether classes have as much to say as each other, however many rows they have.
    pub balanced: bool,
    /// How often each fold is trained.
    pub repeats: usize,
    optimizer: &'static OptimizerRow,
    settings: Settings,
}

/// When to stop before the last epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EarlyStopping {
    /// Epochs without an improvement after which training stops.
    pub patience: usize,
    /// The least change that counts as an improvement.
    pub min_delta: f64,
    /// What has to improve.
    pub monitor: Monitor,
}

/// What tells a better epoch from a worse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Monitor {
    /// The study's metric on the validation rows.
    Score,
    /// The loss on the validation rows.
    ValidationLoss,
    /// The loss on the training rows, penalties included.
    TrainingLoss,
}

impl TrainSpec {
    /// What `settings` say, which hold every setting of [`TRAIN`] that has an effect.
    ///
    /// # Panics
    /// Where one is missing or of another kind: a mistake in the source.
    pub fn of(settings: &Settings) -> Self {
        let name = settings.word("optimizer");
        let Some(optimizer) = find(OPTIMIZERS, name) else {
            panic!("`{name}` of the setting `optimizer` is not in the table of optimizers");
        };
        TrainSpec {
            epochs: settings.count("epochs"),
            batch: settings.count("batch"),
            loss: settings.word("loss").to_owned(),
            huber_delta: if settings.has("huber_delta") { settings.float("huber_delta") } else { 1.0 },
            early_stopping: early_stopping(settings),
            restore_best: settings.flag("restore_best"),
            schedule: match settings.word("schedule") {
                "cosine" => Schedule::Cosine,
                "plateau" => Schedule::Plateau {
                    factor: settings.float("plateau.factor"),
                    patience: settings.count("plateau.patience"),
                    min_rate: settings.float("plateau.min_rate"),
                },
                _ => Schedule::Constant,
            },
            clip: Clip { value: settings.float("clip_value"), norm: settings.float("clip_norm") },
            balanced: settings.word("class_weights") == "balanced",
            repeats: settings.count(REPEATS),
            optimizer,
            settings: settings.clone(),
        }
    }

    /// A new optimizer.
    pub fn optimizer(&self) -> Box<dyn Optimizer> {
        (self.optimizer.build)(&self.settings)
    }

    /// The loss for a task.
    ///
    /// # Errors
    /// Where the loss or class weights do not suit it.
    pub fn loss(&self, task: Task) -> Result<&'static Loss, String> {
        if self.balanced && task == Task::Regression {
            return Err("`train.class_weights` is `balanced`, but the task `regression` has no classes: \
                        remove it or set `data.task`"
                .into());
        }
        loss::find(&self.loss, task)
    }
}

fn early_stopping(settings: &Settings) -> Option<EarlyStopping> {
    let patience = settings.count_or_word("early_stopping.patience")?;
    let monitor = match settings.word("early_stopping.monitor") {
        "validation-loss" => Monitor::ValidationLoss,
        "training-loss" => Monitor::TrainingLoss,
        _ => Monitor::Score,
    };
    Some(EarlyStopping { patience, min_delta: settings.float("early_stopping.min_delta"), monitor })
}

#[cfg(test)]
mod tests {
    use super::super::loss::LOSSES;
    use super::*;
    use crate::domain::value::Value;

    #[test]
    fn the_words_are_those_of_the_tables() {
        let optimizers: Vec<&str> = OPTIMIZERS.iter().map(|row| row.name).collect();
        assert_eq!(OPTIMIZER_WORDS, optimizers);
        let losses: Vec<&str> = LOSSES.iter().map(|loss| loss.name).collect();
        assert_eq!(LOSS_WORDS[1..], losses);
    }

    #[test]
    fn every_value_of_every_setting_makes_a_spec() {
        for setting in TRAIN {
            let values: Vec<Value> = match setting.accepts {
                Accepts::Word(words) => words.iter().map(|w| Value::from(*w)).collect(),
                Accepts::Bool => vec![true.into(), false.into()],
                Accepts::IntOr { min, word, .. } => vec![min.into(), word.into()],
                _ => continue,
            };
            for value in values {
                let given: Vec<(&str, Value)> = match setting.when {
                    None => vec![(setting.name, value)],
                    Some(when) => {
                        let parent: Value = match when.is {
                            Is::AtLeast(least) => least.into(),
                            Is::OneOf(words) => words[0].into(),
                            Is::True => true.into(),
                        };
                        vec![(when.setting, parent), (setting.name, value)]
                    }
                };
                let spec = TrainSpec::of(&Settings::with(TRAIN, &given));
                assert!(spec.optimizer().slots() >= 1);
            }
        }
    }

    #[test]
    fn settings_come_through() {
        let spec = TrainSpec::of(&Settings::with(
            TRAIN,
            &[
                ("early_stopping.patience", 3.into()),
                ("early_stopping.monitor", "training-loss".into()),
                ("schedule", "plateau".into()),
                ("plateau.patience", 4.into()),
                ("clip_value", 0.5.into()),
                ("loss", "huber".into()),
                ("huber_delta", 2.0.into()),
            ],
        ));
        let stop = EarlyStopping { patience: 3, min_delta: 0.0, monitor: Monitor::TrainingLoss };
        assert_eq!(spec.early_stopping, Some(stop));
        assert_eq!(spec.schedule, Schedule::Plateau { factor: 0.1, patience: 4, min_rate: 0.0 });
        assert_eq!(spec.clip, Clip { value: 0.5, norm: 0.0 });
        assert_eq!((spec.huber_delta, spec.epochs, spec.batch, spec.repeats), (2.0, 100, 32, 1));
        let plain = TrainSpec::of(&Settings::defaults(TRAIN));
        assert_eq!(plain.early_stopping, None);
        assert!(plain.restore_best && !plain.balanced);
    }

    #[test]
    fn class_weights_need_classes() {
        let spec = TrainSpec::of(&Settings::with(TRAIN, &[("class_weights", "balanced".into())]));
        assert!(spec.loss(Task::Regression).unwrap_err().contains("has no classes"));
        assert_eq!(spec.loss(Task::Binary).unwrap().name, "binary-crossentropy");
    }
}
