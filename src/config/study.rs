//! A study file's content, checked and complete.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::dataset::encode::Preprocessing;
use crate::dataset::fold::{Split, TestSet};
use crate::dataset::scale::TraitScale;
use crate::dataset::{DataSpec, QualityControl};
use crate::domain::direction::Direction;
pub use crate::domain::ensemble::EnsembleConfig;
use crate::domain::event::SelectOn;
use crate::domain::setting::Settings;
use crate::domain::space::{Condition, Distribution, KIND, SearchSpace, all_hold};
use crate::domain::task::Task;
use crate::domain::trial::Trial;
use crate::domain::value::{Params, Value};
use crate::import::Source;

/// A study as its file describes it, with every default filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyConfig {
    /// The study's name: letters, digits, `-`, `_` and `.`; a single path component.
    pub name: String,
    /// The metric that scores a trial; of a program, what its scores are called.
    pub metric: String,
    /// Whether a smaller or larger score is better; follows from the metric, where that is one of ours.
    pub direction: Direction,
    /// Number of trials wanted, of each replicate of the search.
    pub trials: usize,
    /// Seeds the folds, the sampler and the trials.
    pub seed: u64,
    /// What gives a trial its score.
    pub objective: ObjectiveConfig,
    /// Where to look next.
    pub sampler: Part,
    /// Trials from elsewhere that it learns from: `sampler.warm_start`.
    pub warm_start: Vec<Source>,
    /// Params that are tried before the sampler is asked, each a part of a trial's at least: `sampler.enqueue`.
    pub enqueue: Vec<Params>,
    /// Which trials are not worth finishing.
    pub pruner: Part,
    /// Where trials run.
    pub executor: ExecutorConfig,
}

/// What gives a trial its score.
#[derive(Debug, Clone, PartialEq)]
pub enum ObjectiveConfig {
    /// A network that is trained on folds.
    Network(Box<NetworkConfig>),
    /// A program of the user.
    Command(CommandConfig),
}

/// What a study of networks has beside what every study has.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkConfig {
    /// How many trials keep their trained weights: the best ones.
    pub keep_checkpoints: usize,
    /// The baselines that are computed beside the trials; those that are usual for the data if `None`.
    pub baselines: Option<Vec<String>>,
    /// The data.
    pub data: DataConfig,
    /// The model and its search space.
    pub model: ModelConfig,
    /// How a fold is trained.
    pub train: TrainConfig,
    /// What becomes of the trials.
    pub ensemble: EnsembleConfig,
}

/// The `[objective]` table of a program, and its `[space]`.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandConfig {
    /// The program and its arguments.
    pub run: Vec<String>,
    /// Whether one process takes one trial after the other.
    pub persistent: bool,
    /// Where it is started.
    pub directory: PathBuf,
    /// Variables of its environment beside those of tune-tui itself.
    pub environment: BTreeMap<String, String>,
    /// Most seconds of a trial.
    pub timeout: Option<f64>,
    /// Seconds between being asked to end and being killed.
    pub grace: f64,
    /// How often a trial that failed is tried again.
    pub retries: usize,
    /// Overrides the trial's own seed: how an exported config reproduces its trial.
    pub seed: Option<u64>,
    /// What is passed to it.
    pub parameters: Parameters,
}

/// The `[data]` table.
#[derive(Debug, Clone, PartialEq)]
pub struct DataConfig {
    /// Files, or a simulated population.
    pub source: DataSource,
    /// What is predicted.
    pub task: Task,
    /// The traits' columns; several for labels only. None where they are those of a simulated population.
    pub traits: Vec<String>,
    /// The genotype format's name; by the file's ending where `None`.
    pub format: Option<String>,
    /// The phenotype file's column of ids, where it is not the usual one.
    pub id_column: Option<String>,
    /// Which SNPs and individuals are kept.
    pub qc: QualityControl,
    /// How genotypes become the network's input.
    pub preprocessing: Preprocessing,
    /// Columns of the phenotype file that stand beside the genotypes.
    pub covariates: Vec<String>,
    /// Those of them that are categories even where all cells are numbers.
    pub categorical: Vec<String>,
    /// How individuals outside the test set are split into training and validation rows.
    pub split: Split,
    /// Which individuals no trial sees.
    pub test: Option<TestSet>,
    /// What is done to the trait before training.
    pub trait_scale: TraitScale,
    /// Most bytes of packed genotypes in memory.
    pub memory: u64,
}

