//! The load of the machine, sampled on a thread of its own.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use sysinfo::System;

/// Time between two samples; also the time over which the processor's load is averaged.
const INTERVAL: Duration = Duration::from_secs(2);

/// How busy the machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Processor time in use, in percent of all cores.
    pub processor: u8,
    /// Memory in use, in bytes, to a tenth of a GiB.
    pub memory: u64,
    /// Memory there is, in bytes.
    pub total: u64,
}

/// A thread that samples until this is dropped.
#[derive(Debug)]
pub struct Sampler {
    /// The samples.
    pub samples: Receiver<Load>,
    _alive: Sender<()>,
}

/// Starts sampling.
///
/// # Errors
/// Where the system gives no thread.
pub fn watch() -> std::io::Result<Sampler> {
    let (send, samples) = mpsc::channel();
    let (alive, ended) = mpsc::channel::<()>();
    std::thread::Builder::new().name("load".into()).spawn(move || {
        let mut system = System::new();
        system.refresh_cpu_usage();
        while ended.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
            if send.send(sample(&mut system)).is_err() {
                return;
            }
        }
    })?;
    Ok(Sampler { samples, _alive: alive })
}

fn sample(system: &mut System) -> Load {
    const STEP: u64 = (1 << 30) / 10;
    system.refresh_cpu_usage();
    system.refresh_memory();
    Load {
        processor: system.global_cpu_usage().round().clamp(0.0, 100.0) as u8,
        // Rounded, so that the screen is not drawn again for what it does not show.
        memory: system.used_memory() / STEP * STEP,
        total: system.total_memory(),
    }
}
