//! From a checked study back to TOML: what is written reads back equal, bit for bit.

mod command;

use std::fmt::Write as _;

use super::study::{
    DataConfig, DataSource, DeviceChoice, EnsembleConfig, ExecutorConfig, ModelConfig, NetworkConfig,
    ObjectiveConfig, Parameters, Part, StudyConfig, TrainConfig,
};
use crate::dataset::QualityControl;
use crate::dataset::encode::{Impute, OneHotMissing, Preprocessing};
use crate::dataset::fold::{Split, TestSet};
use crate::dataset::scale::TraitScale;
use crate::domain::event::{ObjectiveKind, SelectOn};
use crate::domain::space::Distribution;
use crate::domain::space::KIND;
use crate::domain::value::{Params, Value};
use crate::import::Source;

/// The study as a complete study file: every value is written, defaults too.
pub fn toml(config: &StudyConfig) -> String {
    let mut out = String::from("[study]\n");
    line(&mut out, "name", &text(&config.name));
    line(&mut out, "metric", &text(&config.metric));
    line(&mut out, "trials", &config.trials.to_string());
    line(&mut out, "seed", &config.seed.to_string());
    match &config.objective {
        ObjectiveConfig::Network(own) => network(&mut out, own),
        ObjectiveConfig::Command(own) => {
            line(&mut out, "direction", &text(config.direction.word()));
            command::tables(&mut out, own);
        }
    }
    out.push_str(&part("sampler", &config.sampler));
    warm_start(&mut out, &config.warm_start);
    enqueue(&mut out, &config.enqueue);
    out.push_str(&part("pruner", &config.pruner));
    out.push_str(&executor(&config.executor));
    out
}

/// What only a study of networks has, in and after the table of the study.
fn network(out: &mut String, own: &NetworkConfig) {
    select_on(out, own);
    line(out, "keep_checkpoints", &own.keep_checkpoints.to_string());
    if let Some(names) = &own.baselines {
        line(out, "baselines", &texts(names));
    }
    out.push_str("\n[objective]\n");
    line(out, "kind", &text(ObjectiveKind::Network.word()));
    out.push_str(&source(&own.data));
    out.push_str(&evaluation(&own.data));
    line(out, "memory", &own.data.memory.to_string());
    out.push_str(&model(&own.model));
    out.push_str(&train(&own.train));
    out.push_str(&ensemble(&own.ensemble));
}

/// The part of it that decides a trial's score, given what was loaded: where the data lie, how they are
/// read and which SNPs are dropped shows in the data themselves; where a program lies may change.
pub(super) fn deciding(config: &StudyConfig) -> String {
    let mut out = String::from("[study]\n");
    line(&mut out, "metric", &text(&config.metric));
    line(&mut out, "seed", &config.seed.to_string());
    match &config.objective {
        ObjectiveConfig::Network(own) => {
            select_on(&mut out, own);
            out + &evaluation(&own.data) + &model(&own.model) + &train(&own.train)
        }
        ObjectiveConfig::Command(own) => {
            line(&mut out, "direction", &text(config.direction.word()));
            command::deciding(&mut out, own);
            out
        }
    }
}

fn line(out: &mut String, key: &str, value: &str) {
    // Writing to a string can't fail.
    let _ = writeln!(out, "{key} = {value}");
}

fn text(value: &str) -> String {
    ::toml::Value::from(value).to_string()
}

fn texts(values: &[String]) -> String {
    format!("[{}]", values.iter().map(|v| text(v)).collect::<Vec<_>>().join(", "))
}

/// A plain value; a real number in its shortest form that reads back the same.
fn scalar(value: &Value) -> String {
    match value {
        Value::Bool(v) => v.to_string(),
        Value::Int(v) => v.to_string(),
        Value::Float(v) => format!("{v:?}"),
        Value::Text(v) => text(v),
    }
}

fn float(value: f64) -> String {
    scalar(&Value::Float(value))
}