/// Where the data come from.
#[derive(Debug, Clone, PartialEq)]
pub enum DataSource {
    /// Files of the user. A relative path is relative to the folder in which tune-tui is started.
    Files {
        /// The genotype file.
        genotypes: PathBuf,
        /// The phenotype file.
        phenotypes: PathBuf,
    },
    /// A simulated population, the same on every machine.
    Simulate {
        /// The preset's name.
        preset: String,
        /// Its seed.
        seed: u64,
        /// The preset's settings.
        settings: Settings,
    },
}

/// Parameters that are fixed and parameters that are searched.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters {
    /// The values of those that are not searched.
    pub fixed: Params,
    /// When one of those has an effect, where that depends on what is searched.
    pub conditions: BTreeMap<String, Vec<Condition>>,
    /// Those that are searched, in the order of their table.
    pub space: SearchSpace,
}

/// The `[model]` table.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelConfig {
    /// The models' names, at least one. Of several, the parameter `kind` says which one a trial has, and
    /// the names of their own parameters begin with the model's: `cnn.filters`.
    pub kinds: Vec<String>,
    /// Their parameters, the learning rate last.
    pub parameters: Parameters,
}

/// The `[train]` table.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainConfig {
    /// The settings of [`TRAIN`](crate::train::TRAIN).
    pub parameters: Parameters,
    /// Overrides the trial's own seed: how an exported config reproduces its trial.
    pub seed: Option<u64>,
}

/// A row of a table with its settings, complete.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The row's name.
    pub kind: String,
    /// The row's settings.
    pub settings: Settings,
}

/// The `[executor]` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutorConfig {
    /// The executor's name.
    pub kind: String,
    /// Trials at once; `None` to choose by the machine.
    pub workers: Option<usize>,
    /// Threads of each worker; `None` to choose by the machine.
    pub threads: Option<usize>,
    /// What trains.
    pub device: DeviceChoice,
}

/// What trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceChoice {
    /// A GPU where the program and the machine have one, else the processor.
    Auto,
    /// The processor.
    Cpu,
    /// The GPU of this number.
    Cuda(usize),
}

impl Parameters {
    /// Adds those of another table.
    pub fn extend(&mut self, other: Parameters) {
        self.fixed.extend(other.fixed);
        self.conditions.extend(other.conditions);
        self.space.parameters.extend(other.space.parameters);
    }

    /// The largest number that parameter `name` may have; `None` where it has none.
    pub fn largest(&self, name: &str) -> Option<f64> {
        let searched = self.space.parameters.iter().find(|p| p.name == name);
        match searched.map(|p| &p.distribution) {
            Some(Distribution::Int { high, .. }) => Some(*high as f64),
            Some(Distribution::Float { high, .. }) => Some(*high),
            Some(Distribution::Choice { choices }) => {
                choices.iter().filter_map(Value::as_f64).max_by(f64::total_cmp)
            }
            None => self.fixed.get(name)?.as_f64(),
        }
    }

    /// All fixed: to the values of a trial's params, and without those that have no effect beside them.
    fn fixed_to(&self, params: &Params) -> Parameters {
        let mut fixed = self.fixed.clone();
        fixed.retain(|name, _| self.conditions.get(name).is_none_or(|when| all_hold(when, params)));
        let own = |name: &str| Some((name.to_owned(), params.get(name)?.clone()));
        fixed.extend(self.space.parameters.iter().filter_map(|p| own(&p.name)));
        Parameters { fixed, ..Parameters::default() }
    }
}

