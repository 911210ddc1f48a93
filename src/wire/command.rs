//! A study of a program: what it is, and what runs it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use super::load::fingerprint;
use super::slots;
use crate::config::StudyConfig;
use crate::config::study::CommandConfig;
use crate::domain::event::{FORMAT, ObjectiveKind, SelectOn, StudySpec};
use crate::domain::value::Params;
use crate::program::{self, Program, Start};

/// A program and the study of it before anything runs.
pub struct Outside {
    /// What the study is.
    pub spec: StudySpec,
    /// How the program is started.
    pub start: Start,
    /// Where it is.
    pub program: PathBuf,
    fixed: Params,
    seed: Option<u64>,
}

/// That there is no such program.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoProgram(String);

/// The folder of the programs' logs in a store.
pub fn logs(store: &Path) -> PathBuf {
    store.join("logs")
}

impl Outside {
    /// Finds the program.
    ///
    /// # Errors
    /// [`NoProgram`] where it is not there.
    pub fn of(config: &StudyConfig, command: &CommandConfig) -> Result<Self> {
        let (_, threads, _) = slots(config);
        let start = Start {
            run: command.run.clone(),
            directory: command.directory.clone(),
            environment: command.environment.clone(),
            persistent: command.persistent,
            timeout: command.timeout.map(Duration::from_secs_f64),
            grace: Duration::from_secs_f64(command.grace),
            threads,
        };
        let program = program::locate(&start).map_err(NoProgram)?;
        let spec = StudySpec {
            format: FORMAT,
            name: config.name.clone(),
            seed: config.seed,
            metric: config.metric.clone(),
            direction: config.direction,
            space: command.parameters.space.clone(),
            fixed: command.parameters.fixed.clone(),
            conditions: command.parameters.conditions.clone(),
            objective: ObjectiveKind::Command,
            model: command.run.join(" "),
            sampler: config.sampler.kind.clone(),
            folds: 1,
            // It says itself when it is done.
            epochs: 0,
            select_on: SelectOn::default(),
            fold_sizes: Vec::new(),
            repeats: 1,
            replicates: 1,
            data: String::new(),
            fingerprint: fingerprint(config, String::new()),
        };
        let fixed = spec.fixed.clone();
        Ok(Outside { spec, start, program, fixed, seed: command.seed })
    }

    /// The study and what evaluates its trials, with logs in its store.
    pub fn program(self, store: &Path) -> (StudySpec, Program) {
        (self.spec, Program::new(self.start, self.fixed, self.seed, Some(logs(store))))
    }

    /// What evaluates a trial without a store.
    pub fn unlogged(self) -> Program {
        Program::new(self.start, self.fixed, self.seed, None)
    }
}
