//! `tune-tui check`: read everything, print what would be done, train nothing.

use anyhow::Result;

use super::output::{columns, say};
use super::{Exit, StudyArgs, network, run};
use crate::analysis::human;
use crate::config::StudyConfig;
use crate::config::study::NetworkConfig;
use crate::domain::direction::Direction;
use crate::domain::event::StudySpec;
use crate::domain::space::{Condition, Distribution};
use crate::domain::value::{Value, counted, human_bytes};
use crate::objective::Survey;
use crate::wire::command::Outside;
use crate::wire::{self, Prepared, Ready};

/// Most folds that are listed.
const LISTED: usize = 20;

/// Width of lines of words.
const WIDTH: usize = 76;

/// Prints the data, the folds, the space, the network in the middle of the space, and what it takes.
///
/// # Errors
/// What would also stop the study from starting.
pub fn check(args: &StudyArgs) -> Result<Exit> {
    let config = run::load(args)?;
    let ready = wire::ready(&config)?;
    say(&format!("study {}", config.name))?;
    let searches = match config.replicates() {
        1 => String::new(),
        replicates => format!(" in each of {replicates} searches"),
    };
    say(&format!("  {} trials{searches}, seed {}, scored by {}", config.trials, config.seed, config.metric))?;
    match (&ready, config.network()) {
        (Ready::Network(prepared), Some(network)) => of_network(&config, network, prepared)?,
        (Ready::Command(outside), _) => program(&config, outside)?,
        (Ready::Network(_), None) => {}
    }
    let spec = match &ready {
        Ready::Network(prepared) => &prepared.spec,
        Ready::Command(outside) => &outside.spec,
    };
    if let Some(line) = wire::pruning::plan(&config, spec)? {
        say(&line)?;
    }
    Ok(Exit::Done)
}

fn of_network(config: &StudyConfig, own: &NetworkConfig, prepared: &Prepared) -> Result<()> {
    say("data")?;
    for line in prepared.objective.dataset.report().lines() {
        say(&format!("  {line}"))?;
    }
    for covariate in prepared.objective.dataset.covariates() {
        say(&format!("  {}", covariate.line()))?;
    }
    let removed = prepared.objective.dataset.report().table();
    if !removed.is_empty() {
        say("  left out")?;
        columns(&removed).iter().try_for_each(|line| say(&format!("    {line}")))?;
    }
    for warning in prepared.objective.dataset.report().warnings() {
        say(&format!("  warning: {warning}"))?;
    }
    folds(prepared)?;
    // Before all that would scroll it away.
    let survey = wire::survey(prepared)?;
    say(&format!("model {}, searched by {}", own.model.kinds.join(" or "), config.sampler.kind))?;
    space(config, &own.model.kinds)?;
    warm_starts(config, &prepared.spec)?;
    network::networks(prepared)?;
    network::survey(&survey)?;
    cost(config, prepared, &survey)
}

/// The program, and what it would be given first: nothing is started.
fn program(config: &StudyConfig, outside: &Outside) -> Result<()> {
    let (start, spec) = (&outside.start, &outside.spec);
    let direction = match config.direction {
        Direction::Minimize => "smaller",
        Direction::Maximize => "larger",
    };
    say(&format!("  the {direction} the {}, the better", config.metric))?;
    say(&format!("program {}", spec.model))?;
    let limit = start.timeout.map_or("none".to_owned(), |limit| human::duration(limit.as_secs_f64()));
    let (slots, threads, _) = wire::slots(config);
    let processes = if start.persistent { "one a slot, kept" } else { "one a trial" };
    table(&[
        vec!["found".into(), outside.program.display().to_string()],
        vec!["working directory".into(), start.directory.display().to_string()],
        vec!["processes".into(), processes.into()],
        vec!["at once".into(), format!("{slots}, of {threads} threads if they follow TUNE_TUI_THREADS")],
        vec!["most time of a trial".into(), limit],
    ])?;
    say(&format!("space, searched by {}", config.sampler.kind))?;
    space(config, &[])?;
    warm_starts(config, spec)
}

/// What the sampler would learn from before the first trial.
fn warm_starts(config: &StudyConfig, spec: &StudySpec) -> Result<()> {
    for import in wire::warm_start::read(config, spec, &[])? {
        say(&format!("  {}", import.words()))?;
    }
    Ok(())
}

fn table(rows: &[Vec<String>]) -> Result<()> {
    columns(rows).iter().try_for_each(|line| say(&format!("  {line}")))
}

