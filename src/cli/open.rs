//! A study is opened: its data read, its search space looked through, its trials restored. Behind the dashboard
//! this happens on a thread of its own, while the screen tells what is being done.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use anyhow::{Context, Result};

use super::output::complain;
use crate::baseline::BaselineRow;
use crate::config::StudyConfig;
use crate::config::study::{DataSource, ObjectiveConfig};
use crate::domain::command::Update;
use crate::domain::event::Level;
use crate::domain::history::History;
use crate::domain::value::human_bytes;
use crate::storage::journal;
use crate::study::Study;
use crate::study::handle::{self, StudyHandle};
use crate::tui::Told;
use crate::wire::{self, Background, Ready};

/// A study that is open and not at work yet.
pub struct Opened {
    study: Study,
    sender: Sender<Update>,
    /// What will happen to it.
    pub updates: Receiver<Update>,
    /// What is computed beside its trials; none of programs.
    pub background: Option<Background>,
    baselines: Vec<&'static BaselineRow>,
}

impl Opened {
    /// Puts lines into the study's log.
    ///
    /// # Errors
    /// Where the store fails.
    pub fn note(&mut self, said: Vec<Said>) -> Result<()> {
        for Said(level, text) in said {
            self.study.note(level, text)?;
        }
        Ok(())
    }

    /// Keeps the study at work when its trials have ended: a person may want more.
    pub fn linger(&mut self) {
        self.study.linger();
    }

    /// The study so far.
    pub fn history(&self) -> History {
        self.study.history().clone()
    }

    /// Lets it go to work.
    ///
    /// # Errors
    /// Where the system refuses a thread.
    pub fn start(mut self) -> Result<(StudyHandle, Receiver<Update>)> {
        self.study.await_baselines(self.baselines.iter().map(|row| row.name.to_owned()));
        let study = handle::spawn(self.study, self.sender).context("failed to start the study thread")?;
        if let Some(background) = self.background {
            background.compute(self.baselines, &study.commands);
        }
        Ok((study, self.updates))
    }
}

/// A line for a person.
pub struct Said(Level, String);

/// What opening a study tells on its way.
pub enum Progress {
    /// It begins with this.
    Step(String),
    /// A person should know this.
    Said(Said),
}

/// Opens a study in `store`, which is moved aside first where it is to start over.
///
/// # Errors
/// Unusable data, a store that can't be opened; what `tell` says.
pub fn open(
    config: &StudyConfig,
    store: &Path,
    fresh: bool,
    tell: &mut dyn FnMut(Progress) -> Result<()>,
) -> Result<Opened> {
    tell(Progress::Step(reading(config)))?;
    let ready = wire::ready(config)?;
    if let Ready::Network(prepared) = &ready {
        tell(Progress::Step("looking which networks of the search space can be trained".into()))?;
        for warning in wire::survey(prepared)?.warnings() {
            let text = format!("{warning}; `tune-tui check` says why");
            tell(Progress::Said(Said(Level::Warning, text)))?;
        }
    }
    if fresh {
        // All are read anew; one that can't be must be known before the old store is moved.
        wire::warm_start::read(config, ready.spec(), &[])?;
    }
    tell(Progress::Step(opening(store)))?;
    // Only now: a study that could not start must not have lost its place.
    if fresh && let Some(kept) = wire::archive(store)? {
        let text = format!("the old store was kept as {}", kept.display());
        tell(Progress::Said(Said(Level::Info, text)))?;
    }
    let (sender, updates) = handle::updates();
    let background = match &ready {
        Ready::Network(prepared) => Some(Background::of(config, prepared, store)?),
        Ready::Command(_) => None,
    };
    let study = wire::open(config, ready, store, sender.clone())?;
    let missing = |background: &Background| background.missing(study.history());
    let baselines = background.as_ref().map_or(Vec::new(), missing);
    Ok(Opened { study, sender, updates, background, baselines })
}

/// Opens a study where there is no screen to spare.
///
/// # Errors
/// As [`open`].
pub fn open_plainly(config: &StudyConfig, store: &Path, fresh: bool) -> Result<Opened> {
    open(config, store, fresh, &mut |progress| {
        match progress {
            Progress::Said(Said(Level::Warning, text)) => complain(&format!("warning: {text}")),
            Progress::Said(Said(Level::Info, text)) => complain(&text),
            Progress::Step(_) => {}
        }
        Ok(())
    })
}

/// What came of opening, and what a person should know.
pub type Outcome = (Result<Opened>, Vec<Said>);

/// Opens a study on a thread of its own. One that nobody waits for any more ends before its next step.
///
/// # Errors
/// Where the system refuses a thread.
pub fn open_aside(config: StudyConfig, store: &Path, fresh: bool) -> Result<Receiver<Told<Outcome>>> {
    let (tell, told) = channel();
    let store = store.to_owned();
    let work = move || {
        let mut said = Vec::new();
        let opened = open(&config, &store, fresh, &mut |progress| {
            match progress {
                Progress::Step(text) => {
                    tell.send(Told::Step(text)).ok().context("nobody waits for the study")?;
                }
                Progress::Said(line) => said.push(line),
            }
            Ok(())
        });
        // Who has left does not want to know; the store is closed with what was opened.
        tell.send(Told::Done((opened, said))).ok();
    };
    thread::Builder::new().name("open".into()).spawn(work).context("failed to start a thread")?;
    Ok(told)
}

/// Says what a person should know, on the normal screen.
pub fn say_all(said: Vec<Said>) {
    for Said(level, text) in said {
        complain(&if level == Level::Warning { format!("warning: {text}") } else { text });
    }
}

fn reading(config: &StudyConfig) -> String {
    match &config.objective {
        ObjectiveConfig::Command(_) => "looking for the program".into(),
        ObjectiveConfig::Network(network) => match &network.data.source {
            DataSource::Files { genotypes, .. } => format!("reading the data of {}", genotypes.display()),
            DataSource::Simulate { preset, .. } => format!("reading or simulating the population `{preset}`"),
        },
    }
}

fn opening(store: &Path) -> String {
    match std::fs::metadata(journal::path(store)) {
        Ok(journal) => format!("reading the trials in {} ({})", store.display(), human_bytes(journal.len())),
        Err(_) => format!("making the store {}", store.display()),
    }
}
