//! From a study, or from a study file without anything to search, to a final model's folder.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use super::{NoNetwork, Prepared, prepare};
use crate::config::StudyConfig;
use crate::dataset::fold::Partition;
use crate::domain::event::{Event, Record, SelectOn, StudySpec};
use crate::domain::history::History;
use crate::domain::objective::{Evaluation, Job, Objective, ObjectiveError, Reporter, Verdict};
use crate::domain::seed::of_trial;
use crate::domain::trial::{FoldScore, Origin, Report as EpochReport};
use crate::domain::value::Params;
use crate::ensemble::predict::{Average, outputs};
use crate::ensemble::report::{self, Report, TestReport};
use crate::ensemble::saved::{self, Model};
use crate::ensemble::{FitError, Refit, Rows, choose, keep, seed_of};

/// What a fit tells while it works, and asks.
pub trait Progress {
    /// A line for a person.
    fn say(&self, line: &str);

    /// Whether to give up.
    fn stops(&self) -> bool;
}

/// Trains the final model of a study and writes it to `folder`, which must not exist; whole or not at all.
/// Without a history the config has nothing to search: it is cross-validated first, to learn its epochs.
///
/// # Errors
/// Unusable data, data or settings other than the history's, nothing complete to choose from, a training that
/// fails, a folder that can't be written, or [`FitError::Stopped`].
pub fn fit(
    config: &StudyConfig,
    history: Option<History>,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Report> {
    refuse_existing(folder)?;
    let prepared = prepare(config)?;
    let history = match history {
        Some(history) => {
            refuse_other(&prepared, &history)?;
            history
        }
        None => cross_validated(&prepared, progress)?,
    };
    // Beside the target, so that it can be renamed; the process's number keeps two fits apart.
    let name = folder.file_name().context("the model's folder has no name")?.to_string_lossy().into_owned();
    let partial = folder.with_file_name(format!(".{name}.{}.partial", std::process::id()));
    fs::create_dir_all(&partial).with_context(|| format!("failed to make {}", partial.display()))?;
    let scratch = Scratch(partial);
    let report = train_and_write(config, &prepared, &history, &scratch.0, progress)?;
    // Another fit may have been faster.
    refuse_existing(folder)?;
    fs::rename(&scratch.0, folder).with_context(|| format!("failed to write {}", folder.display()))?;
    Ok(report)
}

/// A folder that is removed, unless it has been renamed.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn refuse_existing(folder: &Path) -> Result<()> {
    if folder.exists() {
        bail!("{} exists: give -o a folder that does not, nothing is overwritten", folder.display());
    }
    Ok(())
}

fn refuse_other(prepared: &Prepared, history: &History) -> Result<()> {
    let (found, stored) = (&prepared.spec, history.study());
    if found.fingerprint.data != stored.fingerprint.data {
        bail!("the data are not those of study `{}`: put the files back as they were", stored.name);
    }
    let same = found.fingerprint == stored.fingerprint
        && found.space == stored.space
        && found.fixed == stored.fixed
        && found.seed == stored.seed;
    if !same {
        bail!(
            "the settings are not those that study `{}` has searched with: only those of [ensemble] may change",
            stored.name
        );
    }
    if found.replicates > stored.replicates {
        bail!(
            "the search of study `{}` was run {} time(s), and ensemble.replicates is {}: start it over with --fresh, \
             or set `ensemble.kind` to \"top\"",
            stored.name,
            stored.replicates,
            found.replicates
        );
    }
    Ok(())
}

/// The history of a study of one trial, which has nothing to search.
fn cross_validated(prepared: &Prepared, progress: &dyn Progress) -> Result<History> {
    // One trial is one search, however many the study file speaks of.
    let spec = StudySpec { replicates: 1, ..prepared.spec.clone() };
    let seed = of_trial(spec.seed, 0);
    progress.say(&format!("cross-validating, to learn the epochs: {} trainings at most", spec.trainings()));
    let listener = Listener { progress, folds: RefCell::default() };
    let job = Job::new(0, Params::new(), seed);
    let Evaluation { score, weights } =
        prepared.objective.evaluate(&job, &listener).map_err(|error| match error {
            ObjectiveError::Stopped => FitError::Stopped,
            ObjectiveError::Failed(reason) => FitError::Failed(reason),
        })?;
    let started =
        Event::TrialStarted { trial: 0, params: Params::new(), seed, slot: 0, origin: Origin::default() };
    let folds = listener.folds.into_inner().into_iter().map(|fold| Event::FoldFinished { trial: 0, fold });
    let events =
        std::iter::once(started).chain(folds).chain([Event::TrialCompleted { trial: 0, score, weights }]);
    let created = Event::StudyCreated { study: Box::new(spec) };
    let mut history = History::begin(&Record { sequence: 0, at: 0, event: created })?;
    for event in events {
        history.apply(&Record { sequence: history.next_sequence(), at: 0, event })?;
    }
    Ok(history)
}