/// What is loaded.
fn source(data: &DataConfig) -> String {
    let mut out = String::from("\n[data]\n");
    match &data.source {
        DataSource::Files { genotypes, phenotypes } => {
            line(&mut out, "genotypes", &text(&genotypes.to_string_lossy()));
            line(&mut out, "phenotypes", &text(&phenotypes.to_string_lossy()));
        }
        DataSource::Simulate { preset, seed, settings } => {
            let more: String = settings.0.iter().map(|(k, v)| format!(", {k} = {}", scalar(v))).collect();
            line(&mut out, "simulate", &format!("{{ preset = {}, seed = {seed}{more} }}", text(preset)));
        }
    }
    match data.traits.as_slice() {
        [] => {}
        [one] => line(&mut out, "trait", &text(one)),
        several => line(&mut out, "trait", &texts(several)),
    }
    let optional = [("format", &data.format), ("id_column", &data.id_column)];
    for (key, value) in optional {
        if let Some(value) = value {
            line(&mut out, key, &text(value));
        }
    }
    line(&mut out, "qc", &quality_control(&data.qc));
    out
}

/// As an inline table; what is not asked for is not written.
fn quality_control(qc: &QualityControl) -> String {
    let excluded = texts(&qc.exclude_chromosomes);
    let mut out = format!("{{ maf = {}, exclude_chromosomes = {excluded}", float(qc.maf));
    let thresholds =
        [("missing", qc.missing), ("individual_missing", qc.individual_missing), ("hwe", qc.hwe)];
    for (key, value) in thresholds {
        if let Some(value) = value {
            out += &format!(", {key} = {}", float(value));
        }
    }
    if !qc.chromosomes.is_empty() {
        out += &format!(", chromosomes = {}", texts(&qc.chromosomes));
    }
    out + " }"
}

/// What is made of it.
fn evaluation(data: &DataConfig) -> String {
    let mut out = String::new();
    line(&mut out, "task", &text(data.task.name()));
    preprocessing(&mut out, &data.preprocessing);
    for (key, names) in [("covariates", &data.covariates), ("categorical", &data.categorical)] {
        if !names.is_empty() {
            line(&mut out, key, &texts(names));
        }
    }
    if let Some(split) = split(&data.split) {
        line(&mut out, "split", &format!("{{ kind = {split} }}"));
    }
    match &data.test {
        None => {}
        Some(TestSet::Fraction(fraction)) => {
            line(&mut out, "test", &format!("{{ fraction = {} }}", float(*fraction)));
        }
        Some(TestSet::Column { column, values }) => {
            line(&mut out, "test", &format!("{{ column = {}, values = {} }}", text(column), texts(values)));
        }
    }
    let scale = match data.trait_scale {
        TraitScale::Center => "center",
        TraitScale::Standardize => "standardize",
    };
    line(&mut out, "trait_scale", &text(scale));
    out
}

/// The kind of a split and its keys; none where the study selects on its test set.
fn split(split: &Split) -> Option<String> {
    Some(match split {
        Split::Holdout { fraction } => format!("\"holdout\", fraction = {}", float(*fraction)),
        Split::KFold { folds } => format!("\"kfold\", folds = {folds}"),
        Split::RepeatedKFold { folds, repeats } => {
            format!("\"repeated-kfold\", folds = {folds}, repeats = {repeats}")
        }
        Split::LeaveFamilyOut { column, folds } => {
            let folds = folds.map_or(String::new(), |folds| format!(", folds = {folds}"));
            format!("\"leave-family-out\", column = {}{folds}", text(column))
        }
        Split::Forward { column, first } => {
            let first = first.as_ref().map_or(String::new(), |first| format!(", first = {}", text(first)));
            format!("\"forward\", column = {}{first}", text(column))
        }
        Split::Column { column, validate } if validate.is_empty() => {
            format!("\"column\", column = {}", text(column))
        }
        Split::Column { column, validate } => {
            format!("\"column\", column = {}, validate = {}", text(column), texts(validate))
        }
        Split::OnTest => return None,
    })
}

/// What trials are selected on, where it is not what is usual.
fn select_on(out: &mut String, config: &NetworkConfig) {
    if config.select_on() != SelectOn::default() {
        line(out, "select_on", &text(config.select_on().word()));
    }
}

/// What is not as usual, and the encoding.
fn preprocessing(out: &mut String, preprocessing: &Preprocessing) {
    let names: Vec<String> = preprocessing.encodings.iter().map(|e| e.name().to_owned()).collect();
    let encoding = match names.as_slice() {
        [] => text("auto"),
        [one] => text(one),
        several => texts(several),
    };
    line(out, "encoding", &encoding);
    if preprocessing.onehot_missing != OneHotMissing::default() {
        line(out, "onehot_missing", &text(preprocessing.onehot_missing.name()));
    }
    if preprocessing.impute != Impute::default() {
        line(out, "impute", &text(preprocessing.impute.name()));
    }
    if let Some(snps) = preprocessing.preselect {
        line(out, "preselect", &format!("{{ snps = {snps} }}"));
    }
}

