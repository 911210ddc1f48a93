//! Every command, as typed.

use serde_json::Value;

use crate::program::{SMALL, Scratch};

#[test]
fn json_lines_are_the_events_and_a_summary() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", SMALL);
    let run = scratch.run(&["run", study, "--json"]).succeeds();
    let lines: Vec<Value> = run.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines[0]["event"], "study_created");
    for (i, line) in lines[..lines.len() - 1].iter().enumerate() {
        assert_eq!(line["sequence"], i, "every event as it is stored");
    }
    let summary = &lines.last().unwrap()["summary"];
    assert_eq!(summary["study"], "small");
    assert_eq!(summary["trials"]["complete"], 6);
    let best = summary["best"]["trial"].as_u64().unwrap();
    let scores: Vec<f64> = lines
        .iter()
        .filter(|l| l["event"] == "trial_completed")
        .map(|l| l["score"].as_f64().unwrap())
        .collect();
    assert_eq!(scores.len(), 6);
    let least = scores.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(summary["best"]["score"].as_f64().unwrap(), least);
    assert!(summary["best"]["params"]["filters"].is_i64());

    let show = scratch.show("small");
    assert_eq!(show["best"]["trial"].as_u64().unwrap_or(best), best);
    assert_eq!(show["trials"][0]["folds"].as_array().unwrap().len(), 2);
}

#[test]
fn same_seed_same_trials_whatever_the_threads() {
    let one = Scratch::new();
    let study = one.file("small.toml", SMALL);
    one.run(&["run", study, "--headless", "--set", "executor.threads=1"]).succeeds();
    let two = Scratch::new();
    two.file("small.toml", SMALL);
    two.run(&["run", study, "--headless", "--set", "executor.threads=2"]).succeeds();
    assert_eq!(crate::program::timeless(&one.show("small")), crate::program::timeless(&two.show("small")));
}

#[test]
fn an_exported_config_is_a_study_that_reproduces_its_score() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", SMALL);
    scratch.run(&["run", study, "--headless"]).succeeds();
    let run = scratch.run(&["export", "small", "--verify"]).succeeds();
    assert!(run.stderr.contains("configs/best/small.toml"), "{run:#?}");
    assert!(run.stderr.contains("exactly"), "{run:#?}");

    let best = scratch.run(&["run", study, "--json"]).succeeds();
    let summary: Value = serde_json::from_str(best.stdout.lines().last().unwrap()).unwrap();
    let again = scratch.run(&["run", "configs/best/small.toml", "--json"]).succeeds();
    let reproduced: Value = serde_json::from_str(again.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(reproduced["summary"]["best"]["score"], summary["summary"]["best"]["score"]);
}

#[test]
fn verify_tells_when_a_score_is_not_reproduced() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", SMALL);
    scratch.run(&["run", study, "--headless", "--trials", "1"]).succeeds();
    // Other data under the same name: the recorded score can't come out again.
    let data = std::fs::read_dir(scratch.path().join("data")).unwrap().next().unwrap().unwrap().path();
    let phenotypes = data.join("phenotypes.csv");
    let text = std::fs::read_to_string(&phenotypes).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let cut = lines[1].rfind(',').unwrap();
    lines[1] = format!("{},99.5", &lines[1][..cut]);
    std::fs::write(&phenotypes, lines.join("\n") + "\n").unwrap();
    scratch.run(&["export", "small", "--verify"]).fails(1, &["not reproduced"]);
    // Nor does the study itself go on as if nothing had happened.
    scratch.run(&["run", study, "--headless"]).fails(1, &["changed", "--fresh"]);
}

