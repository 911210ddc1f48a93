//! What a study is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::direction::Direction;
use crate::domain::space::{Condition, SearchSpace, all_hold};
use crate::domain::trial::TrialId;
use crate::domain::value::{Params, Value};

/// The parameter that says how often each fold is trained.
pub const REPEATS: &str = "repeats";

/// What a study is: fixed when it is created, but for ranges of its space that a person widens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudySpec {
    /// Version of the event format.
    pub format: u32,
    /// The study's name; also its folder.
    pub name: String,
    /// Seeds the folds, the sampler and the trials.
    pub seed: u64,
    /// The metric that scores a trial.
    pub metric: String,
    /// Whether a smaller or larger score is better.
    pub direction: Direction,
    /// The searched parameters.
    pub space: SearchSpace,
    /// The parameters of models and training that are not searched.
    pub fixed: Params,
    /// When one of those has an effect, where that depends on what is searched.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub conditions: BTreeMap<String, Vec<Condition>>,
    /// What gives a trial its score.
    #[serde(default, skip_serializing_if = "ObjectiveKind::is_usual")]
    pub objective: ObjectiveKind,
    /// The model's kind, or the program's command line.
    pub model: String,
    /// The sampler's name, for display.
    pub sampler: String,
    /// Folds a trial is trained on.
    pub folds: usize,
    /// Most epochs a fold is trained for.
    pub epochs: usize,
    /// What trials are selected on.
    #[serde(default, skip_serializing_if = "SelectOn::is_usual")]
    pub select_on: SelectOn,
    /// Training and validation rows of each fold; none in journals of older versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fold_sizes: Vec<(usize, usize)>,
    /// Most times that each fold is trained.
    #[serde(default = "one")]
    pub repeats: usize,
    /// How often the search is run, each time with other random numbers and without knowing of the others'
    /// trials: trial i belongs to replicate i mod `replicates`.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub replicates: usize,
    /// One line about the data: individuals, SNPs, trait. Empty of a program.
    pub data: String,
    /// Hashes of all that decides a score, to refuse a changed study.
    pub fingerprint: Fingerprint,
}

impl StudySpec {
    /// What is studied in one line: the model and its data, or the program.
    pub fn subject(&self) -> String {
        if self.data.is_empty() { self.model.clone() } else { format!("{} on {}", self.model, self.data) }
    }

    /// What its scores are shown with where they are not validation scores; nothing where they are.
    pub fn caution(&self) -> Option<&'static str> {
        match self.select_on {
            SelectOn::Validation => None,
            SelectOn::Test => Some("selected on TEST"),
        }
    }

    /// Most trainings of a trial: its folds, as often as they are repeated.
    pub fn trainings(&self) -> usize {
        self.folds.max(1) * self.repeats.max(1)
    }

    /// Trainings of a trial with these params: fewer than others where its repeats are searched.
    pub fn trainings_of(&self, params: &Params) -> usize {
        let own = params.get(REPEATS).or_else(|| self.fixed.get(REPEATS)).and_then(Value::as_f64);
        let most = self.repeats.max(1);
        // A program's parameter of that name says nothing of trainings: it has one.
        self.folds.max(1) * own.map_or(most, |own| (own as usize).clamp(1, most))
    }

    /// The replicate of the search that a trial belongs to, from 0.
    pub fn replicate(&self, trial: TrialId) -> usize {
        trial % self.replicates.max(1)
    }

    /// Training number `number` of a trial, from 0, as a person calls it: the fold, from 1, behind the
    /// repeat where there are several.
    pub fn training(&self, number: usize) -> String {
        let (repeat, fold) = (number / self.folds.max(1) + 1, number % self.folds.max(1) + 1);
        if self.repeats > 1 { format!("{repeat}.{fold}") } else { fold.to_string() }
    }

    /// The fixed parameters that have an effect in a trial with these params.
    pub fn fixed_in(&self, params: &Params) -> impl Iterator<Item = (&String, &Value)> {
        self.fixed.iter().filter(move |(name, _)| {
            self.conditions.get(*name).is_none_or(|conditions| all_hold(conditions, params))
        })
    }
}

fn one() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_one(n: &usize) -> bool {
    *n == 1
}

/// What trials are selected on: `study.select_on` of the study file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelectOn {
    /// The validation rows of folds.
    #[default]
    Validation,
    /// The test set: scores are too good then, because the best of many was chosen by them.
    Test,
}

impl SelectOn {
    /// Both.
    pub const ALL: [SelectOn; 2] = [SelectOn::Validation, SelectOn::Test];

    /// As the study file says it.
    pub const fn word(self) -> &'static str {
        match self {
            SelectOn::Validation => "validation",
            SelectOn::Test => "test",
        }
    }

    fn is_usual(&self) -> bool {
        *self == SelectOn::default()
    }
}

/// What gives a trial its score: `objective.kind` of the study file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectiveKind {
    /// A network that is trained on folds.
    #[default]
    Network,
    /// A program of the user.
    Command,
}

impl ObjectiveKind {
    /// Both.
    pub const ALL: [ObjectiveKind; 2] = [ObjectiveKind::Network, ObjectiveKind::Command];

    /// As the study file says it.
    pub const fn word(self) -> &'static str {
        match self {
            ObjectiveKind::Network => "network",
            ObjectiveKind::Command => "command",
        }
    }

    /// What a trial's reports are.
    pub const fn steps(self) -> &'static str {
        match self {
            ObjectiveKind::Network => "epochs",
            ObjectiveKind::Command => "steps",
        }
    }

    fn is_usual(&self) -> bool {
        *self == ObjectiveKind::default()
    }
}

/// Hashes of what decides a score.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Of the individuals, SNPs, genotypes and trait that were loaded, wherever from.
    pub data: String,
    /// Of the settings: metric, seed, split, scaling, model and training.
    pub settings: String,
}
