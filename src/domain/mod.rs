//! The words of the product: parameters, trials, events and their history.
//!
//! Nothing here imports anything else of the crate, reads a clock, draws an unseeded random number
//! or touches a file.

pub mod baseline;
pub mod checkpoint;
pub mod command;
pub mod course;
pub mod direction;
pub mod ensemble;
pub mod event;
pub mod history;
pub mod insight;
pub mod objective;
pub mod second;
pub mod seed;
pub mod setting;
pub mod space;
pub mod table;
pub mod task;
#[cfg(test)]
pub mod testing;
pub mod trial;
pub mod value;
