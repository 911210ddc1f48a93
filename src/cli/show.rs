//! `tune-tui show`: a study's trials, best first.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::output::{UsageError, columns, complain, cut, data, say, score};
use super::{Exit, ShowArgs, StoredArgs, importance, lineage};
use crate::analysis::compare::Ties;
use crate::analysis::human;
use crate::analysis::parameters::{dependent, is_branched};
use crate::domain::baseline::BaselineScore;
use crate::domain::history::History;
use crate::domain::second::Second;
use crate::domain::space::KIND;
use crate::domain::trial::Trial;
use crate::domain::value::{counted, significant};
use crate::export::summary;
use crate::storage::{journal, lock};
use crate::tui;
use crate::wire;

/// How many trials are listed unless the study has fewer.
const LISTED: usize = 20;
/// Columns of a screen, where there is none to ask.
const USUAL: usize = 80;
/// Least room for what is said of a trial, also where the line is longer than the screen then.
const LEAST: usize = 16;

/// Prints a study or one of its trials.
///
/// # Errors
/// Where there is no such study or trial, or its journal is damaged.
pub fn show(args: &ShowArgs) -> Result<Exit> {
    let store = locate(&args.stored)?;
    let replay = journal::read(&store)?;
    if let Some(notice) = &replay.notice {
        complain(&format!("note: {notice}"));
    }
    let history = replay.history;
    if let Some(second) = args.pareto.as_deref().and_then(Second::of_word) {
        return lineage::pareto(&history, second);
    }
    if args.family {
        let chosen = match args.trial {
            Some(id) => Some(trial(&history, id)?),
            None => history.incumbent(),
        };
        let Some(chosen) = chosen else { bail!("the study has no complete trial yet") };
        return lineage::family(&history, chosen);
    }
    if args.importance {
        return importance::importance(&store, &history, args);
    }
    if let Some(id) = args.trial {
        return show_trial(&history, trial(&history, id)?, args.json);
    }
    if args.json {
        data(&summary::show(&history, history.last())?)?;
        return Ok(Exit::Done);
    }
    overview(&history, args)?;
    if history.counts().running > 0 && lock::owner(&store).is_none() {
        complain(
            "note: nobody runs this study now; its running trials were cut off and start again on resume",
        );
    }
    Ok(Exit::Done)
}

/// The store of a study that is named by its name, its study file or its folder.
///
/// # Errors
/// Where there is none, or the study file is bad.
pub fn locate(args: &StoredArgs) -> Result<PathBuf> {
    let named = Path::new(&args.study);
    let store = if named.extension().is_some_and(|e| e == "toml") {
        args.store.store.join(wire::read_config(named, &[])?.name)
    } else if journal::path(named).is_file() {
        named.to_owned()
    } else {
        args.store.store.join(named)
    };
    if !journal::path(&store).is_file() {
        bail!(
            "there is no study `{}`: {} holds no journal (`tune-tui list` shows the studies; --store names their folder)",
            args.study,
            store.display()
        );
    }
    Ok(store)
}

/// The trial of this number.
///
/// # Errors
/// Where there is none; says which there are.
pub fn trial(history: &History, id: usize) -> Result<&Trial> {
    let there = match history.trials().len() {
        0 => "it has none yet".to_owned(),
        n => format!("it has 0 to {}", n - 1),
    };
    let missing = || UsageError(format!("study `{}` has no trial {id}: {there}", history.study().name));
    Ok(history.trial(id).ok_or_else(missing)?)
}

fn overview(history: &History, args: &ShowArgs) -> Result<()> {
    let (study, counts) = (history.study(), history.counts());
    say(&format!("{}: {}", study.name, study.subject()))?;
    say(&format!(
        "{} of {} trials ended: {} complete, {} pruned, {} failed, {} cancelled; {} at work",
        counts.finished(),
        history.target().max(counts.finished()),
        counts.complete,
        counts.pruned,
        counts.failed,
        counts.cancelled,
        human::duration(history.active_ms() as f64 / 1000.0),
    ))?;
    for line in by_kind(history) {
        say(&line)?;
    }
    for source in history.sources() {
        say(&format!("  learns from {} of {} besides", counted(source.trials, "trial"), source.source))?;
    }
    for line in steered(history) {
        say(&line)?;
    }
    if let Some(caution) = study.caution() {
        say(&format!("{caution}: the best of several trials was chosen by these scores, which flatter it"))?;
    }
    let ties = Ties::of(history);
    let width = tui::columns().unwrap_or(USUAL);
    for line in table(history, &ties, args.listed(), width) {
        say(&line)?;
    }
    if let Some(words) = ties.summary() {
        say(words)?;
    }
    let left_out = history.trials().len().saturating_sub(args.listed());
    if left_out > 0 {
        say(&format!("… and {left_out} more: --all lists them, --json has all that is known"))?;
    }
    Ok(())
}

