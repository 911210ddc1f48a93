//! Training one network on one fold.

mod all;
pub mod checkpoint;
mod epoch;
mod fit;
#[cfg(test)]
mod fixtures;
pub mod loss;
pub mod metric;
pub mod optimizer;
mod schedule;
mod spec;
#[cfg(test)]
mod tests;

pub use all::fit_all;
pub use fit::{Epoch, Fit, FoldData, TrainError, check_fold, check_spec, fit, metrics};
pub use schedule::{Clip, Schedule};
pub use spec::{EarlyStopping, Monitor, TRAIN, TrainSpec};
