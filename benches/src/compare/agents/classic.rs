//! Vigie and Fluent Bit: the files of `benches/conf`, but for two settings that only Fluent Bit needs.

use std::io;
use std::path::Path;
use std::process::Command;

use super::Task;
use crate::conf::Setup;
use crate::scenario::Parse;

/// Vigie with its defaults.
pub(super) fn vigie(task: &Task<'_>, program: &Path) -> io::Result<Option<Command>> {
    setup(task, task.scenario.configuration()).command(program).map(Some)
}

/// Fluent Bit, set as it does best: without a memory limit it grows without bound, and dropping the log from the page
/// cache costs system time. It has no filter that hides personal data.
pub(super) fn fluent_bit(task: &Task<'_>, program: &Path) -> io::Result<Option<Command>> {
    const TAG: &str = "    Tag            bench\n";
    if task.scenario.parse == Parse::JsonRedacted {
        return Ok(None);
    }
    let more = format!("{TAG}    Mem_Buf_Limit 50M\n    File_Cache_Advise Off\n");
    let text = task.scenario.configuration().replacen(TAG, &more, 1);
    setup(task, &text).command(program).map(Some)
}

fn setup<'a>(task: &'a Task<'_>, text: &'a str) -> Setup<'a> {
    Setup { text, log: task.log, directory: task.directory, port: task.port, ca: task.ca }
}