impl ShowArgs {
    /// How many trials are listed.
    fn listed(&self) -> usize {
        if self.all { usize::MAX } else { self.top.unwrap_or(LISTED) }
    }
}

/// The best trials, with the baselines where their scores rank. What is said of a trial stands last, cut where the
/// line would be longer than the screen.
fn table(history: &History, ties: &Ties, listed: usize, width: usize) -> Vec<String> {
    let study = history.study();
    let branched = is_branched(&study.space);
    let apart = study.space.parameters.iter().filter(|p| !branched || p.when.is_empty());
    let names: Vec<&str> = apart.map(|p| p.name.as_str()).collect();
    let searches = study.replicates > 1;
    let mut header = vec!["trial".to_owned(), study.metric.clone(), "±".into()];
    header.extend(searches.then(|| "search".to_owned()));
    header.extend(names.iter().map(|n| (*n).to_owned()));
    header.extend(branched.then(|| "settings".to_owned()));
    header.extend(["state", study.objective.steps(), "time"].map(str::to_owned));
    let (mut rows, mut notes) = (vec![header], vec![String::new()]);
    let baselines = history.baselines().iter().filter_map(|b| Some((b.mean(&study.metric)?, b)));
    let mut baselines: Vec<_> = baselines.collect();
    baselines.sort_by(|(a, _), (b, _)| study.direction.compare(*a, *b));
    let mut baselines = baselines.into_iter().peekable();
    let as_row = |(score, baseline): (f64, &BaselineScore)| {
        let spread = baseline.spread(&study.metric).map_or("-".into(), |s| significant(s, 2));
        let mut row = vec![baseline.baseline.clone(), significant(score, 4), spread];
        row.extend(names.iter().map(|_| "-".to_owned()).chain(searches.then(|| "-".to_owned())));
        row.extend(branched.then(String::new));
        row.extend(["baseline".into(), "-".into(), human::duration(baseline.seconds)]);
        row
    };
    for trial in history.ranked().into_iter().take(listed) {
        // Each stands before the first trial that is worse.
        let beaten = |score: f64| trial.score.is_none_or(|own| study.direction.is_better(score, own));
        while let Some(baseline) = baselines.next_if(|(score, _)| beaten(*score)) {
            rows.push(as_row(baseline));
            notes.push(String::new());
        }
        let mut row = vec![
            trial.id.to_string(),
            trial.score.map_or("-".into(), |s| significant(s, 4)),
            trial.spread().map_or("-".into(), |s| significant(s, 2)),
        ];
        row.extend(searches.then(|| (study.replicate(trial.id) + 1).to_string()));
        row.extend(names.iter().map(|n| trial.params.get(*n).map_or("-".into(), ToString::to_string)));
        row.extend(branched.then(|| dependent(&study.space, &trial.params)));
        let time = human::duration(trial.seconds(history.last()));
        row.extend([trial.state.word().to_owned(), trial.epochs().to_string(), time]);
        rows.push(row);
        notes.push(note(trial, ties));
    }
    for baseline in baselines {
        rows.push(as_row(baseline));
        notes.push(String::new());
    }
    let lines = columns(&rows);
    let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let room = width.saturating_sub(longest + 2).max(LEAST);
    let with_note = |(line, note): (String, String)| match cut(&note, room) {
        note if note.is_empty() => line,
        note => format!("{line:<longest$}  {note}"),
    };
    lines.into_iter().zip(notes).map(with_note).collect()
}

/// What there is to say of a trial: what a person wrote, why it ended, whether it is tied with the best.
fn note(trial: &Trial, ties: &Ties) -> String {
    let mut words: Vec<&str> = Vec::new();
    words.extend(Some(&*trial.annotation).filter(|text| !text.is_empty()));
    words.extend(trial.state.reason());
    words.extend(ties.is_tied(trial.id).then_some("tied with the best"));
    words.join("; ")
}

