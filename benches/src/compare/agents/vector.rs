//! Vector. It does not join container lines of a plain file by stream, so it has no equivalent of that scenario,
//! and it hides no personal data by itself.

use std::io;
use std::path::Path;
use std::process::Command;

use super::Task;
use crate::conf;
use crate::scenario::{Parse, Target};

pub(super) fn configure(task: &Task<'_>, program: &Path) -> io::Result<Option<Command>> {
    let program_text = match task.scenario.parse {
        Parse::Raw => "true".to_owned(),
        Parse::Json => ". = object!(parse_json!(.message))\n      \
             .\"@timestamp\" = parse_timestamp!(del(.time), format: \"%+\")"
            .to_owned(),
        Parse::Nginx => format!(
            ". = parse_regex!(.message, r'{}')\n      \
             .\"@timestamp\" = parse_timestamp!(del(.time), format: \"%d/%b/%Y:%H:%M:%S %z\")",
            conf::nginx_pattern()
        ),
        Parse::Cri | Parse::JsonRedacted => return Ok(None),
    };
    let data = task.directory.join("data");
    std::fs::create_dir_all(&data)?;
    let text = format!(
        "data_dir: {data}\nsources:\n  log:\n    type: file\n    include: [\"{log}\"]\n    read_from: beginning\n    \
         max_read_bytes: 262144\ntransforms:\n  parse:\n    type: remap\n    inputs: [log]\n    source: |\n      \
         {program_text}\nsinks:\n{sink}",
        data = data.display(),
        log = task.log.display(),
        sink = sink(task),
    );
    let file = task.write("vector.yaml", &text)?;
    let mut command = Command::new(program);
    command.arg("--quiet").arg("--config").arg(file);
    Ok(Some(command))
}

fn sink(task: &Task<'_>) -> String {
    // A transform that changes nothing would be measured too, so raw lines go to the sink directly.
    let input = if task.scenario.parse == Parse::Raw { "log" } else { "parse" };
    if task.scenario.target == Target::Null {
        return format!("  out:\n    type: blackhole\n    inputs: [{input}]\n    print_interval_secs: 0\n");
    }
    let compression = if task.scenario.target == Target::GzipBulk { "gzip" } else { "none" };
    let tls = task.ca.map(|ca| format!("    tls:\n      ca_file: {}\n", ca.display())).unwrap_or_default();
    format!(
        "  out:\n    type: elasticsearch\n    inputs: [{input}]\n    endpoints: [\"{}://127.0.0.1:{}\"]\n    \
         api_version: v8\n    mode: bulk\n    bulk:\n      action: create\n      index: bench\n    \
         compression: {compression}\n    healthcheck:\n      enabled: false\n    \
         batch:\n      max_bytes: 5000000\n      timeout_secs: 1\n{tls}",
        task.scheme(),
        task.port
    )
}
