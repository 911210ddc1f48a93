//! How trials share the machine.

use crate::config::StudyConfig;
use crate::config::study::ExecutorConfig;
use crate::executor::Layout;

/// Most slots that `workers = "auto"` takes: beyond it suggestions made in parallel teach the sampler
/// less than the cores would within a trial.
const AUTO_SLOTS: usize = 8;

/// How many slots of how many threads, and what to tell where the study file wants more than there is. A
/// program may have as many as it wants: it may wait for other machines.
pub fn slots(config: &StudyConfig) -> (usize, usize, Option<String>) {
    let ExecutorConfig { workers, threads, .. } = config.executor;
    let cores = cores();
    match (config.network(), workers) {
        (None, Some(workers)) => (workers, threads.unwrap_or((cores / workers).max(1)), None),
        _ => share(cores, workers, threads),
    }
}

/// The cores that this process may use.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Slots of networks never have more threads than there are cores.
pub(super) fn layout_of(slots: usize, threads: usize, is_network: bool) -> Layout {
    Layout { slots, threads, cores: if is_network { cores() } else { usize::MAX } }
}

fn share(cores: usize, workers: Option<usize>, threads: Option<usize>) -> (usize, usize, Option<String>) {
    let per_slot = threads.unwrap_or(1).clamp(1, cores);
    let slots = workers.unwrap_or(AUTO_SLOTS).clamp(1, cores / per_slot);
    let per_slot = threads.map_or(cores / slots, |_| per_slot);
    let wanted = (workers.unwrap_or(slots), threads.unwrap_or(per_slot));
    let notice = (wanted != (slots, per_slot)).then(|| {
        format!(
            "{} workers × {} threads were asked for, but there are {cores} cores: {slots} × {per_slot}",
            wanted.0, wanted.1
        )
    });
    (slots, per_slot, notice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_times_slots_never_exceed_the_cores() {
        for cores in 1..40 {
            for workers in [None, Some(1), Some(3), Some(100)] {
                for threads in [None, Some(1), Some(2), Some(64)] {
                    let (slots, per_slot, notice) = share(cores, workers, threads);
                    assert!(slots >= 1 && per_slot >= 1 && slots * per_slot <= cores);
                    let granted = workers.is_none_or(|w| w == slots) && threads.is_none_or(|t| t == per_slot);
                    assert_eq!(notice.is_none(), granted, "{cores} {workers:?} {threads:?}");
                }
            }
        }
        assert_eq!(share(2, None, None), (2, 1, None));
        assert_eq!(share(64, None, None), (8, 8, None));
        assert_eq!(share(2, Some(1), None), (1, 2, None));
    }
}