fn model(model: &ModelConfig) -> String {
    let mut out = String::from("\n[model]\n");
    let kind = match model.kinds.as_slice() {
        [one] => text(one),
        several => texts(several),
    };
    line(&mut out, KIND, &kind);
    parameters(&mut out, &model.parameters);
    out
}

/// Their names are the keys: a dot in one stands for a table within the table.
fn parameters(out: &mut String, parameters: &Parameters) {
    plain(out, &parameters.fixed);
    // What kinds there are is written before.
    for parameter in parameters.space.parameters.iter().filter(|p| p.name != KIND) {
        line(out, &parameter.name, &format!("{{ {} }}", search(&parameter.distribution)));
    }
}

/// The keys of a search.
fn search(distribution: &Distribution) -> String {
    match distribution {
        Distribution::Int { low, high, log } => format!("int = [{low}, {high}], log = {log}"),
        Distribution::Float { low, high, log } => {
            format!("float = [{}, {}], log = {log}", float(*low), float(*high))
        }
        Distribution::Choice { choices } => format!("choice = {}", list(choices)),
    }
}

fn list(values: &[Value]) -> String {
    format!("[{}]", values.iter().map(scalar).collect::<Vec<_>>().join(", "))
}

fn plain(out: &mut String, values: &Params) {
    for (key, value) in values {
        line(out, key, &scalar(value));
    }
}

fn train(train: &TrainConfig) -> String {
    let mut out = String::from("\n[train]\n");
    parameters(&mut out, &train.parameters);
    if let Some(seed) = train.seed {
        line(&mut out, "seed", &seed.to_string());
    }
    out
}

fn part(table: &str, part: &Part) -> String {
    let mut out = format!("\n[{table}]\n");
    line(&mut out, "kind", &text(&part.kind));
    plain(&mut out, &part.settings.0);
    out
}

fn enqueue(out: &mut String, configs: &[Params]) {
    let listed = configs.iter().map(|params| {
        let values = params.iter().map(|(name, value)| format!("{} = {}", text(name), scalar(value)));
        format!("{{ {} }}", values.collect::<Vec<_>>().join(", "))
    });
    if !configs.is_empty() {
        line(out, "enqueue", &format!("[{}]", listed.collect::<Vec<_>>().join(", ")));
    }
}

fn warm_start(out: &mut String, sources: &[Source]) {
    let written = |source: &Source| {
        let score = source.score.as_ref().map(|column| format!(", score = {}", text(column)));
        let direction = source.direction.map(|d| format!(", direction = {}", text(d.word())));
        let more = score.unwrap_or_default() + &direction.unwrap_or_default();
        format!("{{ path = {}{more} }}", text(&source.path))
    };
    if !sources.is_empty() {
        let listed: Vec<String> = sources.iter().map(written).collect();
        line(out, "warm_start", &format!("[{}]", listed.join(", ")));
    }
}

fn ensemble(ensemble: &EnsembleConfig) -> String {
    let mut out = String::from("\n[ensemble]\n");
    line(&mut out, "kind", &text(ensemble.name()));
    let counts: &[(&str, usize)] = match ensemble {
        EnsembleConfig::None => &[],
        EnsembleConfig::Averaged { replicates, refits } => {
            &[("replicates", *replicates), ("refits", *refits)]
        }
        EnsembleConfig::Top { top, refits } => &[("top", *top), ("refits", *refits)],
    };
    counts.iter().for_each(|(key, count)| line(&mut out, key, &count.to_string()));
    out
}

fn executor(executor: &ExecutorConfig) -> String {
    let automatic = |count: Option<usize>| count.map_or_else(|| text("auto"), |n| n.to_string());
    let device = match executor.device {
        DeviceChoice::Auto => "auto".to_owned(),
        DeviceChoice::Cpu => "cpu".to_owned(),
        DeviceChoice::Cuda(number) => format!("cuda:{number}"),
    };
    let mut out = String::from("\n[executor]\n");
    line(&mut out, "kind", &text(&executor.kind));
    line(&mut out, "workers", &automatic(executor.workers));
    line(&mut out, "threads", &automatic(executor.threads));
    line(&mut out, "device", &text(&device));
    out
}
