//! The suite's problems as its file says them, checked against its test points.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use tune_tui::domain::space::{Condition, Distribution, Parameter, SearchSpace};
use tune_tui::domain::value::{Params, Value};

use super::functions::{FUNCTIONS, Function, gauss};

/// The file.
#[derive(Deserialize)]
pub struct Suite {
    problems: BTreeMap<String, Written>,
    /// Surfaces of real data.
    pub tables: Tables,
}

#[derive(Deserialize)]
pub struct Tables {
    pub svr: Table,
    pub enet: Table,
}

/// Values over a grid; the last axis runs fastest.
#[derive(Deserialize)]
pub struct Table {
    pub axes: Vec<Axis>,
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

#[derive(Deserialize)]
pub struct Axis {
    pub param: String,
    pub log10: bool,
    pub nodes: Vec<f64>,
}

#[derive(Deserialize)]
struct Written {
    formula: String,
    class: String,
    space: Vec<WrittenParameter>,
    noise_sd: f64,
    f_opt: f64,
    f_random_median_at_100: f64,
    tests: Vec<TestPoint>,
}

#[derive(Deserialize)]
struct WrittenParameter {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    low: Option<Value>,
    high: Option<Value>,
    #[serde(default)]
    log: bool,
    #[serde(default)]
    choices: Vec<Value>,
    cond: Option<WrittenCondition>,
}

#[derive(Deserialize)]
struct WrittenCondition {
    parent: String,
    ge: Option<i64>,
    #[serde(rename = "in")]
    is: Option<Vec<Value>>,
}

#[derive(Deserialize)]
struct TestPoint {
    x: Params,
    f: f64,
    y_seed0_index: f64,
    index: u64,
}

/// A problem: to be minimised.
pub struct Problem {
    pub name: String,
    pub class: String,
    pub space: SearchSpace,
    function: Function,
    noise: f64,
    optimum: f64,
    random_at_100: f64,
}

impl Problem {
    /// The true cost.
    pub fn cost(&self, x: &Params, suite: &Suite) -> f64 {
        (self.function)(x, suite)
    }

    /// What is added to the cost at evaluation `index` of run `seed`.
    pub fn noise(&self, seed: u64, index: u64) -> f64 {
        if self.noise == 0.0 { 0.0 } else { self.noise * gauss(seed, index) }
    }

    /// 0 at the optimum, 1 where random search is, in the median, after 100 evaluations.
    pub fn regret(&self, cost: f64) -> f64 {
        (cost - self.optimum) / (self.random_at_100 - self.optimum)
    }
}

impl Suite {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
    }

    /// Its problems, by class in the order of [`CLASSES`], then by name.
    ///
    /// # Errors
    /// Where a problem can't be made, or a function is not what the suite's test points say.
    pub fn problems(&self) -> Result<Vec<Problem>, String> {
        let mut problems = Vec::new();
        for (name, written) in &self.problems {
            let function = FUNCTIONS.iter().find(|(formula, _)| *formula == written.formula);
            let (_, function) =
                function.ok_or_else(|| format!("{name}: unknown formula {}", written.formula))?;
            let mut space = SearchSpace::default();
            for parameter in &written.space {
                let parameter =
                    parameter.read(&space).map_err(|e| format!("{name}: {}: {e}", parameter.name))?;
                space.parameters.push(parameter);
            }
            let problem = Problem {
                name: name.clone(),
                class: written.class.clone(),
                space,
                function: *function,
                noise: written.noise_sd,
                optimum: written.f_opt,
                random_at_100: written.f_random_median_at_100,
            };
            written.tests.iter().try_for_each(|test| self.verify(&problem, test))?;
            problems.push(problem);
        }
        let rank = |p: &Problem| CLASSES.iter().position(|c| *c == p.class).unwrap_or(CLASSES.len());
        problems.sort_by_key(rank);
        Ok(problems)
    }

    fn verify(&self, problem: &Problem, test: &TestPoint) -> Result<(), String> {
        let name = &problem.name;
        problem.space.check(&test.x).map_err(|e| format!("{name}: test point {}: {e}", test.index))?;
        let cost = problem.cost(&test.x, self);
        let noisy = cost + problem.noise(0, test.index);
        for (found, wanted) in [(cost, test.f), (noisy, test.y_seed0_index)] {
            let near = (found - wanted).abs() <= 1e-9 * wanted.abs().max(1e-3);
            if !near {
                return Err(format!("{name}: {found} at test point {}, expected {wanted}", test.index));
            }
        }
        Ok(())
    }
}

/// The kinds of problems.
pub const CLASSES: [&str; 6] = ["continuous", "noisy", "mixed", "conditional", "categorical", "real"];

impl WrittenParameter {
    fn read(&self, before: &SearchSpace) -> Result<Parameter, String> {
        let log = self.log;
        let distribution = match (self.kind.as_str(), &self.low, &self.high) {
            ("float", Some(low), Some(high)) => match (low.as_f64(), high.as_f64()) {
                (Some(low), Some(high)) => Distribution::Float { low, high, log },
                _ => return Err("bounds are no numbers".into()),
            },
            ("int", Some(Value::Int(low)), Some(Value::Int(high))) => {
                Distribution::Int { low: *low, high: *high, log }
            }
            ("cat", _, _) => Distribution::Choice { choices: self.choices.clone() },
            (kind, _, _) => return Err(format!("a {kind} without whole bounds")),
        };
        let when = self.cond.iter().map(|c| c.read(before)).collect::<Result<_, _>>()?;
        Ok(Parameter { name: self.name.clone(), distribution, when })
    }
}

impl WrittenCondition {
    fn read(&self, before: &SearchSpace) -> Result<Condition, String> {
        let parent = before.parameters.iter().find(|p| p.name == self.parent);
        let parent = parent.ok_or_else(|| format!("no parameter {} before it", self.parent))?;
        let is = match (&self.is, self.ge, &parent.distribution) {
            (Some(is), None, _) => is.clone(),
            (None, Some(least), Distribution::Int { high, .. }) => (least..=*high).map(Value::Int).collect(),
            _ => return Err("a condition that is not understood".into()),
        };
        Ok(Condition { parameter: self.parent.clone(), is })
    }
}

/// The peers' medians: sampler → problem → trials → normalised regret.
#[derive(Deserialize, Default)]
pub struct Peers {
    summary: BTreeMap<String, BTreeMap<String, BTreeMap<String, Median>>>,
}

#[derive(Deserialize)]
struct Median {
    median: f64,
}

impl Peers {
    /// Reads `results.json` beside the suite; nothing where it is missing.
    pub fn beside(suite: &Path) -> Result<Self, String> {
        let path = suite.with_file_name("results.json");
        if !path.exists() {
            return Ok(Peers::default());
        }
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
    }

    /// A peer's median regret after `trials`.
    pub fn median(&self, sampler: &str, problem: &str, trials: usize) -> Option<f64> {
        let by_trials = self.summary.get(sampler)?.get(problem)?;
        by_trials.get(&trials.to_string()).map(|m| m.median)
    }
}
