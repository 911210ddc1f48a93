//! Training one network on one fold.

mod all;
pub mod checkpoint;
mod epoch;
mod fit;
#[cfg(test)]
mod fixtures;
mod keeper;
pub mod loss;
pub mod metric;
pub mod optimizer;
mod schedule;
mod snapshot;
mod spec;
#[cfg(test)]
mod tests;

pub use all::fit_all;
pub use fit::{Epoch, Fit, FoldData, TrainError, Watch, check_fold, check_spec, fit, fit_watched, metrics};
pub use schedule::{Clip, Schedule};
pub use snapshot::{Reader as SnapshotReader, Writer as SnapshotWriter};
pub use spec::{EarlyStopping, Monitor, TRAIN, TrainSpec};
