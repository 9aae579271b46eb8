//! The program `vigie`: flags, exit code, nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    vigie::cli::run(std::env::args_os())
}
