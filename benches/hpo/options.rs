//! The command line.

use std::path::{Path, PathBuf};

use tune_tui::domain::setting::Settings;
use tune_tui::domain::value::Value;
use tune_tui::sampler::{SAMPLERS, SamplerRow};

use super::run::Chosen;
use super::suite::Problem;

/// What it understands.
pub const HELP: &str = "\
cargo bench --bench hpo -- [options]
  --samplers A,B     of the table of samplers; `all` of them             [all]
  --problems A,B     names or classes (continuous, noisy, mixed, conditional, categorical, real), or `all`  [all]
  --seeds N          searches of each problem                            [20]
  --trials N         trials of each search                               [100]
  --slots K          trials that run at a time                           [1]
  --set KEY=VALUE    a setting of the samplers that have it, or SAMPLER.KEY=VALUE; may be given several times
  --threads N        searches at a time                                  [1]
  --json FILE        all that was measured
  --markdown FILE    tables of it beside the peers'
  --suite PATH       the suite's file; the peers' results.json beside it [../shared/peers/hpo/suite.json]
  --overhead         instead: milliseconds of a suggestion after 10, 100, 1000 and 10000 trials";

/// What was asked for.
pub struct Options {
    samplers: Vec<String>,
    problems: Vec<String>,
    set: Vec<(String, String)>,
    pub seeds: u64,
    pub trials: usize,
    pub slots: usize,
    pub threads: usize,
    pub json: Option<PathBuf>,
    pub markdown: Option<PathBuf>,
    /// What was typed.
    pub command: String,
    pub suite: PathBuf,
    pub overhead: bool,
    pub help: bool,
}

impl Options {
    /// Reads the words behind the program's name.
    pub fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Options {
            samplers: vec!["all".into()],
            problems: vec!["all".into()],
            set: Vec::new(),
            seeds: 20,
            trials: 100,
            slots: 1,
            threads: 1,
            json: None,
            markdown: None,
            command: "cargo bench --bench hpo --".into(),
            suite: Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/peers/hpo/suite.json"),
            overhead: false,
            help: false,
        };
        while let Some(word) = words.next() {
            // Files, and how busy the machine is, are no part of what was measured.
            let told = !["--bench", "--suite", "--json", "--markdown", "--threads"].contains(&word.as_str());
            if told {
                options.command += &format!(" {word}");
            }
            let mut value = || {
                let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
                if told {
                    options.command += &format!(" {value}");
                }
                Ok::<_, String>(value)
            };
            match word.as_str() {
                // What cargo says to every bench.
                "--bench" => {}
                "--samplers" => options.samplers = list(&value()?),
                "--problems" => options.problems = list(&value()?),
                "--seeds" => options.seeds = count(&word, &value()?)? as u64,
                "--trials" => options.trials = count(&word, &value()?)?,
                "--slots" => options.slots = count(&word, &value()?)?,
                "--threads" => options.threads = count(&word, &value()?)?,
                "--json" => options.json = Some(value()?.into()),
                "--markdown" => options.markdown = Some(value()?.into()),
                "--suite" => options.suite = value()?.into(),
                "--overhead" => options.overhead = true,
                "--help" | "-h" => options.help = true,
                "--set" => {
                    let text = value()?;
                    let (key, value) = text.split_once('=').ok_or("--set wants KEY=VALUE")?;
                    options.set.push((key.to_owned(), value.to_owned()));
                }
                _ => return Err(format!("unknown option {word}; see --help")),
            }
        }
        Ok(options)
    }

    /// The samplers with their settings.
    pub fn samplers(&self) -> Result<Vec<Chosen>, String> {
        let all: Vec<&str> = SAMPLERS.iter().map(|row| row.name).collect();
        let names = expand(&self.samplers, &all);
        let find = |name: &String| {
            let row = SAMPLERS.iter().find(|row| row.name == name);
            row.ok_or_else(|| format!("there is no sampler {name}; there are {}", all.join(", ")))
        };
        let rows: Vec<&'static SamplerRow> = names.iter().map(find).collect::<Result<_, _>>()?;
        for (key, _) in &self.set {
            if !rows.iter().any(|row| setting_of(row, key).is_some()) {
                return Err(format!("no sampler that was chosen has a setting {key}"));
            }
        }
        rows.into_iter().map(|row| self.configure(row)).collect()
    }

    fn configure(&self, row: &'static SamplerRow) -> Result<Chosen, String> {
        let mut given = Vec::new();
        for (key, text) in &self.set {
            let Some(setting) = row.settings.iter().find(|s| Some(s.name) == setting_of(row, key)) else {
                continue;
            };
            let value = setting.accepts.admit(&value_of(text));
            given
                .push((setting.name, value.map_err(|wanted| format!("{key} is {text}, expected {wanted}"))?));
        }
        Ok(Chosen { row, settings: Settings::with(row.settings, &given) })
    }

    /// Those of `problems` that were chosen.
    pub fn select(&self, problems: Vec<Problem>) -> Result<Vec<Problem>, String> {
        let known = |word: &String| problems.iter().any(|p| p.name == *word || p.class == *word);
        if let Some(word) = self.problems.iter().find(|w| *w != "all" && !known(w)) {
            return Err(format!("the suite has no problem and no class {word}"));
        }
        let wanted = |p: &Problem| self.problems.iter().any(|w| *w == "all" || *w == p.name || *w == p.class);
        Ok(problems.into_iter().filter(wanted).collect())
    }
}

/// The setting of `row` that `key` names, with or without the sampler before it.
fn setting_of(row: &SamplerRow, key: &str) -> Option<&'static str> {
    let name = match key.split_once('.') {
        Some((sampler, name)) if sampler == row.name => name,
        Some(_) => return None,
        None => key,
    };
    row.settings.iter().find(|s| s.name == name).map(|s| s.name)
}

fn value_of(text: &str) -> Value {
    let whole = text.parse().map(Value::Int).ok();
    let real = || text.parse().map(Value::Float).ok();
    let flag = || text.parse().map(Value::Bool).ok();
    whole.or_else(real).or_else(flag).unwrap_or_else(|| Value::from(text))
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}

fn expand(names: &[String], all: &[&str]) -> Vec<String> {
    if names.iter().any(|n| n == "all") {
        all.iter().map(|n| (*n).to_owned()).collect()
    } else {
        names.to_vec()
    }
}

fn count(option: &str, text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|n| *n > 0);
    count.ok_or_else(|| format!("{option} {text}: expected a whole number of at least 1"))
}
