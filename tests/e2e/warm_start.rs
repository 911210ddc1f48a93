//! A study that learns from trials of elsewhere.

use crate::program::{SMALL, Scratch};

const JOURNAL: &str = "runs/next/journal.jsonl";

#[test]
fn a_study_learns_from_another_and_from_its_table_and_reads_each_once() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", SMALL);
    scratch.run(&["run", study, "--headless"]).succeeds();
    scratch.run(&["export", "small", "--format", "csv", "--top", "4", "-o", "best.csv"]).succeeds();
    let next = ["run", study, "--headless", "--set", "study.name=next", "--set"];
    let with = |more: &[&'static str]| scratch.run(&[&next[..], more].concat());
    let check = ["check", study, "--set", "sampler.warm_start=[\"runs/small\"]"];
    assert!(scratch.run(&check).succeeds().stdout.contains("6 trials of runs/small inform the sampler"));
    with(&["sampler.warm_start=[\"runs/small\"]", "--trials", "1"]).succeeds();
    // The process begins at once: it has the three scored trials that it starts from.
    let trials = scratch.show("next")["trials"].clone();
    assert_eq!(trials.as_array().unwrap().len(), 1);
    assert!(scratch.read(JOURNAL).contains(r#""origin":{"by":"gp-ucb""#), "{}", scratch.read(JOURNAL));
    with(&["sampler.warm_start=[\"runs/small\", \"best.csv\"]", "--trials", "2"]).succeeds();
    let shown = scratch.show("next");
    let imported = serde_json::json!([
        { "source": "runs/small", "trials": 6 },
        { "source": "best.csv", "trials": 4 },
    ]);
    assert_eq!(shown["imported"], imported);
    assert_eq!(shown["trials"].as_array().unwrap().len(), 2);
    assert_eq!(scratch.read(JOURNAL).matches("trials_imported").count(), 2);
    let words = scratch.run(&["show", "next"]).succeeds().stdout;
    assert!(words.contains("learns from 6 trials of runs/small besides"), "{words}");
    let twice = with(&["sampler.warm_start=[\"runs/next\"]"]);
    twice.fails(1, &["runs/next, which is this study itself"]);
}

#[test]
fn a_source_that_is_no_use_stops_the_study_before_it_has_lost_anything() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", SMALL);
    scratch.run(&["run", study, "--headless", "--trials", "1"]).succeeds();
    let before = scratch.read("runs/small/journal.jsonl");
    let with = |source: &str| {
        let set = format!("sampler.warm_start=[\"{source}\"]");
        scratch.run(&["run", study, "--headless", "--fresh", "--set", &set])
    };
    with("gone.csv").fails(1, &["gone.csv", "no such file or folder"]);
    scratch.file("bad.csv", "filters,kernel,learning_rate,mse\n99,5,0.005,1\n");
    with("bad.csv").fails(1, &["none of its trials belongs to the search space", "line 2: `filters` is 99"]);
    assert_eq!(scratch.read("runs/small/journal.jsonl"), before);
}
