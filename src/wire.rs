//! From a study file to running parts: the composition root.

mod background;
pub mod baselines;
pub mod command;
pub mod desk;
pub mod fit;
mod load;
mod minds;
pub mod predict;
pub mod pruning;
mod search;
mod slots;
mod steering;
pub mod studies;
pub mod trials;
pub mod warm_start;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Sender;

use anyhow::{Context, Result, anyhow, bail};

pub use self::background::Background;
use self::command::Outside;
use self::load::{describe, device, fingerprint, load, simulated};
pub use self::search::plan;
pub use self::slots::slots;
use self::slots::{cores, layout_of};
pub use self::steering::menu;
use self::steering::{Shop, asked};
use crate::config::StudyConfig;
use crate::config::study::{DataConfig, DataSource, ObjectiveConfig};
use crate::config::{self, Tables, write};
use crate::dataset::Dataset;
use crate::dataset::fold::{self, Partition};
use crate::domain::command::Update;
use crate::domain::event::{FORMAT, Fingerprint, Level, ObjectiveKind, REPEATS, StudySpec};
use crate::domain::history::History;
use crate::domain::objective::{Job, Objective, Reporter, Verdict};
use crate::domain::seed::of_trial;
use crate::domain::space::KIND;
use crate::domain::table::{self, Row};
use crate::domain::trial::{FoldScore, Report, Timestamp, Trial};
use crate::domain::value::Params;
use crate::executor::local::Local;
use crate::importance::{self, OutputImportance};
use crate::model::{LEARNING_RATE, MODELS};
use crate::objective::{Cache, CrossValidation, Survey};
use crate::pruner::PRUNERS;
use crate::sampler::SAMPLERS;
use crate::storage::file::{self, FileStore, OpenOptions};
use crate::storage::journal;
use crate::study::{Parts, Study};
use crate::train::TRAIN;
use crate::train::metric::METRICS;

/// The folder, beside the working directory, in which simulated populations are kept.
const SIMULATED: &str = "data";

/// The study file that is kept in a study's store: what `export` and `--verify` read.
const KEPT_CONFIG: &str = "study.toml";

/// A study before anything runs.
pub enum Ready {
    /// Of networks.
    Network(Box<Prepared>),
    /// Of a program.
    Command(Box<Outside>),
}

impl Ready {
    /// What the study is.
    pub fn spec(&self) -> &StudySpec {
        match self {
            Ready::Network(prepared) => &prepared.spec,
            Ready::Command(outside) => &outside.spec,
        }
    }
}

/// The data and parts of a study of networks before anything runs.
pub struct Prepared {
    /// What the study is.
    pub spec: StudySpec,
    /// What gives a trial its score; it keeps no checkpoints yet.
    pub objective: CrossValidation,
    /// Rows of the untouched test set, which the objective never sees unless the study selects on it.
    pub test: Vec<usize>,
}

/// Milliseconds since 1970-01-01 UTC.
#[expect(clippy::disallowed_methods, reason = "the one clock; it is handed down from here")]
pub fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    // A clock before 1970 is wrong anyway; times are for display only.
    since.map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

/// A study file with `key=value` overrides in it.
///
/// # Errors
/// A [`ConfigError`](config::ConfigError) with its place.
pub fn read_config(file: &Path, overrides: &[String]) -> Result<StudyConfig> {
    Ok(config::load(file, overrides, &Tables::of_crate())?)
}

/// Loads the data, or finds the program.
///
/// # Errors
/// As [`prepare`] and [`Outside::of`].
pub fn ready(config: &StudyConfig) -> Result<Ready> {
    Ok(match &config.objective {
        ObjectiveConfig::Network(_) => Ready::Network(Box::new(prepare(config)?)),
        ObjectiveConfig::Command(command) => Ready::Command(Box::new(Outside::of(config, command)?)),
    })
}

/// That a study tunes a program, where networks are needed.
#[derive(Debug, thiserror::Error)]
#[error(
    "study `{0}` tunes a program (objective.kind = \"command\"): this command works on studies of networks only"
)]
pub struct NoNetwork(String);

