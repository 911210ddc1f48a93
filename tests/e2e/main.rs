//! The program as a user meets it: the built binary, real files, a real pseudo-terminal.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

mod asked;
mod bad_input;
mod baselines;
mod beside;
mod command;
mod commands;
mod dashboard;
mod docs;
mod evaluation;
mod networks;
mod predict;
mod program;
mod real_data;
mod resume;
mod studies;
mod terminal;
mod warm_start;
