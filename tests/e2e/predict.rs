//! From a study to a model, and from a model to predictions of other individuals.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use tune_tui::ensemble::predict::{Average, outputs};
use tune_tui::ensemble::saved::Model;
use tune_tui::wire;

use crate::program::{Run, Scratch, signal};

/// A study of a population in files, with a test set.
fn study(scratch: &Scratch, more: &str) -> String {
    if !scratch.path().join("pop").exists() {
        let simulate = ["simulate", "quick", "-o", "pop", "--set", "individuals=90", "--set", "snps=150"];
        scratch.run(&simulate).succeeds();
    }
    let (genotypes, phenotypes) =
        (scratch.path().join("pop/genotypes.bed"), scratch.path().join("pop/phenotypes.csv"));
    format!(
        r#"
[study]
name = "small"
trials = 4
seed = 3
[data]
genotypes = {genotypes:?}
phenotypes = {phenotypes:?}
trait = "y"
split = {{ kind = "kfold", folds = 2 }}
test = {{ fraction = 0.2 }}
[model]
kind = "cnn"
filters = {{ int = [2, 6] }}
kernel = {{ int = [3, 9] }}
l1 = 0.01
learning_rate = {{ float = [1e-3, 1e-2], log = true }}
[train]
epochs = 4
[sampler]
kind = "random"
[executor]
workers = 1
{more}"#
    )
}

fn report(scratch: &Scratch, model: &str) -> Value {
    serde_json::from_str(&scratch.read(&format!("{model}/report.json"))).unwrap()
}

/// The genotypes with the other allele counted at every SNP, and the letters of the other strand.
fn flip(folder: &Path, individuals: usize) {
    let bim = std::fs::read_to_string(folder.join("genotypes.bim")).unwrap();
    let turn = |allele: &str| match allele {
        "A" => "T",
        "T" => "A",
        "C" => "G",
        "G" => "C",
        other => panic!("{other}"),
    };
    let flipped: String = bim
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            // A SNP whose letters are those of the other strand, too, keeps its own.
            let (a1, a2) = if turn(fields[4]) == fields[5] {
                (fields[5], fields[4])
            } else {
                (turn(fields[5]), turn(fields[4]))
            };
            format!("{}\t{a1}\t{a2}\n", fields[..4].join("\t"))
        })
        .collect();
    std::fs::write(folder.join("genotypes.bim"), flipped).unwrap();
    let mut bed = std::fs::read(folder.join("genotypes.bed")).unwrap();
    let stride = individuals.div_ceil(4);
    for column in bed[3..].chunks_exact_mut(stride) {
        for individual in 0..individuals {
            let (byte, shift) = (&mut column[individual / 4], 2 * (individual % 4));
            // Both homozygotes change places; missing (01) and heterozygous (10) stay.
            if matches!(*byte >> shift & 3, 0 | 3) {
                *byte ^= 3 << shift;
            }
        }
    }
    std::fs::write(folder.join("genotypes.bed"), bed).unwrap();
}

#[test]
fn predictions_are_the_members_own_bit_for_bit_whichever_allele_is_counted() {
    let scratch = Scratch::new();
    let text = study(&scratch, "[ensemble]\nkind = \"top\"\ntop = 2\nrefits = 2\n");
    let file = scratch.file("small.toml", &text);
    scratch.run(&["run", file, "--headless"]).succeeds();
    let fitted = scratch.run(&["fit", "small", "-o", "model"]).succeeds();
    assert!(fitted.stderr.contains("training network 4 of 4"), "{fitted:#?}");
    assert!(fitted.stdout.contains("18 individuals of the test set"), "{fitted:#?}");
    let report = report(&scratch, "model");
    assert_eq!(report["test"]["members"].as_array().unwrap().len(), 4);
    assert_eq!(report["trained_on"].as_u64(), Some(72));
    assert!(report["test"]["ensemble"]["mse"].as_f64().unwrap() > 0.0);
    scratch.run(&["fit", "small", "-o", "model"]).fails(1, &["model exists", "nothing is overwritten"]);

    let predict = |genotypes: &str| {
        let run = scratch.run(&["predict", "model", "--genotypes", genotypes, "-o", "-"]).succeeds();
        (run.stdout, run.stderr)
    };
    let (own, counts) = predict("pop/genotypes.bed");
    assert!(!counts.contains("flipped") && !counts.contains("warning"), "{counts}");

    // What each member says of the training data themselves.
    let config = wire::read_config(&scratch.path().join(file), &[]).unwrap();
    let prepared = wire::prepare(&config).unwrap();
    let (dataset, folder) = (&prepared.objective.dataset, scratch.path().join("model"));
    let model = Model::read(&folder).unwrap();
    let rows: Vec<usize> = (0..dataset.individuals()).collect();
    let mut average = Average::default();
    for member in &model.member {
        let network = model.network(&folder, member).unwrap();
        let encoder = model.encoder(&folder, member.config).unwrap();
        let config = &model.config[member.config];
        average.add(&outputs(&network, config, &encoder, model.task, dataset, &rows).unwrap());
    }
    let spread = average.spread().unwrap();
    let expected =
        rows.iter().map(|r| format!("{},{},{}\n", dataset.ids()[*r], average.mean()[*r], spread[*r]));
    assert_eq!(own, format!("id,prediction,sd\n{}", expected.collect::<String>()));
    // On the test rows they are those of the report.
    let tested: Vec<f64> = prepared.test.iter().map(|row| average.mean()[*row]).collect();
    let metrics = tune_tui::train::metrics(dataset.target(), &tested, &prepared.test);
    let stored = report["test"]["ensemble"]["mse"].as_f64().unwrap();
    assert!((metrics["mse"] - stored).abs() < 1e-6 * stored, "{} {stored}", metrics["mse"]);

    flip(&scratch.path().join("pop"), 90);
    let (flipped, counts) = predict("pop/genotypes.bed");
    assert_eq!(flipped, own);
    assert!(
        counts.contains("the other allele counted: flipped") && counts.contains("other strand"),
        "{counts}"
    );
}

