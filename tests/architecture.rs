//! The arrows of ARCHITECTURE.md, held against the sources.
//!
//! Every mention of `crate::` in the agent is looked up in a table *module -> modules it may use*; plugins are folders that
//! know nothing of each other; the crate of the parsers knows nothing of the world outside.

#![allow(clippy::disallowed_methods, reason = "the sources are small files of our own")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A module and those it may use beside itself. The order is that of the rows: lower ones first.
const ARROWS: &[(&str, &[&str])] = &[
    ("redact", &[]),
    ("proof", &[]),
    ("deflate", &[]),
    ("config", &[]),
    ("metrics", &[]),
    ("receipts", &[]),
    ("net", &["config"]),
    ("cluster", &["config", "metrics", "net", "redact"]),
    ("retention", ROWS_1_TO_3),
    // Its tests read joined records as JSON.
    ("multiline", ROWS_1_TO_3_WITH_PLUGIN_AND_ENCODE),
    // What a plugin is built from has the retention classes in it.
    ("plugin", &["config", "deflate", "metrics", "receipts", "retention"]),
    ("encode", ROWS_1_TO_3_AND_PLUGIN),
    // It writes masked text as JSON does. Nothing of the configuration, no file but the key ring.
    ("privacy", &["redact", "encode"]),
    // A dead letter is a line of JSON, so the spool writes it as outputs do. Nothing points back.
    ("spool", ROWS_1_TO_3_WITH_PLUGIN_AND_ENCODE),
    ("state", ROWS_1_TO_3_AND_PLUGIN),
    ("inputs", ROWS_1_TO_4),
    ("filters", ROWS_1_TO_4),
    ("outputs", ROWS_1_TO_4),
    // It lists the plugins that exist.
    ("monitor", ROWS_1_TO_5),
    ("pipeline", ROWS_1_TO_6),
    ("cli", ALL),
];

/// All modules but the last, so that those of the rows up to one are a beginning of it.
const ORDER: [&str; 19] = [
    "redact",
    "proof",
    "config",
    "metrics",
    "receipts",
    "net",
    "cluster",
    "plugin",
    "encode",
    "privacy",
    "retention",
    "multiline",
    "spool",
    "state",
    "inputs",
    "filters",
    "outputs",
    "monitor",
    "pipeline",
];
const ROWS_1_TO_3: &[&str] = ORDER.split_at(7).0;
const ROWS_1_TO_3_AND_PLUGIN: &[&str] = ORDER.split_at(8).0;
const ROWS_1_TO_3_WITH_PLUGIN_AND_ENCODE: &[&str] = ORDER.split_at(9).0;
const ROWS_1_TO_4: &[&str] = ORDER.split_at(14).0;
const ROWS_1_TO_5: &[&str] = ORDER.split_at(17).0;
const ROWS_1_TO_6: &[&str] = ORDER.split_at(18).0;
const ALL: &[&str] = &ORDER;

/// Code that plugins of one kind share, and the input that nobody configures; none of it is a row of a table.
const SHARED: &[(&str, &str)] = &[
    ("inputs", "lines"),
    ("inputs", "files"),
    ("inputs", "backlog"),
    ("filters", "condition"),
    ("filters", "number"),
    ("filters", "pattern"),
    ("filters", "testing"),
];

/// The macro that declares options stands at the root of the crate.
const AT_THE_ROOT: &[&str] = &["options"];

/// What bytes-to-records has no need of.
const OUTSIDE: &[&str] =
    &["std::fs", "std::net", "std::process", "std::env", "SystemTime", "Instant::now", "tokio", "async fn"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All Rust files of a module, which is a folder or one file, with what they hold, lines of comment emptied.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    if !folder.is_dir() {
        let path = folder.with_extension("rs");
        let text = fs::read_to_string(&path).expect("a source can be read");
        return vec![(path, without_comments(&text))];
    }
    for entry in fs::read_dir(folder).expect("the folder can be listed").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source can be read");
            found.push((path, without_comments(&text)));
        }
    }
    found
}

/// All Rust files of a module of the agent, none when there is no such module yet.
fn sources_of(module: &str) -> Vec<(PathBuf, String)> {
    let folder = root().join("agent/src").join(module);
    if folder.exists() || folder.with_extension("rs").exists() { sources(&folder) } else { Vec::new() }
}

fn without_comments(text: &str) -> String {
    let code = |line: &str| if line.trim_start().starts_with("//") { String::new() } else { line.to_owned() };
    text.lines().map(code).collect::<Vec<_>>().join("\n")
}

/// The line and the path behind each mention of `prefix`; groups in braces give a path per member.
fn mentions(text: &str, prefix: &str) -> Vec<(usize, String)> {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut found = Vec::new();
    for (at, _) in text.match_indices(prefix) {
        let (before, behind) = text.split_at(at);
        if before.ends_with(is_word) {
            continue;
        }
        let line = before.matches('\n').count() + 1;
        let behind = behind.strip_prefix(prefix).unwrap_or_default();
        found.extend(paths(behind).into_iter().map(|path| (line, path)));
    }
    found
}

/// All paths that `text` begins with: `a::{b::c, d}` gives `a::b::c` and `a::d`.
fn paths(text: &str) -> Vec<String> {
    let head = path_at(text);
    match text.strip_prefix(&head).and_then(|rest| rest.strip_prefix('{')) {
        Some(group) if head.is_empty() || head.ends_with("::") => {
            let inner = members(group).into_iter().flat_map(|member| paths(member.trim()));
            inner.map(|path| format!("{head}{path}")).collect()
        }
        _ => vec![head],
    }
}

fn path_at(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || "_:".contains(*letter)).collect()
}

