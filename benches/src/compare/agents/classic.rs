//! Vigie and Fluent Bit: the files of `benches/conf`, but for two settings that only Fluent Bit needs.

use std::io;
use std::path::Path;
use std::process::Command;

use super::Task;
use crate::conf;

/// Vigie with its defaults.
pub(super) fn vigie(task: &Task<'_>, program: &Path) -> io::Result<Option<Command>> {
    command(task, program, "").map(Some)
}

/// Fluent Bit, set as it does best: without a memory limit it grows without bound, and dropping the log from the page
/// cache costs system time.
pub(super) fn fluent_bit(task: &Task<'_>, program: &Path) -> io::Result<Option<Command>> {
    command(task, program, "    Mem_Buf_Limit 50M\n    File_Cache_Advise Off\n").map(Some)
}

fn command(task: &Task<'_>, program: &Path, more_input: &str) -> io::Result<Command> {
    task.write("parsers.conf", conf::PARSERS)?;
    let main = task.write("main.conf", &main_file(task, more_input)?)?;
    let mut command = Command::new(program);
    command.arg("-c").arg(main);
    command.env(conf::LOG, task.log).env(conf::DB, task.directory.join("positions.db"));
    command.env(conf::PORT, task.port.to_string());
    if let Some(ca) = task.ca {
        command.env(conf::CA, ca);
    }
    Ok(command)
}

fn main_file(task: &Task<'_>, more_input: &str) -> io::Result<String> {
    const TAG: &str = "    Tag            bench\n";
    let name = task.scenario.name;
    let text = conf::named(name).ok_or_else(|| io::Error::other(format!("benches/conf holds nothing for `{name}`")))?;
    let mut text = text.replacen(TAG, &format!("{TAG}{more_input}"), 1);
    if task.ca.is_some() {
        text.push_str(conf::TLS);
    }
    Ok(text)
}