/// Loads the data, splits it, and looks up the parts of a study of networks.
///
/// # Errors
/// Unusable data, a split that can't be made, a device that is not there; [`NoNetwork`].
pub fn prepare(config: &StudyConfig) -> Result<Prepared> {
    let network = config.network().ok_or_else(|| NoNetwork(config.name.clone()))?;
    let device = device(config.executor.device)?;
    let dataset = Arc::new(load(network)?);
    let DataConfig { split, test, .. } = &network.data;
    let Partition { folds, test } =
        fold::partition(split, test.as_ref(), dataset.individuals(), dataset.groupings(), config.seed)?;
    let models: Vec<_> = network.model.kinds.iter().map(|kind| row(MODELS, kind)).collect::<Result<_>>()?;
    let parameters = network.parameters();
    let metric = METRICS
        .iter()
        .find(|m| m.name == config.metric)
        .with_context(|| format!("no metric `{}`", config.metric))?;
    let spec = StudySpec {
        format: FORMAT,
        name: config.name.clone(),
        seed: config.seed,
        metric: config.metric.clone(),
        direction: config.direction,
        epochs: parameters.largest("epochs").map_or(1, |epochs| epochs as usize),
        repeats: parameters.largest(REPEATS).map_or(1, |repeats| repeats as usize),
        replicates: network.ensemble.replicates(),
        space: parameters.space,
        fixed: parameters.fixed,
        conditions: parameters.conditions,
        objective: ObjectiveKind::Network,
        model: network.model.kinds.join(", "),
        sampler: config.sampler.kind.clone(),
        folds: folds.len(),
        select_on: network.select_on(),
        fold_sizes: folds.iter().map(|f| (f.train.len(), f.validation.len())).collect(),
        data: describe(network, &dataset),
        fingerprint: fingerprint(config, dataset.fingerprint()),
    };
    let (slots, ..) = slots(config);
    let objective = CrossValidation {
        dataset,
        folds,
        models,
        fixed: spec.fixed.clone(),
        seed: network.train.seed,
        preprocessing: network.data.preprocessing.clone(),
        cache: Cache::default(),
        memory: free_memory().map(|bytes| bytes / slots as u64),
        metric,
        trait_scale: network.data.trait_scale,
        device,
        checkpoints: None,
    };
    Ok(Prepared { spec, objective, test })
}

/// What of the search space can be trained.
///
/// # Errors
/// [`Impossible`] where nothing of it can.
pub fn survey(prepared: &Prepared) -> Result<Survey, Impossible> {
    Survey::of(&prepared.objective, &prepared.spec.space).map_err(Impossible)
}

/// No trial of the study could be trained.
#[derive(Debug, thiserror::Error)]
#[error("no network of the search space can be trained on these data: {0}")]
pub struct Impossible(String);

/// Opens a study in `store`: a new one, or the one that is there. Every stored record goes to `updates`.
///
/// # Errors
/// A store that is locked, damaged or not writable; a stored study with other settings.
pub fn open(config: &StudyConfig, ready: Ready, store: &Path, updates: Sender<Update>) -> Result<Study> {
    let keep_checkpoints = config.network().map_or(0, |network| network.keep_checkpoints);
    let options = OpenOptions { keep_checkpoints, at: now(), host: host() };
    let opened = FileStore::open(store, options)?;
    let (objective, spec, report): (Arc<dyn Objective>, _, _) = match ready {
        Ready::Network(prepared) => {
            let Prepared { spec, mut objective, .. } = *prepared;
            objective.checkpoints = Some(opened.store.checkpoints());
            let report = objective.dataset.report().clone();
            (Arc::new(objective), spec, Some(report))
        }
        Ready::Command(outside) => {
            let (spec, program) = outside.program(store);
            (Arc::new(program), spec, None)
        }
    };
    let known = opened.history.as_ref().map_or(&[][..], History::sources);
    warm_start::refuse_own(config, store)?;
    let imports = warm_start::read(config, &spec, known)?;
    let (plan, enqueued) = (plan(config)?, search::enqueued(config, &spec.space)?);
    let is_new = opened.history.is_none();
    let pruning = pruning::plan(config, &spec)?;
    let (slots, threads, notice) = slots(config);
    let is_network = config.network().is_some();
    let parts = Parts {
        sampler: (row(SAMPLERS, &config.sampler.kind)?.build)(&config.sampler.settings),
        pruner: (row(PRUNERS, &config.pruner.kind)?.build)(&config.pruner.settings),
        executor: Box::new(Local::new(objective, layout_of(slots, threads, is_network))?),
        maker: Box::new(Shop::of(config)),
        storage: Box::new(opened.store),
        retries: config.retries(),
        clock: now,
        // A viewer that has left does not end the search.
        publish: Box::new(move |record| drop(updates.send(Update::Recorded(record.clone())))),
    };
    let mut study = Study::open(parts, spec, opened.history, asked(config))?;
    keep_config(config, store)?;
    warm_start::record(&mut study, imports)?;
    study.enqueue(enqueued)?;
    // What was joined and dropped stands at the head of the study's log.
    let removed = report.iter().flat_map(|r| &r.removed).map(|r| format!("left out: {r}"));
    let lines = report.iter().flat_map(|report| report.lines());
    let plan = plan.map(|plan| format!("{}: {plan}", config.sampler.kind));
    for line in lines.chain(removed).chain(plan).chain(pruning).filter(|_| is_new) {
        study.note(Level::Info, line)?;
    }
    let warnings = report.iter().flat_map(|report| report.warnings());
    for notice in opened.notices.into_iter().chain(notice).chain(warnings) {
        study.note(Level::Warning, notice)?;
    }
    Ok(study)
}

/// Moves an existing store aside, so that a study starts over; returns where it is now.
///
/// # Errors
/// Where it is in use or can't be renamed.
pub fn archive(store: &Path) -> Result<Option<PathBuf>> {
    if !journal::path(store).exists() {
        return Ok(None);
    }
    Ok(Some(file::archive(store, now(), &host())?))
}

