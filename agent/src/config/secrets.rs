//! What of a text may be shown: no value behind a key that looks like one of a secret, no credentials in an address.

use std::ops::Range;

use super::render::distance;

/// Words in keys whose values are secrets.
const WORDS: &[&str] = &[
    "passwd",
    "password",
    "passphrase",
    "secret",
    "token",
    "shared",
    "credential",
    "credentials",
    "apikey",
    "auth",
    "authorization",
    "cookie",
    "pass",
    "pwd",
    "pw",
];
/// Names of secrets of more than one word.
const NAMES: &[&str] = &["api_key", "access_key", "private_key"];
/// Keys of what is handed in: their values are names and paths.
const HANDED_IN: &[&str] = &["load_credential", "key_credential"];
/// Shortest word that is also found where it is written in one with the one before it.
const SHORTEST_GLUED: usize = 5;

/// How many characters of `line`, behind the lines `before`, may be shown: those before the first secret, its key included. `None` for
/// all.
pub(super) fn shown_length(before: &[&str], line: &str) -> Option<usize> {
    let address = credentials(line).map(|at| line.get(..at.start).unwrap_or_default().chars().count());
    key_end(line).into_iter().chain(address).chain(variable_end(before, line)).min()
}

/// Where the name of a variable ends that `line` sets, with `@SET` or below `env`: whatever it is called, it may hold a secret.
fn variable_end(before: &[&str], line: &str) -> Option<usize> {
    let up_to = |mark| line.split_once(mark).map(|(name, _)| name.chars().count());
    let name = line.trim_start();
    if name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("@set")) {
        return up_to('=').or_else(|| up_to(' '));
    }
    let is_top = |line: &str| line.starts_with(|first: char| !(first.is_whitespace() || "-#".contains(first)));
    let top = if is_top(line) { line } else { before.iter().rev().find(|line| is_top(line))? };
    // What tells of a variable in a list.
    let key = name.trim_start_matches(['-', ' ']).split(':').next().unwrap_or_default();
    let is_told = matches!(key, "name" | "uri" | "refresh_interval");
    (top.starts_with("env:") && !is_told).then(|| up_to(':').unwrap_or(line.chars().count() - name.chars().count()))
}

/// `text` of a message without the secrets in what it quotes.
pub fn hidden(text: &str) -> String {
    let mut quoted = text.split('`').enumerate().map(|(at, part)| without_secret(part, at % 2 == 1));
    let first = quoted.next().unwrap_or_default();
    quoted.fold(first, |all, part| all + "`" + &part)
}

fn without_secret(part: &str, is_quoted: bool) -> String {
    let mut text = part.to_owned();
    let mut rest = part.len();
    while let Some(at) = text.get(..rest).and_then(last_credentials) {
        rest = at.start;
        text.replace_range(at, "…");
    }
    // The name alone is no secret.
    let is_followed = |end: &usize| is_quoted && text.chars().skip(*end).any(char::is_alphanumeric);
    match key_end(&text).filter(is_followed) {
        Some(end) => text.chars().take(end).collect::<String>() + " …",
        None => text,
    }
}

/// Where the first user and password in `text` stand, of an address such as `https://user:password@host`.
fn credentials(text: &str) -> Option<Range<usize>> {
    words(text).find_map(in_word)
}

fn last_credentials(text: &str) -> Option<Range<usize>> {
    words(text).filter_map(in_word).last()
}

/// The words of `text`, each with where it begins.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_end = |character: char| character.is_whitespace() || matches!(character, '"' | '\'' | '`');
    let mut at = 0;
    text.split_inclusive(is_end).map(move |word| {
        let start = at;
        at += word.len();
        (start, word)
    })
}

/// What stands before the last `@` of a word: all behind `//`, or a pair with a colon.
fn in_word((start, word): (usize, &str)) -> Option<Range<usize>> {
    let (before, _) = word.rsplit_once('@')?;
    let secret = match before.split_once("//") {
        Some((_, secret)) => secret,
        None => before
            .split_once(':')
            .filter(|(user, password)| !user.is_empty() && !password.is_empty())
            .map(|_| before)?,
    };
    let end = start + before.len();
    (!secret.is_empty()).then(|| end - secret.len()..end)
}

/// Where the first word of `line` ends that looks like the key of a secret, in characters; also if it is misspelt. The
/// name of a variable or directory is no secret; a default of it may be one.
fn key_end(line: &str) -> Option<usize> {
    let mut word = String::new();
    let mut is_reference = false;
    let mut last = ' ';
    for (at, character) in line.chars().chain([' ']).enumerate() {
        if character.is_alphanumeric() || "_.-".contains(character) {
            word.push(character);
        } else {
            let is_name = is_reference && character == '}' || character == '/';
            if !is_name && is_secret(&word) {
                return Some(at);
            }
            word.clear();
            is_reference = last == '$' && character == '{';
        }
        last = character;
    }
    None
}

