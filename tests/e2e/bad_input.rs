//! Broken input of every kind: a clear error that names the place and the remedy, and nothing lost.

use std::fs;

use crate::program::{SMALL, Scratch, timeless};

/// A population as files, and a study that reads them.
fn files(scratch: &Scratch) -> String {
    scratch
        .run(&["simulate", "quick", "-o", "pop", "--set", "individuals=60", "--set", "snps=100"])
        .succeeds();
    SMALL.replace(
        r#"simulate = { preset = "quick", seed = 1, individuals = 120, snps = 200 }"#,
        "genotypes = \"pop/genotypes.bed\"\nphenotypes = \"pop/phenotypes.csv\"\ntrait = \"y\"",
    )
}

/// `change` breaks the population; `check` must then fail with the fragments.
#[track_caller]
fn broken(change: impl Fn(&Scratch, String) -> String, fragments: &[&str]) {
    let scratch = Scratch::new();
    let text = files(&scratch);
    let text = change(&scratch, text);
    let study = scratch.file("small.toml", &text);
    for command in [&["check", study][..], &["run", study, "--headless"][..]] {
        let run = scratch.run(command);
        assert!(matches!(run.code, Some(1 | 2)), "{run:#?}");
        let code = run.code.unwrap();
        run.fails(code, fragments);
    }
    assert!(!scratch.path().join("runs").exists(), "a study that can't start leaves no store");
}

/// Rewrites a text file of the population line by line.
fn rewrite(scratch: &Scratch, name: &str, line: impl Fn(usize, &str) -> Option<String>) {
    let text = scratch.read(name);
    let lines: Vec<String> = text.lines().enumerate().filter_map(|(i, l)| line(i, l)).collect();
    scratch.file(name, &(lines.join("\n") + "\n"));
}

/// Replaces the trait, the last column.
fn with_trait(scratch: &Scratch, value: impl Fn(usize) -> String) {
    rewrite(scratch, "pop/phenotypes.csv", |i, l| {
        let cut = l.rfind(',').unwrap();
        Some(if i == 0 { l.to_owned() } else { format!("{},{}", &l[..cut], value(i)) })
    });
}

#[test]
fn truncated_bed() {
    broken(
        |s, t| {
            let path = s.path().join("pop/genotypes.bed");
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, &bytes[..bytes.len() - 7]).unwrap();
            t
        },
        &["genotypes.bed", "bytes"],
    );
}

#[test]
fn bim_of_another_length() {
    broken(
        |s, t| {
            rewrite(s, "pop/genotypes.bim", |i, l| (i != 3).then(|| l.to_owned()));
            t
        },
        &["genotypes.bed", "bytes", "99"],
    );
}

#[test]
fn a_bed_that_is_none() {
    broken(
        |s, t| {
            s.file("pop/genotypes.bed", "id,snp1\n1,0\n");
            t
        },
        &["genotypes.bed", "PLINK"],
    );
}

#[test]
fn phenotype_ids_that_match_nothing() {
    broken(
        |s, t| {
            rewrite(s, "pop/phenotypes.csv", |i, l| {
                Some(if i == 0 { l.to_owned() } else { format!("x{l}") })
            });
            t
        },
        &["no id", "x1"],
    );
}

#[test]
fn a_constant_trait() {
    broken(
        |s, t| {
            with_trait(s, |_| "5.0".into());
            t
        },
        &["the trait `y` is 5 for all 60"],
    );
}

#[test]
fn a_trait_of_text() {
    broken(
        |s, t| {
            with_trait(s, |i| if i == 4 { "tall".into() } else { format!("{i}.5") });
            t
        },
        &["phenotypes.csv, line 5", "tall"],
    );
}

#[test]
fn no_snp_after_the_filter() {
    let all = "trait = \"y\"\nqc = { exclude_chromosomes = [1, 2, 3, 4, 5] }";
    broken(|_, t| t.replace("trait = \"y\"", all), &["no SNP is left", "100 on chromosomes left out"]);
}

#[test]
fn a_trait_that_is_not_there() {
    broken(|_, t| t.replace("trait = \"y\"", "trait = \"yy\""), &["yy", "did you mean `y`"]);
}

#[test]
fn missing_files() {
    broken(|_, t| t.replace("pop/genotypes.bed", "pop/missing.bed"), &["pop/missing.bed"]);
    broken(
        |s, t| {
            fs::remove_file(s.path().join("pop/genotypes.fam")).unwrap();
            t
        },
        &["genotypes.fam"],
    );
}

#[test]
fn a_kernel_longer_than_the_genome_fails_its_trials_only() {
    let scratch = Scratch::new();
    let text = SMALL.replace("kernel = { int = [3, 9] }", "kernel = { choice = [5, 100000] }");
    let study = scratch.file("small.toml", &text);
    scratch.run(&["run", study, "--headless"]).succeeds();
    let show = scratch.show("small");
    let states: Vec<&str> =
        show["trials"].as_array().unwrap().iter().map(|t| t["state"].as_str().unwrap()).collect();
    assert!(states.contains(&"complete") && states.contains(&"failed"), "{states:?}");
    let failed = show["trials"].as_array().unwrap().iter().find(|t| t["state"] == "failed").unwrap();
    assert!(failed["reason"].as_str().unwrap().contains("100000"), "{failed}");
}

#[test]
fn a_store_that_cannot_be_written() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", SMALL);
    scratch.file("occupied", "a file where the folder should be");
    scratch.run(&["run", study, "--headless", "--store", "occupied"]).fails(1, &["occupied"]);
}

#[test]
fn a_journal_of_another_program_is_refused_untouched() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", SMALL);
    let text = "this is no journal\nand has two lines\n";
    scratch.file("runs/small/journal.jsonl", text);
    scratch.run(&["run", study, "--headless"]).fails(1, &["journal.jsonl", "line 1"]);
    assert_eq!(scratch.read("runs/small/journal.jsonl"), text);
}

#[test]
fn a_full_disk_stops_the_study_and_loses_nothing() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", SMALL);
    // A limit on the size of files written has the same effect as a full disk, without being root.
    let limited = |blocks: u32| {
        let script =
            format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" run {study} --headless --trials 60");
        let mut command = std::process::Command::new("bash");
        command.arg("-c").arg(script).arg(crate::program::binary()).current_dir(scratch.path());
        crate::program::Run::of(command.output().unwrap())
    };
    scratch.run(&["run", study, "--headless", "--trials", "2"]).succeeds();
    let before = timeless(&scratch.show("small"));
    let kilobytes = fs::metadata(scratch.path().join("runs/small/journal.jsonl")).unwrap().len() / 1024;
    let run = limited(u32::try_from(kilobytes).unwrap() + 4);
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert!(run.stderr.contains("journal"), "{run:#?}");
    let after = timeless(&scratch.show("small"));
    assert_eq!(&after.as_array().unwrap()[..2], before.as_array().unwrap().as_slice());
    scratch.run(&["run", study, "--headless", "--trials", "12"]).succeeds();
    let resumed = timeless(&scratch.show("small"));
    assert_eq!(resumed.as_array().unwrap().len(), 12.max(after.as_array().unwrap().len()));
    assert_eq!(&resumed.as_array().unwrap()[..2], before.as_array().unwrap().as_slice());
}
