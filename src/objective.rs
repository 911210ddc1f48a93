//! The cross-validated objective: a network is trained on each fold, once or several times with other
//! random numbers, and the mean of all scores is the job's.

mod learned;
mod paused;
mod plan;
mod survey;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::Device;

use crate::dataset::Dataset;
use crate::dataset::covariate::CovariateEncoder;
use crate::dataset::encode::{Encoder, Preprocessing};
use crate::dataset::fold::Fold;
use crate::dataset::scale::{TraitScale, TraitScaler};
use crate::domain::checkpoint::folder;
use crate::domain::objective::{Evaluation, Job, Objective, ObjectiveError, Reporter, Verdict};
use crate::domain::seed::{Rng, derive};
use crate::domain::trial::{FoldScore, TrialId};
use crate::domain::value::{Params, human_bytes};
use crate::model::{Architecture, Input, ModelRow, Network};
use crate::train::metric::Metric;
use crate::train::{self, FoldData, SnapshotReader, TrainError, checkpoint, fit_watched};
pub use learned::Cache;
use paused::{Follower, Start};
pub use plan::Plan;
pub use survey::Survey;

/// Trains networks on each fold of a dataset.
#[derive(Clone)]
pub struct CrossValidation {
    /// Genotypes and what is predicted.
    pub dataset: Arc<Dataset>,
    /// The folds; at least one.
    pub folds: Vec<Fold>,
    /// The kinds of networks: see [`Plan::of`].
    pub models: Vec<&'static ModelRow>,
    /// The parameters of networks and training that are not searched; a job's own come first.
    pub fixed: Params,
    /// Overrides the trial's own seed: how an exported config reproduces its trial.
    pub seed: Option<u64>,
    /// How genotypes become a network's input.
    pub preprocessing: Preprocessing,
    /// What was learned of training rows before.
    pub cache: Cache,
    /// What scores it.
    pub metric: &'static Metric,
    /// What is done to the trait before training.
    pub trait_scale: TraitScale,
    /// Where it is trained.
    pub device: Device,
    /// Bytes that one job may take; without a limit if `None`.
    pub memory: Option<u64>,
    /// Where each fold's weights go, as `trial-<id>/fold-<i>.safetensors`, and `repeat-<r>-fold-<i>` of
    /// repeats after the first; nowhere if `None`.
    pub checkpoints: Option<PathBuf>,
}

fn failed(error: impl std::fmt::Display) -> ObjectiveError {
    ObjectiveError::Failed(error.to_string())
}

/// One training among those of a job.
#[derive(Debug, Clone, Copy)]
struct Place {
    repeat: usize,
    fold: usize,
    seed: u64,
}

impl CrossValidation {
    /// What a trial's params over the fixed ones say.
    ///
    /// # Errors
    /// Where a value is missing or not what its setting accepts.
    pub fn plan(&self, params: &Params) -> Result<Plan, String> {
        let mut values = self.fixed.clone();
        values.extend(params.clone());
        Plan::of(&self.models, &values)
    }

    /// The shape of what a plan's network takes where `rows` are the training rows.
    pub fn input(&self, plan: &Plan, rows: &[usize]) -> Input {
        let preprocessing = plan.preprocessing(&self.dataset, &self.preprocessing);
        Input {
            positions: preprocessing.kept(self.dataset.positions()),
            channels: preprocessing.channels(self.dataset.coding()),
            covariates: CovariateEncoder::fit(self.dataset.covariates(), rows).width(),
        }
    }

    /// The network without a limit of memory.
    fn layers(&self, plan: &Plan, rows: &[usize]) -> Result<Architecture, String> {
        let outputs = self.dataset.target().outputs();
        plan.architecture(self.input(plan, rows), outputs).map_err(|e| e.to_string())
    }

    /// The network of the first fold: those of others differ where their training rows lack a level of a
    /// covariate.
    ///
    /// # Errors
    /// As [`architecture_on`](Self::architecture_on).
    pub fn architecture(&self, plan: &Plan) -> Result<Architecture, String> {
        self.architecture_on(plan, self.folds.first().map_or(&[], |fold| &fold.train))
    }

