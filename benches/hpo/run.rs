//! One search: a sampler that is asked through a history of events, as in a study.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use tune_tui::domain::direction::Direction;
use tune_tui::domain::event::{Event, FORMAT, Fingerprint, ObjectiveKind, Record, SelectOn, StudySpec};
use tune_tui::domain::history::History;
use tune_tui::domain::seed::{derive, of_trial};
use tune_tui::domain::setting::Settings;
use tune_tui::domain::space::SearchSpace;
use tune_tui::domain::trial::{Origin, TrialId};
use tune_tui::domain::value::Params;
use tune_tui::sampler::{Sampler, SamplerError, SamplerRow, Suggestion};

use super::suite::{Problem, Suite};

/// A sampler with its settings.
#[derive(Clone)]
pub struct Chosen {
    pub row: &'static SamplerRow,
    pub settings: Settings,
}

impl Chosen {
    pub fn build(&self) -> Box<dyn Sampler> {
        (self.row.build)(&self.settings)
    }
}

/// A study whose scores are told to it.
pub struct Driven {
    history: History,
}

impl Driven {
    /// A study of `trials` trials that minimises.
    pub fn new(space: &SearchSpace, seed: u64, trials: usize, slots: usize) -> Result<Self, String> {
        let study = StudySpec {
            objective: ObjectiveKind::Command,
            format: FORMAT,
            name: "hpo".into(),
            seed,
            metric: "cost".into(),
            direction: Direction::Minimize,
            space: space.clone(),
            fixed: Params::new(),
            conditions: BTreeMap::new(),
            model: "none".into(),
            sampler: "none".into(),
            folds: 1,
            epochs: 1,
            select_on: SelectOn::Validation,
            fold_sizes: Vec::new(),
            repeats: 1,
            replicates: 1,
            data: "none".into(),
            fingerprint: Fingerprint::default(),
        };
        let event = Event::StudyCreated { study: Box::new(study) };
        let history = History::begin(&Record { sequence: 0, at: 0, event }).map_err(|e| e.to_string())?;
        let mut driven = Driven { history };
        driven.apply(Event::StudyOpened { trials, slots, threads: 1, asked: None })?;
        Ok(driven)
    }

    pub fn history(&self) -> &History {
        &self.history
    }

    /// Takes an event in, a second after the last.
    fn apply(&mut self, event: Event) -> Result<(), String> {
        let record = Record { sequence: self.history.next_sequence(), at: self.history.last() + 1000, event };
        self.history.apply(&record).map_err(|e| e.to_string())
    }

    /// Starts a new trial.
    pub fn start(&mut self, params: Params, origin: Origin) -> Result<TrialId, String> {
        let trial = self.history.trials().len();
        let seed = of_trial(self.history.study().seed, trial);
        let slot = self.history.counts().running;
        self.apply(Event::TrialStarted { trial, params, seed, slot, origin })?;
        Ok(trial)
    }

    /// Ends a trial.
    pub fn complete(&mut self, trial: TrialId, score: f64) -> Result<(), String> {
        self.apply(Event::TrialCompleted { trial, score, weights: None })
    }

    /// Asks for the next trial's params as the study does; with the seconds that it took.
    pub fn ask(&self, sampler: &mut dyn Sampler) -> (Result<Suggestion, SamplerError>, f64) {
        let study = self.history.study();
        let seed = derive(study.seed, "ask", self.history.trials().len() as u64);
        let start = Instant::now();
        let suggestion = sampler.ask(&study.space, &self.history, seed);
        (suggestion, start.elapsed().as_secs_f64())
    }
}

/// What a search found.
pub struct Run {
    pub seed: u64,
    /// The true cost of the trial that looked best among the first n + 1 that ended, at place n.
    pub best: Vec<f64>,
    /// Seconds of all suggestions.
    pub seconds: f64,
    /// How many suggestions.
    pub asks: usize,
}

/// A search of `trials` trials, of which `slots` run at a time: the oldest ends before the next is asked.
/// Where the sampler has nothing more to suggest, the best stays.
pub fn search(
    problem: &Problem,
    suite: &Suite,
    chosen: &Chosen,
    seed: u64,
    trials: usize,
    slots: usize,
) -> Result<Run, String> {
    let mut driven = Driven::new(&problem.space, derive(seed, &problem.name, 0), trials, slots)?;
    let mut sampler = chosen.build();
    sampler.plan(&problem.space, trials).map_err(|e| e.to_string())?;
    let mut run = Run { seed, best: Vec::with_capacity(trials), seconds: 0.0, asks: 0 };
    let (mut running, mut asking, mut best_score) = (VecDeque::new(), true, f64::INFINITY);
    while run.best.len() < trials {
        if asking && running.len() < slots && driven.history().trials().len() < trials {
            let (suggestion, seconds) = driven.ask(&mut *sampler);
            (run.seconds, run.asks) = (run.seconds + seconds, run.asks + 1);
            match suggestion {
                Ok(Suggestion { params, origin }) => running.push_back(driven.start(params, origin)?),
                Err(SamplerError::Exhausted(_)) => asking = false,
                Err(error) => return Err(error.to_string()),
            }
            continue;
        }
        let Some(trial) = running.pop_front() else {
            let last = *run.best.last().ok_or("it suggested nothing")?;
            run.best.resize(trials, last);
            break;
        };
        let cost = problem.cost(&driven.history().trials()[trial].params, suite);
        let score = cost + problem.noise(seed, trial as u64);
        driven.complete(trial, score)?;
        let is_best = score < best_score;
        best_score = best_score.min(score);
        let kept = run.best.last().copied().filter(|_| !is_best);
        run.best.push(kept.unwrap_or(cost));
    }
    Ok(run)
}
