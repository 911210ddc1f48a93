//! Programs of the user as objectives: shell scripts here, since every system has a shell.

use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::program::{Run, Scratch, signal};
use crate::terminal::Terminal;

/// A study of `train.sh`, which is found in the study file's folder.
fn study(scratch: &Scratch, script: &str, keys: &str) -> &'static str {
    scratch.file("models/train.sh", script);
    let text = format!(
        "[study]\ndirection = \"minimize\"\ntrials = 4\nseed = 3\n\n[objective]\nkind = \"command\"\n\
         run = [\"sh\", \"train.sh\"]\ngrace = 0.2\n{keys}\n\n[space]\ndepth = {{ int = [1, 8] }}\n\
         kind = {{ choice = [\"cnn\", \"mlp\"] }}\nunits = {{ choice = [16, 64], when = {{ kind = \"mlp\", depth = [1, 2, 3, 4, 5, 6, 7, 8] }} }}\n\
         folder = \"wheat\"\n\n[sampler]\nkind = \"random\"\n\n[executor]\nworkers = 1\n"
    );
    scratch.file("models/own.toml", &text)
}

fn trials(scratch: &Scratch) -> Vec<Value> {
    scratch.show("own")["trials"].as_array().unwrap().clone()
}

fn start(scratch: &Scratch, arguments: &[&str]) -> Child {
    scratch.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until the file is there and has something in it.
#[track_caller]
fn wait_for(scratch: &Scratch, name: &str) -> String {
    for _ in 0..3000 {
        let text = std::fs::read_to_string(scratch.path().join(name)).unwrap_or_default();
        if text.ends_with('\n') {
            return text;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("no {name}");
}

/// Waits until none of the processes whose numbers stand in the file is alive.
#[track_caller]
fn none_is_left(scratch: &Scratch, name: &str) {
    let numbers = scratch.read(name);
    assert!(numbers.lines().count() > 0, "no process has said its number");
    // One that was killed and that nobody has waited for yet is gone, too.
    let alive = |number: &str| {
        let state = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        state.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
    };
    for _ in 0..500 {
        if !numbers.lines().any(alive) {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("still alive of {numbers:?}: {:?}", numbers.lines().filter(|n| alive(n)).collect::<Vec<_>>());
}

const GOOD: &str = r#"
read -r line
echo "$line $TUNE_TUI_TRIAL $TUNE_TUI_SEED" >> seen
echo "{\"step\": 10, \"score\": $TUNE_TUI_PARAM_DEPTH.5}"
echo "{\"step\": 20, \"score\": $TUNE_TUI_PARAM_DEPTH.25}"
echo "working at $TUNE_TUI_PARAM_FOLDER" >&2
echo "{\"score\": $TUNE_TUI_PARAM_DEPTH, \"weights\": 12}"
"#;

#[test]
fn a_program_is_told_its_params_and_says_its_score() {
    let scratch = Scratch::new();
    let file = study(&scratch, GOOD, "");
    let run = scratch.run(&["run", file, "--json"]).succeeds();
    let lines: Vec<Value> = run.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.last().unwrap()["summary"]["trials"]["complete"], 4);
    let report = lines.iter().find(|l| l["event"] == "trial_reported").unwrap();
    assert_eq!((&report["report"]["step"], &report["report"]["epoch"]), (&0.into(), &10.into()));
    assert!(report["report"].get("train_loss").is_none(), "nobody knows a loss: {report}");
    assert!(lines.iter().filter(|l| l["event"] == "trial_completed").all(|l| l["weights"] == 12));
    for trial in trials(&scratch) {
        assert_eq!(trial["score"].as_f64(), trial["params"]["depth"].as_f64());
        assert_eq!(trial["params"].get("units").is_some(), trial["params"]["kind"] == "mlp");
        let log = format!("runs/own/logs/trial-{}.log", trial["id"]);
        assert_eq!(scratch.read(&log), "working at wheat\n");
    }
    let seen = scratch.read("models/seen");
    let (json, rest) = seen.lines().next().unwrap().split_once("} ").unwrap();
    let params: Value = serde_json::from_str(&format!("{json}}}")).unwrap();
    assert!(params["depth"].is_i64() && params["folder"] == "wheat", "{seen}");
    let seed: u64 = rest.split_once(' ').unwrap().1.parse().unwrap();
    assert!(rest.starts_with("0 ") && seed < 1 << 31, "{seen}");

    // Everywhere else, too.
    let check = scratch.run(&["check", file]).succeeds();
    for words in ["sh train.sh", "depth", "units", "folder", "smaller"] {
        assert!(check.stdout.contains(words), "no `{words}` in {}", check.stdout);
    }
    let shown = scratch.run(&["show", "own"]).succeeds();
    assert!(shown.stdout.contains("steps") && !shown.stdout.contains("epochs"), "{}", shown.stdout);
    let csv = scratch.run(&["export", "own", "--format", "csv", "--top", "9", "-o", "-"]).succeeds();
    assert_eq!(csv.stdout.lines().count(), 5);
    let verified = scratch.run(&["export", "own", "--verify", "-o", "elsewhere/best.toml"]).succeeds();
    assert!(verified.stderr.contains("exactly"), "{verified:#?}");
    let again = scratch.run(&["run", "elsewhere/best.toml", "--headless"]).succeeds();
    assert!(again.stdout.contains("1 of 1 trials ended"), "{again:#?}");
    for command in [&["fit", "own", "-o", "model"][..], &["baseline", file], &["show", "own", "--importance"]]
    {
        scratch.run(command).fails(2, &["tunes a program"]);
    }
    // The same study goes on; another program would be another study.
    scratch.run(&["run", file, "--headless", "--trials", "5", "--set", "objective.timeout=60"]).succeeds();
    scratch
        .run(&["run", file, "--headless", "--set", "objective.run=[\"sh\", \"other.sh\"]"])
        .fails(1, &["the program"]);
    scratch
        .run(&["run", file, "--headless", "--set", "study.direction=maximize"])
        .fails(1, &["the direction"]);
}

#[test]
fn what_goes_wrong_is_the_reason_with_the_end_of_the_log() {
    for (script, said) in [
        ("echo 'no such column: ebv' >&2; exit 3", "exit code 3; its log ends: no such column: ebv"),
        ("echo 'Epoch 1/10'; echo '{\"score\": 1}'", "line 1 of its output is no JSON object: `Epoch 1/10`"),
        ("echo '{\"step\": 1, \"score\": 1}'", "without a score"),
        ("echo '{\"score\": NaN}'", "not finite"),
        ("kill -9 $$", "signal 9"),
        ("echo '{\"score\": 1}'; exit 1", "exit code 1"),
        ("echo '{\"error\": \"diverged\"}'", "it says: diverged"),
        ("echo '{\"step\": 2, \"score\": 1}'; echo '{\"step\": 2, \"score\": 1}'", "goes back to step 2"),
    ] {
        let scratch = Scratch::new();
        let file = study(&scratch, script, "");
        scratch.run(&["run", file, "--headless", "--trials", "1"]).fails(3, &[]);
        let reason = trials(&scratch)[0]["reason"].as_str().unwrap().to_owned();
        assert!(reason.contains(said), "{script}: {reason}");
    }
}

#[test]
fn a_program_that_is_not_there_is_said_before_anything_runs() {
    let scratch = Scratch::new();
    let file = study(&scratch, "", "");
    for (run, said) in [
        ("[\"no-such-program\"]", "no program `no-such-program` in PATH"),
        ("[\"./absent.sh\"]", "models/absent.sh"),
        ("[\"./train.sh\"]", "chmod +x"),
    ] {
        scratch.run(&["run", file, "--headless", "--set", &format!("objective.run={run}")]).fails(2, &[said]);
    }
    scratch.run(&["run", file, "--set", "objective.directory=absent"]).fails(2, &["absent"]);
    assert!(!scratch.path().join("runs").exists());
}

/// Ignores TERM, and so does what it starts; says their numbers.
const STUBBORN: &str = r#"
trap '' TERM
sh -c 'trap "" TERM; echo $$ >> numbers; while :; do sleep 0.1; done' &
echo $$ >> numbers
while :; do sleep 0.1; done
"#;

#[test]
fn a_time_out_ends_the_whole_group() {
    let scratch = Scratch::new();
    let file = study(&scratch, STUBBORN, "timeout = 0.5");
    let run = scratch.run(&["run", file, "--headless", "--trials", "2"]).fails(3, &[]);
    assert!(run.stdout.contains("it took longer than 0.5 s"), "{run:#?}");
    assert_eq!(scratch.read("models/numbers").lines().count(), 4);
    none_is_left(&scratch, "models/numbers");
}

#[test]
fn nothing_is_left_of_a_trial_that_has_ended() {
    let scratch = Scratch::new();
    // What it leaves behind holds its output open, too.
    let file = study(&scratch, "sleep 1000 & echo $! >> numbers; echo '{\"score\": 1}'", "");
    scratch.run(&["run", file, "--headless"]).succeeds();
    none_is_left(&scratch, "models/numbers");
}

#[test]
fn a_failed_trial_is_tried_again() {
    let scratch = Scratch::new();
    let script = "n=$(cat tries 2>/dev/null || echo 0); echo $((n + 1)) > tries\n\
                  echo '{\"step\": 1, \"score\": 5}'\n[ $n -lt 2 ] && exit 9\necho '{\"score\": 1}'";
    let file = study(&scratch, script, "retries = 2");
    let run = scratch.run(&["run", file, "--headless", "--trials", "1"]).succeeds();
    assert!(run.stdout.contains("tried again (2 of 2): it ended with exit code 9"), "{run:#?}");
    let trial = &trials(&scratch)[0];
    assert_eq!((&trial["state"], &trial["epochs"]), (&"complete".into(), &1.into()));

    let scratch = Scratch::new();
    let file = study(&scratch, "echo x >> tries; exit 9", "retries = 2");
    scratch.run(&["run", file, "--headless", "--trials", "2"]).fails(3, &[]);
    assert_eq!(scratch.read("models/tries").lines().count(), 6);
}

#[test]
fn a_pruned_trial_is_ended() {
    let scratch = Scratch::new();
    let script = "if [ $TUNE_TUI_TRIAL -lt 2 ]; then s=1; else s=9; fi\nfor i in 1 2 3; do \
                  echo \"{\\\"step\\\": $i, \\\"score\\\": $s}\"; done\n\
                  [ $s = 9 ] && echo $$ >> numbers && sleep 1000\necho \"{\\\"score\\\": $s}\"";
    let file = study(&scratch, script, "");
    let text = scratch.read("models/own.toml") + "[pruner]\nkind = \"median\"\nstartup = 2\nwarmup = 1\n";
    scratch.file("models/own.toml", &text);
    scratch.run(&["run", file, "--headless"]).succeeds();
    let states: Vec<Value> = trials(&scratch).iter().map(|t| t["state"].clone()).collect();
    assert_eq!(states, ["complete", "complete", "pruned", "pruned"]);
    none_is_left(&scratch, "models/numbers");
}

/// Takes one trial after the other, by `$t`; what `EACH` stands for says the score.
const KEPT: &str = r#"
echo $$ >> numbers
while read -r line; do
  t=${line#*\"trial\":}; t=${t%%,*}
  EACH
done
"#;

#[test]
fn a_kept_process_takes_one_trial_after_the_other() {
    let scratch = Scratch::new();
    let each = "echo \"{\\\"trial\\\": $t, \\\"step\\\": 1, \\\"score\\\": 2}\"; echo \"at $t\" >&2\n\
                echo \"{\\\"trial\\\": $t, \\\"score\\\": $t}\"";
    let file = study(&scratch, &KEPT.replace("EACH", each), "persistent = true");
    scratch.run(&["run", file, "--headless"]).succeeds();
    let scores: Vec<f64> = trials(&scratch).iter().map(|t| t["score"].as_f64().unwrap()).collect();
    assert_eq!(scores, [0.0, 1.0, 2.0, 3.0]);
    assert_eq!(scratch.read("models/numbers").lines().count(), 1);
    none_is_left(&scratch, "models/numbers");
}

#[test]
fn a_kept_process_that_ends_is_started_again() {
    let scratch = Scratch::new();
    // It dies of trial 1, fails trial 2 by itself, and is gone between trials 2 and 3.
    let each = "case $t in\n1) echo 'out of memory' >&2; exit 1;;\n\
                2) echo \"{\\\"trial\\\": 2, \\\"error\\\": \\\"diverged\\\"}\"; exit 0;;\nesac\n\
                echo \"{\\\"trial\\\": $t, \\\"score\\\": 7}\"";
    let file = study(&scratch, &KEPT.replace("EACH", each), "persistent = true");
    scratch.run(&["run", file, "--headless"]).succeeds();
    let all = trials(&scratch);
    let states: Vec<&str> = all.iter().map(|t| t["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["complete", "failed", "failed", "complete"]);
    assert!(
        all[1]["reason"].as_str().unwrap().contains("exit code 1; its log ends: out of memory"),
        "{all:?}"
    );
    // One that dies in silence may have been dying before: trial 1 got a second, fresh one.
    assert_eq!(scratch.read("models/numbers").lines().count(), 4);
    none_is_left(&scratch, "models/numbers");
}

#[test]
fn a_stop_ends_the_program_and_the_study_goes_on_later() {
    let scratch = Scratch::new();
    let script = format!("[ -e go ] && echo '{{\"score\": 1}}' && exit\n{STUBBORN}");
    let file = study(&scratch, &script, "");
    let child = start(&scratch, &["run", file, "--headless"]);
    wait_for(&scratch, "models/numbers");
    signal(child.id(), "TERM");
    Run::of(child.wait_with_output().unwrap()).fails(130, &["resume"]);
    none_is_left(&scratch, "models/numbers");
    scratch.file("models/go", "");
    scratch.run(&["run", file, "--headless"]).succeeds();
    assert!(trials(&scratch).iter().all(|t| t["state"] == "complete"));
}

#[test]
fn killed_with_its_programs_it_goes_on_as_if_it_had_not_been() {
    for (keys, each) in [("", ""), ("persistent = true", "while")] {
        let scratch = Scratch::new();
        let kept = KEPT.replace(
            "EACH",
            "[ -e go ] || { echo $$ >> begun; sleep 1000; }\necho \"{\\\"trial\\\": $t, \\\"score\\\": $t}\"",
        );
        let once = "echo $$ >> numbers; [ -e go ] || { echo $$ >> begun; sleep 1000; }\necho \"{\\\"score\\\": $TUNE_TUI_TRIAL}\"";
        let file = study(&scratch, if each.is_empty() { once } else { &kept }, keys);
        let mut child = start(&scratch, &["run", file, "--headless"]);
        wait_for(&scratch, "models/begun");
        child.kill().unwrap();
        child.wait().unwrap();
        none_is_left(&scratch, "models/numbers");
        scratch.file("models/go", "");
        scratch.run(&["run", file, "--headless"]).succeeds();
        let scores: Vec<f64> = trials(&scratch).iter().map(|t| t["score"].as_f64().unwrap()).collect();
        assert_eq!(scores, [0.0, 1.0, 2.0, 3.0]);
    }
}

#[test]
fn a_person_cancels_a_trial_at_the_dashboard() {
    let scratch = Scratch::new();
    let script = format!(
        "[ $TUNE_TUI_TRIAL = 1 ] || {{ echo '{{\"score\": 0.5}}'; exit; }}\necho '{{\"step\": 3, \"score\": 0.25}}'\n{STUBBORN}"
    );
    let file = study(&scratch, &script, "");
    let mut terminal = Terminal::start(&scratch, &["models/own.toml"], 24, 80);
    assert_eq!(file, "models/own.toml");
    terminal.wait_for("the step", |screen| screen.contains("step 3"));
    wait_for(&scratch, "models/numbers");
    terminal.press("\tx");
    terminal.wait_for("the question", |screen| screen.contains("program would be ended"));
    terminal.press("y");
    terminal.wait_for("the end", |screen| screen.contains("4/4 trials"));
    none_is_left(&scratch, "models/numbers");
    terminal.press("q");
    assert_eq!(terminal.wait_for_exit(), 0);
    let states: Vec<Value> = trials(&scratch).iter().map(|t| t["state"].clone()).collect();
    assert_eq!(states, ["complete", "cancelled", "complete", "complete"]);
}
