//! `vigie bench`: measures this very program and prints one line of JSON. The lists of commands leave it out.

use std::io::stderr;
use std::process::ExitCode;

use vigie_benches::portable::{Options, Outcome, run};

use super::{print, say};

pub(super) const HELP: &str = "\
Usage: vigie bench

Measures this program on this machine: writes logs into a folder of the temporary directory, ships them to a sink of its
own on loopback, once per path, and deletes the folder. Nothing leaves the machine. It takes less than two minutes, and
less than 300 MB of disk and memory.

Standard output gets one line of JSON: machine, CPU-seconds per GB, peak memory, bytes on the wire. Standard error tells how
it gets on. Exit code 1 means that something failed, was lost or came twice.

Let the machine have nothing else to do, set its governor to `performance` if you can, and send the line to the project;
benches/record/README.md says where.
";

/// Runs it, with this program as the agent.
pub(super) fn measure() -> ExitCode {
    let outcome = std::env::current_exe()
        .and_then(|program| run(&Options::new(program, env!("CARGO_PKG_VERSION")), &mut stderr()));
    match outcome {
        Ok(Outcome { figures, is_sound }) => {
            let printed = print(&format!("{figures}\n"));
            if is_sound { printed } else { ExitCode::FAILURE }
        }
        Err(error) => {
            say(&format!("vigie: cannot measure: {error}\n"));
            ExitCode::FAILURE
        }
    }
}
