//! The study thread and the two channels to it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use super::Study;
use crate::domain::command::{Command, End, Update};

/// A study on its own thread.
pub struct StudyHandle {
    /// To the study.
    pub commands: Sender<Command>,
    thread: JoinHandle<()>,
}

/// A channel whose sender takes every stored record: see [`Parts::publish`](super::Parts::publish).
pub fn updates() -> (Sender<Update>, Receiver<Update>) {
    channel()
}

/// Runs `study` on its own thread until it ends; `updates` then gets [`Update::Ended`].
///
/// # Errors
/// Where the system refuses a thread.
pub fn spawn(mut study: Study, updates: Sender<Update>) -> std::io::Result<StudyHandle> {
    let (commands, inbox) = channel();
    let thread = std::thread::Builder::new().name("study".into()).spawn(move || {
        let end = match catch_unwind(AssertUnwindSafe(|| run(&mut study, &inbox, &updates))) {
            Ok(end) => end,
            Err(_) => End::Failed("the study thread panicked: start the same command to resume".into()),
        };
        // The store is closed, and its lock given back, before anyone hears that the study ended.
        drop(study);
        // A viewer that has left does not want to know.
        updates.send(Update::Ended(end)).ok();
    })?;
    Ok(StudyHandle { commands, thread })
}

fn run(study: &mut Study, inbox: &Receiver<Command>, updates: &Sender<Update>) -> End {
    loop {
        for command in inbox.try_iter() {
            if let Err(error) = study.command(command) {
                return End::Failed(error.to_string());
            }
        }
        let command = match study.turn() {
            Ok(None) => continue,
            Ok(Some(End::Done)) if study.waits() => {
                // A viewer that has left has told it to stop.
                updates.send(Update::Ended(End::Done)).ok();
                inbox.recv()
            }
            Ok(Some(end)) => return end,
            Err(error) => return End::Failed(error.to_string()),
        };
        let Ok(command) = command else { return End::Done };
        if let Err(error) = study.command(command) {
            return End::Failed(error.to_string());
        }
    }
}

impl StudyHandle {
    /// Waits for the study thread to end.
    pub fn join(self) {
        let StudyHandle { commands, thread } = self;
        // One that waits for commands hears that there are none any more, unless others can still send some.
        drop(commands);
        // Its panics are caught and told as `End::Failed`.
        thread.join().ok();
    }
}
