//! What is computed beside a study's trials: the baselines, and the marker effects that a person at the
//! dashboard asks for.
//!
//! Each has one thread more than the slots', with a pool of one thread of its own; no trial's result depends
//! on them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;

use anyhow::{Context, Result, bail};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::baselines::on_folds;
use super::{NoNetwork, Prepared, free_memory, row, simulated};
use crate::analysis::profile::{Genome, Output, Place, Profile, Qtl, QtlKind, Track};
use crate::baseline::{BASELINES, BaselineRow};
use crate::config::study::{DataSource, StudyConfig};
use crate::dataset::fold::Fold;
use crate::dataset::simulate::{self, PRESETS, truth};
use crate::dataset::{Coding, Dataset};
use crate::domain::baseline::BaselineScore;
use crate::domain::checkpoint;
use crate::domain::command::{BaselineFailure, Command};
use crate::domain::history::History;
use crate::domain::table;
use crate::domain::trial::TrialId;
use crate::domain::value::{Params, human_bytes};
use crate::executor::local::panic_text;
use crate::importance::{self, OutputImportance};
use crate::objective::CrossValidation;
use crate::storage::file;

/// The baseline that is computed where the study file names none and the data are SNPs.
const USUAL: &str = "gblup";

/// A study's data and folds, shared with what its trials are trained on.
#[derive(Clone)]
pub struct Background {
    pub(super) objective: CrossValidation,
    baselines: Vec<&'static BaselineRow>,
    seed: u64,
    pub(super) store: PathBuf,
    pub(super) keep_checkpoints: usize,
    /// Where the data lie.
    folder: PathBuf,
}

impl Background {
    /// Of the study in `store` that is prepared.
    ///
    /// # Errors
    /// Where simulated data are not there; [`NoNetwork`].
    pub fn of(config: &StudyConfig, prepared: &Prepared, store: &Path) -> Result<Self> {
        let network = config.network().ok_or_else(|| NoNetwork(config.name.clone()))?;
        let objective = &prepared.objective;
        let usual = || match objective.dataset.coding() {
            Coding::Dosages => vec![USUAL.to_owned()],
            Coding::Bases => Vec::new(),
        };
        let names = network.baselines.clone().unwrap_or_else(usual);
        let folder = match &network.data.source {
            DataSource::Files { genotypes, .. } => genotypes.parent().unwrap_or(Path::new("")).to_owned(),
            DataSource::Simulate { preset, seed, settings } => {
                simulated(row(PRESETS, preset)?, *seed, settings)?
            }
        };
        Ok(Background {
            objective: objective.clone(),
            baselines: names.iter().filter_map(|name| table::find(BASELINES, name)).collect(),
            seed: config.seed,
            store: store.to_owned(),
            keep_checkpoints: network.keep_checkpoints,
            folder,
        })
    }

    /// The baselines that the study wants and `history` has no score of.
    pub fn missing(&self, history: &History) -> Vec<&'static BaselineRow> {
        let scored = |row: &&BaselineRow| history.baselines().iter().any(|known| known.baseline == row.name);
        self.baselines.iter().copied().filter(|row| !scored(row)).collect()
    }

    /// Computes the `missing` baselines on a thread of their own, one after the other, and sends each to the
    /// study, or why it can't be had. Ends when the study has.
    pub fn compute(&self, missing: Vec<&'static BaselineRow>, commands: &Sender<Command>) {
        if missing.is_empty() {
            return;
        }
        let (dataset, folds) = (Arc::clone(&self.objective.dataset), self.objective.folds.clone());
        let (seed, rows, sender) = (self.seed, missing.clone(), commands.clone());
        let work = move |pool: ThreadPool| {
            for row in rows {
                let outcome = caught(&pool, || score(row, &dataset, &folds, seed));
                if !send(&sender, row, outcome) {
                    return;
                }
            }
        };
        if let Err(error) = spawn("baselines", work) {
            // The study waits for each.
            for row in missing {
                send(commands, row, Err(error.to_string()));
            }
        }
    }

    /// The marker effects of a trial. `genome` is made at the first time.
    ///
    /// # Errors
    /// Why they can't be had.
    pub fn profile(
        &self,
        trial: TrialId,
        params: &Params,
        genome: &mut Option<Arc<Genome>>,
    ) -> Result<Profile, String> {
        let genome = match genome {
            Some(genome) => genome,
            none => none.insert(Arc::new(self.genome()?)),
        };
        let folder = file::checkpoints_folder(&self.store);
        kept_weights(&folder, trial, self.keep_checkpoints).map_err(|e| e.to_string())?;
        let found = importance::of_trial(&self.objective, params, &folder, trial)?;
        let outputs = found.into_iter().map(|output| tracks(genome, output)).collect();
        Ok(Profile { trial, genome: Arc::clone(genome), outputs })
    }

    fn genome(&self) -> Result<Genome, String> {
        let known = truth(&self.folder).map_err(|e| e.to_string())?.unwrap_or_default();
        let traits = &self.objective.dataset.target().names;
        let qtl = known.into_iter().filter(|qtl| traits.contains(&qtl.trait_name)).map(shown).collect();
        let markers = self.objective.dataset.markers().iter();
        let places = markers.map(|marker| Place {
            name: &marker.name,
            chromosome: marker.chromosome.as_deref(),
            position: marker.position,
        });
        Ok(Genome::new(&places.collect::<Vec<_>>(), qtl))
    }
}

