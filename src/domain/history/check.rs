//! What may happen next.

use thiserror::Error;

use super::History;
use crate::domain::baseline::BaselineScore;
use crate::domain::event::{Event, FORMAT};
use crate::domain::trial::{Imported, Report, Trial, TrialId, TrialState};
use crate::domain::value::Params;

/// Why an event can't follow the history.
#[derive(Debug, Clone, Error, PartialEq)]
pub enum EventError {
    /// The first record of a study must create it.
    #[error("the first record must be `study_created`, found record {0}")]
    NoStudy(u64),
    /// The store was written by a newer version.
    #[error("event format {found} is newer than this program's {FORMAT}: update tune-tui")]
    NewerFormat {
        /// The store's format.
        found: u32,
    },
    /// A record is missing or repeated.
    #[error("expected record {expected}, found {found}")]
    Sequence {
        /// The number that should follow.
        expected: u64,
        /// The number found.
        found: u64,
    },
    /// The study is created only once.
    #[error("the study was created before")]
    CreatedTwice,
    /// No such trial.
    #[error("there is no trial {0}")]
    UnknownTrial(TrialId),
    /// The trial's state does not allow the event. Finished trials are never modified.
    #[error("trial {trial} is {state}: it can't be {event}")]
    State {
        /// The trial.
        trial: TrialId,
        /// Its state's word.
        state: &'static str,
        /// What the event would have done.
        event: &'static str,
    },
    /// The event contradicts what is known of the baseline, or of the study.
    #[error("baseline {name}: {problem}")]
    Baseline {
        /// The baseline.
        name: String,
        /// What contradicts.
        problem: String,
    },
    /// A parameter can't be searched like that.
    #[error("parameter `{parameter}` {problem}")]
    Range {
        /// The parameter.
        parameter: String,
        /// Why not.
        problem: String,
    },
    /// A source is imported only once.
    #[error("{0} was imported before")]
    ImportedTwice(String),
    /// What is imported does not belong to the study.
    #[error("{from}, trial {row}: {problem}")]
    Imported {
        /// Where it comes from.
        from: String,
        /// Its place there, from 0.
        row: usize,
        /// What contradicts.
        problem: String,
    },
    /// The event contradicts what is known of the trial.
    #[error("trial {trial}: {problem}")]
    Trial {
        /// The trial.
        trial: TrialId,
        /// What contradicts.
        problem: String,
    },
}

impl History {
    /// Whether `event` may follow. Changes nothing.
    ///
    /// # Errors
    /// Says what does not fit.
    pub fn check(&self, event: &Event) -> Result<(), EventError> {
        match event {
            Event::StudyCreated { .. } => Err(EventError::CreatedTwice),
            Event::StudyOpened { .. }
            | Event::StudyPaused
            | Event::StudyResumed
            | Event::TrialsWanted { .. }
            | Event::SlotsChanged { .. }
            | Event::SamplerSwitched { .. }
            | Event::PrunerSwitched { .. }
            | Event::SearchExhausted { .. }
            | Event::Noted { .. } => Ok(()),
            Event::RangeChanged { parameter, distribution } => self.check_range(parameter, distribution),
            Event::TrialPinned { trial, .. } | Event::TrialAnnotated { trial, .. } => {
                self.trials.get(*trial).map(drop).ok_or(EventError::UnknownTrial(*trial))
            }
            Event::TrialsImported { source, trials } => self.check_imported(source, trials),
            Event::TrialEnqueued { trial, params, seed, .. } if *trial == self.trials.len() => {
                self.check_start(*trial, params, *seed)
            }
            Event::TrialEnqueued { trial, .. } => {
                let problem = format!("the next one is {}", self.trials.len());
                Err(EventError::Trial { trial: *trial, problem })
            }
            Event::BaselineScored { baseline } => self.check_baseline(baseline),
            Event::TrialStarted { trial, params, seed, .. } => self.check_start(*trial, params, *seed),
            Event::TrialReported { trial, report } => {
                let t = self.running_trial(*trial, "reported on")?;
                let losses = [report.train_loss, report.validation_loss];
                let finite = losses.into_iter().flatten().chain([report.score]).all(f64::is_finite);
                let next = self.next_fold(t);
                let problem = if report.step != t.reports.len() {
                    format!("expected step {}, found {}", t.reports.len(), report.step)
                } else if (report.repeat, report.fold) != next {
                    let Report { repeat, fold, .. } = report;
                    format!("expected fold {} of repeat {}, found {fold} of {repeat}", next.1, next.0)
                } else if !finite {
                    format!("step {} is not finite", report.step)
                } else {
                    return Ok(());
                };
                Err(EventError::Trial { trial: *trial, problem })
            }
            Event::FoldFinished { trial, fold } => {
                let t = self.running_trial(*trial, "given a fold")?;
                let finite = fold.score.is_finite() && fold.metrics.values().all(|v| v.is_finite());
                let (repeat, number) = self.next_fold(t);
                if (fold.repeat, fold.fold) != (repeat, number) || !finite {
                    let problem = format!("expected fold {number} of repeat {repeat} with finite metrics");
                    return Err(EventError::Trial { trial: *trial, problem });
                }
                Ok(())
            }
            Event::TrialCompleted { trial, score, .. } => {
                self.running_trial(*trial, "completed")?;
                if !score.is_finite() {
                    let problem = format!("score {score} is not finite");
                    return Err(EventError::Trial { trial: *trial, problem });
                }
                Ok(())
            }
            Event::TrialPruned { trial, .. } => self.running_trial(*trial, "pruned").map(drop),
            Event::TrialPromoted { trial, .. } => {
                let t = self.trials.get(*trial).ok_or(EventError::UnknownTrial(*trial))?;
                if matches!(t.state, TrialState::Pruned { .. }) {
                    return Ok(());
                }
                Err(EventError::State { trial: *trial, state: t.state.word(), event: "promoted" })
            }
            Event::TrialFailed { trial, .. } => self.running_trial(*trial, "failed").map(drop),
            Event::TrialRequeued { trial, .. } => self.running_trial(*trial, "queued again").map(drop),
            Event::TrialCancelled { trial } => {
                let t = self.trials.get(*trial).ok_or(EventError::UnknownTrial(*trial))?;
                if t.state.is_finished() {
                    return Err(EventError::State {
                        trial: *trial,
                        state: t.state.word(),
                        event: "cancelled",
                    });
                }
                Ok(())
            }
        }
    }

