//! The program as a user meets it: the built binary, real files, a real pseudo-terminal.

mod bad_input;
mod commands;
mod dashboard;
mod program;
mod real_data;
mod resume;
mod terminal;