/// The members of a group that was opened just before `text`, nested groups included.
fn members(text: &str) -> Vec<String> {
    let (mut depth, mut found, mut member) = (0, Vec::new(), String::new());
    for letter in text.chars() {
        match letter {
            '}' if depth == 0 => break,
            ',' if depth == 0 => {
                found.push(std::mem::take(&mut member));
                continue;
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        member.push(letter);
    }
    found.push(member);
    found.retain(|member| !member.trim().is_empty());
    found
}

/// File and line as editors take them, from the root of the workspace.
fn place(path: &Path, line: usize) -> String {
    format!("{}:{line}", path.strip_prefix(root()).unwrap_or(path).display())
}

fn first(path: &str) -> &str {
    path.split("::").next().unwrap_or(path)
}

/// The folders and files that are modules directly below `folder`.
fn modules(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("the folder can be listed").flatten();
    let paths = entries.map(|entry| entry.path()).filter(|path| path.is_file() || !sources(path).is_empty());
    let names = paths.filter_map(|path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    names.filter(|name| !["mod", "lib", "main"].contains(&name.as_str())).collect()
}

#[test]
fn mentions_are_found_in_paths_and_groups() {
    let text = "use crate::a::B;\nuse crate::{c::{D, d::{E}},\n f};\nlet x = $crate::g::h(crate::i);\nuse mycrate::j;";

    let found = mentions(text, "crate::");

    let expected = [(1, "a::B"), (2, "c::D"), (2, "c::d::E"), (2, "f"), (4, "g::h"), (4, "i")];
    let expected: Vec<_> = expected.into_iter().map(|(line, path)| (line, path.to_owned())).collect();
    assert_eq!(found, expected);
}

#[test]
fn every_module_of_the_agent_has_its_place_in_the_table() {
    let named: BTreeSet<String> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();

    let strangers: Vec<_> = modules(&root().join("agent/src")).difference(&named).cloned().collect();

    assert!(strangers.is_empty(), "not in the table of arrows: {strangers:?}");
}

#[test]
fn arrows_point_only_to_lower_rows() {
    let mut wrong = Vec::new();
    for (module, may_use) in ARROWS {
        for (path, text) in sources_of(module) {
            let strangers = mentions(&text, "crate::").into_iter().filter(|(_, mention)| {
                let used = first(mention);
                used != *module && !may_use.contains(&used) && !AT_THE_ROOT.contains(&used)
            });
            wrong.extend(strangers.map(|(line, used)| format!("{}: uses crate::{used}", place(&path, line))));
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_command_line_knows_the_benches() {
    let mut wrong = Vec::new();
    for (module, _) in ARROWS.iter().filter(|(module, _)| *module != "cli") {
        for (path, text) in sources_of(module) {
            wrong.extend(mentions(&text, "vigie_benches::").iter().map(|(line, _)| place(&path, *line)));
        }
    }

    assert!(wrong.is_empty(), "they use vigie_benches: {}", wrong.join("\n"));
}

#[test]
fn a_plugin_never_imports_another_plugin() {
    let mut wrong = Vec::new();
    for kind in ["inputs", "filters", "outputs"] {
        let plugins = plugins(kind);
        for plugin in &plugins {
            let others: BTreeSet<&str> = plugins.iter().filter(|other| *other != plugin).map(String::as_str).collect();
            wrong.extend(imports_of_neighbours(kind, plugin, &others));
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn plugins(kind: &str) -> BTreeSet<String> {
    let folders = modules(&root().join("agent/src").join(kind));
    folders.into_iter().filter(|name| !SHARED.contains(&(kind, name))).collect()
}

/// Where the sources of `plugin` name one of `others`, from the root of the crate or through `super`.
fn imports_of_neighbours(kind: &str, plugin: &str, others: &BTreeSet<&str>) -> Vec<String> {
    let folder = root().join("agent/src").join(kind).join(plugin);
    let mut wrong = Vec::new();
    for (path, text) in sources(&folder) {
        let below = path.strip_prefix(&folder).map_or(0, |inner| inner.components().count());
        let steps = if path.ends_with("mod.rs") || below == 0 { below.max(1) } else { below + 1 };
        let below_kind = format!("{kind}::");
        let from_root = mentions(&text, "crate::").into_iter();
        let mut named: Vec<(usize, String)> =
            from_root.filter_map(|(line, used)| Some((line, used.strip_prefix(&below_kind)?.to_owned()))).collect();
        named.extend(mentions(&text, &"super::".repeat(steps)));
        named.retain(|(_, used)| others.contains(first(used)));
        wrong.extend(named.iter().map(|(line, used)| format!("{}: uses {kind}::{used}", place(&path, *line))));
    }
    wrong
}

#[test]
fn every_folder_of_a_plugin_has_its_row_and_every_row_its_folder() {
    let rows = [
        ("inputs", vigie::inputs::KINDS.iter().map(|kind| kind.name).collect::<BTreeSet<_>>()),
        ("filters", vigie::filters::KINDS.iter().map(|kind| kind.name).collect()),
        ("outputs", vigie::outputs::KINDS.iter().map(|kind| kind.name).collect()),
    ];

    for (kind, names) in rows {
        assert_eq!(plugins(kind).iter().map(String::as_str).collect::<BTreeSet<_>>(), names, "{kind}");
    }
}

#[test]
fn the_parsers_touch_no_files_no_network_and_no_clock() {
    let mut wrong = Vec::new();
    for (path, text) in sources(&root().join("parsers/src")) {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in (1..).zip(code.lines()) {
            let found = OUTSIDE.iter().filter(|word| line.contains(**word));
            wrong.extend(found.map(|word| format!("{}: mentions `{word}`", place(&path, number))));
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
