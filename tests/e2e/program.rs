//! Starts the binary in a scratch folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A scratch folder in which the program runs.
pub struct Scratch {
    folder: tempfile::TempDir,
}

/// A study small enough for a test: some seconds of training.
pub const SMALL: &str = r#"
[study]
name = "small"
trials = 6
seed = 3

[data]
simulate = { preset = "quick", seed = 1, individuals = 120, snps = 200 }
split = { kind = "kfold", folds = 2 }

[model]
kind = "cnn"
filters = { int = [2, 6] }
kernel = { int = [3, 9] }
l1 = 0.01
learning_rate = { float = [1e-3, 1e-2], log = true }

[train]
epochs = 4
batch = 32

[sampler]
kind = "gp-ucb"
startup = 3

[executor]
workers = 1
"#;

impl Scratch {
    pub fn new() -> Self {
        Scratch { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file below the folder and gives its name back.
    pub fn file<'a>(&self, name: &'a str, text: &str) -> &'a str {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        name
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// The program with `arguments`, not started yet.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().unwrap())
    }

    /// `show --json` of a study.
    pub fn show(&self, study: &str) -> Value {
        let run = self.run(&["show", study, "--json"]).succeeds();
        serde_json::from_str(&run.stdout).unwrap()
    }
}

/// How the program ended.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn of(output: Output) -> Self {
        Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub fn succeeds(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    /// Fails with this exit code, saying all of `fragments` on standard error, and never by a panic.
    #[track_caller]
    pub fn fails(self, code: i32, fragments: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert!(!self.stderr.contains("panicked"), "{self:#?}");
        for fragment in fragments {
            assert!(self.stderr.contains(fragment), "no `{fragment}` in {self:#?}");
        }
        self
    }
}

/// Sends a signal by its name. Bash has `kill` built in; a small system may have no program of that name.
pub fn signal(process: u32, name: &str) {
    let kill = Command::new("bash").arg("-c").arg(format!("kill -{name} {process}")).status().unwrap();
    assert!(kill.success(), "no process {process}");
}

pub fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_tune-tui"))
}

/// A file of `../shared/data`; `None`, said aloud, where the folder is missing: users don't have it.
pub fn shared(name: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    if path.exists() {
        return Some(path.to_str().unwrap().to_owned());
    }
    eprintln!("skipped: {} is not on this machine", path.display());
    None
}

/// The trials of `show --json` without what depends on the clock.
pub fn timeless(show: &Value) -> Value {
    let mut trials = show["trials"].clone();
    for trial in trials.as_array_mut().unwrap() {
        trial.as_object_mut().unwrap().remove("seconds");
    }
    trials
}
