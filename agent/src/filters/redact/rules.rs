//! Files of rules: detectors of the user's own.

use std::path::Path;

use vigie_parsers::regex::Regex;

use super::options::{entity_name, recipient};
use crate::config::{Place, TextMap, TextMember, did_you_mean, files_named, read_bounded, text_maps};
use crate::privacy::{Action, Checksum, GROUPS, Looks, Number, OwnRule};
use crate::redact::{self, Group};

/// Bytes that a file of rules has at most.
const MOST_BYTES: u64 = 1 << 20;
/// Bytes that a dictionary has at most.
const MOST_WORDS: u64 = 16 << 20;
/// Rules at most.
const MOST_RULES: usize = 256;

/// Keys that a rule may have.
const KEYS: &[&str] =
    &["name", "group", "action", "words", "dictionary", "number", "prefix", "checksum", "regex", "example"];

/// What is wrong, and where.
type Wrong = (Place, String);

/// The rules in the files that `patterns` name, in their order.
///
/// # Errors
/// What is wrong, with file, line and column: one bad rule spoils all, so that nothing passes that it was to hide.
pub(super) fn read(patterns: &[String]) -> Result<Vec<OwnRule>, String> {
    let mut rules: Vec<(OwnRule, String)> = Vec::new();
    for pattern in patterns {
        let paths = files_named(Path::new(""), pattern)?;
        if paths.is_empty() {
            return Err(format!("`{pattern}`: there is no such file"));
        }
        for path in paths {
            rules.extend(file(&path)?);
        }
    }
    let mut names: Vec<(&str, usize)> =
        rules.iter().enumerate().map(|(at, (rule, _))| (rule.detector.entity, at)).collect();
    names.sort_unstable();
    if let Some([(name, first), (_, second)]) = names.array_windows().find(|[one, other]| one.0 == other.0) {
        let place = |at: &usize| rules.get(*at).map_or("", |(_, place)| place.as_str());
        return Err(format!("{}: a rule is called `{name}` already, at {}", place(second), place(first)));
    }
    if rules.len() > MOST_RULES {
        return Err(format!("{} rules, of which {MOST_RULES} can be looked with", rules.len()));
    }
    Ok(rules.into_iter().map(|(rule, _)| rule).collect())
}

/// The rules in the file at `path`, and where each begins.
fn file(path: &Path) -> Result<Vec<(OwnRule, String)>, String> {
    let text = read_bounded(path, MOST_BYTES).map_err(|error| format!("`{}`: {error}", path.display()))?;
    let at = |place: Place| format!("{}:{}:{}", path.display(), place.line, place.column);
    let told = |(place, message): Wrong| format!("{}: {message}", at(place));
    let maps = text_maps(&text, "rules").map_err(told)?.into_iter();
    maps.map(|map| {
        let place = map.place;
        Ok((rule(map).map_err(told)?, at(place)))
    })
    .collect()
}

/// The members of one rule that are still to be taken.
struct Members {
    place: Place,
    left: Vec<TextMember>,
    /// Where the values of all keys stand.
    places: Vec<(String, Place)>,
}

impl Members {
    fn new(map: TextMap) -> Self {
        let places = map.members.iter().map(|member| (member.key.clone(), member.value_place)).collect();
        Self { place: map.place, left: map.members, places }
    }

    fn all(&mut self, key: &str) -> Option<Vec<String>> {
        let at = self.left.iter().position(|member| member.key == key)?;
        Some(self.left.remove(at).values)
    }

    fn one(&mut self, key: &str) -> Result<Option<String>, Wrong> {
        match self.all(key).map(<[String; 1]>::try_from) {
            None => Ok(None),
            Some(Ok([value])) => Ok(Some(value)),
            Some(Err(_)) => Err(self.wrong(key, "expected one value")),
        }
    }

    /// What is wrong with the value of `key`.
    fn wrong(&self, key: &str, message: impl std::fmt::Display) -> Wrong {
        let place = self.places.iter().find(|(name, _)| name == key).map_or(self.place, |(_, place)| *place);
        (place, format!("`{key}`: {message}"))
    }

    /// Refuses a key that no rule has, or that stands twice.
    fn check_keys(&self) -> Result<(), Wrong> {
        for (at, member) in self.left.iter().enumerate() {
            let key = member.key.as_str();
            if !KEYS.contains(&key) {
                return Err((member.place, format!("unknown key `{key}`; {}", did_you_mean(key, KEYS))));
            }
            if self.left.iter().take(at).any(|other| other.key == key) {
                return Err((member.place, format!("`{key}` stands twice in one rule")));
            }
        }
        Ok(())
    }
}

