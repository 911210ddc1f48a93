//! The machine: its load, its graphics cards, this program's processes and a cluster's jobs. Each source is
//! sampled on a thread of its own, so that one that hangs holds up none of the others.
//!
//! The load is sampled all the time, because the header shows it. The rest is sampled while somebody looks: a
//! thread whose source nobody watches waits for a message and costs nothing.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

pub mod cards;
pub mod jobs;
pub mod load;
pub mod processes;

/// Time between two samples; also the time over which the processor's load is averaged.
const INTERVAL: Duration = Duration::from_secs(2);
/// Least time between two questions to a cluster: others ask it too.
const JOBS: Duration = Duration::from_secs(10);

/// What a source says.
#[derive(Debug, Clone, PartialEq)]
pub enum Sample {
    /// Processor and memory.
    Machine(load::Machine),
    /// This program and what it started.
    Processes(Vec<processes::Process>),
    /// The graphics cards.
    Cards(cards::Cards),
    /// The jobs of the cluster.
    Jobs(jobs::Jobs),
}

/// Threads that sample until this is dropped.
#[derive(Debug)]
pub struct Sampler {
    /// The samples.
    pub samples: Receiver<Sample>,
    watched: Vec<Sender<bool>>,
    watching: bool,
    _alive: Sender<()>,
}

/// Starts sampling.
///
/// # Errors
/// Where the system gives no thread.
pub fn watch() -> std::io::Result<Sampler> {
    let (send, samples) = mpsc::channel();
    let (alive, ended) = mpsc::channel::<()>();
    let loads = send.clone();
    thread::Builder::new().name("load".into()).spawn(move || {
        let mut source = load::Source::new();
        while ended.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
            if loads.send(Sample::Machine(source.sample())).is_err() {
                return;
            }
        }
    })?;
    let mut processes = processes::Source::default();
    let mut cards = cards::Source::default();
    let watched = vec![
        on_demand("processes", INTERVAL, &send, move |anew| Sample::Processes(processes.sample(anew)))?,
        on_demand("cards", INTERVAL, &send, move |_| Sample::Cards(cards.sample()))?,
        on_demand("jobs", JOBS, &send, |_| Sample::Jobs(jobs::ask()))?,
    ];
    Ok(Sampler { samples, watched, watching: false, _alive: alive })
}

impl Sampler {
    /// Whether somebody looks at more than the load.
    pub fn look(&mut self, watching: bool) {
        if self.watching != watching {
            self.watching = watching;
            // A thread that is gone has nothing more to say.
            for source in &self.watched {
                source.send(watching).ok();
            }
        }
    }
}

/// A thread that samples every `interval` while it was last told `true`, at once where the last sample is older
/// than that. `sample` is told whether the samples before are of an earlier look.
fn on_demand(
    name: &str,
    interval: Duration,
    samples: &Sender<Sample>,
    mut sample: impl FnMut(bool) -> Sample + Send + 'static,
) -> std::io::Result<Sender<bool>> {
    let (switch, switched) = mpsc::channel::<bool>();
    let samples = samples.clone();
    thread::Builder::new().name(name.into()).spawn(move || {
        let mut last: Option<Instant> = None;
        let mut anew = true;
        let mut on = false;
        loop {
            if !on {
                let Ok(told) = switched.recv() else { return };
                (on, anew) = (told, true);
                continue;
            }
            let wait = last.map_or(Duration::ZERO, |at| interval.saturating_sub(at.elapsed()));
            match switched.recv_timeout(wait) {
                Ok(told) => on = told,
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    if samples.send(sample(anew)).is_err() {
                        return;
                    }
                    (last, anew) = (Some(Instant::now()), false);
                }
            }
        }
    })?;
    Ok(switch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_sampled_only_while_it_is_watched() {
        let (send, samples) = mpsc::channel();
        let soon = Duration::from_secs(20);
        let short = Duration::from_millis(1);
        let source = |anew| Sample::Cards(cards::Cards::Absent(if anew { "anew" } else { "again" }.into()));
        let switch = on_demand("test", short, &send, source).unwrap();
        let absent = |why: &str| Sample::Cards(cards::Cards::Absent(why.into()));
        assert_eq!(samples.recv_timeout(Duration::from_millis(30)), Err(RecvTimeoutError::Timeout));
        for _ in 0..2 {
            switch.send(true).unwrap();
            assert_eq!(samples.recv_timeout(soon), Ok(absent("anew")));
            assert_eq!(samples.recv_timeout(soon), Ok(absent("again")));
            switch.send(false).unwrap();
            // What was on its way still comes; then there is silence.
            while samples.recv_timeout(Duration::from_millis(100)).is_ok() {}
        }
        drop((switch, send));
        assert_eq!(samples.recv_timeout(soon), Err(RecvTimeoutError::Disconnected), "the thread has ended");
    }
}
