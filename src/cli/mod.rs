//! The commands: one file a subcommand.

mod baseline;
mod check;
mod export;
mod farewell;
mod fit;
mod headless;
mod importance;
mod lineage;
mod list;
mod network;
mod open;
mod output;
mod predict;
mod replay;
mod run;
mod screen;
mod show;
mod simulate;
mod studies;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, CommandFactory, Parser, Subcommand};

use self::output::complain;
use crate::domain::second::Second;
use crate::kernel::process;

/// How the program ended, as its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done.
    Done,
    /// Something failed; what counted is stored.
    Failed,
    /// The command line or the study file is wrong.
    Usage,
    /// The study finished without one complete trial.
    NothingComplete,
    /// Stopped before the end; all is saved.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::NothingComplete => 3,
            Exit::Interrupted => 130,
        })
    }
}

/// Tunes neural networks for genomic prediction, and shows the search as it happens.
///
/// `tune-tui STUDY.toml` starts or resumes a study with the dashboard. Stop it whenever you like: the
/// same command goes on where it was. `tune-tui` alone lists the studies of this folder and opens one.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    override_usage = "tune-tui STUDY.toml [OPTIONS of run]\n       tune-tui [--store DIR]\n       tune-tui COMMAND …"
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    studies: StudiesArgs,
}

/// `tune-tui` without a command.
#[derive(Debug, Args)]
struct StudiesArgs {
    /// Print the dashboard's keys as the file of preferences would hold them
    #[arg(long)]
    print_keys: bool,
    /// Print a theme as the file of preferences would hold it; the chosen one where none is named
    #[arg(long, value_name = "NAME", num_args = 0..=1)]
    print_theme: Option<Option<String>>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    screen: screen::ScreenArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start or resume a study (the same as without `run`)
    Run(RunArgs),
    /// Read a study file and its data, print what would be done, train nothing
    Check(StudyArgs),
    /// Print a study's trials
    Show(ShowArgs),
    /// Play a study's past again, on the same screens
    Replay(ReplayArgs),
    /// List the studies of a folder
    List(ListArgs),
    /// Write the best trials as a runnable study file, JSON or CSV
    Export(ExportArgs),
    /// Score the standard methods (GBLUP, LASSO, …) on a study's folds, and on its test set where it has one
    Baseline(BaselineArgs),
    /// Train the final model or ensemble of a study on all individuals outside its test set
    Fit(FitArgs),
    /// Predict individuals from their genotypes, with a model that `fit` has written
    Predict(PredictArgs),
    /// Write a simulated population as PLINK or FASTA, and CSV files
    Simulate(SimulateArgs),
}

/// A study file and what the command line changes in it.
#[derive(Debug, Args)]
struct StudyArgs {
    /// The study file
    #[arg(value_name = "STUDY.toml")]
    study: PathBuf,
    /// Change a setting of the study file, e.g. --set model.filters=32 or --set sampler.kind=random
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Total number of trials (not "more"); with `ensemble.replicates`, those of each search
    #[arg(long)]
    trials: Option<u64>,
    /// Trials that run at once
    #[arg(long)]
    workers: Option<u64>,
    /// Where to train: auto or cpu (this version trains on the processor only)
    #[arg(long)]
    device: Option<String>,
}

#[derive(Debug, Args)]
struct RunArgs {
    #[command(flatten)]
    study: StudyArgs,
    #[command(flatten)]
    store: StoreArgs,
    /// Plain lines instead of the dashboard (so it is too where the output is not a terminal)
    #[arg(long)]
    headless: bool,
    /// One JSON object a line: every event as it is stored, and a summary last
    #[arg(long)]
    json: bool,
    /// Start over; the old store is kept under another name
    #[arg(long)]
    fresh: bool,
    #[command(flatten)]
    screen: screen::ScreenArgs,
}

#[derive(Debug, Clone, Args)]
struct StoreArgs {
    /// The folder that holds the studies' stores
    #[arg(long, value_name = "DIR", default_value = "runs")]
    store: PathBuf,
}

