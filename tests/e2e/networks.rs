//! Every kind of network and task, from a study file to a score, an export and the markers that matter.

use std::collections::BTreeMap;

use crate::program::Scratch;

/// 240 individuals × 300 SNPs, the trait also as two and three classes.
fn population(scratch: &Scratch) {
    let simulate = ["simulate", "quick", "-o", "quick", "--set", "individuals=240", "--set", "snps=300"];
    scratch.run(&simulate).succeeds();
    let mut traits = vec![];
    for line in scratch.read("quick/phenotypes.csv").lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        traits.push((fields[0].to_owned(), fields[2].parse::<f64>().unwrap()));
    }
    let mut sorted: Vec<f64> = traits.iter().map(|(_, y)| *y).collect();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted[(share * sorted.len() as f64) as usize];
    let mut out = "id,two,three,one,four\n".to_owned();
    for (i, (id, y)) in traits.iter().enumerate() {
        let two = if *y > at(0.5) { "yes" } else { "no" };
        let three = ["short", "middle", "tall"][usize::from(*y > at(0.33)) + usize::from(*y > at(0.67))];
        out += &format!("{id},{two},{three},same,{}\n", i % 4);
    }
    scratch.file("quick/classes.csv", &out);
}

fn of_classes(column: &str, task: &str, more: &str) -> String {
    format!(
        r#"
[study]
name = "{column}"
trials = 1
[data]
genotypes = "quick/genotypes.bed"
phenotypes = "quick/classes.csv"
task = "{task}"
trait = "{column}"
split = {{ kind = "kfold", folds = 2 }}
[model]
kind = "cnn"
filters = 8
kernel = 5
l1 = 0.001
learning_rate = 2e-3
[train]
epochs = 12
batch = 16
{more}
"#
    )
}

#[test]
fn several_kinds_share_a_study_and_the_best_is_exported_as_a_plain_one() {
    let scratch = Scratch::new();
    let study = scratch.file(
        "kinds.toml",
        r#"
[study]
trials = 10
seed = 4
[data]
simulate = { preset = "quick", seed = 1, individuals = 120, snps = 600 }
split = { kind = "kfold", folds = 2 }
[model]
kind = ["cnn", "mlp", "local-cnn", "separable-fc", "lstm", "resnet"]
learning_rate = { float = [1e-3, 1e-2], log = true }
[model.cnn]
l1 = 0.01
[model.mlp]
layers = { int = [1, 3] }
[model.local-cnn]
n_layers = 1
[model.separable-fc]
filters = { int = [4, 8] }
neurons = "match"
units = 8
[model.lstm]
units = { int = [4, 8] }
[model.resnet]
filters = { int = [4, 8] }
stages = 2
[train]
epochs = 2
batch = { choice = [16, 32] }
optimizer = { choice = ["adam", "sgd"] }
momentum = { float = [0.0, 0.9] }
repeats = 2
[sampler]
kind = "gp-ucb"
startup = 6
[executor]
workers = 1
"#,
    );
    let check = scratch.run(&["check", study]).succeeds().stdout;
    for layer in ["locally_connected1d", "separable_fc", "lstm", "residual.main.conv1d", "max_pooling1d"] {
        assert!(check.contains(layer), "no `{layer}` in\n{check}");
    }
    scratch.run(&["run", study, "--headless"]).succeeds();
    let show = scratch.show("kinds");
    let trials = show["trials"].as_array().unwrap();
    let mut kinds = BTreeMap::new();
    for trial in trials {
        let params = trial["params"].as_object().unwrap();
        let kind = params["kind"].as_str().unwrap();
        let own = |name: &&String| !name.contains('.') || name.starts_with(&format!("{kind}."));
        assert_eq!(params.keys().find(|name| !own(name)), None, "{trial}");
        assert_eq!(params.contains_key("momentum"), params["optimizer"] == "sgd", "{trial}");
        if trial["state"] == "complete" {
            assert_eq!(trial["folds"].as_array().unwrap().len(), 4, "two repeats of two folds: {trial}");
        }
        *kinds.entry(kind.to_owned()).or_insert(0) += 1;
    }
    assert!(trials.len() == 10 && kinds.len() >= 3, "{kinds:?}");
    let table = scratch.run(&["show", "kinds"]).succeeds().stdout;
    assert!(table.contains("settings") && !table.contains("mlp.units_1"), "{table}");
    scratch.run(&["export", "kinds", "--verify", "-o", "best.toml"]).succeeds();
    let exported = scratch.read("best.toml");
    assert!(exported.contains(show["best"]["params"]["kind"].as_str().unwrap()), "{exported}");
}