fn rule(map: TextMap) -> Result<OwnRule, Wrong> {
    let mut members = Members::new(map);
    members.check_keys()?;
    let missing = (members.place, "`name` is missing".to_owned());
    let name = members.one("name")?.ok_or(missing)?;
    if entity_name(name.as_bytes()).as_ref() != Some(&name) {
        return Err(members.wrong("name", "expected small letters, digits and `_`, a letter first, at most 32"));
    }
    if redact::all().any(|detector| detector.entity == name) {
        return Err(members.wrong("name", format!("`{name}` is built in: give the rule another name")));
    }
    let group = match members.one("group")? {
        None => Group::Person,
        Some(text) => {
            let names: Vec<&str> = GROUPS.iter().map(|(_, name)| *name).collect();
            let known = GROUPS.iter().find(|(_, group)| *group == text).map(|(group, _)| *group);
            known.ok_or_else(|| {
                members.wrong("group", format!("there is none called `{text}`; {}", did_you_mean(&text, &names)))
            })?
        }
    };
    let action = members.one("action")?.map(|text| {
        let words: Vec<&str> = text.split_whitespace().collect();
        Action::parse(&words, recipient)
            .map_err(|expected| members.wrong("action", format!("expected {expected}, found `{text}`")))
    });
    let action = action.transpose()?;
    let (looks, word) = looks(&mut members)?;
    let example = members.one("example")?;
    if example.as_ref().is_some_and(|example| !looks.finds(example)) {
        return Err(members.wrong("example", "the rule does not find it as a whole"));
    }
    let example = example.or(word);
    match members.left.first() {
        Some(member) => Err((member.place, format!("`{}` stands only beside `number`", member.key))),
        None => Ok(OwnRule::new(name, group, action, looks, example)),
    }
}

/// What the rule looks for, and an example of it where there is a plain one.
fn looks(members: &mut Members) -> Result<(Looks, Option<String>), Wrong> {
    let (words, dictionary) = (members.all("words"), members.one("dictionary")?);
    let (number, pattern) = (members.all("number"), members.one("regex")?);
    match (words, dictionary, number, pattern) {
        (Some(words), None, None, None) => phrases(words).map_err(|error| members.wrong("words", error)),
        (None, Some(path), None, None) => {
            let read = || {
                let text = read_bounded(Path::new(&path), MOST_WORDS)?;
                phrases(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
            };
            read().map_err(|error| members.wrong("dictionary", format!("`{path}`: {error}")))
        }
        (None, None, Some(lengths), None) => Ok((Looks::Number(digits(&lengths, members)?), None)),
        (None, None, None, Some(pattern)) => {
            let compiled = Regex::new(&pattern);
            let wrong = |error| members.wrong("regex", format!("expected a regular expression ({error})"));
            let compiled = compiled.map_err(wrong)?;
            if compiled.is_match(b"") == Ok(true) {
                return Err(members.wrong("regex", "it matches nothing at all, which is everywhere"));
            }
            Ok((Looks::Pattern(compiled), None))
        }
        _ => Err((members.place, "expected one of `words`, `dictionary`, `number` and `regex`".into())),
    }
}

fn digits(lengths: &[String], members: &mut Members) -> Result<Number, Wrong> {
    let length = |text: &String| text.parse().ok().filter(|length| (4..=40).contains(length));
    let lengths: Option<Vec<usize>> = lengths.iter().map(length).collect();
    let lengths = lengths.filter(|lengths| !lengths.is_empty());
    let lengths = lengths.ok_or_else(|| members.wrong("number", "expected counts of digits from 4 to 40"))?;
    let prefix = members.one("prefix")?.unwrap_or_default();
    if !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(members.wrong("prefix", "expected digits"));
    }
    let checksum = match members.one("checksum")?.as_deref() {
        None | Some("none") => Checksum::None,
        Some("luhn") => Checksum::Luhn,
        Some("mod97") => Checksum::Mod97,
        Some("mod11_10") => Checksum::Mod11And10,
        Some(_) => return Err(members.wrong("checksum", "expected `luhn`, `mod97`, `mod11_10` or `none`")),
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
            ("rules: []\nother: 1\n", "a.yaml:1:1: expected `rules:` and a list of maps"),
            ("rules:\n  - words: [falcon]\n", "a.yaml:2:5: `name` is missing"),
            ("rules:\n  - name: email\n    words: [falcon]\n", "built in"),
            ("rules:\n  - name: a\n", "one of `words`"),
            ("rules:\n  - name: a\n    words: [ab]\n", "3 bytes"),
            ("rules:\n  - name: a\n    regex: '('\n", "regular expression"),
            ("rules:\n  - name: a\n    regex: 'x*'\n", "everywhere"),
            ("rules:\n  - name: a\n    number: 3\n", "a.yaml:3:13: `number`: expected counts of digits from 4 to 40"),
            ("rules:\n  - name: a\n    number: 9\n    checksum: crc\n", "`luhn`"),
            ("rules:\n  - name: a\n    words: [falcon]\n    colour: red\n", "a.yaml:4:5: unknown key `colour`"),
            ("rules:\n  - name: a\n    wrods: [falcon]\n", "a.yaml:3:5: unknown key `wrods`; did you mean `words`?"),
            ("rules:\n  - name: a\n    words: [falcon]\n    prefix: '1'\n", "a.yaml:4:5: `prefix` stands only beside"),
            ("rules:\n  - name: a\n    words: [falcon]\n    group: persons\n", "did you mean `person`?"),
            (
                "rules:\n  - name: a\n    words: [falcon]\n    action: mask keep_last=4 keep_last=3\n",
                "`keep_last` stands twice",
            ),
            ("rules:\n  - name: a\n    words: {a: b}\n", "a.yaml:3:12: expected a text"),
            ("rules:\n  - name: 'a\n", "a.yaml:2:"),
            (
                "rules:\n  - name: a\n    words: [falcon]\n  - name: a\n    words: [heron]\n",
                "a.yaml:4:5: a rule is called `a` already, at ",
            ),
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