struct Listener<'a> {
    progress: &'a dyn Progress,
    folds: RefCell<Vec<FoldScore>>,
}

impl Reporter for Listener<'_> {
    fn report(&self, _: EpochReport) -> Verdict {
        if self.progress.stops() { Verdict::Stop } else { Verdict::Continue }
    }

    fn fold_finished(&self, fold: FoldScore) {
        self.folds.borrow_mut().push(fold);
    }

    fn warn(&self, text: String) {
        self.progress.say(&format!("warning: {text}"));
    }
}

/// Trains, writes into `folder` and reports. Only here is the test set read for scores.
fn train_and_write(
    config: &StudyConfig,
    prepared: &Prepared,
    history: &History,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Report> {
    let Prepared { spec, objective, test } = prepared;
    let (dataset, target) = (&objective.dataset, objective.dataset.target());
    let network = config.network().ok_or_else(|| NoNetwork(config.name.clone()))?;
    let chosen = choose(&network.ensemble, history).map_err(|e| anyhow!(e))?;
    let mut notes = chosen.notes.clone();
    notes.iter().for_each(|note| progress.say(&format!("note: {note}")));
    let partition = Partition { folds: Vec::new(), test: test.clone() };
    let development = partition.development(dataset.individuals());
    let rows = match (spec.select_on, objective.folds.first()) {
        (SelectOn::Test, Some(fold)) => Rows::Selecting(fold),
        _ => Rows::All(&development),
    };
    let mut model = Model {
        version: saved::VERSION,
        study: spec.name.clone(),
        individuals: development.len(),
        caution: spec.caution().map(str::to_owned),
        task: target.task,
        traits: target.names.clone(),
        classes: target.classes.clone(),
        coding: dataset.coding(),
        config: Vec::new(),
        member: Vec::new(),
    };
    let (mut average, mut members) = (Average::default(), Vec::new());
    let all = chosen.recipes.len() * chosen.refits;
    for (number, recipe) in chosen.recipes.iter().enumerate() {
        let refit = Refit::new(objective, recipe, &rows).map_err(|e| anyhow!(e))?;
        let encoder = format!("encoder-{:02}.json", number + 1);
        let kept = refit.config(recipe, folder, encoder).map_err(|e| anyhow!(e))?;
        for _ in 0..chosen.refits {
            let done = model.member.len();
            progress.say(&format!(
                "training network {} of {all} with the params of {} on {} individuals",
                done + 1,
                recipe.name,
                development.len()
            ));
            let seed = seed_of(spec.seed, done);
            let mut verdict = |_| if progress.stops() { Verdict::Stop } else { Verdict::Continue };
            let trained = refit.train(seed, &mut verdict)?;
            model.member.push(keep(&trained, folder, number, done, seed).map_err(|e| anyhow!(e))?);
            if !test.is_empty() {
                let seen = (refit.encoder(), kept.trait_scaler());
                let own = outputs(&trained.network, seen, target.task, dataset, test)?;
                members.push(report::metrics(dataset, &own, test));
                average.add(&own);
            }
        }
        model.config.push(kept);
    }
    let tested = if test.is_empty() {
        None
    } else {
        // The networks are trained: what is only compared with them must not lose them.
        let baselines = report::baselines(dataset, &development, test, spec.seed).unwrap_or_else(|error| {
            progress.say(&format!("warning: not compared with {error}"));
            notes.push(format!("not compared with {error}"));
            BTreeMap::new()
        });
        let ensemble = report::metrics(dataset, average.mean(), test);
        Some(TestReport { individuals: test.len(), ensemble, members, baselines })
    };
    let report = Report {
        study: spec.name.clone(),
        metric: spec.metric.clone(),
        selected_on: spec.select_on,
        caution: model.caution.clone(),
        notes,
        selected: chosen.basis,
        trained_on: development.len(),
        test: tested,
    };
    let write = || -> Result<(), String> {
        saved::write_markers(folder, dataset.markers())?;
        saved::write_json(&folder.join(saved::REPORT), &report)?;
        saved::write_model(folder, &model)
    };
    write().map_err(|e| anyhow!(e))?;
    Ok(report)
}