#[test]
fn an_included_piece_of_one_kind_keeps_its_settings_among_several() {
    let scratch = Scratch::new();
    let piece = concat!(env!("CARGO_MANIFEST_DIR"), "/configs/dlpipeline-mlp.toml");
    let study = format!(
        r#"
include = ["{piece}"]
[data]
simulate = {{ preset = "quick", seed = 1, individuals = 120, snps = 200 }}
[model]
kind = ["cnn", "mlp"]
[model.mlp]
dropout = 0.25
"#
    );
    let check = scratch.run(&["check", scratch.file("both.toml", &study)]).succeeds().stdout;
    let words = check.split_whitespace().collect::<Vec<_>>().join(" ");
    for fixed in
        ["mlp.units_2 = 32", "mlp.last_activation = softplus", "mlp.dropout = 0.25", "optimizer = sgd"]
    {
        assert!(words.contains(fixed), "no `{fixed}` in {check}");
    }
    assert!(check.contains("cnn.filters"), "{check}");
}

#[test]
fn every_kind_trains_to_a_score_in_its_own_space() {
    let scratch = Scratch::new();
    for kind in ["cnn", "mlp", "local-cnn", "separable-fc", "lstm", "resnet"] {
        let study = format!(
            r#"
[study]
name = "{kind}"
metric = "pearson"
trials = 2
[data]
simulate = {{ preset = "quick", seed = 1, individuals = 120, snps = 600 }}
split = {{ kind = "holdout", fraction = 0.3 }}
[model]
kind = "{kind}"
{}
[train]
epochs = 3
"#,
            // Less leaves no unit of so few SNPs.
            if kind == "local-cnn" {
                "n_layers = 1\nn_initial_units_factor = { float = [0.6, 0.9] }"
            } else {
                ""
            }
        );
        scratch.file("kind.toml", &study);
        scratch.run(&["run", "kind.toml", "--headless"]).succeeds();
        for trial in scratch.show(kind)["trials"].as_array().unwrap() {
            assert_eq!(trial["state"], "complete", "{kind}: {trial}");
        }
    }
}

#[test]
fn a_metric_that_can_have_no_value_is_said_before_anything_is_trained() {
    let scratch = Scratch::new();
    population(&scratch);
    let mut out = "id,set,two\n".to_owned();
    for (i, line) in scratch.read("quick/classes.csv").lines().skip(1).enumerate() {
        let fields: Vec<&str> = line.split(',').collect();
        let set = if fields[1] == "yes" && i % 3 == 0 { "validation" } else { "train" };
        out += &format!("{},{set},{}\n", fields[0], fields[1]);
    }
    scratch.file("quick/classes.csv", &out);
    let text = of_classes("two", "binary", "").replace(
        r#"{ kind = "kfold", folds = 2 }"#,
        r#"{ kind = "column", column = "set", validate = ["validation"] }"#,
    );
    scratch.file("one-sided.toml", &text);
    for command in ["check", "run"] {
        scratch.run(&[command, "one-sided.toml"]).fails(2, &["`auroc`", "fold 1", "class"]);
    }
}

#[test]
fn classes_and_labels_are_predicted_better_than_by_chance() {
    let scratch = Scratch::new();
    population(&scratch);
    let score = |study: &str, text: &str| {
        scratch.file(&format!("{study}.toml"), text);
        scratch.run(&["run", &format!("{study}.toml"), "--headless"]).succeeds();
        let show = scratch.show(study);
        (show["study"]["metric"].as_str().unwrap().to_owned(), show["best"]["score"].as_f64().unwrap())
    };
    let (metric, two) = score("two", &of_classes("two", "binary", "class_weights = \"balanced\""));
    assert!(metric == "auroc" && two > 0.6, "{metric} {two}");
    let (metric, three) = score("three", &of_classes("three", "multi-class", ""));
    assert!(metric == "balanced-accuracy" && three > 0.4, "{metric} {three}");
    let labels = r#"
[study]
name = "labels"
trials = 1
[data]
simulate = { preset = "tf-binding", seed = 1, per_type = 150, validation_per_type = 50 }
split = { kind = "column", column = "set", validate = ["validation"] }
[model]
kind = "separable-fc"
preset = "symmetric"
filters = 16
learning_rate = 3e-3
[train]
epochs = 12
batch = 25
"#;
    let (metric, labels) = score("labels", labels);
    assert!(metric == "auroc" && labels > 0.7, "{metric} {labels}");
}

