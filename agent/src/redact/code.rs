//! Code behind a name, which fetches a value from elsewhere and holds none: `password = System.getenv("X")`, `os.environ["X"]`,
//! `process.env.DB_PASSWORD`.

use super::scanner::Pass;
use super::secret::stand_in::is_name_of_secret;
use super::value::{Value, spaces};

/// Longest expression up to its bracket, in bytes, and longest list of arguments without strings.
const LONGEST: usize = 80;

/// What fetches a value by a name, in small letters: functions, and tables of values; and what takes texts that say how it is to be
/// worked on.
const FETCHES: &[&[u8]] = &[
    b"_",
    b"_cookie",
    b"_env",
    b"_get",
    b"_post",
    b"_request",
    b"_server",
    b"_session",
    b"argv",
    b"args",
    b"ask",
    b"config",
    b"decode",
    b"encode",
    b"env",
    b"environ",
    b"fetch",
    b"form",
    b"get",
    b"get_secret",
    b"getenv",
    b"getparameter",
    b"getpass",
    b"getproperty",
    b"getsecret",
    b"getstring",
    b"gettext",
    b"input",
    b"lookup",
    b"param",
    b"params",
    b"partition",
    b"prompt",
    b"query",
    b"read",
    b"replace",
    b"secrets",
    b"settings",
    b"split",
    b"strip",
    b"t",
    b"tr",
    b"translate",
    b"vars",
];
/// What paths to a value without brackets begin with of which everything is one; of others what ends like a secret.
const ROOTS: &[&[u8]] = &[b"process", b"import"];

/// An expression up to its bracket, or its end.
struct Expression<'a> {
    first: &'a [u8],
    last: &'a [u8],
    /// Names in it.
    count: usize,
    length: usize,
}

impl<'a> Expression<'a> {
    /// The names with dots, arrows or colons between them that `text` begins with.
    fn read(text: &'a [u8]) -> Option<Self> {
        let first = &text[..name_length(text)];
        let (mut last, mut count, mut at) = (first, 1, first.len());
        while !last.is_empty() {
            let joint = joint_length(&text[at..]);
            if joint == 0 {
                return Some(Self { first, last, count, length: at });
            }
            last = &text[at + joint..];
            last = &last[..name_length(last)];
            (count, at) = (count + 1, at + joint + last.len());
        }
        None
    }

    fn fetches(&self) -> bool {
        FETCHES.iter().any(|name| self.last.eq_ignore_ascii_case(name)) || self.first.starts_with(b"$")
    }

    /// Whether it may be called without a string: of several names, none of them as short as parts of passwords.
    fn is_call(&self) -> bool {
        self.count > 1 && self.first.len() > 2 && self.last.len() > 2
    }

    /// Whether it leads to a value, with nothing but it there.
    fn is_path(&self) -> bool {
        self.count > 1 && (is_name_of_secret(self.last) || self.count > 2 && ROOTS.contains(&self.first))
    }
}

/// How long the name is that `text` begins with.
fn name_length(text: &[u8]) -> usize {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mark = usize::from(text.first() == Some(&b'$'));
    let begins = text.get(mark).is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    if begins { mark + text[mark..].iter().take(LONGEST).take_while(|byte| is_part(byte)).count() } else { 0 }
}

fn joint_length(text: &[u8]) -> usize {
    let joints = [&b"->"[..], b"::", b"?.", b"."];
    joints.iter().find(|joint| text.starts_with(joint)).map_or(0, |joint| joint.len())
}

impl Pass<'_> {
    /// What the code at `start` says of a value of `detector`: none if no code stands there, else the value, if it holds one.
    pub(super) fn coded(&mut self, start: usize, detector: u16) -> Option<Option<Value>> {
        let own = &self.engine.own;
        let is_asked = own.password == Some(detector) || own.secret == Some(detector);
        if !is_asked || !(self.byte(start).is_ascii_alphabetic() || matches!(self.byte(start), b'$' | b'_')) {
            return None;
        }
        let text = self.text;
        let text = &text[start..text.len().min(start + LONGEST)];
        let expression = Expression::read(text)?;
        let behind = &text[expression.length..];
        let open = start + expression.length;
        if (expression.count > 1 || is_name_of_secret(expression.first))
            && let Some(value) = self.default_behind(open)
        {
            return Some(Some(value));
        }
        match behind.first() {
            Some(b'(' | b'[') if self.quote(open + 1).is_some() => self.fetched(&expression, open, detector),
            Some(b'(') if expression.is_call() || expression.first.len() > 2 && is_of_secret(&behind[1..]) => {
                are_names(&behind[1..]).then_some(None)
            }
            Some(byte) if is_edge(*byte) => expression.is_path().then_some(None),
            None if start + LONGEST > self.text.len() => expression.is_path().then_some(None),
            _ => None,
        }
    }

    /// What a call or an index says whose bracket opens at `open` and has a string in it. A further one is what stands for a value
    /// that is missing.
    fn fetched(&mut self, expression: &Expression<'_>, open: usize, detector: u16) -> Option<Option<Value>> {
        let quote = self.quote(open + 1)?;
        let is_index = self.byte(open) == b'[';
        if !(expression.fetches() || is_index && expression.count > 1) {
            // What is worked on is the value: `hashlib.md5("x")`.
            let is_worked_on = expression.count > 1 && self.engine.own.password == Some(detector);
            return is_worked_on.then(|| self.quoted(quote));
        }
        let limit = self.text.len().min(quote.start + LONGEST);
        let close = quote.start + self.length_within(quote, limit) + quote.slashes + quote.count;
        let behind = self.rest(close).strip_prefix(b",");
        let second = behind.map(|behind| close + 1 + spaces(behind)).and_then(|at| self.quote(at));
        Some(match second {
            Some(quote) => self.quoted(quote),
            None => self.default_behind(close + 1),
        })
    }
}

/// Whether `text` begins with names alone, or nothing, and a `)`, with nothing of a value behind it.
fn are_names(text: &[u8]) -> bool {
    let is_part = |byte: &&u8| byte.is_ascii_alphabetic() || matches!(**byte, b'_' | b'.' | b',' | b' ');
    let length = text.iter().take_while(is_part).count();
    text.get(length) == Some(&b')') && text.get(length + 1).is_none_or(|byte| is_edge(*byte) || *byte == b'.')
}

/// Whether `text` begins with the name of a secret and a `)`.
fn is_of_secret(text: &[u8]) -> bool {
    let length = name_length(text);
    text.get(length) == Some(&b')') && is_name_of_secret(&text[..length])
}

fn is_edge(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b',' | b';' | b')' | b'}' | b']')
}
