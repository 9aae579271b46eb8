//! Files of rules: detectors of the user's own.

use std::path::Path;

use vigie_parsers::regex::Regex;

use super::options::{entity_name, recipient};
use crate::config::{TextMap, files_named, read_bounded, text_maps};
use crate::privacy::{Action, Checksum, GROUPS, Looks, Number, OwnRule};
use crate::redact::{self, Group};

/// Bytes that a file of rules has at most.
const MOST_BYTES: u64 = 1 << 20;
/// Bytes that a dictionary has at most.
const MOST_WORDS: u64 = 16 << 20;
/// Rules at most.
const MOST_RULES: usize = 256;

/// The rules in the files that `patterns` name, in their order.
///
/// # Errors
/// What is wrong, with file and rule: one bad rule spoils all, so that nothing passes that it was to hide.
pub(super) fn read(patterns: &[String]) -> Result<Vec<OwnRule>, String> {
    let mut rules: Vec<OwnRule> = Vec::new();
    for pattern in patterns {
        let paths = files_named(Path::new(""), pattern)?;
        if paths.is_empty() {
            return Err(format!("`{pattern}`: there is no such file"));
        }
        for path in paths {
            let named = |error| format!("`{}`: {error}", path.display());
            rules.extend(file(&path).map_err(named)?);
        }
    }
    let mut names: Vec<&str> = rules.iter().map(|rule| rule.detector.entity).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("two rules are called `{}`", pair[0])),
        None if rules.len() > MOST_RULES => {
            Err(format!("{} rules, of which {MOST_RULES} can be looked with", rules.len()))
        }
        None => Ok(rules),
    }
}

fn file(path: &Path) -> Result<Vec<OwnRule>, String> {
    let text = read_bounded(path, MOST_BYTES)?;
    let maps = text_maps(&text, "rules")?.into_iter().enumerate();
    maps.map(|(at, map)| rule(map).map_err(|error| format!("rule {}: {error}", at + 1))).collect()
}

/// The members of one rule that are still to be taken.
struct Members(TextMap);

impl Members {
    fn all(&mut self, key: &str) -> Option<Vec<String>> {
        let at = self.0.iter().position(|(name, _)| name == key)?;
        Some(self.0.remove(at).1)
    }

    fn one(&mut self, key: &str) -> Result<Option<String>, String> {
        match self.all(key).map(<[String; 1]>::try_from) {
            None => Ok(None),
            Some(Ok([value])) => Ok(Some(value)),
            Some(Err(_)) => Err(format!("`{key}`: expected one value")),
        }
    }
}

fn rule(map: TextMap) -> Result<OwnRule, String> {
    let mut members = Members(map);
    let name = members.one("name")?.ok_or("`name` is missing")?;
    if entity_name(name.as_bytes()).as_ref() != Some(&name) {
        return Err("`name`: expected small letters, digits and `_`, a letter first, at most 32".into());
    }
    if redact::all().any(|detector| detector.entity == name) {
        return Err(format!("`{name}` is built in: give the rule another name"));
    }
    let group = members.one("group")?.map_or(Ok(Group::Person), |text| {
        let known = GROUPS.iter().find(|(_, group)| *group == text);
        known.map(|(group, _)| *group).ok_or(format!("`group`: there is none called `{text}`"))
    })?;
    let action = members.one("action")?.map(|text| {
        let words: Vec<&str> = text.split_whitespace().collect();
        Action::parse(&words, recipient).map_err(|expected| format!("`action`: expected {expected}"))
    });
    let action = action.transpose()?;
    let (looks, word) = looks(&mut members)?;
    let example = members.one("example")?;
    if example.as_ref().is_some_and(|example| !looks.finds(example)) {
        return Err("`example`: the rule does not find it as a whole".into());
    }
    let example = example.or(word);
    match members.0.first() {
        Some((key, _)) => Err(format!("unknown key `{key}`")),
        None => Ok(OwnRule::new(name, group, action, looks, example)),
    }
}

