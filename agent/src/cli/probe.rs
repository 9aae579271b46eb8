//! What `check` looks at beyond the dry run: files, directories and memory as they are now.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Access, access};

use super::help::tables;
use crate::config::{Diagnostics, Document, Loaded, Located, Section, SectionKind, Size};
use crate::config::{OptionType, types::CommaList};
use crate::outputs::opensearch::reach::Reach;

/// Reports what is missing or cannot be written now. All of it is warnings: it may be there when the agent runs.
pub(super) fn probe(loaded: &Loaded, findings: &mut Diagnostics) {
    for section in &loaded.document.sections {
        let specs = tables(section).into_iter().flatten().flatten();
        let paths: Vec<&str> = specs.filter(|spec| spec.kind == "path").map(|spec| spec.key).collect();
        for entry in section.entries.iter().filter(|entry| paths.contains(&entry.key.text.as_str())) {
            path(&entry.key.text, &entry.value, findings);
        }
        if section.kind == SectionKind::Input && section.name().eq_ignore_ascii_case("tail") {
            tailed(section, findings);
        }
    }
    memory(loaded, findings);
}

/// Asks the servers of outputs for their version. Gives what is to be told of those that answer.
pub(super) fn sinks(document: &Document, findings: &mut Diagnostics) -> String {
    let mut told = String::new();
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return told };
    for (section, name) in document.instances(SectionKind::Output) {
        if !section.name().eq_ignore_ascii_case("opensearch") {
            continue;
        }
        // What is wrong with the section is reported where it is built.
        let Some(reach) =
            Reach::read(section, &super::setup::context(&name, &Arc::default()), &mut Diagnostics::default())
        else {
            continue;
        };
        for (target, answer) in runtime.block_on(reach.ask()) {
            match answer {
                Ok(what) => told.push_str(&format!("sink {name}: {target}: {what}\n")),
                Err(why) => {
                    let place = section.get("hosts").or(section.get("host")).map_or(section.place, |host| host.place);
                    findings.warning(place, "V605", why).help("records wait until it can be used");
                }
            }
        }
    }
    told
}

/// Looks at the path that is given for `key`.
fn path(key: &str, value: &Located, findings: &mut Diagnostics) {
    let path = Path::new(&value.text);
    match key {
        _ if key.starts_with("tls.") && !path.exists() => {
            findings.warning(value.place, "V601", format!("{} is not there", value.quoted()));
        }
        // Its directory is made at the start.
        "db" => writable(path.parent().unwrap_or(path), value, findings),
        // This one is not.
        "log_file" => {
            let directory = path.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
            if directory.exists() {
                writable(directory, value, findings);
            } else {
                let message = format!("the directory `{}` is not there", directory.display());
                findings.warning(value.place, "V601", message).help("make it before the start");
            }
        }
        "path" | "storage.path" | "write_to" => writable(path, value, findings),
        _ => {}
    }
}

/// Reports a directory that cannot be written; one that is missing is made below what is there.
fn writable(directory: &Path, value: &Located, findings: &mut Diagnostics) {
    let here = PathBuf::from(".");
    let nearest = directory.ancestors().find(|path| path.exists()).filter(|path| !path.as_os_str().is_empty());
    let nearest = nearest.unwrap_or(&here);
    if !nearest.is_dir() {
        findings.warning(value.place, "V602", format!("`{}` is no directory", nearest.display()));
    } else if access(nearest, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        let message = format!("the directory `{}` cannot be written", nearest.display());
        findings.warning(value.place, "V602", message).help("check as the user that the agent runs as");
    }
}

/// Reports patterns of `tail` that match no file now.
fn tailed(section: &Section, findings: &mut Diagnostics) {
    let Some(value) = section.get("path") else { return };
    let Ok(CommaList(patterns)) = CommaList::parse(&value.text) else { return };
    for pattern in patterns {
        let is_found = glob::glob(&pattern).is_ok_and(|mut paths| paths.any(|path| path.is_ok()));
        if !is_found {
            let shown = if value.expanded { "the pattern".to_owned() } else { format!("`{pattern}`") };
            let message = format!("no file matches {shown} now");
            findings.warning(value.place, "V603", message).help("files that come later are found");
        }
    }
}

/// Reports limits of inputs that together are above the memory of all.
fn memory(loaded: &Loaded, findings: &mut Diagnostics) {
    let limit = |section: &Section| {
        let value = section.get("mem_buf_limit")?;
        Some((Size::parse(&value.text).ok()?.0, value.place))
    };
    let limits: Vec<_> = loaded.document.of(SectionKind::Input).filter_map(limit).collect();
    let sum: usize = limits.iter().map(|(limit, _)| limit).fold(0, |sum, limit| sum.saturating_add(*limit));
    let memory = loaded.service.memory();
    if let Some((_, place)) = limits.last().filter(|_| sum > memory) {
        let message = format!("the inputs may hold {sum} bytes together, above `memory.limit`: {memory} bytes");
        findings.warning(*place, "V604", message).help("the smaller limit holds");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{CommandLine, Environment, load};

    #[test]
    fn what_is_missing_now_is_told_with_its_place() {
        let directory = tempfile::tempdir().expect("a directory");
        let config = directory.path().join("a.conf");
        let there = directory.path().join("there.log");
        std::fs::write(&there, "").expect("it can be written");
        let text = format!(
            "[SERVICE]\n  memory.limit 5M\n  log_file /nonexistent/log\n[INPUT]\n  Name tail\n  Path {there},/nonexistent/*\n  DB /nonexistent/a.db\n  \
             Mem_Buf_Limit 6M\n[OUTPUT]\n  Name opensearch\n  tls.ca_file /nonexistent/ca.pem\n  tls.crt_file {there}\n  Match *\n",
            there = there.display()
        );
        std::fs::write(&config, text).expect("it can be written");
        let mut findings = Diagnostics::default();
        let line = CommandLine { config: Some(config), ..CommandLine::default() };
        let loaded = load(&line, Environment::default(), &mut findings);

        probe(&loaded, &mut findings);

        let found = findings.in_order().into_iter();
        let found: Vec<_> = found.map(|finding| (finding.code, finding.place.map_or(0, |place| place.line))).collect();
        assert_eq!(found, [("V601", 3), ("V603", 6), ("V604", 8), ("V601", 11)]);
    }
}