/// A study that has been started before.
#[derive(Debug, Args)]
struct StoredArgs {
    /// The study's name, its study file, or its store's folder
    #[arg(value_name = "STUDY|DIR")]
    study: String,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Args)]
struct ShowArgs {
    #[command(flatten)]
    stored: StoredArgs,
    /// One JSON object with the study, the best trial and all trials
    #[arg(long)]
    json: bool,
    /// List so many of the best trials; 20 if not given
    #[arg(long, value_name = "K", conflicts_with_all = ["json", "trial", "importance", "pareto", "family"])]
    top: Option<usize>,
    /// List every trial
    #[arg(long, conflicts_with_all = ["top", "json", "trial", "importance", "pareto", "family"])]
    all: bool,
    /// One trial in detail
    #[arg(long, value_name = "N")]
    trial: Option<usize>,
    /// The trials that no other beats both in the score and in this (weights, or seconds)
    #[arg(long, value_name = "SECOND", num_args = 0..=1, default_missing_value = Second::Weights.word(),
        value_parser = Second::WORDS, conflicts_with_all = ["json", "trial", "importance"])]
    pareto: Option<String>,
    /// The ancestors of the best trial, or of --trial N, as a tree
    #[arg(long, conflicts_with_all = ["json", "importance", "pareto"])]
    family: bool,
    /// How much each parameter matters for the score, by PED-ANOVA and fANOVA, and the markers that matter most
    /// to the best trial: mean |gradient × input|, its share of all, the mean with its sign (contribution), and
    /// the output's weights where the network has them. With --trial N that trial's markers; with --json the
    /// parameters
    #[arg(long)]
    importance: bool,
    /// With --importance: every marker, as CSV
    #[arg(long, requires = "importance", conflicts_with = "json")]
    csv: bool,
}

#[derive(Debug, Args)]
struct ReplayArgs {
    #[command(flatten)]
    stored: StoredArgs,
    /// How much faster than it was; if not given, the whole study takes about a minute
    #[arg(long, value_name = "TIMES")]
    speed: Option<f64>,
    /// Where to begin: when a trial was started (17), or so long into the study (90s, 5m, 1h30m)
    #[arg(long, value_name = "TRIAL|TIME")]
    at: Option<String>,
    #[command(flatten)]
    screen: screen::ScreenArgs,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// The folder that holds the studies' stores
    #[arg(value_name = "DIR", default_value = "runs")]
    folder: PathBuf,
}

#[derive(Debug, Args)]
struct ExportArgs {
    #[command(flatten)]
    stored: StoredArgs,
    /// toml (a runnable study file), json or csv
    #[arg(long, default_value = "toml")]
    format: String,
    /// How many of the best trials
    #[arg(long, default_value_t = 1, value_name = "K")]
    top: usize,
    /// This trial instead of the best
    #[arg(long, value_name = "N", conflicts_with = "top")]
    trial: Option<usize>,
    /// Where to write: a file, or - for standard output; configs/best/STUDY.FORMAT if not given
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Train the exported config again and compare its score, bit for bit (format toml)
    #[arg(long)]
    verify: bool,
}

