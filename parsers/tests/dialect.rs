//! Ruby's dialect of regular expressions, construct by construct: `tests/cases/regex/dialect.tsv` holds patterns, texts and what matches.

#![allow(clippy::disallowed_methods, reason = "the cases are a small file of our own")]

use std::fs;
use std::path::Path;

use vigie_parsers::regex::{Captures, Regex};

/// What `pattern` finds in `text`, as the cases write it.
fn found(pattern: &str, text: &[u8]) -> String {
    let regex = match Regex::new(pattern) {
        Ok(regex) => regex,
        Err(error) => return format!("error {}", error.problem),
    };
    let mut captures = Captures::default();
    match regex.captures(text, &mut captures) {
        Ok(true) => {}
        Ok(false) => return "none".into(),
        Err(error) => return error.to_string(),
    }
    let group = |at| captures.get(at).map_or("-".to_owned(), |range| format!("{}..{}", range.start, range.end));
    (0..=regex.groups().len()).map(group).collect::<Vec<_>>().join(" ")
}

/// `text` with its escapes replaced.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\\') {
        out.push_str(before);
        let (letter, behind) = behind.split_at(1);
        rest = behind;
        match letter {
            "n" => out.push('\n'),
            "r" => out.push('\r'),
            "t" => out.push('\t'),
            "u" => {
                let (code, behind) = rest.split_once('}').expect("a code in braces");
                out.extend(u32::from_str_radix(code.trim_start_matches('{'), 16).ok().and_then(char::from_u32));
                rest = behind;
            }
            _ => out.push_str(letter),
        }
    }
    out + rest
}

#[test]
fn each_construct_matches_what_ruby_matches_or_is_refused_with_a_remedy() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/regex/dialect.tsv");
    let table = fs::read_to_string(path).expect("the cases are there");
    let mut rows = 0;
    let mut wrong = Vec::new();

    for row in table.lines().filter(|row| !row.starts_with("# ")) {
        let [pattern, text, wanted] = row.split('\t').collect::<Vec<_>>().try_into().expect("three columns");
        let found = found(pattern, unescaped(text).as_bytes());
        if found != wanted {
            wrong.push(format!("{pattern} on {text}\n  gives {found}\n  not   {wanted}"));
        }
        rows += 1;
    }

    assert!(rows >= 390, "{rows}");
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
