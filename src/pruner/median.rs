//! The median rule (Golovin et al. 2017, section 3.2.2): the percentile rule of fifty percent.

use super::PrunerRow;
use super::percentile::{Percentile, STARTUP, WARMUP};

/// Its row in the table of pruners.
pub const ROW: PrunerRow = PrunerRow {
    name: "median",
    help: "end a trial whose best score is worse than the median of the complete trials' at the same epoch",
    settings: &[STARTUP, WARMUP],
    build: |settings| {
        let (startup, warmup) = (settings.count("startup"), settings.count("warmup"));
        Box::new(Percentile { percent: 50.0, startup, warmup })
    },
};
