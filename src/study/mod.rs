//! A study: ask, run, record, repeat.

pub mod handle;
