//! The program `tune-tui`.

use std::process::ExitCode;

fn main() -> ExitCode {
    tune_tui::cli::main()
}
