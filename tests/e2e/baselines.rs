//! `tune-tui baseline`.

use serde_json::Value;

use crate::program::{SMALL, Scratch};

/// The lines of `--json` without what depends on the clock.
fn lines(text: &str) -> Vec<Value> {
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &mut lines {
        assert!(line.as_object_mut().unwrap().remove("seconds").unwrap().is_f64(), "{line}");
    }
    lines
}

#[test]
fn baselines_are_scored_on_the_folds_of_a_study_and_leave_nothing_behind() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", SMALL);
    let names = ["gblup", "gblup-dominance", "gaussian-kernel"];
    let json = |extra: &[&str]| {
        let mut words = vec!["baseline", study, "--json"];
        words.extend(names.iter().chain(extra));
        lines(&scratch.run(&words).succeeds().stdout)
    };
    let found = json(&[]);
    assert_eq!(found.iter().map(|l| l["baseline"].as_str().unwrap()).collect::<Vec<_>>(), names);
    for line in &found {
        assert_eq!(line["on"], "validation");
        assert!(line["mse"].as_f64().unwrap() > 0.0 && line["pearson"].as_f64().unwrap() > 0.0, "{line}");
        assert!((line["rmse"].as_f64().unwrap().powi(2) / line["mse"].as_f64().unwrap() - 1.0).abs() < 0.1);
    }
    assert_eq!(json(&["--set", "study.seed=3"]), found, "the same seed, the same bits");
    let table = scratch.run(&["baseline", study, "gaussian-kernel", "gblup"]).succeeds();
    let rows: Vec<&str> = table.stdout.lines().collect();
    assert!(rows[0].starts_with("baseline") && rows[0].contains("mse") && rows[0].contains("pearson"));
    assert!(rows[1].starts_with("gblup ") && rows[2].starts_with("gaussian-kernel "), "{table:#?}");
    assert!(table.stderr.contains("gblup: fold 2 of 2"), "{table:#?}");
    assert!(!scratch.path().join("runs").exists(), "no store is made");
}

#[test]
fn wrong_names_files_and_data_are_refused() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", SMALL);
    scratch.run(&["baseline", study, "gblub"]).fails(2, &["no baseline `gblub`", "did you mean `gblup`?"]);
    scratch.run(&["baseline", study, "deep-thought"]).fails(2, &["gblup, gblup-dominance, gaussian-kernel"]);
    scratch.run(&["baseline", "absent.toml"]).fails(2, &["absent.toml"]);
    let other = scratch.file("notes.txt", "to do: everything\n");
    scratch.run(&["baseline", other]).fails(2, &["notes.txt:1"]);
    let sequences = scratch.file(
        "dna.toml",
        r#"
[study]
metric = "auroc"
trials = 1
[data]
simulate = { preset = "tf-binding", seed = 1, per_type = 20, validation_per_type = 10 }
split = { kind = "column", column = "set", validate = ["validation"] }
[model]
filters = 2
kernel = 3
"#,
    );
    scratch.run(&["baseline", sequences]).fails(2, &["sequences of bases"]);
}
