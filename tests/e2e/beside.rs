//! What is computed beside the trials: baselines in a study, and marker effects in the dashboard.

use crate::program::{SMALL, Scratch, timeless};
use crate::terminal::Terminal;

#[test]
fn a_studys_baselines_are_computed_once_and_change_no_trial() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", SMALL);
    let run = scratch.run(&["run", study, "--headless"]).succeeds();
    assert_eq!(run.stdout.matches("baseline gblup: mse ").count(), 1, "{run:#?}");
    assert!(
        run.stdout.contains("baselines: gblup ") && run.stdout.contains("against gblup, trial "),
        "{run:#?}"
    );
    let show = scratch.show("small");
    let baseline = &show["baselines"][0];
    assert_eq!((&baseline["baseline"], &baseline["on"]), (&"gblup".into(), &"validation".into()));
    assert_eq!(baseline["folds"].as_array().unwrap().len(), 2);
    let fold = |i: usize| baseline["folds"][i]["mse"].as_f64().unwrap();
    let mean = baseline["mse"].as_f64().unwrap();
    assert!((mean - (fold(0) + fold(1)) / 2.0).abs() < 1e-12 && mean > 0.0, "{baseline}");
    let table = scratch.run(&["show", "small"]).succeeds().stdout;
    assert!(table.lines().any(|line| line.starts_with("gblup ") && line.contains("baseline")), "{table}");

    let again = scratch.run(&["run", study, "--headless", "--trials", "7"]).succeeds();
    assert!(!again.stdout.contains("baseline gblup: "), "it is known already: {again:#?}");
    assert_eq!(scratch.show("small")["baselines"], show["baselines"]);

    let without = Scratch::new();
    let study = without.file("small.toml", &SMALL.replace("seed = 3", "seed = 3\nbaselines = \"none\""));
    without.run(&["run", study, "--headless"]).succeeds();
    let alone = without.show("small");
    assert_eq!((timeless(&alone), alone["baselines"].as_array().unwrap().len()), (timeless(&show), 0));
    // Asked for later, they are computed although all trials have ended.
    without.run(&["run", study, "--headless", "--set", "study.baselines=gblup"]).succeeds();
    let mut later = without.show("small")["baselines"].clone();
    let mut first = show["baselines"].clone();
    for baseline in [&mut later[0], &mut first[0]] {
        baseline.as_object_mut().unwrap().remove("seconds");
    }
    assert_eq!(later, first);
}

#[test]
fn marker_effects_of_a_finished_trial_are_shown() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", &SMALL.replace("seed = 3", "seed = 3\nkeep_checkpoints = 1"));
    let mut terminal = Terminal::start(&scratch, &[study], 30, 100);
    terminal.wait_for_text("finished");
    terminal.press("m");
    let effects = terminal.wait_for_text("what a copy of the counted allele adds");
    assert!(effects.contains("snp") && effects.contains("strength 1 of the genome"), "{effects}");
    assert!(effects.contains("QTL") && effects.contains(" away"), "simulated data know theirs: {effects}");
    terminal.press("+");
    terminal.wait_for_text("strength 1 of the chromosome");
    terminal.press("-m");
    terminal.wait_for_text("mean gradient × input");
    terminal.press("\u{1b}");
    terminal.wait_for_text("Leaderboard");
    // Only the best one kept its weights.
    terminal.press("jjjm");
    terminal.wait_for_text("were not kept: only the best 1 trials keep theirs");
    terminal.press("q");
    assert_eq!(terminal.wait_for_exit(), 0);
}
