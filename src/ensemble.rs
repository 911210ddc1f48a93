//! Final models: networks trained on all individuals outside the test set, for the epochs that a search has
//! learned, and what they predict together.
//!
//! ```text
//! History ─► choose ─► recipes ─► train each, several times ─► a folder (saved) ─► predict
//! ```

mod choose;
pub mod predict;
pub mod report;
pub mod saved;

use std::path::Path;

use candle_core::Device;

use crate::dataset::encode::Encoder;
use crate::dataset::fold::Fold;
use crate::dataset::scale::TraitScaler;
use crate::domain::objective::Verdict;
use crate::domain::seed::{Rng, derive};
use crate::domain::value::human_bytes;
use crate::model::Network;
use crate::model::layer::Shape;
use crate::objective::{CrossValidation, Plan};
use crate::train::{FoldData, TrainError, checkpoint, fit, fit_all};
pub use choose::{Basis, Choice, Recipe, choose};
use saved::{Config, Member};

/// Why there is no final model.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// As asked.
    #[error("stopped before the end: nothing was written")]
    Stopped,
    /// A training or a file failed.
    #[error("{0}")]
    Failed(String),
}

impl From<String> for FitError {
    fn from(text: String) -> Self {
        FitError::Failed(text)
    }
}

/// What final networks are trained on.
pub enum Rows<'a> {
    /// These rows, for the epochs that were learned.
    All(&'a [usize]),
    /// The fold's training rows, to the epoch that is the best one on its validation rows: of a study that
    /// selects on its test set.
    Selecting(&'a Fold),
}

/// One recipe, ready to be trained.
pub struct Refit<'a> {
    objective: &'a CrossValidation,
    plan: Plan,
    epochs: usize,
    fold: Fold,
    selects: bool,
    encoder: Encoder,
    trait_scaler: TraitScaler,
}

/// A network that was trained.
pub struct Trained {
    /// With the weights that count.
    pub network: Network,
    /// Epochs after which it had them.
    pub epochs: usize,
}

impl<'a> Refit<'a> {
    /// Fits encoder and scaler to the rows.
    ///
    /// # Errors
    /// Where the recipe's params are not the objective's, or the encoding does not suit the data.
    pub fn new(objective: &'a CrossValidation, recipe: &Recipe, rows: &Rows) -> Result<Self, String> {
        let plan = objective.plan(&recipe.params)?;
        let (fold, selects) = match rows {
            Rows::All(rows) => (Fold { train: rows.to_vec(), validation: Vec::new() }, false),
            Rows::Selecting(fold) => ((*fold).clone(), true),
        };
        let (encoder, trait_scaler) = objective.fitted(&plan, &fold)?;
        let epochs = recipe.epochs.min(plan.train.epochs);
        Ok(Refit { objective, plan, epochs, fold, selects, encoder, trait_scaler })
    }

    /// What prediction needs to know, with the encoder written to `folder` under `encoder`.
    ///
    /// # Errors
    /// Where the network can't be built or the encoder not written.
    pub fn config(&self, recipe: &Recipe, folder: &Path, encoder: String) -> Result<Config, String> {
        saved::write_json(&folder.join(&encoder), &self.encoder)?;
        let architecture = self.objective.architecture_on(&self.plan, &self.fold.train)?;
        let Shape::Sequence { positions, channels } = architecture.input() else {
            return Err(format!("the model `{}` has no sequence to look at", self.plan.model.name));
        };
        Ok(Config {
            name: recipe.name.clone(),
            kind: self.plan.model.name.to_owned(),
            epochs: self.epochs,
            input: [positions, channels, architecture.covariates()],
            outputs: self.objective.dataset.target().outputs(),
            trait_mean: self.trait_scaler.mean,
            trait_sd: self.trait_scaler.sd,
            encoder,
            settings: self.plan.settings.0.clone(),
            searched: recipe.params.clone(),
        })
    }

    /// The encoder, fitted.
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// Trains one network; weights, order and dropout are drawn from `seed`.
    ///
    /// # Errors
    /// Where a verdict is to stop, training diverges or there is no memory for it.
    pub fn train(&self, seed: u64, on_epoch: &mut dyn FnMut(usize) -> Verdict) -> Result<Trained, FitError> {
        let objective = self.objective;
        let architecture = objective.architecture_on(&self.plan, &self.fold.train)?;
        let mut rng = Rng::new(derive(seed, "weights", 0));
        let network = Network::new(architecture, &mut rng, &Device::Cpu).map_err(|e| e.to_string())?;
        let data = FoldData {
            dataset: &objective.dataset,
            number: 0,
            fold: &self.fold,
            encoder: &self.encoder,
            trait_scaler: &self.trait_scaler,
            device: &Device::Cpu,
        };
        let (spec, rate) = (&self.plan.train, self.plan.learning_rate);
        let epochs = if self.selects {
            let mut each = |epoch: crate::train::Epoch| on_epoch(epoch.epoch);
            let fit = fit(&network, &data, spec, rate, objective.metric, seed, &mut each).map_err(refused)?;
            fit.best_epoch + 1
        } else {
            fit_all(&network, &data, spec, rate, self.epochs, seed, on_epoch).map_err(refused)?;
            self.epochs
        };
        Ok(Trained { network, epochs })
    }
}

fn refused(error: TrainError) -> FitError {
    match error {
        TrainError::Stopped => FitError::Stopped,
        error => FitError::Failed(error.to_string()),
    }
}

/// The seed of final network number `number`, over all configs, of a study.
pub fn seed_of(study_seed: u64, number: usize) -> u64 {
    derive(study_seed, "member", number as u64)
}

/// Writes a network's weights to `folder` as those of member `number`, from 0.
///
/// # Errors
/// Where the file system refuses; the size says how much is wanted.
pub fn keep(
    trained: &Trained,
    folder: &Path,
    config: usize,
    number: usize,
    seed: u64,
) -> Result<Member, String> {
    let weights = format!("member-{:02}.safetensors", number + 1);
    let bytes = 4 * trained.network.architecture().weight_count() as u64;
    checkpoint::save(&trained.network.weights(), &folder.join(&weights))
        .map_err(|e| format!("{e} ({} of weights)", human_bytes(bytes)))?;
    Ok(Member { config, seed, epochs: trained.epochs, weights })
}
