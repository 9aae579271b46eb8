//! Vigie and Fluent Bit: the same configuration file, but for three settings that only one of them needs.

use std::io;
use std::path::Path;
use std::process::Command;

use super::Task;
use crate::compare::scenario::{NGINX_PATTERN, Parse, Target};

/// Vigie with its defaults.
pub(super) fn vigie(task: &Task<'_>, program: &Path) -> io::Result<Option<Command>> {
    command(task, program, "", "").map(Some)
}

/// Fluent Bit, set as it does best: without a memory limit it grows without bound, and dropping the log from the page
/// cache costs system time.
pub(super) fn fluent_bit(task: &Task<'_>, program: &Path) -> io::Result<Option<Command>> {
    let input = "    Mem_Buf_Limit 50M\n    File_Cache_Advise Off\n";
    command(task, program, input, "    Suppress_Type_Name On\n").map(Some)
}

fn command(task: &Task<'_>, program: &Path, input: &str, output: &str) -> io::Result<Command> {
    let parsers = task.write("parsers.conf", &parsers())?;
    let main = task.write("main.conf", &main_file(task, &parsers, input, output))?;
    let mut command = Command::new(program);
    command.arg("-c").arg(main);
    Ok(command)
}

fn parsers() -> String {
    format!(
        "[PARSER]\n    Name bench_json\n    Format json\n    Time_Key time\n    Time_Format %Y-%m-%dT%H:%M:%S.%LZ\n\n\
         [PARSER]\n    Name bench_nginx\n    Format regex\n    Regex {NGINX_PATTERN}\n    Time_Key time\n    \
         Time_Format %d/%b/%Y:%H:%M:%S %z\n"
    )
}

fn main_file(task: &Task<'_>, parsers: &Path, input: &str, output: &str) -> String {
    let parse = match task.scenario.parse {
        Parse::Raw => "",
        Parse::Json => "    Parser bench_json\n",
        Parse::Nginx => "    Parser bench_nginx\n",
        Parse::Cri => "    multiline.parser cri\n",
    };
    let log = task.log.display();
    let database = task.directory.join("positions.db");
    format!(
        "[SERVICE]\n    Flush 1\n    Log_Level warn\n    Parsers_File {}\n\n\
         [INPUT]\n    Name tail\n    Tag bench\n    Path {log}\n    Read_from_Head on\n    Exit_On_Eof on\n    \
         DB {}\n{parse}{input}\n[OUTPUT]\n    Match *\n{}",
        parsers.display(),
        database.display(),
        target(task, output),
    )
}

fn target(task: &Task<'_>, output: &str) -> String {
    if task.scenario.target == Target::Null {
        return "    Name null\n".to_owned();
    }
    let mut text =
        format!("    Name opensearch\n    Host 127.0.0.1\n    Port {}\n    Index bench\n{output}", task.port);
    if task.scenario.target == Target::GzipBulk {
        text.push_str("    Compress gzip\n");
    }
    if let Some(ca) = task.ca {
        text.push_str(&format!("    tls on\n    tls.verify on\n    tls.ca_file {}\n", ca.display()));
    }
    text
}