fn shown(qtl: simulate::Qtl) -> Qtl {
    let effect = qtl.effect();
    let kind = match qtl.kind {
        simulate::Kind::Additive => QtlKind::Additive,
        simulate::Kind::Dominance => QtlKind::Dominance,
        simulate::Kind::OverDominance => QtlKind::OverDominance,
        simulate::Kind::UnderDominance => QtlKind::UnderDominance,
        simulate::Kind::Imprinted => QtlKind::Imprinted,
        simulate::Kind::Epistatic => QtlKind::Epistatic,
    };
    Qtl { name: qtl.marker, chromosome: qtl.chromosome, position: qtl.position, kind, effect }
}

fn tracks(genome: &Genome, output: OutputImportance) -> Output {
    let OutputImportance { name, magnitude, contribution, effect, weights } = output;
    let track = |name, help, values: Vec<f64>| Track { name, help, values: genome.arranged(&values) };
    let mut tracks = Vec::new();
    tracks.extend(effect.map(|v| track("effect", "what a copy of the counted allele adds", v)));
    tracks.push(track("contribution", "mean gradient × input", contribution));
    tracks.push(track("importance", "mean |gradient × input|", magnitude));
    tracks.extend(weights.map(|v| track("weights", "of the output layer, spread over its input", v)));
    Output { name, tracks }
}

/// Whether the weights of a trial are in the checkpoints folder of its store.
pub(super) fn kept_weights(folder: &Path, trial: TrialId, keep: usize) -> Result<()> {
    if checkpoint::folder(folder, trial).exists() {
        return Ok(());
    }
    bail!(
        "the weights of trial {trial} were not kept: only the best {keep} trials keep theirs; `keep_checkpoints` \
         in [study] says of how many, and that must be said before they run"
    );
}

/// How a baseline does on the folds of a study, where there is memory for it beside the trials.
fn score(row: &BaselineRow, dataset: &Dataset, folds: &[Fold], seed: u64) -> Result<BaselineScore, String> {
    let rows = folds.iter().map(|fold| fold.train.len()).max().unwrap_or(0) as u64;
    // A byte a genotype, and three square matrices of the training rows.
    let bytes = dataset.individuals() as u64 * dataset.positions() as u64 + 3 * 8 * rows * rows;
    if let Some(free) = free_memory().filter(|free| bytes > free / 2) {
        return Err(format!(
            "it takes {}, more than half of the {} that are free: `tune-tui baseline` computes it by itself, \
             `study.baselines = \"none\"` does without",
            human_bytes(bytes),
            human_bytes(free)
        ));
    }
    let scored = on_folds(row, dataset, folds, seed, |_| ()).map_err(|e| e.to_string())?;
    Ok(scored.score)
}

/// Whether the study is there to hear of it.
fn send(commands: &Sender<Command>, row: &BaselineRow, outcome: Result<BaselineScore, String>) -> bool {
    let failure = |reason| BaselineFailure { baseline: row.name.to_owned(), reason };
    commands.send(Command::Baseline(outcome.map_err(failure))).is_ok()
}

/// Starts a thread and gives it a pool of one thread to work in.
pub(super) fn spawn(name: &'static str, work: impl FnOnce(ThreadPool) + Send + 'static) -> Result<()> {
    let pool = ThreadPoolBuilder::new().num_threads(1).thread_name(move |_| name.to_owned()).build();
    let pool = pool.with_context(|| format!("failed to start the thread of the {name}"))?;
    let thread = thread::Builder::new().name(name.to_owned()).spawn(move || work(pool));
    thread.map(drop).with_context(|| format!("failed to start the thread of the {name}"))
}

/// Runs `work` in `pool`; a panic is a reason like any other, and the thread lives on.
pub(super) fn caught<T: Send>(
    pool: &ThreadPool,
    work: impl FnOnce() -> Result<T, String> + Send,
) -> Result<T, String> {
    let run = || catch_unwind(AssertUnwindSafe(work));
    pool.install(run).unwrap_or_else(|panic| Err(format!("panicked: {}", panic_text(&*panic))))
}
