//! The studies of a folder as a person meets them: listed, opened, failing to open, played again.

use crate::program::Scratch;
use crate::terminal::Terminal;

/// A study of a program that knows its score at once.
fn study(scratch: &Scratch, name: &str, trials: usize) {
    let text = format!(
        "[study]\nname = \"{name}\"\ndirection = \"minimize\"\ntrials = {trials}\nseed = 3\n\n[objective]\nkind = \"command\"\n\
         run = [\"sh\", \"score.sh\"]\n\n[space]\nx = {{ float = [0.0, 1.0] }}\n\n\
         [sampler]\nkind = \"random\"\n\n[executor]\nworkers = 1\n"
    );
    scratch.file("studies/score.sh", "echo '{\"score\": 0.5}'\n");
    let path = format!("studies/{name}.toml");
    scratch.file(&path, &text);
}

#[test]
fn the_studies_of_a_folder_are_listed_without_a_terminal() {
    let scratch = Scratch::new();
    let none = scratch.run(&[]).succeeds();
    assert_eq!(none.stdout, "");
    assert!(
        none.stderr.contains("tune-tui STUDY.toml") && none.stderr.contains("tune-tui simulate"),
        "{none:?}"
    );
    for name in ["alpha", "beta"] {
        study(&scratch, name, 3);
    }
    scratch.file("studies/wrong.toml", "[study]\ntrails = 3\n");
    scratch.run(&["run", "studies/beta.toml", "--headless", "--trials", "2"]).succeeds();
    let listed = scratch.run(&[]).succeeds();
    let lines: Vec<Vec<&str>> = listed.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[1][..3], ["beta", "finished", "2/2"], "{}", listed.stdout);
    assert_eq!(lines[2][..4], ["alpha", "not", "started", "-"], "{}", listed.stdout);
    assert_eq!(lines[3][..2], ["wrong", "unusable"], "{}", listed.stdout);
    assert!(listed.stderr.contains("trails"), "{}", listed.stderr);
    // A folder of stores elsewhere: only the files are found.
    let elsewhere = scratch.run(&["--store", "other"]).succeeds();
    assert!(!elsewhere.stdout.contains("finished"), "{}", elsewhere.stdout);
}

#[test]
fn a_study_is_chosen_opened_and_left() {
    let scratch = Scratch::new();
    study(&scratch, "alpha", 3);
    study(&scratch, "beta", 4);
    let mut terminal = Terminal::start(&scratch, &[], 24, 80);
    terminal.wait_for("both studies", |s| s.contains("alpha") && s.contains("beta"));
    terminal.press("j");
    terminal.wait_for_text("Enter starts beta");
    terminal.press("\r");
    terminal.wait_for("the finished study", |s| s.contains("finished") && s.contains(" 4/4 trials"));
    terminal.press("8");
    terminal.wait_for("the list beside it", |s| s.contains("this one") && s.contains("not started"));
    terminal.press("q");
    assert_eq!(terminal.wait_for_exit(), 0);
    assert!(!terminal.is_full_screen());
    let farewell = terminal.screen();
    for words in ["best: ", "x = ", "stored in   runs/beta", "tune-tui export runs/beta"] {
        assert!(farewell.contains(words), "no {words:?} in {farewell}");
    }
    let mut again = Terminal::start(&scratch, &[], 24, 80);
    again.wait_for_text("Enter opens beta");
    again.press("\u{1b}q");
    assert_eq!(again.wait_for_exit(), 0);
    assert_eq!(again.screen().trim(), "", "nothing is left of the list");
}

#[test]
fn what_can_not_be_opened_is_told_on_the_normal_screen() {
    let scratch = Scratch::new();
    study(&scratch, "alpha", 3);
    scratch.run(&["run", "studies/alpha.toml", "--headless"]).succeeds();
    let journal = scratch.read("runs/alpha/journal.jsonl");
    scratch.file("runs/alpha/journal.jsonl", &journal.replacen("trial_started", "trial_sta", 1));
    let mut terminal = Terminal::start(&scratch, &["studies/alpha.toml"], 24, 80);
    assert_eq!(terminal.wait_for_exit(), 1);
    assert!(!terminal.is_full_screen());
    let said = terminal.screen().replace('\n', "");
    assert!(said.contains("error: ") && said.contains("checksum"), "{said}");
    let mut list = Terminal::start(&scratch, &[], 24, 80);
    list.wait_for_text("unusable");
    list.press("\r");
    list.wait_for_text("alpha can't be opened");
    list.press("q");
    assert_eq!(list.wait_for_exit(), 0);
    // A study file that is wrong is told before the screen is taken.
    scratch.file("wrong.toml", "[study]\ntrails = 3\n");
    let mut wrong = Terminal::start(&scratch, &["wrong.toml"], 24, 80);
    assert_eq!(wrong.wait_for_exit(), 2);
    assert!(wrong.screen().contains("trails"), "{}", wrong.screen());
}

#[test]
fn a_finished_study_is_played_again() {
    let scratch = Scratch::new();
    study(&scratch, "alpha", 6);
    scratch.run(&["run", "studies/alpha.toml", "--headless"]).succeeds();
    let before = scratch.read("runs/alpha/journal.jsonl");
    let mut terminal =
        Terminal::start(&scratch, &["replay", "alpha", "--at", "3", "--speed", "0.125"], 24, 80);
    terminal.wait_for("trial 3 at work", |s| s.contains("replay") && s.contains(" 3/6 trials  1 running"));
    terminal.press(" ");
    terminal.wait_for_text("stopped 0.125x");
    terminal.press("0");
    terminal.wait_for_text("record 1 of");
    terminal.press("p");
    terminal.wait_for_text("this is a replay");
    terminal.press("$");
    terminal.wait_for("the end", |s| s.contains("the end") && s.contains(" 6/6 trials"));
    terminal.press("q");
    assert_eq!(terminal.wait_for_exit(), 0);
    assert_eq!(scratch.read("runs/alpha/journal.jsonl"), before, "a replay changes nothing");
    scratch.run(&["replay", "alpha"]).fails(2, &["needs a terminal", "tune-tui show alpha"]);
    scratch.run(&["replay", "alpha", "--at", "soon"]).fails(2, &["--at soon"]);
    scratch.run(&["replay", "none"]).fails(1, &["none"]);
}
