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
    ("config", &[]),
    ("metrics", &[]),
    ("receipts", &[]),
    ("net", &["config"]),
    ("cluster", &["config", "metrics", "net", "redact"]),
    ("plugin", &["config", "metrics", "receipts"]),
    ("retention", ROWS_1_TO_3),
    ("encode", ROWS_1_TO_3_AND_PLUGIN),
    ("spool", &["config", "metrics", "cluster", "plugin", "encode"]),
    ("state", ROWS_1_TO_3_AND_PLUGIN),
    ("inputs", ROWS_1_TO_4),
    ("filters", ROWS_1_TO_4),
    ("outputs", ROWS_1_TO_4),
    ("monitor", ROWS_1_TO_4),
    ("pipeline", ROWS_1_TO_6),
    ("cli", ALL),
];

const ROWS_1_TO_3: &[&str] = &["redact", "config", "metrics", "receipts", "net", "cluster"];
const ROWS_1_TO_3_AND_PLUGIN: &[&str] = &["redact", "config", "metrics", "receipts", "net", "cluster", "plugin"];
const ROWS_1_TO_4: &[&str] =
    &["redact", "config", "metrics", "receipts", "net", "cluster", "plugin", "retention", "encode", "spool", "state"];
const ROWS_1_TO_6: &[&str] = &[
    "redact",
    "config",
    "metrics",
    "receipts",
    "net",
    "cluster",
    "plugin",
    "retention",
    "encode",
    "spool",
    "state",
    "inputs",
    "filters",
    "outputs",
    "monitor",
];
const ALL: &[&str] = &[
    "redact",
    "config",
    "metrics",
    "receipts",
    "net",
    "cluster",
    "plugin",
    "retention",
    "encode",
    "spool",
    "state",
    "inputs",
    "filters",
    "outputs",
    "monitor",
    "pipeline",
];

/// Code that plugins of one kind share; it is no plugin.
const SHARED: &[(&str, &str)] = &[("inputs", "lines"), ("filters", "pattern"), ("filters", "testing")];

/// The macro that declares options stands at the root of the crate.
const AT_THE_ROOT: &[&str] = &["options"];

/// What bytes-to-records has no need of.
const OUTSIDE: &[&str] =
    &["std::fs", "std::net", "std::process", "std::env", "SystemTime", "Instant::now", "tokio", "async fn"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All Rust files of a module, which is a folder or one file, with what they hold, comments left out.
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

fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The paths behind each mention of `prefix`, a group in braces taken apart: `a::{b::c, d}` gives `b::c` and `d`.
fn mentions(text: &str, prefix: &str) -> Vec<String> {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut found = Vec::new();
    for (at, _) in text.match_indices(prefix) {
        let (before, behind) = text.split_at(at);
        let behind = behind.strip_prefix(prefix).unwrap_or_default();
        if before.ends_with(is_word) {
            continue;
        }
        match behind.strip_prefix('{') {
            Some(group) => found.extend(members(group)),
            None => found.push(path_at(behind)),
        }
    }
    found
}

fn path_at(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || "_:".contains(*letter)).collect()
}

/// The members of a group that was opened just before `text`, without what nested groups hold.
fn members(text: &str) -> Vec<String> {
    let (mut depth, mut found, mut member) = (0, Vec::new(), String::new());
    for letter in text.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => found.push(std::mem::take(&mut member)),
            _ if depth == 0 => member.push(letter),
            _ => {}
        }
    }
    found.push(member);
    found.iter().map(|member| path_at(member.trim())).filter(|member| !member.is_empty()).collect()
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
    let text = "use crate::a::B;\nuse crate::{c::{D, E}, f};\nlet x = $crate::g::h(crate::i);\nuse mycrate::j;";

    let found = mentions(text, "crate::");

    assert_eq!(found, ["a::B", "c::", "f", "g::h", "i"]);
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
        let folder = root().join("agent/src").join(module);
        if !folder.exists() && !folder.with_extension("rs").exists() {
            continue;
        }
        for (path, text) in sources(&folder) {
            let strangers = mentions(&text, "crate::").into_iter().filter(|mention| {
                let used = first(mention);
                used != *module && !may_use.contains(&used) && !AT_THE_ROOT.contains(&used)
            });
            wrong.extend(strangers.map(|mention| format!("{} uses crate::{mention}", path.display())));
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
        let mut named = mentions(&text, &format!("crate::{kind}::"));
        named.extend(mentions(&text, &"super::".repeat(steps)));
        named.retain(|mention| others.contains(first(mention)));
        wrong.extend(named.iter().map(|mention| format!("{} uses {kind}::{mention}", path.display())));
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
        let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        let found = OUTSIDE.iter().filter(|word| code.contains(**word));
        wrong.extend(found.map(|word| format!("{} mentions `{word}`", path.display())));
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
