//! kill -9 at any moment: nothing that finished is lost, and the search goes on as if nothing had
//! happened.

use std::process::{Child, Stdio};
use std::time::Duration;

use crate::program::{Run, SMALL, Scratch, signal, timeless};

const JOURNAL: &str = "runs/small/journal.jsonl";

fn start(scratch: &Scratch, arguments: &[&str]) -> Child {
    scratch.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until the journal has `lines` lines or the program has ended by itself.
fn wait_for_lines(scratch: &Scratch, child: &mut Child, lines: usize) {
    loop {
        let journal = std::fs::read(scratch.path().join(JOURNAL)).unwrap_or_default();
        if journal.iter().filter(|b| **b == b'\n').count() >= lines || child.try_wait().unwrap().is_some() {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn killed_again_and_again_it_ends_as_if_it_had_not_been() {
    survives_kills("", &["complete"]);
}

#[test]
fn a_study_with_a_pruner_does_so_too() {
    survives_kills("[pruner]\nkind = \"median\"\nstartup = 2\nwarmup = 3\n", &["complete", "pruned"]);
}

#[test]
fn a_study_that_promotes_what_it_paused_does_so_too() {
    survives_kills("[pruner]\nkind = \"asha\"\n", &["complete", "pruned"]);
}

#[test]
fn trials_that_were_paused_and_promoted_end_with_the_bits_of_those_that_never_were() {
    // The random sampler asks the same, whatever became of other trials.
    let text =
        SMALL.replace("gp-ucb", "random").replace("startup = 3\n", "").replace("trials = 6", "trials = 40");
    let text = text.replace("epochs = 4", "epochs = 12\nearly_stopping = { patience = 4 }");
    let run = |pruner: &str| {
        let scratch = Scratch::new();
        let study = scratch.file("small.toml", &(text.clone() + pruner));
        scratch.run(&["run", study, "--headless"]).succeeds();
        scratch
    };
    // One rung, within the second fold: who is promoted trains to the end.
    let (whole, paused) = (run(""), run("[pruner]\nkind = \"asha\"\nmin_resource = 14\nreduction = 2\n"));
    let promoted: Vec<u64> = paused
        .read(JOURNAL)
        .lines()
        .filter(|line| line.contains("\"trial_promoted\""))
        .map(|line| serde_json::from_str::<serde_json::Value>(&line[line.find('{').unwrap()..]).unwrap())
        .map(|record| record["trial"].as_u64().unwrap())
        .collect();
    let (expected, found) = (timeless(&whole.show("small")), timeless(&paused.show("small")));
    let same = |trial: &u64| {
        let of = |all: &serde_json::Value| all[*trial as usize].clone();
        let (expected, found) = (of(&expected), of(&found));
        assert_eq!(found["params"], expected["params"], "trial {trial}");
        if found["state"] == "complete" {
            assert_eq!((&found["score"], &found["folds"]), (&expected["score"], &expected["folds"]));
        }
        found["state"] == "complete"
    };
    assert!(promoted.iter().filter(|trial| same(trial)).count() > 0, "of {promoted:?} one is complete");
    assert!(!paused.read(JOURNAL).contains("trained again"), "their state was kept");
    let states = std::fs::read_dir(paused.path().join("runs/small/checkpoints")).unwrap();
    let left = states.filter(|entry| entry.as_ref().unwrap().path().join("state").exists()).count();
    assert_eq!(left, 0, "nothing is kept of a study that is done");
}

/// Kills a study of six trials at many moments and compares what becomes of it with the same study left
/// alone. All of `states` must occur, and no others.
fn survives_kills(pruner: &str, states: &[&str]) {
    let undisturbed = Scratch::new();
    let text = SMALL.replace("epochs = 4", "epochs = 100") + pruner;
    let study = undisturbed.file("small.toml", &text);
    undisturbed.run(&["run", study, "--headless"]).succeeds();
    let expected = undisturbed.show("small");
    assert_eq!(expected["trials"].as_array().unwrap().len(), 6);

    let scratch = Scratch::new();
    scratch.file("small.toml", &text);
    // Each kill falls a few records later: in a start, in a fold, between trials, in the sampler's ask.
    for lines in [1, 3, 90, 217, 300, 431, 650, 901] {
        let mut child = start(&scratch, &["run", study, "--headless"]);
        wait_for_lines(&scratch, &mut child, lines);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    scratch.run(&["run", study, "--headless"]).succeeds();
    let resumed = scratch.show("small");
    let requeued = scratch.read(JOURNAL).matches("trial_requeued").count();
    assert!(requeued >= 3, "the kills must fall into running trials: {requeued} did");
    assert_eq!(timeless(&resumed), timeless(&expected));
    let mut found: Vec<&str> =
        resumed["trials"].as_array().unwrap().iter().map(|t| t["state"].as_str().unwrap()).collect();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, states, "none is left running");
}

#[test]
fn term_saves_all_and_says_how_to_resume() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", SMALL);
    let mut child = start(&scratch, &["run", study, "--headless", "--trials", "500"]);
    wait_for_lines(&scratch, &mut child, 20);
    signal(child.id(), "TERM");
    let run = Run::of(child.wait_with_output().unwrap()).fails(130, &["resume", "small.toml"]);
    assert!(!run.stderr.contains("panicked"));
    let left = scratch.show("small");
    for trial in left["trials"].as_array().unwrap() {
        assert_ne!(trial["state"], "running", "a stopped study leaves nothing running");
    }
    // The total is a total: the six trials of the file, never "six more".
    scratch.run(&["run", study, "--headless", "--trials", "8"]).succeeds();
    assert_eq!(scratch.show("small")["trials"].as_array().unwrap().len(), 8);
}

#[test]
fn a_second_process_on_the_same_store_is_told_so() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", SMALL);
    let mut first = start(&scratch, &["run", study, "--headless", "--trials", "500"]);
    wait_for_lines(&scratch, &mut first, 5);
    let pid = first.id().to_string();
    scratch.run(&["run", study, "--headless"]).fails(1, &["already running", &pid]);
    scratch.run(&["run", study, "--headless", "--fresh"]).fails(1, &["already running", &pid]);
    // Looking is allowed while it runs.
    assert!(scratch.show("small")["trials"].is_array());
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn a_damaged_index_is_rebuilt_and_a_torn_journal_is_mended() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", SMALL);
    scratch.run(&["run", study, "--headless", "--trials", "4"]).succeeds();
    let before = timeless(&scratch.show("small"));
    for entry in std::fs::read_dir(scratch.path().join("runs/small/index.sled")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::write(&path, b"not a database").unwrap();
        }
    }
    let mut journal = std::fs::OpenOptions::new().append(true).open(scratch.path().join(JOURNAL)).unwrap();
    std::io::Write::write_all(&mut journal, b"0000abcd {\"sequence\":").unwrap();
    drop(journal);
    let run = scratch.run(&["run", study, "--headless", "--trials", "5"]).succeeds();
    let said = format!("{}{}", run.stdout, run.stderr);
    assert!(said.contains("rebuilt"), "{said}");
    let after = timeless(&scratch.show("small"));
    assert_eq!(after.as_array().unwrap().len(), 5);
    assert_eq!(&after.as_array().unwrap()[..4], before.as_array().unwrap().as_slice());
}