/// Whether `line` goes on with the value of a secret, whose key stands in one of the lines `before`: the last one that is indented
/// less, or as much where items of a list stand below it; or right before, alone or with a backslash at its end.
pub(super) fn goes_on(before: &[&str], line: &str) -> bool {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let is_item = |line: &str| line.trim_start().starts_with('-');
    let (own, of_list) = (indent(line), is_item(line));
    let mut written = before.iter().rev().filter(|above| !above.trim().is_empty()).peekable();
    let behind = |key: &str| key_end(key).map(|end| key.chars().skip(end).collect::<String>());
    let is_open = |above: &&&str| {
        let is_key_alone = !above.contains(':') && above.split_whitespace().nth(1).is_none();
        behind(above).is_some_and(|value| is_key_alone || value.trim_end().ends_with('\\'))
    };
    if written.peek().is_some_and(is_open) {
        return true;
    }
    let key = written.find(|above| indent(above) < own || of_list && indent(above) == own && !is_item(above));
    key.and_then(|key| behind(key)).is_some_and(|behind| behind.trim_start_matches(['"', '\'']).starts_with(':'))
}

fn is_secret(key: &str) -> bool {
    let parts = parts(key);
    let name = parts.join("_");
    if HANDED_IN.contains(&name.as_str()) {
        return false;
    }
    NAMES.iter().any(|secret| name.contains(secret))
        || parts.iter().any(|part| WORDS.iter().any(|word| resembles(part, word) || is_glued(part, word)))
}

/// The words of a key in lower case: `HTTP_Passwd`, `http-passwd`, `httpPasswd` and `HTTPPasswd` have the same.
fn parts(key: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut last = '_';
    let mut characters = key.chars().peekable();
    while let Some(character) = characters.next() {
        let is_upper = character.is_uppercase();
        let is_last_of_many = last.is_uppercase() && characters.peek().is_some_and(|next| next.is_lowercase());
        let is_separator = matches!(character, '_' | '.' | '-');
        if is_separator || is_upper && (!last.is_uppercase() || is_last_of_many) {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut().filter(|_| !is_separator) {
            part.extend(character.to_lowercase());
        }
        last = character;
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn resembles(part: &str, word: &str) -> bool {
    match part.chars().count() {
        0..=4 => part == word,
        5..=40 => distance(part, word) <= usize::from(word.len() > 5) + 1,
        _ => part.contains(word),
    }
}

/// Whether `part` ends with `word`, which may have one slip, or holds it.
fn is_glued(part: &str, word: &str) -> bool {
    let length = part.chars().count();
    if word.len() < SHORTEST_GLUED || word == "shared" || length > 40 {
        return false;
    }
    let ends = |count: usize| {
        let end: String = part.chars().skip(length.saturating_sub(count)).collect();
        end.chars().count() == count && distance(&end, word) <= 1
    };
    part.contains(word) || [word.len() - 1, word.len(), word.len() + 1].into_iter().any(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_secrets_are_known_in_every_spelling() {
        for key in [
            "httpPasswd",
            "httpPassword",
            "bearerTokn",
            "HTTPPasswd",
            "BearerToken",
            "HttpPassword",
            "DBPassword",
            "apikey",
            "apiKey",
            "httppaswd",
            "X-Api-Key",
            "Authorization",
            "http_pasword",
            "tls.key_passwd",
            "Cookie",
            "dbPwd",
        ] {
            assert!(is_secret(key), "{key}");
        }
        for key in [
            "http_user",
            "tls.key_file",
            "Key_Name",
            "Header",
            "path",
            "Parser",
            "logstash_prefix",
            "Path_Key",
            "LoadCredential",
        ] {
            assert!(!is_secret(key), "{key}");
        }
    }

    #[test]
    fn a_message_quotes_no_secret() {
        for (text, expected) in [
            ("found `https://admin:geheim@os1:9200`; see", "found `https://…@os1:9200`; see"),
            ("`https://a:b@os1,https://c:d@e@os2`", "`https://…@os2`"),
            ("`[https://a:geheim9@h:9200]:9200` is no host", "`[https://…@h:9200]:9200` is no host"),
            ("`admin:geheim@os1`", "`…@os1`"),
            ("`a:b@c d:e@f`", "`…@c …@f`"),
            ("found `dummy {\"password\":\"Tiger12\"`", "found `dummy {\"password …`"),
            ("`HTTPPasswd=geheim` has no value", "`HTTPPasswd …` has no value"),
            ("`http_passwd` and `api_key` are both set", "`http_passwd` and `api_key` are both set"),
            ("the spool `taken/auth/spool`", "the spool `taken/auth/spool`"),
            ("`@INCLUDE` and `me@here` and `k:@timestamp`", "`@INCLUDE` and `me@here` and `k:@timestamp`"),
        ] {
            assert_eq!(hidden(text), expected);
        }
    }
}