/// What the rule looks for, and an example of it where there is a plain one.
fn looks(members: &mut Members) -> Result<(Looks, Option<String>), String> {
    let (words, dictionary) = (members.all("words"), members.one("dictionary")?);
    let (number, pattern) = (members.all("number"), members.one("regex")?);
    match (words, dictionary, number, pattern) {
        (Some(words), None, None, None) => phrases(words),
        (None, Some(path), None, None) => {
            let text = read_bounded(Path::new(&path), MOST_WORDS).map_err(|error| format!("`{path}`: {error}"))?;
            phrases(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
        }
        (None, None, Some(lengths), None) => Ok((Looks::Number(digits(&lengths, members)?), None)),
        (None, None, None, Some(pattern)) => {
            let compiled = Regex::new(&pattern);
            let compiled = compiled.map_err(|error| format!("`regex`: expected a regular expression ({error})"))?;
            if compiled.is_match(b"") == Ok(true) {
                return Err("`regex`: it matches nothing at all, which is everywhere".into());
            }
            Ok((Looks::Pattern(compiled), None))
        }
        _ => Err("expected one of `words`, `dictionary`, `number` and `regex`".into()),
    }
}

fn digits(lengths: &[String], members: &mut Members) -> Result<Number, String> {
    let length = |text: &String| text.parse().ok().filter(|length| (4..=40).contains(length));
    let lengths: Option<Vec<usize>> = lengths.iter().map(length).collect();
    let lengths = lengths.filter(|lengths| !lengths.is_empty());
    let lengths = lengths.ok_or("`number`: expected counts of digits from 4 to 40")?;
    let prefix = members.one("prefix")?.unwrap_or_default();
    if !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("`prefix`: expected digits".into());
    }
    let checksum = match members.one("checksum")?.as_deref() {
        None | Some("none") => Checksum::None,
        Some("luhn") => Checksum::Luhn,
        Some("mod97") => Checksum::Mod97,
        Some("mod11_10") => Checksum::Mod11And10,
        Some(_) => return Err("`checksum`: expected `luhn`, `mod97`, `mod11_10` or `none`".into()),
    };
    Ok(Number { lengths, prefix, checksum })
}

fn phrases(words: Vec<String>) -> Result<(Looks, Option<String>), String> {
    Ok((Looks::words(&words)?, words.into_iter().next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<OwnRule>, String> {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("a.yaml"), text).expect("it is written");
        read(&[format!("{}/*.yaml", directory.path().display())])
    }

    #[test]
    fn one_bad_rule_spoils_all_and_is_named() {
        for (text, part) in [
            ("rules: []\nother: 1\n", "a list of maps"),
            ("rules:\n  - words: [falcon]\n", "`name` is missing"),
            ("rules:\n  - name: email\n    words: [falcon]\n", "built in"),
            ("rules:\n  - name: a\n", "one of `words`"),
            ("rules:\n  - name: a\n    words: [ab]\n", "3 bytes"),
            ("rules:\n  - name: a\n    regex: '('\n", "regular expression"),
            ("rules:\n  - name: a\n    regex: 'x*'\n", "everywhere"),
            ("rules:\n  - name: a\n    number: 3\n", "from 4 to 40"),
            ("rules:\n  - name: a\n    number: 9\n    checksum: crc\n", "`luhn`"),
            ("rules:\n  - name: a\n    words: [falcon]\n    colour: red\n", "unknown key `colour`"),
            ("rules:\n  - name: a\n    words: [falcon]\n  - name: a\n    words: [heron]\n", "two rules"),
            ("rules:\n  - name: a\n    dictionary: /nowhere\n", "/nowhere"),
            ("rules:\n  - name: a\n    regex: 'E-[0-9]{3}'\n    example: 'E-12'\n", "`example`"),
            ("rules:\n  - name: a\n    action: hash\n    words: [falcon]\n", "`hmac`"),
        ] {
            let error = read_text(text).expect_err("it is wrong");
            assert!(error.contains(part), "{error}");
        }
        let good = "rules:\n  - name: bird\n    words: [falcon, blue heron]\n";
        assert!(read_text(good).is_ok_and(|rules| rules.len() == 1));
        assert!(read(&["/nowhere/*.yaml".into()]).is_err());
    }
}