#[derive(Debug, Args)]
struct BaselineArgs {
    #[command(flatten)]
    study: StudyArgs,
    /// Which; all where none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// One JSON object a line, as each is known
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct SimulateArgs {
    /// The preset's name; an unknown one lists those there are
    preset: String,
    /// The folder to write into; must not exist yet
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// The seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Change a setting of the preset, e.g. --set individuals=1000
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

#[derive(Debug, Args)]
struct FitArgs {
    /// The study's name, its study file, or its store's folder; or an exported study file, in which every
    /// parameter is fixed (it is cross-validated first, to learn how many epochs to train)
    #[arg(value_name = "STUDY|CONFIG.toml|DIR")]
    study: String,
    #[command(flatten)]
    store: StoreArgs,
    /// The folder to write the model into; must not exist yet
    #[arg(short, long, value_name = "MODELDIR")]
    output: PathBuf,
    /// Change what is made of the trials, e.g. --set ensemble.kind=top --set ensemble.top=10
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

#[derive(Debug, Args)]
struct PredictArgs {
    /// A folder that `tune-tui fit` has written
    #[arg(value_name = "MODELDIR")]
    model: PathBuf,
    /// The genotypes, in any format that a study reads
    #[arg(long, value_name = "FILE")]
    genotypes: PathBuf,
    /// The format, where the file's ending does not say it
    #[arg(long)]
    format: Option<String>,
    /// The covariates of a model that was trained with such: a CSV with ids and the columns of the training data
    #[arg(long, value_name = "FILE")]
    covariates: Option<PathBuf>,
    /// The column of ids of a table of genotypes and of the covariates, where it is not the usual one
    #[arg(long, value_name = "COLUMN")]
    id_column: Option<String>,
    /// Look for SNPs whose ids are not in the file at their chromosome and position
    #[arg(long)]
    by_position: bool,
    /// Where to write the predictions as CSV: a file, or - for standard output
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Parses the command line and does what it says.
pub fn main() -> ExitCode {
    process::prepare();
    let cli = Cli::parse_from(with_run(std::env::args_os().collect()));
    let outcome = match cli.command {
        None => studies::studies(&cli.studies),
        Some(Command::Run(args)) => run::run(&args),
        Some(Command::Check(args)) => check::check(&args),
        Some(Command::Show(args)) => show::show(&args),
        Some(Command::Replay(args)) => replay::replay(&args),
        Some(Command::List(args)) => list::list(&args),
        Some(Command::Export(args)) => export::export(&args),
        Some(Command::Baseline(args)) => baseline::baseline(&args),
        Some(Command::Fit(args)) => fit::fit(&args),
        Some(Command::Predict(args)) => predict::predict(&args),
        Some(Command::Simulate(args)) => simulate::simulate(&args),
    };
    finish(outcome).into()
}

/// `tune-tui STUDY.toml …` is `tune-tui run STUDY.toml …`. What looks like neither a study file nor an
/// option before one is left to clap, which knows the nearest command.
fn with_run(mut words: Vec<OsString>) -> Vec<OsString> {
    let names_a_study = words.get(1).is_some_and(|first| {
        let is_toml = |word: &OsString| Path::new(word).extension().is_some_and(|e| e == "toml");
        let option = first.to_string_lossy().starts_with('-');
        let known = Cli::command().find_subcommand(first).is_some();
        // A file of preferences is a TOML file as well.
        let behind = words.windows(2).skip(1).any(|pair| is_toml(&pair[1]) && pair[0] != "--config");
        if option { behind } else { !known && (is_toml(first) || Path::new(first).exists()) }
    });
    if names_a_study {
        words.insert(1, "run".into());
    }
    words
}

fn finish(outcome: Result<Exit>) -> Exit {
    match outcome {
        Ok(exit) => exit,
        // `tune-tui show … | head` is no failure.
        Err(error) if output::is_closed_pipe(&error) => Exit::Done,
        Err(error) => {
            let (text, exit) = output::describe(&error);
            complain(&text);
            exit
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(words: &[&str]) -> Vec<OsString> {
        with_run(std::iter::once(&"tune-tui").chain(words).map(Into::into).collect())[1..].to_vec()
    }

    #[test]
    fn a_study_file_alone_means_run() {
        Cli::command().debug_assert();
        assert_eq!(completed(&["a.toml", "--json"]), ["run", "a.toml", "--json"]);
        assert_eq!(completed(&["--headless", "a.toml"]), ["run", "--headless", "a.toml"]);
        assert_eq!(completed(&["--config", "p.toml", "a.toml"]), ["run", "--config", "p.toml", "a.toml"]);
        let plain = [
            &["check", "a.toml"][..],
            &["--help"],
            &["chek", "a.toml"],
            &["--store", "x"],
            &["--config", "p.toml"],
            &[],
        ];
        for words in plain {
            assert_eq!(completed(words), words);
        }
    }
}
