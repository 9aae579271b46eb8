//! syslog-ng with file source and http destination: raw lines only, without compression.

use std::io;
use std::path::Path;
use std::process::Command;

use super::Task;
use crate::scenario::{Parse, Target};

pub(super) fn configure(task: &Task<'_>, program: &Path) -> io::Result<Option<Command>> {
    if task.scenario.parse != Parse::Raw || task.scenario.target != Target::Bulk {
        return Ok(None);
    }
    let tls = task.ca.map_or_else(String::new, |ca| format!(" tls(ca-file(\"{}\"))", ca.display()));
    let text = format!(
        "@version: current\noptions {{ stats-freq(0); log-msg-size(65536); }};\n\
         source corpus {{ file(\"{log}\" flags(no-parse) follow-freq(0.1) log-fetch-limit(1000) log-iw-size(10000)); }};\n\
         destination bulk {{ http(url(\"{scheme}://127.0.0.1:{port}/_bulk\") method(\"POST\") \
         headers(\"Content-Type: application/x-ndjson\") \
         body('{{\"create\":{{\"_index\":\"bench\"}}}}\n$(format-json @timestamp=\"$ISODATE\" log=\"$MSG\")') \
         delimiter(\"\\n\") body-suffix(\"\\n\") batch-lines(10000) batch-bytes(5242880) batch-timeout(1000){tls}); }};\n\
         log {{ source(corpus); destination(bulk); flags(flow-control); }};\n",
        log = task.log.display(),
        scheme = task.scheme(),
        port = task.port,
    );
    let file = task.write("syslog-ng.conf", &text)?;
    let mut command = Command::new(program);
    command.arg("-F").arg("-f").arg(file);
    for (flag, name) in [("-R", "persist"), ("-p", "pid"), ("-c", "control")] {
        command.arg(flag).arg(task.directory.join(name));
    }
    Ok(Some(command))
}
