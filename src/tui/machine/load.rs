//! Processor and memory.

use sysinfo::System;

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

/// The same, core by core. Rounded to what is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// All together.
    pub load: Load,
    /// Each core, in percent.
    pub cores: Vec<u8>,
    /// Swap in use and what there is, in bytes, to a tenth of a GiB.
    pub swap: (u64, u64),
    /// Mean number of processes that ran or wanted to, over 1, 5 and 15 minutes.
    pub average: [f64; 3],
}

/// Where the samples come from.
#[derive(Debug)]
pub struct Source(System);

impl Source {
    /// Begins to count the processor's time.
    pub fn new() -> Self {
        let mut system = System::new();
        system.refresh_cpu_usage();
        Source(system)
    }

    /// The load since the last sample.
    pub fn sample(&mut self) -> Machine {
        let system = &mut self.0;
        system.refresh_cpu_usage();
        system.refresh_memory();
        let load = Load {
            processor: percent(system.global_cpu_usage()),
            memory: rounded(system.used_memory()),
            total: system.total_memory(),
        };
        let average = System::load_average();
        let cores = system.cpus().iter().map(|core| percent(core.cpu_usage())).collect();
        let swap = (rounded(system.used_swap()), system.total_swap());
        let average = [average.one, average.five, average.fifteen];
        Machine { load, cores, swap, average }
    }
}

fn percent(share: f32) -> u8 {
    share.round().clamp(0.0, 100.0) as u8
}

/// To a tenth of a GiB, so that the screen is not drawn again for what it does not show.
pub(super) fn rounded(bytes: u64) -> u64 {
    const STEP: u64 = (1 << 30) / 10;
    bytes / STEP * STEP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_cores_and_memory() {
        let machine = Source::new().sample();
        assert!(!machine.cores.is_empty() && machine.cores.iter().all(|core| *core <= 100));
        assert!(machine.load.total > 0 && machine.load.memory <= machine.load.total);
        assert!(machine.average.iter().all(|a| *a >= 0.0));
    }
}