#[test]
fn exports_list_the_top_trials() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", SMALL);
    scratch.run(&["run", study, "--headless"]).succeeds();
    let csv = scratch.run(&["export", "small", "--format", "csv", "--top", "3", "-o", "-"]).succeeds();
    assert_eq!(csv.stdout.lines().count(), 4, "{}", csv.stdout);
    assert!(csv.stdout.lines().next().unwrap().contains("filters"));
    let json =
        scratch.run(&["export", study, "--format", "json", "--top", "2", "-o", "best.json"]).succeeds();
    assert_eq!(json.stdout, "");
    let parsed: Value = serde_json::from_str(&scratch.read("best.json")).unwrap();
    assert!(parsed.to_string().contains("learning_rate"));
    let third = scratch.run(&["export", "small", "--trial", "3", "-o", "-"]).succeeds();
    assert!(third.stdout.contains("small-trial-3"), "{}", third.stdout);
    scratch.run(&["export", "small", "--format", "yaml"]).fails(2, &["yaml", "toml"]);
    scratch.run(&["export", "nowhere"]).fails(1, &["nowhere"]);
}

#[test]
fn check_shows_what_would_be_done_and_trains_nothing() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", SMALL);
    let run = scratch.run(&["check", study]).succeeds();
    for fragment in ["120", "filters", "2 folds", "conv", "dense"] {
        assert!(run.stdout.contains(fragment), "no `{fragment}` in\n{}", run.stdout);
    }
    assert!(!scratch.path().join("runs").exists(), "check leaves no store");
}

#[test]
fn list_and_show_find_studies_by_name_file_or_folder() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", SMALL);
    let empty = scratch.run(&["list"]).succeeds();
    assert!(empty.stderr.contains("no studies"), "{empty:#?}");
    scratch.run(&["run", study, "--headless", "--store", "else where/é"]).succeeds();
    let list = scratch.run(&["list", "else where/é"]).succeeds();
    assert!(list.stdout.contains("small") && list.stdout.contains("6/6"), "{}", list.stdout);
    for name in ["small", "small.toml", "else where/é/small"] {
        let run = scratch.run(&["show", name, "--store", "else where/é"]).succeeds();
        assert!(run.stdout.contains("complete"), "{}", run.stdout);
    }
    let one = scratch.run(&["show", "small", "--store", "else where/é", "--trial", "2"]).succeeds();
    assert!(one.stdout.contains("trial 2"), "{}", one.stdout);
    scratch.run(&["show", "small", "--store", "else where/é", "--trial", "99"]).fails(2, &["99", "0 to 5"]);
}

#[test]
fn simulate_writes_the_same_files_each_time_and_overwrites_none() {
    let scratch = Scratch::new();
    let arguments = ["simulate", "quick", "--set", "individuals=60", "--set", "snps=100", "-o"];
    let into = |folder: &'static str| [&arguments[..], &[folder]].concat();
    scratch.run(&into("a")).succeeds();
    scratch.run(&into("b")).succeeds();
    for file in ["genotypes.bed", "genotypes.bim", "genotypes.fam", "phenotypes.csv", "effects.csv"] {
        let read = |folder: &str| std::fs::read(scratch.path().join(folder).join(file)).unwrap();
        assert_eq!(read("a"), read("b"), "{file}");
    }
    scratch.run(&into("a")).fails(1, &["exists"]);
    scratch.run(&["simulate", "quik", "-o", "c"]).fails(2, &["quick"]);
    scratch.run(&["simulate", "quick", "-o", "c", "--set", "individuels=9"]).fails(2, &["individuals"]);
}

#[test]
fn a_study_without_one_complete_trial_ends_with_code_3() {
    let scratch = Scratch::new();
    let text = SMALL.replace("learning_rate = { float = [1e-3, 1e-2], log = true }", "learning_rate = 10.0");
    let study = scratch.file("small.toml", &text.replace("l1 = 0.01", "l1 = 1e6"));
    let run = scratch.run(&["run", study, "--headless", "--set", "train.optimizer=sgd"]).fails(3, &[]);
    assert!(run.stdout.contains("learning rate"), "each failure says what to do: {}", run.stdout);
    let show = scratch.show("small");
    assert!(show["trials"].as_array().unwrap().iter().all(|t| t["state"] == "failed"), "{show}");
}