fn folds(prepared: &Prepared) -> Result<()> {
    let sizes = &prepared.spec.fold_sizes;
    say(&counted(sizes.len(), "fold"))?;
    let row = |(i, (train, validation)): (usize, &(usize, usize))| {
        vec![
            format!("fold {}", i + 1),
            format!("{train} to train on"),
            format!("{validation} to validate on"),
        ]
    };
    table(&sizes.iter().enumerate().take(LISTED).map(row).collect::<Vec<_>>())?;
    if sizes.len() > LISTED {
        say(&format!("  … and {} more", sizes.len() - LISTED))?;
    }
    let individuals = counted(prepared.test.len(), "individual");
    match prepared.spec.caution() {
        Some(caution) => say(&format!(
            "{caution}: the fold validates on the test set of {individuals}, so that its scores flatter"
        )),
        None if prepared.test.is_empty() => Ok(()),
        None => say(&format!("test set: {individuals} that no trial sees")),
    }
}

/// The parameters; `kinds` are those of the models.
fn space(config: &StudyConfig, kinds: &[String]) -> Result<()> {
    let all = config.parameters();
    // A program's parameters have names of their own.
    let help = |name: &str| if kinds.is_empty() { String::new() } else { wire::help(kinds, name).to_owned() };
    let row = |name: &str, what: String, when: &[Condition]| {
        vec![name.to_owned(), what + &conditions(when), help(name)]
    };
    let searched = all.space.parameters.iter();
    let searched = searched.map(|p| row(&p.name, describe(&p.distribution), &p.when));
    table(&searched.collect::<Vec<_>>())?;
    if let Some(plan) = wire::plan(config)? {
        say(&format!("  {}: {plan}", config.sampler.kind))?;
    }
    match config.enqueue.len() {
        0 => {}
        1 => say("  1 config is enqueued and tried first")?,
        n => say(&format!("  {n} configs are enqueued and tried first"))?,
    }
    if let Some(Value::Int(startup)) = config.sampler.settings.0.get("startup")
        && *startup >= config.trials as i64
        && !all.space.parameters.is_empty()
    {
        say(&format!(
            "  note: the first {startup} trials are {}'s design, and there are {}: none of them learns from others",
            config.sampler.kind, config.trials
        ))?;
    }
    let fixed: Vec<String> = all.fixed.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    if fixed.is_empty() {
        return Ok(());
    }
    say(if kinds.is_empty() { "fixed" } else { "fixed (docs/settings.md says what each is)" })?;
    wrapped(&fixed).iter().try_for_each(|line| say(&format!("  {line}")))
}

/// Words side by side in lines of a screen's width.
fn wrapped(words: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut().filter(|line| line.len() + word.len() + 2 <= WIDTH) {
            Some(line) => *line += &format!(", {word}"),
            None => lines.push(word.clone()),
        }
    }
    lines
}

/// ", where kind is cnn".
fn conditions(when: &[Condition]) -> String {
    let one = |condition: &Condition| {
        let values: Vec<String> = condition.is.iter().map(ToString::to_string).collect();
        let shown = match values.as_slice() {
            [first, .., last] if values.len() > 4 => format!("{first} … {last}"),
            few => few.join(" or "),
        };
        format!(", where {} is {shown}", condition.parameter)
    };
    when.iter().map(one).collect()
}

fn describe(distribution: &Distribution) -> String {
    let scale = |log: &bool| if *log { ", uniform in the logarithm" } else { "" };
    match distribution {
        Distribution::Float { low, high, log } => {
            format!("from {low:?} to {high:?}{}", scale(log))
        }
        Distribution::Int { low, high, log } => format!("whole numbers from {low} to {high}{}", scale(log)),
        Distribution::Choice { choices } => {
            let words: Vec<String> = choices.iter().map(ToString::to_string).collect();
            format!("one of {}", words.join(", "))
        }
    }
}

fn cost(config: &StudyConfig, prepared: &Prepared, survey: &Survey) -> Result<()> {
    let (slots, threads, notice) = wire::slots(config);
    say("cost")?;
    if let Some(notice) = notice {
        say(&format!("  {notice}"))?;
    }
    let trainings = prepared.spec.trainings();
    let each = prepared.spec.epochs;
    let epochs = config.all_trials().saturating_mul(trainings).saturating_mul(each);
    say(&format!(
        "  at most {epochs} epochs ({} × {} × {}), {slots} at once, {} each",
        counted(config.all_trials(), "trial"),
        counted(trainings, if prepared.spec.repeats > 1 { "training" } else { "fold" }),
        counted(each, "epoch"),
        counted(threads, "thread"),
    ))?;
    let genotypes = human_bytes(prepared.objective.dataset.resident_bytes() as u64);
    let most = human_bytes(survey.bytes);
    let free = prepared.objective.memory.map_or(String::new(), |free| format!(" of {}", human_bytes(free)));
    say(&format!(
        "  memory: genotypes {genotypes}, shared; the largest network seen takes {most}{free} a slot"
    ))
}
