//! How a study is opened: anew, or as it is stored, with what of a person's changes stands.

use std::collections::{BTreeSet, HashMap};

use super::change::refuse_change;
use super::{Parts, Study, StudyError};
use crate::domain::event::{Asked, Event, Level, Method, Record, StudySpec};
use crate::domain::history::History;
use crate::domain::value::{Params, counted};

impl Study {
    /// Opens a study: a new one where `history` is `None`, else the stored one. Trials that were cut
    /// off with the last coordinator are queued again. `asked` is what the study file asks for; what a person
    /// changed since stands unless that says something else than it did.
    ///
    /// # Errors
    /// Where the store fails or holds a study that differs from `spec`.
    pub fn open(
        mut parts: Parts,
        spec: StudySpec,
        history: Option<History>,
        asked: impl Into<Asked>,
    ) -> Result<Self, StudyError> {
        let asked = asked.into();
        let wanted = spec.sampler.clone();
        let history = match history {
            Some(history) => {
                refuse_change(history.study(), history.created_space(), &spec)?;
                history
            }
            None => {
                let event = Event::StudyCreated { study: Box::new(spec) };
                let record = Record { sequence: 0, at: (parts.clock)(), event };
                let history = History::begin(&record)?;
                parts.storage.append(std::slice::from_ref(&record))?;
                (parts.publish)(&record);
                history
            }
        };
        let mut study = Study {
            parts,
            history,
            stopping: HashMap::new(),
            retried: HashMap::new(),
            stop: None,
            awaited: BTreeSet::new(),
            unsettled: false,
            settled: None,
            lingers: false,
        };
        let standing = study.history.standing(&asked);
        let lines = last_words(&study.history, &asked, &standing);
        let (problems, instead) = study.take_up(&standing, &asked, &wanted);
        if study.history.space() != study.history.created_space() {
            // Whoever made the file's sampler knew of no ranges that were changed.
            study.parts.sampler.plan(study.history.space(), study.trials_of_a_search(standing.trials))?;
        }
        let layout = study.parts.executor.layout();
        study.record(Event::StudyOpened {
            trials: standing.trials,
            slots: layout.slots,
            threads: layout.threads,
            asked: Some(Box::new(asked)),
        })?;
        // Nobody is named who does not suggest or judge.
        for event in instead {
            study.record(event)?;
        }
        let begun = study.history.study().sampler.clone();
        if begun != wanted && standing.sampler.is_none() {
            study.note(
                Level::Info,
                format!("the study began with sampler {begun} and goes on with {wanted}"),
            )?;
        }
        for line in lines {
            study.note(Level::Info, line)?;
        }
        for problem in problems {
            study.note(Level::Warning, problem)?;
        }
        for trial in study.running() {
            study.record(Event::TrialRequeued { trial, reason: "interrupted".into() })?;
            study.note(Level::Info, format!("trial {trial} was interrupted and starts again"))?;
        }
        Ok(study)
    }

    /// Puts the parts in place that a person had chosen; says which can't be had. The study file's stay then, which
    /// are to be recorded as what counts: `asked`, or of a file that says nothing more the sampler's name.
    fn take_up(&mut self, standing: &Asked, asked: &Asked, sampler: &str) -> (Vec<String>, Vec<Event>) {
        let (mut problems, mut instead) = (Vec::new(), Vec::new());
        let named = |kind: &str| Method { kind: kind.to_owned(), settings: Params::new() };
        if let Some(workers) = standing.workers
            && let Err(error) = self.parts.executor.arrange(self.parts.maker.layout(workers))
        {
            problems.push(format!("{}, as before, can't be had: {error}", counted(workers, "worker")));
        }
        let trials = self.trials_of_a_search(standing.trials);
        if let Some(method) = &standing.sampler {
            match self.parts.maker.sampler(method, self.history.space(), trials) {
                Ok(made) => self.parts.sampler = made.part,
                Err(why) => {
                    problems.push(format!("the study file's sampler suggests, not {method}: {why}"));
                    let sampler = asked.sampler.clone().unwrap_or_else(|| named(sampler));
                    instead.push(Event::SamplerSwitched { sampler });
                }
            }
        }
        if let Some(method) = &standing.pruner {
            match self.parts.maker.pruner(method, self.history.study()) {
                Ok(made) => self.parts.pruner = made.part,
                Err(why) => {
                    problems.push(format!("the study file's pruner judges, not {method}: {why}"));
                    let pruner = asked.pruner.clone().unwrap_or_else(|| named("none"));
                    instead.push(Event::PrunerSwitched { pruner });
                }
            }
        }
        (problems, instead)
    }
}

/// Whose word counts, wherever a person and the study file say something else.
fn last_words(history: &History, asked: &Asked, standing: &Asked) -> Vec<String> {
    let Some(before) = history.asked() else { return Vec::new() };
    let mut lines = Vec::new();
    let mut line = |person: Option<String>, stands: bool, file: String| {
        let Some(person) = person.filter(|person| *person != file) else { return };
        lines.push(if stands {
            format!("{person}, as was asked for while the study ran; the study file's {file} counts once it changes")
        } else {
            format!("{file}, as the study file says now, not {person} as was asked for while the study ran")
        });
    };
    let word = |value: Option<String>, none: &str| value.unwrap_or_else(|| none.to_owned());
    let trials = |n: usize| counted(n, "trial");
    let changed = history.wanted() != before.trials;
    line(changed.then(|| trials(history.wanted())), before.trials == asked.trials, trials(asked.trials));
    let workers = |n: usize| counted(n, "worker");
    let file = word(asked.workers.map(workers), "choice of workers");
    line(history.workers().map(workers), standing.workers.is_some(), file);
    let file = word(asked.sampler.as_ref().map(|m| format!("sampler {m}")), "sampler");
    line(history.sampler().map(|m| format!("sampler {m}")), standing.sampler.is_some(), file);
    let file = word(asked.pruner.as_ref().map(|m| format!("pruner {m}")), "pruner");
    line(history.pruner().map(|m| format!("pruner {m}")), standing.pruner.is_some(), file);
    lines
}