#[test]
fn a_model_of_averaged_winners_and_one_of_an_exported_config() {
    let scratch = Scratch::new();
    let averaged = "[ensemble]\nkind = \"averaged\"\nreplicates = 2\n";
    let file = scratch.file("small.toml", &study(&scratch, averaged));
    scratch.run(&["fit", file, "-o", "early"]).fails(2, &["3 parameters to search and no trials"]);
    scratch.run(&["run", file, "--headless", "--trials", "2"]).succeeds();
    let shown = scratch.run(&["show", "small"]).succeeds();
    assert!(shown.stdout.contains("search") && shown.stdout.contains("4 of 4 trials"), "{shown:#?}");
    scratch.run(&["fit", file, "-o", "model"]).succeeds();
    assert_eq!(
        report(&scratch, "model")["selected"].as_array().unwrap().len(),
        2,
        "the winner of each search"
    );
    let model = Model::read(&scratch.path().join("model")).unwrap();
    assert_eq!((model.config.len(), model.member.len()), (1, 2));
    assert_ne!(model.member[0].seed, model.member[1].seed);
    // The best ones instead, of the same trials.
    let top = ["fit", "small", "-o", "top", "--set", "ensemble.kind=top", "--set", "ensemble.top=3"];
    scratch.run(&top).succeeds();
    assert_eq!(Model::read(&scratch.path().join("top")).unwrap().config.len(), 3);
    scratch
        .run(&["fit", "small", "-o", "x", "--set", "train.epochs=9"])
        .fails(1, &["only those of [ensemble]"]);

    scratch.run(&["export", "small", "-o", "best.toml"]).succeeds();
    let run = scratch.run(&["fit", "best.toml", "-o", "best"]).succeeds();
    assert!(run.stderr.contains("cross-validating"), "{run:#?}");
    let exported = Model::read(&scratch.path().join("best")).unwrap();
    assert_eq!(exported.member.len(), 1);
    let own = &report(&scratch, "best")["selected"][0]["score"];
    assert_eq!(own, &scratch.show("small")["best"]["score"], "the same score, trained again");
    let run = scratch.run(&["predict", "pop", "--genotypes", "pop/genotypes.bed", "-o", "-"]);
    run.fails(1, &["holds no model.toml"]);
}

#[test]
fn what_is_stopped_leaves_nothing() {
    let scratch = Scratch::new();
    let file = scratch.file("small.toml", &study(&scratch, ""));
    scratch.run(&["run", file, "--headless", "--trials", "1", "--set", "train.epochs=1"]).succeeds();
    let refit =
        ["fit", "small", "-o", "model", "--set", "ensemble.kind=top", "--set", "ensemble.refits=1000"];
    let child = scratch.command(&refit).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let is_there = || {
        std::fs::read_dir(scratch.path())
            .unwrap()
            .any(|e| e.unwrap().file_name().to_string_lossy().starts_with(".model."))
    };
    let begun = Instant::now();
    while !is_there() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not begin");
        std::thread::sleep(Duration::from_millis(5));
    }
    signal(child.id(), "TERM");
    Run::of(child.wait_with_output().unwrap()).fails(130, &["nothing was written"]);
    assert!(!is_there() && !scratch.path().join("model").exists());
}
