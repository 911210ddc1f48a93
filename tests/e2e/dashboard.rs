//! The dashboard in a real terminal: keys pressed, screens read.

use crate::program::{SMALL, Scratch, signal, timeless};
use crate::terminal::Terminal;

/// The small study with epochs enough that there is time to press keys.
fn slower() -> String {
    SMALL.replace("epochs = 4", "epochs = 400").replace("trials = 6", "trials = 40")
}

#[test]
fn start_watch_a_trial_finish_open_it_quit_and_resume() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", &slower());
    let mut terminal = Terminal::start(&scratch, &[study], 24, 80);
    terminal.wait_for("a finished trial", |s| s.contains("complete") && s.contains(" 1/40 trials"));
    assert!(terminal.is_full_screen());

    terminal.press("\r");
    let detail = terminal.wait_for_text("best epoch");
    assert!(detail.contains("learning_rate"), "{detail}");
    terminal.press("\u{1b}");
    terminal.wait_for_text("Leaderboard");

    terminal.press("q");
    terminal.wait_for_text("stop now");
    terminal.press("\u{1b}");
    terminal.wait_for("the question to go", |s| !s.contains("stop now"));
    terminal.press("q");
    terminal.wait_for_text("stop now");
    terminal.press("s");
    assert_eq!(terminal.wait_for_exit(), 130);
    assert!(!terminal.is_full_screen(), "the terminal is restored");
    let farewell = terminal.screen();
    assert!(farewell.contains("resume"), "{farewell}");

    let done = scratch.show("small")["trials"].as_array().unwrap().len();
    let mut again = Terminal::start(&scratch, &[study, "--trials", &(done + 1).to_string()], 50, 160);
    again.wait_for_text("finished");
    again.press("q");
    assert_eq!(again.wait_for_exit(), 0);
    assert_eq!(scratch.show("small")["trials"].as_array().unwrap().len(), done + 1);
}

#[test]
fn killed_on_screen_it_resumes_on_screen() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", &slower());
    let mut terminal = Terminal::start(&scratch, &[study], 50, 160);
    terminal.wait_for("two finished trials", |s| s.contains(" 2/40 trials"));
    terminal.kill();
    let before = timeless(&scratch.show("small"));
    let mut again = Terminal::start(&scratch, &[study], 24, 80);
    again.wait_for("the trials from before and new ones", |s| {
        (2..40).any(|n| s.contains(&format!(" {n}/40 trials")))
    });
    // A hang-up of the terminal leaves a store that resumes, too.
    signal(again.process(), "HUP");
    assert_eq!(again.wait_for_exit(), 130);
    let after = timeless(&scratch.show("small"));
    assert!(after.as_array().unwrap().iter().all(|t| t["state"] != "running"), "{after}");
    for (old, new) in before.as_array().unwrap().iter().zip(after.as_array().unwrap()) {
        assert!(old["state"] != "complete" || old == new, "a finished trial is kept: {old} became {new}");
    }
}

#[test]
fn a_terminal_that_is_gone_ends_the_program_and_loses_nothing() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", &slower());
    let mut terminal = Terminal::start(&scratch, &[study], 24, 80);
    terminal.wait_for("a finished trial", |s| s.contains(" 1/40 trials"));
    assert_eq!(terminal.hang_up(), 130);
    let show = scratch.show("small");
    assert_eq!(show["trials"][0]["state"], "complete");
    assert!(show["trials"].as_array().unwrap().iter().all(|t| t["state"] != "running"), "{show}");
    // Nobody holds the store any more: the same command goes on.
    scratch.run(&["run", study, "--headless", "--trials", "2"]).succeeds();
}

#[test]
fn any_size_and_any_key_are_survived() {
    let scratch = Scratch::new();
    let study = scratch.file("small.toml", &slower());
    let mut terminal = Terminal::start(&scratch, &[study], 24, 80);
    terminal.wait_for_text("/40 trials");
    for (rows, cols) in [(1, 1), (60, 200), (5, 20), (16, 60), (24, 80), (100, 300), (24, 80)] {
        terminal.resize(rows, cols);
        for key in
            ["j", "k", "\t", "?", "\u{1b}", "2", "3", "4", "1", "z", "z", "s", "S", "G", "gg", "h", "l"]
        {
            terminal.press(key);
        }
        std::thread::sleep(std::time::Duration::from_millis(60));
    }
    terminal.wait_for_text("/40 trials");
    terminal.press("\u{3}\u{3}");
    assert_eq!(terminal.wait_for_exit(), 130);
    assert!(!terminal.is_full_screen());
}

#[test]
fn a_finished_study_runs_more_trials_when_they_are_asked_for() {
    let scratch = Scratch::new();
    scratch.file("score.sh", "read -r line\necho \"{\\\"score\\\": $TUNE_TUI_PARAM_DEPTH}\"\n");
    let text = "[study]\ndirection = \"minimize\"\ntrials = 2\nseed = 3\n\n[objective]\nkind = \"command\"\n\
                run = [\"sh\", \"score.sh\"]\n\n[space]\ndepth = { int = [1, 8] }\n\n[sampler]\nkind = \"random\"\n\n\
                [executor]\nworkers = 1\n";
    let study = scratch.file("own.toml", text);
    let mut terminal = Terminal::start(&scratch, &[study], 24, 80);
    terminal.wait_for("the end", |s| s.contains("finished") && s.contains(" 2/2 trials"));
    terminal.press(":trials +2\r");
    terminal.wait_for("the end of two more", |s| s.contains("finished") && s.contains(" 4/4 trials"));
    terminal.press("q");
    assert_eq!(terminal.wait_for_exit(), 0);
    let show = scratch.show("own");
    assert_eq!(show["trials"].as_array().unwrap().iter().filter(|t| t["state"] == "complete").count(), 4);
}