impl ModelConfig {
    /// A plain study of the kind that a trial's params have, with their values.
    fn fixed_to(&self, params: &Params) -> ModelConfig {
        let mut parameters = self.parameters.fixed_to(params);
        let Some(Value::Text(kind)) = parameters.fixed.remove(KIND) else {
            return ModelConfig { kinds: self.kinds.clone(), parameters };
        };
        let plain = |name: String| match name.strip_prefix(&format!("{kind}.")) {
            Some(own) => own.to_owned(),
            None => name,
        };
        parameters.fixed = parameters.fixed.into_iter().map(|(name, value)| (plain(name), value)).collect();
        ModelConfig { kinds: vec![kind], parameters }
    }
}

impl NetworkConfig {
    /// All parameters: the models' and training's.
    pub fn parameters(&self) -> Parameters {
        let mut all = self.model.parameters.clone();
        all.extend(self.train.parameters.clone());
        all
    }

    /// What trials are selected on.
    pub fn select_on(&self) -> SelectOn {
        if self.data.split == Split::OnTest { SelectOn::Test } else { SelectOn::Validation }
    }
}

impl StudyConfig {
    /// The networks that are tuned; `None` where it is a program.
    pub fn network(&self) -> Option<&NetworkConfig> {
        match &self.objective {
            ObjectiveConfig::Network(network) => Some(network),
            ObjectiveConfig::Command(_) => None,
        }
    }

    /// All parameters.
    pub fn parameters(&self) -> Parameters {
        match &self.objective {
            ObjectiveConfig::Network(network) => network.parameters(),
            ObjectiveConfig::Command(command) => command.parameters.clone(),
        }
    }

    /// How often a trial that failed is tried again. A network fails again as it did.
    pub fn retries(&self) -> usize {
        match &self.objective {
            ObjectiveConfig::Network(_) => 0,
            ObjectiveConfig::Command(command) => command.retries,
        }
    }

    /// How often the search is run.
    pub fn replicates(&self) -> usize {
        self.network().map_or(1, |network| network.ensemble.replicates())
    }

    /// The trials of all replicates of the search.
    pub fn all_trials(&self) -> usize {
        self.trials.saturating_mul(self.replicates())
    }

    /// The study that evaluates one trial of this study again, with its values and its seed.
    pub fn fixed_to(&self, trial: &Trial) -> StudyConfig {
        let mut config = self.clone();
        config.name = format!("{}-trial-{}", self.name, trial.id);
        config.trials = 1;
        config.warm_start.clear();
        config.enqueue.clear();
        match &mut config.objective {
            ObjectiveConfig::Network(network) => {
                network.ensemble = EnsembleConfig::None;
                network.model = network.model.fixed_to(&trial.params);
                network.train.parameters = network.train.parameters.fixed_to(&trial.params);
                network.train.seed = Some(trial.seed);
            }
            ObjectiveConfig::Command(command) => {
                command.parameters = command.parameters.fixed_to(&trial.params);
                command.seed = Some(trial.seed);
            }
        }
        config
    }

    /// A canonical text of all that decides a score: two studies with equal texts score a trial
    /// alike. How many trials there are, who suggests or prunes them and where they run are not in it.
    pub fn fingerprint_text(&self) -> String {
        super::write::deciding(self)
    }
}

impl DataConfig {
    /// The columns of the phenotype file that split and test set need, each once.
    fn group_columns(&self) -> Vec<String> {
        let of_test = self.test.as_ref().and_then(TestSet::column);
        let of_split = self.split.column().filter(|column| Some(*column) != of_test);
        of_split.into_iter().chain(of_test).cloned().collect()
    }

    /// What to load, once the files are known: the user's own or those of the simulated population.
    pub fn spec(&self, genotypes: &Path, phenotypes: &Path, trait_names: Vec<String>) -> DataSpec {
        DataSpec {
            genotypes: genotypes.to_owned(),
            format: self.format.clone(),
            phenotypes: phenotypes.to_owned(),
            task: self.task,
            trait_names,
            id_column: self.id_column.clone(),
            qc: self.qc.clone(),
            covariates: self.covariates.clone(),
            categorical: self.categorical.clone(),
            group_columns: self.group_columns(),
            memory: self.memory,
        }
    }
}