    /// The network where `rows` are the training rows, if there is memory to train it.
    ///
    /// # Errors
    /// Where the settings contradict the data's shape, or the memory does not suffice.
    pub fn architecture_on(&self, plan: &Plan, rows: &[usize]) -> Result<Architecture, String> {
        let architecture = self.layers(plan, rows)?;
        let (bytes, batch) = (self.bytes(plan, &architecture), plan.train.batch);
        match self.memory {
            Some(memory) if bytes > memory => Err(format!(
                "the network takes at least {} in batches of {batch}, but a trial has {} of memory: lower \
                 `train.batch`, choose a smaller network, or set fewer `executor.workers`",
                human_bytes(bytes),
                human_bytes(memory)
            )),
            _ => Ok(architecture),
        }
    }

    /// The least bytes that training takes.
    pub fn bytes(&self, plan: &Plan, architecture: &Architecture) -> u64 {
        let longest = self.folds.iter().map(|fold| fold.train.len()).max().unwrap_or(0);
        architecture.bytes(plan.train.batch.min(longest), plan.train.optimizer().slots())
    }

    /// Whether every fold can be trained and scored on, whatever the network.
    ///
    /// # Errors
    /// What stands in the way, with its remedy.
    pub fn check_folds(&self) -> Result<(), String> {
        let mut folds = self.folds.iter().enumerate();
        let mut check = |(number, fold)| train::check_fold(&self.dataset, number, fold, self.metric);
        folds.try_for_each(&mut check).map_err(|e| e.to_string())
    }

    /// Whether the training that is planned suits the network.
    ///
    /// # Errors
    /// What stands in the way, with its remedy.
    pub fn check(&self, plan: &Plan, architecture: &Architecture) -> Result<(), String> {
        let rows = self.folds.iter().map(|fold| fold.train.len()).min().unwrap_or(0);
        let task = self.dataset.target().task;
        train::check_spec(&plan.train, task, architecture.needs_batch(), rows).map_err(|e| e.to_string())
    }

    /// The network that a trial trained on a fold, with the weights in `checkpoints`; of several repeats the
    /// first one's.
    ///
    /// # Errors
    /// Where there are none, or they are not this network's.
    pub fn restore(
        &self,
        plan: &Plan,
        checkpoints: &Path,
        trial: TrialId,
        fold: usize,
    ) -> Result<Network, String> {
        // What is drawn is overwritten.
        let architecture = self.layers(plan, &self.folds[fold].train)?;
        let network = Network::new(architecture, &mut Rng::new(0), &self.device);
        let network = network.map_err(|e| e.to_string())?;
        checkpoint::load(&network.weights(), &weights_file(checkpoints, trial, 0, fold))
            .map_err(|e| e.to_string())?;
        Ok(network)
    }

    /// What takes genotypes and the trait to a network and back, fitted on the fold's training rows.
    ///
    /// # Errors
    /// Where the encoding does not suit the data.
    pub fn fitted(&self, plan: &Plan, fold: &Fold) -> Result<(Encoder, TraitScaler), String> {
        let preprocessing = plan.preprocessing(&self.dataset, &self.preprocessing);
        let learned = self.cache.learned(&self.dataset, &preprocessing, &fold.train);
        let encoder =
            learned.and_then(|learned| Encoder::with(&self.dataset, preprocessing, &fold.train, learned));
        let encoder = encoder.map_err(|e| e.to_string())?;
        Ok((encoder, TraitScaler::fit(self.dataset.target(), &fold.train, self.trait_scale)))
    }

    fn place(&self, job: &Job, repeat: usize, fold: usize) -> Place {
        let seed = derive(self.seed.unwrap_or(job.seed), "repeat", repeat as u64);
        Place { repeat, fold, seed: derive(seed, "fold", fold as u64) }
    }

