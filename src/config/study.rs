//! A study file's content, checked and complete.

use std::path::{Path, PathBuf};

use crate::dataset::DataSpec;
use crate::dataset::fold::Split;
use crate::dataset::scale::TraitScale;
use crate::domain::direction::Direction;
use crate::domain::setting::Settings;
use crate::domain::space::SearchSpace;
use crate::domain::task::Task;
use crate::domain::trial::Trial;
use crate::domain::value::Params;
use crate::train::TrainSpec;

/// A study as its file describes it, with every default filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyConfig {
    /// The study's name: letters, digits, `-`, `_` and `.`; a single path component.
    pub name: String,
    /// The metric that scores a trial.
    pub metric: String,
    /// Whether a smaller or larger score is better; follows from the metric.
    pub direction: Direction,
    /// Total number of trials wanted.
    pub trials: usize,
    /// Seeds the folds, the sampler and the trials.
    pub seed: u64,
    /// How many trials keep their trained weights: the best ones.
    pub keep_checkpoints: usize,
    /// The data.
    pub data: DataConfig,
    /// The model and its search space.
    pub model: ModelConfig,
    /// How a fold is trained.
    pub train: TrainSpec,
    /// Where to look next.
    pub sampler: Part,
    /// Which trials are not worth finishing.
    pub pruner: Part,
    /// Where trials run.
    pub executor: ExecutorConfig,
}

/// The `[data]` table.
#[derive(Debug, Clone, PartialEq)]
pub struct DataConfig {
    /// Files, or a simulated population.
    pub source: DataSource,
    /// The trait's column. `None` is the one trait of a simulated population.
    pub trait_name: Option<String>,
    /// The genotype format's name; by the file's ending where `None`.
    pub format: Option<String>,
    /// The phenotype file's column of ids, where it is not the usual one.
    pub id_column: Option<String>,
    /// Least minor allele frequency.
    pub maf: f64,
    /// Chromosomes to leave out.
    pub exclude_chromosomes: Vec<String>,
    /// How individuals are split into training and validation rows.
    pub split: Split,
    /// What is done to the trait before training.
    pub trait_scale: TraitScale,
    /// Most bytes that decoded genotypes may take.
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

/// The `[model]` table.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelConfig {
    /// The model's name.
    pub kind: String,
    /// The parameters that are not searched, and their values.
    pub fixed: Params,
    /// The searched parameters, in the order of the model's table, the learning rate last.
    pub space: SearchSpace,
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

impl StudyConfig {
    /// The study that trains one trial of this study again, with its values and its seed.
    pub fn fixed_to(&self, trial: &Trial) -> StudyConfig {
        let mut config = self.clone();
        config.name = format!("{}-trial-{}", self.name, trial.id);
        config.trials = 1;
        config.model.fixed.extend(trial.params.clone());
        config.model.space = SearchSpace::default();
        config.train.seed = Some(trial.seed);
        config
    }

    /// A canonical text of all that decides a score: two studies with equal texts score a trial
    /// alike. How many trials there are, who suggests or prunes them and where they run are not in it.
    pub fn fingerprint_text(&self) -> String {
        super::write::deciding(self)
    }
}

impl DataConfig {
    /// What to load, once the files are known: the user's own or those of the simulated population.
    pub fn spec(
        &self,
        genotypes: &Path,
        phenotypes: &Path,
        task: Task,
        trait_names: Vec<String>,
    ) -> DataSpec {
        DataSpec {
            genotypes: genotypes.to_owned(),
            format: self.format.clone(),
            phenotypes: phenotypes.to_owned(),
            task,
            trait_names,
            id_column: self.id_column.clone(),
            maf: self.maf,
            exclude_chromosomes: self.exclude_chromosomes.clone(),
            group_column: match &self.split {
                Split::Column { column, .. } => Some(column.clone()),
                Split::Holdout { .. } | Split::KFold { .. } => None,
            },
            memory: self.memory,
        }
    }
}
