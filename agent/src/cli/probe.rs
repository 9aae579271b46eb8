//! What `check` looks at beyond the dry run: files, directories and memory as they are now.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Access, access};

use super::help::tables;
use crate::config::types::CommaList;
use crate::config::{
    Diagnostics, Document, Loaded, Located, OptionType, Options, Section, SectionKind, Severity, Size, could_append,
    could_fill,
};
use crate::inputs::is_any_file;
use crate::outputs::file::FileOptions;
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
        if section.kind == SectionKind::Output && section.name().eq_ignore_ascii_case("file") {
            written(section, findings);
        }
    }
    memory(loaded, findings);
}

/// Leaves out what is told of a path that is an error, too.
pub(super) fn not_twice(findings: &mut Diagnostics) {
    let all = findings.in_order();
    let errors = all.iter().filter(|finding| finding.severity == Severity::Error);
    let errors: Vec<_> = errors.filter_map(|finding| finding.place).collect();
    findings.retain(|finding| finding.code != "V601" || finding.place.is_none_or(|place| !errors.contains(&place)));
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
        // What a start opens, as `db`, is looked at where it is read.
        "storage.path" => writable(path, value, findings),
        _ => {}
    }
}

/// Reports what a `file` output cannot write now. A start goes on all the same, and records wait.
fn written(section: &Section, findings: &mut Diagnostics) {
    // What is wrong with the section is reported where it is built.
    let Some(options) = FileOptions::read(section, &mut Diagnostics::default()) else { return };
    let (directory, file) = options.place();
    let nowhere = Located { place: section.place, ..Located::default() };
    let value = section.get(if options.file.is_some() { "file" } else { "path" }).or(section.get("path"));
    let value = value.unwrap_or(&nowhere);
    if !options.mkdir && !directory.exists() {
        let message = format!("the directory {} is not there", shown(&directory, value));
        findings.warning(value.place, "V601", message).help("make it before the start, or set `mkdir on`");
        return;
    }
    let could = match &file {
        Some(file) if file.exists() && !file.is_file() => Err(std::io::Error::other("it is no file")),
        Some(file) if directory.exists() => could_append(file),
        _ => could_fill(&directory),
    };
    if let Err(error) = could {
        let (noun, path) = file.as_deref().map_or(("directory", &*directory), |file| ("file", file));
        let message = format!("the {noun} {} cannot be written: {error}", shown(path, value));
        findings.warning(value.place, "V602", message).help("check as the user that the agent runs as");
    }
}

/// The path `path`, which comes from `value`; what came from variables is not shown.
fn shown(path: &Path, value: &Located) -> String {
    if value.expanded { "given here".to_owned() } else { format!("`{}`", path.display()) }
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
    let excluded = section.get("exclude_path").and_then(|value| CommaList::parse(&value.text).ok());
    let excluded = excluded.map(|list| list.0).unwrap_or_default();
    for pattern in patterns {
        if !is_any_file(&pattern, &excluded) {
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
        assert_eq!(found, [("V603", 6), ("V604", 8), ("V601", 11)]);

        let place = findings.in_order().last().and_then(|finding| finding.place).expect("it has one");
        findings.error(place, "V132", "it cannot be read");
        not_twice(&mut findings);
        let codes: Vec<_> = findings.in_order().iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["V603", "V604", "V132"], "the error tells it alone");
    }

    /// The codes that a probe of this text gives; `@` stands for a folder with `there.log` in it and in `a/b`.
    fn codes(text: &str) -> Vec<&'static str> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("a/b")).expect("made");
        for name in ["there.log", "a/b/there.log"] {
            std::fs::write(folder.path().join(name), "").expect("written");
        }
        let config = folder.path().join("a.conf");
        std::fs::write(&config, text.replace('@', &folder.path().display().to_string())).expect("written");
        let mut findings = Diagnostics::default();
        let line = CommandLine { config: Some(config), ..CommandLine::default() };
        let loaded = load(&line, Environment::default(), &mut findings);

        probe(&loaded, &mut findings);

        let names = std::fs::read_dir(folder.path()).expect("it is read").count();
        assert_eq!(names, 3, "{text}: nothing is left");
        findings.in_order().into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn paths_of_tail_are_matched_as_tail_does() {
        let cases: [(&str, &[&str]); 6] = [
            ("Path @/a/*/*.log", &[]),
            // Two stars are one.
            ("Path @/**/there.log", &["V603"]),
            ("Path @/a/**/there.log", &[]),
            ("Path @/*.log,@/b", &["V603"]),
            ("Path @/a", &["V603"]),
            ("Path @/*.log\n  Exclude_Path */there.*", &["V603"]),
        ];
        for (path, expected) in cases {
            assert_eq!(codes(&format!("[INPUT]\n  Name tail\n  {path}\n")), expected, "{path}");
        }
    }

    #[test]
    fn files_that_the_output_cannot_write_are_told() {
        let cases: [(&str, &[&str]); 9] = [
            ("Path @", &[]),
            ("Path @\n  File there.log", &[]),
            ("Path @/new", &["V601"]),
            ("Path @/new\n  Mkdir on", &[]),
            ("Path @\n  File new/a.log", &["V601"]),
            ("File @/new/a.log", &["V601"]),
            ("Path @\n  File a", &["V602"]),
            ("Path @/there.log/x\n  Mkdir on", &["V602"]),
            ("Path /proc\n  File a.log", &["V602"]),
        ];
        for (path, expected) in cases {
            assert_eq!(codes(&format!("[OUTPUT]\n  Name file\n  {path}\n")), expected, "{path}");
        }
    }
}