    /// Trains one fold once, or goes on with it from `state`; `follower` takes each epoch.
    fn train(
        &self,
        place: Place,
        plan: &Plan,
        follower: &mut Follower,
        state: Option<(SnapshotReader, usize)>,
    ) -> Result<FoldScore, Interruption> {
        let Place { repeat, fold: number, seed } = place;
        let fold = &self.folds[number];
        let mut rng = Rng::new(derive(seed, "weights", 0));
        let architecture = self.architecture_on(plan, &fold.train).map_err(failed)?;
        let network = Network::new(architecture, &mut rng, &self.device).map_err(failed)?;
        let (encoder, trait_scaler) = &self.fitted(plan, fold).map_err(failed)?;
        let data =
            FoldData { dataset: &self.dataset, number, fold, encoder, trait_scaler, device: &self.device };
        let fit = fit_watched(
            &network,
            &data,
            &plan.train,
            (plan.learning_rate, seed),
            self.metric,
            follower,
            state,
        );
        let fit = fit.map_err(|error| match error {
            TrainError::Stopped => Interruption::Objective(ObjectiveError::Stopped),
            TrainError::State(problem) => Interruption::State(problem),
            error => Interruption::Objective(failed(error)),
        })?;
        if let Some(folder) = &self.checkpoints {
            let path = weights_file(folder, follower.job.trial, repeat, number);
            // The score stands without the weights: a full disk must not spoil the search.
            if let Err(error) = checkpoint::save(&network.weights(), &path) {
                follower.reporter.warn(format!("its weights were not kept: {error}"));
            }
        }
        Ok(FoldScore {
            repeat,
            fold: number,
            score: fit.score,
            best_epoch: fit.best_epoch,
            epochs: fit.epochs,
            metrics: fit.metrics,
        })
    }

    /// Trains what `start` leaves of a job; the mean score.
    fn train_all(
        &self,
        plan: &Plan,
        job: &Job,
        start: Start,
        reporter: &dyn Reporter,
    ) -> Result<f64, Interruption> {
        let Start { folds: before, reports: mut step, mut state } = start;
        let mut total: f64 = before.iter().fold(0.0, |sum, fold| sum + fold.score);
        let trainings = self.folds.len() * plan.train.repeats;
        for training in before.len()..trainings {
            let (repeat, fold) = (training / self.folds.len(), training % self.folds.len());
            let checkpoints = self.checkpoints.as_deref();
            let mut follower =
                Follower { job, reporter, checkpoints, repeat, fold, training, step: &mut step };
            let place = self.place(job, repeat, fold);
            let score = self.train(place, plan, &mut follower, state.take())?;
            total += score.score;
            reporter.fold_finished(score);
            if training + 1 < trainings && reporter.settled() == Verdict::Stop {
                return Err(ObjectiveError::Stopped.into());
            }
        }
        Ok(total / trainings as f64)
    }
}

/// Why a job's trainings did not come to their end.
enum Interruption {
    Objective(ObjectiveError),
    /// The state can't be gone on from.
    State(String),
}

impl From<ObjectiveError> for Interruption {
    fn from(error: ObjectiveError) -> Self {
        Interruption::Objective(error)
    }
}

impl Objective for CrossValidation {
    fn evaluate(&self, job: &Job, reporter: &dyn Reporter) -> Result<Evaluation, ObjectiveError> {
        if self.folds.is_empty() {
            return Err(failed("there is no fold to train on"));
        }
        let plan = self.plan(&job.params).map_err(failed)?;
        let gone_on = match self.start(job) {
            Ok(start) => self.train_all(&plan, job, start, reporter),
            Err(problem) => Err(Interruption::State(problem)),
        };
        let trained = match gone_on {
            Err(Interruption::State(problem)) => {
                let epochs = job.done.reports;
                reporter.warn(format!(
                    "the state of its training after {epochs} epochs can't be used ({problem}): it is trained \
                     again from the beginning"
                ));
                self.train_all(&plan, job, Start::default(), reporter)
            }
            trained => trained,
        };
        let score = trained.map_err(|interruption| match interruption {
            Interruption::Objective(error) => error,
            Interruption::State(problem) => ObjectiveError::Failed(problem),
        })?;
        let network = self.layers(&plan, &self.folds[0].train).map_err(failed)?;
        Ok(Evaluation { score, weights: Some(network.trained_count() as u64) })
    }
}

/// The file of a training's weights.
fn weights_file(checkpoints: &Path, trial: TrialId, repeat: usize, fold: usize) -> PathBuf {
    let repeated = if repeat == 0 { String::new() } else { format!("repeat-{repeat}-") };
    folder(checkpoints, trial).join(format!("{repeated}fold-{fold}.safetensors"))
}