/// What a person changed while the study ran.
fn steered(history: &History) -> Vec<String> {
    let sampler = history.sampler().map(|method| format!("  sampler {method} since it was switched"));
    let pruner = history.pruner().map(|method| format!("  pruner {method} since it was switched"));
    let ranges = history.space().parameters.iter().zip(&history.created_space().parameters);
    let ranges = ranges.filter(|(now, created)| now.distribution != created.distribution);
    let ranges = ranges.map(|(now, created)| {
        format!("  {} is searched in {}; it began with {}", now.name, now.distribution, created.distribution)
    });
    sampler.into_iter().chain(pruner).chain(ranges).collect()
}

/// In a study of several kinds a line for each: its trials and the best of them.
fn by_kind(history: &History) -> Vec<String> {
    let kind = |trial: &Trial| trial.params.get(KIND).map(ToString::to_string);
    let mut trials = BTreeMap::<String, usize>::new();
    for kind in history.trials().iter().filter_map(|trial| kind(trial)) {
        *trials.entry(kind).or_default() += 1;
    }
    let best = |name: &String| history.ranked().into_iter().find(|trial| kind(trial).as_ref() == Some(name));
    let line = |(name, count): (&String, &usize)| {
        let scored = best(name).and_then(|trial| Some((trial.id, score(history, trial, 4)?)));
        let words = scored.map_or("no score".into(), |(id, score)| format!("best {score}, trial {id}"));
        format!("  {name}: {count} trial{}, {words}", if *count == 1 { "" } else { "s" })
    };
    trials.iter().map(line).collect()
}

fn state(trial: &Trial) -> String {
    match trial.state.reason() {
        Some(reason) => format!("{}: {reason}", trial.state.word()),
        None => trial.state.word().to_owned(),
    }
}

fn show_trial(history: &History, trial: &Trial, json: bool) -> Result<Exit> {
    let ties = Ties::of(history);
    if json {
        let object = summary::trial_object(history, &ties, trial, history.last());
        data(&serde_json::to_string(&object)?)?;
        return Ok(Exit::Done);
    }
    let score = score(history, trial, 6).unwrap_or_else(|| "no score".into());
    say(&format!(
        "trial {} of {}: {}, {score}, seed {}",
        trial.id,
        history.study().name,
        state(trial),
        trial.seed
    ))?;
    if let Some(paired) = ties.of_trial(trial.id) {
        say(&format!("  {}", paired.words()))?;
    }
    for line in lineage::words(history, trial) {
        say(&format!("  {line}"))?;
    }
    for (name, value) in &trial.params {
        say(&format!("  {name} = {value}"))?;
    }
    for (name, value) in history.study().fixed_in(&trial.params) {
        say(&format!("  {name} = {value} (fixed)"))?;
    }
    let metrics = trial.metrics();
    let mut header = ["fold", "best epoch", "epochs"].map(str::to_owned).to_vec();
    header.extend(metrics.iter().map(|name| (*name).to_owned()));
    let mut rows = vec![header];
    if trial.folds.is_empty() {
        rows.clear();
    }
    for (number, fold) in trial.folds.iter().enumerate() {
        let mut row = vec![
            history.study().training(number),
            (fold.best_epoch + 1).to_string(),
            fold.epochs.to_string(),
        ];
        let metric = |name: &&str| fold.metrics.get(*name).map_or("-".into(), |v| significant(*v, 4));
        row.extend(metrics.iter().map(metric));
        rows.push(row);
    }
    for line in columns(&rows) {
        say(&line)?;
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{contested, finished};

    #[test]
    fn reasons_stand_last_and_are_cut_to_the_screen() {
        let script = contested();
        let history = script.history();
        let lines = table(history, &Ties::of(history), usize::MAX, 140);
        assert_eq!(lines.len(), 1 + 16 + 3, "a heading, the trials and the baselines");
        assert!(lines.iter().all(|line| line.chars().count() <= 140), "{lines:#?}");
        let failed = lines.iter().find(|line| line.contains("failed")).unwrap();
        assert!(failed.contains("training loss is not") && failed.ends_with('…'), "{failed}");
        let narrow = table(history, &Ties::of(history), usize::MAX, 80);
        let notes = narrow.iter().filter(|line| line.contains("training loss")).count();
        assert_eq!(notes, 1, "there is always room for the first words: {narrow:#?}");
    }

    #[test]
    fn so_many_trials_are_listed_as_are_asked_for() {
        let script = finished();
        let history = script.history();
        assert_eq!(table(history, &Ties::of(history), 5, 80).len(), 6);
    }
}