/// The study file kept in a store, with `key=value` overrides in it.
///
/// # Errors
/// Where it is missing or damaged.
pub fn kept_config(store: &Path, overrides: &[String]) -> Result<StudyConfig> {
    read_config(&store.join(KEPT_CONFIG), overrides)
}

/// Evaluates what the text of an exported config describes, on this thread, and returns its score.
///
/// # Errors
/// A text that is no study file with every parameter fixed, unusable data, a trial that fails.
pub fn score_of(exported: &str) -> Result<f64> {
    let config = config::parse(Path::new("exported.toml"), exported, &Tables::of_crate())?;
    let objective: Box<dyn Objective> = match ready(&config)? {
        Ready::Network(prepared) => Box::new(prepared.objective),
        Ready::Command(outside) => Box::new(outside.unlogged()),
    };
    let job = Job::new(0, Params::new(), of_trial(config.seed, 0));
    let evaluation = objective.evaluate(&job, &Silent);
    objective.close();
    Ok(evaluation.map_err(|e| anyhow!("the exported config fails: {e}"))?.score)
}

/// What a stored trial's networks take from each position.
///
/// # Errors
/// Where the data are not what they were, or the trial's weights were not kept.
pub fn importance(
    store: &Path,
    history: &History,
    trial: &Trial,
) -> Result<(Arc<Dataset>, Vec<OutputImportance>)> {
    let config = kept_config(store, &[])?;
    let prepared = prepare(&config)?;
    let Fingerprint { data, .. } = &prepared.spec.fingerprint;
    if *data != history.study().fingerprint.data {
        bail!("the data are not those that the study was trained on: put the files back as they were");
    }
    let folder = file::checkpoints_folder(store);
    let keep_checkpoints = config.network().map_or(0, |network| network.keep_checkpoints);
    background::kept_weights(&folder, trial.id, keep_checkpoints)?;
    let found = importance::of_trial(&prepared.objective, &trial.params, &folder, trial.id);
    Ok((prepared.objective.dataset, found.map_err(|e| anyhow!(e))?))
}

/// The line of help of a parameter in a study of these kinds of model.
pub fn help(kinds: &[String], parameter: &str) -> &'static str {
    let plain = [LEARNING_RATE].into_iter().chain(TRAIN.iter().copied());
    let plain = plain.map(|setting| (setting.name.to_owned(), setting.help));
    let own = kinds.iter().filter_map(|kind| table::find(MODELS, kind)).flat_map(|row| {
        let prefix = if kinds.len() == 1 { String::new() } else { format!("{}.", row.name) };
        row.settings.iter().map(move |setting| (format!("{prefix}{}", setting.name), setting.help))
    });
    let kind = [(KIND.to_owned(), "which of the models")];
    let mut all = plain.chain(own).chain(kind);
    all.find(|(name, _)| name == parameter).map_or("", |(_, help)| help)
}

fn row<B>(rows: &'static [Row<B>], name: &str) -> Result<&'static Row<B>> {
    // The study file's reader has checked the name against the same table.
    table::find(rows, name).with_context(|| format!("no `{name}` in the table"))
}

/// Bytes of memory that are free, on the machine and within the limits of a batch system or container; `None`
/// where the system does not say. Taken once, before the first trial: what trials leave behind is used again by
/// the next ones and does not count.
fn free_memory() -> Option<u64> {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    let allowed = system.cgroup_limits().map_or(u64::MAX, |limits| limits.free_memory);
    Some(system.available_memory().min(allowed)).filter(|bytes| *bytes > 0)
}

/// With absolute paths, so that what is exported from it can be started anywhere on this machine.
fn keep_config(config: &StudyConfig, store: &Path) -> Result<()> {
    let path = store.join(KEPT_CONFIG);
    let mut config = config.clone();
    let paths = match &mut config.objective {
        ObjectiveConfig::Network(network) => match &mut network.data.source {
            DataSource::Files { genotypes, phenotypes } => vec![genotypes, phenotypes],
            DataSource::Simulate { .. } => Vec::new(),
        },
        ObjectiveConfig::Command(command) => vec![&mut command.directory],
    };
    for path in paths {
        *path = std::path::absolute(&path).with_context(|| format!("failed to find {}", path.display()))?;
    }
    for source in &mut config.warm_start {
        let path = std::path::absolute(&source.path);
        source.path = path.with_context(|| format!("failed to find {}", source.path))?.display().to_string();
    }
    let text = write::toml(&config);
    let write = || {
        let partial = path.with_extension("partial");
        std::fs::write(&partial, &text)?;
        std::fs::rename(&partial, &path)
    };
    write().with_context(|| format!("failed to write {}", path.display()))
}

fn host() -> String {
    sysinfo::System::host_name().unwrap_or_else(|| "this machine".into())
}

/// A reporter that nobody listens to.
struct Silent;

impl Reporter for Silent {
    fn report(&self, _: Report) -> Verdict {
        Verdict::Continue
    }

    fn fold_finished(&self, _: FoldScore) {}

    fn warn(&self, _: String) {}
}