    fn check_baseline(&self, baseline: &BaselineScore) -> Result<(), EventError> {
        let (name, folds) = (baseline.baseline.clone(), self.study.folds);
        let finite = baseline.folds.iter().flat_map(|fold| fold.values()).all(|value| value.is_finite());
        let problem = if self.baselines.iter().any(|known| known.baseline == name) {
            "was scored before".to_owned()
        } else if baseline.folds.len() != folds || !finite {
            format!("expected finite metrics of {folds} folds")
        } else {
            return Ok(());
        };
        Err(EventError::Baseline { name, problem })
    }

    fn check_imported(&self, source: &str, trials: &[Imported]) -> Result<(), EventError> {
        if self.sources.iter().any(|known| known.source == source) {
            return Err(EventError::ImportedTwice(source.to_owned()));
        }
        for (row, known) in trials.iter().enumerate() {
            let problem = match self.study.space.check(&known.params) {
                Err(error) => error.to_string(),
                Ok(()) if !known.score.is_finite() => format!("score {} is not finite", known.score),
                Ok(()) => continue,
            };
            return Err(EventError::Imported { from: source.to_owned(), row, problem });
        }
        Ok(())
    }

    /// The repeat and fold that a trial is at.
    fn next_fold(&self, trial: &Trial) -> (usize, usize) {
        let (done, folds) = (trial.folds.len(), self.study.folds.max(1));
        (done / folds, done % folds)
    }

    fn check_start(&self, trial: TrialId, params: &Params, seed: u64) -> Result<(), EventError> {
        match self.trials.get(trial) {
            None if trial == self.trials.len() => self
                .study
                .space
                .check(params)
                .map_err(|e| EventError::Trial { trial, problem: e.to_string() }),
            None => Err(EventError::UnknownTrial(trial)),
            Some(t) if t.state != TrialState::Waiting => {
                Err(EventError::State { trial, state: t.state.word(), event: "started" })
            }
            Some(t) if &t.params != params || t.seed != seed => Err(EventError::Trial {
                trial,
                problem: "was asked with other params or another seed".into(),
            }),
            Some(_) => Ok(()),
        }
    }

    fn running_trial(&self, trial: TrialId, event: &'static str) -> Result<&Trial, EventError> {
        let t = self.trials.get(trial).ok_or(EventError::UnknownTrial(trial))?;
        if t.state == TrialState::Running {
            Ok(t)
        } else {
            Err(EventError::State { trial, state: t.state.word(), event })
        }
    }
}
