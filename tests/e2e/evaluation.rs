//! The test set: what trials may not know, and what a study says that selects on it.

use std::fmt::Write;

use tune_tui::wire;

use crate::program::Scratch;

const INDIVIDUALS: usize = 60;
/// The last twelve individuals are of generation 3, which is the test set.
const TEST: usize = 12;

/// Genotypes of 24 SNPs that differ between individuals and have some missing ones.
fn genotypes() -> String {
    let mut text = String::from("id");
    (0..24).for_each(|snp| write!(text, ",s{snp}").unwrap());
    for i in 0..INDIVIDUALS {
        write!(text, "\ni{i}").unwrap();
        for snp in 0..24 {
            let dosage = (i * (snp + 3) + i * i % (snp + 5)) % 3;
            let missing = (i + snp).is_multiple_of(17);
            write!(text, ",{}", if missing { "NA".to_owned() } else { dosage.to_string() }).unwrap();
        }
    }
    text + "\n"
}

/// Trait values, families and generations; `changed` gives some individuals another value.
fn phenotypes(changed: impl Fn(usize) -> bool) -> String {
    let mut text = String::from("id,y,family,generation\n");
    for i in 0..INDIVIDUALS {
        let value = ((i * 37) % 23) as f64 / 4.0 + if changed(i) { 1000.0 - i as f64 } else { 0.0 };
        let generation = if i + TEST >= INDIVIDUALS { 3 } else { 1 + i / 24 };
        writeln!(text, "i{i},{value},f{},{generation}", i % 4).unwrap();
    }
    text
}

/// The score of one fixed network in a study with this split.
fn score(scratch: &Scratch, name: &str, split: &str) -> f64 {
    let [genotypes, phenotypes] = ["g.csv", name].map(|file| scratch.path().join(file).display().to_string());
    let study = format!(
        r#"
[study]
trials = 1
[data]
genotypes = "{genotypes}"
phenotypes = "{phenotypes}"
trait = "y"
qc = {{ maf = 0.05 }}
{split}
[model]
kind = "mlp"
layers = 1
units_1 = 4
activation = "relu"
dropout = 0.0
learning_rate = 0.01
[train]
epochs = 2
batch = 16
"#
    );
    wire::score_of(&study).unwrap_or_else(|e| panic!("{split}: {e:#}"))
}

#[test]
fn no_score_depends_on_the_trait_of_test_rows() {
    let scratch = Scratch::new();
    let is_test = |i: usize| i + TEST >= INDIVIDUALS;
    scratch.file("g.csv", &genotypes());
    scratch.file("plain.csv", &phenotypes(|_| false));
    scratch.file("test.csv", &phenotypes(is_test));
    scratch.file("training.csv", &phenotypes(|i| i == 5));
    let test = r#"test = { column = "generation", values = [3] }"#;
    for split in [
        r#"{ kind = "holdout", fraction = 0.25 }"#,
        r#"{ kind = "kfold", folds = 2 }"#,
        r#"{ kind = "repeated-kfold", folds = 2, repeats = 2 }"#,
        r#"{ kind = "leave-family-out", column = "family" }"#,
        r#"{ kind = "leave-family-out", column = "family", folds = 2 }"#,
        r#"{ kind = "forward", column = "generation" }"#,
        r#"{ kind = "column", column = "generation" }"#,
        r#"{ kind = "column", column = "generation", validate = [2] }"#,
    ] {
        let split = format!("split = {split}\n{test}");
        let [plain, other, training] =
            ["plain.csv", "test.csv", "training.csv"].map(|name| score(&scratch, name, &split));
        assert_eq!(plain.to_bits(), other.to_bits(), "{split}");
        assert_ne!(plain.to_bits(), training.to_bits(), "the trait has no effect at all: {split}");
    }
    // Without the test set the same change is felt.
    let split = r#"split = { kind = "kfold", folds = 2 }"#;
    assert_ne!(score(&scratch, "plain.csv", split), score(&scratch, "test.csv", split));
}

const ON_TEST: &str = r#"
[study]
name = "papers"
select_on = "test"
trials = 3
[data]
simulate = { preset = "quick", seed = 1, individuals = 120, snps = 200 }
test = { fraction = 0.25 }
[model]
kind = "mlp"
layers = 1
units_1 = { int = [2, 8] }
learning_rate = 0.01
[train]
epochs = 2
[sampler]
kind = "random"
"#;

#[test]
fn a_study_that_selects_on_its_test_set_says_so_everywhere() {
    const CAUTION: &str = "selected on TEST";
    let scratch = Scratch::new();
    let study = scratch.file("papers.toml", ON_TEST);
    let check = scratch.run(&["check", study]).succeeds().stdout;
    assert!(check.contains("90 to train on") && check.contains("30 to validate on"), "{check}");
    assert!(check.contains(CAUTION), "{check}");
    let run = scratch.run(&["run", study, "--headless"]).succeeds().stdout;
    let scored: Vec<&str> = run.lines().filter(|line| line.contains(" mse ")).collect();
    // A line for each trial and for the baseline, and the last ones for the best and for both.
    assert!(scored.len() >= 5, "{run}");
    assert!(scored.iter().all(|line| line.contains(CAUTION)), "{run}");
    for arguments in [&["list"][..], &["show", "papers"], &["show", "papers", "--trial", "1"]] {
        let shown = scratch.run(arguments).succeeds().stdout;
        assert!(shown.contains(CAUTION), "{arguments:?}: {shown}");
    }
    let show = scratch.show("papers");
    assert_eq!((&show["study"]["select_on"], &show["best"]["selected_on"]), (&"test".into(), &"test".into()));
    scratch.run(&["export", "papers", "--verify"]).succeeds();
    assert!(scratch.read("configs/best/papers.toml").contains(CAUTION));
    // The same store is no place for a study that validates.
    let honest = ON_TEST.replace("select_on = \"test\"\n", "");
    scratch.file("papers.toml", &honest);
    scratch.run(&["run", study, "--headless"]).fails(1, &["papers"]);
}

#[test]
fn check_says_how_large_the_test_set_is_and_show_which_trials_are_tied() {
    let scratch = Scratch::new();
    let text = ON_TEST.replace("select_on = \"test\"\n", "");
    let study = scratch.file("papers.toml", &text);
    let check = scratch.run(&["check", study]).succeeds().stdout;
    assert!(check.contains("5 folds") && check.contains("72 to train on"), "{check}");
    assert!(check.contains("test set: 30 individuals that no trial sees"), "{check}");
    let run = scratch.run(&["run", study, "--headless"]).succeeds().stdout;
    assert!(run.contains("tied with the best"), "{run}");
    let show = scratch.show("papers");
    let best = show["best"]["trial"].as_u64();
    for trial in show["trials"].as_array().unwrap() {
        let is_best = trial["id"].as_u64() == best;
        // The best is compared with nothing; the others have a verdict that fits their p.
        assert_eq!(trial.get("tied").is_none(), is_best, "{trial}");
        if !is_best {
            assert_eq!(trial["tied"].as_bool().unwrap(), trial["p"].as_f64().unwrap() >= 0.05, "{trial}");
        }
    }
}
