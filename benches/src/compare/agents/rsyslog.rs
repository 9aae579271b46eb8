//! rsyslog with imfile and omelasticsearch: raw lines only, without compression.

use std::io;
use std::path::Path;
use std::process::Command;

use super::Task;
use crate::scenario::{Parse, Target};

pub(super) fn configure(task: &Task<'_>, program: &Path) -> io::Result<Option<Command>> {
    if task.scenario.parse != Parse::Raw || task.scenario.target != Target::Bulk {
        return Ok(None);
    }
    let tls = task.ca.map_or_else(String::new, |ca| format!(" usehttps=\"on\" tls.cacert=\"{}\"", ca.display()));
    let text = format!(
        "global(workDirectory=\"{work}\" maxMessageSize=\"64k\")\n\
         module(load=\"imfile\" mode=\"inotify\")\nmodule(load=\"omelasticsearch\")\n\
         template(name=\"document\" type=\"list\" option.jsonf=\"on\") {{\n  \
         property(outname=\"@timestamp\" name=\"timereported\" dateFormat=\"rfc3339\" format=\"jsonf\")\n  \
         property(outname=\"log\" name=\"msg\" format=\"jsonf\")\n}}\n\
         input(type=\"imfile\" file=\"{log}\" tag=\"bench\" ruleset=\"ship\")\n\
         ruleset(name=\"ship\" queue.type=\"LinkedList\" queue.size=\"200000\" queue.dequeuebatchsize=\"5000\") {{\n  \
         action(type=\"omelasticsearch\" server=\"127.0.0.1\" serverport=\"{port}\" bulkmode=\"on\" \
         searchIndex=\"bench\" searchType=\"\" template=\"document\"{tls})\n}}\n",
        work = task.directory.display(),
        log = task.log.display(),
        port = task.port,
    );
    let file = task.write("rsyslog.conf", &text)?;
    let mut command = Command::new(program);
    command.arg("-n").arg("-f").arg(file).arg("-i").arg(task.directory.join("rsyslog.pid"));
    Ok(Some(command))
}