#[test]
fn the_markers_that_matter_are_those_near_the_qtl() {
    let scratch = Scratch::new();
    let study = scratch.file(
        "qtl.toml",
        r#"
[study]
metric = "pearson"
trials = 1
seed = 1
[data]
simulate = { preset = "quick", seed = 1 }
[model]
kind = "cnn"
filters = 16
kernel = 5
l1 = 0.002
learning_rate = 1e-3
[train]
epochs = 60
batch = 32
early_stopping = { patience = 10 }
"#,
    );
    scratch.run(&["run", study, "--headless"]).succeeds();
    let listed = scratch.run(&["show", "qtl", "--importance"]).succeeds().stdout;
    assert!(listed.starts_with("the study searches no parameter"), "{listed}");
    assert_eq!(listed.lines().count(), 1 + 2 + 20, "{listed}");
    let all = scratch.run(&["show", "qtl", "--importance", "--csv"]).succeeds().stdout;
    let rows: Vec<Vec<&str>> = all.lines().skip(1).map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 1200);
    assert!(rows.iter().all(|row| !row[6].is_empty()), "the output's weights stand at each SNP");
    // Twenty windows of 11 SNPs, the strongest first, none in another: 18 % of the genome at most.
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let importance = |i: usize| rows[i][4].parse::<f64>().unwrap();
    order.sort_by(|a, b| importance(*b).total_cmp(&importance(*a)));
    let mut centres: Vec<usize> = vec![];
    for i in order {
        if centres.len() < 20 && centres.iter().all(|c| c.abs_diff(i) > 5) {
            centres.push(i);
        }
    }
    let effects = scratch.read("data/quick-1/effects.csv");
    let (mut found, mut all_qtl, mut strong_found, mut strong) = (0, 0, 0, 0);
    for line in effects.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let at = rows.iter().position(|row| row[1] == fields[0]).unwrap();
        let near = centres.iter().any(|c| c.abs_diff(at) <= 5);
        let is_strong = fields[3].parse::<f64>().unwrap().abs() > 0.2;
        all_qtl += 1;
        found += usize::from(near);
        strong += usize::from(is_strong);
        strong_found += usize::from(near && is_strong);
    }
    eprintln!("{found} of {all_qtl} QTL, {strong_found} of the {strong} strong ones in the top 20 windows");
    // By chance it would be 18 % of either.
    assert!(
        found * 3 >= all_qtl && strong_found * 4 >= strong * 3,
        "{found} {all_qtl} {strong_found} {strong}"
    );
}

#[test]
fn what_can_not_be_trained_is_said_before_or_fails_its_trial_alone() {
    let scratch = Scratch::new();
    population(&scratch);
    let check = |name: &str, text: &str| {
        scratch.file(&format!("{name}.toml"), text);
        scratch.run(&["check", &format!("{name}.toml")])
    };
    let sized =
        |kernel: &str| of_classes("two", "binary", "").replace("kernel = 5", &format!("kernel = {kernel}"));
    // The whole space: nothing starts. A part of it: those trials fail and the study goes on.
    check("long", &sized("{ int = [400, 500] }")).fails(2, &["no network", "kernel", "300 positions"]);
    let part = sized("{ int = [150, 450] }").replace("trials = 1", "trials = 8");
    assert!(check("part", &part).succeeds().stdout.contains("can't be trained"));
    scratch.run(&["run", "part.toml", "--headless", "--set", "train.epochs=1"]).succeeds();
    let part = scratch.show("two");
    let states: Vec<&str> =
        part["trials"].as_array().unwrap().iter().map(|t| t["state"].as_str().unwrap()).collect();
    assert!(states.contains(&"failed") && states.contains(&"complete"), "{states:?}");
    check("one", &of_classes("one", "binary", "")).fails(1, &["`one`", "same"]);
    check("four", &of_classes("four", "binary", "")).fails(1, &["`four`", "multi-class"]);
    let kinds = sized("5").replace("kind = \"cnn\"", "kind = [\"mlp\", \"resnet\"]");
    let kinds = kinds.replace("filters = 8\nkernel = 5\nl1 = 0.001", "[model.resnet]\nkernel = 4\n[model]");
    let kinds = kinds.replacen("[model]\nlearning_rate = 2e-3", "", 1);
    let checked = check("even", &kinds).succeeds().stdout;
    assert!(checked.contains("no `resnet` of this space can be trained"), "{checked}");
    let norm = |batch: &str| {
        let text =
            of_classes("two", "binary", "").replace("kernel = 5", "kernel = 5\nbatch_norm = \"after\"");
        text.replace("batch = 16", batch)
    };
    check("norm", &norm("batch = 1")).fails(2, &["batch norm", "`train.batch`"]);
    assert!(check("norms", &norm("batch = { choice = [1, 16] }")).succeeds().stdout.contains("batch norm"));
    let huge = of_classes("two", "binary", "")
        .replace("kernel = 5", "kernel = 5\ndense_layers = 2\ndense_units_1 = 65536\ndense_units_2 = 65536");
    check("huge", &huge).fails(2, &["memory", "GB"]);
    let stride = of_classes("two", "binary", "").replace("kernel = 5", "kernel = 5\nstride = 299\npool = 4");
    check("stride", &stride).fails(2, &["pool 4", "lower"]);
    let loss = of_classes("two", "binary", "loss = \"categorical-crossentropy\"");
    check("loss", &loss).fails(2, &["categorical-crossentropy", "binary"]);
}
